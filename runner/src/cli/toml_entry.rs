//! The entries of a TOML document, each with its line, and checked for its type when asked.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{CliError, Origin, Sourced};
use crate::text::single_quoted;

/// A document that entries point into.
pub(super) struct Document<'a> {
    file: Arc<Path>,
    text: &'a str,
}

/// A key with its value.
pub(super) struct Entry<'a> {
    document: &'a Document<'a>,
    /// The key itself.
    pub key: &'a str,
    /// The key with the tables that it stands in.
    pub path: String,
    line: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Document<'a> {
    pub fn new(file: &Path, text: &'a str) -> Self {
        Self { file: file.into(), text }
    }

    /// Parses the text. The parser's messages say what it expected, and quote nothing.
    pub fn parse(&self) -> Result<Spanned<DeTable<'a>>, CliError> {
        DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            CliError::ConfigSyntax {
                path: self.file.to_path_buf(),
                mend: single_quoted(self.text, span.start),
                line: self.line(span),
                problem: error.message().to_owned(),
            }
        })
    }

    /// Lists the entries of a table in the order of the file.
    pub fn entries(&'a self, table: &'a DeTable<'a>, prefix: &str) -> Vec<Entry<'a>> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value): (&Spanned<DeString<'_>>, _)| Entry {
                document: self,
                key: key.get_ref(),
                path: format!("{prefix}{}", key.get_ref()),
                line: self.line(key.span()),
                value: value.get_ref(),
            })
            .collect()
    }

    fn line(&self, span: Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }
}

impl<'a> Entry<'a> {
    /// A string.
    pub fn text(&self) -> Result<Sourced<String>, CliError> {
        let text = self.value.as_str().ok_or_else(|| self.expected("a string"))?;
        Ok(self.sourced(text.to_owned()))
    }

    /// A string, a number, or true or false, as text.
    pub fn scalar(&self) -> Result<Sourced<String>, CliError> {
        let text = match self.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            _ => return Err(self.expected("a string, a number, or true or false")),
        };
        Ok(self.sourced(text))
    }

    /// True or false, as text.
    pub fn flag(&self) -> Result<Sourced<String>, CliError> {
        let flag = self.value.as_bool().ok_or_else(|| self.expected("true or false"))?;
        Ok(self.sourced(flag.to_string()))
    }

    /// A list of strings.
    pub fn texts(&self) -> Result<Vec<Sourced<String>>, CliError> {
        let wrong = || self.expected("a list of strings");
        let list = self.value.as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|item| Ok(self.sourced(item.get_ref().as_str().ok_or_else(wrong)?.to_owned())))
            .collect()
    }

    /// A table, as its entries.
    pub fn table(&self) -> Result<Vec<Entry<'a>>, CliError> {
        let table = self.value.as_table().ok_or_else(|| self.expected("a table"))?;
        Ok(self.document.entries(table, &format!("{}.", self.path)))
    }

    /// An array of tables, each as its entries.
    pub fn tables(&self) -> Result<Vec<Vec<Entry<'a>>>, CliError> {
        let wrong = || self.expected(&format!("tables that begin with [[{}]]", self.path));
        let list = self.value.as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|item| {
                let table = item.get_ref().as_table().ok_or_else(wrong)?;
                Ok(self.document.entries(table, &format!("{}.", self.path)))
            })
            .collect()
    }

    /// Says what is wrong with the value.
    pub fn wrong(&self, problem: impl Into<String>) -> CliError {
        self.sourced(()).wrong(problem)
    }

    /// Says that the key is none of those known here, and which of them was probably meant.
    pub fn unknown(&self, known: &[&'static str]) -> CliError {
        let likeness = |known: &str| strsim::jaro_winkler(self.key, known);
        let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        CliError::UnknownKey {
            origin: self.sourced(()).origin,
            nearest: nearest.filter(|known| likeness(known) > 0.7).map(|known| (*known).to_owned()),
            known: known.to_vec(),
        }
    }

    fn expected(&self, what: &str) -> CliError {
        let article = if matches!(self.value, DeValue::Integer(_) | DeValue::Array(_)) { "an" } else { "a" };
        self.wrong(format!("expected {what}, found {article} {}", self.value.type_str()))
    }

    fn sourced<T>(&self, value: T) -> Sourced<T> {
        let (file, line, key) = (Arc::clone(&self.document.file), self.line, self.path.clone());
        Sourced { value, origin: Origin::Key { file, line, key } }
    }
}
