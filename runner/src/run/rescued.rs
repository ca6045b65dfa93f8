//! What records keep, since it could not be saved in its fields: shows it, puts it there, or forgets it.

use super::attach::vault_at;
use super::fault::Fault;
use super::random::random;
use super::settle::{Missing, Settler};
use crate::cli::{Kept, RecoverSettings};
use crate::journal::FileJournal;
use crate::report::{Recovery, RescuedEntry, RescuedState};
use crate::rotation::{Choice, Job, OutcomeKind, Parts, Rescued, Stop, Vault, take_up as take_up_in};

/// Takes up what the record keeps, and adds it to the document. The record is locked.
pub(super) async fn take_up(
    uid: &str,
    settings: &RecoverSettings,
    settler: &mut Settler<'_>,
    journal: &mut FileJournal,
    recovery: &mut Recovery,
) {
    let redact = |text: &str| settler.redactor.redact(text);
    let (choice, state) = match settings.kept {
        Kept::Shown => (Choice::Look, RescuedState::Kept),
        Kept::Taken => (Choice::Take, RescuedState::Taken),
        Kept::Dropped => (Choice::Drop, RescuedState::Dropped),
    };
    let mut vault = match vault(settings) {
        Ok(vault) => vault,
        // Who has not asked for it need not have named the vault.
        Err(_) if choice == Choice::Look => return,
        Err(fault) => return recovery.add_stop(&fault.into_stop("vault"), &redact),
    };
    let prepare =
        |_: &[_]| Err(Stop::new(OutcomeKind::Internal, "setup", "no-plugin", "no plugin is needed"));
    let job = Job::of_record(uid, &settings.limits);
    let parts = Parts {
        plugin: &mut Missing,
        deliverers: Vec::new(),
        vault: vault.as_deref_mut().map(|vault| vault as _),
        journal,
        clock: settler.clock,
        prepare: &prepare,
        secrets: settler.redactor,
        random: &random,
        interrupt: settler.interrupt,
    };
    match take_up_in(&job, parts, choice).await {
        Ok(kept) => {
            let entry = |rescued: &Rescued| RescuedEntry::new(uid, rescued, state, &redact);
            recovery.rescued.extend(kept.iter().map(entry));
        }
        Err(stop) if choice == Choice::Look && stop.error.code == "record-missing" => {}
        Err(stop) => recovery.add_stop(&stop, &redact),
    }
}

fn vault(settings: &RecoverSettings) -> Result<Option<Box<dyn Vault>>, Fault> {
    let kept_in = settings.kept_in.clone()?;
    vault_at(&kept_in.vault, kept_in.proxy.as_ref(), kept_in.ca_pem()?, &settings.limits)
}
