use pamrun_plugin::testing::unavailable;
use pamrun_plugin::{FailureKind, Retired};

use super::cloud::{Fault, Secret, refuse, secret};
use super::*;

const REMOVE: &str = "remove-password";

/// A secret of this rotation, made by the given try.
fn ours(id: &str, attempt: u32) -> Secret {
    secret(id, &usual().marker.replace(".1", &format!(".{attempt}")))
}

fn rollback(cloud: &mut Cloud, id: Option<&str>) -> (Result<Vec<Retired>, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::rollback(host, &usual(), &plan_removing(&["old-1"]), id))
}

fn gone(ids: &[&str]) -> Vec<Retired> {
    ids.iter().copied().map(Retired::gone).collect()
}

#[test]
fn what_any_try_of_this_rotation_made_is_removed_and_nothing_else() {
    let other_rotation = secret("other", "pamrun-0a1b2c3d-66666666-2222-4333-8444-555555555555.1");
    let look_alike = secret("like", &format!("{} (copy)", usual().marker));
    let mut cloud =
        Cloud::new().with_secrets(&[ours("first", 1), ours("second", 2), other_rotation, look_alike]);
    assert_eq!(rollback(&mut cloud, None).0.unwrap(), gone(&["first", "second"]));
    assert_eq!(cloud.ids(), ["old-1", "old-2", "other", "like"]);
}

#[test]
fn the_journaled_one_is_removed_even_where_a_stale_list_lacks_it() {
    let mut cloud = Cloud::new().with_secrets(&[ours("new", 1)]);
    cloud.stale_lists.push_back(Cloud::new().secrets);
    assert_eq!(rollback(&mut cloud, Some("new")).0.unwrap(), gone(&["new"]));
    assert_eq!(cloud.ids(), ["old-1", "old-2"]);
}

#[test]
fn a_stray_that_shows_up_late_is_found() {
    let mut cloud = Cloud::new().with_secrets(&[ours("late", 1)]);
    cloud.stale_lists.extend([Cloud::new().secrets, Cloud::new().secrets]);
    assert_eq!(rollback(&mut cloud, None).0.unwrap(), gone(&["late"]));
}

#[test]
fn where_nothing_shows_up_nothing_was_made() {
    let (result, calls) = rollback(&mut Cloud::new(), None);
    assert_eq!((result.unwrap(), calls), (Vec::new(), vec!["app".to_owned(); 3]));
}

#[test]
fn a_list_that_still_shows_an_acknowledged_removal_changes_nothing() {
    let mut cloud = Cloud::new().with_secrets(&[ours("new", 1)]);
    let with_new = cloud.secrets.clone();
    cloud.stale_lists.extend([with_new.clone(), with_new]);
    let (result, calls) = rollback(&mut cloud, Some("new"));
    assert_eq!(result.unwrap(), gone(&["new"]));
    assert_eq!(calls.iter().filter(|call| call.starts_with(REMOVE)).count(), 1);
}

#[test]
fn what_cannot_be_removed_is_present() {
    let denied = refuse(403, "Authorization_RequestDenied", "no");
    let mut cloud = Cloud::new().with_secrets(&[ours("new", 1)]).failing(REMOVE, &vec![denied; 9]);
    assert_eq!(rollback(&mut cloud, Some("new")).0.unwrap(), [Retired::present("new")]);
}

#[test]
fn n11_an_app_that_a_backend_does_not_know_is_read_again() {
    let missing = || refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = Cloud::new()
        .with_secrets(&[ours("new", 1)])
        .failing("app", &[missing()])
        .failing(REMOVE, &[missing()]);
    assert_eq!(rollback(&mut cloud, None).0.unwrap(), gone(&["new"]));
    assert_eq!(cloud.ids(), ["old-1", "old-2"]);
}

#[test]
fn a_lost_removal_is_confirmed_by_reads() {
    let mut cloud = Cloud::new().with_secrets(&[ours("new", 1)]).failing(REMOVE, &[Fault::LoseAfter]);
    assert_eq!(rollback(&mut cloud, None).0.unwrap(), gone(&["new"]));
}

#[test]
fn an_app_that_cannot_be_read_is_a_failure_as_long_as_nothing_was_done() {
    let mut cloud = Cloud::new().failing("app", &vec![Fault::Reply(unavailable(0)); 5]);
    let failure = rollback(&mut cloud, Some("new")).0.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    // Later it is not: what was removed is told.
    let mut cloud = Cloud::new().with_secrets(&[ours("new", 1)]);
    let mut reads = 0;
    let host = FakeHost::new().otherwise(|call| {
        reads += usize::from(call.request == "app");
        if reads > 1 && call.request == "app" { unavailable(0) } else { cloud.answer(call) }
    });
    let retired = AzureAppSecret::rollback(&host, &usual(), &plan_removing(&[]), Some("new"));
    assert_eq!(retired.unwrap(), gone(&["new"]));
}
