//! Hands the new value to one variable of an Azure DevOps variable group, and leaves all others as they are.
//!
//! `devops` is who enters and what refusals mean, `group` what may be written of a group.

mod devops;
mod group;
#[cfg(test)]
mod tests;

use pamrun_plugin::{Credential, Failure, Finding, Host, Plan, Plugin, Proof, Request, Trouble};

use self::devops::Devops;
use self::group::{changed_by_others, has, must_be_writable, named};
use self::requests::settings::Settings;

pamrun_plugin::requests!("plugin.toml");

/// The plugin.
#[derive(Debug)]
pub struct AzureDevopsVariableGroup;

impl Plugin for AzureDevopsVariableGroup {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let settings = Settings::of(request)?;
        group::check_names(&settings)?;
        let devops = Devops::enter(host, request)?;
        let is_id = settings.group.parse::<u64>().is_ok();
        let id = devops.read(|host| {
            if is_id {
                requests::by_id(host).map(|group| group.id)
            } else {
                requests::by_name(host).map(|group| group.id)
            }
        })?;
        if id.is_none() {
            return Err(devops.missing(&settings));
        }
        let group = devops.read(requests::whole)?;
        must_be_writable(&group)?;
        let variable = &settings.variable;
        let mut findings = Vec::new();
        if !has(&group.names, variable) {
            let message = format!("{} has no variable {variable} yet: it will be made", named(&group));
            findings.push(Finding::info("variable-new", message));
        } else if group.is_secret != Some(true) {
            let message = format!("the variable {variable} of {} becomes a secret one", named(&group));
            findings.push(
                Finding::warning("variable-becomes-secret", format!("{message}, if its new value is secret"))
                    .fix("pipelines must map a secret variable before a script can read it"),
            );
        }
        Ok(Plan { creates: format!("a new value of the variable {variable}"), findings, ..Plan::default() })
    }

    /// Reads the group right before it is written: the service takes it as a whole, and has no revisions.
    fn rotate(host: &dyn Host, request: &Request, _: &Plan) -> Result<Credential, Failure> {
        let settings = Settings::of(request)?;
        let devops = Devops::enter(host, request)?;
        let variable = &settings.variable;
        let before = devops.read(requests::whole)?;
        must_be_writable(&before)?;
        let may_show = has(&before.names, variable) && before.is_secret != Some(true);
        if may_show && matches!(devops.read(shown)?, Shown::Ours) {
            return Ok(Credential::new(variable.as_str()));
        }
        devops.write(requests::put)?;
        let after = devops.read(requests::after)?;
        changed_by_others(&before, &after, variable)?;
        Ok(Credential::new(variable.as_str()))
    }

    /// What the service can show: of a secret variable that it is there, and no more.
    fn verify(host: &dyn Host, request: &Request, _: &Plan, _: Option<&str>) -> Result<Proof, Failure> {
        let settings = Settings::of(request)?;
        match Devops::enter(host, request)?.read(shown)? {
            Shown::Ours | Shown::Nothing => Ok(Proof::Verified),
            Shown::Another(group) => {
                let message = format!(
                    "the variable group {group:?} does not show the new value of {}",
                    settings.variable
                );
                Err(Failure::conflict("variable-changed", message))
            }
        }
    }
}

/// What a variable shows.
enum Shown {
    /// The value.
    Ours,
    /// That it is there, and secret.
    Nothing,
    /// Another value, or that it is not there; with the group's name.
    Another(String),
}

fn shown(host: &dyn Host) -> Result<Shown, Trouble> {
    let said = match requests::compare(host) {
        Ok(()) => return Ok(Shown::Ours),
        Err(Trouble::Rejected(said)) if said.request == "compare" && said.status == 200 => said,
        Err(trouble) => return Err(trouble),
    };
    let errors = requests::Errors::of(&said);
    match (errors.name, errors.is_secret) {
        // Something else than a group.
        (None, _) => Err(Trouble::Rejected(said)),
        (Some(_), Some(true)) => Ok(Shown::Nothing),
        (Some(name), _) => Ok(Shown::Another(name)),
    }
}

pamrun_plugin::export!(AzureDevopsVariableGroup);
