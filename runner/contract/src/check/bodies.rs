//! Bodies and methods: what is sent, as what, and under which names.

use std::collections::HashMap;

use super::{Checked, Parsed, Says, overrides_method};
use crate::manifest::{Json, Leaf, Method, Request, SettingKind};
use crate::refusal::{At, Refusals};
use crate::template::meaning::Meaning;
use crate::template::{Template, markup};

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        let (at, request) = (parsed.whole.at(), parsed.whole.request);
        let bodies = [
            ("form", request.form.is_some()),
            ("json", request.json.is_some()),
            ("xml", request.xml.is_some()),
        ];
        let bodies: Vec<&str> =
            bodies.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
        if let [first, second, ..] = bodies.as_slice() {
            refusals.add(
                at.key(second),
                format!("the request has the body `{first}` already"),
                "keep one of them",
            );
        }
        method(request, &at, refusals);
        content_type(request, bodies.first().copied(), &at, refusals);
        if let Some(xml) = &request.xml {
            let reason = markup::check(xml).map_err(|(reason, mend)| (format!("the XML: {reason}"), mend));
            reason.or_add(&at.key("xml"), refusals);
        }
        if let Some(json) = &request.json {
            keys(checked, parsed, json, refusals);
        }
        names(parsed, refusals);
    }
}

fn method(request: &Request, at: &At, refusals: &mut Refusals) {
    match request.method {
        None if !request.has_body() => {
            let such = if request.effect.changes() { "POST" } else { "GET" };
            refusals.add(
                at.clone(),
                "the request has no body, and no `method`",
                format!("add `method = \"{such}\"`, or the one that is meant"),
            );
        }
        Some(method) if request.has_body() && !method.takes_body() => {
            refusals.add(
                at.key("method"),
                format!("{} takes no body", method.as_str()),
                "leave the body out, or use POST",
            );
        }
        Some(method)
            if !request.effect.changes()
                && matches!(method, Method::Put | Method::Patch | Method::Delete) =>
        {
            refusals.add(
                at.key("method"),
                format!("a request that reads is never {}", method.as_str()),
                "declare the effect that it has, or use GET or POST",
            );
        }
        Some(Method::Head) if request.effect.changes() => {
            refusals.add(
                at.key("method"),
                format!("a request that {} is never HEAD, whose answer says nothing", request.effect),
                "use the method that changes something",
            );
        }
        _ => {}
    }
}

/// A body that says it is something else would be read as that, and its places would be others.
fn content_type(request: &Request, body: Option<&str>, at: &At, refusals: &mut Refusals) {
    let Some(content_type) = &request.content_type else { return };
    let at = at.key("content_type");
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fits = match body {
        None => {
            refusals.add(at, "there is no body whose type it could be", "leave it out, or add a body");
            return;
        }
        Some("form") => essence == "application/x-www-form-urlencoded",
        Some("json") => essence.contains("json"),
        Some(_) => essence.contains("xml"),
    };
    if content_type.contains(char::is_control) || !content_type.is_ascii() {
        refusals.add(at, "it holds what a header cannot", "write a type such as \"application/json\"");
    } else if !fits {
        let body = body.unwrap_or_default();
        refusals.add(
            at,
            format!("`{content_type}` is not what a `{body}` body is"),
            "write the type of that body, or leave it out",
        );
    }
}

/// The keys of JSON, at every depth.
fn keys(checked: &Checked<'_>, parsed: &Parsed<'_>, json: &Json, refusals: &mut Refusals) {
    let at = parsed.whole.at().key("json");
    json.walk(&mut Vec::new(), &mut |path, leaf| {
        let Leaf::Key(key) = leaf else { return };
        let at = at.keys(path);
        match key.literal() {
            Some(name) if overrides_method(name) => {
                refusals.add(at, format!("frameworks read another method of `{name}`"), "declare that method with `method = \"…\"`");
            }
            Some(_) => {}
            None => {
                let reference = key.sole().filter(|expression| expression.filters.is_empty());
                let meaning = reference.map(|expression| checked.manifest.meaning(&expression.reference, &parsed.whole.request.params));
                let is_setting = matches!(
                    meaning,
                    Some(Ok(Meaning::Setting { setting, name: None })) if matches!(setting.kind, SettingKind::Text | SettingKind::Enum)
                );
                if !is_setting {
                    refusals.add(
                        at,
                        format!("the key `{}` is neither literal nor one setting", key.text()),
                        "write the key, or `{setting.KEY}` of type text or enum",
                    );
                }
            }
        }
    });
    if let Json::Object(members) = json {
        doubled(members.iter().map(|(key, _)| key), &at, refusals);
    }
}

fn doubled<'a>(keys: impl Iterator<Item = &'a Template>, at: &At, refusals: &mut Refusals) {
    let mut seen = std::collections::HashSet::new();
    for key in keys {
        if !seen.insert(key.text().to_lowercase()) {
            refusals.add(
                at.key(key.text()),
                format!("`{}` stands twice but for case", key.text()),
                "name one of them otherwise",
            );
        }
    }
}

/// Names are unique across query, form and the top of JSON: some frameworks lay these over one another.
fn names(parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let (at, request) = (parsed.whole.at(), parsed.whole.request);
    let mut all: Vec<(At, String, &str)> = Vec::new();
    for pair in parsed.address.iter().flat_map(|address| &address.query) {
        let decoded = percent_encoding::percent_decode_str(&pair.name).decode_utf8_lossy().replace('+', " ");
        all.push((at.key("url"), decoded, "the query"));
    }
    all.extend(request.query.keys().map(|name| (at.keys(["query", name]), name.clone(), "the query")));
    all.extend(
        request.form.iter().flatten().map(|(name, _)| (at.keys(["form", name]), name.clone(), "the form")),
    );
    if let Some(Json::Object(members)) = &request.json {
        let literal = members.iter().filter_map(|(key, _)| Some((key, key.literal()?)));
        all.extend(literal.map(|(key, name)| (at.keys(["json", key.text()]), name.to_owned(), "JSON")));
    }
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (at, name, place) in all {
        if overrides_method(&name) && place != "JSON" {
            refusals.add(
                at.clone(),
                format!("frameworks read another method of `{name}`"),
                "declare that method with `method = \"…\"`",
            );
        }
        if let Some(other) = seen.insert(name.to_lowercase(), place)
            && (other, place) != ("JSON", "JSON")
        {
            refusals.add(at, format!("`{name}` stands in {other} already"), "keep one of them");
        }
    }
}
