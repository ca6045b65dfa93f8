//! What is written means to its reader what it should, and what is changed leaves the rest as it was.

mod readers;

use proptest::prelude::*;

use super::*;
use readers::{Variables, readers};

fn pairs(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Texts that some reader stumbles over: quotes, escapes, blanks at ends, comments, references, line ends.
fn any_value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[A-Za-z0-9._~:/@%+,=^-]{1,6}",
        "['\"`]",
        "\\\\{1,3}",
        Just("$".to_owned()),
        Just("${A}".to_owned()),
        Just("$(id)".to_owned()),
        Just("\\n".to_owned()),
        "[ \t]{1,2}",
        "[\n\r]{1,2}",
        Just(" #".to_owned()),
        Just("#".to_owned()),
        Just("<<PAMRUN_EOF\nPAMRUN_EOF\n".to_owned()),
        "[é名🔑\u{feff}\u{85}\u{2028}\u{fdd0}\u{ffff}\u{a0}]",
        "[\0\x01\x0b\x1b\x7f]",
        "[!&|;<>(){}*?\\[\\]]",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn any_dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(Dialect::ALL.to_vec())
}

/// A file of what a dialect can hold, with comments where it has them.
fn file(dialect: Dialect, values: &[(&str, String)], comments: bool) -> String {
    let mut text = String::new();
    for (key, value) in values {
        if let Ok(line) = line(dialect, key, value) {
            let has_comments = comments && !matches!(dialect, Dialect::Github | Dialect::Gitlab);
            text.push_str(if has_comments { "# it's \"a\" comment\n\n" } else { "" });
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// Each reader reads the same of a text.
#[track_caller]
fn all_read(dialect: Dialect, text: &str) -> Variables {
    let mut found = readers(dialect).into_iter().map(|(name, read)| {
        read(text).unwrap_or_else(|error| panic!("{dialect:?}, {name}: {error} in {text:?}"))
    });
    let first = found.next().unwrap();
    for other in found {
        assert_eq!(other, first, "{dialect:?}: {text:?}");
    }
    first
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn n7_any_value_is_read_as_it_is_or_refused(dialect in any_dialect(), value in any_value()) {
        if let Ok(line) = line(dialect, "KEY", &value) {
            let text = format!("A=1\n{}\nB=2\n", *line);
            prop_assert_eq!(all_read(dialect, &text), pairs(&[("A", "1"), ("KEY", &value), ("B", "2")]));
        } else {
            // Refused is only what has to be.
            let is_one_line = !value.contains(|c: char| c.is_control());
            let is_ascii = value.is_ascii();
            match dialect {
                Dialect::Shell => prop_assert!(value.contains('\0')),
                Dialect::Docker | Dialect::Github => prop_assert!(!is_one_line),
                Dialect::Systemd => prop_assert!(!is_one_line || !is_ascii),
                Dialect::Gitlab => prop_assert!(!is_one_line || value.contains(char::is_whitespace)),
                Dialect::Dotenv => prop_assert!(!is_one_line || value.contains(['\'', '\\', '$'])),
            }
        }
    }

    #[test]
    fn n7_a_key_is_set_and_the_rest_stays(
        dialect in any_dialect(),
        values in [any_value(), any_value(), any_value()],
        new in any_value(),
        comments: bool,
    ) {
        let [a, b, c] = values;
        let text = file(dialect, &[("A", a.clone()), ("B", b), ("C", c.clone())], comments);
        let before = all_read(dialect, &text);
        if let Ok(changed) = set(&text, "B", &new, dialect) {
            let mut expected = before.clone();
            match expected.iter_mut().find(|(key, _)| key == "B") {
                Some((_, value)) => value.clone_from(&new),
                None => expected.push(("B".to_owned(), new.clone())),
            }
            prop_assert_eq!(all_read(dialect, &changed), expected);
            prop_assert_eq!(&set(&changed, "B", &new, dialect).unwrap(), &changed);
            // What stands before and after is there to the letter.
            let [first, last] = [("A", a), ("C", c)].map(|line| file(dialect, &[line], comments));
            let was_there = before.iter().any(|(key, _)| key == "B");
            prop_assert!(changed.starts_with(&first));
            let is_kept = if was_there { changed.ends_with(&last) } else { changed.starts_with(&text) };
            prop_assert!(is_kept);
        }
    }

    #[test]
    fn no_text_breaks_it(text in "(export |[A-C'\"=<#$\\\\ \t\r\n\u{feff}é]){0,24}", dialect in any_dialect()) {
        let _ = set(&text, "A", "it's", dialect);
    }
}

fn written(dialect: Dialect, value: &str) -> Result<String, String> {
    line(dialect, "K", value).map(|line| line.to_string()).map_err(|error| error.to_string())
}

#[test]
fn n7_quotes_stand_only_where_they_are_needed() {
    for value in ["plain", "Pay8Q~example.of.a.secret", "a:b/c@d%e+f,g=h^i-j_k"] {
        for dialect in Dialect::ALL {
            assert_eq!(written(dialect, value), Ok(format!("K={value}")), "{dialect:?}");
        }
    }
    for (value, expected) in [
        ("a b", [Some("'a b'"), Some("a b"), Some("a b"), None, Some("'a b'"), Some("'a b'")]),
        (
            "it's",
            [
                Some("\"it's\""),
                Some("it's"),
                Some("it's"),
                Some("it's"),
                Some("\"it's\""),
                Some(r"'it'\''s'"),
            ],
        ),
        ("$x#y", [Some("'$x#y'"), Some("$x#y"), Some("$x#y"), Some("$x#y"), Some("'$x#y'"), Some("'$x#y'")]),
        (
            r"a\b",
            [Some(r"'a\b'"), Some(r"a\b"), Some(r"a\b"), Some(r"a\b"), Some(r#""a\\b""#), Some(r"'a\b'")],
        ),
        (
            "it's $5",
            [None, Some("it's $5"), Some("it's $5"), None, Some("\"it's \\$5\""), Some(r"'it'\''s $5'")],
        ),
        ("~x", [Some("'~x'"), Some("~x"), Some("~x"), Some("~x"), Some("'~x'"), Some("'~x'")]),
        ("", [Some("''"), Some(""), Some(""), Some(""), Some(""), Some("")]),
    ] {
        for (dialect, expected) in Dialect::ALL.into_iter().zip(expected) {
            let written = written(dialect, value).ok();
            assert_eq!(written, expected.map(|text| format!("K={text}")), "{dialect:?}: {value}");
        }
    }
}

#[test]
fn n7_what_a_reader_cannot_take_is_told_with_the_reader_and_without_the_value() {
    use Dialect::{Docker, Dotenv, Github, Gitlab, Shell, Systemd};
    let long = "CANARY".repeat(20_000);
    for (dialect, value, problem) in [
        (Docker, "CANARY\nb", "has several lines, which `docker run --env-file`"),
        (Docker, "CANARY\r", "has a carriage return"),
        (Docker, &long, "is too long"),
        (Gitlab, "CANARY\nb", "has several lines, which GitLab"),
        (Gitlab, "CANARY b", "has a blank"),
        (Gitlab, &long, "is too long"),
        (Github, "CANARY\0", "has a null character, which GitHub Actions"),
        (Github, "CANARY\n\r", "has a carriage return"),
        (Systemd, "CANARY\x1b", "has a control character, which systemd"),
        (Systemd, "CANARY\u{ffff}", "stands for none"),
        (Dotenv, "CANARY'\"", "in a mix"),
        (Dotenv, "CANARY${A}", "has `${` and `}`"),
        (Dotenv, "CANARY\r\nb", "has a carriage return"),
        (Dotenv, "CANARY'\\", "in a mix"),
        (Shell, "CANARY\0", "has a null character, which a shell"),
    ] {
        let error = written(dialect, value).unwrap_err();
        assert!(error.contains(problem) && !error.contains("CANARY"), "{dialect:?}: {error}");
        assert!(error.ends_with("put it into a file of its own"), "{error}");
    }
}

#[test]
fn n7_the_end_of_a_value_of_several_lines_is_none_of_its_lines() {
    assert_eq!(written(Dialect::Github, "a\nb").unwrap(), "K<<PAMRUN_EOF\na\nb\nPAMRUN_EOF");
    let value = "x\nPAMRUN_EOF\nPAMRUN_EOF_1\n";
    let text = written(Dialect::Github, value).unwrap();
    assert!(text.starts_with("K<<PAMRUN_EOF_2\n"), "{text}");
    assert_eq!(all_read(Dialect::Github, &text), pairs(&[("K", value)]));
}

#[test]
fn n7_a_report_for_gitlab_has_a_size() {
    let text = "A=".to_owned() + &"x".repeat(3000) + "\n";
    assert_eq!(set(&text, "B", &"y".repeat(3000), Dialect::Gitlab), Err(SetError::TooLarge));
    assert!(set(&text, "A", &"y".repeat(3000), Dialect::Gitlab).is_ok());
}

const FILE: &str = "# the shop\r\nA=1\n\n  export  SECRET = old-value   # rotated by hand\nQUOTED=\"a \\\" b\nSECRET=c\" \nLAST='x'";

#[track_caller]
fn changed(text: &str, key: &str, value: &str, dialect: Dialect) -> String {
    set(text, key, value, dialect).unwrap_or_else(|error| panic!("{text:?}: {error}")).to_string()
}

#[test]
fn one_value_changes_and_every_other_byte_stays() {
    let set = |text, key, value| changed(text, key, value, Dialect::Dotenv);
    assert_eq!(set(FILE, "SECRET", "new~value"), FILE.replace("old-value", "new~value"));
    assert_eq!(set(FILE, "LAST", "y"), FILE.replace("'x'", "'y'"));
    assert_eq!(set("A=\n", "A", "b"), "A=b\n");
    assert_eq!(set("A=#x\n", "A", "3"), "A=3\n");
    assert_eq!(set("A=  # none yet\nB= \n", "A", "3"), "A=3  # none yet\nB= \n");
}

#[test]
fn a_key_that_is_missing_gets_a_line_at_the_end() {
    let set = |text| changed(text, "A", "b", Dialect::Dotenv);
    assert_eq!(set(""), "A=b\n");
    assert_eq!(set("X=1"), "X=1\nA=b\n");
    assert_eq!(set("#A=1\nAA=1\nexportA=2\n"), "#A=1\nAA=1\nexportA=2\nA=b\n");
}

#[test]
fn n20_a_file_with_a_byte_order_mark_is_updated_and_keeps_it() {
    for dialect in Dialect::ALL {
        assert_eq!(
            changed("\u{feff}A=old\nB=2\n", "A", "new", dialect),
            "\u{feff}A=new\nB=2\n",
            "{dialect:?}"
        );
        assert_eq!(changed("\u{feff}A=old", "A", "new", dialect), "\u{feff}A=new", "{dialect:?}");
        assert_eq!(changed("\u{feff}", "A", "new", dialect), "\u{feff}A=new\n", "{dialect:?}");
        assert_eq!(
            changed("\u{feff}B=2\r\nA=old\r\n", "B", "3", Dialect::Dotenv),
            "\u{feff}B=3\r\nA=old\r\n"
        );
    }
    assert_eq!(changed("\u{feff}export A=old\n", "A", "new", Dialect::Shell), "\u{feff}export A=new\n");
}

#[test]
fn n20_lines_end_as_those_of_the_file_do() {
    for dialect in [Dialect::Dotenv, Dialect::Docker, Dialect::Gitlab, Dialect::Systemd] {
        assert_eq!(changed("A=1\r\nB=2\r\n", "A", "3", dialect), "A=3\r\nB=2\r\n", "{dialect:?}");
        assert_eq!(changed("A=1\r\nB=2\r\n", "C", "3", dialect), "A=1\r\nB=2\r\nC=3\r\n", "{dialect:?}");
        assert_eq!(changed("A=1\r\nB=2", "C", "3", dialect), "A=1\r\nB=2\r\nC=3\r\n", "{dialect:?}");
    }
    // To these the carriage return is part of the value, and the new value has none.
    for dialect in [Dialect::Shell, Dialect::Github] {
        assert_eq!(changed("A=1\r\nB=2\r\n", "A", "3", dialect), "A=3\nB=2\r\n", "{dialect:?}");
        assert_eq!(changed("A=1\r\nB=2\r\n", "C", "3", dialect), "A=1\r\nB=2\r\nC=3\n", "{dialect:?}");
    }
}

#[test]
fn n20_a_key_is_found_however_it_is_written() {
    for (dialect, before, after) in [
        (Dialect::Dotenv, "export A=old\n", "export A=new\n"),
        (Dialect::Dotenv, "export\tA =\told # c\n", "export\tA =\tnew # c\n"),
        (Dialect::Dotenv, "  A  =  'old'  # c\n", "  A  =  'new'  # c\n"),
        (Dialect::Dotenv, "'A'=old\n", "'A'=new\n"),
        (Dialect::Dotenv, "\"A\" = \"old\"\r\n", "\"A\" = \"new\"\r\n"),
        (Dialect::Dotenv, "X='A=1\nA=2'\nA=old\n", "X='A=1\nA=2'\nA=new\n"),
        (Dialect::Dotenv, "X='it\\'s'\nA=old\n", "X='it\\'s'\nA=new\n"),
        (Dialect::Dotenv, "X='C:\\'\nA=old\n", "X='C:\\'\nA=new\n"),
        (Dialect::Shell, "export A='o'\\''l d'; # c\n", "export A=new; # c\n"),
        (Dialect::Shell, "A=\"o l\"'d' # c\n", "A=new # c\n"),
        (Dialect::Shell, "A =old\nA=old\n", "A =old\nA=new\n"),
        (Dialect::Shell, "X='\nA=1\n'\nA=old\n", "X='\nA=1\n'\nA=new\n"),
        (Dialect::Docker, "  A=old # part of it\nX='\n", "  A=new\nX='\n"),
        (Dialect::Systemd, "; A=1\n A = old # of it\n", "; A=1\n A = new\n"),
        (Dialect::Systemd, "A=o\\\nl\\\nd\nB=2\n", "A=new\nB=2\n"),
        (Dialect::Systemd, "A='o\n'\"l\n\"d\nB=2\n", "A=new\nB=2\n"),
        (Dialect::Github, "A<<E\nB=1\nA=x\nE\nB=2\n", "A=new\nB=2\n"),
        (Dialect::Github, "B<<E\nA=1\nE\nA=old\n", "B<<E\nA=1\nE\nA=new\n"),
        (Dialect::Gitlab, "A = old\nB=2\n", "A =new\nB=2\n"),
    ] {
        assert_eq!(changed(before, "A", "new", dialect), after, "{dialect:?}: {before:?}");
    }
    assert_eq!(
        changed("A=old\nB=2\n", "A", "x\ny", Dialect::Github),
        "A<<PAMRUN_EOF\nx\ny\nPAMRUN_EOF\nB=2\n"
    );
}

#[test]
fn n20_a_doubt_changes_nothing() {
    for (dialect, text, error) in [
        (Dialect::Dotenv, "A=1\nA=2\n", SetError::Repeated),
        (Dialect::Dotenv, "\u{feff}A=1\nexport A=2\n", SetError::Repeated),
        (Dialect::Dotenv, "A=1\n'A'=2\n", SetError::Repeated),
        (Dialect::Docker, "A=1\nA=2\n", SetError::Repeated),
        (Dialect::Dotenv, "B=1\nA='1\n", SetError::Unended(2)),
        (Dialect::Dotenv, "B=\"1\nA=1\n", SetError::Unended(1)),
        (Dialect::Github, "B=1\nA<<E\n1\n", SetError::Unended(2)),
        (Dialect::Systemd, "A=\"1\n", SetError::Unended(1)),
        (Dialect::Dotenv, "B=1\nA='1'x\n", SetError::Unclear(2)),
        (Dialect::Shell, "A=$(cat x)\n", SetError::Unclear(1)),
        (Dialect::Shell, "A=`cat x`\n", SetError::Unclear(1)),
        (Dialect::Shell, "A=1 B=2\n", SetError::Unclear(1)),
    ] {
        assert_eq!(set(text, "A", "b", dialect), Err(error), "{dialect:?}: {text:?}");
        assert_eq!(check(text, "A", dialect), Err(error), "{dialect:?}: {text:?}");
    }
    for key in ["", "1A", "A B", "A=B", "Ä"] {
        assert_eq!(check("", key, Dialect::Dotenv), Err(SetError::Key));
    }
}
