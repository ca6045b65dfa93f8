//! Scripts that answer in an odd way: whatever they made must end up in the record, and nowhere else, and
//! no run may say more than is so.

use std::fmt;
use std::path::Path;

use serde_json::{Value, json};

use super::case::Verdict;
use crate::canary::random_text;
use crate::gateway::{Gateway, Run};
use crate::params::Params;
use crate::record::{Record, fields, text};

/// A script, and what must come of it. It reads the value that it makes from `$VALUE`.
#[derive(Debug)]
pub struct Answered {
    name: &'static str,
    kind: Kind,
    text: &'static str,
    comes_to: Comes,
}

/// What a script is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The shell.
    Shell,
    /// The shell, and the record's custom fields are null.
    ShellWithoutCustomFields,
    /// The gateway's SaaS plugins; below its head.
    Saas,
}

/// What must come of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// Its value stands in its field, which hides it.
    Saved,
    /// Its value is kept for somebody to take, and the outcome is uncertain.
    Kept,
    /// It was not run.
    Refused,
}

const SAAS_HEAD: &str = "import os
from kdnrm.saas_plugins import SaasPluginBase
from kdnrm.saas_type import ReturnCustomField, Secret
from kdnrm.exceptions import SaasException
";
const PRAGMA: &str = "# pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap";
const STEPS: &str = r#"failure() { echo '{"failure":{"kind":"denied","code":"no","message":"no right"}}'; }
case $PAMRUN_STEP in
preflight) echo '{"target":"keys","creates":"a key","removes":[]}';;
commit) echo '{"removed":[]}';;
"#;

const fn shell(name: &'static str, comes_to: Comes, text: &'static str) -> Answered {
    Answered { name, kind: Kind::Shell, text, comes_to }
}

const fn saas(name: &'static str, comes_to: Comes, text: &'static str) -> Answered {
    Answered { name, kind: Kind::Saas, text, comes_to }
}

impl Answered {
    /// Where they stand in the table.
    pub const ROW: &'static str = "odd-answer";
    /// Likewise.
    pub const COLUMN: &'static str = "answers";

    /// All there are.
    pub const ALL: &'static [Self] = &[
        shell(
            "over-lines",
            Comes::Saved,
            r#"printf '{\n  "updates": [\n    {\n      "label": "api_key", "type": "secret",\n      "value": "%s"\n    }\n  ]\n}\n' "$value""#,
        ),
        shell(
            "with-a-bom",
            Comes::Saved,
            r#"printf '\357\273\277{"updates":[{"label":"api_key","type":"secret","value":"%s"}]}\r\n' "$value""#,
        ),
        shell(
            "after-a-text",
            Comes::Saved,
            r#"echo "key made: {\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}]} (done)""#,
        ),
        shell(
            "told-twice",
            Comes::Saved,
            r#"for i in 1 2; do echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}]}"; done"#,
        ),
        shell(
            "two-different",
            Comes::Kept,
            r#"for key in "$value" "another-$value"; do echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$key\"}]}"; done"#,
        ),
        shell(
            "cut-short",
            Comes::Kept,
            r#"echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"""#,
        ),
        shell(
            "in-single-quotes",
            Comes::Kept,
            r#"echo "{'updates': [{'label': 'api_key', 'type': 'secret', 'value': '$value'}]}""#,
        ),
        shell(
            "with-a-comma-too-many",
            Comes::Kept,
            r#"echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"},]}""#,
        ),
        shell(
            "in-a-list",
            Comes::Kept,
            r#"echo "[{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}]}]""#,
        ),
        shell(
            "on-stderr",
            Comes::Kept,
            r#"echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}]}" >&2"#,
        ),
        shell(
            "then-exit-1",
            Comes::Kept,
            "echo \"{\\\"updates\\\":[{\\\"label\\\":\\\"api_key\\\",\\\"type\\\":\\\"secret\\\",\\\"value\\\":\\\"$value\\\"}]}\"\nexit 1",
        ),
        shell(
            "a-field-twice",
            Comes::Kept,
            r#"u="{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}"; echo "{\"updates\":[$u,$u]}""#,
        ),
        shell(
            "no-type",
            Comes::Saved,
            r#"echo "{\"updates\":[{\"label\":\"api_key\",\"value\":\"$value\"}]}""#,
        ),
        shell(
            "text-into-a-hidden-field",
            Comes::Saved,
            r#"echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"text\",\"value\":\"$value\"}]}""#,
        ),
        Self {
            name: "custom-fields-null",
            kind: Kind::ShellWithoutCustomFields,
            text: r#"echo "{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}]}""#,
            comes_to: Comes::Saved,
        },
        shell(
            "steps-over-lines",
            Comes::Saved,
            r#"STEPS
rotate) printf '{\n"handle": "k2",\n"updates": [{"label":"api_key_id","type":"text","value":"k2"},\n{"label":"api_key","type":"secret","value":"%s"}]}\n' "$value";;
verify) echo '{"proof":"verified"}';;
rollback) failure;;
esac"#,
        ),
        shell(
            "steps-that-cannot-be-undone",
            Comes::Kept,
            r#"STEPS
rotate) echo "{\"handle\":\"k2\",\"updates\":[{\"label\":\"api_key_id\",\"type\":\"text\",\"value\":\"k2\"},{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"$value\"}]}";;
verify) failure;;
rollback) failure;;
esac"#,
        ),
        saas(
            "saas-misspelt",
            Comes::Refused,
            "    def change_pasword(self):\n        raise SaasException('never called')",
        ),
        saas("saas-not-callable", Comes::Refused, "    change_password = 'later'"),
        saas(
            "saas-async",
            Comes::Saved,
            "    async def change_password(self):\n        self.add_return_field(ReturnCustomField(label='api_key', value=Secret(VALUE)))",
        ),
        saas(
            "saas-made-then-raises",
            Comes::Kept,
            "    def change_password(self):\n        self.add_return_field(ReturnCustomField(label='api_key', value=Secret(VALUE)))\n        raise SaasException('the old key could not be removed')",
        ),
    ];

    /// Runs it with `binary`, and judges what came of it.
    pub(super) fn play(&self, binary: &Path) -> Verdict {
        let world = World::new(self);
        let run = world.run(binary);
        let mut violations = self.judge(&world, &run);
        violations.extend(world.leaks(&run));
        Verdict { violations, story: format!("=== {self}\n{run}\n"), is_played: true }
    }

    fn judge(&self, world: &World, run: &Run) -> Vec<String> {
        let record = world.gateway.vault().record(&world.record.uid);
        let (saved, kept) = (text(&record, "api_key") == world.value, world.is_kept(&record));
        let outcome = run.word("outcome");
        let mut wrong = Vec::new();
        let mut must = |is_so: bool, what: &str| {
            if !is_so {
                wrong.push(format!("{what}; it is told as `{outcome}`"));
            }
        };
        match self.comes_to {
            Comes::Saved => {
                must(saved, "1. what it made is not in its field");
                must(is_hidden(&record, "api_key"), "4. the field shows it");
                must(run.exit == Some(0), "3. it was saved, and ended badly");
                must(run.outcome["saved"] == true, "3. it was saved, and that is not told");
            }
            Comes::Kept => {
                must(kept, "2. what it made is lost");
                must(
                    outcome == "uncertain" && run.exit == Some(5),
                    "3. it did not end well, and is not told so",
                );
                must(
                    run.outcome["error"].to_string().contains("pamrun_rescued"),
                    "2. where it is kept is not told",
                );
            }
            Comes::Refused => {
                must(outcome == "invalid" && run.exit == Some(2), "3. it cannot work, and was not refused");
                must(record == world.record.json, "1. the record is changed");
            }
        }
        wrong
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Self::COLUMN, self.name)
    }
}

/// What a script is run in.
struct World {
    gateway: Gateway,
    record: Record,
    config: Record,
    value: String,
    script: std::path::PathBuf,
}

impl World {
    fn new(answered: &Answered) -> Self {
        let gateway = Gateway::new();
        let mut record = Record::new("pamUser", "Keys").standard("login", "", "svc").standard(
            "password",
            "",
            &random_text(24),
        );
        if answered.kind == Kind::ShellWithoutCustomFields {
            record.json["custom"] = Value::Null;
        } else {
            record = record.hidden("api_key", &random_text(24));
        }
        let config = Record::new("login", "Keys (config)").text("SaaS Type", "Keys");
        gateway.fill_vault([&config]);
        gateway.vault().add(&record);
        let value = random_text(24);
        gateway.plant("the new key", &value);
        gateway.write_input("value", &value);
        let (name, text) = match answered.kind {
            Kind::Saas => {
                let made = "VALUE = open(os.environ['VALUE']).read()";
                let class = "class SaasPlugin(SaasPluginBase):\n    name = 'Keys'\n";
                ("keys.py", format!("{SAAS_HEAD}{made}\n\n{class}{}\n", answered.text))
            }
            Kind::Shell | Kind::ShellWithoutCustomFields => {
                let text = answered.text.replace("STEPS\n", STEPS);
                let pragma = if text == answered.text { "#" } else { PRAGMA };
                let value = "value=$(cat \"$VALUE\")";
                ("keys.sh", format!("#!/bin/sh\n{pragma}\nread -r line\n{value}\n{text}\n"))
            }
        };
        let script = gateway.write(name, text);
        Self { gateway, record, config, value, script }
    }

    fn run(&self, binary: &Path) -> Run {
        let mut records = vec![self.config.flattened()];
        let mut known = self.record.clone();
        if known.json["custom"].is_null() {
            known.json["custom"] = json!([]);
        }
        records.push(known.flattened());
        let params = Params {
            user_record: self.record.uid.clone(),
            user: "svc".to_owned(),
            new_password: text(&self.record.json, "password"),
            records,
            ..Params::default()
        };
        let value = format!("VALUE={}", self.gateway.path("inputs/value").display());
        let exec = self.gateway.exec(&self.script, params.line()).binary(binary);
        exec.flag("--vault", self.gateway.vault().flag()).flag("--env", value).launch().run()
    }

    fn is_kept(&self, record: &Value) -> bool {
        is_hidden(record, "pamrun_rescued") && text(record, "pamrun_rescued").contains(&self.value)
    }

    fn leaks(&self, run: &Run) -> Option<String> {
        self.gateway.leak(run, &[], false).map(|leak| format!("4. {leak}"))
    }
}

fn is_hidden(record: &Value, label: &str) -> bool {
    fields(record).any(|field| field["label"] == label && field["type"] == "secret")
}
