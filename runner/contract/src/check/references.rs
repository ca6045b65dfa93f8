//! References: whether each means something, and something that can stand where it does.

use super::uses::{Spot, Use, of_compute};
use super::{Checked, Says};
use crate::filter::Filter;
use crate::manifest::{Allowed, Effect, Id, Manifest, Named, Parameter, SettingKind, Strategy};
use crate::refusal::{At, Refusals};
use crate::template::meaning::{Meaning, Part, Secrecy};
use crate::template::{Delivered, Expression, Reference, Template};
use crate::value::Kind;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    for parsed in &checked.requests {
        let request = parsed.whole.request;
        for used in parsed.uses() {
            let Some(kind) = reference(manifest, &used.at, used.expression, &request.params, refusals) else {
                continue;
            };
            fits(&used, kind, refusals);
            if used.spot == Spot::Id && manifest.secrecy(used.expression, &request.params) == Secrecy::Secret
            {
                refusals.add(
                    used.at.clone(),
                    format!("{} is a secret, and everybody sees an id", used.expression),
                    "make the id of its public part, as in `{proposed|rsa-public|sha256|base64}`",
                );
            }
            in_time(&used, request.effect, refusals);
        }
        for (key, allowed) in &request.only_if {
            condition(manifest, &parsed.whole.at().keys(["only_if", key]), key, allowed, refusals);
        }
    }
    let none = Named::new();
    for (name, compute) in &manifest.compute {
        for (at, _, expression, is_sole) in of_compute(&At::of(["compute", name]), compute) {
            if let Some(kind) = reference(manifest, &at, expression, &none, refusals)
                && !is_sole
            {
                text(&at, expression, kind, refusals);
            }
        }
    }
    for (index, returned) in manifest.returns.iter().enumerate() {
        let at = At::of(["returns", &index.to_string(), "value"]);
        for expression in returned.value.iter().flat_map(Template::expressions) {
            if let Some(kind) = reference(manifest, &at, expression, &none, refusals) {
                text(&at, expression, kind, refusals);
            }
            if matches!(expression.reference, Reference::New(_) | Reference::Deliver(_)) {
                refusals.add(
                    at.clone(),
                    format!("{expression} is not there before the rotation is over"),
                    "take it from an answer, from `{proposed}` or from `[compute]`",
                );
            }
        }
    }
    target(manifest, refusals);
}

/// Checks what a reference means; its kind after the filters.
fn reference(
    manifest: &Manifest,
    at: &At,
    expression: &Expression,
    params: &Named<Parameter>,
    refusals: &mut Refusals,
) -> Option<Kind> {
    let meaning = match manifest.meaning(&expression.reference, params) {
        Ok(meaning) => meaning,
        Err((reason, mend)) => {
            refusals.add(at.clone(), format!("{expression}: {reason}"), mend);
            return None;
        }
    };
    let there = match meaning {
        Meaning::Deliver(_) if manifest.strategy != Strategy::Deliver => Err((
            format!("{expression}: nothing is handed on"),
            "use it in a manifest with `strategy = \"deliver\"`".to_owned(),
        )),
        Meaning::Deliver(Delivered::Object)
            if !manifest.settings.values().any(|setting| setting.kind == SettingKind::Map) =>
        {
            Err((format!("{expression}: no setting of type map names its keys"), "add one".to_owned()))
        }
        Meaning::Proposed if !manifest.has_proposed() => Err((
            format!("{expression}: the host makes no key"),
            "add `proposes = \"rsa-2048\"` or `\"password\"`".to_owned(),
        )),
        Meaning::Setting { setting, name: None }
            if matches!(setting.kind, SettingKind::Map | SettingKind::Complexity) =>
        {
            Err((
                format!("{expression}: a setting of type {} is for the host", setting.kind),
                "leave the reference out".to_owned(),
            ))
        }
        _ => Ok(()),
    };
    there.or_add(at, refusals);
    match manifest.kind(expression, params) {
        Ok(kind) => Some(kind),
        Err((reason, mend)) => {
            refusals.add(at.clone(), format!("{expression}: {reason}"), mend);
            None
        }
    }
}

/// Whether a kind of value can stand where it does.
fn fits(used: &Use<'_>, kind: Kind, refusals: &mut Refusals) {
    let own_type = used.spot == Spot::Json && used.is_sole;
    match kind {
        Kind::List | Kind::Object if own_type => {}
        _ => text(&used.at, used.expression, kind, refusals),
    }
}

/// Whether a kind of value can be a text.
fn text(at: &At, expression: &Expression, kind: Kind, refusals: &mut Refusals) {
    // Only what was text before it was encoded is text when it is decoded.
    let may_be_text = matches!(expression.filters.last(), Some(Filter::Base64Decode));
    match kind {
        Kind::List | Kind::Object => refusals.add(
            at.clone(),
            format!("{expression} is {kind}, where a text has to stand"),
            "let it be the whole of a JSON member, or write it with the filter `json`",
        ),
        Kind::Bytes if !may_be_text => refusals.add(
            at.clone(),
            format!("{expression} is bytes, where a text has to stand"),
            "write them with the filter `base64` or `pem:LABEL`",
        ),
        _ => {}
    }
}

/// Whether a value is there when the request is sent.
fn in_time(used: &Use<'_>, effect: Effect, refusals: &mut Refusals) {
    let is_new = matches!(used.expression.reference, Reference::New(_));
    if is_new && matches!(effect, Effect::Creates | Effect::Updates) {
        refusals.add(
            used.at.clone(),
            format!("{} is there once rotate is done, and this is sent in it", used.expression),
            "use `{proposed}`, or an answer",
        );
    }
    if used.spot == Spot::Id && !matches!(used.expression.reference, Reference::Proposed | Reference::Marker)
    {
        refusals.add(
            used.at.clone(),
            format!(
                "an id that is made before it is sent is of `{{proposed}}` or `{{marker}}`, not of {}",
                used.expression
            ),
            "use one of these, or a place in the answer such as \"/id\"",
        );
    }
}

/// `only_if`: an output of a read that needs nothing.
fn condition(manifest: &Manifest, at: &At, key: &str, allowed: &Allowed, refusals: &mut Refusals) {
    let reference: Result<Reference, String> = key.parse();
    let Ok(reference @ Reference::Member(..)) = reference else {
        refusals.add(
            at.clone(),
            format!("`{key}` is no output of a request"),
            "write \"REQUEST.OUTPUT\", as in \"describe.second\"",
        );
        return;
    };
    let none = Named::new();
    match manifest.meaning(&reference, &none) {
        Ok(Meaning::Answer { name, part: Part::Output(_) }) => {
            let own = manifest.requests.get(name);
            let is_free = own.is_some_and(|request| !request.effect.changes() && request.params.is_empty());
            if !is_free {
                refusals.add(
                    at.clone(),
                    format!("the host cannot call `{name}` by itself just before"),
                    "compare with an output of a request that reads and has no parameters",
                );
            }
        }
        Ok(_) => refusals.add(
            at.clone(),
            format!("`{key}` is no output of a request"),
            "compare with one of `outputs`",
        ),
        Err((reason, mend)) => refusals.add(at.clone(), reason, mend),
    }
    if let Allowed::OneOf(list) = allowed
        && list.is_empty()
    {
        refusals.add(
            at.clone(),
            "no value is allowed, so it would never be sent",
            "write the values that are",
        );
    }
}

/// The target's identity: inputs, settings and what reads say.
fn target(manifest: &Manifest, refusals: &mut Refusals) {
    let at = At::of(["target"]);
    let none = Named::new();
    if manifest.target.expressions().next().is_none() {
        refusals.add(
            at.clone(),
            "it is the same for every target",
            "make it of what tells one target from another, as in `service:{target.id}`",
        );
    }
    for expression in manifest.target.expressions() {
        let Some(kind) = reference(manifest, &at, expression, &none, refusals) else { continue };
        text(&at, expression, kind, refusals);
        if manifest.secrecy(expression, &none) == Secrecy::Secret {
            refusals.add(
                at.clone(),
                format!("{expression} is a secret, and the target's identity stands in journal and outcome"),
                "make it of ids and names",
            );
        }
        let is_steady = match manifest.meaning(&expression.reference, &none) {
            Ok(Meaning::Input { .. } | Meaning::Setting { .. }) => true,
            Ok(Meaning::Answer { name, part }) => {
                !matches!(part, Part::Id(Id::Made(_)))
                    && manifest.answering(name).all(|(_, request)| !request.effect.changes())
            }
            _ => false,
        };
        if !is_steady {
            refusals.add(
                at.clone(),
                format!("{expression} is not there in preflight, or another one in every run"),
                "make the target of inputs, settings and what reads say",
            );
        }
    }
}
