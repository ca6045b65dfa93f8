//! The other experiment: many rotations of a few records at a time, some of which are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::journal::Journal;
use super::promises::NOTHING_CHANGED;
use super::seed::Chance;
use super::world::{HANDLE, SECRET, SETTLE_WINDOW, limits};
use crate::azure::{ADMIN_ROLE, admin_record};
use crate::canary::random_text;
use crate::cloud::{App, Cloud, Sovereign};
use crate::gateway::{Exec, Gateway, Launch, Run, Signal, VaultKind, Victim, plugin};
use crate::params::Params;
use crate::record::{Record, text};

/// How many records there are. The last two name one app.
const RECORDS: usize = 10;
/// How many rotations are under way at a time.
const AT_A_TIME: usize = 8;
/// So many of ten rotations are killed.
const KILLED_OF_TEN: usize = 6;

/// Ten records and their apps, on one gateway host.
pub struct Crowd {
    cloud: Cloud,
    gateway: Gateway,
    admin: Record,
    members: Vec<Member>,
}

struct Member {
    app: App,
    record: Record,
}

/// What came of it.
pub struct Aftermath {
    /// How many rotations were started before the last ones.
    pub runs: usize,
    /// How many of them were killed.
    pub killed: usize,
    /// What was promised and not kept.
    pub violations: Vec<String>,
}

/// A rotation that is due.
struct Due {
    launch: Launch,
    victim: Victim,
    /// How long it lives, as a share of an undisturbed one's time, in percent.
    lives: Option<usize>,
}

impl Crowd {
    /// Ten records in one of the vaults.
    pub fn new(vault: VaultKind) -> Self {
        let (cloud, gateway) = (Cloud::new(), Gateway::with(vault));
        gateway.write("config.toml", limits());
        let admin = cloud.register("pamrun admin");
        cloud.directory().app(&admin).roles.push(ADMIN_ROLE.to_owned());
        let admin = admin_record(&admin, &cloud.issue(&admin, "admin").value);
        let mut members: Vec<Member> = Vec::new();
        for number in 1..=RECORDS {
            let app = match members.last() {
                Some(last) if number == RECORDS => last.app.clone(),
                _ => cloud.register(&format!("service {number}")),
            };
            let old = cloud.issue(&app, "by hand");
            let record = Record::pam_user(&format!("Service {number}"))
                .text("application_object_id", &app.object_id)
                .text(HANDLE, &old.key_id)
                .hidden(SECRET, &old.value)
                .text("expires", "");
            members.push(Member { app, record });
        }
        gateway.fill_vault(members.iter().map(|member| &member.record).chain([&admin]));
        Self { cloud, gateway, admin, members }
    }

    /// Starts so many rotations, some of which are killed, and then one of each record that is not;
    /// judges what is left.
    pub fn play(&self, runs: usize, seed: u64) -> Aftermath {
        let mut chance = Chance::new(seed, "crowd");
        let (mut all, mut usual) = (Vec::new(), Duration::MAX);
        for member in &self.members {
            let launch = self.exec(member).launch();
            let began = Instant::now();
            all.push(launch.run());
            usual = usual.min(began.elapsed());
        }

        let due = (0..runs).map(|_| {
            let member = &self.members[chance.below(RECORDS)];
            // Eight at a time, each takes longer.
            let lives = (chance.below(10) < KILLED_OF_TEN).then(|| chance.below(300));
            self.due(member, lives)
        });
        let due: Vec<_> = due.collect();
        let disturbed = play(due, usual);
        let killed = disturbed.iter().filter(|run| run.exit.is_none()).count();
        all.extend(disturbed);
        let mut violations: Vec<_> = all.iter().filter_map(|run| self.judge_words(run)).collect();

        let last = play(self.members.iter().map(|member| self.due(member, None)).collect(), usual);
        for run in &last {
            if run.exit != Some(0) {
                violations.push(format!("a last run ended with {:?}\n{run}", run.exit));
            }
        }
        all.extend(last);
        std::thread::sleep(SETTLE_WINDOW);
        let config = self.gateway.path("config.toml");
        let recover =
            self.gateway.command(&["recover", "--all", "--timeout", "80s"]).flag("--config", config);
        let recovery = recover.flag("--state-dir", self.gateway.path("state")).launch().run();
        if recovery.exit != Some(0) {
            violations.push(format!("`pamrun recover` ended with {:?}\n{recovery}", recovery.exit));
        }
        all.push(recovery);
        violations.extend(self.judge_apps());
        violations.extend(self.judge_leaks(&all));
        violations.extend(self.cloud.violations());
        violations.extend(self.gateway.violations());
        Aftermath { runs, killed, violations }
    }

    fn due(&self, member: &Member, lives: Option<usize>) -> Due {
        let victim = Victim::default();
        Due { launch: self.exec(member).as_victim(&victim).launch(), victim, lives }
    }

    fn exec(&self, member: &Member) -> Exec<'_> {
        let params = Params {
            user_record: member.record.uid.clone(),
            new_password: random_text(24),
            old_password: random_text(24),
            records: vec![self.admin.flattened(), member.record.flattened()],
            ..Params::default()
        };
        self.gateway
            .exec(&plugin("azure-app-secret"), params.line())
            .host(Sovereign::Global.login(), self.cloud.address())
            .host(Sovereign::Global.graph(), self.cloud.address())
            .flag("--vault", self.gateway.vault().flag())
            .set("verify_interval", "0s")
            .set("retire", "previous")
    }

    /// Who says that nothing is changed has left nothing.
    fn judge_words(&self, run: &Run) -> Option<String> {
        let rotation = run.word("rotation_id");
        if rotation.is_empty() || !NOTHING_CHANGED.contains(&run.word("outcome")) {
            return None;
        }
        let secrets = self.members.iter().flat_map(|member| self.cloud.secrets_of(&member.app));
        let ours = secrets.filter_map(|secret| secret.name).find(|name| name.contains(rotation))?;
        Some(format!("3. it is told as `{}`, but {ours} is accepted\n{run}", run.word("outcome")))
    }

    /// Each app has what the records that name it hold, and nothing else.
    fn judge_apps(&self) -> Vec<String> {
        let mut violations = Vec::new();
        let mut expected: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for Member { app, record } in &self.members {
            let saved = self.gateway.vault().record(&record.uid);
            let (id, value) = (text(&saved, HANDLE), text(&saved, SECRET));
            let secrets = self.cloud.secrets_of(app);
            if !secrets.iter().any(|secret| secret.key_id == id && secret.value == value) {
                violations.push(format!(
                    "1. {} holds {id}, and the service does not accept it",
                    record.json["title"]
                ));
            }
            expected.entry(&app.app_id).or_default().insert(id);
        }
        for Member { app, .. } in &self.members {
            for secret in self.cloud.secrets_of(app) {
                if !expected[app.app_id.as_str()].contains(&secret.key_id) {
                    let name = secret.name.unwrap_or_default();
                    violations
                        .push(format!("2. {} ({name}) of {} is still accepted", secret.key_id, app.name));
                }
            }
        }
        let journal = Journal::read(&self.gateway.path("state"));
        violations.extend(journal.open().into_iter().map(|id| format!("2. rotation {id} is still open")));
        violations
    }

    fn judge_leaks(&self, runs: &[Run]) -> Option<String> {
        let all = |part: fn(&Run) -> &str| runs.iter().map(part).collect::<Vec<_>>().concat();
        let printed = Run {
            exit: None,
            stdout: all(|run| &run.stdout),
            stderr: all(|run| &run.stderr),
            outcome: serde_json::Value::Null,
        };
        let leak = self.gateway.leak(&printed, &self.cloud.directory().secrets_ever(), false);
        leak.map(|leak| format!("4. {leak}"))
    }
}

/// Plays rotations, some at a time.
fn play(due: Vec<Due>, usual: Duration) -> Vec<Run> {
    let (due, over) = (Mutex::new(due.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = due.lock().unwrap().next();
                    let Some(Due { launch, victim, lives }) = next else { return };
                    let started = launch.start();
                    if let Some(share) = lives {
                        std::thread::sleep(usual * u32::try_from(share).unwrap() / 100);
                        victim.signal(Signal::KILL);
                    }
                    over.lock().unwrap().push(started.end());
                }
            });
        }
    });
    over.into_inner().unwrap()
}
