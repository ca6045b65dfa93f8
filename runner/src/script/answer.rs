//! A step's answer: the last line of stdout that is a JSON object with a known key, or the file that
//! `PAMRUN_OUTPUT` names. Everything else on stdout is log.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::shape::At;
use crate::model::{
    Credential, Failure, FailureKind, Listed, Place, Plan, Proof, Removed, SaasPlugin, StepName, Undone,
    Update, wipe,
};

/// The keys by which an answer is known; any of them may be alone.
pub(super) fn keys(step: Option<StepName>) -> &'static [&'static str] {
    match step {
        Some(StepName::Preflight) => &["target", "failure"],
        Some(StepName::Rotate) => &["handle", "failure"],
        Some(StepName::Verify) => &["proof", "failure"],
        Some(StepName::Commit) => &["removed", "failure"],
        Some(StepName::Rollback) => &["seen", "gone", "failure"],
        None => &["updates", "failure"],
    }
}

/// What was found where an answer may stand.
#[derive(Debug)]
pub(super) enum Answer {
    /// A JSON object with a known key.
    Given(Object),
    /// Something that was meant to be one: what is wrong with it, and where. Quotes nothing.
    Malformed(String),
    /// Nothing.
    None,
}

/// A JSON object that is wiped when it is dropped.
pub(super) struct Object(Map<String, Value>);

impl Drop for Object {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// Parts stdout into the answer and the log. Whatever looks like an answer is kept out of the log:
/// nobody knows yet which of its values are secret.
pub(super) fn sift(stdout: &[u8], keys: &[&str]) -> (Answer, Zeroizing<Vec<u8>>) {
    let mut answer = Answer::None;
    let mut log = Zeroizing::new(Vec::with_capacity(stdout.len()));
    for (index, line) in stdout.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match candidate(line, keys) {
            None => log.extend_from_slice(line),
            Some(Ok(object)) => answer = Answer::Given(object),
            Some(Err(problem)) => {
                answer = Answer::Malformed(format!("line {} of its output {problem}", index + 1));
            }
        }
    }
    (answer, log)
}

/// The line as an answer, if it was meant to be one.
fn candidate(line: &[u8], keys: &[&str]) -> Option<Result<Object, String>> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") {
        return None;
    }
    match object(line) {
        Ok(object) => keys.iter().any(|key| object.0.contains_key(*key)).then_some(Ok(object)),
        Err(problem) => {
            let text = String::from_utf8_lossy(line);
            keys.iter().any(|key| text.contains(&format!("\"{key}\""))).then_some(Err(problem))
        }
    }
}

/// Reads the file as an answer.
pub(super) fn from_file(bytes: &[u8], keys: &[&str]) -> Answer {
    match object(bytes) {
        Ok(object) if keys.iter().any(|key| object.0.contains_key(*key)) => Answer::Given(object),
        Ok(_) => Answer::Malformed(format!("the file has none of the keys {}", keys.join(", "))),
        Err(problem) => Answer::Malformed(format!("the file in PAMRUN_OUTPUT {problem}")),
    }
}

fn object(text: &[u8]) -> Result<Object, String> {
    // The parser's own message may quote what it read.
    match serde_json::from_slice(text) {
        Ok(Value::Object(map)) => Ok(Object(map)),
        Ok(_) => Err("is JSON, but not an object".to_owned()),
        Err(error) if error.is_eof() => Err("stops in the middle: the end of the JSON is missing".to_owned()),
        Err(error) => Err(format!("is not JSON from column {} on", error.column())),
    }
}

/// What an answer says, in the words of the model; the error names the place that is wrong.
type Read<T> = Result<T, String>;

impl Object {
    fn at(&self) -> At<'_> {
        At::top(&self.0)
    }

    /// The failure, if it is one.
    pub(super) fn failure(&self) -> Read<Option<Failure>> {
        let Some(failure) = self.at().get("failure") else { return Ok(None) };
        let kind = failure.need("kind")?;
        let kind = match kind.text()? {
            "invalid" => FailureKind::Invalid,
            "denied" => FailureKind::Denied,
            "not-found" => FailureKind::NotFound,
            "conflict" => FailureKind::Conflict,
            "wrong-credential" => FailureKind::WrongCredential,
            "unavailable" => FailureKind::Unavailable {
                retry_after: failure.get("retry_after").map(|seconds| seconds.count()).transpose()?,
            },
            "uncertain" => FailureKind::Uncertain,
            "other" => FailureKind::Other,
            _ => {
                return Err(kind.wrong(
                    "one of invalid, denied, not-found, conflict, wrong-credential, unavailable, uncertain, other",
                ));
            }
        };
        let code = failure.get("code").map(|code| code.owned()).transpose()?;
        Ok(Some(Failure { kind, code: code.unwrap_or_default(), message: failure.need("message")?.owned()? }))
    }

    /// What a SaaS plugin says of itself.
    pub(super) fn described(&self) -> Read<SaasPlugin> {
        serde_json::from_value(Value::Object(self.0.clone()))
            .map_err(|error| format!("what it says of itself makes no sense: {error}"))
    }

    /// What preflight found.
    pub(super) fn plan(&self) -> Read<Plan> {
        let top = self.at();
        Ok(Plan {
            target: top.need("target")?.owned()?,
            creates: top.need("creates")?.owned()?,
            removes: top.list("removes", listed)?,
            notes: top.list("notes", At::owned)?,
        })
    }

    /// What rotate made.
    pub(super) fn credential(&self) -> Read<Credential> {
        let top = self.at();
        Ok(Credential {
            handle: top.need("handle")?.owned()?,
            updates: self.updates()?,
            expires: top.get("expires").map(|expires| expires.owned()).transpose()?,
        })
    }

    /// New values of fields.
    pub(super) fn updates(&self) -> Read<Vec<Update>> {
        self.at().list("updates", update)
    }

    /// What verify found out.
    pub(super) fn proof(&self) -> Read<Proof> {
        let top = self.at();
        let proof = top.need("proof")?;
        match proof.text()? {
            "verified" => Ok(Proof::Verified),
            "unproven" => Ok(Proof::Unproven(top.need("reason")?.owned()?)),
            _ => Err(proof.wrong("verified or unproven")),
        }
    }

    /// What became of what commit was to remove.
    pub(super) fn removed(&self) -> Read<Vec<Removed>> {
        self.at().list("removed", |removed| {
            Ok(Removed { id: removed.need("id")?.owned()?, gone: removed.need("gone")?.flag()? })
        })
    }

    /// What rollback found.
    pub(super) fn undone(&self) -> Read<Undone> {
        let top = self.at();
        Ok(Undone { seen: top.list("seen", At::owned)?, gone: top.list("gone", At::owned)? })
    }
}

fn listed(listed: &At<'_>) -> Read<Listed> {
    Ok(Listed {
        id: listed.need("id")?.owned()?,
        label: listed.get("label").map(|label| label.owned()).transpose()?.unwrap_or_default(),
        expires: listed.get("expires").map(|expires| expires.owned()).transpose()?,
    })
}

fn update(update: &At<'_>) -> Read<Update> {
    let place = match update.get("place") {
        None => Place::Custom,
        Some(place) => match place.text()? {
            "custom" => Place::Custom,
            "standard" => Place::Standard,
            _ => return Err(place.wrong("custom or standard")),
        },
    };
    let values = match update.get("value") {
        Some(value) => vec![value.secret()?],
        None if update.get("values").is_some() => update.list("values", At::secret)?,
        None => return Err(update.wrong("an object with `value` or `values`")),
    };
    // Which type it is, where the answer does not say, the record knows: see `Update::settle`.
    let kind = update.get("type").map(|kind| kind.owned()).transpose()?.unwrap_or_default();
    Ok(Update { label: update.need("label")?.owned()?, place, kind, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn given(line: &str, step: Option<StepName>) -> Object {
        match sift(line.as_bytes(), keys(step)).0 {
            Answer::Given(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_line_with_a_known_key_is_the_answer_and_the_rest_is_log() {
        let stdout =
            b"hello\n{\"handle\":\"k1\"}\n{\"level\":\"info\"}\n  {\"handle\":\"k2\"} \r\n[1]\n{}\nbye";
        let (answer, log) = sift(stdout, keys(Some(StepName::Rotate)));
        let Answer::Given(object) = answer else { panic!("{answer:?}") };
        assert_eq!(object.credential().unwrap().handle, "k2");
        assert_eq!(&*log, b"hello\n{\"level\":\"info\"}\n[1]\n{}\nbye");
    }

    #[test]
    fn without_a_known_key_there_is_no_answer() {
        for stdout in ["", "done", "{}", "{\"handle\":1}", "\u{fffd}{", "{\"target\": unquoted"] {
            assert!(matches!(sift(stdout.as_bytes(), keys(None)).0, Answer::None), "{stdout}");
        }
    }

    #[test]
    fn half_an_answer_is_told_where_it_stops_quotes_nothing_and_is_not_logged() {
        let stdout = b"making it\n{\"handle\":\"k2\",\"updates\":[{\"value\":\"canary\n";
        let (answer, log) = sift(stdout, keys(Some(StepName::Rotate)));
        let Answer::Malformed(problem) = answer else { panic!("{answer:?}") };
        assert!(
            problem.starts_with("line 2 of its output stops") && !problem.contains("canary"),
            "{problem}"
        );
        assert_eq!(&*log, b"making it\n");
    }

    #[test]
    fn a_later_answer_counts_for_more_than_a_broken_one_before() {
        let stdout = b"{\"handle\": oops}\n{\"handle\":\"k2\"}\n";
        assert!(matches!(sift(stdout, keys(Some(StepName::Rotate))).0, Answer::Given(_)));
    }

    #[test]
    fn a_file_must_hold_one_object_with_a_known_key() {
        let read = |text: &str| from_file(text.as_bytes(), keys(None));
        assert!(matches!(read("{\n \"updates\": []\n}\n"), Answer::Given(_)));
        for text in ["{\"x\":1}", "[]", "{\"updates\":[]", "{\"updates\":[]} more", "canary"] {
            let answer = read(text);
            let Answer::Malformed(problem) = answer else { panic!("{text}: {answer:?}") };
            assert!(!problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn every_step_is_read_in_the_words_of_the_interface() {
        let plan = given(
            r#"{"target":"app/1","creates":"a key","removes":[{"id":"k1","label":"old","expires":null},{"id":"k0"}]}"#,
            Some(StepName::Preflight),
        );
        let plan = plan.plan().unwrap();
        assert_eq!((plan.target.as_str(), plan.removes.len(), plan.notes.len()), ("app/1", 2, 0));
        let credential = given(
            r#"{"handle":"k2","expires":"2031","updates":[{"label":"id","type":"text","value":"k2"},
                {"label":"password","place":"standard","type":"password","values":["a","b"]}]}"#
                .replace('\n', "")
                .as_str(),
            Some(StepName::Rotate),
        );
        let credential = credential.credential().unwrap();
        assert_eq!(credential.updates[0].place, Place::Custom);
        assert_eq!(credential.updates[1].values, [Secret::new("a"), Secret::new("b")]);
        let proof = |line| given(line, Some(StepName::Verify)).proof().unwrap();
        assert_eq!(proof(r#"{"proof":"verified"}"#), Proof::Verified);
        assert_eq!(proof(r#"{"proof":"unproven","reason":"r"}"#), Proof::Unproven("r".to_owned()));
        let removed = given(r#"{"removed":[{"id":"k1","gone":true}]}"#, Some(StepName::Commit));
        assert_eq!(removed.removed().unwrap(), [Removed { id: "k1".to_owned(), gone: true }]);
        let undone = given(r#"{"seen":["k2"]}"#, Some(StepName::Rollback)).undone().unwrap();
        assert_eq!((undone.seen.len(), undone.gone.len()), (1, 0));
    }

    #[test]
    fn a_failure_is_read_in_every_step() {
        for step in [None, Some(StepName::Preflight), Some(StepName::Commit)] {
            let line =
                r#"{"failure":{"kind":"unavailable","code":"throttled","message":"m","retry_after":7}}"#;
            let failure = given(line, step).failure().unwrap().unwrap();
            assert_eq!(failure.kind, FailureKind::Unavailable { retry_after: Some(7) });
            assert_eq!((failure.code.as_str(), failure.message.as_str()), ("throttled", "m"));
        }
    }

    #[test]
    fn an_answer_of_the_wrong_shape_is_told_the_place_and_not_quoted() {
        let rotate = |line: &str| given(line, Some(StepName::Rotate)).credential().unwrap_err();
        let verify = |line: &str| given(line, Some(StepName::Verify)).proof().unwrap_err();
        let failure = |line: &str| given(line, None).failure().unwrap_err();
        for (problem, expected) in [
            (rotate(r#"{"handle":7}"#), "`handle` must be a text"),
            (rotate(r#"{"handle":"k","updates":{"canary":1}}"#), "`updates` must be a list"),
            (rotate(r#"{"handle":"k","updates":["canary"]}"#), "`updates[0]` must be an object"),
            (
                rotate(r#"{"handle":"k","updates":[{"value":["canary"]}]}"#),
                "`updates[0].value` must be a text",
            ),
            (
                rotate(r#"{"handle":"k","updates":[{"label":"a","type":["canary"],"value":"canary"}]}"#),
                "`updates[0].type` must be a text",
            ),
            (
                rotate(r#"{"handle":"k","updates":[{"place":"canary"}]}"#),
                "`updates[0].place` must be custom or",
            ),
            (verify(r#"{"proof":true}"#), "`proof` must be a text"),
            (verify(r#"{"proof":"canary"}"#), "`proof` must be verified or unproven"),
            (verify(r#"{"proof":"unproven"}"#), "`reason` is missing"),
            (failure(r#"{"failure":"canary"}"#), "`failure.kind` is missing"),
            (failure(r#"{"failure":{"kind":"canary","message":"m"}}"#), "`failure.kind` must be one of"),
            (
                failure(r#"{"failure":{"kind":"unavailable","retry_after":-1}}"#),
                "`failure.retry_after` must be",
            ),
        ] {
            assert!(problem.starts_with(expected) && !problem.contains("canary"), "{problem}");
        }
    }
}
