//! What a step is given: the code that settings and inputs become.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use toml::Value;

use crate::generate::{Types, apart, choice};
use crate::manifest::{Group, Setting, SettingKind};
use crate::names::{camel, snake};

/// The module `settings`.
pub fn settings(settings: &[Setting]) -> Result<TokenStream, String> {
    let mut types = Types::default();
    types.add(&format_ident!("Settings"), None, TokenStream::new())?;
    let mut seen = HashMap::new();
    let (mut fields, mut reads, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
    for Setting { name, kind, is_optional, default } in settings {
        let field = snake(name);
        apart(&mut seen, &field, name)?;
        let doc = format!("`{name}`.");
        let (of, read) = match kind {
            SettingKind::Text => (quote!(String), quote!(take::<String>(&mut values, #name)?)),
            SettingKind::Int => (quote!(i64), quote!(take::<i64>(&mut values, #name)?)),
            SettingKind::Bool => (quote!(bool), quote!(take::<bool>(&mut values, #name)?)),
            SettingKind::Duration => (quote!(Duration), quote!(take::<Duration>(&mut values, #name)?)),
            SettingKind::Enum(words) => {
                let of = camel(name);
                types.add(&of, None, choice(&of, &format!("What `{name}` may be."), words)?)?;
                let read = quote! {
                    take::<String>(&mut values, #name)?
                        .map(|word| #of::of(&word).ok_or_else(|| unfit(#name, &word)))
                        .transpose()?
                };
                (quote!(#of), read)
            }
            SettingKind::Secret => {
                let doc = format!("Whether `{name}` has a value, which the host keeps.");
                fields.push(quote!(#[doc = #doc] pub #field: bool));
                reads.push(quote!(#field: values.get(#name).is_some()));
                continue;
            }
        };
        if let Some(default) = default {
            let value = default_value(name, kind, default)?;
            defaults.push(quote!((#name, #value)));
        }
        if *is_optional {
            fields.push(quote!(#[doc = #doc] pub #field: Option<#of>));
            reads.push(quote!(#field: #read));
        } else {
            fields.push(quote!(#[doc = #doc] pub #field: #of));
            reads.push(quote!(#field: { let value = #read; value.ok_or_else(|| missing(#name))? }));
        }
    }
    let made = types.made;
    Ok(quote! {
        /// The settings of the manifest.
        pub mod settings {
            use ::core::time::Duration;

            use ::pamrun_plugin::{Failure, FromValue, Request, Value, Values};

            /// The settings.
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct Settings { #(#fields,)* }

            impl Settings {
                /// The settings of this rotation.
                ///
                /// # Errors
                /// `setting-missing` and `setting-unfit`, where a host gives others than the manifest says.
                pub fn of(request: &Request) -> Result<Self, Failure> {
                    let mut values = request.settings.clone();
                    Ok(Self { #(#reads,)* })
                }
            }

            fn take<T: FromValue>(values: &mut Values, name: &str) -> Result<Option<T>, Failure> {
                values.take(name).map_err(|misfit| Failure::invalid("setting-unfit", format!("the setting {}", misfit.0)))
            }

            fn unfit(name: &str, word: &str) -> Failure {
                Failure::invalid("setting-unfit", format!("the setting `{name}` is `{word}`, which is none of its words"))
            }

            fn missing(name: &str) -> Failure {
                Failure::invalid("setting-missing", format!("the setting `{name}` has no value"))
            }

            /// The settings as they are where nobody sets any, for tests.
            #[cfg(not(target_family = "wasm"))]
            #[must_use]
            pub fn defaults() -> Values {
                let defaults: Vec<(&str, Value)> = vec![#(#defaults),*];
                defaults.into_iter().collect()
            }

            #(#made)*
        }
    })
}

fn default_value(name: &str, kind: &SettingKind, default: &Value) -> Result<TokenStream, String> {
    let unfit = || format!("settings.{name}.default: this is no value of its type");
    Ok(match (kind, default) {
        (SettingKind::Text | SettingKind::Enum(_), Value::String(text)) => quote!(Value::from(#text)),
        (SettingKind::Int, Value::Integer(number)) => quote!(Value::Integer(#number)),
        (SettingKind::Bool, Value::Boolean(flag)) => quote!(Value::Flag(#flag)),
        (SettingKind::Duration, Value::String(text)) => {
            let millis = millis(text).ok_or_else(unfit)?;
            quote!(Value::Duration(Duration::from_millis(#millis)))
        }
        _ => return Err(unfit()),
    })
}

fn millis(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// The module `inputs`.
pub fn inputs(groups: &[Group]) -> Result<TokenStream, String> {
    let mut types = Types::default();
    for Group { name, keys } in groups {
        let of = camel(name);
        let mut seen = HashMap::new();
        let (mut fields, mut reads) = (Vec::new(), Vec::new());
        for key in keys.iter().map(String::as_str).chain(["record", "role"]) {
            let field = snake(key);
            apart(&mut seen, &field, key)?;
            let (path, doc) = (format!("{name}.{key}"), format!("`{name}.{key}`."));
            fields.push(quote!(#[doc = #doc] pub #field: Option<&'a str>));
            reads.push(quote!(#field: request.input(#path)));
        }
        let doc = format!("The inputs of `{name}`, as far as a plugin sees them.");
        let code = quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct #of<'a> { #(#fields,)* }

            impl<'a> #of<'a> {
                /// The inputs of this rotation.
                #[must_use]
                pub fn of(request: &'a Request) -> Self {
                    Self { #(#reads,)* }
                }
            }
        };
        types.add(&of, None, code)?;
    }
    let made = types.made;
    Ok(quote! {
        /// What is read of the records, by group.
        pub mod inputs {
            use ::pamrun_plugin::Request;

            #(#made)*
        }
    })
}
