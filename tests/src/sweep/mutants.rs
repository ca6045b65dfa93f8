//! Mutants: what the experiment is tried with, so that nobody has to believe that it can see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::gateway::{release, target};

/// pamrun with one mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What the mistake is.
    pub name: String,
    /// The file that has it, from the workspace's root.
    file: PathBuf,
    /// What stands there, exactly once.
    find: String,
    /// What the mistake makes of it.
    replace: String,
    /// What the names of the cases have in common that catch it soonest.
    pub first: String,
}

#[derive(Deserialize)]
struct Table {
    mutant: Vec<Mutant>,
}

/// The binary that mutants are built as: the user's own is left alone.
const BINARY: &str = "pamrun-mutant";

impl Mutant {
    /// All there are: `tests/mutants.toml`.
    pub fn all() -> Vec<Self> {
        let table: Table = toml::from_str(include_str!("../../mutants.toml")).unwrap();
        table.mutant
    }

    /// The mutated text of its file, from the text as it is.
    ///
    /// # Errors
    /// When what is to be replaced does not stand there exactly once.
    pub fn mutate(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            count => Err(format!("{}: its text stands {count} times in {}", self.name, self.file.display())),
        }
    }

    /// The text of its file as it is.
    pub fn original(&self) -> String {
        fs::read_to_string(root().join(&self.file)).unwrap()
    }

    /// Builds it, from a copy of the workspace: sources and binary of the user are left alone, and what
    /// was built of other people's crates serves both.
    ///
    /// # Errors
    /// When it cannot be mutated or does not compile.
    pub fn build(&self) -> Result<PathBuf, String> {
        let copy = target().join("sweep/workspace");
        let current = files(&root(), Path::new(""));
        remove_others(&copy, &current);
        for file in current {
            let content = self.adapt(&file, fs::read(root().join(&file)).unwrap())?;
            // cargo builds what was written since, whatever is in it.
            if fs::read(copy.join(&file)).ok().as_ref() != Some(&content) {
                fs::create_dir_all(copy.join(&file).parent().unwrap()).unwrap();
                fs::write(copy.join(&file), content).unwrap();
            }
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "build",
                "--offline",
                "--release",
                "--workspace",
                "--exclude",
                "misbehaving",
                "--bin",
                BINARY,
            ])
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", target())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if output.status.success() {
            Ok(release().join(BINARY))
        } else {
            Err(format!("{} does not compile:\n{}", self.name, String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// What a file of the workspace is in the copy.
    fn adapt(&self, file: &Path, content: Vec<u8>) -> Result<Vec<u8>, String> {
        let text = || String::from_utf8(content.clone()).unwrap();
        if *file == self.file {
            self.mutate(&text()).map(String::into_bytes)
        } else if file == Path::new("Cargo.toml") {
            // cargo tells crates by name, version and place in their workspace: of the same version, the
            // copies would pass for the originals.
            let version = |suffix| format!("version = \"{}{suffix}\"", env!("CARGO_PKG_VERSION"));
            Ok(text().replacen(&version(""), &version("-mutant"), 1).into_bytes())
        } else if file == Path::new("runner/Cargo.toml") {
            Ok(format!("{}\n[[bin]]\nname = \"{BINARY}\"\npath = \"src/main.rs\"\n", text()).into_bytes())
        } else {
            Ok(content)
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files below a folder of a workspace, but for what was built and what git keeps.
fn files(workspace: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(workspace.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        match entry.file_type().unwrap() {
            _ if path == Path::new("target") || path == Path::new(".git") => {}
            kind if kind.is_dir() => found.extend(files(workspace, &path)),
            _ => found.push(path),
        }
    }
    found
}

/// Removes what an earlier copy had and the workspace has no longer: cargo finds targets by their files.
fn remove_others(copy: &Path, current: &[PathBuf]) {
    let kept = if copy.exists() { files(copy, Path::new("")) } else { Vec::new() };
    for gone in kept.iter().filter(|file| !current.contains(file)) {
        fs::remove_file(copy.join(gone)).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_replaces_exactly_one_place() {
        for mutant in Mutant::all() {
            let original = mutant.original();
            assert_ne!(mutant.mutate(&original).unwrap(), original, "{}", mutant.name);
        }
    }

    #[test]
    fn a_file_that_is_gone_from_the_workspace_goes_from_the_copy_too() {
        let copy = tempfile::tempdir().unwrap();
        fs::create_dir(copy.path().join("tests")).unwrap();
        for file in ["Cargo.toml", "tests/gone.rs"] {
            fs::write(copy.path().join(file), "").unwrap();
        }
        remove_others(copy.path(), &[PathBuf::from("Cargo.toml")]);
        assert_eq!(files(copy.path(), Path::new("")), [PathBuf::from("Cargo.toml")]);
    }

    #[test]
    fn there_are_at_least_the_mutants_that_were_asked_for() {
        assert!(Mutant::all().len() >= 11);
    }
}
