//! Lines for people: what they begin with, and what is made of strange characters in them.

pub(super) use crate::text::escape;

/// A line for people on stderr. Its text may be a guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// What went wrong.
    Error(&'a str),
    /// What to do.
    Hint(&'a str),
    /// What an operator should know.
    Warning(&'a str),
    /// What a plugin logged.
    Plugin {
        /// The plugin's name.
        name: &'a str,
        /// How much the line matters: `debug`, `info` or `warn`.
        level: &'a str,
        /// The line.
        text: &'a str,
    },
}

/// The colours of a terminal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colour {
    Red,
    Green,
    Yellow,
    Cyan,
    Dim,
}

impl Message<'_> {
    /// Renders the message, with every line of a longer text indented under the first.
    pub(super) fn render(self, colour: bool) -> String {
        let (label, shade, text) = match self {
            Self::Error(text) => ("error".to_owned(), Colour::Red, text),
            Self::Hint(text) => ("hint".to_owned(), Colour::Cyan, text),
            Self::Warning(text) => ("warning".to_owned(), Colour::Yellow, text),
            Self::Plugin { name, level, text } => {
                (format!("{} {}", escape(name), escape(level)), Colour::Dim, text)
            }
        };
        let lines: Vec<String> = text.lines().map(escape).collect();
        format!("{}: {}", paint(&label, shade, colour), lines.join("\n  "))
    }
}

/// Paints a text that is escaped already, if the terminal can show it.
pub(super) fn paint(text: &str, shade: Colour, colour: bool) -> String {
    let code = match shade {
        _ if !colour => return text.to_owned(),
        Colour::Red => 31,
        Colour::Green => 32,
        Colour::Yellow => 33,
        Colour::Cyan => 36,
        Colour::Dim => 2,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_with_what_it_is() {
        assert_eq!(Message::Error("no vault").render(false), "error: no vault");
        assert_eq!(Message::Hint("name one").render(false), "hint: name one");
        assert_eq!(Message::Warning("old").render(false), "warning: old");
        let line = Message::Plugin { name: "azure", level: "info", text: "hello" };
        assert_eq!(line.render(false), "azure info: hello");
    }

    #[test]
    fn colour_is_for_terminals_only() {
        assert_eq!(Message::Error("x").render(true), "\x1b[31merror\x1b[0m: x");
        assert!(!Message::Error("x").render(false).contains('\x1b'));
    }

    #[test]
    fn a_guest_cannot_move_the_cursor_or_turn_the_text_around() {
        let text = "a\x1b[2Jb\rc\u{7}d\u{202e}e\u{2028}f";
        let line = Message::Plugin { name: "p\x1b", level: "info", text };
        assert_eq!(line.render(false), "p\\u{1b} info: a\\u{1b}[2Jb\\rc\\u{7}d\\u{202e}e\\u{2028}f");
    }

    #[test]
    fn a_second_line_of_a_guest_cannot_pass_for_a_message_of_ours() {
        let line = Message::Plugin { name: "p", level: "info", text: "one\nerror: two" };
        assert_eq!(line.render(false), "p info: one\n  error: two");
    }
}
