#![expect(clippy::disallowed_methods, reason = "the tests look into the folder, and spoil it")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::guests::{MANIFEST, plugin};
use crate::limits::Limits;
use crate::wasm::{CacheError, Runtime};

const DIGEST: &str = "sha256:0123";

fn runtime(folder: &Path) -> Runtime {
    Runtime::new(&Limits::default(), Some(folder)).unwrap()
}

/// Whether the runtime finds compiled code for the digest.
fn is_kept(runtime: &Runtime, digest: &str) -> bool {
    runtime.cache.as_ref().unwrap().get(&runtime.engine, digest).unwrap().is_some()
}

/// A cache that holds one plugin, and its entry.
fn filled(folder: &Path) -> (Runtime, PathBuf) {
    let runtime = runtime(folder);
    let loaded = runtime.load(&plugin(MANIFEST, "unreachable"), DIGEST).unwrap();
    assert!(loaded.warning().is_none());
    let entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1);
    (runtime, entries[0].clone())
}

#[test]
fn a_second_runtime_finds_what_the_first_compiled() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("not/yet/there");
    filled(&folder);
    let second = runtime(&folder);
    assert!(is_kept(&second, DIGEST));
    assert!(!is_kept(&second, "sha256:4567"));
    // Nothing is compiled any more: even bytes that are no plugin will do.
    assert!(second.load(b"", DIGEST).is_ok());
}

#[test]
fn the_folder_is_for_its_owner_only() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let (_, entry) = filled(&folder);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&entry).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_damaged_entry_is_compiled_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let (runtime, entry) = filled(&folder);
    let whole = fs::read(&entry).unwrap();
    let flipped = |at: usize| {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        flipped
    };
    let (in_the_code, in_the_checksum) = (flipped(whole.len() / 2), flipped(whole.len() - 1));
    for damaged in [&whole[..whole.len() / 2], &whole[..7], &[], &in_the_code, &in_the_checksum] {
        fs::write(&entry, damaged).unwrap();
        assert!(!is_kept(&runtime, DIGEST));
        assert!(runtime.load(&plugin(MANIFEST, "unreachable"), DIGEST).unwrap().warning().is_none());
        assert!(is_kept(&runtime, DIGEST));
    }
}

#[test]
fn an_entry_under_the_name_of_another_plugin_is_not_taken() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let (runtime, entry) = filled(&folder);
    runtime.load(&plugin(MANIFEST, "unreachable"), "sha256:4567").unwrap();
    let other = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| *path != entry);
    fs::copy(&entry, other.unwrap()).unwrap();
    assert!(!is_kept(&runtime, "sha256:4567"));
}

#[test]
fn an_entry_that_others_could_write_or_that_leads_elsewhere_is_compiled_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let (runtime, entry) = filled(&folder);
    fs::set_permissions(&entry, Permissions::from_mode(0o620)).unwrap();
    assert!(!is_kept(&runtime, DIGEST));
    fs::set_permissions(&entry, Permissions::from_mode(0o600)).unwrap();
    assert!(is_kept(&runtime, DIGEST));
    let elsewhere = scratch.path().join("elsewhere");
    fs::rename(&entry, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &entry).unwrap();
    assert!(!is_kept(&runtime, DIGEST));
    assert!(runtime.load(&plugin(MANIFEST, "unreachable"), DIGEST).unwrap().warning().is_none());
    assert!(is_kept(&runtime, DIGEST));
}

#[test]
fn a_folder_that_others_can_enter_is_not_used() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let (runtime, entry) = filled(&folder);
    fs::write(&entry, b"left alone").unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let loaded = runtime.load(&plugin(MANIFEST, "unreachable"), DIGEST).unwrap();
    assert!(matches!(loaded.warning(), Some(CacheError::NotPrivate { .. })));
    assert_eq!(fs::read(&entry).unwrap(), b"left alone");
}

#[test]
fn a_folder_that_is_a_link_is_not_used() {
    let scratch = tempfile::tempdir().unwrap();
    let (_, _) = filled(&scratch.path().join("cache"));
    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(scratch.path().join("cache"), &link).unwrap();
    let loaded = runtime(&link).load(&plugin(MANIFEST, "unreachable"), DIGEST).unwrap();
    assert!(matches!(loaded.warning(), Some(CacheError::NotPrivate { .. })));
}

#[test]
fn a_folder_that_cannot_be_made_is_only_a_warning() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, b"").unwrap();
    let loaded = runtime(&file.join("cache")).load(&plugin(MANIFEST, "unreachable"), DIGEST).unwrap();
    assert!(matches!(loaded.warning(), Some(CacheError::NotWritable { .. })));
}
