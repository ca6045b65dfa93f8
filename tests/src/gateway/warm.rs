//! Compiled plugins, so that not every gateway folder compiles them anew.
//!
//! The first run of a plugin compiles it, in a state folder beside the program under test; every other
//! gateway begins with links to what that left behind. Where the program is newer, the folder begins anew.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use super::{binary, files_below, private};

/// The state folder, and the plugins that this process has run there.
struct Warm {
    state: PathBuf,
    plugins: HashSet<PathBuf>,
}

static WARM: LazyLock<Mutex<Warm>> = LazyLock::new(|| {
    let state = binary().with_file_name("warm");
    let changed = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    if changed(&state) < changed(&binary()) {
        let _ = std::fs::remove_dir_all(&state);
    }
    std::fs::create_dir_all(&state).unwrap();
    Mutex::new(Warm { state, plugins: HashSet::new() })
});

/// Puts the compiled form of `plugin` into a state folder that has no cache yet.
pub(super) fn warm_up(plugin: &Path, state: &Path) {
    if !state.join("cache").exists() {
        warm_up_too(plugin, state);
    }
}

/// Puts the compiled form of one more plugin into a state folder.
pub(super) fn warm_up_too(plugin: &Path, state: &Path) {
    let cache = state.join("cache");
    if plugin.extension().is_none_or(|end| end != "wasm") {
        return;
    }
    let mut warm = WARM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if warm.plugins.insert(plugin.to_owned()) {
        compile(plugin, &warm.state);
    }
    if !cache.exists() {
        std::fs::create_dir(&cache).unwrap();
        private(&cache, 0o700);
    }
    for file in files_below(&warm.state.join("cache")) {
        let link = cache.join(file.file_name().unwrap());
        if !link.exists() && std::fs::hard_link(&file, &link).is_err() {
            std::fs::copy(&file, link).unwrap();
        }
    }
}

/// Plays a case of the plugin, whatever comes of that: it is compiled, and kept, before it begins.
fn compile(plugin: &Path, state: &Path) {
    private(state, 0o700);
    let case = tempfile::tempdir().unwrap();
    let plugin = std::path::absolute(plugin).unwrap();
    let text = format!(
        "version = 1\nrun = '{}'\n[params]\nuserRecordUid = \"target\"\n[[record]]\nrole = \"target\"\n[expect]\noutcome = \"rotated\"\n",
        plugin.display()
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
