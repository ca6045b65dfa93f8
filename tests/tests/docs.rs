//! What the pages of `docs` say, as far as it can be checked here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pamrun_tests::gateway::{Gateway, Run};

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// The newest version of the C library that the binary asks for, as in `GLIBC_2.34`.
fn newest_glibc(binary: &[u8]) -> (u32, u32) {
    let tag = b"GLIBC_2.";
    let versions =
        binary.windows(tag.len()).enumerate().filter(|(_, window)| window == tag).map(|(at, _)| {
            let digits = binary[at + tag.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            (2, digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
        });
    versions.max().expect("a binary that is linked against glibc")
}

#[test]
fn the_binary_runs_with_the_c_library_that_the_page_names() {
    let page = read("docs/gateway.md");
    let stated = page.split("glibc ").nth(1).unwrap().split(' ').next().unwrap();
    let (major, minor) = stated.split_once('.').unwrap();
    let stated = (major.parse().unwrap(), minor.parse().unwrap());
    let binary = std::fs::read(pamrun_tests::gateway::binary()).unwrap();
    assert!(newest_glibc(&binary) <= stated, "it asks for {:?}", newest_glibc(&binary));
}

#[test]
fn every_link_of_every_page_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of_docs = std::fs::read_dir(root.join("docs")).unwrap();
    // Schemas are no pages.
    let of_docs = of_docs.map(|page| page.unwrap()).filter(|page| page.file_type().unwrap().is_file());
    let of_docs = of_docs.map(|page| format!("docs/{}", page.file_name().to_str().unwrap()));
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md"];
    for page in others.map(str::to_owned).into_iter().chain(of_docs) {
        let folder = root.join(&page);
        let folder = folder.parent().unwrap();
        for link in read(&page).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = link.split('#').next().unwrap();
            let is_outside = link.contains("://") || file.is_empty();
            assert!(is_outside || folder.join(file).exists(), "{page} links to {link}");
        }
    }
}

/// What the page on secrets shows between a command and the next one.
fn shown<'a>(page: &'a str, command: &str) -> Vec<&'a str> {
    let (_, after) = page.split_once(&format!("    $ {command}\n")).expect(command);
    let lines = after.lines().map_while(|line| line.strip_prefix("    "));
    lines.take_while(|line| !line.starts_with("$ ")).collect()
}

#[test]
fn the_page_on_secrets_shows_what_is_printed() {
    let (gateway, page) = (Gateway::new(), read("docs/secrets.md"));
    gateway.write("vault/vault.json", read("examples/azure/vault.json"));
    let run = |queries: &[&str]| -> Run {
        let secrets = gateway.command(&["secrets"]).flag("--vault", gateway.vault().flag());
        secrets.input(queries.join("\n").into()).capture_secret_stdout().run(Vec::new)
    };
    let command = "pamrun secrets --vault file:vault.json secrets.txt";
    let queries = shown(&page, "cat secrets.txt");
    let printed = run(&queries);
    assert_eq!(printed.stdout.lines().collect::<Vec<_>>(), shown(&page, command), "{printed}");

    let (_, wrong) = page.split_once("## When something is wrong").unwrap();
    let queries: Vec<_> = queries
        .iter()
        .map(|query| query.replace("client_secret", "client_secet").replace("file:", "file:keys/"))
        .collect();
    let printed = run(&queries.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(printed.stderr.lines().collect::<Vec<_>>(), shown(wrong, command), "{printed}");
}

/// The sources below a folder, without their tests.
fn sources(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| !path.file_stem().unwrap().to_str().unwrap().starts_with("test"))
        .flat_map(|path| {
            if path.is_dir() {
                return sources(&path);
            }
            let source = std::fs::read_to_string(path).unwrap();
            vec![source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()]
        })
        .collect()
}

/// The codes that sources give to what they make by `maker`, with the function that makes it.
fn codes_in(sources: &[String], maker: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut codes = BTreeMap::<_, BTreeSet<String>>::new();
    for made in sources.iter().flat_map(|source| source.split(maker).skip(1)) {
        let Some((function, arguments)) = made.split_once('(') else { continue };
        let Some((before, rest)) = arguments.split_once('"') else { continue };
        // A code that comes from elsewhere is counted there.
        if function.chars().all(|c| c.is_alphabetic() || c == '_') && !before.contains([')', '&', ';']) {
            let code = rest.split('"').next().unwrap().to_owned();
            codes.entry(code).or_default().insert(function.to_owned());
        }
    }
    codes
}

#[test]
fn the_page_on_findings_has_exactly_the_codes_of_the_plugins() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let of = |plugin: &str| sources(&root.join(plugin).join("src"));
    let both = ["azure-app-secret", "entra-user-password", "microsoft-graph"].map(of).concat();
    let delivering = ["azure-key-vault-secret", "azure-devops-variable-group"].map(of).concat();
    let findings = codes_in(&[both.clone(), delivering].concat(), "Finding::");
    let mut failures = codes_in(&both, "Failure::");
    failures.extend(codes_in(&[read("plugins/sdk-rust/src/host.rs")], "Failure::"));
    // These begin with the name of the service that refuses.
    for (code, makers) in codes_in(&both, "self.own_") {
        failures.entry(format!("graph-{code}")).or_default().extend(makers);
    }
    // Which of several values a consumer gets is not a question of these two.
    failures.retain(|code, _| !code.starts_with("field-"));

    let page = read("docs/findings.md");
    let (found, failed) = page.split_once("\n## Failures\n").unwrap();
    let rows = |part: &str| -> Vec<(String, String)> {
        let rows = part.lines().filter(|line| line.starts_with("| `")).map(|line| {
            let mut cells = line.split('|').skip(1).map(str::trim);
            (cells.next().unwrap().to_owned(), cells.next().unwrap().to_owned())
        });
        let each = |(codes, next): (String, String)| {
            let codes: Vec<_> = codes.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            codes.into_iter().map(move |code| (code, next.clone()))
        };
        rows.flat_map(each).collect()
    };
    let (_, found) = found.split_once("\n## Findings\n").unwrap();
    for (code, level) in rows(found) {
        let makers = findings.get(&code).unwrap_or_else(|| panic!("no plugin finds {code}"));
        assert!(makers.contains(&level) || makers.contains("new"), "{code} is {makers:?}, not {level}");
    }
    let codes = |rows: Vec<(String, String)>| rows.into_iter().map(|(code, _)| code).collect::<BTreeSet<_>>();
    assert_eq!(codes(rows(found)), findings.into_keys().collect());
    assert_eq!(codes(rows(failed)), failures.into_keys().collect());
}
