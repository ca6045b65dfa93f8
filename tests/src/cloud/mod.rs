//! A stand-in for Entra ID and Microsoft Graph, with a Key Vault and an Azure DevOps organization.
//!
//! One loopback port serves every host of every cloud; the name in the TLS handshake decides. State,
//! faults and the log of requests are at hand while it runs.

mod devops;
mod directory;
mod fault;
mod graph;
mod key_vault;
mod log;
mod login;
mod sovereign;
mod users;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use self::graph::GraphError;
use crate::net::{Acting, Acts, Answer, Delivery, Received, Server, Site};

pub use self::devops::{DEVOPS, Organization};
pub use self::directory::{
    App, Application, CollisionForm, Directory, Issued, PasswordCredential, Policy, Propagation,
};
pub use self::fault::{Fault, On};
pub use self::key_vault::{KEY_VAULT, KeyVault};
pub use self::log::Seen;
pub use self::sovereign::Sovereign;
pub use self::users::{
    Account, Home, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, PasswordRules, USER_ADMINISTRATOR, User,
};

/// A running cloud.
pub struct Cloud {
    world: Arc<World>,
    acts: Acts,
    server: Server,
}

/// What happens at a request, besides answering it.
type Hook = Box<dyn FnMut(&mut Directory) + Send>;

struct World {
    directory: Arc<Mutex<Directory>>,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    faults: Vec<(On, Fault)>,
    hooks: Vec<(On, Hook)>,
    seen: Vec<Seen>,
    received: Vec<Received>,
    landing: usize,
}

impl Cloud {
    /// Starts a cloud with one tenant in each of the four.
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        let directory = Arc::new(Mutex::new(Directory::new()));
        let world = Arc::new(World { directory, plan: Mutex::new(Plan::default()) });
        let acts = Acts::default();
        let site = Acting { site: Front(world.clone()), acts: acts.clone() };
        let hosts = [&Sovereign::hosts()[..], &[KEY_VAULT, DEVOPS]].concat();
        Self { world, acts, server: Server::start(&hosts, site) }
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// What it knows, to look at and to change.
    pub fn directory(&self) -> MutexGuard<'_, Directory> {
        self.world.directory.lock().unwrap()
    }

    /// The same for whoever cannot borrow the cloud.
    pub fn shared_directory(&self) -> Arc<Mutex<Directory>> {
        self.world.directory.clone()
    }

    /// Registers an application in the global cloud; see [`Directory::register`].
    pub fn register(&self, name: &str) -> App {
        self.directory().register(Sovereign::Global, name)
    }

    /// Makes a secret as somebody at the portal would; see [`Directory::issue`].
    pub fn issue(&self, app: &App, name: &str) -> Issued {
        self.directory().issue(app, name)
    }

    /// The secrets that an application has now.
    pub fn secrets_of(&self, app: &App) -> Vec<PasswordCredential> {
        self.directory().app(app).secrets.clone()
    }

    /// The ids of the secrets that an application has now.
    pub fn keys_of(&self, app: &App) -> Vec<String> {
        self.secrets_of(app).into_iter().map(|secret| secret.key_id).collect()
    }

    /// Whether a secret logs its application in; see [`Directory::accepts`].
    pub fn accepts(&self, app_id: &str, secret: &str) -> bool {
        self.directory().accepts(app_id, secret)
    }

    /// Whether this is a user's password now, wherever it has spread to.
    pub fn is_password(&self, user: &User, password: &str) -> bool {
        self.directory().user(user).password == password
    }

    /// Makes requests go wrong.
    pub fn fault(&self, on: On, fault: Fault) {
        self.world.plan.lock().unwrap().faults.push((on, fault));
    }

    /// Does something when a request arrives, before it is answered.
    pub fn before(&self, on: On, hook: impl FnMut(&mut Directory) + Send + 'static) {
        self.world.plan.lock().unwrap().hooks.push((on, Box::new(hook)));
    }

    /// Lets requests go right from here on, and nothing else happen.
    pub fn calm(&self) {
        let mut plan = self.world.plan.lock().unwrap();
        plan.faults.clear();
        plan.hooks.clear();
    }

    /// What else happens at requests, without the directory being locked.
    pub fn acts(&self) -> &Acts {
        &self.acts
    }

    /// The requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.world.plan.lock().unwrap().seen.clone()
    }

    /// How many requests met this so far.
    pub fn count(&self, path_ends_with: &str) -> usize {
        self.requests().iter().filter(|seen| seen.path().ends_with(path_ends_with)).count()
    }

    /// What no client may do and this one did.
    pub fn violations(&self) -> Vec<String> {
        let secrets = self.directory().secrets_ever();
        log::violations(&self.world.plan.lock().unwrap().received, &secrets)
    }

    /// Waits until every write that was to land late has landed.
    pub fn wait_for_late_writes(&self) {
        while self.world.plan.lock().unwrap().landing > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Front(Arc<World>);

impl Site for Front {
    async fn answer(&self, request: Received) -> Answer {
        let (index, fault) = self.0.arrive(&request);
        let answer = match fault {
            None => self.0.apply(&request, 0),
            Some(fault) => self.0.misbehave(fault, &request).await,
        };
        let status = (answer.delivery != Delivery::Nothing).then_some(answer.status);
        self.0.plan.lock().unwrap().seen[index].status = status;
        answer
    }
}

impl World {
    /// Logs the request, lets the hooks run, and says what is to go wrong.
    fn arrive(&self, request: &Received) -> (usize, Option<Fault>) {
        let mut directory = self.directory.lock().unwrap();
        let mut plan = self.plan.lock().unwrap();
        plan.seen.push(Seen::of(request));
        plan.received.push(request.clone());
        for (on, hook) in &mut plan.hooks {
            if on.meets(request) {
                hook(&mut directory);
            }
        }
        let mut fault = None;
        for (on, planned) in &mut plan.faults {
            // Every rule counts, the first that fits wins.
            if on.meets(request) {
                fault.get_or_insert_with(|| planned.clone());
            }
        }
        (plan.seen.len() - 1, fault)
    }

    fn apply(&self, request: &Received, writes_behind: usize) -> Answer {
        let mut directory = self.directory.lock().unwrap();
        if request.server_name != request.host {
            return Answer::empty(421);
        }
        match request.host.as_str() {
            KEY_VAULT => directory.ask_key_vault(request, writes_behind),
            DEVOPS => directory.ask_devops(request, writes_behind),
            host if Sovereign::is_login(host) => directory.token(request),
            _ => directory.graph(request, writes_behind),
        }
    }

    fn land_late(self: &Arc<Self>, time: Duration, request: &Received) {
        self.plan.lock().unwrap().landing += 1;
        let (world, request) = (self.clone(), request.clone());
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            world.apply(&request, 0);
            world.plan.lock().unwrap().landing -= 1;
        });
    }

    async fn misbehave(self: &Arc<Self>, fault: Fault, request: &Received) -> Answer {
        let refuse = |error: GraphError| error.answer(request);
        match fault {
            Fault::Status(status, body) => {
                Answer { body: body.into(), ..Answer::empty(status) }.with("content-type", "application/json")
            }
            Fault::DropBeforeApply => Answer::nothing(),
            Fault::ApplyThenDrop => {
                self.apply(request, 0);
                Answer::nothing()
            }
            Fault::ApplyThenStatus(status) => {
                self.apply(request, 0);
                refuse(GraphError::new(status, "UnknownError", "Something went wrong."))
            }
            Fault::CutInTheMiddle => Answer { delivery: Delivery::Half, ..self.apply(request, 0) },
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                self.apply(request, 0)
            }
            Fault::LandLate(time) => {
                self.land_late(time, request);
                Answer::nothing()
            }
            Fault::Hang(time) => {
                self.land_late(time, request);
                tokio::time::sleep(time).await;
                Answer::nothing()
            }
            Fault::ClockBehind(time) => {
                let told = jiff::Timestamp::now().checked_sub(time).unwrap();
                let date = told.strftime("%a, %d %b %Y %H:%M:%S GMT");
                self.apply(request, 0).with("date", date.to_string())
            }
            Fault::Throttle(retry_after) => throttle(request, retry_after),
            Fault::Collision(form) => refuse(GraphError::collision(form)),
            Fault::StaleList(writes_behind) => self.apply(request, writes_behind),
            Fault::ExpireTokens => {
                self.directory.lock().unwrap().expire_tokens();
                self.apply(request, 0)
            }
            Fault::Denied if Sovereign::is_login(&request.host) => login::wrong_secret(),
            Fault::Denied => refuse(GraphError::denied()),
            Fault::DeniedByPolicy => refuse(GraphError::type_not_allowed()),
            Fault::SizeExceeded => refuse(GraphError::size_exceeded()),
            Fault::UnknownKey(status) => refuse(GraphError::unknown_key(status, "of this request")),
        }
    }
}

fn throttle(request: &Received, retry_after: Option<u32>) -> Answer {
    let body = if Sovereign::is_login(&request.host) {
        login::error_body("temporarily_unavailable", 90_055, "Too many requests.")
    } else {
        graph::error_body("TooManyRequests", "Too many requests.", request)
    };
    let answer = Answer::json(429, &body);
    match retry_after {
        Some(seconds) => answer.with("retry-after", seconds.to_string()),
        None => answer,
    }
}
