//! A request together with what it shares with others.

use super::{Auth, Common, Id, Named, Request};
use crate::answer::{Alternative, Output, Takes};
use crate::refusal::At;
use crate::sign::Signer;
use crate::template::Template;

/// A request with what it shares: what it says itself goes before.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says itself.
    pub request: &'a Request,
    common: Option<&'a Common>,
}

impl<'a> Whole<'a> {
    pub(super) fn new(name: &'a str, request: &'a Request, common: Option<&'a Common>) -> Self {
        Self { name, request, common }
    }

    /// Where it stands.
    #[must_use]
    pub fn at(&self) -> At {
        At::of(["requests", self.name])
    }

    fn at_common(&self) -> At {
        At::of(["common", self.request.common.as_deref().unwrap_or_default()])
    }

    /// Whether it says itself who sends it. `auth` and `sign` are one thing: whoever says one of them takes
    /// neither from what is shared.
    fn is_own_authority(&self) -> bool {
        !self.request.auth.is_empty() || self.request.sign.is_some()
    }

    /// How it says who sends it, and where that is written.
    #[must_use]
    pub fn auth(&self) -> (At, &'a [Auth]) {
        match self.common {
            Some(common) if !self.is_own_authority() => (self.at_common().key("auth"), &common.auth),
            _ => (self.at().key("auth"), &self.request.auth),
        }
    }

    /// How it is signed, and where that is written.
    #[must_use]
    pub fn sign(&self) -> Option<(At, &'a Signer<Template>)> {
        match self.common {
            Some(common) if !self.is_own_authority() => {
                common.sign.as_ref().map(|sign| (self.at_common().key("sign"), sign))
            }
            _ => self.request.sign.as_ref().map(|sign| (self.at().key("sign"), sign)),
        }
    }

    /// Its headers: those that are shared, unless it says them itself, and its own.
    pub fn headers(&self) -> impl Iterator<Item = (At, &'a str, &'a Template)> {
        let own = &self.request.headers;
        let is_own = |name: &str| own.keys().any(|own| own.eq_ignore_ascii_case(name));
        let shared = self.common.map(|common| &common.headers);
        let shared = shared.into_iter().flatten().filter(move |(name, _)| !is_own(name));
        let shared =
            shared.map(|(name, value)| (self.at_common().keys(["headers", name]), name.as_str(), value));
        shared
            .chain(own.iter().map(|(name, value)| (self.at().keys(["headers", name]), name.as_str(), value)))
    }

    /// Which answers mean that it was done, where it or what it shares says so.
    #[must_use]
    pub fn success(&self) -> Option<(At, &'a [Alternative])> {
        self.rules("success", |request| request.success.as_deref(), |common| common.success.as_deref())
    }

    /// Which answers mean that it was not done, where it or what it shares says so.
    #[must_use]
    pub fn rejects(&self) -> Option<(At, &'a [Alternative])> {
        self.rules("rejects", |request| request.rejects.as_deref(), |common| common.rejects.as_deref())
    }

    fn rules(
        &self,
        key: &str,
        own: impl Fn(&'a Request) -> Option<&'a [Alternative]>,
        shared: impl Fn(&'a Common) -> Option<&'a [Alternative]>,
    ) -> Option<(At, &'a [Alternative])> {
        own(self.request)
            .map(|rules| (self.at().key(key), rules))
            .or_else(|| self.common.and_then(shared).map(|rules| (self.at_common().key(key), rules)))
    }

    /// What the plugin sees of a rejection, and where that is written.
    #[must_use]
    pub fn errors(&self) -> (At, &'a Named<Output>) {
        match self.common {
            Some(common) if self.request.errors.is_empty() => {
                (self.at_common().key("errors"), &common.errors)
            }
            _ => (self.at().key("errors"), &self.request.errors),
        }
    }

    /// All that is taken of its answer.
    #[must_use]
    pub fn takes(&self) -> Takes {
        let request = self.request;
        let copied = |outputs: &Named<Output>| {
            outputs.iter().map(|(name, output)| (name.clone(), output.clone())).collect()
        };
        Takes {
            is_effect: request.effect.changes(),
            outputs: copied(&request.outputs),
            secrets: request.secrets.iter().map(|(name, kept)| (name.clone(), kept.clone())).collect(),
            errors: copied(self.errors().1),
            id: match &request.id {
                Some(Id::Taken(place)) => Some(place.clone()),
                _ => None,
            },
            lists: request.lists.clone(),
            success: self.success().map(|(_, rules)| rules.to_vec()).unwrap_or_default(),
            rejects: self.rejects().map(|(_, rules)| rules.to_vec()),
            pending: request.pending.clone(),
            fresh_for: request.fresh_for.clone(),
        }
    }
}
