//! Findings about the vault as a whole.

use pamrun_tests::keeper::{Fault, On, error_body};

use super::*;

#[test]
fn no_vault_at_all() {
    let ward = Ward::in_file(|_| ());
    let flag = ward.0.gateway.vault().flag();
    let run = ward.diagnose(ward.look().without("--vault", &flag));
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_vault_that_refuses() {
    let ward = Ward::with_script("pamrun exec");
    ward.0.gateway.keeper().keeper.fault(On::get(), Fault::Status(403, error_body("access_denied", "no")));
    let run = ward.diagnose(ward.look_at_record());
    assert_eq!(states(&run)[3..], ["vault error", "record skipped", "script skipped", "preflight skipped"]);
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_vault_that_is_asked_too_often() {
    let ward = Ward::with_script("pamrun exec");
    ward.0.gateway.keeper().keeper.fault(On::get(), Fault::Throttle(Some(60)));
    let run = ward.diagnose(ward.look_at_record().flag("--timeout", "32s"));
    insta::assert_snapshot!(ward.findings(&run));
}
