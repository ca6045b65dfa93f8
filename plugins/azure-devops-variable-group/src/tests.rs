//! The judgement of each step, against an organization that is played.

use pamrun_plugin::testing::{FakeHost, Reply, answer, rejected, request, uncertain};
use pamrun_plugin::{Failure, FailureKind, Plan, Plugin, Proof, Request};

use crate::AzureDevopsVariableGroup;
use crate::requests::settings;

fn bare() -> Request {
    request(settings::defaults())
        .with_setting("organization", "contoso")
        .with_setting("project", "pay roll")
        .with_setting("group", "Payroll secrets")
        .with_setting("variable", "CLIENT_SECRET")
        .delivering(&["client_secret"])
}

fn usual() -> Request {
    bare().with_input("admin.record", "\"admin\" (u2)")
}

fn with_a_token() -> Request {
    bare().with_input("pat.record", "\"token\" (u3)")
}

fn group() -> Reply {
    answer()
        .with("id", "7")
        .with("name", "Payroll secrets")
        .with("kind", "Vsts")
        .with("names", ["Client_Secret", "OTHER", "plain"])
        .with("is_secret", true)
        .with("projects", 2_i64)
}

/// The same group, with the variable as one that shows its value.
fn open() -> Reply {
    group().with("is_secret", false)
}

fn after(changed: &[&str]) -> Reply {
    let changed: Vec<String> = changed.iter().map(|name| (*name).to_owned()).collect();
    answer()
        .with("names", ["Client_Secret", "OTHER", "plain"])
        .with("changed", pamrun_plugin::Value::Texts(changed))
}

fn hidden() -> Reply {
    rejected(200).with("name", "Payroll secrets").with("is_secret", true)
}

fn organization() -> FakeHost<'static> {
    FakeHost::new()
        .on("by-name", |_| answer().with("id", "7"))
        .on("by-id", |_| answer().with("id", "7"))
        .on("whole", |_| group())
        .on("compare", |_| hidden())
        .on("put", |_| answer())
        .on("after", |_| after(&[]))
}

fn preflight(host: &FakeHost<'_>, request: &Request) -> Result<Plan, Failure> {
    AzureDevopsVariableGroup::preflight(host, request)
}

fn rotate(host: &FakeHost<'_>, request: &Request) -> Result<Option<String>, Failure> {
    AzureDevopsVariableGroup::rotate(host, request, &Plan::default()).map(|made| made.id)
}

fn verify(host: &FakeHost<'_>) -> Result<Proof, Failure> {
    AzureDevopsVariableGroup::verify(host, &usual(), &Plan::default(), None)
}

#[test]
fn a_group_is_found_by_name_or_id_written_as_a_whole_and_read_again() {
    let host = organization();
    let plan = preflight(&host, &usual()).unwrap();
    assert_eq!(
        (plan.creates.as_str(), plan.findings.len()),
        ("a new value of the variable CLIENT_SECRET", 0)
    );
    assert_eq!(rotate(&host, &usual()), Ok(Some("CLIENT_SECRET".to_owned())));
    assert_eq!(host.calls(), ["by-name", "whole", "whole", "put", "after"]);
    let host = organization();
    preflight(&host, &usual().with_setting("group", "7")).unwrap();
    assert_eq!(host.calls(), ["by-id", "whole"]);
}

#[test]
fn a_value_that_may_be_seen_is_compared_first() {
    let host = organization().once("whole", open()).once("compare", answer());
    rotate(&host, &usual()).unwrap();
    assert_eq!(host.calls(), ["whole", "compare"]);
    let other = rejected(200).with("name", "Payroll secrets");
    let host =
        organization().once("whole", open()).once("compare", other).once("after", after(&["Client_Secret"]));
    rotate(&host, &usual()).unwrap();
    assert_eq!(host.calls(), ["whole", "compare", "put", "after"]);
}

#[test]
fn what_becomes_of_the_variable_is_told() {
    let finding = |host: &FakeHost<'_>, request: &Request| {
        let findings = preflight(host, request).unwrap().findings;
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        (finding.code.clone(), finding.message.clone())
    };
    let (code, message) = finding(&organization().once("whole", open()), &usual());
    assert_eq!(code, "variable-becomes-secret");
    assert!(message.contains("variable group \"Payroll secrets\" (7) becomes a secret one"), "{message}");
    let (code, _) = finding(&organization(), &usual().with_setting("variable", "NEW"));
    assert_eq!(code, "variable-new");
}

#[test]
fn a_personal_access_token_goes_before_the_admin_app_and_one_of_both_is_needed() {
    let both = with_a_token().with_input("admin.record", "\"admin\" (u2)");
    let failure = rotate(&organization().once("put", rejected(403)), &both).unwrap_err();
    assert!(failure.message.contains("the personal access token"), "{failure}");
    assert!(failure.fix.unwrap().contains("the scope Variable Groups"));
    let host = organization();
    let failure = preflight(&host, &bare()).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Invalid, "no-admin-credentials"));
    assert!(failure.fix.unwrap().contains("azure_devops_pat") && host.calls().is_empty());
}

#[test]
fn a_stranger_is_told_from_who_lacks_a_right() {
    for status in [200, 203, 302, 401] {
        for (request, fix) in [(usual(), "users of the organization"), (with_a_token(), "make a new one")] {
            let host = organization().times(2, "by-name", &rejected(status));
            let failure = preflight(&host, &request).unwrap_err();
            assert_eq!(
                (failure.code.as_str(), failure.kind),
                ("token-refused", FailureKind::Denied),
                "{status}"
            );
            assert!(failure.fix.unwrap().contains(fix));
        }
    }
    let denied = rejected(403).with("code", "AccessDeniedException").with("message", "no permissions");
    for reply in [denied, rejected(401).with("message", "Access denied.")] {
        let failure = rotate(&organization().times(2, "put", &reply), &usual()).unwrap_err();
        assert_eq!(failure.code, "missing-right");
        assert!(failure.fix.unwrap().contains("administrator of the variable group"));
    }
}

#[test]
fn a_refusal_with_a_code_that_nobody_knows_is_shown_as_it_came() {
    for status in [400, 403] {
        let strange = rejected(status).with("code", "SomeNewException").with("message", "No.");
        let failure = rotate(&organization().once("put", strange), &usual()).unwrap_err();
        assert_eq!(failure.code, "devops-refused");
        assert_eq!(failure.message, format!("Azure DevOps refuses (HTTP {status} SomeNewException: No.)"));
    }
}

#[test]
fn a_lost_answer_is_uncertain() {
    let host = organization().once("put", uncertain());
    assert_eq!(rotate(&host, &usual()).unwrap_err().kind, FailureKind::Uncertain);
    assert_eq!(host.count("put"), 1);
}

#[test]
fn a_group_that_cannot_be_written_without_a_loss_is_left_alone() {
    let linked = || group().with("kind", "AzureKeyVault");
    let alone = || group().with("projects", 0_i64);
    for (reply, code) in [(linked(), "group-linked"), (alone(), "project-references-missing")] {
        assert_eq!(preflight(&organization().once("whole", reply.clone()), &usual()).unwrap_err().code, code);
        let host = organization().once("whole", reply);
        assert_eq!(rotate(&host, &usual()).unwrap_err().code, code);
        assert_eq!(host.count("put"), 0);
    }
}

#[test]
fn somebody_elses_change_at_the_same_time_is_noticed() {
    for (reply, look) in [
        (after(&["Client_Secret", "plain"]), "look at [\"plain\"]"),
        (after(&[]).with("names", ["OTHER"]), "look at CLIENT_SECRET"),
    ] {
        let failure = rotate(&organization().once("after", reply), &usual()).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.kind), ("group-changed", FailureKind::Conflict));
        assert!(failure.message.contains(look), "{failure}");
    }
}

#[test]
fn a_secret_variable_shows_that_it_is_there_and_another_one_its_value() {
    assert_eq!(verify(&organization()), Ok(Proof::Verified));
    assert_eq!(verify(&organization().once("compare", answer())), Ok(Proof::Verified));
    let failure = verify(&organization().once("compare", rejected(200).with("name", "g"))).unwrap_err();
    assert_eq!((failure.code.as_str(), failure.kind), ("variable-changed", FailureKind::Conflict));
    // A page where people sign in is no group.
    assert_eq!(verify(&organization().once("compare", rejected(200))).unwrap_err().code, "token-refused");
}

#[test]
fn what_does_not_exist_and_what_makes_no_sense_is_told() {
    let gone = || rejected(404).with("message", "no");
    for (host, request, code) in [
        (organization().once("by-id", gone()), usual().with_setting("group", "7"), "group-not-found"),
        (organization().once("by-name", answer()), usual(), "group-not-found"),
        (
            organization(),
            usual().with_setting("organization", "https://dev.azure.com/x"),
            "setting-malformed",
        ),
        (organization(), usual().with_setting("project", ".."), "setting-malformed"),
    ] {
        assert_eq!(preflight(&host, &request).unwrap_err().code, code);
    }
}
