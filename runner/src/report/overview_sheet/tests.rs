use std::path::{Path, PathBuf};

use pamrun_contract::check::check_source;
use pamrun_contract::overview::overview;

use super::*;

/// The manifests that are shown whole: each strategy, each effect, each way to sign, and a poll.
const SHOWN: [&str; 6] = [
    "aws-iam-access-key",
    "azure-app-secret",
    "github-actions-secret",
    "snowflake-user-key",
    "soap-directory-password",
    "vault-kv2",
];

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/contract").join(name)
}

fn rendered(toml: &str) -> String {
    let (manifest, _) = check_source(toml).unwrap();
    let overview = overview(&manifest);
    let imports = ["pamrun:plugin/http@1.0.0", "wasi:io/error@0.2.6"].map(str::to_owned);
    let exports = ["pamrun:plugin/rotation@1.0.0".to_owned()];
    OverviewSheet {
        overview: &overview,
        digest: Digest::of(b""),
        size: 94_123,
        form: FileForm::Packed,
        made_of: Some(MadeOf {
            language: Some("rust"),
            sdk: Some("1.0.0"),
            tools: Vec::new(),
            imports: &imports,
            exports: &exports,
        }),
    }
    .render()
}

#[expect(clippy::disallowed_methods, reason = "tests read the files of the repository")]
fn toml(name: &str) -> String {
    let own = case(name).join("plugin.toml");
    let ours = case("../../../plugins").join(name).join("plugin.toml");
    std::fs::read_to_string(if own.exists() { own } else { ours }).unwrap()
}

#[test]
fn an_operator_reads_all_that_a_plugin_may_do() {
    for name in SHOWN {
        let folder = case(name);
        insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("inspect", rendered(&toml(name)));
        });
    }
}

#[test]
fn an_author_cannot_draw_on_the_terminal_nor_add_lines() {
    let hostile = toml("azure-app-secret")
        .replace("description = \"Rotates", "description = \"\\u001b[2J\\n  to allow  everything");
    let sheet = rendered(&hostile);
    assert!(sheet.contains(r"\u{1b}[2J\n  to allow  everything"), "{sheet}");
    assert!(!sheet.contains('\u{1b}'));
}
