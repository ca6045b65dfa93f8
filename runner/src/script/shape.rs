//! JSON with the place where it stands, so that what is wrong can be told without quoting it.

use serde_json::{Map, Value};

use crate::secret::Secret;

/// A part of an answer.
pub(super) struct At<'a> {
    part: Part<'a>,
    path: String,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Top(&'a Map<String, Value>),
    Value(&'a Value),
}

impl<'a> At<'a> {
    /// The whole answer.
    pub(super) fn top(map: &'a Map<String, Value>) -> Self {
        Self { part: Part::Top(map), path: String::new() }
    }

    /// A part of it, by itself.
    pub(super) fn value(json: &'a Value) -> Self {
        Self { part: Part::Value(json), path: String::new() }
    }

    /// The value of a key, if there is one that is not null.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let value = match self.part {
            Part::Top(map) => map.get(key),
            Part::Value(value) => value.get(key),
        };
        let value = value.filter(|value| !value.is_null())?;
        Some(At { part: Part::Value(value), path: self.below(key) })
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str) -> Result<At<'a>, String> {
        self.get(key).ok_or_else(|| format!("`{}` is missing", self.below(key)))
    }

    /// The items of a list; none where the key is not there.
    pub(super) fn list<T>(
        &self,
        key: &str,
        each: impl Fn(&At<'a>) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let Some(list) = self.get(key) else { return Ok(Vec::new()) };
        let Part::Value(Value::Array(items)) = list.part else { return Err(list.wrong("a list")) };
        let item =
            |(index, value)| each(&At { part: Part::Value(value), path: format!("{}[{index}]", list.path) });
        items.iter().enumerate().map(item).collect()
    }

    /// The text that it is.
    pub(super) fn text(&self) -> Result<&'a str, String> {
        match self.part {
            Part::Value(Value::String(text)) => Ok(text),
            _ => Err(self.wrong("a text")),
        }
    }

    /// The same, to keep.
    pub(super) fn owned(&self) -> Result<String, String> {
        self.text().map(str::to_owned)
    }

    /// The same, as a secret.
    pub(super) fn secret(&self) -> Result<Secret, String> {
        self.text().map(Secret::new)
    }

    /// Whether it is true.
    pub(super) fn flag(&self) -> Result<bool, String> {
        match self.part {
            Part::Value(Value::Bool(flag)) => Ok(*flag),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// The number of things that it is.
    pub(super) fn count(&self) -> Result<u32, String> {
        let number = match self.part {
            Part::Value(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
            Part::Top(_) => None,
        };
        number.ok_or_else(|| self.wrong("a whole number, from 0 on"))
    }

    /// The seconds that it is. A part of one counts as a whole one: services send them, scripts pass them on, and
    /// who comes too early is turned away again.
    pub(super) fn seconds(&self) -> Result<u32, String> {
        let number = match self.part {
            Part::Value(value) => value.as_f64().filter(|number| *number >= 0.0),
            Part::Top(_) => None,
        };
        let number = number.ok_or_else(|| self.wrong("a number of seconds"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        Ok(number.ceil() as u32)
    }

    /// Says what should be here.
    pub(super) fn wrong(&self, expected: &str) -> String {
        format!("`{}` must be {expected}", self.path)
    }

    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
