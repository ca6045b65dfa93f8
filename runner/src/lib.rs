//! pamrun runs `KeeperPAM` rotation scripts, as sandboxed WebAssembly components or with an external
//! interpreter, in an order of steps in which no credential is ever lost.
//!
//! Data moves one way, and the modules are named for the stations it passes:
//!
//! ```text
//! argv ──> cli ──> catalog ─┐                        ┌─> wasm ───┐
//! stdin ─> params ──────────┴─> request ─> policy ───┴─> script ─┴─> rotation ─> vault
//!                                                                     └────────> report ─> stdout
//! ```
//!
//! What a plugin calls by name, `call` writes, sends and judges: `wasm` hands it on, and lends it the way.
//!
//! `pamrun secrets` goes another way, from the vault outwards:
//!
//! ```text
//! argv, stdin ─> cli ─> notation ─> destination ─> stdout, files
//!                vault ────┘
//! ```
//!
//! `deliver` holds the plugins that are built in: they stand where `wasm` and `script` do.
//! Beside them, `scaffold` writes the beginning of a plugin, and `harness` holds the test cases of
//! plugins and stands where network, vault and journal would. `secret`, `limits`, `units`, `trust`,
//! `system`, `dotenv`, `text` and `model` are leaves that every station may use. [`run()`] chains the stations; none of them calls the
//! next one.

mod call;
pub mod catalog;
pub mod cli;
pub mod deliver;
pub mod destination;
pub mod dotenv;
pub mod harness;
pub mod journal;
pub mod limits;
pub mod model;
pub mod notation;
pub mod params;
pub mod policy;
pub mod report;
pub mod request;
pub mod rotation;
mod run;
pub mod scaffold;
pub mod script;
pub mod secret;
mod system;
pub mod text;
mod trust;
mod units;
pub mod vault;
pub mod wasm;

pub use run::run;
