//! What keeps a request from being answered, on the way to a service.

/// What keeps a request from being answered, on the way to a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    /// The URL names no host that can be asked.
    #[error("the URL names no host")]
    NoHost,
    /// No address is known of the host.
    #[error("the host is not found: no DNS server knows its name")]
    NameNotFound,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// There is no way there.
    #[error("the host cannot be reached")]
    Unreachable,
    /// The proxy has no way there.
    #[error("the proxy gives no way to the host")]
    ProxyRefused,
    /// It took too long to connect.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// This machine has no certificates to know anybody by.
    #[error("this machine trusts no certificate authority; --ca-file names one")]
    NothingTrusted,
    /// The far side is not known to be the host.
    #[error("the certificate of the host is not trusted ({0})")]
    Certificate(String),
    /// The far side broke TLS off.
    #[error("the host broke TLS off ({0})")]
    TlsAlert(String),
    /// What the far side speaks is no TLS of ours.
    #[error("no TLS connection could be made")]
    Tls,
    /// The answer is no HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// The connection ended before an answer came.
    #[error("the connection ended before an answer came")]
    Terminated,
    /// The answer broke off in the middle.
    #[error("the answer broke off in the middle")]
    Incomplete,
    /// There was no answer in time.
    #[error("no answer came in time")]
    AnswerTimeout,
}
