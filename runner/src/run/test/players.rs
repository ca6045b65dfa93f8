//! Who plays in a case: what rotates, and those that deliver.

use std::ffi::OsString;
use std::sync::Arc;

use super::program::{Program, Programs};
use crate::catalog::PluginFile;
use crate::cli::ScriptEnvironment;
use crate::harness::{Case, ProgramEntry, Reach, Setting};
use crate::limits::Limits;
use crate::model::Strategy;
use crate::request::nearest::did_you_mean;
use crate::run::fault::Fault;
use crate::run::purpose::Purpose;
use crate::run::terms::Terms;
use crate::script::{Options, Script};

/// All plugins and scripts of a case.
pub(super) struct Players {
    /// What rotates; none where something stands in for it.
    pub(super) rotating: Option<Role>,
    /// Those that hand the new value on, in order.
    pub(super) delivering: Vec<Role>,
    /// What is around them.
    pub(super) setting: Arc<Setting>,
}

/// A plugin or script, and what the case starts it with.
pub(super) struct Role {
    pub(super) program: Arc<Program>,
    pub(super) entry: ProgramEntry,
}

impl Players {
    /// Loads all of them. A case that is about a plugin which delivers gets something that rotates.
    ///
    /// # Errors
    /// What is wrong with one of them, or that it cannot do what it is there for.
    pub(super) fn of(case: &Case, programs: &Programs) -> Result<Self, Fault> {
        let role = |entry: &ProgramEntry| {
            Ok::<_, Fault>(Role { program: programs.get(&entry.run)?, entry: entry.clone() })
        };
        let first = role(&case.program)?;
        let mut delivering = case.deliver.iter().map(role).collect::<Result<Vec<_>, _>>()?;
        let stands_in = first.strategy()? == Some(Strategy::Deliver);
        if !stands_in {
            let is_delivered = !delivering.is_empty();
            first.check(Purpose::Rotate { is_delivered })?;
            if !case.setting.new.is_empty() {
                let message = "[new] is for a plugin that delivers, and `run` names one that makes its new values itself";
                return Err(Fault::invalid("case", message, None));
            }
        }
        delivering.iter().try_for_each(|role| role.check(Purpose::Deliver))?;
        let (rotating, setting) = if stands_in {
            delivering.insert(0, first);
            (None, case.setting.with_stand_in())
        } else {
            (Some(first), case.setting.clone())
        };
        let players = Self { rotating, delivering, setting: Arc::new(setting) };
        players.check_calls()?;
        Ok(players)
    }

    /// Whether each peer that answers a declared request by name answers one that a plugin has.
    fn check_calls(&self) -> Result<(), Fault> {
        let roles = self.delivering.iter().chain(&self.rotating);
        let packed = roles.filter_map(|role| match &*role.program {
            Program::Plugin { packed, .. } => Some(packed),
            Program::Script(_) => None,
        });
        let names: Vec<&str> =
            packed.flat_map(|packed| packed.manifest().requests.keys()).map(String::as_str).collect();
        for peer in &self.setting.peers {
            let Some(call) = peer.call.as_deref().filter(|call| !names.contains(call)) else { continue };
            let (path, line) = &peer.place;
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let hint = match names.as_slice() {
                [] => "; what a script sends has no name: say with `request` what it is like".to_owned(),
                names => did_you_mean(call, names.iter().copied()),
            };
            let message = format!("{file}, line {line}: no plugin here has a request `{call}`{hint}");
            return Err(Fault::invalid("case", message, None));
        }
        Ok(())
    }

    /// How they reach the service: a script only at a port, and then the machine's time is that of all.
    pub(super) fn reach(&self) -> Reach {
        let is_script = |role: &Role| matches!(*role.program, Program::Script(_));
        let is_any = self.delivering.iter().chain(&self.rotating).any(is_script);
        if is_any { Reach::Loopback } else { Reach::BehindTheGate }
    }
}

impl Role {
    /// The script of this role; `service` is the variable that tells where the service is.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn script(
        &self,
        file: &PluginFile,
        limits: &Limits,
        service: Option<(OsString, OsString)>,
    ) -> Result<Script, Fault> {
        let mut environment = ScriptEnvironment::usual().variables;
        environment.extend(service);
        let options = Options {
            interpreter: self.entry.interpreter.clone(),
            arguments: self.entry.arguments.iter().map(OsString::from).collect(),
            environment,
            confinement: None,
            limits: limits.clone(),
        };
        Ok(Script::new(&file.path, &file.bytes, options)?)
    }

    fn strategy(&self) -> Result<Option<Strategy>, Fault> {
        Ok(match &*self.program {
            Program::Plugin { packed, .. } => Terms::Declared(Arc::clone(packed.manifest())).strategy(),
            Program::Script(file) => {
                let script = self.script(file, &Limits::default(), None)?;
                script.declared().map(|declared| declared.strategy)
            }
        })
    }

    fn check(&self, purpose: Purpose) -> Result<(), Fault> {
        let name = self.entry.run.file_name().unwrap_or_default().to_string_lossy();
        purpose.check(&name, self.strategy()?)
    }
}
