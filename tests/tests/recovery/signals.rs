//! SIGTERM and SIGINT, once and twice.

use std::time::Duration;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{Fault, On};
use pamrun_tests::gateway::{Signal, Victim};

use super::cast::{expect_listed, proof, recover, signal_when, states};

/// An answer that comes later than the signal that is to break it off.
const TIME_TO_HEAR: Fault = Fault::Delay(Duration::from_secs(1));

#[test]
fn a_rotation_that_is_told_to_stop_rolls_back_what_is_not_saved() {
    let rotate: fn(&Azure) -> On = |_| On::add_password();
    for signal in [Signal::TERM, Signal::INT] {
        for on in [rotate, proof] {
            let azure = Azure::new();
            let victim = Victim::default();
            azure.cloud.fault(proof(&azure), TIME_TO_HEAR);
            signal_when(&azure, on(&azure), &victim, signal);
            let run = azure.run(azure.exec().as_victim(&victim));
            run.ends("failed", 1).with_code("interrupted");
            azure.expect_unchanged(&run, &[]);
            expect_listed(&azure, &[]);
        }
    }
}

#[test]
fn what_may_still_show_up_is_not_waited_for_but_left_to_the_next_one() {
    let azure = Azure::new();
    let victim = Victim::default();
    azure.cloud.fault(On::add_password(), TIME_TO_HEAR);
    signal_when(&azure, On::add_password(), &victim, Signal::TERM);
    let run = azure.run(azure.exec().as_victim(&victim));
    run.ends("uncertain", 5).with_code("interrupted");
    let hint = format!("run `pamrun recover {}`", azure.record.uid);
    assert!(run.outcome["error"]["hint"].as_str().unwrap().starts_with(&hint), "{run}");
    expect_listed(&azure, &["open"]);
    let run = azure.run(recover(&azure, &["--all"]));
    assert_eq!(states(&run), (vec!["rolled-back".to_owned()], Some(0)), "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_rotation_that_is_told_to_stop_once_it_is_saved_goes_on_to_its_end() {
    let azure = Azure::new();
    let victim = Victim::default();
    signal_when(&azure, On::remove_password(), &victim, Signal::TERM);
    let run = azure.run(azure.exec().as_victim(&victim));
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
}

#[test]
fn a_second_signal_ends_at_once_and_leaves_the_journal() {
    let azure = Azure::new();
    let victim = Victim::default();
    azure.cloud.fault(proof(&azure), TIME_TO_HEAR);
    signal_when(&azure, proof(&azure), &victim, Signal::TERM);
    signal_when(&azure, On::remove_password(), &victim, Signal::TERM);
    azure.cloud.fault(On::remove_password(), Fault::DropBeforeApply);
    let run = azure.run(azure.exec().as_victim(&victim));
    assert_eq!((run.exit, run.stdout.as_str()), (Some(128 + 15), ""), "{run}");
    expect_listed(&azure, &["open"]);
    let run = azure.run(recover(&azure, &["--all"]));
    assert_eq!(states(&run), (vec!["rolled-back".to_owned()], Some(0)), "{run}");
    azure.expect_unchanged(&run, &[]);
}
