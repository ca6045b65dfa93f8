//! The document of `pamrun recover`, schema 1. Names and order of its keys are a contract.

use schemars::JsonSchema;
use serde::Serialize;

use super::Redact;
use super::document::{
    DeliveryEntry, ErrorEntry, ListedEntry, PluginInfo, Report, SCHEMA, StepEntry, UpdateEntry,
};
use crate::rotation::{Intent, JournalError, OpenRotation, Rescued, Settled, Settlement, Stop};

/// What `pamrun recover` found, or settled. Readers ignore keys that they do not know.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "pamrun recovery")]
pub struct Recovery {
    /// The version of this document.
    #[schemars(extend("const" = 1))]
    pub schema: u32,
    /// The rotations that are open, or were until now.
    pub rotations: Vec<RotationEntry>,
    /// What the named records keep, or kept until now, since it could not be saved in its fields.
    pub rescued: Vec<RescuedEntry>,
    /// Why journals or records could not be read or locked; what they hold is then not told.
    pub errors: Vec<ErrorEntry>,
}

/// One rotation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RotationEntry {
    /// Its id.
    pub rotation_id: String,
    /// The UID of its record.
    pub record_uid: String,
    /// How it stands.
    pub state: RotationState,
    /// When it began, as an RFC 3339 time.
    pub since: String,
    /// What it rotates.
    pub target: String,
    /// What it made, as far as it got to know; null when it did not.
    pub handle: Option<String>,
    /// What ran; null when the journal does not tell.
    pub plugin: Option<PluginInfo>,
    /// The ids of the credentials that were removed now.
    pub removed: Vec<String>,
    /// Known credentials that are still alive, beside the one that the record holds.
    pub retained: Vec<ListedEntry>,
    /// What became of its deliveries; empty when it did not get that far.
    pub deliveries: Vec<DeliveryEntry>,
    /// How long each step took.
    pub steps: Vec<StepEntry>,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// Why it is still open, or what is not known of it; null when all is well, or it was only listed.
    pub error: Option<ErrorEntry>,
}

/// How an interrupted rotation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RotationState {
    /// A process is at work on it.
    Running,
    /// It is open, and nobody is at work on it.
    Open,
    /// It had not changed anything yet.
    NothingDone,
    /// What it made is gone again.
    RolledBack,
    /// The vault holds what it made; what that replaces is dealt with as planned.
    Committed,
    /// The vault holds somebody else's credential; what it made is gone, and nothing else.
    Superseded,
    /// It was printed, and somebody saved it.
    HandedOver,
    /// It ran a script without steps: what that changed nobody can find out, and it is told only once.
    Unknown,
}

impl Recovery {
    /// A document that says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { schema: SCHEMA, rotations: Vec::new(), rescued: Vec::new(), errors: Vec::new() }
    }

    /// Adds why a journal could not be used.
    pub fn add_error(&mut self, error: &JournalError, redact: &Redact<'_>) {
        self.errors.push(ErrorEntry {
            code: error.code.to_owned(),
            step: Some("journal".to_owned()),
            message: redact(&error.message),
            hint: None,
        });
    }

    /// Adds why what a record keeps could not be told, taken or dropped.
    pub fn add_stop(&mut self, stop: &Stop, redact: &Redact<'_>) {
        self.errors.push(ErrorEntry::new(&stop.error, redact));
    }

    /// Tells whether nothing is left to do: nothing is open but what somebody is at work on, of
    /// everything else it is known how it ended, and no record keeps a value that nobody has taken.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.errors.is_empty()
            && !self.rotations.iter().any(RotationEntry::needs_care)
            && !self.rescued.iter().any(|rescued| rescued.state == RescuedState::Kept)
    }
}

impl Default for Recovery {
    fn default() -> Self {
        Self::new()
    }
}

/// New values of one run that its record keeps, or kept.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RescuedEntry {
    /// The UID of the record.
    pub record_uid: String,
    /// The rotation that returned them; empty where somebody else wrote them there.
    pub rotation_id: String,
    /// When they were returned, as an RFC 3339 time.
    pub at: String,
    /// The plugin or script that returned them.
    pub plugin: String,
    /// Why they could not be saved in their fields.
    pub why: String,
    /// The values, masked.
    pub updates: Vec<UpdateEntry>,
    /// What became of them.
    pub state: RescuedState,
}

/// What became of values that a record kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RescuedState {
    /// The record keeps them.
    Kept,
    /// They are in their fields by now, but for those that a newer value took the place of.
    Taken,
    /// They are forgotten.
    Dropped,
}

impl RescuedEntry {
    /// Tells of what a record keeps, or kept.
    #[must_use]
    pub fn new(record_uid: &str, rescued: &Rescued, state: RescuedState, redact: &Redact<'_>) -> Self {
        Self {
            record_uid: redact(record_uid),
            rotation_id: redact(&rescued.rotation_id),
            at: redact(&rescued.at),
            plugin: redact(&rescued.plugin),
            why: redact(&rescued.why),
            updates: rescued.updates.iter().map(|update| Report::default().update(update, redact)).collect(),
            state,
        }
    }
}

impl RescuedState {
    /// The word in the document.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Taken => "taken",
            Self::Dropped => "dropped",
        }
    }
}

impl RotationEntry {
    /// Tells of a rotation what its journal does; `held_by` names who is at work on it.
    #[must_use]
    pub fn listed(
        rotation: &OpenRotation,
        since: &str,
        plugin: Option<PluginInfo>,
        held_by: Option<&str>,
        redact: &Redact<'_>,
    ) -> Self {
        let of_intent = |text: fn(&Intent) -> &String| {
            rotation.intent().map_or_else(String::new, |intent| redact(text(intent)))
        };
        Self {
            rotation_id: rotation.rotation_id.clone(),
            record_uid: of_intent(|intent| &intent.record_uid),
            state: if held_by.is_some() { RotationState::Running } else { RotationState::Open },
            since: since.to_owned(),
            target: of_intent(|intent| &intent.plan.target),
            handle: rotation.handle().map(redact),
            plugin: plugin.map(|plugin| plugin.redacted(redact)),
            removed: Vec::new(),
            retained: Vec::new(),
            deliveries: Vec::new(),
            steps: Vec::new(),
            warnings: held_by
                .map(|holder| redact(&format!("it is in the hands of {holder}")))
                .into_iter()
                .collect(),
            error: None,
        }
    }

    fn needs_care(&self) -> bool {
        matches!(self.state, RotationState::Open | RotationState::Unknown)
    }

    /// The same rotation, after it was settled.
    #[must_use]
    pub fn settled(self, settlement: &Settlement, redact: &Redact<'_>) -> Self {
        let texts = |list: &[String]| list.iter().map(|text| redact(text)).collect();
        Self {
            state: settlement.settled.into(),
            removed: texts(&settlement.removed),
            retained: settlement.retained.iter().map(|listed| ListedEntry::new(listed, redact)).collect(),
            deliveries: settlement.deliveries.iter().map(|made| DeliveryEntry::new(made, redact)).collect(),
            steps: settlement.steps.iter().map(StepEntry::new).collect(),
            warnings: texts(&settlement.warnings),
            error: settlement.error.as_ref().map(|error| ErrorEntry::new(error, redact)),
            ..self
        }
    }
}

impl From<Settled> for RotationState {
    fn from(settled: Settled) -> Self {
        match settled {
            Settled::Open => Self::Open,
            Settled::NothingDone => Self::NothingDone,
            Settled::RolledBack => Self::RolledBack,
            Settled::Committed => Self::Committed,
            Settled::Superseded => Self::Superseded,
            Settled::HandedOver => Self::HandedOver,
            Settled::Unknown => Self::Unknown,
        }
    }
}

impl RotationState {
    /// The word in the document.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Open => "open",
            Self::NothingDone => "nothing-done",
            Self::RolledBack => "rolled-back",
            Self::Committed => "committed",
            Self::Superseded => "superseded",
            Self::HandedOver => "handed-over",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::Digest;
    use crate::model::{Listed, Plan, Strategy};
    use crate::rotation::{Entry, ErrorInfo, StepTiming};

    fn open() -> OpenRotation {
        let plan = Plan {
            target: "tenant/app".to_owned(),
            creates: String::new(),
            removes: Vec::new(),
            ..Plan::default()
        };
        let intent = Entry::Intent(Box::new(Intent {
            record_uid: "u1".to_owned(),
            strategy: Some(Strategy::Overlap),
            plan,
            spared: Vec::new(),
            records: Vec::new(),
            consumers: Vec::new(),
            setup: serde_json::Value::Null,
        }));
        let made = Entry::Made { handle: "k2".to_owned(), field: None };
        OpenRotation { rotation_id: "r1".to_owned(), entries: vec![intent, made] }
    }

    fn entry(held_by: Option<&str>) -> RotationEntry {
        let plugin = PluginInfo::wasm("azure-app-secret", "0.1.0", Digest::of(b""));
        RotationEntry::listed(&open(), "2026-01-01T00:00:00Z", Some(plugin), held_by, &str::to_owned)
    }

    fn settlement(settled: Settled, error: Option<ErrorInfo>) -> Settlement {
        let retained = vec![Listed { id: "k1".to_owned(), label: "by hand".to_owned(), expires: None }];
        Settlement {
            rotation_id: "r1".to_owned(),
            record_uid: "u1".to_owned(),
            target: "tenant/app".to_owned(),
            settled,
            removed: vec!["k0".to_owned()],
            retained,
            deliveries: Vec::new(),
            steps: vec![StepTiming {
                name: "get".to_owned(),
                elapsed: Duration::from_millis(3),
                requests: 0,
            }],
            warnings: vec!["hunter2".to_owned()],
            error,
        }
    }

    /// One that is settled now.
    pub(in crate::report) fn committed() -> RotationEntry {
        entry(None).settled(&settlement(Settled::Committed, None), &redact)
    }

    fn redact(text: &str) -> String {
        text.replace("hunter2", "[redacted]")
    }

    /// One that is under way, one that is settled now, and one that stays open.
    pub(in crate::report) fn recovery() -> Recovery {
        let error = ErrorInfo {
            code: "rollback-unproven".to_owned(),
            step: Some("rollback".to_owned()),
            message: "it may still show up".to_owned(),
            hint: Some("run it again".to_owned()),
        };
        let open = Settlement { removed: Vec::new(), ..settlement(Settled::Open, Some(error)) };
        let mut recovery = Recovery::new();
        recovery.rotations = vec![entry(Some("process 7")), committed(), entry(None).settled(&open, &redact)];
        let damaged = JournalError { code: "journal-damaged", message: "line 1 is damaged".to_owned() };
        recovery.add_error(&damaged, &redact);
        recovery
    }

    #[test]
    fn the_document_says_how_each_rotation_stands_and_keeps_secrets_out() {
        insta::assert_json_snapshot!(recovery().rotations[2], @r#"
        {
          "rotation_id": "r1",
          "record_uid": "u1",
          "state": "open",
          "since": "2026-01-01T00:00:00Z",
          "target": "tenant/app",
          "handle": "k2",
          "plugin": {
            "name": "azure-app-secret",
            "version": "0.1.0",
            "runtime": "wasm",
            "sandbox": "wasm",
            "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
          },
          "removed": [],
          "retained": [
            {
              "id": "k1",
              "label": "by hand",
              "expires": null
            }
          ],
          "deliveries": [],
          "steps": [
            {
              "name": "get",
              "ms": 3,
              "requests": 0
            }
          ],
          "warnings": [
            "[redacted]"
          ],
          "error": {
            "code": "rollback-unproven",
            "step": "rollback",
            "message": "it may still show up",
            "hint": "run it again"
          }
        }
        "#);
    }

    #[test]
    fn what_somebody_is_at_work_on_is_not_left_behind() {
        let of = |rotations| Recovery { rotations, ..Recovery::new() };
        assert!(of(vec![]).is_settled() && of(vec![entry(Some("process 7"))]).is_settled());
        assert!(!of(vec![entry(None)]).is_settled());
        assert!(!recovery().is_settled());
    }

    #[test]
    fn every_state_is_told_by_its_own_word() {
        for (settled, word) in [
            (Settled::Open, "open"),
            (Settled::NothingDone, "nothing-done"),
            (Settled::RolledBack, "rolled-back"),
            (Settled::Committed, "committed"),
            (Settled::Superseded, "superseded"),
            (Settled::HandedOver, "handed-over"),
        ] {
            let state = RotationState::from(settled);
            assert_eq!((state.word(), serde_json::to_value(state).unwrap()), (word, word.into()));
        }
    }
}
