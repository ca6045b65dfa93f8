//! A variable group, and what may be written of it.

use pamrun_plugin::Failure;

use crate::requests::settings::Settings;
use crate::requests::{After, Whole};

/// Refuses names that are none: they become parts of a URL, and none of them may look like several.
pub fn check_names(settings: &Settings) -> Result<(), Failure> {
    for (key, value) in [("organization", &settings.organization), ("project", &settings.project)] {
        if value.is_empty() || value.starts_with('.') || value.contains(['/', '\\', '%', '?', '#']) {
            let message = format!("the setting {key} is {value:?}, which is no name");
            return Err(Failure::invalid("setting-malformed", message)
                .fix("write the name, without https:// and slashes"));
        }
    }
    Ok(())
}

/// Names a group in messages.
pub fn named(group: &Whole) -> String {
    format!("the variable group {:?} ({})", group.name, group.id)
}

/// Whether there is a variable; Azure DevOps does not tell upper from lower case.
pub fn has(names: &[String], variable: &str) -> bool {
    names.iter().any(|name| is_same(name, variable))
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Refuses a group that cannot be written as a whole without a loss.
pub fn must_be_writable(group: &Whole) -> Result<(), Failure> {
    if group.kind != "Vsts" {
        let message = format!("{} is linked to a Key Vault, and holds no values itself", named(group));
        return Err(Failure::denied("group-linked", message).fix("deliver to the Key Vault instead"));
    }
    if group.projects.unwrap_or_default() == 0 {
        let message = format!(
            "Azure DevOps does not show which projects {} is shared with, so that it cannot be written without \
             taking it from them",
            named(group)
        );
        return Err(Failure::denied("project-references-missing", message));
    }
    Ok(())
}

/// Fails unless everything but one variable is as it was.
pub fn changed_by_others(before: &Whole, after: &After, variable: &str) -> Result<(), Failure> {
    let others: Vec<&String> = after.changed.iter().filter(|name| !is_same(name, variable)).collect();
    let is_there = has(&after.names, variable);
    if is_there && others.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} was changed by somebody else while {variable} was written; look at {}",
        named(before),
        if others.is_empty() { variable.to_owned() } else { format!("{others:?}") }
    );
    Err(Failure::conflict("group-changed", message))
}
