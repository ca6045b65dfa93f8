//! `pamrun new`: begins a plugin.

use std::path::Path;

use super::fault::Fault;
use super::show;
use crate::cli::Language;
use crate::scaffold::create;

/// Carries it out.
pub(super) fn new(language: Language, folder: &Path) -> Result<(), Fault> {
    let project = create(language, folder)?;
    let (name, folder) = (&project.name, project.folder.display());
    show(&format!(
        "{folder} is a plugin that rotates a token of an imaginary API; its README.md says how to make it yours\n\n  \
         cd {folder}\n  \
         make test                   # builds {name}.wasm and plays its cases\n  \
         pamrun test --sweep cases   # plays them with a fault at every call"
    ))
}
