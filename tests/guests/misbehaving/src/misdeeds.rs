//! Bad things that can be done in any step.

use std::hint::black_box;
use std::time::Duration;

use pamrun_plugin::{Failure, Trouble, Value};

use crate::requests::settings::{Behaviour, Step};
use crate::{GUESSED, Me, strangers};

const LINE: &str = "the same line once more, to see who stops it and when";

impl Me<'_> {
    /// Does what the settings say, if this is the step for it. What comes back is the failure with which an
    /// honest plugin would report that it was stopped; some of it never comes back.
    pub fn misbehave(&self, step: Step) -> Result<(), Failure> {
        if self.settings.step != step {
            return Ok(());
        }
        match self.settings.behaviour {
            Behaviour::Spin => spin(),
            Behaviour::Sleep => self.host.sleep(Duration::from_secs(24 * 3600)),
            Behaviour::HoardMemory => hoard(),
            #[expect(clippy::panic, reason = "a trap is what is asked for")]
            Behaviour::Trap => panic!("trapped as told"),
            Behaviour::FloodLog => (0..1_000_000).for_each(|_| self.say(LINE)),
            #[expect(clippy::print_stdout, reason = "a flood is what is asked for")]
            Behaviour::FloodStdout => (0..1_000_000).for_each(|_| println!("{LINE}")),
            #[expect(clippy::print_stderr, reason = "a flood is what is asked for")]
            Behaviour::FloodStderr => (0..1_000_000).for_each(|_| eprintln!("{LINE}")),
            Behaviour::FloodFailure => return Err(Failure::denied("flood", LINE.repeat(100_000))),
            Behaviour::FloodCalls => loop {
                self.list()?;
            },
            Behaviour::FloodRefusals => {
                (0..1_000_000).for_each(|count| drop(self.call(&format!("denied-{count}"), &[])));
            }
            Behaviour::CallACursor => drop(self.call("\u{1b}[2J\u{202e}", &[])?),
            Behaviour::CallANovel => drop(self.call(&"x".repeat(1_000_000), &[])?),
            Behaviour::CallUndeclared => drop(self.call("removes", &[])?),
            Behaviour::WrongKinds => self.wrong_kinds()?,
            Behaviour::Create => drop(self.call("create", &[])?),
            Behaviour::DeleteOld => drop(self.remove(self.old.unwrap_or(GUESSED))?),
            Behaviour::DeleteStranger => {
                for id in strangers(&self.list()?) {
                    self.remove(id)?;
                }
            }
            Behaviour::DeleteGuessed => drop(self.remove(GUESSED)?),
            Behaviour::ChangeTarget => drop(self.call("partner", &[])?),
            Behaviour::ReadASecret => drop(self.call("echo", &[])?),
            Behaviour::PrintWhatItSees => self.print_what_it_sees()?,
            Behaviour::FollowRedirect => drop(self.call("redirect", &[])?),
            Behaviour::LookAround => look_around()?,
            _ => {}
        }
        Ok(())
    }

    /// Gives parameters that are none of their kind. Where one was taken all the same, it says which.
    fn wrong_kinds(&self) -> Result<(), Failure> {
        let search = |params: &[(&str, Value)]| self.call("search", params);
        let good = [
            ("before", Value::from("2030-01-31T00:00:00Z")),
            ("most", Value::Integer(7)),
            ("order", "up".into()),
            ("key", "k1".into()),
        ];
        let long = "k".repeat(129);
        for (name, value) in [
            ("before", "tomorrow".into()),
            ("before", Value::Integer(7)),
            ("most", "many".into()),
            ("most", Value::Flag(true)),
            ("order", "sideways".into()),
            ("key", "k1\r\nx-evil: 1".into()),
            ("key", long.as_str().into()),
            ("key", "".into()),
            ("key", Value::Secret),
            ("key", ["k1", "k2"].into()),
        ] {
            let mut params = good.clone();
            params
                .iter_mut()
                .filter(|(known, _)| *known == name)
                .for_each(|(_, given)| given.clone_from(&value));
            was_refused(&search(&params), &format!("{name} = {value:?}"))?;
        }
        let [before, most, order, key] = good;
        was_refused(&search(&[before.clone(), most.clone(), order.clone()]), "one too few")?;
        let surplus = ("surplus", Value::Integer(1));
        was_refused(
            &search(&[before.clone(), most.clone(), order.clone(), key.clone(), surplus]),
            "one too many",
        )?;
        let twice = search(&[before, most, order, key.clone(), key]);
        was_refused(&twice, "one twice")?;
        Err(Failure::denied("wrong-kinds", "every wrong kind was refused"))
    }

    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "a leak is what is asked for")]
    fn print_what_it_sees(&self) -> Result<(), Failure> {
        let login = self.call("login", &[]);
        let seen = format!("{:?} {:?} {login:?}", self.call("account", &[])?, self.list()?);
        self.say(&seen);
        println!("{seen}");
        eprintln!("{seen}");
        Ok(())
    }
}

/// That a call was refused before anything was sent.
fn was_refused<T>(called: &Result<T, Trouble>, what: &str) -> Result<(), Failure> {
    match called {
        Err(Trouble::Refused(_)) => Ok(()),
        _ => Err(Failure::other("taken", format!("this was taken: {what}"))),
    }
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn hoard() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1024 * 1024]));
    }
}

/// Looks for what there is beside the calls, and fails with what it finds.
#[expect(clippy::disallowed_methods, reason = "a look around is what is asked for")]
fn look_around() -> Result<(), Failure> {
    let variables = std::env::vars().count();
    let arguments = std::env::args().count();
    let files = std::fs::read_dir("/").is_ok() || std::fs::write("/tmp/misbehaving", "x").is_ok();
    if variables + arguments > 0 || files {
        return Err(Failure::other(
            "found",
            format!("{variables} variables, {arguments} arguments, files: {files}"),
        ));
    }
    Ok(())
}
