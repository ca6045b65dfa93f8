//! Opens the audit log.

use super::fault::Fault;
use crate::cli::AuditChoice;
use crate::report::{Audit, AuditTarget};

/// Opened before anything is changed: what is changed is to be seen.
pub(super) fn open_audit(choice: &AuditChoice) -> Result<Audit, Fault> {
    let (target, place) = match choice {
        AuditChoice::Syslog => (AuditTarget::Syslog, "the system's log".to_owned()),
        AuditChoice::File(path) => (AuditTarget::File(path.clone()), path.display().to_string()),
    };
    Audit::open(&target).map_err(|error| Fault::audit_unwritable(&place, &error))
}
