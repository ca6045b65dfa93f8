#![expect(clippy::disallowed_methods, reason = "the tests look into the folder, and spoil it")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::guests::{component, kept};
use crate::limits::Limits;
use crate::wasm::{CacheError, Packed};

const DIGEST: &str = "sha256:0123";

/// A plugin whose compiled code is kept in that folder.
fn packed(folder: &Path, digest: &str) -> Packed {
    kept(component("unreachable"), digest, &Limits::default(), Some(folder))
}

/// One that can only be loaded from compiled code.
fn hollow(folder: &Path, digest: &str) -> Packed {
    kept(Vec::new(), digest, &Limits::default(), Some(folder))
}

/// Whether sound code is kept for the digest.
fn is_kept(folder: &Path, digest: &str) -> bool {
    hollow(folder, digest).load().is_ok()
}

/// Loads a plugin, and says why its code was not kept.
fn warning(folder: &Path, digest: &str) -> Option<String> {
    let packed = packed(folder, digest);
    packed.load().unwrap().map(ToString::to_string)
}

/// Fills a folder with the code of one plugin, which is its only entry.
fn filled(folder: &Path) -> PathBuf {
    assert_eq!(warning(folder, DIGEST), None);
    let entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    entry.clone()
}

#[test]
fn a_second_run_finds_what_the_first_compiled() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("not/yet/there");
    assert!(!is_kept(&folder, DIGEST));
    filled(&folder);
    // Nothing is compiled any more: even bytes that are no plugin will do.
    assert!(is_kept(&folder, DIGEST));
    assert!(!is_kept(&folder, "sha256:4567"));
}

#[test]
fn the_folder_is_for_its_owner_only() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let entry = filled(&folder);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&entry).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_damaged_entry_is_compiled_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let entry = filled(&folder);
    let whole = fs::read(&entry).unwrap();
    let flipped = |at: usize| {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        flipped
    };
    let (in_the_code, in_the_checksum) = (flipped(whole.len() / 2), flipped(whole.len() - 1));
    for damaged in [&whole[..whole.len() / 2], &whole[..7], &[], &in_the_code, &in_the_checksum] {
        fs::write(&entry, damaged).unwrap();
        assert!(!is_kept(&folder, DIGEST));
        assert_eq!(warning(&folder, DIGEST), None);
        assert!(is_kept(&folder, DIGEST));
    }
}

#[test]
fn an_entry_under_the_name_of_another_plugin_is_not_taken() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let entry = filled(&folder);
    assert_eq!(warning(&folder, "sha256:4567"), None);
    let other = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| *path != entry);
    fs::copy(&entry, other.unwrap()).unwrap();
    assert!(!is_kept(&folder, "sha256:4567"));
}

#[test]
fn an_entry_that_others_could_write_or_that_leads_elsewhere_is_compiled_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let entry = filled(&folder);
    fs::set_permissions(&entry, Permissions::from_mode(0o620)).unwrap();
    assert!(!is_kept(&folder, DIGEST));
    fs::set_permissions(&entry, Permissions::from_mode(0o600)).unwrap();
    assert!(is_kept(&folder, DIGEST));
    let elsewhere = scratch.path().join("elsewhere");
    fs::rename(&entry, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &entry).unwrap();
    assert!(!is_kept(&folder, DIGEST));
    assert_eq!(warning(&folder, DIGEST), None);
    assert!(is_kept(&folder, DIGEST));
}

#[test]
fn a_folder_that_others_can_enter_is_not_used() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("cache");
    let entry = filled(&folder);
    fs::write(&entry, b"left alone").unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let packed = packed(&folder, DIGEST);
    assert!(matches!(packed.load().unwrap(), Some(CacheError::NotPrivate { .. })));
    assert_eq!(fs::read(&entry).unwrap(), b"left alone");
}

#[test]
fn a_folder_that_is_a_link_is_not_used() {
    let scratch = tempfile::tempdir().unwrap();
    filled(&scratch.path().join("cache"));
    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(scratch.path().join("cache"), &link).unwrap();
    let packed = packed(&link, DIGEST);
    assert!(matches!(packed.load().unwrap(), Some(CacheError::NotPrivate { .. })));
}

#[test]
fn a_folder_that_cannot_be_made_is_only_a_warning() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, b"").unwrap();
    let packed = packed(&file.join("cache"), DIGEST);
    assert!(matches!(packed.load().unwrap(), Some(CacheError::NotWritable { .. })));
}
