//! Looks into a plugin file without running or compiling it.

use wasmparser::{Encoding, KnownCustom, Parser, Payload};

use super::adapt;
use super::load::LoadError;

/// The interface that makes a component a plugin, without its version.
pub(super) const ROTATION: &str = "pamrun:plugin/rotation";
/// The version of it that this host speaks.
pub(super) const VERSION: (u32, u32, u32) = (0, 1, 0);
/// Its functions.
pub(super) const STEPS: [&str; 6] = ["describe", "preflight", "rotate", "verify", "commit", "rollback"];
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

impl Inspection {
    /// The interface version that it speaks, of those that it exports: ours, or else the first.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        self.rotation().and_then(rotation_version)
    }

    /// The name under which it exports `rotation`.
    pub(super) fn rotation(&self) -> Option<&str> {
        let versions =
            || self.exports.iter().filter_map(|name| Some((name.as_str(), rotation_version(name)?)));
        let spoken = versions().find(|(_, version)| is_spoken(version));
        let (name, _) = spoken.or_else(|| versions().next())?;
        // A core module exports it function by function.
        Some(name.split_once('#').map_or(name, |(interface, _)| interface))
    }

    /// What keeps it from being a plugin of this host, all of it, as far as that shows without
    /// compiling it.
    #[must_use]
    pub fn problems(&self) -> Vec<LoadError> {
        let mut problems = Vec::new();
        match self.interface() {
            None if self.is_program() => problems.push(LoadError::Program),
            None => problems.push(LoadError::AnotherWorld { exports: self.exports.clone() }),
            Some(found) if !is_spoken(found) => {
                problems.push(LoadError::AnotherVersion { found: found.to_owned() });
            }
            Some(_) => {
                let missing = self.missing_steps();
                if !missing.is_empty() {
                    problems.push(LoadError::StepsMissing { missing });
                }
            }
        }
        let granted = if self.core_module { adapt::is_adapted } else { is_granted };
        let imports: Vec<_> = self.imports.iter().filter(|name| !granted(name)).cloned().collect();
        if !imports.is_empty() {
            problems.push(LoadError::NotGranted { imports });
        }
        problems
    }

    fn is_program(&self) -> bool {
        self.exports.iter().any(|name| name == "_start" || name.starts_with("wasi:cli/run"))
    }

    /// The functions that a core module lacks; those of a component show once it is compiled.
    fn missing_steps(&self) -> Vec<&'static str> {
        let Some(rotation) = self.rotation().filter(|_| self.core_module) else { return Vec::new() };
        let has = |step: &str| self.exports.iter().any(|name| *name == format!("{rotation}#{step}"));
        STEPS.into_iter().filter(|step| !has(step)).collect()
    }
}

/// Looks into the file, and tells whether it can be a plugin of this host.
///
/// # Errors
/// What the file is instead, and what its author should do.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
    let inspection = look_into(bytes)?;
    inspection.problems().into_iter().next().map_or(Ok(inspection), Err)
}

/// Looks into the file, whatever it is for.
///
/// # Errors
/// That it is not WebAssembly, or damaged.
pub fn look_into(bytes: &[u8]) -> Result<Inspection, LoadError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm { what: guess(bytes) });
    }
    let damaged = |error: wasmparser::BinaryReaderError| LoadError::Damaged(error.to_string());
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

/// Says what a file that is no WebAssembly seems to be.
fn guess(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "an empty file",
        [0x7f, b'E', b'L', b'F', ..] => "machine code for one kind of computer",
        [b'#', b'!', ..] => "a script",
        [0x1f, 0x8b, ..] | [b'P', b'K', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => "a compressed archive",
        text if str::from_utf8(text).is_ok() => "a text",
        _ => "some other binary file",
    }
}

/// The version in `pamrun:plugin/rotation@0.1.0`, or in a core module's
/// `pamrun:plugin/rotation@0.1.0#describe`.
fn rotation_version(export: &str) -> Option<&str> {
    let version = export.strip_prefix(ROTATION)?.strip_prefix('@')?;
    Some(version.split_once('#').map_or(version, |(version, _)| version))
}

/// Tells whether the version links with ours: the same minor version, while the major one is 0.
fn is_spoken(version: &str) -> bool {
    let (major, minor, _) = VERSION;
    version.strip_prefix(&format!("{major}.{minor}.")).is_some_and(|patch| patch.parse::<u32>().is_ok())
}

/// Tells whether the host provides the imported interface.
pub(super) fn is_granted(import: &str) -> bool {
    const WASI: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];
    let Some((name, version)) = import.split_once('@') else { return false };
    match (name.split_once(':'), name.split_once('/')) {
        (Some(("wasi", rest)), Some(_)) => {
            let package = rest.split('/').next().unwrap_or_default();
            WASI.contains(&package) && version.starts_with("0.2.")
        }
        _ => matches!(name, "pamrun:plugin/log" | "pamrun:plugin/model") && is_spoken(version),
    }
}
