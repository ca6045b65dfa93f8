//! Microsoft Graph: who asks, refusals, and applications with their secrets.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::directory::{App, Application, CollisionForm, PasswordCredential, Policy};
use super::{Directory, Sovereign};
use crate::net::{Answer, Received};

/// A refusal of Graph.
#[derive(Debug, Clone)]
pub struct GraphError {
    status: u16,
    code: &'static str,
    message: String,
}

const CONCURRENT: &str =
    "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.";

impl GraphError {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    pub(super) fn size_exceeded() -> Self {
        let text =
            "The size of the object has exceeded its limit. Please reduce the number of values and retry.";
        Self::new(403, "Directory_ResourceSizeExceeded", text)
    }

    pub(super) fn too_many_secrets(most: usize) -> Self {
        let text = format!(
            "Not allowed to add {} passwords. You can only add a maximum of {most} passwords.",
            most + 1
        );
        Self::bad_request(text)
    }

    pub(super) fn type_not_allowed() -> Self {
        let text = "Credential type not allowed as per assigned policy.";
        Self::new(400, "CredentialTypeNotAllowedAsPerAppPolicy", text)
    }

    pub(super) fn lifetime_too_long() -> Self {
        let text = "Credential lifetime exceeds the max value allowed as per assigned policy.";
        Self::new(400, "CredentialInvalidLifetimeAsPerAppPolicy", text)
    }

    pub(super) fn unknown_key(status: u16, key_id: &str) -> Self {
        let code = if status == 404 { "Request_ResourceNotFound" } else { "Request_BadRequest" };
        Self::new(status, code, format!("No password credential found with keyId '{key_id}'."))
    }

    pub(super) fn collision(form: CollisionForm) -> Self {
        match form {
            CollisionForm::Conflict => Self::new(409, "Directory_ConcurrencyViolation", CONCURRENT),
            CollisionForm::BadRequest => Self::new(400, "Request_BadRequest", CONCURRENT),
        }
    }

    fn token(text: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", text)
    }

    fn bad_request(text: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", text)
    }

    pub(super) fn not_found(id: &str) -> Self {
        let text = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(404, "Request_ResourceNotFound", text)
    }

    /// The refusal as an answer to `request`.
    pub(super) fn answer(&self, request: &Received) -> Answer {
        Answer::json(self.status, &error_body(self.code, &self.message, request))
    }
}

/// The body of a failure, in Graph's form.
pub(super) fn error_body(code: &str, message: &str, request: &Received) -> Value {
    let inner = json!({
        "date": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "request-id": Uuid::new_v4().to_string(),
        "client-request-id": request.header("client-request-id"),
    });
    json!({"error": {"code": code, "message": message, "innerError": inner}})
}

/// Who asks: what a valid token says.
pub(super) struct Caller {
    principal_id: String,
    pub(super) tenant: String,
    roles: Vec<String>,
    directory_roles: Vec<String>,
}

impl Caller {
    pub(super) fn holds(&self, directory_role: &str) -> bool {
        self.directory_roles.iter().any(|held| held == directory_role)
    }

    pub(super) fn has(&self, roles: &[&str]) -> bool {
        self.roles.iter().any(|role| roles.contains(&role.as_str()))
    }

    fn may_read(&self) -> bool {
        self.roles.iter().any(|role| role.starts_with("Application.") || role.starts_with("Directory."))
    }

    fn may_write(&self, app: &Application) -> bool {
        self.has(&["Application.ReadWrite.All", "Directory.ReadWrite.All"])
            || self.has(&["Application.ReadWrite.OwnedBy"]) && app.owners.contains(&self.principal_id)
    }
}

impl Directory {
    /// Answers a request to Graph; reads are those of so many writes ago.
    pub(super) fn graph(&mut self, request: &Received, writes_behind: usize) -> Answer {
        let answer = self.route(request, writes_behind).unwrap_or_else(|error| error.answer(request));
        answer.with("request-id", Uuid::new_v4().to_string())
    }

    fn route(&mut self, request: &Received, behind: usize) -> Result<Answer, GraphError> {
        if request.method != "GET" && !request.has_length() {
            return Err(GraphError::not_found("the body of a chunked request"));
        }
        let caller = self.caller(request)?;
        let path = request.path();
        let unknown =
            || GraphError::new(400, "BadRequest", format!("Resource not found for the segment '{path}'."));
        let rest = path.strip_prefix("/v1.0/").ok_or_else(unknown)?;
        if rest == "policies/defaultAppManagementPolicy" {
            return self.show_default_policy(&caller);
        }
        if let Some(name) = rest.strip_prefix("users/") {
            return self.route_user(&caller, name, request, behind);
        }
        if let Some(rest) = rest.strip_prefix("servicePrincipals") {
            let app = self.resolve(&caller, rest, |app, id| app.principal_id == id)?.0;
            return self.principal(&caller, &app, request);
        }
        let rest = rest.strip_prefix("applications").ok_or_else(unknown)?;
        if rest.is_empty() && request.method == "GET" {
            return self.list(&caller, request, behind);
        }
        let (app, action) = self.resolve(&caller, rest, |app, id| app.object_id == id)?;
        match (request.method.as_str(), action.as_str()) {
            ("GET", "") => {
                if !caller.may_read() {
                    return Err(GraphError::denied());
                }
                let entity = select(describe(self.app(&app), behind), &request.query());
                Ok(Answer::json(200, &entity))
            }
            ("GET", "/owners") => {
                if !caller.may_read() {
                    return Err(GraphError::denied());
                }
                let owners: Vec<_> = self.app(&app).owners.iter().map(|id| json!({"id": id})).collect();
                Ok(Answer::json(200, &json!({"value": owners})))
            }
            ("POST", "/owners/$ref") => self.add_owner(&caller, &app, request),
            ("GET", "/appManagementPolicies") => {
                if !caller.has(&["Policy.Read.All"]) {
                    return Err(GraphError::denied());
                }
                Ok(Answer::json(200, &json!({"value": assigned(&self.app(&app).policy)})))
            }
            ("POST", "/addPassword") => self.add(&caller, &app, request),
            ("POST", "/removePassword") => self.remove(&caller, &app, request),
            ("PATCH", "") => {
                Err(GraphError::bad_request("Property passwordCredentials cannot be updated like this."))
            }
            _ => Err(unknown()),
        }
    }

    fn caller(&self, request: &Received) -> Result<Caller, GraphError> {
        let bearer = request.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if bearer.is_empty() {
            return Err(GraphError::token("Access token is empty."));
        }
        let token =
            self.tokens.get(bearer).ok_or_else(|| GraphError::token("The token is not well formed."))?;
        if token.expires <= Timestamp::now() {
            return Err(GraphError::token("Lifetime validation failed, the token is expired."));
        }
        if token.audience != request.host || Sovereign::of_graph(&request.host).is_none() {
            return Err(GraphError::token("Access token validation failure. Invalid audience."));
        }
        let app = self.find(|app| app.ids.app_id == token.app_id);
        Ok(Caller {
            principal_id: app.map_or_else(String::new, |app| app.ids.principal_id.clone()),
            tenant: token.tenant.clone(),
            roles: token.roles.clone(),
            directory_roles: token.directory_roles.clone(),
        })
    }

    /// Finds what `/{id}…` or `(appId='…')…` names; returns it with the rest of the path.
    fn resolve(
        &self,
        caller: &Caller,
        path: &str,
        has_object_id: impl Fn(&App, &str) -> bool,
    ) -> Result<(App, String), GraphError> {
        if let Some((id, rest)) = path.strip_prefix("(appId='").and_then(|path| path.split_once("')")) {
            let app = self.find(|app| app.ids.app_id == id && app.ids.tenant == caller.tenant);
            let app = app.ok_or_else(|| GraphError::not_found(id))?;
            return Ok((app.ids.clone(), rest.to_owned()));
        }
        let path = path.strip_prefix('/').unwrap_or_default();
        let (id, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        if Uuid::parse_str(id).is_err() {
            return Err(GraphError::bad_request(format!("Invalid object identifier '{id}'.")));
        }
        let app = self.find(|app| has_object_id(&app.ids, id) && app.ids.tenant == caller.tenant);
        let app = app.ok_or_else(|| GraphError::not_found(id))?;
        Ok((app.ids.clone(), rest.to_owned()))
    }

    fn list(&self, caller: &Caller, request: &Received, behind: usize) -> Result<Answer, GraphError> {
        if !caller.may_read() {
            return Err(GraphError::denied());
        }
        let query = request.query();
        let filter = query.split('&').find_map(|part| part.strip_prefix("$filter=appId eq '"));
        let id = filter
            .and_then(|rest| rest.strip_suffix('\''))
            .ok_or_else(|| GraphError::bad_request("Only the filter appId eq '…' is understood here."))?;
        let app = self.find(|app| app.ids.app_id == id && app.ids.tenant == caller.tenant);
        let value: Vec<_> = app.into_iter().map(|app| select(describe(app, behind), &query)).collect();
        Ok(Answer::json(200, &json!({"value": value})))
    }

    fn show_default_policy(&self, caller: &Caller) -> Result<Answer, GraphError> {
        if !caller.has(&["Policy.Read.All"]) {
            return Err(GraphError::denied());
        }
        let is_enabled = self.default_policy != Policy::default();
        let rules = json!({"passwordCredentials": restrictions(&self.default_policy), "keyCredentials": []});
        Ok(Answer::json(200, &json!({"isEnabled": is_enabled, "applicationRestrictions": rules})))
    }

    fn principal(&mut self, caller: &Caller, app: &App, request: &Received) -> Result<Answer, GraphError> {
        if !caller.may_read() {
            return Err(GraphError::denied());
        }
        let known = self.app(app);
        if !known.has_principal {
            return Err(GraphError::not_found(&app.app_id));
        }
        let secrets: Vec<_> = known.principal_secrets.iter().map(listed).collect();
        let entity = json!({
            "id": app.principal_id,
            "appId": app.app_id,
            "accountEnabled": !known.disabled,
            "passwordCredentials": secrets,
        });
        Ok(Answer::json(200, &select(entity, &request.query())))
    }

    fn add_owner(&mut self, caller: &Caller, app: &App, request: &Received) -> Result<Answer, GraphError> {
        let body = body_of(request)?;
        let owner = body["@odata.id"].as_str().and_then(|link| link.rsplit('/').next()).unwrap_or_default();
        let known = self.app(app);
        if !caller.may_write(known) {
            return Err(GraphError::denied());
        }
        known.owners.push(owner.to_owned());
        Ok(Answer::empty(204))
    }

    fn add(&mut self, caller: &Caller, app: &App, request: &Received) -> Result<Answer, GraphError> {
        if !caller.may_write(self.app(app)) {
            return Err(GraphError::denied());
        }
        let body = body_of(request)?;
        let wish = &body["passwordCredential"];
        if !wish["secretText"].is_null() {
            return Err(GraphError::bad_request(
                "Property secretText is read-only: the service makes the value.",
            ));
        }
        let time = |key: &str, default: Timestamp| match wish[key].as_str() {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| GraphError::bad_request(format!("{key} is not a time."))),
        };
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let starts = time("startDateTime", now)?;
        let ends = time("endDateTime", starts + SignedDuration::from_hours(24 * 365 * 2))?;
        if ends <= starts {
            return Err(GraphError::bad_request("endDateTime is not after startDateTime."));
        }
        let name = wish["displayName"].as_str().map(str::to_owned);
        let made = self.add_password(app, name, starts, ends)?;
        let mut shown = listed(&made);
        shown["secretText"] = made.value.into();
        Ok(Answer::json(200, &shown))
    }

    fn remove(&mut self, caller: &Caller, app: &App, request: &Received) -> Result<Answer, GraphError> {
        if !caller.may_write(self.app(app)) {
            return Err(GraphError::denied());
        }
        let body = body_of(request)?;
        let key_id = body["keyId"].as_str().filter(|id| Uuid::parse_str(id).is_ok());
        let key_id = key_id.ok_or_else(|| GraphError::bad_request("keyId is not a GUID."))?;
        self.remove_password(app, key_id)?;
        Ok(Answer::empty(204))
    }
}

pub(super) fn body_of(request: &Received) -> Result<Value, GraphError> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    if !request.header("content-type").starts_with("application/json") {
        return Err(GraphError::bad_request("The content type is not application/json."));
    }
    serde_json::from_slice(&request.body).map_err(|_| GraphError::bad_request("The body is not JSON."))
}

/// The policy of an application, if it has one.
fn assigned(policy: &Policy) -> Vec<Value> {
    if *policy == Policy::default() {
        return Vec::new();
    }
    vec![json!({"isEnabled": true, "restrictions": {"passwordCredentials": restrictions(policy)}})]
}

fn restrictions(policy: &Policy) -> Vec<Value> {
    let rule = |kind: &str, lifetime: Option<String>| json!({"restrictionType": kind, "maxLifetime": lifetime, "restrictForAppsCreatedAfterDateTime": "2021-01-01T10:37:00Z"});
    let addition = policy.forbids_secrets.then(|| rule("passwordAddition", None));
    let lifetime = policy.longest_days.map(|days| rule("passwordLifetime", Some(format!("P{days}D"))));
    addition.into_iter().chain(lifetime).collect()
}

fn describe(app: &Application, behind: usize) -> Value {
    let secrets: Vec<_> = app.secrets_behind(behind).iter().map(listed).collect();
    json!({
        "id": app.ids.object_id,
        "appId": app.ids.app_id,
        "displayName": app.ids.name,
        "createdDateTime": app.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "signInAudience": app.audience,
        "passwordCredentials": secrets,
        "keyCredentials": [],
        "web": {"redirectUris": app.redirect_uris},
    })
}

fn listed(secret: &PasswordCredential) -> Value {
    json!({
        "customKeyIdentifier": null,
        "displayName": secret.name,
        "keyId": secret.key_id,
        "hint": secret.value[..3],
        "startDateTime": secret.starts.to_string(),
        "endDateTime": secret.ends.to_string(),
        "secretText": null,
    })
}

/// Keeps the properties that `$select` names, if it names any.
pub(super) fn select(entity: Value, query: &str) -> Value {
    let Some(names) = query.split('&').find_map(|part| part.strip_prefix("$select=")) else { return entity };
    let Value::Object(all) = entity else { return entity };
    let wanted = |name: &str| names.split(',').any(|wanted| wanted.trim() == name);
    let kept: Map<_, _> = all.into_iter().filter(|(name, _)| wanted(name)).collect();
    Value::Object(kept)
}
