//! Keeps the folder of compiled code from growing for ever.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_hours(24);
/// How long an entry stays that nobody uses. Secrets are rotated every quarter, or more often.
const UNUSED: Duration = Duration::from_hours(100 * 24);
/// How much all entries may take together, in bytes. The code of a plugin with a whole language in
/// it takes some tens of MiB.
const TOTAL: u64 = 1 << 30;
/// What an entry is called while it is written.
pub(super) const UNFINISHED: &str = ".new-";

/// Notes that an entry is in use, by the time of its last change. Once a day is often enough, and
/// leaves the disk alone.
pub(super) fn touch(entry: &File) -> io::Result<()> {
    let now = SystemTime::now();
    let age = now.duration_since(entry.metadata()?.modified()?).unwrap_or_default();
    if age > DAY { entry.set_modified(now) } else { Ok(()) }
}

/// Removes entries that were not used for long, and then the longest unused ones, until the rest
/// and `kept`, which stays, are within the total. Whoever maps one meanwhile keeps it; whoever is
/// about to compiles again.
pub(super) fn prune(folder: &Path, kept: &OsStr) -> io::Result<()> {
    prune_to(folder, kept, SystemTime::now(), TOTAL)
}

fn prune_to(folder: &Path, kept: &OsStr, now: SystemTime, total: u64) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may be pruning, too.
        let Ok(found) = entry.metadata() else { continue };
        if found.is_file() {
            let unused = now.duration_since(found.modified()?).unwrap_or_default();
            entries.push(Entry { path: entry.path(), unused, size: found.len() });
        }
    }
    entries.sort_by_key(|entry| (entry.path.file_name() != Some(kept), entry.unused));
    let mut taken = 0_u64;
    for (at, entry) in entries.iter().enumerate() {
        taken = taken.saturating_add(entry.size);
        let is_kept = at == 0 && entry.path.file_name() == Some(kept);
        if !is_kept && (entry.is_stale() || taken > total) {
            // What cannot be removed now is tried again next time.
            let _ = fs::remove_file(&entry.path);
            taken = taken.saturating_sub(entry.size);
        }
    }
    Ok(())
}

struct Entry {
    path: PathBuf,
    unused: Duration,
    size: u64,
}

impl Entry {
    /// Whoever wrote an unfinished entry has given up after a day.
    fn is_stale(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.unused > if name.starts_with(UNFINISHED) { DAY } else { UNUSED }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make the entries")]
mod tests {
    use super::*;

    /// A folder with entries of 100 bytes, each with the days since its last use.
    fn folder(entries: &[(&str, u32)]) -> (tempfile::TempDir, SystemTime) {
        let (folder, now) = (tempfile::tempdir().unwrap(), SystemTime::now());
        for (name, days) in entries {
            let path = folder.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            File::options().write(true).open(path).unwrap().set_modified(now - DAY * *days).unwrap();
        }
        (folder, now)
    }

    fn left(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_not_used_for_long_goes_and_what_was_never_finished_sooner() {
        let (folder, now) = folder(&[("a", 0), ("b", 99), ("c", 101), (".new-1", 0), (".new-2", 2)]);
        fs::create_dir(folder.path().join("d")).unwrap();
        prune_to(folder.path(), "a".as_ref(), now, TOTAL).unwrap();
        assert_eq!(left(folder.path()), [".new-1", "a", "b", "d"]);
    }

    #[test]
    fn the_longest_unused_go_until_the_rest_is_within_the_total() {
        let (folder, now) = folder(&[("a", 3), ("b", 1), ("c", 2), ("new", 0)]);
        prune_to(folder.path(), "new".as_ref(), now, 300).unwrap();
        assert_eq!(left(folder.path()), ["b", "c", "new"]);
    }

    #[test]
    fn the_entry_that_was_just_written_stays_however_large_or_old_it_is() {
        let (folder, now) = folder(&[("a", 1), ("new", 200)]);
        prune_to(folder.path(), "new".as_ref(), now, 50).unwrap();
        assert_eq!(left(folder.path()), ["new"]);
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let (folder, now) = folder(&[("fresh", 0), ("old", 2)]);
        for (name, is_noted) in [("fresh", false), ("old", true)] {
            let file = File::open(folder.path().join(name)).unwrap();
            let before = file.metadata().unwrap().modified().unwrap();
            touch(&file).unwrap();
            let after = file.metadata().unwrap().modified().unwrap();
            assert_eq!((after > before, after >= now - DAY), (is_noted, true), "{name}");
        }
    }
}
