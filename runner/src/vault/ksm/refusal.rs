//! What an answer that is no success means.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::error::KsmError;
use super::wire::Answer;
use crate::units::parse_retry_after;

/// Parts of the codes by which a save at an old revision may be refused. Keeper documents none;
/// these are what its other programs say.
const STALE: [&str; 5] = ["out_of_sync", "stale", "revision", "conflict", "optimistic"];
/// Parts of the codes that say that this application or device may not do it.
const DENIED: [&str; 4] = ["access_denied", "forbidden", "unauthorized", "not_authorized"];
/// How long Keeper counts requests: where it does not say how long to wait, it needs that much silence.
const QUIET: Duration = Duration::from_secs(11);
/// How much of what Keeper says is repeated, in characters.
const LONGEST_MESSAGE: usize = 200;

/// Reads a refusal of `host`. Keeper's own are JSON in clear; anything else is somebody else's.
pub(super) fn read(host: &str, answer: &Answer) -> KsmError {
    let (host, status) = (host.to_owned(), answer.status);
    if status >= 500 {
        return KsmError::Server { host, status, after: answer.retry_after };
    }
    // Whoever says so, and in whatever words: it was not done.
    if status == 429 {
        return KsmError::Throttled { after: answer.retry_after.unwrap_or(QUIET) };
    }
    let Ok(Value::Object(said)) = serde_json::from_slice(&answer.body) else {
        return KsmError::NotKeeper { host, status };
    };
    let Some(code) = text(&said, "result_code").or_else(|| text(&said, "error")) else {
        return KsmError::NotKeeper { host, status };
    };
    let message = text(&said, "message").or_else(|| text(&said, "additional_info")).unwrap_or_default();
    let lower = code.to_ascii_lowercase();
    let is_one_of = |known: &[&str]| known.iter().any(|part| lower.contains(part));
    match lower.as_str() {
        "throttled" => {
            let asked = said.get("retry_after").and_then(retry_after).or(answer.retry_after);
            KsmError::Throttled { after: asked.unwrap_or(QUIET) }
        }
        "key" => KsmError::WrongKey { asked: said.get("key_id").and_then(key_id) },
        "invalid_client_version" => {
            let message = text(&said, "additional_info").unwrap_or(message);
            KsmError::ClientVersion { message }
        }
        _ if status == 409 || is_one_of(&STALE) => KsmError::Stale { code },
        _ if is_one_of(&DENIED) => KsmError::Denied { message },
        _ => KsmError::Refused { code, message },
    }
}

/// A text of the answer, short and without control characters: it is shown to people.
fn text(said: &Map<String, Value>, key: &str) -> Option<String> {
    let text = said.get(key)?.as_str().filter(|text| !text.is_empty())?;
    Some(text.chars().filter(|character| !character.is_control()).take(LONGEST_MESSAGE).collect())
}

/// What the body says of it, in the words of the header.
fn retry_after(said: &Value) -> Option<Duration> {
    let text = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    parse_retry_after(&text, SystemTime::now()).filter(|time| !time.is_zero())
}

fn key_id(value: &Value) -> Option<String> {
    let id = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, body: &Value) -> KsmError {
        read("keeper.test", &Answer { status, retry_after: None, body: body.to_string().into_bytes() })
    }

    #[test]
    fn what_keeper_says_is_told_by_its_code() {
        let denied = refusal(403, &json!({"error": "access_denied", "message": "Unable to validate"}));
        assert_eq!(denied, KsmError::Denied { message: "Unable to validate".to_owned() });
        let version = json!({
            "result_code": "invalid_client_version", "error": "client_version",
            "additional_info": "invalid client version id: 16", "message": "other",
        });
        let expected = KsmError::ClientVersion { message: "invalid client version id: 16".to_owned() };
        assert_eq!(refusal(403, &version), expected);
        let other = refusal(400, &json!({"result_code": "bad_request", "error": "x", "message": "no"}));
        assert_eq!(other, KsmError::Refused { code: "bad_request".to_owned(), message: "no".to_owned() });
    }

    #[test]
    fn how_long_to_wait_comes_as_number_or_text() {
        for (after, expected) in [
            (json!(2), Duration::from_secs(2)),
            (json!(1.5), Duration::from_millis(1500)),
            (json!("0.5"), Duration::from_millis(500)),
            (json!(0), QUIET),
            (json!(-1), QUIET),
            (json!("soon"), QUIET),
            (Value::Null, QUIET),
        ] {
            let body = json!({"error": "throttled", "retry_after": after});
            assert_eq!(refusal(403, &body), KsmError::Throttled { after: expected });
        }
    }

    #[test]
    fn a_key_id_comes_as_number_or_text_and_is_nothing_else() {
        for (id, expected) in [(json!(11), Some("11")), (json!("11"), Some("11")), (json!("a b"), None)] {
            let asked = expected.map(str::to_owned);
            assert_eq!(refusal(403, &json!({"error": "key", "key_id": id})), KsmError::WrongKey { asked });
        }
    }

    #[test]
    fn a_conflict_is_known_by_its_status_or_any_code_that_keeper_uses_for_one() {
        for code in ["out_of_sync", "RS_OUT_OF_SYNC", "stale_revision", "record_revision_conflict"] {
            assert!(matches!(refusal(403, &json!({"error": code})), KsmError::Stale { .. }), "{code}");
        }
        assert!(matches!(refusal(409, &json!({"error": "odd"})), KsmError::Stale { .. }));
    }

    #[test]
    fn a_page_is_not_keepers() {
        let page = Answer { status: 403, retry_after: None, body: b"<html>blocked</html>".to_vec() };
        let expected = KsmError::NotKeeper { host: "keeper.test".to_owned(), status: 403 };
        assert_eq!(read("keeper.test", &page), expected);
        // But this is true whoever says it.
        let busy = Answer { status: 429, retry_after: Some(QUIET * 2), ..page };
        assert_eq!(read("keeper.test", &busy), KsmError::Throttled { after: QUIET * 2 });
        assert_eq!(refusal(403, &json!({"page": 1})), expected);
        assert_eq!(refusal(403, &json!([])), expected);
        assert!(matches!(refusal(502, &json!({"error": "bad"})), KsmError::Server { status: 502, .. }));
    }

    #[test]
    fn what_is_repeated_is_short_and_plain() {
        let long = format!("\u{1b}[31m{}", "x".repeat(5000));
        let KsmError::Denied { message } = refusal(403, &json!({"error": "access_denied", "message": long}))
        else {
            panic!()
        };
        assert!(message.len() == LONGEST_MESSAGE && message.starts_with("[31mx"));
    }
}
