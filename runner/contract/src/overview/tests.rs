use super::*;
use crate::manifest::read;

fn of(text: &str) -> Overview {
    crate::check::check_source(text).unwrap();
    overview(&read(text).unwrap().0)
}

fn azure() -> Overview {
    of(include_str!("../../../../plugins/azure-app-secret/plugin.toml"))
}

/// `place at request`, or the field that it is saved to.
fn goes(overview: &Overview, name: &str) -> Vec<String> {
    let secret = overview.secrets.iter().find(|secret| secret.name == name).unwrap();
    let line = |goes: &Goes| {
        let to = goes.request.as_ref().map_or_else(|| "record".to_owned(), Clone::clone);
        let through = goes.through.as_ref().map_or_else(String::new, |through| format!(" as {through}"));
        format!("{}{}{through} > {to}", if goes.signs { "signs " } else { "" }, goes.place)
    };
    secret.goes.iter().map(line).collect()
}

#[test]
fn a_new_secret_is_followed_from_its_answer_through_the_record_to_where_it_is_proven() {
    let overview = azure();
    assert_eq!(
        goes(&overview, "add-password.secret"),
        ["form client_secret as {new.client_secret} > login-new", "client_secret > record"]
    );
    assert_eq!(goes(&overview, "admin.client_secret"), ["form client_secret > token"]);
}

#[test]
fn what_the_vault_may_mask_comes_after_what_is_secret_for_sure() {
    let overview = azure();
    let names = |certain: bool| -> Vec<&str> {
        let secrets = overview.secrets.iter().filter(|secret| secret.certain == certain);
        secrets.map(|secret| secret.name.as_str()).collect()
    };
    assert_eq!(names(true), ["admin.client_secret", "token.access_token", "add-password.secret"]);
    assert_eq!(names(false), ["target.object_id"]);
    let first_of_vault = overview.secrets.iter().position(|secret| !secret.certain);
    assert_eq!(first_of_vault, Some(3));
}

#[test]
fn what_the_plugin_fills_in_is_shown_with_its_kind_and_every_place() {
    let overview = azure();
    let fills: Vec<_> = overview
        .requests
        .iter()
        .flat_map(|request| request.fills.iter().map(|fill| (request.name.as_str(), fill)))
        .map(|(request, fill)| (request, fill.kind.as_str(), fill.places.join(", ")))
        .collect();
    assert_eq!(
        fills,
        [
            ("add-password", "time", "JSON /passwordCredential/endDateTime".to_owned()),
            ("remove-password", "credential", "JSON /keyId".to_owned()),
        ]
    );
}

#[test]
fn a_read_that_is_no_get_is_declared_and_not_proven() {
    let overview = azure();
    let declared: Vec<&str> = overview
        .requests
        .iter()
        .filter(|request| request.declared_only)
        .map(|request| request.name.as_str())
        .collect();
    assert_eq!(declared, ["token", "login-new"]);
}

#[test]
fn a_key_that_signs_does_not_leave_and_what_is_public_of_it_is_no_secret() {
    let overview = of(include_str!("../../../../tests/cases/contract/snowflake-user-key/plugin.toml"));
    let lines = goes(&overview, "proposed");
    assert!(
        !lines.is_empty() && lines.iter().any(|line| line.starts_with("signs auth bearer as {")),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line.starts_with("signs") || line.ends_with("> record")), "{lines:?}");
    let overview = of(include_str!("../../../../tests/cases/contract/aws-iam-access-key/plugin.toml"));
    let signing = overview.secrets.iter().flat_map(|secret| &secret.goes).filter(|goes| goes.signs);
    assert!(signing.clone().all(|goes| goes.place == "sign secret") && signing.count() > 0);
}

#[test]
fn hosts_are_shown_with_where_they_lead_by_default() {
    let hosts: Vec<_> = azure().hosts.into_iter().map(|host| (host.host, host.default.unwrap())).collect();
    let pair = |host: &str, default: &str| (host.to_owned(), default.to_owned());
    assert_eq!(
        hosts,
        [
            pair("{setting.authority}", "login.microsoftonline.com"),
            pair("{setting.graph}", "graph.microsoft.com")
        ]
    );
}
