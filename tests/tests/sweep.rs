//! A part of `make sweep`, small enough for every day: a few of its cases, and a small crowd.

use pamrun_tests::gateway::VaultKind;
use pamrun_tests::sweep::{Crowd, Series};

const SEED: u64 = 1;

#[test]
fn whatever_fails_and_whenever_it_is_killed_the_promises_are_kept() {
    let all = Series::all(SEED);
    // Of so many, hardly any would be a script's.
    for (series, cases) in [(all.clone().filter(&["app-script/"]), 6), (all, 74)] {
        let results = series.sample(cases).play(&|_, _| {});
        assert_eq!(results.violations(), 0, "\n{results}\n{}", results.complaints());
        assert_eq!(results.cases(), cases);
    }
}

#[test]
fn many_rotations_at_a_time_some_of_them_killed_keep_the_promises() {
    let aftermath = Crowd::new(VaultKind::File).play(40, SEED);
    assert_eq!(aftermath.violations, Vec::<String>::new());
    assert!(aftermath.killed > 0, "none was killed");
}
