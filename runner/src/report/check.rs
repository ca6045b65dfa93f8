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
    /// The version of pamrun's contract that it is for; null of a script.
    pub contract: Option<String>,
    /// What keeps it from running here.
    pub problems: Vec<Problem>,
    /// The steps that a script declares.
    pub steps: Vec<StepName>,
}

/// What keeps a plugin from running here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// A stable word in kebab-case.
    pub code: String,
    /// What is wrong, where, and what to do.
    pub message: String,
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
            contract: None,
            problems: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Adds what keeps it from running.
    pub fn add(&mut self, code: &str, message: impl Into<String>) {
        self.fits = false;
        self.problems.push(Problem { code: code.to_owned(), message: message.into() });
    }

    /// Renders it for people, who are told problems elsewhere.
    #[must_use]
    pub fn render(&self) -> String {
        let named = [&self.name, &self.version].into_iter().flatten().map(String::as_str);
        let name = named.collect::<Vec<_>>().join(" ");
        let mut sheet = Sheet::new(&format!("{name} fits this pamrun"));
        let form = self.form.map_or("", FileForm::words);
        sheet.section("file", [self.digest.clone(), format!("{} bytes, {form}", self.size)]);
        sheet.section("contract", self.contract.clone());
        if !self.steps.is_empty() {
            let steps: Vec<_> = self.steps.iter().map(|step| step.word()).collect();
            sheet.section("steps", [steps.join(", ")]);
        }
        sheet.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_fits_is_shown_with_its_steps() {
        let check = Check {
            name: Some("key.py".to_owned()),
            form: Some(FileForm::Script),
            steps: vec![StepName::Preflight, StepName::Rotate],
            ..Check::new(Digest::of(b""), 77)
        };
        insta::assert_snapshot!(check.render(), @r"
        key.py fits this pamrun
          file      sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                    77 bytes, a script
          steps     preflight, rotate
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
