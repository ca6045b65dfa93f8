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

/// What differs from language to language.
struct Language {
    name: &'static str,
    /// The file of the template's plugin, and what in it makes it that of the project.
    plugin: (&'static str, &'static str),
    /// Where it stands once it is wrapped, and what takes the place of that.
    wrapped: (&'static str, &'static str),
    /// What is said of a mistake in the wrapper.
    mistake: &'static str,
}

const RUST: Language = Language {
    name: "rust",
    plugin: ("src/lib.rs", "struct Tokens;\n\npamrun_plugin::export!(Tokens);"),
    wrapped: ("src/tokens.rs", "pub struct Tokens;"),
    mistake: "it panicked or aborted",
};
const PYTHON: Language = Language {
    name: "python",
    plugin: ("plugin.py", "class Tokens(Plugin)"),
    wrapped: ("tokens.py", "class Tokens(Plugin)"),
    mistake: "RuntimeError at plugin.py:",
};
const JAVASCRIPT: Language = Language {
    name: "javascript",
    plugin: ("plugin.js", "export default plugin("),
    wrapped: ("tokens.js", "export default plugin("),
    mistake: "Error at plugin.js:",
};
const C: Language = Language {
    name: "c",
    plugin: ("plugin.c", "const pamrun_plugin plugin = {"),
    wrapped: ("tokens.c", "const pamrun_plugin tokens = {"),
    mistake: "it panicked or aborted",
};

struct Author {
    language: Language,
    folder: TempDir,
}

impl Author {
    fn new(language: Language) -> Self {
        let author = Self { language, folder: tempfile::tempdir().unwrap() };
        author.run(author.folder.path(), &format!("pamrun new --lang {} {NAME}", author.language.name));
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
        match self.language.name {
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
        println!("{}: {command} ({} s)\n{told}", self.language.name, began.elapsed().as_secs());
        assert!(output.status.success(), "{}: {command}\n{told}\n{warned}", self.language.name);
    }

    /// Wraps the template's plugin into one that breaks down where a setting says so.
    fn let_it_stop(&self) {
        let Language { plugin: (plugin, is_plugin), wrapped: (wrapped, is_wrapped), .. } = self.language;
        let stopping = tests().join("stopping");
        let plugin = self.project().join(plugin);
        let template = std::fs::read_to_string(&plugin).unwrap();
        assert!(template.contains(is_plugin), "{}: {template}", plugin.display());
        std::fs::write(self.project().join(wrapped), template.replace(is_plugin, is_wrapped)).unwrap();
        std::fs::copy(stopping.join("plugin").with_extension(plugin.extension().unwrap()), plugin).unwrap();
        let manifest = self.project().join("plugin.toml");
        let whole = [manifest.clone(), stopping.join("plugin.toml")].map(|file| std::fs::read(file).unwrap());
        std::fs::write(manifest, whole.concat()).unwrap();
    }

    /// Puts the common suite beside the project's own cases.
    fn add_common_suite(&self) {
        for entry in std::fs::read_dir(tests().join("conformance")).unwrap() {
            let case = entry.unwrap().path();
            let copy = self.project().join("conformance").join(case.file_name().unwrap());
            std::fs::create_dir_all(&copy).unwrap();
            let text = std::fs::read_to_string(case.join("case.toml")).unwrap();
            let text = text.replace("{{padding}}", &"x".repeat(300_000));
            std::fs::write(copy.join("case.toml"), text.replace("{{mistake}}", self.language.mistake))
                .unwrap();
        }
    }
}

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn write_a_plugin_in(language: Language) {
    let author = Author::new(language);
    let name = author.language.name;
    let commands = author.readme();
    assert!(commands.len() + 2 <= COMMANDS, "{name}: {commands:?}");
    for expected in ["make test", "pamrun test --sweep cases"] {
        assert!(commands.iter().any(|command| command == expected), "{name}: {commands:?}");
    }
    for command in commands {
        author.run(&author.project(), &command);
    }
    author.let_it_stop();
    author.add_common_suite();
    author.run(&author.project(), "make && pamrun test conformance");
}

#[test]
fn a_plugin_in_rust_is_begun_built_and_proven() {
    write_a_plugin_in(RUST);
}

#[test]
fn a_plugin_in_python_is_begun_built_and_proven() {
    write_a_plugin_in(PYTHON);
}

#[test]
fn a_plugin_in_javascript_is_begun_built_and_proven() {
    write_a_plugin_in(JAVASCRIPT);
}

#[test]
fn a_plugin_in_c_is_begun_built_and_proven() {
    write_a_plugin_in(C);
}
