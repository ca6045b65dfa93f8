//! Looks into a plugin file without running or compiling it.

use wasmparser::{Encoding, KnownCustom, Parser, Payload};

use super::unfit::GuestError;
use crate::catalog::seems;

/// The custom section in which an SDK says what it is.
const STAMP: &str = "pamrun-sdk";

/// A program that had a part in making the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its part: `language`, `processed-by` or `sdk`.
    pub part: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a plugin file is made of. Its texts come from the file and are not to be trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Whether it is a core module, which is made a component when it is loaded.
    pub core_module: bool,
    /// The language that pamrun's SDK says it is written in.
    pub language: Option<String>,
    /// The version of pamrun's SDK.
    pub sdk: Option<String>,
    /// The tools that made it.
    pub tools: Vec<Tool>,
    /// The interfaces that it imports; those of a core module by the name of the module.
    pub imports: Vec<String>,
    /// The interfaces that it exports; those of a core module function by function.
    pub exports: Vec<String>,
    /// Whether a core module says what world it is for.
    pub(super) has_world: bool,
}

/// Looks into a file, whatever it is for.
///
/// # Errors
/// That it is not WebAssembly, or damaged.
pub fn look_into(bytes: &[u8]) -> Result<Inspection, GuestError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(GuestError::NotWasm { what: seems(bytes) });
    }
    let damaged = |error: wasmparser::BinaryReaderError| GuestError::Damaged(error.to_string());
    let mut inspection = Inspection::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding, .. } if depth == 0 => {
                inspection.core_module = encoding == Encoding::Module;
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ImportSection(section) if depth == 0 => {
                for import in section.into_imports() {
                    let module = import.map_err(damaged)?.module;
                    if !inspection.imports.iter().any(|known| known == module) {
                        inspection.imports.push(module.to_owned());
                    }
                }
            }
            Payload::ExportSection(section) if depth == 0 => {
                for export in section {
                    inspection.exports.push(export.map_err(damaged)?.name.to_owned());
                }
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    inspection.imports.push(import.map_err(damaged)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    inspection.exports.push(export.map_err(damaged)?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if section.name() == STAMP => {
                stamp(&mut inspection, &String::from_utf8_lossy(section.data()));
            }
            Payload::CustomSection(section) => {
                inspection.has_world |= section.name().starts_with("component-type");
                if let KnownCustom::Producers(fields) = section.as_known() {
                    // A tool's note about itself: one that cannot be read is no reason to refuse.
                    let _ = tools(&mut inspection.tools, fields);
                }
            }
            _ => {}
        }
    }
    Ok(inspection)
}

/// Reads `language=rust sdk=0.1.0`.
fn stamp(inspection: &mut Inspection, text: &str) {
    for (key, value) in text.split_whitespace().filter_map(|pair| pair.split_once('=')) {
        match key {
            "language" => inspection.language = Some(value.to_owned()),
            "sdk" => inspection.sdk = Some(value.to_owned()),
            _ => {}
        }
    }
}

fn tools(tools: &mut Vec<Tool>, fields: wasmparser::ProducersSectionReader<'_>) -> wasmparser::Result<()> {
    for field in fields {
        let field = field?;
        for value in field.values {
            let value = value?;
            let tool = Tool {
                part: field.name.to_owned(),
                name: value.name.to_owned(),
                version: value.version.to_owned(),
            };
            if !tools.contains(&tool) {
                tools.push(tool);
            }
        }
    }
    Ok(())
}
