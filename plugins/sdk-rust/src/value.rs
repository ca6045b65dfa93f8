//! Values, as they pass between a plugin and its host.

use std::time::Duration;

/// A value. Times are RFC 3339 text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, an id or a time.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A yes or no.
    Flag(bool),
    /// A duration.
    Duration(Duration),
    /// A list of texts.
    Texts(Vec<String>),
    /// It is there, and the host keeps it.
    Secret,
}

/// Values by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(pub Vec<(String, Value)>);

impl Values {
    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of this name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The list of this name; an empty one where there is none.
    #[must_use]
    pub fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// Adds a value, or replaces the one of that name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Takes the value of this name as what it has to be; what is missing is `None`.
    ///
    /// # Errors
    /// What it is instead.
    #[doc(hidden)]
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<Option<T>, Misfit> {
        let Some(index) = self.0.iter().position(|(known, _)| known == name) else { return Ok(None) };
        let (name, value) = self.0.swap_remove(index);
        T::from_value(value).map(Some).map_err(|value| Misfit(format!("`{name}` is {value:?}")))
    }

    /// The same for what must be there.
    ///
    /// # Errors
    /// That it is missing, or what it is instead.
    #[doc(hidden)]
    pub fn need<T: FromValue>(&mut self, name: &str) -> Result<T, Misfit> {
        self.take(name)?.ok_or_else(|| Misfit(format!("`{name}` is missing")))
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Values {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// A host gave something else than the manifest says.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit(pub String);

/// What a value can be read as.
#[doc(hidden)]
pub trait FromValue: Sized {
    /// Reads it, or gives it back.
    ///
    /// # Errors
    /// The value, where it is something else.
    fn from_value(value: Value) -> Result<Self, Value>;
}

macro_rules! converts {
    ($type:ty, $variant:ident) => {
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }

        impl FromValue for $type {
            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(other),
                }
            }
        }
    };
}

converts!(String, Text);
converts!(i64, Integer);
converts!(bool, Flag);
converts!(Duration, Duration);
converts!(Vec<String>, Texts);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[&str]> for Value {
    fn from(texts: &[&str]) -> Self {
        Self::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
    }
}

impl<const N: usize> From<[&str; N]> for Value {
    fn from(texts: [&str; N]) -> Self {
        Self::from(&texts[..])
    }
}
