//! Texts with places in braces that are filled in when they are used: `{secret:new}`.
//!
//! A brace that is not followed by a small word is an ordinary character, so that JSON may stand in
//! a text.

use serde_json::Value;

/// The words that may stand in braces, and whether something follows them after a colon.
const WORDS: [(&str, Argument); 16] = [
    ("marker", Argument::None),
    ("service", Argument::None),
    ("secret", Argument::Needed),
    ("state", Argument::Needed),
    ("uuid", Argument::Needed),
    ("count", Argument::None),
    ("json", Argument::Needed),
    ("form", Argument::Needed),
    ("query", Argument::Needed),
    ("header", Argument::Needed),
    ("path", Argument::Needed),
    ("made", Argument::Needed),
    ("credential", Argument::Needed),
    ("now", Argument::Shift),
    ("unix", Argument::Shift),
    ("http-date", Argument::Shift),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Needed,
    /// A duration before or after now: `{now+365d}`.
    Shift,
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// As it stands.
    Text(&'a str),
    /// A place to be filled in.
    Place(Place<'a>),
}

/// A place to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The word.
    pub(super) word: &'static str,
    /// What follows it; with its sign where it shifts the time.
    pub(super) argument: &'a str,
}

/// Knows what to put into places.
pub(super) trait Fill {
    /// The text for a place.
    ///
    /// # Errors
    /// Why there is none.
    fn fill(&self, place: Place<'_>) -> Result<String, String>;
}

/// Fills in every place of a text.
pub(super) fn expand(text: &str, fill: &dyn Fill) -> Result<String, String> {
    parts(text)?.into_iter().try_fold(String::new(), |whole, part| {
        Ok(whole
            + &match part {
                Part::Text(text) => text.to_owned(),
                Part::Place(place) => fill.fill(place)?,
            })
    })
}

/// Fills in every place of every text in JSON.
pub(super) fn expand_json(json: &Value, fill: &dyn Fill) -> Result<Value, String> {
    Ok(match json {
        Value::String(text) => Value::String(expand(text, fill)?),
        Value::Array(list) => list.iter().map(|item| expand_json(item, fill)).collect::<Result<_, _>>()?,
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| Ok((key.clone(), expand_json(value, fill)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

/// Takes a text apart.
///
/// # Errors
/// What stands in braces and is not known.
pub(super) fn parts(text: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|text| text.find('{')).map(|at| at + from) {
        let inside = rest.get(at + 1..).and_then(|after| after.split_once('}')).map(|(inside, _)| inside);
        let Some(inside) = inside.filter(|inside| inside.starts_with(|c: char| c.is_ascii_lowercase()))
        else {
            from = at + 1;
            continue;
        };
        let place = place(inside)?;
        if at > 0 {
            parts.push(Part::Text(rest.get(..at).unwrap_or_default()));
        }
        parts.push(Part::Place(place));
        rest = rest.get(at + inside.len() + 2..).unwrap_or_default();
        from = 0;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

fn place(inside: &str) -> Result<Place<'_>, String> {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
    // The minus of `{now-1h}` is none of the word's.
    let known = WORDS.iter().filter(|(word, _)| inside.starts_with(word)).max_by_key(|(word, _)| word.len());
    let unknown = || {
        let written: String = inside.chars().take_while(|c| is_word(*c)).collect();
        let likeness = |word: &str| strsim::jaro_winkler(&written, word);
        let nearest = WORDS.iter().map(|(word, _)| *word).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let nearest = nearest.filter(|word| likeness(word) > 0.7);
        let hint = nearest.map_or_else(String::new, |word| format!("; did you mean `{{{word}…}}`?"));
        format!("`{{{inside}}}` is none of the places that can be filled in{hint}")
    };
    let (word, argument) = known.ok_or_else(unknown)?;
    let rest = inside.get(word.len()..).unwrap_or_default();
    match (argument, rest.strip_prefix(':')) {
        (Argument::None, None) if rest.is_empty() => Ok(Place { word, argument: "" }),
        (Argument::Needed, Some(argument)) if !argument.is_empty() => Ok(Place { word, argument }),
        (Argument::Shift, None) if rest.is_empty() || rest.starts_with(['+', '-']) => {
            Ok(Place { word, argument: rest })
        }
        (Argument::Needed, _) if rest.is_empty() || rest == ":" => {
            Err(format!("`{{{inside}}}` lacks what is meant: `{{{word}:…}}`"))
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Fill for Echo {
        fn fill(&self, place: Place<'_>) -> Result<String, String> {
            Ok(format!("<{} {}>", place.word, place.argument))
        }
    }

    #[test]
    fn places_are_filled_in_and_other_braces_left_alone() {
        let filled = |text: &str| expand(text, &Echo).unwrap();
        assert_eq!(filled("a{marker}b{secret:new}"), "a<marker >b<secret new>");
        assert_eq!(filled("{now+365d}{now-1h}{now}"), "<now +365d><now -1h><now >");
        assert_eq!(filled("{\"a\":{}}{"), "{\"a\":{}}{");
        assert_eq!(filled("{{marker}"), "{<marker >");
        assert_eq!(filled("é{json:/a/b}é"), "é<json /a/b>é");
    }

    #[test]
    fn an_unknown_place_is_answered_with_the_nearest_one() {
        let error = expand("{secrt:new}", &Echo).unwrap_err();
        assert!(error.ends_with("did you mean `{secret…}`?"), "{error}");
        assert!(expand("{secret}", &Echo).unwrap_err().contains("`{secret:…}`"));
        assert!(expand("{marker:x}", &Echo).is_err() && expand("{foo}", &Echo).is_err());
    }
}
