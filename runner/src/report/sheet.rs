//! Sheets for people: lines in two columns.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::message::escape;
use crate::model::Strategy;

/// How wide the left column is.
const COLUMN: usize = 10;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileForm {
    /// A plugin with its manifest in it.
    Packed,
    /// A manifest, as plugin.toml.
    Manifest,
    /// Something that an interpreter runs.
    Script,
    /// A Python file made for Keeper's gateway, which a script of ours runs.
    SaasPlugin,
}

impl FileForm {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Packed => "a packed plugin",
            Self::Manifest => "a manifest",
            Self::Script => "a script",
            Self::SaasPlugin => "a SaaS plugin",
        }
    }
}

/// Lines in two columns. Whatever is put into them may be a guest's text.
pub(super) struct Sheet(Vec<String>);

impl Sheet {
    pub(super) fn new(title: &str) -> Self {
        Self(vec![escape(title)])
    }

    pub(super) fn text(&self) -> String {
        self.0.join("\n")
    }

    /// Adds a line of its own, unless it is empty.
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.0.push(escape(line));
        }
    }

    pub(super) fn section(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        for (index, line) in lines.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            self.0.push(format!("  {name:<COLUMN$}{}", escape(&line)));
        }
    }
}

pub(super) fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Overlap => "overlap: the old credential stays valid until the new one is saved",
        Strategy::InPlace => "in-place: one value is replaced",
        Strategy::Deliver => "deliver: a value is handed to a consumer",
    }
}

/// Interfaces with those of one package on one line: `wasi:io@0.2.12: error, poll`.
pub(super) fn by_package(interfaces: &[String]) -> Vec<String> {
    let mut packages: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in interfaces {
        match name.split_once('/').and_then(|(package, rest)| Some((package, rest.rsplit_once('@')?))) {
            Some((package, (interface, version))) => {
                packages.entry(format!("{package}@{version}")).or_default().push(interface);
            }
            None => packages.entry(name.clone()).or_default().push(""),
        }
    }
    let line = |(package, mut interfaces): (String, Vec<&str>)| {
        interfaces.sort_unstable();
        format!("{package}: {}", interfaces.join(", ")).trim_end_matches([' ', ':']).to_owned()
    };
    packages.into_iter().map(line).collect()
}
