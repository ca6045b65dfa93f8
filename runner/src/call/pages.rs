//! Follows the pages of a list to their end.

use pamrun_contract::answer::{NextPage, Pages, Seeing, Taken, Takes, Verdict, next_url};
use pamrun_contract::render::{Rendered, render_page};

use super::chance::with_chance;
use super::perform::Received;
use super::permit::refused;
use super::session::Session;
use super::trouble::{Rejection, Trouble};
use super::values::{Params, View};
use super::way::{Way, answer};

impl Session {
    /// All pages as one answer; none of it, where one page is missing.
    pub(super) async fn follow(
        &mut self,
        way: &dyn Way,
        name: &str,
        takes: &Takes,
        params: &Params,
        (rendered, first): (&Rendered, Taken),
    ) -> Result<Taken, Trouble> {
        let mut url = rendered.url.clone();
        let mut pages = Pages::new(first);
        while let Some(next) = pages.next() {
            let (rendered_page, page_url);
            match &next {
                NextPage::Address(address) => {
                    page_url = next_url(&url, &rendered.literal, address)
                        .map_err(|error| self.unreadable(name, &error.to_string()))?;
                    rendered_page = None;
                }
                NextPage::Repeat(part, value) => {
                    let manifest = std::sync::Arc::clone(&self.manifest);
                    let now = way.now();
                    let view = View::new(self, params, now);
                    let page =
                        with_chance(|chance| render_page(&manifest, name, &view, now, chance, (part, value)));
                    let page = page.map_err(|error| refused(format!("`{name}`: {error}")))?;
                    page_url = page.url.clone();
                    rendered_page = Some(page);
                }
                NextPage::Number(_) => return Ok(pages.finish()),
            }
            let page = rendered_page.as_ref().unwrap_or(rendered);
            let response = match self.send(way, name, false, page, &page_url).await? {
                Received::Answer(response) => answer(response),
                Received::Nothing { .. } => {
                    return Err(Trouble::Unavailable(Rejection::without_answer(name)));
                }
            };
            let now = way.now();
            let verdict = {
                let view = View::new(self, params, now);
                takes.judge(&response, &Seeing { given: &view, known: &self.known, now })
            };
            match verdict {
                Verdict::Success(got) => {
                    pages.add(*got).map_err(|error| self.unreadable(name, &error.to_string()))?;
                }
                other => return Err(self.no_success(name, other)),
            }
            url = page_url;
        }
        Ok(pages.finish())
    }

    /// A list of which not all is known says nothing.
    fn unreadable(&mut self, name: &str, why: &str) -> Trouble {
        self.remark(name, why);
        Trouble::Unavailable(Rejection::without_answer(name))
    }
}
