//! The audit line: one line of JSON for a run, and for each interrupted rotation that is settled, for
//! those who watch a gateway. It says who did what to which record, and how it ended; it quotes no
//! value, and no message of a plugin or a service.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::document::{DeliveryEntry, ErrorEntry, ListedEntry, PluginInfo, milliseconds};
use super::{Document, RotationEntry, RotationState, render_json};
use crate::rotation::OutcomeKind;
use crate::system::{Syslog, private, user};

/// Facility `authpriv`, which only administrators read, and severity `info` (RFC 3164, section 4.1.1).
const PRIORITY: u8 = 10 * 8 + 6;

/// Where audit lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditTarget {
    /// The system's log.
    Syslog,
    /// A file, which is appended to, and made for its owner alone where it is missing.
    File(PathBuf),
}

/// An open audit log.
#[derive(Debug)]
pub struct Audit(Sink);

#[derive(Debug)]
enum Sink {
    Syslog(Syslog),
    File(File),
}

/// What a line says. A key that says nothing is left out.
#[derive(Debug, Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    ending: Ending,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    updated: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retained: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delivered: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undelivered: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    ms: u64,
}

/// How a run ended, or what became of a rotation that had been interrupted.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Ending {
    Run { outcome: OutcomeKind, exit: u8, dry_run: bool },
    Settled { settled: RotationState },
}

impl Audit {
    /// Opens the log. It is done before anything is changed, so that nothing is changed unseen.
    ///
    /// # Errors
    /// When nobody takes the lines.
    pub fn open(target: &AuditTarget) -> io::Result<Self> {
        match target {
            AuditTarget::Syslog => Ok(Self(Sink::Syslog(Syslog::open()?))),
            AuditTarget::File(path) => {
                let file = private(OpenOptions::new().append(true).create(true)).open(path)?;
                Ok(Self(Sink::File(file)))
            }
        }
    }

    /// Writes the line of a run that took `elapsed`.
    ///
    /// # Errors
    /// When the line was not taken.
    pub fn run(&mut self, document: &Document, dry_run: bool, elapsed: Duration) -> io::Result<()> {
        self.write(&Line::run(document, dry_run, elapsed))
    }

    /// Writes the line of an interrupted rotation, that was settled or could not be, in `elapsed`.
    ///
    /// # Errors
    /// When the line was not taken.
    pub fn settled(&mut self, entry: &RotationEntry, elapsed: Duration) -> io::Result<()> {
        self.write(&Line::settled(entry, elapsed))
    }

    /// In one piece, so that the lines of others that run at the same time stay whole.
    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        let line = render_json(line, false)?;
        match &mut self.0 {
            Sink::Syslog(log) => log.send(&format!("<{PRIORITY}>pamrun[{}]: {line}", std::process::id())),
            Sink::File(file) => file.write_all(format!("{line}\n").as_bytes()),
        }
    }
}

impl<'a> Line<'a> {
    fn new(ending: Ending, plugin: Option<&'a PluginInfo>, error: Option<&'a ErrorEntry>) -> Self {
        Self {
            time: Timestamp::now().to_string(),
            ending,
            user: user(),
            record_uid: None,
            rotation_id: None,
            plugin: plugin.map(|plugin| format!("{} {}", plugin.name, plugin.version)),
            digest: plugin.map(|plugin| plugin.digest.as_str()),
            target: None,
            saved: None,
            updated: Vec::new(),
            removed: &[],
            retained: Vec::new(),
            delivered: Vec::new(),
            undelivered: Vec::new(),
            error: error.map(|error| error.code.as_str()),
            step: error.and_then(|error| error.step.as_deref()),
            ms: 0,
        }
    }

    fn run(document: &'a Document, dry_run: bool, elapsed: Duration) -> Self {
        let (outcome, exit) = (document.outcome, document.outcome.exit_code());
        Self {
            record_uid: document.record_uid.as_deref(),
            rotation_id: document.rotation_id.as_deref(),
            target: document.plan.as_ref().map(|plan| plan.target.as_str()),
            saved: Some(document.saved),
            updated: document.updates.iter().map(|update| update.label.as_str()).collect(),
            removed: &document.removed,
            retained: ids(&document.retained),
            delivered: targets(&document.deliveries, true),
            undelivered: targets(&document.deliveries, false),
            ms: milliseconds(elapsed),
            ..Self::new(
                Ending::Run { outcome, exit, dry_run },
                document.plugin.as_ref(),
                document.error.as_ref(),
            )
        }
    }

    fn settled(entry: &'a RotationEntry, elapsed: Duration) -> Self {
        Self {
            record_uid: Some(&entry.record_uid),
            rotation_id: Some(&entry.rotation_id),
            target: Some(&entry.target),
            removed: &entry.removed,
            retained: ids(&entry.retained),
            delivered: targets(&entry.deliveries, true),
            undelivered: targets(&entry.deliveries, false),
            ms: milliseconds(elapsed),
            ..Self::new(Ending::Settled { settled: entry.state }, entry.plugin.as_ref(), entry.error.as_ref())
        }
    }
}

/// Where consumers keep the value that have it now, or do not.
fn targets(deliveries: &[DeliveryEntry], delivered: bool) -> Vec<&str> {
    let those = deliveries.iter().filter(|delivery| delivery.delivered == delivered);
    those.map(|delivery| delivery.target.as_str()).collect()
}

fn ids(listed: &[ListedEntry]) -> Vec<&str> {
    listed.iter().map(|listed| listed.id.as_str()).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests read what was written")]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixDatagram;

    use serde_json::{Value, json};

    use super::super::document::tests::{failed, rotated};
    use super::super::recovery::tests::committed;
    use super::*;

    const ELAPSED: Duration = Duration::from_millis(1234);

    fn written(document: &Document) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let mut audit = Audit::open(&AuditTarget::File(path.clone())).unwrap();
        audit.run(document, false, ELAPSED).unwrap();
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn a_line_says_who_did_what_to_which_record_and_no_value() {
        let mut line = written(&rotated());
        assert!(line["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        line["time"] = Value::Null;
        line["user"] = Value::Null;
        let digest = rotated().plugin.unwrap().digest;
        let expected = json!({
            "time": null, "outcome": "rotated", "exit": 0, "dry_run": false, "user": null,
            "record_uid": "u1", "rotation_id": "r1",
            "plugin": "azure-app-secret 0.1.0", "digest": digest, "target": "tenant/app",
            "saved": true, "updated": ["client_secret", "client_secret_id"],
            "removed": ["k0"], "retained": ["k1"],
            "delivered": ["file:/app/.env"], "undelivered": ["file:/app/.env"], "ms": 1234,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_settled_rotation_has_a_line_that_says_what_became_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let mut audit = Audit::open(&AuditTarget::File(path.clone())).unwrap();
        audit.settled(&committed(), ELAPSED).unwrap();
        let mut line: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        line["time"] = Value::Null;
        line["user"] = Value::Null;
        line["digest"] = Value::Null;
        let expected = json!({
            "time": null, "settled": "committed", "user": null, "record_uid": "u1", "rotation_id": "r1",
            "plugin": "azure-app-secret 0.1.0", "digest": null, "target": "tenant/app",
            "removed": ["k0"], "retained": ["k1"], "ms": 1234,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_failure_is_told_by_its_code_and_not_in_the_words_of_others() {
        let line = written(&failed());
        let told = (&line["outcome"], &line["exit"], &line["error"], &line["step"]);
        assert_eq!(told, (&json!("refused"), &json!(3), &json!("host-not-allowed"), &json!("preflight")));
        assert!(!line.to_string().contains("graph.test"), "{line}");
    }

    #[test]
    fn lines_are_added_to_a_file_of_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = AuditTarget::File(folder.path().join("audit.log"));
        for _ in 0..2 {
            Audit::open(&target).unwrap().run(&rotated(), true, ELAPSED).unwrap();
        }
        let path = folder.path().join("audit.log");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 2);
    }

    #[test]
    fn the_systems_log_gets_one_message_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = UnixDatagram::bind(&path).unwrap();
        let mut audit = Audit(Sink::Syslog(Syslog::at(&path).unwrap()));
        audit.run(&rotated(), false, ELAPSED).unwrap();
        let mut message = [0; 4096];
        let length = log.recv(&mut message).unwrap();
        let message = String::from_utf8_lossy(&message[..length]).into_owned();
        assert!(message.starts_with("<86>pamrun[") && message.ends_with('}'), "{message}");
    }

    #[test]
    fn a_log_that_nobody_takes_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Audit::open(&AuditTarget::File(folder.path().join("no/such/folder"))).is_err());
        assert!(Syslog::at(&folder.path().join("no-log")).is_err());
    }
}
