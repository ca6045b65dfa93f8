//! Returned fields: what is saved to the record, and where it comes from.

use crate::manifest::{Effect, Id, Manifest, Named, Returned, Strategy};
use crate::refusal::{At, Refusals};
use crate::template::meaning::{Meaning, Part, Secrecy};
use crate::template::{Reference, Template};

pub(super) fn check(manifest: &Manifest, refusals: &mut Refusals) {
    for (index, returned) in manifest.returns.iter().enumerate() {
        let at = At::of(["returns", &index.to_string()]);
        label(manifest, index, returned, &at, refusals);
        value(manifest, returned, &at, refusals);
    }
    if manifest.strategy == Strategy::Overlap
        && !manifest.returns.iter().any(|returned| is_id(manifest, returned))
    {
        let at = if manifest.returns.is_empty() { At::of(["strategy"]) } else { At::of(["returns", "0"]) };
        refusals.add(
            at,
            "no returned field has the new credential's id as its value, so a restart could not tell whose value the vault holds",
            "add `[[returns]]` with `label = \"…\"` and `value = \"{REQUEST.id}\"` of the request that creates",
        );
    }
}

fn label(manifest: &Manifest, index: usize, returned: &Returned, at: &At, refusals: &mut Refusals) {
    let is = |other: &str| other.to_lowercase() == returned.label.to_lowercase();
    if returned.label.trim().is_empty() {
        refusals.add(at.key("label"), "the field has no label", "write the label of the record's field");
    }
    if manifest.returns.iter().take(index).any(|earlier| is(&earlier.label)) {
        refusals.add(at.key("label"), format!("`{}` is returned twice", returned.label), "leave one out");
    }
    for (key, setting) in &manifest.settings {
        let mut names = std::iter::once(key).chain(&setting.label).chain(&setting.aliases);
        if names.any(|name| is(name)) {
            refusals.add(
                at.key("label"),
                format!(
                    "`{}` is a name of the setting `{key}`, which the record would then set",
                    returned.label
                ),
                "choose another label",
            );
        }
    }
    if returned.value.is_some() {
        return;
    }
    for (group, inputs) in &manifest.inputs {
        let reads = inputs
            .one_of
            .iter()
            .flat_map(|alternative| alternative.fields.values())
            .any(|field| is(&field.field));
        if reads {
            refusals.add(
                at.key("label"),
                format!(
                    "`{}` is a field that `inputs.{group}` reads, and the plugin would choose its value",
                    returned.label
                ),
                "give it a `value`, or choose another label",
            );
        }
    }
}

fn value(manifest: &Manifest, returned: &Returned, at: &At, refusals: &mut Refusals) {
    let none = Named::new();
    let is_secret = returned.kind.is_secret();
    let Some(value) = &returned.value else {
        if is_secret {
            refusals.add(
                at.clone(),
                format!(
                    "a field of type {} has no `value`, and a plugin has no secret to give",
                    returned.kind
                ),
                "add `value = \"{REQUEST.NAME}\"` of one of `secrets`, `\"{proposed}\"`, or what is computed",
            );
        }
        return;
    };
    if !is_secret {
        if manifest.secrecy_of(value.expressions(), &none) == Secrecy::Secret {
            refusals.add(
                at.key("value"),
                format!("`{}` is a secret, and the field is of type {}", value.text(), returned.kind),
                "use `type = \"secret\"`",
            );
        }
        return;
    }
    let is_fed = value.expressions().any(|expression| {
        matches!(
            manifest.meaning(&expression.reference, &none),
            Ok(Meaning::Answer { part: Part::Secret(_), .. } | Meaning::Proposed | Meaning::Compute(_))
        )
    });
    let borrows = value.expressions().any(|expression| {
        matches!(
            manifest.meaning(&expression.reference, &none),
            Ok(Meaning::Input { .. } | Meaning::Setting { .. })
        ) && manifest.secrecy(expression, &none) == Secrecy::Secret
    });
    if !is_fed || borrows {
        refusals.add(
            at.key("value"),
            format!("a field of type {} is not fed from what was made", returned.kind),
            "let its value be one of a request's `secrets`, `{proposed}`, or what is computed",
        );
    }
}

/// Whether a field has the id of what is created as its value.
fn is_id(manifest: &Manifest, returned: &Returned) -> bool {
    let Some(value) = &returned.value else { return false };
    manifest.requests.iter().filter(|(_, request)| request.effect == Effect::Creates).any(
        |(name, request)| {
            let refers = |template: &Template| {
                template.sole().is_some_and(|expression| {
                    let of_this = Reference::Member(request.answers_as(name).to_owned(), "id".to_owned());
                    expression.reference == of_this && expression.filters.is_empty()
                })
            };
            refers(value) || matches!(&request.id, Some(Id::Made(made)) if made.text() == value.text())
        },
    )
}
