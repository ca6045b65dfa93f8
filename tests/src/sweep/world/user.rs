//! A user whose password is rotated: there is only ever one.

use serde_json::Value;

use super::World;
use crate::canary::random_text;
use crate::cloud::{App, Cloud, Sovereign, USER_ADMINISTRATOR, User};
use crate::record::{Record, set, text};

const PASSWORD: &str = "password";
const PENDING: &str = "pamrun_pending";

/// A user whose password is rotated.
pub(in crate::sweep) struct UserCast {
    user: User,
    bystander: (User, String),
    proposed: bool,
}

/// What a record keeps while its password is being replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sweep) struct Pending {
    pub new: Option<String>,
    pub old: Option<String>,
}

impl UserCast {
    /// What a rotation writes into its record.
    pub const WRITTEN: &[&str] = &[PASSWORD, PENDING];
    pub(super) const SETTINGS: [(&str, &str); 1] = [("verify_window", "1s")];

    /// Enrols the user; returns the record that holds the password, too.
    pub fn new(cloud: &Cloud, admin: &App, proposed: bool) -> (Self, Record) {
        let (old, theirs) = (password(), password());
        let mut directory = cloud.directory();
        let rights = ["User-PasswordProfile.ReadWrite.All", "User.Read.All"].map(str::to_owned);
        directory.app(admin).roles = rights.into();
        directory.app(admin).directory_roles.push(USER_ADMINISTRATOR.to_owned());
        let user = directory.enrol(Sovereign::Global, "payroll", &old);
        let bystander = directory.enrol(Sovereign::Global, "reports", &theirs);
        let mut record = Record::pam_user("Payroll – Löhne €");
        set(&mut record.json, "login", &user.principal_name);
        set(&mut record.json, PASSWORD, &old);
        (Self { user, bystander: (bystander, theirs), proposed }, record)
    }

    /// The new password that a gateway brings, if it does, and the old one.
    pub(super) fn passwords(&self, world: &World) -> (String, String) {
        let old = text(&world.saved(), PASSWORD);
        if self.proposed { (password(), old) } else { (String::new(), String::new()) }
    }

    /// Somebody sets a password at the portal, and saves it.
    pub(super) fn rotation_by_hand(&self, world: &World) -> impl FnOnce() + Send + 'static {
        let (vault, uid) = (world.gateway.vault(), world.record.uid.clone());
        let (directory, user) = (world.cloud.shared_directory(), self.user.clone());
        let others = world.others.clone();
        move || {
            let theirs = password();
            directory.lock().unwrap().reset(&user, &theirs);
            vault.edit(&uid, |record| set(record, PASSWORD, &theirs));
            others.deeds().rotated = Some((String::new(), theirs));
        }
    }

    /// What the service accepts now.
    pub fn accepted(&self, world: &World) -> String {
        world.cloud.directory().user(&self.user).password.clone()
    }

    /// Whether somebody else's password was changed.
    pub fn is_bystander_hurt(&self, world: &World) -> bool {
        !world.cloud.is_password(&self.bystander.0, &self.bystander.1)
    }

    /// The password that a record holds, and what is pending there.
    pub fn held_in(record: &Value) -> (String, Option<Pending>) {
        let pending: Option<Value> = serde_json::from_str(&text(record, PENDING)).ok();
        let part = |json: &Value, key: &str| json[key].as_str().map(str::to_owned);
        let pending = pending.map(|json| Pending { new: part(&json, "new"), old: part(&json, "old") });
        (text(record, PASSWORD), pending)
    }
}

fn password() -> String {
    format!("{}aA1!", random_text(20))
}
