//! The plugin against a small stateful organization, in virtual time.

use http::header::{AUTHORIZATION, LOCATION};
use microsoft_graph::testing::{Fault, Faults, Played, form_field, token};
use pamrun_plugin::testing::{Answer, FakeHost, Sent, answer, request};
use pamrun_plugin::{
    Credential, Failure, FailureKind, Plan, Plugin, Proof, Request, Role, SettingValue, Update,
};
use serde_json::{Value, json};

use crate::AzureDevopsVariableGroup;

const ADMIN_SECRET: &str = "adm&in=+%:@[] ~secret";
const PAT: &str = "pat-pat-pat-pat";
const NEW: &str = "value-of-new";
const TARGET: &str = "https://dev.azure.com/contoso/pay roll/variablegroups/7";

struct Organization {
    group: Value,
    /// The values of secret variables, which are never shown.
    hidden: Value,
    faults: Faults,
    writes: usize,
    /// What everybody is answered who is not known.
    stranger: Option<u16>,
    authorization: &'static str,
}

impl Organization {
    fn new() -> Self {
        Self {
            group: json!({
                "id": 7, "name": "Payroll secrets", "type": "Vsts", "description": "of the payroll",
                "modifiedOn": "2031-05-04T03:02:01Z",
                "variables": {
                    "Client_Secret": {"value": null, "isSecret": true},
                    "OTHER": {"value": null, "isSecret": true},
                    "plain": {"value": "as it \u{e9} was", "isReadOnly": true},
                },
                "variableGroupProjectReferences": [
                    {"name": "Payroll secrets", "projectReference": {"id": "p1", "name": "pay roll"}},
                    {"name": "Shared", "projectReference": {"id": "p2", "name": "reports"}},
                ],
            }),
            hidden: json!({"Client_Secret": "old", "OTHER": "theirs"}),
            faults: Faults::new(),
            writes: 0,
            stranger: None,
            authorization: "Bearer ",
        }
    }

    fn write(&mut self, body: &Value) {
        self.writes += 1;
        let mut variables = body["variables"].clone();
        let mut hidden = json!({});
        for (name, variable) in variables.as_object_mut().unwrap() {
            if variable["isSecret"] == true {
                let sent = variable["value"].take();
                hidden[name] = if sent.is_null() { self.hidden[name].clone() } else { sent };
            }
        }
        self.hidden = hidden;
        self.group["variables"] = variables;
        for key in ["name", "type", "description", "variableGroupProjectReferences"] {
            self.group[key] = body[key].clone();
        }
    }
}

impl Played for Organization {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn apply(&mut self, sent: &Sent) -> Answer {
        let (host, path) = (sent.uri().host().unwrap(), sent.uri().path());
        if host == "login.microsoftonline.com" {
            assert_eq!(form_field(sent, "scope"), "499b84ac-1321-427f-aa17-267ca6975798/.default");
            return token(&json!({}));
        }
        assert_eq!(host, "dev.azure.com");
        let shown = sent.headers()[AUTHORIZATION].to_str().unwrap();
        assert!(shown.starts_with(self.authorization), "{shown}");
        if let Some(status) = self.stranger {
            let mut page = answer(status, "<html>sign in</html>")?;
            page.headers_mut().insert(LOCATION, "https://spsprodeus1.example/_signin".parse().unwrap());
            return Ok(page);
        }
        match (sent.method().as_str(), path) {
            ("GET", "/contoso/pay%20roll/_apis/distributedtask/variablegroups/7") => {
                answer(200, self.group.to_string())
            }
            ("GET", "/contoso/pay%20roll/_apis/distributedtask/variablegroups") => {
                assert_eq!(sent.uri().query(), Some("groupName=Payroll%20secrets&api-version=7.1"));
                answer(200, json!({"count": 1, "value": [self.group]}).to_string())
            }
            ("PUT", "/contoso/_apis/distributedtask/variablegroups/7") => {
                let body: Value = serde_json::from_slice(sent.body()).unwrap();
                self.write(&body);
                answer(200, self.group.to_string())
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
}

fn text(value: &str) -> SettingValue {
    SettingValue::Text(value.to_owned())
}

fn bare() -> Request {
    let mut request = request(&AzureDevopsVariableGroup::manifest())
        .with_setting("organization", text("contoso"))
        .with_setting("project", text("pay roll"))
        .with_setting("group", text("Payroll secrets"))
        .with_setting("variable", text("CLIENT_SECRET"));
    request.deliver = vec![Update::text("client_secret_id", "k2"), Update::secret("client_secret", NEW)];
    request
}

fn usual() -> Request {
    let fields =
        [("application_client_id", "app"), ("client_secret", ADMIN_SECRET), ("tenant_id", "t.example")];
    bare().with_record(Role::Attached, "admin", &fields)
}

fn plan() -> Plan {
    Plan { target: TARGET.to_owned(), creates: String::new(), removes: Vec::new(), notes: Vec::new() }
}

fn run<T>(
    service: &mut Organization,
    step: impl FnOnce(&FakeHost<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let host = FakeHost::new(|sent, _| service.answer(sent));
    let result = step(&host);
    let mut said = host.logged();
    said.extend(result.as_ref().err().map(|failure| failure.message.clone()));
    for secret in [ADMIN_SECRET, PAT, NEW, "Bearer", "token-of"] {
        assert!(!said.iter().any(|line| line.contains(secret)), "{secret} in {said:?}");
    }
    result
}

fn preflight(service: &mut Organization, request: &Request) -> Result<Plan, Failure> {
    run(service, |host| AzureDevopsVariableGroup::preflight(host, request))
}

fn deliver(service: &mut Organization, request: &Request) -> Result<Credential, Failure> {
    run(service, |host| AzureDevopsVariableGroup::rotate(host, request, &plan()))
}

#[test]
fn one_variable_changes_and_everything_else_stays() {
    let mut service = Organization::new();
    let before = service.group.clone();
    let request = usual();
    assert_eq!(preflight(&mut service, &request).unwrap().target, TARGET);
    let made = deliver(&mut service, &request).unwrap();
    assert_eq!((service.group.to_string(), service.writes), (before.to_string(), 1));
    assert_eq!(service.hidden, json!({"Client_Secret": NEW, "OTHER": "theirs"}));
    let verified = run(&mut service, |host| AzureDevopsVariableGroup::verify(host, &request, &plan(), &made));
    assert_eq!(verified, Ok(Proof::Verified));
}

#[test]
fn a_value_that_may_be_seen_is_compared_first() {
    let mut service = Organization::new();
    let request =
        usual().with_setting("field", text("client_secret_id")).with_setting("variable", text("ID"));
    assert!(preflight(&mut service, &request).unwrap().notes[0].starts_with("info variable-new: "));
    deliver(&mut service, &request).unwrap();
    assert_eq!(service.group["variables"]["ID"], json!({"value": "k2"}));
    deliver(&mut service, &request).unwrap();
    assert_eq!(service.writes, 1);
}

#[test]
fn a_variable_that_everybody_could_read_becomes_secret_and_that_is_told() {
    let mut service = Organization::new();
    let request = usual().with_setting("variable", text("plain"));
    assert!(
        preflight(&mut service, &request).unwrap().notes[0].starts_with("warning variable-becomes-secret: ")
    );
    deliver(&mut service, &request).unwrap();
    assert_eq!(
        service.group["variables"]["plain"],
        json!({"value": null, "isSecret": true, "isReadOnly": true})
    );
}

#[test]
fn a_personal_access_token_goes_before_the_admin_app() {
    let mut service = Organization { authorization: "Basic OnBhdC1wYXQt", ..Organization::new() };
    let request = usual().with_record(Role::Attached, "pat", &[("azure_devops_pat", PAT)]);
    deliver(&mut service, &request).unwrap();
    assert_eq!(service.writes, 1);
    let failure = preflight(&mut service, &bare()).unwrap_err();
    assert!(failure.message.contains("azure_devops_pat"), "{failure}");
}

#[test]
fn a_bad_token_is_told_from_a_missing_right() {
    for status in [203, 302, 401, 200] {
        let mut service = Organization { stranger: Some(status), ..Organization::new() };
        let failure = preflight(&mut service, &usual()).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.kind), ("token-refused", FailureKind::Denied), "{status}");
    }
    let mut service = Organization::new().failing("PUT", Fault::Refuse(403, "", "no"));
    let failure = deliver(&mut service, &usual()).unwrap_err();
    assert_eq!(failure.code, "missing-right");
    assert!(failure.message.contains("administrator of the variable group"), "{failure}");
}

#[test]
fn a_refusal_with_a_code_that_nobody_knows_is_shown_as_it_came() {
    for status in [400, 403] {
        let mut service =
            Organization::new().failing("PUT", Fault::Refuse(status, "SomeNewException", "No."));
        let failure = deliver(&mut service, &usual()).unwrap_err();
        assert_eq!(failure.code, "devops-refused");
        let said = format!("Azure DevOps refuses (HTTP {status} SomeNewException: No.)");
        assert_eq!(failure.message, said);
    }
}

#[test]
fn a_lost_answer_is_uncertain_and_to_write_again_changes_nothing_else() {
    for fault in [Fault::LoseAfter, Fault::AnswerAfter(500), Fault::LoseBefore] {
        let mut service = Organization::new().failing("PUT", fault);
        assert_eq!(deliver(&mut service, &usual()).unwrap_err().kind, FailureKind::Uncertain);
        deliver(&mut service, &usual()).unwrap();
        assert_eq!(service.hidden, json!({"Client_Secret": NEW, "OTHER": "theirs"}));
    }
}

#[test]
fn a_group_that_cannot_be_written_without_a_loss_is_left_alone() {
    let mut linked = Organization::new();
    linked.group["type"] = "AzureKeyVault".into();
    assert_eq!(preflight(&mut linked, &usual()).unwrap_err().code, "group-linked");
    assert_eq!(deliver(&mut linked, &usual()).unwrap_err().code, "group-linked");
    let mut alone = Organization::new();
    alone.group["variableGroupProjectReferences"] = json!([]);
    assert_eq!(preflight(&mut alone, &usual()).unwrap_err().code, "project-references-missing");
    assert_eq!((linked.writes, alone.writes), (0, 0));
}

#[test]
fn somebody_elses_change_at_the_same_time_is_noticed() {
    let mut service = Organization::new();
    let request = usual();
    let host = FakeHost::new(|sent, _| {
        let answer = service.answer(sent);
        if sent.method() == "PUT" {
            service.group["variables"]["plain"]["value"] = "changed by hand".into();
        }
        answer
    });
    let failure = AzureDevopsVariableGroup::rotate(&host, &request, &plan()).unwrap_err();
    assert_eq!((failure.code.as_str(), failure.kind), ("group-changed", FailureKind::Conflict));
    assert!(failure.message.contains("plain"), "{failure}");
}

#[test]
fn what_does_not_exist_and_what_makes_no_sense_is_told() {
    let not_found = Organization::new().failing("variablegroups/7", Fault::Refuse(404, "", "no"));
    for (mut service, request, code) in [
        (not_found, usual().with_setting("group", text("7")), "group-not-found"),
        (
            Organization::new(),
            usual().with_setting("organization", text("https://dev.azure.com/x")),
            "setting-malformed",
        ),
        (Organization::new(), usual().with_setting("field", text("other")), "field-unknown"),
    ] {
        assert_eq!(preflight(&mut service, &request).unwrap_err().code, code);
    }
    let foreign = Plan { target: TARGET.replace("contoso", "else"), ..plan() };
    let failure =
        run(&mut Organization::new(), |host| AzureDevopsVariableGroup::rotate(host, &usual(), &foreign));
    assert_eq!(failure.unwrap_err().code, "foreign-plan");
}
