//! `pamrun params`: makes and reads gateway lines.

use std::io::Read;

use zeroize::Zeroizing;

use super::fault::Fault;
use crate::cli::ParamsCommand;
use crate::limits::Limits;
use crate::params::{Params, encode_json};
use crate::report::{Console, Message, print};

/// Carries it out.
pub(super) fn params(command: &ParamsCommand) -> Result<(), Fault> {
    let limits = Limits::default();
    match command {
        ParamsCommand::Encode { input } => {
            let mut text = Zeroizing::new(Vec::new());
            let most = u64::try_from(limits.params).unwrap_or(u64::MAX).saturating_add(1);
            input.open()?.take(most).read_to_end(&mut text).map_err(|error| {
                Fault::invalid("input-unreadable", format!("the input cannot be read: {error}"), None)
            })?;
            print(encode_json(&text, &limits)?.expose())?;
        }
        ParamsCommand::Decode { input, reveal } => {
            let params = Params::read(input.open()?, &limits)?;
            let redact = |text: &str| text.to_owned();
            for warning in params.warnings() {
                Console::new(&redact).say(Message::Warning(&warning));
            }
            let shown = if *reveal { params.revealed() } else { params.masked() };
            print(&format!("{shown:#}"))?;
        }
    }
    Ok(())
}
