//! A refusal: what was refused, why, and what would allow it.

use super::AddressKind;
use crate::model::StepName;

/// Why a request, or a whole manifest, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Deny {
    /// The operator does not allow the host.
    #[error("the plugin asks for {host}, which is not among the hosts that the operator allows")]
    HostNotAllowed {
        /// `host` or `host:port`, as `--allow-host` takes it.
        host: String,
    },
    /// The manifest, a setting or an entry of the operator's lists does not make sense.
    #[error("{place}: {problem}")]
    Invalid {
        /// Where it stands.
        place: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The address that the host resolves to is not public.
    #[error("{host} resolves to {address}, which is {kind}")]
    AddressNotPublic {
        /// `host` or `host:port`, as `--allow-private` takes it.
        host: String,
        /// The address.
        address: std::net::IpAddr,
        /// What it is.
        kind: AddressKind,
    },
    /// The request is of a form that is never sent.
    #[error("{0}")]
    Form(String),
    /// The manifest does not declare what is called.
    #[error("{0}")]
    NotDeclared(String),
    /// The request is not for this step.
    #[error("{0}")]
    NotInStep(String),
    /// The request creates, and was sent in this try already.
    #[error("{0}")]
    Repeated(String),
    /// What the manifest sends it under does not hold.
    #[error("{0}")]
    Condition(String),
    /// The request would remove something that this step may not remove.
    #[error("{step} may not remove {id}")]
    Removal {
        /// The step.
        step: StepName,
        /// What it would have removed.
        id: String,
    },
}

impl Deny {
    /// A stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HostNotAllowed { .. } => "host-not-allowed",
            Self::Invalid { .. } => "grant-invalid",
            Self::AddressNotPublic { .. } => "address-not-public",
            Self::Form(_) => "request-form",
            Self::NotDeclared(_) => "request-not-declared",
            Self::NotInStep(_) => "request-not-in-step",
            Self::Repeated(_) => "create-repeated",
            Self::Condition(_) => "condition-not-met",
            Self::Removal { .. } => "removal-not-granted",
        }
    }

    /// The exact option or line that would allow it; `None` where nothing should.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::HostNotAllowed { host } => Some(format!(
                "--allow-host {host} (or allow_hosts = [\"{host}\"] under [[plugin]] in the config file)"
            )),
            // The metadata service can be opened too, but is no place to send anybody.
            Self::AddressNotPublic {
                host,
                kind: AddressKind::Loopback | AddressKind::Private | AddressKind::LinkLocal,
                ..
            } => Some(format!("--allow-private {host}")),
            _ => None,
        }
    }
}

/// Shows guest text in a message, with what cannot be seen escaped. One that is too long is left out
/// whole: of a secret that is cut in two, the redactor would know neither half.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 500;
    let length = text.chars().count();
    if length > LONGEST {
        return format!("({length} characters, too long to show)");
    }
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '\'' | '"' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(kind: AddressKind) -> Deny {
        let address = std::net::Ipv4Addr::new(10, 0, 0, 1).into();
        Deny::AddressNotPublic { host: "vault.corp:8200".to_owned(), address, kind }
    }

    #[test]
    fn a_hint_is_the_line_that_would_allow_it() {
        let host = Deny::HostNotAllowed { host: "graph.microsoft.com".to_owned() };
        let hint = host.hint().unwrap();
        assert!(hint.starts_with("--allow-host graph.microsoft.com "));
        assert!(hint.contains("allow_hosts = [\"graph.microsoft.com\"]"));
        assert_eq!(resolved(AddressKind::Private).hint().unwrap(), "--allow-private vault.corp:8200");
    }

    #[test]
    fn nothing_is_hinted_that_nobody_should_allow() {
        assert_eq!(resolved(AddressKind::Metadata).hint(), None);
        assert_eq!(resolved(AddressKind::Special).hint(), None);
        assert_eq!(Deny::Form("dots".to_owned()).hint(), None);
        assert_eq!(Deny::Removal { step: StepName::Rotate, id: "k1".to_owned() }.hint(), None);
    }

    #[test]
    fn a_refused_address_is_named_in_plain_english() {
        assert_eq!(
            resolved(AddressKind::Private).to_string(),
            "vault.corp:8200 resolves to 10.0.0.1, which is an address in a private network"
        );
    }

    #[test]
    fn guest_text_is_escaped() {
        assert_eq!(excerpt("key\u{1b}[31m\n1"), "key\\u{1b}[31m\\n1");
        assert_eq!(excerpt("'k1'\u{202e}"), "'k1'\\u{202e}");
        assert_eq!(excerpt("schlüssel"), "schlüssel");
    }

    #[test]
    fn guest_text_is_shown_whole_or_not_at_all_lest_half_a_secret_stays() {
        assert_eq!(excerpt(&"é".repeat(500)), "é".repeat(500));
        assert_eq!(excerpt(&"é".repeat(501)), "(501 characters, too long to show)");
    }
}
