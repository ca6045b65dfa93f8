//! Rotates a token of an account at the API of example.com: when to call which request of plugin.toml.

use std::time::Duration;

use pamrun_plugin::{
    Credential, Failure, Finding, Host, PATIENCE, Plan, Plugin, Proof, Request, Retired, Trial, Trouble,
    retry, until,
};

use requests::inputs::Target;
use requests::settings::Settings;

pamrun_plugin::requests!("plugin.toml");

/// How long a new token may take until the API accepts it everywhere.
const SPREADING: Duration = Duration::from_secs(60);

struct Tokens;

pamrun_plugin::export!(Tokens);

impl Plugin for Tokens {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let listed = retry(host, PATIENCE, || requests::tokens(host))?.items;
        // What the new token replaces is the one that the record holds now, if it still exists.
        let old = Target::of(request).token_id;
        let removes: Vec<String> =
            listed.into_iter().map(|token| token.id).filter(|id| Some(id.as_str()) == old).collect();
        let mut findings = Vec::new();
        if removes.is_empty() {
            let message = "the record names no token that the account has, so that none will be removed";
            findings.push(
                Finding::warning("no-old-token", message).fix("write its id into the field token_id"),
            );
        }
        let days = Settings::of(request)?.expiry_days;
        let creates = format!("one token that lives for {days} days");
        Ok(Plan { creates, removes, findings, ..Plan::default() })
    }

    fn rotate(host: &dyn Host, _: &Request, _: &Plan) -> Result<Credential, Failure> {
        let made = retry(host, PATIENCE, || requests::create(host))?;
        Ok(Credential::new(made.id).expiring(made.expires))
    }

    fn verify(host: &dyn Host, _: &Request, _: &Plan, _: Option<&str>) -> Result<Proof, Failure> {
        until(host, SPREADING, || match requests::whoami(host) {
            Ok(_) => Trial::Decided(Ok(Proof::Verified)),
            Err(Trouble::Rejected(said)) if said.status == 401 => Trial::NotYet(
                Failure::wrong_credential("token-rejected", "the new token is not accepted"),
            ),
            Err(trouble) => trouble.into(),
        })
    }

    fn commit(
        host: &dyn Host,
        _: &Request,
        plan: &Plan,
        _: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        plan.removes.iter().map(|old| remove(host, old)).collect()
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        _: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        let listed = retry(host, PATIENCE, || requests::tokens(host))?.items;
        let ours = listed.iter().filter(|token| {
            Some(token.id.as_str()) == id || token.label.iter().any(|name| request.made_this(name))
        });
        ours.map(|token| remove(host, &token.id)).collect()
    }
}

fn remove(host: &dyn Host, id: &str) -> Result<Retired, Failure> {
    match retry(host, PATIENCE, || requests::delete(host, id)) {
        Err(Trouble::Rejected(said)) if said.status == 404 => {
            // Somebody else removed it. To pamrun it is gone when two listings lack it.
            requests::tokens(host)?;
            requests::tokens(host)?;
        }
        removed => removed?,
    }
    Ok(Retired::gone(id))
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::testing::{FakeHost, answer, listed, rejected, request};

    use super::*;
    use crate::requests::settings::defaults;

    #[test]
    fn the_token_of_the_record_is_replaced() {
        let host = FakeHost::new().on("tokens", |_| answer().item(listed("old")).item(listed("other")));
        let plan = Tokens::preflight(&host, &request(defaults()).with_input("target.token_id", "old"));
        assert_eq!(plan.unwrap().removes, ["old"]);
        let plan = Tokens::preflight(&host, &request(defaults())).unwrap();
        assert_eq!((plan.removes.len(), plan.findings[0].code.as_str()), (0, "no-old-token"));
    }

    #[test]
    fn a_busy_api_is_waited_for() {
        let host = FakeHost::new()
            .once("create", rejected(429).waiting(7))
            .on("create", |_| answer().with("id", "new").with("expires", "2030-04-01T00:00:00Z"));
        let made = Tokens::rotate(&host, &request(defaults()), &Plan::default()).unwrap();
        assert_eq!(made, Credential::new("new").expiring("2030-04-01T00:00:00Z"));
        assert_eq!(host.elapsed().as_secs(), 7);
    }

    #[test]
    fn a_new_token_may_take_a_while() {
        let host = FakeHost::new().on("whoami", |call| {
            if call.elapsed.as_secs() < 25 { rejected(401) } else { answer().with("account", "acme") }
        });
        let request = request(defaults());
        assert_eq!(Tokens::verify(&host, &request, &Plan::default(), None), Ok(Proof::Verified));
        let never = FakeHost::new().on("whoami", |_| rejected(401));
        let failure = Tokens::verify(&never, &request, &Plan::default(), None).unwrap_err();
        assert_eq!((failure.code.as_str(), never.elapsed()), ("token-rejected", SPREADING));
    }

    #[test]
    fn only_what_this_rotation_made_is_rolled_back() {
        let request = request(defaults());
        let (ours, id) = (request.marker.clone(), "new");
        let host = FakeHost::new()
            .on("tokens", |_| {
                answer().item(listed("old").label("by hand")).item(listed(id).label(&ours))
            })
            .on("delete", |_| answer());
        let retired = Tokens::rollback(&host, &request, &Plan::default(), None);
        assert_eq!(retired, Ok(vec![Retired::gone(id)]));
        assert_eq!(host.calls(), ["tokens", "delete key=new"]);
    }
}
