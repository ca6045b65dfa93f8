//! Effects: which a strategy may have, and what each needs.

use super::uses::roots;
use super::{Checked, Parsed};
use crate::manifest::{Effect, Id, Manifest, Parameter, Proposes, SettingKind, Strategy};
use crate::refusal::{At, Refusals};
use crate::template::Reference;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        of_strategy(checked.manifest, parsed, refusals);
        credential(parsed, refusals);
        id(parsed, refusals);
    }
    strategy(checked, refusals);
    names(checked, refusals);
    proposes(checked.manifest, refusals);
}

fn of_strategy(manifest: &Manifest, parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let effect = parsed.whole.request.effect;
    let (fits, says) = match (effect, manifest.strategy) {
        (Effect::Reads, _) => (true, ""),
        (Effect::Creates, strategy) => (strategy == Strategy::Overlap, "overlap"),
        (Effect::Updates, strategy) => (strategy == Strategy::InPlace, "in-place"),
        (Effect::Delivers, strategy) => (strategy == Strategy::Deliver, "deliver"),
        (Effect::Disables | Effect::Deletes, strategy) => (strategy != Strategy::Deliver, "overlap"),
    };
    if !fits {
        refusals.add(
            parsed.whole.at().key("effect"),
            format!("a request that {effect} has no step in this strategy"),
            format!("use `strategy = \"{says}\"`, or declare what the request does"),
        );
    }
}

fn credential(parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let (at, request) = (parsed.whole.at(), parsed.whole.request);
    let credentials: Vec<&str> = request.credentials().collect();
    match (request.effect.retires(), credentials.as_slice()) {
        (true, []) => refusals.add(
            at.clone(),
            format!("a request that {} names no credential", request.effect),
            "add `params = { key = \"credential\" }`, and `{key}` where it belongs",
        ),
        (true, [_, second, ..]) => refusals.add(
            at.keys(["params", second]),
            format!("a request that {} names exactly one credential", request.effect),
            "declare a request for each",
        ),
        (false, [one, ..]) if request.effect.changes() => refusals.add(
            at.keys(["params", one]),
            format!("a request that {} is given no credential", request.effect),
            "take the id from an input or an answer",
        ),
        _ => {}
    }
}

fn id(parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let (at, request) = (parsed.whole.at(), parsed.whole.request);
    match (&request.id, request.effect) {
        (None, Effect::Creates) => refusals.add(
            at.clone(),
            "a request that creates does not say what the id of the new credential is",
            "add `id = \"/…\"`, where it stands in the answer",
        ),
        (Some(_), effect) if effect != Effect::Creates => refusals.add(
            at.key("id"),
            format!("a request that {effect} makes no credential whose id it could be"),
            "take it with `outputs`",
        ),
        (Some(Id::Made(made)), _) if made.expressions().next().is_none() => {
            refusals.add(
                at.key("id"),
                format!("`{}` is the same id every time", made.text()),
                "write a place in the answer such as \"/id\", or make it of `{proposed}`",
            );
        }
        _ => {}
    }
}

fn strategy(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    let has = |effect: Effect| checked.requests.iter().any(|parsed| parsed.whole.request.effect == effect);
    let needed = match manifest.strategy {
        Strategy::Overlap => Effect::Creates,
        Strategy::InPlace => Effect::Updates,
        Strategy::Deliver => Effect::Delivers,
    };
    if !has(needed) {
        refusals.add(
            At::of(["strategy"]),
            format!("no request {needed}, so nothing could be done"),
            format!("declare the request with `effect = \"{needed}\"`"),
        );
    }
    if manifest.strategy != Strategy::Overlap {
        if manifest.removes.is_some() {
            refusals.add(
                At::of(["removes"]),
                "only an overlap leaves credentials behind that could be retired",
                "leave `removes` out",
            );
        }
        if !manifest.names {
            refusals.add(
                At::of(["names"]),
                "only in an overlap a credential is made that could have a name",
                "leave `names` out",
            );
        }
        return;
    }
    let lists = checked.requests.iter().any(|parsed| parsed.whole.request.lists.is_some());
    if !lists && manifest.removes.is_some() {
        refusals.add(
            At::of(["removes"]),
            "no request lists the target's credentials",
            "add `lists = { each = \"…\", id = \"…\" }` to the read that shows them, or leave `removes` out",
        );
    }
    if !lists && !manifest.names {
        refusals.add(
            At::of(["names"]),
            "without names a new credential is told from others by a listing alone, and no request lists",
            "add `lists = { each = \"…\", id = \"…\" }` to the read that shows them",
        );
    }
}

/// A credential of ours is known by its name, or by an id that was known before.
fn names(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    if manifest.strategy != Strategy::Overlap || !manifest.names {
        return;
    }
    let creates: Vec<&Parsed<'_>> =
        checked.requests.iter().filter(|parsed| parsed.whole.request.effect == Effect::Creates).collect();
    let is_known = |parsed: &&&Parsed<'_>| {
        let is_marked = parsed
            .uses()
            .iter()
            .filter(|used| used.spot.is_sent() || used.spot == super::uses::Spot::Id)
            .any(|used| {
                roots(manifest, used.expression, false).iter().any(|root| root.reference == Reference::Marker)
            });
        is_marked || matches!(&parsed.whole.request.id, Some(Id::Made(_)))
    };
    if let Some(first) = creates.first()
        && !creates.iter().any(|parsed| is_known(&parsed))
    {
        refusals.add(
            first.whole.at(),
            "nothing that is created carries `{marker}`, so a stray could not be told from a stranger's",
            "write `{marker}` into the name that the service keeps, make its id of `{proposed}`, or say `names = false` at the top",
        );
    }
}

fn proposes(manifest: &Manifest, refusals: &mut Refusals) {
    let at = At::of(["proposes"]);
    match (manifest.proposes, manifest.strategy) {
        (Some(_), Strategy::Deliver) => {
            refusals.add(at, "a plugin that delivers makes no key", "leave `proposes` out");
        }
        (Some(Proposes::Rsa2048), _) => {
            let complexity =
                manifest.settings.iter().find(|(_, setting)| setting.kind == SettingKind::Complexity);
            if let Some((key, _)) = complexity {
                refusals.add(
                    At::of(["settings", key]),
                    "a complexity says what a password is made of, and a key is proposed",
                    "leave it out",
                );
            }
        }
        _ => {}
    }
    for (name, request) in &manifest.requests {
        let chosen = request.params.iter().find(|(_, parameter)| **parameter == Parameter::Answer);
        if let Some((param, _)) = chosen.filter(|_| request.pending.is_some()) {
            refusals.add(
                At::of(["requests", name, "params", param]),
                "a request that polls is not pending itself",
                "leave `pending` out",
            );
        }
    }
}
