//! The code that a manifest becomes.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::given::{inputs, settings};
use crate::manifest::{Kind, Manifest, Output, Param, Request, Shape};
use crate::names::{camel, snake};

/// The module `requests`.
pub fn module(path: &str, manifest: &Manifest) -> Result<TokenStream, String> {
    let mut types = Types::default();
    let errors = errors(manifest, &mut types)?;
    let mut items = Vec::new();
    for request in &manifest.requests {
        items.push(function(manifest, request, &mut types)?);
    }
    let made = types.made;
    let settings = settings(&manifest.settings)?;
    let inputs = inputs(&manifest.inputs)?;
    let doc = format!("The requests that `{path}` declares, its settings and its inputs.");
    Ok(quote! {
        #[doc = #doc]
        #[allow(dead_code, unused_mut, unused_variables, clippy::all, clippy::pedantic, reason = "what a plugin needs of it differs")]
        pub mod requests {
            use ::pamrun_plugin::{Answer, FromValue, Host, Listed, Misfit, Rejection, Trouble, Value, Values};

            // What it was made of: where that changes, it is made anew.
            const _: &str = ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path));

            #errors
            #(#made)*
            #(#items)*
            #settings
            #inputs
        }
    })
}

/// The types of one module, each by its name.
#[derive(Default)]
pub struct Types {
    pub made: Vec<TokenStream>,
    shapes: HashMap<String, Option<Shape>>,
}

impl Types {
    /// Adds one, unless its name is taken.
    pub fn add(&mut self, name: &Ident, shape: Option<&Shape>, code: TokenStream) -> Result<(), String> {
        if self.shapes.insert(name.to_string(), shape.cloned()).is_some() {
            return Err(format!("two things of it would be the type `{name}`; name one of them otherwise"));
        }
        self.made.push(code);
        Ok(())
    }
}

fn errors(manifest: &Manifest, types: &mut Types) -> Result<TokenStream, String> {
    let (fields, reads) = fields(&manifest.errors)?;
    types.add(&format_ident!("Errors"), None, TokenStream::new())?;
    Ok(quote! {
        /// All that a rejection may say.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Errors { #(#fields,)* }

        impl Errors {
            /// What this rejection says. What is missing is `None`.
            #[must_use]
            pub fn of(rejection: &Rejection) -> Self {
                let mut values = rejection.errors.clone();
                Self::read(&mut values).unwrap_or_default()
            }

            fn read(values: &mut Values) -> Result<Self, Misfit> {
                Ok(Self { #(#reads,)* })
            }
        }
    })
}

/// The fields of a struct, and how each is read of `values`.
fn fields(outputs: &[Output]) -> Result<(Vec<TokenStream>, Vec<TokenStream>), String> {
    let mut seen = HashMap::new();
    let mut fields = Vec::new();
    let mut reads = Vec::new();
    for Output { name, kind, is_optional } in outputs {
        let field = snake(name);
        apart(&mut seen, &field, name)?;
        let doc = format!("`{name}`.");
        let of = match kind {
            Kind::Text => quote!(String),
            Kind::Int => quote!(i64),
            Kind::Bool => quote!(bool),
            Kind::List => quote!(Vec<String>),
        };
        if *is_optional {
            fields.push(quote!(#[doc = #doc] pub #field: Option<#of>));
            reads.push(quote!(#field: values.take(#name)?));
        } else {
            fields.push(quote!(#[doc = #doc] pub #field: #of));
            reads.push(quote!(#field: values.need(#name)?));
        }
    }
    Ok((fields, reads))
}

/// Refuses two names that are one in Rust.
pub fn apart(seen: &mut HashMap<String, String>, made: &Ident, name: &str) -> Result<(), String> {
    match seen.insert(made.to_string(), name.to_owned()) {
        Some(other) => {
            Err(format!("`{other}` and `{name}` are both `{made}` in Rust; name one of them otherwise"))
        }
        None => Ok(()),
    }
}

fn function(manifest: &Manifest, request: &Request, types: &mut Types) -> Result<TokenStream, String> {
    let name = &request.name;
    if request.params.iter().any(|(_, param)| matches!(param, Param::Answer)) {
        return Ok(TokenStream::new());
    }
    let of = output_type(manifest, request, types)?;
    let mut arguments = Vec::new();
    let mut values = Vec::new();
    for (param, kind) in &request.params {
        let argument = snake(param);
        let (given, value) = match kind {
            Param::Int => (quote!(i64), quote!(Value::Integer(#argument))),
            Param::OneOf(words) => {
                let of = camel(&format!("{name}-{param}"));
                let doc = format!("What `{param}` of `{name}` may be.");
                types.add(&of, None, choice(&of, &doc, words)?)?;
                (quote!(#of), quote!(Value::from(#argument.as_str())))
            }
            Param::Text | Param::Answer => (quote!(&str), quote!(Value::from(#argument))),
        };
        arguments.push(quote!(#argument: #given));
        values.push(quote!((#param, #value)));
    }
    let function = snake(name);
    let doc = format!("Calls `{name}`, which {}.", request.effect);
    let call = quote!(host.call(#name, &[#(#values),*])?);
    let (result, body) = match of {
        Some(of) => (quote!(#of), quote!(Ok(#of::of(#call)?))),
        None => (quote!(()), quote!({ #call; Ok(()) })),
    };
    Ok(quote! {
        #[doc = #doc]
        ///
        /// # Errors
        /// Why there is no success.
        pub fn #function(host: &dyn Host, #(#arguments),*) -> Result<#result, Trouble> {
            #body
        }
    })
}

/// The type of an answer, where there is anything in it. Those that answer under one name, and alike, have one.
fn output_type(manifest: &Manifest, request: &Request, types: &mut Types) -> Result<Option<Ident>, String> {
    let shape = &request.shape;
    if shape.outputs.is_empty() && shape.items.is_none() {
        return Ok(None);
    }
    let is_alike = |other: &Request| other.name == request.answers_as && other.shape == *shape;
    let shared = manifest.requests.iter().any(is_alike);
    let name = if shared { &request.answers_as } else { &request.name };
    let of = camel(name);
    if shared && types.shapes.get(&of.to_string()).is_some_and(|known| known.as_ref() == Some(shape)) {
        return Ok(Some(of));
    }
    let (mut fields, mut reads) = fields(&shape.outputs)?;
    if let Some(outputs) = &shape.items {
        let item = if outputs.is_empty() {
            quote!(())
        } else {
            let item = item_type(&of, outputs, types)?;
            quote!(#item)
        };
        let read = if outputs.is_empty() {
            quote!(|_| Ok(()))
        } else {
            quote!(|mut values| #item::read(&mut values))
        };
        fields.push(quote!(#[doc = "The credentials that it lists."] pub items: Vec<Listed<#item>>));
        reads.push(
            quote!(items: answer.items.into_iter().map(|item| item.typed(#read)).collect::<Result<_, _>>()?),
        );
    }
    let doc = format!("The answer to `{name}`.");
    let code = quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct #of { #(#fields,)* }

        impl #of {
            fn of(answer: Answer) -> Result<Self, Misfit> {
                let mut values = answer.outputs;
                Ok(Self { #(#reads,)* })
            }
        }
    };
    types.add(&of, Some(shape), code)?;
    Ok(Some(of))
}

fn item_type(of: &Ident, outputs: &[Output], types: &mut Types) -> Result<Ident, String> {
    let item = format_ident!("{of}Item");
    let (fields, reads) = fields(outputs)?;
    let doc = format!("What `{of}` says of each credential besides.");
    let code = quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct #item { #(#fields,)* }

        impl #item {
            fn read(values: &mut Values) -> Result<Self, Misfit> {
                Ok(Self { #(#reads,)* })
            }
        }
    };
    types.add(&item, None, code)?;
    Ok(item)
}

/// An enum of words.
pub fn choice(of: &Ident, doc: &str, words: &[String]) -> Result<TokenStream, String> {
    let mut seen = HashMap::new();
    let variants: Vec<_> = words.iter().map(|word| camel(word)).collect();
    for (variant, word) in variants.iter().zip(words) {
        apart(&mut seen, variant, word)?;
    }
    let docs = words.iter().map(|word| format!("`{word}`."));
    Ok(quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum #of { #(#[doc = #docs] #variants,)* }

        impl #of {
            /// The word that it is.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #words,)* }
            }

            /// What this word means.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                match word { #(#words => Some(Self::#variants),)* _ => None }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test reads files of its own")]
    fn every_checked_manifest_becomes_a_module() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
        let folders =
            ["tests/cases/contract", "plugins"].map(|folder| std::fs::read_dir(format!("{root}/{folder}")));
        let mut read = 0;
        for case in folders.into_iter().flat_map(Result::unwrap) {
            let file = case.unwrap().path().join("plugin.toml");
            if !file.exists() {
                continue;
            }
            let manifest = manifest::read(&std::fs::read_to_string(&file).unwrap());
            let made = manifest.and_then(|manifest| module("plugin.toml", &manifest));
            assert!(made.is_ok(), "{}: {}", file.display(), made.unwrap_err());
            read += 1;
        }
        assert!(read > 10);
    }

    #[test]
    fn what_no_types_can_be_made_of_is_said_with_its_place() {
        let whole = "[requests.a]\neffect = 'reads'\n";
        for (toml, part) in [
            ("[requests.a", "TOML parse error at line 1"),
            ("", "no request is declared"),
            ("[requests]\na = 1", "requests.a: this is a table"),
            ("[requests.a]", "requests.a.effect is missing"),
            (&format!("{whole}params = {{ p = 'ints' }}"), "requests.a.params.p: `ints` is no kind"),
            (
                &format!("{whole}outputs = {{ p = {{ type = 'number' }} }}"),
                "requests.a.outputs.p: its type is none of",
            ),
            (&format!("{whole}outputs = {{ a-b = '/a', a_b = '/b' }}"), "are both `a_b` in Rust"),
            (&format!("{whole}lists = {{}}\noutputs = {{ items = '/a' }}"), "requests.a.outputs.items: "),
            (
                &format!(
                    "{whole}outputs = {{ a = '/a' }}\n[requests.A]\neffect = 'reads'\noutputs = {{ b = '/b' }}"
                ),
                "would be the type `A`",
            ),
            (
                &format!(
                    "{whole}errors = {{ code = '/a' }}\n[common.b]\nerrors = {{ code = {{ at = '/a', type = 'int' }} }}"
                ),
                "error `code` has another type",
            ),
            (&format!("{whole}[settings.s]\ntype = 'enum'"), "settings.s.choices: this is a list of words"),
            (&format!("{whole}[settings.s]\ntype = 'duration'\ndefault = '5 min'"), "settings.s.default: "),
        ] {
            let made = manifest::read(toml).and_then(|manifest| module("plugin.toml", &manifest));
            let error = made.err().unwrap_or_default();
            assert!(error.contains(part), "{toml}: {error}");
        }
    }
}
