//! A user, whose password a record holds, and a gateway that rotates it.

use pamrun_tests::azure::admin_record;
use pamrun_tests::canary::random_text;
use pamrun_tests::cloud::{App, Cloud, Sovereign, USER_ADMINISTRATOR, User};
use pamrun_tests::gateway::{Exec, Gateway, Run, VaultKind, plugin};
use pamrun_tests::params::Params;
use pamrun_tests::record::{Record, fields, text};

pub const VAULTS: [VaultKind; 2] = [VaultKind::File, VaultKind::Keeper];

pub struct Bench {
    pub cloud: Cloud,
    pub gateway: Gateway,
    pub user: User,
    pub record: Record,
    pub admin_app: App,
    admin: Record,
    pub proposed: String,
}

impl Bench {
    pub fn new(vault: VaultKind, proposed: bool) -> Self {
        let cloud = Cloud::new();
        let admin_app = cloud.register("pamrun admin");
        let secret = cloud.issue(&admin_app, "admin");
        let old = format!("{}aA1!", random_text(16));
        let user = {
            let mut directory = cloud.directory();
            directory.app(&admin_app).roles =
                ["User-PasswordProfile.ReadWrite.All", "User.Read.All"].map(str::to_owned).into();
            directory.app(&admin_app).directory_roles.push(USER_ADMINISTRATOR.to_owned());
            directory.enrol(Sovereign::Global, "payroll", &old)
        };
        let mut record = Record::pam_user("Payroll");
        pamrun_tests::record::set(&mut record.json, "login", &user.principal_name);
        pamrun_tests::record::set(&mut record.json, "password", &old);
        let gateway = Gateway::with(vault);
        let proposed = if proposed { format!("{}aA1!", random_text(16)) } else { String::new() };
        let admin = admin_record(&admin_app, &secret.value);
        gateway.fill_vault([&record, &admin]);
        Self { cloud, gateway, user, record, admin_app, admin, proposed }
    }

    pub fn rotate(&self) -> Run {
        self.exec().run(Vec::new)
    }

    /// A rotation, ready to run.
    pub fn exec(&self) -> Exec<'_> {
        let params = Params {
            user_record: self.record.uid.clone(),
            new_password: self.proposed.clone(),
            user: self.user.principal_name.clone(),
            records: [&self.admin, &self.record].map(Record::flattened).into(),
            ..Params::default()
        };
        self.gateway
            .exec(&plugin("entra-user-password"), params.line())
            .flag("--vault", self.gateway.vault().flag())
            .host(Sovereign::Global.login(), self.cloud.address())
            .host(Sovereign::Global.graph(), self.cloud.address())
            .set("verify_window", "1s")
    }

    pub fn saved(&self) -> serde_json::Value {
        self.gateway.vault().record(&self.record.uid)
    }

    /// Whether the record's own field holds what works, and nothing is pending.
    #[track_caller]
    pub fn expect_agreement(&self, run: &Run) {
        let record = self.saved();
        assert!(self.cloud.is_password(&self.user, &text(&record, "password")), "\n{run}");
        assert!(fields(&record).all(|field| field["label"] != "pamrun_pending"), "\n{run}");
    }
}
