//! What a new author does, in each language: `pamrun new`, and then the commands of the README that it
//! wrote. After that the plugin passes the suite that is the same for all languages.
//!
//! Tools are fetched by the project itself, into `target/authors`, where the next run finds them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use pamrun_tests::gateway::{binary, target};
use tempfile::TempDir;

const NAME: &str = "my-token";
/// `pamrun new`, `cd`, and what the README says.
const COMMANDS: usize = 5;

struct Author {
    language: &'static str,
    folder: TempDir,
}

impl Author {
    fn new(language: &'static str) -> Self {
        let author = Self { language, folder: tempfile::tempdir().unwrap() };
        author.run(author.folder.path(), &format!("pamrun new --lang {language} {NAME}"));
        author
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// The commands under the README's heading "Build and test".
    fn readme(&self) -> Vec<String> {
        let readme = std::fs::read_to_string(self.project().join("README.md")).unwrap();
        let section = readme.split("## Build and test").nth(1).unwrap().split("\n## ").next().unwrap();
        section.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
    }

    /// Runs a command as the author would, and expects that it works.
    fn run(&self, folder: &Path, command: &str) {
        let tools = target().join("authors").join(self.language);
        std::fs::create_dir_all(&tools).unwrap();
        let search = std::env::var("PATH").unwrap();
        let search = format!("{}:{search}", binary().parent().unwrap().display());
        let began = Instant::now();
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder)
            .env("PATH", search)
            .env("XDG_STATE_HOME", tools.join("state"))
            .env("XDG_CACHE_HOME", tools.join("cache"))
            // Where the projects look for tools, unless they are told, is their own folder.
            .env("CARGO_TARGET_DIR", tools.join("target"))
            .env("TOOLS", tools.join("tools"))
            .env("VENV", tools.join("venv"))
            // Cargo and make tell their children of themselves, which are none of these.
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let warned = String::from_utf8_lossy(&output.stderr);
        let seconds = began.elapsed().as_secs();
        println!("{}: {command} ({seconds} s)\n{told}", self.language);
        assert!(output.status.success(), "{}: {command}\n{told}\n{warned}", self.language);
    }

    /// Puts the common suite beside the project's own cases.
    fn add_common_suite(&self) {
        let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/conformance");
        for entry in std::fs::read_dir(suite).unwrap() {
            let case = entry.unwrap().path();
            let copy = self.project().join("conformance").join(case.file_name().unwrap());
            std::fs::create_dir_all(&copy).unwrap();
            let text = std::fs::read_to_string(case.join("case.toml")).unwrap();
            std::fs::write(copy.join("case.toml"), text.replace("{{padding}}", &"x".repeat(300_000)))
                .unwrap();
        }
    }
}

fn write_a_plugin_in(language: &'static str) {
    let author = Author::new(language);
    let commands = author.readme();
    assert!(commands.len() + 2 <= COMMANDS, "{language}: {commands:?}");
    for expected in ["make test", "pamrun test --sweep cases"] {
        assert!(commands.iter().any(|command| command == expected), "{language}: {commands:?}");
    }
    for command in commands {
        author.run(&author.project(), &command);
    }
    author.add_common_suite();
    author.run(&author.project(), "pamrun test conformance");
}

#[test]
fn a_plugin_in_rust_is_begun_built_and_proven() {
    write_a_plugin_in("rust");
}

#[test]
fn a_plugin_in_c_is_begun_built_and_proven() {
    write_a_plugin_in("c");
}
