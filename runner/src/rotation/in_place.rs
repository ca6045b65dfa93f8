//! The `in-place` rotation: one value is replaced by another one, so that only one of the two works.
//!
//! Both stand in a hidden field of the record before the service is touched, and until it is proven
//! which one works: whoever comes next finds out by setting the new one once more.

use std::time::Duration;

use super::conclude::Ending;
use super::engine::{Engine, Fresh, Ready};
use super::exchange::{Accepted, Exchange};
use super::overlap::{savable, under_way};
use super::password::Complexity;
use super::pending::Pending;
use super::records::text_in;
use super::save::{Unsaved, changed};
use super::{Entry, Job, Outcome, OutcomeKind, Parts, Stop};
use crate::model::{Place, Record, ReturnedField, SettingValue, StepName, Strategy, Update, is_secret_kind};
use crate::secret::Secret;
use crate::text::quoted;

/// How many rotations that others left behind are settled before our own.
const LEFT_BEHIND: usize = 3;
/// How often it is looked whether another gateway's rotation has ended.
const POLL: Duration = Duration::from_secs(15);

/// Why no value is replaced.
enum Halt {
    /// It failed.
    Stop(Stop),
    /// Another gateway's rotation did not come to its end, and has had its time.
    LeftBehind(Pending),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Rotates one record whose plugin replaces a value.
///
/// Rotations of it that this journal knows are settled by then; one that another gateway left in
/// the record is settled here, from what stands there alone.
pub async fn rotate_in_place(job: &Job, mut parts: Parts<'_>) -> Outcome {
    let mut warnings = Vec::new();
    let mut is_behind = false;
    for round in 1..=LEFT_BEHIND {
        let mut engine = Engine::new(job, parts.lend());
        let pending = match engine.change().await {
            Err(Halt::LeftBehind(pending)) => pending,
            // What was settled just now is written down, and not in the record's own field.
            Err(Halt::Stop(stop)) if is_behind && stop.kind != OutcomeKind::Uncertain => {
                let stop = engine.behind(stop);
                return told(engine.end(Err(stop)), warnings);
            }
            Err(Halt::Stop(stop)) => return told(engine.end(Err(stop)), warnings),
            Ok(kind) => return told(engine.end(Ok(kind)), warnings),
        };
        let job = Job { rotation_id: format!("{}-{round}", job.rotation_id), ..job.clone() };
        let mut engine = Engine::new(&job, parts.lend());
        match engine.take_over(&pending).await {
            Ok(ending) => {
                is_behind = matches!(ending, Some(Ending::Behind(_)));
                warnings.push(format!(
                    "rotation {}, which another gateway did not finish, was settled first",
                    pending.rotation_id
                ));
            }
            Err(stop) => return told(engine.end(Err(stop)), warnings),
        }
        warnings.append(&mut engine.outcome.warnings);
    }
    let stop = Stop::failed("get", "target-unsteady", "others never stopped to rotate the record");
    told(Engine::new(job, parts.lend()).end(Err(stop)), warnings)
}

fn told(mut outcome: Outcome, mut warnings: Vec<String>) -> Outcome {
    warnings.append(&mut outcome.warnings);
    Outcome { warnings, ..outcome }
}

impl Engine<'_> {
    async fn change(&mut self) -> Result<OutcomeKind, Halt> {
        let ended = match self.exchange().await {
            Err(Halt::Stop(stop)) => Err(stop),
            Ok(kind) => Ok(kind),
            left => return left,
        };
        Ok(self.keeping_in_hand(ended).await?)
    }

    async fn exchange(&mut self) -> Result<OutcomeKind, Halt> {
        if self.vault.is_none() {
            let message = "a plugin that replaces a value needs a vault, to keep the old and the new one in";
            return Err(Stop::new(OutcomeKind::Invalid, "vault", "vault-needed", message).into());
        }
        self.lock_record().await?;
        let (ready, (field, new, old)) = self.plan(async |engine| engine.look_for_exchange().await).await?;
        if self.job.dry_run {
            return Ok(OutcomeKind::Planned);
        }
        self.announce(&ready, Strategy::InPlace)?;
        let mut exchange = Exchange { ready, field, new, old, is_unclear: false };
        let is_same = match self.hold(&mut exchange, None).await {
            Ok(is_same) => is_same,
            Err(unsaved) => return Err(self.not_held(unsaved).into()),
        };
        self.close_left_behind();
        let accepted = if is_same {
            self.bring_about(&mut exchange, None).await?
        } else {
            Accepted::Old(changed("record-changed", "what the plugin reads of it"))
        };
        match self.conclude(&mut exchange, accepted).await? {
            Ending::Moved(fresh) => {
                let consumers = exchange.ready.consumers;
                let updates = self.outcome.updates.clone();
                self.deliver_moved(&consumers.iter().collect::<Vec<_>>(), &updates, &fresh).await?;
                self.close(Entry::Done);
                self.close_overtaken(&consumers);
                Ok(OutcomeKind::Rotated)
            }
            Ending::Dropped(stop) | Ending::Behind(stop) => Err(stop.into()),
        }
    }

    /// Looks at record and service, and decides on the new value.
    async fn look_for_exchange(&mut self) -> Result<(Ready, (ReturnedField, Secret, Option<Secret>)), Halt> {
        let field = value_field(&self.job.returns)?.clone();
        let (fresh, pending) = self.get_free().await?;
        let uid = &self.job.record_uid;
        if field.place == Place::Standard
            && fresh.target.field_in(field.place, &field.label, &field.kind).is_none()
        {
            let message =
                format!("record {uid} has no field {}: add it to the record's type", quoted(&field.label));
            return Err(Stop::failed("get", "record-without-field", message).into());
        }
        let mut prepared = (self.prepare)(&fresh.records)?;
        let new = match (&self.job.proposed, &self.generated) {
            (Some(new), _) | (None, Some(new)) => new.clone(),
            (None, None) => generate(&prepared.request.settings, self.random)?,
        };
        self.generated = Some(new.clone());
        self.secrets.learn(&new);
        let old = match pending {
            Some(pending) => pending.old,
            None => value_in(&fresh.target, &field)
                .filter(|current| *current != new)
                .or(self.job.replaced.clone()),
        };
        prepared.request.proposed = Some(new.clone());
        let ready = self.look_at_all(fresh, prepared).await?;
        Ok((ready, (field, new, old)))
    }

    /// Reads the records once no other rotation has a value on its way; also returns what one
    /// decided that could not end.
    async fn get_free(&mut self) -> Result<(Fresh, Option<Pending>), Halt> {
        loop {
            let fresh = self.get("get").await?;
            savable(&fresh.target)?;
            let Some(pending) = Pending::of(&fresh.target)? else { return Ok((fresh, None)) };
            let id = &pending.rotation_id;
            if pending.is_decided() {
                return Ok((fresh, Some(pending)));
            }
            if self.job.dry_run {
                self.warn(format!("rotation {id} of the record is not settled"));
                return Ok((fresh, Some(pending)));
            }
            if self.journal.open_rotations().iter().any(|open| open.rotation_id == *id) {
                return Err(under_way(&self.job.record_uid, id).into());
            }
            let left = pending.until.saturating_sub(self.clock.unix_time());
            if left.is_zero() {
                return Err(Halt::LeftBehind(pending));
            }
            if left > self.time_left(StepName::Preflight) || !self.pause(left.min(POLL)).await {
                let message = format!(
                    "another gateway's rotation {id} of record {} may be under way for another {} s",
                    self.job.record_uid,
                    left.as_secs()
                );
                return Err(Stop::failed("get", "rotation-pending", message).into());
            }
        }
    }

    /// How it ends when the two values could not be put into the record. The service was not
    /// touched.
    pub(super) fn not_held(&mut self, unsaved: Unsaved) -> Stop {
        match unsaved {
            Unsaved::Never(stop) => self.without_a_trace(stop),
            Unsaved::Unknown(stop) => {
                let hint = format!(
                    "nothing is changed but, maybe, the field `pamrun_pending` of record {}",
                    self.job.record_uid
                );
                stop.uncertain("the service was not touched", hint)
            }
        }
    }

    /// Closes what is no longer in the journal's hands: what the record's hidden field said of
    /// earlier rotations is taken over. What is still owed to consumers stays.
    fn close_left_behind(&mut self) {
        for open in self.journal.open_rotations() {
            let is_left = open.trail().is_some_and(|trail| {
                trail.intent.strategy == Some(Strategy::InPlace) && trail.saved.is_none()
            });
            if is_left && open.rotation_id != self.job.rotation_id {
                self.close_another(&open.rotation_id, Entry::RolledBack);
            }
        }
    }
}

/// The field whose value is replaced: the one secret that the plugin returns.
pub(super) fn value_field(returns: &[ReturnedField]) -> Result<&ReturnedField, Stop> {
    let mut secret = returns.iter().filter(|field| is_secret_kind(&field.kind));
    if let (Some(only), None) = (secret.next(), secret.next()) {
        return Ok(only);
    }
    let message = "a plugin that replaces a value must list exactly one secret field under `returns`";
    Err(Stop::new(OutcomeKind::Invalid, "manifest", "returns-unfit", message))
}

/// The value that stands in the field.
pub(super) fn value_in(record: &Record, field: &ReturnedField) -> Option<Secret> {
    text_in(record, field.place, &field.label, &field.kind).map(Secret::new)
}

/// The update that writes the field.
pub(super) fn value_update(field: &ReturnedField, value: &Secret) -> Update {
    Update {
        label: field.label.clone(),
        place: field.place,
        kind: field.kind.clone(),
        values: vec![value.clone()],
    }
}

/// Makes a value as the plugin's setting `complexity` describes it, where it has one.
fn generate(settings: &[crate::model::Setting], random: &super::Random<'_>) -> Result<Secret, Stop> {
    let complexity = settings.iter().find(|setting| setting.key == "complexity");
    let complexity = match complexity.map(|setting| &setting.value) {
        Some(SettingValue::Text(text)) => Complexity::parse(text)?,
        _ => Complexity::default(),
    };
    complexity.generate(random).map_err(|why| {
        Stop::failed("preflight", "no-randomness", format!("the system gives no randomness: {why}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Setting;

    fn generated(complexity: Option<&str>) -> Result<Secret, Stop> {
        let value = |text: &str| SettingValue::Text(text.to_owned());
        let setting = complexity.map(|text| Setting { key: "complexity".to_owned(), value: value(text) });
        let next = std::cell::Cell::new(0);
        let random = |bytes: &mut [u8]| {
            bytes.fill_with(|| next.replace(next.get() + 1));
            Ok(())
        };
        generate(&setting.into_iter().collect::<Vec<_>>(), &random)
    }

    #[test]
    fn a_value_is_made_as_the_plugins_setting_says() {
        assert_eq!(generated(Some("12,1,1,1,0")).unwrap().expose().len(), 12);
        assert_eq!(generated(None).unwrap().expose().len(), 32);
        assert_eq!(generated(Some("long")).unwrap_err().kind, OutcomeKind::Invalid);
        let stop = generate(&[], &|_| Err("no entropy".to_owned())).unwrap_err();
        assert!(stop.error.message.contains("no entropy"), "{stop}");
    }
}
