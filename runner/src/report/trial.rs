//! What became of test cases: a line for each, with what differs below it, or one JSON document.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::document::milliseconds;
use super::message::{Colour, escape, paint};

/// What became of all cases.
#[derive(Debug, Default, Serialize)]
pub struct TestReport {
    /// The version of this document.
    pub schema: u32,
    /// How many passed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Milliseconds of wall clock, loading included.
    pub ms: u64,
    /// The cases, in the order of their paths.
    pub cases: Vec<CaseReport>,
}

/// What became of one case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// Whether all was as expected.
    pub passed: bool,
    /// Milliseconds of wall clock.
    pub ms: u64,
    /// With how many faults it was played, each once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<usize>,
    /// Why it was played without any, although it was asked to be played with all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_swept: Option<String>,
    /// What was not as expected.
    pub problems: Vec<Difference>,
    /// What one should know of the verdict.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was sent and answered, masked; when that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exchange: Vec<String>,
    /// What the plugin logged; when that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// What was not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about.
    pub what: String,
    /// What was expected; null where `what` says all.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
}

impl TestReport {
    /// Adds a case.
    pub fn add(&mut self, case: CaseReport) {
        if case.passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.cases.push(case);
    }

    /// Says that these were all.
    pub fn end(&mut self, elapsed: Duration) {
        self.schema = 1;
        self.ms = milliseconds(elapsed);
        self.cases.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// The last line: how many there were.
    #[must_use]
    pub fn summary(&self, colour: bool) -> String {
        let total = self.passed + self.failed;
        let faults: usize = self.cases.iter().filter_map(|case| case.faults).sum();
        let with = if faults == 0 { String::new() } else { format!(" with {}", count(faults, "fault")) };
        let failed = match self.failed {
            0 => String::new(),
            failed => format!("{}, ", paint(&format!("{failed} failed"), Colour::Red, colour)),
        };
        let shade = if self.failed == 0 { Colour::Green } else { Colour::Dim };
        let passed = paint(&format!("{} passed", self.passed), shade, colour);
        let skipped = match self.cases.iter().filter(|case| case.not_swept.is_some()).count() {
            0 => String::new(),
            skipped => format!(", {}", paint(&format!("{skipped} not swept"), Colour::Yellow, colour)),
        };
        format!("{}{with}: {failed}{passed}{skipped} in {} ms", count(total, "case"), self.ms)
    }
}

impl CaseReport {
    /// Says what became of a case.
    #[must_use]
    pub fn new(name: &str, path: &Path, elapsed: Duration, problems: Vec<Difference>) -> Self {
        Self {
            name: name.to_owned(),
            path: path.display().to_string(),
            passed: problems.is_empty(),
            ms: milliseconds(elapsed),
            faults: None,
            not_swept: None,
            problems,
            notes: Vec::new(),
            exchange: Vec::new(),
            log: Vec::new(),
        }
    }

    /// A line, and below it what differs.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let verdict = if self.passed { ("ok    ", Colour::Green) } else { ("FAILED", Colour::Red) };
        let faults = self.faults.map(|faults| format!("{}, ", count(faults, "fault"))).unwrap_or_default();
        let time = paint(&format!("{faults}{} ms", self.ms), Colour::Dim, colour);
        let mut lines =
            vec![format!("{} {}  {time}", paint(verdict.0, verdict.1, colour), escape(&self.name))];
        for exchange in &self.exchange {
            lines.extend(
                exchange.lines().map(|line| paint(&format!("    {}", escape(line)), Colour::Dim, colour)),
            );
            lines.push(String::new());
        }
        lines.extend(self.log.iter().map(|line| format!("    log: {}", escape(line))));
        for problem in &self.problems {
            let mut what = problem.what.lines().map(escape);
            lines.push(format!("    {}", what.next().unwrap_or_default()));
            lines.extend(what.map(|line| format!("      {line}")));
            for (sign, text, shade) in
                [('-', &problem.expected, Colour::Red), ('+', &problem.found, Colour::Green)]
            {
                let text = text.iter().flat_map(|text| text.lines());
                lines
                    .extend(text.map(|line| paint(&format!("      {sign} {}", escape(line)), shade, colour)));
            }
        }
        let skipped = self.not_swept.iter().map(|why| format!("skipped: {}", escape(why)));
        let notes = self.notes.iter().map(|note| format!("note: {}", escape(note)));
        lines.extend(skipped.chain(notes).map(|note| paint(&format!("    {note}"), Colour::Yellow, colour)));
        if !self.passed {
            lines.push(format!("    see {}", escape(&self.path)));
        }
        lines.join("\n")
    }
}

/// So many of something, in words.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(problems: Vec<Difference>) -> CaseReport {
        CaseReport::new("lost", Path::new("cases/lost/case.toml"), Duration::from_millis(7), problems)
    }

    #[test]
    fn a_case_that_passed_is_one_line() {
        assert_eq!(case(Vec::new()).render(false), "ok     lost  7 ms");
    }

    #[test]
    fn what_differs_stands_below_with_what_was_expected_first() {
        let difference = Difference {
            what: "outcome".to_owned(),
            expected: Some("rotated".to_owned()),
            found: Some("failed\nreally".to_owned()),
        };
        let text = case(vec![difference]).render(false);
        assert_eq!(
            text,
            "FAILED lost  7 ms\n    outcome\n      - rotated\n      + failed\n      + really\n    see cases/lost/case.toml"
        );
    }

    #[test]
    fn the_last_line_counts() {
        let mut report = TestReport::default();
        report.add(case(Vec::new()));
        report.end(Duration::from_millis(9));
        assert_eq!(report.summary(false), "1 case: 1 passed in 9 ms");
        report.add(case(vec![Difference { what: "x".to_owned(), expected: None, found: None }]));
        assert_eq!(report.summary(false), "2 cases: 1 failed, 1 passed in 9 ms");
    }

    #[test]
    fn what_was_swept_and_what_was_not_is_counted() {
        let mut report = TestReport::default();
        report.add(CaseReport { faults: Some(1), ..case(Vec::new()) });
        report.end(Duration::from_millis(9));
        assert_eq!(report.cases[0].render(false), "ok     lost  1 fault, 7 ms");
        assert_eq!(report.summary(false), "1 case with 1 fault: 1 passed in 9 ms");
        report.add(CaseReport { not_swept: Some("it is a script".to_owned()), ..case(Vec::new()) });
        assert_eq!(report.cases[1].render(false), "ok     lost  7 ms\n    skipped: it is a script");
        assert_eq!(report.summary(false), "2 cases with 1 fault: 2 passed, 1 not swept in 9 ms");
    }
}
