//! Finds the configuration file, and trusts it only if nobody else could have written it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::config::Config;
use super::environment::first_of;
use super::{CliError, Environment, Sourced};
use crate::system::{CONFIG_FILE, PERSONAL_CONFIG_FILES, rights};
use crate::text::decode;

/// Reads the file that was named, or else the first default one that exists; with neither, there
/// is no configuration.
pub(super) fn load(
    named: Option<&Sourced<String>>,
    environment: Environment<'_>,
) -> Result<Config, CliError> {
    if let Some(named) = named {
        let path = named.path(&named.value)?;
        return read(&path)?.ok_or(CliError::Unreadable { path, error: io::ErrorKind::NotFound });
    }
    for path in defaults(environment) {
        if let Some(config) = read(&path)? {
            return Ok(config);
        }
    }
    Ok(Config::default())
}

fn defaults(environment: Environment<'_>) -> Vec<PathBuf> {
    CONFIG_FILE.map(PathBuf::from).into_iter().chain(first_of(PERSONAL_CONFIG_FILES, environment)).collect()
}

/// Reads a file; `None` when it does not exist.
fn read(path: &Path) -> Result<Option<Config>, CliError> {
    let unreadable = |error: &io::Error| CliError::Unreadable { path: path.to_owned(), error: error.kind() };
    #[expect(clippy::disallowed_methods, reason = "cli owns the configuration file")]
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    // Judged is the open file, not the path, which may name another one a moment later.
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    rights(&metadata)
        .map_or(Ok(()), |rights| judge(rights.owner, rights.mode, rights.us))
        .map_err(|problem| CliError::ConfigNotTrusted { path: path.to_owned(), problem })?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    let text = decode(&bytes).map_err(|problem| CliError::NotText { path: path.to_owned(), problem })?;
    Ok(Some(Config { file: Some(path.to_owned()), ..Config::parse(path, &text)? }))
}

/// Tells who else could have written a file of this owner and mode. Its folder does not matter:
/// who may write there can only put a file of his own in its place, which the owner betrays.
pub(super) fn judge(owner: u32, mode: u32, us: u32) -> Result<(), String> {
    if owner != 0 && owner != us {
        return Err(format!("it belongs to user {owner}, who is neither root nor the one pamrun runs as"));
    }
    if mode & 0o022 != 0 {
        return Err(format!("its mode is {:03o}, so that others can write it", mode & 0o777));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Origin;
    use std::ffi::OsString;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn named(path: &Path) -> Sourced<String> {
        Sourced { value: path.to_str().unwrap().to_owned(), origin: Origin::Flag("config") }
    }

    fn file_with_mode(folder: &Path, mode: u32) -> PathBuf {
        let path = folder.join("config.toml");
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        fs::write(&path, "version = 1\nformat = 'text'").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn only_root_and_we_may_own_it_and_nobody_else_write_it() {
        assert!(judge(0, 0o100_644, 1000).is_ok());
        assert!(judge(1000, 0o100_600, 1000).is_ok());
        assert!(judge(1001, 0o100_600, 1000).is_err());
        assert!(judge(1001, 0o100_600, 0).is_err());
        assert!(judge(1000, 0o100_620, 1000).is_err());
        assert!(judge(0, 0o100_602, 1000).is_err());
    }

    #[test]
    fn a_file_that_others_can_write_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = file_with_mode(folder.path(), 0o664);
        let error = load(Some(&named(&path)), &|_| None).unwrap_err();
        assert_eq!(error.code(), "config-not-trusted");
        assert!(error.to_string().contains("664"), "{error}");
        assert!(error.hint().unwrap().contains("chmod go-w"));
    }

    #[test]
    fn a_named_file_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let error = load(Some(&named(&folder.path().join("none.toml"))), &|_| None).unwrap_err();
        assert_eq!(error.code(), "file-unreadable");
    }

    #[test]
    fn n22_a_file_is_read_in_the_encoding_that_its_mark_names_and_else_told_where_it_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = file_with_mode(folder.path(), 0o644);
        let read = |bytes: &[u8]| {
            #[expect(clippy::disallowed_methods, reason = "a test's own file")]
            fs::write(&path, bytes).unwrap();
            load(Some(&named(&path)), &|_| None)
        };
        let text = "version = 1\nformat = 'text'";
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes(), utf16] {
            assert_eq!(read(&bytes).unwrap().values["format"].value, "text");
        }
        let error = read(b"version = 1\n# f\xfcr\n").unwrap_err();
        assert!(error.to_string().contains("byte 16 (line 2, column 4)"), "{error}");
    }

    #[test]
    fn n27_a_backslash_in_double_quotes_is_mended_with_single_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = file_with_mode(folder.path(), 0o644);
        let error = |text: &str| {
            #[expect(clippy::disallowed_methods, reason = "a test's own file")]
            fs::write(&path, text).unwrap();
            load(Some(&named(&path)), &|_| None).unwrap_err()
        };
        let syntax = error("version = 1\nvault = \"file:C:\\keeper\\vault.json\"\n");
        assert_eq!(syntax.code(), "config-syntax");
        assert!(
            syntax.hint().unwrap().ends_with(r"vault = 'file:C:\keeper\vault.json'"),
            "{:?}",
            syntax.hint()
        );
    }

    #[test]
    fn a_file_that_only_we_can_write_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let config = load(Some(&named(&file_with_mode(folder.path(), 0o644))), &|_| None).unwrap();
        assert_eq!(config.values["format"].value, "text");
    }

    #[test]
    fn the_systems_file_goes_before_the_personal_one() {
        let personal_of = |variables: &[(&str, &str)]| {
            let environment = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            let paths = defaults(&environment);
            assert_eq!(paths[0], Path::new("/etc/pamrun/config.toml"));
            paths.get(1).cloned()
        };
        assert_eq!(personal_of(&[]), None);
        assert_eq!(personal_of(&[("HOME", "/h")]), Some("/h/.config/pamrun/config.toml".into()));
        let both = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")];
        assert_eq!(personal_of(&both), Some("/x/pamrun/config.toml".into()));
        let relative = [("HOME", "/h"), ("XDG_CONFIG_HOME", "x")];
        assert_eq!(personal_of(&relative), Some("/h/.config/pamrun/config.toml".into()));
    }
}
