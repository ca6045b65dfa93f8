//! Sections 3 to 5: reading, adding and removing.

use super::*;

// Section 3: reading.

#[test]
fn an_application_is_read_by_either_id_and_shows_no_value() {
    let mut bench = Bench::new();
    let (object_id, app_id) = (bench.target.object_id.clone(), bench.target.app_id.clone());
    for path in [format!("applications/{object_id}"), format!("applications(appId='{app_id}')")] {
        let reply = bench.get(&format!("{path}?$select=id,appId,passwordCredentials"));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json.as_object().unwrap().len(), 3, "{:?}", reply.json);
        let secret = &reply.json["passwordCredentials"][0];
        assert_eq!((&secret["keyId"], &secret["secretText"]), (&json!(bench.old.key_id), &Value::Null));
        assert_eq!(secret["hint"], bench.old.value[..3]);
    }
    assert_eq!(
        bench.get(&format!("applications?$filter=appId%20eq%20'{app_id}'")).json["value"][0]["id"],
        object_id
    );
    assert_eq!(bench.get(&format!("applications?$filter=appId+eq+'{object_id}'")).json["value"], json!([]));
}

#[test]
fn a_client_id_is_no_object_id_and_a_word_is_neither() {
    let mut bench = Bench::new();
    let app_id = bench.target.app_id.clone();
    is_graph_error(&bench.get(&format!("applications/{app_id}")), 404, "Request_ResourceNotFound");
    is_graph_error(&bench.get("applications/payroll"), 400, "Request_BadRequest");
}

#[test]
fn secrets_of_the_service_principal_live_apart() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    let issued = bench.cloud.directory().issue_to_principal(&target, "elsewhere");
    assert_eq!(bench.login(&target, &issued.value).status, 200);
    assert_eq!(bench.listed(), 1);
    is_graph_error(&bench.remove(&issued.key_id), 400, "Request_BadRequest");
    let path = format!("servicePrincipals(appId='{}')?$select=id,passwordCredentials", target.app_id);
    let reply = bench.get(&path);
    assert_eq!(reply.json["passwordCredentials"][0]["keyId"], issued.key_id);
    let path = format!("servicePrincipals(appId='{}')?$select=accountEnabled", target.app_id);
    assert_eq!(bench.get(&path).json, json!({"accountEnabled": true}));
    bench.cloud.directory().app(&target).disabled = true;
    assert_eq!(bench.get(&path).json, json!({"accountEnabled": false}));
}

#[test]
fn lists_can_lag_and_go_back_and_forth() {
    let mut bench = Bench::new();
    bench.add("one");
    bench.add("two");
    for (nth, behind) in [(1, 2), (2, 0), (3, 1), (4, 99)] {
        bench.cloud.fault(On::read().nth(nth), Fault::StaleList(behind));
    }
    let counts: Vec<_> = (0..5).map(|_| bench.listed()).collect();
    assert_eq!(counts, [1, 3, 2, 0, 3]);
}

// Sections 4 and 5: adding and removing.

#[test]
fn a_new_secret_is_shown_once_and_logs_in() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    let wish = json!({"displayName": "it", "startDateTime": "2031-05-04T03:02:01Z", "endDateTime": "2031-11-04T03:02:01Z"});
    let path = format!("applications(appId='{}')/addPassword", target.app_id);
    let reply = bench.post(&path, &json!({"passwordCredential": wish}));
    assert_eq!(reply.status, 200);
    for (key, value) in wish.as_object().unwrap() {
        assert_eq!(reply.json[key], *value);
    }
    let reply = bench.add("now");
    let value = reply.json["secretText"].as_str().unwrap().to_owned();
    assert!((16..=64).contains(&value.len()) && value.starts_with(reply.json["hint"].as_str().unwrap()));
    assert_eq!(bench.login(&target, &value).status, 200);
    assert!(bench.cloud.accepts(&target.app_id, &value));
    assert_eq!(bench.listed(), 3);
}

#[test]
fn the_body_is_optional_and_the_default_is_two_years() {
    let mut bench = Bench::new();
    let reply = bench.try_graph(&Method::POST, &bench.action("addPassword"), None).unwrap();
    let time = |key: &str| reply.json[key].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert_eq!(time("endDateTime").duration_since(time("startDateTime")).as_hours(), 24 * 730);
}

#[test]
fn a_value_of_our_own_a_patch_and_a_chunked_body_are_refused() {
    let mut bench = Bench::new();
    let reply =
        bench.post(&bench.action("addPassword"), &json!({"passwordCredential": {"secretText": "mine"}}));
    is_graph_error(&reply, 400, "Request_BadRequest");
    assert_eq!(bench.cloud.violations(), Vec::<String>::new());
    let path = format!("applications/{}", bench.target.object_id);
    let reply = bench.try_graph(&Method::PATCH, &path, Some(&json!({"passwordCredentials": []}))).unwrap();
    assert_eq!(reply.status, 400);
    let bearer = bench.bearer();
    let url = format!("https://graph.microsoft.com/v1.0/{}", bench.action("addPassword"));
    let reply = bench.client.send_chunked(&url, &[JSON, ("authorization", &bearer)], "{}").unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(bench.listed(), 1);
    let violations = bench.cloud.violations();
    assert!(violations[0].contains("PATCH") && violations[1].contains("length"), "{violations:?}");
}

#[test]
fn a_removed_secret_is_gone_and_an_unknown_one_is_refused_as_told() {
    let mut bench = Bench::new();
    let (target, old) = (bench.target.clone(), bench.old.clone());
    let reply = bench.remove(&old.key_id);
    assert_eq!((reply.status, reply.json), (204, Value::Null));
    assert!(!bench.cloud.accepts(&target.app_id, &old.value));
    is_login_error(&bench.login(&target, &old.value), 401, "invalid_client", 7_000_215);
    for (status, code) in [(400, "Request_BadRequest"), (404, "Request_ResourceNotFound")] {
        bench.cloud.directory().unknown_key_status = status;
        let reply = bench.remove(&old.key_id);
        is_graph_error(&reply, status, code);
        let text = reply.json["error"]["message"].as_str().unwrap();
        assert!(text.starts_with("No password credential found with keyId"), "{text}");
    }
}
