//! What is wrong with what a request takes, as far as its parts do not fit each other.

use crate::answer::judge::Takes;
use crate::answer::lists::Rows;
use crate::answer::output::{FreshFor, Kept, Output};
use crate::answer::place::Place;
use crate::filter::Filter;

/// Something that `check` refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The keys that lead to it from the request.
    pub keys: Vec<String>,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub mend: String,
}

impl Fault {
    fn new(keys: &[&str], text: &str) -> Self {
        let (reason, mend) = text.split_once("; ").unwrap_or((text, ""));
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Self { keys, reason: reason.to_owned(), mend: mend.to_owned() }
    }
}

impl Takes {
    /// What is wrong, as far as it can be told from the answer's part of one request.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.alternatives(&mut faults);
        self.seen(&mut faults);
        self.of_effects(&mut faults);
        self.pages(&mut faults);
        if let Some(place) = &self.id
            && (place.stars() > 0 || place.filters_make_list())
        {
            faults.push(Fault::new(
                &["id"],
                &format!("`{place}` makes a list, and an id is one value; lead to one"),
            ));
        }
        faults
    }

    fn alternatives(&self, faults: &mut Vec<Fault>) {
        for (index, one) in self.success.iter().enumerate() {
            if let Err(text) = one.as_success(self.is_effect) {
                faults.push(Fault::new(&["success", &index.to_string()], &text));
            }
        }
        for (index, one) in self.rejects.iter().flatten().enumerate() {
            if let Err(text) = one.as_rejection(self.is_effect) {
                faults.push(Fault::new(&["rejects", &index.to_string()], &text));
            }
        }
    }

    /// The places that the plugin sees lead neither to a secret nor into one, nor to what is around it, but for
    /// names, numbers and flags of what is kept whole.
    fn seen(&self, faults: &mut Vec<Fault>) {
        let mut seen: Vec<(Vec<String>, &Place)> = Vec::new();
        let texts = self.outputs.iter().filter(|(_, output)| !output.gives_no_text());
        seen.extend(texts.map(|(name, output)| (vec!["outputs".to_owned(), name.clone()], &output.at)));
        seen.extend(self.id.iter().map(|place| (vec!["id".to_owned()], place)));
        if let Some(lists) = &self.lists
            && let Rows::Slots { ids, .. } = &lists.rows
        {
            seen.extend(ids.iter().map(|place| (vec!["lists".to_owned(), "ids".to_owned()], place)));
        }
        for (keys, place) in seen {
            for (name, kept) in &self.secrets {
                if !place.overlaps(&kept.at)
                    || place.sheds_secrecy()
                    || are_apart(place.filters(), kept.at.filters())
                {
                    continue;
                }
                faults.push(Fault {
                    keys: keys.clone(),
                    reason: format!("`{place}` is, or is around or within, the secret `{name}` (`{}`), which a plugin never sees", kept.at),
                    mend: "take something else, or refer to the secret where it is needed".to_owned(),
                });
            }
        }
    }

    fn of_effects(&self, faults: &mut Vec<Fault>) {
        if !self.is_effect {
            return;
        }
        if self.lists.is_some() {
            faults.push(Fault::new(
                &["lists"],
                "an effect lists no credentials; make a request of its own that reads",
            ));
        }
        if let Some(FreshFor::Said(_) | FreshFor::Seconds(_)) = &self.fresh_for {
            faults.push(Fault::new(&["fresh_for"], "an effect is never repeated to be fresh; leave it out"));
        }
        for (name, _) in self.outputs.iter().filter(|(_, output)| output.next.is_some()) {
            faults.push(Fault::new(&["outputs", name, "next"], "an effect has no pages; leave `next` out"));
        }
    }

    fn pages(&self, faults: &mut Vec<Fault>) {
        let outputs =
            self.outputs.iter().filter(|(_, output)| output.next.is_some()).map(|(name, _)| name.as_str());
        let mut all: Vec<Vec<&str>> = outputs.map(|name| vec!["outputs", name, "next"]).collect();
        if self.lists.as_ref().is_some_and(|lists| lists.next.is_some()) {
            all.push(vec!["lists", "next"]);
        }
        for keys in all.iter().skip(1) {
            faults.push(Fault::new(keys, "a request has one list with pages; leave one `next` out"));
        }
    }

    /// Every place that is read, with the keys that lead to it from the request.
    #[must_use]
    pub fn places(&self) -> Vec<(Vec<String>, &Place)> {
        let mut places: Vec<(Vec<String>, &Place)> = Vec::new();
        let named = |table: &str, name: &str| vec![table.to_owned(), name.to_owned()];
        for (table, outputs) in [("outputs", &self.outputs), ("errors", &self.errors)] {
            for (name, Output { at, next, .. }) in outputs {
                places.push((named(table, name), at));
                places.extend(
                    next.as_ref().and_then(|next| next.place()).map(|place| (named(table, name), place)),
                );
            }
        }
        places.extend(self.secrets.iter().map(|(name, Kept { at, .. })| (named("secrets", name), at)));
        places.extend(self.id.iter().map(|place| (vec!["id".to_owned()], place)));
        if let Some(FreshFor::Said(place)) = &self.fresh_for {
            places.push((vec!["fresh_for".to_owned()], place));
        }
        if let Some(lists) = &self.lists {
            places.extend(
                lists
                    .places()
                    .into_iter()
                    .map(|(keys, place)| (std::iter::once("lists".to_owned()).chain(keys).collect(), place)),
            );
        }
        if let Some(pending) = &self.pending {
            places.extend(
                pending.with.iter().map(|(name, place)| {
                    (vec!["pending".to_owned(), "with".to_owned(), name.clone()], place)
                }),
            );
        }
        let alternatives =
            [("success", self.success.as_slice()), ("rejects", self.rejects.as_deref().unwrap_or_default())];
        for (table, alternatives) in alternatives {
            for (index, one) in alternatives.iter().enumerate() {
                places.extend(
                    one.conditions
                        .iter()
                        .map(|condition| (named(table, &index.to_string()), &condition.place)),
                );
            }
        }
        places.extend(
            self.pending
                .iter()
                .flat_map(|pending| &pending.status.conditions)
                .map(|condition| (named("pending", "status"), &condition.place)),
        );
        places
    }
}

/// Whether two chains of filters lead to different parts of the same value, neither of which is in the other.
fn are_apart(one: &[Filter], other: &[Filter]) -> bool {
    match one.iter().zip(other).find(|(one, other)| one != other) {
        None => false,
        Some((Filter::At(one), Filter::At(other))) => !one.overlaps(other),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::answer::{Alternative, FreshFor, Lists};

    /// The answer's part of a request as it is written.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        #[serde(default)]
        outputs: std::collections::BTreeMap<String, Output>,
        #[serde(default)]
        secrets: std::collections::BTreeMap<String, Kept>,
        id: Option<Place>,
        lists: Option<Lists>,
        #[serde(default)]
        success: Vec<Alternative>,
        rejects: Option<Vec<Alternative>>,
        fresh_for: Option<FreshFor>,
    }

    fn faults(is_effect: bool, toml: &str) -> String {
        let Written { outputs, secrets, id, lists, success, rejects, fresh_for } =
            toml::from_str(toml).unwrap();
        let takes =
            Takes { is_effect, outputs, secrets, id, lists, success, rejects, fresh_for, ..Takes::default() };
        let faults = takes.faults().into_iter();
        faults
            .map(|Fault { keys, reason, mend }| format!("{}: {reason}; {mend}", keys.join(".")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn what_leads_to_a_secret_is_no_output() {
        for (secret, output) in [
            ("/secretText", "/secretText"),
            ("/file", "/file/key"),
            ("/file/key", "{ at = '/file/*/x', type = 'list' }"),
            ("/file/key", "/file"),
            ("/file", "/file|at:/key"),
            ("/f|base64-decode|at:/key", "/f"),
            ("/f|base64-decode|at:/key", "/f|base64-decode"),
            ("/f|base64-decode|at:/key", "/f|base64-decode|at:/key/part"),
            ("xml:A/B", "xml:A/B"),
            ("header:X-Token", "header:x-token"),
        ] {
            let output = if output.starts_with('{') { output.to_owned() } else { format!("'{output}'") };
            let found =
                faults(false, &format!("secrets = {{ s = '{secret}' }}\noutputs = {{ o = {output} }}"));
            assert!(
                found.contains("outputs.o") && found.contains("a plugin never sees"),
                "{secret}, {output}: {found}"
            );
        }
        for (secret, output) in [
            ("/secretText", "/keyId"),
            ("/access_token", "/access_token|jwt|at:/oid"),
            ("/f|base64-decode|at:/private_key", "/f|base64-decode|at:/private_key_id"),
            ("/variables", "{ at = '/variables|keys', type = 'list' }"),
            ("/variables", "{ at = '/variables/~{setting.variable}/isSecret', type = 'bool' }"),
            ("/variables", "{ at = '/variables', type = 'list', differs_from = '{before.variables}' }"),
            ("", "{ at = '/references/*', type = 'count' }"),
        ] {
            let output = if output.starts_with('{') { output.to_owned() } else { format!("'{output}'") };
            let found =
                faults(false, &format!("secrets = {{ s = '{secret}' }}\noutputs = {{ o = {output} }}"));
            assert_eq!(found, "", "{secret}, {output}");
        }
        for output in ["{ at = '/variables/~{setting.variable}/value' }", "{ at = '/variables/a/isSecret' }"]
        {
            let found =
                faults(false, &format!("secrets = {{ s = '/variables' }}\noutputs = {{ o = {output} }}"));
            assert!(found.contains("a plugin never sees"), "{output}: {found}");
        }
        assert!(faults(true, "id = '/key'\nsecrets = { s = '/key' }").contains("id: `/key` is"));
        assert!(faults(false, "lists = { ids = ['/key'] }\nsecrets = { s = '/key' }").contains("lists.ids"));
    }

    #[test]
    fn an_effect_takes_no_lists_and_no_pages() {
        assert!(faults(true, "lists = { each = '/v', id = '/id' }").contains("of its own that reads"));
        assert!(
            faults(true, "outputs = { o = { at = '/v/*', type = 'list', next = 'header:Link' } }")
                .contains("leave `next` out")
        );
        assert!(faults(true, "fresh_for = 5").contains("fresh_for"));
        assert!(faults(true, "success = ['404']").contains("success.0"));
        assert!(faults(true, "rejects = ['4xx', '2xx']").contains("rejects.1"));
        assert_eq!(faults(true, "success = ['204']\nrejects = ['4xx', '2xx !/id']"), "");
        assert_eq!(faults(false, "success = ['2xx', '404']\nrejects = ['4xx', '2xx']"), "");
    }

    #[test]
    fn the_schema_has_every_part_of_an_answer() {
        let schema = |schema: schemars::Schema| schema.to_value().to_string();
        let lists = schema(schemars::schema_for!(Lists));
        assert!(
            ["each", "ids", "disabled", "next", "outputs"]
                .iter()
                .all(|key| lists.contains(&format!("\"{key}\"")))
        );
        let output = schema(schemars::schema_for!(Output));
        assert!(
            ["at", "type", "optional", "pattern", "count", "number"]
                .iter()
                .all(|key| output.contains(&format!("\"{key}\"")))
        );
        assert!(schema(schemars::schema_for!(crate::answer::Pending)).contains("\"every\""));
    }

    #[test]
    fn one_list_has_pages() {
        let two = "outputs = { o = { at = '/v/*', type = 'list', next = 'header:Link' } }\nlists = { each = '/v', id = '/id', next = 'header:Link' }";
        assert!(faults(false, two).contains("lists.next: a request has one list with pages"));
    }

    #[test]
    fn an_id_is_one_value() {
        assert!(faults(true, "id = '/keys/*/id'").contains("lead to one"));
    }
}
