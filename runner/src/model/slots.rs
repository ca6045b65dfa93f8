//! How many credentials a service allows.

use super::{Failure, FailureKind};

/// How many credentials the target has, and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Those that are there.
    pub used: u32,
    /// The most that may be there.
    pub most: u32,
}

impl Slots {
    /// Why no further credential can be made; none where there is room. `frees` tells whether the plan
    /// removes one that the service does not accept any more.
    #[must_use]
    pub fn full(self, target: &str, frees: bool) -> Option<Failure> {
        let Self { used, most } = self;
        let (code, fix) = if frees {
            ("not-yet", "remove the disabled one by hand; this version of pamrun does not yet free a slot")
        } else {
            ("slots-full", "remove one that nobody uses, and rotate again")
        };
        (used >= most).then(|| Failure {
            kind: FailureKind::Denied,
            code: code.to_owned(),
            message: format!("{target} holds {used} credentials, and {most} are the most"),
            fix: Some(fix.to_owned()),
        })
    }
}
