//! Secrets: where they may go.

use super::uses::{Use, roots};
use super::{Checked, Parsed};
use crate::manifest::{Effect, Manifest};
use crate::refusal::Refusals;
use crate::template::meaning::{Meaning, Secrecy};

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        let uses = parsed.uses();
        sent(checked.manifest, parsed, &uses, refusals);
        in_one_place(checked.manifest, parsed, &uses, refusals);
    }
}

/// Where secrets are sent.
fn sent(manifest: &Manifest, parsed: &Parsed<'_>, uses: &[Use<'_>], refusals: &mut Refusals) {
    let request = parsed.whole.request;
    for used in uses {
        let is_secret = manifest.secrecy(used.expression, &request.params) == Secrecy::Secret;
        if is_secret && (used.spot.is_url() || used.spot == super::uses::Spot::Key) {
            refusals.add(
                used.at.clone(),
                format!("{} is a secret, and stands in {}", used.expression, used.spot.words()),
                "send it in `auth`, a header or the body: URLs and keys stand in logs everywhere",
            );
        }
        if is_secret && matches!(used.spot, super::uses::Spot::OnlyIf) {
            refusals.add(
                used.at.clone(),
                format!("{} is a secret, and is compared with what the plugin sees", used.expression),
                "compare with what is no secret",
            );
        }
        let carries_none = request.effect.changes() && request.effect != Effect::Updates;
        if carries_none && used.spot.is_body() {
            let input = roots(manifest, used.expression, false).into_iter().find(|root| {
                let is_input =
                    matches!(manifest.meaning(&root.reference, &request.params), Ok(Meaning::Input { .. }));
                is_input && manifest.secrecy(root, &request.params) == Secrecy::Secret
            });
            if let Some(input) = input {
                refusals.add(
                    used.at.clone(),
                    format!("{input} is a secret of a record, and stands in the body of a request that {}", request.effect),
                    "send it in `auth`, `sign` or a header; only a request that updates carries one in its body",
                );
            }
        }
    }
}

/// A read carries secrets in its body, or beside it.
fn in_one_place(manifest: &Manifest, parsed: &Parsed<'_>, uses: &[Use<'_>], refusals: &mut Refusals) {
    let request = parsed.whole.request;
    if request.effect.changes() {
        return;
    }
    let is_secret = |used: &&Use<'_>| manifest.secrecy(used.expression, &request.params) == Secrecy::Secret;
    let in_body = uses.iter().filter(|used| used.spot.is_body()).find(is_secret);
    let beside = uses
        .iter()
        .filter(|used| used.spot.is_sent() && !used.spot.is_body() && !used.spot.is_url())
        .find(is_secret);
    if let (Some(in_body), Some(beside)) = (in_body, beside) {
        refusals.add(
            in_body.at.clone(),
            format!(
                "a read carries the secret {} in its body, and {} in {} too",
                in_body.expression,
                beside.expression,
                beside.spot.words()
            ),
            "send one of them: so no read can store one secret by the right of another",
        );
    }
}
