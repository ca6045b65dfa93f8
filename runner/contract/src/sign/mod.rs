//! `sign = { … }`: signatures over a whole request.

mod aws_sigv4;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::Value;

/// How a request is signed.
// `T` is a text with references; once these are resolved, it is a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Signer<T = String> {
    /// AWS Signature Version 4.
    #[serde(rename = "aws-sigv4")]
    #[schemars(example = serde_json::json!({ "aws-sigv4": { "key_id": "{admin.key_id}", "secret": "{admin.secret_key}", "service": "iam", "region": "us-east-1" } }))]
    AwsSigV4(AwsSigV4<T>),
}

/// AWS Signature Version 4: whose key it is, and for which service and region it counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSigV4<T = String> {
    /// The access key's id.
    #[schemars(example = &"{admin.key_id}")]
    pub key_id: T,
    /// The secret access key. It signs and is not sent.
    #[schemars(example = &"{admin.secret_key}")]
    pub secret: T,
    /// The token of temporary credentials; left out where it is missing.
    #[schemars(example = &"{admin.session}")]
    pub session_token: Option<T>,
    /// The service's name in the signature.
    #[schemars(example = &"iam")]
    pub service: T,
    /// The region.
    #[schemars(example = &"{setting.partition.region}")]
    pub region: T,
}

/// A request as it will be sent, but for what signing adds.
#[derive(Clone, Copy)]
pub struct Unsigned<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The value of `Host`: with the port where it is not the scheme's own.
    pub host: &'a str,
    /// The path as it will be sent, percent-encoded, with its leading `/`.
    pub path: &'a str,
    /// The query as it will be sent, without `?`.
    pub query: &'a str,
    /// The headers besides `Host`.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// A header that signing adds; its value may be a secret.
pub type Added = (&'static str, Value);

impl<T> Signer<T> {
    /// The texts that it is made of, each with its keys.
    pub fn texts(&self) -> Vec<([&'static str; 2], &T)> {
        let Self::AwsSigV4(AwsSigV4 { key_id, secret, session_token, service, region }) = self;
        let mut texts = vec![
            (["aws-sigv4", "key_id"], key_id),
            (["aws-sigv4", "secret"], secret),
            (["aws-sigv4", "service"], service),
            (["aws-sigv4", "region"], region),
        ];
        texts.extend(session_token.as_ref().map(|token| (["aws-sigv4", "session_token"], token)));
        texts
    }

    /// Puts values in the place of references; the session token alone may be missing.
    ///
    /// # Errors
    /// The first reference that has none.
    pub fn resolve<E>(
        &self,
        mut by: impl FnMut(&T) -> Result<Option<Value>, E>,
    ) -> Result<Option<Signer<Value>>, E> {
        let Self::AwsSigV4(AwsSigV4 { key_id, secret, session_token, service, region }) = self;
        let session_token = session_token.as_ref().map(&mut by).transpose()?.flatten();
        let (Some(key_id), Some(secret), Some(service), Some(region)) =
            (by(key_id)?, by(secret)?, by(service)?, by(region)?)
        else {
            return Ok(None);
        };
        Ok(Some(Signer::AwsSigV4(AwsSigV4 { key_id, secret, session_token, service, region })))
    }
}

impl Signer<Value> {
    /// Signs a request: the headers that have to be added to it.
    ///
    /// # Errors
    /// A part is empty or no text; the message has no value in it.
    pub fn sign(&self, request: &Unsigned<'_>, now: Timestamp) -> Result<Vec<Added>, SignError> {
        let Self::AwsSigV4(signer) = self;
        aws_sigv4::sign(signer, request, now).map_err(|reason| SignError { signer: "aws-sigv4", reason })
    }
}

/// A request cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed by `{signer}`: {reason}")]
pub struct SignError {
    signer: &'static str,
    reason: String,
}
