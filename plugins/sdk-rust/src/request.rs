//! What every step is given.

use crate::{Value, Values};

/// Whether a rotation follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is looked at, and nothing will be changed.
    DryRun,
    /// It is done.
    Act,
}

/// What every step is given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The id of this rotation, the same in all its steps.
    pub rotation_id: String,
    /// The name of what this try makes.
    pub marker: String,
    /// The number of the try, from 1; 0 when none will be made.
    pub attempt: u32,
    /// Whether a rotation follows.
    pub mode: Mode,
    /// The target's identity, once preflight has ended.
    pub target: Option<String>,
    /// The inputs that are there, as `GROUP.KEY`; of each group also `GROUP.record` and `GROUP.role`.
    /// `requests::inputs` has types.
    pub inputs: Values,
    /// The settings that have a value. `requests::settings` has types.
    pub settings: Values,
    /// The labels of the fields that a consumer is to receive.
    pub deliver: Vec<String>,
}

impl Request {
    #[doc(hidden)]
    #[must_use]
    pub fn new(rotation_id: String, marker: String, attempt: u32, mode: Mode) -> Self {
        Self {
            rotation_id,
            marker,
            attempt,
            mode,
            target: None,
            inputs: Values::default(),
            settings: Values::default(),
            deliver: Vec::new(),
        }
    }

    /// Whether this is a dry run. Preflight may then look at more than a rotation needs, to predict how one
    /// would go.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.mode == Mode::DryRun
    }

    /// The text of an input, `GROUP.KEY`; nothing where it is missing, or the host keeps it.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&str> {
        self.inputs.text(name).filter(|text| !text.is_empty())
    }

    /// The value of a setting.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Value> {
        self.settings.get(key)
    }

    /// Whether a name at the service is the marker of any try of this rotation.
    #[must_use]
    pub fn made_this(&self, name: &str) -> bool {
        let tries = self.marker.rsplit_once('.').map_or(self.marker.as_str(), |(rotation, _)| rotation);
        name.rsplit_once('.')
            .is_some_and(|(rotation, number)| rotation == tries && number.parse::<u32>().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_of_any_try_is_known_and_nothing_that_looks_alike() {
        let request = Request::new(String::new(), "pamrun-1a-2b.1".to_owned(), 1, Mode::Act);
        assert!(request.made_this("pamrun-1a-2b.1") && request.made_this("pamrun-1a-2b.12"));
        for name in
            ["", "pamrun-1a-2b", "pamrun-1a-2b.", "pamrun-1a-2b.x", "pamrun-1a-2b.1 (copy)", "pamrun-1a-2c.1"]
        {
            assert!(!request.made_this(name), "{name}");
        }
    }

    #[test]
    fn an_input_that_the_host_keeps_or_that_is_empty_shows_nothing() {
        let mut request = Request::new(String::new(), String::new(), 0, Mode::DryRun);
        request.inputs =
            [("a.x", Value::Secret), ("a.y", "".into()), ("a.z", "z".into())].into_iter().collect();
        assert_eq!(
            ["a.x", "a.y", "a.z", "a.w"].map(|name| request.input(name)),
            [None, None, Some("z"), None]
        );
    }
}
