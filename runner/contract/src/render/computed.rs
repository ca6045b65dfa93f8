//! Computes what `[compute.NAME]` says.

use super::authority;
use super::body::Parts;
use super::failure::Unrendered;
use super::fill::{Filled, Filler};
use crate::compute::{Compute, Resolve};
use crate::manifest::Json;
use crate::template::Template;
use crate::value::Value;

impl Filler<'_> {
    /// The value of a computation, which is made once for a request.
    pub(super) fn compute(
        &mut self,
        name: &str,
        compute: &Compute<Template, Json>,
    ) -> Result<Filled, Unrendered> {
        if let Some(made) = self.computed.get(name) {
            return Ok(made.clone());
        }
        if self.computing.iter().any(|open| open == name) {
            return Err(Unrendered::Computed(format!("`{name}` is computed of itself")));
        }
        self.computing.push(name.to_owned());
        // What a token or a certificate is signed with does not stand in it.
        let hides_texts = matches!(compute, Compute::Jwt(_) | Compute::Certificate(_));
        let mut parts = Resolver { filler: self, has_names: false, hides_texts };
        let resolved = compute.resolve(&mut parts);
        let has_names = parts.has_names;
        self.computing.pop();
        let made = match resolved {
            Err(Stop::Missing) => Filled::Missing,
            Err(Stop::Failed(failure)) => return Err(failure),
            Ok(_) if has_names => Filled::Name(format!("{{{name}}}")),
            Ok(computation) => {
                let value = computation
                    .run(self.now, self.random)
                    .map_err(|error| Unrendered::Computed(format!("`{name}`: {error}")))?;
                Filled::Value(value)
            }
        };
        self.computed.insert(name.to_owned(), made.clone());
        Ok(made)
    }
}

/// Why a computation has no values.
enum Stop {
    /// One is missing.
    Missing,
    /// One cannot be had.
    Failed(Unrendered),
}

struct Resolver<'f, 'a> {
    filler: &'f mut Filler<'a>,
    has_names: bool,
    hides_texts: bool,
}

impl Resolver<'_, '_> {
    fn tree(&mut self, json: &Json, is_claim: bool) -> Result<Option<Value>, Stop> {
        let mut parts = Parts::default();
        let tree = parts.tree(self.filler, json, is_claim).map_err(Stop::Failed)?;
        self.has_names |= parts.has_names;
        Ok(tree.map(|tree| Value::json(tree).with_secrecy(parts.is_secret)))
    }
}

impl Resolve<Template, Json> for Resolver<'_, '_> {
    type Error = Stop;

    fn text(&mut self, text: &Template) -> Result<Value, Stop> {
        let refuses = self.filler.refuses_secret_inputs;
        self.filler.refuses_secret_inputs &= !self.hides_texts;
        let value = authority::value(self.filler, text, &mut self.has_names);
        self.filler.refuses_secret_inputs = refuses;
        value.map_err(Stop::Failed)?.ok_or(Stop::Missing)
    }

    fn json(&mut self, json: &Json) -> Result<Option<Value>, Stop> {
        self.tree(json, false)
    }

    fn claim(&mut self, json: &Json) -> Result<Option<Value>, Stop> {
        self.tree(json, true)
    }
}
