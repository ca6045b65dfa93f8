//! What the pages of `docs` say of the outside world, as far as it can be checked here.

use std::path::Path;

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
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "docs/first-plugin.md",
        "docs/gateway.md",
        "docs/sdk-c.md",
        "docs/sdk-javascript.md",
        "docs/sdk-python.md",
        "examples/README.md",
    ] {
        let folder = root.join(page);
        let folder = folder.parent().unwrap();
        for link in read(page).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = link.split('#').next().unwrap();
            let is_outside = link.contains("://") || file.is_empty();
            assert!(is_outside || folder.join(file).exists(), "{page} links to {link}");
        }
    }
}
