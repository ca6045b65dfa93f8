//! The first line that a script reads.

use serde_json::{Value, json};

use super::request::flattened;
use crate::model::{RecordUid, Request, Role, VaultRecord, wipe};
use crate::params::encode;
use crate::secret::{Secret, SecretBytes};

/// The line, or what it is made of.
#[derive(Debug, Clone)]
pub enum Line {
    /// The gateway's, byte for byte.
    Piped(SecretBytes),
    /// Nobody piped one: it is made of the records that a step is given.
    Made {
        /// The PAM resource, which nothing about its record tells.
        resource_uid: Option<RecordUid>,
    },
}

impl Line {
    /// The bytes of it, for a step with this request.
    pub(super) fn bytes(&self, request: &Request) -> SecretBytes {
        match self {
            Self::Piped(line) => line.clone(),
            Self::Made { resource_uid } => made(request, resource_uid.as_ref()),
        }
    }
}

/// Makes the line that the gateway would pipe for these records.
fn made(request: &Request, resource_uid: Option<&RecordUid>) -> SecretBytes {
    let of_role = |role| request.records.iter().find(|record| record.role == role);
    let target = of_role(Role::Target);
    let login = target.and_then(|target| target.fields.iter().find(|field| field.label == "login"));
    let mut json = json!({
        "providerRecordUid": of_role(Role::Provider).map_or("", uid),
        "resourceRecordUid": resource_uid.map_or("", String::as_str),
        "userRecordUid": target.map_or("", uid),
        "newPassword": request.proposed.as_ref().map_or("", Secret::expose),
        "oldPassword": "",
        "user": login.and_then(|field| field.values.first()).map_or("", Secret::expose),
        "records": request.records.iter().map(flattened).collect::<Vec<Value>>(),
    });
    let line = encode(&json) + "\n";
    wipe(&mut json);
    SecretBytes::new(line.into_bytes())
}

fn uid(record: &VaultRecord) -> &str {
    &record.uid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::model::{Field, Place};
    use crate::params::Params;

    fn record(uid: &str, role: Role, login: &str) -> VaultRecord {
        let values = vec![Secret::new(login)];
        let field = Field {
            place: Place::Standard,
            label: "login".to_owned(),
            kind: "login".to_owned(),
            values,
            json: false,
        };
        VaultRecord { uid: uid.to_owned(), title: uid.to_uppercase(), role, fields: vec![field] }
    }

    #[test]
    fn a_line_that_is_made_reads_as_the_gateways_does() {
        let request = Request {
            rotation_id: String::new(),
            marker: String::new(),
            attempt: 1,
            records: vec![
                record("t", Role::Target, "me"),
                record("a", Role::Attached, "admin"),
                record("p", Role::Provider, "cloud"),
            ],
            inputs: Vec::new(),
            settings: Vec::new(),
            proposed: None,
            deliver: Vec::new(),
            delivered_id: None,
        };
        let line = Line::Made { resource_uid: Some("m".to_owned()) }.bytes(&request);
        assert!(line.expose().ends_with(b"\n"));
        let params = Params::parse(line.expose(), &Limits::default()).unwrap();
        assert_eq!(params.user_record_uid, "t");
        assert_eq!(params.provider_record_uid.as_deref(), Some("p"));
        assert_eq!(params.resource_record_uid.as_deref(), Some("m"));
        assert_eq!(params.user.as_deref(), Some("me"));
        let records = params.records();
        let told = |uid: &str| records.iter().find(|record| record.uid == uid).unwrap();
        assert_eq!(told("a").title(), "A");
        assert_eq!(told("p").field("login").unwrap().values, ["cloud"]);
    }
}
