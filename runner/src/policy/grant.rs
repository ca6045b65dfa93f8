//! The grant of a rotation, and of one step of it.

use std::net::IpAddr;
use std::sync::Arc;

use super::deny::excerpt;
use super::{Deny, HostPort, Removals, judge};
use crate::model::StepName;

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
    hosts: Arc<[HostPort]>,
    private: Arc<[HostPort]>,
}

impl Grant {
    /// Cuts the hosts that a manifest's requests go to down to what the operator allows: these are `host`
    /// (port 443) or `host:port`.
    ///
    /// # Errors
    /// Every host that the operator does not allow, and whatever makes no sense in the lists.
    pub fn new<'h>(hosts: impl IntoIterator<Item = &'h str>, operator: &Operator) -> Result<Self, Vec<Deny>> {
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
        Ok(Self { hosts: asked.into(), private: private.into() })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::AddressKind;

    fn operator(hosts: &[&str], private: &[&str]) -> Operator {
        let owned = |list: &[&str]| list.iter().map(|entry| (*entry).to_owned()).collect();
        Operator { allow_hosts: owned(hosts), allow_private: owned(private) }
    }

    fn preflight(hosts: &[&str], operator: &Operator) -> StepGrant {
        let grant = Grant::new(hosts.iter().copied(), operator).unwrap();
        grant.for_step(StepName::Preflight, Removals::Nothing)
    }

    #[test]
    fn every_host_that_is_not_allowed_is_named_once_and_whatever_makes_no_sense() {
        let operator = operator(&["api.test", "*.test"], &["vault.corp:8200", "10.0.0.0/8"]);
        let found = Grant::new(["api.test", "b.test:8443", "B.test:8443"], &operator).unwrap_err();
        let found: Vec<String> = found.iter().map(Deny::to_string).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("allow-host entry `*.test`: wildcards"), "{found:?}");
        assert!(found[1].contains("allow-private entry `10.0.0.0/8`"), "{found:?}");
        assert!(found[2].contains("b.test:8443, which is not among"), "{found:?}");
    }

    #[test]
    fn a_host_is_allowed_with_its_port_and_in_any_case_and_no_other_one_is() {
        let step = preflight(&["Api.test", "b.test:8443"], &operator(&["api.TEST:443", "b.test:8443"], &[]));
        for host in ["api.test", "API.test:443", "b.test:8443"] {
            assert!(step.allows_host(host).is_ok(), "{host}");
        }
        for host in ["b.test", "c.api.test", "api.test.", "api.test@evil.test", "", "evil.test"] {
            assert!(step.allows_host(host).is_err(), "{host}");
        }
    }

    #[test]
    fn what_the_operator_allows_and_nobody_asks_for_is_not_granted() {
        let step = preflight(&["a.test"], &operator(&["a.test", "b.test"], &[]));
        assert!(step.allows_host("b.test").is_err());
    }

    #[test]
    fn an_address_is_public_or_opened_for_this_very_host_and_port() {
        let step = preflight(&[], &operator(&[], &["vault.corp:8200", "bad.test"]));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let private = address("10.0.0.1");
        assert!(step.allows_address("any.test", address("93.184.216.34")).is_ok());
        assert!(step.allows_address("vault.corp:8200", private).is_ok());
        for host in ["vault.corp", "vault.corp:8201", "other.corp:8200"] {
            let denied = step.allows_address(host, private).unwrap_err();
            assert!(matches!(denied, Deny::AddressNotPublic { kind: AddressKind::Private, .. }), "{denied}");
        }
        assert!(step.allows_address("bad.test", address("0.0.0.0")).is_err(), "no list opens this one");
    }

    #[test]
    fn only_commit_and_rollback_may_remove() {
        let grant = Grant::default();
        let removals = || Removals::Exactly(["k1".to_owned()].into());
        for step in StepName::ALL {
            let late = matches!(step, StepName::Commit | StepName::Rollback);
            assert_eq!(grant.for_step(step, removals()).allows_removal("k1").is_ok(), late, "{step}");
        }
    }
}
