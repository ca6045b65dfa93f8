//! The settings, read and checked as a whole.

use std::ops::RangeInclusive;
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
            expiry_days: within(request, "expiry_days", 1..=730)?,
            retire: request.setting_choice(
                "retire",
                &[("all", Retire::All), ("previous", Retire::Previous), ("none", Retire::None)],
            )?,
            save_unproven: request.setting_choice("unproven", &[("fail", false), ("save", true)])?,
            verify_successes: within(request, "verify_successes", 1..=20)?,
            verify_interval: request.setting_duration("verify_interval")?,
            verify_window: request.setting_duration("verify_window")?,
            cloud: Cloud::read(request)?,
        })
    }
}

fn within(request: &Request, key: &str, range: RangeInclusive<i64>) -> Result<i64, Failure> {
    let value = request.setting_int(key)?;
    if range.contains(&value) {
        return Ok(value);
    }
    let message = format!("the setting {key} is {value}, and must be {} to {}", range.start(), range.end());
    Err(Failure::invalid("setting-out-of-range", message))
}
