//! A desk, and what must hold at it however a run ends.

use std::ops::Deref;
use std::path::Path;

use pamrun_tests::desk::Desk;
use pamrun_tests::gateway::Run;
use pamrun_tests::record::text;
use pamrun_tests::service::Trouble;

/// Short, so that whoever waits for them does not wait long.
const LIMITS: &str = r#"
timeout = "6s"
reserve = "3s"
request_timeout = "2s"
settle_window = "1s"
outage_patience = "1s"
cpu = "300ms"
requests = 60
"#;

pub const LIST: &str = "GET /accounts/acme/keys";
pub const CREATE: &str = "POST /accounts/acme/keys";
pub const REMOVE: &str = "POST /accounts/acme/keys/remove";
pub const LOGIN: &str = "GET /login";
/// As often as anybody asks.
pub const ALWAYS: usize = 1000;

pub struct Bench(Desk);

impl Deref for Bench {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.0
    }
}

impl Bench {
    pub fn new() -> Self {
        Self(Desk::new(LIMITS))
    }

    /// With a service where that becomes of a request, so often.
    pub fn disturbed(request: &str, trouble: Trouble, times: usize) -> Self {
        let bench = Self::new();
        bench.service.disturb(request, trouble, times);
        bench
    }

    /// Runs the guest with this behaviour.
    pub fn behave(&self, behaviour: &str) -> Run {
        self.run(self.exec(behaviour))
    }

    /// Runs the guest with this behaviour in this step.
    pub fn misbehave(&self, behaviour: &str, step: &str) -> Run {
        self.run(self.exec(behaviour).set("step", step))
    }

    /// Runs the guest with this behaviour, and with another manifest.
    pub fn behave_as(&self, plugin: &Path, behaviour: &str) -> Run {
        self.run(self.exec_of(plugin, behaviour))
    }

    /// Fails unless the run ended like this, named the guest and said why, with everything as before.
    #[track_caller]
    pub fn expect_stopped(&self, run: &Run, outcome: &str, exit: i32, code: &str) {
        run.ends(outcome, exit).with_code(code);
        assert_eq!(run.outcome["plugin"]["name"], "misbehaving", "\n{run}");
        assert!(!why(run).is_empty(), "\n{run}");
        assert_eq!(self.gateway.vault().record(&self.record.uid), self.record.json, "\n{run}");
        assert_eq!(self.service.keys(), std::slice::from_ref(&self.old), "\n{run}");
    }

    /// Fails unless the new key is saved and alone, and this is said of it.
    #[track_caller]
    pub fn expect_rotated(&self, run: &Run) {
        run.ends("rotated", 0);
        self.expect_guaranteed(run);
        assert_eq!(run.outcome["proof"], "verified", "\n{run}");
        assert_eq!(run.list("removed"), [self.old.id.as_str()], "\n{run}");
        assert_eq!(self.service.keys().len(), 1, "\n{run}");
    }

    /// Fails unless the new key is saved, and the old one is kept and named.
    #[track_caller]
    pub fn expect_kept(&self, run: &Run) {
        self.expect_guaranteed(run);
        assert_eq!((&run.outcome["saved"], run.list("removed")), (&true.into(), Vec::new()), "\n{run}");
        assert!(run.outcome["retained"].to_string().contains(&self.old.id), "\n{run}");
        assert!(self.service.keys().contains(&self.old), "\n{run}");
    }

    /// Fails unless what the design guarantees holds, however the run ended.
    #[track_caller]
    pub fn expect_guaranteed(&self, run: &Run) {
        let outcomes = [("rotated", 0), ("failed", 1), ("refused", 3), ("limit", 4), ("uncertain", 5)];
        let ending = (run.word("outcome"), run.exit.unwrap_or(-1));
        assert!(outcomes.contains(&ending), "{ending:?}\n{run}");
        let record = self.gateway.vault().record(&self.record.uid);
        let saved = text(&record, "key_id");
        assert!(self.service.accepts(&text(&record, "key")), "the vault's key does not log in\n{run}");
        assert_eq!(run.outcome["saved"] == true, saved != self.old.id, "\n{run}");
        for key in self.service.keys().iter().filter(|key| key.id != saved) {
            let marker = key.name.split('.').next().unwrap();
            let is_named = run.stdout.contains(&key.id) || run.stdout.contains(marker);
            let may_be = ending.1 == 5 || run.outcome["retained"].to_string().contains(&key.id);
            assert!(may_be && is_named, "{} is left alive in silence\n{run}", key.name);
        }
    }
}

/// What the run says of its error.
pub fn why(run: &Run) -> String {
    run.outcome["error"]["message"].as_str().unwrap_or_default().to_owned()
}
