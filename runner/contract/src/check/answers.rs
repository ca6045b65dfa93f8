//! Answers: which settle an effect, and what may be taken of them.

use super::{Checked, Parsed, Says};
use crate::answer::{Earlier, Next, Part, Place, Root, Rows, Takes};
use crate::manifest::{Id, Manifest, Named, Parameter, Strategy, Whole};
use crate::nearest;
use crate::refusal::{At, Refusals};
use crate::template::Expression;
use crate::template::meaning::Meaning;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        let whole = parsed.whole;
        let takes = whole.takes();
        words(whole, &takes, refusals);
        for fault in takes.faults() {
            refusals.add(located(whole, &fault.keys), fault.reason, fault.mend);
        }
        for (keys, place) in takes.places() {
            settings(checked.manifest, &located(whole, &keys), place, refusals);
        }
        conditions(checked.manifest, whole, refusals);
        differences(checked.manifest, whole, refusals);
        pages(parsed, refusals);
        pending(checked.manifest, whole, refusals);
        if let Some(Id::Taken(place)) = &whole.request.id
            && place.sheds_secrecy()
        {
            refusals.add(
                whole.at().key("id"),
                format!("`{place}` is what a token says of itself"),
                "take the id that the service gives",
            );
        }
    }
}

/// Words are looked for in what says no, and in nothing else.
fn words(whole: Whole<'_>, takes: &Takes, refusals: &mut Refusals) {
    for (keys, place) in takes.places() {
        let is_error = keys.first().is_some_and(|key| key == "errors");
        if matches!(place.root(), Root::Words(_)) && !is_error {
            refusals.add(
                located(whole, &keys),
                format!("`{place}` looks for words in a whole body, which `errors` alone may do"),
                "lead to a value in it, by `/pointer` or `xml:Outer/Inner`",
            );
        }
    }
}

/// Where what a request takes stands in the file: with itself, or with what it shares.
fn located(whole: Whole<'_>, keys: &[String]) -> At {
    let shared = match keys.first().map(String::as_str) {
        Some("success") => whole.success().map(|(at, _)| at),
        Some("rejects") => whole.rejects().map(|(at, _)| at),
        Some("errors") => Some(whole.errors().0),
        _ => None,
    };
    match shared {
        Some(at) => at.keys(keys.iter().skip(1)),
        None => whole.at().keys(keys),
    }
}

/// Settings that stand in a place.
fn settings(manifest: &Manifest, at: &At, place: &Place, refusals: &mut Refusals) {
    let none = Named::new();
    for text in place.references() {
        let expression = match text.parse::<Expression>() {
            Ok(expression) => expression,
            Err(reason) => {
                Err::<(), _>(reason).or_add(at, refusals);
                continue;
            }
        };
        if let Err((reason, mend)) = manifest.meaning(&expression.reference, &none) {
            refusals.add(at.clone(), format!("{expression}: {reason}"), mend);
        }
    }
}

/// What answers are compared with.
fn conditions(manifest: &Manifest, whole: Whole<'_>, refusals: &mut Refusals) {
    let none = Named::new();
    let alternatives = whole.success().into_iter().chain(whole.rejects()).flat_map(|(at, alternatives)| {
        alternatives.iter().enumerate().map(move |(index, alternative)| (at.key(index), alternative))
    });
    let all = alternatives.flat_map(|(at, alternative)| {
        alternative.conditions.iter().map(move |condition| (at.clone(), condition))
    });
    for (at, condition) in all {
        let Some(text) = condition.reference() else { continue };
        let Some(expression) = expression(text, &at, refusals) else { continue };
        match manifest.meaning(&expression.reference, &none) {
            Err((reason, mend)) => refusals.add(at, format!("{expression}: {reason}"), mend),
            Ok(Meaning::Deliver(_)) if manifest.strategy != Strategy::Deliver => {
                refusals.add(
                    at,
                    format!("{expression}: nothing is handed on"),
                    "compare with `{new.…}` or `{proposed}`",
                );
            }
            Ok(Meaning::Proposed) if !manifest.has_proposed() => {
                refusals.add(
                    at,
                    format!("{expression}: the host makes no key"),
                    "compare with `{new.…}`, or add `proposes`",
                );
            }
            Ok(_) => {
                if let Err((reason, mend)) = manifest.kind(&expression, &none) {
                    refusals.add(at, format!("{expression}: {reason}"), mend);
                }
            }
        }
    }
}

/// What outputs are compared with: an answer that the host has.
fn differences(manifest: &Manifest, whole: Whole<'_>, refusals: &mut Refusals) {
    let none = Named::new();
    for (name, output) in &whole.request.outputs {
        let Some(Earlier(text)) = &output.differs_from else { continue };
        let at = whole.at().keys(["outputs", name, "differs_from"]);
        let Some(expression) = expression(text, &at, refusals) else { continue };
        match manifest.meaning(&expression.reference, &none) {
            Err((reason, mend)) => refusals.add(at, format!("{expression}: {reason}"), mend),
            Ok(Meaning::Answer { name, .. }) if name != whole.request.answers_as(whole.name) => {}
            Ok(_) => refusals.add(
                at,
                format!("{expression} is no answer that was there before"),
                "compare with what another request takes, as in `{before.variables}`",
            ),
        }
    }
    let (at_errors, errors) = whole.errors();
    let errors = errors.iter().map(|(name, output)| (at_errors.key(name), output));
    let rows = match whole.request.lists.as_ref().map(|lists| &lists.rows) {
        Some(Rows::Each(each)) => Some(&each.outputs),
        _ => None,
    };
    let rows = rows.into_iter().flatten();
    let rows = rows.map(|(name, output)| (whole.at().keys(["lists", "outputs", name]), output));
    for (at, _) in errors.chain(rows).filter(|(_, output)| output.differs_from.is_some()) {
        refusals.add(
            at.key("differs_from"),
            "it is the output of a whole answer that is compared",
            "make one of `outputs` of it",
        );
    }
}

/// Pages are the same request with another value in one part, which must not be another effect's.
fn pages(parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let (at, request) = (parsed.whole.at(), parsed.whole.request);
    let outputs = request
        .outputs
        .iter()
        .filter_map(|(name, output)| Some((at.keys(["outputs", name, "next"]), output.next.as_ref()?)));
    let lists =
        request.lists.iter().filter_map(|lists| Some((at.keys(["lists", "next"]), lists.next.as_ref()?)));
    for (at, next) in outputs.chain(lists) {
        let (name, has_body, body) = match next {
            Next::Token { part: Part::Form(name), .. } => (name, request.form.is_some(), "form"),
            Next::Token { part: Part::Json(keys), .. } => match keys.last() {
                Some(last) => (last, request.json.is_some(), "json"),
                None => continue,
            },
            Next::Token { part: Part::Query(name), .. } | Next::Number(name) => (name, true, ""),
            Next::Address(_) => continue,
        };
        if !has_body {
            refusals.add(
                at.clone(),
                format!("the next page is asked for in `{body}`, and the request has no such body"),
                "say where the value goes: `query`, `form` or `json`",
            );
        }
        if super::overrides_method(name) {
            refusals.add(
                at,
                format!("frameworks read another method of `{name}`"),
                "name the part that leads to the next page",
            );
        }
    }
}

/// How a request that goes on is asked for its end.
fn pending(manifest: &Manifest, whole: Whole<'_>, refusals: &mut Refusals) {
    let Some(pending) = &whole.request.pending else { return };
    let at = whole.at().key("pending");
    let Some(poll) = manifest.requests.get(&pending.request) else {
        let known = manifest.requests.iter().filter(|(_, request)| !request.effect.changes());
        let mend = nearest::mend(&pending.request, known.map(|(name, _)| name.as_str()));
        refusals.add(at.key("request"), format!("there is no request `{}`", pending.request), mend);
        return;
    };
    if poll.effect.changes() {
        refusals.add(
            at.key("request"),
            format!("`{}` {}, and is sent again and again", pending.request, poll.effect),
            "poll with a request that reads",
        );
    }
    if poll.pending.is_some() {
        refusals.add(
            at.key("request"),
            format!("`{}` is pending itself", pending.request),
            "poll with a request that has no `pending`",
        );
    }
    for (name, parameter) in &poll.params {
        if *parameter == Parameter::Answer && !pending.with.contains_key(name) {
            refusals.add(
                at.clone(),
                format!("`{}` needs `{name}`, and nothing gives it", pending.request),
                format!("add `with = {{ {name} = \"/…\" }}`"),
            );
        }
    }
    for name in pending.with.keys().filter(|name| !poll.params.contains_key(*name)) {
        let mend = nearest::mend(name, poll.params.keys().map(String::as_str));
        refusals.add(
            at.keys(["with", name]),
            format!("`{}` has no parameter `{name}`", pending.request),
            mend,
        );
    }
}

/// What a text refers to; what is wrong with it is added.
fn expression(text: &str, at: &At, refusals: &mut Refusals) -> Option<Expression> {
    text.parse().map_err(|reason: String| Err::<(), _>(reason).or_add(at, refusals)).ok()
}
