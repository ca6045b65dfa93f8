//! Any text as every value of a manifest of ours: what is written leads to the declared hosts and nowhere else.

#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use pamrun_contract::check::check_source;
use pamrun_contract::manifest::{Manifest, SettingKind};
use pamrun_contract::render::{Known, render};
use pamrun_contract::template::Reference;
use pamrun_contract::value::Value;

static MANIFESTS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    let sources = [
        include_str!("../../../../plugins/azure-app-secret/plugin.toml"),
        include_str!("../../../../plugins/azure-key-vault-secret/plugin.toml"),
        include_str!("../../../../tests/cases/contract/aws-iam-access-key/plugin.toml"),
        include_str!("../../../../tests/cases/contract/snowflake-user-key/plugin.toml"),
    ];
    sources.into_iter().map(|source| check_source(source).expect("a manifest of ours").0).collect()
});

fuzz_target!(|text: &str| {
    let hosts = ["a.example", "b.example:8443"];
    for manifest in &*MANIFESTS {
        let values = |reference: &Reference| {
            let is_host = match reference {
                Reference::Setting { key, .. } => {
                    manifest.settings.get(key).is_some_and(|it| it.kind == SettingKind::Host)
                }
                _ => false,
            };
            Known::Value(if is_host { Value::text(hosts[text.len() % 2]) } else { Value::text(text) })
        };
        for name in manifest.requests.keys() {
            let written =
                render(manifest, name, &values, Timestamp::UNIX_EPOCH, &mut |bytes: &mut [u8]| bytes.fill(7));
            let Ok(written) = written else { continue };
            let url = url::Url::parse(&written.url).expect("a URL");
            assert_eq!(url.scheme(), "https");
            assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            let host = url.host_str().unwrap_or_default();
            let declared = format!("{:?}", manifest.requests[name].url);
            assert!(host == "a.example" || host == "b.example" || declared.contains(host), "{host}");
        }
    }
});
