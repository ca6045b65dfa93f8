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

    /// Builds it, beside the workspace's own sources and binary, and with the same dependencies.
    ///
    /// # Errors
    /// When it cannot be mutated or does not compile.
    pub fn build(&self) -> Result<PathBuf, String> {
        let copy = target().join("sweep/workspace");
        copy_workspace(&root(), &copy);
        let manifest = copy.join("runner/Cargo.toml");
        let named = fs::read_to_string(root().join("runner/Cargo.toml")).unwrap()
            + &format!("\n[[bin]]\nname = \"{BINARY}\"\npath = \"src/main.rs\"\n");
        write_if_new(&manifest, named.as_bytes());
        write_if_new(&copy.join(&self.file), self.mutate(&self.original())?.as_bytes());

        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "build",
                "--locked",
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
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Copies what differs: cargo goes by the time of the last change.
fn copy_workspace(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        if path.is_dir() && name != "target" && name != ".git" {
            copy_workspace(&path, &to.join(name));
        } else if path.is_file() && name != ".git" {
            write_if_new(&to.join(name), &fs::read(path).unwrap());
        }
    }
}

fn write_if_new(path: &Path, content: &[u8]) {
    if fs::read(path).ok().as_deref() != Some(content) {
        fs::write(path, content).unwrap();
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
    fn there_are_at_least_the_six_mutants_that_were_asked_for() {
        assert!(Mutant::all().len() >= 6);
    }
}
