//! The manifest in a packed plugin: a custom section of its file, which is read without looking at the rest.

use pamrun_contract::manifest::{Manifest, read_packed};
use pamrun_contract::refusal::{Refusal, Refusals};
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{BinaryReader, BinaryReaderError};

use super::seems::seems;

/// The section that holds the manifest.
const MANIFEST: &str = "pamrun:manifest";
/// Sections that only name things for debuggers.
const NAMES: [&str; 2] = ["component-name", "name"];
/// What every component begins with: its magic number, its version and its layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// What a custom section begins with.
const CUSTOM: u8 = 0;

/// Why no manifest can be read from a plugin's file.
#[derive(Debug, thiserror::Error)]
pub enum PackedError {
    /// It has none.
    #[error(
        "it holds no manifest: no section `pamrun:manifest`; pack it with \
         `pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`"
    )]
    NotPacked,
    /// It is not WebAssembly.
    #[error("this is {what}, not WebAssembly; give the file that `pamrun plugin pack` makes")]
    NotWasm {
        /// What it seems to be.
        what: &'static str,
    },
    /// It is not whole, or no component.
    #[error("the WebAssembly file is damaged ({0}); pack it, or download it, again")]
    Damaged(#[from] BinaryReaderError),
    /// It has more than one.
    #[error(
        "it holds more than one manifest, and nobody could tell which one counts; pack it again with \
         `pamrun plugin pack`"
    )]
    Doubled,
    /// What it has is none.
    #[error("{0}")]
    Unreadable(Refusal),
    /// What it has does not check.
    #[error("its manifest breaks the contract; mend plugin.toml, and pack it again:\n{0}")]
    Refused(Refusals),
}

impl PackedError {
    /// A stable kebab-case word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPacked => "not-packed",
            Self::NotWasm { .. } => "not-wasm",
            Self::Damaged(_) => "damaged",
            Self::Doubled => "manifest-doubled",
            Self::Unreadable(_) => "manifest-unreadable",
            Self::Refused(_) => "manifest-invalid",
        }
    }
}

/// Reads and checks the manifest of a packed plugin.
///
/// # Errors
/// The file is cut, or its manifest is not there, there twice, cannot be read, or breaks the contract.
pub fn manifest(bytes: &[u8]) -> Result<Manifest, PackedError> {
    let manifest = read(bytes)?;
    check(&manifest)?;
    Ok(manifest)
}

/// Reads the manifest of a packed plugin, for those who [`check`] it later, before anything of it is sent or
/// compiled: checking takes several times as long as reading, and a file that was checked need not be again.
///
/// # Errors
/// The file is no WebAssembly or cut, or its manifest is not there, there twice or cannot be read.
pub fn read(bytes: &[u8]) -> Result<Manifest, PackedError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(PackedError::NotWasm { what: seems(bytes) });
    }
    let section = section(bytes)?.ok_or(PackedError::NotPacked)?;
    read_packed(section).map_err(PackedError::Unreadable)
}

/// Checks a manifest that was read.
///
/// # Errors
/// It breaks the contract.
pub fn check(manifest: &Manifest) -> Result<(), PackedError> {
    pamrun_contract::check::check(manifest).map_err(PackedError::Refused)
}

/// Puts a manifest, as it is packed, at the beginning of a component, in the place of any that it holds; and
/// leaves out what names things for debuggers, which everyone who reads the file would have to hash.
///
/// # Errors
/// The component is cut.
pub fn pack(component: &[u8], manifest: &str) -> Result<Vec<u8>, PackedError> {
    let mut packed = COMPONENT.to_vec();
    CustomSection { name: MANIFEST.into(), data: manifest.as_bytes().into() }
        .append_to_component(&mut packed);
    for section in sections(component) {
        let section = section?;
        if !section.name.is_some_and(|name| name == MANIFEST || NAMES.contains(&name)) {
            packed.extend_from_slice(section.whole);
        }
    }
    Ok(packed)
}

/// What the one section of that name holds, wherever at the top of the file it stands.
fn section(bytes: &[u8]) -> Result<Option<&[u8]>, PackedError> {
    let mut found = None;
    for section in sections(bytes) {
        let section = section?;
        if section.name == Some(MANIFEST) && found.replace(section.content).is_some() {
            return Err(PackedError::Doubled);
        }
    }
    Ok(found)
}

/// A section at the top of a component.
struct Section<'a> {
    /// Its name, if it is a custom one.
    name: Option<&'a str>,
    /// What it holds, behind its name.
    content: &'a [u8],
    /// All of it, as it stands in the file.
    whole: &'a [u8],
}

/// The sections of a component, from their headers alone; none of anything else.
fn sections(bytes: &[u8]) -> impl Iterator<Item = Result<Section<'_>, BinaryReaderError>> {
    let sections = bytes.strip_prefix(COMPONENT).unwrap_or_default();
    let mut reader = BinaryReader::new(sections, COMPONENT.len());
    std::iter::from_fn(move || {
        (!reader.eof()).then(|| {
            let start = reader.current_position();
            let section = next(&mut reader);
            let end = reader.current_position();
            match section {
                Ok((name, content)) => {
                    Ok(Section { name, content, whole: sections.get(start..end).unwrap_or_default() })
                }
                Err(error) => {
                    // What follows something cut has no beginning.
                    reader = BinaryReader::new(&[], 0);
                    Err(error)
                }
            }
        })
    })
}

/// The next section: its name, if it is a custom one, and what it holds.
fn next<'a>(reader: &mut BinaryReader<'a>) -> Result<(Option<&'a str>, &'a [u8]), BinaryReaderError> {
    let kind = reader.read_u8()?;
    let mut section = reader.read_reader()?;
    let name = (kind == CUSTOM).then(|| section.read_string()).transpose()?;
    let length = section.bytes_remaining();
    Ok((name, section.read_bytes(length)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOML: &str = include_str!("../../../plugins/azure-app-secret/plugin.toml");

    fn json() -> String {
        pamrun_contract::check::check_source(TOML).unwrap().1
    }

    fn component() -> Vec<u8> {
        wat::parse_str(
            r#"(component $named
                 (core module $inner (func (export "run")) (@custom "pamrun:manifest" "nested"))
                 (core instance $instance (instantiate $inner))
                 (@custom "kept" "as it is"))"#,
        )
        .unwrap()
    }

    fn custom(name: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut bytes);
        bytes
    }

    /// A component whose manifest is these bytes.
    fn with(data: &[u8]) -> Vec<u8> {
        [COMPONENT, &custom(MANIFEST, data)].concat()
    }

    fn refused(bytes: &[u8]) -> (&'static str, String) {
        let error = manifest(bytes).unwrap_err();
        (error.code(), error.to_string())
    }

    #[test]
    fn what_was_packed_is_read_and_stands_first() {
        let packed = pack(&component(), &json()).unwrap();
        assert!(packed.starts_with(&with(json().as_bytes())));
        assert_eq!(manifest(&packed).unwrap().name, "azure-app-secret");
        wasmparser::validate(&packed).unwrap();
    }

    #[test]
    fn only_names_for_debuggers_are_left_out_and_what_is_nested_stays() {
        let (before, packed) = (component(), pack(&component(), &json()).unwrap());
        let names = |bytes: &[u8]| -> Vec<String> {
            let named = sections(bytes).filter_map(|section| section.unwrap().name.map(str::to_owned));
            named.collect()
        };
        assert_eq!(names(&before), ["kept", "component-name"]);
        assert_eq!(names(&packed), [MANIFEST, "kept"]);
        assert!(packed.windows(6).any(|bytes| bytes == b"nested"));
    }

    #[test]
    fn packing_again_replaces_the_manifest_and_changes_nothing_else() {
        let once = pack(&component(), &json()).unwrap();
        assert_eq!(pack(&once, &json()).unwrap(), once);
        let other = json().replace("azure-app-secret", "another-name");
        assert_eq!(pack(&pack(&once, &other).unwrap(), &json()).unwrap(), once);
    }

    #[test]
    fn a_manifest_counts_wherever_at_the_top_it_stands_and_nowhere_else() {
        let last = [component(), custom(MANIFEST, json().as_bytes())].concat();
        assert!(manifest(&last).is_ok());
        for none in [component(), wat::parse_str("(module)").unwrap()] {
            assert_eq!(refused(&none).0, "not-packed");
        }
        for other in [b"print()".to_vec(), Vec::new()] {
            assert_eq!(refused(&other).0, "not-wasm");
        }
        // A core module is no plugin yet, whatever it holds.
        let module = [b"\0asm\x01\0\0\0".as_slice(), &custom(MANIFEST, json().as_bytes())].concat();
        assert_eq!(refused(&module).0, "not-packed");
    }

    #[test]
    fn two_manifests_are_none_even_if_they_are_the_same() {
        let twice = [with(json().as_bytes()), custom(MANIFEST, json().as_bytes())].concat();
        assert_eq!(refused(&twice).0, "manifest-doubled");
        let far = [pack(&component(), &json()).unwrap(), custom(MANIFEST, b"")].concat();
        assert_eq!(refused(&far).0, "manifest-doubled");
    }

    #[test]
    fn what_cannot_be_read_as_a_manifest_is_refused_with_what_to_do() {
        let deep = format!("{{\"contract\":\"1.0\",\"a\":{}{}}}", "[".repeat(20), "]".repeat(20));
        for (data, reason) in [
            (json()[..json().len() - 9].to_owned(), "it is cut"),
            (String::new(), "it is cut"),
            (format!("{}{}", json(), " ".repeat(256 * 1024)), "262144 are the most"),
            (deep, "nested more than 16 deep"),
            (json().replacen('{', r#"{"name":"another","#, 1), "a key twice"),
            (json().replace(r#""contract":"1.0""#, r#""contract":"2.0""#), r#"contract "2.0""#),
            (json().replace(r#""contract":"1.0","#, ""), "contract none"),
        ] {
            let (code, message) = refused(&with(data.as_bytes()));
            assert_eq!(code, "manifest-unreadable");
            assert!(message.contains(reason) && message.contains("`pamrun plugin pack`"), "{message}");
        }
        let (code, message) = refused(&with(json().replace("\"effect\"", "\"efect\"").as_bytes()));
        assert_eq!(code, "manifest-unreadable");
        assert!(message.contains("did you mean `effect`?"), "{message}");
    }

    #[test]
    fn a_manifest_that_breaks_the_contract_is_refused_with_all_its_mends() {
        let broken = json().replace("[\"204\"]", "[\"404\"]").replace("{app.id}", "{apps.id}");
        let (code, message) = refused(&with(broken.as_bytes()));
        assert_eq!(code, "manifest-invalid");
        assert!(message.lines().count() > 2 && message.contains("did you mean `app`"), "{message}");
    }

    #[test]
    fn a_cut_file_is_damaged_wherever_it_is_cut() {
        let packed = pack(&component(), &json()).unwrap();
        let ends: Vec<usize> = sections(&packed)
            .map(|section| section.unwrap().whole.as_ptr_range().end)
            .map(|end| end as usize - packed.as_ptr() as usize)
            .collect();
        for cut in (COMPONENT.len() + 1..packed.len()).filter(|cut| !ends.contains(cut)) {
            assert_eq!(refused(&packed[..cut]).0, "damaged", "{cut}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange_to_be_looked_into(bytes: Vec<u8>) {
            let _ = manifest(&bytes);
            let _ = manifest(&[COMPONENT, &bytes].concat());
            let _ = pack(&[COMPONENT, &bytes].concat(), "{}");
            let _ = manifest(&with(&bytes));
        }
    }
}
