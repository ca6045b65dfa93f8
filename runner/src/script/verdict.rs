//! What a script has answered, all in all: it may have written to three places, and more than once.

use super::answer::Object;
use super::in_hand::InHand;
use super::sift::{Found, NotRead, Sifted, What};
use super::suspects::Suspects;

/// So many answers are compared at most: nobody gives more.
const MOST: usize = 32;

/// What came of looking for an answer.
pub(super) struct Verdict {
    /// The answer, if there is one; else what is wrong.
    pub(super) answer: Result<Option<Object>, String>,
    /// The new values in all of them.
    pub(super) in_hand: InHand,
}

/// One answer, and where it was found.
#[derive(Clone, Copy)]
struct Told<'a> {
    object: &'a Object,
    place: (&'a Sifted, &'a Found),
}

impl Told<'_> {
    fn place(&self) -> String {
        self.place.0.place(self.place.1)
    }
}

/// Decides which answer counts.
///
/// That is the only one on stdout, or in the file. Of several, those that tell of nothing new do not count, unless
/// one tells last that the script has failed; nor does what another one repeats. What cannot be read is wrong, unless
/// it only repeats the answer, or can hold no new value while there is an answer; and so is an answer on stderr.
/// Of a text that cannot be read, so many bytes are kept at most.
pub(super) fn decide(file: &Sifted, stdout: &Sifted, stderr: &Sifted, most: usize) -> Verdict {
    let own: Vec<_> = told(file).chain(told(stdout)).collect();
    let new = distinct(own.iter().copied());
    let failed = own.last().filter(|told| told.object.has_failed());
    let chosen = failed.or(new.last()).or(own.last()).map(|told| told.object);
    let said = chosen.map(Object::said);
    let words = said.as_ref().map(Suspects::words).unwrap_or_default();
    let is_new = |not_read: &NotRead| not_read.has_values && !not_read.suspects.words().is_subset(&words);
    let astray: Vec<_> = match chosen {
        None => told(stderr).filter(|told| told.object.may_be_meant()).collect(),
        Some(chosen) => {
            distinct(told(stderr)).into_iter().filter(|told| !told.object.is_part_of(chosen)).collect()
        }
    };
    let not_read: Vec<_> = [file, stdout, stderr]
        .into_iter()
        .flat_map(|sifted| sifted.found.iter().map(move |found| (sifted, found)))
        .filter_map(|(sifted, found)| match &found.what {
            What::NotRead(not_read) if chosen.is_none() || is_new(not_read) => {
                Some((sifted, found, not_read))
            }
            _ => None,
        })
        .collect();

    let mut in_hand = InHand::default();
    new.iter().chain(&astray).for_each(|told| in_hand.add_all(told.object.in_hand()));
    for (sifted, found, not_read) in &not_read {
        let text = sifted.part(found);
        in_hand
            .add_unread(text.get(..text.floor_char_boundary(most)).unwrap_or_default(), &not_read.suspects);
    }
    let problem = match (new.as_slice(), not_read.first(), astray.first()) {
        // It says itself what went wrong.
        _ if failed.is_some() => None,
        ([one, other, ..], _, _) => Some(format!(
            "there are two that differ, at {} and at {}: print one when all is done",
            one.place(),
            other.place()
        )),
        (_, Some((sifted, found, not_read)), _) => {
            Some(format!("what begins at {} {}", sifted.place(found), not_read.why))
        }
        (_, _, Some(told)) => Some(format!("there is one at {}: write it to stdout", told.place())),
        _ => None,
    };
    Verdict { answer: problem.map_or_else(|| Ok(chosen.cloned()), Err), in_hand }
}

/// The answers that were found in a place, in order.
fn told(sifted: &Sifted) -> impl Iterator<Item = Told<'_>> {
    sifted.found.iter().filter_map(move |found| match &found.what {
        What::Answer(object) => Some(Told { object, place: (sifted, found) }),
        What::NotRead(_) => None,
    })
}

/// Those that tell of something new, without those that another one repeats.
fn distinct<'a>(told: impl Iterator<Item = Told<'a>>) -> Vec<Told<'a>> {
    let mut distinct: Vec<Told<'_>> = Vec::new();
    for told in told.filter(|told| told.object.tells_of_something()) {
        if distinct.len() < MOST {
            if distinct.iter().any(|known| told.object.is_part_of(known.object)) {
                continue;
            }
            distinct.retain(|known| !known.object.is_part_of(told.object));
        }
        distinct.push(told);
    }
    distinct
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::answer::keys;
    use super::super::near_miss::Signs;
    use super::*;
    use crate::model::StepName;

    fn of(file: Option<&str>, stdout: &str, stderr: &str, step: Option<StepName>) -> Verdict {
        let (keys, signs) = (keys(step), Signs::of(keys(step)).unwrap());
        let file = file.map_or_else(Sifted::nothing, |file| Sifted::file(file.as_bytes(), keys, &signs));
        let stream = |name, text: &str| Sifted::stream(name, text.as_bytes(), keys, &signs);
        decide(&file, &stream("stdout", stdout), &stream("stderr", stderr), 1 << 20)
    }

    /// The values of the answer; or what is wrong, and those that are in hand.
    fn told(verdict: Verdict) -> Result<Vec<String>, (String, Vec<String>)> {
        let values = |updates: Vec<crate::model::Update>| {
            updates.iter().flat_map(|update| &update.values).map(|value| value.expose().to_owned()).collect()
        };
        match verdict.answer {
            Ok(object) => {
                Ok(values(object.map(|object| object.in_hand().into_updates()).unwrap_or_default()))
            }
            Err(problem) => Err((problem, values(verdict.in_hand.into_updates()))),
        }
    }

    fn answer(value: &str) -> String {
        format!(r#"{{"updates":[{{"label":"api_key","value":"{value}"}}]}}"#)
    }

    #[test]
    fn n1_an_answer_is_found_wherever_its_lines_break_and_whatever_is_repeated() {
        let (one, failure) = (answer("S3cr3t-Value"), r#"{"failure":{"kind":"other","message":"m"}}"#);
        let pretty =
            serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&one).unwrap()).unwrap();
        let python = "{'updates': [{'label': 'api_key', 'value': 'S3cr3t-Value'}]}";
        let more = r#"{"updates":[{"label":"api_key","value":"S3cr3t-Value"},{"label":"b","value":"S3cr3t-Value"}]}"#;
        for (stdout, stderr) in [
            (one.clone(), ""),
            (pretty.clone(), ""),
            (format!("\u{feff}{pretty}\r\n"), ""),
            (format!("Result: {one} done"), ""),
            (format!("{{\"level\":\"info\"}}\n{one}{one}\n{pretty}"), ""),
            (format!("{failure}\n{one}"), "it took { a while"),
            (format!("{python}\n{one}"), python),
            (one.clone(), &one),
            (one.clone(), "+ jq -n '{updates:[{label:\"api_key\",value:$v}]}'"),
        ] {
            assert_eq!(
                told(of(None, &stdout, stderr, None)),
                Ok(vec!["S3cr3t-Value".to_owned()]),
                "{stdout} {stderr}"
            );
        }
        assert_eq!(told(of(Some(&pretty), &one, "", None)).unwrap(), ["S3cr3t-Value"]);
        assert_eq!(told(of(None, &format!("{one}\n{more}"), "", None)).unwrap().len(), 2);
        for log in ["", "done", "{}", "{\"handle\":1}", "\u{fffd}{", "3 updates: {none}"] {
            assert_eq!(told(of(None, log, log, None)), Ok(Vec::new()), "{log}");
        }
    }

    #[test]
    fn n1_what_is_not_one_answer_is_wrong_and_all_of_it_is_in_hand() {
        let (one, two) = (answer("S3cr3t-Value"), answer("An0ther-Value"));
        let broken = "{'updates': ['Br0ken-Value'],";
        for (file, stdout, stderr, problem, count) in [
            (
                None,
                format!("{one}\n{two}"),
                "",
                "two that differ, at line 1, column 1 of stdout and at line 2",
                2,
            ),
            (Some(&*one), two.clone(), "", "two that differ, at the file in PAMRUN_OUTPUT and at line 1", 2),
            (None, format!("on\n the {broken}"), "", "begins at line 2, column 6 of stdout is not JSON", 1),
            (None, String::new(), broken, "begins at line 1, column 1 of stderr is not JSON", 1),
            (None, format!("{broken}\n{one}"), "", "begins at line 1, column 1 of stdout", 2),
            (None, one.clone(), broken, "begins at line 1, column 1 of stderr", 2),
            (None, String::new(), &*one, "there is one at line 1, column 1 of stderr: write it to stdout", 1),
            (None, one.clone(), &*two, "there is one at line 1, column 1 of stderr", 2),
            (Some("[\"An0ther-Value\"]"), one.clone(), "", "the file in PAMRUN_OUTPUT must be one object", 1),
            (Some("{\"updates\":[]"), String::new(), "", "PAMRUN_OUTPUT stops in the middle", 1),
            (Some("{\"updates\":[]} x"), String::new(), "", "PAMRUN_OUTPUT is not JSON from line 1", 1),
            (None, r#"{"updates":[],"updates":[1]}"#.to_owned(), "", "stands twice in one object", 1),
        ] {
            let (told, in_hand) = told(of(file, &stdout, stderr, None)).unwrap_err();
            assert!(told.contains(problem) && !told.contains("Value"), "{told}");
            assert!(in_hand.len() >= count, "{stdout} {stderr}: {in_hand:?}");
        }
    }

    #[test]
    fn a_failure_that_is_told_last_counts_and_the_values_before_it_are_in_hand() {
        let failure = r#"{"failure":{"kind":"denied","message":"m"}}"#;
        let verdict = of(None, &format!("{}\n{failure}", answer("S3cr3t-Value")), "", None);
        assert!(verdict.answer.unwrap().unwrap().has_failed());
        assert_eq!(verdict.in_hand.into_updates().len(), 1);
    }

    #[test]
    fn the_last_of_several_that_tell_of_nothing_new_counts() {
        let stdout = "{\"seen\":[\"a\"],\"gone\":[]}\n{\"seen\":[\"a\"],\"gone\":[\"a\"]}";
        let answer = of(None, stdout, "{\"seen\":[]}", Some(StepName::Rollback)).answer.unwrap().unwrap();
        assert_eq!(answer.undone().unwrap().gone, ["a"]);
    }

    proptest! {
        #[test]
        fn n1_an_answer_is_found_in_any_log(
            before in "[a-z\"'{}:, \\\\\n\u{feff}é]{0,40}",
            after in "[a-z\"'{}:, \\\\\n\u{feff}é]{0,40}",
            value in "[!-~é€]{8,30}",
            breaks in prop::collection::vec("[ \r\n\t]{0,3}", 15),
        ) {
            let quoted = serde_json::to_string(&value).unwrap();
            let tokens = [
                "{", "\"updates\"", ":", "[", "{", "\"label\"", ":", "\"api_key\"", ",", "\"value\"", ":", &quoted, "}", "]", "}",
            ];
            let text: String = tokens.iter().zip(&breaks).flat_map(|(token, space)| [*token, space]).collect();
            let text = text.trim();
            let stdout = format!("{before}{text}{after}");
            // What stands around it may be the rest of an object.
            prop_assume!(super::super::json::outermost(&stdout).contains(&(before.len()..before.len() + text.len())));
            prop_assert_eq!(told(of(None, &stdout, "", None)), Ok(vec![value.clone()]));
            let signs = Signs::of(keys(None)).unwrap();
            let log = Sifted::stream("stdout", stdout.as_bytes(), keys(None), &signs).log();
            prop_assert!(!log.contains("updates") && !log.contains(&value));
        }

        #[test]
        fn n1_an_answer_that_is_cut_anywhere_is_never_silence(cut in 12_usize..60) {
            let text = answer("S3cr3t-Value");
            let cut = cut.min(text.len() - 1);
            let verdict = of(None, &format!("log\n{}", &text[..cut]), "", None);
            prop_assert!(verdict.answer.is_err());
            prop_assert_eq!(&told(verdict).unwrap_err().1, &[text[..cut].to_owned()]);
        }
    }
}
