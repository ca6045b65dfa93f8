//! A variable group, as Azure DevOps shows it. The service takes it as a whole: what is left out is deleted,
//! and the value of a secret variable, which it never shows, is kept by sending none.

use std::collections::BTreeMap;

use pamrun_plugin::Failure;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A group. What is not known here of it is sent back as it was.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    pub id: u64,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: Value,
    #[serde(default, rename = "providerData")]
    provider_data: Value,
    /// Required: a group without variables shows an empty list.
    variables: BTreeMap<String, Variable>,
    #[serde(default, rename = "variableGroupProjectReferences")]
    references: Vec<Value>,
}

/// A variable. What is not known here of it is sent back as it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Variable(Map<String, Value>);

impl Variable {
    pub fn is_secret(&self) -> bool {
        self.0.get("isSecret") == Some(&Value::Bool(true))
    }

    fn value(&self) -> Option<&str> {
        self.0.get("value").and_then(Value::as_str)
    }
}

impl Group {
    /// Names it in messages.
    pub fn named(&self) -> String {
        format!("the variable group {:?} ({})", self.name, self.id)
    }

    /// Finds a variable; Azure DevOps does not tell upper from lower case.
    pub fn variable(&self, name: &str) -> Option<(&String, &Variable)> {
        self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Whether a variable shows this value.
    pub fn shows(&self, name: &str, value: &str) -> bool {
        self.variable(name).is_some_and(|(_, variable)| variable.value() == Some(value))
    }

    /// Refuses a group that cannot be written as a whole without a loss.
    pub fn must_be_writable(&self) -> Result<(), Failure> {
        if self.kind != "Vsts" {
            let message = format!(
                "{} is linked to a Key Vault, and holds no values itself: deliver to the Key Vault instead",
                self.named()
            );
            return Err(Failure::denied("group-linked", message));
        }
        if self.references.is_empty() {
            let message = format!(
                "Azure DevOps does not show which projects {} is shared with, so that it cannot be written without taking it from them",
                self.named()
            );
            return Err(Failure::denied("project-references-missing", message));
        }
        Ok(())
    }

    /// The same with another value of one variable.
    pub fn with(&self, name: &str, value: &str, is_secret: bool) -> Self {
        let mut changed = self.clone();
        let name = self.variable(name).map_or(name, |(known, _)| known).to_owned();
        let variable = changed.variables.entry(name).or_insert_with(|| Variable(Map::new()));
        variable.0.insert("value".to_owned(), value.into());
        if is_secret {
            variable.0.insert("isSecret".to_owned(), true.into());
        }
        changed
    }

    /// What is sent.
    pub fn body(&self) -> Value {
        let variables: Map<String, Value> = self
            .variables
            .iter()
            .map(|(name, variable)| (name.clone(), Value::Object(variable.0.clone())))
            .collect();
        json!({
            "id": self.id,
            "name": self.name,
            "type": self.kind,
            "description": self.description,
            "providerData": self.provider_data,
            "variables": variables,
            "variableGroupProjectReferences": self.references,
        })
    }

    /// Fails unless everything but one variable is as it was.
    pub fn must_keep_others_of(&self, before: &Self, name: &str) -> Result<(), Failure> {
        let others = |group: &Self| {
            let others = group.variables.iter().filter(|(known, _)| !known.eq_ignore_ascii_case(name));
            others.map(|(name, variable)| (name.clone(), variable.clone())).collect::<BTreeMap<_, _>>()
        };
        let (was, is) = (others(before), others(self));
        let mut names: Vec<_> =
            was.keys().chain(is.keys()).filter(|name| was.get(*name) != is.get(*name)).collect();
        names.dedup();
        if self.variable(name).is_some() && names.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{} was changed by somebody else while {name} was written; look at {}",
            self.named(),
            if names.is_empty() { name.to_owned() } else { format!("{names:?}") }
        );
        Err(Failure::conflict("group-changed", message))
    }
}
