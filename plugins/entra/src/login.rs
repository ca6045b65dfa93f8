//! What it means when Entra does not let somebody in.

use std::time::Duration;

use pamrun_plugin::{Failure, Rejection};

use crate::said::Said;

/// Why a login did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The app's secret is wrong, or not known yet.
    WrongSecret,
    /// The app's secret has expired.
    ExpiredSecret,
    /// The tenant has no such app, or not yet.
    UnknownApp,
    /// The app has no service principal in the tenant.
    NoServicePrincipal,
    /// The app is disabled.
    AppDisabled,
    /// The app is a public client, which no secret logs in.
    PublicClient,
    /// The cloud has no such tenant.
    UnknownTenant,
    /// The tenant knows no such service as the token is asked for.
    UnknownService,
    /// Conditional Access does not let it in.
    ConditionalAccess,
    /// Nothing was decided.
    Outage,
    /// The app's proof is not accepted, for a reason that is not known here.
    Rejected,
    /// Anything else; the numbers may say more.
    Other,
}

/// A login that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRefusal {
    /// Why.
    pub reason: Reason,
    /// What Entra says.
    pub said: Said,
    /// How long it asks to wait.
    pub asked: Option<Duration>,
    status: u16,
}

impl LoginRefusal {
    /// Reads the answer to a login.
    #[must_use]
    pub fn of(rejection: &Rejection) -> Self {
        let said = Said::of(rejection);
        let status = rejection.status;
        let is_outage = matches!(status, 0 | 200..=299 | 408 | 429 | 500..)
            || said.is("temporarily_unavailable")
            || said.numbers.iter().any(|number| OUTAGES.contains(number));
        let reason = if is_outage {
            Reason::Outage
        } else if let Some(reason) = said.numbers.iter().find_map(|number| reason(*number)) {
            reason
        } else if !said.is("invalid_client") {
            Reason::Other
        } else if said.numbers.is_empty() {
            Reason::WrongSecret
        } else {
            // The numbers are refined over time; that it is the client's proof which is wrong stays.
            Reason::Rejected
        };
        Self { reason, said, asked: rejection.asks_to_wait(), status }
    }

    fn detail(&self) -> String {
        self.said.line(self.status)
    }

    /// That a secret is called expired that was made just now: so is one that has not spread yet. `who` says
    /// whose login it was.
    #[must_use]
    pub fn not_yet(&self, who: &str) -> Failure {
        let message = format!("{who} cannot log in: Entra still calls it expired ({})", self.detail());
        Failure::wrong_credential("expired-secret", message)
    }

    /// The failure that it is; `who` says whose login it was.
    #[must_use]
    pub fn failure(&self, who: &str) -> Failure {
        let said = |what: &str| format!("{who} cannot log in: {what} ({})", self.detail());
        match self.reason {
            Reason::WrongSecret => Failure::wrong_credential("wrong-secret", said("its client secret is wrong"))
                .fix("put the value of a secret into the record, not the secret's id"),
            Reason::ExpiredSecret => {
                Failure::wrong_credential("expired-secret", said("its client secret has expired"))
                    .fix("make a new one in Entra and put it into the record")
            }
            Reason::UnknownApp => {
                Failure::invalid("unknown-app", said("the tenant has no app with this client id"))
                    .fix("check the client id and the tenant id")
            }
            Reason::NoServicePrincipal => {
                Failure::invalid("no-service-principal", said("it has no service principal in the tenant"))
                    .fix("create one (enterprise application)")
            }
            Reason::AppDisabled => Failure::denied("app-disabled", said("the app is disabled"))
                .fix("enable it in Entra (enterprise application, properties)"),
            Reason::PublicClient => {
                Failure::denied("public-client", said("it is a public client, which no secret logs in")).fix(
                    "in Entra (app registration, Authentication) do not allow public client flows, or let another \
                     app do this",
                )
            }
            Reason::UnknownTenant => {
                Failure::invalid("unknown-tenant", said("there is no such tenant in this cloud"))
                    .fix("check the tenant id and the settings authority and graph")
            }
            Reason::UnknownService => Failure::invalid(
                "unknown-service",
                said("its tenant knows no service at the host that the token is for"),
            )
            .fix("check the settings, graph above all: the tenant may live in another cloud"),
            Reason::ConditionalAccess => {
                Failure::denied("conditional-access", said("Conditional Access blocks it from here"))
                    .fix("let the policy except the app, or allow the address of this machine")
            }
            Reason::Outage => {
                Failure::unavailable("login-unavailable", said("the service does not answer now"))
            }
            Reason::Rejected => Failure::wrong_credential("login-refused", said("Entra refuses")),
            Reason::Other => Failure::denied("login-refused", said("Entra refuses")),
        }
    }
}

/// What Entra says when it may let the same login in a little later.
const OUTAGES: [u32; 7] = [50_000, 50_196, 90_006, 90_024, 90_033, 90_055, 90_090];

/// What a number of Entra's means, whatever else it says.
fn reason(number: u32) -> Option<Reason> {
    Some(match number {
        7_000_215 => Reason::WrongSecret,
        7_000_222 => Reason::ExpiredSecret,
        700_016 => Reason::UnknownApp,
        7_000_229 => Reason::NoServicePrincipal,
        7_000_112 => Reason::AppDisabled,
        700_025 => Reason::PublicClient,
        50_001 | 500_011 => Reason::UnknownService,
        // The last one: `common` and `consumers`, which name no tenant.
        90_002 | 900_021 | 900_023 | 900_382 | 900_432 | 9_001_023 => Reason::UnknownTenant,
        53_003 | 530_032 => Reason::ConditionalAccess,
        // Of requests and assertions, and of no secret: to try again is of no use.
        7_000_218 | 700_024 | 700_027 | 50_013 => Reason::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::{FailureKind, Value, Values};

    use super::*;

    fn refused(status: u16, errors: &[(&str, Value)]) -> LoginRefusal {
        let errors: Values = errors.iter().cloned().collect();
        LoginRefusal::of(&Rejection { status, errors, ..Rejection::default() })
    }

    fn refused_with(number: u32) -> LoginRefusal {
        let message =
            format!("AADSTS{number}: Something about it.\r\nTrace ID: t\r\nTimestamp: now").as_str().into();
        refused(
            401,
            &[
                ("code", "invalid_client".into()),
                ("codes", Value::Texts(vec![number.to_string()])),
                ("message", message),
                ("request", "t1".into()),
            ],
        )
    }

    #[test]
    fn n12_a_public_client_is_told_as_that() {
        let failure = refused_with(700_025).failure("the app");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "public-client"));
        assert!(failure.message.contains("public client"), "{failure}");
    }

    #[test]
    fn n12_numbers_say_more_than_the_word_that_goes_with_them() {
        for (number, reason) in [
            (7_000_215, Reason::WrongSecret),
            (7_000_222, Reason::ExpiredSecret),
            (7_000_112, Reason::AppDisabled),
            (7_000_218, Reason::Other),
            (700_016, Reason::UnknownApp),
            (900_023, Reason::UnknownTenant),
            (9_001_023, Reason::UnknownTenant),
            (90_033, Reason::Outage),
            (7_999_999, Reason::Rejected),
        ] {
            assert_eq!(refused_with(number).reason, reason, "{number}");
        }
    }

    #[test]
    fn a_number_that_nobody_knows_is_shown_as_it_came_with_status_and_request() {
        let failure = refused_with(7_999_999).failure("the app");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::WrongCredential, "login-refused"));
        let said = "Entra refuses (HTTP 401 invalid_client: AADSTS7999999: Something about it.; request t1)";
        assert!(failure.message.ends_with(said), "{failure}");
        let failure = refused(400, &[("code", "invalid_request".into()), ("codes", ["1"].into())]);
        let failure = failure.failure("the app");
        assert_eq!(
            failure.message,
            "the app cannot log in: Entra refuses (HTTP 400 invalid_request; AADSTS1)"
        );
        assert_eq!(failure.kind, FailureKind::Denied);
    }

    #[test]
    fn what_is_said_without_numbers_or_not_at_all_goes_by_word_and_status() {
        assert_eq!(refused(401, &[("code", "invalid_client".into())]).reason, Reason::WrongSecret);
        assert_eq!(refused(400, &[("code", "temporarily_unavailable".into())]).reason, Reason::Outage);
        assert_eq!(refused(400, &[]).reason, Reason::Other);
        for status in [0, 200, 408, 429, 500, 502] {
            assert_eq!(refused(status, &[]).reason, Reason::Outage, "{status}");
        }
        assert_eq!(refused(429, &[]).asked, Some(Duration::from_secs(5)));
    }
}
