//! Microsoft Graph and other services of the cloud, called as an admin app: what the plugins for them share.
//!
//! A plugin picks the [`Admin`] from its records and the [`Cloud`] from its settings, opens a
//! [`Session`] (or, for another service than Graph, a [`Service`]), and says what a [`Refusal`] means for what it asked. [`until_proven`] tries a new
//! credential until the service has made up its mind. [`admin_secret_end`] is for dry runs.

mod admin;
mod cloud;
mod delivering;
mod expiry;
mod proving;
mod refusal;
mod retry;
mod said;
mod service;
mod session;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod token;

pub use admin::{Admin, SPELLINGS, Spelling, ask_for_admin};
pub use cloud::{AUTHORITY, Cloud, GRAPH, authority, authority_setting, cloud_settings};
pub use delivering::{chosen, value};
pub use expiry::admin_secret_end;
pub use proving::{Trial, until_proven};
pub use refusal::{Refusal, Refuser};
pub use retry::patiently;
pub use said::read_json;
pub use service::{Answered, Service};
pub use session::Session;
pub use token::{Claims, Login, LoginError, Reason, TOKEN_PATH, Token};

/// Tells whether a text is a GUID in the usual form.
#[must_use]
pub fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
