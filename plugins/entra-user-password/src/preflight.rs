//! Looks, and changes nothing: who logs in, which user it is, and whether its password can be set.

use microsoft_graph::{Admin, Session};
use pamrun_plugin::{Failure, Host, Level, Plan, Request};
use serde::Deserialize;

use crate::refusal::{FEDERATED, SYNCED};
use crate::rules;
use crate::settings::Settings;
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
    check_home(host, &settings, &user)?;
    if let Some(password) = &request.proposed {
        rules::check(password, &user.principal_name)?;
    }
    let mut notes = notes(&settings, &user);
    notes.extend(missing_right(&graph));
    notes.extend(settings.cloud.stranger());
    let shown = user.display_name.as_deref().unwrap_or(&user.principal_name);
    Ok(Plan {
        target: target.identity(&settings.cloud.graph),
        creates: format!("a new password of the user \"{shown}\" ({})", user.principal_name),
        removes: Vec::new(),
        notes,
    })
}

/// Refuses a user whose password this directory does not keep.
fn check_home(host: &dyn Host, settings: &Settings, user: &User) -> Result<(), Failure> {
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
    if is_federated(host, settings, name) {
        return Err(Failure::denied("user-federated", format!("the user {name}: {FEDERATED}")));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Realm {
    account_type: String,
}

/// Asks where users of this domain sign in, as sign-in pages do before they ask for a password.
/// Without an answer it is left to Graph to refuse.
fn is_federated(host: &dyn Host, settings: &Settings, name: &str) -> bool {
    let url =
        format!("https://{}/common/UserRealm/{}?api-version=1.0", settings.cloud.authority, segment(name));
    let Ok(request) = http::Request::get(url).body(Vec::new()) else { return false };
    let realm = match host.send(request) {
        Ok(answer) if answer.status().is_success() => serde_json::from_slice::<Realm>(answer.body()).ok(),
        _ => None,
    };
    if realm.is_none() {
        host.log(Level::Info, "whether the user's domain is federated could not be found out");
    }
    realm.is_some_and(|realm| realm.account_type.eq_ignore_ascii_case("federated"))
}

fn notes(settings: &Settings, user: &User) -> Vec<String> {
    let mut notes = Vec::new();
    if user.account_enabled == Some(false) {
        notes.push(
            "the user is disabled: its password can be changed, but no sign-in can prove it".to_owned(),
        );
    }
    if user.kind.as_deref() == Some("Guest") {
        notes.push("the user is marked as a guest, but has its account in this directory".to_owned());
    }
    if settings.force_change {
        notes.push(
            "the user must choose another password at the next sign-in (force_change): the record's is wrong \
             from then on"
                .to_owned(),
        );
    }
    notes
}

/// Says what the admin app seems to lack, as far as its token shows.
fn missing_right(graph: &Session<'_>) -> Option<String> {
    let claims = graph.claims()?;
    if !PERMISSIONS.iter().any(|needed| claims.roles.iter().any(|role| role == needed)) {
        return Some(
            "the admin app's token names no Graph permission to set passwords: grant it \
             User-PasswordProfile.ReadWrite.All (application)"
                .to_owned(),
        );
    }
    let holds = |needed: &&str| claims.wids.iter().any(|role| role.eq_ignore_ascii_case(needed));
    // Not every token lists them.
    (!claims.wids.is_empty() && !ROLES.iter().any(holds)).then(|| {
        "the admin app's token names no directory role that may set passwords: assign it User Administrator, or \
         Privileged Authentication Administrator where the user is an administrator"
            .to_owned()
    })
}
