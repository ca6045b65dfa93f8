//! What is journaled at the end of preflight, so that later steps cannot be led to another target.

use std::collections::HashSet;

use super::Parsed;
use crate::manifest::{Effect, Manifest};
use crate::refusal::Refusals;
use crate::template::meaning::{Meaning, Part, Secrecy};
use crate::template::{Expression, Reference};

/// The references to inputs, settings and answers in URL, headers and body of requests with an effect; never
/// a secret, nor what stands in `auth`, `sign` and `compute`, nor in the bodies of what delivers.
#[must_use]
pub fn pinned(manifest: &Manifest) -> Vec<Reference> {
    let mut seen = HashSet::new();
    let mut pinned = Vec::new();
    for (name, request) in manifest.requests.iter().filter(|(_, request)| request.effect.changes()) {
        let parsed = Parsed::of(manifest.whole(name, request), &mut Refusals::default());
        for used in parsed.uses() {
            let is_target = used.spot.is_url()
                || matches!(used.spot, super::uses::Spot::Header(_))
                || (used.spot.is_body() && request.effect != Effect::Delivers);
            let reference = &used.expression.reference;
            let is_given = matches!(
                manifest.meaning(reference, &request.params),
                Ok(Meaning::Input { .. }
                    | Meaning::Setting { .. }
                    | Meaning::Answer { part: Part::Output(_), .. })
            );
            // What the vault calls secret is known when its value is there.
            let is_secret =
                manifest.secrecy(&Expression::bare(reference.clone()), &request.params) == Secrecy::Secret;
            if is_target && is_given && !is_secret && seen.insert(reference.clone()) {
                pinned.push(reference.clone());
            }
        }
        if let Some((key, name)) = parsed.origin() {
            let reference = Reference::Setting { key: key.to_owned(), name: name.map(str::to_owned) };
            if seen.insert(reference.clone()) {
                pinned.push(reference);
            }
        }
    }
    pinned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_the_target_is_pinned_and_no_secret() {
        let text = include_str!("../../../../plugins/azure-app-secret/plugin.toml");
        let (manifest, _) = crate::manifest::read(text).unwrap();
        let names: Vec<String> = pinned(&manifest).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["app.id", "setting.graph"]);
    }
}
