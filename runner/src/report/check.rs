//! Whether a plugin can run here: `pamrun plugin check`.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::SCHEMA;
use super::sheet::{FileForm, Sheet};
use crate::catalog::Digest;
use crate::model::StepName;

/// Whether a plugin or script can run here, and what it would do. Readers ignore keys that they do
/// not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "pamrun plugin check")]
pub struct Check {
    /// The version of this document.
    #[schemars(extend("const" = 1))]
    pub schema: u32,
    /// Whether it can run here; exactly then there are no problems.
    pub fits: bool,
    /// The name that it gives itself; of a script, its file's; null when it could not be asked.
    pub name: Option<String>,
    /// The version that it gives itself; null when it could not be asked, and for a script.
    pub version: Option<String>,
    /// The digest of its file: `sha256:…`.
    pub digest: String,
    /// The size of its file, in bytes.
    pub size: usize,
    /// What its file is; null when it is nothing that can run.
    pub form: Option<FileForm>,
    /// The version of pamrun's interface that it speaks; null when it speaks none.
    pub interface: Option<String>,
    /// What keeps it from running here.
    pub problems: Vec<Problem>,
    /// What its author should think about.
    pub warnings: Vec<String>,
    /// What it asks for, step by step; of a script, only which steps it has.
    pub steps: Vec<StepAsk>,
}

/// What keeps a plugin from running here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// A stable word in kebab-case.
    pub code: String,
    /// What is wrong, where, and what to do.
    pub message: String,
}

/// What a plugin may send in one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepAsk {
    /// The step.
    pub name: StepName,
    /// The requests that its manifest asks for in this step.
    pub requests: Vec<RequestAsk>,
}

/// A kind of request that a plugin may send in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestAsk {
    /// The HTTP method.
    pub method: String,
    /// The host, or `{setting:KEY}`.
    pub host: String,
    /// The path, with its wildcards.
    pub path: String,
    /// Whether the target may have changed once it was sent.
    pub changes: bool,
    /// Where the id of what it removes stands; null when it removes nothing.
    pub removes: Option<String>,
}

impl Check {
    /// A check of a file that has found nothing yet.
    #[must_use]
    pub fn new(digest: Digest, size: usize) -> Self {
        Self {
            schema: SCHEMA,
            fits: true,
            name: None,
            version: None,
            digest: digest.to_string(),
            size,
            form: None,
            interface: None,
            problems: Vec::new(),
            warnings: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Adds what keeps it from running.
    pub fn add(&mut self, code: &str, message: impl Into<String>) {
        self.fits = false;
        self.problems.push(Problem { code: code.to_owned(), message: message.into() });
    }

    /// Renders it for people, who are told problems and warnings elsewhere.
    #[must_use]
    pub fn render(&self) -> String {
        let named = [&self.name, &self.version].into_iter().flatten().map(String::as_str);
        let name = named.collect::<Vec<_>>().join(" ");
        let mut sheet = Sheet::new(&format!("{name} fits this pamrun"));
        let form = self.form.map_or("", FileForm::words);
        sheet.section("file", [self.digest.clone(), format!("{} bytes, {form}", self.size)]);
        sheet.section("interface", self.interface.clone());
        for step in &self.steps {
            let requests = step.requests.iter().map(RequestAsk::line).collect::<Vec<_>>();
            let nothing = self.interface.as_ref().map(|_| "sends nothing".to_owned());
            let is_silent = requests.is_empty();
            sheet.section(step.name.word(), requests.into_iter().chain(nothing.filter(|_| is_silent)));
        }
        if self.interface.is_none() && !self.steps.is_empty() {
            let steps: Vec<_> = self.steps.iter().map(|step| step.name.word()).collect();
            sheet.section("steps", [steps.join(", ")]);
        }
        sheet.text()
    }
}

impl RequestAsk {
    fn line(&self) -> String {
        let effect = match &self.removes {
            Some(place) => format!(", removes {place}"),
            None if self.changes => ", counts as a change".to_owned(),
            None => String::new(),
        };
        format!("{} {}{}{effect}", self.method, self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, changes: bool, removes: Option<&str>) -> RequestAsk {
        RequestAsk {
            method: method.to_owned(),
            host: "{setting:api}".to_owned(),
            path: path.to_owned(),
            changes,
            removes: removes.map(str::to_owned),
        }
    }

    #[test]
    fn a_plugin_that_fits_is_shown_with_what_it_sends_in_each_step() {
        let read = || request("GET", "/keys", false, None);
        let check = Check {
            name: Some("key".to_owned()),
            version: Some("0.1.0".to_owned()),
            form: Some(FileForm::Component),
            interface: Some("0.1.0".to_owned()),
            steps: vec![
                StepAsk { name: StepName::Preflight, requests: vec![read()] },
                StepAsk {
                    name: StepName::Rotate,
                    requests: vec![read(), request("POST", "/keys", true, None)],
                },
                StepAsk { name: StepName::Verify, requests: Vec::new() },
                StepAsk {
                    name: StepName::Commit,
                    requests: vec![request("DELETE", "/keys/{id}", true, Some("{id}"))],
                },
            ],
            ..Check::new(Digest::of(b""), 590_591)
        };
        insta::assert_snapshot!(check.render(), @r"
        key 0.1.0 fits this pamrun
          file      sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                    590591 bytes, a component
          interface 0.1.0
          preflight GET {setting:api}/keys
          rotate    GET {setting:api}/keys
                    POST {setting:api}/keys, counts as a change
          verify    sends nothing
          commit    DELETE {setting:api}/keys/{id}, removes {id}
        ");
    }

    #[test]
    fn a_problem_means_that_it_does_not_fit() {
        let mut check = Check::new(Digest::of(b""), 0);
        assert!(check.fits);
        check.add("not-wasm", "this is a text");
        assert!(!check.fits && check.problems.len() == 1);
    }
}
