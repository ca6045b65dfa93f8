//! Chains the rooms: one file per command.
//!
//! In: argv. Out: an exit code; everything else has been said by `report`. Touches: stdin, and the
//! process's own limits and signals.

mod attach;
mod audit;
mod block_on;
mod check;
mod clock;
mod destinations;
mod doctor;
mod earlier;
mod equip;
mod exec;
mod fault;
mod guard;
mod manifest;
mod new;
mod pack;
mod params;
mod plugin;
mod prepare;
mod purpose;
mod random;
mod record;
mod recover;
mod render;
mod rescued;
mod rotate;
mod secrets;
mod settle;
mod setup;
mod signals;
mod stage;
mod terms;
mod test;

use std::ffi::OsString;
use std::io;

use crate::cli::{self, Command, Stop};
use crate::report::{Console, Message, print, print_help, stdin_is_terminal};
use crate::script::{LAUNCH, launch};
use crate::system::forbid_core_dumps;
use fault::Fault;

/// Carries out a command line, the program's name first, and returns the exit code: that of the
/// outcome of `exec`, and for all other commands 0 when it worked, and else that of the outcome
/// that comes closest.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> u8 {
    forbid_core_dumps();
    guard::silence_panics();
    let argv: Vec<OsString> = argv.into_iter().collect();
    if argv.get(1).is_some_and(|command| command == LAUNCH) {
        // The script's own stderr: it is to say what keeps it from being there.
        let (problem, exit_code) = launch();
        print_help(&problem, false);
        return exit_code;
    }
    let is_exec = argv.get(1).is_some_and(|command| command == "exec");
    let command = match cli::parse(argv) {
        Ok(command) => command,
        Err(stop) => {
            print_help(&stop.text, stop.exit_code == 0);
            let is_mistake = stop.exit_code != 0;
            return if is_exec && is_mistake { exec::refuse_usage(problem(&stop)) } else { stop.exit_code };
        }
    };
    let done = guard::catch(|| carry_out(command));
    done.unwrap_or_else(|place| Err(Fault::panicked(&place))).unwrap_or_else(|fault| {
        let console = Console::plain();
        console.say(Message::Error(&fault.message));
        if let Some(hint) = &fault.hint {
            console.say(Message::Hint(hint));
        }
        fault.kind.exit_code()
    })
}

fn carry_out(command: Command) -> Result<u8, Fault> {
    match command {
        Command::Exec(args) => return Ok(exec::exec(*args)),
        Command::Recover(args) => return recover::recover(*args),
        Command::Doctor(args) => return doctor::doctor(*args),
        Command::Secrets(args) => secrets::secrets(*args)?,
        Command::Test(args) => return test::test(*args),
        Command::Plugin(command) => return plugin::plugin(&command),
        Command::Params(command) => params::params(&command)?,
        Command::New { language, folder } => new::new(language, &folder)?,
        Command::Completions { shell } => {
            show(String::from_utf8_lossy(&cli::completions(shell)).trim_end())?;
        }
    }
    Ok(0)
}

/// The parser's message without the usage that follows it.
fn problem(stop: &Stop) -> &str {
    let message = stop.text.strip_prefix("error: ").unwrap_or(&stop.text);
    message.split("\n\n").next().unwrap_or(message)
}

/// Prints what was asked for. A reader who has seen enough (`| head`) is no mistake.
fn show(text: &str) -> Result<(), Fault> {
    match print(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Fault::unwritable(&error)),
        _ => Ok(()),
    }
}

/// Tells somebody who sits at a terminal that we wait for him, and for what.
fn ask_for(what: &str) {
    if stdin_is_terminal() {
        Console::plain().say(Message::Hint(&format!("waiting for {what} on stdin")));
    }
}
