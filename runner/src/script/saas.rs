//! SaaS plugins: Python files made for Keeper's gateway, run unchanged by a script of ours. That one, and
//! what stands in for the package that plugins import, are laid out in the working folder of each call.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::ScriptError;
use super::bounds::Bounds;
use super::call::Calling;
use super::folder::WorkFolders;
use super::source::Script;
use super::system::adopt_orphans;
use crate::model::{Request, Role, SaasPlugin};
use crate::rotation::StepError;
use crate::secret::{Redactor, Secret};
use crate::text::decode;

/// The script that runs a plugin.
const SHIM: &str = "shim.py";
/// What is laid out.
const FILES: [(&str, &str); 8] = [
    (SHIM, include_str!("saas/shim.py")),
    ("kdnrm/__init__.py", include_str!("saas/kdnrm/__init__.py")),
    ("kdnrm/exceptions.py", include_str!("saas/kdnrm/exceptions.py")),
    ("kdnrm/log.py", include_str!("saas/kdnrm/log.py")),
    ("kdnrm/saas_plugins.py", include_str!("saas/kdnrm/saas_plugins.py")),
    ("kdnrm/saas_type.py", include_str!("saas/kdnrm/saas_type.py")),
    ("kdnrm/secret.py", include_str!("saas/kdnrm/secret.py")),
    ("kdnrm/utils.py", include_str!("saas/kdnrm/utils.py")),
];
/// The keys by which it is known that a plugin said what it is.
const DESCRIBED: &[&str] = &["config", "failure"];

/// Tells whether a file is a SaaS plugin, by the class that it defines.
#[must_use]
pub fn is_saas_plugin(bytes: &[u8]) -> bool {
    let lossy = || String::from_utf8_lossy(bytes);
    let text = decode(bytes).map_or_else(|_| lossy(), |text| Cow::Owned((*text).to_owned()));
    let derives = |class: &str| {
        let head = class.split([')', ':']).next().unwrap_or_default();
        let mut words =
            head.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        words.nth(1).is_some() && words.any(|word| word == "SaasPluginBase")
    };
    let starts_line = |at: usize| at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
    text.match_indices("class ")
        .filter(|(at, _)| starts_line(*at))
        .any(|(at, _)| text.get(at..).is_some_and(derives))
}

/// Lays out what runs plugins, and returns the script to start.
///
/// # Errors
/// When the folder cannot be written to.
pub(super) fn lay_out(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join("saas");
    fs::create_dir_all(folder.join("kdnrm"))?;
    for (name, text) in FILES {
        #[expect(clippy::disallowed_methods, reason = "the script's working folder")]
        fs::write(folder.join(name), text)?;
    }
    Ok(folder.join(SHIM))
}

/// Asks a plugin what it is. It is given nothing.
///
/// # Errors
/// What keeps it from being run.
pub(super) async fn describe(
    script: &Script,
    folders: &WorkFolders,
    redactor: &Redactor,
) -> Result<SaasPlugin, ScriptError> {
    adopt_orphans().map_err(ScriptError::Supervision)?;
    let limits = &script.options.limits;
    let bounds = Bounds::new(limits, limits.timeout.saturating_sub(limits.reserve));
    let calling = Calling {
        script,
        folders,
        redactor,
        step: None,
        keys: DESCRIBED,
        request: None,
        bounds,
        launcher: None,
    };
    let unfit = |problem: String| ScriptError::Unfit { name: script.name().into_owned(), problem };
    match calling.call(zeroize::Zeroizing::default()).await.answer {
        Ok(Some(object)) => object.described().map_err(unfit),
        Ok(None) => Err(unfit("it ended while it was loaded".to_owned())),
        Err(StepError::Failure(failure)) if failure.code == "requirements-missing" => {
            Err(ScriptError::RequirementsMissing {
                name: script.name().into_owned(),
                problem: failure.message,
            })
        }
        Err(error) => Err(unfit(error.to_string())),
    }
}

/// Says what a plugin is going to make.
pub(super) fn creates(plugin: &SaasPlugin, request: &Request) -> String {
    let config = request.records.iter().find(|record| {
        let mut types = record.fields.iter().filter(|field| field.label == SaasPlugin::TYPE_FIELD);
        let holds_name = |value: &Secret| value.expose().trim() == plugin.name;
        record.role == Role::Attached && types.any(|field| field.values.iter().any(holds_name))
    });
    let config = config.map_or_else(String::new, |record| format!(" with config record {}", record.uid));
    format!("a new password, set by {} (class {}){config}", plugin.name, plugin.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saas_plugin_is_known_by_the_class_that_it_derives_from() {
        for text in [
            "from x import y\nclass SaasPlugin(SaasPluginBase):\n",
            "class Router(kdnrm.saas_plugins.SaasPluginBase, Mixin):\r\n",
            "class Router(Mixin, SaasPluginBase): pass",
            "class SaasPlugin(\n    SaasPluginBase,\n):\n",
        ] {
            assert!(is_saas_plugin(text.as_bytes()), "{text}");
        }
        for text in
            ["", "# class SaasPlugin(SaasPluginBase):", "class SaasPluginBase:", "class A(SaasPluginBases):"]
        {
            assert!(!is_saas_plugin(text.as_bytes()), "{text}");
        }
    }
}
