//! The JSON Schema of manifests, with which editors complete and check `plugin.toml`.

#![expect(clippy::disallowed_methods, reason = "tests read the files of the repository")]

use std::path::Path;

use pamrun_contract::manifest::Manifest;

/// `PAMRUN_UPDATE_SCHEMA=1` writes it anew.
#[test]
fn the_schema_in_docs_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/pamrun-plugin.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Manifest)).unwrap() + "\n";
    if std::env::var_os("PAMRUN_UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &schema).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == schema, "docs/schema is not current: run this test with PAMRUN_UPDATE_SCHEMA=1");
}
