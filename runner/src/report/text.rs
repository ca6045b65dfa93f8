//! The document for people: `--format text`.

use super::document::{Document, ListedEntry, UpdateValue};
use super::message::{Colour, escape, paint};
use crate::rotation::OutcomeKind;

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
    page.list("updates", &document.updates, |update| {
        let value = match &update.value {
            UpdateValue::One(value) => value.clone(),
            UpdateValue::Many(values) => values.join(", "),
        };
        format!("{} = {value}", update.label)
    });
    if document.saved {
        page.row("saved", "yes, and read back");
    }
    if let Some(proof) = document.proof {
        page.row("proof", proof);
    }
    page.list("removed", &document.removed, Clone::clone);
    page.list("retained", &document.retained, listed);
    page.list("steps", &document.steps, |step| {
        let requests = match step.requests {
            0 => String::new(),
            1 => "  1 request".to_owned(),
            several => format!("  {several} requests"),
        };
        format!("{:<COLUMN$} {:>6} ms{requests}", step.name, step.ms)
    });
    for warning in &document.warnings {
        page.coloured_row("warning", Colour::Yellow, warning);
    }
    if let Some(error) = &document.error {
        let step = error.step.as_ref().map_or_else(String::new, |step| format!(", in {step}"));
        page.coloured_row("error", Colour::Red, &error.message);
        page.row("code", &format!("{}{step}", error.code));
        if let Some(hint) = &error.hint {
            page.coloured_row("hint", Colour::Cyan, hint);
        }
    }
    page.lines.join("\n")
}

fn headline(document: &Document, colour: bool) -> String {
    let shade = match document.outcome {
        OutcomeKind::Rotated | OutcomeKind::Unchanged | OutcomeKind::Planned | OutcomeKind::Ran => {
            Colour::Green
        }
        OutcomeKind::Uncertain => Colour::Yellow,
        OutcomeKind::Refused
        | OutcomeKind::Limit
        | OutcomeKind::Failed
        | OutcomeKind::Invalid
        | OutcomeKind::Internal => Colour::Red,
    };
    let mut line = paint(document.outcome.word(), shade, colour);
    if let Some(uid) = &document.record_uid {
        line.push_str(&escape(&format!("  record {uid}")));
    }
    if let Some(plugin) = &document.plugin {
        line.push_str(&escape(&format!("  by {} {}", plugin.name, plugin.version)));
    }
    if let Some(id) = &document.rotation_id {
        line.push_str(&escape(&format!("  ({id})")));
    }
    line
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

    fn list<T>(&mut self, name: &str, items: &[T], text: impl Fn(&T) -> String) {
        for (index, item) in items.iter().enumerate() {
            self.row(if index == 0 { name } else { "" }, &text(item));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{failed, rotated};
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
          steps     get             0 ms
                    rotate         41 ms  2 requests
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
