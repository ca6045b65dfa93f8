//! Checks with both of Keeper's own clients that they take the stand-in for Keeper, over TLS and a proxy.

mod service;
mod trouble;

use pamrun_tests::keeper::{Endpoint, Fault, KeeperServer, Odd, On, error_body};
use pamrun_tests::record::{Record, set, text};
use pamrun_tests::witness::{Complaint, Language, Witness};
use serde_json::{Value, json};

/// A server with one record, and a client of it.
struct Bench {
    server: KeeperServer,
    witness: Witness,
    record: Record,
}

impl Bench {
    fn new(language: Language) -> Self {
        let server = KeeperServer::new();
        let record = Record::pam_user("Löhne €").text("it", "old");
        server.keeper.put_record(&record.uid, &record.json, true);
        let witness = Witness::new(language, &server);
        Self { server, witness, record }
    }

    fn set(&self, value: &str) -> Result<(), Complaint> {
        self.witness.set(&self.record.uid, "it", value)
    }

    /// What the server has.
    fn stored(&self) -> String {
        text(&self.server.keeper.record(&self.record.uid).0, "it")
    }
}

/// Lets both clients do the same.
fn both(test: impl Fn(Bench, Language)) {
    for language in [Language::Python, Language::Rust] {
        test(Bench::new(language), language);
    }
}
