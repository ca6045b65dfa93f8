//! What a script sees of the environment: little, unless the operator says more.

use std::ffi::OsString;

use super::{CliError, Environment, Origin, Sourced, values};
use crate::secret::Secret;
use crate::system::{PATH, VARIABLES};

/// What programs need to find others, to know whose they are, and to speak to people.
const USUAL: [&str; 17] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TZ",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_ADDRESS",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TIME",
];

/// The environment of a script.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ScriptEnvironment {
    /// All variables that it sees.
    pub variables: Vec<(OsString, OsString)>,
    /// Values that the operator passed on without writing them down: they may be secret.
    pub secrets: Vec<Secret>,
    /// What of it was named, as `--env` takes it.
    pub named: Vec<String>,
}

impl ScriptEnvironment {
    /// The usual variables of this process.
    #[must_use]
    pub fn usual() -> Self {
        Self::gather(&[], &super::process_environment)
    }

    /// Makes it again of what was [`named`](Self::named); values that were not written down are looked
    /// up anew.
    ///
    /// # Errors
    /// The first variable that is not set any more.
    pub fn again(named: &[String], environment: Environment<'_>) -> Result<Self, CliError> {
        let read = |text: &String| {
            let written = Sourced { value: text.clone(), origin: Origin::Journal };
            match values::variable(&written)? {
                (name, None) if environment(&name).is_none() => Err(CliError::VariableMissing { name }),
                variable => Ok(variable),
            }
        };
        let named: Vec<_> = named.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self::gather(&named, environment))
    }

    /// Looks the usual variables up, and those that are named; one that is given a value has that.
    /// What is not set is left out.
    pub(super) fn gather(named: &[(String, Option<String>)], environment: Environment<'_>) -> Self {
        let mut found = Self::default();
        let usual = USUAL.iter().chain(VARIABLES);
        for name in usual.filter(|usual| named.iter().all(|(name, _)| name != *usual)) {
            let value = environment(name).or_else(|| PATH.filter(|_| *name == "PATH").map(OsString::from));
            found.variables.extend(value.map(|value| (OsString::from(name), value)));
        }
        for (index, (name, value)) in named.iter().enumerate() {
            // The first of a name counts: a flag goes before a variable, and that before the file.
            if named.iter().take(index).any(|(earlier, _)| earlier == name) {
                continue;
            }
            let (value, written) = if let Some(value) = value {
                (OsString::from(value), format!("{name}={value}"))
            } else {
                let Some(value) = environment(name) else { continue };
                found.secrets.extend(value.to_str().map(Secret::new));
                (value, name.clone())
            };
            found.variables.push((OsString::from(name), value));
            found.named.push(written);
        }
        found
    }
}

impl std::fmt::Debug for ScriptEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.variables.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(named: &[(&str, Option<&str>)]) -> ScriptEnvironment {
        let set = [("PATH", "/bin"), ("LANG", "C"), ("KSM_CONFIG", "canary"), ("TOKEN", "canary")];
        let environment =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        let named: Vec<_> =
            named.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
        ScriptEnvironment::gather(&named, &environment)
    }

    fn texts(environment: &ScriptEnvironment) -> Vec<(&str, &str)> {
        let variables = environment.variables.iter();
        variables.map(|(name, value)| (name.to_str().unwrap(), value.to_str().unwrap())).collect()
    }

    #[test]
    fn a_script_sees_the_usual_variables_that_are_set_and_no_others() {
        assert_eq!(texts(&gathered(&[])), [("PATH", "/bin"), ("LANG", "C")]);
    }

    #[test]
    fn programs_are_found_even_when_nobody_says_where_they_are() {
        let found = ScriptEnvironment::gather(&[], &|_| None);
        assert_eq!(texts(&found), [("PATH", PATH.unwrap())]);
    }

    #[test]
    fn a_variable_that_is_named_is_passed_on_and_taken_for_a_secret() {
        let found = gathered(&[("TOKEN", None), ("MISSING", None)]);
        assert_eq!(texts(&found), [("PATH", "/bin"), ("LANG", "C"), ("TOKEN", "canary")]);
        assert_eq!(found.secrets, [Secret::new("canary")]);
        assert!(!format!("{found:?}").contains("canary"));
    }

    #[test]
    fn a_value_that_is_written_down_goes_before_the_environment_and_the_first_one_counts() {
        let found = gathered(&[("LANG", Some("de")), ("MODE", Some("a")), ("MODE", Some("b"))]);
        assert_eq!(texts(&found), [("PATH", "/bin"), ("LANG", "de"), ("MODE", "a")]);
        assert_eq!(found.secrets, []);
    }

    #[test]
    fn what_was_named_is_made_again_with_what_the_variables_hold_by_then() {
        let found = gathered(&[("TOKEN", None), ("MODE", Some("a=b")), ("MISSING", None)]);
        assert_eq!(found.named, ["TOKEN", "MODE=a=b"]);
        let later = |name: &str| (name == "TOKEN").then(|| OsString::from("new"));
        let again = ScriptEnvironment::again(&found.named, &later).unwrap();
        assert_eq!(texts(&again), [("PATH", PATH.unwrap()), ("TOKEN", "new"), ("MODE", "a=b")]);
        let error = ScriptEnvironment::again(&found.named, &|_| None).unwrap_err();
        assert_eq!(error, CliError::VariableMissing { name: "TOKEN".to_owned() });
    }
}
