use pamrun_plugin::testing::{FakeHost, Reply, answer, rejected, unavailable, uncertain};

use super::*;

/// Calls once the service has given each of these replies so often; gives how it ended, the tries and the seconds.
fn run(replies: &[(usize, Reply)]) -> (Result<(), Failure>, usize, u64) {
    let host = replies
        .iter()
        .fold(FakeHost::new(), |host, (times, reply)| host.times(*times, "app", reply))
        .on("app", |_| answer());
    let session = Session::new(&host, Refuser::graph(), "the admin app").after_preflight();
    let result = session.call(|_| None, |host| host.call("app", &[]).map(drop));
    (result, host.count("app"), host.elapsed().as_secs())
}

fn failure(status: u16, code: &str, message: &str) -> Failure {
    let reply = rejected(status).with("code", code).with("message", message).with("request", "r1");
    run(&[(999, reply)]).0.unwrap_err()
}

#[test]
fn a_code_that_nobody_knows_is_shown_as_it_came_with_status_and_request() {
    for status in [400, 403, 418, 422] {
        let failure = failure(status, "Some_NewCode", "Something new.");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "graph-refused"));
        let said = format!("Graph refuses (HTTP {status} Some_NewCode: Something new.; request r1)");
        assert_eq!(failure.message, said);
    }
    let gone = failure(410, "Some_NewCode", "");
    assert_eq!((gone.kind, gone.code.as_str()), (FailureKind::NotFound, "graph-refused"));
}

#[test]
fn n15_a_quota_of_the_directory_is_named_and_no_right() {
    for (code, message, whose) in [
        (
            "Directory_QuotaExceeded",
            "The directory object quota limit for the Principal has been exceeded.",
            "principal",
        ),
        (
            "Directory_QuotaExceeded",
            "The directory object quota limit for the Tenant has been exceeded.",
            "tenant",
        ),
        ("Directory_QuotaExceeded", "", "principal"),
        ("", "The object quota limit for the company has been exceeded", "tenant"),
    ] {
        let failure = failure(403, code, message);
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "directory-full"));
        assert!(failure.message.contains(&format!("the quota of the {whose} is used up")), "{failure}");
    }
}

#[test]
fn n14_what_a_refusal_means_does_not_depend_on_whether_it_has_words() {
    for (status, kind, code) in [
        (429, FailureKind::Unavailable, "throttled"),
        (409, FailureKind::Conflict, "concurrent-change"),
        (401, FailureKind::Denied, "token-refused"),
        (404, FailureKind::NotFound, "graph-refused"),
    ] {
        let failure = run(&[(999, rejected(status))]).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, code), "{status}");
    }
    assert_eq!(failure(400, "", "Error due to concurrent requests being made.").kind, FailureKind::Conflict);
}

#[test]
fn what_the_plugin_knows_goes_first_but_for_throttling() {
    let known = |refusal: &Refusal<'_>| Some(Failure::denied("known", refusal.say("says")));
    for (status, code) in [(400, "known"), (401, "known"), (404, "known"), (409, "known"), (429, "throttled")]
    {
        let host = FakeHost::new().on("app", move |_| rejected(status));
        let session = Session::new(&host, Refuser::graph(), "the admin app");
        let failure = session.call(known, |host| host.call("app", &[])).unwrap_err();
        assert_eq!(failure.code, code);
    }
}

#[test]
fn n13_long_waits_are_waited_out_as_long_as_all_of_them_fit() {
    let asking = |seconds| rejected(429).waiting(seconds);
    assert_eq!(run(&[(5, asking(46))]), (Ok(()), 6, 230));
    assert_eq!(run(&[(1, asking(300))]), (Ok(()), 2, 300));
    for (times, seconds, tries) in [(2, 300, 2), (1, 481, 1), (999, 1, 97)] {
        let (result, count, _) = run(&[(times, asking(seconds))]);
        assert_eq!((result.unwrap_err().code.as_str(), count), ("throttled", tries));
    }
}

#[test]
fn what_says_no_time_is_tried_five_times() {
    for reply in [unavailable(0), unavailable(503), rejected(409)] {
        let (result, tries, seconds) = run(&[(999, reply.clone())]);
        assert_eq!((result.is_err(), tries, seconds), (true, 5, 30), "{reply:?}");
    }
}

#[test]
fn n11_what_lags_behind_is_looked_for_as_long_as_things_may_take_to_settle() {
    assert_eq!(run(&[(1, rejected(404))]), (Ok(()), 2, 2));
    let (result, tries, seconds) = run(&[(999, rejected(404))]);
    assert_eq!((result.unwrap_err().kind, tries, seconds), (FailureKind::NotFound, 6, 60));
    // Patience with outages begins anew each time.
    let mixed: Vec<_> = (0..3).flat_map(|_| [(1, rejected(404)), (1, unavailable(0))]).collect();
    assert_eq!(run(&mixed), (Ok(()), 7, 2 + 2 + 4 + 2 + 8 + 2));
    let host = FakeHost::new().on("app", |_| rejected(404));
    let session = Session::new(&host, Refuser::graph(), "the admin app");
    assert!(session.call(|_| None, |host| host.call("app", &[])).is_err() && host.count("app") == 1);
}

#[test]
fn a_token_that_is_not_accepted_is_renewed_once() {
    assert_eq!(run(&[(1, rejected(401))]), (Ok(()), 2, 0));
    assert_eq!(run(&[(2, rejected(401))]).1, 2);
}

#[test]
fn a_login_that_is_refused_is_the_admin_apps_and_an_outage_of_it_is_waited_out() {
    let wrong = rejected(401).with("code", "invalid_client").of(LOGIN);
    let (result, tries, _) = run(&[(1, wrong)]);
    let failure = result.unwrap_err();
    assert_eq!((failure.code.as_str(), tries), ("wrong-secret", 1));
    assert!(failure.message.starts_with("the admin app cannot log in: "), "{failure}");
    assert_eq!(run(&[(2, unavailable(503).of(LOGIN))]), (Ok(()), 3, 6));
    assert_eq!(run(&[(1, rejected(429).waiting(7).of(LOGIN))]), (Ok(()), 2, 7));
}

#[test]
fn what_is_decided_or_may_have_been_done_is_not_repeated() {
    for (reply, kind) in [(rejected(403), FailureKind::Denied), (uncertain(), FailureKind::Uncertain)] {
        let (result, tries, _) = run(&[(1, reply)]);
        assert_eq!((result.unwrap_err().kind, tries), (kind, 1));
    }
}
