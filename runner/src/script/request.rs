//! What a script reads: the gateway's line, and in step mode a second one with what the step is given.

use std::time::Duration;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::model::{Field, Plan, Request, Setting, SettingValue, StepName, Update, VaultRecord, wipe};
use crate::secret::{Secret, SecretBytes};

/// What a step is given besides the request.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'a> {
    pub(super) plan: Option<&'a Plan>,
    pub(super) handle: Option<&'a str>,
    pub(super) updates: Option<&'a [Update]>,
    /// For a SaaS plugin: how long an unanswered write may take to land.
    pub(super) settle_window: Option<Duration>,
}

/// Stdin of a script: the gateway's line, byte for byte, and for a step the second line.
pub(super) fn stdin(line: &SecretBytes, step: Option<(StepName, &Request, Given<'_>)>) -> Zeroizing<Vec<u8>> {
    let line = line.expose();
    let second = step.map(|(step, request, given)| second_line(step, request, given));
    // Room from the start: a buffer that grows leaves copies behind that nobody wipes.
    let room = line.len() + second.as_ref().map_or(0, |second| second.len() + 2);
    let mut stdin = Zeroizing::new(Vec::with_capacity(room));
    stdin.extend_from_slice(line);
    if let Some(second) = second {
        if !line.ends_with(b"\n") {
            stdin.push(b'\n');
        }
        stdin.extend_from_slice(second.as_bytes());
        stdin.push(b'\n');
    }
    stdin
}

fn second_line(step: StepName, request: &Request, given: Given<'_>) -> Zeroizing<String> {
    let mut json = json!({
        "step": step.word(),
        "mode": if request.attempt == 0 { "dry-run" } else { "act" },
        "rotation_id": request.rotation_id,
        "marker": request.marker,
        "attempt": request.attempt,
        "records": request.records.iter().map(flattened).collect::<Vec<_>>(),
        "settings": request.settings.iter().map(setting).collect::<Map<_, _>>(),
        "proposed": request.proposed.as_ref().map(Secret::expose),
        "plan": given.plan.map(plan),
        "known": given.plan.map(|plan| plan.carried.known.keys().collect::<Vec<_>>()),
        "handle": given.handle,
        "updates": given.updates.map(|updates| updates.iter().map(update).collect::<Vec<_>>()),
        "deliver": request.deliver.iter().map(update).collect::<Vec<_>>(),
    });
    if let (Some(window), Some(json)) = (given.settle_window, json.as_object_mut()) {
        json.insert("settle_window".to_owned(), window.as_secs_f64().into());
        json.insert("typed_records".to_owned(), request.records.iter().map(typed).collect());
    }
    let line = Zeroizing::new(json.to_string());
    wipe(&mut json);
    line
}

/// The plan, in the words in which preflight gave it.
fn plan(plan: &Plan) -> Value {
    json!({
        "target": plan.target,
        "creates": plan.creates,
        "removes": plan.removes,
        "context": plan.carried.context,
    })
}

/// A record as the gateway flattens it: one key a field, a number added to a key that is there already,
/// and single values unwrapped.
pub(super) fn flattened(record: &VaultRecord) -> Value {
    let mut flat = Map::new();
    flat.insert("uid".to_owned(), record.uid.as_str().into());
    flat.insert("title".to_owned(), record.title.as_str().into());
    for field in &record.fields {
        let mut key = field.label.clone();
        let mut number = 1_u32;
        while flat.contains_key(&key) {
            key = format!("{}{number}", field.label);
            number = number.saturating_add(1);
        }
        flat.insert(key, value(field));
    }
    Value::Object(flat)
}

/// A record with what the flattened form loses: what a SaaS plugin is given tells fields apart by it.
fn typed(record: &VaultRecord) -> Value {
    let field = |field: &Field| {
        let values: Vec<_> = values(field).collect();
        json!({"place": field.place, "type": field.kind, "label": field.label, "values": values})
    };
    let fields: Vec<_> = record.fields.iter().map(field).collect();
    json!({"uid": record.uid, "title": record.title, "role": record.role.name(), "fields": fields})
}

fn value(field: &Field) -> Value {
    match field.values.len() {
        1 => values(field).collect::<Vec<_>>().swap_remove(0),
        _ => values(field).collect(),
    }
}

fn values(field: &Field) -> impl Iterator<Item = Value> {
    field.values.iter().map(|value| {
        let text = value.expose();
        let json = if field.json { serde_json::from_str(text).ok() } else { None };
        json.unwrap_or_else(|| Value::from(text))
    })
}

fn setting(setting: &Setting) -> (String, Value) {
    let value = match &setting.value {
        SettingValue::Text(text) => text.as_str().into(),
        SettingValue::Secret(secret) => secret.expose().into(),
        SettingValue::Integer(number) => (*number).into(),
        SettingValue::Flag(flag) => (*flag).into(),
        SettingValue::Duration(milliseconds) => (*milliseconds).into(),
    };
    (setting.key.clone(), value)
}

fn update(update: &Update) -> Value {
    let place = update.place.word();
    let values: Vec<_> = update.values.iter().map(Secret::expose).collect();
    json!({"label": update.label, "place": place, "type": update.kind, "values": values})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;
    use crate::model::{Carried, Listed, Role};

    fn field(label: &str, values: &[&str], json: bool) -> Field {
        let values = values.iter().copied().map(Secret::new).collect();
        Field { place: Place::Custom, label: label.to_owned(), kind: String::new(), values, json }
    }

    fn request(fields: Vec<Field>) -> Request {
        Request {
            rotation_id: "r1".to_owned(),
            marker: "pamrun-x-r1.1".to_owned(),
            attempt: 1,
            records: vec![VaultRecord {
                uid: "u".to_owned(),
                title: "T".to_owned(),
                role: Role::Target,
                fields,
            }],
            inputs: Vec::new(),
            settings: vec![Setting { key: "days".to_owned(), value: SettingValue::Text("30".to_owned()) }],
            proposed: None,
            deliver: Vec::new(),
            delivered_id: None,
        }
    }

    fn lines(line: &[u8], request: &Request, given: Given<'_>) -> (Vec<u8>, Value) {
        let stdin = stdin(&SecretBytes::new(line.to_vec()), Some((StepName::Verify, request, given)));
        let end = stdin.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        (stdin[..end].to_vec(), serde_json::from_slice(&stdin[end..]).unwrap())
    }

    #[test]
    fn without_a_step_there_is_the_gateways_line_and_not_a_byte_more() {
        for line in [&b"abc==\r\n"[..], b"abc==", b"\xff\xfea\0\n"] {
            assert_eq!(*stdin(&SecretBytes::new(line.to_vec()), None), line);
        }
    }

    #[test]
    fn a_step_gets_a_second_line_with_everything_that_it_needs() {
        let plan = Plan {
            target: "app".to_owned(),
            creates: "a key".to_owned(),
            removes: vec![Listed { id: "k1".to_owned(), label: "old".to_owned(), expires: None }],
            carried: Carried {
                context: "as of noon".to_owned(),
                known: ["k1", "k0"].map(|id| (id.to_owned(), "preflight".to_owned())).into(),
                ..Carried::default()
            },
            ..Plan::default()
        };
        let updates = [Update {
            label: "key".to_owned(),
            place: Place::Custom,
            kind: "secret".to_owned(),
            values: vec![Secret::new("s")],
        }];
        let given =
            Given { plan: Some(&plan), handle: Some("k2"), updates: Some(&updates), ..Given::default() };
        let (first, second) = lines(b"abc==\r\n", &request(vec![field("login", &["me"], false)]), given);
        assert_eq!(first, b"abc==\r\n");
        let expected = json!({
            "step": "verify", "mode": "act", "rotation_id": "r1", "marker": "pamrun-x-r1.1", "attempt": 1,
            "records": [{"uid": "u", "title": "T", "login": "me"}],
            "settings": {"days": "30"}, "proposed": null,
            "plan": {"target": "app", "creates": "a key", "context": "as of noon",
                     "removes": [{"id": "k1", "label": "old", "expires": null}]},
            "known": ["k0", "k1"],
            "handle": "k2",
            "updates": [{"label": "key", "place": "custom", "type": "secret", "values": ["s"]}],
            "deliver": [],
        });
        assert_eq!(second, expected);
    }

    #[test]
    fn a_saas_plugin_is_told_where_a_field_stands_and_of_what_type_it_is() {
        let request = request(vec![field("many", &["a", "b"], false)]);
        let given = Given { settle_window: Some(Duration::from_millis(1500)), ..Given::default() };
        let (_, second) = lines(b"x", &request, given);
        let field = json!({"place": "custom", "type": "", "label": "many", "values": ["a", "b"]});
        let record = json!({"uid": "u", "title": "T", "role": "target", "fields": [field]});
        assert_eq!((&second["settle_window"], &second["typed_records"]), (&json!(1.5), &json!([record])));
    }

    #[test]
    fn a_line_without_an_end_gets_one_before_the_second() {
        let (first, _) = lines(b"abc==", &request(Vec::new()), Given::default());
        assert_eq!(first, b"abc==\n");
    }

    #[test]
    fn records_are_flattened_as_the_gateway_does_it() {
        let fields = vec![
            field("host", &[r#"{"hostName":"h","port":"22"}"#], true),
            field("many", &["a", "b"], false),
            field("key", &["1"], false),
            field("key", &["2"], false),
            field("text", &[r#"{"not":"taken apart"}"#], false),
            field("title", &["of a field"], false),
            field("none", &[], true),
        ];
        let (_, second) = lines(b"x", &request(fields), Given::default());
        let expected = json!({
            "uid": "u", "title": "T", "host": {"hostName": "h", "port": "22"}, "many": ["a", "b"],
            "key": "1", "key1": "2", "text": "{\"not\":\"taken apart\"}", "title1": "of a field", "none": [],
        });
        assert_eq!(second["records"][0], expected);
    }
}
