//! The judgement of each step, against a directory that is played.

use std::time::Duration;

use pamrun_plugin::testing::{FakeHost, Reply, answer, rejected, request, unavailable, uncertain};
use pamrun_plugin::{Failure, FailureKind, FindingLevel, Plan, Plugin, Proof, Request, Value};

use crate::EntraUserPassword;
use crate::requests::settings;

const UPN: &str = "payroll@example.com";
const OBJECT_ID: &str = "11111111-0000-4000-8000-00000000000a";
const BEFORE: &str = "2029-06-01T00:00:00Z";
const AFTER: &str = "2030-01-01T00:00:00Z";

fn usual() -> Request {
    request(settings::defaults())
        .with_setting("user", UPN)
        .with_input("target.record", "\"Payroll\" (u1)")
        .with_input("target.login", UPN)
        .with_input("admin.record", "\"admin\" (u2)")
        .with_input("admin.client_id", "33333333-0000-4000-8000-00000000000c")
}

fn with(verify: &str) -> Request {
    usual().with_setting("verify", verify)
}

fn user() -> Reply {
    answer()
        .with("id", OBJECT_ID)
        .with("principal_name", UPN)
        .with("display_name", "Payroll")
        .with("enabled", true)
        .with("kind", "Member")
        .with("changed", BEFORE)
}

fn token() -> Reply {
    answer()
        .with("oid", "principal")
        .with("roles", ["User-PasswordProfile.ReadWrite.All"])
        .with("wids", ["fe930be7-5e62-47db-91af-98c3a49a38b1"])
}

fn account(changed: &str) -> Reply {
    answer().with("principal_name", UPN).with("changed", changed)
}

/// A directory in which all is well.
fn directory() -> FakeHost<'static> {
    FakeHost::new()
        .on("token", |_| token())
        .on("user", |_| user())
        .on("realm", |_| answer().with("account_type", "Managed"))
        .on("admin-app", |_| answer().with("ends", ["2031-01-01T00:00:00Z"]))
        .on("account", |_| account(AFTER))
        .on("set-password", |_| answer())
        .on("sign-in", |_| answer())
}

fn login(status: u16, number: u32) -> Reply {
    rejected(status).with("code", "invalid_grant").with("codes", Value::Texts(vec![number.to_string()]))
}

fn graph(status: u16, code: &str, message: &str) -> Reply {
    rejected(status).with("code", code).with("message", message)
}

fn plan() -> Plan {
    Plan { context: BEFORE.to_owned(), ..Plan::default() }
}

fn preflight(host: &FakeHost<'_>, request: &Request) -> Result<Plan, Failure> {
    EntraUserPassword::preflight(host, request)
}

fn rotate(host: &FakeHost<'_>, request: &Request) -> Result<(), Failure> {
    EntraUserPassword::rotate(host, request, &plan()).map(drop)
}

fn verify(host: &FakeHost<'_>, request: &Request) -> Result<Proof, Failure> {
    EntraUserPassword::verify(host, request, &plan(), None)
}

/// The one finding.
#[track_caller]
fn found(host: &FakeHost<'_>, request: &Request) -> (FindingLevel, String) {
    let plan = preflight(host, request).unwrap();
    let [finding] = plan.findings.as_slice() else { panic!("{:?}", plan.findings) };
    (finding.level, finding.code.clone())
}

#[track_caller]
fn refused(host: &FakeHost<'_>, request: &Request, kind: FailureKind, code: &str) {
    let failure = preflight(host, request).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (kind, code), "{failure}");
}

#[test]
fn three_reads_make_a_plan_that_removes_nothing() {
    let host = directory();
    let plan = preflight(&host, &usual()).unwrap();
    assert_eq!(plan.creates, "a new password of the user \"Payroll\" (payroll@example.com)");
    assert_eq!((plan.context.as_str(), plan.findings.len(), plan.removes.len()), (BEFORE, 0, 0));
    assert_eq!(host.calls(), ["token", "user", "realm"]);
}

#[test]
fn what_names_no_user_is_refused_before_anything_is_sent() {
    for name in ["svc-payroll", "CORP\\payroll", "a@b@c", "@example.com", "payroll@", "a/../b@example.com"] {
        let host = directory();
        let named = usual().with_setting("user", name).with_input("target.login", name);
        let failure = preflight(&host, &named).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Invalid, "user-malformed"), "{name}");
        assert!(failure.message.contains("login of the record \"Payroll\""), "{failure}");
        assert!(host.calls().is_empty());
    }
    assert!(preflight(&directory(), &usual().with_setting("user", OBJECT_ID)).is_ok());
    let failure = preflight(&directory(), &usual().with_setting("user", "x")).unwrap_err();
    assert!(failure.message.starts_with("the setting user"), "{failure}");
}

#[test]
fn a_user_that_is_not_there_is_not_found() {
    for reply in [graph(404, "Request_ResourceNotFound", ""), graph(400, "Request_BadRequest", "Invalid id")]
    {
        refused(&directory().once("user", reply), &usual(), FailureKind::NotFound, "user-not-found");
    }
    let host = directory().once("user", graph(403, "Authorization_RequestDenied", "Insufficient privileges"));
    let failure = preflight(&host, &usual()).unwrap_err();
    assert_eq!(failure.code, "insufficient-rights");
    assert!(failure.fix.unwrap().contains("User.Read.All"));
}

#[test]
fn a_user_whose_password_is_kept_elsewhere_is_refused_with_the_place() {
    let synced = directory().once("user", user().with("synced", true));
    refused(&synced, &usual(), FailureKind::Denied, "user-synced");
    let federated = directory().once("realm", answer().with("account_type", "Federated"));
    refused(&federated, &usual(), FailureKind::Denied, "user-federated");
    let guest = directory().once("user", user().with("principal_name", "mia_partner.com#EXT#@example.com"));
    refused(&guest, &usual(), FailureKind::Denied, "user-is-guest");
}

#[test]
fn a_domain_that_nobody_can_tell_anything_about_is_left_to_graph_and_told_in_a_dry_run() {
    for reply in [unavailable(0), unavailable(200), rejected(403)] {
        let host = directory().once("realm", reply.clone());
        assert!(preflight(&host, &usual()).unwrap().findings.is_empty());
        let host = directory().once("realm", reply);
        assert_eq!(found(&host, &usual().dry_run()).1, "federation-unknown");
    }
    let odd = directory().once("realm", answer().with("account_type", "Unknown"));
    assert!(preflight(&odd, &usual()).is_ok());
}

#[test]
fn what_an_operator_should_know_is_found() {
    let disabled = || directory().once("user", user().with("enabled", false));
    assert_eq!(found(&disabled(), &usual()), (FindingLevel::Warning, "user-disabled".to_owned()));
    assert_eq!(found(&disabled(), &with("prove")), (FindingLevel::Error, "user-disabled".to_owned()));
    let marked = directory().once("user", user().with("kind", "Guest"));
    assert_eq!(found(&marked, &usual()), (FindingLevel::Info, "user-marked-guest".to_owned()));
    let forcing = usual().with_setting("force_change", true);
    assert_eq!(found(&directory(), &forcing), (FindingLevel::Warning, "force-change".to_owned()));
}

#[test]
fn a_right_that_the_token_does_not_show_is_found() {
    let reader = directory().once("token", token().with("roles", ["User.Read.All"]));
    assert_eq!(found(&reader, &usual()).1, "permission-missing");
    let nobody = directory().once("token", token().with("wids", ["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]));
    assert_eq!(found(&nobody, &usual()).1, "directory-role-missing");
    let silent = answer().with("oid", "p").with("roles", ["User.ReadWrite.All"]);
    assert!(preflight(&directory().once("token", silent), &usual()).unwrap().findings.is_empty());
    // A token that cannot be read says nothing.
    assert!(preflight(&directory().once("token", answer()), &usual()).unwrap().findings.is_empty());
}

#[test]
fn hosts_of_different_clouds_are_refused() {
    let mixed = usual().with_setting("graph", "graph.microsoft.us");
    refused(&directory(), &mixed, FailureKind::Invalid, "cloud-mismatch");
}

#[test]
fn a_dry_run_looks_up_when_the_secret_of_the_admin_app_ends() {
    let host = directory();
    assert!(preflight(&host, &usual().dry_run()).unwrap().findings.is_empty());
    assert_eq!(host.calls(), ["token", "user", "realm", "admin-app"]);
    let soon = directory().once("admin-app", answer().with("ends", ["2030-01-09T00:00:00Z"]));
    assert_eq!(
        found(&soon, &usual().dry_run()),
        (FindingLevel::Warning, "admin-secret-ends-soon".to_owned())
    );
    let hidden = directory().once("admin-app", graph(403, "Authorization_RequestDenied", ""));
    assert_eq!(found(&hidden, &usual().dry_run()).1, "admin-secret-end-unknown");
    let host = directory();
    let odd = usual().with_input("admin.client_id", "an-app").dry_run();
    assert_eq!((found(&host, &odd).1.as_str(), host.count("admin-app")), ("admin-secret-end-unknown", 0));
}

#[test]
fn one_request_sets_the_password_and_another_one_puts_the_old_back() {
    let host = directory();
    rotate(&host, &usual()).unwrap();
    let undone = EntraUserPassword::rollback(&host, &usual(), &plan(), None).unwrap();
    assert_eq!((host.calls(), undone), (vec!["set-password".to_owned(); 2], Vec::new()));
}

#[test]
fn what_may_have_been_done_is_uncertain_and_never_repeated_by_itself() {
    let host = directory().once("set-password", uncertain());
    assert_eq!(rotate(&host, &usual()).unwrap_err().kind, FailureKind::Uncertain);
    assert_eq!(host.calls(), ["set-password"]);
}

#[test]
fn what_was_refused_for_now_is_tried_again() {
    let collision = "Error due to concurrent requests being made to the tenant.";
    let host = directory()
        .once("set-password", graph(409, "Directory_ConcurrencyViolation", collision))
        .once("set-password", graph(400, "Request_BadRequest", collision))
        .once("set-password", rejected(429).waiting(7))
        .once("set-password", unavailable(0));
    rotate(&host, &usual()).unwrap();
    assert_eq!(host.elapsed().as_secs(), 2 + 4 + 7 + 8);
}

#[test]
fn n11_a_user_that_was_read_is_waited_for_when_a_backend_does_not_know_it() {
    let missing = graph(404, "Request_ResourceNotFound", "does not exist");
    let host = directory().times(5, "set-password", &missing);
    rotate(&host, &usual()).unwrap();
    assert_eq!(host.elapsed().as_secs(), 60);
    let host = directory().times(6, "set-password", &missing);
    assert_eq!(rotate(&host, &usual()).unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn a_refusal_says_what_to_do() {
    let weak = "The specified password does not comply with password complexity requirements.";
    let synced = "Unable to update the specified properties for on-premises mastered Directory Sync objects.";
    let banned = "The password contains a banned word.";
    for (status, code, said, word, fix) in [
        (403, "Authorization_RequestDenied", "no", "insufficient-rights", "User Administrator"),
        (400, "Request_BadRequest", weak, "password-too-weak", "complexity"),
        (400, "Request_BadRequest", banned, "password-banned", "banned passwords"),
        (400, "Request_BadRequest", synced, "user-synced", "rotate it there"),
        (400, "Request_BadRequest", "Federated users are read-only.", "user-federated", "rotate it there"),
        (400, "Request_BadRequest", "Invalid value", "graph-refused", ""),
    ] {
        let host = directory().once("set-password", graph(status, code, said));
        let failure = rotate(&host, &usual()).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, word));
        assert!(failure.message.contains(said) && failure.fix.unwrap_or_default().contains(fix), "{word}");
    }
}

fn used() -> Reply {
    graph(400, "Request_BadRequest", "The password was used before by this user.")
}

#[test]
fn a_repeat_that_is_refused_for_history_succeeds_where_a_sign_in_shows_that_it_was_set() {
    let host = directory().once("set-password", used());
    rotate(&host, &usual()).unwrap();
    assert_eq!(host.calls(), ["set-password", "account", "sign-in"]);
    let spreading = directory().once("set-password", used()).once("sign-in", login(400, 50_126));
    assert!(rotate(&spreading, &usual()).is_ok(), "another backend may not know it yet");
}

#[test]
fn a_repeat_that_is_refused_for_history_stays_uncertain_where_nothing_can_be_shown() {
    let host = directory().once("set-password", used());
    let failure = rotate(&host, &with("trust")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Uncertain, "password-used-before"));
    assert_eq!(host.count("sign-in"), 0);
    for (request, reply) in [
        ("sign-in", login(400, 50_053)),
        ("sign-in", login(400, 65_001)),
        ("account", graph(403, "Authorization_RequestDenied", "")),
    ] {
        let host = directory().once("set-password", used()).once(request, reply);
        let failure = rotate(&host, &usual()).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Uncertain, "password-used-before"));
    }
}

#[test]
fn a_password_of_former_times_is_denied_where_a_sign_in_shows_that_it_is_not_the_current_one() {
    let host = directory().once("set-password", used()).times(999, "sign-in", &login(400, 50_126));
    let failure = rotate(&host, &usual()).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "password-used-before"));
}

#[test]
fn one_sign_in_is_proof() {
    let host = directory();
    assert_eq!(verify(&host, &usual()), Ok(Proof::Verified));
    assert_eq!(
        (host.calls(), host.elapsed().as_secs()),
        (vec!["account".to_owned(), "sign-in".to_owned()], 0)
    );
}

#[test]
fn a_password_that_is_still_spreading_is_waited_for_and_at_last_given_up() {
    let host = directory().times(3, "sign-in", &login(400, 50_126));
    assert_eq!((verify(&host, &usual()), host.elapsed().as_secs()), (Ok(Proof::Verified), 14));
    let wrong = || directory().times(999, "sign-in", &login(400, 50_126));
    let host = wrong();
    let failure = verify(&host, &usual()).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::WrongCredential, "wrong-password"));
    assert_eq!(host.elapsed().as_secs(), 300);
    let host = wrong();
    let hasty = usual().with_setting("verify_window", Duration::ZERO);
    assert_eq!(verify(&host, &hasty).unwrap_err().kind, FailureKind::WrongCredential);
    assert_eq!(host.elapsed().as_secs(), 0);
}

#[track_caller]
fn unproven(host: &FakeHost<'_>, request: &Request) -> String {
    match verify(host, request) {
        Ok(Proof::Unproven(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sign_in_that_cannot_be_decided_leaves_what_graph_says_of_the_change() {
    for (number, hint) in
        [(50_053, "locked out"), (50_057, "disabled"), (65_001, "consent"), (7_000_218, "AADSTS7000218")]
    {
        let undecided = || directory().once("sign-in", login(400, number));
        let why = unproven(&undecided(), &usual());
        assert!(why.contains(hint) && why.contains(AFTER), "{why}");
        let failure = verify(&undecided(), &with("prove")).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "not-provable"));
        assert!(failure.message.contains(hint), "{failure}");
    }
}

#[test]
fn trust_needs_no_sign_in_and_is_never_called_proof() {
    let host = directory();
    assert!(unproven(&host, &with("trust")).contains("verify=trust"));
    assert_eq!(host.calls(), ["account"]);
}

#[test]
fn a_change_that_does_not_show_yet_is_waited_for_and_at_last_not_believed() {
    // A backend that lags behind may show an even older one.
    let late = directory().once("account", account(BEFORE)).once("account", account("2028-01-01T00:00:00Z"));
    unproven(&late, &with("trust"));
    assert_eq!(late.elapsed().as_secs(), 2 + 4);
    let never = directory().times(999, "account", &account(BEFORE));
    let failure = verify(&never, &with("trust")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Unavailable, "change-not-shown"));
    assert_eq!(never.elapsed().as_secs(), 300);
}

#[test]
fn a_directory_that_does_not_tell_of_changes_leaves_graphs_acknowledgement() {
    let silent = directory().once("account", answer().with("principal_name", UPN));
    assert!(unproven(&silent, &with("trust")).contains("acknowledged"));
    // One that told of none before, and tells of one now, tells of ours.
    let first = Plan::default();
    let proof = EntraUserPassword::verify(&directory(), &with("trust"), &first, None);
    assert!(matches!(proof, Ok(Proof::Unproven(why)) if why.contains(AFTER)));
}

#[test]
fn an_outage_ends_it_after_thirty_seconds_and_a_short_one_is_survived() {
    let out = |times| directory().times(times, "sign-in", &unavailable(0));
    assert_eq!(verify(&out(3), &usual()), Ok(Proof::Verified));
    let host = out(100);
    assert_eq!(verify(&host, &usual()).unwrap_err().kind, FailureKind::Unavailable);
    assert_eq!(host.elapsed().as_secs(), 30);
}

#[test]
fn a_wrong_secret_of_the_admin_app_never_passes_for_a_wrong_password() {
    let wrong = || rejected(401).with("code", "invalid_client").with("codes", ["7000215"]).of("token");
    for verify_by in ["auto", "trust"] {
        let failure = verify(&directory().once("account", wrong()), &with(verify_by)).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "wrong-secret"));
    }
}
