//! The drawing in `lib.rs`, checked: a room that uses another one against the arrows is a mistake
//! that no compiler finds.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that reads our own sources, and stops where it cannot"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Leaves: every room may use them, they use only each other.
const LEAVES: &[&str] = &["dotenv", "limits", "model", "secret", "system", "text", "trust", "units"];

/// Which rooms a room may use besides the leaves. `rotation` owns the ports (`Plugin`, `Vault`,
/// `Journal`, `Clock`), so those who implement one use it.
const EDGES: &[(&str, &[&str])] = &[
    ("cli", &[]),
    ("params", &[]),
    ("catalog", &[]),
    ("request", &["params", "catalog", "cli"]),
    ("policy", &["request"]),
    ("call", &["request", "policy", "rotation"]),
    ("wasm", &["catalog", "request", "policy", "rotation", "call"]),
    ("script", &["params", "rotation"]),
    ("deliver", &["policy", "rotation"]),
    ("rotation", &["request", "policy"]),
    ("notation", &[]),
    ("destination", &["cli", "notation"]),
    ("vault", &["rotation"]),
    ("journal", &["cli", "catalog", "rotation"]),
    ("scaffold", &["cli"]),
    ("report", &["catalog", "policy", "rotation"]),
    ("harness", &["policy", "wasm", "rotation", "vault"]),
];

/// Those who chain the rooms may use all of them.
const CHAINS: &[&str] = &["run"];

#[test]
fn no_room_uses_another_one_against_the_arrows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in rust_files(&source) {
        let room = room_of(&source, &file);
        if matches!(room.as_str(), "lib" | "main") || CHAINS.contains(&room.as_str()) {
            continue;
        }
        for used in used_rooms(&fs::read_to_string(&file).unwrap()) {
            let allowed = used == room
                || LEAVES.contains(&used.as_str())
                || EDGES.iter().any(|(from, to)| *from == room && to.contains(&used.as_str()));
            if !allowed {
                wrong.push(format!("{} uses {used}", file.strip_prefix(&source).unwrap().display()));
            }
        }
        seen.insert(room);
    }
    assert!(wrong.is_empty(), "against the arrows of lib.rs:\n{}", wrong.join("\n"));
    for room in seen {
        let known = LEAVES.contains(&room.as_str()) || EDGES.iter().any(|(from, _)| *from == room);
        assert!(known, "{room} is not in the drawing: add it here and to lib.rs");
    }
}

#[test]
fn only_the_files_of_a_system_name_what_only_that_has() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in rust_files(&source) {
        let path = file.strip_prefix(&source).unwrap();
        let is_test = path.to_string_lossy().contains("tests");
        if is_test || path.iter().any(|part| part == "system") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        // Tests run on Linux.
        let code = text.split("\nmod tests {").next().unwrap();
        for word in ["std::os::", "rustix", "target_os", "cfg!(", "libc::"] {
            assert!(!code.contains(word), "{} has {word}: runner/src/system is for that", path.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The first part of the path below `src`: `wasm/gate.rs` is in `wasm`, `limits.rs` is `limits`.
fn room_of(source: &Path, file: &Path) -> String {
    let first = file.strip_prefix(source).unwrap().iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms named in `crate::ROOM`, and in `use crate::{ROOM::…, …}`.
fn used_rooms(source: &str) -> BTreeSet<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        rooms.insert(std::mem::take(&mut name));
                    }
                    _ if depth == 0 => name.push(character),
                    _ => {}
                }
            }
            rooms.insert(name);
        } else {
            rooms.insert(rest.to_owned());
        }
    }
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    rooms
        .iter()
        .map(|path| path.trim().split(|c| !is_word(c)).next().unwrap_or_default().to_owned())
        .filter(|name| !name.is_empty() && name.starts_with(char::is_lowercase))
        .collect()
}
