//! Write pamrun plugins in Rust.
//!
//! A plugin is judgement: its manifest, `plugin.toml`, declares every request that may be sent, and the host
//! writes, signs and sends them and keeps every secret. [`requests!`] makes typed functions of the manifest;
//! implement [`Plugin`] with them, name it in [`export!`], and compile the crate for `wasm32-wasip2` as a `cdylib`.
//! `pamrun plugin pack` puts both together.
//!
//! What a plugin does to the outside goes through a [`Host`], so that its logic runs in native unit tests too: the
//! `testing` module has a host that answers by request name, and whose clock costs no time.
//!
//! - [`retry()`] tries a call again while the service is busy; [`repeat`] as long as you say so.
//! - [`until()`] tries a new credential until the service has made up its mind.
//! - [`rfc3339`] and [`time()`] write and read the times of requests and answers.
//! - [`Finding`] is what an operator should know beforehand, [`Failure`] how a step ends otherwise.
//!
//! A whole plugin, for a service that keeps several keys per account:
//!
//! ```no_run
//! # mod requests {
//! #     use pamrun_plugin::{Failure, Host, Listed, Misfit, Trouble};
//! #     pub struct Keys { pub items: Vec<Listed> }
//! #     pub struct Create { pub id: String }
//! #     pub fn keys(_: &dyn Host) -> Result<Keys, Trouble> { Ok(Keys { items: Vec::new() }) }
//! #     pub fn create(_: &dyn Host) -> Result<Create, Trouble> { Ok(Create { id: String::new() }) }
//! #     pub fn login_new(_: &dyn Host) -> Result<(), Trouble> { Ok(()) }
//! #     pub fn delete(_: &dyn Host, _: &str) -> Result<(), Trouble> { Ok(()) }
//! # }
//! use std::time::Duration;
//!
//! use pamrun_plugin::{
//!     Credential, Failure, Host, PATIENCE, Plan, Plugin, Proof, Request, Retired, Trial, Trouble, retry, until,
//! };
//!
//! struct ApiKey;
//!
//! pamrun_plugin::export!(ApiKey);
//! // pamrun_plugin::requests!("plugin.toml");
//!
//! impl Plugin for ApiKey {
//!     fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
//!         let old = request.input("target.key_id");
//!         let listed = retry(host, PATIENCE, || requests::keys(host))?.items;
//!         Ok(Plan {
//!             creates: "one API key".to_owned(),
//!             removes: listed.into_iter().map(|key| key.id).filter(|id| Some(id.as_str()) == old).collect(),
//!             ..Plan::default()
//!         })
//!     }
//!
//!     fn rotate(host: &dyn Host, _: &Request, _: &Plan) -> Result<Credential, Failure> {
//!         Ok(Credential::new(retry(host, PATIENCE, || requests::create(host))?.id))
//!     }
//!
//!     fn verify(host: &dyn Host, _: &Request, _: &Plan, _: Option<&str>) -> Result<Proof, Failure> {
//!         until(host, Duration::from_secs(60), || match requests::login_new(host) {
//!             Ok(()) => Trial::Decided(Ok(Proof::Verified)),
//!             Err(Trouble::Rejected(said)) if said.status == 401 => {
//!                 Trial::NotYet(Failure::wrong_credential("rejected", "the new key is not accepted"))
//!             }
//!             Err(trouble) => trouble.into(),
//!         })
//!     }
//!
//!     fn commit(host: &dyn Host, _: &Request, plan: &Plan, _: Option<&str>) -> Result<Vec<Retired>, Failure> {
//!         plan.removes.iter().map(|id| remove(host, id)).collect()
//!     }
//!
//!     fn rollback(host: &dyn Host, request: &Request, _: &Plan, id: Option<&str>) -> Result<Vec<Retired>, Failure> {
//!         let listed = retry(host, PATIENCE, || requests::keys(host))?.items;
//!         let ours = listed.iter().filter(|key| {
//!             Some(key.id.as_str()) == id || key.label.as_deref().is_some_and(|name| request.made_this(name))
//!         });
//!         ours.map(|key| remove(host, &key.id)).collect()
//!     }
//! }
//!
//! fn remove(host: &dyn Host, id: &str) -> Result<Retired, Failure> {
//!     retry(host, PATIENCE, || requests::delete(host, id))?;
//!     Ok(Retired::gone(id))
//! }
//! ```

mod call;
mod failure;
mod finding;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;
mod host;
mod request;
mod retry;
mod step;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod time;
mod until;
mod value;

pub use call::{Answer, Listed, Rejection, Trouble};
pub use failure::{Failure, FailureKind};
pub use finding::{Finding, FindingLevel};
pub use host::{Host, Level};
pub use pamrun_plugin_macros::requests;
pub use request::{Mode, Request};
pub use retry::{PATIENCE, Patience, repeat, retry};
pub use step::{Credential, Plan, Proof, Retired, Slots, State};
pub use time::{rfc3339, time};
pub use until::{Trial, until};
#[doc(hidden)]
pub use value::{FromValue, Misfit};
pub use value::{Value, Values};

/// A plugin: one rotation, in five steps.
///
/// The host calls them in this order and decides what happens in between. Each call may meet a fresh instance, so
/// nothing is kept from one to the next but the plan.
pub trait Plugin {
    /// Looks, and changes nothing: do the credentials work, are the rights there, what is there now, what is to be
    /// removed later?
    ///
    /// # Errors
    /// Whatever would make a later step fail; the rotation then ends before anything is touched.
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure>;

    /// Makes the new credential, or sets or delivers the new value. Removes nothing.
    ///
    /// # Errors
    /// Why it was not made. Whether it may have been made all the same, the host knows by itself.
    fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure>;

    /// Proves the new credential by using it. Without an implementation nothing is proven, and nothing is removed
    /// afterwards.
    ///
    /// # Errors
    /// [`Failure::wrong_credential`] when the service says no, [`Failure::unavailable`] when it says nothing.
    fn verify(
        _host: &dyn Host,
        _request: &Request,
        _plan: &Plan,
        _id: Option<&str>,
    ) -> Result<Proof, Failure> {
        Ok(Proof::Unproven("this plugin has no way to try the new credential".to_owned()))
    }

    /// Retires exactly what `plan.removes` lists. May be called again. Without an implementation all of it stays.
    ///
    /// # Errors
    /// When nothing could be removed. What is only partly done is a success in which some are still there.
    fn commit(
        _host: &dyn Host,
        _request: &Request,
        plan: &Plan,
        _id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        Ok(plan.removes.iter().map(Retired::present).collect())
    }

    /// Undoes what this rotation did: retires what it made, `id`, where it is known, and whatever
    /// [`Request::made_this`] recognises; or sets the old value again. May be called again.
    ///
    /// # Errors
    /// When the service could not be asked. The default cannot undo anything, and says so.
    fn rollback(
        _host: &dyn Host,
        _request: &Request,
        _plan: &Plan,
        _id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        Err(Failure::other("no-rollback", "this plugin has no way to undo what it did"))
    }
}

/// Makes a type that implements [`Plugin`] the plugin of this crate. Native builds ignore it.
#[cfg(not(target_family = "wasm"))]
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        const _: () = {
            const fn is_plugin<P: $crate::Plugin>() {}
            is_plugin::<$plugin>();
        };
    };
}

/// Makes a type that implements [`Plugin`] the plugin of this component.
#[cfg(target_family = "wasm")]
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        type PamrunExports = $crate::guest::Exports<$plugin>;
        $crate::guest::bindings::export_steps!(PamrunExports with_types_in $crate::guest::bindings);
    };
}

/// What must not compile: a wrong name, a wrong kind, an output or error that there is none of.
///
/// ```compile_fail,E0425
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(host: &dyn pamrun_plugin::Host) { let _ = requests::acount(host); }
/// ```
/// ```compile_fail,E0308
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(host: &dyn pamrun_plugin::Host) { let _ = requests::delete(host, 7); }
/// ```
/// ```compile_fail,E0061
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(host: &dyn pamrun_plugin::Host) { let _ = requests::delete(host); }
/// ```
/// ```compile_fail,E0609
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(host: &dyn pamrun_plugin::Host) { let _ = requests::account(host).map(|account| account.name); }
/// ```
/// ```compile_fail,E0609
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(said: &pamrun_plugin::Rejection) { let _ = requests::Errors::of(said).cod; }
/// ```
/// ```compile_fail,E0425
/// // The host alone calls it.
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(host: &dyn pamrun_plugin::Host) { let _ = requests::poll(host, "job"); }
/// ```
/// ```compile_fail
/// pamrun_plugin::requests!("tests/no-such-plugin.toml");
/// ```
/// ```compile_fail
/// pamrun_plugin::requests!("Cargo.toml");
/// ```
/// ```
/// pamrun_plugin::requests!("tests/plugin.toml");
/// fn f(host: &dyn pamrun_plugin::Host) { let _ = requests::account(host).map(|account| account.id); }
/// ```
#[cfg(doctest)]
struct DoesNotCompile;
