//! What a record may call a user.

use pamrun_plugin::{Failure, Request};

/// Refuses what is neither a principal name nor an object id.
pub fn check_name(request: &Request, name: &str) -> Result<(), Failure> {
    if is_guid(name) || is_principal_name(name) {
        return Ok(());
    }
    let record = request.input("target.record").unwrap_or_default();
    let what = match request.input("target.login") {
        Some(login) if login == name => format!("the field login of the record {record}"),
        _ => "the setting user".to_owned(),
    };
    Err(Failure::invalid("user-malformed", format!("{what} is {name}, which is no name of a user"))
        .fix("write the user's principal name (user@domain) or object id"))
}

/// Whether a text is a GUID in the usual form.
pub fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn is_principal_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'.-_!#^~+".contains(&b);
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && name.bytes().chain(domain.bytes()).all(allowed)
    })
}
