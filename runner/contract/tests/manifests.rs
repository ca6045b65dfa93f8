//! Every manifest of `tests/cases/contract`, and of our own plugins: accepted, with the HTTP that its requests
//! become; and wrong variants of it, each refused with line, reason and mend.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the files of the repository")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pamrun_contract::check::{check, check_source};
use pamrun_contract::manifest::{Manifest, read_packed};
use pamrun_contract::render::{Known, render};
use pamrun_contract::template::Reference;

/// A folder with what is expected of a manifest, which lies there too, or with the plugin of that name.
struct Case {
    folder: PathBuf,
    manifest: PathBuf,
}

impl Case {
    fn name(&self) -> &str {
        self.folder.file_name().unwrap().to_str().unwrap()
    }

    fn manifest(&self) -> String {
        std::fs::read_to_string(&self.manifest).unwrap()
    }
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root.join("tests/cases/contract"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let of_folder = |folder: PathBuf| {
        let ours = root.join("plugins").join(folder.file_name().unwrap()).join("plugin.toml");
        let own = folder.join("plugin.toml");
        assert!(own.exists() != ours.exists(), "{} has one manifest", folder.display());
        Case { manifest: if own.exists() { own } else { ours }, folder }
    };
    folders.into_iter().map(of_folder).collect()
}

#[test]
fn every_manifest_of_ours_is_a_case() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let cases = cases();
    for entry in std::fs::read_dir(plugins).unwrap() {
        let manifest = entry.unwrap().path().join("plugin.toml");
        if manifest.exists() {
            let folder = manifest.parent().unwrap().file_name().unwrap();
            // What new plugins begin with is no plugin of ours, and has its own test.
            if folder == "template" {
                continue;
            }
            let is_known = cases.iter().any(|case| case.folder.file_name() == Some(folder));
            assert!(is_known, "tests/cases/contract has no folder {}", folder.display());
        }
    }
}

/// Every request, as `plugin render` shows it: settings by their defaults, all else by name.
fn rendered(manifest: &Manifest) -> String {
    let values = |reference: &Reference| match reference {
        Reference::Setting { .. } => manifest.default_of(reference).map_or(Known::Unknown, Known::Value),
        _ => Known::Unknown,
    };
    let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
    let mut all = String::new();
    for (name, request) in &manifest.requests {
        let shown = render(manifest, name, &values, now, &mut |bytes: &mut [u8]| bytes.fill(7));
        let shown = shown.map_or_else(|error| format!("{error}\n"), |shown| shown.to_string());
        writeln!(all, "# {name} ({})\n{shown}", request.effect).unwrap();
    }
    all
}

#[test]
fn the_manifest_that_new_plugins_begin_with_is_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/template/plugin.toml");
    let text = std::fs::read_to_string(path).unwrap().replace("{{name}}", "my-token");
    if let Err(refusals) = check_source(&text) {
        panic!("{refusals}");
    }
}

#[test]
fn good_manifests_are_accepted_and_show_the_http_that_they_become() {
    for case in cases() {
        let text = case.manifest();
        let (manifest, packed) =
            check_source(&text).unwrap_or_else(|refusals| panic!("{}:\n{refusals}", case.name()));
        let again = read_packed(packed.as_bytes()).unwrap();
        check(&again).unwrap();
        assert_eq!(
            Manifest { contract: Some("1.0".to_owned()), ..manifest.clone() },
            again,
            "{}",
            case.name()
        );
        insta::with_settings!({ snapshot_path => case.folder.clone(), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("http", rendered(&manifest));
        });
    }
}

/// A wrong variant: the first `from` of the good manifest becomes `to`.
#[derive(serde::Deserialize)]
struct Wrong {
    name: String,
    from: String,
    to: String,
}

#[derive(serde::Deserialize)]
struct Variants {
    wrong: Vec<Wrong>,
}

#[test]
fn wrong_variants_are_refused_with_line_reason_and_mend() {
    for case in cases() {
        let good = case.manifest();
        let variants = std::fs::read_to_string(case.folder.join("wrong.toml")).unwrap();
        let Variants { wrong } =
            toml::from_str(&variants).unwrap_or_else(|error| panic!("{}: {error}", case.name()));
        assert!(wrong.len() >= 3, "{} has {} wrong variants", case.name(), wrong.len());
        let mut all = String::new();
        for Wrong { name: variant, from, to } in wrong {
            assert!(good.contains(&from), "{}: {variant}: there is no {from:?}", case.name());
            let Err(refusals) = check_source(&good.replacen(&from, &to, 1)) else {
                panic!("{}: {variant} is accepted", case.name());
            };
            for refusal in refusals.iter() {
                assert!(refusal.line.is_some(), "{}: {variant}: {refusal} has no line", case.name());
                assert!(!refusal.reason.is_empty() && !refusal.mend.is_empty(), "{variant}: {refusal}");
                assert!(!refusal.mend.contains("what the schema says"), "{variant}: {refusal}");
            }
            writeln!(all, "# {variant}\n{refusals}\n").unwrap();
        }
        insta::with_settings!({ snapshot_path => case.folder.clone(), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("refusals", all);
        });
    }
}
