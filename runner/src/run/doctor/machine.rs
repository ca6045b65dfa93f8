//! This machine: what the operator wants, where pamrun keeps its state, whom it trusts, and the
//! way to the vault.

use super::{Check, Checked, finding};
use crate::cli::{CliError, DoctorArgs, ExecSettings, StateFolder, VaultChoice, process_environment};
use crate::journal::FileJournal;
use crate::model::{Level, SharedRecord};
use crate::run::attach::reader;
use crate::run::block_on::block_on;
use crate::run::fault::Fault;
use crate::system::SHORTCOMINGS;
use crate::trust;
use crate::vault::Reader;

/// The vault, and all that it shares with us.
pub(super) struct Shared {
    pub(super) reader: Box<dyn Reader>,
    pub(super) records: Vec<SharedRecord>,
}

pub(super) fn settings(args: &DoctorArgs) -> Check<ExecSettings> {
    let settings =
        ExecSettings::gather(args.clone().exec_alone(), &process_environment).map_err(Fault::from)?;
    if settings.vault == VaultChoice::None {
        return Err(Fault::from(CliError::NothingToRead).into());
    }
    let detail = format!("the records are in {}", settings.vault.written());
    Ok(Checked { value: settings, detail, findings: Vec::new() })
}

pub(super) fn state_folder(settings: &ExecSettings) -> Check<(StateFolder, FileJournal)> {
    let folder = StateFolder::open(&settings.state_dir).map_err(Fault::from)?;
    let journal = FileJournal::new(&folder).map_err(Fault::from)?;
    let shortcoming = |text: &&str| finding(Level::Warning, "system", (*text).to_owned(), None);
    let findings: Vec<_> = SHORTCOMINGS.iter().map(shortcoming).collect();
    // Who may enter it may be what the system does not tell.
    let privacy = if findings.is_empty() { ", and nobody else may enter it" } else { "" };
    let detail = format!("{}{privacy}", folder.path().display());
    Ok(Checked { value: (folder, journal), detail, findings })
}

pub(super) fn certificates(settings: &ExecSettings) -> Check<()> {
    let extra = settings.ca_pem().map_err(Fault::from)?.map(|pem| trust::parse_pem(&pem)).transpose();
    let extra = extra.map_err(|problem| {
        let message = format!("the file of further certificate authorities is of no use: {problem}");
        vec![finding(
            Level::Error,
            "ca-file",
            message,
            Some("name a file of PEM certificates with --ca-file".to_owned()),
        )]
    })?;
    let count = trust::authorities(extra.unwrap_or_default());
    if count == 0 {
        let message = "this machine trusts no certificate authority, so that no TLS connection can be made";
        let fix = "install the package ca-certificates, or name a file with --ca-file";
        return Err(vec![finding(Level::Error, "no-certificate-authorities", message, Some(fix.to_owned()))]);
    }
    Ok(Checked { value: (), detail: format!("{count} authorities are trusted"), findings: Vec::new() })
}

pub(super) fn vault(settings: &ExecSettings) -> Check<Shared> {
    let ca_pem = settings.ca_pem().map_err(Fault::from)?;
    let mut reader = reader(&settings.vault, settings.proxy.as_ref(), ca_pem, &settings.limits)?;
    let records = block_on(reader.read(None))?.map_err(Fault::from)?;
    let editable = records.iter().filter(|shared| shared.record.editable).count();
    let detail = format!("{} records are shared, {editable} of them editable", records.len());
    let note = |note: &String| finding(Level::Warning, "vault-note", note.clone(), None);
    let findings = reader.notes().iter().map(note).collect();
    Ok(Checked { value: Shared { reader, records }, detail, findings })
}
