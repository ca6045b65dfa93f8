//! One request, as an operator reads it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Output, Rows};
use crate::check::Parsed;
use crate::manifest::{Allowed, Effect, Id, Json, Method, Named, Parameter, Request};
use crate::template::{Reference, Template};

/// A request that can leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sent {
    /// Its name.
    pub name: String,
    /// What it does at the service, as the manifest declares.
    pub effect: Effect,
    /// The method.
    pub method: Option<Method>,
    /// The URL with its query, as the manifest writes it.
    pub url: String,
    /// The body, as the manifest writes it; null where there is none.
    pub body: Option<Body>,
    /// Whether it reads by another method than GET and HEAD, so that nothing but the manifest says that it
    /// changes nothing.
    pub declared_only: bool,
    /// What is filled in when it is called.
    pub fills: Vec<Fill>,
    /// Headers whose whole value the manifest says.
    pub literal_headers: Vec<LiteralHeader>,
    /// What the host reads just before, and what has to be there for it to be sent.
    pub only_if: Vec<String>,
    /// What the plugin sees of a success.
    pub outputs: Vec<Seen>,
    /// What the plugin sees of each credential that it lists; empty where it lists none.
    pub lists: Vec<Seen>,
    /// What the plugin sees of a rejection, besides its status.
    pub errors: Vec<Seen>,
    /// The secrets that the host takes of the answer and keeps.
    pub keeps: Vec<String>,
    /// The request that asks until it is over, where that takes a while.
    pub polls: Option<String>,
}

/// A body, as the manifest writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Body {
    /// What it is: `form`, `JSON` or `XML`.
    pub kind: String,
    /// Its text, with references; of a form `NAME=VALUE`, joined by `&` and not encoded.
    pub text: String,
}

/// What is filled in when a request is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fill {
    /// The parameter.
    pub parameter: String,
    /// What it may be: `credential`, `time`, `int`, `answer` or `one_of`.
    pub kind: String,
    /// The words of `one_of`.
    pub words: Vec<String>,
    /// Whether the plugin gives it; an `answer` is given by the host.
    pub by_plugin: bool,
    /// Where in the request it stands.
    pub places: Vec<String>,
}

/// A header whose whole value the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LiteralHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Something that the plugin sees of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where in the answer it stands; in a list, from the credential on.
    pub at: String,
}

impl Sent {
    pub(super) fn of(parsed: &Parsed<'_>) -> Self {
        let whole = parsed.whole;
        let request = whole.request;
        let method = request.method();
        let is_get = matches!(method, Some(Method::Get | Method::Head));
        let id = match &request.id {
            Some(Id::Taken(place)) => Some(Seen::of("id", "id", place)),
            _ => None,
        };
        Self {
            name: whole.name.to_owned(),
            effect: request.effect,
            method,
            url: url(request),
            body: body(request),
            declared_only: request.effect == Effect::Reads && !is_get,
            fills: fills(parsed),
            literal_headers: literal_headers(parsed),
            only_if: request.only_if.iter().map(|(key, allowed)| condition(key, allowed)).collect(),
            outputs: id.into_iter().chain(seen(&request.outputs)).collect(),
            lists: lists(parsed),
            errors: seen(whole.errors().1).collect(),
            keeps: request.secrets.keys().cloned().collect(),
            polls: request.pending.as_ref().map(|pending| pending.request.clone()),
        }
    }
}

impl Seen {
    fn of(name: &str, kind: &str, at: &impl ToString) -> Self {
        Self { name: name.to_owned(), kind: kind.to_owned(), at: at.to_string() }
    }
}

fn url(request: &Request) -> String {
    let written = request.url.text();
    match pairs(&request.query) {
        query if query.is_empty() => written.to_owned(),
        query => format!("{written}{}{query}", if written.contains('?') { '&' } else { '?' }),
    }
}

fn pairs(pairs: &Named<Template>) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", value.text())).collect();
    pairs.join("&")
}

fn body(request: &Request) -> Option<Body> {
    let of = |kind: &str, text: String| Some(Body { kind: kind.to_owned(), text });
    match (&request.form, &request.json, &request.xml) {
        (Some(form), ..) => of("form", pairs(form)),
        (_, Some(json), _) => of("JSON", written(json).to_string()),
        (.., Some(xml)) => of("XML", xml.text().to_owned()),
        _ => None,
    }
}

/// A JSON body with its references as texts.
fn written(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.clone()),
        Json::Text(template) => Value::String(template.text().to_owned()),
        Json::List(items) => items.iter().map(written).collect(),
        Json::Object(members) => {
            members.iter().map(|(key, member)| (key.text().to_owned(), written(member))).collect()
        }
    }
}

fn fills(parsed: &Parsed<'_>) -> Vec<Fill> {
    let uses = parsed.uses();
    let params = &parsed.whole.request.params;
    let fill = |(name, parameter): (&String, &Parameter)| {
        let is_it = |reference: &Reference| matches!(reference, Reference::Bare(bare) if bare == name);
        let mut places: Vec<String> = Vec::new();
        for used in uses.iter().filter(|used| is_it(&used.expression.reference)) {
            let place = used.place();
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let words = match parameter {
            Parameter::OneOf(words) => words.clone(),
            _ => Vec::new(),
        };
        Fill {
            parameter: name.clone(),
            kind: parameter.name().to_owned(),
            words,
            by_plugin: *parameter != Parameter::Answer,
            places,
        }
    };
    params.iter().map(fill).collect()
}

fn literal_headers(parsed: &Parsed<'_>) -> Vec<LiteralHeader> {
    let whole = parsed.whole;
    let content_type = whole.request.content_type.as_deref().map(|value| ("Content-Type", value));
    let literal = whole.headers().filter_map(|(_, name, value)| Some((name, value.literal()?)));
    content_type
        .into_iter()
        .chain(literal)
        .map(|(name, value)| LiteralHeader { name: name.to_owned(), value: value.to_owned() })
        .collect()
}

fn condition(key: &str, allowed: &Allowed) -> String {
    match allowed {
        Allowed::Equal(template) => format!("{key} is {}", template.text()),
        Allowed::OneOf(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            format!("{key} is {}", words.join(" or "))
        }
    }
}

fn seen(outputs: &Named<Output>) -> impl Iterator<Item = Seen> {
    outputs.iter().map(|(name, output)| Seen::of(name, output.r#type.name(), &output.at))
}

fn lists(parsed: &Parsed<'_>) -> Vec<Seen> {
    let Some(lists) = &parsed.whole.request.lists else { return Vec::new() };
    let each = match &lists.rows {
        Rows::Slots { ids, .. } => return ids.iter().map(|place| Seen::of("id", "id", place)).collect(),
        Rows::Each(each) => each,
    };
    let id = each.id.as_ref().map_or_else(|| each.list.to_string(), ToString::to_string);
    let mut seen = vec![Seen::of("id", "id", &id)];
    let named = [
        ("label", "text", &each.label),
        ("created", "time", &each.created),
        ("expires", "time", &each.expires),
    ];
    seen.extend(named.iter().filter_map(|(name, kind, place)| Some(Seen::of(name, kind, place.as_ref()?))));
    seen.extend(each.disabled.as_ref().map(|_| Seen::of("disabled", "bool", &"as the manifest says")));
    let outputs = each.outputs.iter().map(|(name, output)| Seen::of(name, output.r#type.name(), &output.at));
    seen.extend(outputs);
    seen
}
