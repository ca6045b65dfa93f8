//! Section 10: users, their passwords, and sign-ins as them.

use pamrun_tests::cloud::{Home, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, USER_ADMINISTRATOR, User};

use super::*;

const OLD: &str = "0ld-Password";
const NEW: &str = "N3w-Password";

/// A user, and an admin who may set its password.
fn with_user() -> (Bench, User) {
    let bench = Bench::new();
    let admin = bench.admin.clone();
    let mut directory = bench.cloud.directory();
    let user = directory.enrol(Sovereign::Global, "mia", OLD);
    directory.app(&admin).roles =
        ["User-PasswordProfile.ReadWrite.All", "User.Read.All"].map(str::to_owned).into();
    directory.app(&admin).directory_roles.push(USER_ADMINISTRATOR.to_owned());
    drop(directory);
    (bench, user)
}

impl Bench {
    fn try_set(&mut self, user: &User, password: &str) -> io::Result<Reply> {
        let profile = json!({"password": password, "forceChangePasswordNextSignIn": false});
        let body = json!({"passwordProfile": profile});
        self.try_graph(&Method::PATCH, &format!("users/{}", user.object_id), Some(&body))
    }

    fn set(&mut self, user: &User, password: &str) -> Reply {
        self.try_set(user, password).unwrap()
    }

    fn sign_in(&mut self, user: &User, password: &str) -> Reply {
        let (app, secret) = (self.admin.clone(), self.admin_secret.value.clone());
        let form = [
            ("grant_type", "password"),
            ("client_id", app.app_id.as_str()),
            ("client_secret", &secret),
            ("scope", "openid"),
            ("username", &user.principal_name),
            ("password", password),
        ];
        self.post_token("login.microsoftonline.com", &app.tenant, &form).unwrap()
    }

    fn last_change(&mut self, user: &User) -> Timestamp {
        let reply = self.get(&format!("users/{}?$select=lastPasswordChangeDateTime", user.object_id));
        reply.json["lastPasswordChangeDateTime"].as_str().unwrap().parse().unwrap()
    }

    fn realm(&mut self, name: &str) -> Value {
        let url = format!("https://login.microsoftonline.com/common/UserRealm/{name}?api-version=1.0");
        self.client.send(&Method::GET, &url, &[], "").unwrap().json["account_type"].clone()
    }
}

#[test]
fn a_user_is_read_by_id_or_name_and_shows_only_what_was_selected() {
    let (mut bench, user) = with_user();
    for name in [&user.object_id, &user.principal_name, &user.principal_name.to_uppercase()] {
        let reply = bench.get(&format!("users/{name}?$select=id,userPrincipalName,onPremisesSyncEnabled"));
        let expected = json!({
            "id": user.object_id, "userPrincipalName": user.principal_name, "onPremisesSyncEnabled": null
        });
        assert_eq!((reply.status, reply.json), (200, expected));
    }
    is_graph_error(&bench.get("users/nobody@example.test"), 404, "Request_ResourceNotFound");
}

#[test]
fn a_password_that_was_set_is_the_only_one_that_signs_in() {
    let (mut bench, user) = with_user();
    assert_eq!(bench.sign_in(&user, OLD).status, 200);
    let before = bench.last_change(&user);
    assert_eq!(bench.set(&user, NEW).status, 204);
    assert!(bench.cloud.is_password(&user, NEW) && bench.last_change(&user) > before);
    assert_eq!(bench.sign_in(&user, NEW).status, 200);
    is_login_error(&bench.sign_in(&user, OLD), 400, "invalid_grant", 50_126);
    assert_eq!(bench.cloud.violations(), Vec::<String>::new());
}

#[test]
fn a_password_takes_a_permission_and_a_role_and_for_an_administrator_a_strong_one() {
    let (mut bench, user) = with_user();
    let admin = bench.admin.clone();
    bench.cloud.directory().user(&user).is_admin = true;
    is_graph_error(&bench.set(&user, NEW), 403, "Authorization_RequestDenied");
    let strong = PRIVILEGED_AUTHENTICATION_ADMINISTRATOR.to_owned();
    bench.cloud.directory().app(&admin).directory_roles = vec![strong];
    assert_eq!(bench.set(&user, NEW).status, 204);
    bench.cloud.directory().app(&admin).roles = vec!["User.Read.All".to_owned()];
    is_graph_error(&bench.set(&user, NEW), 403, "Authorization_RequestDenied");
    bench.cloud.directory().app(&admin).roles.clear();
    is_graph_error(&bench.get(&format!("users/{}", user.object_id)), 403, "Authorization_RequestDenied");
}

#[test]
fn a_password_that_breaks_a_rule_is_refused_and_the_old_one_stays() {
    let (mut bench, user) = with_user();
    bench.set(&user, NEW);
    bench.cloud.directory().user(&user).rules.banned.push("contoso".to_owned());
    bench.cloud.directory().user(&user).rules.remembers = true;
    for (password, said) in [
        ("sh0rt!A", "complexity requirements"),
        ("only-lower-case", "complexity requirements"),
        ("Contoso-2031", "blocked by your administrator"),
        (OLD, "used before"),
        (NEW, "used before"),
    ] {
        let reply = bench.set(&user, password);
        is_graph_error(&reply, 400, "Request_BadRequest");
        assert!(reply.json["error"]["message"].as_str().unwrap().contains(said), "{:?}", reply.json);
        assert!(bench.cloud.is_password(&user, NEW));
    }
}

#[test]
fn a_password_that_is_kept_elsewhere_cannot_be_set() {
    for (home, said, kind) in [
        (Home::OnPremises, "on-premises mastered", "Managed"),
        (Home::Federated, "federated", "Federated"),
        (Home::OtherTenant, "another directory", "Managed"),
    ] {
        let (mut bench, user) = with_user();
        bench.cloud.directory().user(&user).home = home;
        let reply = bench.set(&user, NEW);
        is_graph_error(&reply, 400, "Request_BadRequest");
        assert!(reply.json["error"]["message"].as_str().unwrap().contains(said), "{:?}", reply.json);
        assert_eq!(bench.realm(&user.principal_name), kind);
    }
    let (mut bench, _) = with_user();
    assert_eq!(bench.realm("nobody@nowhere.test"), "Unknown");
}

#[test]
fn a_profile_without_a_password_is_acknowledged_and_does_nothing() {
    let (mut bench, user) = with_user();
    let body = json!({"passwordProfile": {"forceChangePasswordNextSignIn": true}});
    let reply = bench.try_graph(&Method::PATCH, &format!("users/{}", user.object_id), Some(&body)).unwrap();
    assert_eq!((reply.status, bench.sign_in(&user, OLD).status), (204, 200));
}

#[test]
fn what_is_asked_for_besides_the_password_comes_after_it() {
    let (mut bench, user) = with_user();
    for (code, error) in [(50_076, "invalid_grant"), (53_003, "interaction_required")] {
        bench.cloud.directory().user(&user).demand = Some(code);
        is_login_error(&bench.sign_in(&user, OLD), 400, error, code);
        is_login_error(&bench.sign_in(&user, "wrong"), 400, "invalid_grant", 50_126);
    }
    bench.cloud.directory().user(&user).must_change = true;
    is_login_error(&bench.sign_in(&user, OLD), 400, "invalid_grant", 50_055);
    bench.cloud.directory().user(&user).enabled = false;
    is_login_error(&bench.sign_in(&user, OLD), 400, "invalid_grant", 50_057);
    let stranger = User { principal_name: "nobody@example.test".to_owned(), ..user };
    is_login_error(&bench.sign_in(&stranger, OLD), 400, "invalid_grant", 50_034);
}

#[test]
fn ten_different_wrong_passwords_lock_a_user_out_and_the_same_one_counts_once() {
    let (mut bench, user) = with_user();
    for _ in 0..20 {
        is_login_error(&bench.sign_in(&user, "wrong"), 400, "invalid_grant", 50_126);
    }
    assert_eq!(bench.sign_in(&user, OLD).status, 200);
    for number in 0..10 {
        is_login_error(&bench.sign_in(&user, &format!("wrong {number}")), 400, "invalid_grant", 50_126);
    }
    is_login_error(&bench.sign_in(&user, OLD), 400, "invalid_grant", 50_053);
    bench.cloud.directory().reset(&user, NEW);
    assert_eq!(bench.sign_in(&user, NEW).status, 200);
}

#[test]
fn a_new_password_spreads_and_its_change_may_show_late() {
    let (mut bench, user) = with_user();
    let before = bench.last_change(&user);
    bench.cloud.directory().propagation = Propagation { failing: 2, flaps: vec![true, false] };
    bench.set(&user, NEW);
    let logins: Vec<_> = (0..6).map(|_| bench.sign_in(&user, NEW).status).collect();
    assert_eq!(logins, [400, 400, 200, 400, 200, 200]);
    bench.cloud.fault(On::read().nth(1), Fault::StaleList(1));
    assert_eq!(bench.last_change(&user), before);
    assert!(bench.last_change(&user) > before);
}

#[test]
fn changes_and_sign_ins_go_wrong_as_planned() {
    for (fault, password) in [
        (Fault::DropBeforeApply, OLD),
        (Fault::ApplyThenDrop, NEW),
        (Fault::LandLate(Duration::from_millis(1)), NEW),
    ] {
        let (mut bench, user) = with_user();
        bench.cloud.fault(On::set_password(), fault.clone());
        assert!(bench.try_set(&user, NEW).is_err(), "{fault:?}");
        bench.cloud.wait_for_late_writes();
        assert!(bench.cloud.is_password(&user, password), "{fault:?}");
    }
    let (mut bench, user) = with_user();
    bench.cloud.fault(On::set_password(), Fault::ApplyThenStatus(503));
    assert_eq!((bench.set(&user, NEW).status, bench.sign_in(&user, NEW).status), (503, 200));
    bench.cloud.fault(On::sign_in_of(&user.principal_name), Fault::Throttle(Some(3)));
    assert_eq!(bench.login(&bench.admin.clone(), &bench.admin_secret.value.clone()).status, 200);
    assert_eq!(bench.sign_in(&user, NEW).status, 429);
    let last = bench.cloud.requests().pop().unwrap();
    assert_eq!(last.username, Some(user.principal_name));
}

#[test]
fn a_password_outside_of_its_place_is_noticed() {
    let (mut bench, user) = with_user();
    bench.get(&format!("users/{}?note={OLD}", user.object_id));
    bench.post(&bench.action("addPassword"), &json!({"note": OLD}));
    let violations = bench.cloud.violations();
    assert!(violations[0].contains("in the URL") && violations[1].contains("in the body"), "{violations:?}");
}
