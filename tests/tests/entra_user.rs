//! The plugin for passwords of Entra users and the stand-in cloud, over real TLS: what either
//! expects of the other. No sandbox and no vault take part.

use std::cell::RefCell;

use entra_user_password::EntraUserPassword;
use http::Response;
use pamrun_plugin::testing::{FakeHost, Sent, request};
use pamrun_plugin::{
    Credential, Failure, FailureKind, Plan, Plugin, Proof, Request, Role, SendError, SettingValue,
};
use pamrun_tests::cloud::{
    App, Cloud, Fault, Home, Issued, On, Propagation, Sovereign, USER_ADMINISTRATOR, User,
};
use pamrun_tests::net::Client;

const OLD: &str = "0ld-P@ssword+%&=";
const NEW: &str = "n3w-P@ssword+%&=";

struct Bench {
    cloud: Cloud,
    client: RefCell<Client>,
    admin: App,
    admin_secret: Issued,
    user: User,
}

impl Bench {
    fn new() -> Self {
        let cloud = Cloud::new();
        let admin = cloud.register("pamrun admin");
        let admin_secret = cloud.issue(&admin, "admin");
        let mut directory = cloud.directory();
        directory.app(&admin).roles =
            ["User-PasswordProfile.ReadWrite.All", "User.Read.All"].map(str::to_owned).into();
        directory.app(&admin).directory_roles.push(USER_ADMINISTRATOR.to_owned());
        let user = directory.enrol(Sovereign::Global, "payroll", OLD);
        drop(directory);
        let client = RefCell::new(Client::new(cloud.address()));
        Self { cloud, client, admin, admin_secret, user }
    }

    fn request(&self, proposed: &str) -> Request {
        request(&EntraUserPassword::manifest())
            .with_target(&[("login", &self.user.principal_name)])
            .with_record(
                Role::Attached,
                "admin",
                &[
                    ("application_client_id", &self.admin.app_id),
                    ("client_secret", &self.admin_secret.value),
                    ("tenant_id", &self.admin.tenant),
                ],
            )
            .with_proposed(proposed)
    }

    /// A host whose requests go out for real, and whose waits take no time.
    fn host(&self) -> FakeHost<'_> {
        FakeHost::new(|sent: &Sent, _| {
            let headers: Vec<_> =
                sent.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
            let mut client = self.client.borrow_mut();
            let reply = client
                .send(sent.method(), &sent.uri().to_string(), &headers, sent.body().clone())
                .map_err(|error| SendError::Lost(error.to_string()))?;
            let mut answer = Response::builder().status(reply.status);
            *answer.headers_mut().unwrap() = reply.headers;
            Ok(answer.body(reply.json.to_string().into_bytes()).unwrap())
        })
    }

    fn preflight(&self) -> Result<Plan, Failure> {
        EntraUserPassword::preflight(&self.host(), &self.request(NEW))
    }

    fn rotate(&self) -> Result<Credential, Failure> {
        EntraUserPassword::rotate(&self.host(), &self.request(NEW), &self.preflight().unwrap())
    }

    fn verify(&self, credential: &Credential) -> Result<Proof, Failure> {
        EntraUserPassword::verify(&self.host(), &self.request(NEW), &self.preflight().unwrap(), credential)
    }
}

#[test]
fn a_password_is_changed_proven_and_put_back() {
    let bench = Bench::new();
    let plan = bench.preflight().unwrap();
    assert_eq!(plan.target, format!("entra:graph.microsoft.com/users/{}", bench.user.object_id));
    assert!(plan.notes.is_empty(), "{:?}", plan.notes);
    let credential = bench.rotate().unwrap();
    assert!(bench.cloud.is_password(&bench.user, NEW));
    assert_eq!(bench.verify(&credential), Ok(Proof::Verified));
    let back = bench.request(OLD);
    let undone = EntraUserPassword::rollback(&bench.host(), &back, &plan, Some(&credential.handle)).unwrap();
    assert_eq!(undone.gone, [credential.handle.as_str()]);
    assert!(bench.cloud.is_password(&bench.user, OLD));
    assert_eq!(bench.verify(&credential).unwrap_err().kind, FailureKind::WrongCredential);
    assert_eq!(bench.cloud.violations(), Vec::<String>::new());
}

#[test]
fn waiting_for_a_password_to_spread_locks_nobody_out() {
    let bench = Bench::new();
    bench.cloud.directory().propagation = Propagation { failing: 15, flaps: Vec::new() };
    let credential = bench.rotate().unwrap();
    assert_eq!(bench.verify(&credential), Ok(Proof::Verified));
}

#[test]
fn a_second_factor_is_proof_and_a_missing_consent_leaves_graphs_word() {
    let bench = Bench::new();
    let credential = bench.rotate().unwrap();
    bench.cloud.directory().user(&bench.user).demand = Some(50_076);
    assert_eq!(bench.verify(&credential), Ok(Proof::Verified));
    bench.cloud.directory().user(&bench.user).demand = Some(65_001);
    let proof = bench.verify(&credential).unwrap();
    assert!(matches!(&proof, Proof::Unproven(why) if why.contains("last changed")), "{proof:?}");
}

#[test]
fn a_read_that_lags_behind_the_change_is_waited_for() {
    let bench = Bench::new();
    let (plan, credential) = (bench.preflight().unwrap(), bench.rotate().unwrap());
    let trust = bench.request(NEW).with_setting("verify", SettingValue::Text("trust".to_owned()));
    bench.cloud.fault(On::read().first(3), Fault::StaleList(1));
    let before = bench.cloud.requests().len();
    let proof = EntraUserPassword::verify(&bench.host(), &trust, &plan, &credential).unwrap();
    assert!(matches!(proof, Proof::Unproven(_)));
    assert_eq!(bench.cloud.requests().len() - before, 1 + 4, "a login and four reads");
}

#[test]
fn a_lost_answer_is_repeated_safely_even_where_passwords_are_remembered() {
    for fault in [Fault::ApplyThenDrop, Fault::DropBeforeApply, Fault::ApplyThenStatus(503)] {
        let bench = Bench::new();
        bench.cloud.directory().user(&bench.user).rules.remembers = true;
        bench.cloud.fault(On::set_password(), fault.clone());
        assert_eq!(bench.rotate().unwrap_err().kind, FailureKind::Uncertain, "{fault:?}");
        bench.rotate().unwrap();
        assert!(bench.cloud.is_password(&bench.user, NEW), "{fault:?}");
    }
}

#[test]
fn what_stands_in_the_way_is_said_before_anything_is_touched() {
    for (home, code) in [(Home::OnPremises, "user-synced"), (Home::Federated, "user-federated")] {
        let bench = Bench::new();
        bench.cloud.directory().user(&bench.user).home = home;
        assert_eq!(bench.preflight().unwrap_err().code, code);
    }
    let bench = Bench::new();
    bench.cloud.directory().app(&bench.admin).directory_roles =
        vec!["0997a1d0-0d1d-4acb-b408-d5ca73121e90".to_owned()];
    assert!(bench.preflight().unwrap().notes[0].contains("User Administrator"));
    assert_eq!(bench.rotate().unwrap_err().code, "insufficient-rights");
    assert!(bench.cloud.is_password(&bench.user, OLD));
}
