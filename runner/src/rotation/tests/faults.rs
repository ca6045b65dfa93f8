//! What can go wrong around the engine: one value for each call that it happens to.

use crate::model::{Failure, FailureKind};
use crate::policy::Deny;
use crate::rotation::StepError;

/// How often a step is tried while nobody answers for a minute: at once, and after 1, 3, 7, 15, 30, 45
/// and 60 seconds.
pub const TRIES_OF_AN_OUTAGE: usize = 8;

/// How a step ends that does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Denied,
    Conflict,
    Unavailable,
    /// It cannot answer now, and asks to come back 7 seconds later.
    Busy,
    Lost,
    Other,
    Trap,
    Limit,
    Contract,
    Refused,
    Internal,
    /// The service says that the credential is wrong.
    Wrong,
}

impl Ending {
    pub fn error(self) -> StepError {
        let failure = |kind, code: &str| {
            StepError::Failure(Failure {
                kind,
                code: code.into(),
                message: format!("it ended as {code}"),
                fix: None,
            })
        };
        match self {
            Self::Denied => failure(FailureKind::Denied, "denied"),
            Self::Conflict => failure(FailureKind::Conflict, "conflict"),
            Self::Unavailable => failure(FailureKind::Unavailable { retry_after: None }, "unavailable"),
            Self::Busy => failure(FailureKind::Unavailable { retry_after: Some(7) }, "busy"),
            Self::Lost => failure(FailureKind::Uncertain, "answer-lost"),
            Self::Other => failure(FailureKind::Other, "other"),
            Self::Trap => StepError::Trap("unreachable".into()),
            Self::Limit => StepError::Limit { name: "cpu", message: "too long".into() },
            Self::Contract => StepError::Contract("nonsense".into()),
            Self::Refused => StepError::Refused(Self::denial()),
            Self::Internal => StepError::Internal("broken".into()),
            Self::Wrong => failure(FailureKind::WrongCredential, "wrong-credential"),
        }
    }

    /// What our policy refuses.
    pub fn denial() -> Deny {
        Deny::HostNotAllowed { host: "evil.example".into() }
    }

    /// Whether a plugin that ends so promises that it changed nothing.
    pub fn promises_no_change(self) -> bool {
        matches!(self, Self::Denied | Self::Conflict | Self::Unavailable | Self::Busy)
    }
}

/// What happens to one call of rotate.
#[derive(Debug, Clone, Default)]
pub struct RotateFault {
    /// How it ends, if not well.
    pub ending: Option<Ending>,
    /// After how many seconds the credential is there; never, when there is none.
    pub lands: Option<u64>,
    /// How many seconds after that lists show it.
    pub lag: u64,
    /// How many seconds the call takes.
    pub takes: u64,
    /// Whether the plugin sends its request twice, so that two credentials land.
    pub twice: bool,
    /// Whether it has the new values in hand when it fails.
    pub in_hand: bool,
    /// Whether it may have landed, as far as shows from outside, although it never does.
    pub is_possible: bool,
}

/// What happens to one call of another step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StepFault {
    #[default]
    None,
    /// It ends so before it does anything.
    Ends(Ending),
    /// Verify: it cannot be proven.
    Unproven,
    /// Verify: a request is refused on the way, and it succeeds all the same.
    Denial,
    /// Commit and rollback: removed, but unknown to the plugin.
    RemovalUnclear,
    /// Commit and rollback: not removed, and the plugin says so.
    RemovalRefused,
    /// Rollback: the list that it reads is an old one. Never twice in a row.
    Misses,
    /// Rollback: a bad plugin says that it saw and removed this one.
    Claims(&'static str),
    /// Rollback: a bad plugin sets out to remove everything that it sees.
    Greedy,
    /// Commit: one is removed, then it ends so.
    OneThen(Ending),
    /// Commit and rollback: all is removed, the host sees that, then it ends so.
    SeenThen(Ending),
}

/// What happens to one call of a deliverer's rotate or verify.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeliverFault {
    #[default]
    None,
    /// Nothing is handed over, and it ends so.
    Ends(Ending),
    /// It is handed over, and the answer is lost.
    AnswerLost,
    /// It is handed over, and cannot be read back.
    Unproven,
}

/// What happens to one save.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SaveFault {
    #[default]
    None,
    Refused,
    /// The vault cannot be reached, and nothing is sent.
    Unreachable,
    /// The vault takes nothing for so many seconds.
    Throttled(u64),
    /// Written, and the answer is lost.
    AnswerLost,
    /// Never written, and no answer comes.
    RequestLost,
    /// No answer comes; it lands so many seconds later, if the revision is still the same.
    Late(u64),
}

/// What happens to one read of the vault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GetFault {
    #[default]
    None,
    Unreadable,
    /// The vault is not to be asked for so many seconds.
    Throttled(u64),
    /// It shows the record as it was before the last write.
    Stale,
    /// The record is not there.
    Missing,
}

/// What somebody else does to the record, right before a read or a save of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Edits a field that we neither write nor tell the plugin of.
    Note,
    /// Writes down there that it still needs a credential.
    Needs(&'static str),
    /// Points the record to another app.
    Repoint,
    /// Makes a credential and saves it.
    Rotates,
    /// The gateway writes the value that it proposes.
    Gateway,
    /// Sets a password at the service, and saves it.
    SetsPassword,
    /// Saves a password that the service does not accept.
    Mistypes,
    /// Another gateway takes an `in-place` rotation over.
    TakesOver,
    /// Puts back the credential from the very beginning.
    Restores,
    /// Saves a credential made before our rotation began, if nobody saved since.
    RotatesFromTheStart,
}
