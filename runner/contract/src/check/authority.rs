//! Who a request comes from: never the author of the plugin.

use super::uses::{Share, Spot, of_compute, roots};
use super::{Checked, Parsed};
use crate::compute::Compute;
use crate::manifest::{Manifest, Named, Parameter};
use crate::refusal::{At, Refusals};
use crate::template::Expression;
use crate::template::Template;
use crate::template::meaning::{Meaning, Part, Secrecy};

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        literals(checked.manifest, parsed, refusals);
        if parsed.whole.request.effect.changes() && !is_authorized(checked.manifest, parsed) {
            refusals.add(
                parsed.whole.at(),
                format!(
                    "no secret of a record or of an answer authorizes this request, which {}",
                    parsed.whole.request.effect
                ),
                "add `auth`, `sign` or a header with a secret of an input or of an answer",
            );
        }
    }
    keys(checked.manifest, refusals);
}

/// What says who sends it is never written down, nor set by a default.
fn literals(manifest: &Manifest, parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let params = &parsed.whole.request.params;
    let is_credential = |template: &Template| {
        template.expressions().any(|expression| proves(manifest, expression, params) >= Secrecy::Vaults)
    };
    let (at, ways) = parsed.whole.auth();
    for (index, way) in ways.iter().enumerate() {
        if !way.templates().any(|(_, template)| is_credential(template)) {
            let at = if ways.len() > 1 { at.key(index) } else { at.clone() };
            refusals.add(
                at,
                "`auth` has no credential that is taken from a record or an answer",
                "refer to one, as in `{ bearer = \"{admin.token}\" }`",
            );
        }
    }
    for (at, name, value) in parsed.whole.headers() {
        let names_sender = ["authorization", "cookie", "proxy-authorization"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        if names_sender && !is_credential(value) {
            refusals.add(
                at,
                format!("`{name}` has no credential that is taken from a record or an answer"),
                "refer to one, as in `\"Token {admin.token}\"`",
            );
        }
    }
    if let Some((at, signer)) = parsed.whole.sign() {
        for (keys, template) in signer.texts().into_iter().filter(|(keys, _)| keys.last() == Some(&"secret"))
        {
            if !is_credential(template) {
                refusals.add(
                    at.keys(keys),
                    "what it is signed with is not taken from a record or an answer",
                    "refer to it, as in `\"{admin.secret_key}\"`",
                );
            }
        }
    }
}

/// Keys of computations come from records, answers, or are our own.
fn keys(manifest: &Manifest, refusals: &mut Refusals) {
    let none = Named::new();
    for (name, compute) in &manifest.compute {
        let at = At::of(["compute", name]);
        let is_public = matches!(compute, Compute::SealedBox(_));
        if matches!(compute, Compute::Merge(_) | Compute::MergeWithoutCase(_)) {
            continue;
        }
        let is_key = of_compute(&at, compute).into_iter().filter(|(_, share, ..)| *share == Share::Key).any(
            |(_, _, expression, _)| {
                let meaning = manifest.meaning(&expression.reference, &none);
                let is_given = matches!(meaning, Ok(Meaning::Input { .. } | Meaning::Answer { .. }))
                    || matches!(meaning, Ok(Meaning::Setting { setting, .. }) if setting.default.is_none() && setting.choices.is_none());
                (is_public && is_given)
                    || (!is_public && proves(manifest, expression, &none) >= Secrecy::Vaults)
            },
        );
        if !is_key {
            let such = if is_public { "\"{key.key|base64-decode}\"" } else { "\"{admin.private_key}\"" };
            refusals.add(
                at.keys([compute.name(), "key"]),
                "the key is not taken from a record or an answer",
                format!(
                    "refer to one, as in `{such}`: a key that everyone can read in a manifest is the author's"
                ),
            );
        }
    }
}

/// Whether an expression leads to a credential of the operator's, and how surely.
fn proves(manifest: &Manifest, expression: &Expression, params: &Named<Parameter>) -> Secrecy {
    roots(manifest, expression, true)
        .into_iter()
        .map(|root| manifest.secrecy(root, params))
        .max()
        .unwrap_or(Secrecy::Open)
}

/// Whether a secret of a record or an answer goes with a request, and not just what is handed on or proposed.
fn is_authorized(manifest: &Manifest, parsed: &Parsed<'_>) -> bool {
    let params = &parsed.whole.request.params;
    parsed.uses().iter().filter(|used| used.spot.is_sent()).any(|used| {
        // Where a credential belongs, the vault may call secret what the manifest does not.
        let enough = if matches!(used.spot, Spot::Auth | Spot::Sign | Spot::Header(_)) {
            Secrecy::Vaults
        } else {
            Secrecy::Secret
        };
        roots(manifest, used.expression, true).into_iter().any(|root| {
            let is_operators = matches!(
                manifest.meaning(&root.reference, params),
                Ok(Meaning::Input { .. }
                    | Meaning::Setting { .. }
                    | Meaning::New(_)
                    | Meaning::Answer { part: Part::Secret(_), .. })
            );
            is_operators && manifest.secrecy(&Expression::bare(root.reference.clone()), params) >= enough
        })
    })
}
