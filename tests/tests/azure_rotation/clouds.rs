//! National clouds, and hosts that are no more.

use pamrun_tests::cloud::Sovereign;

use super::{cast, cast_in};

const NATIONAL: [Sovereign; 3] = [Sovereign::UsGov, Sovereign::UsDod, Sovereign::China];

#[test]
fn each_national_cloud_is_reached_by_two_settings() {
    for sovereign in NATIONAL {
        let azure = cast_in(sovereign);
        let run = azure.rotate(&[("authority", sovereign.login()), ("graph", sovereign.graph())]);
        azure.expect_rotated(&run);
        azure.expect_keys(&run, &[&azure.current()]);
    }
}

#[test]
fn the_record_s_fields_name_the_cloud_as_well() {
    for sovereign in NATIONAL {
        let mut azure = cast_in(sovereign);
        azure.record = azure
            .record
            .text("Azure Authority FQDN", sovereign.login())
            .text("Azure Graph Endpoint", sovereign.graph());
        let run = azure.rotate(&[]);
        azure.expect_rotated(&run);
    }
}

#[test]
fn hosts_of_different_clouds_do_not_go_together() {
    for (authority, graph) in [
        ("login.microsoftonline.com", "graph.microsoft.us"),
        ("login.microsoftonline.us", "graph.microsoft.com"),
        ("login.chinacloudapi.cn", "dod-graph.microsoft.us"),
    ] {
        let azure = cast();
        let exec = azure.exec().host(authority, azure.cloud.address()).host(graph, azure.cloud.address());
        let run = azure.run(exec.set("authority", authority).set("graph", graph));
        run.ends("failed", 1).with_code("cloud-mismatch");
        let message = run.outcome["error"]["message"].as_str().unwrap();
        assert!(message.contains(authority) && message.contains(graph), "{run}");
        assert_eq!(azure.cloud.requests(), [], "{run}");
    }
}

#[test]
fn retired_hosts_are_refused_by_name() {
    for (key, host) in [
        ("graph", "graph.windows.net"),
        ("graph", "graph.microsoft.de"),
        ("authority", "login.microsoftonline.de"),
    ] {
        let azure = cast();
        let run = azure.run(azure.exec().host(host, azure.cloud.address()).set(key, host));
        run.ends("failed", 1).with_code("retired-host");
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(host), "{run}");
        assert_eq!(azure.cloud.requests(), [], "{run}");
        azure.expect_unchanged(&run, &[]);
    }
}

#[test]
fn an_app_of_one_cloud_is_not_found_in_another() {
    let azure = cast_in(Sovereign::UsGov);
    let global = Sovereign::Global;
    let exec =
        azure.exec().host(global.login(), azure.cloud.address()).host(global.graph(), azure.cloud.address());
    let run = azure.run(exec);
    run.ends("failed", 1);
    assert!(run.outcome["error"].to_string().contains("90002"), "{run}");
    azure.expect_unchanged(&run, &[]);
}
