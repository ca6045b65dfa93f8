//! `pamrun plugin render`: the HTTP that a request becomes, and nothing is sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pamrun_contract::manifest::{Manifest, Request, SettingKind};
use pamrun_contract::nearest;
use pamrun_contract::render::{Known, Rendered, render as write};
use pamrun_contract::template::Reference;
use pamrun_contract::value::Value;

use super::fault::Fault;
use super::manifest::{manifest, tell};
use super::random::random;
use super::show;
use crate::catalog::PluginFile;
use crate::cli::RenderArgs;
use crate::limits::Limits;

/// Shows a request, and returns the exit code.
pub(super) fn render(args: &RenderArgs) -> Result<u8, Fault> {
    let file = PluginFile::read(&args.file, Limits::default().plugin)?;
    let manifest = match manifest(&file) {
        Ok(manifest) => manifest,
        Err(problems) => return Ok(tell(&problems)),
    };
    let given = Given { params: map(&args.params)?, settings: map(&args.settings)? };
    let rendered = rendered(&manifest, &args.request, &given, Timestamp::now())?;
    show(rendered.to_string().trim_end())?;
    Ok(0)
}

/// What was given, by name.
struct Given {
    params: BTreeMap<String, String>,
    settings: BTreeMap<String, String>,
}

fn map(pairs: &[(String, String)]) -> Result<BTreeMap<String, String>, Fault> {
    let mut map = BTreeMap::new();
    for (name, value) in pairs {
        if map.insert(name.clone(), value.clone()).is_some() {
            return Err(wrong(format!("`{name}` is given twice; give it once")));
        }
    }
    Ok(map)
}

fn rendered(manifest: &Manifest, name: &str, given: &Given, now: Timestamp) -> Result<Rendered, Fault> {
    let Some(request) = manifest.requests.get(name) else {
        let mend = nearest::mend(name, manifest.requests.keys().map(String::as_str));
        return Err(wrong(format!("{} declares no request `{name}`; {mend}", manifest.name)));
    };
    known_names(manifest, name, request, given)?;
    let values = |reference: &Reference| match reference {
        Reference::Setting { key, name } => setting(manifest, given, key, name.as_deref(), reference),
        Reference::Bare(name) => {
            given.params.get(name).map_or(Known::Unknown, |value| Known::Value(Value::text(value.as_str())))
        }
        _ => Known::Unknown,
    };
    let mut no_randomness = None;
    let mut fill = |bytes: &mut [u8]| no_randomness = random(bytes).err();
    let rendered = write(manifest, name, &values, now, &mut fill);
    if let Some(error) = no_randomness {
        return Err(Fault::internal("random", format!("the system has no randomness: {error}")));
    }
    rendered.map_err(|error| wrong(format!("`{name}` cannot be rendered: {error}")))
}

/// The value of a setting: as it is set, or its default. What may stay unset is missing; what only a record says,
/// or must not be typed, is shown by its name.
fn setting(
    manifest: &Manifest,
    given: &Given,
    key: &str,
    name: Option<&str>,
    reference: &Reference,
) -> Known {
    let Some(setting) = manifest.settings.get(key) else { return Known::Unknown };
    match (given.settings.get(key), name) {
        (Some(choice), Some(name)) => {
            setting.carried_by(choice, name).map_or(Known::Unknown, |value| Known::Value(Value::text(value)))
        }
        (Some(value), None) => Known::Value(Value::text(value.as_str())),
        (None, _) if setting.kind == SettingKind::Secret => Known::Unknown,
        (None, _) if setting.may_be_missing() => Known::Missing,
        (None, _) => manifest.default_of(reference).map_or(Known::Unknown, Known::Value),
    }
}

/// Refuses what is given and means nothing.
fn known_names(manifest: &Manifest, name: &str, request: &Request, given: &Given) -> Result<(), Fault> {
    if let Some(param) = given.params.keys().find(|param| !request.params.contains_key(*param)) {
        let mend = nearest::mend(param, request.params.keys().map(String::as_str));
        return Err(wrong(format!("`{name}` has no parameter `{param}`; {mend}")));
    }
    for (key, value) in &given.settings {
        let Some(setting) = manifest.settings.get(key) else {
            let mend = nearest::mend(key, manifest.settings.keys().map(String::as_str));
            return Err(wrong(format!("{} has no setting `{key}`; {mend}", manifest.name)));
        };
        if setting.kind == SettingKind::Secret {
            let reason = format!("the setting `{key}` is a secret, and is shown by its name; leave it out");
            return Err(wrong(reason));
        }
        setting.accepts(value).map_err(|reason| wrong(format!("the setting `{key}`: {reason}")))?;
    }
    Ok(())
}

fn wrong(message: String) -> Fault {
    Fault::invalid("not-rendered", message, None)
}

#[cfg(test)]
mod tests {
    use pamrun_contract::check::check_source;

    use super::*;

    const AZURE: &str = include_str!("../../../plugins/azure-app-secret/plugin.toml");
    const AWS: &str = include_str!("../../../tests/cases/contract/aws-iam-access-key/plugin.toml");

    fn shown(
        toml: &str,
        request: &str,
        params: &[(&str, &str)],
        settings: &[(&str, &str)],
    ) -> Result<String, String> {
        let pairs = |pairs: &[(&str, &str)]| {
            let owned: Vec<_> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            map(&owned)
        };
        let (manifest, _) = check_source(toml).unwrap();
        let now = "2026-11-29T10:00:00Z".parse().unwrap();
        let given = || Ok(Given { params: pairs(params)?, settings: pairs(settings)? });
        let rendered = given().and_then(|given| rendered(&manifest, request, &given, now));
        rendered.map(|rendered| rendered.to_string()).map_err(|fault| {
            assert_eq!(fault.kind.exit_code(), 2);
            fault.message
        })
    }

    #[test]
    fn a_request_is_shown_whole_with_names_for_what_only_a_run_knows() {
        insta::assert_snapshot!(shown(AZURE, "add-password", &[("ends", "2027-01-31T00:00:00Z")], &[]).unwrap(), @r#"
        POST https://graph.microsoft.com/v1.0/applications/{app.id}/addPassword
        Content-Type: application/json
        client-request-id: {rotation_id}
        Authorization: Bearer {token.access_token}

        {"passwordCredential":{"displayName":"{marker}","endDateTime":"2027-01-31T00:00:00Z"}}
        "#);
    }

    #[test]
    fn settings_lead_elsewhere_and_parameters_that_are_not_given_stand_by_name() {
        let shown = shown(AZURE, "add-password", &[], &[("graph", "graph.microsoft.us:8443")]).unwrap();
        assert!(shown.starts_with("POST https://graph.microsoft.us:8443/v1.0/"), "{shown}");
        assert!(shown.contains(r#""endDateTime":"{ends}""#), "{shown}");
    }

    #[test]
    fn what_a_choice_carries_follows_the_choice() {
        let request = "POST https://";
        let default = shown(AWS, "keys", &[], &[]).unwrap();
        let china = shown(AWS, "keys", &[], &[("partition", "aws-cn")]).unwrap();
        assert!(default.starts_with(request) && china.starts_with(request) && default != china, "{china}");
        assert!(china.contains("amazonaws.com.cn"), "{china}");
    }

    #[test]
    fn what_means_nothing_is_refused_with_the_nearest_name() {
        for (request, params, settings, problem) in [
            ("add-pasword", None, None, "declares no request `add-pasword`; did you mean `add-password`?"),
            ("add-password", Some(("end", "x")), None, "no parameter `end`; did you mean `ends`?"),
            ("add-password", Some(("ends", "tomorrow")), None, "no RFC 3339 time"),
            ("app", Some(("ends", "x")), None, "`app` has no parameter `ends`; there is none to name here"),
            ("app", None, Some(("grap", "x")), "no setting `grap`; did you mean `graph`?"),
            ("app", None, Some(("graph", "a/b")), "the setting `graph`: it is no host"),
            ("app", None, Some(("expiry_days", "1000")), "more than `max`"),
        ] {
            let (params, settings): (Vec<_>, Vec<_>) =
                (params.into_iter().collect(), settings.into_iter().collect());
            let message = shown(AZURE, request, &params, &settings).unwrap_err();
            assert!(message.contains(problem), "{message}");
        }
        let twice = [("ends", "2027-01-31T00:00:00Z"), ("ends", "2027-01-31T00:00:00Z")];
        assert!(shown(AZURE, "add-password", &twice, &[]).unwrap_err().contains("given twice"));
    }

    #[test]
    fn a_secret_setting_is_not_typed() {
        let toml = AZURE.replace(
            "[settings.retire]",
            "[settings.extra]\ntype = \"secret\"\noptional = true\n\n[settings.retire]",
        );
        let message = shown(&toml, "app", &[], &[("extra", "hunter2")]).unwrap_err();
        assert!(message.contains("is a secret") && !message.contains("hunter2"), "{message}");
    }
}
