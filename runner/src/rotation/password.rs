//! Makes passwords, where nobody brings one along.

use serde_json::Value;

use super::Stop;
use crate::secret::Secret;

/// Where randomness comes from: fills the bytes, or says why it cannot.
pub type Random<'a> = dyn Fn(&mut [u8]) -> Result<(), String> + 'a;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";
/// Symbols that mean nothing to shells, in quotes, in XML and in connection strings.
const SYMBOLS: &[u8] = b"!#*+-.:?@^_~";
const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// What a password is made of: its length, and at least how many characters there must be of
/// each kind. A kind of which none must be there is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complexity {
    length: usize,
    least: [usize; 4],
    /// The symbols to choose from.
    symbols: Vec<u8>,
}

impl Default for Complexity {
    fn default() -> Self {
        Self { length: 32, least: [2; 4], symbols: SYMBOLS.to_vec() }
    }
}

impl Complexity {
    /// Reads Keeper's rule: the length, how many upper-case letters, lower-case letters, digits and
    /// symbols there must be at least, and the symbols to choose from, if not ours. It is a list with
    /// commas, as `32,5,5,5,5,"!@#$"`, or JSON, as records keep it.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(crate) fn parse(text: &str) -> Result<Self, Stop> {
        let unfit = |why: &str| {
            let message = format!("the setting `complexity` is {text}: it {why}");
            Stop::new(super::OutcomeKind::Invalid, "settings", "complexity-unfit", message)
        };
        let form = "must be five numbers, and symbols if need be, such as 32,2,2,2,2 or 32,2,2,2,2,\"!@#$\"";
        let (numbers, symbols) = of_json(text).or_else(|| of_list(text)).ok_or_else(|| unfit(form))?;
        let [length, upper, lower, digits, symbol] = numbers;
        let least = [upper, lower, digits, symbol];
        let needed = least.iter().fold(0_usize, |sum, count| sum.saturating_add(*count));
        if !LENGTH.contains(&length) {
            return Err(unfit("begins with the length, which must be from 8 to 256"));
        }
        if needed == 0 {
            return Err(unfit("asks for no kind of characters"));
        }
        if needed > length {
            return Err(unfit("asks for more characters than the length has room for"));
        }
        // A blank parts the symbols of some, and is none itself.
        let mut symbols: Vec<char> = symbols.chars().filter(|symbol| !symbol.is_whitespace()).collect();
        symbols.sort_unstable();
        symbols.dedup();
        if !symbols.iter().all(char::is_ascii_punctuation) {
            return Err(unfit("may name symbols of ASCII only, and no letters or digits among them"));
        }
        let symbols: Vec<u8> = symbols.into_iter().filter_map(|symbol| u8::try_from(symbol).ok()).collect();
        Ok(Self { length, least, symbols: if symbols.is_empty() { SYMBOLS.to_vec() } else { symbols } })
    }

    /// The length, and how many upper-case letters, lower-case letters, digits and symbols there must be.
    pub(crate) fn numbers(&self) -> (usize, [usize; 4]) {
        (self.length, self.least)
    }

    /// Makes a password. Each one that fits is about as likely as any other.
    ///
    /// # Errors
    /// Why there is no randomness.
    pub(super) fn generate(&self, random: &Random<'_>) -> Result<Secret, String> {
        let kinds = [UPPER, LOWER, DIGITS, &self.symbols];
        let kinds = || kinds.into_iter().zip(self.least).filter(|(_, least)| *least > 0);
        let all: Vec<u8> = kinds().flat_map(|(kind, _)| kind).copied().collect();
        // Room from the start: what grows leaves copies behind that nobody wipes.
        let mut password = zeroize::Zeroizing::new(String::with_capacity(self.length));
        let mut sources: Vec<&[u8]> = kinds().flat_map(|(kind, least)| vec![kind; least]).collect();
        sources.resize(self.length, &all);
        while !sources.is_empty() {
            let source = sources.swap_remove(below(sources.len(), random)?);
            let character = source.get(below(source.len(), random)?).copied().unwrap_or(b'0');
            password.push(char::from(character));
        }
        Ok(Secret::new(password.as_str()))
    }
}

/// Length and counts, and the text with the symbols.
type Rule = ([usize; 5], String);

/// A count, where a negative one means that there is to be none, as it does for Keeper's own generator.
fn count(number: i64) -> usize {
    usize::try_from(number.max(0)).unwrap_or(usize::MAX)
}

/// Reads five numbers with commas between, and what follows the fifth comma, whatever it is.
fn of_list(text: &str) -> Option<Rule> {
    let mut parts = text.splitn(6, ',');
    let mut next = || parts.next()?.trim().parse().ok().map(count);
    let numbers = [next()?, next()?, next()?, next()?, next()?];
    Some((numbers, parts.next().map(unquoted).unwrap_or_default()))
}

/// Symbols with or without quotes around them. Within quotes, `\"` and `""` are a quote, and `\\` is a
/// backslash.
fn unquoted(symbols: &str) -> String {
    let symbols = symbols.trim();
    let Some(inner) = symbols.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return symbols.to_owned();
    };
    let mut unquoted = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(symbol) = rest.next() {
        let next = rest.peek().copied();
        let escapes = matches!((symbol, next), ('\\', Some('"' | '\\')) | ('"', Some('"')));
        unquoted.push(next.filter(|_| escapes).unwrap_or(symbol));
        if escapes {
            rest.next();
        }
    }
    unquoted
}

/// Reads the rule of a record or of Keeper's Commander.
fn of_json(text: &str) -> Option<Rule> {
    let rule: serde_json::Map<String, Value> = serde_json::from_str(text).ok()?;
    let number = |key| match rule.get(key) {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(text)) => text.trim().parse().ok().map(count),
        Some(value) => value.as_i64().map(count),
    };
    let numbers =
        [number("length")?, number("caps")?, number("lowercase")?, number("digits")?, number("special")?];
    let symbols = rule.get("specialChars").and_then(Value::as_str).unwrap_or_default();
    Some((numbers, symbols.to_owned()))
}

/// A number below `bound`, which is at most 256: bytes that would favour some are thrown away.
fn below(bound: usize, random: &Random<'_>) -> Result<usize, String> {
    let fair = 256 - 256 % bound.max(1);
    loop {
        let mut byte = [0];
        random(&mut byte)?;
        let number = usize::from(byte[0]);
        if number < fair {
            return Ok(number % bound.max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Randomness that is the same every time.
    fn counting(seed: u64) -> impl Fn(&mut [u8]) -> Result<(), String> {
        let state = Cell::new(seed | 1);
        move |bytes| {
            for byte in bytes {
                let mut next = state.get();
                next ^= next << 13;
                next ^= next >> 7;
                next ^= next << 17;
                state.set(next);
                *byte = (next >> 32).to_le_bytes()[0];
            }
            Ok(())
        }
    }

    fn occurrences(password: &str, kind: &[u8]) -> usize {
        password.bytes().filter(|byte| kind.contains(byte)).count()
    }

    #[test]
    fn a_complexity_is_a_length_and_four_counts() {
        assert_eq!(
            Complexity::parse(" 20, 1,2,3 ,0").unwrap(),
            Complexity { length: 20, least: [1, 2, 3, 0], ..Complexity::default() }
        );
        assert_eq!(Complexity::parse("32,2,2,2,2").unwrap(), Complexity::default());
        for text in [
            "",
            "32",
            "32,2,2,2",
            "32,2,2,2,2,2",
            "32,2,2,2,2,!a",
            "32,2,2,2,2,€",
            "32,2,2,2",
            "{}",
            "{\"length\":\"x\"}",
            "32,a,2,2,2",
            "7,1,1,1,1",
            "257,1,1,1,1",
            "8,3,3,3,0",
            "9,0,0,0,0",
        ] {
            assert_eq!(Complexity::parse(text).unwrap_err().error.code, "complexity-unfit", "{text}");
        }
    }

    #[test]
    fn n24_symbols_are_named_in_every_form_that_keeper_has() {
        for (text, symbols) in [
            ("32,5,5,5,5", "!#*+-.:?@^_~"),
            ("32,5,5,5,5,", "!#*+-.:?@^_~"),
            ("32,5,5,5,5,\"\"", "!#*+-.:?@^_~"),
            ("32,5,5,5,5,!@#$", "!#$@"),
            ("32, 5, 5, 5, 5, \"!@#$\" ", "!#$@"),
            ("32,5,5,5,5,\"!,@,#\"", "!#,@"),
            ("32,5,5,5,5,,;", ",;"),
            ("32,5,5,5,5,\"", "\""),
            ("32,5,5,5,5,!\"'", "!\"'"),
            (r#"32,5,5,5,5,"!\"\\""#, "!\"\\"),
            (r#"32,5,5,5,5,"!""""#, "!\""),
            ("32,5,5,5,5,! @ # !", "!#@"),
            ("32,5,5,5,5,!@#$%()+;<>=?[]{}^.,", "!#$%()+,.;<=>?@[]^{}"),
            (r#"{"length":32,"caps":5,"lowercase":5,"digits":5,"special":5}"#, "!#*+-.:?@^_~"),
            (
                r#"{"length":"32","caps":5,"lowercase":5,"digits":5,"special":5,"specialChars":"!,\""}"#,
                "!\",",
            ),
        ] {
            let complexity = Complexity::parse(text).unwrap();
            assert_eq!((complexity.length, complexity.least), (32, [5; 4]), "{text}");
            let mut expected = symbols.as_bytes().to_vec();
            let mut found = complexity.symbols.clone();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn n24_a_negative_count_leaves_a_kind_out() {
        let complexity = Complexity::parse("16,-1,4,0,2,\"$\"").unwrap();
        assert_eq!(complexity.least, [0, 4, 0, 2]);
        let password = complexity.generate(&counting(5)).unwrap();
        assert!(
            password.expose().chars().all(|c| c.is_ascii_lowercase() || c == '$'),
            "{}",
            password.expose()
        );
        assert!(Complexity::parse("16,-1,-1,-1,-1").is_err());
    }

    #[test]
    fn every_character_is_as_likely_as_any_other_at_every_place() {
        let random = counting(7);
        let digits = Complexity { length: 8, least: [0, 0, 1, 0], ..Complexity::default() };
        let mut seen = BTreeMap::new();
        for _ in 0..10_000 {
            for (at, character) in digits.generate(&random).unwrap().expose().chars().enumerate() {
                *seen.entry((at, character)).or_insert(0) += 1;
            }
        }
        assert_eq!(seen.len(), 80);
        assert!(seen.values().all(|count| (800..1200).contains(count)), "{seen:?}");
    }

    #[test]
    fn what_must_be_there_stands_at_every_place() {
        let random = counting(3);
        let one_digit = Complexity { length: 8, least: [0, 7, 1, 0], ..Complexity::default() };
        let mut places = [0; 8];
        for _ in 0..8000 {
            let password = one_digit.generate(&random).unwrap();
            places[password.expose().bytes().position(|byte| byte.is_ascii_digit()).unwrap()] += 1;
        }
        assert!(places.iter().all(|count| (800..1200).contains(count)), "{places:?}");
    }

    #[test]
    fn without_randomness_there_is_no_password() {
        let error = Complexity::default().generate(&|_| Err("no entropy".to_owned())).unwrap_err();
        assert_eq!(error, "no entropy");
    }

    proptest! {
        #[test]
        fn a_password_keeps_to_its_complexity(seed: u64, length in 8..257_usize, least in prop::array::uniform4(0..3_usize)) {
            prop_assume!(least.iter().any(|least| *least > 0));
            let symbols = b"$,".to_vec();
            let password = Complexity { length, least, symbols }.generate(&counting(seed)).unwrap();
            prop_assert_eq!(password.expose().len(), length);
            for (kind, least) in [UPPER, LOWER, DIGITS, b"$,"].into_iter().zip(least) {
                let count = occurrences(password.expose(), kind);
                prop_assert!(count >= least && (least > 0 || count == 0));
            }
        }
    }
}
