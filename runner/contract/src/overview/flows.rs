//! Where each secret goes to.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::written_host;
use crate::check::Parsed;
use crate::check::uses::{Share, Spot, Use, of_compute};
use crate::manifest::{Id, Manifest, Named, Parameter, SettingKind, Strategy};
use crate::refusal::At;
use crate::template::meaning::{Meaning, Part, Secrecy};
use crate::template::{Delivered, Expression, Reference, Template};

/// A secret, with every place that it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Secret {
    /// Its reference, without braces.
    pub name: String,
    /// Whether it is one for sure; else it is one where the vault masks its field.
    pub certain: bool,
    /// Where it goes to; empty where nothing is made of it.
    pub goes: Vec<Goes>,
}

/// A place that a secret goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Goes {
    /// The request that carries it; null where it is saved to the record.
    pub request: Option<String>,
    /// The host that this is sent to, as the manifest writes it.
    pub host: Option<String>,
    /// Where in the request, or which field of the record.
    pub place: String,
    /// The reference that stands there, where it is made of the secret and is not the secret itself.
    pub through: Option<String>,
    /// Whether it signs there, and does not leave itself.
    pub signs: bool,
}

/// All secrets of a manifest: those that are for sure, and then the fields that the vault may mask.
pub(super) fn secrets(manifest: &Manifest, parsed: &[Parsed<'_>]) -> Vec<Secret> {
    let mut found: IndexMap<Reference, Secret> = IndexMap::new();
    for reference in declared(manifest) {
        found.insert(reference.clone(), Secret::new(&reference, true));
    }
    for parsed in parsed {
        let request = parsed.whole.request;
        let host = parsed.address.as_ref().map(written_host);
        for used in parsed.uses().iter().filter(|used| used.spot.is_sent()) {
            let goes = |signs: bool, is_itself: bool| Goes {
                request: Some(parsed.whole.name.to_owned()),
                host: host.clone(),
                place: used.place(),
                through: (!is_itself).then(|| used.expression.to_string()),
                signs,
            };
            add(manifest, &request.params, used.expression, signs(used), &goes, &mut found);
        }
    }
    let none = Named::new();
    for returned in &manifest.returns {
        for expression in returned.value.iter().flat_map(Template::expressions) {
            let goes = |signs: bool, is_itself: bool| Goes {
                request: None,
                host: None,
                place: returned.label.clone(),
                through: (!is_itself).then(|| expression.to_string()),
                signs,
            };
            add(manifest, &none, expression, false, &goes, &mut found);
        }
    }
    let (certain, vaults): (Vec<Secret>, Vec<Secret>) =
        found.into_values().partition(|secret| secret.certain);
    certain.into_iter().chain(vaults).collect()
}

impl Secret {
    fn new(reference: &Reference, certain: bool) -> Self {
        Self { name: reference.to_string(), certain, goes: Vec::new() }
    }
}

/// What the manifest itself calls secret, whether it goes anywhere or not.
fn declared(manifest: &Manifest) -> Vec<Reference> {
    let member = |name: &str, key: &str| Reference::Member(name.to_owned(), key.to_owned());
    let mut declared = Vec::new();
    for (name, group) in &manifest.inputs {
        declared.extend(group.keys().filter(|key| group.is_secret(key)).map(|key| member(name, key)));
    }
    for (key, setting) in &manifest.settings {
        if setting.kind == SettingKind::Secret {
            declared.push(Reference::Setting { key: key.clone(), name: None });
        }
    }
    for (name, request) in &manifest.requests {
        declared.extend(request.secrets.keys().map(|key| member(request.answers_as(name), key)));
    }
    if manifest.has_proposed() {
        declared.push(Reference::Proposed);
    }
    if manifest.strategy == Strategy::Deliver {
        declared.push(Reference::Deliver(Delivered::Value));
    }
    declared
}

/// Whether what stands there signs, and is not sent itself.
fn signs(used: &Use<'_>) -> bool {
    used.spot == Spot::Sign && used.at.path().last().is_some_and(|key| key == "secret")
}

/// Notes a place for each secret that an expression is made of.
fn add(
    manifest: &Manifest,
    params: &Named<Parameter>,
    expression: &Expression,
    signs: bool,
    goes: &dyn Fn(bool, bool) -> Goes,
    found: &mut IndexMap<Reference, Secret>,
) {
    for (reference, signs) in sources(manifest, params, expression, signs) {
        let secrecy = manifest.secrecy(&Expression::bare(reference.clone()), params);
        if secrecy == Secrecy::Open {
            continue;
        }
        let goes = goes(signs, reference == expression.reference);
        let secret = found
            .entry(reference)
            .or_insert_with_key(|reference| Secret::new(reference, secrecy == Secrecy::Secret));
        if !secret.goes.contains(&goes) {
            secret.goes.push(goes);
        }
    }
}

/// What an expression is made of in the end, through computations, returned fields and ids that are made; and
/// whether that only signs there. What a filter makes public leads to nothing.
fn sources(
    manifest: &Manifest,
    params: &Named<Parameter>,
    expression: &Expression,
    signs: bool,
) -> Vec<(Reference, bool)> {
    if expression.filters.iter().any(|filter| !filter.keeps_secrecy()) {
        return Vec::new();
    }
    let of_template = |template: &Template| -> Vec<(Reference, bool)> {
        template.expressions().flat_map(|inner| sources(manifest, params, inner, signs)).collect()
    };
    match manifest.meaning(&expression.reference, params) {
        Ok(Meaning::Compute(compute)) => of_compute(&At::default(), compute)
            .into_iter()
            .flat_map(|(_, share, inner, _)| sources(manifest, params, inner, signs || share == Share::Key))
            .collect(),
        Ok(Meaning::New(returned)) => returned.value.as_ref().map(of_template).unwrap_or_default(),
        Ok(Meaning::Answer { part: Part::Id(Id::Made(template)), .. }) => of_template(template),
        _ => vec![(expression.reference.clone(), signs)],
    }
}
