//! `only_if`: conditions that are read anew just before an effect is sent.

use pamrun_contract::manifest::{Allowed, Request};
use pamrun_contract::render::render_text;
use pamrun_contract::template::Reference;

use super::chance::with_chance;
use super::permit::refused;
use super::session::Session;
use super::store::member;
use super::trouble::Trouble;
use super::values::{Params, View};
use super::way::Way;
use crate::policy::Deny;

impl Session {
    /// Reads what the conditions name, and compares.
    pub(super) async fn holds(
        &mut self,
        way: &dyn Way,
        name: &str,
        request: &Request,
        params: &Params,
        depth: usize,
    ) -> Result<(), Trouble> {
        for (reference, allowed) in &request.only_if {
            let Ok(Reference::Member(of, key)) = reference.parse::<Reference>() else {
                return Err(refused(format!("`only_if` of `{name}` names nothing that can be read")));
            };
            self.perform(way, &of, Params::new(), depth + 1).await?;
            let now = way.now();
            let found = self.answers.get(&of, now).and_then(|taken| member(taken, &key));
            let found =
                found.and_then(|value| value.to_text().ok()).map(|text| text.to_string()).unwrap_or_default();
            let holds = match allowed {
                Allowed::OneOf(words) => words.contains(&found),
                Allowed::Equal(template) => {
                    let manifest = std::sync::Arc::clone(&self.manifest);
                    let view = View::new(self, params, now);
                    let wanted = with_chance(|chance| render_text(&manifest, template, &view, now, chance));
                    wanted.ok().and_then(|value| value.to_text().ok()).is_some_and(|text| *text == found)
                }
            };
            if !holds {
                let why = format!(
                    "`{name}` is sent only if `{reference}` is as the manifest says, and the service shows another"
                );
                return Err(Trouble::Refused(Deny::Condition(why)));
            }
        }
        Ok(())
    }
}
