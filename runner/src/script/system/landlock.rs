//! Confinement on Linux: Landlock for files and signals, seccomp for sockets. Both are inherited by
//! whatever a script starts, and cannot be taken off again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

use crate::script::confine::Confined;

/// The oldest kernel interface that restrains every way of changing a file's content (Linux 6.2): the
/// ones before let anybody cut files off.
const NEEDED: ABI = ABI::V3;

/// What programs read of the system itself. Of `/etc`, only what says how names, certificates and users
/// are looked up: Keeper's own configuration stands there too.
const SYSTEM: [&str; 27] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
];
/// What programs write to when they mean nothing by it.
const NOWHERE: &str = "/dev/null";

/// System calls that open sockets, by a second way too: what is queued in a ring no filter sees.
const SOCKETS: [i64; 2] = [libc::SYS_socket, libc::SYS_io_uring_setup];
/// The same calls by the numbers of the 32-bit-pointer interface of `x86_64`.
#[cfg(target_arch = "x86_64")]
const OTHER_NUMBERS: i64 = 0x4000_0000;

/// Tells whether this machine can confine.
///
/// # Errors
/// What it lacks.
pub(in crate::script) fn may_confine() -> Result<(), String> {
    ruleset().map(drop)?;
    filter().map(drop)
}

/// Confines this process, and whatever it starts.
///
/// # Errors
/// Why it is not confined; it must not go on then.
pub(in crate::script) fn confine(confined: &Confined) -> Result<(), String> {
    let read = AccessFs::from_read(NEEDED);
    let write = AccessFs::from_all(NEEDED);
    let system = SYSTEM.iter().map(PathBuf::from);
    let mut rules = ruleset()?;
    // What the system lacks need not be granted; what the operator grants must be there.
    for path in system.filter(|path| path.exists()) {
        rules = grant(rules, &path, read)?;
    }
    rules = grant(rules, Path::new(NOWHERE), write)?;
    for path in &confined.read {
        rules = grant(rules, path, read)?;
    }
    for path in &confined.write {
        rules = grant(rules, path, write)?;
    }
    let status = rules.restrict_self().map_err(|error| lacking(&error))?;
    if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
        return Err("the kernel did not confine it".to_owned());
    }
    if confined.network {
        return Ok(());
    }
    apply_filter(&filter()?).map_err(|error| format!("the kernel takes no filter of system calls: {error}"))
}

fn ruleset() -> Result<RulesetCreated, String> {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(NEEDED))
        .map_err(|error| lacking(&error))?
        // Signals to others are held back from Linux 6.12 on.
        .set_compatibility(CompatLevel::BestEffort)
        .scope(Scope::Signal)
        .map_err(|error| lacking(&error))?
        .create()
        .map_err(|error| lacking(&error))
}

fn lacking(error: &dyn std::error::Error) -> String {
    format!("it needs Landlock as Linux 6.2 has it, switched on ({error})")
}

fn grant(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, String> {
    let unusable = |error: &dyn std::fmt::Display| format!("{} cannot be granted: {error}", path.display());
    let opened = PathFd::new(path).map_err(|error| unusable(&error))?;
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEEDED) };
    rules.add_rule(PathBeneath::new(opened, access)).map_err(|error| unusable(&error))
}

fn filter() -> Result<BpfProgram, String> {
    let unknown = |error: seccompiler::BackendError| format!("system calls cannot be filtered here: {error}");
    let arch: TargetArch = std::env::consts::ARCH.try_into().map_err(unknown)?;
    let mut calls = BTreeMap::new();
    for call in SOCKETS {
        calls.insert(call, Vec::new());
        #[cfg(target_arch = "x86_64")]
        calls.insert(call | OTHER_NUMBERS, Vec::new());
    }
    let refused = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, refused, arch).map_err(unknown)?;
    filter.try_into().map_err(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_can_be_filtered_wherever_we_are_built() {
        assert!(!filter().unwrap().is_empty());
    }
}
