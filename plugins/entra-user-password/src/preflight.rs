//! Looks, and changes nothing: who logs in, which user it is, and whether its password can be set.

use microsoft_graph::{Admin, Session, admin_secret_end};
use pamrun_plugin::{Failure, Finding, Host, Level, Plan, Request};
use serde::Deserialize;

use crate::refusal::{FEDERATED, SYNCED};
use crate::rules;
use crate::settings::{Settings, Verify};
use crate::user::{Target, User, named, segment};

/// Graph permissions of which one is needed to set a password.
const PERMISSIONS: [&str; 2] = ["User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"];

/// Directory roles of which one is needed as well, by the ids of their templates: User, Password,
/// Helpdesk, Authentication, Privileged Authentication and Global Administrator.
const ROLES: [&str; 6] = [
    "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "966707d0-3269-4727-9be2-8c3a10f19b9d",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    "7be44c8a-adaf-4e2a-84d6-ab2649e8a13e",
    "62e90394-69f5-4237-9190-012177145e10",
];

pub fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
    let settings = Settings::read(request)?;
    let admin = Admin::pick(request)?;
    let name = named(request)?;
    let graph = Session::open(host, request, &settings.cloud, &admin)?;
    let user = User::read(&graph, name)?;
    let target = Target::of_user(&user)?;
    let mut findings = findings(&settings, &user);
    findings.extend(check_home(host, request, &settings, &user)?);
    if let Some(password) = &request.proposed {
        rules::check(password, &user.principal_name)?;
    }
    findings.extend(missing_right(&graph));
    findings.extend(settings.cloud.stranger());
    if request.is_dry_run() {
        findings.extend(admin_secret_end(&graph, &admin, host.now()));
    }
    let shown = user.display_name.as_deref().unwrap_or(&user.principal_name);
    Ok(Plan {
        target: target.identity(&settings.cloud.graph),
        creates: format!("a new password of the user \"{shown}\" ({})", user.principal_name),
        removes: Vec::new(),
        notes: findings.into_iter().map(String::from).collect(),
    })
}

/// Refuses a user whose password this directory does not keep. Where that cannot be found out, it is left to
/// Graph to refuse, and a dry run says so.
fn check_home(
    host: &dyn Host,
    request: &Request,
    settings: &Settings,
    user: &User,
) -> Result<Option<Finding>, Failure> {
    let name = &user.principal_name;
    if user.on_premises_sync_enabled == Some(true) {
        let message = format!("the user {name} is synchronised: {SYNCED}");
        return Err(Failure::denied("user-synced", message));
    }
    if name.to_ascii_uppercase().contains("#EXT#") {
        let message =
            format!("the user {name} is a guest, whose password its home directory keeps: rotate it there");
        return Err(Failure::denied("user-is-guest", message));
    }
    match is_federated(host, settings, name) {
        Some(true) => Err(Failure::denied("user-federated", format!("the user {name}: {FEDERATED}"))),
        Some(false) => Ok(None),
        None => {
            let message = "whether the user's domain is federated could not be found out";
            host.log(Level::Info, message);
            let finding = || {
                Finding::info("federation-unknown", message)
                    .fix("if another identity provider keeps the password, rotate it there")
            };
            Ok(request.is_dry_run().then(finding))
        }
    }
}

#[derive(Deserialize)]
struct Realm {
    account_type: String,
}

/// Asks where users of this domain sign in, as sign-in pages do before they ask for a password.
fn is_federated(host: &dyn Host, settings: &Settings, name: &str) -> Option<bool> {
    let url =
        format!("https://{}/common/UserRealm/{}?api-version=1.0", settings.cloud.authority, segment(name));
    let answer = host.send(http::Request::get(url).body(Vec::new()).ok()?).ok()?;
    let realm: Realm =
        answer.status().is_success().then(|| serde_json::from_slice(answer.body()).ok()).flatten()?;
    Some(realm.account_type.eq_ignore_ascii_case("federated"))
}

fn findings(settings: &Settings, user: &User) -> Vec<Finding> {
    let mut findings = Vec::new();
    if user.account_enabled == Some(false) {
        let message = "the user is disabled: its password can be changed, but no sign-in can prove it";
        findings.push(if settings.verify == Verify::Prove {
            let message = format!("{message}, as verify=prove demands");
            Finding::error("user-disabled", message).fix("enable the user, or set verify=auto")
        } else {
            Finding::warning("user-disabled", message).fix("enable the user, if its password is to be proven")
        });
    }
    if user.kind.as_deref() == Some("Guest") {
        let message = "the user is marked as a guest, but has its account in this directory";
        findings.push(Finding::info("user-marked-guest", message));
    }
    if settings.force_change {
        let message = "the user must choose another password at the next sign-in (force_change): the record's is \
                       wrong from then on";
        findings.push(
            Finding::warning("force-change", message)
                .fix("unset force_change, unless a person is to take the account over"),
        );
    }
    findings
}

/// Says what the admin app seems to lack, as far as its token shows.
fn missing_right(graph: &Session<'_>) -> Option<Finding> {
    let claims = graph.claims()?;
    if !PERMISSIONS.iter().any(|needed| claims.roles.iter().any(|role| role == needed)) {
        let message = "the admin app's token names no Graph permission to set passwords";
        return Some(
            Finding::warning("permission-missing", message)
                .fix("grant it User-PasswordProfile.ReadWrite.All (application)"),
        );
    }
    let holds = |needed: &&str| claims.wids.iter().any(|role| role.eq_ignore_ascii_case(needed));
    // Not every token lists them.
    (!claims.wids.is_empty() && !ROLES.iter().any(holds)).then(|| {
        let message = "the admin app's token names no directory role that may set passwords";
        Finding::warning("directory-role-missing", message).fix(
            "assign it User Administrator, or Privileged Authentication Administrator where the user is an \
             administrator",
        )
    })
}
