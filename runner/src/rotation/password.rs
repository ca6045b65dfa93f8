//! Makes passwords, where nobody brings one along.

use super::Stop;
use crate::secret::Secret;

/// Where randomness comes from: fills the bytes, or says why it cannot.
pub type Random<'a> = dyn Fn(&mut [u8]) -> Result<(), String> + 'a;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";
/// Symbols that mean nothing to shells, in quotes, in XML and in connection strings.
const SYMBOLS: &[u8] = b"!#*+-.:?@^_~";
const KINDS: [&[u8]; 4] = [UPPER, LOWER, DIGITS, SYMBOLS];
const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// What a password is made of: its length, and at least how many characters there must be of
/// each kind. A kind of which none must be there is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complexity {
    length: usize,
    least: [usize; 4],
}

impl Default for Complexity {
    fn default() -> Self {
        Self { length: 32, least: [2; 4] }
    }
}

impl Complexity {
    /// Reads five numbers: the length, then how many upper-case letters, lower-case letters, digits
    /// and symbols.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, Stop> {
        let unfit = |why: &str| {
            let message = format!("the setting `complexity` is {text}: it {why}");
            Stop::new(super::OutcomeKind::Invalid, "settings", "complexity-unfit", message)
        };
        let numbers: Option<Vec<usize>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        let Some(&[length, upper, lower, digits, symbols]) = numbers.as_deref() else {
            return Err(unfit("must be five numbers, such as 32,2,2,2,2"));
        };
        let least = [upper, lower, digits, symbols];
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
        Ok(Self { length, least })
    }

    /// Makes a password. Each one that fits is about as likely as any other.
    ///
    /// # Errors
    /// Why there is no randomness.
    pub(super) fn generate(self, random: &Random<'_>) -> Result<Secret, String> {
        let kinds = || KINDS.into_iter().zip(self.least).filter(|(_, least)| *least > 0);
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

    fn count(password: &str, kind: &[u8]) -> usize {
        password.bytes().filter(|byte| kind.contains(byte)).count()
    }

    #[test]
    fn a_complexity_is_a_length_and_four_counts() {
        assert_eq!(
            Complexity::parse(" 20, 1,2,3 ,0").unwrap(),
            Complexity { length: 20, least: [1, 2, 3, 0] }
        );
        assert_eq!(Complexity::parse("32,2,2,2,2").unwrap(), Complexity::default());
        for text in [
            "",
            "32",
            "32,2,2,2",
            "32,2,2,2,2,2",
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
    fn every_character_is_as_likely_as_any_other_at_every_place() {
        let random = counting(7);
        let digits = Complexity { length: 8, least: [0, 0, 1, 0] };
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
        let one_digit = Complexity { length: 8, least: [0, 7, 1, 0] };
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
            let password = Complexity { length, least }.generate(&counting(seed)).unwrap();
            prop_assert_eq!(password.expose().len(), length);
            for (kind, least) in KINDS.into_iter().zip(least) {
                let count = count(password.expose(), kind);
                prop_assert!(count >= least && (least > 0 || count == 0));
            }
        }
    }
}
