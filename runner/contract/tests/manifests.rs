//! Every manifest of `tests/cases/contract`: accepted, with the HTTP that its requests become; and wrong
//! variants of it, each refused with line, reason and mend.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the files of the repository")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pamrun_contract::check::{check, check_source};
use pamrun_contract::manifest::{Manifest, read_packed};
use pamrun_contract::render::{Known, render};
use pamrun_contract::template::Reference;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/contract");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn name(case: &Path) -> &str {
    case.file_name().unwrap().to_str().unwrap()
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
fn good_manifests_are_accepted_and_show_the_http_that_they_become() {
    for case in cases() {
        let text = std::fs::read_to_string(case.join("plugin.toml")).unwrap();
        let (manifest, packed) =
            check_source(&text).unwrap_or_else(|refusals| panic!("{}:\n{refusals}", name(&case)));
        let again = read_packed(packed.as_bytes()).unwrap();
        check(&again).unwrap();
        assert_eq!(
            Manifest { contract: Some("1.0".to_owned()), ..manifest.clone() },
            again,
            "{}",
            name(&case)
        );
        insta::with_settings!({ snapshot_path => case.clone(), prepend_module_to_snapshot => false, omit_expression => true }, {
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
        let good = std::fs::read_to_string(case.join("plugin.toml")).unwrap();
        let variants = std::fs::read_to_string(case.join("wrong.toml")).unwrap();
        let Variants { wrong } =
            toml::from_str(&variants).unwrap_or_else(|error| panic!("{}: {error}", name(&case)));
        assert!(wrong.len() >= 3, "{} has {} wrong variants", name(&case), wrong.len());
        let mut all = String::new();
        for Wrong { name: variant, from, to } in wrong {
            assert!(good.contains(&from), "{}: {variant}: there is no {from:?}", name(&case));
            let Err(refusals) = check_source(&good.replacen(&from, &to, 1)) else {
                panic!("{}: {variant} is accepted", name(&case));
            };
            for refusal in refusals.iter() {
                assert!(refusal.line.is_some(), "{}: {variant}: {refusal} has no line", name(&case));
                assert!(!refusal.reason.is_empty() && !refusal.mend.is_empty(), "{variant}: {refusal}");
                assert!(!refusal.mend.contains("what the schema says"), "{variant}: {refusal}");
            }
            writeln!(all, "# {variant}\n{refusals}\n").unwrap();
        }
        insta::with_settings!({ snapshot_path => case.clone(), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("refusals", all);
        });
    }
}
