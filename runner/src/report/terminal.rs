//! The only place that writes to stdout and stderr.

use std::io::{self, IsTerminal, Write};

use zeroize::Zeroizing;

use super::{Message, Redact};
use crate::system::is_discarded;
use crate::text::escape;

/// Prints one text and a line end to stdout, and flushes it.
///
/// # Errors
/// When not all of it was taken. Nobody reading any more ([`io::ErrorKind::BrokenPipe`]) is an
/// error too: with `--vault none` the text is all that there is of a new credential.
#[expect(clippy::disallowed_methods, reason = "report owns stdout")]
pub fn print(text: &str) -> io::Result<()> {
    write(&mut io::stdout().lock(), text)
}

/// Prints values of a vault: for a program as they are, and for people without what would act on their
/// terminal.
///
/// # Errors
/// As [`print()`].
pub fn print_values(text: &str) -> io::Result<()> {
    if stdout_is_terminal() { print(&Zeroizing::new(screened(text))) } else { print(text) }
}

fn screened(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Prints what the command line's parser has to say: help, which was asked for, to stdout, and a
/// mistake to stderr.
#[expect(clippy::disallowed_methods, reason = "report owns stdout and stderr")]
pub fn print_help(text: &str, asked_for: bool) {
    let _ = if asked_for {
        io::stdout().lock().write_all(text.as_bytes())
    } else {
        io::stderr().lock().write_all(text.as_bytes())
    };
}

/// Tells whether somebody would have to type what is read from stdin.
#[must_use]
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Tells whether stdout is a terminal, where the document is indented.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "report owns stdout")]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Tells whether text on stdout is coloured.
#[must_use]
pub fn stdout_takes_colour() -> bool {
    stdout_is_terminal() && colour_is_welcome()
}

/// Whoever sets `NO_COLOR` to anything wants none: <https://no-color.org>.
#[expect(
    clippy::disallowed_methods,
    reason = "how a terminal is used is for report to know, before any settings are"
)]
fn colour_is_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Tells whether what is written to stdout is lost: it is closed, or leads to the null device.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "report owns stdout")]
pub fn stdout_is_discarded() -> bool {
    is_discarded(io::stdout())
}

/// Speaks to people on stderr. All it says is redacted.
pub struct Console<'a> {
    redact: &'a Redact<'a>,
    is_terminal: bool,
    colour: bool,
}

impl Console<'_> {
    /// A console for what holds no secrets.
    #[must_use]
    pub fn plain() -> Self {
        Self::new(&str::to_owned)
    }
}

impl<'a> Console<'a> {
    /// A console that redacts with `redact`, and uses colour on a terminal where it is welcome.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "report owns stderr")]
    pub fn new(redact: &'a Redact<'a>) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { redact, is_terminal, colour: is_terminal && colour_is_welcome() }
    }

    /// Tells whether it leads to a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Says something. What nobody can hear is no reason to stop.
    #[expect(clippy::disallowed_methods, reason = "report owns stderr")]
    pub fn say(&self, message: Message<'_>) {
        let _ = write(&mut io::stderr().lock(), &self.line(message));
    }

    /// Redacted before it is escaped, or a secret with a strange character would be missed.
    fn line(&self, message: Message<'_>) -> String {
        match message {
            Message::Error(text) => Message::Error(&(self.redact)(text)).render(self.colour),
            Message::Hint(text) => Message::Hint(&(self.redact)(text)).render(self.colour),
            Message::Warning(text) => Message::Warning(&(self.redact)(text)).render(self.colour),
            Message::Plugin { name, level, text } => {
                Message::Plugin { name, level, text: &(self.redact)(text) }.render(self.colour)
            }
        }
    }
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(text: &str) -> String {
        text.replace("hunter2\t", "[redacted]")
    }

    #[test]
    fn every_message_is_redacted_before_it_is_escaped() {
        let console = Console { redact: &redact, is_terminal: false, colour: false };
        let text = "it is hunter2\t.";
        for message in [
            Message::Error(text),
            Message::Hint(text),
            Message::Warning(text),
            Message::Plugin { name: "p", level: "info", text },
        ] {
            assert!(console.line(message).ends_with("it is [redacted]."), "{message:?}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn what_goes_to_the_null_device_is_known_to_be_lost() {
        let null = std::fs::File::create("/dev/null").unwrap();
        let (file, folder) = (tempfile::tempfile().unwrap(), std::fs::File::open("/").unwrap());
        assert_eq!((is_discarded(null), is_discarded(file), is_discarded(folder)), (true, false, false));
    }

    #[test]
    fn values_for_people_act_on_no_terminal() {
        assert_eq!(screened("A='x\x1b[2J'\nB='\u{9b}1m'"), "A='x\\u{1b}[2J'\nB='\\u{9b}1m'");
    }

    #[test]
    fn a_text_is_written_as_one_line() {
        let mut out = Vec::new();
        write(&mut out, "{}").unwrap();
        assert_eq!(out, b"{}\n");
    }

    #[test]
    fn a_reader_who_is_gone_is_an_error_and_no_panic() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert_eq!(write(&mut Gone, "{}").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
