//! What each endpoint does.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::HOST;
use crate::crypto::{self, Key};
use crate::envelope::Envelope;
use crate::fault::Endpoint;
use crate::reply::Refusal;
use crate::vault::{File, Folder, Link, Record, Vault};

impl Vault {
    /// Applies a request, reading records as they were so many writes ago. Null is an empty answer.
    pub(crate) fn answer(
        &mut self,
        endpoint: Endpoint,
        request: &Envelope,
        writes_behind: usize,
    ) -> Result<Value, Refusal> {
        let payload = &request.payload;
        if self.client.revoked || payload["clientId"] != self.client.id.as_str() {
            return Err(Refusal::UNKNOWN_CLIENT);
        }
        if !request.is_signed_by(&self.client.public_key()) {
            return Err(Refusal::SIGNATURE);
        }
        match endpoint {
            Endpoint::GetSecret => Ok(self.get_secret(payload, writes_behind)),
            Endpoint::GetFolders => Ok(self.get_folders()),
            Endpoint::UpdateSecret => self.update(payload),
            Endpoint::FinalizeSecretUpdate => self.complete(payload, true),
            Endpoint::RollbackSecretUpdate => self.complete(payload, false),
        }
    }

    fn get_secret(&self, payload: &Value, writes_behind: usize) -> Value {
        let wanted = |filter: &str, uid: &str| {
            payload[filter].as_array().is_none_or(|uids| uids.is_empty() || uids.contains(&uid.into()))
        };
        let with_links = payload["requestLinks"] == true;
        let share = |folder: Option<&Folder>| {
            let (uid, key) = folder.map_or((None, &self.app_key), |folder| (Some(&folder.uid), &folder.key));
            let shared = self.records.iter().filter(|record| record.folder.as_ref() == uid);
            let shared = shared.filter(|record| wanted("requestedRecords", &record.uid));
            shared.map(|record| record.shared_under(key, writes_behind, with_links)).collect::<Vec<_>>()
        };
        let folder = |folder: &Folder| {
            let key = BASE64_STANDARD.encode(crypto::seal(&self.app_key, &folder.key));
            json!({"folderUid": folder.uid, "folderKey": key, "records": share(Some(folder))})
        };
        let folders = self.folders.iter().filter(|folder| wanted("requestedFolders", &folder.uid));
        // Of a length at which base64 would be padded: some clients mind.
        let app_data = crypto::seal(&self.app_key, br#"{"title":"pamrun","type":"app"}"#);
        json!({
            "records": share(None),
            "folders": folders.map(folder).collect::<Vec<_>>(),
            "appData": BASE64_URL_SAFE_NO_PAD.encode(app_data),
            "expiresOn": 0,
            "warnings": [],
        })
    }

    fn get_folders(&self) -> Value {
        let folder = |folder: &Folder| {
            let name = json!({ "name": folder.name }).to_string();
            json!({
                "folderUid": folder.uid,
                "folderKey": BASE64_STANDARD.encode(crypto::seal(&self.app_key, &folder.key)),
                "data": BASE64_STANDARD.encode(crypto::seal_cbc(&folder.key, name.as_bytes())),
            })
        };
        json!({ "folders": self.folders.iter().map(folder).collect::<Vec<_>>() })
    }

    fn update(&mut self, payload: &Value) -> Result<Value, Refusal> {
        let record = self.named(payload)?;
        if !record.editable {
            return Err(Refusal::READ_ONLY);
        }
        if payload["revision"] != record.version(0).revision {
            return Err(Refusal::STALE);
        }
        let json = record.proposed(payload).ok_or(Refusal::BAD_REQUEST)?;
        let kind = payload["transactionType"].as_str();
        let links = payload["links2Remove"].as_array().filter(|_| kind != Some("general"));
        for link in links.into_iter().flatten() {
            record.files.retain(|file| *link != file.uid);
            record.links.retain(|known| *link != known.uid);
        }
        match kind {
            None | Some("") => {
                let uid = record.uid.clone();
                self.write(&uid, json);
            }
            Some("general" | "rotation") => record.staged = Some(json),
            Some(_) => return Err(Refusal::BAD_REQUEST),
        }
        Ok(Value::Null)
    }

    fn complete(&mut self, payload: &Value, keep: bool) -> Result<Value, Refusal> {
        let record = self.named(payload)?;
        let (uid, staged) = (record.uid.clone(), record.staged.take());
        let staged = staged.ok_or(Refusal::NOTHING_STAGED)?;
        if keep {
            self.write(&uid, staged);
        }
        Ok(Value::Null)
    }

    fn named(&mut self, payload: &Value) -> Result<&mut Record, Refusal> {
        self.find_mut(payload["recordUid"].as_str().unwrap_or_default()).ok_or(Refusal::UNKNOWN_RECORD)
    }
}

impl Record {
    /// The record as `get_secret` tells it to whoever has the key of the application or the folder.
    fn shared_under(&self, key: &Key, writes_behind: usize, with_links: bool) -> Value {
        let version = self.version(writes_behind);
        let link = |link: &Link| {
            let data = BASE64_STANDARD.encode(link.data.to_string());
            json!({"recordUid": link.uid, "data": data, "path": "meta"})
        };
        let mut shared = json!({
            "recordUid": self.uid,
            "recordKey": BASE64_STANDARD.encode(crypto::seal(key, &self.key)),
            "data": BASE64_STANDARD.encode(crypto::seal(&self.key, version.json.as_bytes())),
            "revision": version.revision,
            "isEditable": self.editable,
            "files": self.files.iter().map(|file| file.shared_under(&self.key)).collect::<Vec<_>>(),
        });
        if with_links {
            shared["links"] = self.links.iter().map(link).collect();
        }
        shared
    }

    /// The content that an update proposes; nothing when it is not an object in the record's key.
    pub(crate) fn proposed(&self, payload: &Value) -> Option<String> {
        // Either alphabet, with padding or without: the clients differ.
        let data = payload["data"].as_str()?.replace('-', "+").replace('_', "/");
        let data = BASE64_STANDARD_NO_PAD.decode(data.trim_end_matches('=')).ok()?;
        let json = String::from_utf8(crypto::open(&self.key, &data)?).ok()?;
        serde_json::from_str::<Value>(&json).ok()?.is_object().then_some(json)
    }
}

impl File {
    fn shared_under(&self, record: &Key) -> Value {
        json!({
            "fileUid": self.uid,
            "fileKey": BASE64_STANDARD.encode(crypto::seal(record, &self.key)),
            "data": BASE64_STANDARD.encode(crypto::seal(&self.key, self.meta.to_string().as_bytes())),
            "url": format!("https://{HOST}/files/{}", self.uid),
        })
    }
}
