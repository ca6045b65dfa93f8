//! Queries, what each form of output makes of their values, and files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

const PIPELINE: Handover = Handover::AzurePipelines { multiline: true };
const DOTENV: Handover = Handover::Lines(Dialect::Dotenv);
const GITHUB: Handover = Handover::Lines(Dialect::Github);
const GITLAB: Handover = Handover::Lines(Dialect::Gitlab);

fn query(text: &str) -> Query {
    Query::parse(Place::Line(1), text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn wrong(text: &str) -> QueryError {
    Query::parse(Place::Line(1), text).unwrap_err()
}

#[test]
fn a_destination_is_told_by_its_prefix() {
    let name = |name: &str| name.to_owned();
    for (text, destination) in [
        ("u/field/x > a", Destination::Output(name("a"))),
        ("u/field/x>out:a.b-c", Destination::Output(name("a.b-c"))),
        ("u/field/x > var:a", Destination::Variable(name("a"))),
        ("u/field/x > env: A_1 ", Destination::Environment(name("A_1"))),
        ("u/field/x > file:/tmp/a b", Destination::File("/tmp/a b".into())),
        ("u/file/x > file:a", Destination::File("a".into())),
        ("u/file/x > a", Destination::File("a".into())),
        ("a > b/field/x > a", Destination::Output(name("a"))),
    ] {
        assert_eq!(query(text).destination, destination, "{text}");
    }
    assert_eq!(query("a > b/field/x > a").notation.record, "a > b");
}

#[test]
fn what_is_no_query_is_told_apart() {
    for (text, error) in [
        ("u/field/x", QueryError::NoDestination),
        ("u/field/x >", QueryError::NoName),
        ("u/field/x > out:", QueryError::NoName),
        ("u/field/x > 1a", QueryError::Name("1a".to_owned())),
        ("u/field/x > a;isSecret=false", QueryError::Name("a;isSecret=false".to_owned())),
        ("u/field/x > outs:a", QueryError::Name("outs:a".to_owned())),
        ("u/field/x > env:a.b", QueryError::Environment("a.b".to_owned())),
        ("u/file/x > out:a", QueryError::NotAFile),
        ("u/file/x > env:a", QueryError::NotAFile),
    ] {
        assert_eq!(wrong(text), error, "{text}");
    }
    assert!(matches!(wrong("u > a"), QueryError::Notation(_)));
}

#[test]
fn lines_keep_their_numbers_without_comments_and_empty_ones() {
    let lines: Vec<_> = parse_lines("# all\r\n\r\n  a/type > x \r\n#b\nb/type > y").collect();
    assert_eq!(lines, [(Place::Line(3), "a/type > x"), (Place::Line(5), "b/type > y")]);
}

fn problems(to: Handover, destinations: &[&str]) -> Vec<String> {
    let queries: Vec<_> = (1..)
        .zip(destinations)
        .map(|(line, to)| Query::parse(Place::Line(line), &format!("u/type > {to}")).unwrap())
        .collect();
    check_names(to, &queries).iter().map(ToString::to_string).collect()
}

#[test]
fn no_two_values_go_to_the_same_variable() {
    let same = |name: &str| vec![format!("line 2: the variable {name} is what line 1 goes to already")];
    assert_eq!(problems(Handover::Json, &["out:a", "env:a"]), same("a"));
    assert_eq!(problems(Handover::Json, &["a", "A", "file:a"]), Vec::<String>::new());
    assert_eq!(problems(PIPELINE, &["var:a", "env:A"]), same("A"));
    assert_eq!(problems(PIPELINE, &["var:a", "out:a"]), Vec::<String>::new());
    assert_eq!(problems(GITHUB, &["var:a", "env:A"]), same("A"));
    assert_eq!(problems(GITHUB, &["var:a", "out:a"]), Vec::<String>::new());
    assert_eq!(problems(GITLAB, &["var:a", "out:a"]), same("a"));
}

#[test]
fn a_name_that_no_environment_takes_is_no_name_in_a_file_of_variables() {
    for dialect in Dialect::ALL {
        assert_eq!(problems(Handover::Lines(dialect), &["var:a.b"]).len(), 1, "{dialect:?}");
    }
    assert_eq!(problems(Handover::Json, &["a.b"]).len(), 0);
    assert_eq!(problems(GITHUB, &["out:a-b", "var:a-b"]).len(), 1);
}

#[test]
fn n18_a_reserved_name_is_refused_with_the_reason() {
    for (to, destination, reason) in [
        (PIPELINE, "var:SECRET_KEY", "hands no task a variable whose name begins with"),
        (PIPELINE, "out:InputX", "hands no task"),
        (PIPELINE, "env:SYSTEM_X", "what its agent sets"),
        (GITHUB, "env:GITHUB_X", "begin with GITHUB_ or RUNNER_"),
        (GITLAB, "CI_X", "begin with CI_"),
    ] {
        let told = problems(to, &[destination]);
        assert!(
            told.len() == 1 && told[0].contains(reason) && told[0].contains("use another name"),
            "{told:?}"
        );
    }
    assert_eq!(problems(PIPELINE, &["file:SECRET_KEY"]), Vec::<String>::new());
    assert_eq!(problems(Handover::Json, &["SECRET_KEY", "GITHUB_X", "CI"]), Vec::<String>::new());
}

#[test]
fn a_value_that_cannot_go_there_is_told_beforehand() {
    let (name, file) = (Destination::Variable("a".to_owned()), Destination::File("a".into()));
    let check = |to, destination, value: &str| check_value(to, destination, &Secret::new(value));
    let strict = Handover::AzurePipelines { multiline: false };
    for lines in ["a\nb", "a\rb"] {
        assert_eq!(check(strict, &name, lines), Err(ValueError::Lines));
        for to in [PIPELINE, Handover::Json, Handover::Lines(Dialect::Shell)] {
            assert_eq!(check(to, &name, lines), Ok(()));
        }
        assert_eq!(check(strict, &file, lines), Ok(()));
    }
    assert_eq!(check(PIPELINE, &name, "a\0"), Err(ValueError::Null));
    assert_eq!(check(Handover::Json, &name, "a\0"), Ok(()));
    let told = check(GITLAB, &name, "a\nb").unwrap_err().to_string();
    assert!(told.contains("several lines, which GitLab") && told.ends_with("(> file:PATH)"), "{told}");
    assert_eq!(check(GITLAB, &file, "a\nb"), Ok(()));
}

fn rendered(to: Handover, destination: &str, value: &str) -> String {
    let query = query(&format!("u/type > {destination}"));
    render(to, &[(&query.destination, &Secret::new(value))]).map(|text| text.to_string()).unwrap_or_default()
}

#[test]
fn the_agent_is_told_what_is_a_secret_and_what_other_jobs_may_read() {
    let set = |destination| rendered(PIPELINE, destination, "a%;]b");
    assert_eq!(set("out:x"), "##vso[task.setvariable variable=x;issecret=true;isOutput=true]a%AZP25%3B%5Db");
    for destination in ["var:x", "env:x"] {
        assert_eq!(set(destination), "##vso[task.setvariable variable=x;issecret=true]a%AZP25%3B%5Db");
    }
    assert_eq!(render(PIPELINE, &[]), None);
}

#[test]
fn the_lines_of_a_key_and_the_strings_of_a_document_are_masked_before_it_is_mentioned() {
    assert_eq!(
        rendered(PIPELINE, "var:x", "-----BEGIN;\r\nabcd\n\nx\n").lines().collect::<Vec<_>>(),
        [
            "##vso[task.setsecret]-----BEGIN%3B",
            "##vso[task.setsecret]abcd",
            "##vso[task.setvariable variable=x;issecret=true]-----BEGIN%3B%0D%0Aabcd%0A%0Ax%0A",
        ]
    );
    let masked = rendered(PIPELINE, "var:x", r#"{"user":"zac","keys":["secret-1","line one\nline two"]}"#);
    let masked: Vec<_> =
        masked.lines().filter_map(|line| line.strip_prefix("##vso[task.setsecret]")).collect();
    assert_eq!(masked, ["secret-1", "line one", "line two"]);
}

/// What the agent does with a command: the order is its own.
fn unescape(text: &str) -> String {
    [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

proptest! {
    #[test]
    fn the_agent_gets_every_value_as_it_is(value in "(%|%3B|AZP25|;|\\]|\\[|\r|\n|é|[ -~]){1,20}") {
        let printed = rendered(PIPELINE, "var:x", &value);
        let command = printed.lines().last().unwrap();
        let (_, data) = command.split_once(']').unwrap();
        prop_assert_eq!(unescape(data), value);
    }

    #[test]
    fn json_holds_every_value_as_it_is(value in "\\PC{1,20}|[\0-\x1f\"\\\\]{1,5}") {
        let json: Value = rendered(Handover::Json, "x", &value).parse().unwrap();
        prop_assert_eq!(json, serde_json::json!({ "x": value }));
    }
}

#[test]
fn n7_the_runner_of_github_is_told_what_to_mask_and_nothing_else_on_stdout() {
    for (value, masks) in [
        ("a%b", &["a%25b"][..]),
        ("abc", &["abc"]),
        ("  ", &[]),
        ("line one\nx\nline %two\n", &["line one", "line %25two"]),
        (r#"{"user":"zac","key":"secret-1"}"#, &[r#"{"user":"zac","key":"secret-1"}"#, "secret-1"]),
    ] {
        let printed = rendered(GITHUB, "var:x", value);
        let expected: Vec<_> = masks.iter().map(|mask| format!("::add-mask::{mask}")).collect();
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn n7_variables_are_added_to_the_file_of_the_runner_and_what_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set_env");
    let (x, y) = (query("u/type > var:X").destination, query("u/type > env:Y").destination);
    let add = |values: &[(&Destination, &Secret)]| RunnerFile::open(&path).unwrap().add(values).unwrap();
    assert!(RunnerFile::open(&path).is_err());
    write(&path, "");
    add(&[(&x, &Secret::new("a b"))]);
    assert_eq!(read(&path), "X=a b\n");
    write(&path, "A=1");
    add(&[(&x, &Secret::new("1\n2")), (&y, &Secret::new("it's"))]);
    assert_eq!(read(&path), "A=1\nX<<PAMRUN_EOF\n1\n2\nPAMRUN_EOF\nY=it's\n");
    symlink(&path, folder.path().join("link")).unwrap();
    assert!(RunnerFile::open(&folder.path().join("link")).is_err());
}

#[test]
fn n7_a_report_for_gitlab_has_a_size() {
    let (x, y) = (query("u/type > X").destination, query("u/type > Y").destination);
    let half = Secret::new("x".repeat(3000));
    let values = [(&x, &half), (&y, &half)];
    assert!(check_all(GITLAB, &values).unwrap().contains("6006 bytes"));
    assert_eq!(check_all(GITLAB, &values[..1]), None);
    assert_eq!(check_all(DOTENV, &values), None);
}

#[test]
fn an_empty_document_is_one_too() {
    assert_eq!(render(Handover::Json, &[]).unwrap().as_str(), "{}");
    assert_eq!(render(DOTENV, &[]), None);
    assert_eq!(render(GITHUB, &[]), None);
}

fn read(path: &Path) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fs::read_to_string(path).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_its_owners_alone_and_replaces_another_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    write(&path, "old");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let mut files = Files::default();
    files.add(Files::place(&path).unwrap(), b"new").unwrap();
    assert_eq!(read(&path), "old");
    files.put().unwrap();
    assert_eq!(read(&path), "new");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["key.pem"]);
}

#[test]
fn what_is_not_put_into_its_place_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::default();
    files.add(Files::place(&folder.path().join("a")).unwrap(), b"secret").unwrap();
    drop(files);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn only_an_ordinary_file_is_replaced_and_no_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let target = at("target");
    write(&target, "untouched");
    symlink(&target, at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    let place = |path: PathBuf| Files::place(&path).unwrap_err();
    for name in ["link", "dangling"] {
        assert_eq!(place(at(name)), PlaceError::InTheWay { path: at(name), what: "a symbolic link" });
    }
    assert!(matches!(place(folder.path().to_owned()), PlaceError::InTheWay { what: "a folder", .. }));
    assert!(matches!(place("/dev/null".into()), PlaceError::InTheWay { .. } | PlaceError::NotWritable(_)));
    assert_eq!(place(at("none/x")), PlaceError::NoFolder(at("none")));
    assert_eq!(place(at("target/x")), PlaceError::NoFolder(at("target")));
    assert_eq!(place("..".into()), PlaceError::NoFile("..".into()));
    assert_eq!(read(&target), "untouched");
}

#[test]
fn a_link_that_appears_meanwhile_is_replaced_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut files = Files::default();
    files.add(Files::place(&at("key")).unwrap(), b"secret").unwrap();
    write(&at("target"), "untouched");
    symlink(at("target"), at("key")).unwrap();
    files.put().unwrap();
    assert_eq!((read(&at("target")).as_str(), read(&at("key")).as_str()), ("untouched", "secret"));
    assert!(fs::symlink_metadata(at("key")).unwrap().is_file());
}

#[test]
fn when_one_cannot_be_put_it_is_told_which_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
    let prepared = |names: [&str; 2]| {
        let mut files = Files::default();
        for name in names {
            files.add(Files::place(&at(name)).unwrap(), b"secret").unwrap();
        }
        files
    };
    let files = prepared(["a", "b"]);
    fs::create_dir(at("b")).unwrap();
    let WriteError::Some { path, written, .. } = files.put().unwrap_err() else { panic!("all or none") };
    assert_eq!((path, written), (at("b"), vec![at("a")]));

    let files = {
        fs::remove_dir(at("b")).unwrap();
        prepared(["b", "a"])
    };
    fs::create_dir(at("b")).unwrap();
    let error = files.put().unwrap_err();
    assert!(matches!(error, WriteError::None { .. }), "{error}");
    assert!(error.to_string().ends_with("nothing was written"), "{error}");
    assert_eq!(names(folder.path()), ["a", "b"]);
}
