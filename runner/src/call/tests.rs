use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use pamrun_contract::answer::Shown;
use pamrun_contract::check::check_source;
use pamrun_contract::value::Value;
use serde_json::{Value as Json, json};

use super::values::Params;
use super::*;
use crate::model::{InputGroup, Plan, Proof, Request, Role, Setting, SettingValue, StepName, Update};
use crate::policy::Deny;
use crate::rotation::{Change, StepError};
use crate::secret::{Redactor, Secret};

const AZURE: &str = include_str!("../../../plugins/azure-app-secret/plugin.toml");
const APP: &str = "11111111-1111-1111-1111-111111111111";

/// What a service does next.
enum Next {
    Answer(u16, Json),
    Lost,
    Unreachable,
}

/// A way that answers from a list, and notes what was sent.
#[derive(Default)]
struct Script {
    next: Mutex<VecDeque<Next>>,
    sent: Mutex<Vec<(String, String, String)>>,
    removable: Vec<String>,
    slept: Mutex<Duration>,
}

impl Script {
    fn of(next: impl IntoIterator<Item = Next>) -> Self {
        Self { next: Mutex::new(next.into_iter().collect()), ..Self::default() }
    }

    fn add(&self, next: impl IntoIterator<Item = Next>) {
        self.next.lock().unwrap().extend(next);
    }

    fn names(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(name, ..)| name.clone()).collect()
    }

    fn last(&self) -> (String, String, String) {
        self.sent.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Way for Script {
    async fn send(&self, request: Sendable) -> Result<http::Response<Bytes>, Unsent> {
        let Sendable { name, request, .. } = request;
        let authorization =
            request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let what = format!("{} {}", request.method(), request.uri());
        self.sent.lock().unwrap().push((name, what, authorization.unwrap_or(body)));
        match self.next.lock().unwrap().pop_front().expect("another answer") {
            Next::Answer(status, json) => {
                let body = if json.is_null() { Bytes::new() } else { Bytes::from(json.to_string()) };
                Ok(http::Response::builder().status(status).body(body).unwrap())
            }
            Next::Lost => Err(Unsent::Lost("the connection ended".to_owned())),
            Next::Unreachable => Err(Unsent::NotWritten("connection refused".to_owned())),
        }
    }

    fn allows_host(&self, host: &str) -> Result<(), Deny> {
        if host.ends_with("microsoft.com")
            || host.ends_with("microsoftonline.com")
            || host.ends_with("example")
        {
            return Ok(());
        }
        Err(Deny::HostNotAllowed { host: host.to_owned() })
    }

    fn allows_removal(&self, id: &str) -> Result<(), Deny> {
        if self.removable.iter().any(|known| known == id) {
            return Ok(());
        }
        Err(Deny::Removal { step: StepName::Commit, id: id.to_owned() })
    }

    fn now(&self) -> Timestamp {
        "2026-11-29T10:00:00Z".parse().unwrap()
    }

    async fn sleep(&self, pause: Duration) {
        *self.slept.lock().unwrap() += pause;
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn request() -> Request {
    let group = |name: &str, role, values: &[(&str, Value)]| InputGroup {
        name: name.to_owned(),
        record: "r".to_owned(),
        role,
        values: values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
    };
    let setting =
        |key: &str, value: &str| Setting { key: key.to_owned(), value: SettingValue::Text(value.to_owned()) };
    Request {
        rotation_id: "rot".to_owned(),
        marker: "pamrun-0123456789ab-rot.1".to_owned(),
        attempt: 1,
        records: Vec::new(),
        inputs: vec![
            group("target", Role::Target, &[("object_id", text(APP)), ("current", text("k0"))]),
            group(
                "admin",
                Role::Attached,
                &[
                    ("client_id", text(APP)),
                    ("client_secret", text("the-admins-own-secret").secret()),
                    ("tenant_id", text("contoso.example")),
                ],
            ),
        ],
        settings: vec![
            setting("graph", "graph.microsoft.com"),
            setting("authority", "login.microsoftonline.com"),
        ],
        proposed: None,
        deliver: Vec::new(),
        delivered_id: None,
    }
}

fn session(manifest: &str) -> Session {
    let (manifest, _) = check_source(manifest).unwrap_or_else(|refusals| panic!("{refusals}"));
    Session::new(Arc::new(manifest), Redactor::default())
}

fn begin(session: &mut Session, step: StepName, plan: Option<&Plan>, handle: Option<&str>) {
    session.begin(&Begin { step, request: &request(), plan, updates: &[], handle });
}

fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

fn token() -> Next {
    Next::Answer(200, json!({"access_token": "token-token-token", "expires_in": 3599}))
}

fn app(secrets: &[(&str, &str)]) -> Next {
    let secret = |(id, label): &(&str, &str)| json!({"keyId": id, "displayName": label});
    let secrets: Vec<Json> = secrets.iter().map(secret).collect();
    Next::Answer(200, json!({"id": APP, "appId": APP, "displayName": "App", "passwordCredentials": secrets}))
}

fn made() -> Next {
    Next::Answer(
        200,
        json!({"keyId": "k1", "secretText": "the-brand-new-secret", "endDateTime": "2027-11-29T10:00:00Z"}),
    )
}

/// A session whose preflight has seen the app, and the plan that came of it.
async fn planned(way: &Script) -> (Session, Plan) {
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    way.add([token(), app(&[("k0", "by hand"), ("k9", "another")])]);
    session.call(way, "app", Params::new()).await.unwrap();
    let planned = Planned { removes: vec!["k0".to_owned()], ..Planned::default() };
    let plan = session.plan(way, planned).await.unwrap();
    (session, plan)
}

const ENDS: [(&str, &str); 1] = [("ends", "2027-11-29T10:00:00Z")];

#[tokio::test]
async fn what_a_request_refers_to_is_asked_for_first_and_once() {
    let way = Script::of([token(), app(&[]), app(&[])]);
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    let answered = session.call(&way, "app", Params::new()).await.unwrap();
    session.call(&way, "app", Params::new()).await.unwrap();
    assert_eq!(way.names(), ["token", "app", "app"]);
    assert_eq!(way.last().2, "Bearer token-token-token");
    let shown =
        |name: &str| answered.outputs.iter().find(|(known, _)| known == name).map(|(_, shown)| shown.clone());
    assert_eq!(shown("name"), Some(Shown::Text("App".to_owned())));
    assert_eq!(shown("access_token"), None);
}

#[tokio::test]
async fn a_401_has_the_token_asked_for_again() {
    let way = Script::of([token(), Next::Answer(401, Json::Null), token(), app(&[])]);
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    let rejected = session.call(&way, "app", Params::new()).await.unwrap_err();
    assert!(
        matches!(&rejected, Trouble::Rejected(it) if it.request == "app" && it.status == 401),
        "{rejected:?}"
    );
    session.call(&way, "app", Params::new()).await.unwrap();
    assert_eq!(way.names(), ["token", "app", "token", "app"]);
}

#[tokio::test]
async fn a_refusal_of_the_token_is_the_tokens() {
    let way = Script::of([Next::Answer(401, json!({"error": "invalid_client", "error_codes": [7_000_215]}))]);
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    let Err(Trouble::Rejected(rejection)) = session.call(&way, "app", Params::new()).await else {
        panic!("it was not rejected")
    };
    assert_eq!((rejection.request.as_str(), rejection.status), ("token", 401));
    assert!(rejection.errors.contains(&("codes".to_owned(), Shown::Texts(vec!["7000215".to_owned()]))));
}

#[tokio::test]
async fn the_plan_has_the_target_what_was_there_and_what_leads_to_it() {
    let (_, plan) = planned(&Script::default()).await;
    assert_eq!(plan.target, format!("entra:graph.microsoft.com/{APP}"));
    let known: Vec<_> = plan.carried.known.iter().map(|(id, by)| (id.as_str(), by.as_str())).collect();
    assert_eq!(known, [("k0", "app"), ("k9", "app")]);
    assert_eq!(plan.carried.pinned["app.id"], APP);
    let removes: Vec<_> =
        plan.removes.iter().map(|listed| (listed.id.as_str(), listed.label.as_str())).collect();
    assert_eq!(removes, [("k0", "by hand")]);
}

#[tokio::test]
async fn only_what_a_listing_showed_can_be_planned_to_go() {
    let way = Script::of([token(), app(&[("k0", "by hand")])]);
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    session.call(&way, "app", Params::new()).await.unwrap();
    let planned = Planned { removes: vec!["guessed".to_owned()], ..Planned::default() };
    let error = session.plan(&way, planned).await.unwrap_err();
    assert!(matches!(error, StepError::Contract(why) if why.contains("no listing")));
}

#[tokio::test]
async fn a_new_secret_goes_from_the_answer_to_the_record_unseen() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    way.add([made()]);
    let answered = session.call(&way, "add-password", params(&ENDS)).await.unwrap();
    assert!(answered.outputs.contains(&("id".to_owned(), Shown::Text("k1".to_owned()))));
    assert!(!format!("{answered:?}").contains("brand-new"));
    assert!(session.redactor.finds_secret_in("x the-brand-new-secret y"));
    let rotated = Rotated {
        id: Some("k1".to_owned()),
        returns: vec![("expires".to_owned(), "2027".to_owned())],
        expires: None,
    };
    let credential = session.credential(&way, rotated).unwrap();
    assert_eq!(credential.handle, "k1");
    let labels: Vec<_> =
        credential.updates.iter().map(|update| (update.label.as_str(), update.kind.as_str())).collect();
    assert_eq!(labels, [("client_secret", "secret"), ("client_secret_id", "text"), ("expires", "text")]);
    assert_eq!(credential.updates[0].values, [Secret::new("the-brand-new-secret")]);
}

#[tokio::test]
async fn another_id_than_the_one_that_was_made_is_not_believed() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    let nothing = session.credential(&way, Rotated::default()).unwrap_err();
    assert!(matches!(nothing, StepError::Contract(why) if why.contains("no request of it created")));
    way.add([made()]);
    session.call(&way, "add-password", params(&ENDS)).await.unwrap();
    let guessed = Rotated { id: Some("k2".to_owned()), ..Rotated::default() };
    assert!(matches!(session.credential(&way, guessed).unwrap_err(), StepError::Contract(_)));
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_open_and_not_sent_again_in_that_try() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    way.add([Next::Lost]);
    let lost = session.call(&way, "add-password", params(&ENDS)).await.unwrap_err();
    assert!(matches!(lost, Trouble::Uncertain(_)), "{lost:?}");
    assert!(session.is_open() && session.change() == Change::Possible);
    let again = session.call(&way, "add-password", params(&ENDS)).await.unwrap_err();
    assert!(matches!(again, Trouble::Refused(Deny::Repeated(_))), "{again:?}");
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    way.add([made()]);
    session.call(&way, "add-password", params(&ENDS)).await.unwrap();
    assert!(!session.is_open(), "another try is another create");
}

#[tokio::test]
async fn what_was_never_written_or_rejected_changed_nothing() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    way.add([Next::Unreachable]);
    let unreachable = session.call(&way, "add-password", params(&ENDS)).await.unwrap_err();
    assert!(matches!(unreachable, Trouble::Unavailable(it) if it.status == 0));
    assert_eq!(session.change(), Change::None);
    way.add([Next::Answer(403, json!({"error": {"code": "Authorization_RequestDenied"}}))]);
    let denied = session.call(&way, "add-password", params(&ENDS)).await.unwrap_err();
    assert!(matches!(denied, Trouble::Rejected(it) if it.status == 403));
    assert_eq!((session.change(), session.is_open()), (Change::Refused, false));
    way.add([made()]);
    session.call(&way, "add-password", params(&ENDS)).await.unwrap();
}

#[tokio::test]
async fn a_success_without_what_it_must_have_is_uncertain_and_keeps_its_id() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    way.add([Next::Answer(200, json!({"keyId": "k1", "secretText": ""}))]);
    let unclear = session.call(&way, "add-password", params(&ENDS)).await.unwrap_err();
    assert!(matches!(unclear, Trouble::Uncertain(_)), "{unclear:?}");
    assert_eq!((session.made(), session.change()), (Some("k1"), Change::Possible));
}

#[tokio::test]
async fn an_id_that_was_there_before_ends_the_step_as_uncertain() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rotate, Some(&plan), None);
    way.add([Next::Answer(200, json!({"keyId": "k0", "secretText": "the-brand-new-secret"}))]);
    let ended = session.call(&way, "add-password", params(&ENDS)).await.unwrap_err();
    assert!(matches!(ended, Trouble::Ended(StepError::Failure(it)) if it.code == "id-not-new"));
}

#[tokio::test]
async fn each_effect_has_its_steps() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    let code = |trouble: Result<Answered, Trouble>| match trouble {
        Err(Trouble::Refused(deny)) => deny.code(),
        other => panic!("{other:?}"),
    };
    for step in [StepName::Preflight, StepName::Verify, StepName::Commit, StepName::Rollback] {
        begin(&mut session, step, Some(&plan), None);
        let called = session.call(&way, "add-password", params(&ENDS)).await;
        assert_eq!(code(called), "request-not-in-step", "{step}");
    }
    for step in [StepName::Preflight, StepName::Rotate, StepName::Verify] {
        begin(&mut session, step, Some(&plan), None);
        let called = session.call(&way, "remove-password", params(&[("key", "k0")])).await;
        assert_eq!(code(called), "request-not-in-step", "{step}");
    }
    for (name, given, word) in [
        ("aps", params(&[]), "request-not-declared"),
        ("app", params(&[("x", "y")]), "request-not-declared"),
        ("add-password", params(&[]), "request-form"),
    ] {
        begin(&mut session, StepName::Rotate, Some(&plan), None);
        assert_eq!(code(session.call(&way, name, given).await), word, "{name}");
    }
}

#[tokio::test]
async fn commit_removes_what_it_may_and_the_host_knows_that_it_is_gone() {
    let way = Script { removable: vec!["k0".to_owned()], ..Script::default() };
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Commit, Some(&plan), Some("k1"));
    way.add([Next::Answer(204, Json::Null)]);
    session.call(&way, "remove-password", params(&[("key", "k0")])).await.unwrap();
    let refused = session.call(&way, "remove-password", params(&[("key", "k9")])).await.unwrap_err();
    assert!(matches!(refused, Trouble::Refused(Deny::Removal { .. })), "{refused:?}");
    let removed = session.removed(["k0".to_owned(), "k9".to_owned()]);
    assert_eq!(removed.iter().map(|one| one.gone).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn rollback_touches_what_is_this_rotations_and_nothing_else() {
    let removable = ["k1", "k2", "k3", "k9"].map(str::to_owned).to_vec();
    let way = Script { removable, ..Script::default() };
    let (mut session, plan) = planned(&way).await;
    begin(&mut session, StepName::Rollback, Some(&plan), Some("k1"));
    let listed = [
        ("k1", "renamed"),
        ("k2", "PAMRUN-0123456789ab-rot.2"),
        ("k3", "pamrun-0123456789ab-other.1"),
        ("k9", "another"),
    ];
    way.add([app(&listed)]);
    session.call(&way, "app", Params::new()).await.unwrap();
    for id in ["k1", "k3", "k9"] {
        let refused = session.call(&way, "remove-password", params(&[("key", id)])).await.unwrap_err();
        assert!(matches!(refused, Trouble::Refused(Deny::Removal { .. })), "{id}: {refused:?}");
    }
    way.add([Next::Answer(204, Json::Null)]);
    session.call(&way, "remove-password", params(&[("key", "k2")])).await.unwrap();
    let undone = session.undone(&["k2".to_owned(), "k9".to_owned()]);
    assert_eq!((undone.seen, undone.gone), (vec!["k1".to_owned(), "k2".to_owned()], vec!["k2".to_owned()]));
}

#[tokio::test]
async fn later_steps_are_held_to_the_target_of_preflight() {
    let way = Script { removable: vec!["k0".to_owned()], ..Script::default() };
    let (_, plan) = planned(&way).await;
    // Whoever takes it up again has the plan, and no answers.
    let mut later = session(AZURE);
    later.begin(&Begin {
        step: StepName::Commit,
        request: &request(),
        plan: Some(&plan),
        updates: &[],
        handle: Some("k1"),
    });
    way.add([token(), Next::Answer(204, Json::Null)]);
    later.call(&way, "remove-password", params(&[("key", "k0")])).await.unwrap();
    assert!(way.last().1.contains(&format!("/applications/{APP}/removePassword")), "{:?}", way.last());

    let mut moved = request();
    moved.settings[0].value = SettingValue::Text("graph.microsoft.example".to_owned());
    later.begin(&Begin {
        step: StepName::Commit,
        request: &moved,
        plan: Some(&plan),
        updates: &[],
        handle: Some("k1"),
    });
    let ended = later.call(&way, "remove-password", params(&[("key", "k0")])).await.unwrap_err();
    assert!(matches!(ended, Trouble::Ended(StepError::Failure(it)) if it.code == "target-changed"));
}

#[tokio::test]
async fn verified_counts_only_with_a_request_that_carries_the_new_secret() {
    let way = Script::default();
    let (mut session, plan) = planned(&way).await;
    let updates = [Update {
        label: "client_secret".to_owned(),
        place: crate::model::Place::Custom,
        kind: "secret".to_owned(),
        values: vec![Secret::new("the-brand-new-secret")],
    }];
    let begin = |session: &mut Session| {
        session.begin(&Begin {
            step: StepName::Verify,
            request: &request(),
            plan: Some(&plan),
            updates: &updates,
            handle: Some("k1"),
        });
    };
    begin(&mut session);
    way.add([app(&[])]);
    session.call(&way, "app", Params::new()).await.unwrap();
    assert!(matches!(session.proof(Proof::Verified), Proof::Unproven(_)));
    way.add([Next::Answer(200, json!({"access_token": "another-token"}))]);
    session.call(&way, "login-new", Params::new()).await.unwrap();
    assert!(way.last().2.contains("client_secret=the-brand-new-secret"));
    assert_eq!(session.proof(Proof::Verified), Proof::Verified);
    begin(&mut session);
    assert!(matches!(session.proof(Proof::Verified), Proof::Unproven(_)), "each verify has to prove it");
}

#[tokio::test]
async fn a_secret_in_what_the_plugin_would_see_ends_the_step() {
    let way = Script::of([
        token(),
        Next::Answer(
            200,
            json!({
                "id": APP, "appId": APP, "displayName": "the app the-admins-own-secret", "passwordCredentials": [],
            }),
        ),
    ]);
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    let ended = session.call(&way, "app", Params::new()).await.unwrap_err();
    assert!(matches!(ended, Trouble::Ended(StepError::Contract(why)) if why.contains("outputs.name")));
}

#[tokio::test]
async fn answers_are_asked_for_again_once_the_records_are_others() {
    let way = Script::of([token(), app(&[])]);
    let mut session = session(AZURE);
    begin(&mut session, StepName::Preflight, None, None);
    session.call(&way, "app", Params::new()).await.unwrap();
    let mut other = request();
    other.inputs[1].values[1].1 = text("another-secret-of-the-admin").secret();
    session.begin(&Begin {
        step: StepName::Preflight,
        request: &other,
        plan: None,
        updates: &[],
        handle: None,
    });
    way.add([token(), app(&[])]);
    session.call(&way, "app", Params::new()).await.unwrap();
    assert_eq!(way.names(), ["token", "app", "token", "app"]);
}

#[tokio::test]
async fn a_host_that_is_not_allowed_is_not_written_to() {
    let way = Script::default();
    let mut session = session(AZURE);
    let mut elsewhere = request();
    elsewhere.settings[1].value = SettingValue::Text("login.attacker.test".to_owned());
    session.begin(&Begin {
        step: StepName::Preflight,
        request: &elsewhere,
        plan: None,
        updates: &[],
        handle: None,
    });
    let refused = session.call(&way, "app", Params::new()).await.unwrap_err();
    let host = "login.attacker.test".to_owned();
    assert_eq!(refused, Trouble::Refused(Deny::HostNotAllowed { host }));
    assert!(way.names().is_empty());
}
