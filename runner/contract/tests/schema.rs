//! What is written from the types of manifests, so that it cannot say anything else: the JSON Schema, with which
//! editors complete and check `plugin.toml`, and its reference for people.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests read and write the files of the repository"
)]

#[path = "support/reference.rs"]
mod reference;

use std::path::Path;

use pamrun_contract::filter::Filter;
use pamrun_contract::manifest::Manifest;
use pamrun_contract::template::RESERVED;

/// Compares a file of `docs` with what it should be; `PAMRUN_UPDATE_SCHEMA=1` writes it anew.
fn is_current(name: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("PAMRUN_UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, current).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == current, "docs/{name} is not current: run this test with PAMRUN_UPDATE_SCHEMA=1");
}

#[test]
fn the_schema_in_docs_is_that_of_the_types() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Manifest)).unwrap() + "\n";
    is_current("schema/pamrun-plugin.schema.json", &schema);
}

#[test]
fn the_reference_in_docs_is_that_of_the_types() {
    is_current("manifest.md", &reference::page());
}

#[test]
fn every_example_of_the_reference_is_read_as_what_it_is_an_example_of() {
    for (table, key, example) in reference::examples() {
        let is_read = reference::manifests_with(&table, &key, &example);
        let errors: Vec<String> = is_read.into_iter().filter_map(Result::err).collect();
        assert!(errors.len() < reference::ways(&table), "{table}, {key} = {example}: {errors:#?}");
    }
}

/// The first column of the table that follows a heading.
fn names_under<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .flat_map(|row| row.split(" | ").next().unwrap().split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn the_reference_names_every_filter_and_no_other_one() {
    let page = reference::page();
    let written = names_under(&page, "Filters");
    let error = Filter::parse("there-is-none").unwrap_err();
    let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sorted(written), sorted(known));
}

#[test]
fn the_reference_names_every_word_that_references_keep_for_themselves() {
    let page = reference::page();
    let written = names_under(&page, "References");
    for word in RESERVED {
        let is_there = written.iter().any(|name| name.trim_start_matches('{').starts_with(word));
        assert!(is_there, "{word} is not in {written:?}");
    }
}
