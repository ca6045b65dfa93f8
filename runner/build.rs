//! Embeds what `pamrun new` writes, so that the binary needs nothing else.
//!
//! A script, and not a macro that takes in whole folders: each SDK says in its `scaffold.txt` which of
//! its files a project needs, and what tests and tools leave beside them stays out.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "it runs at build time, and stops where it cannot go on"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Each language: the name of its SDK's folder, and of the list that is generated for it.
const LANGUAGES: [(&str, &str); 4] =
    [("rust", "RUST"), ("python", "PYTHON"), ("javascript", "JAVASCRIPT"), ("c", "C")];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned();
    let plugins = root.join("plugins");
    let mut source = String::new();

    for (language, list) in LANGUAGES {
        let sdk = plugins.join(format!("sdk-{language}"));
        let template = files(&sdk.join("template"), "**");
        let mut kept = BTreeMap::new();
        let patterns = sdk.join("scaffold.txt");
        println!("cargo::rerun-if-changed={}", patterns.display());
        for pattern in fs::read_to_string(&patterns).expect("a scaffold.txt beside each SDK").lines() {
            let found = files(&sdk, pattern);
            assert!(!found.is_empty(), "{}: {pattern} fits no file", patterns.display());
            kept.extend(found.into_iter().map(|(name, path)| (format!("sdk/{name}"), path)));
        }
        declare(&mut source, &format!("{list}_TEMPLATE"), &template);
        declare(&mut source, &format!("{list}_SDK"), &kept);
    }
    declare(&mut source, "SHARED", &files(&plugins.join("template"), "**"));
    declare(&mut source, "WIT", &files(&root.join("wit"), "v1/**"));

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), source).expect("a writable target folder");
}

/// The files below `root` that fit the pattern, by their names from there. A pattern is a path whose
/// last part may have one `*`, or be `**`: everything below.
fn files(root: &Path, pattern: &str) -> BTreeMap<String, PathBuf> {
    let (folder, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    println!("cargo::rerun-if-changed={}", root.join(folder).display());
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root.join(folder)).expect("a folder that a pattern names") {
        let entry = entry.expect("a readable folder");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let whole = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.path().is_dir() {
            if last == "**" {
                found.extend(files(root, &format!("{whole}/**")));
            }
            continue;
        }
        let fits = match last.split_once('*') {
            _ if last == "**" => true,
            Some((start, end)) => name.starts_with(start) && name.ends_with(end),
            None => name == last,
        };
        if fits {
            found.insert(whole, entry.path());
        }
    }
    found
}

fn declare(source: &mut String, list: &str, files: &BTreeMap<String, PathBuf>) {
    let _ = writeln!(source, "pub(super) static {list}: &[(&str, &str)] = &[");
    for (name, path) in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let _ = writeln!(source, "    ({name:?}, include_str!({:?})),", path.display().to_string());
    }
    source.push_str("];\n");
}
