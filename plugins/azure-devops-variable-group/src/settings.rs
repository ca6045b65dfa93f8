//! The settings, read and checked as a whole, and the plan's target, which later steps read back.

use microsoft_graph::authority;
use pamrun_plugin::{Failure, Plan, Request};

/// The settings of one delivery.
#[derive(Debug)]
pub struct Settings {
    pub authority: String,
    pub devops: String,
    pub organization: String,
    pub project: String,
    /// The group, by id or name.
    pub group: String,
    pub variable: String,
}

impl Settings {
    pub fn read(request: &Request) -> Result<Self, Failure> {
        let text = |key: &str| Ok::<_, Failure>(request.setting_text(key)?.trim().to_owned());
        let settings = Self {
            authority: authority(request)?,
            devops: text("devops")?.to_ascii_lowercase(),
            organization: text("organization")?,
            project: text("project")?,
            group: text("group")?,
            variable: text("variable")?,
        };
        // They become parts of a URL, and none of them may look like several.
        for (key, value) in [("organization", &settings.organization), ("project", &settings.project)] {
            if value.is_empty() || value.starts_with('.') || value.contains(['/', '\\', '%', '?', '#']) {
                let message = format!(
                    "the setting {key} is {value:?}, and must be a name, without https:// and slashes"
                );
                return Err(Failure::invalid("setting-malformed", message));
            }
        }
        Ok(settings)
    }
}

/// The group that holds the variable.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    pub group: u64,
    pub project: String,
}

impl Variable {
    /// The same text for everyone who writes the group.
    pub fn address(&self, settings: &Settings) -> String {
        let Settings { devops, organization, .. } = settings;
        format!("https://{devops}/{organization}/{}/variablegroups/{}", self.project, self.group)
            .to_ascii_lowercase()
    }

    /// Reads it back from a plan.
    pub fn of(plan: &Plan, settings: &Settings) -> Result<Self, Failure> {
        let group = plan.target.rsplit('/').next().and_then(|id| id.parse().ok());
        let found = group.map(|group| Self { group, project: settings.project.clone() });
        found.filter(|found| found.address(settings) == plan.target).ok_or_else(|| {
            Failure::invalid(
                "foreign-plan",
                format!("the plan is for {}, not for the group of the settings", plan.target),
            )
        })
    }
}
