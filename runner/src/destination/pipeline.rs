//! The commands by which a step of Azure Pipelines tells its agent of variables: lines on stdout.

use zeroize::Zeroizing;

use super::Destination;
use super::mask::each_part;

/// Makes the commands that set a variable and keep its value out of the log.
///
/// The agent masks a value as a whole, so that each of its parts is made a secret of its own, before the value
/// is mentioned.
pub(super) fn commands(destination: &Destination, value: &str) -> Option<Zeroizing<String>> {
    let (name, output) = match destination {
        Destination::Output(name) => (name, ";isOutput=true"),
        Destination::Variable(name) | Destination::Environment(name) => (name, ""),
        Destination::File(_) => return None,
    };
    let mut commands = Zeroizing::new(String::new());
    each_part(value, &mut |part| {
        commands.push_str("##vso[task.setsecret]");
        commands.push_str(&escape(part));
        commands.push('\n');
    });
    commands.push_str("##vso[task.setvariable variable=");
    commands.push_str(&escape(name));
    commands.push_str(";issecret=true");
    commands.push_str(output);
    commands.push(']');
    commands.push_str(&escape(value));
    Some(commands)
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
