//! Inputs: which fields of which records.

use crate::manifest::{Group, Manifest, Role};
use crate::nearest;
use crate::refusal::{At, Refusals};

/// Keys that the plugin is told of each group besides its values.
const TOLD: [&str; 2] = ["record", "role"];

pub(super) fn check(manifest: &Manifest, refusals: &mut Refusals) {
    for (name, group) in &manifest.inputs {
        let at = At::of(["inputs", name]);
        alternatives(name, group, &at, refusals);
        for key in TOLD.into_iter().filter(|key| group.has(key)) {
            refusals.add(
                at.key(key),
                format!("`{key}` says which record the group came from"),
                "choose another name",
            );
        }
        for (index, key) in group.secret.iter().enumerate() {
            if !group.has(key) {
                let mend = nearest::mend(key, group.keys());
                refusals.add(
                    at.keys(["secret", &index.to_string()]),
                    format!("there is no input `{key}`"),
                    mend,
                );
            }
        }
        for (index, key) in group.plain.iter().enumerate() {
            let at = at.keys(["plain", &index.to_string()]);
            if !group.has(key) {
                let mend = nearest::mend(key, group.keys());
                refusals.add(at, format!("there is no input `{key}`"), mend);
            } else if group.is_secret(key) {
                refusals.add(
                    at,
                    format!("`{key}` is one of the group's `secret` too"),
                    "leave it out of one of both",
                );
            }
        }
        for key in group.patterns.keys().filter(|key| !group.has(key)) {
            let mend = nearest::mend(key, group.keys());
            refusals.add(at.keys(["patterns", key]), format!("there is no input `{key}`"), mend);
        }
    }
}

fn alternatives(name: &str, group: &Group, at: &At, refusals: &mut Refusals) {
    if group.one_of.is_empty() {
        refusals.add(at.key("one_of"), "there is nothing to choose from", "write one alternative at least");
    }
    for (index, alternative) in group.one_of.iter().enumerate() {
        let at = if group.has_choice { at.keys(["one_of", &index.to_string()]) } else { at.clone() };
        match alternative.role {
            None if name != "target" => {
                refusals.add(
                    at.clone(),
                    "it does not say in which record",
                    "add `role = \"attached\"`, `\"provider\"` or `\"target\"`",
                );
            }
            Some(role) if name == "target" && role != Role::Target => {
                refusals.add(
                    at.key("role"),
                    "the group `target` is the record that is rotated",
                    "name the group otherwise",
                );
            }
            _ => {}
        }
        if alternative.fields.is_empty() {
            refusals.add(at.clone(), "it names no field", "write `KEY = \"FIELD\"`");
        }
        if !alternative.fields.is_empty()
            && alternative.fields.values().all(|field| field.optional)
            && group.has_choice
        {
            refusals.add(
                at.clone(),
                "all of its fields are optional, so it is always complete",
                "let one field be there for it to count",
            );
        }
        for (key, field) in &alternative.fields {
            if field.field.trim().is_empty() {
                refusals.add(
                    at.key(key),
                    "the field has no label",
                    "write the label or the type of the field",
                );
            }
        }
    }
}
