//! XML whose texts may hold references.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Piece, Template};

/// Stands for a reference while the XML around it is read; no manifest may hold it.
const HOLE: char = '\u{f8ff}';

/// Checks that a template is well-formed XML, and that references stand in texts and attributes alone.
///
/// # Errors
/// What is wrong, and what to write.
pub fn check(xml: &Template) -> Result<(), (String, String)> {
    if xml.text().contains(HOLE) {
        return refuse("it holds U+F8FF, a character that means nothing", "leave that character out");
    }
    let text: String = xml
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Expression(_) => HOLE.to_string(),
        })
        .collect();
    let misplaced = || {
        refuse(
            "a reference stands elsewhere than in a text or an attribute's value",
            "move it into one of these",
        )
    };
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                roots += usize::from(depth == 0);
                depth += 1;
                element(start.name().as_ref(), start.attributes())?;
            }
            Ok(Event::Empty(start)) => {
                roots += usize::from(depth == 0);
                element(start.name().as_ref(), start.attributes())?;
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Text(part)) => {
                if depth == 0 && !part.trim().is_empty() {
                    return refuse(
                        "there is text outside of its outermost element",
                        "put it into an element",
                    );
                }
            }
            Ok(Event::GeneralRef(part)) => {
                let known = matches!(&*part, "amp" | "lt" | "gt" | "quot" | "apos") || part.is_char_ref();
                if !known {
                    return refuse("it refers to an entity of its own", "write the character itself");
                }
            }
            Ok(Event::Decl(declaration)) => {
                if declaration.contains(HOLE) {
                    return misplaced();
                }
            }
            Ok(Event::Comment(part)) => {
                if part.contains(HOLE) {
                    return misplaced();
                }
            }
            Ok(Event::CData(_) | Event::PI(_) | Event::DocType(_)) => {
                return refuse(
                    "it has a CDATA section, a processing instruction or a DOCTYPE",
                    "write plain elements",
                );
            }
            Ok(Event::Eof) => break,
            Err(error) => return refuse(&format!("it is no XML: {error}"), "write one whole element"),
        }
    }
    if roots != 1 || depth != 0 {
        return refuse("it is not one whole element", "write one whole element");
    }
    Ok(())
}

fn refuse<T>(reason: &str, mend: &str) -> Result<T, (String, String)> {
    Err((reason.to_owned(), mend.to_owned()))
}

fn element(
    name: &str,
    attributes: quick_xml::events::attributes::Attributes<'_>,
) -> Result<(), (String, String)> {
    if name.contains(HOLE) {
        return refuse("a reference stands in the name of an element", "write the name as it is");
    }
    for attribute in attributes {
        match attribute {
            Ok(attribute) if attribute.key.as_ref().contains(HOLE) => {
                return refuse("a reference stands in the name of an attribute", "write the name as it is");
            }
            Ok(_) => {}
            Err(error) => {
                return refuse(
                    &format!("an attribute cannot be read: {error}"),
                    "write it as name=\"value\"",
                );
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    fn of(xml: &str) -> Result<(), String> {
        check(&xml.parse().unwrap()).map_err(|(reason, _)| reason)
    }

    #[test]
    fn references_stand_in_texts_and_attributes() {
        assert_eq!(of("<a b=\"{p}\"><c>x{p}y{admin.k}</c><d/></a>"), Ok(()));
        assert_eq!(of("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>&amp;&#10;</a>"), Ok(()));
    }

    #[test]
    fn what_could_change_the_document_is_refused() {
        for xml in [
            "<{p}/>",
            "<a {p}=\"x\"/>",
            "<a {p}/>",
            "<a><{p}></a>",
            "<!--{p}--><a/>",
            "<a><![CDATA[{p}]]></a>",
            "<?x {p}?><a/>",
            "<!DOCTYPE a><a/>",
            "<a/>{p}",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "",
            "text",
            "<a b={p}/>",
            "<a>&x;</a>",
        ] {
            assert!(of(xml).is_err(), "{xml}");
        }
    }
}
