//! Which program runs a script.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::ScriptError;
use super::head::{Shebang, shebang};
use super::system::{FIRST_LINES_COUNT, PYTHON};

/// By the end of a file's name: the programs to try, and what goes before the file.
const BY_EXTENSION: [(&str, &[&str], &[&str]); 9] = [
    ("py", PYTHON, &[]),
    ("sh", &["bash", "sh"], &[]),
    ("bash", &["bash"], &[]),
    ("ps1", &["pwsh", "powershell"], &["-NoLogo", "-NoProfile", "-NonInteractive", "-File"]),
    ("js", &["node"], &[]),
    ("mjs", &["node"], &[]),
    ("cjs", &["node"], &[]),
    ("rb", &["ruby"], &[]),
    ("pl", &["perl"], &[]),
];

/// Programs that take a carriage return for a part of the last word of a line.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/// What starts a script: everything of the command line that goes before the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// The program; none where the file is the program.
    pub(super) program: Option<PathBuf>,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
}

impl Interpreter {
    /// How `--interpreter` names it; none where that cannot be written down.
    pub(super) fn written(&self) -> Option<String> {
        let words = self.program.iter().map(|program| program.as_os_str());
        let words = words.chain(self.arguments.iter().map(OsString::as_os_str));
        let words: Vec<_> = words.map(OsStr::to_str).collect::<Option<_>>()?;
        if words.is_empty() { None } else { shlex::try_join(words).ok() }
    }

    /// Tells whether it is a shell.
    pub(super) fn is_shell(&self) -> bool {
        let name = self.program.as_deref().and_then(Path::file_name);
        name.is_some_and(|name| SHELLS.iter().any(|shell| name == *shell))
    }
}

/// What there is to choose from.
pub(super) struct Choice<'a> {
    /// `--interpreter`.
    pub(super) named: Option<&'a str>,
    /// The script's path.
    pub(super) path: &'a Path,
    /// What stands in it.
    pub(super) bytes: &'a [u8],
    /// Whether the system would run the file by itself.
    pub(super) executable: bool,
    /// Finds a program by name or path; links are not followed, since a virtual environment is one.
    pub(super) find: &'a dyn Fn(&OsStr) -> Option<PathBuf>,
}

impl Choice<'_> {
    /// Chooses: what the operator says, else the script's first line, else its name, else itself.
    ///
    /// # Errors
    /// The program that is missing, or that nothing says which one it is.
    pub(super) fn make(&self) -> Result<Interpreter, ScriptError> {
        if let Some(named) = self.named {
            return self.named(named);
        }
        let extension = self.path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        let known = |(end, ..): &&(&str, _, _)| extension.as_deref() == Some(end);
        let by_name = BY_EXTENSION.iter().find(known);
        if let Some(Shebang { program, arguments }) = shebang(self.bytes)
            && (FIRST_LINES_COUNT || by_name.is_none())
        {
            let arguments = arguments.into_iter().map(OsString::from).collect();
            return self.found(&[&program], arguments, "its first line names it");
        }
        if let Some((_, programs, arguments)) = by_name {
            let arguments = arguments.iter().map(OsString::from).collect();
            return self.found(programs, arguments, "its name ends so");
        }
        if self.executable {
            return Ok(Interpreter { program: None, arguments: Vec::new() });
        }
        Err(ScriptError::NoInterpreter { path: self.path.to_owned() })
    }

    /// A program, even one with blanks in its path; else a program and its arguments.
    fn named(&self, named: &str) -> Result<Interpreter, ScriptError> {
        if let Some(program) = (self.find)(OsStr::new(named)) {
            return Ok(Interpreter { program: Some(program), arguments: Vec::new() });
        }
        let mut words = shlex::split(named).unwrap_or_default().into_iter();
        let program = words.next().unwrap_or_default();
        self.found(&[&program], words.map(OsString::from).collect(), "--interpreter names it")
    }

    fn found(
        &self,
        programs: &[&str],
        arguments: Vec<OsString>,
        reason: &'static str,
    ) -> Result<Interpreter, ScriptError> {
        match programs.iter().find_map(|program| (self.find)(OsStr::new(program))) {
            Some(program) => Ok(Interpreter { program: Some(program), arguments }),
            None => Err(ScriptError::MissingInterpreter {
                path: self.path.to_owned(),
                program: programs.first().copied().unwrap_or_default().to_owned(),
                reason,
                provider: provider(programs),
            }),
        }
    }
}

/// What would provide a program.
fn provider(programs: &[&str]) -> &'static str {
    let name = programs.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    match name {
        "py" | "python" | "python3" => "install Python 3 (package `python3`)",
        "bash" => "install bash (package `bash`)",
        "pwsh" | "powershell" => "install PowerShell 7 (package `powershell` of Microsoft's repositories)",
        "node" => "install Node.js (package `nodejs`)",
        "ruby" => "install Ruby (package `ruby`)",
        "perl" => "install Perl (package `perl`)",
        _ => "install it",
    }
}

/// Finds a program as shells do, in the folders of `path`.
pub(super) fn find(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let here = std::path::absolute(".").ok()?;
    which::which_in(program, path, here).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chooses on a machine that has these programs.
    fn choose(
        named: Option<&str>,
        path: &str,
        text: &str,
        executable: bool,
        programs: &[&str],
    ) -> Result<(String, Vec<OsString>), ScriptError> {
        let find = |name: &OsStr| {
            let name = name.to_str()?;
            if name.starts_with('/') {
                return programs.contains(&name).then(|| name.into());
            }
            programs.iter().find(|program| program.ends_with(&format!("/{name}"))).map(PathBuf::from)
        };
        let choice = Choice { named, path: Path::new(path), bytes: text.as_bytes(), executable, find: &find };
        choice.make().map(|chosen| {
            let program = chosen.program.map_or("itself".to_owned(), |program| program.display().to_string());
            (program, chosen.arguments)
        })
    }

    const MACHINE: [&str; 6] = [
        "/usr/bin/python3",
        "/bin/bash",
        "/bin/sh",
        "/usr/bin/pwsh",
        "/opt/my env/bin/python",
        "/usr/bin/env",
    ];

    #[test]
    fn the_operator_goes_before_the_first_line_the_name_and_the_file_itself() {
        let chosen =
            |named, path, text, executable| choose(named, path, text, executable, &MACHINE).unwrap().0;
        assert_eq!(chosen(Some("bash"), "a.py", "#!/bin/sh\n", true), "/bin/bash");
        assert_eq!(chosen(None, "a.py", "#!/bin/sh\n", true), "/bin/sh");
        assert_eq!(chosen(None, "a.py", "print()", true), "/usr/bin/python3");
        assert_eq!(chosen(None, "A.PY", "print()", false), "/usr/bin/python3");
        assert_eq!(chosen(None, "rotate", "\x7fELF", true), "itself");
    }

    #[test]
    fn an_interpreter_may_have_blanks_in_its_path_or_arguments() {
        let chosen = |named| choose(Some(named), "a", "", false, &MACHINE).unwrap();
        assert_eq!(chosen("/opt/my env/bin/python"), ("/opt/my env/bin/python".to_owned(), vec![]));
        let flags = ["-I", "-u"].map(OsString::from).to_vec();
        assert_eq!(chosen("python3 -I -u"), ("/usr/bin/python3".to_owned(), flags.clone()));
        assert_eq!(chosen("'/opt/my env/bin/python' -I -u"), ("/opt/my env/bin/python".to_owned(), flags));
    }

    #[test]
    fn what_was_chosen_is_chosen_again_by_how_it_is_written_down() {
        let program = Some(PathBuf::from("/opt/my env/bin/python"));
        let chosen = Interpreter { program, arguments: vec!["-I".into(), "a b".into()] };
        let written = chosen.written().unwrap();
        let again = choose(Some(&written), "a", "", false, &MACHINE).unwrap();
        assert_eq!(again, ("/opt/my env/bin/python".to_owned(), chosen.arguments));
        assert_eq!(Interpreter { program: None, arguments: vec![] }.written(), None);
    }

    #[test]
    fn a_second_best_program_is_taken_where_the_best_is_missing() {
        let (program, arguments) = choose(None, "a.sh", "echo", false, &["/bin/sh"]).unwrap();
        assert_eq!((program.as_str(), arguments.len()), ("/bin/sh", 0));
        let (_, arguments) = choose(None, "a.ps1", "", false, &MACHINE).unwrap();
        assert_eq!(arguments.last(), Some(&OsString::from("-File")));
    }

    #[test]
    fn a_missing_program_is_named_with_what_would_provide_it() {
        for (named, path, text, parts) in [
            (None, "a.ps1", "", ["pwsh", "PowerShell 7"]),
            (None, "a", "#!/usr/bin/env ruby\n", ["ruby", "package `ruby`"]),
            (None, "a", "#!/usr/local/bin/python3 -u\n", ["/usr/local/bin/python3", "package `python3`"]),
            (Some("nodejs"), "a.py", "", ["nodejs", "--interpreter"]),
        ] {
            let error = choose(named, path, text, true, &["/bin/sh"]).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }

    #[test]
    fn what_nobody_can_run_is_an_error_that_names_the_way_out() {
        let error = choose(None, "notes.txt", "hello", false, &MACHINE).unwrap_err().to_string();
        assert!(error.contains("notes.txt") && error.contains("--interpreter"), "{error}");
    }

    #[test]
    fn shells_are_known_by_their_name() {
        let shell =
            |program: &str| Interpreter { program: Some(program.into()), arguments: Vec::new() }.is_shell();
        assert!(shell("/bin/bash") && shell("/usr/bin/dash") && !shell("/usr/bin/python3"));
    }
}
