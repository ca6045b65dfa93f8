//! Where built-in deliveries write: to no file that the run lives on, and to no place twice.

use std::path::{Path, PathBuf};

use super::fault::Fault;
use crate::cli::{DeliveredBy, DeliveryChoice, ExecSettings, OwnFiles, process_environment};
use crate::system::Spot;

/// A delivery into a file.
struct Written<'a> {
    path: PathBuf,
    /// The key in it; none where it is the whole file.
    key: Option<&'a str>,
    dialect: Option<&'a str>,
}

/// Checks all deliveries into files of a run. Nothing but its settings has been read yet.
///
/// # Errors
/// The first that would destroy something.
pub(super) fn check_deliveries(settings: &ExecSettings) -> Result<(), Fault> {
    let written: Vec<_> = settings.deliveries.iter().filter_map(Written::of).collect();
    if written.is_empty() {
        return Ok(());
    }
    let own = settings.own_files(&process_environment);
    for (at, one) in written.iter().enumerate() {
        refuse_own(&own, &one.path)?;
        if let Some(earlier) = written.iter().take(at).find(|earlier| earlier.collides(one)) {
            let what = match (earlier.key, one.key) {
                (Some(key), Some(same)) if key == same => format!("both set the key {key}"),
                (Some(_), Some(_)) => "they do not agree on who reads it".to_owned(),
                _ => "one of them takes the whole file".to_owned(),
            };
            let message = format!(
                "two deliveries go to one file, and {what}: {} and {}",
                earlier.path.display(),
                one.path.display()
            );
            let hint = "name another file, or with format=env another key of it".to_owned();
            return Err(Fault::invalid("delivery-twice", message, Some(hint)));
        }
    }
    Ok(())
}

/// Checks that a value may be written to a file.
///
/// # Errors
/// What it would take the place of.
pub(super) fn refuse_own(own: &OwnFiles, path: &Path) -> Result<(), Fault> {
    let Some(what) = own.at(path) else { return Ok(()) };
    let message = format!("--deliver file: {} is {what}, and a value would take its place", path.display());
    Err(Fault::invalid("own-file", message, Some("name another file with path=".to_owned())))
}

/// Where a delivery writes, if it is the built-in one and names a file.
fn path_of(delivery: &DeliveryChoice) -> Option<PathBuf> {
    (delivery.by == DeliveredBy::File).then_some(())?;
    Some(PathBuf::from(delivery.settings.get("path")?.secret().expose()))
}

impl<'a> Written<'a> {
    fn of(delivery: &'a DeliveryChoice) -> Option<Self> {
        let setting = |key| delivery.settings.get(key).map(|value| value.secret().expose());
        let key = setting("key").filter(|_| setting("format") == Some("env"));
        Some(Self { path: path_of(delivery)?, key, dialect: setting("dialect") })
    }

    /// Whether one of the two would undo the other.
    fn collides(&self, other: &Self) -> bool {
        let is_same = match (Spot::of(&self.path), Spot::of(&other.path)) {
            (Ok(one), Ok(other)) => one.is(&other),
            _ => self.path == other.path,
        };
        let are_two_keys = self.key.is_some() && other.key.is_some() && self.key != other.key;
        is_same && !(are_two_keys && self.dialect == other.dialect)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cli::{ExecArgs, RunArgs};
    use crate::secret::Secret;

    /// Checks deliveries in a folder that has a vault, a plugin and a file `old`.
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn checked(deliveries: &[&str]) -> Result<(), &'static str> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["v.json", "plugin.wasm", "old", "ca.pem"] {
            fs::write(at(name), "x").unwrap();
        }
        fs::write(at("config.toml"), "version = 1\naudit = 'audit.log'").unwrap();
        fs::create_dir(at("sub")).unwrap();
        for (from, to) in [("old", "hard"), ("v.json", "vault-too"), ("plugin.wasm", "sub/p")] {
            fs::hard_link(at(from), at(to)).unwrap();
        }
        let text = |name: &str| Some(at(name).display().to_string());
        let deliver =
            |written: &&str| Secret::new(written.replace("@/", &format!("{}/", folder.path().display())));
        let args = ExecArgs {
            plugin: at("plugin.wasm"),
            run: RunArgs {
                config: text("config.toml"),
                vault: Some(format!("file:{}", at("v.json").display())),
                state_dir: text("state"),
                ca_file: text("ca.pem"),
                deliver: deliveries.iter().map(deliver).collect(),
                ..RunArgs::default()
            },
            ..ExecArgs::default()
        };
        let settings = ExecSettings::gather(args, &|_| None).unwrap();
        check_deliveries(&settings).map_err(|fault| fault.code)
    }

    #[test]
    fn n4_no_value_takes_the_place_of_what_the_run_lives_on() {
        for path in [
            "@/v.json",
            "@/sub/../v.json",
            "@/vault-too",
            "@/config.toml",
            "@/state/x",
            "@/state/journal/x",
            "@/plugin.wasm",
            "@/sub/p",
            "@/ca.pem",
            "@/audit.log",
            "/etc/keeper-gateway/gateway-config.json",
        ] {
            for rest in ["", ",format=env,key=A"] {
                assert_eq!(checked(&[&format!("file,path={path}{rest}")]), Err("own-file"), "{path}{rest}");
            }
        }
        for path in ["@/old", "@/new", "@/sub/v.json"] {
            assert_eq!(checked(&[&format!("file,path={path}")]), Ok(()), "{path}");
        }
    }

    #[test]
    fn n4_two_deliveries_do_not_undo_each_other() {
        let twice = Err("delivery-twice");
        let (key_a, key_b) = ("format=env,key=A", "format=env,key=B");
        for (one, other, expected) in [
            ("path=@/new", "path=@/new", twice),
            ("path=@/new", "path=@/sub/../new", twice),
            ("path=@/old", "path=@/hard", twice),
            ("path=@/new", "path=@/new2", Ok(())),
            (&*format!("path=@/old,{key_a}"), &*format!("path=@/hard,{key_b}"), Ok(())),
            (&*format!("path=@/new,{key_a}"), &*format!("path=@/sub/../new,{key_b}"), Ok(())),
            (&*format!("path=@/old,{key_a}"), &*format!("path=@/hard,{key_a}"), twice),
            (&*format!("path=@/old,{key_a}"), "path=@/old", twice),
            (&*format!("path=@/old,{key_a}"), &*format!("path=@/old,{key_b},dialect=shell"), twice),
        ] {
            let deliveries = [format!("file,{one}"), "file,path=@/other".to_owned(), format!("file,{other}")];
            assert_eq!(checked(&deliveries.each_ref().map(String::as_str)), expected, "{one} and {other}");
        }
    }
}
