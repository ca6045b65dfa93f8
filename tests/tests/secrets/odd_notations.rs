//! Odd notations, put to pamrun and to Keeper's own client for Python side by side: the same vault,
//! the same notations, and the same answers or none.

use base64::Engine;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use pamrun_tests::gateway::VaultKind;
use pamrun_tests::witness::{Language, Witness};

use super::*;

/// Where one client has an answer and the other has none, or another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Differs {
    /// Not at all.
    No,
    /// Keeper's client has no answer: a slip of its parser, or something that the one for JavaScript,
    /// which the extension uses, reads too.
    OnlyOurs,
    /// Keeper's client says an empty text, the text `null` or nothing, and pamrun that there is nothing.
    OnlyTheirs,
}
use Differs::{No, OnlyOurs, OnlyTheirs};

const NOTATIONS: [(&str, Differs); 87] = [
    // Selectors, prefix and slashes.
    ("6ya_fdc6XTsZ7i4x9Jcodg/type", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/title", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/notes", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/TITLE", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/title/", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/title/x", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/title[0]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/fields/password", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg//password", No),
    ("/field/password", No),
    ("keeper://6ya_fdc6XTsZ7i4x9Jcodg/field/password", No),
    ("KeePer://6ya_fdc6XTsZ7i4x9Jcodg/Field/password", No),
    ("keeper:/6ya_fdc6XTsZ7i4x9Jcodg/field/password", No),
    ("keeper://keeper://6ya_fdc6XTsZ7i4x9Jcodg/field/password", No),
    ("keeper://", No),
    // Records.
    ("6ya_fdc6XTsZ7i4x9Jcodh/type", No),
    ("6YA_FDC6XTSZ7I4X9JCODG/type", No),
    ("AAAAAAAAAAAAAAAAAAAAAA/type", No),
    ("Löhne \\/ Gehälter \\[1\\]/type", No),
    ("Löhne / Gehälter [1]/type", No),
    ("löhne \\/ gehälter \\[1\\]/type", No),
    ("Löhne \\/ Gehälter [1]/type", No),
    ("名前 🔑/type", No),
    ("back\\\\slash/type", No),
    ("back\\slash/type", No),
    ("a > b/type", No),
    ("Twins/type", No),
    (" 名前 🔑/type", OnlyOurs),
    // Fields by type and by label.
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/login", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/Login", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/login", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/text", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/first text", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/a\\/b", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/a/b", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/[x]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/\\[x\\]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/\\[x]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/\\[x\\][0]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/end\\\\", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/end\\\\[0]", OnlyOurs),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/end\\", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/größe", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/twin", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/flag", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/day", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/digits", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/void", OnlyTheirs),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/void[]", OnlyTheirs),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/void[0]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/blank", OnlyTheirs),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/null", OnlyTheirs),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/no list", OnlyOurs),
    // Indexes and properties.
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[1]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[001]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[2]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[99999999999999999999999]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[-1]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[ 1 ]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[1", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[1]]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[[1]]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[1][]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/url[1]x", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[first]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[0][first]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[][first]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[][middle]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[0][First]", OnlyTheirs),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[1][a\\/\\[\\]b]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[1][age]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[1][more]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/custom_field/who[0][first][x]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/field/login[0][first]", OnlyTheirs),
    // Files.
    ("6ya_fdc6XTsZ7i4x9Jcodg/file/a b.bin", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/file/DDDDDDDDDDDDDDDDDDDDDD", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/file/x\\[1\\].txt", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/file/a b.bin[0]", No),
    ("6ya_fdc6XTsZ7i4x9Jcodg/file/twice", No),
    ("名前 🔑/file/a", No),
];

fn bench() -> Bench {
    let bench = Bench::new(VaultKind::Keeper);
    let who = json!([
        {"first": "Zoë", "last": "Ω"},
        {"first": "Ann", "middle": "M", "age": 7, "more": {"x": [1, null]}, "a/[]b": "odd"},
    ]);
    let field = |kind: &str, label: &str, value: Value| json!({"type": kind, "label": label, "value": value});
    let content = json!({
        "title": "Löhne / Gehälter [1]",
        "type": "login",
        "notes": "Zeile eins\nZeile zwei",
        "fields": [
            {"type": "login", "value": ["svc-payroll"]},
            {"type": "password", "value": ["p%;]'\"\\ß"], "label": ""},
            {"type": "url", "value": ["https://a", "https://b"]},
            {"type": "oneTimeCode", "value": [CODE_URL]},
            field("text", "first text", json!(["one"])),
            field("text", "second text", json!(["two"])),
        ],
        "custom": [
            field("text", "a/b", json!(["slash"])),
            field("text", "[x]", json!(["bracket"])),
            field("secret", "end\\", json!(["backslash"])),
            field("text", "größe", json!(["XL"])),
            field("text", "twin", json!(["1"])),
            field("text", "twin", json!(["2"])),
            field("checkbox", "flag", json!([true])),
            field("date", "day", json!([1_767_225_600_000_i64])),
            field("text", "digits", json!(["007"])),
            field("text", "void", json!([])),
            field("text", "blank", json!([""])),
            field("text", "null", json!([null])),
            field("text", "no list", json!("text")),
            field("name", "who", who),
        ],
    });
    let keeper = &bench.gateway.keeper().keeper;
    keeper.put_record(UID, &content, true);
    for title in ["AAAAAAAAAAAAAAAAAAAAAA", "名前 🔑", "back\\slash", "a > b", "Twins", "Twins"] {
        let record = Record::new("login", title);
        keeper.put_record(&record.uid, &record.json, true);
    }
    let mut vault = keeper.vault();
    let bytes: Vec<u8> = (0..=255).collect();
    for (uid, name) in [("E", "a b.bin"), ("F", "x[1].txt"), ("G", "twice"), ("H", "twice")] {
        vault.attach(UID, &uid.repeat(22), name, &bytes);
    }
    drop(vault);
    bench
}

/// What pamrun makes of a notation; nothing when it refuses it.
fn ours(bench: &Bench, notation: &str) -> Option<Value> {
    let is_file = notation.contains("/file/");
    let path = bench.out("file");
    let destination = if is_file { format!("file:{}", path.display()) } else { "it".to_owned() };
    let query = format!("{notation} > {destination}");
    let run = bench.command().flag("--query", query).capture_secret_stdout().run(Vec::new);
    match run.exit {
        Some(0) if is_file => Some(BASE64_URL_SAFE_NO_PAD.encode(std::fs::read(path).unwrap()).into()),
        Some(0) => Some(run.outcome["it"].clone()),
        Some(2) => {
            assert_eq!(run.stdout, "", "{notation}\n{run}");
            None
        }
        _ => panic!("{notation}\n{run}"),
    }
}

/// What Keeper's client makes of notations: its list of texts; nothing for an error.
fn theirs(bench: &Bench, notations: &[&str]) -> Vec<Option<Vec<String>>> {
    let arguments: Vec<_> = ["notation"].iter().chain(notations).copied().collect();
    let answers = Witness::new(Language::Python, bench.gateway.keeper()).ask(&arguments).unwrap();
    let texts = |answer: &Value| {
        let values = answer["values"].as_array()?;
        Some(values.iter().map(|value| value.as_str().unwrap().to_owned()).collect())
    };
    answers.as_array().unwrap().iter().map(texts).collect()
}

/// Whether a value is what Keeper's client says. It lists texts; pamrun hands over the first, or, asked
/// for all of them with `[]`, the list as JSON.
fn agree(notation: &str, ours: &Value, theirs: &[String]) -> bool {
    let text = ours.as_str().unwrap();
    if !notation.contains("[]") || notation.ends_with("[1][]") {
        return is_same(&Value::from(text), &theirs[0]);
    }
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    list.len() == theirs.len() && list.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
}

/// JSON is the same however it is spaced.
fn is_same(ours: &Value, theirs: &str) -> bool {
    let parsed = |text: &str| text.parse::<Value>().unwrap_or_else(|_| text.into());
    match ours {
        Value::String(ours) => ours == theirs || ours.starts_with('{') && parsed(ours) == parsed(theirs),
        other => *other == parsed(theirs),
    }
}

#[test]
fn keepers_client_gives_the_same_answers() {
    let bench = bench();
    let notations = NOTATIONS.map(|(notation, _)| notation);
    for ((notation, differs), theirs) in NOTATIONS.iter().zip(theirs(&bench, &notations)) {
        let ours = ours(&bench, notation);
        match (differs, &ours, &theirs) {
            (No, Some(ours), Some(theirs)) => {
                assert!(agree(notation, ours, theirs), "{notation}: {ours}, {theirs:?}");
            }
            (No, None, None) => {}
            (OnlyOurs, Some(_), theirs) if theirs.iter().flatten().next().is_none() => {}
            (OnlyTheirs, None, Some(theirs)) => {
                assert!(
                    theirs.iter().all(|text| text.is_empty() || text == "null"),
                    "{notation}: {theirs:?}"
                );
            }
            _ => panic!("{notation} ({differs:?}): {ours:?}, {theirs:?}"),
        }
    }
}

#[test]
fn the_base64_form_means_the_same_with_its_padding_and_without() {
    let bench = bench();
    let plain = format!("keeper://{UID}/field/login");
    let (padded, bare) = (BASE64_URL_SAFE.encode(&plain), BASE64_URL_SAFE_NO_PAD.encode(&plain));
    assert_ne!(padded, bare);
    assert_eq!(theirs(&bench, &[&padded, &bare]), [Some(vec!["svc-payroll".to_owned()]), None]);
    assert_eq!(ours(&bench, &padded), Some("svc-payroll".into()));
    // As the client for JavaScript reads it, which the extension uses.
    assert_eq!(ours(&bench, &bare), Some("svc-payroll".into()));
}

/// A notation gives Keeper's clients the URL, of which they make a code with another function.
#[test]
fn a_one_time_code_is_the_one_that_keepers_client_makes() {
    let bench = bench();
    let notation = format!("{UID}/field/oneTimeCode");
    assert_eq!(theirs(&bench, &[&notation]), [Some(vec![CODE_URL.to_owned()])]);
    let code = Witness::new(Language::Python, bench.gateway.keeper()).ask(&["code", CODE_URL]).unwrap();
    assert_eq!(ours(&bench, &notation), Some(code));
    assert_eq!(ours(&bench, &format!("{notation}[0][url]")), Some(CODE_URL.into()));
}
