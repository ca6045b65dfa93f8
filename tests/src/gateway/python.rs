//! The Python of this machine, wherever it is installed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

static PYTHON: LazyLock<Python> = LazyLock::new(Python::find);

/// A Python.
#[derive(Debug)]
pub struct Python {
    /// The program itself, and not something that looks it up.
    pub program: PathBuf,
    /// The folder that it is installed in.
    pub prefix: PathBuf,
}

impl Python {
    /// The one that is found by its name.
    pub fn of_this_machine() -> &'static Self {
        &PYTHON
    }

    fn find() -> Self {
        let code = "import sys; print(sys.executable); print(sys.base_prefix)";
        let output = Command::new("python3").args(["-c", code]).output().expect("python3 is needed here");
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines().map(PathBuf::from);
        Self { program: lines.next().unwrap(), prefix: lines.next().unwrap() }
    }

    /// Folders of programs, its own first.
    pub fn path(&self) -> OsString {
        let folders = [self.program.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")];
        std::env::join_paths(folders).unwrap()
    }
}
