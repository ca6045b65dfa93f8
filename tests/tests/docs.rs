//! What the pages of `docs` say, as far as it can be checked here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use pamrun_tests::azure::Azure;
use pamrun_tests::gateway::{Gateway, Run, binary, plugin, target};

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
    let binary = std::fs::read(binary()).unwrap();
    assert!(newest_glibc(&binary) <= stated, "it asks for {:?}", newest_glibc(&binary));
}

/// What links to the headings of a page end with.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    headings.map(|heading| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[test]
fn every_link_of_every_page_leads_to_a_file_and_a_heading() {
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
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { root.join(&page) } else { folder.join(file) };
            assert!(file.exists(), "{page} links to {link}");
            let is_there =
                || anchors(&std::fs::read_to_string(&file).unwrap()).any(|anchor| anchor == heading);
            assert!(heading.is_empty() || is_there(), "{page} links to {link}");
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

fn of_plugin(name: &str) -> Vec<String> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(name).join("src"))
}

/// Every text in quotes, with what stands before it.
fn quoted(source: &str) -> impl Iterator<Item = (&str, &str)> {
    let starts = source.match_indices('"').map(|(at, _)| at);
    starts.filter_map(|at| Some((&source[..at], source[at + 1..].split_once('"')?.0)))
}

/// The findings of sources by their codes, with the function that makes each.
fn findings_in(sources: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut codes = BTreeMap::<_, BTreeSet<String>>::new();
    for made in sources.iter().flat_map(|source| source.split("Finding::").skip(1)) {
        let Some((function, arguments)) = made.split_once('(') else { continue };
        let Some((before, rest)) = arguments.split_once('"') else { continue };
        if function.chars().all(char::is_alphabetic) && !before.contains([')', '&', ';']) {
            let code = rest.split('"').next().unwrap().to_owned();
            codes.entry(code).or_default().insert(function.to_owned());
        }
    }
    codes
}

/// What looks like a code and is none: a word of a plugin's own, a request of its manifest, the beginning of
/// codes, and the reason of a finding.
const NO_CODES: [&str; 4] = ["client-id", "login-new", "key-vault", "client-id-unfit"];

/// Every word in kebab-case that stands in quotes is a code, and so is the first text of a failure.
fn codes_in(sources: &[String]) -> BTreeSet<String> {
    let is_kebab = |text: &str| {
        text.contains('-')
            && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
    };
    let is_failure = |before: &str| {
        let function = before.rsplit_once("Failure::").map(|(_, last)| last.trim_end());
        let function = function.and_then(|last| last.strip_suffix('('));
        function.is_some_and(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let quoted = sources.iter().flat_map(|source| quoted(source));
    let codes = quoted.filter(|(before, text)| is_kebab(text) || (is_failure(before) && !text.contains(' ')));
    codes.map(|(_, text)| text.to_owned()).filter(|code| !NO_CODES.contains(&code.as_str())).collect()
}

/// The codes that begin with the name of the service that refuses.
fn codes_of_service(name: &str) -> Vec<String> {
    let shared = of_plugin("entra").concat();
    let ends = ["refused", "unavailable", "unreadable", "unclear"];
    for end in ends {
        assert!(shared.contains(&format!("\"{end}\"")), "no service has a code that ends in {end}");
    }
    ends.map(|end| format!("{name}-{end}")).into()
}

/// The first two cells of each row of the tables of a part of a page, once for each name in the first.
fn rows(part: &str) -> Vec<(String, String)> {
    let rows = part.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        (cells.next().unwrap().to_owned(), cells.next().unwrap().to_owned())
    });
    let each = |(names, next): (String, String)| {
        let names: Vec<_> = names.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        names.into_iter().map(move |name| (name, next.clone()))
    };
    rows.flat_map(each).collect()
}

fn names(part: &str) -> BTreeSet<String> {
    rows(part).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_page_on_findings_has_exactly_the_codes_of_the_plugins() {
    let rotating = ["azure-app-secret", "entra-user-password", "entra"].map(of_plugin).concat();
    let delivering = ["azure-key-vault-secret", "azure-devops-variable-group"].map(of_plugin).concat();
    let all = [rotating, delivering].concat();
    let findings = findings_in(&all);
    let both = ["policy-forbids-secrets", "policy-limits-lifetime", "application-full"];
    let mut failures = codes_in(&all);
    failures.retain(|code| !findings.contains_key(code) || both.contains(&code.as_str()));
    failures.extend(["graph", "key-vault", "devops"].into_iter().flat_map(codes_of_service));

    let page = read("docs/findings.md");
    let (found, failed) = page.split_once("\n## Failures\n").unwrap();
    let (failed, own) = failed.split_once("\n## Of pamrun itself\n").unwrap();
    let (_, found) = found.split_once("\n## Findings\n").unwrap();
    for (code, level) in rows(found) {
        let makers = findings.get(&code).unwrap_or_else(|| panic!("no plugin finds {code}"));
        assert!(makers.contains(&level) || makers.contains("new"), "{code} is {makers:?}, not {level}");
    }
    assert_eq!(names(found), findings.into_keys().collect());
    assert_eq!(names(failed), failures);
    let runner = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../runner/src")).concat();
    for code in names(own) {
        assert!(runner.contains(&format!("\"{code}\"")), "pamrun has no code {code}");
    }
}

/// The settings of a manifest, each with its label.
fn settings_of(plugin: &str) -> BTreeMap<String, Option<String>> {
    let manifest: toml::Table = read(&format!("plugins/{plugin}/plugin.toml")).parse().unwrap();
    let settings = manifest["settings"].as_table().unwrap();
    let label = |setting: &toml::Value| Some(setting.get("label")?.as_str()?.to_owned());
    settings.iter().map(|(key, setting)| (key.clone(), label(setting))).collect()
}

#[test]
fn the_pages_list_exactly_the_settings_of_the_manifests() {
    let page = read("docs/settings.md");
    let (_, ours) = page.split_once("\n## The settings of our plugins\n").unwrap();
    let plugins = rows(ours);
    assert_eq!(plugins.len(), 4, "{plugins:?}");
    for (plugin, listed) in plugins {
        let listed: BTreeSet<_> = listed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(listed, settings_of(&plugin).into_keys().collect(), "{plugin}");
    }
    let page = read("docs/delivery.md");
    for plugin in ["azure-key-vault-secret", "azure-devops-variable-group"] {
        let (_, section) = page.split_once(&format!("\n## `{plugin}`\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let settings = settings_of(plugin);
        assert_eq!(names(section), settings.keys().cloned().collect(), "{plugin}");
        for label in settings.values().flatten() {
            assert!(section.contains(&format!("`{label}`")), "{plugin}: {label}");
        }
    }
}

/// A command that a page shows, and what it prints.
struct Shown<'a> {
    command: &'a str,
    printed: Vec<&'a str>,
}

/// The commands of a page, in order. What is printed ends at the next command, or where the block does.
fn session(page: &str) -> Vec<Shown<'_>> {
    let mut session: Vec<Shown<'_>> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        let shown = line.strip_prefix("    ");
        match (shown.and_then(|shown| shown.strip_prefix("$ ")), shown) {
            (Some(command), _) => {
                session.push(Shown { command, printed: Vec::new() });
                is_inside = true;
            }
            (None, Some(printed)) if is_inside => session.last_mut().unwrap().printed.push(printed),
            (None, None) if line.is_empty() && is_inside => session.last_mut().unwrap().printed.push(""),
            _ => is_inside = false,
        }
    }
    for shown in &mut session {
        let end = shown.printed.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        shown.printed.truncate(end);
    }
    session
}

/// Whether lines are as shown; `…` alone is any lines, and within a line any text.
fn is_as_shown(shown: &[&str], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=lines.len()).any(|skipped| is_as_shown(rest, &lines[skipped..]))
        }
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, left)| has_form(first, line) && is_as_shown(rest, left))
        }
    }
}

fn has_form(form: &str, line: &str) -> bool {
    let Some((first, rest)) = form.split_once('…') else { return form == line };
    let Some(mut line) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('…').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, left)) = line.split_once(part) else { return false };
        line = left;
    }
    line.ends_with(last)
}

/// Does in a folder what a page shows, and compares what is printed.
fn replay(page: &str, folder: &Path) {
    let mut folder = folder.to_owned();
    let fetched = target().join("tools");
    let search = std::env::var("PATH").unwrap();
    for Shown { command, printed } in session(page) {
        if let Some(into) = command.strip_prefix("cd ") {
            folder.push(into);
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}\n}} 2>&1")])
            .current_dir(&folder)
            .env("PATH", format!("{}:{search}", binary().parent().unwrap().display()))
            .env("XDG_STATE_HOME", folder.join(".state"))
            .env("TOOLS", fetched.join("zig"))
            .env("ZIG_GLOBAL_CACHE_DIR", fetched.join("zig/cache"))
            // This one has pip, which Debian's may lack.
            .envs(
                Some(fetched.join("componentize-py/bin/python"))
                    .filter(|it| it.exists())
                    .map(|it| ("PYTHON", it)),
            )
            // What cargo and make tell their children is not meant for these.
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<&str> = told.lines().map(str::trim_end).collect();
        assert!(is_as_shown(&printed, &lines), "$ {command}\n{told}\nis shown as\n{}", printed.join("\n"));
    }
}

#[test]
fn the_page_on_plugins_shows_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = read("plugins/template/plugin.toml").replace("{{name}}", "my-token");
    std::fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    // Whatever a compiler made; its manifest is replaced.
    std::fs::copy(plugin("azure-app-secret"), folder.path().join("guest.wasm")).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::os::unix::fs::symlink(tests, folder.path().join("tests")).unwrap();
    replay(&read("docs/plugins.md"), folder.path());
}

#[test]
fn the_page_on_the_first_plugin_shows_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    replay(&read("docs/first-plugin.md"), folder.path());
}

#[test]
fn the_pieces_of_manifests_on_the_pages_are_of_manifests_that_are_checked() {
    let contract = |name: &str| read(&format!("tests/cases/contract/{name}/plugin.toml"));
    let manifests = [
        read("plugins/template/plugin.toml"),
        read("plugins/azure-app-secret/plugin.toml"),
        contract("aws-iam-access-key"),
        contract("soap-directory-password"),
    ];
    for page in ["docs/plugins.md", "docs/settings.md"] {
        let text = read(page);
        let pieces = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        for piece in pieces {
            assert!(manifests.iter().any(|manifest| manifest.contains(piece)), "{page}: {piece}");
        }
    }
    let page = read("README.md");
    let (_, piece) = page.split_once("    [requests.create]\n").unwrap();
    let piece: Vec<_> = piece.lines().map_while(|line| line.strip_prefix("    ")).collect();
    assert!(manifests[0].contains(&piece.join("\n")), "{piece:?}");
}

#[test]
fn the_page_on_settings_shows_what_is_said_of_wrong_ones() {
    let azure = Azure::new();
    let page = read("docs/settings.md");
    let (_, after) = page.split_once("\n    error: settings:").unwrap();
    let shown: Vec<_> = after.lines().skip(1).map_while(|line| line.strip_prefix("    ")).collect();
    let run = azure.run(azure.exec().set("retrie", "all").set("expiry_days", "1000"));
    run.ends("invalid", 2);
    let told: Vec<_> =
        run.stderr.lines().skip_while(|line| !line.starts_with("error: settings:")).skip(1).collect();
    assert!(!shown.is_empty());
    assert_eq!(told, shown, "{run}");
}

#[test]
fn no_page_speaks_of_what_was_before_contract_1_0() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of_docs = std::fs::read_dir(root.join("docs")).unwrap().map(|page| page.unwrap().path());
    let others =
        ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "examples/README.md"];
    let pages = of_docs.filter(|path| path.is_file()).chain(others.map(|name| root.join(name)));
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for word in [
            "@0.1",
            "wit/v0",
            "wasi:http",
            "describe()",
            "`describe`",
            "contract 0.1",
            "\"hosts\"",
            "manifest.json",
        ] {
            assert!(!text.contains(word), "{} speaks of {word}", page.display());
        }
    }
}
