//! What a plugin is, for programs: `pamrun plugin inspect --format json`.

use pamrun_contract::manifest::CONTRACT;
use pamrun_contract::overview::Overview;
use schemars::JsonSchema;
use serde::Serialize;

use super::document::SCHEMA;
use super::overview_sheet::OverviewSheet;
use super::script_sheet::ScriptSheet;
use super::sheet::FileForm;
use crate::model::{StepName, Strategy};

/// Everything about a plugin or script that can be known without running a step. Readers ignore
/// keys that they do not know.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "pamrun plugin inspect")]
pub struct InspectionDocument {
    /// The version of this document.
    #[schemars(extend("const" = 1))]
    pub schema: u32,
    /// The digest of its file: `sha256:…`.
    pub digest: String,
    /// The size of its file, in bytes.
    pub size: usize,
    /// What its file is.
    pub form: FileForm,
    /// All that a plugin may do, as its manifest declares it; null for a script.
    pub overview: Option<Overview>,
    /// What a script says of itself; null for a plugin.
    pub script: Option<ScriptEntry>,
    /// The version of pamrun's contract that it is for; null for a script.
    pub contract: Option<String>,
    /// The language that it is written in, as pamrun's SDK says; null where none was used.
    pub language: Option<String>,
    /// The version of that SDK; null where none was used.
    pub sdk: Option<String>,
    /// The tools that made it, as they say themselves.
    pub tools: Vec<ToolEntry>,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
}

/// A program that had a part in making a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToolEntry {
    /// Its part: `language`, `processed-by` or `sdk`.
    pub part: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// How a script is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScriptEntry {
    /// Its file's name.
    pub name: String,
    /// The command line that would run it, up to the file.
    pub run_by: String,
    /// The steps that it declares; null where it declares none and is run once.
    pub steps: Option<Vec<StepName>>,
    /// How old and new values relate; null where it declares no steps.
    pub strategy: Option<Strategy>,
}

impl From<&OverviewSheet<'_>> for InspectionDocument {
    fn from(sheet: &OverviewSheet<'_>) -> Self {
        let made_of = sheet.made_of.as_ref();
        Self {
            schema: SCHEMA,
            digest: sheet.digest.to_string(),
            size: sheet.size,
            form: sheet.form,
            overview: Some(sheet.overview.clone()),
            script: None,
            contract: Some(CONTRACT.to_owned()),
            language: made_of.and_then(|made_of| made_of.language).map(str::to_owned),
            sdk: made_of.and_then(|made_of| made_of.sdk).map(str::to_owned),
            tools: made_of.map(|made_of| made_of.tools.clone()).unwrap_or_default(),
            imports: made_of.map(|made_of| made_of.imports.to_vec()).unwrap_or_default(),
            exports: made_of.map(|made_of| made_of.exports.to_vec()).unwrap_or_default(),
        }
    }
}

impl From<&ScriptSheet<'_>> for InspectionDocument {
    fn from(sheet: &ScriptSheet<'_>) -> Self {
        let of_saas_plugin: (&[StepName], _) = (&[StepName::Rotate], Strategy::InPlace);
        let steps = if sheet.is_saas { Some(of_saas_plugin) } else { sheet.steps };
        let script = ScriptEntry {
            name: sheet.name.to_owned(),
            run_by: sheet.run_by.to_owned(),
            steps: steps.map(|(steps, _)| steps.to_vec()),
            strategy: steps.map(|(_, strategy)| strategy),
        };
        Self {
            schema: SCHEMA,
            digest: sheet.digest.to_string(),
            size: sheet.size,
            form: if sheet.is_saas { FileForm::SaasPlugin } else { FileForm::Script },
            overview: None,
            script: Some(script),
            contract: None,
            language: None,
            sdk: None,
            tools: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
        }
    }
}
