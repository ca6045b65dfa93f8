//! What a plugin's unit tests need: a [`FakeHost`] that answers by request name, and whose clock costs no time;
//! and requests as a host would make them.
//!
//! ```
//! use pamrun_plugin::testing::{FakeHost, answer, rejected};
//! use pamrun_plugin::{Host, PATIENCE, Trouble, retry};
//!
//! let host = FakeHost::new()
//!     .once("create", rejected(429).waiting(7))
//!     .on("create", |call| answer().with("id", format!("key of {}", call.text("owner"))));
//! let made = retry(&host, PATIENCE, || host.call("create", &[("owner", "me".into())]));
//! assert_eq!(made.unwrap().outputs.text("id"), Some("key of me"));
//! assert_eq!(host.calls(), ["create owner=me", "create owner=me"]);
//! assert_eq!(host.elapsed().as_secs(), 7);
//! ```

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::{Answer, Host, Level, Listed, Mode, Rejection, Request, Trouble, Value, Values};

/// A call, as the service that is played sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The request's name.
    pub request: String,
    /// What the plugin filled in.
    pub params: Values,
    /// How much time the step took so far.
    pub elapsed: Duration,
}

impl Call {
    /// The parameter of this name as a text; empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.params.text(name).unwrap_or_default()
    }
}

/// What comes of a call that is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply(pub Result<Answer, Trouble>);

/// A success with nothing in it yet.
#[must_use]
pub fn answer() -> Reply {
    Reply(Ok(Answer::default()))
}

/// The service says no, and did nothing.
#[must_use]
pub fn rejected(status: u16) -> Reply {
    Reply(Err(Trouble::Rejected(Rejection { status, ..Rejection::default() })))
}

/// The service does not answer now, or answers nothing of use; of status 0, no answer came.
#[must_use]
pub fn unavailable(status: u16) -> Reply {
    Reply(Err(Trouble::Unavailable(Rejection { status, ..Rejection::default() })))
}

/// It is unknown whether the service did it.
#[must_use]
pub fn uncertain() -> Reply {
    Reply(Err(Trouble::Uncertain("the answer was lost".to_owned())))
}

/// The host does not send it.
#[must_use]
pub fn refused(why: &str) -> Reply {
    Reply(Err(Trouble::Refused(why.to_owned())))
}

impl Reply {
    /// With this output; of a rejection, with this error.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        match &mut self.0 {
            Ok(answer) => answer.outputs.set(name, value),
            Err(Trouble::Rejected(said) | Trouble::Unavailable(said)) => said.errors.set(name, value),
            Err(_) => {}
        }
        self
    }

    /// With one more credential in its list.
    #[must_use]
    pub fn item(mut self, item: Listed<Values>) -> Self {
        if let Ok(answer) = &mut self.0 {
            answer.items.push(item);
        }
        self
    }

    /// The service asks to wait so many seconds.
    #[must_use]
    pub fn waiting(self, seconds: u64) -> Self {
        self.waiting_for(Duration::from_secs(seconds))
    }

    /// The service asks to wait so long.
    #[must_use]
    pub fn waiting_for(mut self, pause: Duration) -> Self {
        if let Err(Trouble::Rejected(said) | Trouble::Unavailable(said)) = &mut self.0 {
            said.retry_after = Some(pause);
        }
        self
    }

    /// The rejection is of this request, which the host sent before, as one for a token.
    #[must_use]
    pub fn of(mut self, request: &str) -> Self {
        if let Err(Trouble::Rejected(said) | Trouble::Unavailable(said)) = &mut self.0 {
            request.clone_into(&mut said.request);
        }
        self
    }
}

/// A credential in a list.
#[must_use]
pub fn listed(id: &str) -> Listed<Values> {
    Listed { id: id.to_owned(), ..Listed::default() }
}

impl Listed<Values> {
    /// With this name.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// That ends then.
    #[must_use]
    pub fn expires(mut self, end: &str) -> Self {
        self.expires = Some(end.to_owned());
        self
    }

    /// With this output.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.outputs.set(name, value);
        self
    }
}

type Service<'a> = Box<dyn FnMut(&Call) -> Reply + 'a>;

/// A host whose service is played, and whose time passes only in `sleep`.
///
/// A reply of [`FakeHost::once`] goes before the service of [`FakeHost::on`], and that before the one of
/// [`FakeHost::otherwise`]. What nobody answers is refused.
#[derive(Default)]
pub struct FakeHost<'a> {
    once: RefCell<VecDeque<(String, Reply)>>,
    services: RefCell<Vec<(Option<String>, Service<'a>)>>,
    elapsed: Cell<Duration>,
    calls: RefCell<Vec<Call>>,
    logged: RefCell<Vec<String>>,
}

impl<'a> FakeHost<'a> {
    /// A host that answers nothing yet. Its clock begins with the first second of 2030.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next call of a request that is not answered so by another.
    #[must_use]
    pub fn once(self, request: &str, reply: Reply) -> Self {
        self.once.borrow_mut().push_back((request.to_owned(), reply));
        self
    }

    /// Answers the next calls of a request alike.
    #[must_use]
    pub fn times(self, times: usize, request: &str, reply: &Reply) -> Self {
        (0..times).fold(self, |host, _| host.once(request, reply.clone()))
    }

    /// Answers all other calls of a request.
    #[must_use]
    pub fn on(self, request: &str, service: impl FnMut(&Call) -> Reply + 'a) -> Self {
        self.services.borrow_mut().push((Some(request.to_owned()), Box::new(service)));
        self
    }

    /// Answers all other calls.
    #[must_use]
    pub fn otherwise(self, service: impl FnMut(&Call) -> Reply + 'a) -> Self {
        self.services.borrow_mut().push((None, Box::new(service)));
        self
    }

    /// The calls so far, as `REQUEST name=value`.
    pub fn calls(&self) -> Vec<String> {
        self.calls.borrow().iter().map(shown).collect()
    }

    /// How often a request was called.
    pub fn count(&self, request: &str) -> usize {
        self.calls.borrow().iter().filter(|call| call.request == request).count()
    }

    /// The lines logged so far.
    pub fn logged(&self) -> Vec<String> {
        self.logged.borrow().clone()
    }

    /// How much time the step took so far.
    pub fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn reply(&self, call: &Call) -> Reply {
        let mut once = self.once.borrow_mut();
        let next = once.iter().position(|(request, _)| *request == call.request);
        if let Some((_, reply)) = next.and_then(|index| once.remove(index)) {
            return reply;
        }
        let mut services = self.services.borrow_mut();
        let own = services.iter().position(|(request, _)| request.as_deref() == Some(call.request.as_str()));
        let any = || services.iter().position(|(request, _)| request.is_none());
        match own.or_else(any).and_then(|index| services.get_mut(index)) {
            Some((_, service)) => service(call),
            None => refused(&format!("the test answers nothing to `{}`", shown(call))),
        }
    }
}

fn shown(call: &Call) -> String {
    let params = call.params.0.iter().map(|(name, value)| match value {
        Value::Text(text) => format!(" {name}={text}"),
        Value::Integer(number) => format!(" {name}={number}"),
        other => format!(" {name}={other:?}"),
    });
    std::iter::once(call.request.clone()).chain(params).collect()
}

impl Host for FakeHost<'_> {
    fn call(&self, request: &str, params: &[(&str, Value)]) -> Result<Answer, Trouble> {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let call =
            Call { request: request.to_owned(), params: params.collect(), elapsed: self.elapsed.get() };
        self.calls.borrow_mut().push(call.clone());
        let mut reply = self.reply(&call);
        if let Err(Trouble::Rejected(said) | Trouble::Unavailable(said)) = &mut reply.0
            && said.request.is_empty()
        {
            request.clone_into(&mut said.request);
        }
        reply.0
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000) + self.elapsed.get()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn sleep(&self, pause: Duration) {
        self.elapsed.set(self.elapsed.get() + pause);
    }

    fn log(&self, _level: Level, message: &str) {
        self.logged.borrow_mut().push(message.to_owned());
    }
}

/// The first try of a rotation with these settings: of a plugin, `requests::settings::defaults()`.
#[must_use]
pub fn request(settings: Values) -> Request {
    Request {
        settings,
        ..Request::new(
            "11111111-2222-4333-8444-555555555555".to_owned(),
            "pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1".to_owned(),
            1,
            Mode::Act,
        )
    }
}

impl Request {
    /// With an input, `GROUP.KEY`.
    #[must_use]
    pub fn with_input(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.inputs.set(name, value);
        self
    }

    /// With a setting.
    #[must_use]
    pub fn with_setting(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.set(key, value);
        self
    }

    /// Delivering the fields of these labels.
    #[must_use]
    pub fn delivering(mut self, labels: &[&str]) -> Self {
        self.deliver = labels.iter().map(|label| (*label).to_owned()).collect();
        self
    }

    /// The same in a dry run.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.attempt = 0;
        self.mode = Mode::DryRun;
        self
    }
}
