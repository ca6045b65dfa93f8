//! What the lines of one record's journal say together: which rotations there were, and which of
//! them are open.

use std::collections::BTreeSet;
use std::time::Duration;

use super::line::{Line, LineError};
use crate::catalog::Digest;
use crate::rotation::{Entry, OpenRotation};

/// How long a closed rotation can be looked up.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// The lines of one record's journal, each of which is in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct History {
    lines: Vec<Line>,
}

impl History {
    /// Takes the lines of the journal of record `uid`.
    ///
    /// # Errors
    /// The number of the first line that is out of place, from 1, and what is wrong with it.
    pub(super) fn new(uid: &str, lines: Vec<Line>) -> Result<Self, (usize, LineError)> {
        let mut history = Self::default();
        for line in lines {
            history.check(uid, &line).map_err(|error| (history.lines.len() + 1, error))?;
            history.add(line);
        }
        Ok(history)
    }

    /// Tells whether `line` can be the next one.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn check(&self, uid: &str, line: &Line) -> Result<(), LineError> {
        let problem = match &line.what {
            Entry::Intent(intent) if intent.record_uid != uid => {
                format!("is about another record, {}", intent.record_uid)
            }
            Entry::Intent(_) => return Ok(()),
            _ if self.entries(&line.rotation_id).next().is_some() => return Ok(()),
            _ => format!("belongs to rotation {}, whose intent is missing", line.rotation_id),
        };
        Err(LineError::Misplaced(problem))
    }

    pub(super) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The entries of one rotation, the oldest first.
    pub(super) fn entries(&self, rotation_id: &str) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter(move |line| line.rotation_id == rotation_id).map(|line| &line.what)
    }

    /// The open rotations, the oldest first, each with when it began, in milliseconds since the
    /// Unix epoch.
    pub(super) fn open(&self) -> Vec<(u64, OpenRotation)> {
        let began =
            |id: &str| self.lines.iter().find(|line| line.rotation_id == id).map_or(0, |line| line.at);
        let entries = |id: &str| self.entries(id).cloned().collect();
        let ids = self.open_ids().into_iter();
        ids.map(|id| (began(id), OpenRotation { rotation_id: id.to_owned(), entries: entries(id) })).collect()
    }

    /// The plugin copies that open rotations need.
    pub(super) fn needed_copies(&self) -> impl Iterator<Item = Digest> {
        let open = self.open_ids();
        let lines = self.lines.iter().filter(move |line| open.contains(&line.rotation_id.as_str()));
        lines.flat_map(|line| line.copies.iter().copied())
    }

    /// Drops the closed rotations that nobody will ask for at `now`, in milliseconds since the Unix
    /// epoch; or all of them, where room is needed. Returns whether there were any.
    pub(super) fn prune(&mut self, now: u64, all: bool) -> bool {
        let kept = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
        let mut staying: BTreeSet<_> = self.open_ids().into_iter().map(str::to_owned).collect();
        let recent = self.lines.iter().filter(|line| !all && line.at.saturating_add(kept) >= now);
        staying.extend(recent.map(|line| line.rotation_id.clone()));
        let before = self.lines.len();
        self.lines.retain(|line| staying.contains(&line.rotation_id));
        self.lines.len() < before
    }

    fn open_ids(&self) -> Vec<&str> {
        let mut open: Vec<&str> = Vec::new();
        for line in &self.lines {
            let id = line.rotation_id.as_str();
            match &line.what {
                Entry::Intent(_) if !open.contains(&id) => open.push(id),
                entry if entry.closes() => open.retain(|other| *other != id),
                _ => {}
            }
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::{intent, line};

    fn history(lines: &[(&str, Entry)]) -> History {
        let lines = lines.iter().map(|(id, entry)| line(id, entry.clone())).collect();
        History::new("u1", lines).unwrap()
    }

    #[test]
    fn a_rotation_is_open_until_one_of_its_entries_closes_it() {
        for closing in [Entry::Done, Entry::RolledBack, Entry::HandedOver] {
            let mut lines = vec![
                ("r1", intent("u1")),
                ("r2", intent("u1")),
                ("r1", Entry::HandingOver),
                ("r3", intent("u1")),
            ];
            let ids = |history: &History| -> Vec<_> {
                history.open().into_iter().map(|(_, open)| (open.rotation_id, open.entries.len())).collect()
            };
            let expected = |ids: &[(&str, usize)]| -> Vec<_> {
                ids.iter().map(|(id, entries)| ((*id).to_owned(), *entries)).collect()
            };
            assert_eq!(ids(&history(&lines)), expected(&[("r1", 2), ("r2", 1), ("r3", 1)]));
            lines.push(("r2", closing));
            assert_eq!(ids(&history(&lines)), expected(&[("r1", 2), ("r3", 1)]));
        }
    }

    #[test]
    fn an_entry_without_its_intent_is_out_of_place() {
        let lines = vec![line("r1", intent("u1")), line("r2", Entry::HandingOver)];
        let (number, error) = History::new("u1", lines).unwrap_err();
        assert!(number == 2 && error.to_string().contains("rotation r2, whose intent is missing"), "{error}");
    }

    #[test]
    fn the_intent_for_another_record_is_out_of_place() {
        let (number, error) = History::new("u1", vec![line("r1", intent("u2"))]).unwrap_err();
        assert!(number == 1 && error.to_string().contains("another record, u2"), "{error}");
    }

    #[test]
    fn closed_rotations_go_when_they_are_old_and_open_ones_stay() {
        let day = 24 * 3_600_000;
        let lines: Vec<_> = [
            ("closed", intent("u1"), 0),
            ("open", intent("u1"), 0),
            ("closed", Entry::Done, day),
            ("fresh", intent("u1"), day),
            ("fresh", Entry::Done, 2 * day),
        ]
        .into_iter()
        .map(|(id, entry, at)| Line::new(id, at, Vec::new(), entry))
        .collect();
        let mut history = History::new("u1", lines).unwrap();
        assert!(!history.prune(31 * day, false));
        assert!(history.prune(31 * day + 1, false));
        let ids = |history: &History| -> Vec<_> {
            history.lines().iter().map(|line| line.rotation_id.clone()).collect()
        };
        assert_eq!(ids(&history), ["open", "fresh", "fresh"]);
        assert!(history.prune(2 * day, true));
        assert_eq!(ids(&history), ["open"]);
    }

    #[test]
    fn a_clock_that_was_set_back_drops_nothing() {
        let mut history = history(&[("r1", intent("u1")), ("r1", Entry::Done)]);
        assert!(!history.prune(0, false));
    }

    #[test]
    fn copies_are_needed_by_open_rotations_only() {
        let digest = Digest::of(b"plugin");
        let begun = Line::new("r1", 0, vec![digest], intent("u1"));
        let mut history = History::new("u1", vec![begun]).unwrap();
        assert_eq!(history.needed_copies().collect::<Vec<_>>(), [digest]);
        history.add(line("r1", Entry::RolledBack));
        assert_eq!(history.needed_copies().count(), 0);
    }
}
