//! Every room's error, in the words of the outcome document.

use std::io;
use std::path::{Path, PathBuf};

use crate::catalog::CatalogError;
use crate::catalog::packed::PackedError;
use crate::cli::CliError;
use crate::destination::{WriteError, list};
use crate::params::ParamsError;
use crate::policy::Deny;
use crate::request::RequestError;
use crate::rotation::{ErrorInfo, GetError, Outcome, OutcomeKind, Stop};
use crate::scaffold::ScaffoldError;
use crate::script::ScriptError;
use crate::wasm::{LoadError, NetworkError};

/// Why a command cannot be carried out. Nothing has begun.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: OutcomeKind,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    /// Usage or input is wrong.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self { kind: OutcomeKind::Invalid, code, message: message.into(), hint }
    }

    /// The file cannot be run.
    pub(super) fn unfit(path: &Path, error: &LoadError) -> Self {
        match error {
            LoadError::Engine(_) => Self::internal("engine", error.to_string()),
            LoadError::Manifest(error) => Self::unpacked(path, error),
            LoadError::TooSlow { .. } => {
                let message = format!("{}: {error}", path.display());
                Self { kind: OutcomeKind::Limit, ..Self::invalid("compile-timeout", message, None) }
            }
            _ => Self::invalid("plugin-unfit", format!("{}: {error}", path.display()), None),
        }
    }

    /// The file's manifest cannot be had, or breaks the contract.
    pub(super) fn unpacked(path: &Path, error: &PackedError) -> Self {
        Self::invalid(error.code(), format!("{}: {error}", path.display()), None)
    }

    /// An option was given that means nothing to what is run.
    pub(super) fn for_scripts_only(path: &Path, option: &str) -> Self {
        let message = format!("{option} is for scripts, and {} is WebAssembly", path.display());
        Self::invalid("usage", message, None)
    }

    /// Settings were given to a script that would never see them.
    pub(super) fn settings_without_steps(name: &str) -> Self {
        Self::invalid(
            "settings-unused",
            format!("{name} declares no steps, and a script without steps is given no settings"),
            Some("give it arguments after --, or variables with --env NAME=VALUE".to_owned()),
        )
    }

    /// What the operator does not allow, all of it in one.
    pub(super) fn refused(denials: &[Deny]) -> Self {
        let hosts: Vec<&str> = denials.iter().filter_map(host_not_allowed).collect();
        let mut messages: Vec<String> =
            denials.iter().filter(|deny| host_not_allowed(deny).is_none()).map(Deny::to_string).collect();
        if !hosts.is_empty() {
            let asked = hosts.join(" and ");
            messages.insert(0, format!("the plugin asks for {asked}, which the operator does not allow"));
        }
        // A list or a manifest that makes no sense is nobody's refusal.
        let is_refusal = denials.iter().any(|deny| !matches!(deny, Deny::Invalid { .. }));
        Self {
            kind: if is_refusal { OutcomeKind::Refused } else { OutcomeKind::Invalid },
            code: denials.first().map_or("refused", Deny::code),
            message: messages.join("\n"),
            hint: allowing(&hosts),
        }
    }

    /// The record says that somebody else changes the account's credentials.
    pub(super) fn managed(uid: &str) -> Self {
        let message = format!(
            "record {uid} is flagged `managed`: another system changes the credentials of its account"
        );
        let hint = "take the flag off the record, or rotate it all the same with --allow-managed".to_owned();
        Self { kind: OutcomeKind::Failed, ..Self::invalid("record-managed", message, Some(hint)) }
    }

    /// Stdout does not take what was asked for.
    pub(super) fn unwritable(error: &io::Error) -> Self {
        let message = format!("stdout could not be written: {error}");
        Self { kind: OutcomeKind::Failed, ..Self::invalid("stdout-unwritable", message, None) }
    }

    /// Stdout, or another place, does not take the variables, or not all of them.
    pub(super) fn half_handed_over(place: &str, error: &io::Error, written: &[PathBuf]) -> Self {
        let mut message = format!("{place} could not be written, and some variables may be set: {error}");
        if !written.is_empty() {
            message = format!("{message}; these files are written: {}", list(written));
        }
        Self { kind: OutcomeKind::Uncertain, ..Self::invalid("variables-unwritable", message, None) }
    }

    /// A document has no form in JSON, which is a bug of ours.
    #[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
    pub(super) fn unrenderable(error: serde_json::Error) -> Self {
        Self::internal("document", format!("the document could not be made: {error}"))
    }

    /// What is done could not be seen.
    pub(super) fn audit_unwritable(place: &str, error: &io::Error) -> Self {
        Self::invalid(
            "audit-unwritable",
            format!("audit lines are to go to {place}, which cannot be written: {error}"),
            Some(
                "let the user that pamrun runs as write there, or change `audit` in the configuration file"
                    .to_owned(),
            ),
        )
    }

    /// The only copy of a new credential would be thrown away.
    pub(super) fn output_discarded() -> Self {
        Self::invalid(
            "stdout-discarded",
            "with the vault `none` the new values are only printed, and stdout is closed or leads to the null device",
            Some("lead stdout to whoever saves the values, or name a vault".to_owned()),
        )
    }

    /// A bug of ours, known by its place only: what a panic says may quote a secret.
    pub(super) fn panicked(place: &str) -> Self {
        Self::internal("panic", format!("pamrun itself failed, at {place}: this is a bug"))
    }

    /// Neither usage, input nor the operator is to blame.
    pub(super) fn internal(code: &'static str, message: impl Into<String>) -> Self {
        Self { kind: OutcomeKind::Internal, ..Self::invalid(code, message, None) }
    }

    /// The error as the document has it.
    pub(super) fn info(&self, step: Option<&str>) -> ErrorInfo {
        ErrorInfo {
            code: self.code.to_owned(),
            step: step.map(str::to_owned),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }

    /// The outcome of a rotation that has not begun.
    pub(super) fn into_outcome(self) -> Outcome {
        Outcome::of_error(self.kind, self.info(None))
    }

    /// The same, as the engine of rotations hands it on.
    pub(super) fn into_stop(self, step: &str) -> Stop {
        Stop { kind: self.kind, error: self.info(Some(step)) }
    }
}

impl From<CliError> for Fault {
    fn from(error: CliError) -> Self {
        Self::invalid(error.code(), error.to_string(), error.hint())
    }
}

impl From<ParamsError> for Fault {
    fn from(error: ParamsError) -> Self {
        Self::invalid(error.code(), error.to_string(), Some(error.hint().to_owned()))
    }
}

impl From<CatalogError> for Fault {
    fn from(error: CatalogError) -> Self {
        let kind = match error {
            CatalogError::Unwritable { .. } => OutcomeKind::Failed,
            _ => OutcomeKind::Invalid,
        };
        Self { kind, ..Self::invalid(error.code(), error.to_string(), None) }
    }
}

impl From<RequestError> for Fault {
    fn from(error: RequestError) -> Self {
        Self::invalid(error.code(), error.to_string(), None)
    }
}

impl From<GetError> for Fault {
    fn from(error: GetError) -> Self {
        Self { kind: OutcomeKind::Failed, ..Self::invalid(error.code, error.message, None) }
    }
}

impl From<WriteError> for Fault {
    fn from(error: WriteError) -> Self {
        let kind = match error {
            WriteError::None { .. } => OutcomeKind::Failed,
            WriteError::Some { .. } => OutcomeKind::Uncertain,
        };
        Self { kind, ..Self::invalid("file-unwritable", error.to_string(), None) }
    }
}

impl From<ScriptError> for Fault {
    fn from(error: ScriptError) -> Self {
        let kind = match error {
            // Asked for, and not to be had here: nobody's mistake, and no reason to go on.
            ScriptError::NotConfinable(_) => OutcomeKind::Refused,
            ScriptError::Supervision(_) => OutcomeKind::Failed,
            _ => OutcomeKind::Invalid,
        };
        Self { kind, ..Self::invalid(error.code(), error.to_string(), None) }
    }
}

impl From<ScaffoldError> for Fault {
    fn from(error: ScaffoldError) -> Self {
        let (kind, code) = match error {
            ScaffoldError::Name { .. } => (OutcomeKind::Invalid, "bad-name"),
            ScaffoldError::Taken { .. } => (OutcomeKind::Invalid, "folder-taken"),
            ScaffoldError::Unwritable { .. } => (OutcomeKind::Failed, "folder-unwritable"),
        };
        Self { kind, ..Self::invalid(code, error.to_string(), None) }
    }
}

impl From<NetworkError> for Fault {
    fn from(error: NetworkError) -> Self {
        Self::invalid("network-options", error.to_string(), None)
    }
}

fn host_not_allowed(deny: &Deny) -> Option<&str> {
    match deny {
        Deny::HostNotAllowed { host } => Some(host),
        _ => None,
    }
}

/// What to type, or to write, to allow the hosts.
fn allowing(hosts: &[&str]) -> Option<String> {
    let flags: Vec<_> = hosts.iter().map(|host| format!("--allow-host {host}")).collect();
    let list: Vec<_> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
    (!hosts.is_empty()).then(|| {
        format!(
            "{} (or allow_hosts = [{}] under [[plugin]] in the configuration file)",
            flags.join(" "),
            list.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str) -> Deny {
        Deny::HostNotAllowed { host: host.to_owned() }
    }

    fn nonsense() -> Deny {
        Deny::Invalid { place: "requests[0]".to_owned(), problem: "no such step".to_owned() }
    }

    #[test]
    fn all_hosts_that_are_missing_are_told_in_one_line_that_allows_them() {
        let fault = Fault::refused(&[host("login.test"), host("api.test:8443")]);
        assert_eq!((fault.kind, fault.code), (OutcomeKind::Refused, "host-not-allowed"));
        assert_eq!(
            fault.message,
            "the plugin asks for login.test and api.test:8443, which the operator does not allow"
        );
        let hint = fault.hint.unwrap();
        assert!(hint.starts_with("--allow-host login.test --allow-host api.test:8443 (or "), "{hint}");
        assert!(hint.contains(r#"allow_hosts = ["login.test", "api.test:8443"]"#), "{hint}");
    }

    #[test]
    fn what_makes_no_sense_is_invalid_unless_something_was_refused_too() {
        let fault = Fault::refused(&[nonsense()]);
        assert_eq!((fault.kind, fault.hint), (OutcomeKind::Invalid, None));
        let both = Fault::refused(&[nonsense(), host("api.test")]);
        assert_eq!(both.kind, OutcomeKind::Refused);
        assert_eq!(
            both.message,
            "the plugin asks for api.test, which the operator does not allow\nrequests[0]: no such step"
        );
    }

    #[test]
    fn a_file_that_is_no_plugin_is_named() {
        let fault = Fault::unfit(Path::new("a.wasm"), &LoadError::Damaged("cut".to_owned()));
        assert!(fault.message.starts_with("a.wasm: the WebAssembly file"), "{}", fault.message);
        let engine = Fault::unfit(Path::new("a.wasm"), &LoadError::Engine("no memory".to_owned()));
        assert_eq!(engine.kind.exit_code(), 70);
    }

    #[test]
    fn a_plugin_that_takes_too_long_to_compile_meets_a_limit() {
        let slow = LoadError::TooSlow { limit: std::time::Duration::from_mins(10) };
        let fault = Fault::unfit(Path::new("a.wasm"), &slow);
        assert_eq!((fault.kind, fault.code), (OutcomeKind::Limit, "compile-timeout"));
        assert!(fault.message.contains("within 10m"), "{}", fault.message);
    }
}
