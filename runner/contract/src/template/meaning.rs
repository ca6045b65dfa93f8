//! What references mean in a manifest: what each yields, whether it is secret, and what it may write.

use super::language::Language;
use super::{Delivered, Expression, Reference};
use crate::answer::{Kept, Output, Type};
use crate::compute::Compute;
use crate::filter::{self, Filter};
use crate::manifest::{Group, Id, Json, Manifest, Named, Parameter, Returned, Setting, SettingKind};
use crate::nearest;
use crate::template::Template;
use crate::value::{Kind, Value};

/// What a reference means.
#[derive(Debug, Clone, Copy)]
pub enum Meaning<'a> {
    /// A field of a record.
    Input {
        /// The group.
        group: &'a Group,
        /// The key in it.
        key: &'a str,
    },
    /// A setting, or what its choice carries under a name.
    Setting {
        /// The setting.
        setting: &'a Setting,
        /// The name of what its choice carries.
        name: Option<&'a str>,
    },
    /// What an answer held.
    Answer {
        /// The name of the answer.
        name: &'a str,
        /// What of it.
        part: Part<'a>,
    },
    /// A returned field.
    New(&'a Returned),
    /// What is handed on.
    Deliver(Delivered),
    /// The key of our own, or the new value.
    Proposed,
    /// The name of what the rotation makes.
    Marker,
    /// The rotation's id.
    RotationId,
    /// Random text.
    Random,
    /// A time.
    Now,
    /// What is computed.
    Compute(&'a Compute<Template, Json>),
    /// What the plugin fills in.
    Parameter(&'a Parameter),
}

/// What is referred to of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// The id of what was created.
    Id(&'a Id),
    /// What the plugin sees.
    Output(&'a Output),
    /// What the host keeps.
    Secret(&'a Kept),
}

/// Whether a value is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secrecy {
    /// It is none.
    Open,
    /// The vault may call it one.
    Vaults,
    /// It is one.
    Secret,
}

/// Why a reference means nothing: a reason and a mend.
pub type Meaningless = (String, String);

impl Manifest {
    /// What a reference means in a request with these parameters.
    ///
    /// # Errors
    /// Nothing; with a reason and a mend.
    pub fn meaning<'a>(
        &'a self,
        reference: &'a Reference,
        params: &'a Named<Parameter>,
    ) -> Result<Meaning<'a>, Meaningless> {
        match reference {
            Reference::Setting { key, name } => self.meaning_of_setting(key, name.as_deref()),
            Reference::New(label) => {
                let known = self.returns.iter().map(|returned| returned.label.as_str());
                let returned = self.returns.iter().find(|returned| returned.label == *label);
                returned.map(Meaning::New).ok_or_else(|| unknown("returned field", label, known))
            }
            Reference::Deliver(what) => Ok(Meaning::Deliver(*what)),
            Reference::Proposed => Ok(Meaning::Proposed),
            Reference::Marker => Ok(Meaning::Marker),
            Reference::RotationId => Ok(Meaning::RotationId),
            Reference::Random => Ok(Meaning::Random),
            Reference::Now(_) => Ok(Meaning::Now),
            Reference::Bare(name) => {
                let computed = || self.compute.get(name).map(Meaning::Compute);
                params.get(name).map(Meaning::Parameter).or_else(computed).ok_or_else(|| {
                    let known = params.keys().chain(self.compute.keys()).map(String::as_str);
                    let reserved = ["proposed", "marker", "rotation_id", "random", "now"];
                    unknown("parameter or computed value", name, known.chain(reserved))
                })
            }
            Reference::Member(name, key) => self.meaning_of_member(name, key),
        }
    }

    fn meaning_of_setting<'a>(
        &'a self,
        key: &str,
        name: Option<&'a str>,
    ) -> Result<Meaning<'a>, Meaningless> {
        let setting = self
            .settings
            .get(key)
            .ok_or_else(|| unknown("setting", key, self.settings.keys().map(String::as_str)))?;
        match name {
            None => Ok(Meaning::Setting { setting, name }),
            Some(carried) if setting.carried(carried).is_some() => Ok(Meaning::Setting { setting, name }),
            Some(carried) => Err((
                format!("the choices of the setting `{key}` do not each carry `{carried}`"),
                format!("give each of its `choices` a `{carried}`, or refer to `{{setting.{key}}}`"),
            )),
        }
    }

    fn meaning_of_member<'a>(&'a self, name: &'a str, key: &'a str) -> Result<Meaning<'a>, Meaningless> {
        if let Some(group) = self.inputs.get(name) {
            return if group.has(key) {
                Ok(Meaning::Input { group, key })
            } else {
                Err(unknown("input", key, group.keys()))
            };
        }
        let mut found = None;
        for (own, request) in self.answering(name) {
            let id = request.id.as_ref().filter(|_| key == "id").map(Part::Id);
            let kept = || request.secrets.get(key).map(Part::Secret);
            let part = id.or_else(kept).or_else(|| request.outputs.get(key).map(Part::Output));
            let Some(part) = part else {
                let known = request.outputs.keys().chain(request.secrets.keys()).map(String::as_str);
                let id = request.id.as_ref().map(|_| "id");
                return Err((
                    format!("the request `{own}` takes no `{key}` out of its answer"),
                    nearest::mend(key, known.chain(id)),
                ));
            };
            found = found.or(Some(Meaning::Answer { name, part }));
        }
        found.ok_or_else(|| {
            let answers = self.requests.iter().map(|(own, request)| request.answers_as(own));
            let known =
                self.inputs.keys().map(String::as_str).chain(answers).chain(["setting", "new", "deliver"]);
            unknown("input group or request", name, known)
        })
    }

    /// The default of a setting, or of what its default choice carries, where it is no reference itself.
    #[must_use]
    pub fn default_of(&self, reference: &Reference) -> Option<Value> {
        let Reference::Setting { key, name } = reference else { return None };
        let setting = self.settings.get(key)?;
        let default = setting.default.as_ref()?.to_string();
        let template: Template = default.parse().ok()?;
        let text = template.literal()?;
        let text = match name {
            None => text,
            Some(name) => setting.carried_by(text, name)?,
        };
        Some(Value::text(text))
    }

    /// Whether a value may be missing.
    #[must_use]
    pub fn may_be_missing(&self, expression: &Expression, params: &Named<Parameter>) -> bool {
        let lacks = expression.filters.iter().any(|filter| matches!(filter, Filter::At(_)));
        lacks
            || match self.meaning(&expression.reference, params) {
                Ok(Meaning::Input { group, key }) => group.is_optional(key),
                Ok(Meaning::Setting { setting, .. }) => setting.may_be_missing(),
                Ok(Meaning::Answer { part: Part::Output(output), .. }) => output.optional,
                Ok(Meaning::Answer { part: Part::Secret(kept), .. }) => kept.optional,
                Ok(Meaning::New(returned)) => returned.optional,
                Ok(Meaning::Deliver(what)) => {
                    matches!(what, Delivered::Id | Delivered::Expires | Delivered::IsSecret)
                }
                _ => false,
            }
    }

    /// Whether the value of an expression is secret.
    #[must_use]
    pub fn secrecy(&self, expression: &Expression, params: &Named<Parameter>) -> Secrecy {
        if expression.filters.iter().any(|filter| !filter.keeps_secrecy()) {
            return Secrecy::Open;
        }
        match self.meaning(&expression.reference, params) {
            Ok(Meaning::Input { group, key }) if group.is_plain(key) => Secrecy::Open,
            Ok(Meaning::Input { group, key }) if !group.is_secret(key) => Secrecy::Vaults,
            Ok(
                Meaning::Input { .. }
                | Meaning::Answer { part: Part::Secret(_), .. }
                | Meaning::Proposed
                | Meaning::Deliver(Delivered::Value | Delivered::Object),
            ) => Secrecy::Secret,
            Ok(Meaning::Answer { part: Part::Id(Id::Made(made)), .. }) => {
                self.secrecy_of(made.expressions(), params)
            }
            Ok(Meaning::Setting { setting, .. }) if setting.kind == SettingKind::Secret => Secrecy::Secret,
            Ok(Meaning::New(returned)) if returned.kind.is_secret() => Secrecy::Secret,
            Ok(Meaning::Compute(compute)) if compute.is_secret() => Secrecy::Secret,
            Ok(Meaning::Compute(Compute::Certificate(certificate))) => {
                let shown = certificate.subject.expressions().chain(certificate.days.expressions());
                self.secrecy_of(shown, params)
            }
            Ok(Meaning::Compute(Compute::Merge(parts) | Compute::MergeWithoutCase(parts))) => {
                let mut most = Secrecy::Open;
                for part in parts {
                    part.walk(&mut Vec::new(), &mut |_, leaf| {
                        if let Some(template) = leaf.template() {
                            most = most.max(self.secrecy_of(template.expressions(), params));
                        }
                    });
                }
                most
            }
            _ => Secrecy::Open,
        }
    }

    /// How secret the most secret of several expressions is.
    pub fn secrecy_of<'a>(
        &self,
        expressions: impl IntoIterator<Item = &'a Expression>,
        params: &Named<Parameter>,
    ) -> Secrecy {
        expressions
            .into_iter()
            .map(|expression| self.secrecy(expression, params))
            .max()
            .unwrap_or(Secrecy::Open)
    }

    /// What kind of value an expression yields.
    ///
    /// # Errors
    /// A filter cannot read what it would be given, or the reference means nothing.
    pub fn kind(&self, expression: &Expression, params: &Named<Parameter>) -> Result<Kind, Meaningless> {
        let kind = self.meaning(&expression.reference, params)?.kind();
        filter::output_of_all(&expression.filters, kind)
            .map_err(|reason| (reason, "change the filters, or what they are given".to_owned()))
    }

    /// What an expression may write.
    #[must_use]
    pub fn language(&self, expression: &Expression, params: &Named<Parameter>) -> Language {
        let first = match self.meaning(&expression.reference, params) {
            Ok(meaning) => self.language_of(meaning, params),
            Err(_) => Language::any(),
        };
        expression.filters.iter().fold(first, filtered)
    }

    fn language_of(&self, meaning: Meaning<'_>, params: &Named<Parameter>) -> Language {
        match meaning {
            Meaning::Input { group, key } => Language::either(
                group
                    .patterns(key)
                    .into_iter()
                    .map(|pattern| pattern.map_or_else(Language::any, |pattern| Language::of(pattern.hir()))),
            ),
            Meaning::Setting { setting, name } => of_setting(setting, name),
            Meaning::Answer { part: Part::Output(output), .. } => of_output(output),
            Meaning::Answer { part: Part::Id(Id::Made(made)), .. } => self.language_of_template(made, params),
            Meaning::Marker => Language::written("pamrun-[0-9A-Za-z._-]+"),
            Meaning::RotationId => Language::written("[0-9A-Fa-f-]{36}"),
            Meaning::Random => Language::written("[0-9A-Za-z_-]+"),
            Meaning::Now | Meaning::Parameter(Parameter::Time) => Language::written(TIME),
            Meaning::Parameter(Parameter::Int) => Language::written(INT),
            Meaning::Parameter(Parameter::OneOf(words)) => {
                Language::either(words.iter().map(|word| Language::literal(word)))
            }
            Meaning::Answer { .. }
            | Meaning::New(_)
            | Meaning::Deliver(_)
            | Meaning::Proposed
            | Meaning::Compute(_)
            | Meaning::Parameter(Parameter::Credential | Parameter::Answer) => Language::any(),
        }
    }

    /// What a template may write.
    #[must_use]
    pub fn language_of_template(&self, template: &Template, params: &Named<Parameter>) -> Language {
        Language::then(template.pieces().iter().map(|piece| match piece {
            super::Piece::Literal(text) => Language::literal(text),
            super::Piece::Expression(expression) => self.language(expression, params),
        }))
    }
}

/// What times look like.
const TIME: &str = "[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-][0-9:]+)";
/// What whole numbers look like.
const INT: &str = "-?[0-9]+";

fn of_setting(setting: &Setting, name: Option<&str>) -> Language {
    if let Some(values) = name.and_then(|name| setting.carried(name)) {
        return Language::either(values.into_iter().map(Language::literal));
    }
    match setting.kind {
        SettingKind::Enum => Language::either(setting.choices().map(Language::literal)),
        SettingKind::Int => Language::written(INT),
        SettingKind::Bool => Language::written("true|false"),
        SettingKind::Duration => Language::written("[0-9]+(ms|s|m|h|d)"),
        _ => match &setting.pattern {
            Some(pattern) => Language::of(pattern.hir()),
            None if setting.kind == SettingKind::Host => Language::written("[0-9A-Za-z._-]+(:[0-9]+)?"),
            None => Language::any(),
        },
    }
}

fn of_output(output: &Output) -> Language {
    let pattern = output.pattern.as_ref().map(|pattern| Language::of(pattern.hir()));
    match output.r#type {
        Type::Id | Type::Text => pattern.unwrap_or_else(Language::any),
        Type::Int | Type::Count => Language::written(INT),
        Type::Bool => Language::written("true|false"),
        Type::Time => Language::written(TIME),
        // The pattern of a list is that of an item.
        Type::List => Language::any(),
    }
}

/// What a filter makes of what may be written.
fn filtered(language: Language, filter: &Filter) -> Language {
    match filter {
        Filter::Base64 => Language::written("[0-9A-Za-z+/]*={0,2}"),
        Filter::SqlName => Language::written(r#""[^"\\]*""#),
        Filter::SqlText => Language::written(r"'[^'\\]*'"),
        Filter::LastSegment => Language::written("[^/]*"),
        Filter::Epoch => Language::written(INT),
        Filter::Date => Language::written("-?[0-9]{4,}-[0-9]{2}-[0-9]{2}"),
        Filter::Pem(label) => {
            Language::then([Language::literal(&format!("-----BEGIN {label}-----")), Language::any()])
        }
        // Case does not tell texts apart; beyond ASCII a letter may become several.
        Filter::Upper | Filter::Lower if language.is_ascii() => language,
        Filter::Upper
        | Filter::Lower
        | Filter::Before(_)
        | Filter::After(_)
        | Filter::Base64Decode
        | Filter::Sha256
        | Filter::Json
        | Filter::At(_)
        | Filter::Jwt
        | Filter::Keys
        | Filter::RsaPublic => Language::any(),
    }
}

impl Meaning<'_> {
    /// What kind of value it is, before any filter.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Setting { setting, .. } => match setting.kind {
                SettingKind::Int => Kind::Number,
                SettingKind::Bool => Kind::Bool,
                SettingKind::Map | SettingKind::Complexity => Kind::Object,
                _ => Kind::Text,
            },
            Self::Answer { part: Part::Output(output), .. } => output.r#type.kind(),
            // A service may give a secret as an object, such as the file of a key.
            Self::Answer { part: Part::Secret(_) | Part::Id(Id::Taken(_)), .. } => Kind::Any,
            Self::Deliver(Delivered::Object)
            | Self::Compute(Compute::Merge(_) | Compute::MergeWithoutCase(_)) => Kind::Object,
            Self::Deliver(Delivered::IsSecret) => Kind::Bool,
            Self::Compute(Compute::SealedBox(_) | Compute::Certificate(_)) => Kind::Bytes,
            Self::Parameter(Parameter::Int) => Kind::Number,
            _ => Kind::Text,
        }
    }

    /// Whether the plugin fills it in.
    #[must_use]
    pub fn is_filled_in(&self) -> bool {
        matches!(self, Self::Parameter(_))
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Meaningless {
    (format!("there is no {what} `{name}`"), nearest::mend(name, known))
}
