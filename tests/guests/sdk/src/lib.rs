//! Write pamrun plugins in Rust: implement [`Plugin`], name it in [`export!`], and compile the
//! crate for `wasm32-wasip2` as a `cdylib` (and an `rlib`, if it has integration tests).
//!
//! What a plugin does to the outside goes through a [`Host`], so that its logic runs in native
//! unit tests too: the `testing` module has a host with scripted answers and a clock that
//! costs no time.
//!
//! What the host decides by is the kind of a [`Failure`]: all but `uncertain` and `other` promise
//! that the step changed nothing. [`SendError`] knows the difference for lost requests.
//!
//! A whole plugin, for a service that keeps several keys per account:
//!
//! ```
//! use http::StatusCode;
//! use pamrun_plugin::{
//!     Credential, Failure, Host, Listed, Manifest, Place, Plan, Plugin, Proof, RecordAsk, Removed, Request,
//!     RequestRule, SettingSchema, Step, Strategy, Undone, Update,
//! };
//! use serde_json::{Value, json};
//!
//! struct ApiKey;
//!
//! impl Plugin for ApiKey {
//!     fn manifest() -> Manifest {
//!         Manifest::new("api-key", env!("CARGO_PKG_VERSION"), Strategy::Overlap)
//!             .record(RecordAsk::target(["key_id", "api_key"]))
//!             .returns(Place::Custom, "key_id", "text")
//!             .returns(Place::Custom, "api_key", "secret")
//!             .setting(SettingSchema::text("host", "Where the service is.").default("api.example.com"))
//!             .request(RequestRule::get("{setting:host}", "/keys"))
//!             .request(RequestRule::post("{setting:host}", "/keys").during([Step::Rotate]))
//!             .request(
//!                 RequestRule::delete("{setting:host}", "/keys/{id}")
//!                     .during([Step::Commit, Step::Rollback])
//!                     .removing("{id}"),
//!             )
//!     }
//!
//!     fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
//!         let old = request.target.text("key_id")?;
//!         let service = request.setting_text("host")?;
//!         list(host, request)?;
//!         Ok(Plan {
//!             target: format!("{service}/{}", request.target.uid),
//!             creates: "one API key".to_owned(),
//!             removes: vec![Listed { id: old.to_owned(), label: String::new(), expires: None }],
//!             notes: Vec::new(),
//!         })
//!     }
//!
//!     fn rotate(host: &dyn Host, request: &Request, _plan: &Plan) -> Result<Credential, Failure> {
//!         let call = http::Request::post(url(request, "/keys")?)
//!             .header("x-api-key", request.target.text("api_key")?)
//!             .body(json!({"name": request.marker}).to_string().into_bytes())?;
//!         let answer = host.send(call).map_err(|error| error.while_changing())?;
//!         if answer.status() == StatusCode::FORBIDDEN {
//!             return Err(Failure::denied("forbidden", "the key may not make keys"));
//!         }
//!         // Whatever else is not understood may have made a key: the host then looks for the marker.
//!         let unclear = || Failure::uncertain("unclear-answer", "the service did not say whether it made a key");
//!         let made: Value = serde_json::from_slice(answer.body()).map_err(|_| unclear())?;
//!         let (Some(id), Some(key)) = (made["id"].as_str(), made["key"].as_str()) else {
//!             return Err(unclear());
//!         };
//!         Ok(Credential {
//!             handle: id.to_owned(),
//!             updates: vec![Update::text("key_id", id), Update::secret("api_key", key)],
//!             expires: None,
//!         })
//!     }
//!
//!     fn verify(host: &dyn Host, request: &Request, _: &Plan, credential: &Credential) -> Result<Proof, Failure> {
//!         let key = credential.value("api_key").unwrap_or_default();
//!         let call = http::Request::get(url(request, "/keys")?).header("x-api-key", key).body(Vec::new())?;
//!         match host.send(call).map_err(|error| error.while_reading())?.status() {
//!             StatusCode::OK => Ok(Proof::Verified),
//!             StatusCode::UNAUTHORIZED => Err(Failure::wrong_credential("rejected", "the new key is not accepted")),
//!             status => Err(Failure::unavailable("outage", format!("the service answered {status}"))),
//!         }
//!     }
//!
//!     fn commit(host: &dyn Host, request: &Request, plan: &Plan, _: &str) -> Result<Vec<Removed>, Failure> {
//!         plan.removes.iter().map(|old| remove(host, request, &old.id)).collect()
//!     }
//!
//!     fn rollback(host: &dyn Host, request: &Request, _: &Plan, handle: Option<&str>) -> Result<Undone, Failure> {
//!         let mut undone = Undone::default();
//!         for (id, name) in list(host, request)? {
//!             if request.made_this(&name) || handle == Some(id.as_str()) {
//!                 if remove(host, request, &id)?.gone {
//!                     undone.gone.push(id.clone());
//!                 }
//!                 undone.seen.push(id);
//!             }
//!         }
//!         Ok(undone)
//!     }
//! }
//!
//! pamrun_plugin::export!(ApiKey);
//!
//! fn url(request: &Request, path: &str) -> Result<String, Failure> {
//!     Ok(format!("https://{}{path}", request.setting_text("host")?))
//! }
//!
//! fn list(host: &dyn Host, request: &Request) -> Result<Vec<(String, String)>, Failure> {
//!     let call = http::Request::get(url(request, "/keys")?)
//!         .header("x-api-key", request.target.text("api_key")?)
//!         .body(Vec::new())?;
//!     let answer = host.send(call).map_err(|error| error.while_reading())?;
//!     let keys: Vec<Value> = serde_json::from_slice(answer.body())
//!         .map_err(|_| Failure::unavailable("outage", "the service did not list its keys"))?;
//!     let text = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
//!     Ok(keys.iter().map(|key| (text(key, "id"), text(key, "name"))).collect())
//! }
//!
//! fn remove(host: &dyn Host, request: &Request, id: &str) -> Result<Removed, Failure> {
//!     let call = http::Request::delete(url(request, &format!("/keys/{id}"))?)
//!         .header("x-api-key", request.target.text("api_key")?)
//!         .body(Vec::new())?;
//!     let answer = host.send(call).map_err(|error| error.while_changing())?;
//!     Ok(Removed { id: id.to_owned(), gone: answer.status() == StatusCode::NO_CONTENT })
//! }
//! ```

mod call;
mod failure;
mod finding;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;
mod host;
mod manifest;
mod proving;
mod request;
mod retry_after;
mod setting;
mod step;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use call::{Answer, Call, escape};
pub use failure::{Failure, FailureKind};
pub use finding::{Finding, FindingLevel};
pub use host::{Host, Level, SendError};
pub use manifest::{Manifest, RecordAsk, RequestRule, Returned, Step, Strategy};
pub use proving::until_accepted;
pub use request::{Field, Record, Request, Role, SettingValue};
pub use retry_after::retry_after;
pub use setting::SettingSchema;
pub use step::{Credential, Listed, Place, Plan, Proof, Removed, Undone, Update};

/// A plugin: one rotation, in five steps.
///
/// The host calls them in this order and decides what happens in between. Each call may meet a
/// fresh instance, so nothing is kept from one to the next but what a step returns.
pub trait Plugin {
    /// Says what the plugin is and what it asks for.
    fn manifest() -> Manifest;

    /// Looks, and changes nothing: do the credentials work, are the rights there, what is there
    /// now, what is to be removed later?
    ///
    /// # Errors
    /// Whatever would make a later step fail; the rotation then ends before anything is touched.
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure>;

    /// Makes the new credential, named with [`Request::marker`]. Removes nothing.
    ///
    /// In an in-place rotation it sets [`Request::proposed`], and may be called again with it.
    ///
    /// # Errors
    /// [`Failure::uncertain`] when the service may have done it all the same: the host then calls
    /// `rollback`, which finds it by the marker. Do not try again here unless the service refused.
    fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure>;

    /// Proves the new credential by using it. Without an implementation nothing is proven, and
    /// nothing is removed afterwards.
    ///
    /// # Errors
    /// [`Failure::wrong_credential`] when the service says no, [`Failure::unavailable`] when it
    /// says nothing.
    fn verify(
        _host: &dyn Host,
        _request: &Request,
        _plan: &Plan,
        _credential: &Credential,
    ) -> Result<Proof, Failure> {
        Ok(Proof::Unproven("this plugin has no way to try the new credential".to_owned()))
    }

    /// Removes exactly what `plan.removes` lists. May be called again. Without an implementation
    /// all of it stays.
    ///
    /// # Errors
    /// When nothing could be removed. What is only partly done is a success in which some ids are
    /// not `gone`.
    fn commit(
        _host: &dyn Host,
        _request: &Request,
        plan: &Plan,
        _handle: &str,
    ) -> Result<Vec<Removed>, Failure> {
        Ok(plan.removes.iter().map(|old| Removed { id: old.id.clone(), gone: false }).collect())
    }

    /// Removes what this rotation made: `handle`, where it is known, and whatever
    /// [`Request::made_this`] recognises. May be called again.
    ///
    /// In an in-place rotation it sets [`Request::proposed`], which is the old value then.
    ///
    /// # Errors
    /// When the service could not be asked. The default cannot undo anything, and says so.
    fn rollback(
        _host: &dyn Host,
        _request: &Request,
        _plan: &Plan,
        _handle: Option<&str>,
    ) -> Result<Undone, Failure> {
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
