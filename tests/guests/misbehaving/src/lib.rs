//! A plugin that rotates the key of a simple service and does one bad thing on the way: the one
//! that the setting `behaviour` names (`ANYWHERE` in `misdeeds.rs`, and `AT_ITS_PLACE` below). Those of
//! the first list happen at the beginning of the step that the setting `step` names.
//!
//! The service, at the host of the setting `host`, knows its callers by `Authorization: Bearer KEY`
//! (401 for keys that it does not accept) and answers
//!
//! | request | answer |
//! |---|---|
//! | `GET /keys` | 200 `{"keys":[{"keyId":"…","name":"…"}]}` |
//! | `POST /keys` `{"name":"…"}` | 200 `{"keyId":"…","key":"…"}` |
//! | `POST /keys/remove` `{"keyId":"…"}` | 204 |
//! | `GET /redirect` | 302 with the `Location` that the behaviour `follow-redirect` is to follow |
//!
//! The target record has the fields `key_id` and `key`; the plugin logs in with that key. A name
//! that resolves to a forbidden address needs no behaviour of its own: set `host` to it.

mod misdeeds;

use pamrun_plugin::{
    Credential, Failure, Host, Listed, Manifest, Place, Plan, Plugin, Proof, RecordAsk, Removed, Request,
    RequestRule, SettingSchema, Step, Strategy, Undone, Update,
};
use serde_json::{Value, json};

/// Behaviours that have their place in the rotation.
const AT_ITS_PLACE: [&str; 11] = [
    // rotate
    "deny-after-making",
    "remove-in-rotate",
    "override-method",
    "trap-halfway",
    "secret-in-handle",
    "undeclared-update",
    // preflight
    "secret-in-plan",
    "flood-plan",
    "ignore-denial",
    // commit
    "remove-beyond-plan",
    // rollback, together with the step rollback
    "remove-planned",
];

struct Misbehaving;

impl Plugin for Misbehaving {
    fn manifest() -> Manifest {
        let behaviours = ["none"].into_iter().chain(misdeeds::ANYWHERE).chain(AT_ITS_PLACE);
        let steps = ["preflight", "rotate", "verify", "commit", "rollback"];
        let host = "{setting:host}";
        Manifest::new("misbehaving", env!("CARGO_PKG_VERSION"), Strategy::Overlap)
            .record(RecordAsk::target(["key_id", "key"]).plain(["key_id"]))
            .returns(Place::Custom, "key_id", "text")
            .returns(Place::Custom, "key", "secret")
            .setting(SettingSchema::text("host", "Where the service is.").default("keys.example.com"))
            .setting(SettingSchema::choice("behaviour", behaviours, "What it does wrong.").default("none"))
            .setting(SettingSchema::choice("step", steps, "When it does it.").default("preflight"))
            .request(RequestRule::get(host, "/keys"))
            .request(RequestRule::get(host, "/redirect"))
            .request(RequestRule::post(host, "/keys").during([Step::Rotate]))
            .request(
                RequestRule::post(host, "/keys/remove")
                    .during([Step::Commit, Step::Rollback])
                    .removing("/keyId"),
            )
    }

    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let service = Service::of(host, request)?;
        misdeeds::misbehave(&service, "preflight", &[service.key])?;
        let mut target = format!("keys:{}", service.name);
        let mut notes = Vec::new();
        match request.setting_text("behaviour")? {
            "secret-in-plan" => target.push_str(service.key),
            "flood-plan" => notes = vec!["x".repeat(1024); 8 * 1024],
            "ignore-denial" => drop(service.send("GET", "https://denied.example.com/", &Value::Null)),
            _ => {}
        }
        let old = request.target.text("key_id")?;
        let removes = service.list()?.into_iter().filter(|listed| listed.id == old).collect();
        Ok(Plan { target, creates: "a key".to_owned(), removes, notes })
    }

    fn rotate(host: &dyn Host, request: &Request, _plan: &Plan) -> Result<Credential, Failure> {
        let service = Service::of(host, request)?;
        misdeeds::misbehave(&service, "rotate", &[service.key])?;
        let behaviour = request.setting_text("behaviour")?;
        match behaviour {
            "remove-in-rotate" => service.remove(request.target.text("key_id")?)?,
            "override-method" => service.override_method()?,
            _ => {}
        }
        let answer = service.send("POST", &service.url("/keys"), &json!({"name": request.marker}))?;
        assert!(behaviour != "trap-halfway", "trapped as told, after a key was made");
        if behaviour == "deny-after-making" {
            return Err(Failure::denied("denied", "the service makes no keys, it says"));
        }
        let made: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let (Some(id), Some(key)) = (text(&made, "keyId"), text(&made, "key")) else {
            return Err(Failure::uncertain(
                "unclear-answer",
                "the service did not say whether it made a key",
            ));
        };
        let mut updates = vec![Update::text("key_id", id), Update::secret("key", key)];
        if behaviour == "undeclared-update" {
            updates.push(Update::text("undeclared", "surprise"));
        }
        let handle = if behaviour == "secret-in-handle" { key } else { id };
        Ok(Credential { handle: handle.to_owned(), updates, expires: None })
    }

    fn verify(
        host: &dyn Host,
        request: &Request,
        _plan: &Plan,
        credential: &Credential,
    ) -> Result<Proof, Failure> {
        let old = Service::of(host, request)?;
        let new = Service { key: credential.value("key").unwrap_or(old.key), ..old };
        misdeeds::misbehave(&new, "verify", &[old.key, new.key])?;
        if request.setting_text("step")? == "rollback" {
            return Err(Failure::wrong_credential("wrong-key", "so that there is something to roll back"));
        }
        new.list()?;
        Ok(Proof::Verified)
    }

    fn commit(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        handle: &str,
    ) -> Result<Vec<Removed>, Failure> {
        let service = Service::of(host, request)?;
        misdeeds::misbehave(&service, "commit", &[service.key])?;
        let mut doomed = plan.removes.clone();
        if request.setting_text("behaviour")? == "remove-beyond-plan" {
            doomed = service.list()?;
            doomed.retain(|listed| listed.id != handle);
        }
        let mut removed = Vec::new();
        for listed in doomed {
            service.remove(&listed.id)?;
            removed.push(Removed { id: listed.id, gone: true });
        }
        Ok(removed)
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        _plan: &Plan,
        handle: Option<&str>,
    ) -> Result<Undone, Failure> {
        let service = Service::of(host, request)?;
        misdeeds::misbehave(&service, "rollback", &[service.key])?;
        if request.setting_text("behaviour")? == "remove-planned" {
            service.remove(request.target.text("key_id")?)?;
        }
        let mut undone = Undone::default();
        for listed in service.list()? {
            if request.made_this(&listed.label) || handle == Some(listed.id.as_str()) {
                service.remove(&listed.id)?;
                undone.seen.push(listed.id.clone());
                undone.gone.push(listed.id);
            }
        }
        Ok(undone)
    }
}

pamrun_plugin::export!(Misbehaving);

/// The service, as the holder of a key.
#[derive(Clone, Copy)]
struct Service<'a> {
    host: &'a dyn Host,
    request: &'a Request,
    name: &'a str,
    key: &'a str,
}

impl<'a> Service<'a> {
    fn of(host: &'a dyn Host, request: &'a Request) -> Result<Self, Failure> {
        Ok(Self { host, request, name: request.setting_text("host")?, key: request.target.text("key")? })
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.name)
    }

    fn send(&self, method: &str, url: &str, body: &Value) -> Result<http::Response<Vec<u8>>, Failure> {
        let changes = method != "GET";
        let body = if changes { body.to_string() } else { String::new() };
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(body.into_bytes())?;
        let answer = self.host.send(request);
        let answer = answer.map_err(|e| if changes { e.while_changing() } else { e.while_reading() })?;
        match answer.status().as_u16() {
            401 => Err(Failure::wrong_credential("wrong-key", "the service does not accept the key")),
            500.. if changes => Err(Failure::uncertain("unclear-answer", "the service is out of order")),
            500.. => Err(Failure::unavailable("outage", "the service is out of order")),
            _ => Ok(answer),
        }
    }

    fn list(&self) -> Result<Vec<Listed>, Failure> {
        let answer = self.send("GET", &self.url("/keys"), &Value::Null)?;
        let answer: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let Some(keys) = answer.get("keys").and_then(Value::as_array) else {
            return Err(Failure::unavailable("outage", "the service did not list its keys"));
        };
        let of = |key, name| text(key, name).unwrap_or_default().to_owned();
        let listed = |key| Listed { id: of(key, "keyId"), label: of(key, "name"), expires: None };
        Ok(keys.iter().map(listed).collect())
    }

    fn remove(&self, id: &str) -> Result<(), Failure> {
        self.send("POST", &self.url("/keys/remove"), &json!({"keyId": id})).map(drop)
    }

    fn override_method(&self) -> Result<(), Failure> {
        let request = http::Request::post(self.url("/keys"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("x-http-method-override", "DELETE")
            .body(Vec::new())?;
        self.host.send(request).map(drop).map_err(|error| error.while_changing())
    }
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
