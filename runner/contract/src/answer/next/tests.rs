//! Pages that end, and pages that do not.

use proptest::prelude::*;

use super::*;

const CURRENT: &str = "https://graph.example:8443/v1.0/apps/1?$top=2";
const LITERAL: &str = "https://graph.example:8443/v1.0/";

fn next(toml: &str) -> Result<Next, String> {
    #[derive(Deserialize)]
    struct File {
        n: Next,
    }
    toml::from_str::<File>(&format!("n = {toml}")).map(|file| file.n).map_err(|error| error.to_string())
}

#[test]
fn every_way_to_the_next_page_is_read() {
    assert!(matches!(next("'/@odata.nextLink'").unwrap(), Next::Address(_)));
    assert!(matches!(next("'header:Link'").unwrap(), Next::Address(_)));
    assert!(matches!(
        next("{ at = 'xml:R/Marker', form = 'Marker' }").unwrap(),
        Next::Token { part: Part::Form(_), .. }
    ));
    assert!(matches!(
        next("{ at = '/n', query = 'page' }").unwrap(),
        Next::Token { part: Part::Query(_), .. }
    ));
    let Next::Token { part, .. } = next("{ at = '/n', json = '/variables/a~1b' }").unwrap() else { panic!() };
    assert_eq!(part, Part::Json(vec!["variables".into(), "a/b".into()]));
    assert_eq!(next("{ number = 'page' }").unwrap(), Next::Number("page".into()));
}

#[test]
fn what_leads_nowhere_is_refused_with_a_mend() {
    for (toml, part) in [
        ("'next'", "`/pointer`"),
        ("'/a/*'", "not one value"),
        ("'status'", "not one value"),
        ("{ at = '/n' }", "say where the value goes"),
        ("{ at = '/n', query = 'a', form = 'b' }", "say where the value goes"),
        ("{ query = 'a' }", "write one of them"),
        ("{ at = '/n', number = 'a' }", "write one of them"),
        ("{ at = '/n', json = '/a//b' }", "empty key"),
        ("{ at = '/n', body = 'a' }", "unknown field `body`"),
        ("5", "or a table"),
    ] {
        let error = next(toml).unwrap_err();
        assert!(error.contains(part), "{toml}: {error}");
    }
}

#[test]
fn an_address_is_followed_where_the_request_itself_goes() {
    for (given, url) in [
        (
            "https://graph.example:8443/v1.0/apps/1?$skiptoken=x",
            "https://graph.example:8443/v1.0/apps/1?$skiptoken=x",
        ),
        ("?page=2", "https://graph.example:8443/v1.0/apps/1?page=2"),
        ("/v1.0/apps/2", "https://graph.example:8443/v1.0/apps/2"),
        ("HTTPS://GRAPH.example:8443/v1.0/x#f", "https://graph.example:8443/v1.0/x"),
        (
            "https://graph.example:8443/v1.0/a%2Fb?q=%2e%2e%2f",
            "https://graph.example:8443/v1.0/a%2Fb?q=%2e%2e%2f",
        ),
    ] {
        assert_eq!(next_url(CURRENT, LITERAL, given).as_deref(), Ok(url), "{given}");
    }
}

#[test]
fn an_address_that_leads_elsewhere_is_not_followed() {
    for given in [
        "https://evil.example:8443/v1.0/apps",
        "http://graph.example:8443/v1.0/apps",
        "https://graph.example/v1.0/apps",
        "https://graph.example:8444/v1.0/apps",
        "//evil.example/v1.0/apps",
        "https://graph.example:8443/beta/apps",
        "https://graph.example:8443/v1.0/../beta/apps",
        "https://graph.example:8443/v1.0/%2e%2E/beta/apps",
        "https://graph.example:8443/v1.0/..%2fbeta",
        "https://graph.example:8443/v1.0/x%2f..%2f..%2fbeta",
        "https://graph.example:8443/v1.0/%252e%252e/beta",
        "https://graph.example:8443/v1.0/..%5cbeta",
        "https://user@graph.example:8443/v1.0/apps",
        "https://:p@graph.example:8443/v1.0/apps",
        "https://graph.example:8443.evil.example/v1.0/",
        "javascript:alert(1)",
        "file:///v1.0/",
    ] {
        assert!(next_url(CURRENT, LITERAL, given).is_err(), "{given}");
    }
    for given in [
        "https://graph.example:8443\\@evil.example/v1.0/",
        "/v1.0/a\r\nHost: x",
        "https://[",
        &format!("/v1.0/{}", "x".repeat(9000)),
    ] {
        assert_eq!(next_url(CURRENT, LITERAL, given), Err(PageError::Malformed), "{given:.50}");
    }
}

/// The examples of RFC 8288, and those of GitHub and GitLab.
#[test]
fn the_next_link_is_found_among_others() {
    for (header, address) in [
        (r#"<https://h/a?page=2>; rel="next", <https://h/a?page=9>; rel="last""#, Some("https://h/a?page=2")),
        (r#"<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel=next"#, Some("https://h/a?page=3")),
        (r#"</a,b?x=1;2>; title="a, <b>; rel=\"no\""; REL="start NEXT""#, Some("/a,b?x=1;2")),
        (r#"<https://h/a>; rel="nextish""#, None),
        (r#"<https://h/a>; title="next""#, None),
        ("<https://h/a", None),
        ("", None),
    ] {
        assert_eq!(link_next(header).as_deref(), address, "{header}");
    }
}

proptest! {
    #[test]
    fn no_address_leads_away_from_the_literal_beginning(given in "(https://graph.example:8443)?[/.%2eEfF5cCv10ab?#@:\\\\]{0,30}") {
        if let Ok(url) = next_url(CURRENT, LITERAL, &given) {
            prop_assert!(url.starts_with(LITERAL), "{}", url);
        }
    }

    #[test]
    fn no_header_makes_reading_a_link_panic(header in "[<>;,\"=a relnxt]{0,40}") {
        let _ = link_next(&header);
    }
}
