//! Whether an app has room for another secret, and which one to remove where it has not.

use jiff::Timestamp;
use pamrun_plugin::{Failure, Finding, Request};

use crate::graph::{Application, Listing};
use crate::manifest::SECRET_ID;

/// Whom an app may let in besides work and school accounts.
pub const PERSONAL: [&str; 2] = ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];

/// So many secrets an app has that lets personal accounts in.
const MOST: usize = 2;

/// Says so where the app can hold no further secret, as far as its kind shows. One that has more than such
/// apps may have shows that the limit does not always hold.
pub fn judge(application: &Application, request: &Request) -> Option<Finding> {
    let audience = application.sign_in_audience.as_deref().filter(|audience| PERSONAL.contains(audience))?;
    let secrets = &application.password_credentials;
    let listed = secrets.iter().map(described).collect::<Vec<_>>().join(", ");
    let count = secrets.len();
    let message = format!(
        "the app is open to personal accounts ({audience}), so that it holds {MOST} secrets at most, and it has \
         {count}: {listed}"
    );
    let finding = match count {
        ..MOST => return None,
        MOST => Finding::error("application-full", message),
        _ => Finding::warning("application-full", message),
    };
    Some(finding.fix(remedy(secrets, request)))
}

/// The failure of an app that Graph says is full, with what to do about it.
pub fn full(failure: Failure, application: &Application, request: &Request) -> Failure {
    let message = format!("{failure}; {}", remedy(&application.password_credentials, request));
    Failure { message, ..failure }
}

/// What to do so that there is room.
fn remedy(secrets: &[Listing], request: &Request) -> String {
    let own = request.target.get(SECRET_ID).map(str::trim).filter(|id| !id.is_empty());
    match (first_to_go(secrets, own), own) {
        (Some(secret), Some(_)) => format!("remove {}, unless somebody uses it", described(secret)),
        (Some(secret), None) => format!(
            "remove {}, unless somebody uses it; which of them the record holds is not known, as it has no {SECRET_ID}",
            described(secret)
        ),
        (None, _) => {
            "remove what nobody needs: the record's own secret must stay until there is another".to_owned()
        }
    }
}

/// The secret that is missed least: not the record's own, and of the others the one that ends first, or has
/// ended.
fn first_to_go<'a>(secrets: &'a [Listing], own: Option<&str>) -> Option<&'a Listing> {
    let is_own = |secret: &&Listing| own.is_some_and(|own| own.eq_ignore_ascii_case(&secret.key_id));
    let end = |secret: &&Listing| {
        let end = secret.end_date_time.as_deref().and_then(|end| end.parse::<Timestamp>().ok());
        end.unwrap_or(Timestamp::MAX)
    };
    secrets.iter().filter(|secret| !is_own(secret)).min_by_key(end)
}

/// A secret by its id, its name and its end.
fn described(secret: &Listing) -> String {
    let name = secret.display_name.as_deref().unwrap_or("without a name");
    let ends = secret.end_date_time.as_deref().map(|end| format!(", ends {end}")).unwrap_or_default();
    format!("{} ({name:?}{ends})", secret.key_id)
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::testing::request;

    use super::*;
    use crate::manifest::manifest;

    fn listing(id: &str, end: Option<&str>) -> Listing {
        Listing {
            key_id: id.to_owned(),
            display_name: Some(format!("name of {id}")),
            end_date_time: end.map(str::to_owned),
        }
    }

    fn app(audience: &str, count: usize) -> Application {
        let ends = ["2031-01-01T00:00:00Z", "2030-06-01T00:00:00.1234567Z", "2032-01-01T00:00:00Z"];
        let secrets = ["a", "b", "c"].iter().zip(ends).take(count);
        Application {
            id: String::new(),
            app_id: String::new(),
            display_name: None,
            sign_in_audience: Some(audience.to_owned()),
            password_credentials: secrets.map(|(id, end)| listing(id, Some(end))).collect(),
        }
    }

    fn holding(id: &str) -> Request {
        request(&manifest()).with_target(&[(SECRET_ID, id)])
    }

    fn text(finding: Option<Finding>) -> String {
        finding.map(String::from).unwrap_or_default()
    }

    #[test]
    fn n8_an_app_open_to_personal_accounts_is_full_with_two_secrets() {
        for audience in PERSONAL {
            let found = text(judge(&app(audience, 2), &holding("a")));
            let (first, fix) = found.split_once('\n').unwrap();
            assert!(first.starts_with("error application-full: "), "{found}");
            for part in ["a (\"name of a\", ends 2031-01-01T00:00:00Z)", "b (\"name of b\", ends 2030-06-01"]
            {
                assert!(first.contains(part), "{found}");
            }
            assert!(fix.starts_with("remove b (\"name of b\", ends 2030-06-01"), "{found}");
            assert_eq!(judge(&app(audience, 1), &holding("a")).map(String::from), None);
            assert!(text(judge(&app(audience, 3), &holding("a"))).starts_with("warning application-full: "));
        }
        for audience in ["AzureADMyOrg", "AzureADMultipleOrgs", ""] {
            assert_eq!(judge(&app(audience, 2), &holding("a")).map(String::from), None);
        }
    }

    #[test]
    fn n8_the_one_to_remove_is_never_the_records_own_and_ends_first() {
        let id = |secrets: &[Listing], own| first_to_go(secrets, own).map(|secret| secret.key_id.clone());
        let secrets = app("", 3).password_credentials;
        assert_eq!(id(&secrets, Some("A")).as_deref(), Some("b"));
        assert_eq!(id(&secrets, Some("b")).as_deref(), Some("a"));
        assert_eq!(id(&secrets, None).as_deref(), Some("b"));
        let odd =
            [listing("x", Some("never")), listing("y", None), listing("z", Some("2099-01-01T00:00:00Z"))];
        assert_eq!(id(&odd, None).as_deref(), Some("z"));
        assert_eq!(id(&secrets[..1], Some("a")), None);
    }

    #[test]
    fn n8_a_record_that_does_not_say_what_it_holds_is_told_so() {
        let refused = Failure::denied("application-full", "no room");
        let failure = full(refused.clone(), &app("", 2), &holding(" "));
        assert!(failure.message.starts_with("no room; remove b (") && failure.message.contains(SECRET_ID));
        assert_eq!(failure.code, "application-full");
        let failure = full(refused, &app("", 1), &holding("a"));
        assert!(failure.message.contains("must stay until there is another"), "{failure}");
    }
}
