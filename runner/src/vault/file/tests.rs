//! The file vault keeps the contract, and what else a file asks for.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::model::Place;
use crate::secret::Secret;
use crate::vault::contract::{Bench, record_json, vault_contract};

vault_contract!(FileBench::new());

struct FileBench {
    folder: TempDir,
}

impl FileBench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.write(r#"{"records":[]}"#);
        bench
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.json")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
        self.set_mode(0o600);
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(&self) -> u32 {
        fs::metadata(self.path()).unwrap().permissions().mode() & 0o777
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// Reads the one record "a" and saves it with a new secret.
    async fn rotate(&self, vault: &mut FileVault) -> Result<(), SaveError> {
        let records = vault.get(&["a".to_owned()]).await.unwrap();
        vault.save(&records[0], &[new_secret()]).await
    }
}

impl Bench for FileBench {
    fn vault(&self) -> Box<dyn Vault> {
        Box::new(FileVault::new(self.path()))
    }

    fn put(&self, uid: &str, mut record: Value, editable: bool) {
        record["uid"] = json!(uid);
        record["revision"] = json!(1);
        if !editable {
            record["isEditable"] = json!(false);
        }
        let mut file = self.json();
        file["records"].as_array_mut().unwrap().push(record);
        self.write(&file.to_string());
    }

    fn stored(&self, uid: &str) -> Value {
        let file = self.json();
        let mut records = file["records"].as_array().unwrap().iter();
        records.find(|record| record["uid"] == uid).unwrap().clone()
    }
}

fn new_secret() -> Update {
    Update {
        label: "client_secret".to_owned(),
        place: Place::Custom,
        kind: "secret".to_owned(),
        values: vec![Secret::new("new")],
    }
}

async fn refusal_to_read(text: &str) -> GetError {
    let bench = FileBench::new();
    bench.write(text);
    bench.vault().get(&["a".to_owned()]).await.unwrap_err()
}

#[tokio::test]
async fn a_save_keeps_order_numbers_and_unknown_keys_of_the_whole_file() {
    let bench = FileBench::new();
    let before = r#"{
  "zebra": 1.10,
  "records": [
    {
      "title": "App",
      "uid": "a",
      "large": 123456789012345678901234567890,
      "custom": [
        {
          "x": 0.10000000000000000555,
          "type": "secret",
          "label": "client_secret",
          "value": [
            "old"
          ]
        }
      ],
      "revision": 7
    }
  ],
  "apple": null
}
"#;
    bench.write(before);
    bench.rotate(&mut FileVault::new(bench.path())).await.unwrap();
    let expected = before.replace("\"old\"", "\"new\"").replace("\"revision\": 7", "\"revision\": 8");
    assert_eq!(bench.text(), expected);
}

#[tokio::test]
async fn a_file_that_others_can_read_is_warned_about_once_and_closed_by_the_save() {
    let bench = FileBench::new();
    bench.put("a", record_json(), true);
    bench.set_mode(0o644);
    let mut vault = FileVault::new(bench.path());
    bench.rotate(&mut vault).await.unwrap();
    assert_eq!(bench.mode(), 0o600);
    assert_eq!(vault.warnings().len(), 1);
    assert!(vault.warnings()[0].contains("its mode was 0644"));
}

#[tokio::test]
async fn a_private_file_gives_no_warning() {
    let bench = FileBench::new();
    bench.put("a", record_json(), true);
    let mut vault = FileVault::new(bench.path());
    bench.rotate(&mut vault).await.unwrap();
    assert!(vault.warnings().is_empty());
}

#[tokio::test]
async fn a_symbolic_link_stays_and_the_file_behind_it_is_replaced() {
    let bench = FileBench::new();
    bench.put("a", record_json(), true);
    let link = bench.folder.path().join("link.json");
    symlink(bench.path(), &link).unwrap();
    bench.rotate(&mut FileVault::new(&link)).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(bench.stored("a")["revision"], 2);
}

#[tokio::test]
async fn what_a_killed_save_left_behind_is_gone_with_the_next_one() {
    let bench = FileBench::new();
    bench.put("a", record_json(), true);
    let left = bench.folder.path().join("vault.json.new");
    fs::write(&left, "half a vau").unwrap();
    bench.rotate(&mut FileVault::new(bench.path())).await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_vault_that_another_process_has_locked_is_not_touched() {
    let bench = FileBench::new();
    bench.put("a", record_json(), true);
    let before = bench.text();
    let other = open_lock(&bench.path(), &fs::metadata(bench.path()).unwrap()).unwrap();
    other.lock().unwrap();
    let mut vault = FileVault::new(bench.path());
    vault.patience = Duration::ZERO;
    let error = bench.rotate(&mut vault).await.unwrap_err();
    assert!(matches!(error, SaveError::Refused { code: "vault-busy", .. }), "{error:?}");
    assert_eq!(bench.text(), before);
}

#[tokio::test]
async fn a_save_that_cannot_write_says_where_and_changes_nothing() {
    for (in_the_way, expected) in
        [("vault.json.lock", "vault-not-lockable"), ("vault.json.new", "vault-not-writable")]
    {
        let bench = FileBench::new();
        bench.put("a", record_json(), true);
        let before = bench.text();
        fs::create_dir(bench.folder.path().join(in_the_way)).unwrap();
        let error = bench.rotate(&mut FileVault::new(bench.path())).await.unwrap_err();
        let SaveError::Refused { code, message } = error else { panic!("{error:?}") };
        assert_eq!(code, expected);
        assert!(message.contains("vault.json"), "{message}");
        assert_eq!(bench.text(), before);
    }
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = FileVault::new(folder.path().join("none.json")).get(&[]).await.unwrap_err();
    assert_eq!(error.code, "vault-missing");
    assert!(error.message.contains("none.json"));
}

#[tokio::test]
async fn text_that_is_not_json_is_located_and_not_quoted() {
    let error = refusal_to_read("{\"records\": [\n  {\"uid\": hunter2}]}").await;
    assert_eq!(error.code, "vault-malformed");
    assert!(error.message.contains("line 2, column 11"), "{}", error.message);
    assert!(!error.message.contains("hunter2"));
}

#[tokio::test]
async fn every_malformed_vault_has_its_own_message() {
    for (text, expected) in [
        ("[]", "a list `records`"),
        ("{}", "a list `records`"),
        (r#"{"records":{}}"#, "a list `records`"),
        (r#"{"records":[{"revision":1}]}"#, "record number 1 has no `uid`"),
        (r#"{"records":[{"uid":"a"}]}"#, "record a has no `revision`"),
        (r#"{"records":[{"uid":"a","revision":1.5}]}"#, "record a has no `revision`"),
        (r#"{"records":[{"uid":"a","revision":1,"isEditable":"false"}]}"#, "`isEditable` of record a"),
        (r#"{"records":[{"uid":"a","revision":1},{"uid":"a","revision":2}]}"#, "two records have the uid a"),
    ] {
        let error = refusal_to_read(text).await;
        assert_eq!(error.code, "vault-malformed");
        assert!(error.message.contains(expected), "{text}: {}", error.message);
    }
}

#[tokio::test]
async fn a_folder_that_no_save_could_write_to_is_known_before_anything_is_made() {
    let bench = FileBench::new();
    bench.put("a", record_json(), true);
    let set_mode = |mode| fs::set_permissions(bench.folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o500);
    let read = bench.vault().get(&["a".to_owned()]).await;
    set_mode(0o700);
    if rustix::process::geteuid().is_root() {
        assert!(read.is_ok(), "no mode keeps root out");
    } else {
        assert_eq!(read.unwrap_err().code, "vault-not-writable");
    }
}
