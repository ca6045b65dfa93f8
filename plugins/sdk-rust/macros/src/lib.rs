//! Makes typed functions of the requests that a plugin's manifest declares.

mod generate;
mod given;
mod manifest;
mod names;

use std::path::Path;

use proc_macro::TokenStream;
use quote::quote_spanned;
use syn::LitStr;

/// Makes a module `requests` of a manifest, whose path is relative to the crate's Cargo.toml.
///
/// It has, with kebab-case written in snake case:
/// - a function for each request, with its parameters in the order of the manifest (`credential` and `time` are
///   `&str`, `int` is `i64`, `one_of` an enum `REQUESTPARAM`), which gives a struct of its name with a field for
///   each output, with `id` where the request creates, and with `items` where it has `lists`;
/// - `Errors`, whose fields are all that rejections may say: `requests::Errors::of(&rejection)`;
/// - `settings`, with `Settings::of(&request)`, an enum for each setting of type `enum`, and `defaults()` for tests;
/// - `inputs`, with a struct for each group: `inputs::Admin::of(&request)`. What the manifest calls secret is left
///   out; what the vault calls secret is `None`.
///
/// `id`, `text` and `time` are `String`, `int` and `count` are `i64`, `bool` is `bool`, `list` is `Vec<String>`,
/// and what is optional an `Option` of it. A request whose parameters the host alone fills in has no function.
///
/// This reads no more of the manifest than it needs; `pamrun plugin check` checks the whole.
#[proc_macro]
pub fn requests(input: TokenStream) -> TokenStream {
    let path = syn::parse_macro_input!(input as LitStr);
    let made = source(&path.value())
        .and_then(|source| manifest::read(&source).map_err(|error| format!("{}: {error}", path.value())))
        .and_then(|manifest| {
            generate::module(&path.value(), &manifest).map_err(|error| format!("{}: {error}", path.value()))
        });
    match made {
        Ok(tokens) => tokens.into(),
        Err(message) => quote_spanned!(path.span() => ::core::compile_error!(#message);).into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a macro reads the manifest of the crate that it is in")]
fn source(path: &str) -> Result<String, String> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo does not say where Cargo.toml is")?;
    let file = Path::new(&folder).join(path);
    std::fs::read_to_string(&file)
        .map_err(|error| format!("{path} cannot be read beside Cargo.toml: {error}"))
}
