//! Places: the moments of a rotation at which something can go wrong, as an undisturbed one shows them.

use std::fmt;

use super::scenario::Scenario;
use super::world::World;
use crate::cloud::{DEVOPS, KEY_VAULT};
use crate::gateway::{VaultKind, binary};

/// Who gets a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Entra's login, or Graph.
    Cloud,
    /// The server behind the vault.
    Vault,
}

/// A moment of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The `nth` request to a peer.
    Request {
        /// Who gets it.
        peer: Peer,
        /// Which one it is, from 1.
        nth: usize,
        /// What it asks for.
        what: String,
        /// Whether it changes something.
        writes: bool,
    },
    /// An entry of the journal.
    Entry {
        /// Which one it is, from 1.
        nth: usize,
        /// What it announces.
        what: String,
        /// How many bytes of the journal come before its middle.
        middle: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { peer: Peer::Cloud, nth, what, .. } => write!(f, "cloud-{nth}-{what}"),
            Self::Request { peer: Peer::Vault, nth, what, .. } => write!(f, "vault-{nth}-{what}"),
            Self::Entry { nth, what, .. } => write!(f, "journal-{nth}-{what}"),
        }
    }
}

impl Scenario {
    /// Rotates undisturbed, and lists the places of that.
    pub fn places(&'static self) -> Vec<Place> {
        let world = World::new(self, &binary());
        let run = world.exec().launch().run();
        assert_eq!(run.exit == Some(0), self.succeeds(), "undisturbed, {} ends otherwise\n{run}", self.name);
        let mut places = Vec::new();
        for (index, seen) in world.cloud.requests().iter().enumerate() {
            if self.delivers && ![KEY_VAULT, DEVOPS].contains(&seen.host.as_str()) {
                continue;
            }
            let what = name(&seen.method, seen.path());
            let writes = what.ends_with("Password") || what.starts_with('p');
            places.push(Place::Request { peer: Peer::Cloud, nth: index + 1, what, writes });
        }
        if self.vault == VaultKind::Keeper {
            for (index, seen) in world.gateway.keeper().keeper.requests().iter().enumerate() {
                let what = seen.endpoint.name().to_owned();
                let writes = !what.starts_with("get_");
                places.push(Place::Request { peer: Peer::Vault, nth: index + 1, what, writes });
            }
        }
        let mut length = 0;
        for (index, line) in world.journals()[0].lines().iter().enumerate() {
            let middle = length + line.length / 2;
            length += line.length;
            if !self.delivers || ["saved", "delivering", "delivered"].contains(&line.entry.as_str()) {
                places.push(Place::Entry { nth: index + 1, what: line.entry.clone(), middle });
            }
        }
        places
    }
}

/// What a request to the cloud asks for, in a word.
fn name(method: &str, path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let what = path.split('/').nth(2).unwrap_or_default();
    match last {
        "token" | "addPassword" | "removePassword" => last.to_owned(),
        _ => format!("{}-{what}", method.to_lowercase()),
    }
}
