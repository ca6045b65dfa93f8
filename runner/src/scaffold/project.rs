//! Writes a project.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::embedded::{Parts, parts};
use super::error::ScaffoldError;
use crate::cli::Language;

/// How long a name may be, as in a manifest.
const NAME: usize = 64;

/// A project that was written.
#[derive(Debug)]
pub struct Project {
    /// The plugin's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// Writes a project to a folder that must not exist, or be empty. The whole of it appears at once.
///
/// # Errors
/// When the last part of the path is no name for a plugin, or the folder is taken or cannot be written.
pub fn create(language: Language, folder: &Path) -> Result<Project, ScaffoldError> {
    let name = match folder.components().next_back() {
        Some(Component::Normal(name)) => name.to_string_lossy().into_owned(),
        _ => folder.display().to_string(),
    };
    if !is_name(&name) {
        return Err(ScaffoldError::Name { name });
    }
    let is_there = folder.symlink_metadata().is_ok();
    if is_there && !is_empty_folder(folder) {
        return Err(ScaffoldError::Taken { path: folder.to_owned() });
    }
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |error| ScaffoldError::Unwritable { path, error }
    };
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Written beside its place and then moved there. The temporary folder is ours alone, and what is in
    // it is as open as the user's other files are.
    let temporary =
        tempfile::Builder::new().prefix(".pamrun-new-").tempdir_in(parent).map_err(unwritable(parent))?;
    let project = temporary.path().join(&name);
    for (path, text) in files(&parts(language), &name) {
        let path = project.join(path);
        write(&path, &text).map_err(unwritable(&path))?;
    }
    if is_there {
        fs::remove_dir(folder).map_err(unwritable(folder))?;
    }
    fs::rename(&project, folder).map_err(unwritable(folder))?;
    Ok(Project { name, folder: folder.to_owned() })
}

/// The rule for the name of a manifest and, besides, what every language's tools accept.
fn is_name(name: &str) -> bool {
    name.len() <= NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// The files of a project: paths and texts.
fn files(parts: &Parts, name: &str) -> Vec<(String, String)> {
    let filled = |text: &str| text.replace("{{name}}", name);
    // A `.gitignore` among our own files would hide some of them.
    let placed = |path: &str| path.replace("_gitignore", ".gitignore");
    let template = parts.template.iter().map(|(path, text)| (placed(path), filled(text)));
    let shared = parts.shared.iter().map(|(path, text)| ((*path).to_owned(), filled(text)));
    let sdk = parts.sdk.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let wit = parts.wit.iter().map(|(path, text)| (format!("wit/{path}"), (*text).to_owned()));
    template.chain(shared).chain(sdk).chain(wit).collect()
}

#[expect(clippy::disallowed_methods, reason = "scaffold writes the new project")]
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 4] = [Language::Rust, Language::Python, Language::Javascript, Language::C];

    fn found(folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files.extend(found(&path)) } else { files.push(path) }
        }
        files
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
    fn a_project_is_whole_and_knows_its_name() {
        let parent = tempfile::tempdir().unwrap();
        for language in LANGUAGES {
            let folder = parent.path().join(format!("{language:?}").to_lowercase());
            let project = create(language, &folder).unwrap();
            assert_eq!(project.folder, folder);
            for file in ["README.md", "Makefile", ".gitignore", "plugin.toml", "cases/success/case.toml"] {
                assert!(folder.join(file).is_file(), "{language:?}: {file}");
            }
            for path in found(&folder) {
                let text = fs::read_to_string(&path).unwrap();
                assert!(!text.contains("{{name}}"), "{}", path.display());
            }
            let makefile = fs::read_to_string(folder.join("Makefile")).unwrap();
            assert!(makefile.contains(&format!("{}.wasm", project.name)), "{makefile}");
        }
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), LANGUAGES.len(), "something is left over");
    }

    #[test]
    fn no_path_of_the_sdk_is_also_one_of_the_template() {
        for language in LANGUAGES {
            let mut paths: Vec<_> = files(&parts(language), "x").into_iter().map(|(path, _)| path).collect();
            let all = paths.len();
            paths.sort();
            paths.dedup();
            assert_eq!(paths.len(), all, "{language:?}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test's own file")]
    fn what_exists_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("taken");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("mine"), "").unwrap();
        let error = create(Language::C, &folder).unwrap_err();
        assert!(matches!(error, ScaffoldError::Taken { .. }), "{error}");
        assert_eq!(found(parent.path()), [folder.join("mine")]);
        fs::remove_file(folder.join("mine")).unwrap();
        create(Language::C, &folder).unwrap();

        let missing = parent.path().join("none").join("plugin");
        assert!(matches!(create(Language::C, &missing), Err(ScaffoldError::Unwritable { .. })));
    }

    #[test]
    fn a_name_is_one_that_a_manifest_and_every_tool_accepts() {
        for name in ["a", "my-token", "s3-key-2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "A", "a_b", "2fa", "é", "a.b", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
        for path in ["", "/", "..", "a/.."] {
            assert!(
                matches!(create(Language::C, Path::new(path)), Err(ScaffoldError::Name { .. })),
                "{path}"
            );
        }
    }
}
