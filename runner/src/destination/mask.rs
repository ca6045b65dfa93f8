//! What of a value has to be masked in a pipeline's log, besides the value itself.

use serde_json::Value;

use crate::model::wipe;

/// Shorter parts of a secret are not masked: the log would be full of stars.
const SHORTEST_PART: usize = 4;

/// Shows each line of a value, or, of a JSON document, of each of its strings. A log is masked line by line,
/// and one line of a key, or one string of a document, would pass where it is printed alone.
pub(super) fn each_part(value: &str, see: &mut dyn FnMut(&str)) {
    let mut lines = |text: &str| {
        let lines = text.split(['\n', '\r']).filter(|line| line.chars().count() >= SHORTEST_PART);
        lines.filter(|line| *line != value).for_each(&mut *see);
    };
    match serde_json::from_str(value) {
        Ok(mut document @ (Value::Array(_) | Value::Object(_))) => {
            each_string(&document, &mut lines);
            wipe(&mut document);
        }
        _ => lines(value),
    }
}

fn each_string(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(list) => list.iter().for_each(|value| each_string(value, see)),
        Value::Object(map) => map.values().for_each(|value| each_string(value, see)),
        _ => {}
    }
}
