//! Plugins that are written with the SDKs for Python and JavaScript: the same service, rotated by the
//! real binary, with the same ends. What happens otherwise is in the suite that `authors.rs` plays, where
//! waiting costs no time.

use pamrun_tests::gateway::{Gateway, Run, template};
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

    fn rotate(&self) -> Run {
        let params = Params {
            user_record: self.record.uid.clone(),
            records: [&self.record, &self.admin].map(Record::flattened).into(),
            ..Params::default()
        };
        self.gateway
            .exec(&template(&format!("tokens-{}", self.language)), params.line())
            .flag("--vault", self.gateway.vault().flag())
            .host(TokenApi::HOST, self.api.address())
            .run(|| self.api.secrets_ever())
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
