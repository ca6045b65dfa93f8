//! Keeps new values in the record that would else be lost: what rotate returned, or had in hand when
//! it failed, where it is neither saved nor proven to be gone.

use std::time::Duration;

use jiff::Timestamp;

use super::contract::settle;
use super::engine::{Engine, Fresh};
use super::overlap::savable;
use super::{Entry, Job, OutcomeKind, Parts, Rescued, SaveError, StepResult, Stop, Trouble};
use crate::model::{Credential, Record, StepName, Update};

/// How often the record is saved or read until it is as it should be.
const ROUNDS: u32 = 6;

/// The new values of a call of rotate, as long as they are neither saved nor proven to be gone.
#[derive(Default)]
pub(super) struct InHand {
    updates: Vec<Update>,
    /// The id that goes with them, where there is one.
    handle: Option<String>,
    /// When they came, as time since the Unix epoch.
    at: Duration,
}

impl InHand {
    /// Whether something would be lost.
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.updates.iter().any(Update::is_secret)
    }
}

impl Engine<'_> {
    /// Takes into its hands what a call of rotate returned, or had when it failed.
    pub(super) fn take_in_hand(&mut self, answer: &StepResult<Credential>, target: &Record) {
        let mut held = answer.result.as_ref().cloned().unwrap_or_else(|_| Credential {
            handle: String::new(),
            updates: answer.trace.in_hand.clone(),
            expires: None,
        });
        settle(&mut held, target, self.job);
        held.updates.iter().flat_map(Update::secrets).for_each(|value| self.secrets.learn(&value));
        let Credential { handle, updates, .. } = held;
        let handle = Some(handle).filter(|handle| !handle.trim().is_empty());
        self.in_hand = InHand { updates, handle, at: self.clock.unix_time() };
    }

    /// Lets go of what is saved, or gone.
    pub(super) fn let_go(&mut self) {
        self.in_hand = InHand::default();
    }

    /// Lets go of these, which the vault knows.
    pub(super) fn let_go_of(&mut self, known: &Update) {
        let is_known = |update: &Update| {
            update.label == known.label && update.place == known.place && update.values == known.values
        };
        self.in_hand.updates.retain(|update| !is_known(update));
    }

    /// How a rotation ends that stops like this with values in its hands: they are put into the record,
    /// or it says what is lost.
    pub(super) async fn keep_in_hand(&mut self, stop: Stop) -> Stop {
        if !self.in_hand.is_worth_keeping() {
            return stop;
        }
        let InHand { updates, handle, at } = std::mem::take(&mut self.in_hand);
        let Job { record_uid, rotation_id, plugin, .. } = self.job;
        let rescued = Rescued {
            rotation_id: rotation_id.clone(),
            at: rfc3339(at),
            plugin: plugin.clone(),
            why: stop.to_string(),
            updates,
        };
        if self.vault.is_none() {
            // Whoever takes the values from the outcome has these, too.
            self.outcome.updates = rescued.updates;
            return ending(stop, "what it returned stands in the outcome");
        }
        // Even where its fields seem to hold them: what was read may be an old version.
        let kept = self.change_rescued(|mut all| {
            (!all.contains(&rescued)).then(|| {
                all.push(rescued.clone());
                (Vec::new(), all)
            })
        });
        match kept.await {
            Ok(()) => {
                let fields = rescued.fields();
                let mut stop = ending(
                    stop,
                    &format!(
                        "the new value of {fields} is kept in the hidden field `pamrun_rescued` of the record"
                    ),
                );
                let hint = stop.error.hint.take().map_or_else(String::new, |hint| format!("{hint}; "));
                stop.error.hint = Some(format!(
                    "{hint}`pamrun recover {record_uid}` shows what is kept; with --take it puts it into its fields, with --drop it forgets it"
                ));
                stop
            }
            Err(why) => {
                let id = handle.map_or_else(String::new, |handle| format!(" of {handle}"));
                let lost = format!(
                    "the new value{id} for {}, which {plugin} returned at {} in rotation {rotation_id}, is lost, since it could not be kept in the record either: {why}",
                    rescued.fields(),
                    rescued.at
                );
                self.outcome.updates = rescued.updates;
                ending(stop, &lost)
            }
        }
    }

    /// How a rotation ends that ended like this, with nothing left in its hands.
    pub(super) async fn keeping_in_hand<T>(&mut self, ended: Result<T, Stop>) -> Result<T, Stop> {
        match ended {
            Err(stop) => Err(self.keep_in_hand(stop).await),
            Ok(_) if self.in_hand.is_worth_keeping() => {
                let message = "rotate failed, and what else it returned is not in its fields";
                Err(self.keep_in_hand(Stop::failed("rotate", "returns-unsaved", message)).await)
            }
            Ok(ended) => Ok(ended),
        }
    }

    /// Says what earlier runs kept in the record.
    pub(super) fn tell_rescued(&mut self, target: &Record) {
        for rescued in Rescued::all_in(target) {
            rescued.updates.iter().flat_map(Update::secrets).for_each(|value| self.secrets.learn(&value));
            if rescued.rotation_id == self.job.rotation_id {
                self.has_rescued = true;
            } else {
                self.warn(waiting(&target.uid, &rescued));
            }
        }
    }

    /// Forgets what this rotation kept in the record: it is gone, or in its fields.
    pub(super) async fn forget_rescued(&mut self) {
        if !self.has_rescued {
            return;
        }
        let own = self.job.rotation_id.clone();
        let forgotten = self.change_rescued(|all| {
            let rest: Vec<_> = all.iter().filter(|rescued| rescued.rotation_id != own).cloned().collect();
            (rest.len() < all.len()).then_some((Vec::new(), rest))
        });
        if let Err(why) = forgotten.await {
            self.warn(format!(
                "the field `pamrun_rescued` of record {} still holds what is gone or saved by now: {why}",
                self.job.record_uid
            ));
        }
    }

    /// Saves what `change` makes of what is kept in the record, updates and what is to be kept from then
    /// on, until it says that there is nothing to do.
    ///
    /// # Errors
    /// Why it is not known to be saved.
    async fn change_rescued(
        &mut self,
        change: impl Fn(Vec<Rescued>) -> Option<(Vec<Update>, Vec<Rescued>)>,
    ) -> Result<(), String> {
        let mut retry = self.retry();
        let mut rounds = 0;
        loop {
            let (why, trouble) = match self.get_once("rescue").await {
                Err((stop, trouble)) => (stop.to_string(), trouble),
                Ok(Fresh { target, .. }) => {
                    let Some((mut updates, kept)) = change(Rescued::all_in(&target)) else { return Ok(()) };
                    savable(&target).map_err(|stop| stop.to_string())?;
                    updates.push(Rescued::update(&kept));
                    match self.send_once(&target, &updates).await {
                        // What the vault holds counts, and not what it answers.
                        Ok(()) | Err(SaveError::Stale) if rounds < ROUNDS => {
                            rounds += 1;
                            continue;
                        }
                        Ok(()) => ("the vault does not show it".to_owned(), Trouble::NotYet),
                        Err(SaveError::Refused { message, .. }) => return Err(message),
                        Err(error) => (error.to_string(), error.trouble()),
                    }
                }
            };
            rounds += u32::from(trouble == Trouble::NotYet);
            if rounds > ROUNDS || !self.hold_on(&mut retry, trouble, self.spare(StepName::Commit)).await {
                return Err(why);
            }
        }
    }
}

/// What is to become of the values that a record keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// They are only shown.
    Look,
    /// They are put into the fields that they were for.
    Take,
    /// They are forgotten.
    Drop,
}

/// Takes up what the record of the job keeps, under the record's lock, which the caller holds. Returns
/// what it kept until now.
///
/// Of several values for one field the newest is taken. What has no field, since nobody could read what it
/// was for, is kept until it is dropped. A rotation that is still open goes forward then by the id that the
/// record holds; one that never told the id of what it made is over.
///
/// # Errors
/// Why the record is not known to be as asked for.
pub async fn take_up<'a>(job: &'a Job, parts: Parts<'a>, choice: Choice) -> Result<Vec<Rescued>, Stop> {
    let mut engine = Engine::new(job, parts);
    let fresh = engine.get("get").await?;
    let kept = Rescued::all_in(&fresh.target);
    engine.tell_rescued(&fresh.target);
    if choice == Choice::Look || kept.is_empty() {
        return Ok(kept);
    }
    let changed = engine.change_rescued(|all| {
        let (taken, left) = if choice == Choice::Take { take(&all) } else { (Vec::new(), Vec::new()) };
        (left.len() < all.len() || !taken.is_empty()).then_some((taken, left))
    });
    changed.await.map_err(|why| Stop::new(OutcomeKind::Uncertain, "save", "rescued-unclear", why))?;
    if choice == Choice::Take {
        let open = engine.journal.open_rotations().into_iter();
        let is_kept = |id: &str| kept.iter().any(|rescued| rescued.rotation_id == id);
        for open in open.filter(|open| is_kept(&open.rotation_id) && open.handle().is_none()) {
            engine.close_another(&open.rotation_id, Entry::Done);
        }
    }
    Ok(kept)
}

/// The last value for each field, and what stays without one.
fn take(all: &[Rescued]) -> (Vec<Update>, Vec<Rescued>) {
    let mut newest: Vec<Update> = Vec::new();
    let mut left = Vec::new();
    for rescued in all {
        let (fit, unfit): (Vec<_>, Vec<_>) =
            rescued.updates.iter().cloned().partition(|update| Rescued::has_a_field(&update.label));
        for update in fit {
            newest.retain(|known| known.label != update.label || known.place != update.place);
            newest.push(update);
        }
        if !unfit.is_empty() {
            left.push(Rescued { updates: unfit, ..rescued.clone() });
        }
    }
    (newest, left)
}

/// What every later run says of values that are kept.
fn waiting(record_uid: &str, rescued: &Rescued) -> String {
    let Rescued { rotation_id, at, plugin, .. } = rescued;
    let whose = if rotation_id.is_empty() {
        "that somebody else wrote".to_owned()
    } else {
        format!("that {plugin} returned at {at} in rotation {rotation_id}")
    };
    format!(
        "the record keeps a value of {} {whose}, and nobody has taken it yet: see `pamrun recover {record_uid}`",
        rescued.fields()
    )
}

/// The stop as the end of a rotation that may have left something.
fn ending(mut stop: Stop, besides: &str) -> Stop {
    stop.kind = OutcomeKind::Uncertain;
    stop.error.message = format!("{}; {besides}", stop.error.message.trim_end_matches('.'));
    stop
}

fn rfc3339(at: Duration) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}
