//! Anything at all in the place of a manifest, packed or not, or of an answer: never a panic, and always an
//! error that says what to do. `PROPTEST_CASES` says how long.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the files of the repository")]

use std::path::Path;

use pamrun_contract::answer::{Answer, Known, Seeing};
use pamrun_contract::check::{check, check_source};
use pamrun_contract::given::Nothing;
use pamrun_contract::manifest::{MOST_BYTES, Manifest, read_packed};
use proptest::prelude::*;

fn good(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ours = root.join("plugins").join(name).join("plugin.toml");
    let case = root.join("tests/cases/contract").join(name).join("plugin.toml");
    std::fs::read_to_string(if ours.exists() { ours } else { case }).unwrap()
}

fn tried(text: &str) -> Result<(), TestCaseError> {
    if let Err(refusals) = check_source(text) {
        prop_assert!(!refusals.is_empty());
        for refusal in refusals.iter() {
            prop_assert!(!refusal.reason.is_empty() && !refusal.mend.is_empty(), "{}", refusal);
        }
    }
    Ok(())
}

/// Edits of a text: cuts, insertions of what means something, doubled lines.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, String)>> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "{{",
        "{setting.x}",
        "\"",
        "'",
        "[",
        "]",
        "=",
        "\n",
        "\u{0}",
        "|",
        "|json",
        "|at:/a",
        "/..",
        "?",
        "#",
        "é",
        "[requests.x]\n",
        "effect = \"reads\"\n",
        "one_of",
        "{admin.secret_key}",
        "{now+1h}",
        "%2e",
        "https://",
        "xml:",
        "*",
    ]);
    proptest::collection::vec((any::<prop::sample::Index>(), 0..3_u8, piece.prop_map(str::to_owned)), 1..4)
}

fn edited(mut text: String, edits: Vec<(prop::sample::Index, u8, String)>) -> String {
    for (at, kind, piece) in edits {
        let at = text.floor_char_boundary(at.index(text.len().max(1)));
        match kind {
            0 => text.insert_str(at, &piece),
            1 => {
                let end = text.ceil_char_boundary((at + piece.len()).min(text.len()));
                text.replace_range(at..end, &piece);
            }
            _ => {
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                text.replace_range(at..end, "");
            }
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_as_a_packed_manifest(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read_packed(&bytes).is_err());
    }

    #[test]
    fn any_text_is_no_manifest(text in ".{0,200}") {
        tried(&text)?;
        prop_assert!(check_source(&text).is_err());
    }

    #[test]
    fn an_edited_manifest_is_read_or_refused(
        name in prop::sample::select(vec!["aws-iam-access-key", "vault-kv2", "soap-directory-password", "snowflake-user-key"]),
        edits in edits(),
    ) {
        tried(&edited(good(name), edits))?;
    }

    #[test]
    fn a_packed_manifest_that_is_edited_is_read_or_refused(edits in edits()) {
        let (_, packed) = check_source(&good("graphql-api-token")).unwrap();
        let text = edited(packed, edits);
        if let Ok(manifest) = read_packed(text.as_bytes()) {
            let _ = check(&manifest);
        }
    }

    #[test]
    fn any_answer_is_judged(
        name in prop::sample::select(vec!["aws-iam-access-key", "azure-app-secret", "snowflake-user-key", "vault-kv2"]),
        status in 100..600_u16,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..100),
            "[\\[\\]{}\",:0-9a-z/<>]{0,60}".prop_map(String::into_bytes),
        ],
    ) {
        let (manifest, _) = check_source(&good(name)).unwrap();
        let known = Known::default();
        let seeing = Seeing { given: &Nothing, known: &known, now: "2026-11-29T10:00:00Z".parse().unwrap() };
        for (name, request) in &manifest.requests {
            let _ = manifest.whole(name, request).takes().judge(&Answer::new(status, Vec::new(), body.clone()), &seeing);
        }
    }
}

#[test]
fn what_is_cut_huge_nested_doubled_or_of_another_contract_is_refused_with_what_to_do() {
    let (_, packed) = check_source(&good("vault-kv2")).unwrap();
    let cut = &packed[..packed.len() - 10];
    let deep = packed.replacen(
        "\"requests\":",
        &format!("\"x\":{}1{},\"requests\":", "[".repeat(17), "]".repeat(17)),
        1,
    );
    let doubled = packed.replacen("\"strategy\":", "\"strategy\":\"overlap\",\"strategy\":", 1);
    let other = packed.replacen("\"contract\":\"1.0\"", "\"contract\":\"2.0\"", 1);
    let none = packed.replacen("\"contract\":\"1.0\",", "", 1);
    let long = format!("{packed}{}", " ".repeat(MOST_BYTES));
    for (text, part) in [
        (cut, "cut"),
        (deep.as_str(), "16 deep"),
        (doubled.as_str(), "twice"),
        (other.as_str(), "\"2.0\""),
        (none.as_str(), "none"),
        (long.as_str(), "are the most"),
        ("", "cut"),
    ] {
        let refusal = read_packed(text.as_bytes()).unwrap_err();
        assert!(refusal.reason.contains(part), "{refusal}");
        assert!(!refusal.mend.is_empty());
    }
    let deep = format!("{}\nx = {}1{}\n", good("vault-kv2"), "[".repeat(20), "]".repeat(20));
    let long = format!("{}\n#{}", good("vault-kv2"), "x".repeat(MOST_BYTES));
    let doubled = format!("{}\n[requests.login]\n", good("vault-kv2"));
    let time = good("vault-kv2").replacen(
        "json = { role_id = \"{admin.role_id}\"",
        "json = { role_id = 2026-11-29",
        1,
    );
    for (text, part) in
        [(deep, "nested"), (long, "are the most"), (doubled, "duplicate key"), (time, "TOML's own times")]
    {
        let refusals = check_source(&text).unwrap_err().to_string();
        assert!(refusals.contains(part), "{refusals}");
    }
}

#[test]
fn a_packed_manifest_reads_back_equal() {
    let (manifest, packed) = check_source(&good("azure-app-secret")).unwrap();
    let again = read_packed(packed.as_bytes()).unwrap();
    assert_eq!(again, Manifest { contract: Some("1.0".to_owned()), ..manifest });
}
