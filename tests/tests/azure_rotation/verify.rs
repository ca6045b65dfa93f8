//! The new secret is proven before it is saved.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{Fault, On, Propagation};

use super::cast;

/// How often the target logged in.
fn probes(azure: &Azure) -> usize {
    let requests = azure.cloud.requests();
    requests.iter().filter(|seen| seen.client_id.as_ref() == Some(&azure.target.app_id)).count()
}

#[test]
fn the_new_secret_logs_in_three_times_by_default() {
    let azure = cast();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    assert_eq!((run.word("proof"), probes(&azure)), ("verified", 3), "{run}");
}

#[test]
fn a_setting_asks_for_more_or_fewer_logins() {
    let azure = cast();
    let run = azure.rotate(&[("verify_successes", "1")]);
    azure.expect_rotated(&run);
    assert_eq!(probes(&azure), 1, "{run}");
}

#[test]
fn propagation_is_waited_for() {
    let azure = cast();
    azure.cloud.directory().propagation = Propagation { failing: 2, flaps: Vec::new() };
    let run = azure.rotate(&[("verify_successes", "1")]);
    azure.expect_rotated(&run);
    assert_eq!(probes(&azure), 3, "{run}");
}

#[test]
fn successes_count_in_a_row_only() {
    let azure = cast();
    azure.cloud.directory().propagation = Propagation { failing: 0, flaps: vec![true, false, true] };
    let run = azure.rotate(&[("verify_successes", "2")]);
    azure.expect_rotated(&run);
    assert_eq!(probes(&azure), 4, "{run}");
}

#[test]
fn a_secret_that_is_never_accepted_is_removed_again() {
    let azure = cast();
    azure.cloud.directory().propagation = Propagation { failing: usize::MAX, flaps: Vec::new() };
    let run = azure.rotate(&[("verify_window", "1s")]);
    run.ends("failed", 1);
    azure.expect_unchanged(&run, &[]);
    assert_eq!(azure.cloud.count("/removePassword"), 1, "{run}");
}

#[test]
fn logins_that_are_throttled_or_lost_are_no_verdict() {
    let azure = cast();
    let target = &azure.target.app_id;
    azure.cloud.fault(On::token_of(target).nth(1), Fault::Throttle(Some(1)));
    azure.cloud.fault(On::token_of(target).nth(2), Fault::DropBeforeApply);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
}

#[test]
fn a_secret_that_cannot_be_proven_is_removed_again_by_default() {
    let unprovable: [fn(&Azure); 3] = [
        |azure| azure.cloud.directory().app(&azure.target).has_principal = false,
        |azure| azure.cloud.directory().app(&azure.target).blocked = Some(53_003),
        |azure| azure.cloud.directory().app(&azure.target).blocked = Some(530_032),
    ];
    for make in unprovable {
        let azure = cast();
        make(&azure);
        let run = azure.rotate(&[]);
        run.ends("failed", 1).with_code("not-provable");
        azure.expect_unchanged(&run, &[]);
    }
}

#[test]
fn a_setting_saves_what_cannot_be_proven_and_then_nothing_is_removed() {
    let azure = cast();
    azure.cloud.directory().app(&azure.target).blocked = Some(53_003);
    let run = azure.rotate(&[("unproven", "save")]);
    azure.expect_rotated(&run);
    assert_eq!(run.word("proof"), "unproven", "{run}");
    azure.expect_keys(&run, &[&azure.old, &azure.current()]);
    assert!(run.outcome["retained"].to_string().contains(&azure.old.key_id), "{run}");
    assert_eq!(azure.cloud.count("/removePassword"), 0, "{run}");
}

#[test]
fn a_setting_does_not_save_what_was_proven_wrong() {
    let azure = cast();
    azure.cloud.directory().propagation = Propagation { failing: usize::MAX, flaps: Vec::new() };
    let run = azure.rotate(&[("unproven", "save"), ("verify_window", "1s")]);
    run.ends("failed", 1);
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn the_time_of_the_whole_rotation_holds_inside_the_window_too() {
    let azure = cast();
    azure.cloud.directory().propagation = Propagation { failing: usize::MAX, flaps: Vec::new() };
    azure.gateway.write("config.toml", "version = 1\n[limits]\nreserve = \"10s\"\nsettle_window = \"2s\"\n");
    let run = azure.run(azure.exec().flag("--timeout", "12s").set("verify_window", "10m"));
    run.ends("limit", 4).with_code("timeout");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_new_secret_that_the_app_may_not_use_at_all_is_removed_again() {
    let azure = cast();
    azure.cloud.directory().app(&azure.target).disabled = true;
    let run = azure.rotate(&[("unproven", "save")]);
    run.ends("failed", 1).with_code("app-disabled");
    azure.expect_unchanged(&run, &[]);
}
