//! What every vault must do, as tests that each kind of vault runs with [`vault_contract`].

use serde_json::{Value, json};

use crate::model::{Place, Record, Update};
use crate::rotation::{SaveError, Vault};
use crate::secret::Secret;

/// A vault under test, and the way around it.
pub(super) trait Bench {
    /// Opens the vault, as another process would.
    fn vault(&self) -> Box<dyn Vault>;
    /// Puts a record there, at some revision.
    fn put(&self, uid: &str, record: Value, editable: bool);
    /// Looks at a record's JSON past the vault.
    fn stored(&self, uid: &str) -> Value;
}

/// Makes a test of every sentence of the contract, each with a fresh bench.
macro_rules! vault_contract {
    ($bench:expr) => {
        $crate::vault::contract::vault_contract! { $bench =>
            get_returns_the_record_as_it_was_put
            get_leaves_out_what_the_vault_lacks
            get_hands_out_records_in_the_order_asked_for
            a_saved_value_is_read_back
            a_saved_value_has_moved_the_revision
            a_save_at_an_old_revision_is_stale_and_changes_nothing
            of_two_savers_at_one_revision_one_wins
            an_unchanged_save_moves_the_revision_and_fences_off_a_late_one
            a_missing_record_is_refused
            a_record_that_is_not_editable_is_refused_and_kept
            a_record_without_a_revision_is_stale
            an_update_that_cannot_be_applied_changes_nothing
            unknown_keys_and_fields_survive
        }
    };
    ($bench:expr => $($sentence:ident)*) => {$(
        #[tokio::test]
        async fn $sentence() {
            $crate::vault::contract::$sentence(&$bench).await;
        }
    )*};
}
pub(super) use vault_contract;

/// A record with something unknown in every part of it.
pub(super) fn record_json() -> Value {
    json!({
        "title": "App", "type": "pamUser", "colour": {"nested": [1, 2.50, null]},
        "fields": [{"type": "login", "value": ["app"], "required": true}, {"type": "password", "value": []}],
        "custom": [
            {"type": "text", "label": "note", "value": ["keep me"], "unknown": 1.10},
            {"type": "secret", "label": "client_secret", "value": ["old"], "privacyScreen": true},
        ],
        "notes": "by hand",
    })
}

fn update(place: Place, label: &str, kind: &str, value: &str) -> Update {
    let values = vec![Secret::new(value)];
    Update { label: label.to_owned(), place, kind: kind.to_owned(), values }
}

fn secret(value: &str) -> Update {
    update(Place::Custom, "client_secret", "secret", value)
}

async fn get_one(vault: &mut dyn Vault, uid: &str) -> Record {
    vault.get(&[uid.to_owned()]).await.unwrap().remove(0)
}

fn value_of<'a>(record: &'a Record, label: &str) -> &'a Value {
    &record.field_in(Place::Custom, label, "").unwrap().values[0]
}

pub(super) async fn get_returns_the_record_as_it_was_put(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let record = get_one(&mut *bench.vault(), "a").await;
    assert_eq!((record.uid.as_str(), record.title(), record.editable), ("a", "App", true));
    assert!(record.revision.is_some());
    assert_eq!(record.json.to_string(), record_json().to_string());
}

pub(super) async fn get_leaves_out_what_the_vault_lacks(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let records = bench.vault().get(&["b".to_owned(), "a".to_owned()]).await.unwrap();
    assert_eq!(records.len(), 1);
}

pub(super) async fn get_hands_out_records_in_the_order_asked_for(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    bench.put("b", record_json(), true);
    let records = bench.vault().get(&["b".to_owned(), "a".to_owned()]).await.unwrap();
    assert_eq!(records.iter().map(|record| record.uid.as_str()).collect::<Vec<_>>(), ["b", "a"]);
}

pub(super) async fn a_saved_value_is_read_back(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    let expires = update(Place::Custom, "expires", "text", "2031-01-01T00:00:00Z");
    vault.save(&record, &[secret("new"), expires]).await.unwrap();
    let fresh = get_one(&mut *bench.vault(), "a").await;
    assert_eq!(value_of(&fresh, "client_secret"), "new");
    assert_eq!(value_of(&fresh, "expires"), "2031-01-01T00:00:00Z");
}

pub(super) async fn a_saved_value_has_moved_the_revision(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    vault.save(&record, &[secret("new")]).await.unwrap();
    assert!(get_one(&mut *vault, "a").await.revision > record.revision);
}

pub(super) async fn a_save_at_an_old_revision_is_stale_and_changes_nothing(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    vault.save(&record, &[secret("new")]).await.unwrap();
    let before = bench.stored("a");
    assert_eq!(vault.save(&record, &[secret("late")]).await, Err(SaveError::Stale));
    assert_eq!(bench.stored("a"), before);
}

pub(super) async fn of_two_savers_at_one_revision_one_wins(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let (mut first, mut second) = (bench.vault(), bench.vault());
    let one = get_one(&mut *first, "a").await;
    let two = get_one(&mut *second, "a").await;
    let (one_new, two_new) = ([secret("one")], [secret("two")]);
    let (one, two) = tokio::join!(first.save(&one, &one_new), second.save(&two, &two_new));
    let winner = match (one, two) {
        (Ok(()), Err(SaveError::Stale)) => "one",
        (Err(SaveError::Stale), Ok(())) => "two",
        other => panic!("{other:?}"),
    };
    assert_eq!(value_of(&get_one(&mut *first, "a").await, "client_secret"), winner);
}

pub(super) async fn an_unchanged_save_moves_the_revision_and_fences_off_a_late_one(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    vault.save(&record, &[]).await.unwrap();
    let fresh = get_one(&mut *vault, "a").await;
    assert!(fresh.revision > record.revision);
    assert_eq!(fresh.json.to_string(), record.json.to_string());
    assert_eq!(vault.save(&record, &[secret("late")]).await, Err(SaveError::Stale));
}

pub(super) async fn a_missing_record_is_refused(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let mut record = get_one(&mut *vault, "a").await;
    record.uid = "b".to_owned();
    let result = vault.save(&record, &[secret("new")]).await;
    assert!(matches!(result, Err(SaveError::Refused { code: "record-missing", .. })), "{result:?}");
}

pub(super) async fn a_record_that_is_not_editable_is_refused_and_kept(bench: &dyn Bench) {
    bench.put("a", record_json(), false);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    assert!(!record.editable);
    let before = bench.stored("a");
    let result = vault.save(&record, &[secret("new")]).await;
    assert!(matches!(result, Err(SaveError::Refused { code: "record-not-editable", .. })), "{result:?}");
    assert_eq!(bench.stored("a"), before);
}

pub(super) async fn a_record_without_a_revision_is_stale(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let mut record = get_one(&mut *vault, "a").await;
    record.revision = None;
    assert_eq!(vault.save(&record, &[secret("new")]).await, Err(SaveError::Stale));
}

pub(super) async fn an_update_that_cannot_be_applied_changes_nothing(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    let before = bench.stored("a");
    let impossible = update(Place::Standard, "oneTimeCode", "text", "x");
    let Err(SaveError::Refused { message, .. }) = vault.save(&record, &[secret("new"), impossible]).await
    else {
        panic!("a standard field was made up");
    };
    assert!(message.contains("oneTimeCode"), "{message}");
    assert_eq!(bench.stored("a"), before);
}

pub(super) async fn unknown_keys_and_fields_survive(bench: &dyn Bench) {
    bench.put("a", record_json(), true);
    let mut vault = bench.vault();
    let record = get_one(&mut *vault, "a").await;
    vault.save(&record, &[secret("new")]).await.unwrap();
    let mut expected = record_json();
    expected["custom"][1]["value"] = json!(["new"]);
    assert_eq!(get_one(&mut *vault, "a").await.json, expected);
}
