//! What the entries of an open rotation tell whoever finishes it.

use std::time::Duration;

use super::{Consumer, Entry, HandleField, Intent, OpenRotation};

/// How far a rotation got, as far as it said so.
pub(super) struct Trail<'a> {
    pub(super) intent: &'a Intent,
    /// How many tries of rotate there were.
    pub(super) tries: u32,
    /// When the last one had ended at the latest, as time since the Unix epoch.
    pub(super) until: Duration,
    /// The handle of the new credential.
    pub(super) made: Option<&'a str>,
    /// The field of the record that gets the handle.
    pub(super) field: Option<&'a HandleField>,
    /// The newest revision that a save of it named.
    pub(super) saving: Option<i64>,
    /// The revision at which it was read back; that of the save, where the vault named none.
    pub(super) saved: Option<i64>,
    /// Whether it took over what another gateway may have begun.
    pub(super) takes_over: bool,
    /// Whether it was about to put the old value back.
    pub(super) putting_back: bool,
    /// Whether it was about to be printed.
    pub(super) handing_over: bool,
    /// The consumers that may have been handed the new value.
    delivering: Vec<&'a str>,
    /// The consumers that have it, and what they call it.
    pub(super) delivered: Vec<(&'a str, &'a str)>,
}

impl<'a> Trail<'a> {
    /// The consumers that are not known to have the new value.
    pub(super) fn owed(&self) -> Vec<&'a Consumer> {
        let has_it = |consumer: &&Consumer| self.delivered.iter().any(|(name, _)| *name == consumer.name);
        self.intent.consumers.iter().filter(|consumer| !has_it(consumer)).collect()
    }

    /// Tells whether a consumer may have been handed the new value.
    pub(super) fn was_handed_on(&self) -> bool {
        !self.delivering.is_empty()
    }
}

impl OpenRotation {
    /// What it was about to do; none when its journal does not begin with that.
    #[must_use]
    pub fn intent(&self) -> Option<&Intent> {
        match self.entries.first() {
            Some(Entry::Intent(intent)) => Some(intent),
            _ => None,
        }
    }

    /// The handle of the credential that it made, as far as it got to know one.
    #[must_use]
    pub fn handle(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Made { handle, .. } => Some(handle.as_str()),
            _ => None,
        })
    }

    pub(super) fn trail(&self) -> Option<Trail<'_>> {
        let mut trail = Trail {
            intent: self.intent()?,
            tries: 0,
            until: Duration::ZERO,
            made: None,
            field: None,
            saving: None,
            saved: None,
            takes_over: false,
            putting_back: false,
            handing_over: false,
            delivering: Vec::new(),
            delivered: Vec::new(),
        };
        for entry in &self.entries {
            match entry {
                Entry::Try { until, .. } => {
                    trail.tries = trail.tries.saturating_add(1);
                    trail.until = *until;
                }
                Entry::Made { handle, field } => {
                    trail.made = Some(handle);
                    trail.field = field.as_ref();
                }
                Entry::Saving { revision } => trail.saving = trail.saving.max(Some(*revision)),
                Entry::Saved { revision } => {
                    trail.saved = revision.or(trail.saving.map(|before| before.saturating_add(1)));
                }
                Entry::TakingOver { .. } => trail.takes_over = true,
                Entry::PuttingBack => trail.putting_back = true,
                Entry::Delivering { consumer } => trail.delivering.push(consumer),
                Entry::Delivered { consumer, id } => trail.delivered.push((consumer, id)),
                Entry::HandingOver => trail.handing_over = true,
                Entry::Intent(_) | Entry::HandedOver | Entry::RolledBack | Entry::Done => {}
            }
        }
        Some(trail)
    }
}
