//! Settings: what the operator may set.

use std::collections::HashMap;

use crate::manifest::{Choices, Manifest, Named, Scalar, Setting, SettingKind};
use crate::nearest;
use crate::refusal::{At, Refusals};
use crate::render::{is_of, scale};
use crate::template::meaning::{Meaning, Part};
use crate::template::{Reference, Template};

pub(super) fn check(manifest: &Manifest, refusals: &mut Refusals) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (key, setting) in &manifest.settings {
        let at = At::of(["settings", key]);
        choices(setting, &at, refusals);
        bounds(setting, &at, refusals);
        default(manifest, setting, &at, refusals);
        let takes_pattern = matches!(
            setting.kind,
            SettingKind::Text
                | SettingKind::Secret
                | SettingKind::Host
                | SettingKind::Url
                | SettingKind::Path
                | SettingKind::Complexity
        );
        if setting.pattern.is_some() && !takes_pattern {
            refusals.add(
                at.key("pattern"),
                format!("`pattern` says nothing of a {}", setting.kind),
                "leave it out",
            );
        }
        password(manifest, setting, &at, refusals);
        if setting.slashes && setting.kind != SettingKind::Text {
            refusals.add(
                at.key("slashes"),
                format!("`slashes` says nothing of a {}", setting.kind),
                "leave it out, or use `type = \"text\"`",
            );
        }
        for name in std::iter::once(key).chain(setting.label.as_ref()).chain(&setting.aliases) {
            let other = seen.insert(name.to_lowercase(), key);
            if let Some(other) = other.filter(|other| other != key) {
                refusals.add(
                    at.clone(),
                    format!("`{name}` is a name of the setting `{other}` too"),
                    "name one of them otherwise",
                );
            }
        }
    }
    for kind in [SettingKind::Map, SettingKind::Complexity] {
        let of_kind: Vec<&String> = manifest
            .settings
            .iter()
            .filter(|(_, setting)| setting.kind == kind)
            .map(|(key, _)| key)
            .collect();
        if let [_, second, ..] = of_kind.as_slice() {
            refusals.add(
                At::of(["settings", second]),
                format!("there are two settings of type {kind}"),
                "keep one",
            );
        }
    }
}

/// What a service takes as a password.
fn password(manifest: &Manifest, setting: &Setting, at: &At, refusals: &mut Refusals) {
    if setting.kind != SettingKind::Complexity {
        for (key, is_there) in [("kinds", setting.kinds.is_some()), ("lacks", !setting.lacks.is_empty())] {
            if is_there {
                refusals.add(
                    at.key(key),
                    format!("`{key}` says nothing of a {}", setting.kind),
                    "leave it out",
                );
            }
        }
        return;
    }
    if setting.kinds.is_some_and(|kinds| !(1..=4).contains(&kinds)) {
        refusals.add(
            at.key("kinds"),
            "there are four kinds: upper-case letters, lower-case letters, digits and symbols",
            "write a number from 1 to 4",
        );
    }
    let none = Named::new();
    for (index, template) in setting.lacks.iter().enumerate() {
        let at = at.keys(["lacks", &index.to_string()]);
        for expression in template.expressions() {
            match manifest.meaning(&expression.reference, &none) {
                Err((reason, mend)) => refusals.add(at.clone(), format!("{expression}: {reason}"), mend),
                Ok(
                    Meaning::Input { .. }
                    | Meaning::Setting { .. }
                    | Meaning::Answer { part: Part::Output(_), .. },
                ) => {}
                Ok(_) => refusals.add(
                    at.clone(),
                    format!("{expression} is not there when a password is judged"),
                    "refer to an input, a setting or what a read says",
                ),
            }
        }
    }
}

fn choices(setting: &Setting, at: &At, refusals: &mut Refusals) {
    match (&setting.choices, setting.kind) {
        (None, SettingKind::Enum) => {
            refusals.add(at.clone(), "an enum has no `choices`", "add `choices = [\"…\", \"…\"]`");
        }
        (Some(_), kind) if kind != SettingKind::Enum => {
            refusals.add(
                at.key("choices"),
                format!("a {kind} has no choices"),
                "leave them out, or use `type = \"enum\"`",
            );
        }
        (Some(Choices::Plain(words)), _) => {
            if words.is_empty() {
                refusals.add(at.key("choices"), "there is nothing to choose from", "write one word at least");
            }
            for (index, word) in words.iter().enumerate() {
                if words.iter().take(index).any(|earlier| earlier == word) {
                    refusals.add(
                        at.keys(["choices", &index.to_string()]),
                        format!("`{word}` stands twice"),
                        "leave one out",
                    );
                }
            }
        }
        (Some(Choices::Valued(table)), _) => {
            let Some((first, values)) = table.first() else {
                refusals.add(at.key("choices"), "there is nothing to choose from", "write one word at least");
                return;
            };
            for (word, others) in table {
                for name in values.keys().filter(|name| !others.contains_key(*name)) {
                    refusals.add(
                        at.keys(["choices", word]),
                        format!("it carries no `{name}`, which `{first}` carries"),
                        format!("add `{name} = \"…\"`"),
                    );
                }
                for name in others.keys().filter(|name| !values.contains_key(*name)) {
                    refusals.add(
                        at.keys(["choices", word, name]),
                        format!("`{first}` carries no `{name}`"),
                        nearest::mend(name, values.keys().map(String::as_str)),
                    );
                }
            }
        }
        (None, _) => {}
    }
}

fn bounds(setting: &Setting, at: &At, refusals: &mut Refusals) {
    let mut ends = [None, None];
    for (end, (key, bound)) in ends.iter_mut().zip([("min", &setting.min), ("max", &setting.max)]) {
        let Some(bound) = bound else { continue };
        if !matches!(setting.kind, SettingKind::Int | SettingKind::Duration | SettingKind::Complexity) {
            refusals.add(at.key(key), format!("`{key}` says nothing of a {}", setting.kind), "leave it out");
            continue;
        }
        *end = scale(setting.kind, &bound.to_string());
        if end.is_none() {
            let such = match setting.kind {
                SettingKind::Duration => "a duration such as \"30s\"",
                _ => "a whole number",
            };
            let what = match setting.kind {
                SettingKind::Complexity => "length of a password".to_owned(),
                kind => kind.to_string(),
            };
            refusals.add(at.key(key), format!("`{bound}` is no {what}"), format!("write {such}"));
        }
    }
    if let [Some(min), Some(max)] = ends
        && min > max
    {
        refusals.add(at.key("max"), "it is less than `min`", "let `min` be the lesser one");
    }
}

fn default(manifest: &Manifest, setting: &Setting, at: &At, refusals: &mut Refusals) {
    let Some(default) = &setting.default else { return };
    let at = at.key("default");
    if matches!(setting.kind, SettingKind::Secret) {
        refusals.add(at, "a secret that everyone can read in a manifest is none", "leave `default` out");
        return;
    }
    if matches!(setting.kind, SettingKind::Map | SettingKind::Complexity) {
        refusals.add(at, format!("a {} has no default in a manifest", setting.kind), "leave `default` out");
        return;
    }
    let fits_type = match (setting.kind, default) {
        (SettingKind::Int | SettingKind::Bool, Scalar::Text(text)) => text.contains('{'),
        (SettingKind::Int, Scalar::Int(_)) | (SettingKind::Bool, Scalar::Bool(_)) | (_, Scalar::Text(_)) => {
            true
        }
        _ => false,
    };
    if !fits_type {
        let such = match setting.kind {
            SettingKind::Int => "write a whole number",
            SettingKind::Bool => "write true or false",
            _ => "write it as a text, in quotes",
        };
        refusals.add(at, format!("`{default}` is no {}", setting.kind), such);
        return;
    }
    let text = default.to_string();
    let template = match text.parse::<Template>() {
        Ok(template) => template,
        Err(error) => {
            let (reason, mend) = error.rsplit_once("; ").unwrap_or((&error, "write `{{` for a brace"));
            refusals.add(at, reason, mend);
            return;
        }
    };
    match (template.literal(), template.sole()) {
        (Some(literal), _) => {
            if let Err(reason) = is_of(setting, literal) {
                let reason = reason.split("; ").next().unwrap_or_default().to_owned();
                refusals.add(
                    at,
                    format!("`{literal}` cannot be the default: {reason}"),
                    "write a value that the setting takes",
                );
            }
        }
        (None, Some(expression)) => match &expression.reference {
            Reference::Member(group, key) if group == "target" && expression.filters.is_empty() => {
                let known = manifest.inputs.get("target");
                if known.is_some_and(|target| target.is_secret(key)) {
                    refusals.add(
                        at.clone(),
                        format!("{expression} is a secret, and the setting is none"),
                        "refer to the input where the secret is needed",
                    );
                }
                if !known.is_some_and(|target| target.has(key)) {
                    let keys = known.into_iter().flat_map(crate::manifest::Group::keys);
                    refusals.add(at, format!("there is no input `target.{key}`"), nearest::mend(key, keys));
                }
            }
            _ => refusals.add(
                at,
                "a default refers to the target's fields alone",
                "write a value, or `{target.KEY}`",
            ),
        },
        (None, None) => {
            refusals.add(at, "a default is a value or one reference", "write a value, or `{target.KEY}`");
        }
    }
}
