//! One call of a script: its folder, its process, and what came of it.

use std::io::{self, Read};
use std::process::ExitStatus;

use zeroize::Zeroizing;

use super::answer::Object;
use super::bounds::Bounds;
use super::folder::{WorkFolder, WorkFolders};
use super::launch::{FAILED, Launch};
use super::launcher::Launcher;
use super::leash::leashed;
use super::near_miss::Signs;
use super::process::{self, Ended, Stopped};
use super::sift::Sifted;
use super::source::Script;
use super::system::{Leash, TEMPORARY_FOLDER, computed_too_long, open_answer, signal_that_ended};
use super::verdict::{Verdict, decide};
use crate::limits::{Limits, exceeded};
use crate::model::{Failure, FailureKind, Request, StepName, Update};
use crate::rotation::{Intake, LogLevel, LogLine, StepError, clean};
use crate::secret::Redactor;
use crate::system::names_count;

/// The file in the working folder that may hold the answer.
const OUTPUT: &str = "answer.json";
/// How much of its last words a script's error quotes, in characters.
const LAST_WORDS: usize = 300;

/// What one call is made with.
pub(super) struct Calling<'a> {
    pub(super) script: &'a Script,
    pub(super) folders: &'a WorkFolders,
    pub(super) redactor: &'a Redactor,
    /// The step; none where the script has none.
    pub(super) step: Option<StepName>,
    /// The keys by which its answer is known.
    pub(super) keys: &'static [&'static str],
    /// What it is given: the record that its answer is for.
    pub(super) request: Option<&'a Request>,
    pub(super) bounds: Bounds,
    /// A launcher that is ready, if there is one.
    pub(super) launcher: Option<Launcher>,
}

/// What came of it.
pub(super) struct Called {
    /// Its answer; none where it has none to give.
    pub(super) answer: Result<Option<Object>, StepError>,
    /// The new values that were found in what it wrote, whether that was an answer or not.
    pub(super) in_hand: Vec<Update>,
    /// Whether the script was started at all.
    pub(super) started: bool,
    stdout: Zeroizing<String>,
    stderr: Zeroizing<String>,
    /// What an operator should know of its end.
    notes: Vec<String>,
}

impl Called {
    fn not_started(why: String) -> Self {
        let code = "script-not-started".to_owned();
        let failure = Failure { kind: FailureKind::Invalid, code, message: why, fix: None };
        let (stdout, stderr) = (Zeroizing::default(), Zeroizing::default());
        let answer = Err(StepError::Failure(failure));
        Self { answer, in_hand: Vec::new(), started: false, stdout, stderr, notes: Vec::new() }
    }

    /// The script was started, and the system did not let us see how it ended.
    fn out_of_sight(error: &io::Error) -> Self {
        let why = StepError::Internal(format!("pamrun lost sight of the script: {error}"));
        Self { answer: Err(why), started: true, ..Self::not_started(String::new()) }
    }

    /// Hands out the lines that it wrote.
    pub(super) fn lines(self, step: StepName, redactor: &Redactor, limits: &Limits) -> Vec<LogLine> {
        let mut lines = LogLine::of_text(step, LogLevel::Info, &self.stdout, redactor);
        lines.extend(LogLine::of_text(step, LogLevel::Warn, &self.stderr, redactor));
        let mut left = limits.log;
        let fits = |line: &LogLine| left.checked_sub(line.text.len().max(1)).map(|rest| left = rest);
        let shown = lines.iter().map_while(fits).count();
        let cut = lines.len() - shown;
        lines.truncate(shown);
        let note = |text| LogLine { step, level: LogLevel::Warn, text };
        if cut > 0 {
            lines.push(note(exceeded("log", format_args!("… {cut} more lines are not shown"))));
        }
        lines.extend(self.notes.into_iter().map(note));
        lines
    }
}

impl Calling<'_> {
    /// Calls the script with this on stdin.
    pub(super) async fn call(mut self, stdin: Zeroizing<Vec<u8>>) -> Called {
        if !self.script.is_unchanged() {
            return Called::not_started("the script's file was changed meanwhile; run it again".to_owned());
        }
        let folder = match self.folders.make() {
            Ok(folder) => folder,
            Err(error) => return Called::not_started(format!("it gets no folder to work in: {error}")),
        };
        let launcher = self.launcher.take();
        let called = self.call_in(&folder, stdin, launcher).await;
        let path = folder.path().to_owned();
        match (called, folder.remove()) {
            (called, Ok(())) => called,
            (mut called, Err(error)) => {
                called
                    .notes
                    .push(format!("its working folder {} could not be removed: {error}", path.display()));
                called
            }
        }
    }

    async fn call_in(
        &self,
        folder: &WorkFolder,
        stdin: Zeroizing<Vec<u8>>,
        launcher: Option<Launcher>,
    ) -> Called {
        let launch = match self.launch(folder) {
            Ok(launch) => launch,
            Err(error) => return Called::not_started(format!("it could not be started: {error}")),
        };
        let bounds = self.bounds;
        let seen = match launch.followed_by(&stdin) {
            Ok(stdin) => {
                let run = move |leash: &Leash| {
                    let child = match launcher.and_then(Launcher::into_child) {
                        Some(child) => child,
                        None => Launcher::start()?.into_child().ok_or_else(ended_at_once)?,
                    };
                    Ok(process::supervise(child, stdin, &bounds, leash))
                };
                leashed(run).await
            }
            Err(error) => Err(error),
        };
        let ended = match seen {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => return Called::out_of_sight(&error),
            Err(error) => return Called::not_started(format!("it could not be started: {error}")),
        };
        if ended.status.code() == Some(FAILED)
            && let Some(why) = ended.stderr.strip_prefix(launch.token.as_bytes())
        {
            let why = clean(String::from_utf8_lossy(why).trim(), LAST_WORDS);
            return Called::not_started(format!("it could not be started: {why}"));
        }
        self.judge(&ended, read(folder, self.bounds.output))
    }

    fn launch(&self, folder: &WorkFolder) -> io::Result<Launch> {
        let mut launch = self.script.launch(folder)?;
        launch.show(self.script.options.environment.iter().cloned());
        launch.show(TEMPORARY_FOLDER.iter().map(|name| (name.into(), folder.path().into())));
        launch.show([("PAMRUN_OUTPUT".into(), folder.path().join(OUTPUT).into())]);
        launch.show(self.step.map(|step| ("PAMRUN_STEP".into(), step.word().into())));
        Ok(launch)
    }

    fn judge(&self, ended: &Ended, file: Result<Option<Zeroizing<Vec<u8>>>, String>) -> Called {
        let signs = match Signs::of(self.keys) {
            Ok(signs) => signs,
            Err(error) => return Called::out_of_sight(&io::Error::other(error)),
        };
        let sift = |name, bytes| Sifted::stream(name, bytes, self.keys, &signs);
        let (file, unfit) = match file {
            Ok(None) => (Sifted::nothing(), None),
            Ok(Some(file)) => (Sifted::file(&file, self.keys, &signs), None),
            Err(problem) => (Sifted::nothing(), Some(format!("the file in PAMRUN_OUTPUT {problem}"))),
        };
        let stdout = sift("stdout", &ended.stdout);
        // Where plugins of Keeper's print to, nothing is an answer.
        let stderr = if self.script.is_saas() {
            Sifted::log_only(&ended.stderr)
        } else {
            sift("stderr", &ended.stderr)
        };
        let Verdict { answer, mut in_hand } = decide(&file, &stdout, &stderr, self.bounds.output);
        let answer = unfit.map_or(answer, Err);
        // Before a word of it is let through, the secrets of its answer must be known.
        let made = answer.iter().flatten().find_map(|object| object.credential().ok());
        let handle = made.map(|made| made.handle).unwrap_or_default();
        in_hand.learn(&handle, self.request, self.redactor);
        let (mut stdout, stderr) = (stdout.log(), stderr.log());
        let mut notes = notes(ended);
        if self.step.is_some() && !matches!(answer, Ok(Some(_))) && !stdout.is_empty() {
            // It may hold an answer that we do not recognise, and new secrets with it.
            stdout = Zeroizing::default();
            notes.push("what it wrote to stdout is not shown, since there is no answer in it".to_owned());
        }
        let answer = self.accept(ended, &stderr, answer);
        Called { answer, in_hand: in_hand.into_updates(), started: true, stdout, stderr, notes }
    }

    fn accept(
        &self,
        ended: &Ended,
        stderr: &str,
        answer: Result<Option<Object>, String>,
    ) -> Result<Option<Object>, StepError> {
        if let Some(limit) = self.limit(ended) {
            return Err(limit);
        }
        let broken = |problem: &str| StepError::Contract(format!("the script's answer: {problem}"));
        if let Ok(Some(object)) = &answer
            && let Some(failure) = object.failure().map_err(|problem| broken(&problem))?
        {
            let mut intake = Intake::new(self.redactor.clone(), self.bounds.output);
            return Err(intake.failure(failure).map_or_else(|error| error, StepError::Failure));
        }
        if !ended.status.success() {
            return Err(StepError::Trap(self.exit(ended.status, stderr)));
        }
        match answer {
            Ok(None) if self.step.is_some() => {
                let keys: Vec<_> = self.keys.iter().map(|key| format!("`{key}`")).collect();
                Err(broken(&format!(
                    "there is none: write a JSON object with {} to stdout",
                    keys.join(" or ")
                )))
            }
            answer => answer.map_err(|problem| broken(&problem)),
        }
    }

    fn limit(&self, ended: &Ended) -> Option<StepError> {
        let limits = &self.script.options.limits;
        let of = |name, what: String| StepError::Limit { name, message: exceeded(name, what) };
        Some(match ended.stopped {
            Some(Stopped::Time) => StepError::Limit {
                name: "timeout",
                message: format!("the script did not end within {:?}; --timeout raises it", self.bounds.time),
            },
            Some(Stopped::Output) => {
                of("output", format!("the script wrote more than {} bytes", self.bounds.output))
            }
            Some(Stopped::Processes) => {
                let most = self.bounds.processes;
                of("processes", format!("the script had more than {most} processes at the same time"))
            }
            None if computed_too_long(ended.status) => {
                of("cpu", format!("the script computed for more than {:?}", limits.cpu))
            }
            // Whoever let go of it hears nothing of it.
            Some(Stopped::LetGo) | None => return None,
        })
    }

    /// Says how it ended, and what it said last.
    fn exit(&self, status: ExitStatus, stderr: &str) -> String {
        let said = self.redactor.redact(stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        let how = how(status);
        if last.is_empty() { how } else { format!("{how}: {}", clean(last, LAST_WORDS)) }
    }
}

fn ended_at_once() -> io::Error {
    io::Error::other("something ended it at once")
}

fn how(status: ExitStatus) -> String {
    match (status.code(), signal_that_ended(status)) {
        (Some(code), _) => format!("it exited with status {code}"),
        (None, Some(signal)) => format!("signal {signal} ended it"),
        (None, None) => "it ended".to_owned(),
    }
}

fn notes(ended: &Ended) -> Vec<String> {
    let mut notes = Vec::new();
    match ended.left {
        0 => {}
        1 => notes.push("a process that it left running was ended".to_owned()),
        left => notes.push(format!("{left} processes that it left running were ended")),
    }
    if ended.undead {
        notes.push("some of what it left running cannot be ended".to_owned());
    }
    notes
}

/// Reads the file, if there is something in it. It must be an ordinary one in our folder, and have no other
/// name: through that, somebody may read the answer, or write another one.
fn read(folder: &WorkFolder, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let file = match open_answer(folder.handle(), folder.path(), OUTPUT) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("is a link, or cannot be opened: {error}")),
    };
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("is no ordinary file".to_owned());
    }
    if names_count(&file).map_err(unreadable)? != 1 {
        return Err("has another name: write to it, and put no link to another file there".to_owned());
    }
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let room = usize::try_from(metadata.len().min(most)).unwrap_or(limit);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes).filter(|bytes| !bytes.trim_ascii().is_empty()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn n4_an_answer_is_an_ordinary_file_of_our_folder_with_one_name() {
        let parent = tempfile::tempdir().unwrap();
        let folder = WorkFolders::open(parent.path()).unwrap().make().unwrap();
        let (answer, other) = (folder.path().join(OUTPUT), parent.path().join("other"));
        let text = || read(&folder, 100).map(|file| file.map(|bytes| bytes.to_vec()));
        assert_eq!(text(), Ok(None));
        fs::write(&answer, " \n").unwrap();
        assert_eq!(text(), Ok(None));
        fs::write(&answer, "{}").unwrap();
        assert_eq!(text(), Ok(Some(b"{}".to_vec())));

        let refused = |what: &str| {
            let problem = text().unwrap_err();
            assert!(problem.contains(what), "{problem}");
            fs::remove_file(&answer).or_else(|_| fs::remove_dir(&answer)).unwrap();
        };
        fs::hard_link(&answer, &other).unwrap();
        refused("has another name");
        symlink(&other, &answer).unwrap();
        refused("is a link");
        symlink(parent.path().join("nowhere"), &answer).unwrap();
        refused("is a link");
        fs::create_dir(&answer).unwrap();
        refused("is no ordinary file");
        let socket = UnixListener::bind(&answer).unwrap();
        refused("cannot be opened");
        drop(socket);
        rustix::fs::mknodat(rustix::fs::CWD, &answer, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        refused("is no ordinary file");
    }

    /// Whoever puts another folder in the place of ours has no answer there.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn n4_an_answer_in_a_folder_that_took_the_place_of_ours_is_none() {
        let parent = tempfile::tempdir().unwrap();
        let folder = WorkFolders::open(parent.path()).unwrap().make().unwrap();
        let theirs = parent.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join(OUTPUT), "{}").unwrap();
        fs::rename(folder.path(), parent.path().join("ours")).unwrap();
        symlink(&theirs, folder.path()).unwrap();
        assert_eq!(read(&folder, 100).map(|file| file.is_some()), Ok(false));
        fs::remove_file(folder.path()).unwrap();
    }
}
