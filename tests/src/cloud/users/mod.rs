//! Users: where their passwords are kept, and what a change of one must get past.

mod graph;
mod sign_in;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::directory::Propagation;
use super::graph::GraphError;
use super::{Directory, Sovereign};

/// The directory role that may change passwords of users who are no administrators.
pub const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";

/// The directory role that may change passwords of administrators too.
pub const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e8a13e";

/// So many different wrong passwords lock a user out; the same one again does not count.
const LOCKOUT: usize = 10;

/// The ids of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name that is shown.
    pub name: String,
    /// The user principal name, which signs in.
    pub principal_name: String,
    /// The object id.
    pub object_id: String,
    /// The tenant's id.
    pub tenant: String,
}

/// Where a user's password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In this directory.
    Here,
    /// In an on-premises directory that this one is synchronised from.
    OnPremises,
    /// With the identity provider that the user's domain is federated with.
    Federated,
    /// In another tenant: the user is a guest.
    OtherTenant,
}

/// What a policy demands of passwords.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PasswordRules {
    /// None that the user had before, or has.
    pub remembers: bool,
    /// None with one of these words in it.
    pub banned: Vec<String>,
}

/// A user, as its tenant knows it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its ids.
    pub ids: User,
    /// Its password.
    pub password: String,
    /// Its passwords of former times, oldest first.
    pub former: Vec<String>,
    /// Where its password is kept.
    pub home: Home,
    /// Whether it may sign in.
    pub enabled: bool,
    /// Whether it holds a directory role, so that only a stronger role may change its password.
    pub is_admin: bool,
    /// Whether it must choose another password at the next sign-in.
    pub must_change: bool,
    /// The AADSTS code of what is asked for once the password was right, if anything is: 50076,
    /// 53003, 65001 …
    pub demand: Option<u32>,
    /// What a policy demands of its passwords, besides what Entra always does.
    pub rules: PasswordRules,
    /// When each password was set, oldest first.
    pub(super) changes: Vec<Timestamp>,
    propagation: Propagation,
    probes: usize,
    wrong: Vec<String>,
}

impl Directory {
    /// Makes a user with this password in the tenant of a cloud.
    pub fn enrol(&mut self, sovereign: Sovereign, name: &str, password: &str) -> User {
        let tenant = self.tenants.iter().find(|tenant| tenant.sovereign == sovereign).unwrap();
        let ids = User {
            name: name.to_owned(),
            principal_name: format!("{name}@{}", tenant.domain),
            object_id: Uuid::new_v4().to_string(),
            tenant: tenant.id.clone(),
        };
        self.enrol_as(ids.clone(), password);
        ids
    }

    /// The same, under ids that somebody else chose.
    pub fn enrol_as(&mut self, ids: User, password: &str) {
        self.secrets_ever.insert(password.to_owned());
        self.users.push(Account {
            ids,
            password: password.to_owned(),
            former: Vec::new(),
            home: Home::Here,
            enabled: true,
            is_admin: false,
            must_change: false,
            demand: None,
            rules: PasswordRules::default(),
            changes: vec![Timestamp::now() - SignedDuration::from_hours(24)],
            propagation: Propagation::default(),
            probes: 0,
            wrong: Vec::new(),
        });
    }

    /// A user, to look at or to change behind everybody's back.
    pub fn user(&mut self, user: &User) -> &mut Account {
        self.users.iter_mut().find(|known| known.ids == *user).unwrap()
    }

    /// Sets a password as somebody at the portal would: known everywhere at once.
    pub fn reset(&mut self, user: &User, password: &str) {
        self.secrets_ever.insert(password.to_owned());
        self.user(user).change(password, Propagation::default());
    }

    fn account(&mut self, tenant: &str, is: impl Fn(&User) -> bool) -> Option<&mut Account> {
        self.users.iter_mut().find(|known| known.ids.tenant == tenant && is(&known.ids))
    }
}

impl Account {
    /// When the password was set that was current so many changes ago.
    fn changed(&self, changes_ago: usize) -> Timestamp {
        self.changes[(self.changes.len() - 1).saturating_sub(changes_ago)]
    }

    fn change(&mut self, password: &str, propagation: Propagation) {
        self.former.push(std::mem::replace(&mut self.password, password.to_owned()));
        // Shown by the second: who changes it twice within one could not be told that.
        let next = self.changed(0) + SignedDuration::from_secs(1);
        self.changes.push(Timestamp::now().max(next));
        (self.propagation, self.probes) = (propagation, 0);
        self.wrong.clear();
    }

    /// Says why this password cannot be set, if it cannot.
    fn judge(&self, password: &str) -> Result<(), GraphError> {
        let refuse = |text: &str| Err(GraphError::new(400, "Request_BadRequest", text));
        match self.home {
            Home::Here => {}
            Home::OnPremises => {
                return refuse(
                    "Unable to update the specified properties for on-premises mastered Directory Sync objects or \
                     objects currently undergoing migration.",
                );
            }
            Home::Federated => return refuse("The password of a federated user cannot be set."),
            Home::OtherTenant => return refuse("The password of a user of another directory cannot be set."),
        }
        let has = |kind: fn(&char) -> bool| usize::from(password.chars().any(|c| kind(&c)));
        let kinds = has(char::is_ascii_uppercase)
            + has(char::is_ascii_lowercase)
            + has(char::is_ascii_digit)
            + has(|c| !c.is_ascii_alphanumeric());
        if !(8..=256).contains(&password.len()) || kinds < 3 {
            return refuse(
                "The specified password does not comply with password complexity requirements. Please provide a \
                 different password.",
            );
        }
        if self.rules.banned.iter().any(|word| password.to_lowercase().contains(&word.to_lowercase())) {
            return refuse(
                "The password contains words or characters that have been blocked by your administrator.",
            );
        }
        if self.rules.remembers
            && (self.password == password || self.former.iter().any(|old| old == password))
        {
            return refuse("The password was used before.");
        }
        Ok(())
    }

    /// Counts one sign-in with this password, and gives the code of what stands against it.
    fn probe(&mut self, password: &str) -> Option<u32> {
        if self.wrong.len() >= LOCKOUT {
            return Some(50_053);
        }
        if !self.enabled {
            return Some(50_057);
        }
        let kept_here = matches!(self.home, Home::Here | Home::OnPremises);
        self.probes += usize::from(self.password == password);
        if !kept_here || self.password != password || !self.propagation.accepts(self.probes - 1) {
            if !self.wrong.iter().any(|known| known == password) {
                self.wrong.push(password.to_owned());
            }
            return Some(50_126);
        }
        self.wrong.clear();
        if self.must_change { Some(50_055) } else { self.demand }
    }
}
