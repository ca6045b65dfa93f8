//! The hosts that a manifest's requests go to.

use std::collections::BTreeSet;

use pamrun_contract::manifest::Manifest;
use pamrun_contract::template::address::{Address, Origin};

use crate::model::{Setting, SettingValue};

/// Lists them, each once, as an operator allows them: `host`, or `host:port`. One that a setting without a
/// value would say is not asked for.
#[must_use]
pub fn hosts(manifest: &Manifest, settings: &[Setting]) -> Vec<String> {
    let text = |key: &str| {
        settings.iter().find(|setting| setting.key == key).and_then(|setting| match &setting.value {
            SettingValue::Text(text) => Some(text.as_str()),
            _ => None,
        })
    };
    let of_origin = |origin: Origin| match origin {
        Origin::Literal(host) => Some(host),
        Origin::Host { key, name: None } => text(&key).map(str::to_owned),
        Origin::Host { key, name: Some(name) } => {
            let choice = text(&key)?;
            manifest.settings.get(&key)?.carried_by(choice, &name).map(str::to_owned)
        }
        Origin::Prefix(key) => {
            let uri: http::Uri = text(&key)?.parse().ok()?;
            uri.authority().map(ToString::to_string)
        }
    };
    let origins = manifest.requests.values().filter_map(|request| Address::of(&request.url).ok());
    let found: BTreeSet<String> = origins.filter_map(|address| of_origin(address.origin)).collect();
    found.into_iter().map(|host| host.strip_suffix(":443").map_or(host.clone(), str::to_owned)).collect()
}
