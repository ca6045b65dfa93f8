//! A state folder that fails: nothing is touched that could not be noted before.

use std::fs;

use pamrun_tests::azure::Azure;
use pamrun_tests::gateway::plugin;
use sha2::{Digest, Sha256};

use super::cast::{expect_listed, recover, state_files};

/// Puts the copy of the plugin there, which would not fit.
fn keep_copy(azure: &Azure) {
    let file = fs::read(plugin("azure-app-secret")).unwrap();
    let folder = azure.gateway.path("state/copies");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    fs::write(folder.join(format!("{:x}.wasm", Sha256::digest(&file))), file).unwrap();
}

#[test]
fn a_disk_that_is_full_at_any_entry_costs_no_credential() {
    let mut rotated = false;
    let mut failures = 0;
    // A limit on the size of files cuts a write short as a full disk does, and is the same for
    // journal and vault; it grows until a rotation fits.
    for blocks in 0.. {
        let azure = Azure::new();
        azure.fill_vault();
        keep_copy(&azure);
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let run = azure.run(azure.exec().started_by(&script));
        let left = azure.run(recover(&azure, &["--all"]));
        assert_eq!(left.exit, Some(0), "{blocks} blocks\n{run}\n{left}");
        if run.exit == Some(0) {
            azure.expect_rotated(&run);
            rotated = true;
            break;
        }
        failures += 1;
        let code = run.outcome["error"]["code"].as_str().unwrap_or_default();
        assert!(["journal-unusable", "vault-not-writable"].contains(&code), "{blocks} blocks\n{run}");
        // Not the record's revision: a rotation that could not be closed is fenced off by a save.
        assert_eq!(azure.current(), azure.old, "{blocks} blocks\n{run}");
        azure.expect_keys(&run, &[&azure.old]);
        assert!(blocks < 100, "{run}");
    }
    assert!(rotated && failures > 2, "{failures} failures");
}

#[test]
fn a_copy_of_the_plugin_that_does_not_fit_stops_the_run_before_anything_is_made() {
    let azure = Azure::new();
    azure.fill_vault();
    let run = azure.run(azure.exec().started_by("trap '' XFSZ; ulimit -f 16; exec \"$@\""));
    run.ends("failed", 1).with_code("journal-unusable");
    assert!(run.stdout.contains("copies"), "{run}");
    assert_eq!(azure.cloud.count("/addPassword"), 0, "{run}");
    assert!(state_files(&azure, "copies").is_empty(), "{run}");
    expect_listed(&azure, &[]);
}

#[test]
fn a_state_folder_without_room_for_a_journal_is_refused_before_any_request() {
    let azure = Azure::new();
    azure.fill_vault();
    azure.gateway.write("state/journal", "");
    let run = azure.rotate(&[]);
    run.ends("invalid", 2).with_code("state-folder");
    assert!(azure.cloud.requests().is_empty(), "{run}");
}
