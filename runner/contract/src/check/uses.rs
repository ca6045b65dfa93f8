//! Every place of a manifest in which a reference stands.

use super::Parsed;
use crate::compute::Compute;
use crate::manifest::{Allowed, Id, Json, Leaf, Manifest};
use crate::refusal::At;
use crate::template::address::Origin;
use crate::template::{Expression, Reference, Template};

/// A reference in a request.
#[derive(Debug, Clone)]
pub(crate) struct Use<'p> {
    pub(crate) at: At,
    pub(crate) spot: Spot<'p>,
    pub(crate) expression: &'p Expression,
    /// Whether the place holds nothing else.
    pub(crate) is_sole: bool,
}

/// Where in a request a reference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot<'p> {
    /// The path of the URL.
    Path,
    /// A pair of the query, by its name.
    Query(&'p str),
    /// A header, by its name.
    Header(&'p str),
    /// A pair of a form, or XML.
    Text,
    /// A text of JSON.
    Json,
    /// A key of JSON.
    Key,
    /// What says who sends it.
    Auth,
    /// What it is signed with.
    Sign,
    /// What an answer is compared with before.
    OnlyIf,
    /// The id that is made before it is sent.
    Id,
}

impl Spot<'_> {
    /// Whether it is sent at all.
    pub(crate) fn is_sent(self) -> bool {
        !matches!(self, Self::OnlyIf | Self::Id)
    }

    /// Whether it is the URL.
    pub(super) fn is_url(self) -> bool {
        matches!(self, Self::Path | Self::Query(_))
    }

    /// Whether it is the body.
    pub(super) fn is_body(self) -> bool {
        matches!(self, Self::Text | Self::Json | Self::Key)
    }

    /// The place in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Path => "a path",
            Self::Query(_) => "a query",
            Self::Header(_) => "a header",
            Self::Text => "a form or XML",
            Self::Json => "JSON",
            Self::Key => "a key of JSON",
            Self::Auth => "`auth`",
            Self::Sign => "`sign`",
            Self::OnlyIf => "`only_if`",
            Self::Id => "`id`",
        }
    }
}

impl Use<'_> {
    /// The very place, as an operator would look for it in the request.
    pub(crate) fn place(&self) -> String {
        let keys = self.at.path();
        let last = keys.last().map(String::as_str).unwrap_or_default();
        let pointer = || keys.iter().skip(3).flat_map(|key| ["/", key]).collect::<String>();
        match self.spot {
            Spot::Path => "the path".to_owned(),
            Spot::Query(name) => format!("query {name}"),
            Spot::Header(name) => format!("header {name}"),
            Spot::Text if last == "xml" && keys.len() == 3 => "XML".to_owned(),
            Spot::Text => format!("form {last}"),
            Spot::Json => format!("JSON {}", pointer()).trim_end().to_owned(),
            Spot::Key => format!("a key of JSON {}", pointer()),
            // A list of ways has their numbers in it.
            Spot::Auth => {
                let way = keys.iter().skip(3).find(|key| key.parse::<usize>().is_err());
                format!("auth {}", way.map_or("", String::as_str)).trim_end().to_owned()
            }
            Spot::Sign => format!("sign {last}"),
            Spot::OnlyIf => format!("only_if {last}"),
            Spot::Id => "id".to_owned(),
        }
    }
}

impl Parsed<'_> {
    /// Every reference of the request, but for the setting that says where it goes to.
    pub(crate) fn uses(&self) -> Vec<Use<'_>> {
        let mut uses = Vec::new();
        let at = self.whole.at();
        let request = self.whole.request;
        if let Some(address) = &self.address {
            add(&mut uses, &at.key("url"), Spot::Path, &address.path);
            for pair in &address.query {
                let value = pair.value.iter();
                value.for_each(|value| add(&mut uses, &at.key("url"), Spot::Query(&pair.name), value));
            }
        }
        for (name, value) in &request.query {
            add(&mut uses, &at.keys(["query", name]), Spot::Query(name), value);
        }
        for (at, name, value) in self.whole.headers() {
            add(&mut uses, &at, Spot::Header(name), value);
        }
        for (name, value) in request.form.iter().flatten() {
            add(&mut uses, &at.keys(["form", name]), Spot::Text, value);
        }
        if let Some(xml) = &request.xml {
            add(&mut uses, &at.key("xml"), Spot::Text, xml);
        }
        if let Some(json) = &request.json {
            json.walk(&mut Vec::new(), &mut |keys, leaf| {
                let at = at.key("json").keys(keys);
                match leaf {
                    Leaf::Key(template) => add(&mut uses, &at, Spot::Key, template),
                    Leaf::Text(template) => add(&mut uses, &at, Spot::Json, template),
                    Leaf::Plain(_) => {}
                }
            });
        }
        let (at_auth, ways) = self.whole.auth();
        for way in ways {
            for (keys, template) in way.templates() {
                add(&mut uses, &at_auth.keys(keys), Spot::Auth, template);
            }
        }
        if let Some((at, signer)) = self.whole.sign() {
            for (keys, template) in signer.texts() {
                add(&mut uses, &at.keys(keys), Spot::Sign, template);
            }
        }
        for (key, allowed) in &request.only_if {
            if let Allowed::Equal(template) = allowed {
                add(&mut uses, &at.keys(["only_if", key]), Spot::OnlyIf, template);
            }
        }
        if let Some(Id::Made(template)) = &request.id {
            add(&mut uses, &at.key("id"), Spot::Id, template);
        }
        uses
    }
}

impl Parsed<'_> {
    /// The setting that says where it goes to.
    pub(crate) fn origin(&self) -> Option<(&str, Option<&str>)> {
        match &self.address.as_ref()?.origin {
            Origin::Literal(_) => None,
            Origin::Host { key, name } => Some((key, name.as_deref())),
            Origin::Prefix(key) => Some((key, None)),
        }
    }
}

fn add<'p>(uses: &mut Vec<Use<'p>>, at: &At, spot: Spot<'p>, template: &'p Template) {
    let is_sole = template.sole().is_some();
    uses.extend(template.expressions().map(|expression| Use { at: at.clone(), spot, expression, is_sole }));
}

/// What a part of a computation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// It signs or seals, and does not stand in the result.
    Key,
    /// It stands in the result.
    Content,
}

/// Every reference of a computation.
pub(crate) fn of_compute<'a>(
    at: &At,
    compute: &'a Compute<Template, Json>,
) -> Vec<(At, Share, &'a Expression, bool)> {
    let mut found = Vec::new();
    let mut text = |at: At, share: Share, template: &'a Template| {
        let is_sole = template.sole().is_some();
        found.extend(template.expressions().map(|expression| (at.clone(), share, expression, is_sole)));
    };
    let tree = |at: &At, json: &'a Json, text: &mut dyn FnMut(At, Share, &'a Template)| {
        json.walk(&mut Vec::new(), &mut |keys, leaf| {
            if let Some(template) = leaf.template() {
                text(at.keys(keys), Share::Content, template);
            }
        });
    };
    let at = at.key(compute.name());
    match compute {
        Compute::Jwt(jwt) => {
            text(at.key("key"), Share::Key, &jwt.key);
            for (name, member) in &jwt.header {
                tree(&at.keys(["header", name]), member, &mut text);
            }
            for (name, claim) in &jwt.claims {
                tree(&at.keys(["claims", name]), claim, &mut text);
            }
        }
        Compute::SealedBox(sealed) => {
            text(at.key("key"), Share::Key, &sealed.key);
            text(at.key("text"), Share::Content, &sealed.text);
        }
        Compute::Merge(parts) | Compute::MergeWithoutCase(parts) => {
            for (index, part) in parts.iter().enumerate() {
                tree(&at.key(index), part, &mut text);
            }
        }
        Compute::Certificate(certificate) => {
            text(at.key("key"), Share::Key, &certificate.key);
            text(at.key("subject"), Share::Content, &certificate.subject);
            text(at.key("days"), Share::Content, &certificate.days);
        }
    }
    found
}

/// The references that an expression leads to, through computations: itself, and what those are made of.
pub(super) fn roots<'a>(
    manifest: &'a Manifest,
    expression: &'a Expression,
    keys_too: bool,
) -> Vec<&'a Expression> {
    let mut found = vec![expression];
    let mut next = 0;
    while let Some(expression) = found.get(next).copied() {
        next += 1;
        let Reference::Bare(name) = &expression.reference else { continue };
        let Some(compute) = manifest.compute.get(name) else { continue };
        for (_, share, inner, _) in of_compute(&At::default(), compute) {
            if (keys_too || share == Share::Content) && !found.contains(&inner) {
                found.push(inner);
            }
        }
    }
    found
}
