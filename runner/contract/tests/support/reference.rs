//! Writes `docs/manifest.md`: what is said by hand (`manifest.md`, beside this file), and then every key with its
//! type, default, meaning and an example, from the JSON Schema of the types.

use std::fmt::Write as _;

use pamrun_contract::manifest::Manifest;
use serde::Deserialize as _;
use serde_json::{Value as Json, json};

mod tables;

use tables::{Table, skeleton, tables};

/// What is said by hand.
const HEAD: &str = include_str!("manifest.md");

/// Definitions that are words, each with its meaning, in the order in which they are listed below the tables.
const WORDS: [(&str, &str); 6] = [
    ("Strategy", "`strategy`"),
    ("Proposes", "`proposes`"),
    ("Role", "`role`"),
    ("SettingKind", "`type` of a setting"),
    ("Effect", "`effect`"),
    ("Type", "`type` of an output"),
];

/// What a text of a format is, and where that is said.
const FORMATS: [(&str, &str); 5] = [
    ("template", "[text with references](#references)"),
    ("place", "[place](#places-in-an-answer)"),
    ("conditions", "[status and conditions](#success-and-rejects)"),
    ("condition", "[condition](#success-and-rejects)"),
    ("regex", "regular expression"),
];

fn schema() -> Json {
    schemars::schema_for!(Manifest).to_value()
}

/// The page.
pub(crate) fn page() -> String {
    let schema = schema();
    let mut page = HEAD.to_owned();
    for table in tables() {
        let level = if table.definition.is_none() { "## Every key\n\n###" } else { "###" };
        write!(page, "\n{level} {}\n\n", table.heading).unwrap();
        if !table.words.is_empty() {
            write!(page, "{}\n\n", table.words).unwrap();
        }
        let definition = definition(&schema, table.definition);
        let rows = rows(definition);
        let has_default = rows.iter().any(|row| !row.default.is_empty());
        page += if has_default {
            "| Key | Type | Default | Meaning |\n|---|---|---|---|\n"
        } else {
            "| Key | Type | Meaning |\n|---|---|---|\n"
        };
        for Row { key, kind, default, meaning, .. } in &rows {
            let default = if has_default { format!(" {default} |") } else { String::new() };
            writeln!(page, "| {} | {kind} |{default} {meaning} |", shown_key(key.as_ref())).unwrap();
        }
        page += "\n```toml\n";
        for row in &rows {
            page += &example_lines(row);
        }
        page += "```\n";
    }
    page += "\n## Words\n";
    for (name, heading) in WORDS {
        write!(page, "\n### {heading}\n\n| Word | Meaning |\n|---|---|\n").unwrap();
        for word in definition(&schema, Some(name))["oneOf"].as_array().unwrap() {
            let (word, meaning) = (word["const"].as_str().unwrap(), word["description"].as_str().unwrap());
            writeln!(page, "| `{word}` | {} |", cell(meaning)).unwrap();
        }
    }
    page
}

fn definition<'a>(schema: &'a Json, name: Option<&str>) -> &'a Json {
    name.map_or(schema, |name| &schema["$defs"][name])
}

/// One key of a table.
struct Row {
    /// Its name; none for keys that are the author's own.
    key: Option<String>,
    kind: String,
    default: String,
    meaning: String,
    examples: Vec<Json>,
}

fn rows(definition: &Json) -> Vec<Row> {
    let needed: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let row = |key: Option<&str>, schema: &Json, described: &Json, needed: bool| Row {
        key: key.map(str::to_owned),
        kind: kind(schema),
        default: if needed { "*needed*".to_owned() } else { default(schema) },
        meaning: cell(described["description"].as_str().unwrap_or_default()),
        examples: described["examples"].as_array().cloned().unwrap_or_default(),
    };
    // One of several tables that have one key each.
    if let Some(variants) = definition["oneOf"].as_array() {
        let each = variants.iter().filter_map(|variant| {
            let (key, schema) = variant["properties"].as_object()?.iter().next()?;
            let mut row = row(Some(key), schema, variant, false);
            row.default = String::new();
            row.examples = row.examples.iter().map(|example| example[key].clone()).collect();
            Some(row)
        });
        return each.collect();
    }
    let own = definition["properties"].as_object().into_iter().flatten();
    let own = own.map(|(key, schema)| row(Some(key), schema, schema, needed.contains(&key.as_str())));
    let others = definition.get("additionalProperties").filter(|it| it.is_object());
    let others = others.map(|schema| {
        let mut row = row(None, schema, schema, false);
        "Each field, by the key that references use.".clone_into(&mut row.meaning);
        row.examples = vec![json!("admin_token")];
        row
    });
    own.chain(others).collect()
}

/// What a value may be, in words.
fn kind(schema: &Json) -> String {
    if let Some(link) =
        schema["format"].as_str().and_then(|format| FORMATS.iter().find(|(name, _)| *name == format))
    {
        return link.1.to_owned();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return of_definition(reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let mut kinds: Vec<String> = any.iter().filter(|one| one["type"] != "null").map(kind).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(several) => several.iter().filter_map(Json::as_str).filter(|it| *it != "null").collect(),
        _ => return "JSON whose texts have [references](#references)".to_owned(),
    };
    let kinds: Vec<String> = types.into_iter().map(|one| of_type(schema, one)).collect();
    kinds.join(" or ")
}

fn of_type(schema: &Json, name: &str) -> String {
    match name {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" if schema["prefixItems"].is_array() => "list of two".to_owned(),
        "array" => format!("list of {}", plural(&kind(&schema["items"]))),
        "object" => format!("{}, by name", plural(&kind(&schema["additionalProperties"]))),
        other => other.to_owned(),
    }
}

/// Several of them: what stands first is what there are several of.
fn plural(kind: &str) -> String {
    let nouns = [
        ("[text with", "[texts with"),
        ("text", "texts"),
        ("regular expression", "regular expressions"),
        ("[place](", "[places]("),
        ("[status and conditions]", "[alternatives]"),
        ("[table]", "[tables]"),
        ("[field]", "[fields]"),
        ("[output]", "[outputs]"),
        ("[parameter]", "[parameters]"),
        ("[place or table]", "[places or tables]"),
    ];
    let noun = nouns.iter().find_map(|(one, several)| Some((several, kind.strip_prefix(one)?)));
    noun.map_or_else(|| kind.to_owned(), |(several, rest)| format!("{several}{rest}"))
}

/// What a definition is called: by the table that it has here, or the words.
fn of_definition(name: &str) -> String {
    if let Some((_, heading)) = WORDS.iter().find(|(word, _)| *word == name) {
        return format!("[word](#{})", anchor(heading));
    }
    let (called, of) = match name {
        "Field" => ("field", "FieldTable"),
        "Output" => ("output", "OutputTable"),
        "Kept" => ("place or table", "KeptTable"),
        "Next" => ("place or table", "NextTable"),
        "Parameter" => ("parameter", "OneOf"),
        "OneOrList" => ("table or list of tables", "Auth"),
        "FreshFor" => return "[place](#places-in-an-answer) or whole number".to_owned(),
        "Choices" => return "list of texts, or texts by name, by word".to_owned(),
        "Method" => return "`GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`".to_owned(),
        "Removes" => return "`listed`".to_owned(),
        "Algorithm" => return "`RS256`".to_owned(),
        "ReturnKind" => {
            return "`text`, `multiline`, `secret`, `password`, `login`, `url`, `email`, `note`, `oneTimeCode`".to_owned();
        }
        other => ("table", other),
    };
    let tables = tables();
    let table = tables.iter().find(|table| table.definition == Some(of));
    table.map_or_else(
        || panic!("the reference has no table {of}"),
        |it| format!("[{called}](#{})", anchor(it.heading)),
    )
}

/// The anchor of a heading, as it is made of its text.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn default(schema: &Json) -> String {
    match schema.get("default") {
        None | Some(Json::Null) => String::new(),
        Some(Json::Array(list)) if list.is_empty() => String::new(),
        Some(value) => format!("`{}`", toml_of(value)),
    }
}

/// In one line of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

fn shown_key(key: Option<&String>) -> String {
    key.map_or_else(|| "any other".to_owned(), |key| format!("`{key}`"))
}

/// The lines of an example.
fn example_lines(row: &Row) -> String {
    let key = row.key.as_deref().unwrap_or("token");
    assert!(!row.examples.is_empty(), "{key} has no example");
    row.examples
        .iter()
        .fold(String::new(), |lines, example| lines + &format!("{key} = {}\n", toml_of(example)))
}

/// A value as TOML writes it in one line.
fn toml_of(value: &Json) -> String {
    match value {
        Json::String(text) if text.contains('"') && !text.contains('\'') => format!("'{text}'"),
        Json::Array(items) => format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let member = |(key, value): (&String, &Json)| {
                let is_bare = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
                let key = if is_bare { key.clone() } else { format!("\"{key}\"") };
                format!("{key} = {}", toml_of(value))
            };
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// Every example: its table, its key, and itself.
pub(crate) fn examples() -> Vec<(String, String, Json)> {
    let schema = schema();
    let of_table = |table: &Table| {
        let rows = rows(definition(&schema, table.definition));
        let heading = table.heading.to_owned();
        rows.into_iter().flat_map(move |row| {
            let (heading, key) = (heading.clone(), row.key.unwrap_or_else(|| "token".to_owned()));
            row.examples.into_iter().map(move |example| (heading.clone(), key.clone(), example))
        })
    };
    tables().iter().flat_map(of_table).collect()
}

/// In how many ways an example of a table can be tried.
pub(crate) fn ways(heading: &str) -> usize {
    tables().iter().find(|table| table.heading == heading).map_or(0, |table| (table.least)().len())
}

/// Manifests that have the example where it belongs, or why they cannot be read.
pub(crate) fn manifests_with(heading: &str, key: &str, example: &Json) -> Vec<Result<Manifest, String>> {
    let tables = tables();
    let table = tables.iter().find(|table| table.heading == heading).unwrap();
    let tried = (table.least)().into_iter().map(|least| {
        // The top may have one body, one address …: the example takes the place of what it is tried in.
        let mut whole = if least.is_null() { json!({}) } else { least };
        whole[key] = example.clone();
        let mut manifest = skeleton();
        if table.at.is_empty() {
            manifest = whole;
        } else {
            put(&mut manifest, table.at, whole);
        }
        Manifest::deserialize(&manifest).map_err(|error| error.to_string())
    });
    tried.collect()
}

/// Puts a value where a pointer leads; what lacks on the way is made.
fn put(json: &mut Json, pointer: &str, value: Json) {
    let (first, rest) = match pointer[1..].split_once('/') {
        Some((first, rest)) => (first, Some(format!("/{rest}"))),
        None => (&pointer[1..], None),
    };
    let inner = match first.parse::<usize>() {
        Ok(_) => {
            if !json.is_array() {
                *json = json!([{}]);
            }
            &mut json[0]
        }
        Err(_) => &mut json[first],
    };
    match rest {
        Some(rest) => put(inner, &rest, value),
        None => *inner = value,
    }
}
