//! `pamrun secrets` with the real binary, in both vaults.

mod dialects;
mod failing;
mod forms;
mod odd_notations;
mod odd_records;
mod own_files;
mod page;
mod reading;

use std::path::PathBuf;

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::{Exec, Gateway, Run, VaultKind};
use pamrun_tests::record::Record;
use serde_json::{Value, json};

/// The UID on the page of Keeper's extension.
const UID: &str = "6ya_fdc6XTsZ7i4x9Jcodg";
const FILE: &str = "DDDDDDDDDDDDDDDDDDDDDD";
/// A code that stays the same until 2033, so that a test cannot miss it.
const CODE_URL: &str = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=2000000000";

/// A vault with one record, whose values are watched for.
struct Bench {
    gateway: Gateway,
    password: String,
    key: String,
}

impl Bench {
    fn new(vault: VaultKind) -> Self {
        let gateway = Gateway::with(vault);
        let password = format!("{};]%'{}", random_text(12), random_text(12));
        let lines = [random_text(40), random_text(40)];
        let key = format!("-----BEGIN KEY-----\n{}\n{}\n-----END KEY-----\n", lines[0], lines[1]);
        let mut record = Record::new("login", "Löhne / Gehälter [1]")
            .standard("login", "", "svc-payroll")
            .standard("password", "", &password)
            .standard("oneTimeCode", "", CODE_URL)
            .hidden("PEM", &key)
            .text("empty", "");
        UID.clone_into(&mut record.uid);
        record.json["uid"] = UID.into();
        record.json["custom"].as_array_mut().unwrap().push(json!({
            "type": "phone", "label": "phones", "value": [{"number": "1"}, {"number": "2"}],
        }));
        gateway.fill_vault([&record]);
        // Escaped, lines of a key are found only one by one.
        for line in &lines {
            gateway.plant("a line of the key", line);
        }
        if vault == VaultKind::Keeper {
            gateway.keeper().keeper.vault().attach(UID, FILE, "cert.pem", key.as_bytes());
        }
        for name in ["inputs/out", "inputs/closed"] {
            std::fs::create_dir(gateway.path(name)).unwrap();
        }
        Self { gateway, password, key }
    }

    /// A path where files may hold secrets.
    fn out(&self, name: &str) -> PathBuf {
        self.gateway.path(&format!("inputs/out/{name}"))
    }

    fn out_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.gateway.path("inputs/out")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self) -> Exec<'_> {
        self.gateway
            .command(&["secrets"])
            .flag("--config", self.gateway.path("config.toml"))
            .flag("--ca-file", self.gateway.path("ca.pem"))
            .flag("--vault", self.gateway.vault().flag())
    }

    /// Queries on stdin, whose answers may stand on stdout.
    fn ask(&self, queries: &str) -> Exec<'_> {
        self.command().input(queries.into()).capture_secret_stdout()
    }

    /// Queries that cannot all be answered: nothing may show anywhere.
    #[track_caller]
    fn refuses(&self, queries: &str, problems: &[&str]) -> Run {
        let run = self.command().input(queries.into()).run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        let told: Vec<_> = run.stderr.lines().skip(1).map(str::trim).collect();
        assert_eq!(told.len(), problems.len(), "{run}");
        for (told, problem) in told.iter().zip(problems) {
            assert!(told.contains(problem), "{problem}\n{run}");
        }
        assert_eq!(self.out_names(), Vec::<String>::new(), "{run}");
        run
    }
}

fn both(test: impl Fn(&Bench)) {
    for vault in [VaultKind::File, VaultKind::Keeper] {
        test(&Bench::new(vault));
    }
}

#[track_caller]
fn done(exec: Exec<'_>) -> Run {
    let run = exec.run(Vec::new);
    assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""), "{run}");
    run
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap()
}
