//! Takes a text apart that is nearly JSON: brackets, and texts in quotes of any kind, escaped once or not.

use std::ops::Range;

/// What opens and closes.
const OPENING: [char; 3] = ['{', '[', '('];
const CLOSING: [char; 3] = ['}', ']', ')'];
/// What texts stand in, by people who let an editor put nicer quotes there, too.
const QUOTES: [char; 8] = ['"', '\'', '`', '“', '”', '„', '‘', '’'];

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A bracket that opens.
    Open,
    /// A bracket that closes.
    Close,
    /// What stands in quotes; up to the end of all where they are not closed.
    Quoted(Range<usize>),
    /// The end of a line.
    Break,
}

/// The parts of a text, with the place behind each.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// The last character that is no blank: whether a quote after it opens a text, or is an apostrophe.
    last: char,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0, last: ':' }
    }

    /// Reads the text that opened with this quote, which had so many backslashes before it.
    fn quoted(&mut self, quote: char, escaped: usize) -> Token {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let closing = match quote {
            '“' | '„' => '”',
            '‘' => '’',
            other => other,
        };
        let closes = |at: &usize| {
            let (inside, after) = (
                rest.get(..*at).unwrap_or_default(),
                rest.get(at + closing.len_utf8()..).unwrap_or_default(),
            );
            let backslashes = inside.len() - inside.trim_end_matches('\\').len();
            let is_plain = if escaped == 0 { backslashes % 2 == 0 } else { backslashes == escaped };
            let next = after.trim_start_matches([' ', '\t', '\\']).chars().next();
            is_plain
                && next.is_none_or(|next| ",:;=\r\n".contains(next) || is_closing(next) || is_quote(next))
        };
        let end = rest.match_indices(closing).map(|(at, _)| at).find(closes);
        let length = end.map_or(rest.len(), |end| end - escaped.min(end));
        self.at = start + end.map_or(rest.len(), |end| end + closing.len_utf8());
        self.last = quote;
        Token::Quoted(start..start + length)
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Token, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let mut backslashes = 0;
        loop {
            let next = self.text.get(self.at..)?.chars().next()?;
            self.at += next.len_utf8();
            let may_open = is_opening(self.last) || ",:;=>@$".contains(self.last);
            let token = match next {
                '\\' => {
                    backslashes += 1;
                    continue;
                }
                '\n' => Token::Break,
                next if is_quote(next) && may_open => self.quoted(next, backslashes),
                next if is_opening(next) => {
                    self.last = next;
                    Token::Open
                }
                next if is_closing(next) => {
                    self.last = next;
                    Token::Close
                }
                next => {
                    if !next.is_whitespace() {
                        self.last = next;
                    }
                    backslashes = 0;
                    continue;
                }
            };
            return Some((token, self.at));
        }
    }
}

pub(super) fn is_opening(character: char) -> bool {
    OPENING.contains(&character)
}

pub(super) fn is_closing(character: char) -> bool {
    CLOSING.contains(&character)
}

pub(super) fn is_quote(character: char) -> bool {
    QUOTES.contains(&character)
}
