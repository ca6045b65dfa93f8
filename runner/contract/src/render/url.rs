//! Writes the URL of a request.

use zeroize::Zeroizing;

use super::failure::Unrendered;
use super::fill::{Filled, Filler, Written};
use super::path::{self, Filling};
use super::query;
use crate::answer::Part;
use crate::manifest::{SettingKind, Whole};
use crate::template::address::{Address, Origin, is_host, is_prefix};
use crate::template::meaning::Meaning;
use crate::template::{Expression, Piece, Reference, Template};
use crate::value::Value;

/// A URL in its parts, as they are sent.
pub(super) struct Url {
    /// Scheme, host and port.
    pub(super) origin: String,
    /// The path, with its leading slash.
    pub(super) path: String,
    /// The beginning of the path, up to the first value in it.
    pub(super) literal: String,
    /// The query, without its question mark.
    pub(super) query: String,
    /// Whether the name of an unknown value stands in it.
    pub(super) has_names: bool,
}

impl Url {
    /// The whole URL.
    pub(super) fn whole(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.origin, self.path, self.query)
    }

    /// The host, and the port where it is not the scheme's own.
    pub(super) fn host(&self) -> &str {
        let host = self.origin.trim_start_matches("https://");
        host.strip_suffix(":443").unwrap_or(host)
    }
}

/// Writes it.
pub(super) fn write(
    filler: &mut Filler<'_>,
    whole: Whole<'_>,
    page: Option<(&Part, &Value)>,
) -> Result<Url, Unrendered> {
    let address = Address::of(&whole.request.url).map_err(|(reason, _)| Unrendered::Parameter(reason))?;
    let mut url = origin(filler, &address.origin)?;
    let path = filler.text_with("the path", &address.path, str::to_owned, segment)?;
    let path = path.ok_or_else(|| Unrendered::Missing {
        place: format!("the path of `{}`", whole.name),
        reference: address.path.text().to_owned(),
        mend: "set it, or call another request",
    })?;
    url.has_names |= path.has_names;
    url.literal.clone_from(&url.path);
    if let Some(Piece::Literal(text)) = address.path.pieces().first() {
        url.literal.push_str(text);
    }
    url.path.push_str(&path.text);
    if url.path.is_empty() {
        url.path.push('/');
    }
    if !path::is_clean(&url.path) {
        return Err(Unrendered::value("the path", address.path.text(), "with it a segment is `.` or `..`"));
    }
    let mut pairs = Vec::new();
    let turned = page.and_then(|(part, value)| match part {
        Part::Query(name) => Some((name.as_str(), value)),
        _ => None,
    });
    let is_turned = |name: &str| turned.is_some_and(|(turned, _)| turned == name);
    for pair in address.query.iter().filter(|pair| !is_turned(&pair.name)) {
        let Some(value) = &pair.value else {
            pairs.push(pair.name.clone());
            continue;
        };
        if let Some(text) = pair_value(filler, &pair.name, value, str::to_owned)? {
            url.has_names |= text.has_names;
            pairs.push(format!("{}={}", pair.name, *text.text));
        }
    }
    for (name, value) in whole.request.query.iter().filter(|(name, _)| !is_turned(name)) {
        if let Some(text) = pair_value(filler, name, value, query::encode)? {
            url.has_names |= text.has_names;
            pairs.push(format!("{}={}", query::encode(name), *text.text));
        }
    }
    if let Some((name, value)) = turned {
        let place = "the query of the next page";
        open(value).map_err(|reason| Unrendered::value(place, name, reason))?;
        let text = value.to_text().map_err(|error| Unrendered::not_text(place, name, error))?;
        pairs.push(format!("{}={}", query::encode(name), query::encode(&text)));
    }
    url.query = pairs.join("&");
    Ok(url)
}

/// The value of a pair. What is literal is encoded already in a URL, and is not in a table.
fn pair_value(
    filler: &mut Filler<'_>,
    name: &str,
    value: &Template,
    literal: impl Fn(&str) -> String,
) -> Result<Option<Written>, Unrendered> {
    filler.text_with(&format!("the query pair `{name}`"), value, literal, |_, value, text| {
        open(value)?;
        Ok(Zeroizing::new(query::encode(text)))
    })
}

/// Refuses secrets: URLs stand in logs everywhere.
fn open(value: &Value) -> Result<(), String> {
    if value.is_secret() {
        return Err("it is a secret, and none ever stands in a URL".to_owned());
    }
    Ok(())
}

fn segment(meaning: Meaning<'_>, value: &Value, text: &str) -> Result<Zeroizing<String>, String> {
    open(value)?;
    let filling = match meaning {
        Meaning::Setting { setting, .. } if setting.kind == SettingKind::Path => Filling::Segments,
        Meaning::Setting { setting, .. } if setting.slashes => Filling::Slashes,
        Meaning::Input { group, key } if group.has_slashes(key) => Filling::Slashes,
        _ => Filling::Segment,
    };
    Ok(Zeroizing::new(path::encode(text, filling)?))
}

fn origin(filler: &mut Filler<'_>, origin: &Origin) -> Result<Url, Unrendered> {
    let (key, name) = match origin {
        Origin::Literal(host) => return Ok(Url::at(format!("https://{host}"), "", false)),
        Origin::Host { key, name } => (key, name.clone()),
        Origin::Prefix(key) => (key, None),
    };
    let expression = Expression::bare(Reference::Setting { key: key.clone(), name });
    let place = "the host";
    let value = match filler.fill(&expression)? {
        Filled::Value(value) => value,
        Filled::Name(name) => {
            let scheme = if matches!(origin, Origin::Prefix(_)) { "" } else { "https://" };
            return Ok(Url::at(format!("{scheme}{name}"), "", true));
        }
        Filled::Missing => {
            return Err(Unrendered::Missing {
                place: place.to_owned(),
                reference: expression.to_string(),
                mend: "set it",
            });
        }
    };
    open(&value).map_err(|reason| Unrendered::value(place, &expression, reason))?;
    let text = value.to_text().map_err(|error| Unrendered::not_text(place, &expression, error))?;
    if matches!(origin, Origin::Prefix(_)) {
        if !is_prefix(&text) {
            return Err(Unrendered::value(
                place,
                &expression,
                "it is no https URL of host, port and path alone",
            ));
        }
        let rest = text.trim_start_matches("https://").trim_end_matches('/');
        let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
        let path = path.map_or_else(String::new, |path| format!("/{path}"));
        return Ok(Url::at(format!("https://{}", host.to_ascii_lowercase()), &path, false));
    }
    if !is_host(&text) {
        return Err(Unrendered::value(place, &expression, "it is no host"));
    }
    Ok(Url::at(format!("https://{}", text.to_ascii_lowercase()), "", false))
}

impl Url {
    fn at(origin: String, path: &str, has_names: bool) -> Self {
        Self { origin, path: path.to_owned(), literal: String::new(), query: String::new(), has_names }
    }
}
