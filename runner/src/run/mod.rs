//! Chains the rooms: one file per command.
//!
//! In: argv. Out: an exit code; everything else has been said by `report`. Touches: stdin, and the
//! process's own limits.

mod clock;
mod exec;
mod fault;
mod guard;
mod params;
mod plugin;
mod prepare;

use std::ffi::OsString;

use crate::cli::{self, Command};
use crate::report::{Console, Message, print, print_help};
use crate::rotation::OutcomeKind;
use fault::Fault;

/// Carries out a command line, the program's name first, and returns the exit code: 0 when it
/// worked, 2 when the usage or the input is wrong, and for `exec` that of its outcome.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> u8 {
    guard::forbid_core_dumps();
    guard::silence_panics();
    let done = match cli::parse(argv) {
        Ok(Command::Exec(options)) => return exec::exec(*options),
        Ok(Command::Plugin(command)) => plugin::plugin(&command),
        Ok(Command::Params(command)) => params::params(&command),
        Ok(Command::Completions { shell }) => {
            print(String::from_utf8_lossy(&cli::completions(shell)).trim_end()).map_err(Fault::from)
        }
        Err(stop) => {
            print_help(&stop.text, stop.exit_code == 0);
            return stop.exit_code;
        }
    };
    match done {
        Ok(()) => OutcomeKind::Rotated.exit_code(),
        Err(fault) => {
            let redact = |text: &str| text.to_owned();
            fault.say(&Console::new(&redact));
            OutcomeKind::Invalid.exit_code()
        }
    }
}

impl Fault {
    /// Tells people.
    fn say(&self, console: &Console<'_>) {
        console.say(Message::Error(&self.message));
        if let Some(hint) = &self.hint {
            console.say(Message::Hint(hint));
        }
    }
}
