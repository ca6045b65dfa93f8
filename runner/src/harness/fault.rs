//! What `--sweep` lets go wrong: one thing at one moment of a run.

use std::fmt;

use super::world::World;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Something happens to a request, counted from 0.
    Call(usize, CallFault),
    /// The process dies at a moment, counted from 0.
    Death(usize),
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// It never leaves.
    Refused,
    /// The service has an error, and does nothing.
    ErrorBefore,
    /// It is carried out, and the answer lost.
    AnswerLost,
    /// It is carried out, and then the service has an error.
    ErrorAfter,
    /// It is carried out, and the answer comes when nobody waits for it any more.
    Slow,
    /// The service is busy, and does nothing.
    Throttled,
}

impl CallFault {
    const ALL: [Self; 6] =
        [Self::Refused, Self::ErrorBefore, Self::AnswerLost, Self::ErrorAfter, Self::Slow, Self::Throttled];

    /// Tells whether the service does what it was asked.
    pub(super) fn is_applied(self) -> bool {
        matches!(self, Self::AnswerLost | Self::ErrorAfter | Self::Slow)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Refused => "it never leaves",
            Self::ErrorBefore => "HTTP 503, and not carried out",
            Self::AnswerLost => "carried out, and the answer lost",
            Self::ErrorAfter => "carried out, and HTTP 503",
            Self::Slow => "carried out, and answered too late",
            Self::Throttled => "HTTP 429, and not carried out",
        }
    }
}

impl Fault {
    /// Everything that can go wrong in a run that was like this one.
    #[must_use]
    pub fn all(undisturbed: &World) -> Vec<Self> {
        let calls = 0..undisturbed.calls();
        let calls = calls.flat_map(|at| CallFault::ALL.into_iter().map(move |fault| Self::Call(at, fault)));
        calls.chain((0..undisturbed.moments()).map(Self::Death)).collect()
    }

    /// Says what goes wrong, and where in a run that was like this one.
    #[must_use]
    pub fn told(self, undisturbed: &World) -> String {
        match self {
            Self::Call(at, fault) => {
                let line = undisturbed.exchanges().get(at).map(|exchange| exchange.line.clone());
                format!("request {}, {}: {fault}", at + 1, line.unwrap_or_default())
            }
            Self::Death(at) => {
                format!("killed {}", undisturbed.moment_named(at).unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for CallFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
