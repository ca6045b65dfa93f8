//! What a run lives on is no destination, and no file is the destination of two queries.

use std::os::unix::fs::symlink;

use pamrun_tests::gateway::VaultKind;

use super::*;

/// A UID that begins with a hyphen.
const HYPHENS: &str = "-ashUIDstartsWithDashA";

fn query(path: &std::path::Path) -> String {
    format!("{UID}/field/login > file:{}", path.display())
}

#[test]
fn n4_a_value_takes_the_place_of_nothing_that_the_run_lives_on() {
    let bench = Bench::new(VaultKind::File);
    let gateway = &bench.gateway;
    let (vault, hard) = (gateway.path("vault/vault.json"), gateway.path("inputs/closed/hard"));
    std::fs::hard_link(&vault, &hard).unwrap();
    symlink(gateway.path("vault"), gateway.path("inputs/closed/way")).unwrap();
    let (before, config) = (read(vault.clone()), read(gateway.path("config.toml")));
    for (path, what) in [
        (vault.clone(), "is the vault file"),
        (gateway.path("inputs/../vault/./vault.json"), "is the vault file"),
        (gateway.path("inputs/closed/way/vault.json"), "is the vault file"),
        (hard, "is the vault file"),
        (gateway.path("config.toml"), "is the configuration file"),
        (gateway.path("ca.pem"), "is the file of certificate authorities"),
    ] {
        let run = bench.refuses(&query(&path), &[what]);
        assert!(run.stderr.contains("line 1: "), "{run}");
        assert_eq!(
            (read(vault.clone()), read(gateway.path("config.toml"))),
            (before.clone(), config.clone())
        );
    }
    // An attached file goes to a file without `file:`, too.
    bench.refuses(&format!("{UID}/file/x > {}", vault.display()), &["is the vault file"]);
    let queries = gateway.write_input("queries.txt", "");
    std::fs::write(&queries, query(&queries)).unwrap();
    let run = bench.command().argument(&queries).run(Vec::new);
    assert_eq!(run.exit, Some(2), "{run}");
    assert!(run.stderr.contains("is the file with the queries"), "{run}");
}

#[test]
fn n4_what_leads_to_keepers_vault_is_kept_and_nothing_is_asked() {
    let bench = Bench::new(VaultKind::Keeper);
    let flag = bench.gateway.vault().flag();
    let config = PathBuf::from(flag.strip_prefix("ksm:").unwrap());
    let before = read(config.clone());
    let asked = bench.gateway.keeper().keeper.requests().len();
    bench.refuses(&query(&config), &["is the configuration of the vault"]);
    assert_eq!(read(config), before);
    assert_eq!(bench.gateway.keeper().keeper.requests().len(), asked);
}

#[test]
fn n4_two_queries_go_to_two_files_however_they_are_written() {
    let bench = Bench::new(VaultKind::File);
    let (one, hard) = (bench.gateway.path("inputs/closed/one"), bench.gateway.path("inputs/closed/hard"));
    std::fs::write(&one, "old").unwrap();
    std::fs::hard_link(&one, &hard).unwrap();
    let twice = "this file is what line 1 goes to already";
    bench.refuses(&format!("{}\n{}", query(&one), query(&hard)), &[twice]);
    let (new, same) = (bench.out("new"), bench.out("../out/./new"));
    bench.refuses(&format!("{}\n{}", query(&new), query(&same)), &[twice]);
    assert_eq!(read(one), "old");
}

#[test]
fn n17_a_uid_that_begins_with_a_hyphen_is_asked_for_like_any_other() {
    let bench = Bench::new(VaultKind::File);
    let mut record = Record::new("login", "hyphens").standard("login", "", "svc-hyphen");
    HYPHENS.clone_into(&mut record.uid);
    record.json["uid"] = HYPHENS.into();
    bench.gateway.fill_vault([&record]);
    let query = format!("{HYPHENS}/field/login > X");
    let ask = |exec: Exec<'_>| done(exec.capture_secret_stdout()).outcome;
    assert_eq!(ask(bench.command().flag("--query", &query)), json!({"X": "svc-hyphen"}));
    assert_eq!(ask(bench.command().argument(format!("--query={query}"))), json!({"X": "svc-hyphen"}));
    assert_eq!(ask(bench.command().input(query.into())), json!({"X": "svc-hyphen"}));
    let run = bench.command().flag("--query", "--to").argument("json").run(Vec::new);
    assert_eq!(run.exit, Some(2), "{run}");
    assert!(run.stderr.contains("it is no notation: an option may be misspelt"), "{run}");
}

#[test]
fn n19_nothing_selected_is_told() {
    let bench = Bench::new(VaultKind::File);
    bench.gateway.vault().edit(UID, |record| {
        record["custom"][1] =
            json!({"type": "name", "label": "who", "value": [{"first": "A", "middle": null}]});
        record["custom"][2] =
            json!({"type": "phone", "label": "phones", "value": [{"number": "1", "ext": ""}]});
    });
    let queries = ["who[][middle] > A", "phones[][ext] > B", "who[0][middle] > C"];
    let queries = queries.map(|query| format!("{UID}/custom_field/{query}")).join("\n");
    bench.refuses(&queries, &["it is empty in the record"; 3]);
}

#[test]
fn n18_a_reserved_name_is_refused_with_the_reason() {
    let bench = Bench::new(VaultKind::File);
    let exec = bench.command().input(format!("{UID}/field/password > var:SECRET_KEY").into());
    let run = exec.variable("TF_BUILD", "True").run(Vec::new);
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
    assert!(run.stderr.contains("`SECRET_KEY` is reserved: Azure Pipelines hands no task"), "{run}");
}
