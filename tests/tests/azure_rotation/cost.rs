//! What a rotation costs, in things that can be counted.

use std::collections::HashSet;

use pamrun_tests::cloud::Seen;

use super::cast;

fn connections<'a>(seen: &'a [Seen], host: &'a str) -> HashSet<usize> {
    seen.iter().filter(|seen| seen.host == host).map(|seen| seen.connection).collect()
}

#[test]
fn each_host_sees_one_handshake_and_one_for_each_request_that_changes_something() {
    let azure = cast();
    for name in ["one", "two", "three"] {
        azure.cloud.issue(&azure.target, name);
    }
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let seen = azure.cloud.requests();
    // One is made, and four are removed; none of these goes by a connection that waited.
    for (host, most) in [("login.microsoftonline.com", 1), ("graph.microsoft.com", 1 + 5)] {
        assert_eq!(connections(&seen, host).len(), most, "{seen:#?}\n{run}");
    }
}

#[test]
fn a_plain_rotation_sends_no_request_more_than_it_needs() {
    let azure = cast();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let admin_logins = azure
        .cloud
        .requests()
        .iter()
        .filter(|seen| seen.client_id.as_ref() == Some(&azure.admin.app_id))
        .count();
    // Each step may meet a fresh instance, and then logs in anew.
    assert!(admin_logins <= 3, "{run}");
    assert_eq!((azure.cloud.count("/addPassword"), azure.cloud.count("/removePassword")), (1, 1), "{run}");
    let told: u64 =
        run.outcome["steps"].as_array().unwrap().iter().filter_map(|step| step["requests"].as_u64()).sum();
    assert_eq!(usize::try_from(told), Ok(azure.cloud.requests().len()), "{run}");
}

#[test]
fn every_request_carries_the_id_of_its_rotation() {
    let azure = cast();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let seen = azure.cloud.requests();
    let graph = seen.iter().filter(|seen| seen.host == "graph.microsoft.com");
    let id = run.outcome["rotation_id"].as_str();
    assert!(id.is_some());
    for request in graph {
        assert_eq!(request.client_request_id.as_deref(), id, "{run}");
    }
}

#[test]
fn a_second_run_compiles_nothing() {
    let azure = cast();
    let exec = azure.exec();
    azure.gateway.forget_compiled();
    azure.run(exec).ends("rotated", 0);
    let compiled = azure.gateway.compiled();
    azure.rotate(&[]).ends("rotated", 0);
    assert!(!compiled.is_empty());
    let now = azure.gateway.compiled();
    for (file, changed) in compiled {
        assert_eq!(now.get(&file), Some(&changed), "{} was written again", file.display());
    }
}

#[test]
fn a_damaged_entry_of_the_compile_cache_is_compiled_anew() {
    let azure = cast();
    let exec = azure.exec();
    // What is compiled beforehand is shared with other tests.
    azure.gateway.forget_compiled();
    azure.run(exec).ends("rotated", 0);
    let entries = azure.gateway.compiled();
    assert!(!entries.is_empty());
    for file in entries.keys() {
        std::fs::write(file, "not what was compiled").unwrap();
    }
    azure.rotate(&[]).ends("rotated", 0);
    for file in entries.keys() {
        assert!(std::fs::metadata(file).unwrap().len() > 1000, "{} is still damaged", file.display());
    }
}
