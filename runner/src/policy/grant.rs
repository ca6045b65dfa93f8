//! The grant of a rotation, and of one step of it.

use std::net::IpAddr;
use std::sync::Arc;

use super::deny::excerpt;
use super::form::{self, OutgoingRequest};
use super::rule::Rule;
use super::template::{Template, TemplateError};
use super::{Deny, HostPort, Removals, judge};
use crate::model::{Manifest, RequestRule, Setting, StepName};

/// What the operator allows, from flags and configuration.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    /// `--allow-host` and `[[plugin]] allow_hosts`: `host` (port 443) or `host:port`.
    pub allow_hosts: Vec<String>,
    /// `--allow-private`: hosts whose address may be a private one. Does not allow the host.
    pub allow_private: Vec<String>,
}

/// Manifest ∩ operator, for a whole rotation. The default grants nothing.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    rules: Arc<[Rule]>,
    hosts: Arc<[HostPort]>,
    private: Arc<[HostPort]>,
}

impl Grant {
    /// Cuts the manifest's requests down to what the operator allows.
    ///
    /// A host that is left to a setting without a value is not asked for, and what would be sent
    /// to it is not granted.
    ///
    /// # Errors
    /// Everything that stands against it, all at once: the hosts that the manifest asks for and the
    /// operator does not allow, and whatever makes no sense in the manifest, settings or lists.
    pub fn new(manifest: &Manifest, settings: &[Setting], operator: &Operator) -> Result<Self, Vec<Deny>> {
        let mut found = Findings::default();
        let allowed = found.good(operator.allow_hosts.iter().map(|entry| read(entry, "allow-host")));
        let private = found.good(operator.allow_private.iter().map(|entry| read(entry, "allow-private")));

        let names = Names { manifest, settings };
        let asked = found.good(manifest.hosts.iter().map(|text| names.host(text)));
        for host in asked.iter().flatten().filter(|host| !allowed.contains(host)) {
            found.add(Deny::HostNotAllowed { host: host.to_string() });
        }
        let rules = found.good(manifest.requests.iter().map(|rule| names.rule(rule)));

        if !found.0.is_empty() {
            return Err(found.0);
        }
        Ok(Self { rules: rules.into_iter().flatten().collect(), private: private.into(), ..Self::default() })
    }

    /// Cuts the hosts that a manifest's requests go to down to what the operator allows: these are `host`
    /// (port 443) or `host:port`.
    ///
    /// # Errors
    /// Every host that the operator does not allow, and whatever makes no sense in the lists.
    pub fn of_hosts<'h>(
        hosts: impl IntoIterator<Item = &'h str>,
        operator: &Operator,
    ) -> Result<Self, Vec<Deny>> {
        let mut found = Findings::default();
        let allowed = found.good(operator.allow_hosts.iter().map(|entry| read(entry, "allow-host")));
        let private = found.good(operator.allow_private.iter().map(|entry| read(entry, "allow-private")));
        let asked: Vec<HostPort> = found.good(hosts.into_iter().map(|host| read(host, "requests")));
        for host in asked.iter().filter(|host| !allowed.contains(host)) {
            found.add(Deny::HostNotAllowed { host: host.to_string() });
        }
        if !found.0.is_empty() {
            return Err(found.0);
        }
        Ok(Self { hosts: asked.into(), private: private.into(), ..Self::default() })
    }

    /// The grant of one step.
    #[must_use]
    pub fn for_step(&self, step: StepName, removals: Removals) -> StepGrant {
        let removals = match step {
            StepName::Commit | StepName::Rollback => removals,
            StepName::Preflight | StepName::Rotate | StepName::Verify => Removals::Nothing,
        };
        StepGrant { grant: self.clone(), step, removals }
    }
}

/// What one step may do. The default is a preflight that may do nothing.
#[derive(Debug, Clone)]
pub struct StepGrant {
    grant: Grant,
    step: StepName,
    removals: Removals,
}

impl Default for StepGrant {
    fn default() -> Self {
        Grant::default().for_step(StepName::Preflight, Removals::Nothing)
    }
}

impl StepGrant {
    /// Judges a request: scheme, host, port, method, path, headers and what it removes.
    /// `Ok(true)` when it may change the target, that is, when preflight would not be granted it.
    ///
    /// # Errors
    /// Why it must not leave.
    pub fn allows(&self, request: &OutgoingRequest<'_>) -> Result<bool, Deny> {
        let to = form::inspect(request)?;
        let granted = |step| self.grant.rules.iter().any(|rule| rule.grants(step, request.method, &to));
        if !granted(self.step) {
            let late = [StepName::Commit, StepName::Rollback];
            let removing = || self.grant.rules.iter().filter(|rule| rule.removes());
            return Err(Deny::NotInManifest {
                elsewhere: StepName::ALL.into_iter().filter(|step| granted(*step)).collect(),
                removes: late
                    .iter()
                    .any(|step| removing().any(|rule| rule.grants(*step, request.method, &to))),
                step: self.step,
                method: excerpt(request.method.as_str()),
                host: to.host.to_string(),
                path: excerpt(request.uri.path()),
            });
        }
        for id in self.grant.rules.iter().filter_map(|rule| rule.removal(request, &to)) {
            self.removals.judge(self.step, &id?)?;
        }
        Ok(!granted(StepName::Preflight))
    }

    /// Judges where a declared request goes to.
    ///
    /// # Errors
    /// The operator does not allow the host.
    pub fn allows_host(&self, host: &str) -> Result<(), Deny> {
        let is_allowed = host.parse::<HostPort>().is_ok_and(|host| self.grant.hosts.contains(&host));
        if is_allowed { Ok(()) } else { Err(Deny::HostNotAllowed { host: excerpt(host) }) }
    }

    /// Judges what a declared request retires; a stray is counted from here on, whether or not it succeeds.
    ///
    /// # Errors
    /// This step may not retire that.
    pub fn allows_removal(&self, id: &str) -> Result<(), Deny> {
        self.removals.judge(self.step, id)
    }

    /// Judges an address that a host resolved to; `host` is `host` (port 443) or `host:port`.
    ///
    /// # Errors
    /// When it is not public and the operator did not open it for this very host and port.
    pub fn allows_address(&self, host: &str, address: IpAddr) -> Result<(), Deny> {
        let Err(kind) = judge(address) else { return Ok(()) };
        let named = host.parse::<HostPort>();
        if kind.can_be_opened() && named.as_ref().is_ok_and(|host| self.grant.private.contains(host)) {
            return Ok(());
        }
        let host = named.map_or_else(|_| excerpt(host), |host| host.to_string());
        Err(Deny::AddressNotPublic { host, address, kind })
    }
}

/// What stands against a grant: each problem once, in the order in which they were met.
#[derive(Default)]
struct Findings(Vec<Deny>);

impl Findings {
    fn good<T>(&mut self, results: impl Iterator<Item = Result<T, Deny>>) -> Vec<T> {
        results.filter_map(|result| result.map_err(|problem| self.add(problem)).ok()).collect()
    }

    fn add(&mut self, problem: Deny) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }
}

fn read(entry: &str, list: &str) -> Result<HostPort, Deny> {
    entry.parse().map_err(|error| invalid(format!("the {list} entry `{}`", excerpt(entry)), &error))
}

fn invalid(place: String, problem: &dyn std::fmt::Display) -> Deny {
    Deny::Invalid { place, problem: problem.to_string() }
}

/// What the names in a manifest stand for.
struct Names<'a> {
    manifest: &'a Manifest,
    settings: &'a [Setting],
}

impl Names<'_> {
    fn host(&self, text: &str) -> Result<Option<HostPort>, Deny> {
        self.resolve(Template::parse_url(text), || format!("the manifest's host {}", excerpt(text)))
    }

    fn rule(&self, rule: &RequestRule) -> Result<Option<Rule>, Deny> {
        let RequestRule { method, host, path, .. } = rule;
        let place = || format!("the manifest's request {}", excerpt(&format!("{method} {host}{path}")));
        let Some(host) = self.resolve(Template::parse(host), place)? else { return Ok(None) };
        let names_it = |text: &String| matches!(self.host(text), Ok(Some(asked)) if asked == host);
        if !self.manifest.hosts.iter().any(names_it) {
            return Err(invalid(place(), &"its host must stand among the manifest's `hosts` too"));
        }
        Rule::compile(rule, host).map(Some).map_err(|error| invalid(place(), &error))
    }

    fn resolve(
        &self,
        template: Result<Template, TemplateError>,
        place: impl Fn() -> String,
    ) -> Result<Option<HostPort>, Deny> {
        let template = template.map_err(|error| invalid(place(), &error))?;
        match &template {
            Template::Setting(key) if self.manifest.settings.iter().all(|schema| schema.key != *key) => {
                Err(invalid(place(), &format!("the manifest has no setting {}", excerpt(key))))
            }
            _ => template.resolve(self.settings),
        }
    }
}

#[cfg(test)]
#[path = "grant_tests.rs"]
mod tests;
