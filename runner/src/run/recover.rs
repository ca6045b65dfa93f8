//! `pamrun recover`: lists the rotations that were interrupted, or settles them.

use super::audit::open_audit;
use super::block_on::block_on;
use super::clock::SystemClock;
use super::fault::Fault;
use super::rescued;
use super::settle::{Others, Settler};
use super::setup::{Now, Setup};
use super::signals::Signals;
use crate::cli::{Format, Kept, RecoverArgs, RecoverSettings, StateFolder, Which, process_environment};
use crate::journal::{FileJournal, Left, Listing, OpenRecord, list_open};
use crate::model::RecordUid;
use crate::report::{
    Console, Message, Recovery, RotationEntry, print, render_json, render_recovery_text, stdout_is_terminal,
    stdout_takes_colour,
};
use crate::rotation::{Interrupt, Journal, JournalError, OutcomeKind, Patience};
use crate::secret::Redactor;

/// Carries it out, and returns the exit code.
pub(super) fn recover(args: RecoverArgs) -> Result<u8, Fault> {
    let settings = RecoverSettings::gather(args, &process_environment)?;
    let state = StateFolder::open(&settings.state_dir)?;
    let redactor = Redactor::default();
    let listing = list_open(&state)?;
    let recovery = match &settings.which {
        Which::None => list(&listing),
        Which::Records(uids) => settle(uids, &settings, &state, &redactor)?,
        Which::All => settle_all(listing, &settings, &state, &redactor)?,
    };
    let text = match settings.format {
        Format::Json => {
            render_json(&recovery, stdout_is_terminal()).map_err(|error| Fault::unwritable(&error.into()))?
        }
        Format::Text => render_recovery_text(&recovery, stdout_takes_colour()),
    };
    print(&text).map_err(|error| Fault::unwritable(&error))?;
    if recovery.is_settled() {
        return Ok(0);
    }
    if settings.which == Which::None {
        let hint = "settle what is open with `pamrun recover RECORD_UID` or `pamrun recover --all`";
        Console::plain().say(Message::Hint(hint));
    }
    Ok(OutcomeKind::Uncertain.exit_code())
}

fn list(listing: &Listing) -> Recovery {
    let mut recovery = Recovery::new();
    for record in &listing.records {
        recovery.rotations.extend(record.rotations.iter().map(|left| entry(left, record)));
    }
    listing.unreadable.iter().for_each(|error| recovery.add_error(error, &str::to_owned));
    recovery
}

/// What the journal tells of a rotation.
fn entry(left: &Left, record: &OpenRecord) -> RotationEntry {
    let plugin = Setup::of(&left.rotation).ok().map(|setup| setup.plugin_info());
    RotationEntry::listed(&left.rotation, &left.since, plugin, record.held_by.as_deref(), &str::to_owned)
}

/// Settles what is listed, but for what somebody is at work on.
fn settle_all(
    listing: Listing,
    settings: &RecoverSettings,
    state: &StateFolder,
    redactor: &Redactor,
) -> Result<Recovery, Fault> {
    let (left, running): (Vec<_>, Vec<_>) =
        listing.records.into_iter().partition(|record| record.held_by.is_none());
    let uids: Vec<_> = left.into_iter().map(|record| record.uid).collect();
    let mut recovery = settle(&uids, settings, state, redactor)?;
    let others = list(&Listing { records: running, unreadable: listing.unreadable });
    recovery.rotations.extend(others.rotations);
    recovery.errors.extend(others.errors);
    Ok(recovery)
}

/// Settles the rotations of these records, one record after the other.
fn settle(
    uids: &[RecordUid],
    settings: &RecoverSettings,
    state: &StateFolder,
    redactor: &Redactor,
) -> Result<Recovery, Fault> {
    let (clock, signals) = (SystemClock::start(), Signals::listen());
    let now = Now {
        state_dir: settings.state_dir.clone(),
        vault: settings.vault.clone(),
        ca_file: settings.ca_file.clone(),
        config_file: settings.config_file.clone(),
        limits: settings.limits.clone(),
    };
    let (others, patience) = (Others::Stdin, Patience::UntilProven);
    let mut audit = settings.audit.as_ref().map(open_audit).transpose()?;
    let mut settler = Settler {
        state,
        now,
        redactor,
        clock: &clock,
        interrupt: &signals,
        patience,
        others,
        proposed: None,
        audit: audit.as_mut(),
    };
    let mut journal = FileJournal::new(state)?;
    let mut recovery = Recovery::new();
    let redact = |text: &str| redactor.redact(text);
    block_on(async {
        for uid in uids {
            let patience = settler.time_for_locks();
            let lock = tokio::select! {
                biased;
                () = signals.wait() => Err(not_looked_at(uid)),
                lock = journal.lock_record(uid, patience) => lock,
            };
            if let Err(error) = lock {
                recovery.add_error(&error, &redact);
                continue;
            }
            // What is taken first is in use, and not rolled back then.
            let is_first = settings.kept != Kept::Shown;
            if is_first {
                rescued::take_up(uid, settings, &mut settler, &mut journal, &mut recovery).await;
            }
            for left in journal.left() {
                recovery.rotations.push(settler.settle(&mut journal, &left).await.entry);
            }
            if !is_first && matches!(settings.which, Which::Records(_)) {
                rescued::take_up(uid, settings, &mut settler, &mut journal, &mut recovery).await;
            }
        }
    })?;
    journal.finish();
    Ok(recovery)
}

fn not_looked_at(uid: &str) -> JournalError {
    let message = format!("pamrun was told to stop, before it looked at record {uid}");
    JournalError { code: "interrupted", message }
}
