//! Whether two requests of different effect could become the same request.
//!
//! What a template may write is a regular language. Some place must be in both requests, and its languages
//! must not meet; without regard to case, since services often have none. Hosts tell nothing apart: behind
//! two names may stand one service.

use super::uses::Spot;
use super::{Checked, Parsed};
use crate::manifest::{Effect, Json, Manifest, Method, Parameter, SettingKind};
use crate::refusal::Refusals;
use crate::template::address::Origin;
use crate::template::language::{Language, TooLarge};
use crate::template::meaning::Meaning;
use crate::template::{Piece, Reference, Template};

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    let forms: Vec<Form<'_>> =
        checked.requests.iter().filter_map(|parsed| Form::of(checked.manifest, parsed)).collect();
    for (index, one) in forms.iter().enumerate() {
        for other in forms.iter().skip(index + 1) {
            if !must_differ(one, other) {
                continue;
            }
            // The line is that of the one that changes more: a read was hardly meant to be another one.
            let (blamed, twin) = if one.effect().changes() { (one, other) } else { (other, one) };
            let (name, effect) = (twin.parsed.whole.name, twin.effect());
            match tells_apart(blamed, twin) {
                Ok(true) => {}
                Ok(false) => {
                    let reason = if blamed.effect() == effect {
                        format!("this could become the same request as `{name}`, which names its credential elsewhere")
                    } else {
                        format!("this could become the same request as `{name}`, which {effect}")
                    };
                    refusals.add(
                        blamed.parsed.whole.at(),
                        reason,
                        "let one of method, path, query pair, form pair, JSON member or a header of `dispatch` be in both and never be the same: write it literally, or give what stands in it a `pattern`",
                    );
                }
                Err(TooLarge) => refusals.add(
                    blamed.parsed.whole.at(),
                    format!("whether this could become the same request as `{name}` is too much to compute"),
                    "use smaller repetitions in the patterns of what stands in both, or let a literal place tell them apart",
                ),
            }
        }
    }
}

/// What of a request can tell it from another.
struct Form<'p> {
    manifest: &'p Manifest,
    parsed: &'p Parsed<'p>,
    method: Method,
    /// Whether the plugin fills in some of query or body, of which a service could read another method.
    is_filled_in: bool,
    /// The path without its origin.
    path: Language,
    /// The setting that the path begins with.
    prefix: Option<&'p str>,
    /// Places that are always there, by what they are.
    places: Vec<(String, Language)>,
    /// Where the credential stands, and in what.
    credential: Vec<(String, String)>,
}

impl<'p> Form<'p> {
    fn of(manifest: &'p Manifest, parsed: &'p Parsed<'p>) -> Option<Self> {
        let request = parsed.whole.request;
        let address = parsed.address.as_ref()?;
        let is_filled_in = parsed.uses().iter().any(|used| {
            let is_open = matches!(used.spot, Spot::Query(_)) || used.spot.is_body();
            is_open
                && matches!(
                    manifest.meaning(&used.expression.reference, &request.params),
                    Ok(Meaning::Parameter(_))
                )
        });
        let mut form = Self {
            manifest,
            parsed,
            method: request.method()?,
            is_filled_in,
            path: path(manifest, parsed, &address.path),
            prefix: match &address.origin {
                Origin::Prefix(key) => Some(key),
                _ => None,
            },
            places: Vec::new(),
            credential: Vec::new(),
        };
        form.note("path", &address.path);
        for pair in &address.query {
            let name = percent_encoding::percent_decode_str(&pair.name).decode_utf8_lossy().into_owned();
            match &pair.value {
                Some(value) => form.add(format!("query {name}"), value, true),
                None => form.places.push((format!("query {name}"), Language::literal(""))),
            }
        }
        for (name, value) in &request.query {
            form.add(format!("query {name}"), value, false);
        }
        for (name, value) in request.form.iter().flatten() {
            form.add(format!("form {name}"), value, false);
        }
        if let Some(json) = &request.json {
            form.add_json("json", json);
        }
        if let Some(xml) = &request.xml {
            form.note("xml", xml);
        }
        let dispatches = |name: &str| manifest.dispatch.iter().any(|known| known.eq_ignore_ascii_case(name));
        for (_, name, value) in parsed.whole.headers() {
            if dispatches(name) {
                form.add(format!("header {name}"), value, false);
            } else {
                form.note(&format!("header {name}"), value);
            }
        }
        if let Some(content_type) = request.content_type.as_deref().filter(|_| dispatches("content-type")) {
            form.places.push(("header content-type".to_owned(), Language::literal(content_type)));
        }
        for (name, _) in &mut form.places {
            *name = name.to_lowercase();
        }
        Some(form)
    }

    fn effect(&self) -> Effect {
        self.parsed.whole.request.effect
    }

    /// Adds a place, unless it may be left out: what only one of two requests has tells nothing.
    fn add(&mut self, name: String, template: &Template, is_encoded: bool) {
        self.note(&name, template);
        let params = &self.parsed.whole.request.params;
        if template.expressions().any(|expression| self.manifest.may_be_missing(expression, params)) {
            return;
        }
        let language = if is_encoded {
            Language::then(template.pieces().iter().map(|piece| match piece {
                Piece::Literal(text) => Language::literal(
                    &percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy(),
                ),
                Piece::Expression(expression) => self.manifest.language(expression, params),
            }))
        } else {
            self.manifest.language_of_template(template, params)
        };
        self.places.push((name, language));
    }

    fn add_json(&mut self, at: &str, json: &Json) {
        match json {
            Json::Null => self.places.push((at.to_owned(), Language::literal("null"))),
            Json::Bool(flag) => self.places.push((at.to_owned(), Language::literal(&flag.to_string()))),
            Json::Number(number) => self.places.push((at.to_owned(), Language::literal(&plain(number)))),
            Json::Text(template) => self.add(at.to_owned(), template, false),
            Json::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add_json(&format!("{at}/{index}"), item);
                }
            }
            Json::Object(members) => {
                for (key, member) in members {
                    match key.literal() {
                        Some(name) => self.add_json(
                            &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                            member,
                        ),
                        // A key that a setting says may be any: what stands below it is at no certain place.
                        None => member.walk(&mut Vec::new(), &mut |_, leaf| {
                            if let Some(template) = leaf.template() {
                                self.note(&format!("{at}/*"), template);
                            }
                        }),
                    }
                }
            }
        }
    }

    /// Notes where the credential stands, with its name made the same in all requests.
    fn note(&mut self, name: &str, template: &Template) {
        let params = &self.parsed.whole.request.params;
        let is_credential = |reference: &Reference| {
            matches!(self.manifest.meaning(reference, params), Ok(Meaning::Parameter(Parameter::Credential)))
        };
        if template.expressions().any(|expression| is_credential(&expression.reference)) {
            let shape = template.pieces().iter().map(|piece| match piece {
                Piece::Expression(expression) if is_credential(&expression.reference) => "{}".to_owned(),
                piece => piece.to_string(),
            });
            let shape = shape.collect();
            self.credential.push((name.to_lowercase(), shape));
        }
    }
}

/// A number in one spelling: 1.0 and 1 are the same to who reads JSON.
fn plain(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => format!("{whole:.0}"),
        _ => number.to_string(),
    }
}

/// What a path may be once it is decoded.
fn path(manifest: &Manifest, parsed: &Parsed<'_>, template: &Template) -> Language {
    let params = &parsed.whole.request.params;
    let empty = template.pieces().is_empty().then(|| Language::literal("/"));
    Language::then(empty.into_iter().chain(template.pieces().iter().map(|piece| match piece {
        Piece::Literal(text) => {
            Language::literal(&percent_encoding::percent_decode_str(text).decode_utf8_lossy())
        }
        Piece::Expression(expression) => {
            let language = manifest.language(expression, params);
            if language != Language::any() {
                return language;
            }
            // Values are refused where they have a slash, unless slashes are theirs.
            match manifest.meaning(&expression.reference, params) {
                Ok(Meaning::Setting { setting, .. })
                    if setting.kind == SettingKind::Path || setting.slashes =>
                {
                    Language::without(&['\\'])
                }
                Ok(Meaning::Input { group, key }) if group.has_slashes(key) => Language::without(&['\\']),
                _ => Language::without(&['/', '\\']),
            }
        }
    })))
}

/// Whether two requests must never be the same.
fn must_differ(one: &Form<'_>, other: &Form<'_>) -> bool {
    if one.effect() != other.effect() {
        return true;
    }
    one.effect().retires() && one.credential != other.credential
}

fn tells_apart(one: &Form<'_>, other: &Form<'_>) -> Result<bool, TooLarge> {
    // Where the plugin fills in query or body, a service could read another method there. It gains nothing
    // by that where the other request only reads.
    let could_be = |one: &Form<'_>, other: &Form<'_>| one.is_filled_in && other.effect().changes();
    if one.method != other.method && !could_be(one, other) && !could_be(other, one) {
        return Ok(true);
    }
    let mut result = Ok(false);
    let mut note = |meets: Result<bool, TooLarge>| match meets {
        Ok(false) => true,
        Ok(true) => false,
        Err(too_large) => {
            result = Err(too_large);
            false
        }
    };
    if note(paths_meet(one, other)) {
        return Ok(true);
    }
    for (name, language) in &one.places {
        for (_, theirs) in other.places.iter().filter(|(other, _)| other == name) {
            if note(language.meets(theirs)) {
                return Ok(true);
            }
        }
    }
    result
}

/// Whether two paths may be the same. The same url setting before both drops out; another one may end in
/// anything.
fn paths_meet(one: &Form<'_>, other: &Form<'_>) -> Result<bool, TooLarge> {
    if one.prefix == other.prefix {
        return one.path.meets(&other.path);
    }
    let whole = |form: &Form<'_>| match form.prefix {
        None => form.path.clone(),
        Some(_) => Language::then([Language::written("(/[^/]+)*"), form.path.clone()]),
    };
    whole(one).meets(&whole(other))
}

#[cfg(test)]
mod tests;
