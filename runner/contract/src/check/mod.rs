//! Checks a manifest: whatever breaks the contract is refused, with its line, the reason and the mend.

mod address;
mod ambiguity;
mod answers;
mod authority;
mod bodies;
mod cycles;
mod effects;
mod forbidden;
mod headers;
mod inputs;
mod names;
mod parameters;
mod pinned;
mod references;
mod returns;
mod secrets;
mod settings;
mod sources;
pub(crate) mod uses;

use crate::manifest::{self, Manifest, Whole};
use crate::refusal::{At, Refusals};
use crate::template::address::Address;

pub(crate) use forbidden::overrides_method;
pub use pinned::pinned;

/// Reads and checks a `plugin.toml`; with the compact JSON that is packed.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub fn check_source(text: &str) -> Result<(Manifest, String), Refusals> {
    let (manifest, source) = manifest::read(text)?;
    let mut refusals = refusals_of(&manifest);
    if refusals.is_empty() {
        let packed = source.packed()?;
        return Ok((manifest, packed));
    }
    refusals.locate(|at| source.line(at));
    Err(refusals)
}

/// Checks a manifest that was read from a packed plugin.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(manifest: &Manifest) -> Result<(), Refusals> {
    let refusals = refusals_of(manifest);
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

fn refusals_of(manifest: &Manifest) -> Refusals {
    let mut refusals = Refusals::default();
    let requests: Vec<Parsed<'_>> = manifest
        .requests
        .iter()
        .map(|(name, request)| Parsed::of(manifest.whole(name, request), &mut refusals))
        .collect();
    let checked = Checked { manifest, requests };
    names::check(&checked, &mut refusals);
    inputs::check(manifest, &mut refusals);
    settings::check(manifest, &mut refusals);
    address::check(&checked, &mut refusals);
    headers::check(&checked, &mut refusals);
    bodies::check(&checked, &mut refusals);
    references::check(&checked, &mut refusals);
    sources::check(&checked, &mut refusals);
    parameters::check(&checked, &mut refusals);
    effects::check(&checked, &mut refusals);
    authority::check(&checked, &mut refusals);
    secrets::check(&checked, &mut refusals);
    answers::check(&checked, &mut refusals);
    returns::check(manifest, &mut refusals);
    // What follows takes for granted that every reference means something.
    if refusals.is_empty() {
        cycles::check(&checked, &mut refusals);
    }
    if refusals.is_empty() {
        ambiguity::check(&checked, &mut refusals);
    }
    refusals
}

/// A manifest that is being checked.
struct Checked<'a> {
    manifest: &'a Manifest,
    requests: Vec<Parsed<'a>>,
}

/// A request with its URL in parts.
pub(crate) struct Parsed<'a> {
    pub(crate) whole: Whole<'a>,
    pub(crate) address: Option<Address>,
}

impl<'a> Parsed<'a> {
    pub(crate) fn of(whole: Whole<'a>, refusals: &mut Refusals) -> Self {
        let address = match Address::of(&whole.request.url) {
            Ok(address) => Some(address),
            Err((reason, mend)) => {
                refusals.add(whole.at().key("url"), reason, mend);
                None
            }
        };
        Self { whole, address }
    }
}

/// Adds what is wrong where something is.
trait Says {
    /// Adds the reason and the mend of an error.
    fn or_add(self, at: &At, refusals: &mut Refusals);
}

impl Says for Result<(), (String, String)> {
    fn or_add(self, at: &At, refusals: &mut Refusals) {
        if let Err((reason, mend)) = self {
            refusals.add(at.clone(), reason, mend);
        }
    }
}

impl Says for Result<(), String> {
    /// The mend follows the last semicolon.
    fn or_add(self, at: &At, refusals: &mut Refusals) {
        if let Err(text) = self {
            let (reason, mend) = text.rsplit_once("; ").unwrap_or((&text, "write what the schema says"));
            refusals.add(at.clone(), reason, mend);
        }
    }
}
