//! When the secret ends with which the admin app logs in: after that, nothing is rotated any more.

use std::time::{Duration, SystemTime};

use pamrun_plugin::{Failure, Finding, rfc3339, time};

use crate::admin::Admin;

/// An end that is nearer is told. Key Vault's own events warn as early.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// Judges the ends of the admin app's secrets, and says so where that is soon or cannot be told. Of an app that
/// rotates itself it says nothing: the rotation renews that very secret.
#[must_use]
pub fn admin_secret_end(
    ends: Result<&[String], &Failure>,
    admin: &Admin<'_>,
    now: SystemTime,
) -> Option<Finding> {
    if admin.is_own() {
        return None;
    }
    let who = admin.who();
    let unknown = |why: &str| {
        let message = format!("when the secret of {who} ends could not be looked up: {why}");
        Some(
            Finding::info("admin-secret-end-unknown", message)
                .fix("keep its end in mind; with Application.Read.All the admin app can look it up"),
        )
    };
    let ends = match ends {
        Ok(ends) => ends,
        Err(failure) => return unknown(&failure.message),
    };
    // One that has ended is not the one that has just logged in.
    let mut alive: Vec<SystemTime> =
        ends.iter().filter_map(|end| time(end)).filter(|end| *end > now).collect();
    alive.sort();
    let (Some(first), Some(last)) = (alive.first(), alive.last()) else {
        return unknown("none of its secrets that Graph lists is the one in use");
    };
    let is_soon = |end: &SystemTime| *end <= now + SOON;
    let shown = rfc3339(*first);
    if is_soon(last) {
        let message = format!("the secret of {who} ends {shown}");
        return Some(
            Finding::warning("admin-secret-ends-soon", message)
                .fix("make a new one in Entra and put it into that record"),
        );
    }
    is_soon(first).then(|| {
        let message = format!(
            "one of the {} secrets of {who} ends {shown}, and which of them the record holds is not known",
            alive.len()
        );
        Finding::info("admin-secret-ends-soon", message)
            .fix("if it is the one in use, make a new one in Entra and put it into that record")
    })
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::testing::request;
    use pamrun_plugin::{FindingLevel, Values};

    use super::*;

    /// The finding at the beginning of 2030.
    fn found(ends: &[&str]) -> Option<(FindingLevel, String)> {
        let request = request(Values::default()).with_input("admin.record", "\"admin\" (u1)");
        let ends: Vec<String> = ends.iter().map(|end| (*end).to_owned()).collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000);
        let found = admin_secret_end(Ok(&ends), &Admin::of(&request).unwrap(), now)?;
        Some((found.level, format!("{}: {}", found.code, found.message)))
    }

    #[test]
    fn a_secret_that_ends_within_thirty_days_is_told_with_the_date() {
        let (level, told) = found(&["2030-01-30T12:00:00.7654321Z"]).unwrap();
        assert_eq!(level, FindingLevel::Warning);
        assert!(told.contains("\"admin\" (u1) ends 2030-01-30T12:00:01Z"), "{told}");
        assert_eq!(found(&["2030-02-01T00:00:00Z"]), None);
        let (level, told) = found(&["2030-01-20T00:00:00Z", "2030-01-09T00:00:00Z"]).unwrap();
        assert!(level == FindingLevel::Warning && told.contains("2030-01-09"), "{told}");
    }

    #[test]
    fn of_several_secrets_one_that_ends_soon_may_be_the_one_in_use() {
        let (level, told) = found(&["2031-01-01T00:00:00Z", "2030-01-09T00:00:00Z"]).unwrap();
        assert!(level == FindingLevel::Info && told.contains("one of the 2 secrets"), "{told}");
        // One that has ended is none of them.
        assert_eq!(found(&["2029-12-31T00:00:00Z", "2031-01-01T00:00:00Z"]), None);
    }

    #[test]
    fn an_end_that_nobody_can_tell_is_no_more_than_an_info() {
        for ends in [&[][..], &["", "never"], &["2029-12-31T00:00:00Z"]] {
            let (level, told) = found(ends).unwrap();
            assert!(level == FindingLevel::Info && told.starts_with("admin-secret-end-unknown: "), "{told}");
        }
    }
}
