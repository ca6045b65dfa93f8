//! What a guest calls: nothing leaves but what its manifest declares, in the steps that it is for, and of
//! what there is a secret nothing comes back.

use crate::bench::{Bench, CREATE, REMOVE, why};

#[test]
fn what_is_not_declared_is_refused_and_named() {
    for step in ["preflight", "rotate", "verify"] {
        let bench = Bench::new();
        let run = bench.misbehave("call-undeclared", step);
        bench.expect_stopped(&run, "refused", 3, "request-not-declared");
        assert!(why(&run).contains("declares no request `removes`; did you mean `remove`?"), "{run}");
    }
}

#[test]
fn a_name_that_would_act_on_a_terminal_is_shown_and_a_long_one_is_not() {
    for (behaviour, shown) in [
        ("call-a-cursor", r"no request `\u{1b}[2J\u{202e}`"),
        ("call-a-novel", "no request `(1000000 characters, too long to show)`; there are `account`"),
    ] {
        let bench = Bench::new();
        let run = bench.misbehave(behaviour, "preflight");
        bench.expect_stopped(&run, "refused", 3, "request-not-declared");
        assert!(why(&run).contains(shown), "{run}");
    }
}

#[test]
fn a_refusal_that_the_guest_ignores_is_told_all_the_same() {
    let bench = Bench::new();
    let run = bench.behave("ignore-refusal");
    bench.expect_rotated(&run);
    assert!(run.list("warnings").iter().any(|warning| warning.contains("no request `denied`")), "{run}");
}

#[test]
fn parameters_of_a_wrong_kind_are_refused_and_never_sent() {
    let bench = Bench::new();
    let run = bench.misbehave("wrong-kinds", "preflight");
    // One that was taken would be the guest's own failure.
    bench.expect_stopped(&run, "refused", 3, "request-form");
    assert!(why(&run).contains("`search`: the parameter `key` is given twice"), "{run}");
    assert_eq!(bench.service.count("GET /search"), 0, "{run}");
}

#[test]
fn nothing_is_deleted_before_the_new_key_is_saved() {
    for step in ["preflight", "rotate", "verify"] {
        let bench = Bench::new();
        let run = bench.misbehave("delete-old", step);
        bench.expect_stopped(&run, "refused", 3, "request-not-in-step");
        assert!(why(&run).contains(&format!("{step} may not")), "{run}");
    }
}

#[test]
fn a_rollback_deletes_neither_what_the_record_holds_nor_what_is_guessed() {
    for behaviour in ["delete-old", "delete-guessed"] {
        let bench = Bench::new();
        let run = bench.misbehave(behaviour, "rollback");
        run.ends("uncertain", 5).with_code("wrong-key");
        bench.expect_guaranteed(&run);
        assert!(why(&run).contains("rollback may not remove"), "{run}");
        assert!(bench.service.keys().contains(&bench.old), "{run}");
        assert_eq!(bench.service.count(REMOVE), 0, "{run}");
    }
}

#[test]
fn a_key_of_somebody_else_is_not_deleted() {
    for (step, code) in [("commit", "commit-incomplete"), ("rollback", "wrong-key")] {
        let bench = Bench::new();
        let stranger = bench.service.issue("of somebody else");
        let run = bench.misbehave("delete-stranger", step);
        run.ends("uncertain", 5).with_code(code);
        assert!(why(&run).contains(&format!("{step} may not remove {}", stranger.id)), "{run}");
        assert_eq!(run.outcome["saved"], step == "commit", "{run}");
        assert!(bench.service.keys().contains(&stranger), "{run}");
        assert_eq!(bench.service.count(REMOVE), 0, "{run}");
        bench.service.forget(&stranger);
        bench.expect_guaranteed(&run);
    }
}

#[test]
fn a_guessed_id_is_not_deleted_in_commit() {
    let bench = Bench::new();
    let run = bench.misbehave("delete-guessed", "commit");
    run.ends("uncertain", 5).with_code("commit-incomplete");
    bench.expect_kept(&run);
    assert!(why(&run).contains("commit may not remove 0"), "{run}");
    assert_eq!(bench.service.count(REMOVE), 0, "{run}");
}

#[test]
fn a_key_is_created_in_rotate_alone() {
    for step in ["preflight", "verify"] {
        let bench = Bench::new();
        bench.expect_stopped(&bench.misbehave("create", step), "refused", 3, "request-not-in-step");
        assert_eq!(bench.service.count(CREATE), usize::from(step == "verify"));
    }
    for step in ["commit", "rollback"] {
        let bench = Bench::new();
        let run = bench.misbehave("create", step);
        run.ends("uncertain", 5);
        bench.expect_guaranteed(&run);
        assert!(why(&run).contains(&format!("`create` creates, and {step} may not")), "{run}");
        assert_eq!(bench.service.count(CREATE), 1, "{run}");
    }
}

#[test]
fn a_create_is_sent_once_in_a_try_and_what_it_made_is_rolled_back() {
    let bench = Bench::new();
    let run = bench.behave("create-twice");
    bench.expect_stopped(&run, "refused", 3, "create-repeated");
    assert_eq!(bench.service.count(CREATE), 1, "{run}");
    assert_eq!(bench.service.count(REMOVE), 1, "{run}");
}

#[test]
fn two_keys_in_one_try_are_one_too_many_and_what_is_left_of_them_is_named() {
    let bench = Bench::new();
    let run = bench.behave("create-two");
    run.ends("uncertain", 5).with_code("two-ids");
    bench.expect_guaranteed(&run);
    let [old, left] = &bench.service.keys()[..] else { panic!("{run}") };
    assert_eq!(*old, bench.old, "{run}");
    assert!(why(&run).contains(&format!("rollback may not remove {}", left.id)), "{run}");
}

#[test]
fn another_target_than_the_one_that_was_looked_at_is_not_touched() {
    let bench = Bench::new();
    let run = bench.misbehave("change-target", "rotate");
    bench.expect_stopped(&run, "failed", 1, "target-changed");
    assert!(why(&run).contains("{account.id}"), "{run}");
    // The account is asked for again once the record has another key.
    let bench = Bench::new();
    bench.expect_rotated(&bench.misbehave("change-target", "verify"));
    // Once the new key is saved, there is no way back.
    for (step, code) in [("commit", "commit-incomplete"), ("rollback", "wrong-key")] {
        let bench = Bench::new();
        let run = bench.misbehave("change-target", step);
        run.ends("uncertain", 5).with_code(code);
        bench.expect_guaranteed(&run);
        assert!(why(&run).contains("{account.id}"), "{run}");
        assert_eq!(bench.service.keys().len(), 2, "{run}");
        for effect in ["POST /accounts/partner/keys", "POST /accounts/partner/keys/remove"] {
            assert_eq!(bench.service.count(effect), 0, "{run}");
        }
    }
}

#[test]
fn a_secret_that_is_taken_as_an_output_ends_the_step_before_the_plugin_sees_it() {
    let bench = Bench::new();
    let run = bench.misbehave("read-a-secret", "preflight");
    bench.expect_stopped(&run, "failed", 1, "plugin-contract");
    assert!(why(&run).contains("the answer to `echo` has a secret in `outputs.you`"), "{run}");
    assert_eq!(bench.service.count("GET /echo"), 1, "{run}");
    // So is the new one, as soon as there is one.
    let bench = Bench::new();
    let run = bench.behave("show-the-new-secret");
    bench.expect_stopped(&run, "failed", 1, "plugin-contract");
    assert!(why(&run).contains("the answer to `show` has a secret in `outputs.key`"), "{run}");
    assert_eq!(bench.service.count(CREATE), 1, "{run}");
}

#[test]
fn nothing_of_what_a_guest_sees_is_a_secret() {
    // That no key shows is looked for after every run.
    for step in ["preflight", "rotate", "verify"] {
        let bench = Bench::new();
        let run = bench.misbehave("print-what-it-sees", step);
        bench.expect_rotated(&run);
        assert_eq!(run.stderr.matches(&bench.old.id).count(), 3, "{step}\n{run}");
        assert!(!run.stderr.contains("[redacted]"), "{step}\n{run}");
    }
}

#[test]
fn a_redirect_leads_nowhere() {
    let bench = Bench::new();
    let run = bench.misbehave("follow-redirect", "preflight");
    bench.expect_stopped(&run, "failed", 1, "rejected");
    assert!(why(&run).contains("HTTP 302"), "{run}");
    assert!(!run.stdout.contains("169.254.169.254"), "{run}");
}

#[test]
fn a_host_that_the_operator_does_not_allow_is_refused_before_anything_is_compiled() {
    let bench = Bench::new();
    let plugin = bench.repacked("https://{setting.host}/redirect", "https://denied.example.com/redirect");
    let exec = bench.exec_of(&plugin, "none");
    bench.gateway.forget_compiled();
    let run = bench.run(exec);
    bench.expect_stopped(&run, "refused", 3, "host-not-allowed");
    assert!(run.outcome["error"].to_string().contains("--allow-host denied.example.com"), "{run}");
    assert!(bench.gateway.compiled().is_empty() && bench.service.requests().is_empty(), "{run}");
}

#[test]
fn a_name_that_resolves_to_this_machine_is_refused() {
    let bench = Bench::new();
    let host = "inside.example.com";
    let resolve = format!("{host}:443:{}", bench.service.address());
    let exec = bench.exec("none").set("host", host).flag("--allow-host", host).flag("--resolve", resolve);
    let run = bench.run(exec);
    bench.expect_stopped(&run, "refused", 3, "address-not-public");
    assert!(run.outcome["error"].to_string().contains("--allow-private inside.example.com"), "{run}");
    assert_eq!(bench.service.connections(), 0, "{run}");
}
