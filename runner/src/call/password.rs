//! Whether the service takes the passwords that are to be set, before anything is touched.

use std::sync::Arc;

use pamrun_contract::manifest::SettingKind;
use pamrun_contract::render::render_text;

use super::chance::with_chance;
use super::session::Session;
use super::values::{Params, View};
use super::way::Way;
use crate::model::{Failure, FailureKind};
use crate::rotation::{Complexity, StepError};

impl Session {
    /// Judges the password that is proposed, by the rules of the setting of type `complexity`.
    pub(super) fn judge_proposed(&mut self, way: &dyn Way) -> Result<(), StepError> {
        let manifest = Arc::clone(&self.manifest);
        let setting = manifest.settings.iter().find(|(_, setting)| setting.kind == SettingKind::Complexity);
        let Some((key, setting)) = setting else { return Ok(()) };
        if let Some(text) = self.settings.get(key).and_then(|value| value.to_text().ok())
            && let Ok(complexity) = Complexity::parse(&text)
        {
            let (length, least) = complexity.numbers();
            manifest.password_rules().check_complexity(length, least).map_err(|why| {
                invalid("complexity-unfit", format!("the setting {key} is {}: it {why}", *text))
            })?;
        }
        let Some(proposed) = &self.proposed else { return Ok(()) };
        let Ok(password) = proposed.to_text() else { return Ok(()) };
        let params = Params::new();
        let now = way.now();
        let view = View::new(self, &params, now);
        let names: Vec<String> = setting
            .lacks
            .iter()
            .filter_map(|template| {
                let name = with_chance(|chance| render_text(&manifest, template, &view, now, chance)).ok()?;
                name.to_text().ok().map(|text| text.to_string())
            })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        manifest.password_rules().check_password(&password, &names).map_err(|why| {
            invalid("password-unfit", format!("the service would refuse the new password: it {why}"))
        })
    }
}

fn invalid(code: &str, message: String) -> StepError {
    let fix = Some("have another one made".to_owned()).filter(|_| code == "password-unfit");
    StepError::Failure(Failure { kind: FailureKind::Invalid, code: code.to_owned(), message, fix })
}
