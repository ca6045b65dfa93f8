//! The record that would be rotated: whether it is there, may be saved to, and comes with all that
//! belongs to it.

use super::{Check, Checked, finding};
use crate::model::{Finding, Level, Record, RecordUid, SharedRecord};

/// The record, and its PAM configuration.
pub(super) struct Patient {
    pub(super) record: SharedRecord,
    pub(super) provider_uid: Option<RecordUid>,
}

pub(super) fn examine(records: &[SharedRecord], uid: &str, provider: Option<&str>) -> Check<Patient> {
    let Some(shared) = records.iter().find(|shared| shared.record.uid == uid) else {
        return Err(vec![not_shared("record-missing", &format!("record {uid}"))]);
    };
    let record = &shared.record;
    let who = format!("\"{}\" ({uid})", record.title());
    let mut findings = Vec::new();
    if !record.editable {
        let message = format!("the record {who} may only be read, so that nothing can be saved to it");
        let fix = "share its folder with the application as editable".to_owned();
        findings.push(finding(Level::Error, "record-not-editable", message, Some(fix)));
    }
    let kind = kind(record);
    if kind != "pamUser" {
        let message =
            format!("the record {who} is of type {kind}, and gateways rotate records of type pamUser");
        let fix = "name the PAM User record".to_owned();
        findings.push(finding(Level::Warning, "record-type", message, Some(fix)));
    }
    let is_shared = |uid: &str| records.iter().any(|shared| shared.record.uid == uid);
    for attached in record.attached().iter().filter(|attached| !is_shared(attached)) {
        findings
            .push(not_shared("credential-missing", &format!("{attached}, a rotation credential of {who},")));
    }
    let provider_uid = match provider {
        Some(named) if !is_shared(named) => {
            findings.push(not_shared("provider-missing", &format!("the PAM configuration {named}")));
            None
        }
        Some(named) => Some(named.to_owned()),
        None => only_provider(records).unwrap_or_else(|several| {
            findings.push(several);
            None
        }),
    };
    let detail = format!("{who}, {kind}");
    Ok(Checked { value: Patient { record: shared.clone(), provider_uid }, detail, findings })
}

/// The PAM configuration that is meant when none is named. A record does not say which is its own: that
/// stands in the gateway's own data.
fn only_provider(records: &[SharedRecord]) -> Result<Option<RecordUid>, Finding> {
    let is_provider = |record: &&Record| {
        let kind = kind(record);
        kind.starts_with("pam") && kind.ends_with("Configuration")
    };
    let providers: Vec<_> = records.iter().map(|shared| &shared.record).filter(is_provider).collect();
    match providers.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.uid.clone())),
        several => {
            let list: Vec<_> =
                several.iter().map(|one| format!("\"{}\" ({})", one.title(), one.uid)).collect();
            let message = format!(
                "there are {} PAM configurations, and none was used: {}",
                list.len(),
                list.join(", ")
            );
            let fix = "name the record's with --provider UID".to_owned();
            Err(finding(Level::Info, "provider-unclear", message, Some(fix)))
        }
    }
}

fn kind(record: &Record) -> &str {
    record.json.get("type").and_then(serde_json::Value::as_str).unwrap_or_default()
}

fn not_shared(code: &str, what: &str) -> Finding {
    let message = format!("{what} is not shared with the application that pamrun uses, or does not exist");
    let fix = "share its folder with the application in Keeper Secrets Manager".to_owned();
    finding(Level::Error, code, message, Some(fix))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shared(uid: &str, kind: &str, fields: &Value) -> SharedRecord {
        let json = json!({"title": format!("T {uid}"), "type": kind, "fields": fields, "custom": []});
        let record = Record { uid: uid.to_owned(), revision: Some(1), editable: true, json };
        SharedRecord { record, attachments: Vec::new() }
    }

    fn codes(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.code.as_str()).collect()
    }

    #[test]
    fn a_record_is_there_with_all_that_belongs_to_it() {
        let script =
            json!([{"type": "script", "label": "rotationScripts", "value": [{"recordRef": ["a", "gone"]}]}]);
        let mut user = shared("u", "pamUser", &script);
        let records = |user: &SharedRecord| {
            [user.clone(), shared("a", "login", &json!([])), shared("p", "pamAzureConfiguration", &json!([]))]
        };
        let checked = examine(&records(&user), "u", None).ok().unwrap();
        assert_eq!(checked.value.provider_uid.as_deref(), Some("p"));
        assert_eq!(
            (checked.detail.as_str(), codes(&checked.findings)),
            ("\"T u\" (u), pamUser", vec!["credential-missing"])
        );
        assert!(checked.findings[0].message.contains("gone"), "{:?}", checked.findings);

        user.record.editable = false;
        user.record.json["type"] = "login".into();
        let checked = examine(&records(&user), "u", Some("nobody")).ok().unwrap();
        assert_eq!(
            codes(&checked.findings),
            ["record-not-editable", "record-type", "credential-missing", "provider-missing"]
        );
        let missing = examine(&records(&user), "x", None).err().unwrap();
        assert_eq!(codes(&missing), ["record-missing"]);
    }

    #[test]
    fn of_several_pam_configurations_none_is_guessed() {
        let user = shared("u", "pamUser", &json!([]));
        let records = [
            user,
            shared("p", "pamAzureConfiguration", &json!([])),
            shared("q", "pamNetworkConfiguration", &json!([])),
        ];
        let checked = examine(&records, "u", None).ok().unwrap();
        assert_eq!((checked.value.provider_uid, codes(&checked.findings)), (None, vec!["provider-unclear"]));
        assert!(checked.findings[0].message.contains("\"T p\" (p), \"T q\" (q)"), "{:?}", checked.findings);
        let checked = examine(&records, "u", Some("q")).ok().unwrap();
        assert_eq!((checked.value.provider_uid.as_deref(), checked.findings.len()), (Some("q"), 0));
    }
}
