//! A case, as its file says it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::error::{CaseError, line_at, with_nearest};
use super::expect::Expect;
use crate::model::StepName;
use crate::text::{decode, in_single_quotes, single_quoted};

/// The name of the file that makes a folder a case.
pub const CASE_FILE: &str = "case.toml";

/// How deep one file may build upon another.
const DEEPEST: usize = 8;

/// A case: what is run, the world around it, and what is expected of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// How it is called: its folder, with those that hold it.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The plugin or script that it is about: one that rotates, or one that delivers.
    pub program: ProgramEntry,
    /// Those that hand the new value on, besides.
    pub deliver: Vec<ProgramEntry>,
    /// What is around them.
    pub setting: Setting,
    /// What is expected.
    pub expect: Expect,
}

/// A plugin or script, and what it is started with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramEntry {
    /// Its file.
    pub run: PathBuf,
    /// The program that runs a script, as `--interpreter` takes it.
    pub interpreter: Option<String>,
    /// What a script gets on its command line.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// What `--set` would give, or what stands behind it in `--deliver`.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
}

/// What is around a plugin in a case.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// When it begins, as time since the Unix epoch.
    pub now: Option<Duration>,
    /// What the operator allows; without it, all that the manifest asks for.
    pub allow_hosts: Option<Vec<String>>,
    /// Limits that are different, as under `[limits]`.
    pub limits: BTreeMap<String, Value>,
    /// What the gateway hands over besides the records.
    pub params: Map<String, Value>,
    /// The records.
    pub records: Vec<RecordEntry>,
    /// The credentials that the service has before.
    pub credentials: Vec<CredentialEntry>,
    /// The new values that a plugin is handed which only delivers, by the labels of fields.
    pub new: Map<String, Value>,
    /// The texts of the state that are what consumers use.
    pub consumers: Vec<String>,
    /// The state before.
    pub state: BTreeMap<String, String>,
    /// The peers, in the order in which they are asked.
    pub peers: Vec<PeerEntry>,
}

/// The whole of a file, or of one that others build upon.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    base: Option<PathBuf>,
    run: Option<PathBuf>,
    interpreter: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    #[serde(default)]
    deliver: Vec<ProgramEntry>,
    now: Option<Spanned<String>>,
    allow_hosts: Option<Vec<String>>,
    #[serde(default)]
    limits: BTreeMap<String, Value>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default, rename = "record")]
    records: Vec<RecordEntry>,
    #[serde(default, rename = "credential")]
    credentials: Vec<CredentialEntry>,
    #[serde(default)]
    new: Map<String, Value>,
    consumers: Option<Vec<String>>,
    #[serde(default)]
    state: BTreeMap<String, String>,
    #[serde(default, rename = "peer")]
    peers: Vec<Spanned<PeerEntry>>,
    expect: Option<Expect>,
}

/// A record, in flattened form: every key that is not listed here is a field.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordEntry {
    /// `target`, `attached`, `provider` or `other`.
    pub role: RecordRole,
    /// Its UID; by default the name of its role, and of further attached ones with a number.
    pub uid: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether the vault lets us change it.
    pub editable: Option<bool>,
    /// The fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// What a record is in a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordRole {
    /// It is rotated.
    Target,
    /// It is attached to the script.
    Attached,
    /// It is the PAM configuration.
    Provider,
    /// It lies in the vault, and nobody has named it.
    Other,
}

/// A credential that the service accepts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialEntry {
    /// The id that removes it.
    pub id: String,
    /// Its name at the service.
    #[serde(default)]
    pub name: String,
    /// Its value.
    #[serde(default)]
    pub secret: String,
}

/// Who answers a request, and what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerEntry {
    /// What it is called in messages.
    pub name: Option<String>,
    /// The name of the declared request that it answers.
    pub call: Option<String>,
    /// What the requests that it answers are like, as HTTP.
    #[serde(default)]
    pub request: RequestEntry,
    /// The state in which it answers: an empty text means that there is none.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// How long a value of the state must have been there already.
    #[serde(default)]
    pub since: BTreeMap<String, String>,
    /// How long a value of the state may have been there at most.
    #[serde(default)]
    pub until: BTreeMap<String, String>,
    /// How often it answers at most.
    pub times: Option<u32>,
    /// What must be the value of a credential that the service accepts.
    pub accepts: Option<String>,
    /// The credential that it makes.
    pub makes: Option<CredentialEntry>,
    /// The id of the credential that it removes; it must be there.
    pub removes: Option<String>,
    /// The answer.
    #[serde(default)]
    pub answer: AnswerEntry,
    /// What it changes in the state.
    #[serde(default)]
    pub then: BTreeMap<String, String>,
    /// The file and the line where it stands.
    #[serde(skip)]
    pub place: (PathBuf, usize),
}

/// Which requests are meant. What is not there does not matter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestEntry {
    /// The method.
    pub method: Option<String>,
    /// `host` or `host:port`.
    pub host: Option<String>,
    /// The path without query; `*` stands for one segment or a part of it.
    pub path: Option<String>,
    /// Parameters of the query.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub text: Option<String>,
    /// The body as JSON: what must be in it.
    pub json: Option<Value>,
    /// The body as a form: what must be in it.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// The step that sends it.
    pub step: Option<StepName>,
}

/// An answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerEntry {
    /// The status; 200 by default.
    pub status: Option<u16>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON.
    pub json: Option<Value>,
    /// The body as text.
    pub text: Option<String>,
    /// How long it takes.
    pub delay: Option<String>,
    /// What goes wrong instead.
    pub fault: Option<AnswerFault>,
}

/// What goes wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerFault {
    /// Nobody is there: the request never leaves, and changes nothing.
    Refuse,
    /// The request is carried out, and the connection ends before the answer.
    Reset,
    /// The request is carried out, and the answer breaks off.
    Cut,
}

impl Case {
    /// Reads the case in a folder. It is called as the folder is from `root`.
    ///
    /// # Errors
    /// What is wrong with its file.
    pub fn read(folder: &Path, root: &Path) -> Result<Self, CaseError> {
        let path = folder.join(CASE_FILE);
        let file = read(&path, DEEPEST)?;
        let run = file.run.ok_or_else(|| CaseError::new(&path, "`run` is missing: the plugin or script"))?;
        let expect = file.expect.ok_or_else(|| CaseError::new(&path, "[expect] is missing"))?;
        if expect.outcome.is_none() {
            return Err(CaseError::new(&path, "`outcome` is missing under [expect]"));
        }
        let own = folder.file_name().unwrap_or_default();
        let name = folder.strip_prefix(root).ok().filter(|name| !name.as_os_str().is_empty());
        let case = Self {
            name: name.unwrap_or(Path::new(own)).display().to_string(),
            path,
            program: ProgramEntry {
                run,
                interpreter: file.interpreter,
                arguments: file.arguments,
                settings: file.settings,
            },
            deliver: file.deliver,
            setting: Setting {
                now: file.now.as_ref().and_then(|now| seconds(now.get_ref())),
                allow_hosts: file.allow_hosts,
                limits: file.limits,
                params: file.params,
                records: file.records,
                credentials: file.credentials,
                new: file.new,
                consumers: file.consumers.unwrap_or_default(),
                state: file.state,
                peers: file.peers.into_iter().map(Spanned::into_inner).collect(),
            },
            expect,
        };
        case.check()?;
        Ok(case)
    }

    fn check(&self) -> Result<(), CaseError> {
        let targets = self.setting.records.iter().filter(|record| record.role == RecordRole::Target).count();
        if targets != 1 {
            let problem =
                format!("there must be one [[record]] with role = \"target\", and there are {targets}");
            return Err(CaseError::new(&self.path, problem));
        }
        for peer in &self.setting.peers {
            let (path, line) = &peer.place;
            peer.check()
                .map_err(|problem| CaseError { line: Some(*line), ..CaseError::new(path, problem) })?;
        }
        Ok(())
    }
}

/// Reads a file, and what it builds upon.
fn read(path: &Path, deepest: usize) -> Result<File, CaseError> {
    #[expect(clippy::disallowed_methods, reason = "the harness reads its cases")]
    let bytes =
        std::fs::read(path).map_err(|error| CaseError::new(path, format!("cannot be read: {error}")))?;
    let text = decode(&bytes).map_err(|problem| CaseError {
        line: Some(problem.line()),
        ..CaseError::new(path, format!("it {problem}"))
    })?;
    let mut file = parse(path, &text)?;
    let mut runs = file.run.iter().chain(file.deliver.iter().map(|entry| &entry.run));
    if runs.any(|run| run.to_string_lossy().contains(char::is_control)) {
        let problem = "the path after `run` holds control characters: between double quotes a backslash begins an \
                       escape, so write it in single quotes";
        return Err(CaseError::new(path, problem));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    file.run = file.run.map(|run| folder.join(run));
    file.deliver.iter_mut().for_each(|entry| entry.run = folder.join(&entry.run));
    let Some(base) = file.base.take() else { return Ok(file) };
    if deepest == 0 {
        return Err(CaseError::new(path, "files build upon each other for ever: see `base`"));
    }
    Ok(file.upon(read(&folder.join(base), deepest - 1)?))
}

fn parse(path: &Path, text: &str) -> Result<File, CaseError> {
    let mut file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map(|span| span.start);
        let mend = at.and_then(|at| single_quoted(text, at));
        let mend = mend.map(|line| format!("; {}", in_single_quotes(&line))).unwrap_or_default();
        CaseError {
            path: path.to_owned(),
            line: at.map(|at| line_at(text, at)),
            problem: with_nearest(error.message()) + &mend,
        }
    })?;
    if *file.version.get_ref() != 1 {
        return Err(CaseError {
            path: path.to_owned(),
            line: Some(line_at(text, file.version.span().start)),
            problem: "this version of pamrun reads `version = 1` only".to_owned(),
        });
    }
    if let Some(now) = file.now.as_ref().filter(|now| seconds(now.get_ref()).is_none()) {
        return Err(CaseError {
            path: path.to_owned(),
            line: Some(line_at(text, now.span().start)),
            problem: "`now` must be a time such as 2026-01-01T00:00:00Z".to_owned(),
        });
    }
    for peer in &mut file.peers {
        let line = line_at(text, peer.span().start);
        peer.get_mut().place = (path.to_owned(), line);
    }
    Ok(file)
}

/// A time as people write it, as time since the Unix epoch.
fn seconds(text: &str) -> Option<Duration> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_second()).ok().map(Duration::from_secs)
}

impl File {
    /// Puts this file upon another one: of a key that both have, this one's counts, and of lists
    /// it comes first.
    fn upon(self, base: Self) -> Self {
        Self {
            version: self.version,
            base: None,
            run: self.run.or(base.run),
            interpreter: self.interpreter.or(base.interpreter),
            arguments: if self.arguments.is_empty() { base.arguments } else { self.arguments },
            settings: over(base.settings, self.settings),
            deliver: if self.deliver.is_empty() { base.deliver } else { self.deliver },
            now: self.now.or(base.now),
            allow_hosts: self.allow_hosts.or(base.allow_hosts),
            limits: over(base.limits, self.limits),
            params: over(base.params, self.params),
            records: records_upon(self.records, base.records),
            credentials: if self.credentials.is_empty() { base.credentials } else { self.credentials },
            new: over(base.new, self.new),
            consumers: self.consumers.or(base.consumers),
            state: over(base.state, self.state),
            peers: self.peers.into_iter().chain(base.peers).collect(),
            expect: self.expect.or(base.expect),
        }
    }
}

fn over<C: Extend<(K, V)> + IntoIterator<Item = (K, V)>, K, V>(mut base: C, own: C) -> C {
    base.extend(own);
    base
}

/// A record takes the place of the base's with the same role, where that has no other UID.
fn records_upon(own: Vec<RecordEntry>, base: Vec<RecordEntry>) -> Vec<RecordEntry> {
    let is_replaced = |old: &RecordEntry| own.iter().any(|new| new.role == old.role && new.uid == old.uid);
    let kept: Vec<_> = base.into_iter().filter(|old| !is_replaced(old)).collect();
    own.into_iter().chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(Path::new("c/case.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
        let text = "version = 1\nrun = 'p.wasm'\n[expect]\noutcom = 'rotated'\n";
        assert_eq!(problem(text), "c/case.toml, line 4: unknown key `outcom`; did you mean `outcome`?");
        let text = "version = 1\n[[peer]]\nrequest = { metod = 'GET' }\n";
        assert_eq!(problem(text), "c/case.toml, line 3: unknown key `metod`; did you mean `method`?");
    }

    #[test]
    fn n27_a_backslash_in_double_quotes_is_mended_with_single_ones() {
        let problem = problem("version = 1\nrun = \"C:\\plugins\\my.wasm\"\n");
        assert!(
            problem.starts_with("c/case.toml, line 2: ") && problem.ends_with(r"run = 'C:\plugins\my.wasm'"),
            "{problem}"
        );
    }

    #[test]
    fn n22_a_case_is_read_in_utf16_and_else_told_where_it_is_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CASE_FILE);
        let read = |bytes: &[u8]| {
            #[expect(clippy::disallowed_methods, reason = "a test's own file")]
            std::fs::write(&path, bytes).unwrap();
            read(&path, DEEPEST)
        };
        let utf16: Vec<u8> =
            "\u{feff}version = 1\nrun = 'p'".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(read(&utf16).unwrap().run.unwrap().ends_with("p"));
        let problem = read(b"version = 1\nrun = \"..\\new\\p.wasm\"").unwrap_err().to_string();
        assert!(problem.contains("in single quotes"), "{problem}");
        let problem = read(b"version = 1\nrun = 'p\xe4'").unwrap_err().to_string();
        assert!(problem.contains("line 2: it is not text"), "{problem}");
    }

    #[test]
    fn another_version_is_refused() {
        assert!(problem("version = 2").contains("`version = 1` only"));
    }

    #[test]
    fn what_a_case_says_goes_before_what_it_builds_upon() {
        let file = |text: &str| parse(Path::new("case.toml"), text).unwrap();
        let base = file(
            "version = 1\nrun = 'base'\nsettings = { a = 1, b = 2 }\n[[record]]\nrole = 'target'\nx = 'base'\n\
             [[record]]\nrole = 'attached'\n[[peer]]\nname = 'base'\nrequest = {}\n",
        );
        let own = file(
            "version = 1\nsettings = { b = 3 }\n[[record]]\nrole = 'target'\nx = 'own'\n[[peer]]\nname = 'own'\n\
             request = {}\n",
        );
        let both = own.upon(base);
        assert_eq!(both.run.as_deref(), Some(Path::new("base")));
        assert_eq!((&both.settings["a"], &both.settings["b"]), (&Value::from(1), &Value::from(3)));
        assert_eq!(both.records.len(), 2);
        assert_eq!(both.records[0].fields["x"], "own");
        let names: Vec<_> = both.peers.iter().map(|peer| peer.get_ref().name.as_deref().unwrap()).collect();
        assert_eq!(names, ["own", "base"]);
    }
}
