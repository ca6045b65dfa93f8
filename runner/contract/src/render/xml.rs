//! Writes values into XML.

use std::borrow::Cow;

use zeroize::Zeroizing;

/// Escapes a value for the text of an element or an attribute; the error says what of it must not be.
pub(super) fn escape(value: &str) -> Result<Zeroizing<String>, &'static str> {
    let mut escaped = Zeroizing::new(String::with_capacity(value.len() + 16));
    for c in value.chars() {
        // Line ends and tabs as they are would be changed by whoever reads them.
        let written: Cow<'static, str> = match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            '\'' => "&apos;".into(),
            '\t' => "&#9;".into(),
            '\n' => "&#10;".into(),
            '\r' => "&#13;".into(),
            '\u{85}' => "&#133;".into(),
            '\u{2028}' => "&#8232;".into(),
            c if c.is_ascii_control() && c != '\u{7f}' => {
                return Err("it has control characters that XML has not");
            }
            '\u{fffe}' | '\u{ffff}' => return Err("it has characters that XML has not"),
            c => {
                escaped.push(c);
                continue;
            }
        };
        escaped.push_str(&written);
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::any_text::any_text;
    use quick_xml::events::Event;

    use super::escape;

    proptest! {
        #[test]
        fn another_parser_reads_the_same_text(value in any_text()) {
            if let Ok(escaped) = escape(&value) {
                let xml = format!("<a b=\"{}\">{}</a>", *escaped, *escaped);
                let mut reader = quick_xml::Reader::from_str(&xml);
                let mut text = String::new();
                let mut events = 0;
                loop {
                    match reader.read_event().unwrap() {
                        Event::Start(start) => {
                            let attribute = start.attributes().next().unwrap().unwrap();
                            let read = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                            prop_assert_eq!(read.as_ref(), value.as_str());
                            events += 1;
                        }
                        Event::Text(part) => text.push_str(&part),
                        Event::GeneralRef(part) => match part.resolve_char_ref().unwrap() {
                            Some(c) => text.push(c),
                            None => text.push_str(quick_xml::escape::resolve_predefined_entity(&part).unwrap()),
                        },
                        Event::End(_) => events += 1,
                        Event::Eof => break,
                        other => panic!("{other:?}"),
                    }
                }
                prop_assert_eq!((text, events), (value, 2));
            }
        }
    }
}
