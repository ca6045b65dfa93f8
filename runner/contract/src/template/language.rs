//! Regular languages: what a template may write, and whether two templates may write the same.

use std::collections::HashSet;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// How many pairs of states a comparison may visit.
const MOST_PAIRS: usize = 100_000;
/// How large an automaton may become while it is compared, in bytes.
const LARGEST: usize = 4 << 20;

/// How many characters a class may lack that is folded by what it lacks.
const MOST_LACKING: usize = 512;

/// A set of texts, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    hir: Hir,
    prefix: String,
    is_literal: bool,
}

/// Two languages are too large to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl Language {
    /// The one text.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { hir: folded(&Hir::literal(text.as_bytes())), prefix: caseless(text), is_literal: true }
    }

    /// The texts that a regular expression without anchors matches whole.
    #[must_use]
    pub fn of(hir: &Hir) -> Self {
        Self { hir: folded(hir), prefix: String::new(), is_literal: false }
    }

    /// The texts that a regular expression of ours matches; every text, were it none.
    #[must_use]
    pub fn written(regex: &str) -> Self {
        regex_syntax::parse(regex).map_or_else(|_| Self::any(), |hir| Self::of(&hir))
    }

    /// Every text.
    #[must_use]
    pub fn any() -> Self {
        Self::repeated(0, ClassUnicodeRange::new('\0', char::MAX), &[])
    }

    /// Every text of one character or more that has none of these, and no controls.
    #[must_use]
    pub fn without(excluded: &[char]) -> Self {
        Self::repeated(1, ClassUnicodeRange::new(' ', char::MAX), excluded)
    }

    fn repeated(min: u32, range: ClassUnicodeRange, excluded: &[char]) -> Self {
        let mut class = ClassUnicode::new([range]);
        class.difference(&ClassUnicode::new(excluded.iter().map(|c| ClassUnicodeRange::new(*c, *c))));
        let sub = Box::new(Hir::class(Class::Unicode(class)));
        let hir = Hir::repetition(Repetition { min, max: None, greedy: true, sub });
        Self { hir, prefix: String::new(), is_literal: false }
    }

    /// The texts of one, then those of the next.
    #[must_use]
    pub fn then(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut prefix = String::new();
        let mut is_literal = true;
        let hirs = parts.into_iter().map(|part| {
            if is_literal {
                prefix.push_str(&part.prefix);
            }
            is_literal &= part.is_literal;
            part.hir
        });
        let hir = Hir::concat(hirs.collect());
        Self { hir, prefix, is_literal }
    }

    /// The texts of any of these.
    #[must_use]
    pub fn either(of: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = of.into_iter().collect();
        match all.pop() {
            Some(only) if all.is_empty() => only,
            last => {
                let hir =
                    Hir::alternation(all.into_iter().chain(last).map(|language| language.hir).collect());
                Self { hir, prefix: String::new(), is_literal: false }
            }
        }
    }

    /// Whether some text is in both.
    ///
    /// # Errors
    /// They are too large to be compared.
    pub fn meets(&self, other: &Self) -> Result<bool, TooLarge> {
        match (self.is_literal, other.is_literal) {
            (true, true) => return Ok(self.prefix == other.prefix),
            (true, false) if !self.prefix.starts_with(&other.prefix) => return Ok(false),
            (false, true) if !other.prefix.starts_with(&self.prefix) => return Ok(false),
            _ if !self.prefix.starts_with(&other.prefix) && !other.prefix.starts_with(&self.prefix) => {
                return Ok(false);
            }
            _ => {}
        }
        Automaton::new(self)?.meets(&mut Automaton::new(other)?)
    }

    /// Whether it has any text beyond ASCII, whose upper and lower case may be other texts.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        fn ascii(hir: &Hir) -> bool {
            match hir.kind() {
                HirKind::Empty | HirKind::Look(_) => true,
                HirKind::Literal(literal) => literal.0.is_ascii(),
                // Two letters beyond ASCII fold into ASCII: the long s, and the sign of kelvin.
                HirKind::Class(Class::Unicode(class)) => class.iter().all(|range| {
                    range.end().is_ascii() || (range.start() == range.end() && "ſK".contains(range.end()))
                }),
                HirKind::Class(Class::Bytes(class)) => class.is_ascii(),
                HirKind::Repetition(repetition) => ascii(&repetition.sub),
                HirKind::Capture(capture) => ascii(&capture.sub),
                HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(ascii),
            }
        }
        ascii(&self.hir)
    }
}

/// A text as it is compared: every character by the least of those that differ from it in case alone.
fn caseless(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
            class.case_fold_simple();
            class.ranges().first().map_or(c, ClassUnicodeRange::start)
        })
        .collect()
}

/// The same expression, without regard to case, whatever its flags say.
fn folded(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => hir.clone(),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Hir::concat(
                text.chars()
                    .map(|c| folded_class(&ClassUnicode::new([ClassUnicodeRange::new(c, c)])))
                    .collect(),
            ),
            Err(_) => hir.clone(),
        },
        HirKind::Class(Class::Unicode(class)) => folded_class(class),
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(folded(&repetition.sub))),
        HirKind::Capture(capture) => folded(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(folded).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(folded).collect()),
    }
}

/// Folding goes through a class one character after another; of one that holds almost all of Unicode it is
/// cheaper to go through what it lacks.
fn folded_class(class: &ClassUnicode) -> Hir {
    let mut lacking = class.clone();
    lacking.negate();
    let mut class = class.clone();
    if lacking.ranges().iter().map(ClassUnicodeRange::len).sum::<usize>() > MOST_LACKING {
        class.case_fold_simple();
        return Hir::class(Class::Unicode(class));
    }
    // A character is lacking without regard to case only where each of its forms is.
    let mut folded_class = lacking.clone();
    folded_class.case_fold_simple();
    for range in folded_class.ranges() {
        for c in range.start()..=range.end() {
            let mut forms = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
            forms.case_fold_simple();
            forms.difference(&lacking);
            if !forms.ranges().is_empty() {
                class.push(ClassUnicodeRange::new(c, c));
            }
        }
    }
    Hir::class(Class::Unicode(class))
}

/// A language that is being compared; its states are made as they are visited.
struct Automaton {
    dfa: DFA,
    cache: Cache,
}

impl Automaton {
    fn new(language: &Language) -> Result<Self, TooLarge> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new().nfa_size_limit(Some(LARGEST)).which_captures(WhichCaptures::None),
            )
            .build_from_hir(&language.hir)
            .map_err(|_| TooLarge)?;
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .cache_capacity(LARGEST)
            .skip_cache_capacity_check(true)
            // A cache that is cleared forgets states which are still to be visited.
            .minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).map_err(|_| TooLarge)?;
        let cache = dfa.create_cache();
        Ok(Self { dfa, cache })
    }

    fn start(&mut self) -> Result<LazyStateID, TooLarge> {
        let input = Input::new("").anchored(Anchored::Yes);
        self.dfa.start_state_forward(&mut self.cache, &input).map_err(|_| TooLarge)
    }

    fn next(&mut self, state: LazyStateID, byte: u8) -> Result<LazyStateID, TooLarge> {
        self.dfa.next_state(&mut self.cache, state, byte).map_err(|_| TooLarge)
    }

    fn accepts(&mut self, state: LazyStateID) -> Result<bool, TooLarge> {
        self.dfa.next_eoi_state(&mut self.cache, state).map(|end| end.is_match()).map_err(|_| TooLarge)
    }

    /// Walks both at once, byte by byte, until both accept or nothing new is reached.
    fn meets(mut self, other: &mut Self) -> Result<bool, TooLarge> {
        let bytes = self.telling_bytes(other);
        let first = (self.start()?, other.start()?);
        let mut seen = HashSet::from([first]);
        let mut open = vec![first];
        while let Some((left, right)) = open.pop() {
            if self.accepts(left)? && other.accepts(right)? {
                return Ok(true);
            }
            for byte in &bytes {
                let next = self.next(left, *byte)?;
                if next.is_dead() {
                    continue;
                }
                let next = (next, other.next(right, *byte)?);
                if !next.1.is_dead() && seen.insert(next) {
                    open.push(next);
                }
            }
            if seen.len() > MOST_PAIRS {
                return Err(TooLarge);
            }
        }
        Ok(false)
    }

    /// One byte of each class that either automaton tells from the others.
    fn telling_bytes(&self, other: &Self) -> Vec<u8> {
        let mut classes = HashSet::new();
        let (left, right) = (self.dfa.byte_classes(), other.dfa.byte_classes());
        (0..=u8::MAX).filter(|byte| classes.insert((left.get(*byte), right.get(*byte)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(left: &str, right: &str) -> bool {
        let meets = Language::written(left).meets(&Language::written(right)).unwrap();
        assert_eq!(Language::written(right).meets(&Language::written(left)), Ok(meets), "{left} {right}");
        meets
    }

    #[test]
    fn languages_meet_where_a_text_is_in_both() {
        assert!(meet("a+", "aa|b"));
        assert!(!meet("a+", "b*c"));
        assert!(meet("a|ab", "ab"), "a longer text is not hidden by a shorter one");
        assert!(!meet("ALTER USER \"[^\"]*\" SET X='.*'", "ALTER USER \"[^\"]*\" UNSET X"));
        assert!(meet("[0-9a-f-]{36}", "[A-Z0-9-]{1,40}"), "case does not tell");
        assert!(meet("straße", "STRAßE") && meet("k", "K"));
        assert!(meet("", "a*") && !meet("", "a+"));
        assert!(meet("(?-i:delete)", "DELETE"), "flags of a pattern do not make case tell");
        assert!(
            meet("[^a]", "a") && !meet("[^aA]", "a") && !meet("[^kK\u{212a}]", "k") && meet("[^kK]", "k")
        );
    }

    #[test]
    fn literals_are_compared_by_what_they_begin_with() {
        let literal = Language::literal;
        assert_eq!(literal("Select").meets(&literal("SELECT")), Ok(true));
        assert_eq!(literal("a").meets(&literal("b")), Ok(false));
        let begins = Language::then([literal("DESCRIBE "), Language::any()]);
        assert_eq!(begins.meets(&Language::then([literal("alter "), Language::any()])), Ok(false));
        assert_eq!(begins.meets(&literal("describe user")), Ok(true));
        assert_eq!(begins.meets(&literal("describe")), Ok(false));
        assert_eq!(Language::any().meets(&literal("\u{10ffff}")), Ok(true));
        assert_eq!(Language::without(&['/']).meets(&literal("a/b")), Ok(false));
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let huge = Language::written("(a|b)*a(a|b){18}");
        assert_eq!(huge.meets(&Language::written("(a|b)*b(a|b){17}c")), Err(TooLarge));
    }
}
