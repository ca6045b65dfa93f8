//! `docs/interface.md` is written from the files in `wit/`, so that it cannot say anything else.

use std::fmt::Write;

use wit_parser::{Docs, Function, Interface, Resolve, Type, TypeDef, TypeDefKind};

use crate::wasm::componentize::{PACKAGE, world};

const INTRODUCTION: &str = "\
# The plugin interface, item by item

A plugin is a WebAssembly component that exports the interface `rotation` of the package
`pamrun:plugin@1.0.0`, with its [manifest](manifest.md) packed into it. This page is written from the files in
[wit/v1](../wit/v1/rotation.wit) by a test, comments included. What the host does between the calls is in
[steps.md](steps.md).

An SDK hides all of it; you need this page to write one, to use a language that has none, or to know
exactly what a step is given and may return. Names are written in kebab-case here; each language
spells them in its own way. All of it is plain data, so that any language can do it: no resources, no streams, no
callbacks. No secret is in any of it.
";

/// The interfaces, in the order in which somebody reads them.
const INTERFACES: [&str; 4] = ["rotation", "http", "model", "log"];

#[test]
#[expect(clippy::disallowed_methods, reason = "the kept page is compared, or written anew")]
fn the_kept_page_is_what_the_interface_files_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/interface.md");
    let current = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == current, "run the tests once with UPDATE_DOCS=1, and commit {path}");
}

fn page() -> String {
    let (resolve, world) = world(&PACKAGE).unwrap();
    let page = Page { resolve: &resolve };
    let mut text = INTRODUCTION.to_owned();
    for name in INTERFACES {
        let (_, interface) =
            resolve.interfaces.iter().find(|(_, it)| it.name.as_deref() == Some(name)).unwrap();
        text += &page.interface(name, interface);
    }
    let world = &resolve.worlds[world];
    write!(text, "\n## The world `{}`\n\n{}\n\nIt imports:\n\n", world.name, paragraphs(&world.docs))
        .unwrap();
    for key in world.imports.keys() {
        writeln!(text, "- `{}`", resolve.name_world_key(key)).unwrap();
    }
    text
}

struct Page<'a> {
    resolve: &'a Resolve,
}

impl Page<'_> {
    fn interface(&self, name: &str, interface: &Interface) -> String {
        let mut text = format!("\n## `{name}`\n\n{}\n", paragraphs(&interface.docs));
        for function in interface.functions.values() {
            text += &self.function(function);
        }
        for (name, id) in &interface.types {
            let definition = &self.resolve.types[*id];
            // What `use` brings in stands where it comes from.
            let is_used = matches!(definition.kind, TypeDefKind::Type(Type::Id(_)));
            if !is_used {
                text += &self.definition(name, definition);
            }
        }
        text
    }

    fn function(&self, function: &Function) -> String {
        let parameters: Vec<_> = function
            .params
            .iter()
            .map(|parameter| format!("{}: {}", parameter.name, self.name(&parameter.ty)))
            .collect();
        let result = function.result.as_ref().map_or_else(String::new, |ty| format!(" -> {}", self.name(ty)));
        format!(
            "\n### `{}`\n\n    {}({}){result}\n\n{}\n",
            function.name,
            function.name,
            parameters.join(", "),
            paragraphs(&function.docs)
        )
    }

    fn definition(&self, name: &str, definition: &TypeDef) -> String {
        let (kind, table) = match &definition.kind {
            TypeDefKind::Record(record) => {
                let rows = record.fields.iter().map(|it| (&it.name, Some(&it.ty), &it.docs));
                ("record", self.table("Field", rows))
            }
            TypeDefKind::Variant(variant) => {
                let rows = variant.cases.iter().map(|it| (&it.name, it.ty.as_ref(), &it.docs));
                ("variant", self.table("Case", rows))
            }
            TypeDefKind::Enum(cases) => {
                let rows = cases.cases.iter().map(|it| (&it.name, None, &it.docs));
                ("enum", self.table("Case", rows))
            }
            other => panic!("the page has no form for a {}", other.as_str()),
        };
        format!("\n### `{name}` ({kind})\n\n{}\n\n{table}", paragraphs(&definition.docs))
    }

    fn table<'a>(
        &self,
        first: &str,
        rows: impl Iterator<Item = (&'a String, Option<&'a Type>, &'a Docs)>,
    ) -> String {
        let rows: Vec<_> = rows.collect();
        let is_typed = rows.iter().any(|(_, ty, _)| ty.is_some());
        let mut table = if is_typed {
            format!("| {first} | Type | Meaning |\n|---|---|---|\n")
        } else {
            format!("| {first} | Meaning |\n|---|---|\n")
        };
        for (name, ty, docs) in rows {
            let ty = match ty {
                _ if !is_typed => String::new(),
                Some(ty) => format!(" `{}` |", self.name(ty)),
                None => " |".to_owned(),
            };
            writeln!(table, "| `{name}` |{ty} {} |", paragraphs(docs).replace('\n', " ").replace('|', "\\|"))
                .unwrap();
        }
        table
    }

    fn name(&self, ty: &Type) -> String {
        let Type::Id(id) = ty else {
            return match ty {
                Type::Bool => "bool",
                Type::U16 => "u16",
                Type::U32 => "u32",
                Type::S64 => "s64",
                Type::String => "string",
                other => panic!("the page has no name for {other:?}"),
            }
            .to_owned();
        };
        let definition = &self.resolve.types[*id];
        if let Some(name) = &definition.name {
            return name.clone();
        }
        match &definition.kind {
            TypeDefKind::List(of) => format!("list<{}>", self.name(of)),
            TypeDefKind::Option(of) => format!("option<{}>", self.name(of)),
            TypeDefKind::Result(result) => {
                let part = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), |ty| self.name(ty));
                format!("result<{}, {}>", part(&result.ok), part(&result.err))
            }
            other => panic!("the page has no name for a {}", other.as_str()),
        }
    }
}

fn paragraphs(docs: &Docs) -> &str {
    docs.contents.as_deref().unwrap_or_default().trim()
}
