//! What a new author does, in each language: `pamrun new`, and then the commands of the README that it
//! wrote. After that the plugin passes the suite that is the same for all languages.

#![expect(clippy::print_stdout, reason = "with --nocapture it tells what the commands said, and their time")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

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
        author.lend_tools();
        author
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// Puts compilers that the build has fetched where the project would fetch them to. Where there
    /// are none it does fetch them.
    fn lend_tools(&self) {
        let fetched = target().join("tools");
        // Made later than the project, or make fetches them again.
        let touch = |path: PathBuf| {
            let file = std::fs::File::options().append(true).open(path);
            file.map(|file| file.set_modified(SystemTime::now()).unwrap()).is_ok()
        };
        match self.language {
            "python" => drop(touch(fetched.join("componentize-py/requirements.txt"))),
            "javascript" if touch(fetched.join("componentize-js/node_modules/ready")) => {
                let modules = self.project().join("sdk/node_modules");
                std::os::unix::fs::symlink(fetched.join("componentize-js/node_modules"), modules).unwrap();
            }
            _ => {}
        }
    }

    /// The commands under the README's heading "Build and test".
    fn readme(&self) -> Vec<String> {
        let readme = std::fs::read_to_string(self.project().join("README.md")).unwrap();
        let section = readme.split("## Build and test").nth(1).unwrap().split("\n## ").next().unwrap();
        section.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
    }

    /// Runs a command as the author would, and expects that it works.
    fn run(&self, folder: &Path, command: &str) {
        let search = std::env::var("PATH").unwrap();
        let fetched = target().join("tools");
        let began = Instant::now();
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder)
            .env("PATH", format!("{}:{search}", binary().parent().unwrap().display()))
            .env("XDG_STATE_HOME", target().join("authors/state"))
            // Otherwise the projects keep their tools in their own folders.
            .env("CARGO_TARGET_DIR", target().join("authors/rust"))
            .env("TOOLS", fetched.join("zig"))
            .env("ZIG_GLOBAL_CACHE_DIR", fetched.join("zig/cache"))
            .env("VENV", fetched.join("componentize-py"))
            .env("WASM_TOOLS", &fetched)
            // This one has pip, too, which Debian's may lack.
            .envs(
                Some(fetched.join("componentize-py/bin/python"))
                    .filter(|path| path.exists())
                    .map(|path| ("PYTHON", path)),
            )
            // What cargo and make tell their children is not meant for these.
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let warned = String::from_utf8_lossy(&output.stderr);
        println!("{}: {command} ({} s)\n{told}", self.language, began.elapsed().as_secs());
        assert!(output.status.success(), "{}: {command}\n{told}\n{warned}", self.language);
    }

    /// Puts the common suite beside the project's own cases.
    fn add_common_suite(&self) {
        let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
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
fn a_plugin_in_python_is_begun_built_and_proven() {
    write_a_plugin_in("python");
}

#[test]
fn a_plugin_in_javascript_is_begun_built_and_proven() {
    write_a_plugin_in("javascript");
}

#[test]
fn a_plugin_in_c_is_begun_built_and_proven() {
    write_a_plugin_in("c");
}
