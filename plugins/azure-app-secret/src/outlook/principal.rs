//! The app's service principal: it is what logs in, and it can have secrets of its own.

use std::time::SystemTime;

use entra::Session;
use pamrun_plugin::{Failure, FailureKind, Finding, FindingLevel, time};

use crate::requests::settings::{Settings, Unproven};
use crate::requests::{self, Principal};

/// So many secrets are named; a note has no room for all that there could be.
const NAMED: usize = 5;
const LONGEST_NAME: usize = 40;

/// A secret as Graph lists it. What it does not say is empty.
struct Secret<'a> {
    id: &'a str,
    name: &'a str,
    end: &'a str,
}

pub fn judge(graph: &Session<'_>, settings: &Settings, now: SystemTime) -> Vec<Finding> {
    let principal = match graph.look(requests::principal) {
        Ok(principal) => principal,
        Err(failure) => return vec![unread(&failure, settings)],
    };
    let mut findings = Vec::new();
    if principal.enabled == Some(false) {
        let message = "the app's service principal is disabled: no login can prove the new secret, which would be \
                       rolled back, whatever the setting unproven says";
        findings.push(
            Finding::error("target-disabled", message)
                .fix("enable it in Entra (enterprise application, properties)"),
        );
    }
    findings.extend(outliving(&secrets(&principal), now));
    findings
}

fn unread(failure: &Failure, settings: &Settings) -> Finding {
    if failure.kind != FailureKind::NotFound {
        let message = format!("the app's service principal could not be looked up: {failure}");
        return Finding::info("service-principal-unread", message)
            .fix("with Application.Read.All the admin app can look it up");
    }
    let (level, end) = if settings.unproven == Unproven::Save {
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

/// Its secrets: of each list, the same row.
fn secrets(principal: &Principal) -> Vec<Secret<'_>> {
    let ids = principal.key_ids.iter().flatten().enumerate();
    ids.map(|(row, id)| Secret {
        id,
        name: at(principal.key_names.as_deref(), row),
        end: at(principal.key_ends.as_deref(), row),
    })
    .collect()
}

fn at(list: Option<&[String]>, row: usize) -> &str {
    list.and_then(|list| list.get(row)).map_or("", String::as_str)
}

/// Names the secrets of the service principal that still log in.
fn outliving(secrets: &[Secret<'_>], now: SystemTime) -> Option<Finding> {
    let has_ended = |secret: &&Secret<'_>| time(secret.end).is_some_and(|end| end <= now);
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

fn describe(secret: &Secret<'_>) -> String {
    let name: String = secret.name.replace(char::is_control, " ").chars().take(LONGEST_NAME).collect();
    let name = if name.is_empty() { name } else { format!(" \"{name}\"") };
    let end = if secret.end.is_empty() { String::new() } else { format!(" (ends {})", secret.end) };
    format!("{}{name}{end}", secret.id)
}
