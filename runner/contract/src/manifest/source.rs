//! Reads `plugin.toml`, and knows on which line each thing stands.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{MOST_BYTES, MOST_NESTING, Manifest};
use crate::nearest;
use crate::refusal::{At, Refusal};

/// A `plugin.toml` that is TOML, and says nothing that JSON could not.
#[derive(Debug)]
pub struct Source<'a> {
    text: &'a str,
    table: Spanned<DeTable<'a>>,
    json: Value,
}

/// Reads a `plugin.toml`; what it means is not checked yet.
///
/// # Errors
/// It is no manifest.
pub fn read(text: &str) -> Result<(Manifest, Source<'_>), Refusal> {
    let source = Source::parse(text)?;
    let manifest = source.manifest()?;
    Ok((manifest, source))
}

impl<'a> Source<'a> {
    fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MOST_BYTES {
            return Err(Refusal::new(
                At::default(),
                format!("the manifest has {} bytes, and {MOST_BYTES} are the most", text.len()),
                "leave out what the plugin does not need",
            ));
        }
        let table = DeTable::parse(text).map_err(|error| Refusal {
            line: error.span().map(|span| line_at(text, span.start)),
            at: At::default(),
            reason: format!("this is no TOML: {}", error.message().trim_end_matches('.')),
            mend: match error.message() {
                message if message.contains("duplicate key") => "leave one of the two out".to_owned(),
                _ => "write it as TOML does".to_owned(),
            },
        })?;
        let json = object(table.get_ref(), &At::default(), 1).map_err(|refusal| {
            let line = line(text, table.get_ref(), &refusal.at);
            Refusal { line, ..refusal }
        })?;
        Ok(Self { text, table, json })
    }

    fn manifest(&self) -> Result<Manifest, Refusal> {
        Manifest::deserialize(toml::de::Deserializer::from(self.table.clone())).map_err(|error| {
            let start = error.span().map(|span| span.start);
            let at = start.map(|start| At::of(path_to(self.table.get_ref(), start).unwrap_or_default()));
            let (reason, mend) = in_words(error.message());
            Refusal {
                line: start.map(|start| line_at(self.text, start)),
                at: at.unwrap_or_default(),
                reason,
                mend,
            }
        })
    }

    /// The compact JSON that is packed.
    ///
    /// # Errors
    /// It is larger than a packed manifest may be.
    pub fn packed(&self) -> Result<String, Refusal> {
        super::packed::write(&self.json)
    }

    /// The line on which something stands, or what it would stand in.
    #[must_use]
    pub fn line(&self, at: &At) -> Option<usize> {
        line(self.text, self.table.get_ref(), at)
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn line(text: &str, table: &DeTable<'_>, at: &At) -> Option<usize> {
    let mut keys = at.path().iter();
    let mut offset = None;
    let mut inside = table.get_key_value(keys.next()?.as_str());
    let mut value: &DeValue<'_>;
    loop {
        let (key, next) = inside?;
        offset = Some(key.span().start).or(offset);
        value = next.get_ref();
        // Lists lead on by index, and have no keys of their own.
        loop {
            let found = Some(line_at(text, offset.unwrap_or_default()));
            let Some(key) = keys.next() else { return found };
            match value {
                DeValue::Table(table) => {
                    inside = table.get_key_value(key.as_str());
                    if inside.is_none() {
                        return found;
                    }
                    break;
                }
                DeValue::Array(items) => {
                    let Some(item) = key.parse::<usize>().ok().and_then(|index| items.get(index)) else {
                        return found;
                    };
                    offset = Some(item.span().start);
                    value = item.get_ref();
                }
                _ => return found,
            }
        }
    }
}

/// The keys that lead to what stands at an offset, as far as they do.
fn path_to(table: &DeTable<'_>, offset: usize) -> Option<Vec<String>> {
    table.iter().find_map(|(key, value)| {
        let here = key.span().contains(&offset) || value.span().contains(&offset);
        let below = path_into(value.get_ref(), offset);
        (here || below.is_some()).then(|| {
            let mut path = vec![key.get_ref().to_string()];
            path.extend(below.unwrap_or_default());
            path
        })
    })
}

fn path_into(value: &DeValue<'_>, offset: usize) -> Option<Vec<String>> {
    match value {
        DeValue::Table(table) => path_to(table, offset),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let below = path_into(item.get_ref(), offset);
            (item.span().contains(&offset) || below.is_some()).then(|| {
                let mut path = vec![index.to_string()];
                path.extend(below.unwrap_or_default());
                path
            })
        }),
        _ => None,
    }
}

/// The JSON of a table.
fn object(table: &DeTable<'_>, at: &At, depth: usize) -> Result<Value, Refusal> {
    if depth > MOST_NESTING {
        return Err(Refusal::new(
            at.clone(),
            format!("this is nested more than {MOST_NESTING} deep"),
            "say it with less nesting",
        ));
    }
    table
        .iter()
        .map(|(key, value)| {
            let key = key.get_ref().to_string();
            let value = json(value.get_ref(), &at.key(&key), depth)?;
            Ok((key, value))
        })
        .collect::<Result<serde_json::Map<_, _>, _>>()
        .map(Value::Object)
}

fn json(value: &DeValue<'_>, at: &At, depth: usize) -> Result<Value, Refusal> {
    let no_number = |text: &str| {
        Refusal::new(
            at.clone(),
            format!("`{text}` is no number that JSON has"),
            "write it as a text, in quotes",
        )
    };
    match value {
        DeValue::String(text) => Ok(Value::String(text.to_string())),
        DeValue::Boolean(flag) => Ok(Value::Bool(*flag)),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map(Value::from)
            .map_err(|_| no_number(integer.as_str())),
        DeValue::Float(float) => float
            .as_str()
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| no_number(float.as_str())),
        DeValue::Datetime(_) => Err(Refusal::new(
            at.clone(),
            "TOML's own times are not for manifests",
            "write the time as a text, in quotes",
        )),
        DeValue::Table(table) => object(table, at, depth + 1),
        DeValue::Array(_) if depth >= MOST_NESTING => Err(Refusal::new(
            at.clone(),
            format!("this is nested more than {MOST_NESTING} deep"),
            "say it with less nesting",
        )),
        DeValue::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| json(item.get_ref(), &at.key(index), depth + 1))
            .collect::<Result<_, _>>()
            .map(Value::Array),
    }
}

/// What the contract leaves out on purpose, and what to do without it.
fn not_yet(key: &str) -> Option<String> {
    let what = match key.to_lowercase().replace('-', "_").as_str() {
        "body" | "raw" | "text" | "bytes" | "data" => {
            "raw bodies are not in contract 1.0; use `form`, `json` or `xml`"
        }
        "cookies" | "cookie_jar" => {
            "cookie jars are not in contract 1.0; take the cookie with `secrets`, and send it in a header"
        }
        "dpop" => "DPoP is not in contract 1.0; use `auth` or `sign`, or a script",
        "mtls" | "client_certificate" | "client_cert" => {
            "client certificates are not in contract 1.0; use a script"
        }
        _ => return None,
    };
    Some(what.to_owned())
}

/// What serde says, as a reason and a mend. Its messages have a fixed form; ours end in a mend.
pub(super) fn in_words(message: &str) -> (String, String) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let known = quoted.get(1..).unwrap_or_default().iter().copied();
    match (message, quoted.as_slice()) {
        (text, [written, ..]) if text.starts_with("unknown field ") && not_yet(written).is_some() => {
            (format!("`{written}` is no key here"), not_yet(written).unwrap_or_default())
        }
        (text, [written, ..]) if text.starts_with("unknown field ") => {
            (format!("`{written}` is no key here"), nearest::mend(written, known))
        }
        (text, [written, ..]) if text.starts_with("unknown variant ") => {
            (format!("`{written}` is no word that may stand here"), nearest::mend(written, known))
        }
        (text, [missing, ..]) if text.starts_with("missing field ") => {
            (format!("`{missing}` is missing"), format!("add `{missing} = …`"))
        }
        (text, _) if text.starts_with("wanted exactly 1 element") => {
            ("the table does not say one thing alone".to_owned(), "keep one of its keys".to_owned())
        }
        (text, _) if text.starts_with("invalid ") => match text.rsplit_once(", expected ") {
            Some((reason, expected)) => (reason.to_owned(), format!("write {expected}")),
            None => (text.to_owned(), "write what the schema says".to_owned()),
        },
        (text, _) => match text.rsplit_once("; ") {
            Some((reason, mend)) => (reason.to_owned(), mend.to_owned()),
            None => (text.to_owned(), "write what the schema says".to_owned()),
        },
    }
}
