//! Hands the new value to one variable of an Azure DevOps variable group, and leaves all others as they are.
//!
//! `group` is a variable group as Azure DevOps shows it, `devops` what is asked of the service, and
//! `settings` what an operator may say. Logging in is in the crate `microsoft_graph`.

mod devops;
mod group;
mod manifest;
mod settings;
#[cfg(test)]
mod tests;

use microsoft_graph::{Admin, chosen, value};
use pamrun_plugin::{Credential, Failure, Finding, Host, Manifest, Plan, Plugin, Proof, Request};

use self::devops::{Access, Devops};
use self::group::Group;
use self::settings::{Settings, Variable};

/// The plugin.
#[derive(Debug)]
pub struct AzureDevopsVariableGroup;

/// How Azure DevOps is entered: with a personal access token where a record has one, else as the admin app.
fn with_devops<T>(
    host: &dyn Host,
    request: &Request,
    then: impl FnOnce(&Devops<'_>, &Settings) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let settings = Settings::read(request)?;
    if let Some(record) = request.record_with(&[manifest::PAT]) {
        let access = Access::token_of(record)?;
        return then(&Devops::new(host, request, &settings, access), &settings);
    }
    let admin = Admin::pick(request).map_err(|mut failure| {
        failure.message = format!(
            "{}; or attach a record with a personal access token in its field {}",
            failure.message,
            manifest::PAT
        );
        failure
    })?;
    let access = Access::admin(host, request, &settings, &admin)?;
    then(&Devops::new(host, request, &settings, access), &settings)
}

impl Plugin for AzureDevopsVariableGroup {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let is_secret =
            chosen(request)?.is_none_or(|update| matches!(update.kind.as_str(), "secret" | "password"));
        with_devops(host, request, |devops, settings| {
            let group = devops.group(devops.find()?)?;
            group.must_be_writable()?;
            let mut findings = Vec::new();
            match group.variable(&settings.variable) {
                None => {
                    let message = format!(
                        "{} has no variable {} yet: it will be made",
                        group.named(),
                        settings.variable
                    );
                    findings.push(Finding::info("variable-new", message));
                }
                Some((name, variable)) if is_secret && !variable.is_secret() => {
                    let message = format!("the variable {name} of {} becomes a secret one", group.named());
                    findings.push(
                        Finding::warning("variable-becomes-secret", message)
                            .fix("pipelines must map a secret variable before a script can read it"),
                    );
                }
                Some(_) => {}
            }
            let target = Variable { group: group.id, project: settings.project.clone() };
            Ok(Plan {
                target: target.address(settings),
                creates: format!("a new value of the variable {}", settings.variable),
                removes: Vec::new(),
                notes: findings.into_iter().map(String::from).collect(),
            })
        })
    }

    fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
        let value = value(request)?;
        let is_secret =
            chosen(request)?.is_none_or(|update| matches!(update.kind.as_str(), "secret" | "password"));
        with_devops(host, request, |devops, settings| {
            let id = Variable::of(plan, settings)?.group;
            // Read right before it is written: the service takes the whole group, and has no revisions.
            let before = devops.group(id)?;
            before.must_be_writable()?;
            if !before.shows(&settings.variable, value) {
                let after = before.with(&settings.variable, value, is_secret);
                devops.put(&after)?;
                devops.group(id)?.must_keep_others_of(&before, &settings.variable)?;
            }
            Ok(Credential { handle: settings.variable.clone(), updates: Vec::new(), expires: None })
        })
    }

    /// What the service can show: of a secret variable that it is there, and no more.
    fn verify(host: &dyn Host, request: &Request, plan: &Plan, _: &Credential) -> Result<Proof, Failure> {
        let value = value(request)?;
        with_devops(host, request, |devops, settings| {
            let group: Group = devops.group(Variable::of(plan, settings)?.group)?;
            match group.variable(&settings.variable) {
                Some((_, variable)) if variable.is_secret() => Ok(Proof::Verified),
                Some(_) if group.shows(&settings.variable, value) => Ok(Proof::Verified),
                _ => {
                    let message =
                        format!("{} does not show the new value of {}", group.named(), settings.variable);
                    Err(Failure::conflict("variable-changed", message))
                }
            }
        })
    }
}

pamrun_plugin::export!(AzureDevopsVariableGroup);
