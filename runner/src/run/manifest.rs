//! The manifest that a file holds, packed or as its plugin.toml, and everything that is wrong with it.

use std::path::Path;

use pamrun_contract::check::check_source;
use pamrun_contract::manifest::Manifest;
use pamrun_contract::refusal::{Refusal, Refusals};

use crate::catalog::PluginFile;
use crate::catalog::packed::{self, PackedError};
use crate::report::{Console, Message, Problem};
use crate::rotation::OutcomeKind;
use crate::text::decode;

/// Whether a file is a plugin.toml.
pub(super) fn is_source(file: &PluginFile) -> bool {
    !file.is_wasm() && file.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"))
}

/// Reads and checks the manifest of a file.
pub(super) fn manifest(file: &PluginFile) -> Result<Manifest, Vec<Problem>> {
    if is_source(file) {
        return source(file).map(|(manifest, _)| manifest);
    }
    packed::manifest(&file.bytes).map_err(|error| match &error {
        PackedError::Refused(refusals) => problems(&file.path, refusals),
        _ => vec![problem(error.code(), &file.path, &error)],
    })
}

/// Reads and checks a plugin.toml; with the JSON that is packed.
pub(super) fn source(file: &PluginFile) -> Result<(Manifest, String), Vec<Problem>> {
    let text = decode(&file.bytes).map_err(|error| vec![problem("manifest-not-text", &file.path, &error)])?;
    check_source(&text).map_err(|refusals| problems(&file.path, &refusals))
}

/// Tells people what is wrong, and returns the exit code for it.
pub(super) fn tell(problems: &[Problem]) -> u8 {
    let console = Console::plain();
    for problem in problems {
        console.say(Message::Error(&problem.message));
    }
    OutcomeKind::Invalid.exit_code()
}

fn problems(path: &Path, refusals: &Refusals) -> Vec<Problem> {
    refusals.iter().map(|refusal| refused(path, refusal)).collect()
}

/// One refusal, with the line where editors find it.
fn refused(path: &Path, refusal: &Refusal) -> Problem {
    let line = refusal.line.map_or_else(String::new, |line| format!(":{line}"));
    let plain = Refusal { line: None, ..refusal.clone() };
    let message = format!("{}{line}: {plain}", path.display());
    Problem { code: "manifest-invalid".to_owned(), message }
}

pub(super) fn problem(code: &str, path: &Path, error: &impl ToString) -> Problem {
    Problem { code: code.to_owned(), message: format!("{}: {}", path.display(), error.to_string()) }
}
