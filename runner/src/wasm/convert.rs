//! Between the types of the model and those of the plugin interface.
//!
//! What goes in is handed over as it is. What comes out passes [`Intake`](crate::rotation::Intake)
//! afterwards.

use super::bindings::model as wit;
use crate::model::{
    Credential, Failure, FailureKind, Field, Listed, Place, Plan, Proof, Removed, Request, Role, Setting,
    SettingValue, Undone, Update, VaultRecord,
};
use crate::rotation::StepError;
use crate::secret::Secret;

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
    let place = update.place.word();
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

/// What preflight returned.
pub(super) fn returned_plan(plan: wit::Plan) -> Plan {
    let wit::Plan { target, creates, removes, notes } = plan;
    let listed = |wit::Listed { id, label, expires }| Listed { id, label, expires };
    Plan {
        target,
        creates,
        removes: removes.into_iter().map(listed).collect(),
        notes,
        carried: crate::model::Carried::default(),
    }
}

/// What rotate returned.
pub(super) fn returned_credential(credential: wit::Credential) -> Result<Credential, StepError> {
    let wit::Credential { handle, updates, expires } = credential;
    let updates = updates.into_iter().map(returned_update).collect::<Result<_, _>>()?;
    Ok(Credential { handle, updates, expires })
}

fn returned_update(update: wit::Update) -> Result<Update, StepError> {
    let wit::Update { label, place, kind, values } = update;
    let place = match place.as_str() {
        "custom" => Place::Custom,
        "standard" => Place::Standard,
        // It is not quoted: what stands in the wrong place may be a secret.
        _ => {
            return Err(StepError::Contract(
                "the plugin returned an update whose place is neither `custom` nor `standard`".to_owned(),
            ));
        }
    };
    Ok(Update { label, place, kind, values: values.into_iter().map(Secret::new).collect() })
}

/// What verify returned.
pub(super) fn returned_proof(proof: wit::Proof) -> Proof {
    match proof {
        wit::Proof::Verified => Proof::Verified,
        wit::Proof::Unproven(reason) => Proof::Unproven(reason),
    }
}

/// What commit returned.
pub(super) fn returned_removed(removed: Vec<wit::Removed>) -> Vec<Removed> {
    removed.into_iter().map(|wit::Removed { id, gone }| Removed { id, gone }).collect()
}

/// What rollback returned.
pub(super) fn returned_undone(undone: wit::Undone) -> Undone {
    Undone { seen: undone.seen, gone: undone.gone }
}

/// Why a step failed.
pub(super) fn failure(failure: wit::Failure) -> Failure {
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
    Failure { kind, code: problem.code, message: problem.message, fix: None }
}
