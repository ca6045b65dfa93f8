//! Guests that do what no plugin should: each is stopped, named and reported.

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::{Gateway, Run, guest};
use pamrun_tests::params::Params;
use pamrun_tests::record::Record;
use pamrun_tests::service::{Key, KeyService};

/// A key service, a record of one of its keys, and the guest that rotates it in its own way.
struct Bench {
    service: KeyService,
    gateway: Gateway,
    record: Record,
    old: Key,
}

impl Bench {
    fn new() -> Self {
        let (service, gateway) = (KeyService::new(), Gateway::new());
        let old = service.issue("by hand");
        let record = Record::pam_user("Key – Schlüssel").text("key_id", &old.id).hidden("key", &old.value);
        gateway.plant("newPassword", &random_text(24));
        gateway.fill_vault([&record]);
        gateway.write("config.toml", "version = 1\n[limits]\nsettle_window = \"1s\"\ncpu = \"500ms\"\n");
        Self { service, gateway, record, old }
    }

    fn run(&self, behaviour: &str, flags: &[(&str, &str)]) -> Run {
        let params = Params {
            user_record: self.record.uid.clone(),
            records: vec![self.record.flattened()],
            ..Params::default()
        };
        let mut exec = self
            .gateway
            .exec(&guest("misbehaving"), params.line())
            .flag("--vault", self.gateway.vault().flag())
            .host(KeyService::HOST, self.service.address())
            .set("behaviour", behaviour);
        for (name, value) in flags {
            exec = exec.flag(name, value);
        }
        exec.run(|| self.service.secrets_ever())
    }

    /// Fails unless vault and service are as before.
    #[track_caller]
    fn expect_unchanged(&self, run: &Run) {
        assert_eq!(self.gateway.vault().record(&self.record.uid), self.record.json, "\n{run}");
        assert_eq!(self.service.keys(), std::slice::from_ref(&self.old), "\n{run}");
    }

    /// Runs the guest; fails unless it ends like this, named, with everything as before.
    #[track_caller]
    fn stops(&self, behaviour: &str, flags: &[(&str, &str)], outcome: &str, exit: i32) -> Run {
        let run = self.run(behaviour, flags);
        run.ends(outcome, exit);
        assert!(run.outcome["plugin"]["name"].as_str().unwrap().contains("misbehaving"), "\n{run}");
        assert!(!run.outcome["error"]["message"].as_str().unwrap().is_empty(), "\n{run}");
        self.expect_unchanged(&run);
        run
    }
}

#[test]
fn a_guest_that_behaves_rotates_the_key() {
    let bench = Bench::new();
    let run = bench.run("none", &[]);
    run.ends("rotated", 0);
    assert_eq!(run.list("removed"), [bench.old.id.as_str()], "{run}");
    assert_eq!(bench.service.keys().len(), 1, "{run}");
}

#[test]
fn an_endless_loop_is_stopped_by_the_time_it_may_compute() {
    Bench::new().stops("loop", &[], "limit", 4).with_code("cpu");
}

#[test]
fn sleeping_for_ever_is_stopped_by_the_clock() {
    Bench::new().stops("sleep", &[("--timeout", "31s")], "limit", 4).with_code("timeout");
}

#[test]
fn a_memory_hoarder_is_stopped_at_its_limit() {
    Bench::new().stops("memory", &[("--memory", "8MiB")], "limit", 4).with_code("memory");
}

#[test]
fn a_flood_of_output_is_stopped_at_its_limit() {
    Bench::new().stops("output", &[], "limit", 4).with_code("output");
}

#[test]
fn a_flood_of_log_lines_is_cut_off() {
    let bench = Bench::new();
    let run = bench.run("log", &[]);
    assert!(run.stderr.len() < 1 << 20, "{} bytes of stderr", run.stderr.len());
}

#[test]
fn a_host_that_is_not_granted_is_refused_with_a_reason() {
    let run = Bench::new().stops("denied-host", &[], "refused", 3);
    assert!(run.outcome["error"]["message"].as_str().unwrap().contains("denied.example.test"), "{run}");
}

#[test]
fn a_redirect_to_a_metadata_address_is_not_followed() {
    let bench = Bench::new();
    bench.service.redirect_to("http://169.254.169.254/latest/meta-data/");
    let run = bench.run("redirect", &[]);
    assert!([1, 3].contains(&run.exit.unwrap()), "{run}");
    bench.expect_unchanged(&run);
}

#[test]
fn a_name_that_resolves_to_this_machine_is_refused() {
    let bench = Bench::new();
    let resolve = format!("loopback.example.test:443:{}", bench.service.address());
    let flags = [("--allow-host", "loopback.example.test"), ("--resolve", &*resolve)];
    let run = bench.stops("loopback", &flags, "refused", 3);
    assert!(run.outcome["error"].to_string().contains("--allow-private loopback.example.test"), "{run}");
}

#[test]
fn an_encoded_path_is_refused_before_it_is_matched() {
    let bench = Bench::new();
    let run = bench.stops("encoded-path", &[], "refused", 3);
    assert!(!bench.service.requests().iter().any(|line| line.contains("..")), "{run}");
}

#[test]
fn removing_in_rotate_is_refused_and_what_was_made_is_rolled_back() {
    Bench::new().stops("remove-in-rotate", &[], "refused", 3);
}

#[test]
fn removing_more_than_the_plan_is_refused() {
    let bench = Bench::new();
    let stranger = bench.service.issue("of somebody else");
    let run = bench.run("remove-more", &[]);
    assert!(bench.service.keys().contains(&stranger), "{run}");
    assert!(run.stdout.contains("removal-not-granted") || run.stdout.contains(&stranger.id), "{run}");
}

#[test]
fn a_secret_in_the_handle_is_refused_and_rolled_back() {
    Bench::new().stops("secret-handle", &[], "failed", 1);
}

#[test]
fn a_secret_that_is_printed_is_redacted() {
    // That it shows nowhere is looked for after every run.
    let run = Bench::new().run("print-secret", &[]);
    run.ends("rotated", 0);
    assert!(run.stderr.contains("[redacted]"), "{run}");
}

#[test]
fn a_trap_halfway_is_rolled_back_and_named() {
    Bench::new().stops("trap", &[], "failed", 1).with_code("plugin-trapped");
}
