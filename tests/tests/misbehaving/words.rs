//! What a guest says against what the host saw: its word counts for less.

use pamrun_tests::service::Trouble;

use crate::bench::{ALWAYS, Bench, CREATE, LOGIN, REMOVE, why};

#[test]
fn a_key_that_nothing_proved_is_called_unproven_and_nothing_is_removed() {
    let bench = Bench::new();
    let mut runs = vec![bench.behave("no-proof")];
    bench.expect_kept(&runs[0]);
    let bench = Bench::new();
    runs.push(bench.behave("wrong-proof"));
    bench.expect_kept(&runs[1]);
    let bench = Bench::disturbed(LOGIN, Trouble::Refused, ALWAYS);
    runs.push(bench.behave("failed-proof"));
    bench.expect_kept(&runs[2]);
    for run in runs {
        run.ends("rotated", 0);
        assert_eq!(run.outcome["proof"], "unproven", "{run}");
        let warnings = run.list("warnings").join("\n");
        assert!(warnings.contains("no request that carries the new credential"), "{run}");
    }
}

#[test]
fn a_login_that_takes_any_page_for_a_success_proves_nothing() {
    let bench = Bench::new();
    let login = "auth = { bearer = \"{new.key}\" }\noutputs = { id = \"/id\" }";
    let plugin = bench.repacked(login, "auth = { bearer = \"{new.key}\" }");
    let run = bench.behave_as(&plugin, "none");
    run.ends("rotated", 0);
    assert_eq!((&run.outcome["proof"], bench.service.count(LOGIN)), (&"unproven".into(), 1), "{run}");
    bench.expect_kept(&run);
    // Nor is a page an answer to what does take something.
    let bench = Bench::disturbed(LOGIN, Trouble::Page, ALWAYS);
    bench.expect_stopped(&bench.behave("none"), "failed", 1, "service-unavailable");
}

#[test]
fn a_page_is_no_key_that_was_made_and_none_that_was_deleted() {
    let bench = Bench::disturbed(CREATE, Trouble::Page, ALWAYS);
    let run = bench.behave("none");
    bench.expect_stopped(&run, "failed", 1, "answer-unclear");
    assert!(why(&run).contains("the answer with status 200 is a page for people"), "{run}");

    // The manifest takes any 2xx for a success.
    let bench = Bench::disturbed(REMOVE, Trouble::Page, ALWAYS);
    let plugin = bench.repacked("success = [\"204\"]\n", "");
    let run = bench.behave_as(&plugin, "none");
    run.ends("uncertain", 5).with_code("commit-incomplete");
    bench.expect_kept(&run);
}

#[test]
fn a_lost_answer_that_is_hidden_is_uncertain_all_the_same() {
    let bench = Bench::disturbed(CREATE, Trouble::AnswerLost, 1);
    let run = bench.behave("hide-uncertain");
    bench.expect_rotated(&run);
    assert_eq!(bench.service.count(CREATE), 2, "{run}");
    assert!(run.list("warnings").join("\n").contains("its answer was lost"), "{run}");

    let bench = Bench::disturbed(CREATE, Trouble::AnswerLost, ALWAYS);
    let run = bench.behave("hide-uncertain");
    bench.expect_stopped(&run, "failed", 1, "answer-lost");
    assert!(bench.service.count(CREATE) > 1, "{run}");
}

#[test]
fn a_lost_deletion_that_is_hidden_is_no_deletion() {
    let bench = Bench::disturbed(REMOVE, Trouble::Lost, 1);
    bench.expect_rotated(&bench.behave("hide-uncertain"));
    let bench = Bench::disturbed(REMOVE, Trouble::Lost, ALWAYS);
    let run = bench.behave("hide-uncertain");
    run.ends("uncertain", 5).with_code("commit-incomplete");
    bench.expect_kept(&run);
}

#[test]
fn a_denial_that_is_told_after_a_key_was_made_is_not_believed() {
    for trouble in [None, Some(Trouble::AnswerLost)] {
        let bench = Bench::new();
        if let Some(trouble) = trouble {
            bench.service.disturb(CREATE, trouble, ALWAYS);
        }
        let run = bench.behave("say-denied");
        bench.expect_stopped(&run, "failed", 1, "denied");
        assert!(bench.service.count(CREATE) > 0 && bench.service.count(REMOVE) > 0, "{run}");
    }
}

#[test]
fn a_removal_that_only_the_guest_speaks_of_is_none() {
    let bench = Bench::new();
    let run = bench.behave("commit-by-word");
    run.ends("uncertain", 5).with_code("commit-incomplete");
    bench.expect_kept(&run);
    assert_eq!(bench.service.count(REMOVE), 0, "{run}");

    let bench = Bench::new();
    let run = bench.misbehave("undo-by-word", "rollback");
    run.ends("uncertain", 5).with_code("wrong-key");
    bench.expect_guaranteed(&run);
    assert_eq!(bench.service.keys().len(), 2, "{run}");
}

#[test]
fn a_plan_holds_what_a_listing_showed_and_the_record_names_and_nothing_else() {
    let bench = Bench::new();
    let run = bench.behave("plan-guessed");
    bench.expect_stopped(&run, "failed", 1, "plugin-contract");
    assert!(why(&run).contains("no listing"), "{run}");

    let bench = Bench::new();
    let stranger = bench.service.issue("of somebody else");
    let run = bench.behave("plan-stranger");
    run.ends("failed", 1).with_code("plugin-contract");
    assert!(why(&run).contains(&format!("{}, which the record does not name", stranger.id)), "{run}");
    assert_eq!(bench.service.keys(), [bench.old.clone(), stranger.clone()], "{run}");

    // A manifest may ask for more, which every reader of it sees.
    let plugin = bench.repacked("strategy = \"overlap\"\n", "strategy = \"overlap\"\nremoves = \"listed\"\n");
    let run = bench.behave_as(&plugin, "plan-stranger");
    run.ends("rotated", 0);
    assert_eq!(run.list("removed"), [bench.old.id.as_str(), stranger.id.as_str()], "{run}");
}

#[test]
fn a_key_that_was_not_made_or_has_another_id_is_not_saved() {
    let bench = Bench::new();
    let run = bench.behave("create-none");
    bench.expect_stopped(&run, "failed", 1, "plugin-contract");
    assert!(why(&run).contains("no request of it created anything"), "{run}");
    let run = bench.behave("other-id");
    bench.expect_stopped(&run, "failed", 1, "plugin-contract");
    assert!(why(&run).contains("another id than the one that was created"), "{run}");
    assert_eq!(bench.service.count(CREATE), 1, "{run}");
}

#[test]
fn a_field_that_is_not_the_guests_to_give_is_not_saved() {
    for (behaviour, label) in [("return-undeclared", "undeclared"), ("return-kept", "key")] {
        let bench = Bench::new();
        let run = bench.behave(behaviour);
        bench.expect_stopped(&run, "failed", 1, "plugin-contract");
        assert!(why(&run).contains(&format!("the field `{label}`")), "{run}");
    }
}
