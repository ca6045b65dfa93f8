//! What a plugin's unit tests need: a [`FakeHost`] whose clock costs no time, and requests as the
//! host would make them.

use std::cell::{Cell, RefCell};
use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};
use serde_json::Value;

use crate::{Field, Host, Level, Manifest, Record, Request, Role, SendError, SettingValue};

/// A request as it was sent.
pub type Sent = http::Request<Vec<u8>>;
/// What the peer makes of it.
pub type Answer = Result<Response<Vec<u8>>, SendError>;
type Peer<'a> = dyn FnMut(&Sent, Duration) -> Answer + 'a;

/// A host whose peer is a closure, and whose time passes only in `sleep`.
///
/// ```
/// use pamrun_plugin::{Host, testing::{FakeHost, answer}};
///
/// let host = FakeHost::new(|request, elapsed| answer(if elapsed.as_secs() < 5 { 503 } else { 200 }, "{}"));
/// let call = || http::Request::get("https://api.example.com/keys").body(Vec::new()).unwrap();
/// assert_eq!(host.send(call()).unwrap().status(), 503);
/// host.sleep(std::time::Duration::from_secs(5));
/// assert_eq!(host.send(call()).unwrap().status(), 200);
/// assert_eq!(host.calls(), ["GET /keys", "GET /keys"]);
/// ```
pub struct FakeHost<'a> {
    peer: RefCell<Box<Peer<'a>>>,
    elapsed: Cell<Duration>,
    sent: RefCell<Vec<Sent>>,
    logged: RefCell<Vec<String>>,
}

impl<'a> FakeHost<'a> {
    /// Makes a host whose peer answers with `peer(request, elapsed)`.
    pub fn new(peer: impl FnMut(&Sent, Duration) -> Answer + 'a) -> Self {
        Self {
            peer: RefCell::new(Box::new(peer)),
            elapsed: Cell::default(),
            sent: RefCell::default(),
            logged: RefCell::default(),
        }
    }

    /// Makes a host whose peer gives these answers in turn, then loses every further one.
    pub fn scripted(answers: impl IntoIterator<Item = Answer> + 'a) -> Self {
        let mut answers = answers.into_iter();
        Self::new(move |_, _| {
            answers.next().unwrap_or_else(|| Err(SendError::Lost("the script is at its end".to_owned())))
        })
    }

    /// The requests so far, as `METHOD /path`.
    pub fn calls(&self) -> Vec<String> {
        self.sent.borrow().iter().map(|sent| format!("{} {}", sent.method(), sent.uri().path())).collect()
    }

    /// The requests so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    /// The lines logged so far.
    pub fn logged(&self) -> Vec<String> {
        self.logged.borrow().clone()
    }
}

impl Host for FakeHost<'_> {
    fn send(&self, request: Sent) -> Answer {
        self.sent.borrow_mut().push(request.clone());
        self.peer.borrow_mut()(&request, self.elapsed.get())
    }

    fn now(&self) -> SystemTime {
        // The first second of 2030, and what was slept since.
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000) + self.elapsed.get()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn sleep(&self, duration: Duration) {
        self.elapsed.set(self.elapsed.get() + duration);
    }

    fn log(&self, _level: Level, message: &str) {
        self.logged.borrow_mut().push(message.to_owned());
    }
}

/// Makes an answer; a status that HTTP does not know becomes 500.
///
/// # Errors
/// None: it is the `Ok` of an [`Answer`].
pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(response)
}

/// Makes a request with an empty target record and the settings' defaults.
#[must_use]
pub fn request(manifest: &Manifest) -> Request {
    let settings = manifest.settings.iter().filter_map(|schema| {
        let value = schema.default.as_ref()?;
        Some((schema.key.clone(), default_value(schema.kind, value)?))
    });
    Request {
        rotation_id: "11111111-2222-4333-8444-555555555555".to_owned(),
        marker: "pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1".to_owned(),
        attempt: 1,
        target: record(Role::Target, "target", &[]),
        others: Vec::new(),
        settings: settings.collect(),
        proposed: None,
        deliver: Vec::new(),
    }
}

fn default_value(kind: &str, value: &Value) -> Option<SettingValue> {
    Some(match kind {
        "int" => SettingValue::Integer(value.as_i64()?),
        "number" => SettingValue::Number(value.as_f64()?),
        "bool" => SettingValue::Flag(value.as_bool()?),
        "duration" => SettingValue::Duration(duration(value.as_str()?)?),
        _ => SettingValue::Text(value.as_str()?.to_owned()),
    })
}

fn duration(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let count = number.parse().ok()?;
    match text.strip_prefix(number)? {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_secs(60 * count)),
        "h" => Some(Duration::from_secs(3600 * count)),
        _ => None,
    }
}

/// Makes a record whose UID and title are `name`.
#[must_use]
pub fn record(role: Role, name: &str, fields: &[(&str, &str)]) -> Record {
    let fields = fields.iter().map(|(label, value)| Field {
        label: (*label).to_owned(),
        kind: "text".to_owned(),
        values: vec![(*value).to_owned()],
    });
    Record { uid: name.to_owned(), title: name.to_owned(), role, fields: fields.collect() }
}

impl Request {
    /// Replaces the target's fields.
    #[must_use]
    pub fn with_target(mut self, fields: &[(&str, &str)]) -> Self {
        self.target = record(Role::Target, "target", fields);
        self
    }

    /// Adds a record besides the target.
    #[must_use]
    pub fn with_record(mut self, role: Role, name: &str, fields: &[(&str, &str)]) -> Self {
        self.others.push(record(role, name, fields));
        self
    }

    /// Proposes a value, as the host of an in-place rotation does.
    #[must_use]
    pub fn with_proposed(mut self, value: &str) -> Self {
        self.proposed = Some(value.to_owned());
        self
    }

    /// Makes it the request of a dry run.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.attempt = 0;
        self
    }

    /// Sets a setting.
    #[must_use]
    pub fn with_setting(mut self, key: &str, value: SettingValue) -> Self {
        self.settings.retain(|(name, _)| name != key);
        self.settings.push((key.to_owned(), value));
        self
    }
}
