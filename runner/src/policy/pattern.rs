//! The paths of requests, and the patterns that a manifest describes them with.
//!
//! | in a pattern | stands for |
//! |---|---|
//! | `*` as a whole segment | any one segment that is not empty |
//! | `*` inside a segment, once: `applications(appId='*')` | one or more of `A–Z a–z 0–9 . _ ~ -` |
//! | `{id}` as a whole segment | as `*`; names what the request removes |
//! | anything else | itself |
//!
//! Servers and proxies disagree on what an odd path means, so a path that two of them could read
//! differently is refused before it is compared: empty segments, dot segments, encoded slashes,
//! backslashes, dots and percent signs, control characters, path parameters (`;`, which some
//! servers cut off before they look for `..`). What is left has one reading, and that is what
//! is compared: `%41` is `A`.

use percent_encoding::percent_decode_str;

/// The path of a request, in decoded segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestPath(Vec<String>);

/// Why a path is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    #[error("the path must begin with a slash")]
    NotAbsolute,
    #[error("the path has an empty segment (`//`)")]
    EmptySegment,
    #[error("the path has a dot segment (`.` or `..`)")]
    DotSegment,
    #[error("the path holds a character that must be percent-encoded, or `;`")]
    Character,
    #[error("the path has a percent sign without two hexadecimal digits after it")]
    Percent,
    #[error("the path hides a slash, backslash, dot, semicolon, percent sign or control character")]
    Hidden,
    #[error("batches (`$batch`) hide their requests from the gate; send each request by itself")]
    Batch,
}

impl RequestPath {
    /// Reads a path as it stands in a URI, without its query.
    pub(super) fn parse(raw: &str) -> Result<Self, PathError> {
        let rest = raw.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        let segments: Vec<_> = rest.split('/').map(decode).collect::<Result<_, _>>()?;
        let inner = segments.split_last().map_or(&[][..], |(_, inner)| inner);
        if inner.iter().any(String::is_empty) {
            return Err(PathError::EmptySegment);
        }
        Ok(Self(segments))
    }

    /// The path as a careless server may read it: in any case, with or without a slash at its end.
    pub(super) fn folded(&self) -> Self {
        let mut segments: Vec<_> = self.0.iter().map(|segment| folded(segment)).collect();
        if segments.len() > 1 && segments.last().is_some_and(String::is_empty) {
            segments.pop();
        }
        Self(segments)
    }
}

fn decode(segment: &str) -> Result<String, PathError> {
    if matches!(segment, "." | "..") {
        return Err(PathError::DotSegment);
    }
    if !segment.bytes().all(|byte| is_plain(byte) || byte == b'%') {
        return Err(PathError::Character);
    }
    for escape in segment.split('%').skip(1) {
        let digits = escape.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = u8::from_str_radix(digits.unwrap_or_default(), 16).map_err(|_| PathError::Percent)?;
        if b"/\\.;%".contains(&byte) || byte.is_ascii_control() {
            return Err(PathError::Hidden);
        }
    }
    let decoded = percent_decode_str(segment).decode_utf8().map_err(|_| PathError::Hidden)?;
    if decoded.eq_ignore_ascii_case("$batch") {
        return Err(PathError::Batch);
    }
    if decoded.chars().any(char::is_control) { Err(PathError::Hidden) } else { Ok(decoded.into_owned()) }
}

/// RFC 3986's characters of a path segment that need no encoding, without `;`.
fn is_plain(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,=:@".contains(&byte)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// A text in the form in which texts that differ only in case are equal.
pub(super) fn folded(text: &str) -> String {
    // First to upper case: some lower-case letters, such as the long s, share theirs.
    text.to_uppercase().to_lowercase()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Any,
    Id,
    Within { before: String, after: String },
}

/// A pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Segment>);

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternError {
    #[error("the path: {0}")]
    Path(#[from] PathError),
    #[error("the path must be written as it reads when it is decoded, without `%`, `{{` and `}}`")]
    Encoded,
    #[error("`*` may stand only once in a segment of the path")]
    Wildcards,
    #[error("`{{id}}` may stand only once in the path, as a whole segment")]
    Ids,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let rest = text.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        let segments: Vec<_> = rest.split('/').map(segment).collect::<Result<_, _>>()?;
        let inner = segments.split_last().map_or(&[][..], |(_, inner)| inner);
        if inner.contains(&Segment::Literal(String::new())) {
            return Err(PathError::EmptySegment.into());
        }
        if segments.iter().filter(|segment| **segment == Segment::Id).count() > 1 {
            return Err(PatternError::Ids);
        }
        Ok(Self(segments))
    }

    pub(super) fn matches(&self, path: &RequestPath) -> bool {
        self.0.len() == path.0.len() && self.0.iter().zip(&path.0).all(|(own, other)| own.matches(other))
    }

    pub(super) fn has_id(&self) -> bool {
        self.0.contains(&Segment::Id)
    }

    /// The segment of the path that stands where the pattern has `{id}`.
    pub(super) fn id<'a>(&self, path: &'a RequestPath) -> Option<&'a str> {
        let position = self.0.iter().position(|segment| *segment == Segment::Id)?;
        path.0.get(position).map(String::as_str)
    }

    /// The pattern that matches [`RequestPath::folded`] paths.
    pub(super) fn folded(&self) -> Self {
        let mut segments: Vec<_> = self.0.iter().map(Segment::folded).collect();
        if segments.len() > 1 && segments.last() == Some(&Segment::Literal(String::new())) {
            segments.pop();
        }
        Self(segments)
    }
}

impl Segment {
    fn matches(&self, other: &str) -> bool {
        match self {
            Self::Literal(text) => text == other,
            Self::Any | Self::Id => !other.is_empty(),
            Self::Within { before, after } => other
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|inside| !inside.is_empty() && inside.bytes().all(is_unreserved)),
        }
    }

    fn folded(&self) -> Self {
        match self {
            Self::Literal(text) => Self::Literal(folded(text)),
            Self::Within { before, after } => Self::Within { before: folded(before), after: folded(after) },
            Self::Any | Self::Id => self.clone(),
        }
    }
}

fn segment(text: &str) -> Result<Segment, PatternError> {
    match text {
        "*" => return Ok(Segment::Any),
        "{id}" => return Ok(Segment::Id),
        _ if text.contains("{id}") => return Err(PatternError::Ids),
        _ if text.contains(['%', '{', '}']) => return Err(PatternError::Encoded),
        _ => {}
    }
    let text = decode(text)?;
    match text.split_once('*') {
        None => Ok(Segment::Literal(text)),
        Some((_, after)) if after.contains('*') => Err(PatternError::Wildcards),
        Some((before, after)) => Ok(Segment::Within { before: before.to_owned(), after: after.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&RequestPath::parse(path).unwrap())
    }

    #[test]
    fn a_star_is_exactly_one_segment() {
        let pattern = "/v1.0/applications/*/addPassword";
        assert!(matches(pattern, "/v1.0/applications/123/addPassword"));
        assert!(matches(pattern, "/v1.0/applications/a%20b/addPassword"));
        assert!(!matches(pattern, "/v1.0/applications/1/2/addPassword"));
        assert!(!matches(pattern, "/v1.0/applications/addPassword"));
        assert!(!matches(pattern, "/v1.0/applications/123/addPassword/"));
        assert!(!matches(pattern, "/v1.0/applications/123/addpassword"));
        assert!(!matches("/a/*", "/a/"));
        assert!(matches("/", "/"));
        assert!(matches("/a/", "/a/"));
    }

    #[test]
    fn a_star_inside_a_segment_is_plain_characters_only() {
        let pattern = "/v1.0/applications(appId='*')";
        assert!(matches(pattern, "/v1.0/applications(appId='12-ab_c.~')"));
        assert!(matches(pattern, "/v1.0/applications%28appId%3D%2712%27)"));
        for inside in ["", "a'b", "x')or(y='z", "a)b", "a%27b", "a%20b", "a,b", "ä"] {
            let path = format!("/v1.0/applications(appId='{}')", inside.replace('ä', "%C3%A4"));
            assert!(!matches(pattern, &path), "{path}");
        }
        assert!(!matches("/aa*aa", "/aaa"), "prefix and suffix must not overlap");
    }

    #[test]
    fn the_id_is_the_decoded_segment() {
        let pattern = Pattern::parse("/keys/{id}/remove").unwrap();
        let path = RequestPath::parse("/keys/a%40b/remove").unwrap();
        assert!(pattern.matches(&path));
        assert_eq!(pattern.id(&path), Some("a@b"));
    }

    #[test]
    fn a_path_with_two_readings_is_refused() {
        for (path, reason) in [
            ("", PathError::NotAbsolute),
            ("*", PathError::NotAbsolute),
            ("//evil.example/x", PathError::EmptySegment),
            ("/a//b", PathError::EmptySegment),
            ("/a/../b", PathError::DotSegment),
            ("/a/.", PathError::DotSegment),
            ("/a/%2e%2e/b", PathError::Hidden),
            ("/a/.%2E/b", PathError::Hidden),
            ("/a/v1%2e0", PathError::Hidden),
            ("/a%2fb", PathError::Hidden),
            ("/a%2Fb", PathError::Hidden),
            ("/a%5cb", PathError::Hidden),
            ("/a%252fb", PathError::Hidden),
            ("/a%25", PathError::Hidden),
            ("/a%3b..", PathError::Hidden),
            ("/a%00", PathError::Hidden),
            ("/a%0d%0aX", PathError::Hidden),
            ("/a%7f", PathError::Hidden),
            ("/a%C2%85", PathError::Hidden),
            ("/a%ff", PathError::Hidden),
            ("/a%", PathError::Percent),
            ("/a%4", PathError::Percent),
            ("/a%+4", PathError::Percent),
            ("/a%zz", PathError::Percent),
            ("/a\\b", PathError::Character),
            ("/a;b", PathError::Character),
            ("/..;/b", PathError::Character),
            ("/a\"b", PathError::Character),
            ("/a\tb", PathError::Character),
            ("/aéb", PathError::Character),
            ("/v1.0/$batch", PathError::Batch),
            ("/v1.0/%24BATCH", PathError::Batch),
        ] {
            assert_eq!(RequestPath::parse(path), Err(reason), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_could_not_match_is_refused() {
        for (pattern, reason) in [
            ("keys", PatternError::Path(PathError::NotAbsolute)),
            ("", PatternError::Path(PathError::NotAbsolute)),
            ("/a//b", PatternError::Path(PathError::EmptySegment)),
            ("/a/../b", PatternError::Path(PathError::DotSegment)),
            ("/a?b", PatternError::Path(PathError::Character)),
            ("/$batch", PatternError::Path(PathError::Batch)),
            ("/a%20b", PatternError::Encoded),
            ("/{name}", PatternError::Encoded),
            ("/a*b*", PatternError::Wildcards),
            ("/**", PatternError::Wildcards),
            ("/{id}/{id}", PatternError::Ids),
            ("/keys('{id}')", PatternError::Ids),
        ] {
            assert_eq!(Pattern::parse(pattern), Err(reason), "{pattern}");
        }
    }

    #[test]
    fn folded_patterns_match_in_any_case_and_with_or_without_the_last_slash() {
        let pattern = Pattern::parse("/V1/Keys(id='*')/remove").unwrap().folded();
        for path in ["/v1/keys(id='a')/remove", "/v1/KEYS(ID='A')/REMOVE", "/V1/Keys(id='a')/Remove/"] {
            assert!(pattern.matches(&RequestPath::parse(path).unwrap().folded()), "{path}");
        }
        assert!(!pattern.matches(&RequestPath::parse("/v1/keys(id='a')/add").unwrap().folded()));
        assert_eq!(folded("\u{212a}ey\u{17f}"), "keys");
    }

    /// The table of the module comment, character by character.
    fn reference(pattern: &[char], path: &[char], whole: bool) -> bool {
        let Some((&first, rest)) = pattern.split_first() else { return path.is_empty() };
        if first != '*' {
            return path.split_first().is_some_and(|(&c, path)| {
                let begins = c == '/';
                let alone = begins && rest.first() == Some(&'*') && matches!(rest.get(1), None | Some('/'));
                c == first && reference(rest, path, alone)
            });
        }
        let fits =
            |c: &char| if whole { *c != '/' } else { c.is_ascii_alphanumeric() || "-._~".contains(*c) };
        let longest = path.iter().take_while(|c| fits(c)).count();
        (1..=longest).any(|length| reference(rest, &path[length..], false))
    }

    proptest! {
        #[test]
        fn matching_agrees_with_a_naive_reference(
            pattern in "(/(\\*|[ab']{0,2}|[ab']{0,2}\\*[ab']{0,2})){1,4}",
            path in "(/[ab'(]{0,4}){1,4}",
        ) {
            if let (Ok(parsed), Ok(request)) = (Pattern::parse(&pattern), RequestPath::parse(&path)) {
                let characters = |text: &str| text.chars().collect::<Vec<_>>();
                prop_assert_eq!(parsed.matches(&request), reference(&characters(&pattern), &characters(&path), false));
            }
        }

        #[test]
        fn what_a_pattern_grants_it_also_restrains(
            pattern in "(/(\\*|[aB']{1,2}|[aB']{1,2}\\*[aB']{0,2})){1,3}/?",
            path in "(/[aB'x]{1,4}){1,3}/?",
        ) {
            let (pattern, path) = (Pattern::parse(&pattern).unwrap(), RequestPath::parse(&path).unwrap());
            if pattern.matches(&path) {
                prop_assert!(pattern.folded().matches(&path.folded()));
            }
        }
    }
}
