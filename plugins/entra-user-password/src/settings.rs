//! The settings, read and checked as a whole.

use std::time::Duration;

use microsoft_graph::Cloud;
use pamrun_plugin::{Failure, Request};

use crate::rules::check_complexity;

/// What counts as proof of a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// A sign-in; where that cannot be decided, what Graph says of the last change.
    Auto,
    /// A sign-in.
    Prove,
    /// What Graph says of the last change.
    Trust,
}

/// The settings of one rotation.
#[derive(Debug)]
pub struct Settings {
    pub force_change: bool,
    pub verify: Verify,
    pub verify_window: Duration,
    pub cloud: Cloud,
}

impl Settings {
    pub fn read(request: &Request) -> Result<Self, Failure> {
        check_complexity(request.setting_text("complexity")?)?;
        Ok(Self {
            force_change: request.setting_flag("force_change")?,
            verify: request.setting_choice(
                "verify",
                &[("auto", Verify::Auto), ("prove", Verify::Prove), ("trust", Verify::Trust)],
            )?,
            verify_window: request.setting_duration("verify_window")?,
            cloud: Cloud::read(request)?,
        })
    }
}
