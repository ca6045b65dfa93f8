//! Proves the new secret: the app logs in with it.

use std::time::Duration;

use entra::{Admin, LoginRefusal, Reason};
use pamrun_plugin::{Failure, FailureKind, Host, Plan, Proof, Rejection, Request, Trial, until};

use crate::app::{NamedBy, graph, read};
use crate::refusal::unreadable;
use crate::requests::login_new;
use crate::requests::settings::{Settings, Unproven};

/// Who logs in, in messages.
const APP: &str = "with the new secret, the app";
/// The request that does it; a refusal of another one says nothing of the secret.
const LOGIN: &str = "login-new";

/// Logs in until the service accepted the secret several times in a row: one backend knows it before the next
/// does.
pub fn verify(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Proof, Failure> {
    let settings = Settings::of(request)?;
    let admin = Admin::of(request)?;
    let graph = graph(host, &admin).after_preflight();
    let (mut successes, mut is_read) = (0, false);
    until(host, settings.verify_window, || {
        let trouble = match login_new(host) {
            Ok(()) => {
                successes += 1;
                if successes >= settings.verify_successes {
                    return Trial::Decided(Ok(Proof::Verified));
                }
                return Trial::Accepted(settings.verify_interval);
            }
            Err(trouble) => trouble,
        };
        successes = 0;
        let refusal = match trouble.rejection() {
            Some(rejection) if rejection.request == LOGIN => LoginRefusal::of(rejection),
            // The host reads the app by itself where it does not know it any more, and by its object id.
            Some(_) if NamedBy::of(plan) == NamedBy::ClientId && !is_read => {
                is_read = true;
                return match read(&graph, NamedBy::ClientId) {
                    Ok(_) => Trial::Accepted(Duration::ZERO),
                    Err(failure) => Trial::Decided(Err(failure)),
                };
            }
            other => {
                let failure = graph.failure(&trouble, unreadable);
                return match failure.kind {
                    FailureKind::Unavailable => {
                        Trial::Silent { asked: other.and_then(Rejection::asks_to_wait), failure }
                    }
                    FailureKind::NotFound => Trial::NotYet(failure),
                    _ => Trial::Decided(Err(failure)),
                };
            }
        };
        is_read = false;
        let failure = refusal.failure(APP);
        match refusal.reason {
            // Not known yet, to this backend; a new app, too, takes its time to be known.
            Reason::WrongSecret | Reason::Rejected | Reason::UnknownApp => Trial::NotYet(failure),
            Reason::ExpiredSecret => Trial::NotYet(refusal.not_yet(APP)),
            Reason::Outage => Trial::Silent { asked: refusal.asked, failure },
            Reason::NoServicePrincipal | Reason::ConditionalAccess => {
                Trial::Decided(unprovable(&settings, &refusal))
            }
            _ => Trial::Decided(Err(failure)),
        }
    })
}

fn unprovable(settings: &Settings, refusal: &LoginRefusal) -> Result<Proof, Failure> {
    let failure = refusal.failure("with any secret, the app");
    if settings.unproven == Unproven::Save {
        return Ok(Proof::Unproven(failure.message));
    }
    let fix = failure.fix.map(|fix| format!("{fix}; or set unproven=save")).unwrap_or_default();
    Err(Failure::denied("not-provable", failure.message)
        .fix(format!("{fix}, which would save it all the same")))
}
