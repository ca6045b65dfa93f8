//! A script that does next to nothing, by its interpreter alone and by pamrun.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use pamrun_tests::gateway::Gateway;
use pamrun_tests::params::Params;
use pamrun_tests::record::Record;

use crate::measure::{Measured, Watch, run};

/// Reads the gateway's line, and ends.
const SCRIPT: &str = "#!/bin/sh\nread -r line\n";

/// The script, and a record that it was run for before.
pub struct Trivial {
    gateway: Gateway,
    script: PathBuf,
    line: Vec<u8>,
}

impl Trivial {
    /// Makes a gateway, and runs the script once: a record's first journal is made then.
    pub fn new() -> Self {
        let gateway = Gateway::new();
        let record = Record::pam_user("Trivial").hidden("password", "nobody reads it");
        gateway.fill_vault([&record]);
        let script = gateway.write("trivial.sh", SCRIPT);
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let params = Params {
            user_record: record.uid.clone(),
            records: vec![record.flattened()],
            ..Params::default()
        };
        let trivial = Self { gateway, script, line: params.line() };
        trivial.with_pamrun();
        trivial
    }

    /// By what its first line names.
    pub fn alone(&self) -> Measured {
        self.measured(&mut Command::new(&self.script))
    }

    /// As a gateway starts it.
    pub fn with_pamrun(&self) -> Measured {
        let exec = self.gateway.exec(&self.script, self.line.clone());
        self.measured(&mut exec.flag("--vault", self.gateway.vault().flag()).command())
    }

    fn measured(&self, command: &mut Command) -> Measured {
        let (measured, output) = run(command, &self.line, &Watch::default());
        assert!(output.status.success(), "{output:?}");
        measured
    }
}
