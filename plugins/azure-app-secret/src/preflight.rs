//! Looks, and changes nothing: who logs in, which app it is, what will be made and removed.

use jiff::{SignedDuration, Timestamp, Unit};
use microsoft_graph::{Admin, is_guid};
use pamrun_plugin::{Failure, FailureKind, Finding, Host, Listed, Plan, Request};

use crate::graph::{Application, Graph};
use crate::manifest::{OBJECT_ID, SECRET_ID};
use crate::outlook::outlook;
use crate::room;
use crate::settings::{Retire, Settings};
use crate::target::Target;

pub fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
    let settings = Settings::read(request)?;
    let admin = Admin::pick(request)?;
    let id = application_id(request)?;
    let graph = Graph::open(host, request, &settings.cloud, &admin)?;
    let mut findings = Vec::new();
    let application = find(&graph, &id, &mut findings)?;
    check_admin(&admin, &application)?;
    findings.extend(graph.missing_right(&application)?);
    findings.extend(settings.cloud.stranger());
    findings.extend(room::judge(&application, request));
    let target = Target { object_id: application.id.clone(), app_id: application.app_id.clone() };
    if !is_guid(&target.object_id) || !is_guid(&target.app_id) {
        return Err(Failure::unavailable("graph-unreadable", "Graph named the app by ids that are no GUIDs"));
    }
    let name = application.display_name.as_deref().unwrap_or(&application.app_id);
    let ends = ends(host, &settings)?;
    let removes = removes(request, settings.retire, &application, &mut findings);
    if request.is_dry_run() {
        findings.extend(outlook(&graph, &admin, &settings, &target, host.now()));
    }
    Ok(Plan {
        target: target.identity(&settings.cloud.graph),
        creates: format!("a client secret of the app \"{name}\" that ends {ends}"),
        removes,
        notes: findings.into_iter().map(String::from).collect(),
    })
}

/// When a secret that is made now ends, in whole seconds.
pub fn ends(host: &dyn Host, settings: &Settings) -> Result<Timestamp, Failure> {
    Timestamp::try_from(host.now())
        .and_then(|now| now.round(Unit::Second))
        .and_then(|now| now.checked_add(SignedDuration::from_hours(24 * settings.expiry_days)))
        .map_err(|error| {
            Failure::unavailable("clock-unusable", format!("this machine's clock is off: {error}"))
        })
}

fn application_id(request: &Request) -> Result<String, Failure> {
    let id = request.target.text(OBJECT_ID)?.trim().to_ascii_lowercase();
    if is_guid(&id) {
        return Ok(id);
    }
    let message = format!(
        "the field {OBJECT_ID} of the record \"{}\" ({}) must be a GUID: the app's object id",
        request.target.title, request.target.uid
    );
    Err(Failure::invalid("object-id-malformed", message))
}

/// Finds the app by its object id, or else by its client id: Keeper's page asks for the first and
/// describes the second.
fn find(graph: &Graph<'_>, id: &str, findings: &mut Vec<Finding>) -> Result<Application, Failure> {
    let missing = match graph.application(id) {
        Err(failure) if failure.kind == FailureKind::NotFound => failure,
        found => return found,
    };
    match graph.application_by_client_id(id) {
        Ok(application) => {
            let message = format!(
                "the field {OBJECT_ID} holds the app's client id; its object id is {}",
                application.id
            );
            findings.push(
                Finding::warning("client-id-for-object-id", message)
                    .fix("put the object id there: it saves a request, and what is shown is what is meant"),
            );
            Ok(application)
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
fn check_admin(admin: &Admin<'_>, application: &Application) -> Result<(), Failure> {
    let is_target = admin.client_id.eq_ignore_ascii_case(&application.app_id);
    let record = format!("\"{}\" ({})", admin.record.title, admin.record.uid);
    match (is_target, admin.is_own()) {
        (true, false) => Err(Failure::invalid(
            "admin-is-target",
            format!(
                "the admin app of the record {record} is the app that is to be rotated: that record would be left \
                 with a dead secret; attach another admin app, or put its client id and tenant id into the target \
                 record and detach this one"
            ),
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

fn removes(
    request: &Request,
    retire: Retire,
    application: &Application,
    findings: &mut Vec<Finding>,
) -> Vec<Listed> {
    let previous = request.target.get(SECRET_ID).map(str::trim);
    let is_previous = |id: &str| previous.is_some_and(|previous| previous.eq_ignore_ascii_case(id));
    let removes: Vec<Listed> = application
        .password_credentials
        .iter()
        .filter(|secret| match retire {
            Retire::All => true,
            Retire::Previous => is_previous(&secret.key_id),
            Retire::None => false,
        })
        .map(|secret| Listed {
            id: secret.key_id.clone(),
            label: secret.display_name.clone().unwrap_or_default(),
            expires: secret.end_date_time.clone(),
        })
        .collect();
    if retire == Retire::Previous && removes.is_empty() {
        let message = format!("no secret of the app is the one in {SECRET_ID}, so none will be removed");
        findings.push(Finding::warning("previous-secret-unknown", message).fix(format!(
            "put the id of the secret that the record holds into {SECRET_ID}, or retire others by hand"
        )));
    }
    removes
}
