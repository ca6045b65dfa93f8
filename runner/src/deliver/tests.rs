//! `file`, on a real file system.

#![expect(clippy::disallowed_methods, reason = "a test's own files")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FileDelivery;
use crate::model::{Place, Plan, Proof, Request, Setting, SettingValue, Update};
use crate::policy::StepGrant;
use crate::rotation::{Call, Plugin, StepError};
use crate::secret::Secret;

const NEW: &str = "Qx7~new.value";

/// A private folder, with its links resolved.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(folder.path()).unwrap();
    (folder, path)
}

fn update(label: &str, kind: &str, value: &str) -> Update {
    let values = vec![Secret::new(value)];
    Update { label: label.to_owned(), place: Place::Custom, kind: kind.to_owned(), values }
}

fn request(path: &Path, settings: &[(&str, &str)]) -> Request {
    let path = path.display().to_string();
    let path = [("path", path.as_str())];
    let settings = path.iter().chain(settings).map(|(key, value)| Setting {
        key: (*key).to_owned(),
        value: SettingValue::Text((*value).to_owned()),
    });
    Request {
        rotation_id: String::new(),
        marker: String::new(),
        attempt: 1,
        records: Vec::new(),
        inputs: Vec::new(),
        settings: settings.collect(),
        proposed: None,
        deliver: vec![update("client_secret_id", "text", "k2"), update("client_secret", "secret", NEW)],
        delivered_id: None,
    }
}

/// Looks, writes and reads back; returns the plan, or the code of the first failure.
fn deliver(request: &Request) -> Result<Plan, String> {
    let grant = StepGrant::default();
    let call = || Call { request, grant: &grant, budget: Duration::from_secs(1) };
    let code = |error: StepError| match error {
        StepError::Failure(failure) => {
            assert!(!failure.message.contains(NEW), "{}", failure.message);
            failure.code
        }
        other => panic!("{other:?}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let plan = FileDelivery.preflight(call()).await.result.map_err(code)?;
        let made = FileDelivery.rotate(call(), &plan).await.result.map_err(code)?;
        let proof = FileDelivery.verify(call(), &plan, &made).await.result.map_err(code)?;
        assert_eq!((proof, made.updates.len()), (Proof::Verified, 0));
        Ok(plan)
    })
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_of_its_own_holds_the_value_and_nothing_else() {
    let (_folder, folder) = folder();
    let path = folder.join("secret");
    for _ in 0..2 {
        let plan = deliver(&request(&path, &[])).unwrap();
        assert_eq!(plan.target, format!("file:{}", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), NEW);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_key_of_a_dotenv_file_changes_and_the_rest_stays() {
    let (_folder, folder) = folder();
    let path = folder.join(".env");
    let text = "# of the shop\nDB='x y'\nSECRET=old # by hand\n";
    write(&path, text, 0o600);
    deliver(&request(&path, &[("format", "env"), ("key", "SECRET")])).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text.replace("old", NEW));
}

#[test]
fn n20_a_key_after_a_byte_order_mark_is_updated() {
    let (_folder, folder) = folder();
    let path = folder.join("b.env");
    write(&path, "\u{feff}CLIENT_SECRET=old\n", 0o600);
    deliver(&request(&path, &[("format", "env"), ("key", "CLIENT_SECRET")])).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("\u{feff}CLIENT_SECRET={NEW}\n"));
}

#[test]
fn n7_a_file_is_written_for_who_reads_it_and_told_where_that_cannot_be() {
    let (_folder, folder) = folder();
    let path = folder.join("env");
    let of = |dialect: &str, value: &str| {
        write(&path, "A=1\n", 0o600);
        let mut request = request(&path, &[("format", "env"), ("key", "K"), ("dialect", dialect)]);
        request.deliver = vec![update("key", "secret", value)];
        let done = deliver(&request);
        let text = fs::read_to_string(&path).unwrap();
        done.map(|_| text.strip_prefix("A=1\n").unwrap().trim_end().to_owned())
    };
    let told = || Err("value-unfit".to_owned());
    for (dialect, quoted, lines) in [
        ("dotenv", Ok("K=\"it's\"".to_owned()), Ok("K='a\nb'".to_owned())),
        ("docker", Ok("K=it's".to_owned()), told()),
        ("github", Ok("K=it's".to_owned()), Ok("K<<PAMRUN_EOF\na\nb\nPAMRUN_EOF".to_owned())),
        ("gitlab", Ok("K=it's".to_owned()), told()),
        ("systemd", Ok("K=\"it's\"".to_owned()), Ok("K='a\nb'".to_owned())),
        ("shell", Ok("K='it'\\''s'".to_owned()), Ok("K='a\nb'".to_owned())),
    ] {
        assert_eq!(of(dialect, "it's"), quoted, "{dialect}");
        assert_eq!(of(dialect, "a\nb"), lines, "{dialect}");
    }
}

#[test]
fn a_field_is_named_where_the_only_secret_one_is_not_meant() {
    let (_folder, folder) = folder();
    let path = folder.join("id");
    deliver(&request(&path, &[("field", "client_secret_id")])).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "k2");
    assert_eq!(deliver(&request(&path, &[("field", "other")])).unwrap_err(), "field-unknown");
    let mut two = request(&path, &[]);
    two.deliver.push(update("key", "secret", "k"));
    assert_eq!(deliver(&two).unwrap_err(), "field-missing");
}

#[test]
fn what_others_could_read_or_replace_is_refused_and_left_alone() {
    let (_folder, folder) = folder();
    let refused = |path: &Path| deliver(&request(path, &[])).unwrap_err();
    let open = folder.join("open");
    write(&open, "old", 0o640);
    assert_eq!(refused(&open), "file-unsafe");
    assert_eq!(fs::read_to_string(&open).unwrap(), "old");

    let (real, link) = (folder.join("real"), folder.join("link"));
    write(&real, "old", 0o600);
    symlink(&real, &link).unwrap();
    assert_eq!(refused(&link), "file-unsafe");
    assert_eq!(fs::read_to_string(&real).unwrap(), "old");

    let inner = folder.join("inner");
    fs::create_dir(&inner).unwrap();
    symlink(&inner, folder.join("way")).unwrap();
    assert_eq!(refused(&folder.join("way/secret")), "file-unsafe");
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(refused(&inner.join("secret")), "file-unsafe");
    assert_eq!(refused(&inner), "file-unsafe");
    assert_eq!(refused(&folder.join("missing/secret")), "file-unusable");
    assert_eq!(refused(Path::new("relative")), "file-unsafe");
}

#[test]
fn settings_that_do_not_go_together_are_told() {
    let (_folder, folder) = folder();
    let path = folder.join(".env");
    for (settings, code) in [
        (&[("format", "env")][..], "key-missing"),
        (&[("key", "A")], "key-unused"),
        (&[("dialect", "shell")], "dialect-unused"),
        (&[("format", "env"), ("key", "A B")], "key-malformed"),
    ] {
        assert_eq!(deliver(&request(&path, settings)).unwrap_err(), code);
    }
    write(&path, "A=1\nA=2\n", 0o600);
    assert_eq!(deliver(&request(&path, &[("format", "env"), ("key", "A")])).unwrap_err(), "dotenv-unclear");
}
