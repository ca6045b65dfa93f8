//! Where a setting's value comes from, and what is said when it is wrong.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::request::source::records_alone;
use crate::request::value::tests::schema;
use crate::secret::Secret;

/// Everything that a setting can come from, owned.
#[derive(Default)]
struct World {
    records: Vec<Record>,
    sets: Vec<(String, SetValue)>,
    config: Vec<(String, SetValue)>,
    locked: Vec<String>,
}

impl World {
    fn record(mut self, uid: &str, label: &str, value: Value) -> Self {
        let custom = json!([{"type": "text", "label": label, "value": value}]);
        let json = json!({"title": format!("Title of {uid}"), "fields": [], "custom": custom});
        self.records.push(Record { uid: uid.to_owned(), revision: Some(1), editable: true, json });
        self
    }

    fn flag(mut self, key: &str, value: &str) -> Self {
        self.sets.push((key.to_owned(), SetValue::Text(Secret::new(value))));
        self
    }

    fn file(mut self, key: &str, value: &str) -> Self {
        self.sets.push((key.to_owned(), SetValue::File("/file".into(), Secret::new(value))));
        self
    }

    fn config(mut self, key: &str, value: &str) -> Self {
        self.config.push((key.to_owned(), SetValue::Text(Secret::new(value))));
        self
    }

    fn lock(mut self, key: &str) -> Self {
        self.locked.push(key.to_owned());
        self
    }

    fn resolve(&self, schemas: &[SettingSchema]) -> Result<Resolved, Problems> {
        let sources = Sources {
            target_uid: "target",
            provider_uid: Some("provider"),
            sets: &self.sets,
            config: &self.config,
            locked: &self.locked,
            ..records_alone(&self.records)
        };
        resolve(schemas, &sources)
    }

    fn value(&self) -> SettingValue {
        self.resolve(&[retire()]).unwrap().settings.remove(0).value
    }

    fn problem_of(&self, schema: SettingSchema) -> String {
        let problems = self.resolve(&[schema]).unwrap_err();
        assert_eq!(problems.iter().count(), 1, "{problems}");
        problems.to_string()
    }
}

fn retire() -> SettingSchema {
    schema(json!({
        "key": "retire", "label": "Retire", "aliases": ["Old name"], "type": "text", "default": "default",
    }))
}

fn plain() -> SettingSchema {
    schema(json!({"key": "key", "type": "text"}))
}

fn text(text: &str) -> SettingValue {
    SettingValue::Text(text.to_owned())
}

#[test]
fn a_setting_that_nobody_sets_has_its_default_or_is_left_out() {
    assert_eq!(World::default().value(), text("default"));
    assert!(World::default().resolve(&[plain()]).unwrap().settings.is_empty());
}

#[test]
fn a_record_sets_it_by_key_label_or_alias() {
    for label in ["retire", "Retire", "Old name"] {
        assert_eq!(World::default().record("target", label, json!(["found"])).value(), text("found"));
    }
    assert_eq!(World::default().record("target", "RETIRE", json!(["found"])).value(), text("default"));
}

#[test]
fn a_standard_field_of_the_same_name_sets_nothing() {
    let mut world = World::default().record("target", "other", json!([]));
    world.records[0].json["fields"] = json!([{"type": "text", "label": "retire", "value": ["x"]}]);
    assert_eq!(world.value(), text("default"));
}

#[test]
fn values_are_stripped_and_an_empty_one_counts_as_not_set() {
    assert_eq!(World::default().flag("retire", "  x \n").value(), text("x"));
    for empty in [json!([]), json!([""]), json!(["  "]), json!([null])] {
        let world = World::default().record("target", "retire", empty).config("retire", "config");
        assert_eq!(world.flag("retire", " ").value(), text("config"));
    }
}

#[test]
fn the_last_flag_of_a_key_counts() {
    assert_eq!(World::default().flag("retire", "a").flag("retire", "b").value(), text("b"));
}

#[test]
fn numbers_and_flags_may_be_written_as_such() {
    let days = schema(json!({"key": "days", "type": "int"}));
    for world in
        [World::default().record("target", "days", json!([30])), World::default().config("days", "30")]
    {
        assert_eq!(
            world.resolve(std::slice::from_ref(&days)).unwrap().settings[0].value,
            SettingValue::Integer(30)
        );
    }
    let on = schema(json!({"key": "on", "type": "bool"}));
    let world = World::default().config("on", "true");
    assert_eq!(world.resolve(&[on]).unwrap().settings[0].value, SettingValue::Flag(true));
}

#[test]
fn a_locked_setting_ignores_records_with_a_warning_and_still_obeys_the_flag() {
    let world = || World::default().record("target", "retire", json!(["hunter2"])).lock("retire");
    let resolved = world().config("retire", "config").resolve(&[retire()]).unwrap();
    assert_eq!(resolved.settings[0].value, SettingValue::Text("config".to_owned()));
    assert_eq!(
        resolved.warnings,
        [
            "`retire` is locked: what the field `retire` of the record `Title of target` (target) says is ignored"
        ]
    );
    assert_eq!(world().value(), text("default"));
    assert_eq!(world().flag("retire", "flag").value(), text("flag"));
}

#[test]
fn a_locked_setting_that_no_record_sets_gives_no_warning() {
    let resolved = World::default().lock("retire").resolve(&[retire()]).unwrap();
    assert!(resolved.warnings.is_empty());
}

#[test]
fn attached_records_that_differ_are_a_problem_and_equal_ones_are_not() {
    let world = |second: &str| {
        World::default().record("a", "retire", json!(["one"])).record("b", "Retire", json!([second]))
    };
    assert_eq!(world("one").value(), text("one"));
    let problem = world("two").problem_of(retire());
    assert!(problem.contains("Title of a") && problem.contains("Title of b"), "{problem}");
}

#[test]
fn unknown_keys_are_named_with_the_nearest_one() {
    let world = World::default().flag("retrie", "x").config("retir", "x").lock("unheard");
    let problems = world.resolve(&[retire()]).unwrap_err();
    assert_eq!(
        problems.iter().collect::<Vec<_>>(),
        [
            "--set: the plugin has no setting `retrie`; did you mean `retire`?",
            "the configuration file's settings: the plugin has no setting `retir`; did you mean `retire`?",
            "the configuration file's lock: the plugin has no setting `unheard`",
        ]
    );
}

#[test]
fn a_secret_comes_from_a_file_or_a_record_and_from_nowhere_else() {
    let token = || schema(json!({"key": "token", "type": "secret"}));
    let value = |world: World| world.resolve(&[token()]).unwrap().settings.remove(0).value;
    let expected = SettingValue::Secret(Secret::new("hunter2"));
    assert_eq!(value(World::default().file("token", "hunter2\n")), expected);
    assert_eq!(value(World::default().record("target", "token", json!(["hunter2"]))), expected);
    for world in [World::default().flag("token", "hunter2"), World::default().config("token", "hunter2")] {
        let problem = world.problem_of(token());
        assert!(problem.contains("write @FILE instead"), "{problem}");
    }
}

#[test]
fn all_problems_are_reported_at_once_with_their_origin_and_without_the_value() {
    let schemas = [
        schema(json!({"key": "days", "type": "int"})),
        schema(json!({"key": "mode", "type": "enum", "values": ["all", "none"]})),
        schema(json!({"key": "wait", "type": "duration"})),
        schema(json!({"key": "token", "type": "secret", "required": true})),
        schema(json!({"key": "list", "type": "text"})),
        schema(json!({"key": "host", "type": "text"})),
    ];
    let world = World::default()
        .flag("days", "hunter2")
        .record("target", "mode", json!(["hunter2"]))
        .config("wait", "hunter2")
        .record("a", "list", json!(["hunter2", "hunter3"]))
        .record("b", "host", json!([{"hostName": "hunter2"}]));
    let problems = world.resolve(&schemas).unwrap_err();
    assert_eq!(
        problems.iter().collect::<Vec<_>>(),
        [
            "`days` must be a whole number: --set days holds something else",
            "`mode` must be one of: all, none: the field `mode` of the record `Title of target` (target) holds \
             something else",
            "`wait` must be a duration such as 500ms, 2s, 5m or 1h: `wait` in the configuration file's settings \
             holds something else",
            "`token` is needed: write --set token=@FILE, or put it into the target record as a custom field `token`",
            "`list` cannot be read: the field `list` of the record `Title of a` (a) holds several values",
            "`host` cannot be read: the field `host` of the record `Title of b` (b) holds no plain value",
        ]
    );
}

proptest! {
    #[test]
    fn the_first_place_that_has_a_value_wins(has in proptest::collection::vec(any::<bool>(), 5), empty in "[ \n]{0,2}") {
        let places = ["flag", "target", "attached", "provider", "config"];
        // A place without a value holds an empty one: that must not shadow the next.
        let at = |index: usize| if has[index] { places[index] } else { empty.as_str() };
        let world = World::default()
            .record("provider", "Old name", json!([at(3)]))
            .record("attached", "retire", json!([at(2)]))
            .record("target", "Retire", json!([at(1)]))
            .flag("retire", at(0))
            .config("retire", at(4));
        let expected = (0..5).find(|index| has[*index]).map_or("default", |index| places[index]);
        prop_assert_eq!(world.value(), text(expected));
    }

    #[test]
    fn a_lock_takes_the_records_out_of_the_order_and_nothing_else(has in proptest::collection::vec(any::<bool>(), 3)) {
        let places = ["flag", "record", "config"];
        let at = |index: usize| if has[index] { places[index] } else { "" };
        let world = World::default()
            .record("target", "retire", json!([at(1)]))
            .flag("retire", at(0))
            .config("retire", at(2))
            .lock("retire");
        let expected = [0, 2].into_iter().find(|index| has[*index]).map_or("default", |index| places[index]);
        prop_assert_eq!(world.value(), text(expected));
        prop_assert_eq!(world.resolve(&[retire()]).unwrap().warnings.len(), usize::from(has[1]));
    }
}
