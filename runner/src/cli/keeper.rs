//! Finds the configuration of Keeper Secrets Manager, where Keeper's own tools look, and reads it.
//! What stands in it is judged by the vault.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{CliError, Environment, config_file};
use crate::secret::Secret;
use crate::system::{GATEWAY_FILE, rights};
use crate::text::{decode, mishap};

/// The variables that may hold a configuration itself.
const VARIABLES: [&str; 2] = ["KSM_CONFIG", "GATEWAY_CONFIG"];
/// The most bytes of a configuration; it takes about one thousand.
const LONGEST: u64 = 1024 * 1024;

/// How Keeper Secrets Manager is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperChoice {
    /// The text of the configuration.
    pub config: Secret,
    /// Where it was found: a file, or a variable.
    pub place: String,
    /// What an operator should know of it.
    pub warning: Option<String>,
    /// The proxy that the environment names. The vault is Keeper's, and Keeper's tools follow it.
    pub proxy: Option<Secret>,
    /// What is reached without that proxy, in the form of `NO_PROXY`.
    pub no_proxy: Option<String>,
}

impl KeeperChoice {
    /// Returns the file that it was found in; none when a variable held it.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let is_file = !VARIABLES.contains(&self.place.as_str());
        is_file.then(|| std::path::absolute(&self.place).unwrap_or_else(|_| PathBuf::from(&self.place)))
    }
}

/// The files that Keeper's tools would find a configuration in, whether it is the one that is used or not.
pub(super) fn files(environment: Environment<'_>) -> Vec<PathBuf> {
    let named = environment("KSM_CONFIG_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.into_iter().chain(GATEWAY_FILE.map(PathBuf::from)).collect()
}

/// Reads the file that is named, or else looks where Keeper's tools do.
pub(super) fn find(
    named: Option<PathBuf>,
    environment: Environment<'_>,
) -> Result<Option<KeeperChoice>, CliError> {
    let found = match named {
        Some(path) => Some(read(&path)?.ok_or(missing(path, None))?),
        None => look_around(environment)?,
    };
    let Some(Found { config, place, warning }) = found else { return Ok(None) };
    // Keeper's client would look at it too, and trust anybody.
    if environment("KSM_SKIP_VERIFY").is_some_and(|value| value != "false") {
        return Err(CliError::SkipVerify);
    }
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| text(environment, name).transpose());
    let proxy = text(["HTTPS_PROXY", "https_proxy"]).or_else(|| text(["ALL_PROXY", "all_proxy"]));
    let no_proxy = text(["NO_PROXY", "no_proxy"]).transpose()?;
    Ok(Some(KeeperChoice { config, place, warning, proxy: proxy.transpose()?.map(Secret::new), no_proxy }))
}

/// A configuration, and where it was.
struct Found {
    config: Secret,
    place: String,
    warning: Option<String>,
}

fn look_around(environment: Environment<'_>) -> Result<Option<Found>, CliError> {
    let in_variable = |name: &str| {
        let config = text(environment, name)?.map(Secret::new);
        Ok(config.map(|config| Found { config, place: name.to_owned(), warning: None }))
    };
    if let Some(found) = in_variable("KSM_CONFIG")? {
        return Ok(Some(found));
    }
    if let Some(path) = text(environment, "KSM_CONFIG_FILE")?.map(PathBuf::from) {
        return read(&path)?.ok_or(missing(path, Some("KSM_CONFIG_FILE"))).map(Some);
    }
    match in_variable("GATEWAY_CONFIG")? {
        None => GATEWAY_FILE.map_or(Ok(None), |path| read(Path::new(path))),
        found => Ok(found),
    }
}

/// A variable that is set, and not to nothing.
fn text(environment: Environment<'_>, name: &str) -> Result<Option<String>, CliError> {
    let value = environment(name).filter(|value| !value.is_empty());
    let text =
        value.map(|value| value.into_string().map_err(|_| CliError::NotUtf8 { place: name.to_owned() }));
    text.transpose()
}

/// There is no such file: maybe since something else than its path arrived, from a variable or from where
/// it was written.
fn missing(path: PathBuf, variable: Option<&str>) -> CliError {
    let written = path.to_string_lossy();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match mishap(&written).or_else(|| mishap(&name)) {
        Some(mishap) => {
            let place =
                variable.map_or_else(|| "the path of the vault's configuration".to_owned(), str::to_owned);
            CliError::NotArrived { place, mishap }
        }
        None => CliError::Unreadable { path, error: io::ErrorKind::NotFound },
    }
}

/// Reads a file; `None` when it does not exist.
fn read(path: &Path) -> Result<Option<Found>, CliError> {
    let unreadable = |error: &io::Error| CliError::Unreadable { path: path.to_owned(), error: error.kind() };
    #[expect(clippy::disallowed_methods, reason = "the operator or Keeper's gateway put it there")]
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    let warning = rights(&metadata)
        .map_or(Ok(None), |rights| judge(rights.owner, rights.mode, rights.us))
        .map_err(|problem| CliError::ConfigNotTrusted { path: path.to_owned(), problem })?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
    file.take(LONGEST).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    let place = path.display().to_string();
    let text = decode(&bytes).map_err(|problem| CliError::NotText { path: path.to_owned(), problem })?;
    let warning = warning.map(|warning| format!("the configuration of the vault, {place}, {warning}"));
    Ok(Some(Found { config: Secret::new(&*text), place, warning }))
}

/// Tells whether a file of this owner and mode may say which vault gets new credentials, and what
/// its owner should know.
fn judge(owner: u32, mode: u32, us: u32) -> Result<Option<String>, String> {
    // Root may well run it for the gateway's user, whose file it then is.
    let expected = if us == 0 { owner } else { us };
    config_file::judge(owner, mode, expected)?;
    let mode = mode & 0o777;
    // Mounted into containers, it often cannot be otherwise.
    Ok((mode & 0o044 != 0)
        .then(|| format!("can be read by others, and with it the vault: its mode is {mode:03o}, not 600")))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::cli::VaultChoice;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn found(named: Option<&Path>, variables: Variables<'_>) -> Result<Option<KeeperChoice>, CliError> {
        let environment = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        find(named.map(Path::to_owned), &environment)
    }

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        fs::write(&path, format!("{{{name}}}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_named_file_goes_before_all_variables_and_these_have_an_order() {
        let folder = tempfile::tempdir().unwrap();
        let (named, other) = (file(folder.path(), "a", 0o600), file(folder.path(), "b", 0o600));
        let all = [
            ("KSM_CONFIG", "{one}"),
            ("KSM_CONFIG_FILE", other.to_str().unwrap()),
            ("GATEWAY_CONFIG", "{three}"),
        ];
        let config = |named: Option<&Path>, variables| {
            found(named, variables).unwrap().map(|choice| choice.config.expose().to_owned())
        };
        assert_eq!(config(Some(&named), &all).as_deref(), Some("{a}\n"));
        assert_eq!(config(None, &all).as_deref(), Some("{one}"));
        assert_eq!(config(None, &all[1..]).as_deref(), Some("{b}\n"));
        assert_eq!(config(None, &all[2..]).as_deref(), Some("{three}"));
        assert_eq!(config(None, &[("KSM_CONFIG", ""), all[2]]).as_deref(), Some("{three}"));
    }

    #[test]
    fn it_can_be_written_down_where_the_configuration_was_found_but_not_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "a", 0o600);
        let variable = [("KSM_CONFIG_FILE", path.to_str().unwrap())];
        let written = |named: Option<&Path>, variables: Variables<'_>| {
            let choice = found(named, variables).unwrap().unwrap();
            VaultChoice::Ksm(Box::new(choice)).written()
        };
        let by_path = format!("ksm:{}", path.display());
        assert_eq!(written(Some(path.as_path()), &[]), by_path);
        assert_eq!(written(None, &variable), by_path);
        assert_eq!(written(None, &[("KSM_CONFIG", "{}")]), "ksm");
        let again = VaultChoice::again(&by_path, &|_| None).unwrap();
        assert_eq!(again, VaultChoice::Ksm(Box::new(found(Some(&path), &[]).unwrap().unwrap())));
    }

    #[test]
    fn a_named_file_must_exist() {
        let none = Path::new("/no/such/file");
        assert_eq!(found(Some(none), &[]).unwrap_err().code(), "file-unreadable");
        let variable = [("KSM_CONFIG_FILE", "/no/such/file"), ("GATEWAY_CONFIG", "{}")];
        assert_eq!(found(None, &variable).unwrap_err().code(), "file-unreadable");
    }

    #[test]
    fn to_trust_anybody_is_refused() {
        for value in ["true", "1", "yes", "", "FALSE"] {
            let error = found(None, &[("KSM_CONFIG", "{}"), ("KSM_SKIP_VERIFY", value)]).unwrap_err();
            assert_eq!(error, CliError::SkipVerify, "{value}");
        }
        assert!(found(None, &[("KSM_CONFIG", "{}"), ("KSM_SKIP_VERIFY", "false")]).is_ok());
    }

    #[test]
    fn the_proxy_of_the_environment_comes_along_and_its_password_is_not_shown() {
        let variables =
            [("KSM_CONFIG", "{}"), ("https_proxy", "http://u:canary@p:1"), ("NO_PROXY", "a.example")];
        let choice = found(None, &variables).unwrap().unwrap();
        assert_eq!(choice.proxy.as_ref().map(Secret::expose), Some("http://u:canary@p:1"));
        assert_eq!(choice.no_proxy.as_deref(), Some("a.example"));
        assert!(!format!("{choice:?}").contains("canary"));
        let all = found(None, &[("KSM_CONFIG", "{}"), ("ALL_PROXY", "http://p:2")]).unwrap().unwrap();
        assert_eq!(all.proxy.as_ref().map(Secret::expose), Some("http://p:2"));
    }

    #[test]
    fn the_file_of_the_service_user_is_taken_by_himself_and_by_root() {
        assert_eq!(judge(990, 0o100_600, 990), Ok(None));
        assert_eq!(judge(990, 0o100_600, 0), Ok(None));
        assert_eq!(judge(0, 0o100_600, 990), Ok(None));
    }

    #[test]
    fn a_file_of_a_stranger_or_that_others_can_write_is_refused() {
        assert!(judge(991, 0o100_600, 990).is_err());
        for mode in [0o620, 0o602] {
            assert!(judge(990, 0o100_000 | mode, 990).is_err() && judge(990, 0o100_000 | mode, 0).is_err());
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "config.json", 0o644);
        let warning = found(Some(&path), &[]).unwrap().unwrap().warning.unwrap();
        assert!(warning.contains("config.json") && warning.contains("644"), "{warning}");
    }

    #[test]
    fn n22_a_file_in_utf16_is_read_and_what_is_no_text_is_told_by_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "config.json", 0o600);
        let read = |bytes: &[u8]| {
            #[expect(clippy::disallowed_methods, reason = "a test's own file")]
            fs::write(&path, bytes).unwrap();
            found(Some(&path), &[])
        };
        assert_eq!(read(b"\xff\xfe{\0}\0").unwrap().unwrap().config.expose(), "{}");
        let error = read(b"{\n\"canary\xff").unwrap_err().to_string();
        assert!(
            error.contains("config.json is not text") && error.contains("byte 10 (line 2, column 8)"),
            "{error}"
        );
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn n28_a_path_that_did_not_arrive_is_named_as_that() {
        for (path, what) in [
            ("$(KSM_CONFIG_FILE)", "is still the reference `$(KSM_CONFIG_FILE)`"),
            ("\"/etc/keeper/x.json\"", "is in quotes"),
            ("***", "is masked"),
        ] {
            let error = found(None, &[("KSM_CONFIG_FILE", path)]).unwrap_err().to_string();
            assert!(error.starts_with("KSM_CONFIG_FILE ") && error.contains(what), "{error}");
            let error = found(Some(&Path::new("/w").join(path)), &[]).unwrap_err().to_string();
            assert!(path.starts_with('"') || error.contains(what), "{error}");
        }
    }
}
