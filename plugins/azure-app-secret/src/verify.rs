//! Proves the new secret: the app logs in with it.

use microsoft_graph::{Admin, Login, LoginError, Reason, Trial, until_proven};
use pamrun_plugin::{Credential, Failure, Host, Plan, Proof, Request};

use crate::manifest::SECRET;
use crate::settings::Settings;
use crate::target::Target;

/// Who logs in, in messages.
const APP: &str = "with the new secret, the app";

/// Logs in until the service accepted the secret several times in a row: one backend knows it
/// before the next does.
pub fn verify(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    credential: &Credential,
) -> Result<Proof, Failure> {
    let settings = Settings::read(request)?;
    let target = Target::of(plan, &settings.cloud.graph)?;
    let admin = Admin::pick(request)?;
    let login = Login {
        authority: &settings.cloud.authority,
        scope: settings.cloud.scope(),
        tenant_id: &admin.tenant_id,
        client_id: &target.app_id,
        client_secret: credential.value(SECRET).map_or_else(|| request.target.text(SECRET), Ok)?,
        request_id: &request.rotation_id,
    };
    let mut successes = 0;
    until_proven(host, settings.verify_window, || {
        let Err(error) = login.attempt(host) else {
            successes += 1;
            if successes >= settings.verify_successes {
                return Trial::Decided(Ok(Proof::Verified));
            }
            return Trial::Accepted(settings.verify_interval);
        };
        successes = 0;
        let failure = error.failure(APP);
        match error.reason {
            // Not known yet, to this backend; a new app, too, takes its time to be known.
            Reason::WrongSecret | Reason::Rejected | Reason::UnknownApp => Trial::NotYet(failure),
            Reason::ExpiredSecret => Trial::NotYet(error.not_yet(APP)),
            Reason::Outage { retry_after } => Trial::Silent { retry_after, failure },
            Reason::NoServicePrincipal | Reason::ConditionalAccess => {
                Trial::Decided(unprovable(&settings, &error))
            }
            _ => Trial::Decided(Err(failure)),
        }
    })
}

fn unprovable(settings: &Settings, error: &LoginError) -> Result<Proof, Failure> {
    let failure = error.failure("with any secret, the app");
    if settings.save_unproven {
        return Ok(Proof::Unproven(failure.message));
    }
    let message = format!("{failure}; the setting unproven=save would save it all the same");
    Err(Failure::denied("not-provable", message))
}
