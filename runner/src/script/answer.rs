//! A step's answer: a JSON object with a known key.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::in_hand::InHand;
use super::json::Json;
use super::shape::At;
use super::suspects::Suspects;
use crate::model::{
    Carried, Credential, Failure, FailureKind, Finding, Level, Listed, Place, Plan, Proof, Removed,
    SaasPlugin, Slots, StepName, Undone, Update, wipe,
};

/// The key of new values.
pub(super) const VALUES: &str = "updates";

/// The keys by which an answer is known; any of them may be alone.
pub(super) fn keys(step: Option<StepName>) -> &'static [&'static str] {
    match step {
        Some(StepName::Preflight) => &["target", "failure"],
        Some(StepName::Rotate) => &["handle", VALUES, "failure"],
        Some(StepName::Verify) => &["proof", "failure"],
        Some(StepName::Commit) => &["removed", "failure"],
        Some(StepName::Rollback) => &["seen", "gone", "failure"],
        None => &[VALUES, "failure"],
    }
}

/// A JSON object that is wiped when it is dropped.
#[derive(Clone)]
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

/// What an answer says, in the words of the model; the error names the place that is wrong.
type Read<T> = Result<T, String>;

impl Object {
    /// The object that JSON is, if it is one.
    pub(super) fn of(mut json: Json) -> Option<Self> {
        json.0.as_object_mut().map(std::mem::take).map(Self)
    }

    /// Whether it tells of something new, or only of how things go.
    pub(super) fn tells_of_something(&self) -> bool {
        ["handle", VALUES].iter().any(|key| self.0.get(*key).is_some_and(|value| !value.is_null()))
    }

    /// Whether it may be meant as one: a log, too, may count updates, and tell of a failure.
    pub(super) fn may_be_meant(&self) -> bool {
        let values = |value: &Value| value.is_array() || value.is_object() || value.is_string();
        let meant = [self.0.get(VALUES).map(values), self.0.get("failure").map(Value::is_object)];
        meant.iter().all(Option::is_none) || meant.contains(&Some(true))
    }

    /// Whether it says that the step has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.0.get("failure").is_some_and(|failure| !failure.is_null())
    }

    /// Whether another one tells of all that it tells of.
    pub(super) fn is_part_of(&self, other: &Self) -> bool {
        let is_there =
            |key: &str| self.0.get(key).is_none_or(|own| own.is_null() || other.0.get(key) == Some(own));
        let [own, others] = [self, other].map(|object| object.0.get(VALUES).and_then(Value::as_array));
        let has_updates = match (own, others) {
            (Some(own), Some(others)) => own.iter().all(|update| others.contains(update)),
            _ => is_there(VALUES),
        };
        has_updates && ["handle", "expires", "failure"].iter().all(|key| is_there(key))
    }

    /// What it says.
    pub(super) fn said(&self) -> Suspects {
        let mut said = Suspects::default();
        said.add_object(&self.0);
        said
    }

    /// The new values in it, also where others of them, or something else, cannot be read: those are kept as text.
    pub(super) fn in_hand(&self) -> InHand {
        let mut in_hand = InHand::default();
        let mut add = |json: &Value| match update(&At::value(json)) {
            Ok(update) => in_hand.add(update),
            Err(_) => in_hand.add_unread(&Zeroizing::new(json.to_string()), &Suspects::of_json(json)),
        };
        match self.0.get(VALUES) {
            None | Some(Value::Null) => {}
            Some(Value::Array(updates)) => updates.iter().for_each(add),
            Some(other) => add(other),
        }
        in_hand
    }

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
                retry_after: failure.get("retry_after").map(|time| time.seconds()).transpose()?,
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
        Ok(Some(Failure {
            kind,
            code: code.unwrap_or_default(),
            message: failure.need("message")?.owned()?,
            fix: failure.get("fix").map(|fix| fix.owned()).transpose()?,
        }))
    }

    /// What a SaaS plugin says of itself.
    pub(super) fn described(&self) -> Read<SaasPlugin> {
        serde_json::from_value(Value::Object(self.0.clone()))
            .map_err(|error| format!("what it says of itself makes no sense: {error}"))
    }

    /// What preflight found.
    pub(super) fn plan(&self) -> Read<Planned> {
        let top = self.at();
        let known = top.list("known", At::owned)?;
        let context = top.get("context").map(|context| context.owned()).transpose()?;
        let carried = Carried {
            context: context.unwrap_or_default(),
            known: known.into_iter().map(|id| (id, StepName::Preflight.word().to_owned())).collect(),
            ..Carried::default()
        };
        let mut findings = top.list("findings", finding)?;
        findings.extend(top.list("notes", At::owned)?.into_iter().map(Finding::text));
        let plan = Plan {
            target: top.need("target")?.owned()?,
            creates: top.need("creates")?.owned()?,
            removes: top.list("removes", listed)?,
            findings,
            carried,
        };
        Ok(Planned { plan, slots: top.get("slots").map(|slots| self::slots(&slots)).transpose()? })
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

/// What a script says that preflight found.
pub(super) struct Planned {
    /// The plan.
    pub(super) plan: Plan,
    /// How many credentials there are, and may be.
    pub(super) slots: Option<Slots>,
}

fn slots(slots: &At<'_>) -> Read<Slots> {
    Ok(Slots { used: slots.need("used")?.count()?, most: slots.need("most")?.count()? })
}

fn finding(finding: &At<'_>) -> Read<Finding> {
    let level = finding.need("level")?;
    let word = level.text()?;
    let Some(level) = Level::ALL.into_iter().find(|level| level.word() == word) else {
        return Err(level.wrong("error, warning or info"));
    };
    Ok(Finding {
        level,
        code: finding.need("code")?.owned()?,
        message: finding.need("message")?.owned()?,
        fix: finding.get("fix").map(|fix| fix.owned()).transpose()?,
    })
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

    fn given(text: &str) -> Object {
        Object::of(Json(serde_json::from_str(text).unwrap())).unwrap()
    }

    #[test]
    fn every_step_is_read_in_the_words_of_the_interface() {
        let plan = given(
            r#"{"target":"app/1","creates":"a key","removes":[{"id":"k1","label":"old","expires":null},{"id":"k0"}]}"#,
        );
        let plan = plan.plan().unwrap().plan;
        assert_eq!((plan.target.as_str(), plan.removes.len(), plan.findings.len()), ("app/1", 2, 0));
        let credential = given(
            r#"{"handle":"k2","expires":"2031","updates":[{"label":"id","type":"text","value":"k2"},
                {"label":"password","place":"standard","type":"password","values":["a","b"]}]}"#,
        );
        let credential = credential.credential().unwrap();
        assert_eq!(credential.updates[0].place, Place::Custom);
        assert_eq!(credential.updates[1].values, [Secret::new("a"), Secret::new("b")]);
        let proof = |line| given(line).proof().unwrap();
        assert_eq!(proof(r#"{"proof":"verified"}"#), Proof::Verified);
        assert_eq!(proof(r#"{"proof":"unproven","reason":"r"}"#), Proof::Unproven("r".to_owned()));
        let removed = given(r#"{"removed":[{"id":"k1","gone":true}]}"#);
        assert_eq!(removed.removed().unwrap(), [Removed { id: "k1".to_owned(), gone: true }]);
        let undone = given(r#"{"seen":["k2"]}"#).undone().unwrap();
        assert_eq!((undone.seen.len(), undone.gone.len()), (1, 0));
    }

    #[test]
    fn a_plan_says_what_later_steps_know_and_what_an_operator_should() {
        let text = r#"{"target":"app/1","creates":"a key","context":"as of 12:00","known":["k1","k2"],
            "slots":{"used":2,"most":2},"notes":["a text"],
            "findings":[{"level":"error","code":"full","message":"no room","fix":"make room"}]}"#;
        let Planned { plan, slots } = given(text).plan().unwrap();
        assert_eq!(slots, Some(Slots { used: 2, most: 2 }));
        assert_eq!(plan.carried.context, "as of 12:00");
        assert_eq!(plan.carried.known.keys().collect::<Vec<_>>(), ["k1", "k2"]);
        let found: Vec<_> = plan.findings.iter().map(|it| (it.level, &*it.code, &*it.message)).collect();
        assert_eq!(found, [(Level::Error, "full", "no room"), (Level::Warning, "note", "a text")]);
        for (wrong, expected) in [
            (r#""slots":{"used":-1,"most":2}"#, "`slots.used` must be a whole number"),
            (r#""findings":[{"level":"canary"}]"#, "`findings[0].level` must be error, warning or info"),
            (r#""findings":["canary"]"#, "`findings[0].level` is missing"),
            (r#""known":[7]"#, "`known[0]` must be a text"),
            (r#""context":{"canary":1}"#, "`context` must be a text"),
        ] {
            let problem = given(&format!(r#"{{"target":"a","creates":"c",{wrong}}}"#)).plan().err().unwrap();
            assert!(problem.starts_with(expected) && !problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn a_failure_is_read() {
        let line = r#"{"failure":{"kind":"unavailable","code":"throttled","message":"m","retry_after":7}}"#;
        let failure = given(line).failure().unwrap().unwrap();
        assert_eq!(failure.kind, FailureKind::Unavailable { retry_after: Some(7) });
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("throttled", "m"));
    }

    #[test]
    fn n13_a_part_of_a_second_to_wait_counts_as_a_whole_one() {
        for (number, seconds) in [("45.5", 46), ("0.001", 1), ("0", 0), ("7.0", 7), ("1e300", u32::MAX)] {
            let line =
                format!(r#"{{"failure":{{"kind":"unavailable","message":"m","retry_after":{number}}}}}"#);
            let failure = given(&line).failure().unwrap().unwrap();
            assert_eq!(failure.kind, FailureKind::Unavailable { retry_after: Some(seconds) }, "{number}");
        }
    }

    #[test]
    fn an_answer_of_the_wrong_shape_is_told_the_place_and_not_quoted() {
        let rotate = |line: &str| given(line).credential().unwrap_err();
        let verify = |line: &str| given(line).proof().unwrap_err();
        let failure = |line: &str| given(line).failure().unwrap_err();
        for (problem, expected) in [
            (rotate(r#"{"handle":7}"#), "`handle` must be a text"),
            (rotate(r#"{"handle":"k","updates":{"canary":1}}"#), "`updates` must be a list"),
            (rotate(r#"{"handle":"k","updates":["canary"]}"#), "`updates[0]` must be an object"),
            (
                rotate(r#"{"handle":"k","updates":[{"value":["canary"]}]}"#),
                "`updates[0].value` must be a text",
            ),
            (
                rotate(r#"{"handle":"k","updates":[{"type":"secret","value":"canary"}]}"#),
                "`updates[0].label` is missing",
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

    #[test]
    fn n6_an_update_without_a_type_leaves_it_to_the_field() {
        let updates =
            given(r#"{"updates":[{"label":"a","value":"b"},{"label":"c","type":null,"value":"d"}]}"#);
        let updates = updates.updates().unwrap();
        assert!(updates.iter().all(|update| update.kind.is_empty() && update.is_secret()));
    }

    #[test]
    fn n6_what_is_readable_of_an_answer_is_in_hand_whatever_else_is_in_it() {
        let text = r#"{"handle":7,"updates":[{"label":"a\u0007","type":"text","value":"b"},{"label":"c","value":12345678}]}"#;
        let updates = given(text).in_hand().into_updates();
        let told: Vec<_> = updates.iter().map(|update| (&*update.label, update.values[0].expose())).collect();
        let unread = ("(answer that could not be read)", r#"{"label":"c","value":12345678}"#);
        assert_eq!(told, [("a\\u{7}", "b"), unread]);
        let updates = given(r#"{"updates":{"c":"a-new-secret"}}"#).in_hand().into_updates();
        assert_eq!(updates[0].values, [Secret::new(r#"{"c":"a-new-secret"}"#)]);
        assert!(given(r#"{"updates":null}"#).in_hand().into_updates().is_empty());
    }
}
