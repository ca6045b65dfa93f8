//! Makes the component of a plugin out of what a compiler built, and checks that it is one of contract 1.0.
//!
//! Nothing is compiled or run: what is imported and exported, and the types of that, stand in the file.

use std::path::Path;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR,
};
use wit_component::{
    ComponentEncoder, DecodedWasm, StringEncoding, decode, embed_component_metadata, targets,
};
use wit_parser::{Resolve, SourceMap, WorldId, WorldItem};

use super::inspect::{Inspection, look_into};
use super::unfit::GuestError;
use crate::rotation::clean;

/// The package of the contract, file by file.
pub(super) const PACKAGE: [(&str, &str); 5] = [
    ("model.wit", include_str!("../../../wit/v1/model.wit")),
    ("http.wit", include_str!("../../../wit/v1/http.wit")),
    ("log.wit", include_str!("../../../wit/v1/log.wit")),
    ("rotation.wit", include_str!("../../../wit/v1/rotation.wit")),
    ("world.wit", include_str!("../../../wit/v1/world.wit")),
];
/// The interface that makes a component a plugin, without its version.
const ROTATION: &str = "pamrun:plugin/rotation";
/// The version of all interfaces of the contract.
const VERSION: &str = "1.0.0";
/// What the host gives, beside WASI.
const GIVEN: [&str; 3] = ["http", "log", "model"];
/// The functions of `rotation`.
const STEPS: [&str; 5] = ["preflight", "rotate", "verify", "commit", "rollback"];
/// The packages of WASI that runtimes drag in.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// Makes a component of a core module, leaves a component as it is, and checks it.
///
/// # Errors
/// All that keeps it from being a plugin, as far as that shows at once.
pub fn componentize(guest: &[u8]) -> Result<Vec<u8>, Vec<GuestError>> {
    let inspection = look_into(guest).map_err(|error| vec![error])?;
    let problems = problems(&inspection);
    if !problems.is_empty() {
        return Err(problems);
    }
    let component = if inspection.core_module { encode(guest, &inspection) } else { Ok(guest.to_vec()) };
    let component = component.map_err(|error| vec![error])?;
    conforms(&component).map_err(|error| vec![error])?;
    Ok(component)
}

/// Checks the component of a plugin.
///
/// # Errors
/// All that keeps it from being one, as far as that shows at once.
pub fn check_component(component: &[u8]) -> Result<(), Vec<GuestError>> {
    componentize(component).map(drop)
}

/// What keeps a file from being a plugin, by the names of what it imports and exports.
fn problems(inspection: &Inspection) -> Vec<GuestError> {
    let mut problems = Vec::new();
    let exports = &inspection.exports;
    let versions: Vec<&str> = exports.iter().filter_map(|name| rotation_version(name)).collect();
    let is_program = || exports.iter().any(|name| name == "_start" || name.starts_with("wasi:cli/run"));
    match versions.first() {
        _ if versions.contains(&VERSION) => {
            let missing: Vec<&str> = STEPS.into_iter().filter(|step| lacks(inspection, step)).collect();
            if !missing.is_empty() {
                problems.push(GuestError::StepsMissing { missing });
            }
        }
        Some(found) => problems.push(GuestError::AnotherVersion { found: (*found).to_owned() }),
        None if is_program() => problems.push(GuestError::Program),
        None => problems.push(GuestError::AnotherWorld { exports: exports.clone() }),
    }
    let is_http = |name: &&String| name.starts_with("wasi:http/");
    let granted = |name: &&String| is_given(name) || (inspection.core_module && name.as_str() == PREVIEW1);
    let http: Vec<String> = inspection.imports.iter().filter(is_http).cloned().collect();
    let other = inspection.imports.iter().filter(|name| !is_http(name) && !granted(name));
    let other: Vec<String> = other.cloned().collect();
    if !http.is_empty() {
        problems.push(GuestError::Http { imports: http });
    }
    if !other.is_empty() {
        problems.push(GuestError::NotGiven { imports: other });
    }
    problems
}

/// Whether a core module lacks a step; of a component only its types tell.
fn lacks(inspection: &Inspection, step: &str) -> bool {
    let export = format!("{ROTATION}@{VERSION}#{step}");
    inspection.core_module && !inspection.exports.contains(&export)
}

/// The version in `pamrun:plugin/rotation@1.0.0`, or in a core module's `…@1.0.0#preflight`.
fn rotation_version(export: &str) -> Option<&str> {
    let version = export.strip_prefix(ROTATION)?.strip_prefix('@')?;
    Some(version.split_once('#').map_or(version, |(version, _)| version))
}

/// Whether the host gives the interface.
fn is_given(import: &str) -> bool {
    let Some((name, version)) = import.split_once('@') else { return false };
    if let Some(interface) = name.strip_prefix("pamrun:plugin/") {
        return GIVEN.contains(&interface) && version == VERSION;
    }
    let package = name.strip_prefix("wasi:").and_then(|name| name.split_once('/'));
    package.is_some_and(|(package, _)| WASI.contains(&package)) && version.starts_with("0.2.")
}

fn encode(module: &[u8], inspection: &Inspection) -> Result<Vec<u8>, GuestError> {
    let component = || -> anyhow::Result<Vec<u8>> {
        let mut module = module.to_vec();
        if !inspection.has_world {
            // Not every toolchain notes the world; there is only one that it can be.
            let (resolve, world) = world(&PACKAGE)?;
            embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
        }
        ComponentEncoder::default().validate(true).module(&module)?.adapter(PREVIEW1, REACTOR)?.encode()
    };
    component().map_err(|error| GuestError::NotAdaptable(clean(&format!("{error:#}"), 500)))
}

/// Whether the types of what a component imports and exports are those of the contract.
fn conforms(component: &[u8]) -> Result<(), GuestError> {
    let other_types = |error: anyhow::Error| GuestError::OtherTypes(clean(&format!("{error:#}"), 500));
    let decoded =
        decode(component).map_err(|error| GuestError::Damaged(clean(&format!("{error:#}"), 500)))?;
    let DecodedWasm::Component(theirs, their_world) = decoded else {
        return Err(GuestError::AnotherWorld { exports: Vec::new() });
    };
    let missing = missing_steps(&theirs, their_world);
    if !missing.is_empty() {
        return Err(GuestError::StepsMissing { missing });
    }
    let (mut resolve, world) = world(&PACKAGE).map_err(other_types)?;
    let unknown = unknown_functions(&theirs, their_world, &resolve, world);
    if !unknown.is_empty() {
        return Err(GuestError::NotGiven { imports: unknown });
    }
    let remap = resolve.merge(theirs).map_err(other_types)?;
    let their_world = remap
        .map_world(their_world, wit_parser::Span::default())
        .map_err(|error| GuestError::OtherTypes(clean(&error.to_string(), 500)))?;
    // What a runtime drags in is beside the world: all that is asked here is whether ours fits.
    let imports = resolve.worlds.get(their_world).map(|world| world.imports.clone()).unwrap_or_default();
    if let Some(world) = resolve.worlds.get_mut(world) {
        for (key, item) in imports {
            world.imports.entry(key).or_insert(item);
        }
    }
    targets(&resolve, world, component).map_err(other_types)
}

/// The steps that a component's `rotation` lacks.
fn missing_steps(resolve: &Resolve, world: WorldId) -> Vec<&'static str> {
    let exports = resolve.worlds.get(world).into_iter().flat_map(|world| &world.exports);
    let name = format!("{ROTATION}@{VERSION}");
    let rotation = interfaces(resolve, exports).find(|(found, _)| *found == name);
    let functions = rotation.map(|(_, functions)| functions).unwrap_or_default();
    STEPS.into_iter().filter(|step| !functions.contains(&(*step).to_owned())).collect()
}

/// The functions that a component imports of our interfaces and that these do not have.
fn unknown_functions(theirs: &Resolve, their_world: WorldId, ours: &Resolve, world: WorldId) -> Vec<String> {
    let known: Vec<_> =
        interfaces(ours, ours.worlds.get(world).into_iter().flat_map(|world| &world.imports)).collect();
    let imports = theirs.worlds.get(their_world).into_iter().flat_map(|world| &world.imports);
    let mut unknown = Vec::new();
    for (name, functions) in interfaces(theirs, imports).filter(|(name, _)| name.starts_with("pamrun:")) {
        let ours = known.iter().find(|(known, _)| *known == name).map(|(_, functions)| functions);
        let is_unknown = |function: &String| !ours.is_some_and(|ours| ours.contains(function));
        unknown.extend(functions.into_iter().filter(is_unknown).map(|function| format!("{name}#{function}")));
    }
    unknown
}

/// The interfaces of a world's imports or exports, with the names of their functions.
fn interfaces<'a>(
    resolve: &'a Resolve,
    items: impl Iterator<Item = (&'a wit_parser::WorldKey, &'a WorldItem)>,
) -> impl Iterator<Item = (String, Vec<String>)> {
    items.filter_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } => {
            let functions = resolve.interfaces.get(*id)?.functions.keys().cloned().collect();
            Some((resolve.name_world_key(key), functions))
        }
        _ => None,
    })
}

/// Resolves the world of plugins that a package has.
pub(super) fn world(package: &[(&str, &str)]) -> anyhow::Result<(Resolve, WorldId)> {
    let mut sources = SourceMap::new();
    for (name, text) in package {
        sources.push(Path::new(name), *text);
    }
    let package = sources.parse().map_err(|(_, error)| error)?;
    let mut resolve = Resolve::default();
    let package = resolve.push_groups(package, Vec::new())?;
    let world = resolve.select_world(&[package], Some("rotator"))?;
    Ok((resolve, world))
}
