//! Queries that cannot be answered: all of them are told at once, and nothing is written.

use std::os::unix::fs::symlink;

use pamrun_tests::gateway::VaultKind;

use super::*;

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_line() {
    both(|bench| {
        let path = bench.out("key.pem");
        let queries = format!(
            "\
# The first is right.
{UID}/custom_field/PEM > file:{}
{UID}/field/password
{UID}/feld/password > a
{UID}/field/passwort > b
{UID}/field/password > 1c

{UID}/custom_field/phones[2] > d
{UID}/custom_field/phones[0][area] > e
{UID}/custom_field/empty > f
{UID}/field/login > g
{UID}/field/login > env:g
{UID}/file/none.pem > file:{}
{UID}/file/cert.pem > out:h
Lohn/type > i
{UID}/type > file:{}/none/x
",
            path.display(),
            bench.out("none.pem").display(),
            path.display(),
        );
        let problems = [
            "line 3: the destination is missing",
            "line 4: `feld` is nothing that a record has",
            "line 5: the record has no field `passwort`; it has `login`, `password`, `oneTimeCode`",
            "line 6: `1c` is no name for a variable",
            "line 8: there is no value [2]: the field has 2, counted from 0",
            "line 9: the value has no property `area`",
            "line 10: it is empty in the record",
            "line 12: the variable g is what line 11 goes to already",
            "line 13: the record has no attached file `none.pem`",
            "line 14: the content of a file goes into a file",
            "line 15: no record has the UID or title `Lohn`",
            "line 16: the folder",
            "--query number 1: this is no notation",
        ];
        let run = bench.command().input(queries.into()).argument("-").flag("--query", "x > y").run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        let told: Vec<_> = run.stderr.lines().skip(1).map(str::trim).collect();
        assert_eq!(told.len(), problems.len(), "{run}");
        for (told, problem) in told.iter().zip(problems) {
            assert!(told.starts_with(problem), "{problem}\n{run}");
        }
        assert_eq!(bench.out_names(), Vec::<String>::new());
    });
}

#[test]
fn a_title_that_two_records_have_is_told_with_their_uids() {
    both(|bench| {
        let twins = [Record::new("login", "Twins"), Record::new("login", "Twins")];
        bench.gateway.fill_vault(&twins);
        let run = bench.refuses("Twins/type > a", &["2 records have the title `Twins`; name one by its UID"]);
        assert!(twins.iter().all(|twin| run.stderr.contains(&twin.uid)), "{run}");
    });
}

#[test]
fn the_name_of_a_field_is_no_command_to_the_agent() {
    both(|bench| {
        bench.gateway.vault().edit(UID, |record| {
            record["custom"][0]["label"] = "##vso[task.setvariable variable=PATH]/evil".into();
        });
        let run =
            bench.refuses(&format!("{UID}/custom_field/x > a"), &["no custom field `x`; it has `##vso(task"]);
        assert!(!run.stderr.contains("##vso["), "{run}");
    });
}

#[test]
fn the_agent_gets_no_value_of_several_lines_that_it_would_refuse() {
    both(|bench| {
        let exec = bench.command().input(format!("{UID}/custom_field/PEM > KEY").into());
        let run = exec.variable("TF_BUILD", "True").run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        assert!(run.stderr.contains("SYSTEM_UNSAFEALLOWMULTILINESECRET"), "{run}");
    });
}

#[test]
fn a_file_goes_only_where_an_ordinary_file_is_or_nothing() {
    both(|bench| {
        let target = bench.gateway.path("inputs/closed/target");
        std::fs::write(&target, "untouched").unwrap();
        let link = bench.gateway.path("inputs/closed/link");
        symlink(&target, &link).unwrap();
        let closed = bench.gateway.path("inputs/closed");
        let query = |path: &std::path::Path| format!("{UID}/field/password > file:{}", path.display());
        bench.refuses(&query(&link), &["link is a symbolic link, and only a file is replaced"]);
        bench.refuses(&query(&closed), &["closed is a folder"]);
        bench.refuses(&query(&target.join("x")), &["target does not exist; make it first"]);
        // One file, written in the same way or in another.
        let same = [closed.join("a"), closed.join("a"), closed.join("../closed/a")];
        let twice = "this file is what line 1 goes to already";
        bench.refuses(&same.map(|path| query(&path)).join("\n"), &[twice, twice]);
        assert_eq!(read(target), "untouched");
    });
}

#[test]
fn no_query_at_all_is_a_mistake() {
    both(|bench| {
        for queries in ["", "# nothing\n\n"] {
            let run = bench.command().input(queries.into()).run(Vec::new);
            assert_eq!(run.exit, Some(2), "{run}");
            assert!(run.stderr.contains("there is no query"), "{run}");
        }
        let run = bench.command().argument("/no/such/file").run(Vec::new);
        assert_eq!(run.exit, Some(2), "{run}");
    });
}

#[test]
fn a_form_that_nobody_knows_is_a_mistake() {
    let bench = Bench::new(VaultKind::File);
    let run = bench.command().flag("--to", "yaml").run(Vec::new);
    assert_eq!(run.exit, Some(2), "{run}");
    assert!(
        run.stderr.contains("azure-pipelines, json, dotenv, docker, github, gitlab, systemd, shell"),
        "{run}"
    );
}

/// Files are in their places before the first variable is printed: then it is told which.
#[test]
fn variables_that_nobody_takes_are_incomplete_and_the_files_are_named() {
    both(|bench| {
        let path = bench.out("kind");
        let queries = format!("{UID}/type > kind\n{UID}/type > file:{}", path.display());
        let exec = bench.command().input(queries.into()).started_by("exec \"$@\" >/dev/full");
        let run = exec.run(Vec::new);
        assert_eq!(run.exit, Some(5), "{run}");
        assert!(run.stderr.contains("these files are written: ") && run.stderr.contains("/kind"), "{run}");
        assert_eq!(read(path), "login");
    });
}

#[test]
fn a_file_for_which_there_is_no_room_leaves_all_as_it_was() {
    let bench = Bench::new(VaultKind::File);
    let (small, large) = (bench.out("small"), bench.out("large"));
    let queries = format!(
        "{UID}/type > file:{}\n{UID}/custom_field/PEM > file:{}\n{UID}/type > kind",
        small.display(),
        large.display()
    );
    let exec = bench.command().input(queries.into());
    let run = exec.started_by("trap '' XFSZ; exec \"$@\"").launch().file_limit(50).run();
    assert_eq!((run.exit, run.stdout.as_str()), (Some(1), ""), "{run}");
    assert!(
        run.stderr.contains("large cannot be written") && run.stderr.contains("nothing was written"),
        "{run}"
    );
    assert_eq!(bench.out_names(), Vec::<String>::new());
}
