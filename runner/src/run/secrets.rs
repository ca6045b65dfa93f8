//! `pamrun secrets`: looks values up in a vault, and puts them where queries say.

use std::io::Read;
use std::path::PathBuf;

use super::ask_for;
use super::attach::reader;
use super::block_on::block_on;
use super::clock::SystemClock;
use super::fault::Fault;
use crate::cli::{GithubFiles, Handover, Input, OwnFiles, SecretsArgs, SecretsSettings, process_environment};
use crate::destination::{
    Destination, Files, Place, Problem, Query, RunnerFile, check_all, check_names, check_value, parse_lines,
    render,
};
use crate::dotenv::Dialect;
use crate::model::SharedRecord;
use crate::notation::Found;
use crate::report::{Console, Message, print_values};
use crate::rotation::{Clock, GetError};
use crate::secret::{Secret, SecretBytes};
use crate::system::{SHORTCOMINGS, Spot};
use crate::text::decode;
use crate::vault::Reader;

/// The most bytes of queries.
const LONGEST: u64 = 1024 * 1024;

/// What goes to one destination.
enum Value {
    Text(Secret),
    Bytes(SecretBytes),
}

/// What is written down, and where it is wrong.
#[derive(Default)]
struct Sheet {
    queries: Vec<Query>,
    problems: Vec<Problem>,
}

/// Carries it out.
pub(super) fn secrets(args: SecretsArgs) -> Result<(), Fault> {
    let settings = SecretsSettings::gather(args, &process_environment)?;
    let mut sheet = Sheet::default();
    if let Some(input) = &settings.input {
        let text = read_input(input)?;
        parse_lines(&text).for_each(|(place, query)| sheet.add(place, query));
    }
    for (index, query) in settings.queries.iter().enumerate() {
        sheet.add(Place::Option(index + 1), query);
    }
    if sheet.is_empty() {
        let hint = "write one query a line, NOTATION > DESTINATION, or give it with --query".to_owned();
        return Err(Fault::invalid("no-query", "there is no query", Some(hint)));
    }
    sheet.problems.extend(check_names(settings.to, &sheet.queries));
    let places = sheet.places();
    let runner_files = sheet.runner_files(settings.to, &settings.github);
    if sheet.collides(&settings.own_files, &places) {
        return Err(sheet.fault());
    }
    let mut vault = reader(&settings.vault, settings.proxy.as_ref(), settings.ca_pem()?, &settings.limits)?;
    let values = block_on(look_up(vault.as_mut(), &mut sheet, settings.to));
    for shortcoming in SHORTCOMINGS {
        Console::plain().say(Message::Warning(shortcoming));
    }
    vault.notes().iter().for_each(|note| Console::plain().say(Message::Warning(note)));
    let values = values??;
    let has_variables = sheet.queries.iter().any(|query| query.destination.name().is_some());
    if settings.to == Handover::Lines(Dialect::Gitlab) && has_variables {
        let warning = "GitLab masks no value of a dotenv report in logs, and who may read the job's artifacts may \
                       download it: see docs/secrets.md";
        Console::plain().say(Message::Warning(warning));
    }
    hand_over(settings.to, &sheet.queries, places, runner_files, &values)
}

impl Sheet {
    fn add(&mut self, place: Place, text: &str) {
        match Query::parse(place, text) {
            Ok(query) => self.queries.push(query),
            Err(error) => self.problems.push(Problem::new(place, &error)),
        }
    }

    fn is_empty(&self) -> bool {
        self.queries.is_empty() && self.problems.is_empty()
    }

    /// Finds out where the files will be.
    fn places(&mut self) -> Vec<Option<PathBuf>> {
        let mut places = Vec::with_capacity(self.queries.len());
        for query in &self.queries {
            let place = query.destination.path().map(Files::place).transpose();
            places.push(place.unwrap_or_else(|error| {
                self.problems.push(Problem::new(query.place, &error));
                None
            }));
        }
        places
    }

    /// Looks for files that this run lives on, and for those that two queries go to, by whatever paths.
    fn collides(&mut self, own: &OwnFiles, places: &[Option<PathBuf>]) -> bool {
        let mut known: Vec<(Place, Spot)> = Vec::new();
        let before = self.problems.len();
        for (query, place) in self.queries.iter().zip(places) {
            let Some(path) = query.destination.path() else { continue };
            if let Some(what) = own.at(place.as_deref().unwrap_or(path)) {
                let message = format!("{} is {what}, and the value would take its place", path.display());
                self.problems.push(Problem::new(query.place, &message));
            }
            let Some(spot) = place.as_deref().and_then(|place| Spot::of(place).ok()) else { continue };
            if let Some((earlier, _)) = known.iter().find(|(_, earlier)| earlier.is(&spot)) {
                let twice = format!("this file is what {earlier} goes to already");
                self.problems.push(Problem::new(query.place, &twice));
            }
            known.push((query.place, spot));
        }
        self.problems.len() > before
    }

    /// Opens the files in which GitHub's runner looks for what the queries hand over.
    fn runner_files(&mut self, to: Handover, named: &GithubFiles) -> RunnerFiles {
        let mut files = RunnerFiles::default();
        if to != Handover::Lines(Dialect::Github) {
            return files;
        }
        let wanted = |is_output: bool| {
            let goes_there = |query: &&Query| {
                query.destination.name().is_some() && is_of_step(&query.destination) == is_output
            };
            self.queries.iter().find(goes_there).map(|query| query.place)
        };
        for (is_output, variable, path, file) in [
            (false, "GITHUB_ENV", &named.variables, &mut files.variables),
            (true, "GITHUB_OUTPUT", &named.outputs, &mut files.outputs),
        ] {
            let Some(place) = wanted(is_output) else { continue };
            let opened = match path {
                Some(path) => RunnerFile::open(path).map_err(|error| {
                    format!("{}, which {variable} names, cannot be used: {error}", path.display())
                }),
                None => Err(format!("{variable} names no file: `github` is for a step of GitHub Actions")),
            };
            match opened {
                Ok(opened) => *file = Some(opened),
                Err(problem) => self.problems.push(Problem::new(place, &problem)),
            }
        }
        files
    }

    /// Everything that is wrong, in one.
    fn fault(&mut self) -> Fault {
        self.problems.sort_by_key(|problem| problem.place);
        let lines: Vec<_> = self.problems.iter().map(Problem::to_string).collect();
        let message =
            format!("nothing was written, since not every query can be answered\n{}", lines.join("\n"));
        Fault::invalid("queries", message, None)
    }
}

/// The files of GitHub's runner, as far as they are needed.
#[derive(Default)]
struct RunnerFiles {
    variables: Option<RunnerFile>,
    outputs: Option<RunnerFile>,
}

/// Whether it is what a step hands out, and no variable of the job.
fn is_of_step(destination: &Destination) -> bool {
    matches!(destination, Destination::Output(_))
}

/// Looks up what all queries name.
async fn look_up(vault: &mut dyn Reader, sheet: &mut Sheet, to: Handover) -> Result<Vec<Value>, Fault> {
    let records = match read(vault, &sheet.queries).await {
        Ok(records) => records,
        // What is known to be wrong has to be put right in any case.
        Err(_) if !sheet.problems.is_empty() => return Err(sheet.fault()),
        Err(error) => return Err(error.into()),
    };
    let now = SystemClock::start().unix_time();
    let mut found = Vec::with_capacity(sheet.queries.len());
    for query in &sheet.queries {
        match query.notation.resolve(&records, now) {
            Ok(one) => {
                if let Found::Text(value) = &one
                    && let Err(error) = check_value(to, &query.destination, value)
                {
                    sheet.problems.push(Problem::new(query.place, &error));
                }
                found.push(one);
            }
            Err(error) => sheet.problems.push(Problem::new(query.place, &error)),
        }
    }
    if sheet.problems.is_empty() {
        let variables: Vec<_> = sheet.queries.iter().zip(&found).filter_map(variable).collect();
        let last = sheet.queries.last().map(|query| query.place);
        let problem = check_all(to, &variables).zip(last).map(|(what, place)| Problem::new(place, &what));
        sheet.problems.extend(problem);
    }
    if !sheet.problems.is_empty() {
        return Err(sheet.fault());
    }
    let mut values = Vec::with_capacity(found.len());
    for one in found {
        values.push(match one {
            Found::Text(text) => Value::Text(text),
            Found::File(uid) => Value::Bytes(vault.fetch(&uid).await?),
        });
    }
    Ok(values)
}

/// A value that goes to a variable.
fn variable<'a>((query, found): (&'a Query, &'a Found)) -> Option<(&'a Destination, &'a Secret)> {
    match found {
        Found::Text(value) if query.destination.name().is_some() => Some((&query.destination, value)),
        _ => None,
    }
}

/// Reads the records in one request if all are named by UID and there, and else all in another one:
/// only they tell their titles.
async fn read(vault: &mut dyn Reader, queries: &[Query]) -> Result<Vec<SharedRecord>, GetError> {
    let mut uids: Vec<_> = queries.iter().map(|query| query.notation.record.clone()).collect();
    uids.sort_unstable();
    uids.dedup();
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    if queries.iter().all(|query| query.notation.may_be_uid()) {
        let found = vault.read(Some(&uids)).await?;
        if found.len() == uids.len() {
            return Ok(found);
        }
    }
    vault.read(None).await
}

/// Writes the files and then the variables. Whatever is likely to fail does so before the first
/// file is in its place.
fn hand_over(
    to: Handover,
    queries: &[Query],
    places: Vec<Option<PathBuf>>,
    runner_files: RunnerFiles,
    values: &[Value],
) -> Result<(), Fault> {
    let mut files = Files::default();
    let mut variables: Vec<(&Destination, &Secret)> = Vec::new();
    for ((query, place), value) in queries.iter().zip(places).zip(values) {
        match (place, value) {
            (Some(place), Value::Text(text)) => files.add(place, text.expose().as_bytes())?,
            (Some(place), Value::Bytes(bytes)) => files.add(place, bytes.expose())?,
            (None, Value::Text(text)) => variables.push((&query.destination, text)),
            // A query of a file has a path, or is none.
            (None, Value::Bytes(_)) => {}
        }
    }
    let text = render(to, &variables);
    let written = files.put()?;
    if let Some(text) = text {
        print_values(&text).map_err(|error| Fault::half_handed_over("stdout", &error, &written))?;
    }
    // By now the runner masks their values.
    let (outputs, variables): (Vec<_>, Vec<_>) = variables.iter().partition(|(place, _)| is_of_step(place));
    for (file, variables) in [(runner_files.variables, variables), (runner_files.outputs, outputs)] {
        let Some(mut file) = file else { continue };
        let added = file.add(&variables);
        added
            .map_err(|error| Fault::half_handed_over(&file.path().display().to_string(), &error, &written))?;
    }
    Ok(())
}

fn read_input(input: &Input) -> Result<String, Fault> {
    if *input == Input::Stdin {
        ask_for("queries, NOTATION > DESTINATION");
    }
    let unreadable =
        |why: &str| Fault::invalid("input-unreadable", format!("the queries cannot be read: {why}"), None);
    let mut bytes = Vec::new();
    let read = input.open()?.take(LONGEST + 1).read_to_end(&mut bytes);
    match read.map_err(|error| unreadable(&error.to_string()))? {
        length if length as u64 > LONGEST => Err(unreadable("they are longer than 1 MiB")),
        _ => {
            let text = decode(&bytes).map_err(|problem| unreadable(&format!("what is there {problem}")))?;
            Ok((*text).to_owned())
        }
    }
}
