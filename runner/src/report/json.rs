//! The documents for programs; the files `runner/*.schema.json` describe them.

use serde::Serialize;

use crate::text::escape_json;

/// Renders a document as JSON: on one line for programs, indented for people who watch, and for both
/// with nothing in it that acts on a terminal.
///
/// # Errors
/// None that is known: all of a document has a form in JSON.
pub fn render_json(document: &impl Serialize, indented: bool) -> serde_json::Result<String> {
    let json =
        if indented { serde_json::to_string_pretty(document)? } else { serde_json::to_string(document)? };
    Ok(escape_json(&json).into_owned())
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde_json::Value;

    use super::super::document::tests::rotated;
    use super::super::{Check, Diagnosis, Document, InspectionDocument, Recovery};
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the kept file is compared, or written anew")]
    fn expect_kept<T: JsonSchema>(name: &str) {
        let path = format!("{}/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let schema = generator.into_root_schema_for::<T>();
        let current = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == current, "run the tests once with UPDATE_SCHEMA=1, and commit {path}");
    }

    #[test]
    fn the_kept_schemas_are_those_of_the_types() {
        expect_kept::<Document>("outcome");
        expect_kept::<Recovery>("recovery");
        expect_kept::<Check>("check");
        expect_kept::<Diagnosis>("diagnosis");
        expect_kept::<InspectionDocument>("inspection");
    }

    #[test]
    fn for_programs_it_is_one_line_and_for_people_the_same_in_many() {
        let document = rotated();
        let (line, lines) = (render_json(&document, false).unwrap(), render_json(&document, true).unwrap());
        assert_eq!(line.lines().count(), 1);
        assert!(lines.lines().count() > 10);
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(parse(&line), parse(&lines));
    }
}
