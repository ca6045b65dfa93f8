//! Headers: which names may be written.

use std::collections::HashMap;

use super::{Checked, forbidden};
use crate::refusal::{At, Refusals};
use crate::template::Piece;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        let whole = &parsed.whole;
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (at, name, value) in whole.headers() {
            if !is_token(name) {
                refusals.add(
                    at.clone(),
                    format!("`{name}` is no name of a header"),
                    "write letters, digits and `-`",
                );
            }
            if let Some((reason, mend)) = forbidden::header(name) {
                refusals.add(at.clone(), format!("`{name}`: {reason}"), mend);
            }
            if let Some(other) = seen.insert(name.to_ascii_lowercase(), name) {
                refusals.add(at.clone(), format!("the header `{other}` stands twice"), "leave one out");
            }
            let is_text =
                |piece: &Piece| !matches!(piece, Piece::Literal(text) if text.contains(char::is_control));
            if !value.pieces().iter().all(is_text) {
                refusals.add(
                    at.clone(),
                    format!("the header `{name}` holds control characters"),
                    "write it in one line",
                );
            }
            let (_, ways) = whole.auth();
            if name.eq_ignore_ascii_case("authorization") && (!ways.is_empty() || whole.sign().is_some()) {
                refusals.add(
                    at.clone(),
                    "`auth` or `sign` writes `Authorization` already",
                    "leave one of them out",
                );
            }
        }
    }
    for (index, name) in checked.manifest.dispatch.iter().enumerate() {
        let at = At::of(["dispatch", &index.to_string()]);
        let says_content_type = name.eq_ignore_ascii_case("content-type");
        match forbidden::header(name) {
            _ if !is_token(name) => {
                refusals.add(at, format!("`{name}` is no name of a header"), "write letters, digits and `-`");
            }
            Some((reason, _)) if !says_content_type => {
                refusals.add(
                    at,
                    format!("`{name}`: {reason}"),
                    "name the header of which the service reads what to do",
                );
            }
            _ => {}
        }
    }
}

/// Whether a name can be a header's, RFC 9110.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
