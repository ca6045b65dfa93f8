//! Writes the headers of a request, and what says who sends it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::failure::Unrendered;
use super::fill::{Filled, Filler, Written};
use super::url::Url;
use super::{Header, headers as header};
use crate::manifest::{Auth, Whole};
use crate::sign::Unsigned;
use crate::template::{Piece, Template};
use crate::value::Value;

/// The headers, `Authorization` of `auth` among them.
pub(super) fn headers(filler: &mut Filler<'_>, whole: Whole<'_>) -> Result<Vec<Header>, Unrendered> {
    let mut headers = Vec::new();
    for (_, name, template) in whole.headers() {
        if let Some(text) = filler.text(&format!("the header `{name}`"), template)? {
            headers.push(checked(name, text)?);
        }
    }
    let (_, ways) = whole.auth();
    if !ways.is_empty() {
        headers.push(authorization(filler, whole.name, ways)?);
    }
    Ok(headers)
}

fn checked(name: &str, text: Written) -> Result<Header, Unrendered> {
    header::check(&text.text)
        .map_err(|reason| Unrendered::value(&format!("the header `{name}`"), "its template", reason))?;
    Ok(Header { name: name.to_owned(), value: text.text, is_secret: text.is_secret })
}

/// The first way whose inputs are complete.
fn authorization(filler: &mut Filler<'_>, name: &str, ways: &[Auth]) -> Result<Header, Unrendered> {
    for way in ways {
        let written = match way {
            Auth::Bearer(token) => filler.text("`auth`", token)?.map(|token| token.behind("Bearer ")),
            Auth::Authorization(whole) => filler.text("`auth`", whole)?,
            Auth::Basic(user, password) => {
                match (filler.text("`auth`", user)?, filler.text("`auth`", password)?) {
                    (Some(user), Some(password)) => Some(basic(filler, &user, &password)?),
                    _ => None,
                }
            }
        };
        if let Some(text) = written {
            if text.is_secret {
                filler.note_sent(&text.text);
            }
            return checked("Authorization", text);
        }
    }
    Err(Unrendered::Missing {
        place: format!("`auth` of `{name}`"),
        reference: "what one of its ways is made of".to_owned(),
        mend: "complete the record that it is taken from",
    })
}

fn basic(filler: &mut Filler<'_>, user: &Written, password: &Written) -> Result<Written, Unrendered> {
    if user.text.contains(':') && !user.has_names {
        let reason = "it has a colon, at which the password would begin";
        return Err(Unrendered::value("`auth`", "the user of `basic`", reason));
    }
    if user.has_names || password.has_names {
        let text = Zeroizing::new(format!("Basic {{{}:{}|base64}}", *user.text, *password.text));
        return Ok(Written { text, is_secret: false, has_names: true });
    }
    let pair = Zeroizing::new(format!("{}:{}", *user.text, *password.text));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let is_secret = user.is_secret || password.is_secret;
    if is_secret {
        filler.note_sent(&encoded);
    }
    Ok(Written { text: Zeroizing::new(format!("Basic {}", *encoded)), is_secret, has_names: false })
}

/// The headers that signing adds.
pub(super) fn sign(
    filler: &mut Filler<'_>,
    whole: Whole<'_>,
    url: &Url,
    headers: &[Header],
    body: Option<&Written>,
) -> Result<Vec<Header>, Unrendered> {
    let Some((_, signer)) = whole.sign() else { return Ok(Vec::new()) };
    let mut has_names = url.has_names || body.is_some_and(|body| body.has_names);
    let resolved = signer.resolve(|template| value(filler, template, &mut has_names))?;
    let resolved = resolved.ok_or_else(|| Unrendered::Missing {
        place: format!("`sign` of `{}`", whole.name),
        reference: "what the signature is made with".to_owned(),
        mend: "complete the record that it is taken from",
    })?;
    if has_names {
        let names: Vec<String> = signer
            .texts()
            .into_iter()
            .map(|(keys, template)| format!("{}={}", keys.last().unwrap_or(&""), template.text()))
            .collect();
        return Ok(vec![Header::open("Authorization", &format!("(signed: {})", names.join(", ")))]);
    }
    let lines: Vec<(&str, &str)> =
        headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
    let unsigned = Unsigned {
        method: whole.request.method().map_or("GET", crate::manifest::Method::as_str),
        host: url.host(),
        path: &url.path,
        query: &url.query,
        headers: &lines,
        body: body.map_or(b"", |body| body.text.as_bytes()),
    };
    let added =
        resolved.sign(&unsigned, filler.now).map_err(|error| Unrendered::Computed(error.to_string()))?;
    added
        .into_iter()
        .map(|(name, value)| {
            let text = value.to_text().map_err(|error| Unrendered::not_text("a header", name, error))?;
            if value.is_secret() {
                filler.note_sent(&text);
            }
            Ok(Header { name: name.to_owned(), value: text, is_secret: value.is_secret() })
        })
        .collect()
}

/// The value of a template, in its own type where it is one reference; none where it is missing.
pub(super) fn value(
    filler: &mut Filler<'_>,
    template: &Template,
    has_names: &mut bool,
) -> Result<Option<Value>, Unrendered> {
    if let [Piece::Expression(expression)] = template.pieces() {
        return Ok(match filler.fill(expression)? {
            Filled::Value(value) => Some(value),
            Filled::Missing => None,
            Filled::Name(name) => {
                *has_names = true;
                Some(Value::text(name))
            }
        });
    }
    Ok(filler.text("a computation", template)?.map(|text| {
        *has_names |= text.has_names;
        Value::text(text.text.as_str()).with_secrecy(text.is_secret)
    }))
}
