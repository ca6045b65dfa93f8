//! The app's service principal: it is what logs in, and it can have secrets of its own.

use std::time::SystemTime;

use jiff::Timestamp;
use pamrun_plugin::{Failure, FailureKind, Finding, FindingLevel};
use serde::Deserialize;

use crate::graph::{Graph, Listing};
use crate::settings::Settings;
use crate::target::Target;

/// So many secrets are named; a note has no room for all that there could be.
const NAMED: usize = 5;
const LONGEST_NAME: usize = 40;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServicePrincipal {
    account_enabled: Option<bool>,
    #[serde(default)]
    password_credentials: Vec<Listing>,
}

pub fn judge(graph: &Graph<'_>, settings: &Settings, target: &Target, now: SystemTime) -> Vec<Finding> {
    let path =
        format!("/servicePrincipals(appId='{}')?$select=accountEnabled,passwordCredentials", target.app_id);
    let principal: ServicePrincipal = match graph.look(&path) {
        Ok(principal) => principal,
        Err(failure) => return vec![unread(&failure, settings)],
    };
    let mut findings = Vec::new();
    if principal.account_enabled == Some(false) {
        let message = "the app's service principal is disabled: no login can prove the new secret, which would be \
                       rolled back, whatever the setting unproven says";
        findings.push(
            Finding::error("target-disabled", message)
                .fix("enable it in Entra (enterprise application, properties)"),
        );
    }
    findings.extend(outliving(&principal.password_credentials, now));
    findings
}

fn unread(failure: &Failure, settings: &Settings) -> Finding {
    if failure.kind != FailureKind::NotFound {
        let message = format!("the app's service principal could not be looked up: {failure}");
        return Finding::info("service-principal-unread", message)
            .fix("with Application.Read.All the admin app can look it up");
    }
    let (level, end) = if settings.save_unproven {
        (FindingLevel::Warning, "saved untried, and no old one removed (unproven=save)")
    } else {
        (FindingLevel::Error, "rolled back (unproven=fail)")
    };
    let message = format!(
        "the app has no service principal in the tenant, so that no login can prove the new secret: it would be {end}"
    );
    Finding::new(level, "target-not-provable", message).fix(
        "create its service principal (enterprise application); or set unproven=save, which saves a new secret untried \
         and removes no old one",
    )
}

/// Names the secrets of the service principal that still log in.
fn outliving(secrets: &[Listing], now: SystemTime) -> Option<Finding> {
    let now = Timestamp::try_from(now).unwrap_or_default();
    let has_ended = |secret: &&Listing| {
        let end = secret.end_date_time.as_deref().and_then(|end| end.parse::<Timestamp>().ok());
        end.is_some_and(|end| end <= now)
    };
    let alive: Vec<_> = secrets.iter().filter(|secret| !has_ended(secret)).collect();
    if alive.is_empty() {
        return None;
    }
    let named: Vec<String> = alive.iter().take(NAMED).map(|secret| describe(secret)).collect();
    let more = match alive.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "the app's service principal has secrets of its own, which log in as well, and outlive a rotation of the app: \
         {}{more}",
        named.join(", ")
    );
    Some(
        Finding::warning("service-principal-secrets", message)
            .fix("remove those that nobody uses, with removePassword of the service principal"),
    )
}

fn describe(secret: &Listing) -> String {
    let short = |name: &str| name.chars().take(LONGEST_NAME).collect::<String>();
    let name = secret.display_name.as_deref().map(|name| format!(" \"{}\"", short(name))).unwrap_or_default();
    let end = secret.end_date_time.as_deref().map(|end| format!(" (ends {end})")).unwrap_or_default();
    format!("{}{name}{end}", secret.key_id)
}
