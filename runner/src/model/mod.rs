//! The words that plugin, engine and vault exchange: plain data, the mirror of `wit/v0/model.wit`.
//!
//! In and out: nothing but types. Touches: nothing.

mod failure;
mod finding;
mod manifest;
mod record;
mod saas;
mod shared;
mod step;

pub use failure::{Failure, FailureKind};
pub use finding::{Finding, Level};
pub use manifest::{
    Choice, DescribedChoice, HostTemplate, Manifest, RecordAsk, RequestRule, ReturnedField, Role,
    SettingSchema, SettingType, StepName, Strategy,
};
pub(crate) use record::wipe;
pub use record::{FieldView, Place, Record, RecordUid, position};
pub use saas::{ConfigItem, SaasPlugin};
pub use shared::{Attachment, SharedRecord};
pub use step::{
    Credential, Field, Listed, Plan, Proof, Removed, Request, Setting, SettingValue, Undone, Update,
    VaultRecord,
};
