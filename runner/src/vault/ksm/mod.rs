//! The vault of Keeper Secrets Manager, through Keeper's own client.
//!
//! That client blocks, panics on a thread of the async runtime and on odd answers, and repeats some
//! requests for ever. So it lives on a plain thread, its panics end there, and every request goes
//! through a [`Wire`] that counts and times them.

mod client;
mod config;
mod error;
mod https;
mod refusal;
mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use self::client::Client;
use self::error::KsmError;
use self::https::HttpsSetup;
use self::wire::{Post, Wire};
use crate::limits::Limits;
use crate::model::{Record, RecordUid, SharedRecord, Update};
use crate::rotation::{GetError, Retry, SaveError, Trouble, Vault};
use crate::secret::SecretBytes;
use crate::vault::Reader;

pub use config::{KsmConfig, KsmConfigError};
pub use https::{KsmProxy, KsmSetupError};

/// The longest that one get or save may take, with all its requests.
const LONGEST_CALL: Duration = Duration::from_mins(2);
/// How much later than it should a call's answer may come.
const GRACE: Duration = Duration::from_secs(1);

/// How the operator wants Keeper to be reached.
#[derive(Debug, Clone, Default)]
pub struct KsmOptions {
    /// What `--ca-file` holds: certificates in PEM that are trusted besides those of the machine.
    pub ca_file: Option<Vec<u8>>,
    /// The proxy, if there is one.
    pub proxy: Option<KsmProxy>,
}

/// Something for the thread to do. Without a client, it is told why there is none.
type Task = Box<dyn FnOnce(&mut Result<Client, KsmError>) + Send>;

/// A vault at Keeper.
#[derive(Debug)]
pub struct KsmVault {
    tasks: Sender<Task>,
    /// When the rotation must be over.
    ends: Instant,
    /// What of its time is kept for rollback and commit.
    reserve: Duration,
    /// How long one who only reads waits while Keeper does not answer.
    patience: Duration,
    warnings: Vec<String>,
}

impl KsmVault {
    /// A vault for one rotation, which begins now. Nothing is sent until records are asked for;
    /// `warnings` are what is known about it already.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub fn new(
        config: KsmConfig,
        options: &KsmOptions,
        limits: &Limits,
        warnings: Vec<String>,
    ) -> Result<Self, KsmSetupError> {
        let setup = HttpsSetup::new(options, limits)?;
        Ok(Self::over(config, limits, warnings, || Ok(Box::new(setup.build()?))))
    }

    /// A vault that sends its requests through what `post` makes, on the thread that uses it.
    fn over(
        config: KsmConfig,
        limits: &Limits,
        warnings: Vec<String>,
        post: impl FnOnce() -> Result<Box<dyn Post>, KsmError> + Send + 'static,
    ) -> Self {
        let (tasks, waiting) = channel::<Task>();
        let request_timeout = limits.request_timeout;
        let serve = move || {
            let wire = post().map(|post| Arc::new(Wire::new(post, request_timeout)));
            let make = || {
                let wire = wire.as_ref().map_err(Clone::clone)?;
                catch_unwind(AssertUnwindSafe(|| Client::new(&config, wire)))
                    .unwrap_or(Err(KsmError::Stumbled))
            };
            let mut client = make();
            for task in waiting {
                // What a panic left half done is thrown away. What it said may quote a secret.
                if catch_unwind(AssertUnwindSafe(|| task(&mut client))).is_err() {
                    client = make();
                }
            }
        };
        // Without a thread nobody takes the tasks, and each of them says so.
        let _ = thread::Builder::new().name("vault".to_owned()).spawn(serve);
        Self {
            tasks,
            ends: Instant::now() + limits.timeout,
            reserve: limits.reserve,
            patience: limits.outage_patience,
            warnings,
        }
    }

    /// Has the thread do something with Keeper's client, as long as there is time. Rollback and
    /// commit may use what is held back for them.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, KsmError> + Send + 'static,
    ) -> Result<T, KsmError> {
        let now = Instant::now();
        let held_back = self.ends.checked_sub(self.reserve).filter(|regular| *regular > now);
        let ends = held_back.unwrap_or(self.ends).min(now + LONGEST_CALL);
        let (answer, answered) = oneshot::channel();
        let task: Task = Box::new(move |client| {
            let done = client.as_mut().map_err(|error| error.clone()).and_then(|client| {
                client.begin(ends);
                work(client)
            });
            // Nobody may be waiting any more.
            drop(answer.send(done));
        });
        if self.tasks.send(task).is_err() {
            return Err(KsmError::Setup { why: "the system gives it no thread".to_owned() });
        }
        match timeout_at((ends + GRACE).into(), answered).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(KsmError::Stumbled),
            Err(_) => Err(KsmError::GivenUp),
        }
    }
}

impl KsmVault {
    /// Has the thread do it again while Keeper does not answer: who only reads has no engine that would.
    async fn ask_patiently<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Client) -> Result<T, KsmError> + Clone + Send + 'static,
    ) -> Result<T, KsmError> {
        let began = Instant::now();
        let mut retry = Retry::new(self.patience, Duration::ZERO);
        loop {
            let error = match self.ask(work.clone()).await {
                // Where nothing is under way, nobody waits for a host that is not there.
                Err(error) if !matches!(error, KsmError::Unreachable { .. }) => error,
                done => return done,
            };
            let outage = error.outage().map(Trouble::Outage);
            let pause = outage.and_then(|outage| retry.pause(outage, began.elapsed()));
            let left = self.ends.saturating_duration_since(Instant::now());
            match pause.filter(|pause| *pause < left) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Vault for KsmVault {
    async fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, GetError> {
        let uids = uids.to_vec();
        Ok(self.ask(move |client| client.get(&uids)).await?)
    }

    async fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), SaveError> {
        let (record, updates) = (record.clone(), updates.to_vec());
        Ok(self.ask(move |client| client.save(&record, &updates)).await?)
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

#[async_trait::async_trait(?Send)]
impl Reader for KsmVault {
    async fn read(&mut self, uids: Option<&[RecordUid]>) -> Result<Vec<SharedRecord>, GetError> {
        let uids = uids.map(<[RecordUid]>::to_vec);
        Ok(self.ask_patiently(move |client| client.read(uids.as_deref())).await?)
    }

    async fn fetch(&mut self, file: &str) -> Result<SecretBytes, GetError> {
        let file = file.to_owned();
        Ok(self.ask_patiently(move |client| client.fetch(&file)).await?)
    }

    fn notes(&self) -> &[String] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests;
