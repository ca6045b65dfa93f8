//! Policies of the tenant that restrict the secrets of apps.

use jiff::{SignedDuration, Timestamp};
use pamrun_plugin::{Failure, Finding};
use serde::Deserialize;

use crate::graph::Graph;
use crate::settings::Settings;
use crate::target::Target;

/// The tenant's default, or one that is assigned to the app: they name their restrictions differently.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    #[serde(default)]
    is_enabled: bool,
    #[serde(alias = "applicationRestrictions")]
    restrictions: Option<Restrictions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Restrictions {
    #[serde(default)]
    password_credentials: Vec<Restriction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Restriction {
    #[serde(rename = "restrictionType")]
    kind: String,
    /// `disabled` where an app is excepted from the tenant's default.
    state: Option<String>,
    /// An ISO 8601 duration, such as `P90D`; it knows no months or years.
    max_lifetime: Option<String>,
    /// Apps that are older are spared.
    #[serde(rename = "restrictForAppsCreatedAfterDateTime")]
    since: Option<String>,
}

#[derive(Deserialize)]
struct Assigned {
    value: Vec<Policy>,
}

/// The policies that say something about an app, those that go before others first.
struct Policies(Vec<Policy>);

impl Policies {
    fn look(graph: &Graph<'_>, target: &Target) -> Result<Self, Failure> {
        let path = format!("/applications/{}/appManagementPolicies", target.object_id);
        let Assigned { value: mut policies } = graph.look(&path)?;
        policies.push(graph.look("/policies/defaultAppManagementPolicy")?);
        Ok(Self(policies))
    }

    /// The restriction of one kind that counts for an app that was made then. The app's own policy replaces
    /// what the default says of that kind.
    fn restriction(&self, kind: &str, created: Option<Timestamp>) -> Option<&Restriction> {
        self.0
            .iter()
            .filter(|policy| policy.is_enabled)
            .filter_map(|policy| policy.restrictions.as_ref())
            .find_map(|all| all.password_credentials.iter().find(|one| one.kind == kind))
            .filter(|restriction| restriction.is_in_force(created))
    }
}

impl Restriction {
    fn is_in_force(&self, created: Option<Timestamp>) -> bool {
        let since = self.since.as_deref();
        let since = since.and_then(|time| time.parse::<Timestamp>().ok());
        let is_spared = matches!((created, since), (Some(created), Some(since)) if created < since);
        self.state.as_deref() != Some("disabled") && !is_spared
    }

    /// How long a secret may be valid.
    fn longest(&self) -> Option<SignedDuration> {
        let text = self.max_lifetime.as_deref()?.strip_prefix('P')?;
        let (days, time) = text.split_once('D').unwrap_or(("0", text));
        let days = SignedDuration::from_hours(24 * i64::from(days.parse::<i32>().ok()?));
        if text.ends_with('D') {
            return Some(days);
        }
        days.checked_add(format!("P{time}").parse().ok()?)
    }
}

pub fn judge(
    graph: &Graph<'_>,
    settings: &Settings,
    target: &Target,
    created: Option<Timestamp>,
) -> Vec<Finding> {
    let policies = match Policies::look(graph, target) {
        Ok(policies) => policies,
        Err(failure) => {
            let message =
                format!("whether a policy restricts the app's secrets could not be looked up: {failure}");
            let fix = "grant the admin app Policy.Read.All to have it looked up; rotations do not need it";
            return vec![Finding::info("policies-unread", message).fix(fix)];
        }
    };
    if policies.restriction("passwordAddition", created).is_some() {
        let message = "an app management policy of the tenant forbids to add secrets to this app";
        return vec![
            Finding::error("policy-forbids-secrets", message)
                .fix("have the app excepted from the policy, or let it log in with a certificate or a federated identity"),
        ];
    }
    let asked = SignedDuration::from_hours(24 * settings.expiry_days);
    let longest = policies
        .restriction("passwordLifetime", created)
        .and_then(|restriction| Some((restriction, restriction.longest()?)))
        .filter(|(_, longest)| asked > *longest);
    let Some((restriction, longest)) = longest else { return Vec::new() };
    let message = format!(
        "an app management policy of the tenant allows secrets of this app to live for {} at most, and the setting \
         expiry_days is {}",
        restriction.max_lifetime.as_deref().unwrap_or_default(),
        settings.expiry_days
    );
    let fix = match longest.as_hours() / 24 {
        ..1 => "have the app excepted from the policy: a secret lives for a day at least".to_owned(),
        days => format!("set expiry_days to {days} or less"),
    };
    vec![Finding::error("policy-limits-lifetime", message).fix(fix)]
}
