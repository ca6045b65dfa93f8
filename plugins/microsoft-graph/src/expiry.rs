//! When the secret ends with which the admin app logs in: after that, nothing is rotated any more.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp, Unit};
use pamrun_plugin::Finding;
use serde::Deserialize;

use crate::admin::Admin;
use crate::is_guid;
use crate::session::Session;

/// An end that is nearer is told. Key Vault's own events warn as early.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Of a secret's value, Graph shows so many characters.
const HINT: usize = 3;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    password_credentials: Vec<Listing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    hint: Option<String>,
    end_date_time: Option<String>,
}

/// Looks up when the secret of the admin app ends, and says so where that is soon or cannot be told. Of an
/// app that rotates itself it says nothing: the rotation renews that very secret.
#[must_use]
pub fn admin_secret_end(graph: &Session<'_>, admin: &Admin<'_>, now: SystemTime) -> Option<Finding> {
    if admin.is_own() {
        return None;
    }
    match soon(graph, admin, now) {
        Ok(end) => {
            let message = format!("the secret of {} ends {}", admin.who(), end?);
            Some(
                Finding::warning("admin-secret-ends-soon", message)
                    .fix("make a new one in Entra and put it into that record"),
            )
        }
        Err(why) => {
            let message = format!("when the secret of {} ends could not be looked up: {why}", admin.who());
            Some(
                Finding::info("admin-secret-end-unknown", message)
                    .fix("keep its end in mind; with Application.Read.All the admin app can look it up"),
            )
        }
    }
}

/// The end of the secret in use, if it is soon.
///
/// Which one is in use shows only in its beginning, which others may share. Those that have ended did not log
/// in just now. As long as one of the rest lives on, that may be the one, and an alarm may be false; once all
/// of them end soon, the first end is the one to be ready for.
fn soon(graph: &Session<'_>, admin: &Admin<'_>, now: SystemTime) -> Result<Option<Timestamp>, String> {
    let now = Timestamp::try_from(now).map_err(|error| format!("this machine's clock is off: {error}"))?;
    if !is_guid(admin.client_id) {
        return Err("its client id is no GUID".to_owned());
    }
    let path = format!("/applications(appId='{}')?$select=passwordCredentials", admin.client_id);
    let listed: Listed = graph.look(&path).map_err(|failure| failure.message)?;
    let hint: String = admin.client_secret.chars().take(HINT).collect();
    let alike =
        listed.password_credentials.iter().filter(|secret| secret.hint.as_deref() == Some(hint.as_str()));
    let ends: Vec<Timestamp> = alike
        .filter_map(|secret| secret.end_date_time.as_deref()?.parse().ok())
        .filter(|end| *end > now)
        .collect();
    let (Some(first), Some(last)) = (ends.iter().min(), ends.iter().max()) else {
        return Err("none of its secrets that Graph lists is the one in use".to_owned());
    };
    Ok((last.duration_since(now) <= SOON).then(|| first.round(Unit::Second).unwrap_or(*first)))
}
