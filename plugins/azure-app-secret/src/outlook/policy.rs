//! Policies of the tenant that restrict the secrets of apps.

use std::time::{Duration, SystemTime};

use entra::Session;
use pamrun_plugin::{Failure, Finding, time};

use crate::requests::settings::Settings;
use crate::requests::{self, DefaultPolicy, Policies as Assigned};

const DAY: u64 = 24 * 3600;

/// The tenant's default, or one that is assigned to the app. What it does not say is empty.
struct Policy {
    is_enabled: bool,
    addition: Restriction,
    lifetime: Restriction,
}

/// What a policy says of one kind.
struct Restriction {
    /// Whether it says anything of that kind.
    is_there: bool,
    /// `disabled` where an app is excepted from the tenant's default.
    state: String,
    /// Apps that are older are spared.
    since: String,
    /// An ISO 8601 duration, such as `P90D`; it knows no months or years.
    max_lifetime: String,
}

impl From<DefaultPolicy> for Policy {
    fn from(said: DefaultPolicy) -> Self {
        Self {
            is_enabled: said.enabled == Some(true),
            addition: Restriction {
                is_there: said.addition.is_some(),
                state: said.addition_state.unwrap_or_default(),
                since: said.addition_since.unwrap_or_default(),
                max_lifetime: String::new(),
            },
            lifetime: Restriction {
                is_there: said.lifetime.is_some(),
                state: said.lifetime_state.unwrap_or_default(),
                since: said.lifetime_since.unwrap_or_default(),
                max_lifetime: said.lifetime_longest.unwrap_or_default(),
            },
        }
    }
}

/// The policies that are assigned to the app: of each list, the same row.
fn assigned(said: &Assigned) -> impl Iterator<Item = Policy> {
    let at = |list: &[String], row: usize| list.get(row).cloned().unwrap_or_default();
    (0..said.enabled.len()).map(move |row| Policy {
        is_enabled: at(&said.enabled, row) == "true",
        addition: Restriction {
            is_there: !at(&said.addition, row).is_empty(),
            state: at(&said.addition_state, row),
            since: at(&said.addition_since, row),
            max_lifetime: String::new(),
        },
        lifetime: Restriction {
            is_there: !at(&said.lifetime, row).is_empty(),
            state: at(&said.lifetime_state, row),
            since: at(&said.lifetime_since, row),
            max_lifetime: at(&said.lifetime_longest, row),
        },
    })
}

/// The policies that say something about an app, those that go before others first.
struct Policies(Vec<Policy>);

impl Policies {
    fn look(graph: &Session<'_>) -> Result<Self, Failure> {
        let mut policies: Vec<_> = assigned(&graph.look(requests::policies)?).collect();
        policies.push(graph.look(requests::default_policy)?.into());
        Ok(Self(policies))
    }

    /// The restriction of one kind that counts for an app that was made then. The app's own policy replaces
    /// what the default says of that kind.
    fn restriction(
        &self,
        kind: impl Fn(&Policy) -> &Restriction,
        created: Option<SystemTime>,
    ) -> Option<&Restriction> {
        self.0
            .iter()
            .filter(|policy| policy.is_enabled)
            .map(kind)
            .find(|restriction| restriction.is_there)
            .filter(|restriction| restriction.is_in_force(created))
    }
}

impl Restriction {
    fn is_in_force(&self, created: Option<SystemTime>) -> bool {
        let since = time(&self.since);
        let is_spared = matches!((created, since), (Some(created), Some(since)) if created < since);
        self.state != "disabled" && !is_spared
    }

    /// How long a secret may be valid.
    fn longest(&self) -> Option<Duration> {
        let mut rest = self.max_lifetime.strip_prefix('P').filter(|rest| !rest.is_empty())?;
        let mut seconds = 0_u64;
        for (part, unit) in [('D', DAY), ('T', 0), ('H', 3600), ('M', 60), ('S', 1)] {
            if let Some((number, after)) = rest.split_once(part) {
                let number = if part == 'T' && number.is_empty() { 0 } else { number.parse::<u32>().ok()? };
                seconds += u64::from(number) * unit;
                rest = after;
            }
        }
        rest.is_empty().then_some(Duration::from_secs(seconds))
    }
}

pub fn judge(graph: &Session<'_>, settings: &Settings, created: Option<SystemTime>) -> Vec<Finding> {
    let policies = match Policies::look(graph) {
        Ok(policies) => policies,
        Err(failure) => {
            let message =
                format!("whether a policy restricts the app's secrets could not be looked up: {failure}");
            let fix = "grant the admin app Policy.Read.All to have it looked up; rotations do not need it";
            return vec![Finding::info("policies-unread", message).fix(fix)];
        }
    };
    if policies.restriction(|policy| &policy.addition, created).is_some() {
        let message = "an app management policy of the tenant forbids to add secrets to this app";
        return vec![
            Finding::error("policy-forbids-secrets", message)
                .fix("have the app excepted from the policy, or let it log in with a certificate or a federated identity"),
        ];
    }
    let asked = Duration::from_secs(u64::try_from(settings.expiry_days).unwrap_or_default() * DAY);
    let longest = policies
        .restriction(|policy| &policy.lifetime, created)
        .and_then(|restriction| Some((restriction, restriction.longest()?)))
        .filter(|(_, longest)| asked > *longest);
    let Some((restriction, longest)) = longest else { return Vec::new() };
    let message = format!(
        "an app management policy of the tenant allows secrets of this app to live for {} at most, and the setting \
         expiry_days is {}",
        restriction.max_lifetime, settings.expiry_days
    );
    let fix = match longest.as_secs() / DAY {
        0 => "have the app excepted from the policy: a secret lives for a day at least".to_owned(),
        days => format!("set expiry_days to {days} or less"),
    };
    vec![Finding::error("policy-limits-lifetime", message).fix(fix)]
}
