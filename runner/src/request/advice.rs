//! What a sound manifest could still do better, for its author.

use crate::model::{Manifest, RequestRule, StepName, Strategy};

/// Methods that change nothing at a service that keeps to HTTP.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Tells whether pamrun takes such a request, sent in this step, for one that may change the target:
/// it does for what preflight may not send.
#[must_use]
pub fn counts_as_change(manifest: &Manifest, rule: &RequestRule) -> bool {
    let covers = |other: &&RequestRule| {
        (&other.method, &other.host) == (&rule.method, &rule.host) && covers(&other.path, &rule.path)
    };
    !manifest.requests.iter().filter(covers).any(|other| is_for(other, StepName::Preflight))
}

/// Tells whether a path lets through whatever another one does, segment by segment.
fn covers(path: &str, other: &str) -> bool {
    path.split('/').count() == other.split('/').count()
        && path.split('/').zip(other.split('/')).all(|(segment, other)| segment == "*" || segment == other)
}

/// Tells whether the rule asks for its request in this step.
#[must_use]
pub fn is_for(rule: &RequestRule, step: StepName) -> bool {
    rule.steps.iter().any(|word| word == "all" || word == step.word())
}

/// Lists what an author should think about; each says what to do.
#[must_use]
pub fn advise(manifest: &Manifest) -> Vec<String> {
    let mut advice = Vec::new();
    changes_while_looking(manifest, &mut advice);
    rotate(manifest, &mut advice);
    removals(manifest, &mut advice);
    unused_hosts(manifest, &mut advice);
    advice
}

fn changes_while_looking(manifest: &Manifest, advice: &mut Vec<String>) {
    for (index, rule) in manifest.requests.iter().enumerate() {
        // A POST may be a login or a search.
        let changes = !READING.contains(&rule.method.as_str()) && rule.method != "POST";
        if changes && is_for(rule, StepName::Preflight) {
            advice.push(format!(
                "requests[{index}]: {} is granted to preflight, which only looks; name the steps that need it. \
                 What preflight may send is taken for harmless in every step, so that a change made by it is \
                 not seen",
                rule.method
            ));
        }
    }
}

fn rotate(manifest: &Manifest, advice: &mut Vec<String>) {
    let mut sent = manifest.requests.iter().filter(|rule| is_for(rule, StepName::Rotate));
    if manifest.strategy == Strategy::Deliver || sent.clone().any(|rule| counts_as_change(manifest, rule)) {
        return;
    }
    advice.push(if sent.any(|rule| !READING.contains(&rule.method.as_str())) {
        "requests: rotate may send nothing that preflight may not send, too. Give the request that makes the \
         change an entry of its own with \"steps\":[\"rotate\"]: what preflight may send is taken for \
         harmless, so pamrun would not see that an interrupted rotate changed something"
            .to_owned()
    } else {
        "requests: rotate may send nothing that changes anything; is the request missing that makes the new \
         credential?"
            .to_owned()
    });
}

fn removals(manifest: &Manifest, advice: &mut Vec<String>) {
    if manifest.strategy != Strategy::Overlap {
        return;
    }
    for (step, what) in [
        (StepName::Commit, "so every old credential stays valid until somebody removes it by hand"),
        (StepName::Rollback, "so what a failed rotation made stays, and is reported as uncertain"),
    ] {
        if !manifest.requests.iter().any(|rule| rule.removes.is_some() && is_for(rule, step)) {
            advice.push(format!("requests: no entry for {step} has `removes`, {what}"));
        }
    }
}

fn unused_hosts(manifest: &Manifest, advice: &mut Vec<String>) {
    for (index, host) in manifest.hosts.iter().enumerate() {
        if !manifest.requests.iter().any(|rule| *host == format!("https://{}", rule.host)) {
            advice.push(format!(
                "hosts[{index}]: no request goes to {host}; leave it out, or an operator has to allow it for \
                 nothing"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manifest(strategy: &str, requests: &Value) -> Manifest {
        serde_json::from_value(json!({
            "name": "key", "version": "0.1.0", "strategy": strategy, "records": [], "returns": [],
            "hosts": ["https://a.test"], "requests": requests,
        }))
        .unwrap()
    }

    fn rule(steps: &[&str], method: &str, path: &str) -> Value {
        json!({"steps": steps, "method": method, "host": "a.test", "path": path})
    }

    fn removing(steps: &[&str]) -> Value {
        json!({"steps": steps, "method": "DELETE", "host": "a.test", "path": "/keys/{id}", "removes": "{id}"})
    }

    /// The one thing that is advised.
    fn only(manifest: &Manifest) -> String {
        let advice = advise(manifest);
        assert_eq!(advice.len(), 1, "{advice:?}");
        advice.concat()
    }

    #[test]
    fn a_login_for_all_steps_and_a_making_for_rotate_need_no_advice() {
        let requests = json!([
            rule(&["all"], "POST", "/token"),
            rule(&["all"], "GET", "/keys"),
            rule(&["rotate"], "POST", "/keys"),
            removing(&["commit", "rollback"]),
        ]);
        assert_eq!(advise(&manifest("overlap", &requests)), Vec::<String>::new());
    }

    #[test]
    fn a_making_that_is_granted_to_all_steps_hides_changes() {
        let requests = json!([rule(&["all"], "POST", "/keys"), removing(&["commit", "rollback"])]);
        assert!(only(&manifest("overlap", &requests)).contains("\"steps\":[\"rotate\"]"));
        for path in ["/users/x", "/users/*", "/*/*"] {
            let twice = json!([rule(&["preflight"], "POST", path), rule(&["rotate"], "POST", "/users/x")]);
            assert!(only(&manifest("in-place", &twice)).contains("\"steps\":[\"rotate\"]"), "{path}");
        }
    }

    #[test]
    fn a_change_in_preflight_is_told_by_its_method() {
        let requests = json!([rule(&["all"], "PATCH", "/user"), rule(&["rotate"], "POST", "/x")]);
        assert!(
            only(&manifest("in-place", &requests)).starts_with("requests[0]: PATCH is granted to preflight")
        );
    }

    #[test]
    fn a_rotate_that_can_only_read_lacks_a_request() {
        let requests = json!([rule(&["all"], "GET", "/keys")]);
        assert!(only(&manifest("in-place", &requests)).contains("is the request missing"));
    }

    #[test]
    fn what_can_never_be_removed_is_told() {
        let requests = json!([rule(&["rotate"], "POST", "/keys"), removing(&["commit"])]);
        assert!(only(&manifest("overlap", &requests)).contains("no entry for rollback has `removes`"));
        let requests = json!([rule(&["rotate"], "POST", "/keys"), removing(&["rollback"])]);
        assert!(only(&manifest("overlap", &requests)).contains("no entry for commit has `removes`"));
    }

    #[test]
    fn a_host_that_nothing_is_sent_to_is_asked_for_in_vain() {
        let mut manifest = manifest("in-place", &json!([rule(&["rotate"], "POST", "/x")]));
        manifest.hosts.push("https://b.test".to_owned());
        assert!(only(&manifest).starts_with("hosts[1]: no request goes to https://b.test"));
    }
}
