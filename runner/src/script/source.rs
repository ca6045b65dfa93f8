//! A script that is ready to be called: what runs it, and what it says of itself.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::ScriptError;
use super::confine::{Confined, Confinement};
use super::folder::{WorkFolder, WorkFolders};
use super::head::{Declared, declared, without_bom};
use super::interpreter::{Choice, Interpreter, find};
use super::launch::Launch;
use super::line::Line;
use super::plugin::ScriptPlugin;
use super::saas::{describe, lay_out};
use super::system::{adopt_orphans, may_confine};
use crate::limits::Limits;
use crate::model::{SaasPlugin, StepName, Strategy};
use crate::rotation::LogLine;
use crate::secret::Redactor;
use crate::system::is_program;

/// How a script is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--interpreter`.
    pub interpreter: Option<String>,
    /// What the script gets on its command line.
    pub arguments: Vec<OsString>,
    /// All of the environment that it sees, but for what tells it of the step.
    pub environment: Vec<(OsString, OsString)>,
    /// What it is granted, if it is to be confined.
    pub confinement: Option<Confinement>,
    /// The limits.
    pub limits: Limits,
}

/// A script.
#[derive(Debug)]
pub struct Script {
    path: PathBuf,
    bytes: Vec<u8>,
    interpreter: Interpreter,
    declared: Option<Declared>,
    /// Whether it is a SaaS plugin, which a script of ours runs.
    is_saas: bool,
    /// What a SaaS plugin says of itself, once it was asked.
    saas: Option<SaasPlugin>,
    pub(super) options: Options,
}

impl Script {
    /// Makes a script of the file's bytes. Nothing of it is run.
    ///
    /// # Errors
    /// What keeps it from being run: its interpreter, its declaration of steps, or a machine that
    /// cannot confine it.
    pub fn new(path: &Path, bytes: &[u8], options: Options) -> Result<Self, ScriptError> {
        Self::of_file(path, bytes, false, options)
    }

    /// Makes a script of a SaaS plugin, which is asked what it is: that, too, is returned.
    ///
    /// # Errors
    /// The same, and what the plugin lacks.
    pub async fn saas(
        path: &Path,
        bytes: &[u8],
        options: Options,
        folders: &WorkFolders,
        redactor: &Redactor,
    ) -> Result<(Self, SaasPlugin), ScriptError> {
        let mut script = Self::of_file(path, bytes, true, options)?;
        let plugin = describe(&script, folders, redactor).await?;
        script.saas = Some(plugin.clone());
        Ok((script, plugin))
    }

    fn of_file(path: &Path, bytes: &[u8], is_saas: bool, options: Options) -> Result<Self, ScriptError> {
        let declared = if is_saas {
            Some(Declared { steps: vec![StepName::Rotate], strategy: Strategy::InPlace })
        } else {
            declared(bytes)?
        };
        let environment = options.environment.iter();
        let folders =
            environment.clone().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
        let interpreter = Choice {
            named: options.interpreter.as_deref(),
            path,
            bytes,
            executable: !is_saas && is_program(path),
            find: &|program| find(program, folders),
        }
        .make()?;
        if options.confinement.is_some() {
            may_confine().map_err(ScriptError::NotConfinable)?;
        }
        // Relative names would be looked for in the working folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, bytes: bytes.to_owned(), interpreter, declared, is_saas, saas: None, options })
    }

    /// The name under which it speaks: its file's.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.path.file_name().map_or(Cow::Borrowed("script"), |name| name.to_string_lossy())
    }

    /// What runs it, as `--interpreter` takes it; none where it runs by itself.
    #[must_use]
    pub fn interpreter(&self) -> Option<String> {
        self.interpreter.written()
    }

    /// The steps that it says it has; none where it is to be run once.
    #[must_use]
    pub fn declared(&self) -> Option<&Declared> {
        self.declared.as_ref()
    }

    /// Whether it is a SaaS plugin.
    pub(super) fn is_saas(&self) -> bool {
        self.is_saas
    }

    /// What it says of itself, if it is a SaaS plugin.
    pub(super) fn saas_plugin(&self) -> Option<&SaasPlugin> {
        self.saas.as_ref()
    }

    /// Makes the plugin of one rotation: `line` is what each of its steps reads first, what the script says is
    /// filtered by `redactor`, and the lines of its log are handed to `log` when their step has ended.
    ///
    /// # Errors
    /// When the system does not let us look after what the script starts.
    pub fn instantiate(
        self,
        line: Line,
        folders: WorkFolders,
        redactor: Redactor,
        log: Rc<dyn Fn(LogLine)>,
    ) -> Result<ScriptPlugin, ScriptError> {
        adopt_orphans().map_err(ScriptError::Supervision)?;
        Ok(ScriptPlugin { script: self, line, folders, redactor, log, launcher: None })
    }

    /// Tells whether the file still is what was read.
    pub(super) fn is_unchanged(&self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the script's own file")]
        fs::read(&self.path).is_ok_and(|bytes| bytes == self.bytes)
    }

    /// The command line that runs it in this folder. A shell stumbles over what Windows' editors add:
    /// it is given a copy without that.
    ///
    /// # Errors
    /// When the copy cannot be written.
    fn command_line(&self, folder: &WorkFolder) -> io::Result<Vec<OsString>> {
        let mut file = self.path.clone();
        if self.interpreter.is_shell()
            && let Cow::Owned(plain) = for_shells(&self.bytes)
        {
            file = folder.path().join(self.path.file_name().unwrap_or("script".as_ref()));
            #[expect(clippy::disallowed_methods, reason = "the script's working folder")]
            fs::write(&file, plain)?;
        }
        let mut words = Vec::new();
        if let Some(program) = &self.interpreter.program {
            words.push(program.clone().into_os_string());
            words.extend(self.interpreter.arguments.iter().cloned());
        }
        if self.is_saas {
            words.push(lay_out(folder.path())?.into_os_string());
        }
        words.push(file.into_os_string());
        words.extend(self.options.arguments.iter().cloned());
        Ok(words)
    }

    /// How its process is begun, with this folder to work in.
    ///
    /// # Errors
    /// When what it needs in that folder cannot be written.
    pub(super) fn launch(&self, folder: &WorkFolder) -> io::Result<Launch> {
        let confined = self.options.confinement.as_ref().map(|granted| {
            let mut read = granted.read.clone();
            read.push(self.path.clone());
            read.extend(self.interpreter.program.clone());
            read.extend(self.interpreter.program.as_deref().and_then(virtual_environment));
            let mut write = granted.write.clone();
            write.push(folder.path().to_owned());
            Confined { read, write, network: granted.network }
        });
        let command = self.command_line(folder)?;
        Ok(Launch::new(&self.options.limits, confined, command, folder.path().to_owned()))
    }
}

/// The script without carriage returns at line ends, and without the mark at the beginning.
fn for_shells(bytes: &[u8]) -> Cow<'_, [u8]> {
    let plain = without_bom(bytes);
    if plain.len() == bytes.len() && !plain.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(bytes);
    }
    let mut copy = Vec::with_capacity(plain.len());
    for line in plain.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => copy.extend(line.iter().chain(b"\n")),
            None => copy.extend_from_slice(line),
        }
    }
    Cow::Owned(copy)
}

/// The folder of the virtual environment that a Python belongs to.
fn virtual_environment(program: &Path) -> Option<PathBuf> {
    let root = program.parent()?.parent()?;
    root.join("pyvenv.cfg").is_file().then(|| root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_get_line_ends_that_they_understand() {
        assert!(matches!(for_shells(b"#!/bin/sh\necho 'a\rb'\n"), Cow::Borrowed(_)));
        assert_eq!(&*for_shells(b"#!/bin/sh\r\necho a\r\nlast\r"), b"#!/bin/sh\necho a\nlast\r");
        assert_eq!(&*for_shells(b"\xef\xbb\xbf#!/bin/sh\n"), b"#!/bin/sh\n");
    }

    #[test]
    fn a_virtual_environment_is_known_by_its_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("bin/python");
        assert_eq!(virtual_environment(&python), None);
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        fs::write(folder.path().join("pyvenv.cfg"), "").unwrap();
        assert_eq!(virtual_environment(&python), Some(folder.path().to_owned()));
    }
}
