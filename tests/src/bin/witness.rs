//! The same as `tests/python/witness.py`, through Keeper's own client for Rust.
//!
//! A program of its own, since that client looks for its proxy and its certificates in the
//! environment: `HTTPS_PROXY` and `SSL_CERT_FILE`.

use std::process::ExitCode;

use keeper_secrets_manager_core::custom_error::KSMRError;
use keeper_secrets_manager_core::dto::payload::UpdateTransactionType;
use keeper_secrets_manager_core::{ClientOptions, InMemoryKeyValueStorage, Record, SecretsManager};
use serde_json::{Value, json};

#[expect(clippy::print_stdout, reason = "one line of JSON is what it is for")]
fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Some answers make this client panic.
    let result = std::panic::catch_unwind(|| act(&arguments));
    let (answer, code) = match result {
        Ok(Ok(answer)) => (answer, ExitCode::SUCCESS),
        Ok(Err(error)) => (complaint(&error), ExitCode::FAILURE),
        Err(_) => (json!({"error": "panic", "message": ""}), ExitCode::FAILURE),
    };
    println!("{answer}");
    code
}

fn act(arguments: &[&str]) -> Result<Value, KSMRError> {
    let config = std::fs::read_to_string(arguments[0]).unwrap();
    let storage = InMemoryKeyValueStorage::new_config_storage(Some(config))?;
    let mut client = SecretsManager::new(ClientOptions::new_client_options(storage))?;
    match arguments[1..] {
        ["list"] => Ok(client.get_secrets(Vec::new())?.into_iter().map(|record| record.uid).collect()),
        ["read", uid] => {
            let record = only(&mut client, uid)?;
            let (json, revision, editable) = (record.raw_json, record.revision, record.is_editable);
            Ok(json!({"json": json, "revision": revision, "editable": editable}))
        }
        ["file", uid, name] => {
            let mut record = only(&mut client, uid)?;
            let file = record.files.iter_mut().find(|file| file.name == name).unwrap();
            Ok(String::from_utf8(file.get_file_data()?.unwrap()).unwrap().into())
        }
        ["set", uid, label, value] => {
            let record = changed(&mut client, uid, label, value)?;
            client.update_secret(record).map(|()| json!({}))
        }
        ["stage", uid, label, value] => {
            let record = changed(&mut client, uid, label, value)?;
            client.update_secret_with_transaction(record, UpdateTransactionType::Rotation)?;
            Ok(json!({}))
        }
        ["finalize", uid] => client.complete_transaction(uid, false).map(|()| json!({})),
        ["rollback", uid] => client.complete_transaction(uid, true).map(|()| json!({})),
        _ => panic!("tests/python/witness.py tells how it is called"),
    }
}

fn only(client: &mut SecretsManager, uid: &str) -> Result<Record, KSMRError> {
    let mut records = client.get_secrets(vec![uid.to_owned()])?;
    assert_eq!(records.len(), 1, "records with the UID {uid}");
    Ok(records.remove(0))
}

/// The record with another value in the custom field of this label, which is made when it is missing.
fn changed(client: &mut SecretsManager, uid: &str, label: &str, value: &str) -> Result<Record, KSMRError> {
    let mut record = only(client, uid)?;
    // The client's own setter takes fields of that type as well, and adds a key to the record.
    let custom = record.record_dict.entry("custom".to_owned()).or_insert_with(|| json!([]));
    let custom = custom.as_array_mut().unwrap();
    match custom.iter_mut().find(|field| field["label"] == label) {
        Some(field) => field["value"] = json!([value]),
        None => custom.push(json!({"type": "text", "label": label, "value": [value]})),
    }
    Ok(record)
}

/// An error by the name of its variant, and in its own words.
fn complaint(error: &KSMRError) -> Value {
    let name: String = format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect();
    json!({"error": name, "message": error.to_string()})
}
