//! Checks the hosts and requests that a manifest asks for.

use super::nearest::did_you_mean;
use super::problems::Problems;
use super::schema::repeated;
use crate::model::{HostPort, Manifest, RequestRule, SettingType, StepName};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Adds what is wrong with hosts and requests, for the plugin's author.
pub(super) fn check(manifest: &Manifest, problems: &mut Problems) {
    for (index, host) in manifest.hosts.iter().enumerate() {
        if let Err(problem) = check_host(manifest, host) {
            problems.add(format!("hosts[{index}]: {problem}"));
        }
    }
    for host in repeated(manifest.hosts.iter()) {
        problems.add(format!("hosts: `{host}` is listed twice"));
    }
    for (index, rule) in manifest.requests.iter().enumerate() {
        let at = format!("requests[{index}]");
        check_steps(&at, rule, problems);
        if !METHODS.contains(&rule.method.as_str()) {
            problems.add(format!("{at}: the method must be one of {}", METHODS.join(", ")));
        }
        let asked = format!("https://{}", rule.host);
        if !manifest.hosts.contains(&asked) {
            let hint = did_you_mean(&asked, manifest.hosts.iter().map(String::as_str));
            problems.add(format!("{at}: its host must be in `hosts`, as `{asked}`{hint}"));
        }
        if let Err(problem) = check_path(&rule.path) {
            problems.add(format!("{at}: {problem}"));
        }
        check_removal(&at, rule, problems);
    }
}

fn check_host(manifest: &Manifest, host: &str) -> Result<(), String> {
    let Some(name) = host.strip_prefix("https://") else {
        return Err(format!("`{host}` must begin with https://, nothing else leaves the sandbox"));
    };
    if let Some(key) = name.strip_prefix("{setting:").and_then(|rest| rest.strip_suffix('}')) {
        return check_template(manifest, key);
    }
    if name.contains(['{', '}']) {
        return Err(format!("`{host}` must be a host, or a whole setting: https://{{setting:KEY}}"));
    }
    let is_plain = name.is_ascii() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_plain && name.parse::<HostPort>().is_ok() {
        Ok(())
    } else {
        Err(format!(
            "`{host}` must be https:// and one host in lower case, with a port or not, without a path"
        ))
    }
}

fn check_template(manifest: &Manifest, key: &str) -> Result<(), String> {
    let Some(schema) = manifest.settings.iter().find(|schema| schema.key == key) else {
        let hint = did_you_mean(key, manifest.settings.iter().map(|schema| schema.key.as_str()));
        return Err(format!("the template names no setting: `{key}`{hint}"));
    };
    if !matches!(schema.kind, SettingType::Text | SettingType::Enum) {
        return Err(format!("the setting `{key}` must be of type text or enum, and hold a host"));
    }
    if schema.default.is_none() && !schema.required {
        return Err(format!("the setting `{key}` may be missing: give it a default, or make it required"));
    }
    Ok(())
}

fn check_steps(at: &str, rule: &RequestRule, problems: &mut Problems) {
    if rule.steps.is_empty() {
        problems.add(format!("{at}: `steps` is empty; name the steps that send it, or all"));
    }
    if rule.steps.len() > 1 && rule.steps.iter().any(|step| step == "all") {
        problems.add(format!("{at}: `all` stands alone in `steps`"));
    }
    for step in repeated(rule.steps.iter()) {
        problems.add(format!("{at}: `{step}` is listed twice in `steps`"));
    }
    for step in &rule.steps {
        let words = || StepName::ALL.iter().map(|step| step.word()).chain(["all"]);
        if !words().any(|word| word == step) {
            problems.add(format!(
                "{at}: there is no step `{step}`{}",
                match did_you_mean(step, words()) {
                    hint if hint.is_empty() =>
                        format!("; the steps are {}", words().collect::<Vec<_>>().join(", ")),
                    hint => hint,
                }
            ));
        }
    }
}

fn check_path(path: &str) -> Result<(), String> {
    let Some(inner) = path.strip_prefix('/') else {
        return Err(format!("the path `{path}` must begin with `/`"));
    };
    if path.contains(['?', '#']) {
        return Err(format!("the path `{path}` must end before the query, which is not judged"));
    }
    let lower = path.to_ascii_lowercase();
    let bent = !path.chars().all(|c| c.is_ascii_graphic() && c != '\\')
        || ["%2f", "%2e", "%5c"].iter().any(|code| lower.contains(code))
        || path.contains("//")
        || inner.split('/').any(|segment| matches!(segment, "." | ".."));
    if bent {
        return Err(format!(
            "the path `{path}` must be plain: no empty or dot segments, no encoded slashes or dots, no spaces"
        ));
    }
    if path.matches("{id}").count() > 1 {
        return Err(format!("the path `{path}` may name `{{id}}` once"));
    }
    inner.split('/').find(|segment| !is_segment(segment)).map_or(Ok(()), |segment| {
        Err(format!(
            "in `{segment}`: `*` and `{{id}}` stand for one whole segment, or for a part of one within parentheses"
        ))
    })
}

/// A segment has at most one wildcard: alone, or in parentheses as in `applications(appId='*')`.
fn is_segment(segment: &str) -> bool {
    let open = segment.replace("{id}", "*");
    if open.contains(['{', '}']) {
        return false;
    }
    match open.split_once('*') {
        None | Some(("", "")) => true,
        Some((before, after)) => {
            !after.contains('*')
                && before.contains('(')
                && !before.contains(')')
                && after.ends_with(')')
                && !after.contains('(')
        }
    }
}

fn check_removal(at: &str, rule: &RequestRule, problems: &mut Problems) {
    let in_path = rule.path.contains("{id}");
    let Some(removes) = &rule.removes else {
        if in_path {
            problems
                .add(format!("{at}: a path with `{{id}}` needs `\"removes\":\"{{id}}\"`; else write `*`"));
        }
        if rule.method == "DELETE" {
            problems
                .add(format!("{at}: DELETE needs `removes`, which says where the id of the removed stands"));
        }
        return;
    };
    if !rule.steps.iter().all(|step| matches!(step.as_str(), "commit" | "rollback")) {
        problems.add(format!("{at}: what `removes` may be sent in commit and rollback only"));
    }
    if removes == "{id}" {
        if !in_path {
            problems.add(format!("{at}: `removes` is `{{id}}`, but the path has no `{{id}}`"));
        }
    } else if !is_pointer(removes) {
        problems.add(format!(
            "{at}: `removes` must be `{{id}}`, or a JSON pointer into the body such as `/keyId`"
        ));
    } else if in_path {
        problems.add(format!("{at}: `removes` points into the body, so the path must not name `{{id}}`"));
    } else if matches!(rule.method.as_str(), "GET" | "HEAD") {
        problems.add(format!("{at}: {} has no body that `removes` could point into", rule.method));
    }
}

fn is_pointer(text: &str) -> bool {
    text.len() > 1
        && text.starts_with('/')
        && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}
