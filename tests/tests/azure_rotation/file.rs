//! With a vault in one file.

#[path = "suite.rs"]
mod suite;

use pamrun_tests::gateway::VaultKind;

use self::suite::cast;

const VAULT: VaultKind = VaultKind::File;

#[test]
fn a_vault_that_cannot_be_read_ends_it_before_anything_is_sent() {
    for content in ["", "not JSON", "{\"records\": 7}"] {
        let azure = cast();
        azure.fill_vault();
        azure.gateway.write("vault/vault.json", content);
        let run = azure.rotate(&[]);
        run.ends("failed", 1);
        assert_eq!(azure.cloud.requests(), [], "{run}");
        azure.expect_keys(&run, &[&azure.old]);
    }
}

#[test]
fn a_vault_file_that_others_can_read_is_told_and_made_private() {
    use std::os::unix::fs::PermissionsExt;
    let azure = cast();
    azure.fill_vault();
    let vault = azure.gateway.path("vault/vault.json");
    std::fs::set_permissions(&vault, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    assert!(run.list("warnings").iter().any(|warning| warning.contains("0644")), "{run}");
    assert_eq!(std::fs::metadata(&vault).unwrap().permissions().mode() & 0o777, 0o600);
}
