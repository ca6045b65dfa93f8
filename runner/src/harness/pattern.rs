//! Texts in which `*` stands for any characters.

use super::template::{Fill, Part, parts};

/// A text to compare with, its places filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    /// What `*` does not stand for.
    border: Option<char>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Any,
}

impl Pattern {
    /// Makes a pattern of a text. What is filled in stands for itself, stars and all.
    pub(super) fn new(text: &str, fill: &dyn Fill) -> Result<Self, String> {
        let mut pieces = Vec::new();
        for part in parts(text)? {
            match part {
                // The marker of a case is known but for the try.
                Part::Place(place) if place.word == "marker" => {
                    pieces.push(Piece::Text(fill.fill(place)?));
                    pieces.push(Piece::Any);
                }
                Part::Place(place) => pieces.push(Piece::Text(fill.fill(place)?)),
                Part::Text(text) => {
                    for (at, text) in text.split('*').enumerate() {
                        if at > 0 {
                            pieces.push(Piece::Any);
                        }
                        pieces.push(Piece::Text(text.to_owned()));
                    }
                }
            }
        }
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Self { pieces, border: None })
    }

    /// Makes a pattern for paths: a star stays within its segment.
    pub(super) fn path(text: &str, fill: &dyn Fill) -> Result<Self, String> {
        Ok(Self { border: Some('/'), ..Self::new(text, fill)? })
    }

    /// What each star stood for, if the text fits.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut found = Vec::new();
        self.fits(&self.pieces, text, &mut found).then_some(found)
    }

    /// Tells whether the text fits.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.captures(text).is_some()
    }

    fn fits<'t>(&self, pieces: &[Piece], text: &'t str, found: &mut Vec<&'t str>) -> bool {
        match pieces.split_first() {
            None => text.is_empty(),
            Some((Piece::Text(piece), rest)) => {
                text.strip_prefix(piece.as_str()).is_some_and(|text| self.fits(rest, text, found))
            }
            Some((Piece::Any, rest)) => {
                let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
                for at in ends {
                    let (taken, left) = text.split_at(at);
                    if self.border.is_some_and(|border| taken.contains(border)) {
                        return false;
                    }
                    let before = found.len();
                    found.push(taken);
                    if self.fits(rest, left, found) {
                        return true;
                    }
                    found.truncate(before);
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::Place;
    use super::*;

    struct Stars;

    impl Fill for Stars {
        fn fill(&self, _: Place<'_>) -> Result<String, String> {
            Ok("a*c".to_owned())
        }
    }

    #[test]
    fn a_star_stands_for_anything_and_in_paths_for_one_segment() {
        let any = Pattern::new("x*z", &Stars).unwrap();
        assert!(any.matches("xz") && any.matches("x/y/z") && !any.matches("xzz!"));
        let path = Pattern::path("/a/*/c*", &Stars).unwrap();
        assert_eq!(path.captures("/a/b/cd").unwrap(), ["b", "d"]);
        assert!(!path.matches("/a/b/b/c"));
    }

    #[test]
    fn a_star_that_is_filled_in_is_a_star() {
        let pattern = Pattern::new("{secret:x}", &Stars).unwrap();
        assert!(pattern.matches("a*c") && !pattern.matches("abc"));
    }
}
