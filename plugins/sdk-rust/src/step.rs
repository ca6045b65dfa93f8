//! What the steps give back.

use crate::{Finding, Value, Values};

/// What preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What will be made, in words.
    pub creates: String,
    /// The ids of exactly what commit removes, of those that a listing showed.
    pub removes: Vec<String>,
    /// The target's slots, where the service has a fixed number of them.
    pub slots: Option<Slots>,
    /// A note to the later steps, 16 KiB at most; it is journaled.
    pub context: String,
    /// What an operator should know.
    pub findings: Vec<Finding>,
}

/// How many credentials the target has, and how many it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Those that it has.
    pub used: u32,
    /// Those that it may have.
    pub most: u32,
}

/// What rotate made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credential {
    /// The id of the new credential; none where the strategy has none.
    pub id: Option<String>,
    /// The returns that the manifest leaves to the plugin, by label.
    pub returns: Values,
    /// When it ends.
    pub expires: Option<String>,
}

impl Credential {
    /// What a service that gives ids made.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }

    /// Gives a field of the record that the manifest leaves to the plugin.
    #[must_use]
    pub fn returning(mut self, label: &str, value: impl Into<Value>) -> Self {
        self.returns.set(label, value);
        self
    }

    /// Says when it ends, RFC 3339.
    #[must_use]
    pub fn expiring(mut self, end: impl Into<String>) -> Self {
        self.expires = Some(end.into());
        self
    }
}

/// What verify found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The service accepted the new credential.
    Verified,
    /// It could not be asked, for this reason.
    Unproven(String),
}

/// What has become of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is there.
    Present,
    /// It is there, and disabled.
    Disabled,
    /// It is gone.
    Gone,
}

/// A credential that was to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// Its id.
    pub id: String,
    /// What has become of it.
    pub state: State,
}

impl Retired {
    /// It is there.
    #[must_use]
    pub fn present(id: impl Into<String>) -> Self {
        Self { id: id.into(), state: State::Present }
    }

    /// It is there, and disabled.
    #[must_use]
    pub fn disabled(id: impl Into<String>) -> Self {
        Self { id: id.into(), state: State::Disabled }
    }

    /// It is gone.
    #[must_use]
    pub fn gone(id: impl Into<String>) -> Self {
        Self { id: id.into(), state: State::Gone }
    }
}
