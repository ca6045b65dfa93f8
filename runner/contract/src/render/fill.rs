//! Puts values into templates.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::failure::Unrendered;
use super::{Known, Values, valid};
use crate::filter;
use crate::manifest::{Manifest, Named, Parameter};
use crate::random::Random;
use crate::template::meaning::{Meaning, Part, Secrecy};
use crate::template::{Expression, Piece, Reference, Template};
use crate::value::Value;

/// What a reference became.
#[derive(Debug, Clone)]
pub(super) enum Filled {
    /// Its value.
    Value(Value),
    /// Nothing: an optional value is missing.
    Missing,
    /// Its name: the value is not known.
    Name(String),
}

/// A text that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: Zeroizing<String>,
    /// Whether a secret stands in it.
    pub(super) is_secret: bool,
    /// Whether the name of an unknown value stands in it.
    pub(super) has_names: bool,
}

impl Written {
    pub(super) fn empty() -> Self {
        Self { text: Zeroizing::new(String::new()), is_secret: false, has_names: false }
    }

    /// The same behind a word.
    pub(super) fn behind(self, word: &str) -> Self {
        Self { text: Zeroizing::new(format!("{word}{}", *self.text)), ..self }
    }
}

/// Everything that values come from, for one request.
pub(super) struct Filler<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) params: &'a Named<Parameter>,
    pub(super) now: Timestamp,
    pub(super) random: &'a mut dyn Random,
    pub(super) computing: Vec<String>,
    pub(super) computed: HashMap<String, Filled>,
    /// Whether a secret of an input must not be written just now.
    pub(super) refuses_secret_inputs: bool,
    /// Whether a secret of the operator's was written: of a record, a setting or an answer.
    pub(super) is_authorized: bool,
    /// Whether anything was written as a name.
    pub(super) has_names: bool,
    values: &'a dyn Values,
    once: Option<String>,
    sent: Vec<Zeroizing<String>>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(
        manifest: &'a Manifest,
        params: &'a Named<Parameter>,
        values: &'a dyn Values,
        now: Timestamp,
        random: &'a mut dyn Random,
    ) -> Self {
        Self {
            manifest,
            params,
            now,
            random,
            computing: Vec::new(),
            computed: HashMap::new(),
            refuses_secret_inputs: false,
            is_authorized: false,
            has_names: false,
            values,
            once: None,
            sent: Vec::new(),
        }
    }

    /// What a reference means.
    pub(super) fn meaning<'e>(&self, expression: &'e Expression) -> Result<Meaning<'e>, Unrendered>
    where
        'a: 'e,
    {
        let manifest: &'e Manifest = self.manifest;
        manifest
            .meaning(&expression.reference, self.params)
            .map_err(|(reason, mend)| Unrendered::Parameter(format!("{expression}: {reason}; {mend}")))
    }

    /// The value of a reference, after its filters.
    pub(super) fn fill(&mut self, expression: &Expression) -> Result<Filled, Unrendered> {
        let meaning = self.meaning(expression)?;
        let known = match (&expression.reference, &meaning) {
            (Reference::Now(seconds), _) => Known::Value(Value::text(self.time(*seconds)?)),
            (Reference::Random, _) => Known::Value(Value::text(self.random_text())),
            (Reference::Bare(name), Meaning::Compute(compute)) => match self.compute(name, compute)? {
                Filled::Value(value) => Known::Value(value),
                Filled::Missing => Known::Missing,
                Filled::Name(_) => Known::Unknown,
            },
            _ => self.values.value(&expression.reference),
        };
        let value = match known {
            Known::Value(value) => value,
            Known::Unknown => {
                self.has_names = true;
                return Ok(Filled::Name(expression.to_string()));
            }
            Known::Missing if meaning.is_filled_in() => {
                return Err(Unrendered::Parameter(format!(
                    "the parameter {expression} is not given; give it a value"
                )));
            }
            Known::Missing => return Ok(Filled::Missing),
        };
        let value = valid::typed(&meaning, value);
        valid::check(&meaning, &value)
            .map_err(|reason| Unrendered::value("a request", expression, reason))?;
        // What the manifest calls secret is, whatever the vault says.
        let bare = Expression::bare(expression.reference.clone());
        let declared = self.manifest.secrecy(&bare, self.params) == Secrecy::Secret;
        let value = if declared { value.secret() } else { value };
        let is_operators = matches!(
            meaning,
            Meaning::Input { .. }
                | Meaning::Setting { .. }
                | Meaning::New(_)
                | Meaning::Answer { part: Part::Secret(_), .. }
        );
        self.is_authorized |= is_operators && value.is_secret();
        let filtered = filter::apply_all(&expression.filters, value)
            .map_err(|error| Unrendered::Filter(format!("{expression}: {error}")))?;
        let is_input = matches!(meaning, Meaning::Input { .. });
        if self.refuses_secret_inputs && is_input && filtered.as_ref().is_some_and(Value::is_secret) {
            let reason = "it is a secret of a record, and this effect carries none in its body";
            return Err(Unrendered::value("the body", expression, reason));
        }
        Ok(filtered.map_or(Filled::Missing, Filled::Value))
    }

    /// A time, RFC 3339, as many seconds from now.
    fn time(&self, seconds: i64) -> Result<String, Unrendered> {
        let whole = Timestamp::from_second(self.now.as_second());
        whole
            .and_then(|now| now.checked_add(SignedDuration::from_secs(seconds)))
            .map(|time| time.to_string())
            .map_err(|_| {
                Unrendered::Computed("the time is beyond all calendars; correct the clock".to_owned())
            })
    }

    /// The random text of this request.
    fn random_text(&mut self) -> String {
        if let Some(text) = &self.once {
            return text.clone();
        }
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        let text = uuid_of(bytes);
        self.once = Some(text.clone());
        text
    }

    /// Notes a form in which a secret is sent.
    pub(super) fn note_sent(&mut self, form: &str) {
        if !form.is_empty() && !self.sent.iter().any(|sent| sent.as_str() == form) {
            self.sent.push(Zeroizing::new(form.to_owned()));
        }
    }

    /// All forms in which secrets are sent.
    pub(super) fn into_sent(self) -> Vec<Zeroizing<String>> {
        self.sent
    }

    /// Writes a template: what is literal with `literal`, and each value with `encode`; none where a value is
    /// missing. Names of unknown values stay readable.
    pub(super) fn text_with(
        &mut self,
        place: &str,
        template: &Template,
        literal: impl Fn(&str) -> String,
        mut encode: impl FnMut(Meaning<'_>, &Value, &str) -> Result<Zeroizing<String>, String>,
    ) -> Result<Option<Written>, Unrendered> {
        let mut written = Written::empty();
        for piece in template.pieces() {
            let expression = match piece {
                Piece::Literal(text) => {
                    written.text.push_str(&literal(text));
                    continue;
                }
                Piece::Expression(expression) => expression,
            };
            match self.fill(expression)? {
                Filled::Missing => return Ok(None),
                Filled::Name(name) => {
                    written.has_names = true;
                    written.text.push_str(&name);
                }
                Filled::Value(value) => {
                    let text =
                        value.to_text().map_err(|error| Unrendered::not_text(place, expression, error))?;
                    let meaning = self.meaning(expression)?;
                    let encoded = encode(meaning, &value, &text)
                        .map_err(|reason| Unrendered::value(place, expression, reason))?;
                    if value.is_secret() {
                        written.is_secret = true;
                        self.note_sent(&text);
                        self.note_sent(&encoded);
                    }
                    written.text.push_str(&encoded);
                }
            }
        }
        Ok(Some(written))
    }

    /// Writes a template with its values as they are; none where one is missing.
    pub(super) fn text(&mut self, place: &str, template: &Template) -> Result<Option<Written>, Unrendered> {
        self.text_with(place, template, str::to_owned, |_, _, text| Ok(Zeroizing::new(text.to_owned())))
    }

    /// The same, with nothing in the place of what is missing.
    pub(super) fn text_or_empty(&mut self, place: &str, template: &Template) -> Result<Written, Unrendered> {
        let mut whole = Written::empty();
        for piece in template.pieces() {
            match piece {
                Piece::Literal(text) => whole.text.push_str(text),
                Piece::Expression(expression) => match self.fill(expression)? {
                    Filled::Missing => {}
                    Filled::Name(name) => {
                        whole.has_names = true;
                        whole.text.push_str(&name);
                    }
                    Filled::Value(value) => {
                        let text = value
                            .to_text()
                            .map_err(|error| Unrendered::not_text(place, expression, error))?;
                        whole.is_secret |= value.is_secret();
                        whole.text.push_str(&text);
                    }
                },
            }
        }
        Ok(whole)
    }
}

/// Sixteen random bytes as a UUID of version 4.
fn uuid_of(mut bytes: [u8; 16]) -> String {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend(
            [byte >> 4, byte & 0xf].map(|half| char::from_digit(half.into(), 16).unwrap_or_default()),
        );
    }
    text
}
