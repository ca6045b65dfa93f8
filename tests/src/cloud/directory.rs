//! What the cloud knows: applications, their secrets, rights and policies, and the tokens it issued.
//! Users are in a room of their own.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::Sovereign;
use super::devops::Organization;
use super::graph::GraphError;
use super::key_vault::KeyVault;
use super::users::Account;
use crate::canary::random_text;
use crate::net::Received;

/// So many secrets an app holds that lets personal accounts in.
const MOST_OF_PERSONAL: usize = 2;

/// The ids of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its name.
    pub name: String,
    /// The object id, which Graph paths take.
    pub object_id: String,
    /// The application (client) id, which logs in.
    pub app_id: String,
    /// The object id of its service principal.
    pub principal_id: String,
    /// The tenant's id.
    pub tenant: String,
}

/// A secret just made: the only moment at which its value is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub key_id: String,
    /// Its value.
    pub value: String,
}

/// A secret of an application or a service principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// Its id.
    pub key_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its value.
    pub value: String,
    /// From when it is valid.
    pub starts: Timestamp,
    /// Until when it is valid.
    pub ends: Timestamp,
    pub(super) propagation: Propagation,
    pub(super) probes: usize,
}

/// How long a new secret takes to reach every backend, counted in logins with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Propagation {
    /// So many logins fail.
    pub failing: usize,
    /// Then logins go by this, one by one; after that, they succeed.
    pub flaps: Vec<bool>,
}

impl Propagation {
    pub(super) fn accepts(&self, probe: usize) -> bool {
        probe >= self.failing && self.flaps.get(probe - self.failing).copied().unwrap_or(true)
    }
}

/// What an app management policy restricts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// No secrets at all.
    pub forbids_secrets: bool,
    /// No secrets that live longer.
    pub longest_days: Option<i64>,
}

/// How Graph says that two writes collided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollisionForm {
    /// 409 `Directory_ConcurrencyViolation`.
    Conflict,
    /// 400 `Request_BadRequest` with a text about concurrent requests.
    BadRequest,
}

/// An application, as its home tenant knows it.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its ids.
    pub ids: App,
    /// Its secrets.
    pub secrets: Vec<PasswordCredential>,
    /// Whether it has a service principal in its tenant; without one it cannot log in.
    pub has_principal: bool,
    /// The secrets of its service principal, which log in just as well.
    pub principal_secrets: Vec<PasswordCredential>,
    /// Whether somebody switched it off.
    pub disabled: bool,
    /// The AADSTS code with which Conditional Access blocks it, if it does: 53003 or 530032.
    pub blocked: Option<u32>,
    /// The Graph permissions that it was granted. They show in new tokens only.
    pub roles: Vec<String>,
    /// The directory roles that it holds, by the ids of their templates. In new tokens only, too.
    pub directory_roles: Vec<String>,
    /// Who owns it: object ids of service principals.
    pub owners: Vec<String>,
    /// What a policy restricts.
    pub policy: Policy,
    /// Whom it lets in: `AzureADMyOrg`, `AzureADandPersonalMicrosoftAccount` …
    pub audience: String,
    /// Where users are sent after they signed in: entries that fill the object, too.
    pub redirect_uris: Vec<String>,
    /// How many secrets and redirect URIs fit before the object is too large.
    pub capacity: usize,
    pub(super) created: Timestamp,
    /// Every list of secrets that there ever was, oldest first, without the current one.
    pub(super) history: Vec<Vec<PasswordCredential>>,
    pub(super) last_write: Option<Instant>,
}

pub(super) struct Tenant {
    pub(super) id: String,
    pub(super) domain: String,
    pub(super) sovereign: Sovereign,
}

pub(super) struct Token {
    pub(super) app_id: String,
    pub(super) tenant: String,
    pub(super) audience: String,
    pub(super) roles: Vec<String>,
    pub(super) directory_roles: Vec<String>,
    pub(super) expires: Timestamp,
}

/// Everything the cloud knows.
pub struct Directory {
    /// How new secrets of `addPassword` propagate.
    pub propagation: Propagation,
    /// How Graph answers the removal of an unknown key: 400 or 404.
    pub unknown_key_status: u16,
    /// What the tenants' default policy restricts, wherever an application's own says nothing.
    pub default_policy: Policy,
    /// Writes to one application within this time collide.
    pub collisions: Option<(Duration, CollisionForm)>,
    /// The Key Vault.
    pub key_vault: KeyVault,
    /// The Azure DevOps organization.
    pub devops: Organization,
    pub(super) tenants: Vec<Tenant>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) users: Vec<Account>,
    applications: Vec<Application>,
    pub(super) secrets_ever: HashSet<String>,
}

impl Directory {
    pub(super) fn new() -> Self {
        let tenants = Sovereign::ALL.map(|sovereign| Tenant {
            id: Uuid::new_v4().to_string(),
            domain: format!("{sovereign:?}.example.test").to_lowercase(),
            sovereign,
        });
        Self {
            propagation: Propagation::default(),
            unknown_key_status: 400,
            default_policy: Policy::default(),
            collisions: None,
            key_vault: KeyVault::default(),
            devops: Organization::new(),
            tenants: tenants.into(),
            tokens: HashMap::new(),
            users: Vec::new(),
            applications: Vec::new(),
            secrets_ever: HashSet::new(),
        }
    }

    /// The domain by which a cloud's tenant is known besides its id.
    pub fn domain(&self, sovereign: Sovereign) -> &str {
        &self.tenants.iter().find(|tenant| tenant.sovereign == sovereign).unwrap().domain
    }

    /// Registers an application with a service principal, without secrets and without rights.
    pub fn register(&mut self, sovereign: Sovereign, name: &str) -> App {
        let id = || Uuid::new_v4().to_string();
        let tenant = self.tenants.iter().find(|tenant| tenant.sovereign == sovereign).unwrap().id.clone();
        let ids = App { name: name.to_owned(), object_id: id(), app_id: id(), principal_id: id(), tenant };
        self.adopt(ids.clone());
        ids
    }

    /// Registers an application under ids that somebody else chose; a new tenant is a global one.
    pub fn adopt(&mut self, ids: App) {
        if !self.tenants.iter().any(|tenant| tenant.id == ids.tenant) {
            let tenant =
                Tenant { id: ids.tenant.clone(), domain: String::new(), sovereign: Sovereign::Global };
            self.tenants.push(tenant);
        }
        self.applications.push(Application {
            ids,
            secrets: Vec::new(),
            has_principal: true,
            principal_secrets: Vec::new(),
            disabled: false,
            blocked: None,
            roles: Vec::new(),
            directory_roles: Vec::new(),
            owners: Vec::new(),
            policy: Policy::default(),
            audience: "AzureADMyOrg".to_owned(),
            redirect_uris: Vec::new(),
            capacity: 1200,
            created: Timestamp::now() - SignedDuration::from_hours(24),
            history: Vec::new(),
            last_write: None,
        });
    }

    /// An application, to look at or to change behind everybody's back.
    pub fn app(&mut self, app: &App) -> &mut Application {
        self.applications.iter_mut().find(|known| known.ids == *app).unwrap()
    }

    /// Makes a secret as somebody at the portal would: valid at once, for a year.
    pub fn issue(&mut self, app: &App, name: &str) -> Issued {
        // Older secrets hold characters that a form must escape.
        let value = format!("{}@+:[]{}", random_text(12), random_text(20));
        let issued = Issued { key_id: Uuid::new_v4().to_string(), value };
        self.issue_as(app, name, issued.clone());
        issued
    }

    /// The same, with an id and a value that somebody else chose.
    pub fn issue_as(&mut self, app: &App, name: &str, issued: Issued) {
        let starts = Timestamp::now();
        self.secrets_ever.insert(issued.value.clone());
        let made = PasswordCredential {
            key_id: issued.key_id,
            name: Some(name.to_owned()),
            value: issued.value,
            starts,
            ends: starts + SignedDuration::from_hours(24 * 365),
            propagation: Propagation::default(),
            probes: 0,
        };
        self.app(app).change(|secrets| secrets.push(made));
    }

    /// Makes a secret that sits on the service principal.
    pub fn issue_to_principal(&mut self, app: &App, name: &str) -> Issued {
        let issued = self.issue(app, name);
        let app = self.app(app);
        app.principal_secrets.extend(app.secrets.pop());
        issued
    }

    /// Removes a secret as somebody at the portal would.
    pub fn revoke(&mut self, app: &App, key_id: &str) {
        self.app(app).change(|secrets| secrets.retain(|secret| secret.key_id != key_id));
    }

    /// Whether a secret logs its application in, now that everything has propagated.
    pub fn accepts(&self, app_id: &str, value: &str) -> bool {
        let now = Timestamp::now();
        self.applications
            .iter()
            .filter(|app| app.ids.app_id == app_id && app.has_principal && !app.disabled)
            .flat_map(Application::all_secrets)
            .any(|secret| secret.value == value && secret.starts <= now && now < secret.ends)
    }

    /// Makes every token that was issued so far invalid.
    pub fn expire_tokens(&mut self) {
        for token in self.tokens.values_mut() {
            token.expires = Timestamp::UNIX_EPOCH;
        }
    }

    /// Every secret value and token that the cloud ever gave out.
    pub fn secrets_ever(&self) -> Vec<String> {
        let of_devops = self.devops.hidden.values().chain([&self.devops.pat]);
        self.secrets_ever.iter().chain(self.tokens.keys()).chain(of_devops).cloned().collect()
    }

    /// Whether a request shows a token that is good for a service besides Graph.
    pub(super) fn is_let_in(&self, request: &Received, resource: &str) -> bool {
        let bearer = request.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let token = self.tokens.get(bearer);
        token.is_some_and(|token| token.audience == resource && token.expires > Timestamp::now())
    }

    pub(super) fn find(&self, is: impl Fn(&Application) -> bool) -> Option<&Application> {
        self.applications.iter().find(|app| is(app))
    }

    pub(super) fn find_mut(&mut self, is: impl Fn(&Application) -> bool) -> Option<&mut Application> {
        self.applications.iter_mut().find(|app| is(app))
    }

    /// Issues an access token; it looks like a JWT, signed with noise.
    pub(super) fn issue_token(&mut self, app_id: &str, audience: &str) -> String {
        let app = self.find(|app| app.ids.app_id == app_id).unwrap();
        let expires = Timestamp::now() + SignedDuration::from_secs(3599);
        let claims = json!({
            "aud": format!("https://{audience}"), "appid": app_id, "tid": app.ids.tenant,
            "oid": app.ids.principal_id, "roles": app.roles, "wids": app.directory_roles, "exp": expires.as_second(), "uti": random_text(16),
        });
        let token = Token {
            app_id: app_id.to_owned(),
            tenant: app.ids.tenant.clone(),
            audience: audience.to_owned(),
            roles: app.roles.clone(),
            directory_roles: app.directory_roles.clone(),
            expires,
        };
        let encode = |part: String| BASE64_URL_SAFE_NO_PAD.encode(part);
        let head = json!({"typ": "JWT", "alg": "RS256", "kid": "stand-in"});
        let text = format!("{}.{}.{}", encode(head.to_string()), encode(claims.to_string()), random_text(64));
        self.tokens.insert(text.clone(), token);
        text
    }

    /// Adds a secret; the value is made here.
    pub(super) fn add_password(
        &mut self,
        app: &App,
        name: Option<String>,
        starts: Timestamp,
        ends: Timestamp,
    ) -> Result<PasswordCredential, GraphError> {
        let (propagation, default) = (self.propagation.clone(), self.default_policy.clone());
        let (collisions, application) = (self.collisions, self.app(app));
        application.policy.over(&default).judge(starts, ends)?;
        if application.secrets.len() + application.redirect_uris.len() >= application.capacity {
            return Err(GraphError::size_exceeded());
        }
        if application.audience.contains("Personal") && application.secrets.len() >= MOST_OF_PERSONAL {
            return Err(GraphError::too_many_secrets(MOST_OF_PERSONAL));
        }
        application.judge_collision(collisions)?;
        let made = PasswordCredential {
            key_id: Uuid::new_v4().to_string(),
            name,
            value: format!("{}8Q~{}._-~", random_text(3), random_text(30)),
            starts,
            ends,
            propagation,
            probes: 0,
        };
        application.change(|secrets| secrets.push(made.clone()));
        application.last_write = Some(Instant::now());
        self.secrets_ever.insert(made.value.clone());
        Ok(made)
    }

    /// Removes a secret.
    pub(super) fn remove_password(&mut self, app: &App, key_id: &str) -> Result<(), GraphError> {
        let (collisions, unknown) =
            (self.collisions, GraphError::unknown_key(self.unknown_key_status, key_id));
        let application = self.app(app);
        application.judge_collision(collisions)?;
        if !application.secrets.iter().any(|secret| secret.key_id == key_id) {
            return Err(unknown);
        }
        application.change(|secrets| secrets.retain(|secret| secret.key_id != key_id));
        application.last_write = Some(Instant::now());
        Ok(())
    }
}

impl Policy {
    /// What counts for an application that has this policy of its own.
    fn over(&self, default: &Self) -> Self {
        Self {
            forbids_secrets: self.forbids_secrets || default.forbids_secrets,
            longest_days: self.longest_days.or(default.longest_days),
        }
    }

    fn judge(&self, starts: Timestamp, ends: Timestamp) -> Result<(), GraphError> {
        if self.forbids_secrets {
            return Err(GraphError::type_not_allowed());
        }
        let days = ends.duration_since(starts).as_hours() / 24;
        if self.longest_days.is_some_and(|longest| days > longest) {
            return Err(GraphError::lifetime_too_long());
        }
        Ok(())
    }
}

impl Application {
    /// The list of secrets as it was so many writes ago.
    pub(super) fn secrets_behind(&self, writes: usize) -> &[PasswordCredential] {
        match self.history.len().checked_sub(writes) {
            _ if writes == 0 => &self.secrets,
            Some(index) => &self.history[index],
            None => self.history.first().unwrap_or(&self.secrets),
        }
    }

    pub(super) fn all_secrets(&self) -> impl Iterator<Item = &PasswordCredential> {
        self.secrets.iter().chain(&self.principal_secrets)
    }

    /// Counts one login with this secret, and says whether this backend knows it already.
    pub(super) fn probe(&mut self, value: &str) -> bool {
        let all = self.secrets.iter_mut().chain(&mut self.principal_secrets);
        all.filter(|secret| secret.value == value).any(|secret| {
            secret.probes += 1;
            secret.propagation.accepts(secret.probes - 1)
        })
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<PasswordCredential>)) {
        self.history.push(self.secrets.clone());
        change(&mut self.secrets);
    }

    fn judge_collision(&self, rule: Option<(Duration, CollisionForm)>) -> Result<(), GraphError> {
        match (rule, self.last_write) {
            (Some((within, form)), Some(last)) if last.elapsed() < within => Err(GraphError::collision(form)),
            _ => Ok(()),
        }
    }
}
