//! Sections 6 to 8: consistency, concurrency, rights, policies and errors.

use super::*;

// Section 6: consistency and concurrency.

#[test]
fn a_new_secret_fails_then_flaps_then_works() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    bench.cloud.directory().propagation = Propagation { failing: 2, flaps: vec![true, false] };
    let value = bench.add("new").json["secretText"].as_str().unwrap().to_owned();
    let logins: Vec<_> = (0..6).map(|_| bench.login(&target, &value).status).collect();
    assert_eq!(logins, [401, 401, 200, 401, 200, 200]);
}

#[test]
fn writes_that_follow_too_closely_collide_in_either_form() {
    for (form, status, code) in [
        (CollisionForm::Conflict, 409, "Directory_ConcurrencyViolation"),
        (CollisionForm::BadRequest, 400, "Request_BadRequest"),
    ] {
        let mut bench = Bench::new();
        bench.cloud.directory().collisions = Some((Duration::from_mins(1), form));
        let key = bench.add("new").json["keyId"].as_str().unwrap().to_owned();
        let reply = bench.remove(&key);
        is_graph_error(&reply, status, code);
        assert!(reply.json["error"]["message"].as_str().unwrap().contains("concurrent requests"));
        assert_eq!(bench.listed(), 2);
    }
}

#[test]
fn a_lost_answer_may_hide_a_write_or_none() {
    for (fault, count) in [
        (Fault::DropBeforeApply, 1),
        (Fault::ApplyThenDrop, 2),
        (Fault::CutInTheMiddle, 2),
        (Fault::LandLate(Duration::from_millis(1)), 2),
    ] {
        let mut bench = Bench::new();
        bench.cloud.fault(On::add_password(), fault.clone());
        let path = bench.action("addPassword");
        let reply = bench.try_graph(&Method::POST, &path, Some(&json!({})));
        assert!(reply.is_err(), "{fault:?}: {reply:?}");
        bench.cloud.wait_for_late_writes();
        assert_eq!(bench.listed(), count, "{fault:?}");
    }
}

#[test]
fn an_error_can_follow_a_write_and_an_answer_can_be_slow() {
    let mut bench = Bench::new();
    bench.cloud.fault(On::add_password().nth(1), Fault::ApplyThenStatus(503));
    bench.cloud.fault(On::add_password().nth(2), Fault::Delay(Duration::from_millis(30)));
    bench.cloud.fault(On::add_password().nth(3), Fault::Status(500, "{}".to_owned()));
    assert_eq!((bench.add("a").status, bench.listed()), (503, 2));
    let began = std::time::Instant::now();
    assert_eq!((bench.add("b").status, bench.listed()), (200, 3));
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert_eq!((bench.add("c").status, bench.listed()), (500, 3));
}

// Sections 7 and 8: rights, policies, errors.

#[test]
fn owned_by_needs_ownership_and_a_new_role_needs_a_new_token() {
    let mut bench = Bench::new();
    let (admin, target) = (bench.admin.clone(), bench.target.clone());
    let bearer = bench.bearer();
    bench.cloud.directory().app(&admin).roles = vec!["Application.ReadWrite.OwnedBy".to_owned()];
    let url = format!("https://graph.microsoft.com/v1.0/{}", bench.action("addPassword"));
    let reply = bench.client.send(&Method::POST, &url, &[JSON, ("authorization", &bearer)], "{}").unwrap();
    assert_eq!(reply.status, 200, "the old token still has the old role");
    is_graph_error(&bench.add("denied"), 403, "Authorization_RequestDenied");
    bench.cloud.directory().app(&target).owners.push(admin.principal_id.clone());
    assert_eq!(bench.add("owned").status, 200);
    let owners = bench.get(&bench.action("owners?$select=id"));
    assert_eq!(owners.json["value"], json!([{"id": admin.principal_id}]));
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{}", target.principal_id)});
    assert_eq!(bench.post(&bench.action("owners/$ref"), &link).status, 204);
    bench.cloud.directory().app(&admin).roles.clear();
    is_graph_error(
        &bench.get(&format!("applications/{}", target.object_id)),
        403,
        "Authorization_RequestDenied",
    );
}

#[test]
fn policies_and_the_size_of_the_object_refuse_new_secrets() {
    let mut bench = Bench::new();
    let (admin, target) = (bench.admin.clone(), bench.target.clone());
    bench.cloud.directory().app(&target).policy = Policy { longest_days: Some(90), ..Policy::default() };
    is_graph_error(&bench.add("long"), 400, "CredentialInvalidLifetimeAsPerAppPolicy");
    bench.cloud.directory().app(&target).policy = Policy { forbids_secrets: true, ..Policy::default() };
    is_graph_error(&bench.add("any"), 400, "CredentialTypeNotAllowedAsPerAppPolicy");
    is_graph_error(&bench.get(&bench.action("appManagementPolicies")), 403, "Authorization_RequestDenied");
    bench.cloud.directory().app(&admin).roles.push("Policy.Read.All".to_owned());
    let policies = bench.get(&bench.action("appManagementPolicies"));
    let rules = &policies.json["value"][0]["restrictions"]["passwordCredentials"];
    assert_eq!(rules[0]["restrictionType"], "passwordAddition");
    assert_eq!(bench.get("policies/defaultAppManagementPolicy").json["isEnabled"], false);
    bench.cloud.directory().app(&target).policy = Policy::default();
    bench.cloud.directory().default_policy = Policy { longest_days: Some(90), ..Policy::default() };
    is_graph_error(&bench.add("long"), 400, "CredentialInvalidLifetimeAsPerAppPolicy");
    let default = bench.get("policies/defaultAppManagementPolicy").json;
    let rule = &default["applicationRestrictions"]["passwordCredentials"][0];
    assert_eq!((&default["isEnabled"], &rule["maxLifetime"]), (&json!(true), &json!("P90D")));
    bench.cloud.directory().default_policy = Policy::default();
    bench.cloud.directory().app(&target).redirect_uris.push("https://app.example.test".to_owned());
    bench.cloud.directory().app(&target).capacity = 2;
    let reply = bench.add("one too many");
    is_graph_error(&reply, 403, "Directory_ResourceSizeExceeded");
    assert!(
        reply.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("size of the object has exceeded its limit")
    );
}

#[test]
fn planned_refusals_look_like_real_ones_and_do_nothing() {
    let mut bench = Bench::new();
    for (fault, status, code) in [
        (Fault::Denied, 403, "Authorization_RequestDenied"),
        (Fault::DeniedByPolicy, 400, "CredentialTypeNotAllowedAsPerAppPolicy"),
        (Fault::SizeExceeded, 403, "Directory_ResourceSizeExceeded"),
        (Fault::Collision(CollisionForm::Conflict), 409, "Directory_ConcurrencyViolation"),
        (Fault::UnknownKey(404), 404, "Request_ResourceNotFound"),
        (Fault::ExpireTokens, 401, "InvalidAuthenticationToken"),
    ] {
        bench.cloud.fault(On::add_password(), fault);
        is_graph_error(&bench.add("never"), status, code);
        assert_eq!(bench.listed(), 1);
        // Rules count on; the next one starts from here.
    }
}

#[test]
fn throttling_comes_with_and_without_the_time_to_wait() {
    let mut bench = Bench::new();
    bench.cloud.fault(On::add_password().nth(1), Fault::Throttle(Some(7)));
    bench.cloud.fault(On::add_password().nth(2), Fault::Throttle(None));
    bench.cloud.fault(On::token_of(&bench.target.app_id), Fault::Throttle(Some(1)));
    let reply = bench.add("a");
    assert_eq!((reply.status, reply.headers.get("retry-after").unwrap()), (429, &"7".parse().unwrap()));
    let reply = bench.add("b");
    assert_eq!((reply.status, reply.headers.get("retry-after")), (429, None));
    let reply = bench.login(&bench.target.clone(), "any");
    assert_eq!((reply.status, reply.json["error"].as_str()), (429, Some("temporarily_unavailable")));
    assert_eq!(bench.listed(), 1);
}

#[test]
fn a_bad_token_is_refused_in_every_form() {
    let mut bench = Bench::new();
    let url = format!("https://graph.microsoft.com/v1.0/applications/{}", bench.target.object_id);
    let bearer = bench.bearer();
    bench.cloud.directory().expire_tokens();
    for authorization in ["", "Bearer ", "Bearer a.b.c", bearer.as_str()] {
        let headers = [("authorization", authorization), ("client-request-id", "me")];
        let reply = bench.client.send(&Method::GET, &url, &headers, "").unwrap();
        is_graph_error(&reply, 401, "InvalidAuthenticationToken");
    }
}
