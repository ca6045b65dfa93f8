//! Plugins that are written with the SDKs for Python and JavaScript: the same service, rotated by the
//! real binary, with the same ends.

use pamrun_tests::gateway::{Exec, Gateway, Run, template};
use pamrun_tests::params::Params;
use pamrun_tests::record::{Record, text};
use pamrun_tests::tokens::{Fault, Token, TokenApi};

const LANGUAGES: [&str; 2] = ["python", "javascript"];

/// An account with one token, a record of it, and one of the admin token.
struct Bench {
    api: TokenApi,
    gateway: Gateway,
    record: Record,
    admin: Record,
    old: Token,
    language: &'static str,
}

impl Bench {
    fn new(language: &'static str) -> Self {
        let (api, gateway) = (TokenApi::new(), Gateway::new());
        let old = api.issue("by hand");
        let record = Record::pam_user("Payroll – Löhne")
            .text("account", &api.account)
            .text("token_id", &old.id)
            .hidden("token", &old.value);
        let admin = Record::new("login", "Admin of the API").hidden("admin_token", &api.admin_token);
        gateway.fill_vault([&record, &admin]);
        Self { api, gateway, record, admin, old, language }
    }

    fn exec(&self) -> Exec<'_> {
        let params = Params {
            user_record: self.record.uid.clone(),
            records: [&self.record, &self.admin].map(Record::flattened).into(),
            ..Params::default()
        };
        self.gateway
            .exec(&template(&format!("tokens-{}", self.language)), params.line())
            .flag("--vault", self.gateway.vault().flag())
            .host(TokenApi::HOST, self.api.address())
    }

    fn run(&self, exec: Exec<'_>) -> Run {
        exec.run(|| self.api.secrets_ever())
    }

    fn rotate(&self) -> Run {
        self.run(self.exec())
    }

    /// Fails unless vault and service are as they were.
    #[track_caller]
    fn expect_unchanged(&self, run: &Run) {
        assert_eq!(self.gateway.vault().record(&self.record.uid), self.record.json, "\n{run}");
        assert_eq!(self.api.tokens(), std::slice::from_ref(&self.old), "\n{run}");
    }

    /// Fails unless the record holds the only token that there is, and a new one.
    #[track_caller]
    fn expect_rotated(&self, run: &Run) {
        run.ends("rotated", 0);
        let tokens = self.api.tokens();
        let [token] = tokens.as_slice() else { panic!("{} tokens\n{run}", tokens.len()) };
        assert_ne!(token.id, self.old.id, "\n{run}");
        let record = self.gateway.vault().record(&self.record.uid);
        assert_eq!(
            (text(&record, "token_id"), text(&record, "token")),
            (token.id.clone(), token.value.clone())
        );
    }
}

#[test]
fn inspect_says_what_a_plugin_is_written_in() {
    for language in LANGUAGES {
        let gateway = Gateway::new();
        let file = template(&format!("tokens-{language}"));
        // It compiles the plugin, which takes as long as the machine is slow.
        let output = gateway.command(&["plugin", "inspect"]).argument(file).command().output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        let stamp = format!("made by {language} with pamrun's SDK {}", env!("CARGO_PKG_VERSION"));
        assert!(output.status.success() && shown.contains(&stamp), "{shown}");
    }
}

#[test]
fn a_token_is_made_proven_and_saved_and_the_old_one_removed() {
    for language in LANGUAGES {
        let bench = Bench::new(language);
        let run = bench.rotate();
        bench.expect_rotated(&run);
        assert_eq!(run.outcome["proof"], "verified", "\n{run}");
        assert_eq!(run.list("removed"), [bench.old.id.as_str()], "\n{run}");
        let account = format!("/v1/accounts/{}", bench.api.account);
        let expected = [
            format!("GET {account}"),
            format!("POST {account}/tokens"),
            "GET /v1/whoami".to_owned(),
            format!("DELETE {account}/tokens/{}", bench.old.id),
        ];
        assert_eq!(bench.api.requests(), expected, "\n{run}");
    }
}

#[test]
fn a_new_token_that_may_do_nothing_is_removed_again() {
    for language in LANGUAGES {
        let bench = Bench::new(language);
        bench.api.fault("GET", "/v1/whoami", Fault::Status(403));
        let run = bench.rotate();
        run.ends("failed", 1).with_code("forbidden");
        bench.expect_unchanged(&run);
    }
}

#[test]
fn a_token_whose_answer_is_lost_is_found_by_its_marker() {
    for language in LANGUAGES {
        let bench = Bench::new(language);
        bench.api.fault("POST", "/tokens", Fault::ApplyThenDrop);
        let run = bench.rotate();
        bench.expect_rotated(&run);
        let made = bench.api.requests().iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(made, 2, "\n{run}");
    }
}

#[test]
fn a_trap_after_a_token_was_made_is_rolled_back() {
    for language in LANGUAGES {
        let bench = Bench::new(language);
        // More than the guest has room for: it is stopped while it reads the answer.
        bench.api.fault("POST", "/tokens", Fault::ApplyThenSay("[1]".repeat(1 << 20)));
        let run = bench.run(bench.exec().flag("--memory", "17MiB"));
        run.ends("limit", 4).with_code("memory");
        bench.expect_unchanged(&run);
    }
}

#[test]
fn a_mistake_of_the_plugin_is_named_with_its_place() {
    for (language, place) in [("python", "at plugin.py:"), ("javascript", "at plugin.js:")] {
        let bench = Bench::new(language);
        bench.api.fault("GET", &bench.api.account, Fault::ApplyThenSay(r#"{"tokens": null}"#.to_owned()));
        let run = bench.rotate();
        run.ends("failed", 1).with_code("plugin-error");
        let message = run.outcome["error"]["message"].as_str().unwrap();
        assert!(message.contains("TypeError") && message.contains(place), "{run}");
        bench.expect_unchanged(&run);
    }
}

#[test]
fn a_service_that_is_not_reached_has_changed_nothing() {
    for language in LANGUAGES {
        let bench = Bench::new(language);
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let exec = bench.exec().set("api", "elsewhere.example.com").host("elsewhere.example.com", nobody);
        let run = bench.run(exec);
        run.ends("failed", 1).with_code("no-answer");
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains("connection refused"), "{run}");
        bench.expect_unchanged(&run);
    }
}
