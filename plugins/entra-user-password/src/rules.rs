//! Which passwords Entra takes, as far as anybody may know: its lists of banned words are its own.

use std::ops::RangeInclusive;

use pamrun_plugin::Failure;

const LENGTH: RangeInclusive<usize> = 8..=256;
/// Of upper-case letters, lower-case letters, digits and symbols, so many kinds must be there.
const KINDS: usize = 3;
/// Shorter names are found in a good password by chance.
const SHORTEST_NAME: usize = 4;

/// Checks that Entra takes the passwords that the setting `complexity` describes: the host makes
/// them, of a length, and of at least so many upper-case letters, lower-case letters, digits and
/// symbols. Which symbols there may be, the host judges: Entra takes all of ASCII.
pub fn check_complexity(text: &str) -> Result<(), Failure> {
    let Some([length, kinds @ ..]) = of_json(text).or_else(|| of_list(text)) else {
        return Err(unfit(text, "must be five numbers, and symbols if need be, such as 32,2,2,2,2"));
    };
    if !LENGTH.contains(&length) {
        return Err(unfit(text, "begins with the length, and Entra takes 8 to 256 characters"));
    }
    if kinds.iter().filter(|count| **count > 0).count() < KINDS {
        return Err(unfit(text, "must ask for three kinds of characters at least, as Entra does"));
    }
    if kinds.iter().fold(0, |sum: usize, count| sum.saturating_add(*count)) > length {
        return Err(unfit(text, "asks for more characters than the length has room for"));
    }
    Ok(())
}

/// Five numbers with commas between, before whatever the symbols are. Of a kind with a negative one
/// there is to be none.
fn of_list(text: &str) -> Option<[usize; 5]> {
    let mut parts = text.splitn(6, ',');
    let mut next = || parts.next()?.trim().parse().ok().map(count);
    Some([next()?, next()?, next()?, next()?, next()?])
}

/// The same, in the form that records have.
fn of_json(text: &str) -> Option<[usize; 5]> {
    let rule: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let number = |key| rule.get(key).map_or(Some(0), |value| value.as_i64().map(count));
    Some([number("length")?, number("caps")?, number("lowercase")?, number("digits")?, number("special")?])
}

fn count(number: i64) -> usize {
    usize::try_from(number.max(0)).unwrap_or(usize::MAX)
}

fn unfit(text: &str, why: &str) -> Failure {
    Failure::invalid("complexity-unfit", format!("the setting complexity is {text}: it {why}"))
}

/// Checks a password that is already there, so that nothing is touched for one that Entra would
/// refuse. The message does not describe the password.
pub fn check(password: &str, principal_name: &str) -> Result<(), Failure> {
    let refuse = |what: &str| {
        let message = format!("Entra would refuse the new password: it {what}; let another be generated");
        Err(Failure::invalid("password-unfit", message))
    };
    if !LENGTH.contains(&password.chars().count()) {
        return refuse("must have 8 to 256 characters");
    }
    if !password.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return refuse("may consist of ASCII letters, digits, symbols and spaces only");
    }
    let has = |kind: fn(&char) -> bool| usize::from(password.chars().any(|c| kind(&c)));
    let kinds = has(char::is_ascii_uppercase)
        + has(char::is_ascii_lowercase)
        + has(char::is_ascii_digit)
        + has(|c| !c.is_ascii_alphanumeric());
    if kinds < KINDS {
        return refuse("needs three of these: upper-case letters, lower-case letters, digits, symbols");
    }
    let name = principal_name.split('@').next().unwrap_or_default().to_ascii_lowercase();
    if name.len() >= SHORTEST_NAME && password.to_ascii_lowercase().contains(&name) {
        return refuse("must not contain the user's name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complexity_is_a_length_and_four_counts() {
        for text in [
            "32,2,2,2,2",
            "20, 1,2,3 ,0",
            "8,2,2,2,2",
            "256,1,1,0,1",
            "32,5,5,5,5,!@#$",
            "32,5,5,5,-1,\"!,@\"",
            r#"{"length":32,"caps":5,"lowercase":5,"digits":5,"special":5,"specialChars":"!,"}"#,
        ] {
            assert_eq!(check_complexity(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_complexity_that_entra_would_not_take_is_refused() {
        for text in [
            "",
            "32",
            "32,2,2,2",
            "{\"length\":32}",
            "32,2,2,x,2",
            "7,2,2,2,1",
            "257,2,2,2,2",
            "32,16,16,0,0",
            "8,3,3,3,0",
            "8,18446744073709551615,1,1,0",
        ] {
            assert_eq!(check_complexity(text).unwrap_err().code, "complexity-unfit", "{text}");
        }
    }

    #[test]
    fn a_password_of_three_kinds_passes() {
        for password in ["abcdEF12", "abcdef1!", "ABCDEF 1!", &"aB3 ".repeat(64)] {
            assert_eq!(check(password, "mia@example.com"), Ok(()), "{password}");
        }
        assert_eq!(check("Mia's 1st", "mia@example.com"), Ok(()), "a name that short proves nothing");
    }

    #[test]
    fn a_password_that_entra_would_not_take_is_refused_without_being_shown() {
        for password in ["aB3!efg", "abcdef12", "aB3défgh", "aB3\tefgh", "PAYROLL-2031x", &"aB3!".repeat(65)]
        {
            let failure = check(password, "payroll@example.com").unwrap_err();
            assert_eq!(failure.code, "password-unfit", "{password}");
            assert!(!failure.message.contains(password));
        }
    }
}
