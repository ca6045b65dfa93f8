//! The environment, as something that can be looked up, so that tests need none.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::system::PlaceOf;

/// Looks up a variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Looks up a variable of this process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "cli owns the environment")]
pub fn process_environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Returns the folder that a variable names. One that is empty or relative counts as not set, as
/// the XDG base directory specification demands.
pub(super) fn folder(environment: Environment<'_>, variable: &str) -> Option<PathBuf> {
    environment(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Returns the first of these places whose variable is set.
pub(super) fn first_of(places: &[PlaceOf], environment: Environment<'_>) -> Option<PathBuf> {
    places.iter().find_map(|(variable, rest)| Some(folder(environment, variable)?.join(rest)))
}
