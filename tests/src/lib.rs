//! The world around pamrun, for its end-to-end tests and its demo.
//!
//! [`cloud`] is a stand-in for Entra and Microsoft Graph, [`service`] one for a small key service,
//! [`tokens`] one for the API of our templates, [`keeper`] one for Keeper Secrets Manager, all on real
//! TLS. [`gateway`] plays the Keeper gateway: it writes vault and configuration, runs the real binary, and
//! fails the test when a secret shows where none may. [`azure`] puts both together, and [`witness`] asks
//! Keeper's own clients what came of it. [`desk`] is the same for [`service`] and a guest that misbehaves. [`sweep`] is the experiment that shows what pamrun promises, and [`plain`]
//! makes texts of one run comparable with those of another.

pub mod azure;
pub mod canary;
pub mod cloud;
pub mod desk;
pub mod gateway;
pub mod keeper;
pub mod net;
pub mod params;
pub mod plain;
pub mod record;
pub mod service;
pub mod sweep;
pub mod tokens;
pub mod witness;
