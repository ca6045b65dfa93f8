//! `pamrun params`: makes and reads gateway lines.

use std::io::Read;

use zeroize::Zeroizing;

use super::fault::Fault;
use super::{ask_for, show};
use crate::cli::{Input, ParamsCommand};
use crate::limits::Limits;
use crate::params::{Params, encode_json};
use crate::report::{Console, Message};
use crate::text::escape_json;

/// Carries it out.
pub(super) fn params(command: &ParamsCommand) -> Result<(), Fault> {
    let limits = Limits::default();
    match command {
        ParamsCommand::Encode { input } => {
            let line = encode_json(&read(input, &limits)?, &limits).map_err(|error| {
                let hint = "write one JSON object with `userRecordUid`, and with `records` as a list of objects that have `uid` and `title`";
                Fault::invalid(error.code(), error.to_string(), Some(hint.to_owned()))
            })?;
            show(line.expose())
        }
        ParamsCommand::Decode { input, reveal } => {
            announce(input, "a gateway's line");
            let params = Params::read(input.open()?, &limits)?;
            for warning in params.warnings() {
                Console::plain().say(Message::Warning(&warning));
            }
            let shown = if *reveal { params.revealed() } else { params.masked() };
            show(&escape_json(&format!("{shown:#}")))
        }
    }
}

/// Reads the JSON, and one byte more than may be there at most.
fn read(input: &Input, limits: &Limits) -> Result<Zeroizing<Vec<u8>>, Fault> {
    announce(input, "the JSON");
    let mut text = Zeroizing::new(Vec::new());
    let most = u64::try_from(limits.params).unwrap_or(u64::MAX).saturating_add(1);
    input.open()?.take(most).read_to_end(&mut text).map_err(|error| {
        Fault::invalid("input-unreadable", format!("the input cannot be read: {error}"), None)
    })?;
    Ok(text)
}

fn announce(input: &Input, what: &str) {
    if *input == Input::Stdin {
        ask_for(what);
    }
}
