//! Compiled plugins, so that not every gateway folder compiles them anew.
//!
//! The first run of a plugin in this process compiles it, in a state folder of its own; every other
//! gateway begins with a copy of what that left behind.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use tempfile::TempDir;

use super::{binary, files_below, private};

struct Warm {
    state: TempDir,
    plugins: HashSet<PathBuf>,
}

static WARM: LazyLock<Mutex<Warm>> =
    LazyLock::new(|| Mutex::new(Warm { state: tempfile::tempdir().unwrap(), plugins: HashSet::new() }));

/// Copies the compiled form of `plugin` into a state folder that has no cache yet.
pub(super) fn warm_up(plugin: &Path, state: &Path) {
    if !state.join("cache").exists() {
        warm_up_too(plugin, state);
    }
}

/// Copies the compiled form of one more plugin into a state folder.
pub(super) fn warm_up_too(plugin: &Path, state: &Path) {
    let cache = state.join("cache");
    if plugin.extension().is_none_or(|end| end != "wasm") {
        return;
    }
    let mut warm = WARM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if warm.plugins.insert(plugin.to_owned()) {
        compile(plugin, warm.state.path());
    }
    if !cache.exists() {
        std::fs::create_dir(&cache).unwrap();
        private(&cache, 0o700);
    }
    for file in files_below(&warm.state.path().join("cache")) {
        let copy = cache.join(file.file_name().unwrap());
        if !copy.exists() {
            std::fs::copy(&file, copy).unwrap();
        }
    }
}

/// Plays a case of the plugin, whatever comes of that: it is compiled, and kept, before it begins.
fn compile(plugin: &Path, state: &Path) {
    private(state, 0o700);
    let case = tempfile::tempdir().unwrap();
    let plugin = std::path::absolute(plugin).unwrap();
    let text = format!(
        "version = 1\nrun = {plugin:?}\n[params]\nuserRecordUid = \"target\"\n[[record]]\nrole = \"target\"\n[expect]\noutcome = \"rotated\"\n"
    );
    std::fs::write(case.path().join("case.toml"), text).unwrap();
    let _ = Command::new(binary())
        .args(["test", "--state-dir"])
        .args([state, case.path()])
        .env_clear()
        .env("HOME", state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
