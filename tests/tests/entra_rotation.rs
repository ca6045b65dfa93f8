//! The password of an Entra user, rotated by the real binary: whatever the cloud takes for the
//! password, the record knows.

use pamrun_tests::azure::admin_record;
use pamrun_tests::canary::random_text;
use pamrun_tests::cloud::{Cloud, Fault, On, Sovereign, USER_ADMINISTRATOR, User};
use pamrun_tests::gateway::{Gateway, Run, VaultKind, plugin};
use pamrun_tests::params::Params;
use pamrun_tests::record::{Record, fields, text};

const VAULTS: [VaultKind; 2] = [VaultKind::File, VaultKind::Keeper];

struct Bench {
    cloud: Cloud,
    gateway: Gateway,
    user: User,
    record: Record,
    admin: Record,
    proposed: String,
}

impl Bench {
    fn new(vault: VaultKind, proposed: bool) -> Self {
        let cloud = Cloud::new();
        let admin = cloud.register("pamrun admin");
        let secret = cloud.issue(&admin, "admin");
        let old = format!("{}aA1!", random_text(16));
        let user = {
            let mut directory = cloud.directory();
            directory.app(&admin).roles =
                ["User-PasswordProfile.ReadWrite.All", "User.Read.All"].map(str::to_owned).into();
            directory.app(&admin).directory_roles.push(USER_ADMINISTRATOR.to_owned());
            directory.enrol(Sovereign::Global, "payroll", &old)
        };
        let mut record = Record::pam_user("Payroll");
        pamrun_tests::record::set(&mut record.json, "login", &user.principal_name);
        pamrun_tests::record::set(&mut record.json, "password", &old);
        let gateway = Gateway::with(vault);
        let proposed = if proposed { format!("{}aA1!", random_text(16)) } else { String::new() };
        let admin = admin_record(&admin, &secret.value);
        gateway.fill_vault([&record, &admin]);
        Self { cloud, gateway, user, record, admin, proposed }
    }

    fn rotate(&self) -> Run {
        let params = Params {
            user_record: self.record.uid.clone(),
            new_password: self.proposed.clone(),
            user: self.user.principal_name.clone(),
            records: [&self.admin, &self.record].map(Record::flattened).into(),
            ..Params::default()
        };
        let exec = self
            .gateway
            .exec(&plugin("entra-user-password"), params.line())
            .flag("--vault", self.gateway.vault().flag())
            .host(Sovereign::Global.login(), self.cloud.address())
            .host(Sovereign::Global.graph(), self.cloud.address())
            .set("verify_window", "1s");
        exec.run(Vec::new)
    }

    fn saved(&self) -> serde_json::Value {
        self.gateway.vault().record(&self.record.uid)
    }

    /// Whether the record's own field holds what works, and nothing is pending.
    #[track_caller]
    fn expect_agreement(&self, run: &Run) {
        let record = self.saved();
        assert!(self.cloud.is_password(&self.user, &text(&record, "password")), "\n{run}");
        assert!(fields(&record).all(|field| field["label"] != "pamrun_pending"), "\n{run}");
    }
}

#[test]
fn a_password_is_made_set_proven_and_saved() {
    for vault in VAULTS {
        let bench = Bench::new(vault, false);
        let run = bench.rotate();
        run.ends("rotated", 0);
        assert_eq!(run.outcome["proof"], "verified", "\n{run}");
        assert_ne!(text(&bench.saved(), "password"), text(&bench.record.json, "password"));
        bench.expect_agreement(&run);
    }
}

#[test]
fn the_password_that_the_gateway_proposes_is_set() {
    let bench = Bench::new(VaultKind::File, true);
    let run = bench.rotate();
    run.ends("rotated", 0);
    assert_eq!(text(&bench.saved(), "password"), bench.proposed);
    bench.expect_agreement(&run);
}

#[test]
fn a_refused_password_leaves_everything_as_it_was() {
    let bench = Bench::new(VaultKind::File, false);
    bench.cloud.fault(On::set_password(), Fault::Denied);
    let run = bench.rotate();
    run.ends("failed", 1);
    assert_eq!(text(&bench.saved(), "password"), text(&bench.record.json, "password"));
    bench.expect_agreement(&run);
}

#[test]
fn a_password_whose_acknowledgement_is_lost_is_set_again_and_saved() {
    for fault in [Fault::ApplyThenDrop, Fault::DropBeforeApply, Fault::ApplyThenStatus(503)] {
        let bench = Bench::new(VaultKind::File, false);
        bench.cloud.fault(On::set_password(), fault);
        let run = bench.rotate();
        run.ends("rotated", 0);
        bench.expect_agreement(&run);
    }
}
