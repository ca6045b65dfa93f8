//! What is asked of the vault, and what happens when it cannot be asked.

use pamrun_tests::gateway::{Vault, VaultKind};
use pamrun_tests::keeper::{Endpoint, Fault, On, error_body};
use pamrun_tests::net::Moment;

use super::*;

#[test]
fn records_that_are_named_by_uid_cost_one_request_for_them_alone() {
    let bench = Bench::new(VaultKind::Keeper);
    done(bench.ask(&format!("{UID}/type > a\n{UID}/title > b\n{UID}/field/login > c")));
    let keeper = &bench.gateway.keeper().keeper;
    let requests = keeper.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].payload["requestedRecords"], json!([UID]));
    assert_eq!(bench.gateway.violations(), Vec::<String>::new());
}

#[test]
fn a_title_costs_one_request_for_all_of_them() {
    let bench = Bench::new(VaultKind::Keeper);
    done(bench.ask(&format!("{UID}/type > a\nLöhne \\/ Gehälter \\[1\\]/type > b")));
    let requests = bench.gateway.keeper().keeper.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].payload["requestedRecords"], Value::Null);
}

#[test]
fn a_title_that_looks_like_a_uid_is_found_with_a_second_request() {
    let bench = Bench::new(VaultKind::Keeper);
    let title = "AAAAAAAAAAAAAAAAAAAAAA";
    bench.gateway.fill_vault([&Record::new("found", title)]);
    let run = done(bench.ask(&format!("{title}/type > a\n{UID}/type > b")));
    assert_eq!(run.outcome, json!({"a": "found", "b": "login"}));
    assert_eq!(bench.gateway.keeper().keeper.count(Endpoint::GetSecret), 2);
}

#[test]
fn a_vault_that_cannot_be_asked_fails_and_writes_nothing() {
    both(|bench| {
        let path = bench.out("kind");
        let queries = format!("{UID}/type > kind\n{UID}/type > file:{}", path.display());
        match bench.gateway.vault() {
            Vault::Keeper(_) => {
                let denied = Fault::Status(403, error_body("access_denied", "no"));
                bench.gateway.keeper().keeper.fault(On::get(), denied);
            }
            Vault::File(_) => {
                std::fs::remove_file(bench.gateway.path("vault/vault.json")).unwrap();
            }
        }
        let run = bench.command().input(queries.into()).run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(1), ""), "{run}");
        assert!(!path.exists());
    });
}

#[test]
fn a_file_that_cannot_be_fetched_fails_and_writes_nothing() {
    let bench = Bench::new(VaultKind::Keeper);
    let (first, second) = (bench.out("a"), bench.out("b"));
    let queries = format!(
        "{UID}/type > kind\n{UID}/type > file:{}\n{UID}/file/cert.pem > file:{}",
        first.display(),
        second.display()
    );
    // It is gone by the time it is fetched.
    let keeper = bench.gateway.keeper().keeper.clone();
    bench.gateway.keeper().acts().at(1, Moment::Answering, move || keeper.remove_record(UID));
    let run = bench.command().input(queries.into()).run(Vec::new);
    assert_eq!((run.exit, run.stdout.as_str()), (Some(1), ""), "{run}");
    assert!(run.stderr.contains("answered with status 404"), "{run}");
    assert_eq!(bench.out_names(), Vec::<String>::new());
}

#[test]
fn the_configuration_may_stand_in_the_environment_as_pipelines_have_it() {
    let bench = Bench::new(VaultKind::Keeper);
    let exec = bench
        .gateway
        .command(&["secrets"])
        .flag("--ca-file", bench.gateway.path("ca.pem"))
        .variable("KSM_CONFIG", bench.gateway.keeper().keeper.config())
        .input(format!("{UID}/type > kind").into());
    assert_eq!(done(exec).outcome, json!({"kind": "login"}));
}

#[test]
fn without_a_vault_nothing_is_looked_up() {
    let bench = Bench::new(VaultKind::File);
    let exec = bench.gateway.command(&["secrets"]).input(format!("{UID}/type > kind").into());
    let run = exec.run(Vec::new);
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
    assert!(run.stderr.contains("--vault ksm:PATH"), "{run}");
}
