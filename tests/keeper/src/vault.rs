//! What the vault holds for one application: records, folders, files and links.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use p256::SecretKey;
use p256::ecdsa::VerifyingKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};

use crate::crypto::{self, Key};

/// What the vault holds, to look at and to change behind everybody's back.
pub struct Vault {
    pub(crate) app_key: Key,
    pub(crate) client: Client,
    pub(crate) records: Vec<Record>,
    pub(crate) folders: Vec<Folder>,
    revisions: i64,
}

/// The device that may use the application.
pub(crate) struct Client {
    pub id: String,
    pub key: SecretKey,
    pub revoked: bool,
}

pub(crate) struct Record {
    pub uid: String,
    pub key: Key,
    /// Everything it ever was, oldest first; never empty.
    pub versions: Vec<Version>,
    pub staged: Option<String>,
    pub editable: bool,
    pub folder: Option<String>,
    pub files: Vec<File>,
    pub links: Vec<Link>,
}

#[derive(Clone)]
pub(crate) struct Version {
    pub revision: i64,
    pub json: String,
}

pub(crate) struct Folder {
    pub uid: String,
    pub key: Key,
    pub name: String,
}

pub(crate) struct File {
    pub uid: String,
    pub key: Key,
    pub meta: Value,
    pub content: Vec<u8>,
}

pub(crate) struct Link {
    pub uid: String,
    pub data: Value,
}

impl Client {
    pub fn public_key(&self) -> VerifyingKey {
        self.key.public_key().into()
    }
}

impl Record {
    /// What it is now, or was so many writes ago.
    pub fn version(&self, writes_behind: usize) -> &Version {
        let newest = self.versions.len() - 1;
        &self.versions[newest.saturating_sub(writes_behind)]
    }
}

impl Vault {
    pub(crate) fn new() -> Self {
        let id = BASE64_STANDARD.encode(crypto::random::<64>());
        Self {
            app_key: crypto::random(),
            client: Client { id, key: crypto::random_secret(), revoked: false },
            records: Vec::new(),
            folders: Vec::new(),
            revisions: 1000,
        }
    }

    /// The configuration of a client, as the gateway's file has it.
    pub(crate) fn config(&self, host: &str, server: &SecretKey) -> Value {
        let point = |key: &SecretKey| key.public_key().to_encoded_point(false);
        json!({
            "hostname": host,
            "clientId": self.client.id,
            "privateKey": BASE64_STANDARD.encode(self.client.key.to_pkcs8_der().unwrap().as_bytes()),
            "appKey": BASE64_STANDARD.encode(self.app_key),
            "appOwnerPublicKey": BASE64_STANDARD.encode(point(&crypto::random_secret())),
            "serverPublicKeyId": "99",
            // The official clients differ in what else they would take.
            "serverPublicKey": BASE64_URL_SAFE_NO_PAD.encode(point(server)),
        })
    }

    /// Adds a record, or gives it new content as somebody else would: its revision moves.
    pub fn put_record(&mut self, uid: &str, json: &Value, editable: bool) {
        if self.records.iter().all(|record| record.uid != uid) {
            self.records.push(Record {
                uid: uid.to_owned(),
                key: crypto::random(),
                versions: Vec::new(),
                staged: None,
                editable,
                folder: None,
                files: Vec::new(),
                links: Vec::new(),
            });
        }
        self.known(uid).editable = editable;
        self.write(uid, json.to_string());
    }

    /// A record's content, and its revision.
    pub fn record(&self, uid: &str) -> (Value, i64) {
        let Version { revision, json } = self.find(uid).unwrap().version(0);
        (serde_json::from_str(json).unwrap(), *revision)
    }

    /// A record's content, to the letter as it was last written.
    pub fn text(&self, uid: &str) -> &str {
        &self.find(uid).unwrap().version(0).json
    }

    /// What awaits being finalized or rolled back.
    pub fn staged(&self, uid: &str) -> Option<Value> {
        self.find(uid).unwrap().staged.as_ref().map(|json| serde_json::from_str(json).unwrap())
    }

    /// Changes a record as somebody else would: its revision moves.
    pub fn edit(&mut self, uid: &str, edit: impl FnOnce(&mut Value)) {
        let (mut json, _) = self.record(uid);
        edit(&mut json);
        self.write(uid, json.to_string());
    }

    /// Gives a record another revision, as if others had been written in between.
    pub fn set_revision(&mut self, uid: &str, revision: i64) {
        self.known(uid).versions.last_mut().unwrap().revision = revision;
    }

    /// The UIDs of all records, in the order in which they were added.
    pub fn uids(&self) -> Vec<String> {
        self.records.iter().map(|record| record.uid.clone()).collect()
    }

    /// Shares a record with or without the right to change it.
    pub fn set_editable(&mut self, uid: &str, editable: bool) {
        self.known(uid).editable = editable;
    }

    /// Deletes a record, or ends its sharing.
    pub fn remove_record(&mut self, uid: &str) {
        self.records.retain(|record| record.uid != uid);
    }

    /// Adds a shared folder, empty.
    pub fn put_folder(&mut self, uid: &str, name: &str) {
        self.folders.push(Folder { uid: uid.to_owned(), key: crypto::random(), name: name.to_owned() });
    }

    /// Shares a record through a folder, instead of by itself.
    pub fn move_to_folder(&mut self, uid: &str, folder: &str) {
        assert!(self.folders.iter().any(|known| known.uid == folder), "there is no folder {folder}");
        self.known(uid).folder = Some(folder.to_owned());
    }

    /// Attaches a file to a record.
    pub fn attach(&mut self, uid: &str, file: &str, name: &str, content: &[u8]) {
        let meta = json!({
            "name": name,
            "title": name,
            "type": "application/octet-stream",
            "size": content.len(),
            "lastModified": 1_767_225_600_000_i64,
        });
        let file = File { uid: file.to_owned(), key: crypto::random(), meta, content: content.to_owned() };
        self.known(uid).files.push(file);
    }

    /// Links a record to another one.
    pub fn link(&mut self, uid: &str, to: &str, data: Value) {
        self.known(uid).links.push(Link { uid: to.to_owned(), data });
    }

    /// Takes the client's access away.
    pub fn revoke(&mut self) {
        self.client.revoked = true;
    }

    pub(crate) fn find(&self, uid: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.uid == uid)
    }

    pub(crate) fn find_mut(&mut self, uid: &str) -> Option<&mut Record> {
        self.records.iter_mut().find(|record| record.uid == uid)
    }

    fn known(&mut self, uid: &str) -> &mut Record {
        self.find_mut(uid).unwrap()
    }

    /// Gives a record its next version.
    pub(crate) fn write(&mut self, uid: &str, json: String) {
        // Revisions count the writes of everybody: no record's goes up by one.
        self.revisions += 3;
        let revision = self.revisions;
        self.known(uid).versions.push(Version { revision, json });
    }
}
