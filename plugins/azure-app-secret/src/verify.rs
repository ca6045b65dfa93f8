//! Proves the new secret: the app logs in with it.

use std::time::Duration;

use pamrun_plugin::{Credential, Failure, Host, Plan, Proof, Request};

use crate::admin::Admin;
use crate::manifest::SECRET;
use crate::settings::Settings;
use crate::target::Target;
use crate::token::{Login, LoginError, Reason};

/// How long a silent service is waited for.
const OUTAGE: Duration = Duration::from_secs(30);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The first and the longest pause while a new secret spreads.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

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
        cloud: &settings.cloud,
        tenant_id: &admin.tenant_id,
        client_id: &target.app_id,
        client_secret: credential.value(SECRET).map_or_else(|| request.target.text(SECRET), Ok)?,
        request_id: &request.rotation_id,
    };
    let began = host.elapsed();
    let mut pause = FIRST_PAUSE;
    let mut successes = 0;
    let mut silent_since = None;
    loop {
        let Err(error) = login.attempt(host) else {
            silent_since = None;
            successes += 1;
            if successes >= settings.verify_successes {
                return Ok(Proof::Verified);
            }
            host.sleep(settings.verify_interval);
            continue;
        };
        successes = 0;
        let (wait, patience) = match error.reason {
            // Not known yet, to this backend; a new app, too, takes its time to be known.
            Reason::WrongSecret | Reason::UnknownApp => {
                silent_since = None;
                let wait = pause;
                pause = (2 * pause).min(LONGEST_PAUSE);
                (wait, left(host, began, settings.verify_window))
            }
            Reason::Outage { retry_after } => {
                let since = *silent_since.get_or_insert_with(|| host.elapsed());
                let asked = retry_after.map(|seconds| Duration::from_secs(seconds.into()));
                let patience =
                    left(host, since, OUTAGE).filter(|left| asked.is_none_or(|asked| asked <= *left));
                // "Retry-After: 0" is no invitation to ask without a pause.
                (asked.unwrap_or(FIRST_PAUSE).max(SHORTEST_PAUSE), patience)
            }
            Reason::NoServicePrincipal | Reason::ConditionalAccess => return unprovable(&settings, &error),
            _ => (Duration::ZERO, None),
        };
        match patience {
            Some(left) => host.sleep(wait.min(left)),
            None => return Err(error.failure("with the new secret, the app")),
        }
    }
}

/// What is left of a span of time that began then; nothing once it is over.
fn left(host: &dyn Host, began: Duration, span: Duration) -> Option<Duration> {
    span.checked_sub(host.elapsed().saturating_sub(began)).filter(|left| !left.is_zero())
}

fn unprovable(settings: &Settings, error: &LoginError) -> Result<Proof, Failure> {
    let failure = error.failure("with any secret, the app");
    if settings.save_unproven {
        return Ok(Proof::Unproven(failure.message));
    }
    let message = format!("{failure}; the setting unproven=save would save it all the same");
    Err(Failure::denied("not-provable", message))
}
