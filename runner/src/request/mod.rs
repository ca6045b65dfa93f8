//! Turns records, settings and a manifest into the request that a plugin is given.
//!
//! In: what a plugin asks for ([`parse_manifest`]) and what there is ([`Sources`]). Out: a
//! [`Prepared`] request, with every secret that it or its records hold. Touches nothing: pure
//! checks, all problems reported at once.

mod advice;
mod build;
mod declared;
mod manifest;
pub(crate) mod nearest;
mod problems;
mod rules;
mod saas;
mod schema;
mod settings;
mod value;
mod whole;

pub use advice::{advise, counts_as_change, is_for};
pub use build::{Prepared, prepare};
pub use declared::prepare_declared;
pub use manifest::{check_manifest, parse_manifest};
pub use problems::{Problems, RequestError};
pub use saas::prepare_saas;
pub use whole::prepare_whole;

use crate::cli::SetValue;
use crate::model::{Record, RecordUid};
use crate::secret::Secret;

/// What there is, from which a request is made.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The record to rotate.
    pub target_uid: &'a str,
    /// The PAM configuration, where the gateway named one.
    pub provider_uid: Option<&'a str>,
    /// All records at hand, fresh where the vault has them.
    pub records: &'a [Record],
    /// The option that gives `sets`, as people know it: `--set` or `--deliver`.
    pub option: &'a str,
    /// What that gave, in the order given; the last one of a key counts.
    pub sets: &'a [(String, SetValue)],
    /// `[[plugin]] settings` of the configuration file.
    pub config: &'a [(String, SetValue)],
    /// `[[plugin]] lock`: settings that a record may not override.
    pub locked: &'a [String],
    /// The password that the gateway proposes.
    pub new_password: Option<&'a Secret>,
    /// The password that the gateway replaces.
    pub old_password: Option<&'a Secret>,
}

/// Lists the records to read fresh: the target, then the others of the params, then the PAM
/// configuration; each once.
pub fn wanted_uids<'a>(
    target: &str,
    others: impl IntoIterator<Item = &'a str>,
    provider: Option<&'a str>,
) -> Vec<RecordUid> {
    let mut wanted = vec![target.to_owned()];
    for uid in others.into_iter().chain(provider) {
        if !wanted.iter().any(|known| known == uid) {
            wanted.push(uid.to_owned());
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_wanted_first_the_provider_last_and_each_record_once() {
        let wanted = wanted_uids("t", ["a", "t", "p", "a", "b"], Some("q"));
        assert_eq!(wanted, ["t", "a", "p", "b", "q"]);
        assert_eq!(wanted_uids("t", ["p"], Some("p")), ["t", "p"]);
        assert_eq!(wanted_uids("t", [], None), ["t"]);
    }
}
