//! Writes a plugin that was packed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::CatalogError;
use super::file::special_kind;
use crate::system::Spot;

/// Checks, before any work is done, that a plugin may be written to `path`.
///
/// # Errors
/// A folder or a device is there, or one of the files that the plugin is made of.
pub fn check_output(path: &Path, inputs: &[&Path]) -> Result<(), CatalogError> {
    let unwritable = |source| CatalogError::Unwritable { path: path.to_owned(), source };
    if let Some(what) = fs::metadata(path).ok().as_ref().and_then(special_kind) {
        return Err(CatalogError::NotAFile { path: path.to_owned(), what });
    }
    let output = Spot::of(path).map_err(unwritable)?;
    for input in inputs {
        if Spot::of(input).map_err(unwritable)?.is(&output) {
            return Err(CatalogError::OverItself { path: path.to_owned() });
        }
    }
    Ok(())
}

/// Writes a plugin to `path`, in the place of any that is there: whoever reads it meanwhile meets the old one or
/// the new one, whole.
///
/// # Errors
/// It cannot be written; what is there is as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CatalogError> {
    let unwritable = |source| CatalogError::Unwritable { path: path.to_owned(), source };
    // Where a link leads there is the file to replace, and not the link.
    let whole = fs::canonicalize(path).or_else(|_| std::path::absolute(path)).map_err(unwritable)?;
    replace(&whole, bytes).map_err(unwritable)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    // Made as any file is, so that the umask says who may read it.
    let mut new = tempfile::Builder::new().prefix(".pamrun-pack-").make_in(folder, create)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path).map(drop).map_err(|error| error.error)
}

fn create(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put the files there, and look at them")]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_plugin_takes_the_place_of_another_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.wasm");
        for bytes in [b"one".as_slice(), b"other"] {
            write(&path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
            assert_eq!(names(folder.path()), ["p.wasm"]);
        }
    }

    #[test]
    fn what_a_plugin_is_made_of_is_never_written_over_however_it_is_spelled() {
        let folder = tempfile::tempdir().unwrap();
        let (guest, manifest) = (folder.path().join("guest.wasm"), folder.path().join("plugin.toml"));
        fs::write(&guest, "guest").unwrap();
        fs::write(&manifest, "manifest").unwrap();
        fs::create_dir(folder.path().join("deeper")).unwrap();
        for output in ["guest.wasm", "plugin.toml", "./guest.wasm", "deeper/../guest.wasm"] {
            let error = check_output(&folder.path().join(output), &[&guest, &manifest]).unwrap_err();
            assert_eq!(error.code(), "plugin-over-itself", "{output}");
        }
        assert!(check_output(&folder.path().join("p.wasm"), &[&guest, &manifest]).is_ok());
        let error = check_output(&folder.path().join("deeper"), &[&guest]).unwrap_err();
        assert!(error.to_string().contains("is a folder, not a file"), "{error}");
    }

    #[test]
    fn where_nothing_can_be_written_the_path_is_named_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("missing/p.wasm"), b"new").unwrap_err();
        assert_eq!(error.code(), "plugin-unwritable");
        assert!(error.to_string().contains("missing/p.wasm"), "{error}");
    }
}
