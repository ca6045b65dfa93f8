//! Looks, and changes nothing: who logs in, which user it is, and whether its password can be set.

use entra::{Admin, Cloud, Refuser, Session, admin_secret_end};
use pamrun_plugin::{Failure, Finding, Host, Level, Plan, Request};

use crate::refusal::{FEDERATED, SYNCED, THERE, unreadable};
use crate::requests;
use crate::requests::settings::{Settings, Verify};
use crate::user::{check_name, is_guid};

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
    let settings = Settings::of(request)?;
    let cloud = Cloud::of(&settings.authority, &settings.graph)?;
    let admin = Admin::of(request)?;
    check_name(request, &settings.user)?;
    let graph = Session::new(host, Refuser::graph(), admin.who());
    let token = graph.call(|_| None, |host| requests::token(host))?;
    let user = graph.call(unreadable, |host| requests::user(host))?;
    let mut findings = findings(&settings, &user);
    findings.extend(check_home(host, request, &user)?);
    findings.extend(missing_right(&token));
    findings.extend(cloud.stranger());
    if request.is_dry_run() {
        findings.extend(admin_end(&graph, &admin));
    }
    let shown = user.display_name.as_deref().unwrap_or(&user.principal_name);
    Ok(Plan {
        creates: format!("a new password of the user \"{shown}\" ({})", user.principal_name),
        // By which verify tells the change from those before.
        context: user.changed.unwrap_or_default(),
        findings,
        ..Plan::default()
    })
}

/// Refuses a user whose password this directory does not keep. Where that cannot be found out, it is left to
/// Graph to refuse, and a dry run says so.
fn check_home(host: &dyn Host, request: &Request, user: &requests::User) -> Result<Option<Finding>, Failure> {
    let name = &user.principal_name;
    let elsewhere =
        |code: &str, why: &str| Err(Failure::denied(code, format!("the user {name}: {why}")).fix(THERE));
    if user.synced == Some(true) {
        return elsewhere("user-synced", SYNCED);
    }
    if name.to_ascii_uppercase().contains("#EXT#") {
        return elsewhere("user-is-guest", "it is a guest, whose password its home directory keeps");
    }
    match requests::realm(host) {
        Ok(realm) if realm.account_type.eq_ignore_ascii_case("federated") => {
            elsewhere("user-federated", FEDERATED)
        }
        Ok(_) => Ok(None),
        Err(_) => {
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

fn findings(settings: &Settings, user: &requests::User) -> Vec<Finding> {
    let mut findings = Vec::new();
    if user.enabled == Some(false) {
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
fn missing_right(token: &requests::Token) -> Option<Finding> {
    let (roles, wids) =
        (token.roles.as_deref().unwrap_or_default(), token.wids.as_deref().unwrap_or_default());
    let is_readable = token.oid.is_some() || !roles.is_empty() || !wids.is_empty();
    if is_readable && !PERMISSIONS.iter().any(|needed| roles.iter().any(|role| role == needed)) {
        let message = "the admin app's token names no Graph permission to set passwords";
        return Some(
            Finding::warning("permission-missing", message)
                .fix("grant it User-PasswordProfile.ReadWrite.All (application)"),
        );
    }
    let holds = |needed: &&str| wids.iter().any(|role| role.eq_ignore_ascii_case(needed));
    // Not every token lists them.
    (!wids.is_empty() && !ROLES.iter().any(holds)).then(|| {
        let message = "the admin app's token names no directory role that may set passwords";
        Finding::warning("directory-role-missing", message).fix(
            "assign it User Administrator, or Privileged Authentication Administrator where the user is an \
             administrator",
        )
    })
}

/// When the admin app's own secret ends.
fn admin_end(graph: &Session<'_>, admin: &Admin<'_>) -> Option<Finding> {
    let ends = if admin.client_id.is_none_or(is_guid) {
        graph.look(|host| requests::admin_app(host)).map(|app| app.ends)
    } else {
        Err(Failure::invalid("client-id-unfit", "its client id is no GUID"))
    };
    admin_secret_end(ends.as_deref(), admin, graph.host().now())
}
