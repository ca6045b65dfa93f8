//! The request of a plugin that is part of pamrun: its settings, and nothing of the records.

use super::secrets::of_everything;
use super::settings::{Resolved, is_open_setting, resolve};
use super::{Prepared, RequestError, Sources};
use crate::model::{BuiltIn, Request};

/// Makes the request of what is built in out of what there is.
///
/// # Errors
/// A target that is not there, or everything that is wrong with the settings.
pub fn prepare_built_in(built_in: &BuiltIn, sources: &Sources<'_>) -> Result<Prepared, RequestError> {
    sources.target()?;
    let Resolved { settings, warnings } =
        resolve(&built_in.settings, sources).map_err(RequestError::Settings)?;
    let secrets =
        of_everything(sources, &settings, |_, field| is_open_setting(&built_in.settings, field.label));
    let request = Request { settings, ..Request::default() };
    Ok(Prepared { request, secrets, warnings })
}
