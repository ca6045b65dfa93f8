//! UIDs, and notation that begins with one, may begin with a hyphen. An option that takes them takes such a
//! value, but not another option: then its own value was forgotten, or the other one is misspelt.

use std::ffi::OsString;

use clap::Command;

/// The length of a UID.
const UID: usize = 22;

/// Takes the UID of a record, or whatever else begins with no hyphen.
pub(super) fn uid(text: &str) -> Result<String, String> {
    taken(text, is_uid(text), "UID")
}

/// Takes a notation.
pub(super) fn notation(text: &str) -> Result<String, String> {
    // What stands before the first slash may as well be a title.
    taken(text, text.contains('/'), "notation")
}

fn taken(text: &str, is_value: bool, what: &str) -> Result<String, String> {
    if is_value || !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    Err(format!("it is no {what}: an option may be misspelt, or lack its value"))
}

/// Whether a line has a UID that begins with a hyphen, maybe.
pub(super) fn has_led_uid(argv: &[OsString]) -> bool {
    argv.iter().any(is_led_uid)
}

fn is_led_uid(word: &OsString) -> bool {
    word.to_str().is_some_and(|word| word.starts_with('-') && is_uid(word))
}

/// Puts UIDs that begin with a hyphen last in the line of a command that takes UIDs without an option: behind
/// `--` they do not pass for options.
pub(super) fn uids_last(commands: &Command, argv: Vec<OsString>) -> Vec<OsString> {
    let mut command = commands;
    for word in argv.iter().skip(1) {
        match word.to_str().and_then(|word| command.find_subcommand(word)) {
            Some(inner) => command = inner,
            None => break,
        }
    }
    let takes_uids = command.get_positionals().any(|argument| {
        argument.get_value_names().unwrap_or_default().iter().any(|name| name.contains("UID"))
    });
    if !takes_uids || argv.iter().any(|word| word == "--") {
        return argv;
    }
    let is_option_with_value = |word: Option<&OsString>| {
        let long = word.and_then(|word| word.to_str()?.strip_prefix("--"));
        command.get_opts().any(|option| option.get_long() == long && option.get_action().takes_values())
    };
    let is_last = |at: usize, word: &OsString| {
        is_led_uid(word) && !is_option_with_value(at.checked_sub(1).and_then(|before| argv.get(before)))
    };
    let (last, mut line): (Vec<_>, Vec<_>) =
        argv.iter().enumerate().partition(|(at, word)| is_last(*at, word));
    let end = OsString::from("--");
    if !last.is_empty() {
        line.push((0, &end));
        line.extend(last);
    }
    line.into_iter().map(|(_, word)| word.clone()).collect()
}

/// Whether a word is in the form of a UID: 16 bytes in base64.
fn is_uid(word: &str) -> bool {
    let is_of_uid = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    word.len() == UID && word.bytes().all(is_of_uid)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, CommandFactory};

    use super::*;
    use crate::cli::args::{Arguments, parse};

    const UIDS: [&str; 6] = [
        "-ashUIDstartsWithDashA",
        "--shUIDstartsWithDashA",
        "-hVhVhVhVhVhVhVhVhVhVh",
        "-V_________----_____-A",
        "---------------------A",
        "ordinaryUIDthatIsOneAA",
    ];

    /// Every argument of every command that takes a UID or notation, with the words that lead to it.
    fn takers(tree: &Command, path: &[String]) -> Vec<(Vec<String>, Arg)> {
        let names_one = |arg: &&Arg| {
            let names = arg.get_value_names().unwrap_or_default();
            names.iter().any(|name| name.contains("UID") || name.contains("NOTATION"))
        };
        let mut found: Vec<_> =
            tree.get_arguments().filter(names_one).map(|arg| (path.to_vec(), arg.clone())).collect();
        for inner in tree.get_subcommands() {
            found.extend(takers(inner, &[path, &[inner.get_name().to_owned()]].concat()));
        }
        found
    }

    /// A command line that gives an argument this value, in each way that there is to write it.
    fn lines(path: &[String], arg: &Arg, value: &str) -> Vec<Vec<String>> {
        let value = match arg.get_value_names().unwrap_or_default() {
            [name] if name.contains("NOTATION") => format!("{value}/field/password > X"),
            _ => value.to_owned(),
        };
        // What else the command cannot do without.
        let rest = match arg.get_id().as_str() {
            "provider" => vec!["--record".to_owned(), "u".to_owned()],
            _ => Vec::new(),
        };
        let ways = match arg.get_long() {
            Some(long) => vec![vec![format!("--{long}"), value.clone()], vec![format!("--{long}={value}")]],
            None => vec![vec![value.clone()], vec!["--".to_owned(), value]],
        };
        let program = ["pamrun".to_owned()];
        ways.into_iter().map(|way| [&program, path, &rest, &way].concat()).collect()
    }

    fn parsed(line: &[String]) -> Result<(), String> {
        parse(line.iter().map(OsString::from)).map(drop).map_err(|stop| stop.text)
    }

    #[test]
    fn n17_every_option_and_argument_that_takes_a_uid_takes_one_with_a_hyphen() {
        let takers = takers(&Arguments::command(), &[]);
        assert!(takers.len() >= 4, "there are more: {takers:?}");
        for (path, arg) in &takers {
            for uid in UIDS {
                for line in lines(path, arg, uid) {
                    parsed(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
                }
            }
        }
    }

    #[test]
    fn n17_another_option_is_not_taken_for_the_value() {
        for (path, arg) in takers(&Arguments::command(), &[]) {
            let Some(long) = arg.get_long() else { continue };
            for other in ["--help", "--strict", "--vault", "--no-such-option", "-h"] {
                let line =
                    [&["pamrun".to_owned()], &path[..], &[format!("--{long}"), other.to_owned()]].concat();
                let error = parsed(&line).unwrap_err();
                assert!(
                    error.starts_with("error: ") && error.contains("may be misspelt"),
                    "{line:?}: {error}"
                );
            }
        }
    }

    #[test]
    fn n17_an_option_that_there_is_not_is_told_and_the_others_work() {
        let typed = |words: &[&str]| {
            parsed(&["pamrun"].iter().chain(words).map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        for words in [&["recover", "--al"][..], &["recover", "-x"], &["recover", UIDS[0], "--no-such"]] {
            let error = typed(words).unwrap_err();
            assert!(error.contains("unexpected argument"), "{words:?}: {error}");
        }
        assert_eq!(typed(&["recover", UIDS[0], UIDS[5], "--vault", "none"]), Ok(()));
        assert_eq!(typed(&["recover", "--vault", "none", UIDS[1]]), Ok(()));
        assert_eq!(typed(&["recover", "--all"]), Ok(()));
        assert!(typed(&["recover", "--all", UIDS[0]]).unwrap_err().contains("--all"));
        assert!(typed(&["recover", "--help"]).unwrap_err().contains("Usage"));
        assert!(typed(&["recover", "-h"]).unwrap_err().contains("Usage"));
    }
}
