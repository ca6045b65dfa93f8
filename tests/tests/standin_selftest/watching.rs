//! What tests rely on besides: the log, the rules that no request may break, the hooks.

use super::*;

#[test]
fn the_log_counts_connections_and_names_who_logs_in() {
    let mut bench = Bench::new();
    bench.listed();
    bench.listed();
    let seen = bench.cloud.requests();
    let graph: Vec<_> = seen.iter().filter(|seen| seen.host == "graph.microsoft.com").collect();
    assert_eq!((graph.len(), graph[0].connection), (2, graph[1].connection));
    assert_ne!(graph[0].connection, seen[0].connection);
    assert_eq!(seen[0].client_id.as_ref(), Some(&bench.admin.app_id));
    assert_eq!((graph[0].status, graph[0].client_request_id.as_deref()), (Some(200), Some("me")));
}

#[test]
fn a_secret_outside_of_its_place_is_noticed() {
    let mut bench = Bench::new();
    let secret = utf8_percent_encode(&bench.old.value, NON_ALPHANUMERIC).to_string();
    bench.get(&format!("applications/{}?note={secret}", bench.target.object_id));
    let url = "https://graph.microsoft.com/v1.0/applications";
    bench.client.send(&Method::GET, url, &[("x-note", &bench.old.value)], "").unwrap();
    bench.post(&bench.action("addPassword"), &json!({"note": bench.old.value}));
    let violations = bench.cloud.violations();
    let places = ["in the URL", "in the header x-note", "in the body"];
    assert_eq!(violations.len(), places.len(), "{violations:?}");
    for (violation, place) in violations.iter().zip(places) {
        assert!(violation.contains(place), "{violation}");
    }
}

#[test]
fn a_body_without_its_type_is_noticed() {
    let mut bench = Bench::new();
    let url = format!("https://graph.microsoft.com/v1.0/{}", bench.action("removePassword"));
    bench.client.send(&Method::POST, &url, &[], "{}").unwrap();
    let violations = bench.cloud.violations();
    assert!(matches!(violations.as_slice(), [only] if only.contains("Content-Type")), "{violations:?}");
}

#[test]
fn a_hook_runs_before_its_request_is_answered() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    bench.cloud.before(On::read().nth(2), move |directory| drop(directory.issue(&target, "meanwhile")));
    assert_eq!((bench.listed(), bench.listed(), bench.listed()), (1, 2, 2));
}
