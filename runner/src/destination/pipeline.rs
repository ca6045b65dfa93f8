//! The commands by which a step of Azure Pipelines tells its agent of variables: lines on stdout.

use serde_json::Value;
use zeroize::Zeroizing;

use super::Destination;
use crate::model::wipe;

/// Shorter parts of a secret are not masked: the log would be full of stars.
const SHORTEST_PART: usize = 4;

/// Makes the commands that set a variable and keep its value out of the log.
///
/// The agent masks a value as a whole, so that one line of a key, or one string of a document, would
/// pass where it is printed alone. So each is made a secret of its own, before the value is mentioned.
pub(super) fn commands(destination: &Destination, value: &str) -> Option<Zeroizing<String>> {
    let (name, output) = match destination {
        Destination::Output(name) => (name, ";isOutput=true"),
        Destination::Variable(name) | Destination::Environment(name) => (name, ""),
        Destination::File(_) => return None,
    };
    let mut commands = Zeroizing::new(String::new());
    let mut mask = |text: &str| {
        let lines = text.split(['\n', '\r']).filter(|line| line.chars().count() >= SHORTEST_PART);
        for line in lines.filter(|line| *line != value) {
            commands.push_str("##vso[task.setsecret]");
            commands.push_str(&escape(line));
            commands.push('\n');
        }
    };
    match serde_json::from_str(value) {
        Ok(mut document @ (Value::Array(_) | Value::Object(_))) => {
            each_string(&document, &mut mask);
            wipe(&mut document);
        }
        _ => mask(value),
    }
    commands.push_str("##vso[task.setvariable variable=");
    commands.push_str(&escape(name));
    commands.push_str(";issecret=true");
    commands.push_str(output);
    commands.push(']');
    commands.push_str(&escape(value));
    Some(commands)
}

fn each_string(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(list) => list.iter().for_each(|value| each_string(value, see)),
        Value::Object(map) => map.values().for_each(|value| each_string(value, see)),
        _ => {}
    }
}

/// Escapes what would end a command or a property. The agent undoes `%AZP25` last, and so only what
/// was a percent sign becomes one.
fn escape(text: &str) -> Zeroizing<String> {
    let mut escaped = Zeroizing::new(String::with_capacity(text.len() * 2));
    for character in text.chars() {
        match character {
            '%' => escaped.push_str("%AZP25"),
            ';' => escaped.push_str("%3B"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            ']' => escaped.push_str("%5D"),
            other => escaped.push(other),
        }
    }
    escaped
}
