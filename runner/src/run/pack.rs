//! `pamrun plugin pack`: makes a plugin of what a compiler built and its manifest.

use super::fault::Fault;
use super::manifest::{problem, source, tell};
use super::show;
use crate::catalog::{Digest, PluginFile, check_output, packed, write};
use crate::cli::PackArgs;
use crate::limits::Limits;
use crate::wasm::componentize;

/// Packs, and returns the exit code.
pub(super) fn pack(args: &PackArgs) -> Result<u8, Fault> {
    let PackArgs { guest, manifest, output } = args;
    let limit = Limits::default().plugin;
    let (guest, manifest) = (PluginFile::read(guest, limit)?, PluginFile::read(manifest, limit)?);
    check_output(output, &[&guest.path, &manifest.path])?;
    let component = componentize(&guest.bytes).map_err(|errors| {
        errors.iter().map(|error| problem(error.code(), &guest.path, error)).collect::<Vec<_>>()
    });
    let (manifest, json, component) = match (source(&manifest), component) {
        (Ok((manifest, json)), Ok(component)) => (manifest, json, component),
        (manifest, component) => {
            let wrong = [manifest.err(), component.err()];
            return Ok(tell(&wrong.into_iter().flatten().flatten().collect::<Vec<_>>()));
        }
    };
    let plugin = match packed::pack(&component, &json) {
        Ok(plugin) => plugin,
        Err(error) => return Ok(tell(&[problem(error.code(), &guest.path, &error)])),
    };
    write(output, &plugin)?;
    show(&format!(
        "{} {} is packed: {}, {} bytes\n{}",
        manifest.name,
        manifest.version,
        output.display(),
        plugin.len(),
        Digest::of(&plugin)
    ))?;
    Ok(0)
}
