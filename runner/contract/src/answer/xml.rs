//! XML as far as answers need it: elements, their text, no DTD and so no entities of its own.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use zeroize::Zeroizing;

use crate::given::Given;
use crate::path::{Path, Segment, is_like};
use crate::value::{Json, Value};

/// How deep elements may be nested: as deep as JSON.
const DEEPEST: usize = 128;

/// An element, or the document around the outermost one.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    text: Zeroizing<String>,
    children: Vec<Element>,
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// Without `*`: the elements that the last name has, most often one.
    Siblings {
        /// Whether the element that they would stand in is there.
        has_parent: bool,
        /// They.
        elements: Vec<&'a Element>,
    },
    /// With `*`: a row of each element, of which one may lack it; or nothing that they would stand in.
    Rows(Option<Vec<Option<&'a Element>>>),
}

impl Element {
    /// The text of one without elements in it; a stand-in for an object of one with them.
    pub(super) fn value(&self) -> Value {
        if self.children.is_empty() {
            return Value::text(self.text.as_str());
        }
        Value::json(Json::Object(
            self.children.iter().map(|child| (child.name.clone(), Json::Null)).collect(),
        ))
    }

    fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Finds what a path leads to; several elements in the middle of it are more than one way.
    pub(super) fn find<'a>(&'a self, path: &Path, given: &dyn Given) -> Result<Found<'a>, &'static str> {
        let segments = path.segments();
        let Some(star) = segments.iter().position(|segment| *segment == Segment::Each) else {
            return self.follow(segments, given);
        };
        let (before, after) = segments.split_at_checked(star).unwrap_or_default();
        let Found::Siblings { has_parent: true, elements: rows } = self.follow(before, given)? else {
            return Ok(Found::Rows(None));
        };
        let mut found = Vec::new();
        for row in rows {
            row.rows_below(after.get(1..).unwrap_or_default(), given, &mut found)?;
        }
        Ok(Found::Rows(Some(found)))
    }

    fn rows_below<'a>(
        &'a self,
        segments: &[Segment],
        given: &dyn Given,
        rows: &mut Vec<Option<&'a Self>>,
    ) -> Result<(), &'static str> {
        let Some(star) = segments.iter().position(|segment| *segment == Segment::Each) else {
            rows.push(match self.follow(segments, given)? {
                Found::Siblings { elements, .. } => one(&elements)?,
                Found::Rows(_) => None,
            });
            return Ok(());
        };
        let (before, after) = segments.split_at_checked(star).unwrap_or_default();
        if let Found::Siblings { elements, .. } = self.follow(before, given)? {
            for element in elements {
                element.rows_below(after.get(1..).unwrap_or_default(), given, rows)?;
            }
        }
        Ok(())
    }

    fn follow<'a>(&'a self, segments: &[Segment], given: &dyn Given) -> Result<Found<'a>, &'static str> {
        let (mut elements, mut has_parent) = (vec![self], true);
        for segment in segments {
            match segment {
                Segment::Key(word) => {
                    let parent = one(&elements)?;
                    has_parent = parent.is_some();
                    elements = match (parent, word.resolve(given)) {
                        (Some(parent), Some(name)) => parent.named(&name).collect(),
                        _ => Vec::new(),
                    };
                }
                // Names of elements are spelled as their schema has them.
                Segment::Like(_) => elements = Vec::new(),
                Segment::Pick { key, value, folds } => {
                    let value = value.resolve(given);
                    let is_value = |text: &str| {
                        value.as_ref().is_some_and(|value| text == value || (*folds && is_like(text, value)))
                    };
                    let is_it = |element: &&Self| element.named(key).any(|child| is_value(&child.text));
                    elements = elements.into_iter().find(is_it).into_iter().collect();
                }
                Segment::Each => {}
            }
        }
        Ok(Found::Siblings { has_parent, elements })
    }
}

/// The one element; two are more than one way to go on.
pub(super) fn one<'a>(elements: &[&'a Element]) -> Result<Option<&'a Element>, &'static str> {
    match elements {
        [] => Ok(None),
        [element] => Ok(Some(element)),
        _ => Err("there are several elements of one name; write `*`, or pick one by `[KEY=VALUE]`"),
    }
}

/// Reads one document.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    loop {
        let event = reader
            .read_event()
            .map_err(|_| format!("it is malformed, at byte {}", reader.error_position()))?;
        match event {
            Event::Start(tag) => {
                if open.len() > DEEPEST {
                    return Err(format!("it is nested deeper than {DEEPEST}"));
                }
                open.push(Element::named_by(tag.local_name().as_ref()));
            }
            Event::Empty(tag) => close(&mut open, Element::named_by(tag.local_name().as_ref()))?,
            Event::End(_) => {
                let Some(element) = open.pop() else { return Err(CUT.to_owned()) };
                close(&mut open, element)?;
            }
            Event::Text(part) => add(&mut open, &part.xml10_content())?,
            Event::CData(part) => add(&mut open, &part.xml10_content())?,
            Event::GeneralRef(reference) => add(&mut open, &resolve(&reference)?)?,
            Event::DocType(_) => {
                return Err("it has a document type, which may say anything of what follows".to_owned());
            }
            Event::Decl(declaration) => match declaration.encoding() {
                Some(Ok(encoding))
                    if !encoding.eq_ignore_ascii_case("utf-8")
                        && !encoding.eq_ignore_ascii_case("us-ascii") =>
                {
                    return Err("it is not in UTF-8".to_owned());
                }
                Some(Err(_)) => return Err("it is malformed, at its beginning".to_owned()),
                _ => {}
            },
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(document), true) if document.children.len() == 1 => Ok(document),
        (_, false) => Err(CUT.to_owned()),
        _ => Err("it has no one outermost element".to_owned()),
    }
}

const CUT: &str = "it is cut";

impl Element {
    /// A new element of a name without its prefix, which is the sender's choice.
    fn named_by(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

fn close(open: &mut [Element], element: Element) -> Result<(), String> {
    open.last_mut().ok_or(CUT)?.children.push(element);
    Ok(())
}

fn add(open: &mut [Element], text: &str) -> Result<(), String> {
    let is_outermost = open.len() == 1;
    let element = open.last_mut().ok_or(CUT)?;
    if is_outermost {
        return if text.trim().is_empty() {
            Ok(())
        } else {
            Err("it has text outside of its outermost element".to_owned())
        };
    }
    // What grows in place leaves a copy behind; doubling keeps the copying linear.
    let length = element.text.len() + text.len();
    if length > element.text.capacity() {
        let mut longer = Zeroizing::new(String::with_capacity(length.max(2 * element.text.capacity())));
        longer.push_str(&element.text);
        element.text = longer;
    }
    element.text.push_str(text);
    Ok(())
}

/// The text that a reference stands for: a character, or one of the five names that XML itself has.
fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) =
        reference.resolve_char_ref().map_err(|_| "it has a character reference to nothing".to_owned())?
    {
        return Ok(character.to_string());
    }
    let text = match &*reference.xml10_content() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return Err("it has an entity of its own".to_owned()),
    };
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
