//! What answers of Entra, of Microsoft Graph and of services that speak as it does mean: what the plugins for
//! them share.
//!
//! A plugin calls its requests through a [`Session`], and says what a [`Refusal`] means for what it asked; the
//! session knows what it means whatever was asked, and tries again what is worth it. [`LoginRefusal`] is for a
//! login that the plugin itself tries. [`Cloud`] judges the settings that name a cloud, [`admin_secret_end`]
//! and [`Admin`] are about the app that does it all.
//!
//! Of a manifest this needs: the admin app's login is the request `token`; and errors whose names begin with
//! `code` (texts, or Entra's numbers as a list), `message` and `request` (the id by which those who run the
//! service find it), as many of each as there are forms to say it.

mod admin;
mod cloud;
mod expiry;
mod login;
mod refusal;
mod said;
mod session;

pub use admin::Admin;
pub use cloud::Cloud;
pub use expiry::admin_secret_end;
pub use login::{LoginRefusal, Reason};
pub use refusal::{Refusal, Refuser};
pub use said::Said;
pub use session::{LOGIN, Session};
