//! What the first lines of a script say of it: who runs it, and which steps it has.

use std::path::Path;

use super::ScriptError;
use crate::model::{StepName, Strategy};
use crate::text::{NotText, decode};

/// Lines at the beginning in which a script may say what its steps are.
const HEAD: usize = 50;
/// Longer lines are data.
const LINE: usize = 1000;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The steps that a script has, by its own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The steps, each once.
    pub steps: Vec<StepName>,
    /// How old and new values relate.
    pub strategy: Strategy,
}

/// The program that a script names in its first line, with the arguments that go before the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shebang {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
}

/// The script without the mark that some editors put at the beginning.
pub(super) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

/// Reads the `#!` line as the kernel does: a program and at most one argument. `env`, which looks a
/// program up, is seen through.
pub(super) fn shebang(bytes: &[u8]) -> Option<Shebang> {
    let line = without_bom(bytes).strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = str::from_utf8(line).ok()?.trim();
    let (program, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    if program.is_empty() {
        return None;
    }
    let rest = rest.trim();
    let looked_up = (Path::new(program).file_name()? == "env").then(|| looked_up(rest)).flatten();
    Some(looked_up.unwrap_or_else(|| Shebang {
        program: program.to_owned(),
        arguments: if rest.is_empty() { Vec::new() } else { vec![rest.to_owned()] },
    }))
}

/// What `env` would start; none where it was to do more than look a program up.
fn looked_up(rest: &str) -> Option<Shebang> {
    let rest = rest.strip_prefix("-S").or_else(|| rest.strip_prefix("--split-string=")).unwrap_or(rest);
    let mut words = shlex::split(rest)?.into_iter();
    let program = words.next().filter(|word| !word.starts_with('-') && !word.contains('='))?;
    Some(Shebang { program, arguments: words.collect() })
}

/// Reads the line `pamrun: steps=… strategy=…` in a comment at the beginning; none where there is no
/// such line.
///
/// # Errors
/// What is wrong with it, and in which line: a script that means to have steps must not run without.
pub(super) fn declared(bytes: &[u8]) -> Result<Option<Declared>, ScriptError> {
    let wrong = |line: usize, problem: NotText| ScriptError::Head { line, problem: format!("it {problem}") };
    let whole = decode(bytes);
    // Its interpreter may well read it in another encoding: what matters here is plain in all of them but UTF-16.
    if let Err(problem) = &whole
        && bytes.iter().take(2).any(|byte| *byte == 0)
    {
        return Err(wrong(problem.line(), *problem));
    }
    let text = whole.as_deref().map_or(bytes, str::as_bytes);
    let lines = text.split(|byte| *byte == b'\n').take(HEAD);
    for (index, line) in lines.enumerate().filter(|(_, line)| line.len() <= LINE) {
        let line_text = String::from_utf8_lossy(line);
        let Some(words) = comment(&line_text).and_then(|comment| comment.strip_prefix("pamrun:")) else {
            continue;
        };
        if let (Err(problem), Err(_)) = (&whole, str::from_utf8(line)) {
            return Err(wrong(index + 1, *problem));
        }
        // People may well say something about pamrun in a comment.
        if words.contains('=') {
            let wrong = |problem| ScriptError::Head { line: index + 1, problem };
            return parse(words).map(Some).map_err(wrong);
        }
    }
    Ok(None)
}

/// The text of a comment, in any usual language; none where the line is no comment.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim();
    let text = line.trim_start_matches(|c: char| "#/*;-<'\"%".contains(c) || c.is_whitespace());
    (text.len() < line.len()).then_some(text)
}

fn parse(words: &str) -> Result<Declared, String> {
    let (mut steps, mut strategy) = (None, None);
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some(("steps", names)) => {
                steps = Some(names.split(',').map(step).collect::<Result<Vec<_>, _>>()?);
            }
            Some(("strategy", "overlap")) => strategy = Some(Strategy::Overlap),
            Some(("strategy", "in-place")) => strategy = Some(Strategy::InPlace),
            Some(("strategy", "deliver")) => strategy = Some(Strategy::Deliver),
            Some(("strategy", other)) => {
                return Err(format!("`{other}` is no strategy: use overlap, in-place or deliver"));
            }
            Some((key, _)) => return Err(format!("`{key}` means nothing: write steps=… strategy=…")),
            // The end of a comment.
            None if word.chars().all(|c| c.is_ascii_punctuation()) => {}
            None => return Err(format!("`{word}` means nothing: write steps=… strategy=…")),
        }
    }
    let steps = steps.ok_or("`steps=` is missing: name them with commas between")?;
    let strategy = strategy.ok_or("`strategy=` is missing: use overlap, in-place or deliver")?;
    if let Some((_, twice)) =
        steps.iter().enumerate().find(|(at, name)| steps.iter().take(*at).any(|s| s == *name))
    {
        return Err(format!("the step `{twice}` is listed twice"));
    }
    let needed: &[StepName] = match strategy {
        Strategy::Overlap => &StepName::ALL,
        Strategy::InPlace => &[StepName::Rotate],
        Strategy::Deliver => &[StepName::Preflight, StepName::Rotate],
    };
    let missing: Vec<_> =
        needed.iter().filter(|name| !steps.contains(name)).map(|name| name.word()).collect();
    if missing.is_empty() {
        Ok(Declared { steps, strategy })
    } else {
        Err(format!("with this strategy a script must have the step {} too", missing.join(" and ")))
    }
}

fn step(name: &str) -> Result<StepName, String> {
    let found = StepName::ALL.into_iter().find(|step| step.word() == name);
    found.ok_or_else(|| {
        let known: Vec<_> = StepName::ALL.iter().map(|step| step.word()).collect();
        format!("there is no step `{name}`; the steps are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Option<(String, Vec<String>)> {
        shebang(text.as_bytes()).map(|shebang| (shebang.program, shebang.arguments))
    }

    #[track_caller]
    fn assert_named(text: &str, program: &str, arguments: &[&str]) {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        assert_eq!(named(text), Some((program.to_owned(), arguments)), "{text:?}");
    }

    #[test]
    fn a_shebang_names_a_program_and_at_most_one_argument() {
        assert_named("#!/bin/sh\necho", "/bin/sh", &[]);
        assert_named("#! /bin/bash -e -u \n", "/bin/bash", &["-e -u"]);
        assert_named("#!/bin/bash\r\n", "/bin/bash", &[]);
        assert_named("\u{feff}#!/bin/bash\n", "/bin/bash", &[]);
        assert_named("#!/bin/sh", "/bin/sh", &[]);
    }

    #[test]
    fn env_is_seen_through() {
        assert_named("#!/usr/bin/env python3\n", "python3", &[]);
        assert_named("#!/usr/bin/env python3 -u\r\n", "python3", &["-u"]);
        assert_named("#!/usr/bin/env -S python3 -u 'a b'\n", "python3", &["-u", "a b"]);
        assert_named("#!/usr/bin/env -Snode --no-warnings\n", "node", &["--no-warnings"]);
        // What it is to do besides, only itself can.
        assert_named("#!/usr/bin/env -i sh\n", "/usr/bin/env", &["-i sh"]);
        assert_named("#!/usr/bin/env -S A=1 sh\n", "/usr/bin/env", &["-S A=1 sh"]);
    }

    #[test]
    fn what_has_no_shebang_names_nobody() {
        for text in ["", "#!", "#!\n", "print()", " #!/bin/sh", "\n#!/bin/sh"] {
            assert_eq!(named(text), None, "{text:?}");
        }
    }

    const ALL: &str = "pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap";

    #[test]
    fn steps_are_declared_in_a_comment_of_any_language() {
        for (before, after) in [
            ("#!/usr/bin/env python3\n# ", "\nimport sys"),
            ("// ", "\r\n"),
            ("<# ", " #>"),
            ("/*\n * ", "\n */"),
            ("-- ", ""),
            ("\u{feff}# ", ""),
            ("# pamrun: see the manual\n#", ""),
        ] {
            let declared = declared(format!("{before}{ALL}{after}").as_bytes()).unwrap().unwrap();
            assert_eq!(declared, Declared { steps: StepName::ALL.into(), strategy: Strategy::Overlap });
        }
    }

    #[test]
    fn n22_the_head_is_read_in_every_encoding_that_an_interpreter_may_know() {
        let text = format!("# {ALL}\r\nWrite-Output 1\r\n");
        let utf16 = |bytes_of: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{text}").encode_utf16().flat_map(bytes_of).collect()
        };
        let latin1 = [b"# f\xfcr alle\n".to_vec(), text.clone().into_bytes()].concat();
        for bytes in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes), latin1] {
            assert_eq!(declared(&bytes).unwrap().unwrap().steps, StepName::ALL);
        }
        let unmarked = utf16(u16::to_le_bytes).split_off(2);
        let error = declared(&unmarked).unwrap_err().to_string();
        assert!(error.contains("UTF-16 without a byte order mark"), "{error}");
        let error =
            declared(b"#!/bin/sh\n# pamrun: steps=rotate strategy=in-pl\xe4ce\n").unwrap_err().to_string();
        assert!(error.contains("(line 2)") && error.contains("byte 48"), "{error}");
        assert_eq!(declared(b"#!/bin/sh\n\x7fELF\0\0").unwrap(), None, "a payload is no head");
    }

    #[test]
    fn who_declares_nothing_has_no_steps() {
        let late = format!("{}# {ALL}", "\n".repeat(HEAD));
        for text in ["", "print('pamrun: steps=rotate')", ALL, "# pamrun: runs this script", &late] {
            assert_eq!(declared(text.as_bytes()).unwrap(), None, "{text}");
        }
    }

    #[test]
    fn an_in_place_script_needs_rotate_only() {
        let declared = declared(b"# pamrun: strategy=in-place steps=rotate").unwrap().unwrap();
        assert_eq!((declared.steps, declared.strategy), (vec![StepName::Rotate], Strategy::InPlace));
    }

    #[test]
    fn a_wrong_declaration_is_an_error_that_names_the_line() {
        for (words, problem) in [
            ("steps=rotate,very strategy=in-place", "there is no step `very`"),
            ("step=rotate strategy=in-place", "`step` means nothing"),
            ("steps=rotate overlap", "`overlap` means nothing"),
            ("steps=rotate strategy=replace", "`replace` is no strategy"),
            ("steps=rotate", "`strategy=` is missing"),
            ("strategy=overlap", "`steps=` is missing"),
            ("steps=rotate,rotate strategy=in-place", "the step `rotate` is listed twice"),
            ("steps=preflight,rotate,commit strategy=overlap", "the step verify and rollback too"),
        ] {
            let error = declared(format!("#!/bin/sh\n# pamrun: {words}").as_bytes()).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("line 2"), "{error}");
        }
    }
}
