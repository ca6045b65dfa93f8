//! The test suite that AWS publishes, and requests as botocore signs them.

use super::*;
use crate::sign::Signer;

const TIME: &str = "2015-08-30T12:36:00Z";

fn signer(service: &str, token: Option<&str>) -> AwsSigV4<Value> {
    AwsSigV4 {
        key_id: Value::text("AKIDEXAMPLE"),
        secret: Value::text("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").secret(),
        session_token: token.map(|token| Value::text(token).secret()),
        service: Value::text(service),
        region: Value::text("us-east-1"),
    }
}

fn added(signer: AwsSigV4<Value>, request: &Unsigned<'_>) -> BTreeMap<&'static str, Value> {
    Signer::AwsSigV4(signer).sign(request, TIME.parse().unwrap()).unwrap().into_iter().collect()
}

/// The names that are signed and the signature.
fn signature(signer: AwsSigV4<Value>, request: &Unsigned<'_>) -> (String, String) {
    let authorization = added(signer, request)["Authorization"].to_text().unwrap().to_string();
    let (_, rest) = authorization.split_once("SignedHeaders=").unwrap();
    let (names, signature) = rest.split_once(", Signature=").unwrap();
    (names.to_owned(), signature.to_owned())
}

fn plain<'a>(method: &'a str, path: &'a str, query: &'a str) -> Unsigned<'a> {
    Unsigned { method, host: "example.amazonaws.com", path, query, headers: &[], body: b"" }
}

const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[test]
fn the_published_paths_and_queries_are_signed_as_published() {
    let unreserved_path = format!("/{UNRESERVED}");
    let unreserved_query = format!("{UNRESERVED}={UNRESERVED}");
    for (name, request, expected) in [
        (
            "get-vanilla",
            plain("GET", "/", ""),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-relative",
            plain("GET", "/example/..", ""),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-slashes",
            plain("GET", "//example//", ""),
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ),
        (
            "get-unreserved",
            plain("GET", &unreserved_path, ""),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        // The suite has these two before they are encoded for sending, and so with one encoding less.
        (
            "get-utf8",
            plain("GET", "/\u{1234}", ""),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        ),
        (
            "get-space",
            plain("GET", "/example space/", ""),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
        ),
        (
            "query-order",
            plain("GET", "/", "Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "empty-query-key",
            plain("GET", "/", "Param1=value1"),
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        ),
        (
            "query-unreserved",
            plain("GET", "/", &unreserved_query),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
        (
            "utf8-query",
            plain("GET", "/", "%E1%88%B4=bar"),
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        ),
        (
            "post-vanilla",
            plain("POST", "/", ""),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "post-vanilla-query",
            plain("POST", "/", "Param1=value1"),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
        ),
    ] {
        assert_eq!(
            signature(signer("service", None), &request),
            ("host;x-amz-date".into(), expected.into()),
            "{name}"
        );
    }
}

/// Method, headers, body, the names that are signed, signature.
type Published =
    (&'static str, &'static [(&'static str, &'static str)], &'static [u8], &'static str, &'static str);

#[test]
fn the_published_headers_and_bodies_are_signed_as_published() {
    let published: [Published; 6] = [
        (
            "GET",
            &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            b"",
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "GET",
            &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            b"",
            "host;my-header1;x-amz-date",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ),
        (
            "GET",
            &[
                ("My-Header1", "value4"),
                ("My-Header1", "value1"),
                ("My-Header1", "value3"),
                ("My-Header1", "value2"),
            ],
            b"",
            "host;my-header1;x-amz-date",
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        ),
        (
            "POST",
            &[("MY-HEADER1", "value1")],
            b"",
            "host;my-header1;x-amz-date",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        (
            "POST",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            b"Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "POST",
            &[("Content-Type", "application/x-www-form-urlencoded; charset=utf8")],
            b"Param1=value1",
            "content-type;host;x-amz-date",
            "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
        ),
    ];
    for (method, headers, body, names, expected) in published {
        let request = Unsigned { headers, body, ..plain(method, "/", "") };
        assert_eq!(
            signature(signer("service", None), &request),
            (names.into(), expected.into()),
            "{headers:?}"
        );
    }
}

#[test]
fn a_session_token_is_signed_and_sent_as_a_secret() {
    let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
    let request = plain("POST", "/", "");
    let (names, signature) = signature(signer("service", Some(token)), &request);
    assert_eq!(names, "host;x-amz-date;x-amz-security-token");
    assert_eq!(signature, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
    let headers = added(signer("service", Some(token)), &request);
    assert!(headers["X-Amz-Security-Token"].is_secret());
    assert_eq!(*headers["X-Amz-Date"].to_text().unwrap(), "20150830T123600Z");
    assert_eq!(added(signer("service", Some("")), &request).len(), 2);
}

/// The second and the third are of the documents of IAM; botocore 1.44 signs all of them so.
#[test]
fn requests_are_signed_as_botocore_signs_them() {
    let form = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")];
    let iam = |method, query, body: &'static [u8]| Unsigned {
        method,
        host: "iam.amazonaws.com",
        path: "/",
        query,
        headers: &form,
        body,
    };
    let secret = Unsigned {
        method: "POST",
        host: "secretsmanager.us-east-1.amazonaws.com",
        path: "/",
        query: "",
        headers: &[("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "secretsmanager.PutSecretValue")],
        body: br#"{"SecretId":"app/x","ClientRequestToken":"11111111-2222-3333-4444-555555555555","SecretString":"v2"}"#,
    };
    let encoded = Unsigned { host: "localhost:8443", ..plain("GET", "/a%20b/x%2Fy", "b=2%202&a=%2B&a=%25") };
    let s3 = Unsigned { host: "examplebucket.s3.amazonaws.com", ..plain("GET", "/a%20b/x", "prefix=J") };
    for (service, request, expected) in [
        (
            "iam",
            iam("POST", "", &b"Action=CreateAccessKey&Version=2010-05-08&UserName=u1"[..]),
            "0c101f8d8367e3de382d4bbcad1bd30384d1034536449d11cafc10475f972292",
        ),
        (
            "iam",
            iam("GET", "Action=ListUsers&Version=2010-05-08", &b""[..]),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
        ("secretsmanager", secret, "0f52fb8f719548776cba35ee5266b28667d59a4b80f1a38660203d1073dca22f"),
        ("execute-api", encoded, "0d8efbbba03aa1add31956706ec5f9d2a08e6d4fa50e3438dddf20517aceb092"),
        ("s3", s3, "be001ca58e95bc4b49f2272c87de5973560ca3daeebc7b028f5c76daed1a998b"),
    ] {
        assert_eq!(signature(signer(service, None), &request).1, expected, "{service}");
    }
}

#[test]
fn what_is_changed_on_the_way_is_not_signed() {
    let headers = [("User-Agent", "x"), ("Authorization", "y"), ("Content-Length", "0"), ("Accept", "z")];
    let request = Unsigned { headers: &headers, ..plain("GET", "/", "") };
    assert_eq!(signature(signer("service", None), &request).0, "accept;host;x-amz-date");
}

#[test]
fn what_cannot_be_signed_says_why_without_values() {
    let broken: [fn(&mut AwsSigV4<Value>); 4] = [
        |signer| signer.secret = Value::text("").secret(),
        |signer| signer.key_id = Value::text("AKID/EXAMPLE"),
        |signer| signer.region = Value::json(serde_json::json!(["hunter2"])),
        |signer| signer.service = Value::text("a\nb"),
    ];
    for (part, change) in ["secret", "key_id", "region", "service"].into_iter().zip(broken) {
        let mut signer = signer("service", None);
        change(&mut signer);
        let error = Signer::AwsSigV4(signer)
            .sign(&plain("GET", "/", ""), TIME.parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains(part) && !error.contains("hunter2") && !error.contains("AKID"), "{error}");
    }
}
