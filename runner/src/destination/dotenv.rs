//! Lines of a `.env` file, quoted as a POSIX shell reads them: `set -a; . ./.env`.

use zeroize::Zeroizing;

use super::Destination;

/// Makes the line of a variable. Within single quotes nothing has a meaning but they themselves.
pub(super) fn line(destination: &Destination, value: &str) -> Option<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(value.len() * 2));
    line.push_str(destination.name()?);
    line.push_str("='");
    for character in value.chars() {
        match character {
            '\'' => line.push_str("'\\''"),
            other => line.push(other),
        }
    }
    line.push('\'');
    Some(line)
}
