//! The request of a plugin that is part of pamrun: its settings, and nothing of the records.

use super::secrets::{besides_records, of_records};
use super::settings::{Resolved, resolve};
use super::{Prepared, RequestError, Sources};
use crate::model::{BuiltIn, FieldView, Record, Request, SettingSchema, SettingType};

/// Makes the request of what is built in out of what there is.
///
/// # Errors
/// A target that is not there, or everything that is wrong with the settings.
pub fn prepare_built_in(built_in: &BuiltIn, sources: &Sources<'_>) -> Result<Prepared, RequestError> {
    if sources.target_and_others().is_none() {
        return Err(RequestError::NoTarget { uid: sources.target_uid.to_owned() });
    }
    let Resolved { settings, warnings } =
        resolve(&built_in.settings, sources).map_err(RequestError::Settings)?;
    let is_setting = |_: &Record, field: &FieldView<'_>| {
        let open = built_in.settings.iter().filter(|schema| schema.kind != SettingType::Secret);
        open.flat_map(SettingSchema::names).any(|name| name == field.label)
    };
    let mut secrets = of_records(sources, is_setting);
    secrets.extend(besides_records(sources, &settings));
    secrets.retain(|secret| !secret.expose().is_empty());
    let request = Request { settings, ..Request::default() };
    Ok(Prepared { request, secrets, warnings })
}
