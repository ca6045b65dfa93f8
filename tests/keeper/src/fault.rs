//! What goes wrong, and with which request.

use std::time::Duration;

/// What a client can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Records, with their folders.
    GetSecret,
    /// Folders alone.
    GetFolders,
    /// A record's new content.
    UpdateSecret,
    /// The staged content becomes the record's.
    FinalizeSecretUpdate,
    /// The staged content is dropped.
    RollbackSecretUpdate,
}

impl Endpoint {
    /// All there are, with the last part of their URL.
    const ALL: [(&str, Self); 5] = [
        ("get_secret", Self::GetSecret),
        ("get_folders", Self::GetFolders),
        ("update_secret", Self::UpdateSecret),
        ("finalize_secret_update", Self::FinalizeSecretUpdate),
        ("rollback_secret_update", Self::RollbackSecretUpdate),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, endpoint)| (known == name).then_some(endpoint))
    }

    /// The last part of its URL.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, endpoint)| *endpoint == self).unwrap().0
    }
}

/// How a request goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This answer, in the clear, and nothing done: a proxy's page, or an error as [`error_body`] makes it.
    ///
    /// [`error_body`]: crate::error_body
    Status(u16, String),
    /// 403 `throttled`, with or without a `retry_after` in seconds.
    Throttle(Option<u32>),
    /// This status, and what `Retry-After` says, if it is there; nothing done.
    Later(u16, Option<String>),
    /// 403 `key`: the client shall use the server's key of this id.
    KeyRotation(u32),
    /// A broken connection, and nothing done.
    DropBeforeApply,
    /// Done, but the connection breaks before the answer.
    ApplyThenDrop,
    /// Done, but the answer says otherwise.
    ApplyThenStatus(u16),
    /// Done, but the connection breaks in the middle of the answer.
    CutInTheMiddle,
    /// Done, but answered only so much later.
    Delay(Duration),
    /// A broken connection; done so much later.
    LandLate(Duration),
    /// Records as they were so many of their writes ago.
    Stale(usize),
    /// Done, but answered as no client expects.
    Odd(Odd),
}

/// An answer that no client expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// An empty body, where there should be records.
    Empty,
    /// A body that nobody can decrypt.
    Garbage,
    /// The key `records` is missing.
    NoRecords,
    /// `expiresOn` is null.
    NullExpiry,
    /// `appData` is base64 with its padding.
    PaddedAppData,
}

/// Which requests are meant. Without more words, the first one that fits.
#[derive(Debug, Clone)]
pub struct On {
    endpoint: Option<Endpoint>,
    first: usize,
    last: usize,
    seen: usize,
}

impl On {
    /// Requests of any kind.
    pub fn any() -> Self {
        Self { endpoint: None, first: 1, last: 1, seen: 0 }
    }

    /// Requests of one kind.
    pub fn endpoint(endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..Self::any() }
    }

    /// Reads of records.
    pub fn get() -> Self {
        Self::endpoint(Endpoint::GetSecret)
    }

    /// Saves of a record.
    pub fn update() -> Self {
        Self::endpoint(Endpoint::UpdateSecret)
    }

    /// The `nth` of those that fit, counted from 1 and from now.
    #[must_use]
    pub fn nth(self, nth: usize) -> Self {
        Self { first: nth, last: nth, ..self }
    }

    /// The first so many of those that fit.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { first: 1, last: count, ..self }
    }

    /// The `nth` of those that fit, and all later ones.
    #[must_use]
    pub fn from(self, nth: usize) -> Self {
        Self { first: nth, last: usize::MAX, ..self }
    }

    /// All of those that fit.
    #[must_use]
    pub fn always(self) -> Self {
        Self { first: 1, last: usize::MAX, ..self }
    }

    /// Counts the request if it fits, and says whether it is meant.
    pub(crate) fn meets(&mut self, endpoint: Endpoint) -> bool {
        let fits = self.endpoint.is_none_or(|wanted| wanted == endpoint);
        self.seen += usize::from(fits);
        fits && (self.first..=self.last).contains(&self.seen)
    }
}
