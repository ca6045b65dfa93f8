//! Names: of the plugin, and of what its manifest declares.

use std::collections::HashMap;

use super::Checked;
use crate::manifest::CONTRACT;
use crate::refusal::{At, Refusals};
use crate::template::{RESERVED, is_identifier};

/// How long a plugin's name may be: it labels every line that the plugin logs.
const LONGEST: usize = 64;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    if let Some(contract) = manifest.contract.as_deref().filter(|contract| *contract != CONTRACT) {
        refusals.add(
            At::of(["contract"]),
            format!("this is for contract {contract:?}"),
            format!("write it for {CONTRACT:?}, or check it with the pamrun that knows that contract"),
        );
    }
    plugin(checked, refusals);
    let of = |table: &'static str, names: Vec<&str>, refusals: &mut Refusals| {
        for name in names {
            identifier(&At::of([table, name]), name, refusals);
        }
    };
    // These stand at the beginning of references, where some words mean something already.
    for (table, names) in [
        ("inputs", manifest.inputs.keys().collect::<Vec<_>>()),
        ("compute", manifest.compute.keys().collect()),
        ("requests", manifest.requests.keys().collect()),
    ] {
        for name in names {
            unreserved(&At::of([table, name.as_str()]), name, refusals);
        }
    }
    of("inputs", manifest.inputs.keys().map(String::as_str).collect(), refusals);
    of("settings", manifest.settings.keys().map(String::as_str).collect(), refusals);
    of("common", manifest.common.keys().map(String::as_str).collect(), refusals);
    of("compute", manifest.compute.keys().map(String::as_str).collect(), refusals);
    of("requests", manifest.requests.keys().map(String::as_str).collect(), refusals);
    for (group, inputs) in &manifest.inputs {
        for key in inputs.keys() {
            identifier(&At::of(["inputs", group, key]), key, refusals);
        }
    }
    for parsed in &checked.requests {
        members(parsed, refusals);
        if let Some(common) = parsed.whole.request.common.as_deref()
            && !manifest.common.contains_key(common)
        {
            let mend = crate::nearest::mend(common, manifest.common.keys().map(String::as_str));
            refusals.add(parsed.whole.at().key("common"), format!("there is no `[common.{common}]`"), mend);
        }
    }
    apart(checked, refusals);
}

fn plugin(checked: &Checked<'_>, refusals: &mut Refusals) {
    let name = &checked.manifest.name;
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.len() <= LONGEST
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_name {
        refusals.add(
            At::of(["name"]),
            format!("`{name}` is no name of a plugin"),
            format!("write a letter, then lower-case letters, digits and `-`, at most {LONGEST}"),
        );
    }
    let version = &checked.manifest.version;
    let (numbers, rest) = version.split_at(version.find(['-', '+']).unwrap_or(version.len()));
    let is_number = |part: &str| {
        !part.is_empty()
            && part.len() < 10
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let is_rest = rest.chars().all(|c| c.is_ascii_alphanumeric() || "-+.".contains(c)) && rest.len() != 1;
    if numbers.split('.').count() != 3 || !numbers.split('.').all(is_number) || !is_rest {
        refusals.add(
            At::of(["version"]),
            format!("`{version}` is no version"),
            "write three numbers, such as \"1.0.0\"",
        );
    }
    if checked.manifest.description.trim().is_empty() {
        refusals.add(At::of(["description"]), "it says nothing", "say in a sentence what the plugin does");
    }
    if checked.manifest.requests.is_empty() {
        refusals.add(
            At::of(["requests"]),
            "no request is declared",
            "declare each request in `[requests.NAME]`",
        );
    }
}

fn identifier(at: &At, name: &str, refusals: &mut Refusals) {
    if !is_identifier(name) {
        refusals.add(
            at.clone(),
            format!("`{name}` is no name"),
            "write a letter or `_`, then letters, digits, `_` and `-`, at most 64",
        );
    }
}

fn unreserved(at: &At, name: &str, refusals: &mut Refusals) {
    if RESERVED.contains(&name) {
        refusals.add(
            at.clone(),
            format!("`{name}` means something in references already"),
            "choose another name",
        );
    }
}

/// What one request declares.
fn members(parsed: &super::Parsed<'_>, refusals: &mut Refusals) {
    let (at, request) = (parsed.whole.at(), parsed.whole.request);
    for name in request.params.keys() {
        identifier(&at.keys(["params", name]), name, refusals);
        unreserved(&at.keys(["params", name]), name, refusals);
    }
    for name in request.outputs.keys() {
        identifier(&at.keys(["outputs", name]), name, refusals);
        if request.secrets.contains_key(name) {
            refusals.add(
                at.keys(["outputs", name]),
                format!("`{name}` is one of `secrets` too"),
                "name one of them otherwise",
            );
        }
    }
    for name in request.secrets.keys() {
        identifier(&at.keys(["secrets", name]), name, refusals);
    }
    if request.id.is_some() {
        for (table, is_there) in
            [("outputs", request.outputs.contains_key("id")), ("secrets", request.secrets.contains_key("id"))]
        {
            if is_there {
                refusals.add(
                    at.keys([table, "id"]),
                    "`id` of the request has that name",
                    "name this one otherwise",
                );
            }
        }
    }
    if let Some(name) = &request.answers_as {
        identifier(&at.key("as"), name, refusals);
        unreserved(&at.key("as"), name, refusals);
    }
}

/// Names that would be mistaken for one another in references.
fn apart(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for name in manifest.inputs.keys() {
        taken.insert(name, "an input group");
    }
    for name in manifest.compute.keys() {
        if let Some(what) = taken.insert(name, "a computed value") {
            refusals.add(
                At::of(["compute", name]),
                format!("`{name}` is {what} already"),
                "choose another name",
            );
        }
    }
    for parsed in &checked.requests {
        let whole = &parsed.whole;
        let (at, name) = match whole.request.answers_as.as_deref() {
            Some(name) => (whole.at().key("as"), name),
            None => (whole.at(), whole.name),
        };
        if let Some(what) = taken.get(name) {
            refusals.add(at, format!("`{name}` is {what} already"), "choose another name");
        }
        for param in whole.request.params.keys() {
            if manifest.compute.contains_key(param) {
                refusals.add(
                    whole.at().keys(["params", param]),
                    format!("`{param}` is a computed value already"),
                    "choose another name",
                );
            }
        }
    }
}
