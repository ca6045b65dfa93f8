//! What goes to stdout and into files.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use pamrun_tests::gateway::VaultKind;

use super::*;

const QUERIES: &str = "\
# What the deployment needs.
6ya_fdc6XTsZ7i4x9Jcodg/field/login > user

Löhne \\/ Gehälter \\[1\\]/field/password > env:PASSWORD
keeper://6ya_fdc6XTsZ7i4x9Jcodg/custom_field/PEM > var:KEY
";

#[test]
fn outside_of_a_pipeline_it_is_one_json_object() {
    both(|bench| {
        let run = done(bench.ask(QUERIES));
        let expected = json!({"user": "svc-payroll", "PASSWORD": bench.password, "KEY": bench.key});
        assert_eq!(run.outcome, expected);
        assert_eq!(run.stdout.lines().count(), 1);
    });
}

#[test]
fn a_shell_reads_an_env_file_to_the_letter() {
    let odd = ["plain", "it's", "''", "$HOME `id` \"x\" \\", " a\n#b\n", "é名🔑", "!\t&;|<>*?~"];
    both(|bench| {
        for value in odd {
            bench.gateway.vault().edit(UID, |record| record["fields"][0]["value"] = json!([value]));
            let run = done(bench.ask(QUERIES).flag("--to", "shell").variable("TF_BUILD", "True"));
            let file = bench.gateway.write_input(".env", &run.stdout);
            let script = "set -a; . \"$1\"; printf '%s|%s|%s' \"$user\" \"$PASSWORD\" \"$KEY\"";
            let output = Command::new("sh").args(["-c", script, "sh"]).arg(file).output().unwrap();
            let read = String::from_utf8(output.stdout).unwrap();
            assert_eq!(read, format!("{value}|{}|{}", bench.password, bench.key));
        }
    });
}

#[test]
fn queries_come_from_a_file_from_stdin_and_from_the_command_line() {
    both(|bench| {
        let file = bench.gateway.write_input("queries.txt", "6ya_fdc6XTsZ7i4x9Jcodg/type > a\r\n");
        let option = "6ya_fdc6XTsZ7i4x9Jcodg/title > b";
        let names = |exec: Exec<'_>| {
            let run = done(exec);
            run.outcome.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
        };
        let stdin = || bench.ask("6ya_fdc6XTsZ7i4x9Jcodg/type > c");
        assert_eq!(names(stdin().argument(&file)), "a");
        assert_eq!(names(stdin()), "c");
        assert_eq!(names(stdin().argument("-").flag("--query", option)), "c b");
        assert_eq!(names(stdin().flag("--query", option)), "b");
        assert_eq!(names(stdin().argument(&file).flag("--query", option)), "a b");
    });
}

#[test]
fn the_value_of_a_file_is_in_the_file_alone() {
    both(|bench| {
        let paths = [bench.out("key.pem"), bench.out("password")];
        std::fs::write(&paths[1], "old").unwrap();
        let queries = format!(
            "{UID}/custom_field/PEM > file:{}\n{UID}/field/password > file:{}\n{UID}/type > kind",
            paths[0].display(),
            paths[1].display()
        );
        // Not even stdout may hold a secret.
        let run = done(bench.command().input(queries.into()));
        assert_eq!(run.outcome, json!({"kind": "login"}));
        assert_eq!(read(paths[0].clone()), bench.key);
        assert_eq!(read(paths[1].clone()), bench.password);
        for path in &paths {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(bench.out_names(), ["key.pem", "password"]);
    });
}

#[test]
fn a_file_without_another_folder_is_put_where_we_are() {
    let bench = Bench::new(VaultKind::Keeper);
    done(bench.command().input(format!("{UID}/type > file:kind").into()));
    assert_eq!(read(bench.gateway.path("home/kind")), "login");
}

#[test]
fn an_agent_that_takes_several_lines_is_told_each_of_them_first() {
    both(|bench| {
        let pipeline = bench
            .ask(&format!("{UID}/custom_field/PEM > KEY"))
            .flag("--to", "azure-pipelines")
            .variable("SYSTEM_UNSAFEALLOWMULTILINESECRET", "true");
        let run = done(pipeline);
        let mut expected: Vec<_> =
            bench.key.lines().map(|line| format!("##vso[task.setsecret]{line}")).collect();
        expected.push(format!(
            "##vso[task.setvariable variable=KEY;issecret=true;isOutput=true]{}",
            bench.key.replace('\n', "%0A")
        ));
        assert_eq!(run.stdout.lines().collect::<Vec<_>>(), expected);
    });
}
