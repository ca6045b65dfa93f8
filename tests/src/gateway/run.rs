//! What came of a run, and how tests ask for it.

use serde_json::Value;

use crate::plain::plain;

/// The exit code after a second SIGTERM.
const TERMINATED: i32 = 128 + 15;

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none when a signal ended it.
    pub exit: Option<i32>,
    /// What it printed for programs.
    pub stdout: String,
    /// What it printed for people.
    pub stderr: String,
    /// stdout as JSON, or null.
    pub outcome: Value,
}

impl Run {
    /// Fails unless it ended like this.
    #[track_caller]
    pub fn ends(&self, outcome: &str, exit: i32) -> &Self {
        assert_eq!((self.word("outcome"), self.exit), (outcome, Some(exit)), "\n{self}");
        self
    }

    /// Fails unless it ended with this error code.
    #[track_caller]
    pub fn with_code(&self, code: &str) -> &Self {
        assert_eq!(self.outcome["error"]["code"], code, "\n{self}");
        self
    }

    /// Whether it was killed, or asked twice to end: then it ended wherever it was.
    pub fn is_cut_short(&self) -> bool {
        self.exit.is_none_or(|exit| exit == TERMINATED)
    }

    /// A text of the outcome document; empty when it is not there.
    pub fn word(&self, key: &str) -> &str {
        self.outcome[key].as_str().unwrap_or_default()
    }

    /// A list of texts of the outcome document.
    pub fn list(&self, key: &str) -> Vec<String> {
        let list = self.outcome[key].as_array().cloned().unwrap_or_default();
        list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
    }

    /// What a dry run found, as `LEVEL CODE`.
    pub fn findings(&self) -> Vec<String> {
        let list = self.outcome["findings"].as_array().cloned().unwrap_or_default();
        let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        list.iter().map(|finding| format!("{} {}", word(finding, "level"), word(finding, "code"))).collect()
    }

    /// The texts of what a dry run found, for a snapshot: message and fix on a line each.
    pub fn told_findings(&self) -> String {
        let list = self.outcome["findings"].as_array().cloned().unwrap_or_default();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let lines =
            list.iter().map(|finding| format!("{}\n{}", text(finding, "message"), text(finding, "fix")));
        plain(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// The texts of the error, likewise.
    pub fn told_error(&self) -> String {
        let text = |key: &str| self.outcome["error"][key].as_str().unwrap_or_default();
        plain(&format!("{}\n{}", text("message"), text("hint")))
    }

    /// What the outcome says will be removed: ids.
    pub fn planned_removals(&self) -> Vec<String> {
        let list = self.outcome["plan"]["removes"].as_array().cloned().unwrap_or_default();
        list.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exit = self.exit.map_or("by signal".to_owned(), |code| code.to_string());
        write!(f, "--- exit {exit}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}
