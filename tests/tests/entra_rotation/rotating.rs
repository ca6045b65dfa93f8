//! Rotations that nobody interrupts.

use pamrun_tests::cloud::{Fault, On};
use pamrun_tests::gateway::VaultKind;
use pamrun_tests::record::text;

use super::bench::{Bench, VAULTS};

#[test]
fn a_password_is_made_set_proven_and_saved() {
    for vault in VAULTS {
        let bench = Bench::new(vault, false);
        let run = bench.rotate();
        run.ends("rotated", 0);
        assert_eq!(run.outcome["proof"], "verified", "\n{run}");
        assert_ne!(text(&bench.saved(), "password"), text(&bench.record.json, "password"));
        bench.expect_agreement(&run);
    }
}

#[test]
fn the_password_that_the_gateway_proposes_is_set() {
    let bench = Bench::new(VaultKind::File, true);
    let run = bench.rotate();
    run.ends("rotated", 0);
    assert_eq!(text(&bench.saved(), "password"), bench.proposed);
    bench.expect_agreement(&run);
}

#[test]
fn a_refused_password_leaves_everything_as_it_was() {
    let bench = Bench::new(VaultKind::File, false);
    bench.cloud.fault(On::set_password(), Fault::Denied);
    let run = bench.rotate();
    run.ends("failed", 1);
    assert_eq!(text(&bench.saved(), "password"), text(&bench.record.json, "password"));
    bench.expect_agreement(&run);
}

#[test]
fn a_password_whose_acknowledgement_is_lost_is_set_again_and_saved() {
    for fault in [Fault::ApplyThenDrop, Fault::DropBeforeApply, Fault::ApplyThenStatus(503)] {
        let bench = Bench::new(VaultKind::File, false);
        bench.cloud.fault(On::set_password(), fault);
        let run = bench.rotate();
        run.ends("rotated", 0);
        bench.expect_agreement(&run);
    }
}
