//! Writes a declared request: the manifest and values become one HTTP request.
//!
//! Values that nobody knows yet are written as the names of their references, by the same code: so
//! `plugin render` shows the very request, without a secret in it.

mod authority;
mod body;
mod computed;
mod failure;
mod fill;
mod form;
mod headers;
mod path;
mod query;
mod url;
mod valid;
mod xml;

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::answer::Part;
use crate::manifest::{Manifest, Method};
use crate::random::Random;
use crate::template::Reference;
use crate::value::Value;

pub use failure::Unrendered;
pub use valid::is_of;
pub(crate) use valid::scale;

/// Gives the values of references.
pub trait Values {
    /// The value of a reference: of an input, a setting, an answer, a returned field, a parameter, or of what
    /// the rotation is. Times, random text and computed values are made here and not asked for.
    fn value(&self, reference: &Reference) -> Known;
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// It is there.
    Value(Value),
    /// It is known not to be there.
    Missing,
    /// Nothing: its reference is written instead.
    Unknown,
}

impl<F: Fn(&Reference) -> Known> Values for F {
    fn value(&self, reference: &Reference) -> Known {
        self(reference)
    }
}

/// An HTTP request.
pub struct Rendered {
    /// The method.
    pub method: Method,
    /// The whole URL; no secret stands in it.
    pub url: String,
    /// What of the URL no value changes but the setting of its host: pages of a list stay below it.
    pub literal: String,
    /// The headers, besides those that frame the request.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// Whether a secret stands in the body.
    pub has_secret_body: bool,
    /// Every secret text that stands in it, in every form in which it does.
    pub secrets: Vec<Zeroizing<String>>,
}

/// One header.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name, as it is written.
    pub name: String,
    /// Its value.
    pub value: Zeroizing<String>,
    /// Whether a secret stands in it.
    pub is_secret: bool,
}

/// Writes a request of a manifest that was checked.
///
/// # Errors
/// A value is missing, or must not stand where it should.
pub fn render(
    manifest: &Manifest,
    name: &str,
    values: &dyn Values,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Rendered, Unrendered> {
    written(manifest, name, values, now, random, None)
}

/// Writes a request again for its next page, with a value of the last one in a part of it.
///
/// # Errors
/// As [`render`].
pub fn render_page(
    manifest: &Manifest,
    name: &str,
    values: &dyn Values,
    now: Timestamp,
    random: &mut dyn Random,
    page: (&Part, &Value),
) -> Result<Rendered, Unrendered> {
    written(manifest, name, values, now, random, Some(page))
}

fn written(
    manifest: &Manifest,
    name: &str,
    values: &dyn Values,
    now: Timestamp,
    random: &mut dyn Random,
    page: Option<(&Part, &Value)>,
) -> Result<Rendered, Unrendered> {
    let (name, request) =
        manifest.requests.get_key_value(name).ok_or_else(|| Unrendered::NoRequest(name.to_owned()))?;
    let whole = manifest.whole(name, request);
    let method = request.method().ok_or_else(|| Unrendered::NoRequest(name.clone()))?;
    let mut filler = fill::Filler::new(manifest, &request.params, values, now, random);
    let url = url::write(&mut filler, whole, page)?;
    let body = body::write(&mut filler, whole, page)?;
    let mut headers = authority::headers(&mut filler, whole)?;
    let has_secret_headers = headers.iter().any(|header| header.is_secret);
    if let Some((content_type, _)) = &body {
        headers.insert(0, Header::open("Content-Type", content_type));
    }
    let written = body.as_ref().map(|(_, written)| written);
    let signed = authority::sign(&mut filler, whole, &url, &headers, written)?;
    let has_secret_body = written.is_some_and(|written| written.is_secret);
    if !request.effect.changes() && has_secret_body && (has_secret_headers || !signed.is_empty()) {
        return Err(Unrendered::value(
            "a read",
            "a secret",
            "there is one in its body and one in its headers, and a read carries them in one of both",
        ));
    }
    if request.effect.changes() && !filler.is_authorized && !filler.has_names {
        return Err(Unrendered::value(
            "a request that changes something",
            "what authorizes it",
            "no secret of a record or an answer is in it; mark the record's field as a secret, or the input in the manifest",
        ));
    }
    headers.extend(signed);
    Ok(Rendered {
        method,
        url: url.whole(),
        literal: format!("{}{}", url.origin, url.literal),
        headers,
        body: body.map(|(_, written)| Zeroizing::new(written.text.as_bytes().to_vec())),
        has_secret_body,
        secrets: filler.into_sent(),
    })
}

/// Writes one template alone, such as the target's identity or the id of what a request creates. A missing
/// value is empty.
///
/// # Errors
/// A value is no text, or cannot be computed.
pub fn render_text(
    manifest: &Manifest,
    template: &crate::template::Template,
    values: &dyn Values,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Value, Unrendered> {
    let none = crate::manifest::Named::new();
    let mut filler = fill::Filler::new(manifest, &none, values, now, random);
    let text = filler.text_or_empty("a text", template)?;
    Ok(Value::text(text.text.as_str()).with_secrecy(text.is_secret))
}

impl Header {
    fn open(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: Zeroizing::new(value.to_owned()), is_secret: false }
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, if self.is_secret { "********" } else { &self.value })
    }
}

impl fmt::Display for Rendered {
    /// As HTTP/1.1 would send it; secrets are masked, unless they are names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method.as_str(), self.url)?;
        for header in &self.headers {
            writeln!(f, "{header:?}")?;
        }
        match &self.body {
            None => Ok(()),
            Some(_) if self.has_secret_body => writeln!(f, "\n********"),
            Some(body) => writeln!(f, "\n{}", String::from_utf8_lossy(body)),
        }
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
