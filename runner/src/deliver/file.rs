//! `file`: the new value in a file of its own, or as one key of a file of environment variables.

use std::path::Path;

use serde_json::json;
use zeroize::Zeroizing;

use super::place::{Place, PlaceError};
use crate::dotenv::{self, Dialect, SetError, is_key};
use crate::model::{
    BuiltIn, Credential, Failure, FailureKind, Plan, Proof, Removed, Request, SettingSchema, SettingType,
    SettingValue, Strategy, Undone, Update,
};
use crate::rotation::{Call, Change, Plugin, StepError, StepResult, Trace};
use crate::secret::Secret;
use crate::text::{near_miss, quoted};

/// Writes the new value into a file of this machine.
#[derive(Debug, Clone, Copy)]
pub struct FileDelivery;

type Done<T> = Result<T, Failure>;

impl FileDelivery {
    /// What it asks for.
    #[must_use]
    pub fn built_in() -> BuiltIn {
        let required = |schema: SettingSchema| SettingSchema { required: true, ..schema };
        BuiltIn {
            name: "file",
            strategy: Strategy::Deliver,
            returns: Vec::new(),
            settings: vec![
                required(text(
                    "path",
                    "The file. Only its owner may read it, and only he or root write in its folder.",
                )),
                text("field", "Which of the new values; needed where more than one is secret."),
                SettingSchema {
                    kind: SettingType::Enum,
                    values: ["raw", "env"].map(str::to_owned).into(),
                    default: Some(json!("raw")),
                    ..text(
                        "format",
                        "raw: the file holds the value and nothing else. env: it is one key of a .env file.",
                    )
                },
                text("key", "The key, with format=env."),
                SettingSchema {
                    kind: SettingType::Enum,
                    values: Dialect::ALL.map(|dialect| dialect.word().to_owned()).into(),
                    ..text(
                        "dialect",
                        "Who reads the file, with format=env; without it, libraries for .env files.",
                    )
                },
            ],
        }
    }
}

fn text(key: &str, description: &str) -> SettingSchema {
    SettingSchema {
        key: key.to_owned(),
        label: None,
        aliases: Vec::new(),
        kind: SettingType::Text,
        default: None,
        values: Vec::new(),
        min: None,
        max: None,
        required: false,
        description: description.to_owned(),
    }
}

/// What is written, and where.
struct Job<'a> {
    path: &'a Path,
    /// The key, and who reads it; none where the file holds the value alone.
    key: Option<(&'a str, Dialect)>,
    update: Option<&'a Update>,
}

impl<'a> Job<'a> {
    fn of(request: &'a Request) -> Done<Self> {
        let setting = |key: &str| {
            let setting = request.settings.iter().find(|setting| setting.key == key);
            setting.and_then(|setting| match &setting.value {
                SettingValue::Text(text) => Some(text.as_str()),
                _ => None,
            })
        };
        let key = match (setting("format"), setting("key")) {
            (Some("env"), Some(key)) if is_key(key) => {
                Some((key, setting("dialect").and_then(Dialect::named).unwrap_or(Dialect::Dotenv)))
            }
            (Some("env"), Some(_)) => {
                return Err(invalid(
                    "key-malformed",
                    "`key` must be letters, digits and `_`, and begin with no digit",
                ));
            }
            (Some("env"), None) => {
                return Err(invalid("key-missing", "with format=env, `key` is needed: key=NAME"));
            }
            (_, Some(_)) => return Err(invalid("key-unused", "`key` means nothing without format=env")),
            (_, None) if setting("dialect").is_some() => {
                return Err(invalid("dialect-unused", "`dialect` means nothing without format=env"));
            }
            (_, None) => None,
        };
        let path = Path::new(setting("path").unwrap_or_default());
        Ok(Self { path, key, update: chosen(&request.deliver, setting("field"))? })
    }

    /// What the consumer calls it.
    fn id(&self) -> String {
        self.key.map_or_else(|| self.path.display().to_string(), |(key, _)| key.to_owned())
    }

    fn value(&self) -> Done<&'a Secret> {
        match self.update.map(|update| &update.values[..]) {
            Some([value]) => Ok(value),
            _ => Err(invalid("field-unfit", "the field that is to be delivered has not exactly one value")),
        }
    }

    fn look(&self) -> Done<Plan> {
        let place = Place::check(self.path)?;
        let creates = match self.key {
            Some((key, dialect)) => {
                let text = place.read()?;
                let checked = dotenv::check(text.as_ref().map_or("", |text| text.as_str()), key, dialect);
                checked.map_err(|error| self.unclear(error))?;
                format!("the key {key}")
            }
            None => "the whole file".to_owned(),
        };
        let target = format!("file:{}", self.path.display());
        Ok(Plan { target, creates, removes: Vec::new(), ..Plan::default() })
    }

    fn write(&self) -> Done<Credential> {
        let place = Place::check(self.path)?;
        let value = self.value()?.expose();
        let before = place.read()?;
        let before = before.as_ref().map(|text| text.as_str());
        let after = self.text(before.unwrap_or_default(), value)?;
        if before != Some(after.as_str()) {
            place.replace(&after)?;
        }
        Ok(Credential { handle: self.id(), updates: Vec::new(), expires: None })
    }

    fn read_back(&self) -> Done<Proof> {
        let text = Place::check(self.path)?.read()?;
        let text = text.as_ref().map_or("", |text| text.as_str());
        // What holds the value does not change when it is set.
        if self.text(text, self.value()?.expose())?.as_str() == text {
            return Ok(Proof::Verified);
        }
        let message = format!("{} holds something else than was written", self.path.display());
        Err(failure(FailureKind::Conflict, "file-changed", &message))
    }

    /// The text of the file with the value in it, which was `before`.
    fn text(&self, before: &str, value: &str) -> Done<Zeroizing<String>> {
        match self.key {
            Some((key, dialect)) => {
                dotenv::set(before, key, value, dialect).map_err(|error| self.unclear(error))
            }
            None => Ok(Zeroizing::new(value.to_owned())),
        }
    }

    fn unclear(&self, error: SetError) -> Failure {
        let code = match error {
            SetError::Unfit(_) | SetError::TooLarge => "value-unfit",
            _ => "dotenv-unclear",
        };
        invalid(code, &format!("{}: {error}", self.path.display()))
    }
}

/// Picks what is delivered: the field that is named, or the only secret one. Before there is a value,
/// a plugin without a manifest has no fields either.
fn chosen<'u>(updates: &'u [Update], field: Option<&str>) -> Done<Option<&'u Update>> {
    let Some(field) = field else {
        let mut secret = updates.iter().filter(|update| update.is_secret());
        return match (secret.next(), secret.next()) {
            (Some(only), None) => Ok(Some(only)),
            _ => Err(invalid(
                "field-missing",
                "which of the new values is meant is not clear: field=LABEL says it",
            )),
        };
    };
    let named = updates.iter().find(|update| update.label == field);
    if named.is_some() || updates.is_empty() {
        return Ok(named);
    }
    let labels = || updates.iter().map(|update| update.label.as_str());
    let known: Vec<_> = labels().map(quoted).collect();
    let hint = near_miss(field, labels()).unwrap_or_default();
    let message = format!("there is no new value {}; there are {}{hint}", quoted(field), known.join(", "));
    Err(invalid("field-unknown", &message))
}

fn invalid(code: &str, message: &str) -> Failure {
    failure(FailureKind::Invalid, code, message)
}

fn failure(kind: FailureKind, code: &str, message: &str) -> Failure {
    Failure { kind, code: code.to_owned(), message: message.to_owned(), fix: None }
}

impl From<PlaceError> for Failure {
    fn from(error: PlaceError) -> Self {
        let message = error.to_string();
        match error {
            PlaceError::Unsafe { .. } => failure(FailureKind::Denied, "file-unsafe", &message),
            PlaceError::Io { .. } => {
                failure(FailureKind::Unavailable { retry_after: None }, "file-unusable", &message)
            }
            PlaceError::Unsynced { .. } => failure(FailureKind::Uncertain, "file-unsynced", &message),
        }
    }
}

/// A step's result. Nothing that it does is seen from outside.
fn told<T>(change: Change, done: Done<T>) -> StepResult<T> {
    let trace = Trace { change, ..Trace::default() };
    StepResult { result: done.map_err(StepError::Failure), trace }
}

#[async_trait::async_trait(?Send)]
impl Plugin for FileDelivery {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        told(Change::None, Job::of(call.request).and_then(|job| job.look()))
    }

    async fn rotate(&mut self, call: Call<'_>, _plan: &Plan) -> StepResult<Credential> {
        told(Change::Possible, Job::of(call.request).and_then(|job| job.write()))
    }

    async fn verify(&mut self, call: Call<'_>, _plan: &Plan, _credential: &Credential) -> StepResult<Proof> {
        told(Change::None, Job::of(call.request).and_then(|job| job.read_back()))
    }

    async fn commit(&mut self, _call: Call<'_>, _plan: &Plan, _handle: &str) -> StepResult<Vec<Removed>> {
        told(Change::None, Ok(Vec::new()))
    }

    async fn rollback(&mut self, _call: Call<'_>, _plan: &Plan, _handle: Option<&str>) -> StepResult<Undone> {
        told(Change::None, Ok(Undone::default()))
    }
}
