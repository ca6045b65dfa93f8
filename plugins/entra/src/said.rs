//! What a rejection says, in whatever form the manifest finds it.

use pamrun_plugin::{Rejection, Value};

/// How much of what a service says is repeated, in characters.
const LONGEST: usize = 200;

/// What a rejection says. What it does not say is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Said {
    /// The service's own words for it, from the general to the precise.
    pub codes: Vec<String>,
    /// The numbers of Entra's errors (AADSTS).
    pub numbers: Vec<u32>,
    /// What it says to people.
    pub text: String,
    /// By which those who run the service find the request.
    pub request_id: String,
}

impl Said {
    /// Reads a rejection: each error by how its name begins.
    #[must_use]
    pub fn of(rejection: &Rejection) -> Self {
        let mut said = Self::default();
        for (name, value) in &rejection.errors.0 {
            match value {
                Value::Texts(list) if name.starts_with("code") => {
                    said.numbers.extend(list.iter().filter_map(|number| number.parse::<u32>().ok()));
                }
                Value::Integer(number) if name.starts_with("code") => said.codes.push(number.to_string()),
                Value::Text(text) => said.add(name, shown(text)),
                _ => {}
            }
        }
        if said.numbers.is_empty() {
            said.numbers = numbers_in(&format!("{} {}", said.codes.join(" "), said.text));
        }
        said
    }

    fn add(&mut self, name: &str, text: String) {
        if text.is_empty() {
        } else if name.starts_with("code") {
            self.codes.push(text);
        } else if name.starts_with("message") && self.text.is_empty() {
            self.text = text;
        } else if name.starts_with("request") && self.request_id.is_empty() {
            self.request_id = text;
        }
    }

    /// Whether it is said with this code; where there is none, whether the code stands in the text.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.codes.iter().any(|said| said.eq_ignore_ascii_case(code))
            || self.codes.is_empty() && self.mentions(code)
    }

    /// Whether the text has this in it, in upper or lower case.
    #[must_use]
    pub fn mentions(&self, words: &str) -> bool {
        self.text.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }

    /// All of it, in one line for people.
    #[must_use]
    pub fn line(&self, status: u16) -> String {
        let mut line = match status {
            0 => "no answer came".to_owned(),
            status => format!("HTTP {status}"),
        };
        if !self.codes.is_empty() {
            line = format!("{line} {}", cut(&self.codes.join("/")));
        }
        if !self.text.is_empty() {
            line = format!("{line}: {}", cut(&self.text));
        }
        if !self.request_id.is_empty() {
            line = format!("{line}; request {}", cut(&self.request_id));
        }
        let numbers: Vec<_> = self.numbers.iter().map(|number| format!("AADSTS{number}")).collect();
        if !numbers.iter().all(|number| line.contains(number)) {
            line = format!("{line}; {}", numbers.join(", "));
        }
        line
    }
}

/// The numbers of Entra's errors that stand in a text.
fn numbers_in(text: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for rest in text.split("AADSTS").skip(1) {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest.get(..digits).and_then(|digits| digits.parse().ok());
        numbers.extend(number.filter(|number| !numbers.contains(number)));
    }
    numbers
}

/// A text in one line, without the ids and times that Entra appends.
fn shown(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.split(" Trace ID: ").next().unwrap_or_default().to_owned()
}

/// As much of a text as people are shown.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "CredentialInvalidLifetimeAsPerAppPolicy";

    fn said(errors: &[(&str, Value)]) -> Said {
        Said::of(&Rejection { errors: errors.iter().cloned().collect(), ..Rejection::default() })
    }

    #[test]
    fn n14_a_code_is_found_wherever_the_manifest_finds_one() {
        for errors in [
            &[("code", Value::from(CODE))][..],
            &[("code", "BadRequest".into()), ("code_inner", CODE.into())],
            &[("code_odata", CODE.into()), ("message_odata", "too long".into())],
            &[("message", "CredentialInvalidLifetimeAsPerAppPolicy: the lifetime is too long".into())],
        ] {
            let said = said(errors);
            assert!(said.is(CODE) && !said.is("Authorization_RequestDenied"), "{errors:?}");
        }
    }

    #[test]
    fn n14_what_says_nothing_leaves_the_status() {
        for errors in
            [&[][..], &[("code", Value::from(" \n")), ("other", "x".into()), ("codes", ["x"].into())]]
        {
            let said = said(errors);
            assert!(!said.is(CODE) && said.numbers.is_empty(), "{errors:?}");
            assert_eq!((said.line(403).as_str(), said.line(0).as_str()), ("HTTP 403", "no answer came"));
        }
    }

    #[test]
    fn n14_numbers_are_those_listed_or_those_in_the_text() {
        for errors in [
            &[("codes", Value::from(["700025"]))][..],
            &[("codes", ["700025"].into()), ("message", "AADSTS7000215: no".into())],
            &[("code", "invalid_client".into()), ("message", "AADSTS700025: Client is public".into())],
            &[("code_text", "AADSTS700025".into())],
            &[("message", "AADSTS700025: twice AADSTS700025, AADSTS99999999999.".into())],
        ] {
            assert_eq!(said(errors).numbers, [700_025], "{errors:?}");
        }
    }

    #[test]
    fn all_of_it_stands_in_one_line() {
        let said = said(&[
            ("code", "c1".into()),
            ("code_inner", "c2".into()),
            ("message", " AADSTS1: no.\r\nTrace ID: t\r\nTimestamp: 2031-05-04".into()),
            ("request", "r1".into()),
            ("request_header", "r2".into()),
            ("codes", ["1", "2"].into()),
        ]);
        assert_eq!(said.line(400), "HTTP 400 c1/c2: AADSTS1: no.; request r1; AADSTS1, AADSTS2");
        let long = self::said(&[("message", "x".repeat(5000).into())]);
        assert_eq!(long.line(400).len(), "HTTP 400: ".len() + LONGEST);
        assert_eq!(self::said(&[("message", " one\r\n\ttwo\u{1b}[31m ".into())]).text, "one two [31m");
    }
}
