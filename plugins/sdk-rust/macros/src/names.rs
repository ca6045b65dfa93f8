//! Names of a manifest as names of Rust.

use proc_macro2::{Ident, Span};

/// Words that mean something in Rust, but for those that cannot be written raw.
const KEYWORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "raw",
];

/// The name of a function, a field or a parameter.
pub fn snake(name: &str) -> Ident {
    let mut text = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && was_lower {
            text.push('_');
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if c.is_alphanumeric() {
            text.extend(c.to_lowercase());
        } else {
            text.push('_');
        }
    }
    match text.as_str() {
        "" | "_" | "self" | "super" | "crate" => Ident::new(&format!("{text}_"), Span::call_site()),
        word if KEYWORDS.contains(&word) => Ident::new_raw(word, Span::call_site()),
        word if word.starts_with(|c: char| c.is_ascii_digit()) => {
            Ident::new(&format!("_{word}"), Span::call_site())
        }
        word => Ident::new(word, Span::call_site()),
    }
}

/// The name of a type or a variant.
pub fn camel(name: &str) -> Ident {
    let mut text = String::new();
    let mut is_first = true;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            is_first = true;
        } else if is_first {
            text.extend(c.to_uppercase());
            is_first = false;
        } else {
            text.push(c);
        }
    }
    if text.is_empty() || text == "Self" || text.starts_with(|c: char| c.is_ascii_digit()) {
        text.insert(0, '_');
    }
    if text == "_" {
        text.push('0');
    }
    Ident::new(&text, Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_manifest_become_names_of_rust() {
        for (name, function, kind) in [
            ("add-password", "add_password", "AddPassword"),
            ("app_id", "app_id", "AppId"),
            ("type", "r#type", "Type"),
            ("self", "self_", "_Self"),
            ("appId", "app_id", "AppId"),
            ("RSA-2048", "rsa_2048", "RSA2048"),
            ("2048", "_2048", "_2048"),
            ("_", "__", "_0"),
            ("", "_", "_0"),
        ] {
            assert_eq!(
                (snake(name).to_string().as_str(), camel(name).to_string().as_str()),
                (function, kind)
            );
        }
    }
}
