//! How a request says who sends it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::Template;

/// One way to authorize a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer(Template),
    /// `Authorization: Basic …` of a user and a password.
    Basic(Template, Template),
    /// The whole of `Authorization`.
    Authorization(Template),
}

impl Auth {
    /// The templates that it is made of, each with its key.
    pub fn templates(&self) -> impl Iterator<Item = (&'static [&'static str], &Template)> {
        let (first, second): ((&'static [&'static str], _), Option<(&'static [&'static str], _)>) = match self
        {
            Self::Bearer(token) => ((&["bearer"], token), None),
            Self::Basic(user, password) => ((&["basic", "0"], user), Some((&["basic", "1"], password))),
            Self::Authorization(whole) => ((&["authorization"], whole), None),
        };
        std::iter::once(first).chain(second)
    }
}
