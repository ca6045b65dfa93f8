//! What becomes of a value on its way through shells, pipelines and files, when it does not arrive.

use std::fmt;

/// What arrived instead of a value. It quotes nothing but the name that stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// The value, with the quotes around it.
    Quoted,
    /// The value, with a backslash before each of its quotes.
    Escaped,
    /// JSON without the quotes in it.
    Stripped,
    /// What a log shows in the place of a secret.
    Masked,
    /// The reference that was to be replaced by the value.
    Unexpanded(String),
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quoted => {
                "is in quotes that came along with the value: leave them out where it is set, since \
                 `docker --env-file` and `set` of Windows take them for a part of it"
            }
            Self::Escaped => {
                "has a backslash before each of its quotes: hand it over unescaped, or in its base64 form, which has \
                 no quotes"
            }
            Self::Stripped => {
                "has lost its quotes on the way, as a command line of Windows strips them: hand it over in its base64 \
                 form, which has none"
            }
            Self::Masked => {
                "is masked: what arrived is what a log shows in the place of a secret; hand over the secret itself, and \
                 not what was printed"
            }
            Self::Unexpanded(reference) => {
                return write!(
                    f,
                    "is still the reference `{reference}`, which nobody replaced by its value: is there such a variable \
                     here, and is it mapped (a secret variable of Azure Pipelines has to be, under `env:`), and not in \
                     single quotes?"
                );
            }
        })
    }
}

const QUOTES: [char; 9] = ['"', '\'', '`', '“', '”', '„', '‘', '’', '´'];

/// How references begin and end, the longer form first.
const REFERENCES: [(&str, &str); 11] = [
    ("$((", "))"),
    ("$(", ")"),
    ("$[", "]"),
    ("${", "}"),
    ("{{", "}}"),
    ("#{", "}#"),
    ("#{", "}"),
    ("<%", "%>"),
    ("%", "%"),
    ("__", "__"),
    ("$", ""),
];

/// Tells what happened to a value that is JSON, base64 or a path; nothing where it may well be one.
#[must_use]
pub fn mishap(text: &str) -> Option<Mishap> {
    let text = text.trim();
    let bare = text.trim_matches(QUOTES).trim();
    if let Some(reference) = reference(bare) {
        return Some(Mishap::Unexpanded(reference.to_owned()));
    }
    if is_mask(bare) {
        return Some(Mishap::Masked);
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        return Some(Mishap::Quoted);
    }
    let inner = text.strip_prefix('{')?.trim_start();
    if inner.starts_with("\\\"") {
        Some(Mishap::Escaped)
    } else if inner.contains(':') && !inner.contains('"') {
        Some(Mishap::Stripped)
    } else {
        None
    }
}

fn reference(text: &str) -> Option<&str> {
    if text.starts_with("@Microsoft.KeyVault(") && text.ends_with(')') {
        return Some("@Microsoft.KeyVault(…)");
    }
    let is_name = |name: &str| {
        let name = name.trim_matches(['{', '}', ' ']);
        let name = name.strip_prefix("env:").or_else(|| name.strip_prefix("secrets.")).unwrap_or(name);
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-. []'\"|/".contains(c);
        (1..=100).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '.')
            && name.chars().all(fits)
    };
    let stands_between = |(begin, end): &(&str, &str)| {
        text.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)).is_some_and(is_name)
    };
    REFERENCES.iter().any(stands_between).then_some(text)
}

fn is_mask(text: &str) -> bool {
    let word = text.trim_matches(['[', ']', '<', '>', '(', ')', '{', '}', '*', ' ']).to_ascii_lowercase();
    let is_framed = text.starts_with(['[', '<', '(', '{', '*']);
    let is_stars = text.chars().count() >= 3 && text.chars().all(|c| matches!(c, '*' | '•' | '●' | '█'));
    is_stars
        || is_framed
            && ["masked", "redacted", "secret", "secure", "hidden", "filtered", "sensitive"]
                .contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n28_a_reference_that_nobody_replaced_is_named() {
        for text in [
            "$(KSM_CONFIG)",
            "${KSM_CONFIG}",
            "$KSM_CONFIG",
            "%KSM_CONFIG%",
            "{{ KSM_CONFIG }}",
            "${{ secrets.KSM_CONFIG }}",
            "$env:KSM_CONFIG",
            "#{KSM_CONFIG}#",
            "__KSM_CONFIG__",
            "{{ .Values.ksm.config }}",
            "$[variables.KSM_CONFIG]",
            "\"$(KSM_CONFIG)\"\n",
        ] {
            let bare = text.trim().trim_matches('"');
            assert_eq!(mishap(text), Some(Mishap::Unexpanded(bare.to_owned())), "{text}");
        }
        let vault = mishap("@Microsoft.KeyVault(SecretUri=https://canary.vault.azure.net/x)").unwrap();
        assert!(!vault.to_string().contains("canary"), "{vault}");
    }

    #[test]
    fn n28_a_mask_is_no_value() {
        for text in ["***", "********", "[MASKED]", "'***'", "<redacted>", "[secure]", "••••••", "*** "]
        {
            assert_eq!(mishap(text), Some(Mishap::Masked), "{text}");
        }
    }

    #[test]
    fn n28_quotes_that_came_along_were_escaped_or_lost_are_told_apart() {
        for text in [r#""{"a":1}""#, "'eyJh'", "\"eyJh", "“eyJh”", "\"\""] {
            assert_eq!(mishap(text), Some(Mishap::Quoted), "{text}");
        }
        assert_eq!(mishap(r#"{\"hostname\":\"x\"}"#), Some(Mishap::Escaped));
        assert_eq!(mishap("{hostname:x,clientId:y}"), Some(Mishap::Stripped));
    }

    #[test]
    fn n28_what_may_well_be_a_value_is_none_of_it() {
        for text in
            ["", "{}", r#"{"hostname":"x"}"#, "eyJob3N0bmFtZSI6IngifQ==", "/etc/keeper/x.json", "US:abc"]
        {
            assert_eq!(mishap(text), None, "{text}");
        }
    }
}
