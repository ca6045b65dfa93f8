//! What `requests!` makes of a manifest, called against a fake host.
#![allow(missing_docs, clippy::unwrap_used, reason = "it is a test")]

use std::time::Duration;

use pamrun_plugin::testing::{FakeHost, answer, listed, rejected, request};
use pamrun_plugin::{Trouble, Value};

pamrun_plugin::requests!("tests/plugin.toml");

use requests::inputs::{Admin, Target};
use requests::settings::{Retire, Settings, defaults};
use requests::{Account, CreateKind, Errors, KeysItem};

fn account() -> pamrun_plugin::testing::Reply {
    answer().with("id", "a1").with("keys", 2).with("open", true).with("tags", ["x", "y"])
}

#[test]
fn outputs_have_the_types_of_the_manifest() {
    let host = FakeHost::new().on("account", |_| account());
    let tags = vec!["x".to_owned(), "y".to_owned()];
    let expected = Account { id: "a1".to_owned(), r#type: None, keys: 2, open: true, tags };
    assert_eq!(requests::account(&host), Ok(expected));
    let host = FakeHost::new().on("account", |_| account().with("type", "closed"));
    assert_eq!(requests::account(&host).unwrap().r#type.as_deref(), Some("closed"));
}

#[test]
fn requests_that_answer_alike_under_one_name_have_one_type() {
    let host = FakeHost::new().on("account", |_| rejected(404)).on("account-by-name", |_| account());
    let found: Account = requests::account(&host).or_else(|_| requests::account_by_name(&host)).unwrap();
    assert_eq!(found.id, "a1");
}

#[test]
fn listed_credentials_have_their_outputs() {
    let host = FakeHost::new().on("keys", |_| {
        answer().item(listed("k1").label("by hand")).item(listed("k2").with("origin", "theirs"))
    });
    let keys = requests::keys(&host).unwrap().items;
    assert_eq!((keys[0].label.as_deref(), &keys[0].outputs), (Some("by hand"), &KeysItem { origin: None }));
    assert_eq!(keys[1].outputs.origin.as_deref(), Some("theirs"));
}

#[test]
fn parameters_stand_in_the_order_of_the_manifest_and_have_its_kinds() {
    let host = FakeHost::new()
        .on("create", |call| answer().with("id", "k3").with("ends", call.text("ends")))
        .on("delete", |_| answer());
    let made = requests::create(&host, CreateKind::ShortLived, "2031-01-01T00:00:00Z", 2048).unwrap();
    assert_eq!((made.id.as_str(), made.ends.as_str()), ("k3", "2031-01-01T00:00:00Z"));
    requests::delete(&host, "k1").unwrap();
    assert_eq!(
        host.calls(),
        ["create kind=short-lived ends=2031-01-01T00:00:00Z bits=2048", "delete key=k1"]
    );
}

#[test]
fn what_does_not_fit_the_manifest_is_refused_with_its_name() {
    let host = FakeHost::new().on("account", |_| answer().with("id", "a1").with("keys", "two"));
    let Err(Trouble::Refused(why)) = requests::account(&host) else { panic!() };
    assert!(why.contains("`keys` is Text(\"two\")"), "{why}");
    let host = FakeHost::new().on("account", |_| answer());
    let Err(Trouble::Refused(why)) = requests::account(&host) else { panic!() };
    assert!(why.contains("`id` is missing"), "{why}");
}

#[test]
fn errors_are_read_with_their_types() {
    let refusal = rejected(400).with("code", "E1").with("causes", ["a"]).waiting(3);
    let host = FakeHost::new().on("delete", move |_| refusal.clone());
    let Err(Trouble::Rejected(said)) = requests::delete(&host, "k1") else { panic!() };
    let expected = Errors { code: Some("E1".to_owned()), message: None, causes: Some(vec!["a".to_owned()]) };
    assert_eq!((Errors::of(&said), said.request.as_str()), (expected, "delete"));
    assert_eq!(said.retry_after, Some(Duration::from_secs(3)));
}

#[test]
fn settings_have_their_types_and_defaults() {
    let settings = Settings::of(&request(defaults()).with_setting("owner", "me")).unwrap();
    assert_eq!(
        settings,
        Settings {
            api: "api.example.com".to_owned(),
            days: 90,
            retire: Retire::NotInUse,
            window: Duration::from_secs(300),
            note: None,
            extra: false,
            owner: "me".to_owned(),
        }
    );
    let changed = request(defaults()).with_setting("owner", "me").with_setting("extra", Value::Secret);
    assert!(Settings::of(&changed).unwrap().extra);
    let changed = changed.with_setting("retire", "2");
    assert_eq!(Settings::of(&changed).unwrap().retire, Retire::_2);
    // One without a default that is known here has to be set.
    assert_eq!(Settings::of(&request(defaults())).unwrap_err().code, "setting-missing");
    let odd = request(defaults()).with_setting("owner", "me").with_setting("retire", "some");
    assert_eq!(Settings::of(&odd).unwrap_err().code, "setting-unfit");
}

#[test]
fn inputs_show_what_a_plugin_sees() {
    let request = request(defaults())
        .with_input("target.account", "me")
        .with_input("admin.user", Value::Secret)
        .with_input("admin.record", "the admin")
        .with_input("admin.role", "provider");
    let Target { account, current, .. } = Target::of(&request);
    assert_eq!((account, current), (Some("me"), None));
    let admin = Admin::of(&request);
    assert_eq!((admin.user, admin.record, admin.role), (None, Some("the admin"), Some("provider")));
}
