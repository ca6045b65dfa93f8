//! Says how a rotation ended: to programs in one JSON document, to people in a few lines.
//!
//! In: an [`Outcome`](crate::rotation::Outcome), or what became of interrupted rotations, and a
//! function that redacts. Out: a [`Document`] or a [`Recovery`], rendered as JSON or text. Touches: stdout and stderr, which are written to from here alone, and
//! the audit log.

mod audit;
mod check;
mod diagnosis;
mod document;
mod inspection;
mod json;
mod message;
mod overview_sheet;
mod recovery;
mod script_sheet;
mod sheet;
mod terminal;
mod text;
mod trial;

pub use audit::{Audit, AuditTarget};
pub use check::{Check, Problem};
pub use diagnosis::{CheckEntry, CheckState, Diagnosis};
pub use document::{
    Document, ErrorEntry, FindingEntry, ListedEntry, PlanEntry, PluginInfo, Report, StepEntry, UpdateEntry,
    UpdateValue,
};
pub use inspection::{InspectionDocument, ScriptEntry, ToolEntry};
pub use json::render_json;
pub use message::Message;
pub use overview_sheet::{MadeOf, OverviewSheet};
pub use recovery::{Recovery, RescuedEntry, RescuedState, RotationEntry, RotationState};
pub use script_sheet::ScriptSheet;
pub use sheet::FileForm;
pub use terminal::{
    Console, print, print_help, print_values, stdin_is_terminal, stdout_is_discarded, stdout_is_terminal,
    stdout_takes_colour,
};
pub use text::{render_recovery_text, render_text};
pub use trial::{CaseReport, Difference, TestReport};

/// Puts something harmless in the place of every live secret in a text.
pub type Redact<'a> = dyn Fn(&str) -> String + 'a;
