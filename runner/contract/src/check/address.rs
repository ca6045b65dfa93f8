//! URLs: where a request goes to, and what its path and query may hold.

use percent_encoding::percent_decode_str;

use super::uses::Spot;
use super::{Checked, Parsed};
use crate::manifest::{Parameter, SettingKind};
use crate::refusal::{At, Refusals};
use crate::template::address::{Address, Origin, is_host};
use crate::template::meaning::Meaning;
use crate::template::{Piece, Template};

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        let Some(address) = &parsed.address else { continue };
        let at = parsed.whole.at().key("url");
        origin(checked, &address.origin, &at, refusals);
        path(&address.path, &at, refusals);
        query(address, &at, refusals);
        filled_in(checked, parsed, refusals);
    }
}

fn origin(checked: &Checked<'_>, origin: &Origin, at: &At, refusals: &mut Refusals) {
    let (key, name, is_prefix) = match origin {
        Origin::Literal(_) => return,
        Origin::Host { key, name } => (key, name.as_deref(), false),
        Origin::Prefix(key) => (key, None, true),
    };
    let Some(setting) = checked.manifest.settings.get(key) else {
        let mend = crate::nearest::mend(key, checked.manifest.settings.keys().map(String::as_str));
        refusals.add(at.clone(), format!("there is no setting `{key}`"), mend);
        return;
    };
    let hosts: Vec<&str> = match (setting.kind, name, is_prefix) {
        (SettingKind::Url, None, true) | (SettingKind::Host, None, false) => {
            if setting.may_be_missing() {
                refusals.add(
                    at.clone(),
                    format!("the setting `{key}` may be missing, and says where the request goes to"),
                    "give it a default, or leave `optional` out of it",
                );
            }
            return;
        }
        (SettingKind::Enum, None, false) => setting.choices().collect(),
        (SettingKind::Enum, Some(name), false) => setting.carried(name).unwrap_or_else(|| {
            refusals.add(
                at.clone(),
                format!("the choices of the setting `{key}` do not each carry `{name}`"),
                format!("give each of its `choices` a `{name}`"),
            );
            Vec::new()
        }),
        (SettingKind::Url, None, false) => {
            refusals.add(
                at.clone(),
                format!("the setting `{key}` is a url, which says its scheme itself"),
                format!("write `{{setting.{key}}}/…`"),
            );
            return;
        }
        (kind, _, true) => {
            refusals.add(
                at.clone(),
                format!("the URL begins with the setting `{key}`, which is of type {kind}"),
                "use a setting of type url, or write `https://` before a host or an enum",
            );
            return;
        }
        (kind, _, false) => {
            refusals.add(
                at.clone(),
                format!("the host is said by the setting `{key}`, which is of type {kind}"),
                "use a setting of type host or enum, or one of type url in the place of `https://` too",
            );
            return;
        }
    };
    for host in hosts.into_iter().filter(|host| !is_host(host)) {
        refusals.add(
            at.clone(),
            format!("the setting `{key}` may say the host `{host}`, which is none"),
            "write hosts, such as \"api.example.com\"",
        );
    }
}

fn path(path: &Template, at: &At, refusals: &mut Refusals) {
    // References become a letter: what they may write is checked where values are known.
    let mut shape = String::new();
    for piece in path.pieces() {
        match piece {
            Piece::Expression(_) => shape.push('x'),
            Piece::Literal(text) => {
                shape.push_str(text);
                if let Some(wrong) = text.chars().find(|c| !is_path_char(*c)) {
                    refusals.add(
                        at.clone(),
                        format!("the path holds `{}`", wrong.escape_default()),
                        "write it as %XX",
                    );
                }
                if has_bad_escape(text) {
                    refusals.add(
                        at.clone(),
                        "the path holds a `%` that encodes no character",
                        "write `%` as `%25`",
                    );
                }
            }
        }
    }
    let segments: Vec<&str> = shape.split('/').collect();
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.iter().enumerate().skip(1) {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        if segment.is_empty() && index != last {
            refusals.add(at.clone(), "the path has an empty segment", "leave one of two slashes out");
        }
        if decoded == "." || decoded == ".." {
            refusals.add(
                at.clone(),
                format!("the path has the segment `{decoded}`"),
                "write the path that is meant",
            );
        }
        if decoded.contains(['/', '\\']) || decoded.contains(char::is_control) {
            refusals.add(
                at.clone(),
                "the path encodes a slash, a backslash or a control character",
                "write the path as it is",
            );
        }
    }
}

/// Whether a character may stand in a path as it is.
fn is_path_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%".contains(c)
}

fn has_bad_escape(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .any(|after| !after.get(..2).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())))
}

fn query(address: &Address, at: &At, refusals: &mut Refusals) {
    for pair in &address.query {
        let literals = pair.value.iter().flat_map(Template::pieces).filter_map(|piece| match piece {
            Piece::Literal(text) => Some(text.as_str()),
            Piece::Expression(_) => None,
        });
        for text in std::iter::once(pair.name.as_str()).chain(literals) {
            if let Some(wrong) = text.chars().find(|c| !is_path_char(*c) && !"?[]".contains(*c)) {
                refusals.add(
                    at.clone(),
                    format!("the query holds `{}`", wrong.escape_default()),
                    "write it as %XX",
                );
            }
            if has_bad_escape(text) {
                refusals.add(
                    at.clone(),
                    "the query holds a `%` that encodes no character",
                    "write `%` as `%25`",
                );
            }
        }
    }
}

/// What the plugin may fill into a path.
fn filled_in(checked: &Checked<'_>, parsed: &Parsed<'_>, refusals: &mut Refusals) {
    let request = parsed.whole.request;
    for used in parsed.uses().iter().filter(|used| used.spot == Spot::Path) {
        let meaning = checked.manifest.meaning(&used.expression.reference, &request.params);
        if let Ok(Meaning::Parameter(parameter)) = meaning
            && request.effect.changes()
            && *parameter != Parameter::Credential
        {
            refusals.add(
                used.at.clone(),
                format!(
                    "the plugin fills {} into the path of a request that {}",
                    used.expression, request.effect
                ),
                "let only a parameter of kind `credential` stand in the path of an effect",
            );
        }
    }
}
