//! What a service takes as a password, as far as a manifest can say: its setting of type `complexity`.

use crate::manifest::{Manifest, Pattern, Setting, SettingKind};

/// Of a shorter name, a good password has one in it by chance.
const SHORTEST_NAME: usize = 4;

/// What a password has to be like.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rules<'a> {
    setting: Option<&'a Setting>,
}

impl Manifest {
    /// What the service takes as a password.
    #[must_use]
    pub fn password_rules(&self) -> Rules<'_> {
        Rules { setting: self.settings.values().find(|setting| setting.kind == SettingKind::Complexity) }
    }
}

impl Rules<'_> {
    /// Checks the complexity by which passwords are made: their length, and at least how many upper-case
    /// letters, lower-case letters, digits and symbols; the error follows "the setting is …: it".
    ///
    /// # Errors
    /// The service would not take such passwords.
    pub fn check_complexity(&self, length: usize, least: [usize; 4]) -> Result<(), String> {
        let (shortest, longest) = self.lengths();
        if !(shortest..=longest).contains(&length) {
            return Err(format!(
                "begins with the length, and the service takes {shortest} to {longest} characters"
            ));
        }
        let kinds = self.kinds();
        if least.iter().filter(|count| **count > 0).count() < kinds {
            return Err(format!("must ask for {kinds} kinds of characters at least, as the service does"));
        }
        Ok(())
    }

    /// Checks a password that is there already, so that nothing is touched for one that the service would
    /// refuse. `names` are what it must not have in it, compared without case; the error follows "the new password",
    /// and says nothing of it.
    ///
    /// # Errors
    /// The service would not take it.
    pub fn check_password(&self, password: &str, names: &[&str]) -> Result<(), String> {
        let (shortest, longest) = self.lengths();
        if !(shortest..=longest).contains(&password.chars().count()) {
            return Err(format!("must have {shortest} to {longest} characters"));
        }
        if self.pattern().is_some_and(|pattern| !pattern.matches(password)) {
            return Err("has characters, or an order of them, that the service does not take".to_owned());
        }
        let has = |kind: fn(char) -> bool| usize::from(password.chars().any(kind));
        let kinds = has(char::is_uppercase)
            + has(char::is_lowercase)
            + has(char::is_numeric)
            + has(|c| !c.is_alphanumeric());
        if kinds < self.kinds() {
            return Err(format!(
                "needs {} of these: upper-case letters, lower-case letters, digits, symbols",
                self.kinds()
            ));
        }
        let folded = zeroize::Zeroizing::new(password.to_lowercase());
        let has_name = |name: &&str| {
            name.chars().count() >= SHORTEST_NAME && folded.contains(name.to_lowercase().as_str())
        };
        if names.iter().any(has_name) {
            return Err("must not have the user's name in it".to_owned());
        }
        Ok(())
    }

    fn lengths(self) -> (usize, usize) {
        let bound =
            |bound: Option<&crate::manifest::Scalar>| bound.and_then(|bound| bound.to_string().parse().ok());
        let setting = self.setting;
        let shortest = bound(setting.and_then(|setting| setting.min.as_ref())).unwrap_or(1);
        (shortest, bound(setting.and_then(|setting| setting.max.as_ref())).unwrap_or(usize::MAX))
    }

    fn kinds(self) -> usize {
        self.setting.and_then(|setting| setting.kinds).map_or(0, usize::from)
    }

    fn pattern(&self) -> Option<&Pattern> {
        self.setting.and_then(|setting| setting.pattern.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entra() -> Setting {
        toml::from_str("type = 'complexity'\nmin = 8\nmax = 256\nkinds = 3\npattern = '[ -~]*'").unwrap()
    }

    #[test]
    fn a_complexity_has_to_make_what_the_service_takes() {
        let setting = entra();
        let rules = Rules { setting: Some(&setting) };
        for (length, least) in [(32, [2; 4]), (20, [1, 2, 3, 0]), (8, [2; 4]), (256, [1, 1, 0, 1])] {
            assert_eq!(rules.check_complexity(length, least), Ok(()), "{length}");
        }
        for (length, least, part) in [
            (7, [2, 2, 2, 1], "8 to 256"),
            (257, [2; 4], "8 to 256"),
            (32, [16, 16, 0, 0], "3 kinds"),
            (8, [0, 0, 8, 0], "3 kinds"),
        ] {
            assert!(rules.check_complexity(length, least).unwrap_err().contains(part), "{length}");
        }
        assert_eq!(Rules::default().check_complexity(1, [1, 0, 0, 0]), Ok(()));
    }

    #[test]
    fn a_password_of_three_kinds_passes() {
        let setting = entra();
        let rules = Rules { setting: Some(&setting) };
        for password in ["abcdEF12", "abcdef1!", "ABCDEF 1!", &"aB3 ".repeat(64)] {
            assert_eq!(rules.check_password(password, &["somebody"]), Ok(()), "{password}");
        }
        assert_eq!(rules.check_password("Mia's 1st", &["mia"]), Ok(()), "a name that short proves nothing");
        assert_eq!(Rules::default().check_password("x", &[]), Ok(()));
    }

    #[test]
    fn a_password_that_the_service_would_not_take_is_refused_without_being_shown() {
        let setting = entra();
        let rules = Rules { setting: Some(&setting) };
        for password in ["aB3!efg", "abcdef12", "aB3défgh", "aB3\tefgh", "PAYROLL-2031x", &"aB3!".repeat(65)]
        {
            let why = rules.check_password(password, &["", "payroll"]).unwrap_err();
            assert!(!why.contains(password), "{why}");
        }
    }
}
