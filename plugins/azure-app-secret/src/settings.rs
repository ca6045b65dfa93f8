//! The settings, read and checked as a whole.

use std::time::Duration;

use microsoft_graph::Cloud;
use pamrun_plugin::{Failure, Request};

/// Which old secrets commit removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retire {
    All,
    Previous,
    None,
}

/// The settings of one rotation.
#[derive(Debug)]
pub struct Settings {
    pub expiry_days: i64,
    pub retire: Retire,
    /// Whether a secret that cannot be tried is saved all the same.
    pub save_unproven: bool,
    pub verify_successes: i64,
    pub verify_interval: Duration,
    pub verify_window: Duration,
    pub cloud: Cloud,
}

impl Settings {
    pub fn read(request: &Request) -> Result<Self, Failure> {
        Ok(Self {
            expiry_days: request.setting_int("expiry_days")?,
            retire: request.setting_choice(
                "retire",
                &[("all", Retire::All), ("previous", Retire::Previous), ("none", Retire::None)],
            )?,
            save_unproven: request.setting_choice("unproven", &[("fail", false), ("save", true)])?,
            verify_successes: request.setting_int("verify_successes")?,
            verify_interval: request.setting_duration("verify_interval")?,
            verify_window: request.setting_duration("verify_window")?,
            cloud: Cloud::read(request)?,
        })
    }
}
