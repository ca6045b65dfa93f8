//! Random manifests of two requests, and whether what `check` accepts ever renders equal.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use jiff::Timestamp;
use pamrun_contract::check::check_source;
use pamrun_contract::manifest::Manifest;
use pamrun_contract::render::{Known, Rendered, render};
use pamrun_contract::template::Reference;
use pamrun_contract::value::Value;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Manifests that were accepted.
    pub accepted: u64,
    /// Manifests that were refused because their requests could become the same.
    pub refused: u64,
    /// Pairs of rendered requests that were compared, of accepted manifests.
    pub pairs: u64,
    /// Refused manifests of which two requests did become the same: what the check is for.
    pub collisions_of_refused: u64,
}

/// Xorshift: random enough, and the same again for the same seed.
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    /// A part of a template, in which few letters stand for all texts, so that they often meet.
    fn template(&mut self, key: Option<&str>, most: usize) -> String {
        let mut text = String::new();
        for _ in 0..=self.roll(most) {
            let part = self.pick(&[
                "a",
                "B",
                "ab",
                "b",
                "a-",
                "a",
                "b",
                "{setting.any}",
                "{setting.pattern}",
                "{setting.word}",
                "{setting.number}",
                "{setting.any|upper}",
                "{setting.any|sql-name}",
                "{input.free}",
                "{input.known}",
                "KEY",
                "KEY",
            ]);
            match (part, key) {
                ("KEY", Some(key)) => text.push_str(key),
                ("KEY", None) => text.push('b'),
                (part, _) => text.push_str(part),
            }
        }
        text
    }
}

/// What two requests have in common: they would hardly meet otherwise.
struct Form {
    origin: &'static str,
    segments: usize,
    has_query: bool,
    body: usize,
    members: usize,
    methods: [&'static str; 2],
}

impl Form {
    fn new(dice: &mut Dice) -> Self {
        let origins = ["https://h.example", "https://h.example", "{setting.base}"];
        let methods = [["POST", "POST"], ["POST", "POST"], ["PUT", "POST"], ["DELETE", "POST"]];
        Self {
            origin: origins[dice.roll(3)],
            segments: 1 + dice.roll(2),
            has_query: dice.roll(3) == 0,
            body: dice.roll(4),
            members: 1 + dice.roll(2),
            methods: methods[dice.roll(4)],
        }
    }
}

/// A request in TOML.
fn request(dice: &mut Dice, form: &Form, name: &str, effect: &str) -> String {
    let retires = matches!(effect, "deletes" | "disables");
    let key = retires.then_some("{key}");
    let mut has_key = false;
    let mut text = format!("[requests.{name}]\neffect = \"{effect}\"\n");
    let mut template = |dice: &mut Dice, most: usize| {
        let template = dice.template(key, most);
        has_key |= template.contains("{key}");
        template
    };
    let method = if effect == "reads" { "POST" } else { form.methods[dice.roll(2)] };
    let origin = if dice.roll(8) == 0 { "{setting.other}" } else { form.origin };
    let mut url = origin.to_owned();
    for _ in 0..form.segments {
        write!(url, "/{}", template(dice, 1)).unwrap();
    }
    if form.has_query {
        write!(url, "?q={}", template(dice, 1)).unwrap();
    }
    writeln!(text, "method = \"{method}\"\nurl = '{url}'").unwrap();
    let names = [["x", "Y"], ["X", "y"]][dice.roll(2)];
    let mut pairs: Vec<String> =
        (0..form.members).map(|index| format!("{} = '{}'", names[index], template(dice, 1))).collect();
    if dice.roll(2) == 0 {
        pairs.reverse();
    }
    match form.body {
        0 => {}
        1 => writeln!(text, "form = {{ {} }}", pairs.join(", ")).unwrap(),
        2 => writeln!(text, "json = {{ {}, deep = [{{ w = 'a' }}] }}", pairs.join(", ")).unwrap(),
        _ => writeln!(text, "headers = {{ X-Do = '{}' }}\njson = {{}}", template(dice, 1)).unwrap(),
    }
    if retires {
        text.push_str("params = { key = \"credential\" }\n");
        if !has_key {
            // It has to stand somewhere; `only_if` is sent nowhere.
            text.push_str("only_if = { \"state.key\" = \"{key}\" }\n");
        }
    }
    if effect == "creates" {
        text.push_str("id = \"/id\"\nsecrets = { s = \"/s\" }\n");
    }
    text.push_str("auth = { bearer = \"{input.token}\" }\n\n");
    text
}

/// A manifest of two requests of different effect, or of one with its credential in some place.
pub fn manifest(dice: &mut Dice) -> String {
    let effects = ["reads", "deletes", "disables", "creates"];
    let (one, other) = (effects[dice.roll(4)], effects[1 + dice.roll(3)]);
    let mut text = r#"
name = "pair"
version = "1.0.0"
description = "Two requests."
strategy = "overlap"
names = false
dispatch = ["X-Do"]
target = "x:{input.free}"
inputs.input = { role = "target", token = "token", free = "free", known = { field = "known", pattern = "[ab]+" }, secret = ["token"] }
settings.any = { type = "text" }
settings.pattern = { type = "text", pattern = "a+b?|c" }
settings.word = { type = "enum", choices = ["a", "b", "A-"] }
settings.number = { type = "int" }
settings.base = { type = "url" }
settings.other = { type = "url" }
returns = [{ label = "id", value = "{made.id}" }]
[requests.list]
effect = "reads"
method = "GET"
url = "https://h.example/list-of-all"
lists = { each = "/l", id = "/id" }
auth = { bearer = "{input.token}" }
[requests.made]
effect = "creates"
method = "PATCH"
url = "https://h.example/never-the-same"
id = "/id"
auth = { bearer = "{input.token}" }
[requests.state]
effect = "reads"
method = "GET"
url = "https://h.example/state-of-it"
outputs = { key = "/key" }
auth = { bearer = "{input.token}" }
"#
    .to_owned();
    let form = Form::new(dice);
    text.push_str(&request(dice, &form, "one", one));
    text.push_str(&request(dice, &form, "other", other));
    text
}

/// Values of few letters.
fn values(dice: &mut Dice) -> HashMap<String, Value> {
    let mut values = HashMap::new();
    let short = ["", "a", "b", "ab", "B", "A", "a-", "x", "bb", "aB"];
    for (name, from) in [
        ("setting.any", &short[..]),
        ("setting.pattern", &["a", "ab", "aa", "c", "aab"][..]),
        ("setting.word", &["a", "b", "A-"][..]),
        ("setting.number", &["0", "1", "-1"][..]),
        ("setting.base", &["https://h.example", "https://h.example/a", "https://h.example/ab/b"][..]),
        ("setting.other", &["https://h.example", "https://h.example/b", "https://h.example/a"][..]),
        ("input.free", &short[..]),
        ("input.known", &["a", "b", "ab", "bb"][..]),
        ("key", &["a", "b", "ab", "B", "x", "a-"][..]),
    ] {
        values.insert(name.to_owned(), Value::text(dice.pick(from)));
    }
    values.insert("input.token".to_owned(), Value::text("token").secret());
    values
}

/// A request as a service without regard to case and order sees it.
fn seen_by_service(rendered: &Rendered, dispatch: bool) -> String {
    let url = url::Url::parse(&rendered.url).unwrap();
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().to_lowercase();
    let mut pairs: Vec<String> = url
        .query_pairs()
        .map(|(name, value)| format!("{}={}", name.to_lowercase(), value.to_lowercase()))
        .collect();
    pairs.sort();
    let header = |name: &str| {
        let found = rendered.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.to_lowercase())
    };
    let body = rendered.body.as_ref().map(|body| {
        if header("content-type").is_some_and(|kind| kind.contains("json")) {
            let json: serde_json::Value = serde_json::from_slice(body).unwrap();
            sorted(&json)
        } else {
            let mut pairs: Vec<String> = url::form_urlencoded::parse(body)
                .map(|(name, value)| format!("{}={}", name.to_lowercase(), value.to_lowercase()))
                .collect();
            pairs.sort();
            pairs.join("&")
        }
    });
    let dispatched = dispatch.then(|| header("x-do"));
    format!("{} {} {pairs:?} {dispatched:?} {body:?}", rendered.method.as_str(), decode(url.path()))
}

fn sorted(json: &serde_json::Value) -> String {
    match json {
        serde_json::Value::Object(members) => {
            let members: BTreeMap<String, String> =
                members.iter().map(|(key, member)| (key.to_lowercase(), sorted(member))).collect();
            format!("{members:?}")
        }
        serde_json::Value::Array(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        serde_json::Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    }
}

/// What one request becomes with some values.
fn rendered(manifest: &Manifest, name: &str, dice: &mut Dice, most: usize) -> Vec<String> {
    let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
    (0..most)
        .filter_map(|_| {
            let values = values(dice);
            let by = |reference: &Reference| {
                values.get(&reference.to_string()).map_or(Known::Missing, |value| Known::Value(value.clone()))
            };
            let rendered = render(manifest, name, &by, now, &mut |bytes: &mut [u8]| bytes.fill(1)).ok()?;
            Some(seen_by_service(&rendered, true))
        })
        .collect()
}

/// The settings of one run are the same for both requests: the url settings above all.
pub fn play(dice: &mut Dice, draws: usize, seen: &mut Seen) {
    let text = manifest(dice);
    let (checked, is_accepted) = match check_source(&text) {
        Ok((manifest, _)) => (manifest, true),
        Err(refusals) => {
            let only_ambiguous =
                refusals.iter().all(|refusal| refusal.reason.contains("could become the same"));
            let Ok((manifest, _)) = pamrun_contract::manifest::read(&text) else { return };
            if !only_ambiguous {
                return;
            }
            (manifest, false)
        }
    };
    let one = rendered(&checked, "one", dice, draws);
    let other = rendered(&checked, "other", dice, draws);
    let collision = one.iter().find(|request| other.contains(request));
    if is_accepted {
        seen.accepted += 1;
        seen.pairs += (one.len() * other.len()) as u64;
        // Two effects of one kind may become the same as long as the credential stands in the same place.
        let same_kind = checked.requests["one"].effect == checked.requests["other"].effect;
        if let Some(collision) = collision.filter(|_| !same_kind) {
            panic!("accepted, and both become {collision}:\n{text}");
        }
    } else {
        seen.refused += 1;
        seen.collisions_of_refused += u64::from(collision.is_some());
    }
}
