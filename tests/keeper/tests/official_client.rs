//! Checks with Keeper's own Rust client that the stand-in behaves as Keeper is known to.

use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use keeper_secrets_manager_core::custom_error::KSMRError;
use keeper_secrets_manager_core::dto::payload::{
    EncryptedPayload, KsmHttpResponse, QueryOptions, TransmissionKey, UpdateTransactionType,
};
use keeper_secrets_manager_core::{ClientOptions, InMemoryKeyValueStorage, Record, SecretsManager};
use pamrun_keeper_standin::{Delivery, Endpoint, Fault, Keeper, Odd, On, error_body};
use serde_json::{Value, json};

const UID: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const OTHER: &str = "BBBBBBBBBBBBBBBBBBBBBB";

/// A vault with two records, and the official client of it, without a socket between them.
struct Bench {
    keeper: Keeper,
    client: SecretsManager,
}

impl Bench {
    fn new() -> Self {
        let keeper = Keeper::new();
        keeper.put_record(UID, &content("one"), true);
        keeper.put_record(OTHER, &content("two"), true);
        let client = client_of(&keeper);
        Self { keeper, client }
    }

    fn get(&mut self, uids: &[&str]) -> Vec<Record> {
        self.client.get_secrets(uids.iter().map(|&uid| uid.to_owned()).collect()).unwrap()
    }

    fn only(&mut self, uid: &str) -> Record {
        let mut records = self.get(&[uid]);
        assert_eq!(records.len(), 1);
        records.remove(0)
    }

    /// The record with another value in its first custom field.
    fn changed(&mut self, value: &str) -> Record {
        let mut record = self.only(UID);
        record.record_dict.get_mut("custom").unwrap()[0]["value"] = json!([value]);
        record
    }

    fn update(&mut self, value: &str) -> Result<(), KSMRError> {
        let record = self.changed(value);
        self.client.update_secret(record)
    }

    /// The first custom field's value, as the server has it.
    fn stored(&self) -> String {
        stored_in(&self.keeper.record(UID).0)
    }
}

fn stored_in(json: &Value) -> String {
    json["custom"][0]["value"][0].as_str().unwrap().to_owned()
}

fn content(value: &str) -> Value {
    let text = format!(
        r#"{{"title":"Löhne €","type":"pamUser","fields":[],"custom":[{{"type":"text","label":"it","value":["{value}"]}}],
            "x-unknown":{{"number":1.50e+3,"deep":[null,true]}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn client_of(keeper: &Keeper) -> SecretsManager {
    // The other provider takes 35 ms for its first random number. A second call finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let storage = InMemoryKeyValueStorage::new_config_storage(Some(keeper.config())).unwrap();
    let mut options = ClientOptions::new_client_options(storage);
    let keeper = keeper.clone();
    options.set_custom_post_function(move |url, key, payload| carry(&keeper, &url, &key, &payload));
    let mut client = SecretsManager::new(options).unwrap();
    client.set_custom_sleep_function(|_| {});
    client
}

/// What a transport does, without one.
fn carry(
    keeper: &Keeper,
    url: &str,
    key: &TransmissionKey,
    payload: &EncryptedPayload,
) -> Result<KsmHttpResponse, KSMRError> {
    use base64::Engine;
    let encode = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let header = |text: String| HeaderValue::from_str(&text).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("PublicKeyId", header(key.public_key_id.clone()));
    headers.insert("TransmissionKey", header(encode(&key.encrypted_key)));
    let signature = encode(payload.signature.as_bytes());
    headers.insert(AUTHORIZATION, header(format!("Signature {signature}")));
    let endpoint = url.strip_prefix("https://fake.keeper.test/api/rest/sm/v1/").unwrap();
    let reply = keeper.handle(endpoint, &headers, &payload.encrypted_payload);
    std::thread::sleep(reply.delay);
    if reply.delivery != Delivery::Whole {
        return Err(KSMRError::HTTPError("the connection broke".to_owned()));
    }
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    Ok(KsmHttpResponse::new(reply.status, reply.body, text))
}

#[track_caller]
fn says<T>(result: Result<T, KSMRError>, text: &str) {
    let error = result.err().expect("an error").to_string();
    assert!(error.contains(text), "{error}");
}

fn panics(act: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).is_err()
}

// Reading.

#[test]
fn records_come_as_they_were_put_the_text_of_numbers_included() {
    let mut bench = Bench::new();
    let record = bench.only(UID);
    let (json, revision) = bench.keeper.record(UID);
    assert_eq!(serde_json::from_str::<Value>(&record.raw_json).unwrap(), json);
    assert!(record.raw_json.contains("1.50e+3"), "{}", record.raw_json);
    assert_eq!((record.revision, record.is_editable), (Some(revision), true));
    bench.keeper.vault().set_editable(UID, false);
    assert!(!bench.only(UID).is_editable);
    assert_eq!(bench.keeper.violations(), Vec::<String>::new());
}

#[test]
fn a_filter_leaves_the_others_out_and_an_unknown_uid_is_no_error() {
    let mut bench = Bench::new();
    assert_eq!(bench.get(&[]).len(), 2);
    assert_eq!(bench.get(&[OTHER, "CCCCCCCCCCCCCCCCCCCCCC"]).len(), 1);
    let requests = bench.keeper.requests();
    assert_eq!(requests[0].payload["requestedRecords"], Value::Null);
    assert_eq!(requests[1].payload["requestedRecords"][0], OTHER);
    assert_eq!((requests[1].endpoint, requests[1].status), (Endpoint::GetSecret, Some(200)));
    bench.keeper.remove_record(OTHER);
    assert_eq!(bench.get(&[]).len(), 1);
}

#[test]
fn a_record_shared_through_a_folder_can_be_read_and_saved_just_as_well() {
    let mut bench = Bench::new();
    bench.keeper.vault().put_folder("FFFFFFFFFFFFFFFFFFFFFF", "Ordner – eins");
    bench.keeper.vault().move_to_folder(UID, "FFFFFFFFFFFFFFFFFFFFFF");
    assert_eq!(bench.get(&[]).len(), 2);
    assert_eq!(bench.only(UID).folder_uid, "FFFFFFFFFFFFFFFFFFFFFF");
    bench.update("new").unwrap();
    assert_eq!(bench.stored(), "new");
    let folders = bench.client.get_folders().unwrap();
    assert_eq!((folders.len(), folders[0].name.as_str()), (1, "Ordner – eins"));
}

#[test]
fn files_and_links_come_with_their_record() {
    let mut bench = Bench::new();
    bench.keeper.vault().attach(UID, "DDDDDDDDDDDDDDDDDDDDDD", "a.txt", b"content");
    bench.keeper.vault().link(UID, OTHER, json!({"is_admin": true}));
    let query = QueryOptions::with_links(vec![UID.to_owned()], Vec::new(), true);
    let record = bench.client.get_secrets_with_options(query).unwrap().remove(0);
    let file = &record.files[0];
    assert_eq!(file.name, "a.txt");
    assert!(file.get_url().unwrap().ends_with(&file.uid));
    assert_ne!(bench.keeper.file(&file.uid).unwrap(), b"content");
    let links = record.get_links();
    assert!(links[0].record_uid == OTHER && links[0].is_admin_user());
    assert!(bench.only(UID).links.is_empty());
}

// Saving.

#[test]
fn a_save_moves_the_revision_and_keeps_what_nobody_here_knows() {
    let mut bench = Bench::new();
    let (_, before) = bench.keeper.record(UID);
    bench.update("new").unwrap();
    let (json, after) = bench.keeper.record(UID);
    assert!(after > before + 1);
    assert_eq!(json["custom"][0]["value"], json!(["new"]));
    assert_eq!(json["x-unknown"], content("one")["x-unknown"]);
    assert!(bench.keeper.vault().text(UID).contains("1.50e+3"));
    assert_eq!(stored_in(bench.keeper.requests()[1].proposed.as_ref().unwrap()), "new");
}

#[test]
fn a_stale_revision_is_refused_and_nothing_is_done() {
    let mut bench = Bench::new();
    let record = bench.changed("ours");
    bench.keeper.edit(UID, |json| json["custom"][0]["value"] = json!(["theirs"]));
    says(bench.client.update_secret(record), "out_of_sync");
    assert_eq!(bench.stored(), "theirs");
}

#[test]
fn a_read_only_record_and_a_vanished_one_cannot_be_saved() {
    let mut bench = Bench::new();
    let record = bench.changed("new");
    bench.keeper.vault().set_editable(UID, false);
    says(bench.client.update_secret(record.clone()), "access_denied");
    bench.keeper.remove_record(UID);
    says(bench.client.update_secret(record), "access_denied");
}

#[test]
fn a_staged_update_shows_once_it_is_finalized_or_never() {
    let mut bench = Bench::new();
    for (value, rollback, left) in [("kept", false, "kept"), ("dropped", true, "kept")] {
        let record = bench.changed(value);
        bench.client.update_secret_with_transaction(record, UpdateTransactionType::Rotation).unwrap();
        assert_ne!(bench.stored(), value);
        assert_eq!(stored_in(&bench.keeper.vault().staged(UID).unwrap()), value);
        bench.client.complete_transaction(UID, rollback).unwrap();
        assert_eq!((bench.stored().as_str(), bench.keeper.vault().staged(UID)), (left, None));
    }
    says(bench.client.complete_transaction(UID, false), "bad_request");
}

#[test]
fn a_client_that_is_not_known_is_denied() {
    let mut bench = Bench::new();
    let mut stranger = Keeper::new().config().parse::<Value>().unwrap();
    let known: Value = bench.keeper.config().parse().unwrap();
    stranger["serverPublicKey"] = known["serverPublicKey"].clone();
    let denied = |config: &Value| {
        let storage = InMemoryKeyValueStorage::new_config_storage(Some(config.to_string())).unwrap();
        let mut options = ClientOptions::new_client_options(storage);
        let keeper = bench.keeper.clone();
        options.set_custom_post_function(move |url, key, payload| carry(&keeper, &url, &key, &payload));
        says(SecretsManager::new(options).unwrap().get_secrets(Vec::new()), "access_denied");
    };
    denied(&stranger);
    stranger["clientId"] = known["clientId"].clone();
    denied(&stranger);
    bench.keeper.vault().revoke();
    says(bench.client.get_secrets(Vec::new()), "access_denied");
}

// Trouble.

#[test]
fn a_fault_meets_the_request_it_is_meant_for_and_no_other() {
    let mut bench = Bench::new();
    bench.keeper.fault(On::get().nth(2), Fault::Status(403, error_body("some_code", "some text")));
    bench.get(&[]);
    says(bench.client.get_secrets(Vec::new()), "some_code, message=some text");
    bench.get(&[]);
    bench.keeper.fault(On::any(), Fault::Status(502, "<html>Bad gateway</html>".to_owned()));
    says(bench.client.get_secrets(Vec::new()), "Invalid JSON response");
    let seen: Vec<_> = bench.keeper.requests().iter().map(|seen| seen.status).collect();
    assert_eq!(seen, [200, 403, 200, 502].map(Some));
}

#[test]
fn throttling_and_a_new_key_are_told_so_that_the_client_tries_again() {
    let mut bench = Bench::new();
    bench.keeper.fault(On::get().first(2), Fault::Throttle(Some(1)));
    bench.keeper.fault(On::get().nth(3), Fault::KeyRotation(7));
    assert_eq!(bench.get(&[]).len(), 2);
    assert_eq!(bench.keeper.count(Endpoint::GetSecret), 4);
    bench.keeper.fault(On::get().always(), Fault::Throttle(None));
    says(bench.client.get_secrets(Vec::new()), "throttled");
}

#[test]
fn an_update_is_done_or_not_whatever_the_client_hears() {
    let faults = [
        (Fault::DropBeforeApply, false),
        (Fault::Status(503, error_body("unavailable", "later")), false),
        (Fault::ApplyThenDrop, true),
        (Fault::ApplyThenStatus(500), true),
        (Fault::CutInTheMiddle, true),
        (Fault::Odd(Odd::Garbage), true),
    ];
    for (fault, done) in faults {
        let mut bench = Bench::new();
        bench.keeper.fault(On::update(), fault.clone());
        assert!(bench.update("new").is_err(), "{fault:?}");
        assert_eq!(bench.stored() == "new", done, "{fault:?}");
    }
}

#[test]
fn a_slow_answer_is_done_at_once_and_a_late_write_in_its_time() {
    let mut bench = Bench::new();
    let time = Duration::from_millis(60);
    bench.keeper.fault(On::update(), Fault::Delay(time));
    let began = Instant::now();
    bench.update("slow").unwrap();
    assert!(began.elapsed() >= time);
    bench.keeper.fault(On::update(), Fault::LandLate(time));
    says(bench.update("late"), "broke");
    std::thread::sleep(time);
    assert_eq!(bench.stored(), "late");
}

#[test]
fn a_late_write_lands_unless_another_one_came_first() {
    let hour = Duration::from_hours(1);
    for (in_between, stored) in [(None, "late"), (Some("in between"), "in between")] {
        let mut bench = Bench::new();
        bench.keeper.fault(On::update(), Fault::LandLate(hour));
        says(bench.update("late"), "broke");
        assert_eq!(bench.stored(), "one");
        if let Some(value) = in_between {
            bench.update(value).unwrap();
        }
        bench.keeper.land_late_writes();
        assert_eq!(bench.stored(), stored);
    }
}

#[test]
fn reads_can_lag_and_a_foreign_writer_can_come_first() {
    let mut bench = Bench::new();
    bench.update("two").unwrap();
    bench.update("three").unwrap();
    for (behind, value) in [(1, "two"), (2, "one"), (9, "one"), (0, "three")] {
        bench.keeper.fault(On::get(), Fault::Stale(behind));
        let record = bench.only(UID);
        assert_eq!(record.record_dict["custom"][0]["value"][0], value);
    }
    let edit = |json: &mut Value| json["custom"][0]["value"] = json!(["theirs"]);
    bench.keeper.before(On::update(), move |vault| vault.edit(UID, edit));
    says(bench.update("ours"), "out_of_sync");
    assert_eq!(bench.stored(), "theirs");
}

#[test]
fn the_odd_answers_make_the_client_panic_or_give_up() {
    for odd in [Odd::Empty, Odd::NoRecords, Odd::NullExpiry, Odd::PaddedAppData] {
        let mut bench = Bench::new();
        bench.keeper.fault(On::get(), Fault::Odd(odd));
        assert!(panics(|| drop(bench.client.get_secrets(Vec::new()))), "{odd:?}");
        assert_eq!(bench.get(&[]).len(), 2);
    }
    let mut bench = Bench::new();
    bench.keeper.fault(On::get(), Fault::Odd(Odd::Garbage));
    says(bench.client.get_secrets(Vec::new()), "aead");
    bench.keeper.put_record(UID, &json!("no object"), true);
    assert!(panics(|| drop(bench.client.get_secrets(Vec::new()))));
}
