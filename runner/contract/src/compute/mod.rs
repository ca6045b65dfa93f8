//! `[compute.NAME]`: what the host computes, by crates made for it.

mod certificate;
mod jwt;
mod merge;
mod sealed_box;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

pub use crate::rsa_key::{RsaKeyError, rsa_2048};

use crate::random::Random;
use crate::value::Value;

/// What is computed.
// `T` is a text with references, `J` is JSON with references in its texts; once these are resolved, both are values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Compute<T = String, J = serde_json::Value> {
    /// A signed JSON Web Token.
    #[schemars(example = serde_json::json!({ "jwt": { "alg": "RS256", "key": "{admin.private_key}", "claims": { "iss": "{admin.email}", "exp": "{now+1h}" } } }))]
    Jwt(Jwt<T, J>),
    /// A sealed box, as libsodium makes and opens it.
    #[schemars(example = serde_json::json!({ "sealed-box": { "key": "{public-key.key|base64-decode}", "text": "{deliver.value}" } }))]
    SealedBox(SealedBox<T>),
    /// JSON objects one over another, by JSON merge patch (RFC 7396); a missing one is `{}`.
    #[schemars(example = serde_json::json!({ "merge": ["{old.data}", { "password": "{deliver.value}" }] }))]
    Merge(Vec<J>),
    /// The same where the service does not tell upper from lower case in keys: a member that stands there
    /// already keeps its spelling.
    #[schemars(example = serde_json::json!({ "merge-without-case": ["{whole.variables}", { "{setting.variable}": { "value": "{deliver.value}" } }] }))]
    MergeWithoutCase(Vec<J>),
    /// A certificate that the key itself signs, as DER.
    #[schemars(example = serde_json::json!({ "x509-self-signed": { "key": "{proposed}", "subject": "CN={target.account}", "days": "365" } }))]
    #[serde(rename = "x509-self-signed")]
    Certificate(Certificate<T>),
}

/// A JSON Web Token, RFC 7519.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt<T = String, J = serde_json::Value> {
    /// How it is signed.
    #[schemars(example = &"RS256")]
    pub alg: Algorithm,
    /// The private key, PKCS#8 PEM.
    #[schemars(example = &"{admin.private_key}")]
    pub key: T,
    /// Members of the header beside `alg` and `typ`; one whose value is missing is left out.
    #[schemars(example = serde_json::json!({ "kid": "{admin.key_id}" }))]
    #[serde(default = "BTreeMap::<String, J>::new")]
    pub header: BTreeMap<String, J>,
    /// The claims. Times are numbers in them: seconds since 1970.
    #[schemars(example = serde_json::json!({ "iss": "{admin.email}", "iat": "{now}", "exp": "{now+1h}" }))]
    #[serde(default = "BTreeMap::<String, J>::new")]
    pub claims: BTreeMap<String, J>,
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

/// A sealed box.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedBox<T = String> {
    /// The public key that it is sealed for: 32 bytes.
    #[schemars(example = &"{public-key.key|base64-decode}")]
    pub key: T,
    /// What is sealed.
    #[schemars(example = &"{deliver.value}")]
    pub text: T,
}

/// A self-signed certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate<T = String> {
    /// The private key, PKCS#8 PEM.
    #[schemars(example = &"{proposed}")]
    pub key: T,
    /// The subject: `CN=`, and all that follows is the name.
    #[schemars(example = &"CN={target.account}")]
    pub subject: T,
    /// The days that it is valid for.
    #[schemars(example = &"{setting.expiry_days}")]
    pub days: T,
}

/// Gives the values of what references stand in.
pub trait Resolve<T, J> {
    /// Why there is no value.
    type Error;

    /// The value of a text.
    ///
    /// # Errors
    /// A reference has none.
    fn text(&mut self, text: &T) -> Result<Value, Self::Error>;

    /// The value of JSON; none where it is one reference to what is missing.
    ///
    /// # Errors
    /// A reference has none.
    fn json(&mut self, json: &J) -> Result<Option<Value>, Self::Error>;

    /// The same for a claim, in which `{now}` and times from now are seconds since 1970.
    ///
    /// # Errors
    /// A reference has none.
    fn claim(&mut self, json: &J) -> Result<Option<Value>, Self::Error>;
}

/// What is computed, with all values in place.
pub type Computation = Compute<Value, Value>;

impl<T, J> Compute<T, J> {
    /// Puts values in the place of references.
    ///
    /// # Errors
    /// The first reference that has none.
    pub fn resolve<R: Resolve<T, J>>(&self, by: &mut R) -> Result<Computation, R::Error> {
        Ok(match self {
            Self::Jwt(jwt) => {
                let mut header = BTreeMap::new();
                for (name, member) in &jwt.header {
                    header.extend(by.json(member)?.map(|member| (name.clone(), member)));
                }
                let mut claims = BTreeMap::new();
                for (name, claim) in &jwt.claims {
                    claims.extend(by.claim(claim)?.map(|claim| (name.clone(), claim)));
                }
                Compute::Jwt(Jwt { alg: jwt.alg, key: by.text(&jwt.key)?, header, claims })
            }
            Self::SealedBox(sealed) => {
                Compute::SealedBox(SealedBox { key: by.text(&sealed.key)?, text: by.text(&sealed.text)? })
            }
            Self::Merge(parts) => Compute::Merge(resolved(parts, by)?),
            Self::MergeWithoutCase(parts) => Compute::MergeWithoutCase(resolved(parts, by)?),
            Self::Certificate(Certificate { key, subject, days }) => Compute::Certificate(Certificate {
                key: by.text(key)?,
                subject: by.text(subject)?,
                days: by.text(days)?,
            }),
        })
    }

    /// Whether the result is a secret whatever it is made of: a token proves who has it. A box and a
    /// certificate are made to be seen, and merged JSON is as secret as its parts.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Jwt(_))
    }

    /// The name of the computation, as the manifest has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Jwt(_) => "jwt",
            Self::SealedBox(_) => "sealed-box",
            Self::Merge(_) => "merge",
            Self::MergeWithoutCase(_) => "merge-without-case",
            Self::Certificate(_) => "x509-self-signed",
        }
    }
}

/// The parts of a merge; a missing one changes nothing, and is `{}` where it is the first.
fn resolved<T, J, R: Resolve<T, J>>(parts: &[J], by: &mut R) -> Result<Vec<Value>, R::Error> {
    parts.iter().map(|part| Ok(by.json(part)?.unwrap_or_else(|| Value::text("")))).collect()
}

impl Computation {
    /// Computes it.
    ///
    /// # Errors
    /// A key or another part cannot be used; the message has no value in it.
    pub fn run(&self, now: Timestamp, random: &mut dyn Random) -> Result<Value, ComputeError> {
        let made = match self {
            Self::Jwt(jwt) => jwt::sign(jwt).map(Value::secret),
            Self::SealedBox(sealed) => sealed_box::seal(sealed, random),
            Self::Merge(parts) => merge::merge(parts, merge::Case::Matters),
            Self::MergeWithoutCase(parts) => merge::merge(parts, merge::Case::Folds),
            Self::Certificate(certificate) => certificate::make(certificate, now, random),
        };
        made.map_err(|reason| ComputeError { name: self.name(), reason })
    }
}

/// Something cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be computed: {reason}")]
pub struct ComputeError {
    name: &'static str,
    reason: String,
}

#[cfg(test)]
mod tests;
