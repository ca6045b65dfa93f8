//! Requests that need one another's answers, and values computed of themselves.

use std::collections::HashMap;

use super::Checked;
use super::uses::{of_compute, roots};
use crate::manifest::Manifest;
use crate::refusal::{At, Refusals};
use crate::template::Reference;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    let manifest = checked.manifest;
    let computes: HashMap<&str, Vec<&str>> = manifest
        .compute
        .iter()
        .map(|(name, compute)| {
            let inner =
                of_compute(&At::default(), compute).into_iter().filter_map(|(_, _, expression, _)| {
                    match &expression.reference {
                        Reference::Bare(inner) => {
                            manifest.compute.get_key_value(inner).map(|(inner, _)| inner.as_str())
                        }
                        _ => None,
                    }
                });
            (name.as_str(), inner.collect())
        })
        .collect();
    report(&computes, "compute", "computed of itself", refusals);
    let requests: HashMap<&str, Vec<&str>> =
        checked.requests.iter().map(|parsed| (parsed.whole.name, needed(manifest, parsed))).collect();
    report(&requests, "requests", "needed before it can be sent itself", refusals);
}

/// The requests that the host calls first, because their answers are referred to.
fn needed<'a>(manifest: &'a Manifest, parsed: &super::Parsed<'a>) -> Vec<&'a str> {
    let mut needed = Vec::new();
    let mut add = |name: &str| {
        if let Some((name, request)) = manifest.requests.get_key_value(name)
            && !request.effect.changes()
            && request.params.is_empty()
        {
            needed.push(name.as_str());
        }
    };
    for used in parsed.uses() {
        for root in roots(manifest, used.expression, true) {
            if let Reference::Member(name, _) = &root.reference {
                add(name);
            }
        }
    }
    for key in parsed.whole.request.only_if.keys() {
        if let Some((name, _)) = key.split_once('.') {
            add(name);
        }
    }
    needed
}

/// Reports each circle once, at the first of its names in the file.
fn report(edges: &HashMap<&str, Vec<&str>>, table: &str, what: &str, refusals: &mut Refusals) {
    let mut names: Vec<&str> = edges.keys().copied().collect();
    names.sort_unstable();
    let mut reported: Vec<&str> = Vec::new();
    for name in names {
        if reported.contains(&name) {
            continue;
        }
        if let Some(circle) = circle(edges, name) {
            let through: Vec<String> = circle.iter().chain([&name]).map(|name| format!("`{name}`")).collect();
            refusals.add(
                At::of([table, name]),
                format!("`{name}` is {what}: {}", through.join(" needs ")),
                "take one of these references out",
            );
            reported.extend(circle);
        }
    }
}

/// The way from a name back to itself.
fn circle<'a>(edges: &HashMap<&'a str, Vec<&'a str>>, name: &'a str) -> Option<Vec<&'a str>> {
    let mut seen = Vec::new();
    let mut paths = vec![vec![name]];
    while let Some(path) = paths.pop() {
        let last = *path.last()?;
        for next in edges.get(last).into_iter().flatten() {
            if *next == name {
                return Some(path);
            }
            if !seen.contains(next) {
                seen.push(*next);
                let mut longer = path.clone();
                longer.push(next);
                paths.push(longer);
            }
        }
    }
    None
}
