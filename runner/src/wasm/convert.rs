//! Between the types of the model and those of the plugin interface.
//!
//! What goes in is handed over as it is. What comes out is guest data: it is measured, its texts
//! for people are redacted, cut and freed of control characters, and its ids must be plain.

use super::bindings::model as wit;
use super::watch::Exceeded;
use crate::model::{
    Credential, Failure, FailureKind, Field, Listed, Place, Plan, Proof, Removed, Request, Role, Setting,
    SettingValue, Undone, Update, VaultRecord,
};
use crate::rotation::StepError;
use crate::secret::{Redactor, Secret};

/// The longest text for people that is kept, in characters.
const TEXT: usize = 1000;
/// The longest id, in bytes.
const ID: usize = 1024;

/// Escapes what could act on a terminal or forge a line, and cuts the rest at `longest` characters.
pub(super) fn clean(text: &str, longest: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(longest));
    for (count, character) in text.chars().enumerate() {
        if count == longest {
            clean.push('…');
            break;
        }
        if is_harmful(character) {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    clean
}

/// Tells whether a character controls how others are shown: C0, C1, line and paragraph separators,
/// zero-width and bidirectional marks.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) fn request(request: &Request) -> wit::Request {
    wit::Request {
        rotation_id: request.rotation_id.clone(),
        marker: request.marker.clone(),
        attempt: request.attempt,
        records: request.records.iter().map(record).collect(),
        settings: request.settings.iter().map(setting).collect(),
        proposed: request.proposed.as_ref().map(|value| value.expose().to_owned()),
        deliver: request.deliver.iter().map(update).collect(),
    }
}

fn record(record: &VaultRecord) -> wit::VaultRecord {
    let role = match record.role {
        Role::Target => "target",
        Role::Attached => "attached",
        Role::Provider => "provider",
    };
    wit::VaultRecord {
        uid: record.uid.clone(),
        title: record.title.clone(),
        role: role.to_owned(),
        fields: record.fields.iter().map(field).collect(),
    }
}

fn field(field: &Field) -> wit::Field {
    wit::Field { label: field.label.clone(), kind: field.kind.clone(), values: exposed(&field.values) }
}

fn exposed(values: &[Secret]) -> Vec<String> {
    values.iter().map(|value| value.expose().to_owned()).collect()
}

fn setting(setting: &Setting) -> wit::Setting {
    let value = match &setting.value {
        SettingValue::Text(text) => wit::SettingValue::Text(text.clone()),
        SettingValue::Secret(secret) => wit::SettingValue::Text(secret.expose().to_owned()),
        SettingValue::Integer(number) => wit::SettingValue::Integer(*number),
        SettingValue::Number(number) => wit::SettingValue::Number(*number),
        SettingValue::Flag(flag) => wit::SettingValue::Flag(*flag),
        SettingValue::Duration(milliseconds) => wit::SettingValue::Duration(*milliseconds),
    };
    wit::Setting { key: setting.key.clone(), value }
}

fn update(update: &Update) -> wit::Update {
    let place = match update.place {
        Place::Custom => "custom",
        Place::Standard => "standard",
    };
    wit::Update {
        label: update.label.clone(),
        place: place.to_owned(),
        kind: update.kind.clone(),
        values: exposed(&update.values),
    }
}

pub(super) fn plan(plan: &Plan) -> wit::Plan {
    let listed = |listed: &Listed| wit::Listed {
        id: listed.id.clone(),
        label: listed.label.clone(),
        expires: listed.expires.clone(),
    };
    wit::Plan {
        target: plan.target.clone(),
        creates: plan.creates.clone(),
        removes: plan.removes.iter().map(listed).collect(),
        notes: plan.notes.clone(),
    }
}

pub(super) fn credential(credential: &Credential) -> wit::Credential {
    wit::Credential {
        handle: credential.handle.clone(),
        updates: credential.updates.iter().map(update).collect(),
        expires: credential.expires.clone(),
    }
}

/// Takes in what a step returned.
pub(super) struct Intake {
    redactor: Redactor,
    left: usize,
}

type Taken<T> = Result<T, StepError>;

impl Intake {
    /// An intake for at most `output` bytes.
    pub(super) fn new(redactor: Redactor, output: usize) -> Self {
        Self { redactor, left: output }
    }

    pub(super) fn plan(&mut self, plan: wit::Plan) -> Taken<Plan> {
        Ok(Plan {
            target: self.id("target", plan.target)?,
            creates: self.text(&plan.creates)?,
            removes: self.list(plan.removes, Self::listed)?,
            notes: self.list(plan.notes, |intake, note| intake.text(&note))?,
        })
    }

    fn listed(&mut self, listed: wit::Listed) -> Taken<Listed> {
        Ok(Listed {
            id: self.id("id", listed.id)?,
            label: self.text(&listed.label)?,
            expires: listed.expires.map(|expires| self.text(&expires)).transpose()?,
        })
    }

    pub(super) fn credential(&mut self, credential: wit::Credential) -> Taken<Credential> {
        Ok(Credential {
            handle: self.id("handle", credential.handle)?,
            updates: self.list(credential.updates, Self::update)?,
            expires: credential.expires.map(|expires| self.text(&expires)).transpose()?,
        })
    }

    fn update(&mut self, update: wit::Update) -> Taken<Update> {
        let place = match update.place.as_str() {
            "custom" => Place::Custom,
            "standard" => Place::Standard,
            other => {
                let other = self.text(other)?;
                return Err(StepError::Contract(format!(
                    "the plugin returned an update whose place is `{other}`; it must be `custom` or `standard`"
                )));
            }
        };
        Ok(Update {
            label: self.id("label", update.label)?,
            place,
            kind: self.id("type", update.kind)?,
            values: self.list(update.values, |intake, value| {
                intake.measure(&value)?;
                Ok(Secret::new(value))
            })?,
        })
    }

    pub(super) fn proof(&mut self, proof: wit::Proof) -> Taken<Proof> {
        Ok(match proof {
            wit::Proof::Verified => Proof::Verified,
            wit::Proof::Unproven(reason) => Proof::Unproven(self.text(&reason)?),
        })
    }

    pub(super) fn removed(&mut self, removed: Vec<wit::Removed>) -> Taken<Vec<Removed>> {
        self.list(removed, |intake, removed| {
            Ok(Removed { id: intake.id("id", removed.id)?, gone: removed.gone })
        })
    }

    pub(super) fn undone(&mut self, undone: wit::Undone) -> Taken<Undone> {
        Ok(Undone {
            seen: self.list(undone.seen, |intake, id| intake.id("id", id))?,
            gone: self.list(undone.gone, |intake, id| intake.id("id", id))?,
        })
    }

    pub(super) fn failure(&mut self, failure: wit::Failure) -> Taken<Failure> {
        let (kind, problem) = match failure {
            wit::Failure::Invalid(problem) => (FailureKind::Invalid, problem),
            wit::Failure::Denied(problem) => (FailureKind::Denied, problem),
            wit::Failure::NotFound(problem) => (FailureKind::NotFound, problem),
            wit::Failure::Conflict(problem) => (FailureKind::Conflict, problem),
            wit::Failure::WrongCredential(problem) => (FailureKind::WrongCredential, problem),
            wit::Failure::Unavailable(wit::Outage { code, message, retry_after }) => {
                (FailureKind::Unavailable { retry_after }, wit::Problem { code, message })
            }
            wit::Failure::Uncertain(problem) => (FailureKind::Uncertain, problem),
            wit::Failure::Other(problem) => (FailureKind::Other, problem),
        };
        Ok(Failure { kind, code: self.code(&problem.code)?, message: self.text(&problem.message)? })
    }

    /// A word in kebab-case; what is none must not get into an outcome document as one.
    fn code(&mut self, code: &str) -> Taken<String> {
        self.measure(code)?;
        let is_word = (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_word = is_word && !self.redactor.finds_secret_in(code);
        Ok(if is_word { code.to_owned() } else { "plugin-failure".to_owned() })
    }

    /// A text for people.
    fn text(&mut self, text: &str) -> Taken<String> {
        self.measure(text)?;
        Ok(clean(&self.redactor.redact(text), TEXT))
    }

    /// A name that is compared, journaled and sent: it is taken as it is, or not at all.
    fn id(&mut self, what: &str, id: String) -> Taken<String> {
        self.measure(&id)?;
        let fault = if id.is_empty() {
            "empty"
        } else if id.len() > ID {
            "too long"
        } else if id.chars().any(is_harmful) {
            "not plain: it holds control characters"
        } else {
            return Ok(id);
        };
        Err(StepError::Contract(format!("the plugin returned a {what} that is {fault}")))
    }

    fn list<T, U>(&mut self, list: Vec<T>, mut each: impl FnMut(&mut Self, T) -> Taken<U>) -> Taken<Vec<U>> {
        list.into_iter().map(|item| each(self, item)).collect()
    }

    /// Counts a string, and what it costs to hold one: a list of a million empty ones is not small.
    fn measure(&mut self, text: &str) -> Taken<()> {
        self.left = self
            .left
            .checked_sub(text.len() + size_of::<String>())
            .ok_or_else(|| Exceeded::new("output", "the plugin returned more from one step than it may"))?;
        Ok(())
    }
}
