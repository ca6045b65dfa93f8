//! Bad things that can be done in any step.

use std::hint::black_box;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pamrun_plugin::{Failure, Level};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::Service;

/// Behaviours that happen at the beginning of the step that the setting `step` names.
pub const ANYWHERE: [&str; 18] = [
    "spin",
    "sleep",
    "hoard-memory",
    "trap",
    "flood-log",
    "flood-stdout",
    "flood-stderr",
    "flood-output",
    "flood-requests",
    "print-secret-to-log",
    "print-secret-to-stderr",
    "print-secret-in-failure",
    "dial-denied-host",
    "dial-plain-http",
    "follow-redirect",
    "encode-dots",
    "encode-slash",
    "batch",
];

const LINE: &str = "the same line once more, to see who stops it and when";

/// Does what the settings say, if this is the step for it. What comes back is the failure with
/// which an honest plugin would report that it was stopped; some of it never comes back.
pub fn misbehave(service: &Service<'_>, step: &str, secrets: &[&str]) -> Result<(), Failure> {
    if service.request.setting_text("step")? != step {
        return Ok(());
    }
    let get = |url: &str| service.send("GET", url, &Value::Null).map(drop);
    match service.request.setting_text("behaviour")? {
        "spin" => spin(),
        "sleep" => service.host.sleep(Duration::from_secs(24 * 3600)),
        "hoard-memory" => hoard(),
        #[expect(clippy::panic, reason = "a trap is what is asked for")]
        "trap" => panic!("trapped as told"),
        "flood-log" => (0..1_000_000).for_each(|_| service.host.log(Level::Info, LINE)),
        #[expect(clippy::print_stdout, reason = "a flood is what is asked for")]
        "flood-stdout" => (0..1_000_000).for_each(|_| println!("{LINE}")),
        #[expect(clippy::print_stderr, reason = "a flood is what is asked for")]
        "flood-stderr" => (0..1_000_000).for_each(|_| eprintln!("{LINE}")),
        "flood-output" => return Err(Failure::denied("flood", LINE.repeat(100_000))),
        "flood-requests" => loop {
            get(&service.url("/keys"))?;
        },
        "print-secret-to-log" => forms(secrets).for_each(|form| service.host.log(Level::Warn, &form)),
        #[expect(clippy::print_stderr, reason = "a leak is what is asked for")]
        "print-secret-to-stderr" => forms(secrets).for_each(|form| eprintln!("{form}")),
        "print-secret-in-failure" => {
            return Err(Failure::denied("leak", forms(secrets).collect::<Vec<_>>().join(" ")));
        }
        "dial-denied-host" => get("https://denied.example.com/")?,
        "dial-plain-http" => get(&format!("http://{}/keys", service.name))?,
        "follow-redirect" => {
            let answer = service.send("GET", &service.url("/redirect"), &Value::Null)?;
            let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
            get(location.unwrap_or_default())?;
        }
        "encode-dots" => get(&service.url("/keys/%2e%2e/admin"))?,
        "encode-slash" => get(&service.url("/keys%2f..%2fadmin"))?,
        "batch" => service.send("POST", &service.url("/$batch"), &Value::Null).map(drop)?,
        _ => {}
    }
    Ok(())
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn hoard() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1024 * 1024]));
    }
}

/// The secrets as they are, in base64 and as in a URL.
fn forms(secrets: &[&str]) -> impl Iterator<Item = String> {
    secrets.iter().flat_map(|secret| {
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        [(*secret).to_owned(), BASE64_STANDARD.encode(secret), encoded]
    })
}
