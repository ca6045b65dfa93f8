//! The words that plugin, engine and vault exchange: plain data, much as in `wit/v1/model.wit`.
//!
//! In and out: nothing but types. Touches: nothing.

mod date;
mod failure;
mod finding;
mod host;
mod inputs;
mod manifest;
mod record;
mod saas;
mod secrecy;
mod shared;
mod slots;
mod step;

pub use date::{DATES, milliseconds};
pub use failure::{Failure, FailureKind};
pub use finding::{Finding, Level};
pub use host::{HostError, HostPort};
pub use inputs::InputGroup;
pub use manifest::{BuiltIn, ReturnedField, Role, SettingSchema, SettingType, StepName, Strategy};
pub(crate) use record::wipe;
pub use record::{FieldView, Place, Record, RecordUid, Twice, find};
pub use saas::{ConfigItem, SaasPlugin};
pub use secrecy::{KnownField, is_hidden_kind, is_secret_kind, says_secret};
pub use shared::{Attachment, SharedRecord};
pub use slots::Slots;
pub use step::{
    Carried, Credential, Field, Listed, Plan, Proof, Removed, Request, Setting, SettingValue, Undone, Update,
    VaultRecord,
};
