//! Makes a component of a core module.

use std::path::Path;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, UnresolvedPackageGroup};

use super::inspect::{Inspection, is_granted};
use super::load::LoadError;

/// Our own package, file by file.
const PACKAGE: [(&str, &str); 4] = [
    ("model.wit", include_str!("../../../wit/v0/model.wit")),
    ("log.wit", include_str!("../../../wit/v0/log.wit")),
    ("rotation.wit", include_str!("../../../wit/v0/rotation.wit")),
    ("world.wit", include_str!("../../../wit/v0/world.wit")),
];

/// The packages that it needs.
const WASI: [(&str, &str); 7] = [
    ("cli.wit", include_str!("../../../wit/v0/deps/cli.wit")),
    ("clocks.wit", include_str!("../../../wit/v0/deps/clocks.wit")),
    ("filesystem.wit", include_str!("../../../wit/v0/deps/filesystem.wit")),
    ("http.wit", include_str!("../../../wit/v0/deps/http.wit")),
    ("io.wit", include_str!("../../../wit/v0/deps/io.wit")),
    ("random.wit", include_str!("../../../wit/v0/deps/random.wit")),
    ("sockets.wit", include_str!("../../../wit/v0/deps/sockets.wit")),
];

/// Tells whether the adapter or the host provides the module that a core module imports.
pub(super) fn is_adapted(import: &str) -> bool {
    import == PREVIEW1 || is_granted(import)
}

/// Makes a component of a core module that was inspected.
pub(super) fn adapt(module: &[u8], inspection: &Inspection) -> Result<Vec<u8>, LoadError> {
    encode(module, inspection.has_world).map_err(|error| LoadError::NotAdaptable(format!("{error:#}")))
}

fn encode(module: &[u8], has_world: bool) -> anyhow::Result<Vec<u8>> {
    let mut module = module.to_vec();
    if !has_world {
        // Not every toolchain notes the world; there is only one that it can be.
        let (resolve, world) = world()?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    }
    ComponentEncoder::default().validate(true).module(&module)?.adapter(PREVIEW1, REACTOR)?.encode()
}

/// Resolves the world of plugins.
pub(super) fn world() -> anyhow::Result<(Resolve, wit_parser::WorldId)> {
    let group = |files: &[(&str, &str)]| -> anyhow::Result<UnresolvedPackageGroup> {
        let mut sources = wit_parser::SourceMap::new();
        for (name, text) in files {
            sources.push(Path::new(name), *text);
        }
        sources.parse().map_err(|(_, error)| error.into())
    };
    let dependencies = WASI.iter().map(|file| group(&[*file])).collect::<anyhow::Result<_>>()?;
    let mut resolve = Resolve::default();
    let package = resolve.push_groups(group(&PACKAGE)?, dependencies)?;
    let world = resolve.select_world(&[package], Some("rotator"))?;
    Ok((resolve, world))
}
