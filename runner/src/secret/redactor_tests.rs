//! Values in texts, in every encoding that an ordinary program may put them into.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

fn knowing(values: &[&str]) -> Redactor {
    let redactor = Redactor::default();
    for value in values {
        redactor.learn(&Secret::new(*value));
    }
    redactor
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn url(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn lower_url(text: &str) -> String {
    text.bytes().fold(String::new(), |url, byte| format!("{url}%{byte:02x}"))
}

fn form(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%20", "+")
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn ascii_json(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |json, unit| format!("{json}\\u{unit:04x}"))
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

type Encoding = (&'static str, fn(&str) -> String);

const ENCODINGS: [Encoding; 17] = [
    ("plain", |text| text.to_owned()),
    ("URL", url),
    ("URL, every byte, in lower case", lower_url),
    ("form", form),
    ("JSON", json),
    ("JSON in ASCII", ascii_json),
    ("JSON in JSON", |text| json(&json(text))),
    ("Rust", |text| text.escape_default().to_string()),
    ("shell", |text| text.replace('\'', "'\\''")),
    ("Python's shell", |text| text.replace('\'', "'\"'\"'")),
    ("PowerShell", |text| text.replace('\'', "''")),
    ("hexadecimal", hex),
    ("hexadecimal in capitals", |text| hex(text).to_uppercase()),
    ("base64", base64),
    ("base64 for URLs", |text| URL_SAFE_NO_PAD.encode(text)),
    ("URL in base64", |text| base64(&url(text))),
    ("base64 in URL", |text| url(&base64(text))),
];

#[test]
fn a_value_is_replaced_wherever_it_stands() {
    let redactor = knowing(&["s3cr~t.v4lue"]);
    assert_eq!(redactor.redact("s3cr~t.v4lue, again: s3cr~t.v4lue"), "[redacted], again: [redacted]");
    assert!(redactor.finds_secret_in("x=s3cr~t.v4lue"));
    assert!(!redactor.finds_secret_in("s3cr~t.v4lu"));
}

#[test]
fn clones_share_what_they_know() {
    let redactor = Redactor::default();
    let clone = redactor.clone();
    redactor.learn(&Secret::new("s3cr~t.v4lue"));
    assert_eq!(clone.redact("s3cr~t.v4lue"), "[redacted]");
}

#[test]
fn it_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Redactor>();
}

#[test]
fn an_authorization_header_does_not_show_the_value_in_it() {
    let redactor = knowing(&["p@ss/word+1"]);
    for user in ["a", "ab", "abc", "client-id"] {
        for password in ["p@ss/word+1".to_owned(), url("p@ss/word+1")] {
            let header = format!("Basic {}", base64(&format!("{user}:{password}")));
            let shown = redactor.redact(&header);
            assert!(shown.contains(MARK), "{shown}");
            assert!(
                shown.trim_end_matches('=').len() <= "Basic ".len() + user.len() * 2 + MARK.len(),
                "{shown}"
            );
        }
    }
}

#[test]
fn wrapped_base64_is_found_over_its_lines() {
    let value = "0123456789abcdefghijklmnopqrstuvwxyz~~";
    let encoded = base64(value);
    let wrapped = format!("{}\r\n  {}\n", &encoded[..21], &encoded[21..]);
    assert_eq!(knowing(&[value]).redact(&wrapped).trim_end_matches(['=', '\n']), MARK);
}

#[test]
fn overlapping_values_are_taken_out_together() {
    let redactor = knowing(&["abcdef", "defghi", "cdef"]);
    assert_eq!(redactor.redact("xabcdefghiy"), "x[redacted]y");
    assert_eq!(redactor.redact("cdefghi abcdef"), "[redacted] [redacted]");
    assert_eq!(knowing(&["token", "token-and-more"]).redact("token-and-more token"), "[redacted] [redacted]");
    assert_eq!(knowing(&["abab"]).redact("ababab"), MARK);
}

#[test]
fn a_key_of_several_lines_is_found_whole_and_line_by_line() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\nAQC7\n-----END PRIVATE KEY-----\n";
    let redactor = knowing(&[key]);
    assert_eq!(redactor.redact(key), "[redacted]\n");
    assert_eq!(redactor.redact(&key.replace('\n', "\r\n")), "[redacted]\r\n");
    assert_eq!(redactor.redact(&json(key)), "[redacted]\\n");
    assert_eq!(redactor.redact("line 2 is MIIEvQIBADANBgkqhkiG9w0B"), "line 2 is [redacted]");
    let public = "a key begins with -----BEGIN PRIVATE KEY-----";
    assert_eq!(redactor.redact(public), public);
    let on_one_line = knowing(&[&key.replace('\n', "\\n")]);
    assert_eq!(on_one_line.redact("AQEFAASCBKcwggSjAgEAAoIB"), MARK);
}

#[test]
fn what_is_too_short_or_says_nothing_is_left_alone() {
    let redactor = knowing(&["abc", "", "  \n", "true", "False", "null"]);
    let text = "abc: true, false, null, ";
    assert_eq!(redactor.redact(text), text);
    assert_eq!(knowing(&["1234"]).redact("pin 1234"), "pin [redacted]");
    assert_eq!(knowing(&[" padded \n"]).redact("[padded]"), "[[redacted]]");
}

proptest! {
    #[test]
    fn no_value_survives_in_any_encoding(
        value in "[!-~é€😀][ -~é€😀]{6,30}[!-~é€😀]",
        before in "[a-zA-Z0-9 .:,=/+_-]{0,9}",
        after in "[a-zA-Z0-9 .:,=/+_-]{0,9}",
    ) {
        let redactor = knowing(&[&value]);
        for (name, encode) in ENCODINGS {
            let encoded = encode(&value);
            let shown = redactor.redact(&format!("{before}{encoded}{after}"));
            prop_assert!(shown.contains(MARK), "{name}: {shown}");
            prop_assert!(!shown.contains(&encoded), "{name}: {shown}");
            let left = shown.replace(MARK, "").replace("%3D", "").replace('=', "");
            prop_assert!(left.len() <= before.len() + after.len(), "{name}: {shown}");
        }
    }

    #[test]
    fn a_value_inside_longer_base64_is_taken_out_with_the_digits_it_shares(
        value in "[a-zA-Z0-9][!-~]{6,28}[a-zA-Z0-9]",
        before in "[a-zA-Z0-9 .:,=]{0,9}",
        after in "[a-zA-Z0-9 .:,=]{0,9}",
        around in "[a-zA-Z0-9]{0,5}",
    ) {
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let encoded = engine.encode(format!("{before}{value}{after}"));
            let shown = knowing(&[&value]).redact(&format!("{around}{encoded}"));
            let (start, end) = (before.len() * 8 / 6, ((before.len() + value.len()) * 8).div_ceil(6));
            prop_assert_eq!(shown, format!("{}{}{}{}", around, &encoded[..start], MARK, &encoded[end..]));
        }
    }

    #[test]
    fn a_plain_value_is_found_in_any_text(value in "[!-~é€😀]{8,30}", before in "\\PC{0,20}", after in "\\PC{0,20}") {
        let shown = knowing(&[&value]).redact(&format!("{before}{value}{after}"));
        prop_assert!(!shown.contains(&value));
    }

    #[test]
    fn a_text_without_values_stays_as_it_is(text in "\\PC{0,80}|[ -~]{0,80}") {
        let redactor = knowing(&["\u{1}a control character is in no such text", "ein anderer Wert"]);
        prop_assert_eq!(redactor.redact(&text), text);
    }
}
