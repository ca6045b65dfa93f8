//! Paths into JSON and XML: `/value/[name=main]/*/id`, `A/B/member/*/Name`.

use std::fmt;

use crate::given::Given;
use crate::value::Json;

/// How many segments a path may have: no answer is nested deeper.
const MOST_SEGMENTS: usize = 32;

/// The way from the top of a document, or from one of its rows, to what is taken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    text: String,
    segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// The member of this key, the item of this index, the elements of this name.
    Key(Word),
    /// `~{setting.KEY}`: the member of this key, and without one the only member whose key is the same but for
    /// case.
    Like(Word),
    /// `[KEY=VALUE]`: the first element whose member `KEY` is `VALUE`.
    Pick {
        /// The member, or the index, that is compared.
        key: String,
        /// What it has to be.
        value: Word,
        /// Whether it is written `[KEY~=VALUE]`, and compared without case.
        folds: bool,
    },
    /// `*`: a row of each element.
    Each,
}

/// A text of a path, which may be a setting's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Word {
    /// As it is.
    Literal(String),
    /// The value of `{setting.…}`; the text is what stands between the braces.
    Setting(String),
}

impl Word {
    /// The text that it stands for; none where the setting has no value.
    pub(crate) fn resolve(&self, given: &dyn Given) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Setting(reference) => {
                given.value(reference).and_then(|value| value.to_text().ok()).map(|text| text.to_string())
            }
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let Some(inner) = text.strip_prefix('{').filter(|inner| !inner.starts_with('{')) else {
            return unbraced(text).map(Self::Literal);
        };
        let inner = inner.strip_suffix('}').unwrap_or_default();
        let is_setting = inner.strip_prefix("setting.").is_some_and(|key| {
            key.split('.').count() <= 2
                && key.split('.').all(|part| !part.is_empty() && part.chars().all(is_name_char))
        });
        if is_setting {
            return Ok(Self::Setting(inner.to_owned()));
        }
        Err(format!(
            "`{text}` cannot stand in a path; a whole segment may be `{{setting.KEY}}`, and `{{{{` is a brace"
        ))
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Undoes `{{`; any other brace that opens is half a reference.
fn unbraced(text: &str) -> Result<String, String> {
    let once = text.replace("{{", "\u{0}");
    if once.contains('{') {
        return Err(format!(
            "`{text}`: a reference is a whole segment, `{{setting.KEY}}`, and `{{{{` is a brace"
        ));
    }
    Ok(once.replace('\u{0}', "{"))
}

impl Path {
    /// Reads a JSON pointer, RFC 6901, with picks and rows.
    ///
    /// # Errors
    /// What is wrong, and the mend.
    pub fn pointer(text: &str) -> Result<Self, String> {
        // The whole document, as RFC 6901 has it: some services answer with a bare list.
        if text.is_empty() {
            return Ok(Self { text: String::new(), segments: Vec::new() });
        }
        let rest = text
            .strip_prefix('/')
            .ok_or_else(|| format!("`{text}` is no pointer; begin it with `/`, as in `/data/id`"))?;
        Self::read(text, rest, |segment| {
            let bad = segment.split('~').skip(1).any(|after| !after.starts_with(['0', '1']));
            if bad {
                return Err(format!(
                    "`{segment}` has a `~` that escapes nothing; write `~0` for `~`, `~1` for `/`"
                ));
            }
            Ok(segment.replace("~1", "/").replace("~0", "~"))
        })
    }

    /// Reads the names of XML elements from the outermost on.
    ///
    /// # Errors
    /// What is wrong, and the mend.
    pub fn elements(text: &str) -> Result<Self, String> {
        Self::read(text, text, |segment| {
            if segment.contains(':') {
                return Err(format!(
                    "`{segment}` has a prefix; write the name without it: prefixes are the sender's choice"
                ));
            }
            if segment.is_empty() || segment.contains(|c: char| c.is_whitespace() || "<>&@".contains(c)) {
                return Err(format!("`{segment}` is no name of an element; write `xml:Outer/Inner`"));
            }
            Ok(segment.to_owned())
        })
    }

    fn read(text: &str, rest: &str, key: impl Fn(&str) -> Result<String, String>) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("a path has no control characters; leave them out".to_owned());
        }
        let segments: Vec<Segment> =
            rest.split('/').map(|segment| Segment::read(segment, &key)).collect::<Result<_, _>>()?;
        if segments.len() > MOST_SEGMENTS {
            return Err(format!("a path has {MOST_SEGMENTS} segments at most; no answer needs more"));
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its steps.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many `*` it has.
    #[must_use]
    pub fn stars(&self) -> usize {
        self.segments.iter().filter(|segment| matches!(segment, Segment::Each)).count()
    }

    /// The references to settings in it.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Key(Word::Setting(text))
            | Segment::Like(Word::Setting(text))
            | Segment::Pick { value: Word::Setting(text), .. } => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether one path leads into what the other one leads to: the same value, or a part of it.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.segments.iter().zip(&other.segments).all(|(one, other)| one.may_meet(other))
    }

    /// Whether the list that it picks from first is there, or else the object that its end would stand in.
    pub(crate) fn has_around(&self, json: &Json, given: &dyn Given) -> bool {
        let is_key = |segment: &Segment| matches!(segment, Segment::Key(_) | Segment::Like(_));
        let end = self.segments.iter().position(|segment| !is_key(segment));
        let end = end.unwrap_or(self.segments.len().saturating_sub(1));
        let around = follow(self.segments.get(..end).unwrap_or_default(), json, given);
        around.is_some_and(|around| around.is_array() || around.is_object())
    }

    /// Finds what it leads to in some JSON.
    pub(crate) fn find_json<'a>(&self, json: &'a Json, given: &dyn Given) -> Found<&'a Json> {
        let star = self.segments.iter().position(|segment| *segment == Segment::Each);
        let (before, after) = match star {
            None => (self.segments.as_slice(), None),
            Some(star) => {
                let (before, after) = self.segments.split_at_checked(star).unwrap_or_default();
                (before, after.get(1..))
            }
        };
        let top = follow(before, json, given);
        let Some(after) = after else { return Found::One(top) };
        let Some(Json::Array(items)) = top else { return Found::Rows(None) };
        let mut rows = Vec::new();
        for item in items {
            rows_below(after, item, given, &mut rows);
        }
        Found::Rows(Some(rows))
    }
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found<T> {
    /// Without `*`: one thing, or nothing.
    One(Option<T>),
    /// With `*`: a row of each element, of which one may lack it; or no list at all.
    Rows(Option<Vec<Option<T>>>),
}

fn follow<'a>(segments: &[Segment], json: &'a Json, given: &dyn Given) -> Option<&'a Json> {
    segments.iter().try_fold(json, |json, segment| match segment {
        Segment::Key(word) => member(json, &word.resolve(given)?),
        Segment::Like(word) => member_like(json, &word.resolve(given)?),
        Segment::Pick { key, value, folds } => {
            let value = value.resolve(given)?;
            let is_it = |found: &Json| {
                reads_as(found, &value)
                    || (*folds && found.as_str().is_some_and(|found| is_like(found, &value)))
            };
            json.as_array()?.iter().find(|item| member(item, key).is_some_and(is_it))
        }
        Segment::Each => None,
    })
}

fn rows_below<'a>(segments: &[Segment], json: &'a Json, given: &dyn Given, rows: &mut Vec<Option<&'a Json>>) {
    match segments.iter().position(|segment| *segment == Segment::Each) {
        None => rows.push(follow(segments, json, given)),
        Some(star) => {
            let (before, after) = segments.split_at_checked(star).unwrap_or_default();
            if let Some(Json::Array(items)) = follow(before, json, given) {
                for item in items {
                    rows_below(after.get(1..).unwrap_or_default(), item, given, rows);
                }
            }
        }
    }
}

/// The member of an object, or the item of a list by its index as RFC 6901 writes it.
fn member<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    match json {
        Json::Object(members) => members.get(key),
        Json::Array(items) => {
            let is_index = key == "0" || (!key.starts_with('0') && key.bytes().all(|b| b.is_ascii_digit()));
            items.get(key.parse::<usize>().ok().filter(|_| is_index)?)
        }
        _ => None,
    }
}

/// The member of an object by its key, and without one the only member whose key is the same but for case.
fn member_like<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    let members = json.as_object()?;
    let like = || {
        let mut like = members.iter().filter(|(known, _)| is_like(known, key));
        like.next().filter(|_| like.next().is_none()).map(|(_, member)| member)
    };
    members.get(key).or_else(like)
}

/// Whether two texts are the same but for case.
pub(crate) fn is_like(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Whether a scalar is this text when it is written as one.
pub(crate) fn reads_as(json: &Json, text: &str) -> bool {
    match json {
        Json::String(found) => found == text,
        Json::Number(found) => found.to_string() == text,
        Json::Bool(found) => text == if *found { "true" } else { "false" },
        Json::Null | Json::Array(_) | Json::Object(_) => false,
    }
}

impl Segment {
    fn read(text: &str, key: impl Fn(&str) -> Result<String, String>) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Each);
        }
        if let Some(like) = text.strip_prefix('~').filter(|like| like.starts_with('{')) {
            return Word::parse(like).map(Self::Like);
        }
        let Some(inner) = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) else {
            return match Word::parse(text)? {
                Word::Literal(literal) => key(&literal).map(|literal| Self::Key(Word::Literal(literal))),
                setting @ Word::Setting(_) => Ok(Self::Key(setting)),
            };
        };
        let (name, value) = inner
            .split_once('=')
            .filter(|(name, _)| !name.trim_end_matches('~').is_empty())
            .ok_or_else(|| format!("`{text}` does not say what to pick; write `[KEY=VALUE]`"))?;
        let value = match Word::parse(value)? {
            Word::Literal(literal) => Word::Literal(literal.replace("~1", "/").replace("~0", "~")),
            setting @ Word::Setting(_) => setting,
        };
        let (name, folds) = name.strip_suffix('~').map_or((name, false), |name| (name, true));
        Ok(Self::Pick { key: key(name)?, value, folds })
    }

    fn may_meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Key(Word::Literal(one)), Self::Key(Word::Literal(other))) => one == other,
            _ => true,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::given::Nothing;
    use crate::value::Value;

    fn one(path: &str, json: &Json) -> Option<Json> {
        match Path::pointer(path).unwrap().find_json(json, &Nothing) {
            Found::One(found) => found.cloned(),
            Found::Rows(_) => panic!("{path} has rows"),
        }
    }

    fn rows(path: &str, json: &Json) -> Option<Vec<Option<Json>>> {
        match Path::pointer(path).unwrap().find_json(json, &Nothing) {
            Found::Rows(rows) => rows.map(|rows| rows.into_iter().map(Option::<&Json>::cloned).collect()),
            Found::One(_) => panic!("{path} has no rows"),
        }
    }

    #[test]
    fn an_element_is_picked_by_member_or_index() {
        let answer = json!({"data": [["LOGIN_NAME", "U"], ["RSA_PUBLIC_KEY_FP", "SHA256:x"], ["RSA_PUBLIC_KEY_FP", "later"]],
            "groups": [{"name": "a/b", "id": 1}, {"name": 7, "id": 2}, {"name": true, "id": 3}]});
        assert_eq!(one("/data/[0=RSA_PUBLIC_KEY_FP]/1", &answer), Some(json!("SHA256:x")));
        assert_eq!(one("/groups/[name=a~1b]/id", &answer), Some(json!(1)));
        assert_eq!(one("/groups/[name=7]/id", &answer), Some(json!(2)));
        assert_eq!(one("/groups/[name=true]/id", &answer), Some(json!(3)));
        assert_eq!(one("/groups/[name=none]/id", &answer), None);
        assert_eq!(one("/groups/name", &answer), None);
    }

    #[test]
    fn a_setting_may_be_a_segment_or_what_is_picked() {
        let given = |reference: &str| (reference == "setting.key").then(|| Value::text("a/b"));
        let answer = json!({"data": {"a/b": 1}, "list": [{"name": "a/b", "id": 2}]});
        for (path, found) in [("/data/{setting.key}", 1), ("/list/[name={setting.key}]/id", 2)] {
            let path = Path::pointer(path).unwrap();
            assert_eq!(path.references().collect::<Vec<_>>(), ["setting.key"]);
            assert_eq!(path.find_json(&answer, &given), Found::One(Some(&json!(found))));
            assert_eq!(path.find_json(&answer, &Nothing), Found::One(None));
        }
    }

    #[test]
    fn what_is_marked_is_found_without_case_and_never_guessed() {
        let given = |reference: &str| (reference == "setting.key").then(|| Value::text("CLIENT_secret"));
        let find = |path: &str, json: &Json| match Path::pointer(path).unwrap().find_json(json, &given) {
            Found::One(found) => found.cloned(),
            Found::Rows(_) => None,
        };
        let answer = json!({"in": {"Client_Secret": 1, "other": 2}, "list": [{"name": "x"}, {"name": "Client_Secret"}]});
        assert_eq!(find("/in/~{setting.key}", &answer), Some(json!(1)));
        assert_eq!(find("/in/{setting.key}", &answer), None);
        assert_eq!(find("/list/[name~={setting.key}]/name", &answer), Some(json!("Client_Secret")));
        assert_eq!(find("/list/[name={setting.key}]/name", &answer), None);
        assert_eq!(find("/list/[name~=CLIENT_SECRET]/name", &answer), Some(json!("Client_Secret")));
        let both = json!({"in": {"client_secret": 1, "CLIENT_SECRET": 2}});
        assert_eq!(find("/in/~{setting.key}", &both), None, "either may be meant");
        let exact = json!({"in": {"client_secret": 1, "CLIENT_secret": 2}});
        assert_eq!(find("/in/~{setting.key}", &exact), Some(json!(2)));
        let path = Path::pointer("/in/~{setting.key}").unwrap();
        assert_eq!(path.references().collect::<Vec<_>>(), ["setting.key"]);
        assert!(path.overlaps(&Path::pointer("/in/other").unwrap()));
        assert_eq!(path.to_string().parse::<String>().unwrap(), "/in/~{setting.key}");
    }

    #[test]
    fn a_star_makes_a_row_of_each_element_and_more_of_them_count() {
        let answer = json!({"value": [{"id": 1, "in": [1, 2]}, {}, {"id": null, "in": [3]}], "none": []});
        assert_eq!(rows("/value/*/id", &answer), Some(vec![Some(json!(1)), None, Some(Json::Null)]));
        assert_eq!(rows("/none/*", &answer), Some(vec![]));
        assert_eq!(rows("/lacking/*", &answer), None);
        assert_eq!(rows("/value/*/in/*", &answer).unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_path_is_refused_with_a_mend() {
        for (text, part) in [
            ("data", "begin it with `/`"),
            ("/a~2", "`~0` for `~`"),
            ("/a{setting.b}", "a whole segment"),
            ("/{target.b}", "{setting.KEY}"),
            ("/{setting.a.b.c}", "{setting.KEY}"),
            ("/[name]", "[KEY=VALUE]"),
            ("/~key", "`~0` for `~`"),
            ("/~{target.b}", "{setting.KEY}"),
            ("/[~=x]", "[KEY=VALUE]"),
            ("/[=x]", "[KEY=VALUE]"),
            ("/a\n", "control"),
        ] {
            let error = Path::pointer(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Path::pointer(&"/a".repeat(33)).is_err());
        assert!(Path::elements("soap:Envelope").unwrap_err().contains("without it"));
        assert!(Path::elements("A//B").is_err());
    }

    #[test]
    fn paths_overlap_where_one_leads_into_the_other() {
        let path = |text| Path::pointer(text).unwrap();
        assert!(path("/a").overlaps(&path("/a/b")) && path("/a/b").overlaps(&path("/a")));
        assert!(path("/a/*/b").overlaps(&path("/a/[x=y]/b")) && path("/a/0").overlaps(&path("/a/*")));
        assert!(!path("/a/b").overlaps(&path("/a/c")));
    }

    /// Any JSON, three levels deep.
    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            "[a-c/~{*\\[\\]=]{0,4}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map("[a-c/~{=]{0,3}", inner, 0..4)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Every pointer of a document, as RFC 6901 writes it.
    fn pointers(json: &Json, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match json {
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    pointers(item, &format!("{at}/{index}"), found);
                }
            }
            Json::Object(members) => {
                for (key, member) in members {
                    pointers(member, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
                }
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn plain_pointers_find_what_serde_json_finds(json in any_json()) {
            let mut all = Vec::new();
            pointers(&json, "", &mut all);
            for pointer in all.iter().filter(|pointer| !pointer.is_empty()) {
                let ours = Path::pointer(&pointer.replace('{', "{{")).unwrap();
                prop_assert_eq!(ours.find_json(&json, &Nothing), Found::One(json.pointer(pointer)));
                let beyond = format!("{pointer}/zz");
                prop_assert_eq!(one(&beyond.replace('{', "{{"), &json), json.pointer(&beyond).cloned());
            }
        }

        #[test]
        fn rows_are_the_elements_one_by_one(items in proptest::collection::vec(any_json(), 0..5)) {
            let json = json!({"v": items});
            let expected = items.iter().map(|item| item.pointer("/a").cloned()).collect::<Vec<_>>();
            prop_assert_eq!(rows("/v/*/a", &json), Some(expected));
        }

        #[test]
        fn no_text_makes_reading_a_path_panic(text in ".{0,40}") {
            let _ = Path::pointer(&text);
            let _ = Path::elements(&text);
        }
    }
}
