//! The readers of each dialect, made anew after what is published of them: the code of Docker's `kvfile`, of
//! GitHub's `FileCommandManager`, of GitLab's `ParseDotenvArtifactService` and of systemd's `env-file.c`, the
//! grammars of python-dotenv and of dotenv for Node, and POSIX. None shares a line with what is tested.

use crate::dotenv::Dialect;

pub(super) type Variables = Vec<(String, String)>;
/// What reads the text of a file, with its name.
pub(super) type Reader = (&'static str, fn(&str) -> Result<Variables, String>);

/// Every reader of a dialect, by name.
pub(super) fn readers(dialect: Dialect) -> Vec<Reader> {
    match dialect {
        Dialect::Dotenv => vec![("python", python), ("node", node), ("sh", shell)],
        Dialect::Docker => vec![("docker", docker)],
        Dialect::Github => {
            vec![("linux", |text| github(text, false)), ("windows", |text| github(text, true))]
        }
        Dialect::Gitlab => vec![("gitlab", gitlab)],
        Dialect::Systemd => vec![("systemd", systemd)],
        Dialect::Shell => vec![("sh", shell)],
    }
}

fn docker(text: &str) -> Result<Variables, String> {
    let mut found = Variables::new();
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).split('\n') {
        if line.len() >= 64 * 1024 {
            return Err("token too long".to_owned());
        }
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or("taken from the environment")?;
        if key.is_empty() || key.contains([' ', '\t']) {
            return Err(format!("no key: {key}"));
        }
        found.push((key.to_owned(), value.to_owned()));
    }
    if found.iter().any(|(_, value)| value.contains('\0')) {
        return Err("no process takes it".to_owned());
    }
    Ok(found)
}

fn github(text: &str, windows: bool) -> Result<Variables, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Variables::new();
    let mut at = 0;
    // The line, and the length of its end.
    let read = |at: &mut usize| -> Option<(String, usize)> {
        let rest = text.get(*at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n');
        let crlf = rest.find("\r\n").filter(|_| windows);
        let (length, newline) = match (end, crlf) {
            (Some(end), Some(crlf)) if crlf < end => (crlf, 2),
            (Some(end), _) => (end, 1),
            (None, _) => (rest.len(), 0),
        };
        *at += length + newline;
        Some((rest[..length].to_owned(), newline))
    };
    while let Some((line, _)) = read(&mut at) {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (equals, Some(heredoc)) if equals.is_none_or(|equals| heredoc < equals) => {
                let (key, end) = (&line[..heredoc], &line[heredoc + 2..]);
                if key.is_empty() || end.is_empty() {
                    return Err("no key or no delimiter".to_owned());
                }
                let (start, mut stop) = (at, at);
                loop {
                    let (line, newline) = read(&mut at).ok_or("no matching delimiter")?;
                    if line == end {
                        break;
                    }
                    if newline == 0 {
                        return Err("no matching delimiter".to_owned());
                    }
                    stop = at - newline;
                }
                found.push((key.to_owned(), text[start..stop].to_owned()));
            }
            (Some(equals), _) if equals > 0 => {
                found.push((line[..equals].to_owned(), line[equals + 1..].to_owned()));
            }
            _ => return Err(format!("no assignment: {line}")),
        }
    }
    if found.iter().any(|(_, value)| value.contains('\0')) {
        return Err("no process takes it".to_owned());
    }
    Ok(found)
}

/// The documentation, stricter than the code, wants neither blanks nor empty lines.
fn gitlab(text: &str) -> Result<Variables, String> {
    if text.len() > 5 * 1024 {
        return Err("larger than 5 KB".to_owned());
    }
    let blank = |c: char| "\0\t\n\x0b\x0c\r ".contains(c);
    let mut found = Variables::new();
    for line in text.lines() {
        let (key, value) = line.split_once('=').ok_or("Invalid Format")?;
        let (key, value) = (key.trim_matches(blank), value.trim_matches(blank));
        if value.contains(char::is_whitespace) || key.is_empty() {
            return Err("blanks".to_owned());
        }
        found.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

#[expect(clippy::too_many_lines, clippy::match_same_arms, reason = "state by state, as it is published")]
fn systemd(text: &str) -> Result<Variables, String> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        PreKey,
        Key,
        PreValue,
        Value,
        ValueEscape,
        Single,
        Double,
        DoubleEscape,
        Comment,
        CommentEscape,
    }
    use State::*;
    const WHITESPACE: &str = " \t\n\r";
    let mut found = Variables::new();
    let (mut state, mut key, mut value, mut trailing) = (PreKey, String::new(), String::new(), None);
    let mut push = |key: &mut String, value: &mut String, trailing: &mut Option<usize>, quoted: bool| {
        if let Some(length) = trailing.take().filter(|_| !quoted) {
            value.truncate(length);
        }
        let cleaned = key.trim_end_matches(|c| WHITESPACE.contains(c)).to_owned();
        found.push((cleaned, std::mem::take(value)));
        key.clear();
    };
    for c in text.strip_prefix('\u{feff}').unwrap_or(text).chars() {
        let newline = c == '\n' || c == '\r';
        match state {
            PreKey if c == '#' || c == ';' => state = Comment,
            PreKey if !WHITESPACE.contains(c) => {
                key.push(c);
                state = Key;
            }
            PreKey => {}
            Key if newline => {
                key.clear();
                state = PreKey;
            }
            Key if c == '=' => {
                state = PreValue;
                trailing = None;
            }
            Key => key.push(c),
            PreValue if newline => {
                push(&mut key, &mut value, &mut trailing, true);
                state = PreKey;
            }
            PreValue if c == '\'' => state = Single,
            PreValue if c == '"' => state = Double,
            PreValue if c == '\\' => state = ValueEscape,
            PreValue if !WHITESPACE.contains(c) => {
                value.push(c);
                state = Value;
                trailing = None;
            }
            PreValue => {}
            Value if newline => {
                push(&mut key, &mut value, &mut trailing, false);
                state = PreKey;
            }
            Value if c == '\\' => {
                state = ValueEscape;
                trailing = None;
            }
            Value => {
                if !WHITESPACE.contains(c) {
                    trailing = None;
                } else if trailing.is_none() {
                    trailing = Some(value.len());
                }
                value.push(c);
            }
            ValueEscape => {
                state = Value;
                if !newline {
                    value.push(c);
                }
            }
            Single if c == '\'' => state = PreValue,
            Single => value.push(c),
            Double if c == '"' => state = PreValue,
            Double if c == '\\' => state = DoubleEscape,
            Double => value.push(c),
            DoubleEscape => {
                state = Double;
                if "\"\\`$".contains(c) {
                    value.push(c);
                } else if c != '\n' {
                    value.extend(['\\', c]);
                }
            }
            Comment if c == '\\' => state = CommentEscape,
            Comment if newline => state = PreKey,
            Comment => {}
            CommentEscape => state = Comment,
        }
    }
    if matches!(state, PreValue | Value | ValueEscape | Single | Double | DoubleEscape) {
        push(&mut key, &mut value, &mut trailing, state != Value);
    }
    let is_none = |c: char| matches!(u32::from(c), 0xFDD0..=0xFDEF) || u32::from(c) % 0x1_0000 >= 0xFFFE;
    let is_bad = |c: char| (c < ' ' && c != '\t' && c != '\n') || c == '\x7f' || is_none(c);
    if found.iter().any(|(_, value)| value.contains(is_bad)) {
        return Err("not valid".to_owned());
    }
    Ok(found)
}

/// Reads the words of assignments, comments and blank lines; everything else is an error.
fn shell(text: &str) -> Result<Variables, String> {
    let mut found = Variables::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|c| " \t\n".contains(*c)).is_some() {}
        if characters.next_if_eq(&'#').is_some() {
            while characters.next_if(|c| *c != '\n').is_some() {}
            continue;
        }
        if characters.peek().is_none() {
            return Ok(found);
        }
        let mut word = String::new();
        let mut is_bare = true;
        while let Some(c) = characters.next_if(|c| !" \t\n".contains(*c)) {
            match c {
                '\'' => loop {
                    is_bare = false;
                    match characters.next().ok_or("no end")? {
                        '\'' => break,
                        c => word.push(c),
                    }
                },
                '"' => loop {
                    is_bare = false;
                    match characters.next().ok_or("no end")? {
                        '"' => break,
                        '$' | '`' | '\\' => return Err("expands".to_owned()),
                        c => word.push(c),
                    }
                },
                '\\' => word.push(characters.next().ok_or("no end")?),
                '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '[' => {
                    return Err("means something".to_owned());
                }
                '~' if is_bare && word.ends_with(['=', ':']) => return Err("is a home".to_owned()),
                c => word.push(c),
            }
        }
        if word == "export" {
            continue;
        }
        let (key, value) = word.split_once('=').ok_or("a command")?;
        if value.contains('\0') {
            return Err("no process takes it".to_owned());
        }
        found.push((key.to_owned(), value.to_owned()));
    }
}

/// python-dotenv: a file is opened with universal newlines, and every value is interpolated.
fn python(text: &str) -> Result<Variables, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut found = Variables::new();
    let mut rest = text.as_str();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        let line_end = |rest: &str| rest.find('\n').unwrap_or(rest.len());
        if rest.starts_with('#') {
            rest = &rest[line_end(rest)..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("export").filter(|after| after.starts_with([' ', '\t'])) {
            rest = after.trim_start_matches([' ', '\t']);
        }
        let end = rest.find(['=', '#', '\n', ' ', '\t']).ok_or("no assignment")?;
        let key = rest[..end].trim_matches('\'').to_owned();
        let blanks = |text: &str| -> usize { text.len() - text.trim_start_matches([' ', '\t']).len() };
        rest = &rest[end..][blanks(&rest[end..])..];
        rest = rest.strip_prefix('=').ok_or("no assignment")?;
        rest = &rest[blanks(rest)..];
        let value;
        if let Some(quote) = rest.chars().next().filter(|c| ['\'', '"'].contains(c)) {
            let mut raw = String::new();
            let mut characters = rest[1..].char_indices();
            let stop = loop {
                let (at, c) = characters.next().ok_or("no end")?;
                match c {
                    '\\' if rest[1 + at + 1..].starts_with(quote) => {
                        raw.extend(['\\', quote]);
                        characters.next();
                    }
                    c if c == quote => break 1 + at + 1,
                    c => raw.push(c),
                }
            };
            value = unescaped(&raw, if quote == '"' { "\\'\"abfnrtv" } else { "\\'" });
            rest = &rest[stop..];
            let after = &rest[..line_end(rest)];
            if !after.trim().is_empty() && !after.trim_start().starts_with('#') {
                return Err("something after the quotes".to_owned());
            }
            rest = &rest[line_end(rest)..];
        } else {
            let line = &rest[..line_end(rest)];
            let comment = line.match_indices('#').find(|(at, _)| line[..*at].ends_with(char::is_whitespace));
            value = comment.map_or(line, |(at, _)| &line[..at]).trim_end().to_owned();
            rest = &rest[line.len()..];
        }
        if let Some((_, reference)) = value.split_once("${")
            && reference.contains('}')
        {
            return Err("interpolated".to_owned());
        }
        found.push((key, value));
    }
}

fn unescaped(raw: &str, escapes: &str) -> String {
    let mut text = String::new();
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        match characters.next_if(|next| c == '\\' && escapes.contains(*next)) {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some(other) => text.push(other),
            None => text.push(c),
        }
    }
    text
}

/// dotenv for Node: nothing is escaped but line ends within double quotes.
fn node(text: &str) -> Result<Variables, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut found = Variables::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let line = rest.split('\n').next().unwrap();
        let assignment = line.split_once('=').filter(|(key, _)| !key.trim_start().starts_with('#'));
        let Some((key, value)) = assignment else {
            rest = rest.get(line.len() + 1..).unwrap_or_default();
            continue;
        };
        let key = key.trim().trim_start_matches("export ").trim().to_owned();
        let start = line.len() - value.trim_start_matches([' ', '\t']).len();
        let from = &rest[start..];
        let quote = from.chars().next().filter(|c| ['\'', '"', '`'].contains(c));
        let closed = quote.and_then(|quote| {
            let mut ends = from.match_indices(quote).map(|(at, _)| at).skip(1);
            let end = ends.find(|at| !from[..*at].ends_with('\\'))?;
            let after = from[end + 1..].split('\n').next().unwrap().trim();
            (after.is_empty() || after.starts_with('#')).then_some((quote, end))
        });
        if let Some((quote, end)) = closed {
            let inner = &from[1..end];
            let value =
                if quote == '"' { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner.to_owned() };
            found.push((key, value));
            rest = from[end + 1..].split_once('\n').map_or("", |(_, rest)| rest);
        } else if quote.is_some() {
            return Err("no end".to_owned());
        } else {
            let line = from.split('\n').next().unwrap();
            found.push((key, line.split('#').next().unwrap().trim().to_owned()));
            rest = from.get(line.len() + 1..).unwrap_or_default();
        }
    }
    Ok(found)
}
