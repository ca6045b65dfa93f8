//! Judges what came of a run: by what the case expects, and by what holds in every case.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::Value;

use super::expect::{Expect, Requests};
use super::pattern::Pattern;
use super::world::{Scope, World};

/// What the redactor puts in the place of a secret.
const MARK: &str = "[redacted]";

/// What came of a run, as others saw it.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// The outcome document.
    pub document: Value,
    /// The exit code.
    pub exit: u8,
    /// What the plugin logged, redacted.
    pub log: Vec<String>,
    /// The codes of the requests that policy refused, each with its reason.
    pub refused: Vec<(String, String)>,
    /// What went wrong when steps were called once more.
    pub again: Vec<String>,
}

/// What is not as it should be: a title, and what was expected and found where that can be said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// What it is about.
    pub what: String,
    /// What was expected; nothing where the title says all.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
}

impl Problem {
    /// A problem that one sentence says.
    pub fn said(what: impl Into<String>) -> Self {
        Self { what: what.into(), expected: None, found: None }
    }

    fn differs(what: impl Into<String>, expected: &dyn Display, found: &dyn Display) -> Self {
        Self { what: what.into(), expected: Some(expected.to_string()), found: Some(found.to_string()) }
    }
}

/// Judges a run; returns everything that is wrong.
#[must_use]
pub fn judge(expect: &Expect, world: &World, played: &Played) -> Vec<Problem> {
    let mut judge = Judge { expect, world, played, problems: Vec::new() };
    // A request that nobody answers is the cause of whatever else is wrong.
    // One that is sent again and again is shown once.
    let unmatched: BTreeSet<_> = world.unmatched().into_iter().collect();
    judge.problems.extend(unmatched.into_iter().map(Problem::said));
    judge.problems.extend(world.leaked().into_iter().map(Problem::said));
    judge.outcome();
    judge.record();
    judge.service();
    judge.promises();
    judge.problems
}

struct Judge<'a> {
    expect: &'a Expect,
    world: &'a World,
    played: &'a Played,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn text(&self, pointer: &str) -> String {
        match self.played.document.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => "none".to_owned(),
            Some(other) => other.to_string(),
        }
    }

    fn list(&self, pointer: &str) -> Vec<String> {
        let list = self.played.document.pointer(pointer).and_then(Value::as_array);
        let text = |item: &Value| item.get("id").unwrap_or(item).as_str().unwrap_or_default().to_owned();
        list.into_iter().flatten().map(text).collect()
    }

    /// Compares a text with a pattern of the case.
    fn compare(&mut self, what: &str, expected: &str, found: &str) {
        if !self.matches(expected, found) {
            self.problems.push(Problem::differs(what, &expected, &self.world.named(found)));
        }
    }

    fn matches(&self, expected: &str, found: &str) -> bool {
        let state = self.world.state();
        let pattern = Pattern::new(expected, &Scope::of_pattern(self.world, &state));
        pattern.is_ok_and(|pattern| pattern.matches(found))
    }

    fn compare_lists(&mut self, what: &str, expected: &[String], found: &[String], in_order: bool) {
        let mut left: Vec<&String> = found.iter().collect();
        let mut is_same = expected.len() == found.len();
        for (at, expected) in expected.iter().enumerate() {
            let place = if in_order {
                found.get(at).filter(|found| self.matches(expected, found)).map(|_| 0)
            } else {
                left.iter().position(|found| self.matches(expected, found))
            };
            match place {
                Some(place) if place < left.len() => drop(left.remove(place)),
                _ => is_same = false,
            }
        }
        if !is_same {
            let shown = |list: &[String]| match list {
                [] => "none".to_owned(),
                list => list.join("\n"),
            };
            self.problems.push(Problem::differs(what, &shown(expected), &self.world.named(&shown(found))));
        }
    }

    fn outcome(&mut self) {
        let expect = self.expect;
        let found = self.text("/outcome");
        if let Some(outcome) = expect.outcome.filter(|outcome| outcome.word() != found) {
            let error = match self.text("/error/message").as_str() {
                "none" => String::new(),
                message => format!(" ({}: {message})", self.text("/error/code")),
            };
            self.problems.push(Problem::differs("outcome", &outcome.word(), &format!("{found}{error}")));
        }
        if let Some(exit) = expect.exit.filter(|exit| *exit != self.played.exit) {
            self.problems.push(Problem::differs("exit", &exit, &self.played.exit));
        }
        if let Some(saved) = expect.saved {
            self.compare("saved", &saved.to_string(), &self.text("/saved"));
        }
        for (what, expected, pointer) in
            [("proof", &expect.proof, "/proof"), ("error", &expect.error, "/error/code")]
        {
            if let Some(expected) = expected {
                self.compare(what, expected, &self.text(pointer));
            }
        }
        for (what, expected) in [("removed", &expect.removed), ("retained", &expect.retained)] {
            if let Some(expected) = expected {
                self.compare_lists(what, expected, &self.list(&format!("/{what}")), false);
            }
        }
        for (name, expected) in &expect.deliveries {
            self.compare(&format!("the delivery by {name}"), expected, &self.delivery(name));
        }
        let warnings = self.list("/warnings");
        for expected in &expect.warnings {
            if !warnings.iter().any(|warning| self.matches(&format!("*{expected}*"), warning)) {
                self.problems.push(Problem::differs("warnings", expected, &warnings.join("\n")));
            }
        }
        let code = |found: &Value| found.get("code")?.as_str().map(str::to_owned);
        let codes: Vec<_> = self.entries("findings").filter_map(code).collect();
        let missing = expect.findings.iter().filter(|expected| !codes.contains(expected));
        self.problems.extend(missing.map(|code| Problem::differs("findings", code, &codes.join("\n"))));
        if let Some(expected) = &expect.message {
            let found = format!("{}; {}", self.text("/error/message"), self.text("/error/hint"));
            self.compare("message", &format!("*{expected}*"), &found);
        }
    }

    /// The entries of a list in the outcome document.
    fn entries(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.played.document.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    /// What became of a delivery, in a word.
    fn delivery(&self, name: &str) -> String {
        let found = self.entries("deliveries").find(|delivery| delivery["name"] == name);
        let Some(delivery) = found else { return "no such delivery".to_owned() };
        let text = |pointer: &str| delivery.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let is_delivered = delivery["delivered"] == true;
        let word = || if is_delivered { "delivered" } else { "planned" }.to_owned();
        text("/proof").or_else(|| text("/error/code")).unwrap_or_else(word)
    }

    fn record(&mut self) {
        let Some(record) = self.world.record() else { return };
        for (label, expected) in &self.expect.updates {
            let found = record.field(label).map(|field| {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                field.values.iter().map(text).collect::<Vec<_>>().join("\n")
            });
            let found = found.unwrap_or_else(|| "no such field".to_owned());
            self.compare(&format!("the record's {label}"), expected, &found);
        }
    }

    fn service(&mut self) {
        let exchanges = self.world.exchanges();
        match &self.expect.requests {
            None => {}
            Some(Requests::Count(count)) if *count == exchanges.len() => {}
            Some(Requests::Count(count)) => {
                let lines: Vec<_> = exchanges.iter().map(|exchange| exchange.line.as_str()).collect();
                let found = format!("{}\n{}", lines.len(), lines.join("\n"));
                self.problems.push(Problem::differs("requests", count, &found));
            }
            Some(Requests::Sequence(expected)) => {
                let found: Vec<_> = exchanges.iter().map(|exchange| exchange.line.clone()).collect();
                self.compare_lists("requests", expected, &found, true);
            }
        }
        for (key, expected) in &self.expect.state {
            let found = self.world.state().get(key).to_owned();
            self.compare(&format!("the state's {key}"), expected, &found);
        }
        if let Some(expected) = &self.expect.credentials {
            let found = self.world.state().live_ids();
            self.compare_lists("credentials that the service accepts", expected, &found, false);
        }
    }

    /// What holds in every case.
    fn promises(&mut self) {
        let mut codes: Vec<_> = self.expect.refused.clone();
        for (code, reason) in &self.played.refused {
            match codes.iter().position(|expected| expected == code) {
                Some(at) => drop(codes.remove(at)),
                // One refusal is often met in several requests.
                None if self.expect.refused.contains(code) => {}
                None => self.problems.push(Problem::said(format!(
                    "policy refused a request: {reason}; ask for it in the manifest, or list \"{code}\" under `refused`"
                ))),
            }
        }
        let missing = codes.iter().map(|code| Problem::differs("refused", code, &"nothing of that kind"));
        self.problems.extend(missing);
        self.problems.extend(self.played.again.iter().map(|wrong| Problem::said(self.world.named(wrong))));
        for line in &self.played.log {
            if line.contains(MARK) || self.world.finds_secret_in(line) {
                let line = self.world.named(line);
                self.problems.push(Problem::said(format!(
                    "the plugin wrote a secret into its log, and pamrun took it out: {line}; log what it is, not its value"
                )));
            }
        }
        let texts = ["/error/message", "/plan/target", "/plan/creates"].map(|pointer| self.text(pointer));
        for text in texts.iter().chain(&self.list("/warnings")).filter(|text| text.contains(MARK)) {
            self.problems.push(Problem::said(format!(
                "the plugin put a secret into a message, and pamrun took it out: {}; say what is wrong without the value",
                self.world.named(text)
            )));
        }
        for (place, text) in
            [("outcome document", self.played.document.to_string()), ("journal", self.world.journal_text())]
        {
            if self.world.finds_secret_in(&text) {
                self.problems.push(Problem::said(format!(
                    "a secret stands in the {place}: {}",
                    self.world.named(&text)
                )));
            }
        }
    }
}
