//! What a notation means, and that no text breaks the parser. `tests/tests/secrets` compares the
//! answers with those of Keeper's own client.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{Attachment, Place, Record, SharedRecord};

const UID: &str = "6ya_fdc6XTsZ7i4x9Jcodg";

fn parsed(text: &str) -> Notation {
    Notation::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn field(name: &str, pick: Pick, property: Option<&str>) -> Part {
    let property = property.map(str::to_owned);
    Part::Field { place: Place::Standard, name: name.to_owned(), pick, property }
}

#[test]
fn a_notation_names_a_record_and_a_part_of_it() {
    for (text, record, part) in [
        ("u/field/password", "u", field("password", Pick::First, None)),
        ("keeper://u/field/password", "u", field("password", Pick::First, None)),
        ("KEEPER://u/FIELD/password", "u", field("password", Pick::First, None)),
        (" u/field/url[] ", "u", field("url", Pick::All, None)),
        ("u/field/url[2]", "u", field("url", Pick::One(2), None)),
        ("u/field/url[007][]", "u", field("url", Pick::One(7), None)),
        ("u/field/name[][last]", "u", field("name", Pick::All, Some("last"))),
        ("u/field/phone[0][num\\]ber]", "u", field("phone", Pick::One(0), Some("num]ber"))),
        ("u/field/a/b", "u", field("a/b", Pick::First, None)),
        ("u/field/a\\/b\\[1\\]\\\\", "u", field("a/b[1]\\", Pick::First, None)),
        ("u/field/a\\\\[1]", "u", field("a\\", Pick::One(1), None)),
        ("Löhne \\/ Gehälter \\[1\\]/title", "Löhne / Gehälter [1]", Part::Title),
        ("名前/type/", "名前", Part::Type),
        ("u/Notes", "u", Part::Notes),
        ("u/file/a.b c", "u", Part::File("a.b c".to_owned())),
        ("a > b/file/x\\[1\\].pem", "a > b", Part::File("x[1].pem".to_owned())),
    ] {
        assert_eq!(parsed(text), Notation { record: record.to_owned(), part }, "{text}");
    }
    let custom = parsed("u/custom_field/x").part;
    assert!(matches!(custom, Part::Field { place: Place::Custom, .. }));
}

#[test]
fn what_is_no_notation_is_told_apart() {
    let selector = |found: &str| NotationError::Selector { found: found.to_owned() };
    let nothing = |selector: &str| NotationError::TakesNothing { selector: selector.to_owned() };
    let name = |selector: &str| NotationError::NoName { selector: selector.to_owned() };
    for (text, error) in [
        ("", NotationError::NotNotation),
        ("password", NotationError::NotNotation),
        ("keeper://", NotationError::NoRecord),
        ("/field/password", NotationError::NoRecord),
        ("keeper://u", NotationError::NoSelector),
        ("u/", NotationError::NoSelector),
        ("u/fields/password", selector("fields")),
        ("a/b/field/password", selector("b")),
        ("u/title[0]", selector("title[0]")),
        ("u/title/x", nothing("title")),
        ("u/field", name("field")),
        ("u/field/", name("field")),
        ("u/custom_field/[0]", name("custom_field")),
        ("u/file/", name("file")),
        ("u/file/a[0]", NotationError::FileIndex),
        ("u/field/name[first]", NotationError::NotNumeric),
        ("u/field/name[-1]", NotationError::NotNumeric),
        ("u/field/name[٣]", NotationError::NotNumeric),
        ("u/field/name[0", NotationError::Brackets),
        ("u/field/name[0]x", NotationError::Brackets),
        ("u/field/name[0][a][b]", NotationError::Brackets),
        ("u/field/name[[0]]", NotationError::Brackets),
        ("u/field/name[0][a[b]", NotationError::Brackets),
        ("u/field/a\\b", NotationError::Escape),
        ("u/field/x\\", NotationError::Escape),
    ] {
        assert_eq!(Notation::parse(text), Err(error), "{text}");
    }
}

#[test]
fn only_what_looks_like_a_uid_may_be_one() {
    assert!(parsed(&format!("{UID}/type")).may_be_uid());
    for title in ["6ya_fdc6XTsZ7i4x9Jcod", "6ya_fdc6XTsZ7i4x9Jcodgg", "6ya+fdc6XTsZ7i4x9Jcodg", "ééééééééééé"]
    {
        assert!(!parsed(&format!("{title}/type")).may_be_uid(), "{title}");
    }
}

fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| ['/', '[', ']', '\\'].contains(&c).then_some('\\').into_iter().chain([c]))
        .collect()
}

fn any_name() -> impl Strategy<Value = String> {
    "[ -~äßé名🔑]{0,6}[!-~é名]"
}

fn any_part() -> impl Strategy<Value = Part> {
    let pick = prop_oneof![Just(Pick::First), Just(Pick::All), (0..1000_usize).prop_map(Pick::One)];
    let place = prop_oneof![Just(Place::Standard), Just(Place::Custom)];
    let field = (place, any_name(), pick, prop::option::of(any_name()));
    let field = field.prop_map(|(place, name, pick, property)| {
        let property = property.filter(|_| pick != Pick::First);
        Part::Field { place, name, pick, property }
    });
    prop_oneof![
        Just(Part::Type),
        Just(Part::Title),
        Just(Part::Notes),
        any_name().prop_map(Part::File),
        field
    ]
}

fn written(notation: &Notation) -> String {
    let rest = match &notation.part {
        Part::Type => "type".to_owned(),
        Part::Title => "title".to_owned(),
        Part::Notes => "notes".to_owned(),
        Part::File(name) => format!("file/{}", escape(name)),
        Part::Field { place, name, pick, property } => {
            let selector = if *place == Place::Custom { "custom_field" } else { "field" };
            let pick = match pick {
                Pick::First => String::new(),
                Pick::All => "[]".to_owned(),
                Pick::One(index) => format!("[{index}]"),
            };
            let property = property.as_ref().map(|property| format!("[{}]", escape(property)));
            format!("{selector}/{}{pick}{}", escape(name), property.unwrap_or_default())
        }
    };
    format!("keeper://{}/{rest}", escape(&notation.record))
}

proptest! {
    #[test]
    fn every_notation_is_read_as_it_is_written(record in any_name(), part in any_part()) {
        let notation = Notation { record: record.trim().to_owned(), part };
        prop_assume!(!notation.record.is_empty());
        let text = written(&notation);
        prop_assert_eq!(&parsed(&text), &notation);
        // The other form that it may have: base64, of which a slash is never part.
        prop_assert_eq!(&parsed(&BASE64_URL_SAFE.encode(&text)), &notation);
        prop_assert_eq!(&parsed(&BASE64_URL_SAFE_NO_PAD.encode(&text)), &notation);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "(keeper://)?[a-z/\\[\\]\\\\0-9é]{0,24}") {
        let _ = Notation::parse(&text);
    }

    #[test]
    fn what_goes_wrong_is_told_without_a_value(part in any_part()) {
        let notation = Notation { record: UID.to_owned(), part };
        if let Err(error) = notation.resolve(&[record()], Duration::ZERO) {
            prop_assert!(!error.to_string().contains("CANARY"), "{error}");
        }
    }
}

fn shared(uid: &str, json: Value) -> SharedRecord {
    let attachment = |uid: &str, name: &str| Attachment {
        uid: uid.to_owned(),
        name: name.to_owned(),
        title: format!("title of {name}"),
    };
    let attachments = vec![attachment("F1", "a.pem"), attachment("F2", "b.pem"), attachment("F3", "b.pem")];
    let record = Record { uid: uid.to_owned(), revision: Some(1), editable: true, json };
    SharedRecord { record, attachments }
}

fn record() -> SharedRecord {
    shared(
        UID,
        json!({
            "type": "login",
            "title": "Löhne",
            "notes": "CANARY notes",
            "fields": [
                {"type": "login", "value": ["CANARY login"]},
                {"type": "password", "label": "", "value": ["CANARY password"]},
                {"type": "url", "value": ["CANARY one", "CANARY two"]},
                {"type": "oneTimeCode", "value": ["otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]},
                {"type": "text", "label": "twin", "value": ["CANARY"]},
                {"type": "text", "label": "other", "value": ["CANARY"]},
            ],
            "custom": [
                {"type": "name", "label": "who", "value": [
                    {"first": "Zoë", "last": "CANARY"}, {"first": "Ann", "middle": "", "last": 7},
                ]},
                {"type": "phone", "label": "phones", "value": [
                    {"number": "CANARY", "ext": ""}, {"number": "2", "ext": "7"}, {"number": "3", "ext": null},
                ]},
                {"type": "address", "label": "unfilled", "value": [{"first": "", "middle": null, "more": [""]}]},
                {"type": "host", "label": "nobody", "value": [null, {}, "", []]},
                {"type": "checkbox", "label": "unchecked", "value": [false]},
                {"type": "text", "label": "gap", "value": ["CANARY", ""]},
                {"type": "text", "label": "void", "value": []},
                {"type": "text", "label": "blank", "value": [""]},
                {"type": "text", "label": "null", "value": [null]},
                {"type": "checkbox", "label": "odd", "value": true},
                {"type": "oneTimeCode", "label": "no code", "value": ["CANARY"]},
                {"type": "date", "label": "day", "value": [1_767_225_600_000_i64]},
            ],
        }),
    )
}

fn found(text: &str) -> Result<Found, ResolveError> {
    parsed(text).resolve(&[record(), shared("other", json!({"title": "Twins"}))], Duration::from_secs(59))
}

fn text(notation: &str) -> String {
    match found(notation) {
        Ok(Found::Text(text)) => text.expose().to_owned(),
        other => panic!("{notation}: {other:?}"),
    }
}

#[test]
fn values_are_found_by_label_and_by_type() {
    for (notation, value) in [
        ("type", "login"),
        ("title", "Löhne"),
        ("notes", "CANARY notes"),
        ("field/password", "CANARY password"),
        ("field/url", "CANARY one"),
        ("field/url[1]", "CANARY two"),
        ("field/url[]", r#"["CANARY one","CANARY two"]"#),
        ("field/twin", "CANARY"),
        // A value without a list around it, as people write it.
        ("custom_field/odd", "true"),
        ("custom_field/who[0][first]", "Zoë"),
        ("custom_field/name[][first]", r#"["Zoë","Ann"]"#),
        ("custom_field/who[1][last]", "7"),
        ("custom_field/who[0]", r#"{"first":"Zoë","last":"CANARY"}"#),
        ("custom_field/day", "1767225600000"),
    ] {
        assert_eq!(text(&format!("{UID}/{notation}")), value, "{notation}");
        assert_eq!(text(&format!("Löhne/{notation}")), value, "{notation}");
    }
}

/// Whichever form of selector finds nothing but what nobody filled in, it is told so.
#[test]
fn n19_nothing_selected_is_an_error_in_every_form() {
    for notation in [
        "who[][middle]",
        "who[1][middle]",
        "phones[0][ext]",
        "phones[2][ext]",
        "unfilled",
        "unfilled[0]",
        "unfilled[]",
        "unfilled[][]",
        "unfilled[0][first]",
        "unfilled[][first]",
        "unfilled[][middle]",
        "unfilled[0][more]",
        "unfilled[][more]",
        "nobody",
        "nobody[]",
        "nobody[1]",
        "blank",
        "blank[]",
        "blank[0]",
        "null[]",
        "null[0]",
    ] {
        assert_eq!(found(&format!("{UID}/custom_field/{notation}")), Err(ResolveError::Empty), "{notation}");
    }
}

#[test]
fn n19_what_is_there_is_handed_out_without_those_that_lack_it() {
    for (notation, value) in [
        ("phones[][ext]", r#"["7"]"#),
        ("phones[][number]", r#"["CANARY","2","3"]"#),
        ("gap[]", r#"["CANARY",""]"#),
        ("unchecked", "false"),
        ("unchecked[]", "[false]"),
    ] {
        assert_eq!(text(&format!("{UID}/custom_field/{notation}")), value, "{notation}");
    }
}

#[test]
fn a_one_time_code_is_the_code_and_its_url_a_property() {
    assert_eq!(text("Löhne/field/oneTimeCode"), "287082");
    assert_eq!(text("Löhne/field/oneTimeCode[0]"), "287082");
    assert_eq!(text("Löhne/field/oneTimeCode[]"), r#"["287082"]"#);
    assert!(text("Löhne/field/oneTimeCode[0][url]").starts_with("otpauth://totp/"));
    assert_eq!(found("Löhne/custom_field/no code"), Err(OneTimeError::NotTotp.into()));
}

#[test]
fn a_file_is_found_by_uid_name_and_title() {
    for name in ["F1", "a.pem", "title of a.pem"] {
        assert_eq!(found(&format!("{UID}/file/{name}")), Ok(Found::File("F1".to_owned())));
    }
    let several = found(&format!("{UID}/file/b.pem")).unwrap_err();
    assert!(several.to_string().ends_with("name one by its UID: F2, F3"), "{several}");
    let missing = found(&format!("{UID}/file/c.pem")).unwrap_err();
    assert!(missing.to_string().ends_with("`c.pem`; it has `a.pem`, `b.pem`, `b.pem`"), "{missing}");
}

#[test]
fn what_is_not_there_or_not_one_thing_is_told() {
    for (notation, message) in [
        (
            "field/passwort",
            "no field `passwort`; it has `login`, `password`, `url`, `oneTimeCode`, `twin`, `other`",
        ),
        ("field/who", "no field `who`"),
        ("custom_field/password", "no custom field `password`"),
        ("field/text", "2 fields of the record have the label or type `text`"),
        ("field/url[2]", "no value [2]: the field has 2, counted from 0"),
        ("custom_field/void[0]", "no value [0]: the field has 0"),
        ("custom_field/void", "empty"),
        ("custom_field/void[]", "empty"),
        ("custom_field/blank", "empty"),
        ("custom_field/null", "empty"),
        ("custom_field/who[0][middle]", "no property `middle`"),
        ("custom_field/who[1][middle]", "empty"),
        ("custom_field/who[][nick]", "no property `nick`"),
        ("field/password[0][first]", "no property `first`"),
    ] {
        let error = found(&format!("{UID}/{notation}")).unwrap_err().to_string();
        assert!(error.contains(message), "{notation}: {error}");
    }
    assert!(matches!(found("löhne/type"), Err(ResolveError::NoRecord { .. })));
    assert_eq!(found("other/notes"), Err(ResolveError::Empty));
}

#[test]
fn a_uid_goes_before_a_title_and_a_title_must_be_the_only_one() {
    let titled = |uid: &str, title: &str, kind: &str| shared(uid, json!({"title": title, "type": kind}));
    let records =
        [titled("u1", "u2", "first"), titled("u2", "Löhne", "second"), titled("u3", "Löhne", "third")];
    let kind = |text: &str| parsed(text).resolve(&records, Duration::ZERO);
    assert_eq!(kind("u2/type"), Ok(Found::Text(crate::secret::Secret::new("second"))));
    let many = kind("Löhne/type").unwrap_err();
    assert!(many.to_string().ends_with("name one by its UID: u2, u3"), "{many}");
}
