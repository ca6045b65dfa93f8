//! Between the types of the interface and our own.

use std::collections::BTreeMap;
use std::time::Duration;

use pamrun_contract::answer::Shown;
use pamrun_contract::manifest::{Manifest, SettingKind};
use pamrun_contract::value::{Json, Kind, Value};

use super::bindings::{http, model as wit};
use crate::call::{Answered, Planned, Rejection, Rotated, Trouble, seconds};
use crate::model::{
    Failure, FailureKind, Finding, InputGroup, Level, Plan, Proof, Request, Setting, SettingValue, Slots,
};
use crate::policy::excerpt;

/// What a step is given.
pub(super) fn request(manifest: &Manifest, request: &Request, target: Option<&str>) -> wit::Request {
    wit::Request {
        rotation_id: request.rotation_id.clone(),
        marker: request.marker.clone(),
        attempt: request.attempt,
        mode: if request.attempt == 0 { wit::Mode::DryRun } else { wit::Mode::Act },
        target: target.map(str::to_owned),
        inputs: request.inputs.iter().flat_map(inputs).collect(),
        settings: request.settings.iter().map(|setting| named_setting(manifest, setting)).collect(),
        deliver: request.deliver.iter().map(|update| update.label.clone()).collect(),
    }
}

fn inputs(group: &InputGroup) -> Vec<wit::Named> {
    let named = |key: &str, value| wit::Named { name: format!("{}.{key}", group.name), value };
    let mut all: Vec<wit::Named> = group.values.iter().map(|(key, value)| named(key, seen(value))).collect();
    all.push(named("record", wit::Value::Text(group.record.clone())));
    all.push(named("role", wit::Value::Text(group.role.name().to_owned())));
    all
}

/// A value as the plugin sees it: of a secret, that it is there.
fn seen(value: &Value) -> wit::Value {
    if value.is_secret() {
        return wit::Value::Secret;
    }
    match (value.kind(), value.as_json()) {
        (Kind::Bool, Some(Json::Bool(flag))) => wit::Value::Flag(*flag),
        (Kind::Number, Some(Json::Number(number))) if number.is_i64() => {
            wit::Value::Integer(number.as_i64().unwrap_or_default())
        }
        (_, Some(Json::Array(items))) => wit::Value::Texts(
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect(),
        ),
        (_, Some(json)) => wit::Value::Text(json.to_string()),
        _ => wit::Value::Text(value.to_text().map(|text| text.to_string()).unwrap_or_default()),
    }
}

fn named_setting(manifest: &Manifest, setting: &Setting) -> wit::Named {
    let kind = manifest.settings.get(&setting.key).map(|setting| setting.kind);
    let is_kept =
        matches!(kind, Some(SettingKind::Secret | SettingKind::Map | SettingKind::Complexity) | None);
    let value = match &setting.value {
        _ if is_kept => wit::Value::Secret,
        SettingValue::Text(text) => wit::Value::Text(text.clone()),
        SettingValue::Secret(_) => wit::Value::Secret,
        SettingValue::Integer(number) => wit::Value::Integer(*number),
        SettingValue::Flag(flag) => wit::Value::Flag(*flag),
        SettingValue::Duration(ms) => wit::Value::Duration(u32::try_from(*ms).unwrap_or(u32::MAX)),
    };
    wit::Named { name: setting.key.clone(), value }
}

/// The parameters of a call.
pub(super) fn params(params: Vec<wit::Named>) -> Result<BTreeMap<String, Value>, String> {
    let mut all = BTreeMap::new();
    for wit::Named { name, value } in params {
        let value = match value {
            wit::Value::Text(text) => Value::text(text),
            wit::Value::Integer(number) => Value::integer(number),
            wit::Value::Flag(_) | wit::Value::Duration(_) | wit::Value::Texts(_) | wit::Value::Secret => {
                let name = excerpt(&name);
                return Err(format!(
                    "the parameter `{name}` is neither a text nor a whole number; give it as one"
                ));
            }
        };
        if all.insert(name.clone(), value).is_some() {
            return Err(format!("the parameter `{}` is given twice; give it once", excerpt(&name)));
        }
    }
    Ok(all)
}

fn shown(shown: Shown) -> wit::Value {
    match shown {
        Shown::Text(text) => wit::Value::Text(text),
        Shown::Integer(number) => wit::Value::Integer(number),
        Shown::Flag(flag) => wit::Value::Flag(flag),
        Shown::Texts(texts) => wit::Value::Texts(texts),
    }
}

fn named(outputs: Vec<(String, Shown)>) -> Vec<wit::Named> {
    outputs.into_iter().map(|(name, value)| wit::Named { name, value: shown(value) }).collect()
}

/// What a call came to.
pub(super) fn answer(answered: Answered) -> http::Answer {
    let item = |item: crate::call::Item| wit::Listed {
        id: item.id,
        label: item.label,
        created: item.created,
        expires: item.expires,
        disabled: item.disabled,
        outputs: named(item.outputs),
    };
    http::Answer { outputs: named(answered.outputs), items: answered.items.into_iter().map(item).collect() }
}

/// Why there is no success.
pub(super) fn trouble(trouble: Trouble) -> http::Trouble {
    let rejection = |rejection: Rejection| http::Rejection {
        request: rejection.request,
        status: rejection.status,
        errors: named(rejection.errors),
        retry_after: rejection.retry_after.map(milliseconds),
    };
    match trouble {
        Trouble::Rejected(it) => http::Trouble::Rejected(rejection(it)),
        Trouble::Unavailable(it) => http::Trouble::Unavailable(rejection(it)),
        Trouble::Uncertain(why) => http::Trouble::Uncertain(why),
        Trouble::Refused(deny) => http::Trouble::Refused(deny.to_string()),
        Trouble::Ended(error) => http::Trouble::Refused(error.to_string()),
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// The plan, as later steps are given it.
pub(super) fn plan(plan: &Plan) -> wit::Plan {
    wit::Plan {
        creates: plan.creates.clone(),
        removes: plan.removes.iter().map(|listed| listed.id.clone()).collect(),
        slots: None,
        context: plan.carried.context.clone(),
        findings: Vec::new(),
    }
}

/// What preflight returned.
pub(super) fn planned(plan: wit::Plan) -> Planned {
    Planned {
        creates: plan.creates,
        removes: plan.removes,
        slots: plan.slots.map(|slots| Slots { used: slots.used, most: slots.most }),
        context: plan.context,
        findings: plan.findings.into_iter().map(finding).collect(),
    }
}

fn finding(finding: wit::Finding) -> Finding {
    Finding {
        level: match finding.level {
            wit::Level::Info => Level::Info,
            wit::Level::Warning => Level::Warning,
            wit::Level::Error => Level::Error,
        },
        code: finding.code,
        message: finding.message,
        fix: finding.fix,
    }
}

/// What rotate returned.
pub(super) fn rotated(credential: wit::Credential) -> Result<Rotated, &'static str> {
    let text = |named: wit::Named| match named.value {
        wit::Value::Text(text) => Ok((named.name, text)),
        _ => Err("the plugin gives a returned field that is no text"),
    };
    let returns = credential.returns.into_iter().map(text).collect::<Result<_, _>>()?;
    Ok(Rotated { id: credential.id, returns, expires: credential.expires })
}

/// What verify returned.
pub(super) fn proof(proof: wit::Proof) -> Proof {
    match proof {
        wit::Proof::Verified => Proof::Verified,
        wit::Proof::Unproven(why) => Proof::Unproven(why),
    }
}

/// Why a step failed. The service's wish to be left alone for a while is the host's to know.
pub(super) fn failure(failure: wit::Failure, asked: Option<Duration>) -> Failure {
    let kind = match failure.kind {
        wit::Kind::Invalid => FailureKind::Invalid,
        wit::Kind::Denied => FailureKind::Denied,
        wit::Kind::NotFound => FailureKind::NotFound,
        wit::Kind::Conflict => FailureKind::Conflict,
        wit::Kind::WrongCredential => FailureKind::WrongCredential,
        wit::Kind::Unavailable => FailureKind::Unavailable { retry_after: asked.map(seconds) },
        wit::Kind::Uncertain => FailureKind::Uncertain,
        wit::Kind::Other => FailureKind::Other,
    };
    Failure { kind, code: failure.code, message: failure.message, fix: failure.fix }
}
