//! Looks, and changes nothing: who logs in, which app it is, what will be made and removed.

use std::time::Duration;

use entra::{Admin, Cloud, Session};
use pamrun_plugin::{Failure, FailureKind, Finding, Host, Plan, Request, rfc3339};

use crate::app::{NamedBy, OBJECT_ID, SECRET_ID, graph, read};
use crate::outlook::outlook;
use crate::refusal::unreadable;
use crate::requests::settings::{Retire, Settings};
use crate::requests::{self, App, Token};
use crate::room;

pub fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
    let settings = Settings::of(request)?;
    let cloud = Cloud::of(&settings.authority, &settings.graph)?;
    let admin = Admin::of(request)?;
    let graph = graph(host, &admin);
    let mut findings = Vec::new();
    // Its answer stays fresh for all that follows, and shows what the app may do.
    let token = graph.call(|_| None, requests::token)?;
    let (by, app) = find(&graph, &mut findings)?;
    check_admin(&admin, &app)?;
    findings.extend(missing_right(&graph, &token)?);
    findings.extend(cloud.stranger());
    findings.extend(room::judge(&app, request));
    let removes = removes(request, settings.retire, &app, &mut findings);
    let creates = format!(
        "a client secret of the app \"{}\" that ends {}",
        app.name.as_deref().unwrap_or(&app.app_id),
        ends(host, &settings)
    );
    if request.is_dry_run() {
        findings.extend(outlook(&graph, &admin, &settings));
    }
    Ok(Plan { creates, removes, findings, context: by.context().to_owned(), ..Plan::default() })
}

/// When a secret that is made now ends.
pub fn ends(host: &dyn Host, settings: &Settings) -> String {
    let days = u64::try_from(settings.expiry_days).unwrap_or_default();
    rfc3339(host.now() + Duration::from_secs(days * 24 * 3600))
}

/// Finds the app by its object id, or else by its client id.
fn find(graph: &Session<'_>, findings: &mut Vec<Finding>) -> Result<(NamedBy, App), Failure> {
    let missing = match read(graph, NamedBy::ObjectId) {
        Err(failure) if failure.kind == FailureKind::NotFound => failure,
        found => return Ok((NamedBy::ObjectId, found?)),
    };
    match read(graph, NamedBy::ClientId) {
        Ok(app) => {
            let message =
                format!("the field {OBJECT_ID} holds the app's client id; its object id is {}", app.id);
            findings.push(
                Finding::warning("client-id-for-object-id", message)
                    .fix("put the object id there: it saves a request, and what is shown is what is meant"),
            );
            Ok((NamedBy::ClientId, app))
        }
        Err(failure) if failure.kind == FailureKind::NotFound => Err(Failure::not_found(
            "application-not-found",
            format!(
                "the tenant has no app whose object id or client id is the one in {OBJECT_ID}: {missing}"
            ),
        )),
        Err(failure) => Err(failure),
    }
}

/// An app may change itself, but only with the secret of the record that gets the new one.
fn check_admin(admin: &Admin<'_>, app: &App) -> Result<(), Failure> {
    // The vault may call the client id secret; then nobody can tell.
    let Some(client_id) = admin.client_id else { return Ok(()) };
    let record = admin.record;
    match (client_id.eq_ignore_ascii_case(&app.app_id), admin.is_own()) {
        (true, false) => Err(Failure::invalid(
            "admin-is-target",
            format!(
                "the admin app of the record {record} is the app that is to be rotated: that record would be left \
                 with a dead secret"
            ),
        )
        .fix(
            "attach another admin app, or put its client id and tenant id into the target record and detach this one",
        )),
        (false, true) => Err(Failure::invalid(
            "no-admin-credentials",
            format!(
                "the client id in the target record {record} is of another app than {OBJECT_ID}, and no other record \
                 has the credentials of an admin app"
            ),
        )),
        _ => Ok(()),
    }
}

/// Tells whether Graph may let the admin app change the app, as far as its token shows; with what to do about it
/// where it seems not.
fn missing_right(graph: &Session<'_>, token: &Token) -> Result<Option<Finding>, Failure> {
    // Without claims it is a token that nobody but Graph can read.
    if token.roles.is_none() && token.oid.is_none() {
        return Ok(None);
    }
    let granted = |role: &str| token.roles.iter().flatten().any(|given| given == role);
    if granted("Application.ReadWrite.All") || granted("Directory.ReadWrite.All") {
        return Ok(None);
    }
    if !granted("Application.ReadWrite.OwnedBy") {
        let message = "the admin app's token names no Graph permission to change apps";
        return Ok(Some(Finding::warning("permission-missing", message).fix(
            "unless it holds a directory role such as Cloud Application Administrator, grant it \
             Application.ReadWrite.OwnedBy and make it an owner of the app, or grant it Application.ReadWrite.All",
        )));
    }
    let owners = graph.call(unreadable, requests::owners)?;
    let is_owner = token.oid.iter().any(|oid| owners.ids.iter().any(|id| id.eq_ignore_ascii_case(oid)));
    Ok((!is_owner && owners.more.is_none()).then(|| {
        let message = "the admin app may change only apps that it owns, and it is not an owner of this one";
        Finding::warning("not-an-owner", message)
            .fix("add its service principal to the app's owners, or grant it Application.ReadWrite.All")
    }))
}

fn removes(request: &Request, retire: Retire, app: &App, findings: &mut Vec<Finding>) -> Vec<String> {
    let previous = request.input("target.current").map(str::trim);
    let is_previous = |id: &str| previous.is_some_and(|previous| previous.eq_ignore_ascii_case(id));
    let removes: Vec<String> = app
        .items
        .iter()
        .filter(|secret| match retire {
            Retire::All => true,
            Retire::Previous => is_previous(&secret.id),
            Retire::None => false,
        })
        .map(|secret| secret.id.clone())
        .collect();
    if retire == Retire::Previous && removes.is_empty() {
        let message = format!("no secret of the app is the one in {SECRET_ID}, so none will be removed");
        findings.push(Finding::warning("previous-secret-unknown", message).fix(format!(
            "put the id of the secret that the record holds into {SECRET_ID}, or retire others by hand"
        )));
    }
    removes
}
