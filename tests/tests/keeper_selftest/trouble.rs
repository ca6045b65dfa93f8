//! What goes wrong, as told.

use std::time::{Duration, Instant};

use super::*;

/// Fails unless the client's words hold this, or the client panics.
#[track_caller]
fn complains<T>(result: Result<T, Complaint>, text: &str) {
    let complaint = result.err().expect("a complaint");
    assert!(complaint.message.contains(text) || complaint.error == text, "{complaint:?}");
}

#[test]
fn a_save_over_a_foreign_one_is_refused() {
    both(|bench, _| {
        let uid = bench.record.uid.clone();
        let theirs = move |json: &mut Value| set(json, "it", "theirs");
        bench.server.keeper.before(On::update(), move |vault| vault.edit(&uid, theirs));
        complains(bench.set("ours"), "out_of_sync");
        assert_eq!(bench.stored(), "theirs");
    });
}

#[test]
fn a_revoked_client_and_a_read_only_record_are_denied() {
    both(|bench, _| {
        bench.server.keeper.vault().set_editable(&bench.record.uid, false);
        complains(bench.set("new"), "access_denied");
        bench.server.keeper.vault().revoke();
        complains(bench.witness.ask(&["list"]), "Unable to validate application access");
    });
}

#[test]
fn throttling_is_known_as_such_and_waited_for() {
    both(|bench, language| {
        bench.server.keeper.fault(On::update(), Fault::Throttle(Some(1)));
        let began = Instant::now();
        bench.set("new").unwrap();
        assert!(began.elapsed() > Duration::from_millis(700), "{language:?}");
        let statuses = bench.server.keeper.requests();
        let statuses: Vec<_> = statuses.iter().filter_map(|request| request.status).collect();
        assert_eq!((statuses, bench.stored().as_str()), (vec![200, 403, 200], "new"), "{language:?}");
    });
}

#[test]
fn errors_are_shown_with_their_code_and_pages_as_what_they_are() {
    both(|bench, language| {
        bench.server.keeper.fault(On::get(), Fault::Status(403, error_body("some_code", "some text")));
        complains(bench.witness.ask(&["list"]), "Error: some_code, message=some text");
        bench.server.keeper.fault(On::get(), Fault::Status(502, "<html>Bad gateway</html>".to_owned()));
        complains(bench.witness.ask(&["list"]), "<html>Bad gateway</html>");
        assert_eq!(bench.server.keeper.count(Endpoint::GetSecret), 2, "{language:?}");
    });
}

#[test]
fn a_read_that_breaks_off_is_no_read() {
    both(|bench, language| {
        for fault in [Fault::DropBeforeApply, Fault::CutInTheMiddle] {
            bench.server.keeper.fault(On::get(), fault.clone());
            assert!(bench.witness.ask(&["list"]).is_err(), "{language:?}: {fault:?}");
        }
        assert_eq!(bench.witness.ask(&["list"]).unwrap(), json!([bench.record.uid]), "{language:?}");
    });
}

#[test]
fn a_broken_save_is_done_or_not_as_planned() {
    let faults = [
        (Fault::DropBeforeApply, false),
        (Fault::LandLate(Duration::from_hours(1)), false),
        (Fault::ApplyThenDrop, true),
        (Fault::CutInTheMiddle, true),
        (Fault::ApplyThenStatus(500), true),
        (Fault::Odd(Odd::Garbage), true),
    ];
    both(|bench, language| {
        for (number, (fault, done)) in faults.iter().enumerate() {
            bench.server.keeper.fault(On::update(), fault.clone());
            let value = number.to_string();
            let result = bench.set(&value);
            assert!(result.is_err(), "{language:?}: {fault:?}");
            assert_eq!(bench.stored() == value, *done, "{language:?}: {fault:?}");
        }
    });
}

#[test]
fn a_late_save_lands_when_nobody_came_first() {
    both(|bench, language| {
        bench.server.keeper.fault(On::update(), Fault::LandLate(Duration::from_hours(1)));
        bench.set("late").unwrap_err();
        assert_eq!(bench.stored(), "old", "{language:?}");
        bench.server.keeper.land_late_writes();
        assert_eq!(bench.stored(), "late", "{language:?}");
    });
}

#[test]
fn an_answer_can_be_slow_and_a_read_can_lag() {
    both(|bench, language| {
        bench.set("new").unwrap();
        let delay = Duration::from_millis(400);
        bench.server.keeper.fault(On::get(), Fault::Delay(delay));
        bench.server.keeper.fault(On::get().nth(2), Fault::Stale(1));
        let began = Instant::now();
        let read = || text(&bench.witness.read(&bench.record.uid).unwrap().json, "it");
        assert_eq!(read(), "new", "{language:?}");
        assert!(began.elapsed() >= delay, "{language:?}");
        assert_eq!(read(), "old", "{language:?}");
    });
}

#[test]
fn odd_answers_make_the_one_client_panic_and_not_the_other() {
    both(|bench, language| {
        for odd in [Odd::Empty, Odd::NoRecords, Odd::NullExpiry, Odd::PaddedAppData] {
            bench.server.keeper.fault(On::get(), Fault::Odd(odd));
            match language {
                Language::Rust => complains(bench.witness.ask(&["list"]), "panic"),
                Language::Python => drop(bench.witness.ask(&["list"]).unwrap()),
            }
        }
        bench.server.keeper.fault(On::get(), Fault::Odd(Odd::Garbage));
        let garbage = if language == Language::Rust { "aead::Error" } else { "InvalidTag" };
        complains(bench.witness.ask(&["list"]), garbage);
    });
}
