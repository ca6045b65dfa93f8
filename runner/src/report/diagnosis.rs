//! What `doctor` found: a table for people, one JSON document for machines.

use schemars::JsonSchema;
use serde::Serialize;

use super::Redact;
use super::document::{FindingEntry, PlanEntry, PluginInfo, SCHEMA};
use super::message::{Colour, escape, paint};
use crate::model::{Finding, Level, Plan};

/// How wide the columns are.
const CHECK: usize = 13;
const STATE: usize = 9;

/// What `pamrun doctor` looked at and found. Readers ignore keys that they do not know.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "pamrun diagnosis")]
pub struct Diagnosis {
    /// The version of this document.
    #[schemars(extend("const" = 1))]
    pub schema: u32,
    /// Whether no error was found; with `--strict`, no warning either.
    pub healthy: bool,
    /// The UID of the record; null when none was named.
    pub record_uid: Option<String>,
    /// What would rotate the record; null when it could not be loaded.
    pub plugin: Option<PluginInfo>,
    /// What a rotation would do; null when that could not be found out.
    pub plan: Option<PlanEntry>,
    /// What was looked at, in this order.
    pub checks: Vec<CheckEntry>,
    /// What was found, errors first.
    pub findings: Vec<FindingEntry>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckEntry {
    /// What it is called.
    pub name: &'static str,
    /// The worst that was found.
    pub state: CheckState,
    /// What was looked at, in words; empty where it was not.
    pub detail: String,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Nothing stands in the way of a rotation.
    Ok,
    /// Something wants attention.
    Warning,
    /// A rotation will fail.
    Error,
    /// An earlier error kept it from being looked at.
    Skipped,
}

impl CheckState {
    fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.level).min() {
            Some(Level::Error) => Self::Error,
            Some(Level::Warning) => Self::Warning,
            Some(Level::Info) | None => Self::Ok,
        }
    }

    fn shown(self) -> (&'static str, Colour) {
        match self {
            Self::Ok => ("ok", Colour::Green),
            Self::Warning => ("warning", Colour::Yellow),
            Self::Error => ("error", Colour::Red),
            Self::Skipped => ("skipped", Colour::Dim),
        }
    }
}

impl Diagnosis {
    /// One in which nothing has been looked at.
    #[must_use]
    pub fn new(record_uid: Option<String>) -> Self {
        Self {
            schema: SCHEMA,
            healthy: true,
            record_uid,
            plugin: None,
            plan: None,
            checks: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Adds what was looked at and found. What an earlier check found is not told again.
    pub fn add(&mut self, name: &'static str, detail: &str, findings: &[Finding], redact: &Redact<'_>) {
        let (state, detail) = (CheckState::of(findings), redact(detail));
        self.checks.push(CheckEntry { name, state, detail });
        let is_new = |finding: &&Finding| self.findings.iter().all(|known| known.code != finding.code);
        let new: Vec<_> =
            findings.iter().filter(is_new).map(|finding| FindingEntry::new(finding, redact)).collect();
        self.findings.extend(new);
    }

    /// Adds what was not looked at.
    pub fn skip(&mut self, name: &'static str) {
        self.checks.push(CheckEntry { name, state: CheckState::Skipped, detail: String::new() });
    }

    /// Says what a rotation would do, and with what.
    pub fn plans(&mut self, plugin: Option<PluginInfo>, plan: Option<&Plan>, redact: &Redact<'_>) {
        self.plugin = plugin.map(|plugin| plugin.redacted(redact));
        self.plan = plan.map(|plan| PlanEntry::new(plan, redact));
    }

    /// Judges it all: whether there is no error, nor, where they count, a warning.
    pub fn judge(&mut self, strict: bool) {
        self.findings.sort_by_key(|finding| finding.level);
        let is_bad = |level| level == Level::Error || (strict && level == Level::Warning);
        self.healthy = !self.findings.iter().any(|finding| is_bad(finding.level));
    }

    /// Renders it for people, coloured if the terminal can show it.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut lines: Vec<String> = self.checks.iter().map(|check| check.line(colour)).collect();
        if let Some(plan) = &self.plan {
            lines.extend(would(plan).into_iter().map(|line| format!("{:1$}{line}", "", CHECK + STATE)));
        }
        for finding in &self.findings {
            lines.push(String::new());
            lines.extend(finding.lines(colour));
        }
        lines.push(String::new());
        lines.push(self.summary(colour));
        lines.join("\n")
    }

    fn summary(&self, colour: bool) -> String {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let several = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        let found = [several(count(Level::Error), "error"), several(count(Level::Warning), "warning")];
        let found: Vec<_> = found.into_iter().flatten().collect();
        match (found.is_empty(), self.healthy) {
            (true, _) => paint("no errors, no warnings", Colour::Green, colour),
            (false, true) => paint(&found.join(", "), Colour::Yellow, colour),
            (false, false) => paint(&found.join(", "), Colour::Red, colour),
        }
    }
}

impl CheckEntry {
    fn line(&self, colour: bool) -> String {
        let (word, shade) = self.state.shown();
        // Padded before it is painted: the codes of colours have no width.
        let word = paint(&format!("{word:<STATE$}"), shade, colour);
        format!("{:<CHECK$}{word}{}", self.name, escape(&self.detail)).trim_end().to_owned()
    }
}

impl FindingEntry {
    fn lines(&self, colour: bool) -> Vec<String> {
        let shade = match self.level {
            Level::Error => Colour::Red,
            Level::Warning => Colour::Yellow,
            Level::Info => Colour::Dim,
        };
        let head = paint(self.level.word(), shade, colour);
        let mut lines = vec![format!("{head}  {}", escape(&self.code))];
        lines.extend(self.message.lines().map(|line| format!("  {}", escape(line))));
        let fix = self.fix.iter().flat_map(|fix| fix.lines());
        lines.extend(fix.enumerate().map(|(index, line)| {
            let name = if index == 0 { "fix:" } else { "    " };
            format!("  {} {}", paint(name, Colour::Cyan, colour), escape(line))
        }));
        lines
    }
}

fn would(plan: &PlanEntry) -> Vec<String> {
    let removes = match plan.removes.len() {
        0 => "remove nothing".to_owned(),
        1 => "remove 1 credential".to_owned(),
        several => format!("remove {several} credentials"),
    };
    vec![escape(&format!("would make {}", plan.creates)), format!("would {removes}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(level: Level, code: &str, fix: Option<&str>) -> Finding {
        Finding {
            level,
            code: code.to_owned(),
            message: format!("the {code} is odd"),
            fix: fix.map(str::to_owned),
        }
    }

    fn diagnosis() -> Diagnosis {
        let mut diagnosis = Diagnosis::new(Some("u1".to_owned()));
        let redact = |text: &str| text.replace("canary", "****");
        diagnosis.add("state folder", "/var/lib/pamrun", &[], &redact);
        let odd = [finding(Level::Info, "moon", None), finding(Level::Warning, "clock", Some("set it"))];
        diagnosis.add("record", "\"canary\" (u1)", &odd, &redact);
        diagnosis.add(
            "script",
            "",
            &[finding(Level::Error, "script", Some("attach one\nor name one"))],
            &redact,
        );
        diagnosis.skip("preflight");
        diagnosis
    }

    #[test]
    fn people_get_a_line_for_each_check_and_a_paragraph_for_each_finding() {
        let mut diagnosis = diagnosis();
        diagnosis.judge(false);
        insta::assert_snapshot!(diagnosis.render(false), @r#"
        state folder ok       /var/lib/pamrun
        record       warning  "****" (u1)
        script       error
        preflight    skipped

        error  script
          the script is odd
          fix: attach one
               or name one

        warning  clock
          the clock is odd
          fix: set it

        info  moon
          the moon is odd

        1 error, 1 warning
        "#);
    }

    #[test]
    fn warnings_count_only_when_that_is_asked_for() {
        let judged = |level, strict| {
            let mut diagnosis = Diagnosis::new(None);
            diagnosis.add("record", "", &[finding(level, "x", None)], &str::to_owned);
            diagnosis.judge(strict);
            diagnosis.healthy
        };
        assert!(!judged(Level::Error, false) && !judged(Level::Error, true));
        assert!(judged(Level::Warning, false) && !judged(Level::Warning, true));
        assert!(judged(Level::Info, true));
    }

    #[test]
    fn what_was_found_before_is_not_told_again_but_counts() {
        let mut diagnosis = diagnosis();
        let again = [finding(Level::Error, "script", None), finding(Level::Info, "new", None)];
        diagnosis.add("preflight", "", &again, &str::to_owned);
        let codes: Vec<_> = diagnosis.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["moon", "clock", "script", "new"]);
        assert_eq!(diagnosis.checks.last().unwrap().state, CheckState::Error);
    }

    #[test]
    fn a_plan_is_told_and_a_guest_cannot_draw_with_it() {
        let mut diagnosis = Diagnosis::new(None);
        diagnosis.add("preflight", "azure", &[], &str::to_owned);
        let plan = Plan {
            target: "t".to_owned(),
            creates: "a secret\u{1b}[2J".to_owned(),
            removes: Vec::new(),
            ..Plan::default()
        };
        diagnosis.plans(None, Some(&plan), &str::to_owned);
        let text = diagnosis.render(false);
        assert!(text.contains(r"would make a secret\u{1b}[2J"), "{text}");
        assert!(text.contains("would remove nothing") && text.ends_with("no errors, no warnings"), "{text}");
    }
}
