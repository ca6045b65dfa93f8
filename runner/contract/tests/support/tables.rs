//! The tables of the reference of manifests, in the order in which somebody reads them.

use serde_json::{Value as Json, json};

/// A table of the reference: what the schema calls it, its heading, and what is said of it by hand.
pub(super) struct Table {
    /// Its definition in the schema; none for the manifest itself.
    pub(super) definition: Option<&'static str>,
    pub(super) heading: &'static str,
    pub(super) words: &'static str,
    /// Where it stands in a manifest, and the least that it may be; one of these has to take an example.
    pub(super) at: &'static str,
    pub(super) least: fn() -> Vec<Json>,
}

/// All of them.
pub(super) fn tables() -> Vec<Table> {
    let table = |definition, heading, words, at, least| Table { definition, heading, words, at, least };
    let empty: fn() -> Vec<Json> = || vec![json!({})];
    let key_pair: fn() -> Vec<Json> =
        || vec![json!({ "key_id": "{admin.k}", "secret": "{admin.s}", "service": "s", "region": "r" })];
    vec![
        table(None, "At the top", "", "", || vec![skeleton()]),
        table(
            Some("Group"),
            "`[inputs.GROUP]`",
            "References to it are `{GROUP.KEY}`. All values of a group are of one record. Besides, the plugin is told which: \
             `GROUP.record` and `GROUP.role`.",
            "/inputs/g",
            || vec![json!({}), json!({ "key": "label" })],
        ),
        table(
            Some("Alternative"),
            "One of `one_of`",
            "An alternative is complete when each of its fields that is not optional has a value.",
            "/inputs/g/one_of/0",
            || vec![json!({ "role": "attached", "token": "t" })],
        ),
        table(Some("FieldTable"), "A field", "A text is the label alone.", "/inputs/g/key", || {
            vec![json!({ "field": "label" })]
        }),
        table(
            Some("Setting"),
            "`[settings.KEY]`",
            "References to it are `{setting.KEY}`. [settings.md](settings.md) says where its value comes from.",
            "/settings/s",
            || vec![json!({ "type": "text" })],
        ),
        table(Some("Common"), "`[common.NAME]`", "", "/common/c", empty),
        table(
            Some("Request"),
            "`[requests.NAME]`",
            "One request has one body at most: `form`, `json` or `xml`. Names of pairs and members are unique across the \
             query, the form and the top of JSON, without case.",
            "/requests/r",
            || vec![json!({ "effect": "reads", "url": "https://a.example/" })],
        ),
        table(Some("Auth"), "`auth`", "A table with one of these.", "/common/c/auth", || vec![Json::Null]),
        table(Some("Signer"), "`sign`", "", "/common/c/sign", || vec![Json::Null]),
        table(Some("AwsSigV4"), "`aws-sigv4`", "", "/common/c/sign/aws-sigv4", key_pair),
        table(
            Some("OneOf"),
            "A parameter",
            "`credential`, the id of a credential; `time`, RFC 3339; `int`, a whole number; `answer`, which `pending` alone \
             gives; or a table:",
            "/requests/r/params/p",
            empty,
        ),
        table(
            Some("OutputTable"),
            "An output",
            "A text is its place alone: an `id` that must be there.",
            "/requests/r/outputs/o",
            || {
                vec![
                    json!({ "at": "/a" }),
                    json!({ "at": "/a/*", "type": "list" }),
                    json!({ "at": "/a", "type": "list" }),
                ]
            },
        ),
        table(
            Some("KeptTable"),
            "One of `secrets`",
            "A text is its place alone.",
            "/requests/r/secrets/s",
            || vec![json!({ "at": "/a" })],
        ),
        table(Some("Lists"), "`lists`", "Either `each` or `ids`.", "/requests/r/lists", || {
            vec![json!({}), json!({ "each": "/a" })]
        }),
        table(
            Some("NextTable"),
            "`next`",
            "A text is the place of the next page's address: `/@odata.nextLink`, or `header:Link` for the one of \
             `rel=\"next\"`. It is followed at the same scheme, host and port, below what the URL says literally of the path.",
            "/requests/r/outputs/o/next",
            || vec![json!({}), json!({ "at": "/a" }), json!({ "query": "q" })],
        ),
        table(
            Some("Pending"),
            "`pending`",
            "While an answer is of this kind, the effect is open; the one that ends it is the request's answer.",
            "/requests/r/pending",
            || vec![json!({ "status": "202", "request": "r" })],
        ),
        table(Some("Compute"), "`[compute.NAME]`", "A table with one of these.", "/compute/c", || {
            vec![Json::Null]
        }),
        table(Some("Jwt"), "`jwt`", "", "/compute/c/jwt", || {
            vec![json!({ "alg": "RS256", "key": "{admin.k}" })]
        }),
        table(Some("SealedBox"), "`sealed-box`", "", "/compute/c/sealed-box", || {
            vec![json!({ "key": "{a.b}", "text": "{a.c}" })]
        }),
        table(Some("Certificate"), "`x509-self-signed`", "", "/compute/c/x509-self-signed", || {
            vec![json!({ "key": "{proposed}", "subject": "CN=a", "days": "1" })]
        }),
        table(
            Some("Returned"),
            "`[[returns]]`",
            "In `overlap` one of them has the new credential's id as its value: by it a restart knows whose value the record \
             holds.",
            "/returns/0",
            || vec![json!({ "label": "l" })],
        ),
    ]
}

/// The least manifest.
pub(super) fn skeleton() -> Json {
    json!({
        "name": "a", "version": "1.0.0", "description": "A.", "strategy": "overlap", "target": "a",
        "inputs": { "g": {} }, "settings": {}, "common": { "c": {} }, "compute": {},
        "requests": { "r": { "effect": "reads", "url": "https://a.example/", "params": {}, "outputs": { "o": { "at": "/a/*", "type": "list" } } } },
        "returns": [{ "label": "l" }],
    })
}
