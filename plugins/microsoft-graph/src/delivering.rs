//! Which of the new values a consumer gets.

use pamrun_plugin::{Failure, Request, Update};

/// Picks the field that the setting `field` names, or the only secret one. Before there are values, what
/// has no manifest has no fields either.
///
/// # Errors
/// `field-unknown`, and `field-missing` where the choice is not clear.
pub fn chosen(request: &Request) -> Result<Option<&Update>, Failure> {
    let updates = &request.deliver;
    let Ok(field) = request.setting_text("field") else {
        let mut secret =
            updates.iter().filter(|update| matches!(update.kind.as_str(), "secret" | "password"));
        return match (secret.next(), secret.next()) {
            (Some(only), None) => Ok(Some(only)),
            _ => Err(Failure::invalid(
                "field-missing",
                "which of the new values is meant is not clear: the setting field=LABEL says it",
            )),
        };
    };
    let named = updates.iter().find(|update| update.label == field);
    if named.is_some() || updates.is_empty() {
        return Ok(named);
    }
    let known: Vec<_> = updates.iter().map(|update| update.label.as_str()).collect();
    let message = format!("there is no new value {field}; there are {}", known.join(", "));
    Err(Failure::invalid("field-unknown", message))
}

/// The value that is delivered.
///
/// # Errors
/// `field-unfit` where the field has none, or several.
pub fn value(request: &Request) -> Result<&str, Failure> {
    match chosen(request)?.map(|update| &update.values[..]) {
        Some([value]) => Ok(value),
        _ => Err(Failure::invalid(
            "field-unfit",
            "the field that is to be delivered has not exactly one value",
        )),
    }
}
