//! The vault against a stand-in for Keeper, without sockets, and each trap of Keeper's client.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderName};
use pamrun_keeper_standin::{Delivery, Endpoint, Fault, Keeper, Odd, On, error_body};
use serde_json::{Value, json};

use super::wire::{Answer, Post, Sealed};
use super::{KsmConfig, KsmError, KsmVault};
use crate::limits::Limits;
use crate::model::{Place, Record, Update};
use crate::rotation::{GetError, Outage, SaveError, Vault};
use crate::secret::Secret;
use crate::units::parse_retry_after;
use crate::vault::Reader;
use crate::vault::contract::{Bench, record_json, vault_contract};

const UID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

impl Post for Keeper {
    fn post(&self, request: Sealed, timeout: Duration) -> Result<Answer, KsmError> {
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let reply = self.handle(request.url.rsplit('/').next().unwrap(), &headers, &request.body);
        thread::sleep(reply.delay.min(timeout));
        let retry_after = reply.retry_after.and_then(|text| parse_retry_after(&text, SystemTime::now()));
        if reply.delivery == Delivery::Whole && reply.delay < timeout {
            return Ok(Answer { status: reply.status, retry_after, body: reply.body });
        }
        Err(KsmError::Lost { host: "keeper".to_owned(), why: "the connection broke".to_owned() })
    }

    fn get(&self, url: &str, _timeout: Duration) -> Result<Answer, KsmError> {
        let content = self.file(url.rsplit('/').next().unwrap());
        let status = if content.is_some() { 200 } else { 404 };
        Ok(Answer { status, retry_after: None, body: content.unwrap_or_default() })
    }
}

impl Bench for Keeper {
    fn vault(&self) -> Box<dyn Vault> {
        Box::new(vault(self))
    }

    fn put(&self, uid: &str, record: Value, editable: bool) {
        self.put_record(uid, &record, editable);
    }

    fn stored(&self, uid: &str) -> Value {
        self.record(uid).0
    }
}

vault_contract!(Keeper::new());

fn vault(keeper: &Keeper) -> KsmVault {
    vault_within(keeper, &Limits::default())
}

fn vault_within(keeper: &Keeper, limits: &Limits) -> KsmVault {
    let config = KsmConfig::parse(&Secret::new(keeper.config())).unwrap();
    let post = keeper.clone();
    KsmVault::over(config, limits, Vec::new(), || Ok(Box::new(post)))
}

/// A server with one record.
fn keeper() -> Keeper {
    let keeper = Keeper::new();
    keeper.put_record(UID, &record_json(), true);
    keeper
}

async fn get(vault: &mut KsmVault) -> Result<Record, GetError> {
    Ok(vault.get(&[UID.to_owned()]).await?.remove(0))
}

fn secret(value: &str) -> Update {
    let values = vec![Secret::new(value)];
    Update { label: "client_secret".into(), place: Place::Custom, kind: "secret".into(), values }
}

/// What a save comes to when Keeper's answer to it goes wrong like that.
async fn save_with(keeper: &Keeper, fault: Fault) -> Result<(), SaveError> {
    let mut vault = vault(keeper);
    let record = get(&mut vault).await.unwrap();
    keeper.fault(On::update(), fault);
    vault.save(&record, &[secret("new")]).await
}

fn value(keeper: &Keeper) -> Value {
    keeper.record(UID).0["custom"][1]["value"][0].clone()
}

#[tokio::test]
async fn a_rotation_costs_one_get_one_save_and_one_read_back() {
    let keeper = keeper();
    keeper.put_record("BBBBBBBBBBBBBBBBBBBBBB", &record_json(), false);
    let mut vault = vault(&keeper);
    let records = vault.get(&[UID.to_owned(), "BBBBBBBBBBBBBBBBBBBBBB".to_owned()]).await.unwrap();
    vault.save(&records[0], &[secret("new")]).await.unwrap();
    get(&mut vault).await.unwrap();
    let asked: Vec<_> = keeper.requests().iter().map(|request| request.endpoint).collect();
    assert_eq!(asked, [Endpoint::GetSecret, Endpoint::UpdateSecret, Endpoint::GetSecret]);
    assert_eq!(keeper.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn nobody_in_particular_is_not_everybody() {
    let keeper = keeper();
    assert_eq!(vault(&keeper).get(&[]).await.unwrap().len(), 0);
    assert_eq!(keeper.requests(), []);
}

#[tokio::test]
async fn a_record_that_another_vault_read_can_be_saved() {
    let keeper = keeper();
    let record = get(&mut vault(&keeper)).await.unwrap();
    vault(&keeper).save(&record, &[secret("new")]).await.unwrap();
    assert_eq!(value(&keeper), "new");
}

#[tokio::test]
async fn a_record_that_is_shared_through_a_folder_is_read_and_saved() {
    let keeper = keeper();
    keeper.vault().put_folder("FFFFFFFFFFFFFFFFFFFFFF", "Shared");
    keeper.vault().move_to_folder(UID, "FFFFFFFFFFFFFFFFFFFFFF");
    let mut vault = vault(&keeper);
    let record = get(&mut vault).await.unwrap();
    vault.save(&record, &[secret("new")]).await.unwrap();
    assert_eq!(value(&keeper), "new");
}

/// Keeper's client, left to save by itself, adds `record_type`, nests lists, shuffles keys, drops
/// empty file fields and merges the others into one without its label.
#[tokio::test]
async fn a_save_changes_the_value_and_not_one_letter_besides() {
    let keeper = keeper();
    let files = json!([
        {"type": "fileRef", "value": []},
        {"type": "fileRef", "label": "rotationScripts", "value": ["GGGGGGGGGGGGGGGGGGGGGG"], "required": false},
    ]);
    keeper.edit(UID, |record| record["fields"] = files);
    keeper.edit(UID, |record| record["title"] = " Zoë/[1] ".into());
    let before = keeper.vault().text(UID).to_owned();
    let mut vault = vault(&keeper);
    let record = get(&mut vault).await.unwrap();
    vault.save(&record, &[secret("new")]).await.unwrap();
    assert_eq!(keeper.vault().text(UID), before.replace("[\"old\"]", "[\"new\"]"));
}

#[tokio::test]
async fn an_answer_that_makes_keepers_client_panic_is_an_error_and_the_next_one_is_read() {
    for odd in [Odd::Empty, Odd::NoRecords, Odd::NullExpiry, Odd::PaddedAppData] {
        let keeper = keeper();
        let mut vault = vault(&keeper);
        keeper.fault(On::get(), Fault::Odd(odd));
        assert_eq!(get(&mut vault).await.unwrap_err().code, "vault-client-panic", "{odd:?}");
        assert!(get(&mut vault).await.is_ok(), "{odd:?}");
    }
}

#[tokio::test]
async fn an_answer_for_another_device_is_told_from_one_that_is_lost() {
    let keeper = keeper();
    keeper.fault(On::get(), Fault::Odd(Odd::Garbage));
    assert_eq!(get(&mut vault(&keeper)).await.unwrap_err().code, "vault-answer-unreadable");

    let mut config: Value = serde_json::from_str(&keeper.config()).unwrap();
    config["appKey"] = serde_json::from_str::<Value>(&Keeper::new().config()).unwrap()["appKey"].clone();
    let config = KsmConfig::parse(&Secret::new(config.to_string())).unwrap();
    let post = keeper.clone();
    let mut vault = KsmVault::over(config, &Limits::default(), Vec::new(), || Ok(Box::new(post)));
    assert_eq!(get(&mut vault).await.unwrap_err().code, "vault-answer-unreadable");
}

#[tokio::test]
async fn a_key_that_is_never_right_is_not_asked_for_for_ever() {
    let keeper = keeper();
    let mut vault = vault(&keeper);
    let record = get(&mut vault).await.unwrap();
    keeper.fault(On::any().always(), Fault::KeyRotation(10));
    let error = get(&mut vault).await.unwrap_err();
    assert_eq!(error.code, "vault-key");
    assert!(error.message.ends_with("and asks for 10"), "{}", error.message);
    let refused = vault.save(&record, &[secret("new")]).await.unwrap_err();
    assert!(matches!(refused, SaveError::Refused { code: "vault-key", .. }), "{refused:?}");
    assert_eq!(keeper.requests().len(), 1 + 8 + 8);
}

/// Keeper's client would repeat it five times by itself, and the engine repeats what that gave up.
#[tokio::test]
async fn n14_a_throttled_call_sends_one_request_and_tells_how_long_to_wait() {
    let later = |status, text: Option<&str>| Fault::Later(status, text.map(str::to_owned));
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_hours(1));
    for (fault, from, to) in [
        (Fault::Throttle(Some(7)), 7000, 7000),
        (Fault::Throttle(None), 11_000, 11_000),
        (Fault::Throttle(Some(0)), 11_000, 11_000),
        (later(429, None), 11_000, 11_000),
        (later(429, Some("7")), 7000, 7000),
        (later(429, Some("1.5")), 1500, 1500),
        (later(429, Some("soon")), 11_000, 11_000),
        (later(429, Some(&date)), 3_590_000, 3_600_000),
    ] {
        let keeper = keeper();
        let mut vault = vault(&keeper);
        let record = get(&mut vault).await.unwrap();
        let is_asked = |outage: Outage| {
            let asked = outage.asked.unwrap().as_millis();
            assert!((from..=to).contains(&asked), "{fault:?}: {asked}");
        };
        keeper.fault(On::get(), fault.clone());
        let error = get(&mut vault).await.unwrap_err();
        assert_eq!(error.code, "vault-throttled", "{fault:?}");
        is_asked(error.outage.unwrap());
        keeper.fault(On::update(), fault.clone());
        match vault.save(&record, &[secret("new")]).await {
            Err(SaveError::Unavailable { code: "vault-throttled", outage, .. }) => is_asked(outage),
            other => panic!("{fault:?}: {other:?}"),
        }
        assert_eq!((keeper.count(Endpoint::GetSecret), keeper.count(Endpoint::UpdateSecret)), (2, 1));
        // It was not applied, and may be repeated at the same revision.
        vault.save(&record, &[secret("new")]).await.unwrap();
        assert_eq!(value(&keeper), "new");
    }
}

#[tokio::test]
async fn n14_a_vault_that_is_out_of_order_may_say_how_long() {
    let keeper = keeper();
    let mut vault = vault(&keeper);
    let record = get(&mut vault).await.unwrap();
    keeper.fault(On::any().first(2), Fault::Later(503, Some("2.5".to_owned())));
    let expected = Outage { asked: Some(Duration::from_millis(2500)) };
    assert_eq!(get(&mut vault).await.unwrap_err().outage, Some(expected));
    let saved = vault.save(&record, &[secret("new")]).await;
    assert!(matches!(saved, Err(SaveError::Unclear { outage, .. }) if outage == expected), "{saved:?}");
}

#[tokio::test]
async fn n14_who_only_reads_waits_while_keeper_is_busy_and_no_longer_than_there_is_time() {
    let keeper = keeper();
    for fault in [Fault::Throttle(Some(1)), Fault::Later(429, Some("0.5".to_owned())), Fault::DropBeforeApply]
    {
        keeper.fault(On::get(), fault);
        let began = Instant::now();
        assert_eq!(vault(&keeper).read(None).await.unwrap().len(), 1);
        assert!(began.elapsed() >= Duration::from_millis(900));
    }
    let requests = keeper.count(Endpoint::GetSecret);
    keeper.fault(On::get(), Fault::Throttle(Some(60)));
    let limits = Limits { timeout: Duration::from_secs(20), reserve: Duration::ZERO, ..Limits::default() };
    assert_eq!(vault_within(&keeper, &limits).read(None).await.unwrap_err().code, "vault-throttled");
    assert_eq!(keeper.count(Endpoint::GetSecret), requests + 1);
}

#[tokio::test]
async fn a_call_within_the_reserve_gets_what_is_left() {
    let keeper = keeper();
    let limits =
        Limits { timeout: Duration::from_mins(1), reserve: Duration::from_mins(1), ..Limits::default() };
    assert!(get(&mut vault_within(&keeper, &limits)).await.is_ok());
}

/// A way to Keeper that knows no time.
struct Hung;

impl Post for Hung {
    fn post(&self, _: Sealed, _: Duration) -> Result<Answer, KsmError> {
        thread::sleep(Duration::from_mins(1));
        Err(KsmError::OutOfTime)
    }

    fn get(&self, _: &str, _: Duration) -> Result<Answer, KsmError> {
        Err(KsmError::OutOfTime)
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up_and_its_save_unclear() {
    let keeper = keeper();
    let record = get(&mut vault(&keeper)).await.unwrap();
    let config = KsmConfig::parse(&Secret::new(keeper.config())).unwrap();
    let limits = Limits { timeout: Duration::from_secs(1), reserve: Duration::ZERO, ..Limits::default() };
    let hung = || KsmVault::over(config.clone(), &limits, Vec::new(), || Ok(Box::new(Hung)));
    assert_eq!(get(&mut hung()).await.unwrap_err().code, "vault-timeout");
    let saved = hung().save(&record, &[secret("new")]).await;
    assert!(matches!(saved, Err(SaveError::Unclear { .. })), "{saved:?}");
}

#[tokio::test]
async fn a_get_without_an_answer_is_an_outage_and_one_that_is_refused_is_none() {
    for (fault, is_outage) in [
        (Fault::DropBeforeApply, true),
        (Fault::Status(502, "<html>bad gateway</html>".to_owned()), true),
        (Fault::Status(403, error_body("access_denied", "no")), false),
        (Fault::Odd(Odd::Garbage), false),
    ] {
        let keeper = keeper();
        keeper.fault(On::get(), fault.clone());
        let outage = get(&mut vault(&keeper)).await.unwrap_err().outage;
        assert_eq!(outage, is_outage.then(Outage::default), "{fault:?}");
        assert_eq!(keeper.count(Endpoint::GetSecret), 1);
    }
}

#[tokio::test]
async fn a_save_whose_answer_is_lost_is_unclear_whatever_became_of_it() {
    for (fault, landed) in [
        (Fault::DropBeforeApply, false),
        (Fault::ApplyThenDrop, true),
        (Fault::ApplyThenStatus(502), true),
        (Fault::LandLate(Duration::from_mins(1)), false),
        (Fault::Status(504, "<html>gateway timeout</html>".to_owned()), false),
        (Fault::Status(200, "<html>please log in</html>".to_owned()), false),
        (Fault::Odd(Odd::Garbage), true),
    ] {
        let keeper = keeper();
        let saved = save_with(&keeper, fault.clone()).await;
        assert!(matches!(saved, Err(SaveError::Unclear { .. })), "{fault:?}: {saved:?}");
        assert_eq!(value(&keeper) == "new", landed, "{fault:?}");
        assert_eq!(keeper.count(Endpoint::UpdateSecret), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_unchanged_save_fences_off_one_that_lands_late() {
    let keeper = keeper();
    let mut vault = vault(&keeper);
    let record = get(&mut vault).await.unwrap();
    keeper.fault(On::update(), Fault::LandLate(Duration::from_mins(1)));
    assert!(matches!(vault.save(&record, &[secret("late")]).await, Err(SaveError::Unclear { .. })));
    vault.save(&record, &[]).await.unwrap();
    keeper.land_late_writes();
    assert_eq!(value(&keeper), "old");
}

#[tokio::test]
async fn a_refusal_of_keeper_or_of_somebody_on_the_way_has_changed_nothing() {
    for (status, body, expected) in [
        (403, error_body("access_denied", "no"), "vault-access-denied"),
        (400, error_body("bad_request", "no"), "vault-refused"),
        (403, error_body("invalid_client_version", "no"), "vault-client-version"),
        (403, "<html>blocked by policy</html>".to_owned(), "vault-not-keeper"),
        (302, String::new(), "vault-not-keeper"),
    ] {
        let keeper = keeper();
        let saved = save_with(&keeper, Fault::Status(status, body.clone())).await;
        assert!(matches!(saved, Err(SaveError::Refused { code, .. }) if code == expected), "{saved:?}");
        assert_eq!(value(&keeper), "old");
        keeper.fault(On::get(), Fault::Status(status, body));
        assert_eq!(get(&mut vault(&keeper)).await.unwrap_err().code, expected);
    }
}

#[tokio::test]
async fn a_conflict_in_words_that_nobody_knows_shows_in_the_revision() {
    let keeper = keeper();
    keeper.before(On::update(), |vault| vault.edit(UID, |record| record["notes"] = "changed".into()));
    let refusal = Fault::Status(403, error_body("access_denied", "The record is not as you think"));
    assert_eq!(save_with(&keeper, refusal).await, Err(SaveError::Stale));
    assert_eq!(keeper.record(UID).0["notes"], "changed");
}

#[tokio::test]
async fn a_device_that_was_removed_is_denied() {
    let keeper = keeper();
    keeper.vault().revoke();
    let error = get(&mut vault(&keeper)).await.unwrap_err();
    assert_eq!(error.code, "vault-access-denied");
    assert!(error.message.contains("Unable to validate application access"), "{}", error.message);
}

#[tokio::test]
async fn what_is_known_of_the_vault_beforehand_is_a_warning() {
    let keeper = Keeper::new();
    let config = KsmConfig::parse(&Secret::new(keeper.config())).unwrap();
    let warnings = vec!["others can read it".to_owned()];
    let vault = KsmVault::over(config, &Limits::default(), warnings.clone(), || Ok(Box::new(keeper)));
    assert_eq!(vault.warnings(), warnings);
}

const FILE: &str = "DDDDDDDDDDDDDDDDDDDDDD";

#[tokio::test]
async fn who_only_reads_gets_all_that_is_shared_with_its_files() {
    let keeper = keeper();
    keeper.put_record("BBBBBBBBBBBBBBBBBBBBBB", &record_json(), false);
    keeper.vault().attach(UID, FILE, "a.pem", b"content");
    let mut vault = vault(&keeper);
    let all = vault.read(None).await.unwrap();
    let uids: Vec<_> = all.iter().map(|shared| shared.record.uid.as_str()).collect();
    assert_eq!(uids, [UID, "BBBBBBBBBBBBBBBBBBBBBB"]);
    let names: Vec<_> =
        all[0].attachments.iter().map(|file| (file.uid.as_str(), file.name.as_str())).collect();
    assert_eq!(names, [(FILE, "a.pem")]);
    assert_eq!(vault.fetch(FILE).await.unwrap().expose(), b"content");
    assert_eq!(vault.read(Some(&[UID.to_owned()])).await.unwrap().len(), 1);
    assert_eq!(vault.read(Some(&[])).await.unwrap().len(), 0);
    assert_eq!(keeper.count(Endpoint::GetSecret), 2);
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_apart_from_one_that_never_was() {
    let keeper = keeper();
    keeper.vault().attach(UID, FILE, "a.pem", b"content");
    let mut vault = vault(&keeper);
    assert_eq!(vault.fetch(FILE).await.unwrap_err().code, "file-missing");
    vault.read(None).await.unwrap();
    keeper.remove_record(UID);
    let gone = vault.fetch(FILE).await.unwrap_err();
    assert_eq!(gone.code, "file-unavailable");
    assert!(gone.message.ends_with("answered with status 404"), "{}", gone.message);
}
