//! Keeper's client, and what it cannot be left to do. Everything here blocks, and runs on a thread
//! of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use keeper_secrets_manager_core::config_keys::ConfigKeys;
use keeper_secrets_manager_core::core::{ClientOptions, SecretsManager};
use keeper_secrets_manager_core::crypto::CryptoUtils;
use keeper_secrets_manager_core::dto::dtos::Record as KeeperRecord;
use keeper_secrets_manager_core::dto::{EncryptedPayload, KsmHttpResponse, TransmissionKey, UpdatePayload};
use keeper_secrets_manager_core::keeper_globals::KEEPER_SECRETS_MANAGER_SDK_CLIENT_ID;
use keeper_secrets_manager_core::{KSMRError, KeyValueStorage, KvStoreType};
use zeroize::Zeroizing;

use super::KsmConfig;
use super::error::KsmError;
use super::wire::{Wire, host};
use crate::model::{Attachment, Record, RecordUid, SharedRecord, Update, wipe};
use crate::secret::SecretBytes;
use crate::vault::update::apply;

/// Reads and saves records.
pub(super) struct Client {
    wire: Arc<Wire>,
    manager: SecretsManager,
    known: HashMap<RecordUid, Known>,
    files: HashMap<String, SealedFile>,
}

/// What a save needs of a record besides its JSON.
struct Known {
    key: Zeroizing<Vec<u8>>,
    editable: bool,
}

/// Where the content of an attached file is, and its key.
struct SealedFile {
    url: String,
    key: Zeroizing<Vec<u8>>,
}

impl Client {
    /// Sets Keeper's client up. Nothing is sent.
    pub(super) fn new(config: &KsmConfig, wire: &Arc<Wire>) -> Result<Self, KsmError> {
        Ok(Self {
            manager: manager(config, wire)?,
            wire: Arc::clone(wire),
            known: HashMap::new(),
            files: HashMap::new(),
        })
    }

    /// Begins a call that must end by then.
    pub(super) fn begin(&self, ends: Instant) {
        self.wire.begin(ends);
    }

    /// Reads records in one request, and returns those that there are, in the order asked for.
    pub(super) fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, KsmError> {
        // To Keeper's client, nobody in particular is everybody.
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.find(uids)?;
        // A record that is shared twice comes twice.
        let mut records: HashMap<RecordUid, Record> =
            found.into_iter().filter_map(|record| self.take(record)).map(|r| (r.uid.clone(), r)).collect();
        Ok(uids.iter().filter_map(|uid| records.remove(uid)).collect())
    }

    /// Reads records with what is attached to them: these, or all that are shared with us.
    pub(super) fn read(&mut self, uids: Option<&[RecordUid]>) -> Result<Vec<SharedRecord>, KsmError> {
        let found = match uids {
            Some([]) => Vec::new(),
            uids => self.find(uids.unwrap_or_default())?,
        };
        let mut shared: Vec<SharedRecord> = Vec::with_capacity(found.len());
        for mut record in found {
            let attachments = self.take_files(&mut record);
            // A record that is shared twice comes twice.
            if let Some(record) = self.take(record)
                && shared.iter().all(|known| known.record.uid != record.uid)
            {
                shared.push(SharedRecord { record, attachments });
            }
        }
        Ok(shared)
    }

    /// Fetches the content of a file of a record that was read.
    pub(super) fn fetch(&mut self, uid: &str) -> Result<SecretBytes, KsmError> {
        let file = self.files.get(uid).ok_or_else(|| KsmError::NoFile { uid: uid.to_owned() })?;
        let sealed = self.wire.fetch(&file.url)?;
        let content = CryptoUtils::decrypt_aes(&sealed, &file.key);
        let unreadable = |_| KsmError::FileUnreadable { host: host(&file.url).to_owned() };
        Ok(SecretBytes::new(content.map_err(unreadable)?))
    }

    /// Has Keeper's client read records; without UIDs, everybody.
    fn find(&mut self, uids: &[RecordUid]) -> Result<Vec<KeeperRecord>, KsmError> {
        // The plain `get_secrets` merges a record's file fields into one, which a save would keep.
        let found = self.manager.get_secrets_full_response(uids.to_vec());
        Ok(found.map_err(|_| self.wire.trouble().unwrap_or_else(|| self.unreadable()))?.records)
    }

    /// Takes over what is known of a record's files. One whose key does not fit cannot be fetched.
    fn take_files(&mut self, record: &mut KeeperRecord) -> Vec<Attachment> {
        let files = std::mem::take(&mut record.files).into_iter();
        files
            .map(|file| {
                if let (Ok(key), Ok(url)) = (file.decrypt_file_key(), file.get_url()) {
                    self.files.insert(file.uid.clone(), SealedFile { url, key: Zeroizing::new(key) });
                }
                Attachment { uid: file.uid, name: file.name, title: file.title }
            })
            .collect()
    }

    /// Takes a record over. Its JSON is the text as it was decrypted, with the order of its keys.
    fn take(&mut self, mut record: KeeperRecord) -> Option<Record> {
        let text = Zeroizing::new(std::mem::take(&mut record.raw_json));
        record.record_dict.values_mut().for_each(wipe);
        let json = serde_json::from_str(&text).ok()?;
        let (uid, editable) = (record.uid, record.is_editable);
        self.known.insert(uid.clone(), Known { key: Zeroizing::new(record.record_key_bytes), editable });
        Some(Record { uid, revision: record.revision, editable, json })
    }

    /// Saves a record with updates in it at its revision.
    pub(super) fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), KsmError> {
        let uid = &record.uid;
        let revision = record.revision.ok_or_else(|| KsmError::Stale { code: "no revision".to_owned() })?;
        if !self.known.contains_key(uid) {
            self.get(std::slice::from_ref(uid))?;
        }
        let Some(known) = self.known.get(uid) else { return Err(KsmError::NoRecord { uid: uid.clone() }) };
        if !known.editable {
            return Err(KsmError::NotEditable { uid: uid.clone() });
        }
        let mut edited = record.clone();
        apply(&mut edited.json, updates).map_err(|source| KsmError::Update { uid: uid.clone(), source })?;
        let data = seal_record(&edited, &known.key).map_err(|_| set_up("its keys do not fit"))?;
        match self.update(uid, revision, data) {
            // Perhaps a conflict, in words that we do not know.
            Err(error @ (KsmError::Refused { .. } | KsmError::Denied { .. })) => {
                let now = self.get(std::slice::from_ref(uid)).unwrap_or_default();
                let has_moved = now.first().is_some_and(|now| now.revision != record.revision);
                Err(if has_moved { KsmError::Stale { code: error.to_string() } } else { error })
            }
            other => other,
        }
    }

    /// Sends a save, sealed with the key that Keeper asks for.
    ///
    /// Keeper's client has a function for it, which we cannot use: it drops a record's empty file
    /// fields and the labels of others, and shuffles the keys of what it saves.
    fn update(&mut self, uid: &str, revision: i64, data: String) -> Result<(), KsmError> {
        let url = self.wire.endpoint("update_secret");
        let mut store = self.manager.config.clone();
        let client_id = stored(&store, ConfigKeys::KeyClientId).unwrap_or_default();
        let version = KEEPER_SECRETS_MANAGER_SDK_CLIENT_ID.clone();
        let payload = UpdatePayload::new(version, client_id, uid.to_owned(), revision, data);
        loop {
            let (key, sealed) = seal(&store, &payload).map_err(|_| set_up("its keys do not fit"))?;
            match self.wire.send(&url, &key, &sealed) {
                Ok(body) if body.is_empty() || CryptoUtils::decrypt_aes(&body, &key.key).is_ok() => {
                    return Ok(());
                }
                Ok(_) => return Err(self.unreadable()),
                Err(KsmError::WrongKey { asked: Some(id) }) => {
                    // Sealed with a key that there is not, it ends with an error above.
                    let _ = store.set(ConfigKeys::KeyServerPublicKeyId, id);
                }
                Err(KsmError::OutOfTime) => return Err(self.wire.trouble().unwrap_or(KsmError::OutOfTime)),
                Err(error) => return Err(error),
            }
        }
    }

    fn unreadable(&self) -> KsmError {
        KsmError::Unreadable { host: self.wire.host() }
    }
}

/// Makes Keeper's client, on our configuration and our way to the network.
fn manager(config: &KsmConfig, wire: &Arc<Wire>) -> Result<SecretsManager, KsmError> {
    // Before its HTTP client is made, which would take aws-lc-rs: the first random number of that
    // measures the processor's jitter for 35 ms. When somebody has been here before, all is well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = config.store().map_err(|_| set_up("its configuration is not accepted"))?;
    let mut options = ClientOptions::new_client_options(store);
    // Its own HTTP client is made in any case, and would fail where the machine trusts nobody
    // (slim containers, with `--ca-file`), unless it need not trust anybody. It sends nothing: all
    // requests go through the function below, which trusts only whom it should.
    options.insecure_skip_verify = Some(true);
    let carrier = Arc::clone(wire);
    options.set_custom_post_function(move |url, key, payload| match carrier.exchange(&url, &key, &payload) {
        // What it would repeat by itself would multiply what we repeat.
        Ok(answer) if matches!(carrier.trouble(), Some(KsmError::Throttled { .. })) => {
            Err(KSMRError::HTTPError(format!("status {}", answer.status)))
        }
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            Ok(KsmHttpResponse::new(answer.status, answer.body, text))
        }
        // Ends whatever it was about to repeat. The wire remembers why.
        Err(_) => Err(KSMRError::HTTPError("not sent".to_owned())),
    });
    SecretsManager::new(options).map_err(|_| set_up("does KSM_SKIP_VERIFY stand in the environment?"))
}

fn set_up(why: &str) -> KsmError {
    KsmError::Setup { why: why.to_owned() }
}

fn stored(store: &KvStoreType, key: ConfigKeys) -> Option<String> {
    store.get(key).ok().flatten()
}

/// Encrypts a record's JSON with the record's own key.
fn seal_record(record: &Record, key: &[u8]) -> Result<String, KSMRError> {
    let json = serde_json::to_vec(&record.json).map_err(|_| KSMRError::SerializationError(String::new()))?;
    let json = Zeroizing::new(json);
    Ok(CryptoUtils::bytes_to_url_safe_str(&CryptoUtils::encrypt_aes_gcm(&json, key, None)?))
}

/// Encrypts a request with a key of its own, which is encrypted for Keeper, and signs it.
fn seal(
    store: &KvStoreType,
    payload: &UpdatePayload,
) -> Result<(TransmissionKey, EncryptedPayload), KSMRError> {
    let missing = || KSMRError::StorageError(String::new());
    let key_id = stored(store, ConfigKeys::KeyServerPublicKeyId).ok_or_else(missing)?;
    let own_key = stored(store, ConfigKeys::KeyServerPublicKey);
    let key = SecretsManager::generate_transmission_key(&key_id, own_key.as_deref())?;
    let body = CryptoUtils::encrypt_aes_gcm(payload.to_json()?.as_bytes(), &key.key, None)?;
    let private_key = Zeroizing::new(stored(store, ConfigKeys::KeyPrivateKey).ok_or_else(missing)?);
    let private_key = CryptoUtils::der_base64_private_key_to_private_key(&private_key)?;
    let signature = CryptoUtils::sign_data(&[&key.encrypted_key[..], &body].concat(), private_key)?;
    Ok((key, EncryptedPayload::new(body, signature)))
}
