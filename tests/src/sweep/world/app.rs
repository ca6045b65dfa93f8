//! An app whose secret is rotated, among secrets that are none of our business.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::World;
use crate::azure::ADMIN_ROLE;
use crate::cloud::{App, Cloud, Issued, On, PasswordCredential, Propagation};
use crate::record::{Record, set, text};
use crate::sweep::scenario::{Retire, Rotator, Service};

const HANDLE: &str = "client_secret_id";
const SECRET: &str = "client_secret";

/// An app whose secret is rotated.
pub(in crate::sweep) struct AppCast {
    pub service: Service,
    pub retire: Retire,
    /// The ids of secrets that nothing here may ever remove: other records hold them, or are about to.
    pub protected: Vec<String>,
    target: App,
}

impl AppCast {
    /// What a rotation writes into its record.
    pub const WRITTEN: &[&str] = &[HANDLE, SECRET, "expires"];

    /// Registers it; returns the record that holds its secret, too.
    pub fn new(
        cloud: &Cloud,
        admin: &App,
        service: Service,
        retire: Retire,
        attached: &mut Vec<Record>,
    ) -> (Self, Record) {
        let target = cloud.register("payroll");
        cloud.directory().app(admin).roles.push(ADMIN_ROLE.to_owned());
        let old = cloud.issue(&target, "by hand");
        let mut record = record("Payroll – Löhne €", &target, &old).text("expires", "2030-01-01T00:00:00Z");
        let neighbour = cloud.issue(&target, "for reports");
        attached.push(self::record("Payroll, for reports", &target, &neighbour));
        let at_work = cloud.issue(&target, &format!("pamrun-0123456789ab-{}.1", Uuid::new_v4()));
        cloud.issue(&target, "left by a colleague");
        match service {
            Service::Prompt => {}
            Service::Spreading => {
                cloud.directory().propagation = Propagation { failing: 1, flaps: vec![true, false] };
            }
            Service::Unprovable => cloud.directory().app(&target).has_principal = false,
            Service::OwnAdmin => {
                cloud.directory().app(&target).roles.push(ADMIN_ROLE.to_owned());
                attached.remove(0);
                record =
                    record.text("application_client_id", &target.app_id).text("tenant_id", &target.tenant);
            }
        }
        let protected = vec![neighbour.key_id, at_work.key_id];
        (Self { service, retire, protected, target }, record)
    }

    pub(super) fn settings(&self, rotator: Rotator) -> Vec<(&'static str, &'static str)> {
        // The script logs in without a pause anyway.
        let pace = (rotator == Rotator::Plugin).then_some(("verify_interval", "0s"));
        pace.into_iter().chain([("retire", self.retire.word())]).collect()
    }

    /// Lets somebody else add a secret as soon as ours is about to be made.
    pub(super) fn expect_a_stranger(&self, world: &World) {
        let (others, target) = (world.others.clone(), self.target.clone());
        world.cloud.before(On::add_password(), move |directory| {
            let issued = directory.issue(&target, "added meanwhile");
            others.deeds().issued.push(issued.key_id);
        });
    }

    /// Somebody makes a secret at the portal, and saves it.
    pub(super) fn rotation_by_hand(&self, world: &World) -> impl FnOnce() + Send + 'static {
        let (vault, uid) = (world.gateway.vault(), world.record.uid.clone());
        let (directory, target) = (world.cloud.shared_directory(), self.target.clone());
        let others = world.others.clone();
        move || {
            let theirs = directory.lock().unwrap().issue(&target, "rotated by hand");
            let mut deeds = others.deeds();
            vault.edit(&uid, |record| {
                deeds.held.push(text(record, HANDLE));
                set(record, HANDLE, &theirs.key_id);
                set(record, SECRET, &theirs.value);
            });
            deeds.issued.push(theirs.key_id.clone());
            deeds.rotated = Some((theirs.key_id, theirs.value));
        }
    }

    /// The secrets that there are now, by their ids.
    pub fn secrets(&self, world: &World) -> BTreeMap<String, PasswordCredential> {
        let secrets = world.cloud.secrets_of(&self.target);
        secrets.into_iter().map(|secret| (secret.key_id.clone(), secret)).collect()
    }

    /// The secret that a record holds.
    pub fn held_in(record: &Value) -> Issued {
        Issued { key_id: text(record, HANDLE), value: text(record, SECRET) }
    }
}

/// A record that holds a secret of the app.
fn record(title: &str, target: &App, secret: &Issued) -> Record {
    Record::pam_user(title)
        .text("application_object_id", &target.object_id)
        .text(HANDLE, &secret.key_id)
        .hidden(SECRET, &secret.value)
}
