//! Where the values of effects come from: never from an answer that the plugin could choose.

use super::Checked;
use super::uses::roots;
use crate::manifest::{Manifest, Named, Parameter};
use crate::refusal::{At, Refusals};
use crate::template::Expression;
use crate::template::meaning::Meaning;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    for parsed in &checked.requests {
        let request = parsed.whole.request;
        let what = match (request.effect.changes(), &request.lists) {
            (true, _) => format!("a request that {}", request.effect),
            (false, Some(_)) => "a request that lists".to_owned(),
            (false, None) => continue,
        };
        for used in parsed.uses() {
            for expression in roots(manifest, used.expression, true) {
                chosen(manifest, &used.at, expression, &request.params, &what, refusals);
            }
        }
    }
    let none = Named::new();
    for expression in manifest.target.expressions().flat_map(|expression| roots(manifest, expression, true)) {
        chosen(manifest, &At::of(["target"]), expression, &none, "the target", refusals);
    }
}

/// Refuses what a read answers that the plugin may ask for this or that.
fn chosen(
    manifest: &Manifest,
    at: &At,
    expression: &Expression,
    params: &Named<Parameter>,
    what: &str,
    refusals: &mut Refusals,
) {
    let Ok(Meaning::Answer { name, .. }) = manifest.meaning(&expression.reference, params) else { return };
    for (own, request) in manifest.answering(name).filter(|(_, request)| !request.effect.changes()) {
        let chosen = request
            .params
            .iter()
            .find(|(_, param)| !matches!(param, Parameter::Credential | Parameter::Time));
        if let Some((param, _)) = chosen {
            refusals.add(
                at.clone(),
                format!("{what} takes {expression} from the read `{own}`, whose parameter `{param}` the plugin chooses"),
                "take it from a read whose parameters are of kind `credential` or `time`, or that has none",
            );
        }
    }
}
