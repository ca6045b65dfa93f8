//! `make demo`: one rotation of an Azure app secret, as a gateway would start it, step by step.

#![expect(clippy::print_stdout, reason = "the demo talks to people")]

use std::io::IsTerminal;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use http::Method;
use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{App, On, Seen};
use pamrun_tests::gateway::{Exec, Run};
use pamrun_tests::net::Client;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fn main() -> Result<()> {
    let azure = Azure::new();
    let (target, old) = (&azure.target, &azure.old);
    azure.fill_vault();

    println!("One rotation of an Azure app secret: the real pamrun, and stand-ins for Entra and Graph.");
    heading("1. Before");
    println!("  The app \"{}\" has one secret, {} (made by hand).", target.name, old.key_id);
    println!(
        "  The vault record \"{}\" holds it. It logs in: {}.",
        title(&azure),
        answer(login(&azure, target, &old.value)?)
    );
    ensure!(login(&azure, target, &old.value)?, "the old secret does not log in to begin with");
    let before = azure.cloud.requests().len();

    heading("2. The gateway calls pamrun");
    let vault_at_removal = watch_removal(&azure);
    let exec = azure.exec();
    print_command(&azure, &exec);
    let run = azure.run(exec);

    heading("3. What was seen while it ran");
    for line in told(&azure, &azure.cloud.requests()[before..], &vault_at_removal.lock().unwrap()) {
        println!("  {line}");
    }

    heading("4. What pamrun said");
    print_outcome(&run);
    ensure!(run.exit == Some(0), "pamrun ended with {:?}\n{}", run.exit, run.stderr);

    heading("5. Proof");
    let new = azure.current();
    let (new_works, old_works) = (login(&azure, target, &new.value)?, login(&azure, target, &old.value)?);
    println!("  The secret that the vault holds now, {}, logs in: {}.", new.key_id, answer(new_works));
    println!("  The old one, {}, logs in: {}.", old.key_id, answer(old_works));
    ensure!(run.word("outcome") == "rotated" && new_works && !old_works, "that is not what was promised");
    let early = vault_at_removal.lock().unwrap().iter().any(|held| *held != new.key_id);
    ensure!(!early, "the old secret was removed before the vault held the new one");
    println!("  No secret was printed, logged or left in a file.");
    Ok(())
}

fn heading(text: &str) {
    let bold = if std::io::stdout().is_terminal() { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    println!("\n{}{text}{}", bold.0, bold.1);
}

fn answer(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn title(azure: &Azure) -> &str {
    azure.record.json["title"].as_str().unwrap_or_default()
}

/// Logs in with a real token request.
fn login(azure: &Azure, app: &App, secret: &str) -> Result<bool> {
    let secret = utf8_percent_encode(secret, NON_ALPHANUMERIC);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={secret}&scope=https%3A%2F%2F{}%2F.default",
        app.app_id,
        azure.sovereign.graph()
    );
    let url = format!("https://{}/{}/oauth2/v2.0/token", azure.sovereign.login(), app.tenant);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let reply = Client::new(azure.cloud.address()).send(&Method::POST, &url, &headers, form);
    Ok(reply.context("the stand-in does not answer")?.status == 200)
}

/// Notes which secret the vault names at each removal.
fn watch_removal(azure: &Azure) -> Arc<Mutex<Vec<String>>> {
    let held = Arc::new(Mutex::new(Vec::new()));
    let (noted, vault, uid) = (held.clone(), azure.gateway.vault(), azure.record.uid.clone());
    azure.cloud.before(On::remove_password().always(), move |_| {
        let record = vault.record(&uid);
        noted.lock().unwrap().push(pamrun_tests::record::text(&record, "client_secret_id"));
    });
    held
}

/// Prints the command line, with one flag a line and the demo's folder left out.
fn print_command(azure: &Azure, exec: &Exec<'_>) {
    let folder = format!("{}/", azure.gateway.path("").display()).replace("//", "/");
    println!("  $ echo <{} characters of base64> | \\", azure.params().line().len() - 1);
    print!("    pamrun");
    for argument in exec.arguments() {
        let argument = argument.to_string_lossy().replace(&folder, "");
        let argument = argument.rsplit_once("/plugins/").map_or(argument.as_str(), |(_, name)| name);
        let lead = if argument.starts_with("--") { " \\\n      " } else { " " };
        print!("{lead}{argument}");
    }
    println!();
}

/// Prints the outcome document, with one key a line.
fn print_outcome(run: &Run) {
    let Some(document) = run.outcome.as_object() else { return println!("{run}") };
    let lines: Vec<_> = document.iter().map(|(key, value)| format!("   \"{key}\": {value}")).collect();
    println!("  {{\n{}\n  }}", lines.join(",\n"));
}

/// The requests in human words; equal ones in a row are counted.
fn told(azure: &Azure, seen: &[Seen], vault_at_removal: &[String]) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    let mut removals = vault_at_removal.iter();
    for seen in seen {
        if seen.path().ends_with("/removePassword")
            && let Some(held) = removals.next()
            && *held != azure.old.key_id
        {
            lines.push((format!("vault  holds the new secret, {held}"), 1));
        }
        let words = in_words(azure, seen);
        match lines.last_mut() {
            Some((last, count)) if *last == words => *count += 1,
            _ => lines.push((words, 1)),
        }
    }
    let counted =
        |(line, count): (String, usize)| if count > 1 { format!("{line}, {count} times") } else { line };
    lines.into_iter().map(counted).collect()
}

fn in_words(azure: &Azure, seen: &Seen) -> String {
    let status = seen.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let act = match &seen.client_id {
        Some(id) if *id == azure.admin.app_id => "Entra  the admin app logs in".to_owned(),
        Some(id) if *id == azure.target.app_id => "Entra  the app logs in with its new secret".to_owned(),
        Some(id) => format!("Entra  {id} logs in"),
        None => match seen.path().rsplit('/').next().unwrap_or_default() {
            "addPassword" => "Graph  a new secret is made".to_owned(),
            "removePassword" => "Graph  the old secret is removed".to_owned(),
            "owners" => "Graph  the app's owners are read".to_owned(),
            _ => "Graph  the app and its list of secrets are read".to_owned(),
        },
    };
    format!("{act} ({status})")
}
