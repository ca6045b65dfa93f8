//! The documents for people: `--format text`.

use super::document::{
    DeliveryEntry, Document, ErrorEntry, ListedEntry, PluginInfo, StepEntry, UpdateEntry, UpdateValue,
};
use super::message::{Colour, escape, paint};
use super::recovery::{Recovery, RescuedEntry, RescuedState, RotationEntry, RotationState};
use crate::model::Level;
use crate::rotation::OutcomeKind;
use crate::text::quoted;

/// How wide the left column is.
const COLUMN: usize = 10;

/// Renders the document in a few lines, coloured if the terminal can show it.
#[must_use]
pub fn render_text(document: &Document, colour: bool) -> String {
    let mut page = Page { lines: vec![headline(document, colour)], colour };
    if let Some(plan) = &document.plan {
        page.row("target", &plan.target);
        page.row("makes", &plan.creates);
        page.list("removes", &plan.removes, listed);
    }
    page.list("updates", &document.updates, update);
    if document.saved {
        page.row("saved", "yes, and read back");
    }
    if let Some(proof) = document.proof {
        page.row("proof", proof);
    }
    page.list("removed", &document.removed, Clone::clone);
    page.list("retained", &document.retained, listed);
    page.list("consumers", &document.deliveries, delivery);
    page.list("steps", &document.steps, step);
    for finding in document.findings.iter().filter(|finding| finding.level == Level::Info) {
        page.row("info", &finding.line());
    }
    page.end(&document.warnings, document.error.as_ref());
    page.lines.join("\n")
}

/// Renders what `recover` found or did: a paragraph for each rotation, or one line for none.
#[must_use]
pub fn render_recovery_text(recovery: &Recovery, colour: bool) -> String {
    let mut page = Page { lines: Vec::new(), colour };
    for entry in &recovery.rotations {
        page.rotation(entry);
    }
    for entry in &recovery.rescued {
        page.rescued(entry);
    }
    for error in &recovery.errors {
        page.lines.push(paint("not known", Colour::Red, colour));
        page.end(&[], Some(error));
    }
    if page.lines.is_empty() {
        page.lines.push("no rotation is open".to_owned());
    }
    page.lines.join("\n")
}

fn headline(document: &Document, colour: bool) -> String {
    let shade = match document.outcome {
        OutcomeKind::Rotated | OutcomeKind::Planned | OutcomeKind::Ran => Colour::Green,
        OutcomeKind::Uncertain => Colour::Yellow,
        OutcomeKind::Refused
        | OutcomeKind::Limit
        | OutcomeKind::Failed
        | OutcomeKind::Invalid
        | OutcomeKind::Internal => Colour::Red,
    };
    let line = paint(document.outcome.word(), shade, colour);
    line + &whose(document.record_uid.as_deref(), document.plugin.as_ref(), document.rotation_id.as_deref())
}

/// Whose rotation a headline is about.
fn whose(uid: Option<&str>, plugin: Option<&PluginInfo>, id: Option<&str>) -> String {
    let record = uid.map(|uid| format!("  record {uid}"));
    let by = plugin.map(|plugin| format!("  by {} {}", plugin.name, plugin.version));
    let id = id.map(|id| format!("  ({id})"));
    escape(&[record, by, id].into_iter().flatten().collect::<String>())
}

fn step(step: &StepEntry) -> String {
    let requests = match step.requests {
        0 => String::new(),
        1 => "  1 request".to_owned(),
        several => format!("  {several} requests"),
    };
    format!("{:<COLUMN$} {:>6} ms{requests}", step.name, step.ms)
}

fn update(entry: &UpdateEntry) -> String {
    let value = match &entry.value {
        UpdateValue::One(value) => value.clone(),
        UpdateValue::Many(values) => values.join(", "),
    };
    let label = &entry.label;
    let is_clear = label.trim() == label;
    format!("{} = {value}", if is_clear { label.clone() } else { quoted(label) })
}

fn delivery(entry: &DeliveryEntry) -> String {
    let DeliveryEntry { target, creates, .. } = entry;
    let state = match &entry.error {
        _ if entry.delivered => String::new(),
        None => "  not handed over".to_owned(),
        Some(error) => format!("  missing: {}", error.message),
    };
    format!("{target}  {creates}{state}")
}

fn listed(entry: &ListedEntry) -> String {
    let label = if entry.label.is_empty() { String::new() } else { format!("  {}", entry.label) };
    let expires = entry.expires.as_ref().map_or_else(String::new, |expires| format!("  until {expires}"));
    format!("{}{label}{expires}", entry.id)
}

/// Lines in two columns. Whatever is put into them may be a guest's text.
struct Page {
    lines: Vec<String>,
    colour: bool,
}

impl Page {
    fn row(&mut self, name: &str, text: &str) {
        self.coloured_row(name, Colour::Dim, text);
    }

    fn coloured_row(&mut self, name: &str, shade: Colour, text: &str) {
        for (index, line) in text.lines().enumerate() {
            // Padded before it is painted: the codes of colours have no width.
            let name = format!("{:<COLUMN$}", if index == 0 { name } else { "" });
            self.lines.push(format!("  {}{}", paint(&name, shade, self.colour), escape(line)));
        }
    }

    /// What every rotation ends with: warnings, and what went wrong.
    fn end(&mut self, warnings: &[String], error: Option<&ErrorEntry>) {
        for warning in warnings {
            self.coloured_row("warning", Colour::Yellow, warning);
        }
        if let Some(error) = error {
            let step = error.step.as_ref().map_or_else(String::new, |step| format!(", in {step}"));
            self.coloured_row("error", Colour::Red, &error.message);
            self.row("code", &format!("{}{step}", error.code));
            if let Some(hint) = &error.hint {
                self.coloured_row("hint", Colour::Cyan, hint);
            }
        }
    }

    fn rotation(&mut self, entry: &RotationEntry) {
        let shade = match entry.state {
            RotationState::Running => Colour::Dim,
            RotationState::Open | RotationState::Unknown => Colour::Yellow,
            RotationState::NothingDone
            | RotationState::RolledBack
            | RotationState::Committed
            | RotationState::Superseded
            | RotationState::HandedOver => Colour::Green,
        };
        let state = paint(entry.state.word(), shade, self.colour);
        let whose = whose(Some(&entry.record_uid), entry.plugin.as_ref(), Some(&entry.rotation_id));
        self.lines.push(state + &whose);
        self.row("since", &entry.since);
        self.row("target", &entry.target);
        if let Some(handle) = &entry.handle {
            self.row("made", handle);
        }
        self.list("removed", &entry.removed, Clone::clone);
        self.list("retained", &entry.retained, listed);
        self.list("consumers", &entry.deliveries, delivery);
        self.list("steps", &entry.steps, step);
        self.end(&entry.warnings, entry.error.as_ref());
    }

    fn rescued(&mut self, entry: &RescuedEntry) {
        let shade = if entry.state == RescuedState::Kept { Colour::Yellow } else { Colour::Green };
        let rotation = Some(entry.rotation_id.as_str()).filter(|id| !id.is_empty());
        let whose = whose(Some(&entry.record_uid), None, rotation);
        self.lines.push(paint(entry.state.word(), shade, self.colour) + &whose);
        self.row("since", &entry.at);
        self.row("from", &entry.plugin);
        self.list("values", &entry.updates, update);
        self.row("why", &entry.why);
    }

    fn list<T>(&mut self, name: &str, items: &[T], text: impl Fn(&T) -> String) {
        for (index, item) in items.iter().enumerate() {
            self.row(if index == 0 { name } else { "" }, &text(item));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{failed, rotated};
    use super::super::recovery::tests::recovery;
    use super::*;

    #[test]
    fn a_rotation_is_told_in_a_few_lines() {
        insta::assert_snapshot!(render_text(&rotated(), false), @r"
        rotated  record u1  by azure-app-secret 0.1.0  (r1)
          target    tenant/app
          makes     a secret that ends 2032-01-01
          removes   k0  by hand  until 2031-01-01T00:00:00Z
                    k1
          updates   client_secret = ********
                    client_secret_id = k2
          saved     yes, and read back
          proof     verified
          removed   k0
          retained  k1
          consumers file:/app/.env  the key SECRET
                    file:/app/.env  the key SECRET  missing: graph.test is not allowed
          steps     get             0 ms
                    rotate         41 ms  2 requests
          info      the app has many secrets
          warning   k1 stays
        ");
    }

    #[test]
    fn an_error_comes_with_its_hint() {
        insta::assert_snapshot!(render_text(&failed(), false), @r"
        refused  record u1
          error     graph.test is not allowed
          code      host-not-allowed, in preflight
          hint      --allow-host graph.test
        ");
    }

    #[test]
    fn interrupted_rotations_are_told_one_after_the_other() {
        insta::assert_snapshot!(render_recovery_text(&recovery(), false), @r"
        running  record u1  by azure-app-secret 0.1.0  (r1)
          since     2026-01-01T00:00:00Z
          target    tenant/app
          made      k2
          warning   it is in the hands of process 7
        committed  record u1  by azure-app-secret 0.1.0  (r1)
          since     2026-01-01T00:00:00Z
          target    tenant/app
          made      k2
          removed   k0
          retained  k1  by hand
          steps     get             3 ms
          warning   [redacted]
        open  record u1  by azure-app-secret 0.1.0  (r1)
          since     2026-01-01T00:00:00Z
          target    tenant/app
          made      k2
          retained  k1  by hand
          steps     get             3 ms
          warning   [redacted]
          error     it may still show up
          code      rollback-unproven, in rollback
          hint      run it again
        not known
          error     line 1 is damaged
          code      journal-damaged, in journal
        ");
        assert_eq!(render_recovery_text(&Recovery::new(), false), "no rotation is open");
    }

    #[test]
    fn colours_change_nothing_but_the_look() {
        let coloured = render_text(&failed(), true);
        let mut plain = String::new();
        for part in coloured.split('\x1b') {
            plain.push_str(
                part.strip_prefix('[').and_then(|part| part.split_once('m')).map_or(part, |(_, text)| text),
            );
        }
        assert_ne!(coloured, plain);
        assert_eq!(plain, render_text(&failed(), false));
    }

    #[test]
    fn control_characters_of_a_guest_are_shown_and_not_obeyed() {
        let mut document = rotated();
        document.warnings = vec!["a\x1b[2J\rb".to_owned()];
        assert!(render_text(&document, false).ends_with("warning   a\\u{1b}[2J\\rb"));
    }
}
