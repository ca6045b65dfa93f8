//! The component side: exports the five steps and converts between the interface's words and ours.

use std::marker::PhantomData;
use std::time::Duration;

use self::bindings::exports::pamrun::plugin::rotation::Guest;
use self::bindings::pamrun::plugin::model as wire;
use crate::{
    Credential, Failure, FailureKind, Field, Listed, Place, Plan, Plugin, Proof, Record, Removed, Request,
    Role, SettingValue, Undone, Update,
};

pub mod bindings;
mod wasi;

const STAMP_TEXT: &str = concat!("language=rust sdk=", env!("CARGO_PKG_VERSION"));

/// Tells a host what built the plugin.
#[expect(unsafe_code, reason = "a custom section is a link section, and no code ever reads this one")]
#[unsafe(link_section = "pamrun-sdk")]
#[used]
static STAMP: [u8; STAMP_TEXT.len()] = {
    let mut stamp = [0; STAMP_TEXT.len()];
    stamp.copy_from_slice(STAMP_TEXT.as_bytes());
    stamp
};

/// The exported face of a plugin.
pub struct Exports<P>(PhantomData<P>);

impl<P: Plugin> Guest for Exports<P> {
    fn describe() -> String {
        P::manifest().to_json()
    }

    fn preflight(request: wire::Request) -> Result<wire::Plan, wire::Failure> {
        let plan = P::preflight(&wasi::Wasi::new(), &request.try_into()?)?;
        Ok(plan.into())
    }

    fn rotate(request: wire::Request, plan: wire::Plan) -> Result<wire::Credential, wire::Failure> {
        let credential = P::rotate(&wasi::Wasi::new(), &request.try_into()?, &plan.into())?;
        Ok(credential.into())
    }

    fn verify(
        request: wire::Request,
        plan: wire::Plan,
        credential: wire::Credential,
    ) -> Result<wire::Proof, wire::Failure> {
        let credential = credential.try_into()?;
        Ok(match P::verify(&wasi::Wasi::new(), &request.try_into()?, &plan.into(), &credential)? {
            Proof::Verified => wire::Proof::Verified,
            Proof::Unproven(reason) => wire::Proof::Unproven(reason),
        })
    }

    fn commit(
        request: wire::Request,
        plan: wire::Plan,
        handle: String,
    ) -> Result<Vec<wire::Removed>, wire::Failure> {
        let removed = P::commit(&wasi::Wasi::new(), &request.try_into()?, &plan.into(), &handle)?;
        Ok(removed.into_iter().map(|Removed { id, gone }| wire::Removed { id, gone }).collect())
    }

    fn rollback(
        request: wire::Request,
        plan: wire::Plan,
        handle: Option<String>,
    ) -> Result<wire::Undone, wire::Failure> {
        let undone = P::rollback(&wasi::Wasi::new(), &request.try_into()?, &plan.into(), handle.as_deref())?;
        let Undone { seen, gone } = undone;
        Ok(wire::Undone { seen, gone })
    }
}

/// What a host must never send; the interface spells these words as free text.
fn foreign(what: &str, word: &str) -> Failure {
    Failure::invalid("unknown-word", format!("this plugin does not know the {what} \"{word}\""))
}

impl TryFrom<wire::Request> for Request {
    type Error = Failure;

    fn try_from(request: wire::Request) -> Result<Self, Failure> {
        let mut records = request.records.into_iter().map(Record::try_from);
        let target = records
            .next()
            .transpose()?
            .filter(|record| record.role == Role::Target)
            .ok_or_else(|| Failure::invalid("no-target", "the target record is not among the records"))?;
        Ok(Self {
            rotation_id: request.rotation_id,
            marker: request.marker,
            attempt: request.attempt,
            target,
            others: records.collect::<Result<_, _>>()?,
            settings: request.settings.into_iter().map(|set| (set.key, set.value.into())).collect(),
            proposed: request.proposed,
            deliver: request.deliver.into_iter().map(Update::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<wire::VaultRecord> for Record {
    type Error = Failure;

    fn try_from(record: wire::VaultRecord) -> Result<Self, Failure> {
        let role = match record.role.as_str() {
            "target" => Role::Target,
            "attached" => Role::Attached,
            "provider" => Role::Provider,
            other => return Err(foreign("role", other)),
        };
        let fields = record
            .fields
            .into_iter()
            .map(|wire::Field { label, kind, values }| Field { label, kind, values })
            .collect();
        Ok(Self { uid: record.uid, title: record.title, role, fields })
    }
}

impl From<wire::SettingValue> for SettingValue {
    fn from(value: wire::SettingValue) -> Self {
        match value {
            wire::SettingValue::Text(text) => Self::Text(text),
            wire::SettingValue::Integer(number) => Self::Integer(number),
            wire::SettingValue::Number(number) => Self::Number(number),
            wire::SettingValue::Flag(flag) => Self::Flag(flag),
            wire::SettingValue::Duration(millis) => Self::Duration(Duration::from_millis(millis)),
        }
    }
}

impl TryFrom<wire::Update> for Update {
    type Error = Failure;

    fn try_from(update: wire::Update) -> Result<Self, Failure> {
        let place = match update.place.as_str() {
            "custom" => Place::Custom,
            "standard" => Place::Standard,
            other => return Err(foreign("place", other)),
        };
        Ok(Self { label: update.label, place, kind: update.kind, values: update.values })
    }
}

impl From<Update> for wire::Update {
    fn from(update: Update) -> Self {
        let place = match update.place {
            Place::Custom => "custom",
            Place::Standard => "standard",
        };
        Self { label: update.label, place: place.to_owned(), kind: update.kind, values: update.values }
    }
}

impl From<wire::Plan> for Plan {
    fn from(plan: wire::Plan) -> Self {
        let removes = plan
            .removes
            .into_iter()
            .map(|wire::Listed { id, label, expires }| Listed { id, label, expires })
            .collect();
        Self { target: plan.target, creates: plan.creates, removes, notes: plan.notes }
    }
}

impl From<Plan> for wire::Plan {
    fn from(plan: Plan) -> Self {
        let removes = plan
            .removes
            .into_iter()
            .map(|Listed { id, label, expires }| wire::Listed { id, label, expires })
            .collect();
        Self { target: plan.target, creates: plan.creates, removes, notes: plan.notes }
    }
}

impl TryFrom<wire::Credential> for Credential {
    type Error = Failure;

    fn try_from(credential: wire::Credential) -> Result<Self, Failure> {
        let updates = credential.updates.into_iter().map(Update::try_from).collect::<Result<_, _>>()?;
        Ok(Self { handle: credential.handle, updates, expires: credential.expires })
    }
}

impl From<Credential> for wire::Credential {
    fn from(credential: Credential) -> Self {
        let updates = credential.updates.into_iter().map(Into::into).collect();
        Self { handle: credential.handle, updates, expires: credential.expires }
    }
}

impl From<Failure> for wire::Failure {
    fn from(Failure { kind, code, message }: Failure) -> Self {
        let wrap = match kind {
            FailureKind::Unavailable { retry_after } => {
                return Self::Unavailable(wire::Outage { code, message, retry_after });
            }
            FailureKind::Invalid => Self::Invalid,
            FailureKind::Denied => Self::Denied,
            FailureKind::NotFound => Self::NotFound,
            FailureKind::Conflict => Self::Conflict,
            FailureKind::WrongCredential => Self::WrongCredential,
            FailureKind::Uncertain => Self::Uncertain,
            FailureKind::Other => Self::Other,
        };
        wrap(wire::Problem { code, message })
    }
}
