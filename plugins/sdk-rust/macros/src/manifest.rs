//! As much of a manifest as types are made of.

use toml::{Table, Value};

/// What is read of a manifest.
pub struct Manifest {
    pub requests: Vec<Request>,
    /// All that rejections may say.
    pub errors: Vec<Output>,
    pub settings: Vec<Setting>,
    pub inputs: Vec<Group>,
}

/// A request, by its name.
pub struct Request {
    pub name: String,
    pub effect: String,
    /// The name that its answer goes by.
    pub answers_as: String,
    pub params: Vec<(String, Param)>,
    pub shape: Shape,
}

/// What an answer holds.
#[derive(Clone, PartialEq)]
pub struct Shape {
    pub outputs: Vec<Output>,
    /// The outputs of each credential that it lists, where it lists some.
    pub items: Option<Vec<Output>>,
}

/// What a plugin fills in.
pub enum Param {
    Text,
    Int,
    OneOf(Vec<String>),
    /// The host fills it in.
    Answer,
}

/// Something that a plugin sees.
#[derive(Clone, PartialEq)]
pub struct Output {
    pub name: String,
    pub kind: Kind,
    pub is_optional: bool,
}

/// What a value is in Rust.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    Int,
    Bool,
    List,
}

/// A setting, by its name.
pub struct Setting {
    pub name: String,
    pub kind: SettingKind,
    pub is_optional: bool,
    /// Its value where nobody sets it, if that is one that is known here.
    pub default: Option<Value>,
}

/// What a setting's value is in Rust.
pub enum SettingKind {
    Text,
    Int,
    Bool,
    Duration,
    Enum(Vec<String>),
    /// It shows only that it is there.
    Secret,
}

/// A group of inputs: the keys that a plugin may see.
pub struct Group {
    pub name: String,
    pub keys: Vec<String>,
}

type Read<T> = Result<T, String>;

/// Reads a manifest.
pub fn read(source: &str) -> Read<Manifest> {
    let manifest: Table = source.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let requests = tables(&manifest, "requests")?
        .map(|entry| entry.and_then(|(name, table)| request(name, table)))
        .collect::<Read<Vec<_>>>()?;
    if requests.is_empty() {
        return Err("no request is declared; declare each in [requests.NAME]".to_owned());
    }
    let mut errors: Vec<Output> = Vec::new();
    for part in ["common", "requests"] {
        for entry in tables(&manifest, part)? {
            let (name, table) = entry?;
            for error in outputs(table, "errors").map_err(|error| format!("{part}.{name}.{error}"))? {
                add_error(&mut errors, error, &format!("{part}.{name}"))?;
            }
        }
    }
    let settings = tables(&manifest, "settings")?
        .map(|entry| entry.and_then(|(name, table)| setting(name, table)))
        .collect::<Read<_>>()?;
    let inputs = tables(&manifest, "inputs")?
        .map(|entry| entry.and_then(|(name, table)| group(name, table)))
        .collect::<Read<_>>()?;
    Ok(Manifest { requests, errors, settings, inputs })
}

/// What a rejection says may come of one request or another, so one name has one type.
fn add_error(errors: &mut Vec<Output>, error: Output, place: &str) -> Read<()> {
    match errors.iter().find(|known| known.name == error.name) {
        None => errors.push(Output { is_optional: true, ..error }),
        Some(known) if known.kind == error.kind => {}
        Some(_) => {
            return Err(format!(
                "{place}.errors.{0}: another request's error `{0}` has another type; name one of them otherwise",
                error.name
            ));
        }
    }
    Ok(())
}

fn request(name: &str, table: &Table) -> Read<Request> {
    let at = |error: String| format!("requests.{name}.{error}");
    let effect = text(table, "effect").map_err(at)?.ok_or_else(|| at("effect is missing".to_owned()))?;
    let params = match table.get("params") {
        None => Vec::new(),
        Some(Value::Table(params)) => params
            .iter()
            .map(|(key, value)| {
                param(value)
                    .map(|param| (key.clone(), param))
                    .map_err(|error| at(format!("params.{key}: {error}")))
            })
            .collect::<Read<_>>()?,
        Some(_) => return Err(at("params: this is a table of kinds by name".to_owned())),
    };
    let mut outputs = outputs(table, "outputs").map_err(at)?;
    if table.contains_key("id") {
        outputs.insert(0, Output { name: "id".to_owned(), kind: Kind::Text, is_optional: false });
    }
    let items = match table.get("lists") {
        None => None,
        Some(Value::Table(lists)) => {
            Some(self::outputs(lists, "outputs").map_err(|error| at(format!("lists.{error}")))?)
        }
        Some(_) => return Err(at("lists: this is a table".to_owned())),
    };
    if items.is_some() && outputs.iter().any(|output| output.name == "items") {
        return Err(at(
            "outputs.items: what `lists` shows goes by this name; name the output otherwise".to_owned()
        ));
    }
    Ok(Request {
        name: name.to_owned(),
        effect,
        answers_as: text(table, "as").map_err(at)?.unwrap_or_else(|| name.to_owned()),
        params,
        shape: Shape { outputs, items },
    })
}

fn param(value: &Value) -> Read<Param> {
    match value {
        Value::String(kind) => match kind.as_str() {
            "credential" | "time" => Ok(Param::Text),
            "int" => Ok(Param::Int),
            "answer" => Ok(Param::Answer),
            other => Err(format!(
                "`{other}` is no kind of parameter; write credential, time, int or {{ one_of = […] }}"
            )),
        },
        Value::Table(table) => words(table, "one_of").map(Param::OneOf),
        _ => Err("this is a kind of parameter: credential, time, int or { one_of = […] }".to_owned()),
    }
}

fn outputs(table: &Table, key: &str) -> Read<Vec<Output>> {
    let outputs = match table.get(key) {
        None => return Ok(Vec::new()),
        Some(Value::Table(outputs)) => outputs,
        Some(_) => return Err(format!("{key}: this is a table of places by name")),
    };
    let output = |(name, value): (&String, &Value)| {
        let (kind, is_optional) = match value {
            Value::String(_) => (Kind::Text, false),
            Value::Table(output) => {
                let kind = match output.get("type").map(Value::as_str) {
                    None | Some(Some("id" | "text" | "time")) => Kind::Text,
                    Some(Some("int" | "count")) => Kind::Int,
                    Some(Some("bool")) => Kind::Bool,
                    Some(Some("list")) => Kind::List,
                    Some(_) => {
                        return Err(format!(
                            "{key}.{name}: its type is none of id, text, int, bool, time, list and count"
                        ));
                    }
                };
                (kind, output.get("optional").and_then(Value::as_bool).unwrap_or(false))
            }
            _ => return Err(format!("{key}.{name}: this is a place, or a table with `at`")),
        };
        Ok(Output { name: name.clone(), kind, is_optional })
    };
    outputs.iter().map(output).collect()
}

fn setting(name: &str, table: &Table) -> Read<Setting> {
    let at = |error: String| format!("settings.{name}.{error}");
    let kind = text(table, "type").map_err(at)?.ok_or_else(|| at("type is missing".to_owned()))?;
    let kind = match kind.as_str() {
        "text" | "host" | "url" | "path" => SettingKind::Text,
        "int" => SettingKind::Int,
        "bool" => SettingKind::Bool,
        "duration" => SettingKind::Duration,
        "secret" | "map" | "complexity" => SettingKind::Secret,
        "enum" => SettingKind::Enum(match table.get("choices") {
            Some(Value::Table(choices)) => choices.keys().cloned().collect(),
            _ => words(table, "choices").map_err(at)?,
        }),
        other => return Err(at(format!("type: `{other}` is no type of a setting"))),
    };
    let default = table.get("default");
    Ok(Setting {
        name: name.to_owned(),
        kind,
        is_optional: default.is_none() && table.get("optional").and_then(Value::as_bool).unwrap_or(false),
        default: default.filter(|value| !value.as_str().is_some_and(|text| text.contains('{'))).cloned(),
    })
}

fn group(name: &str, table: &Table) -> Read<Group> {
    let secret: Vec<String> = if table.contains_key("secret") { words(table, "secret")? } else { Vec::new() };
    let alternatives: Vec<&Table> = match table.get("one_of") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_table).collect(),
        Some(_) => return Err(format!("inputs.{name}.one_of: this is a list of tables")),
        None => vec![table],
    };
    let mut keys: Vec<String> = Vec::new();
    for key in alternatives.into_iter().flat_map(Table::keys) {
        let is_key = !["role", "secret", "patterns", "optional"].contains(&key.as_str());
        if is_key && !secret.contains(key) && !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    Ok(Group { name: name.to_owned(), keys })
}

fn tables<'a>(table: &'a Table, key: &'a str) -> Read<impl Iterator<Item = Read<(&'a str, &'a Table)>>> {
    let inner = match table.get(key) {
        None => None,
        Some(Value::Table(inner)) => Some(inner),
        Some(_) => return Err(format!("{key}: this is a table")),
    };
    Ok(inner.into_iter().flatten().map(move |(name, value)| match value {
        Value::Table(inner) => Ok((name.as_str(), inner)),
        _ => Err(format!("{key}.{name}: this is a table")),
    }))
}

fn text(table: &Table, key: &str) -> Read<Option<String>> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("{key}: this is a text")),
    }
}

fn words(table: &Table, key: &str) -> Read<Vec<String>> {
    let words = table.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let words: Option<Vec<String>> = words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
    words.filter(|words| !words.is_empty()).ok_or_else(|| format!("{key}: this is a list of words"))
}
