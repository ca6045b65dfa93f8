//! Whether an app has room for another secret, and which one to remove where it has not.

use std::time::SystemTime;

use pamrun_plugin::{Finding, Listed, Request, time};

use crate::app::SECRET_ID;
use crate::requests::App;

/// Whom an app may let in besides work and school accounts.
pub const PERSONAL: [&str; 2] = ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];

/// So many secrets an app has that lets personal accounts in.
const MOST: usize = 2;

/// Says so where the app can hold no further secret, as far as its kind shows. One that has more than such
/// apps may have shows that the limit does not always hold.
pub fn judge(app: &App, request: &Request) -> Option<Finding> {
    let audience = app.audience.as_deref().filter(|audience| PERSONAL.contains(audience))?;
    let secrets = &app.items;
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

/// What to do so that there is room.
pub fn remedy(secrets: &[Listed], request: &Request) -> String {
    let own = request.input("target.current").map(str::trim).filter(|id| !id.is_empty());
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
fn first_to_go<'a>(secrets: &'a [Listed], own: Option<&str>) -> Option<&'a Listed> {
    let is_own = |secret: &&Listed| own.is_some_and(|own| own.eq_ignore_ascii_case(&secret.id));
    // One that says no end goes last.
    let end = |secret: &&Listed| -> (bool, Option<SystemTime>) {
        let end = secret.expires.as_deref().and_then(time);
        (end.is_none(), end)
    };
    secrets.iter().filter(|secret| !is_own(secret)).min_by_key(end)
}

/// A secret by its id, its name and its end.
fn described(secret: &Listed) -> String {
    let name = secret.label.as_deref().unwrap_or("without a name");
    let ends = secret.expires.as_deref().map(|end| format!(", ends {end}")).unwrap_or_default();
    format!("{} ({name:?}{ends})", secret.id)
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::FindingLevel;
    use pamrun_plugin::testing::request;

    use super::*;
    use crate::requests::settings::defaults;

    fn listing(id: &str, end: Option<&str>) -> Listed {
        Listed {
            id: id.to_owned(),
            label: Some(format!("name of {id}")),
            expires: end.map(str::to_owned),
            ..Listed::default()
        }
    }

    fn app(audience: &str, count: usize) -> App {
        let ends = ["2031-01-01T00:00:00Z", "2030-06-01T00:00:00.1234567Z", "2032-01-01T00:00:00Z"];
        let secrets = ["a", "b", "c"].iter().zip(ends).take(count);
        App {
            audience: Some(audience.to_owned()),
            items: secrets.map(|(id, end)| listing(id, Some(end))).collect(),
            ..App::default()
        }
    }

    fn holding(id: &str) -> Request {
        request(defaults()).with_input("target.current", id)
    }

    #[test]
    fn n8_an_app_open_to_personal_accounts_is_full_with_two_secrets() {
        for audience in PERSONAL {
            let found = judge(&app(audience, 2), &holding("a")).unwrap();
            assert_eq!((found.level, found.code.as_str()), (FindingLevel::Error, "application-full"));
            for part in ["a (\"name of a\", ends 2031-01-01T00:00:00Z)", "b (\"name of b\", ends 2030-06-01"]
            {
                assert!(found.message.contains(part), "{found:?}");
            }
            let fix = found.fix.unwrap();
            assert!(fix.starts_with("remove b (\"name of b\", ends 2030-06-01"), "{fix}");
            assert_eq!(judge(&app(audience, 1), &holding("a")), None);
            assert_eq!(judge(&app(audience, 3), &holding("a")).unwrap().level, FindingLevel::Warning);
        }
        for audience in ["AzureADMyOrg", "AzureADMultipleOrgs", ""] {
            assert_eq!(judge(&app(audience, 2), &holding("a")), None);
        }
    }

    #[test]
    fn n8_the_one_to_remove_is_never_the_records_own_and_ends_first() {
        let id = |secrets: &[Listed], own| first_to_go(secrets, own).map(|secret| secret.id.clone());
        let secrets = app("", 3).items;
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
        let fix = remedy(&app("", 2).items, &holding(" "));
        assert!(fix.starts_with("remove b (") && fix.contains(SECRET_ID), "{fix}");
        let fix = remedy(&app("", 1).items, &holding("a"));
        assert!(fix.contains("must stay until there is another"), "{fix}");
    }
}
