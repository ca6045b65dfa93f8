//! What is wrong before anything runs: manifests that would let a plugin do what it should not, and
//! components that would do without one.

use std::fmt::Write;
use std::path::PathBuf;

use pamrun_tests::gateway::{guest, plugin};

use crate::bench::{Bench, why};

/// Changes to the guest's manifest, each with the reason why nobody may write it.
const REFUSED: [(&str, &str, &str); 20] = [
    (
        "an author's own token",
        "[common.keys]\nauth = { bearer = \"{target.key}\" }",
        "[common.keys]\nauth = { bearer = \"author-s-own\" }",
    ),
    (
        "an author's own token in its header",
        "[common.keys]\nauth = { bearer = \"{target.key}\" }",
        "[common.keys]\nheaders = { Authorization = \"Bearer author-s-own\" }",
    ),
    (
        "an author's own token in another header, and nothing else",
        "[common.keys]\nauth = { bearer = \"{target.key}\" }",
        "[common.keys]\nheaders = { X-Api-Key = \"author-s-own\" }",
    ),
    ("a success that is an error", "success = [\"204\"]", "success = [\"204\", \"4xx\"]"),
    ("a success that is a redirect", "success = [\"204\"]", "success = [\"2xx\", \"3xx\"]"),
    ("a success that is a refusal", "success = [\"204\"]", "success = [\"204\"]\nrejects = [\"2xx\"]"),
    ("an outage that is a refusal", "success = [\"204\"]", "success = [\"204\"]\nrejects = [\"5xx\"]"),
    (
        "a secret as an output",
        "secrets = { key = \"/key\" }\n\n[requests.create-too]",
        "secrets = { key = \"/key\" }\noutputs = { shown = \"/key\" }\n\n[requests.create-too]",
    ),
    (
        "a secret in a field that is none",
        "label = \"note\"\n",
        "label = \"note\"\nvalue = \"{create.key}\"\n",
    ),
    ("a secret in a query", "https://{setting.host}/echo", "https://{setting.host}/echo?key={target.key}"),
    ("a secret in a path", "https://{setting.host}/echo", "https://{setting.host}/echo/{target.key}"),
    (
        "a secret that a service would keep",
        "json = { keyId = \"{key}\" }",
        "json = { keyId = \"{key}\", note = \"{target.key}\" }",
    ),
    ("no TLS", "https://{setting.host}/echo", "http://{setting.host}/echo"),
    ("a host that an answer chooses", "https://{setting.host}/echo", "https://{account.id}/echo"),
    (
        "another method in a header",
        "label = \"/name\" }\n",
        "label = \"/name\" }\nheaders = { X-HTTP-Method-Override = \"DELETE\" }\n",
    ),
    (
        "a read that deletes",
        "method = \"GET\"\ncommon = \"keys\"\nurl = \"https://{setting.host}/redirect\"",
        "method = \"DELETE\"\ncommon = \"keys\"\nurl = \"https://{setting.host}/redirect\"",
    ),
    (
        "a deletion of what the plugin likes",
        "params = { key = \"credential\" }\nsuccess",
        "params = { key = { one_of = [\"k1\", \"k2\"] } }\nsuccess",
    ),
    (
        "a deletion that looks like a creation",
        "/keys/remove\"\njson = { keyId = \"{key}\" }",
        "/keys\"\njson = { name = \"{key}\" }",
    ),
    (
        "keys that nobody could tell from others'",
        "json = { name = \"{marker}\" }\nid = \"/keyId\"\nsecrets = { key = \"/key\" }\n\n[requests.create-too]\neffect = \"creates\"\ncommon = \"keys\"\nurl = \"https://{setting.host}/accounts/{account.id}/more-keys\"\njson = { name = \"{marker}\" }",
        "json = { name = \"a key\" }\nid = \"/keyId\"\nsecrets = { key = \"/key\" }\n\n[requests.create-too]\neffect = \"creates\"\ncommon = \"keys\"\nurl = \"https://{setting.host}/accounts/{account.id}/more-keys\"\njson = { name = \"a key\" }",
    ),
    ("a setting that the plugin sets", "label = \"note\"", "label = \"step\""),
];

#[test]
fn what_a_manifest_must_not_say_is_refused_with_its_line_and_what_to_write_instead() {
    let bench = Bench::new();
    let packed = bench.gateway.path("refused.wasm");
    let mut told = String::new();
    for (what, text, instead) in REFUSED {
        let manifest = bench.manifest(text, instead);
        let pack = bench.pack(&guest("misbehaving"), &manifest, &packed);
        let check = bench.gateway.command(&["plugin", "check"]).argument(&manifest).run(Vec::new);
        assert_eq!(
            (pack.exit, check.exit, packed.exists()),
            (Some(2), Some(2), false),
            "{what}\n{pack}\n{check}"
        );
        assert_eq!(pack.stderr, check.stderr, "{what}");
        let folder = bench.gateway.path("").display().to_string();
        writeln!(told, "{what}\n  {}", pack.stderr.lines().next().unwrap().replace(&folder, "")).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    an author's own token
      error: plugin.toml:44: common.keys.auth: `auth` has no credential that is taken from a record or an answer; refer to one, as in `{ bearer = "{admin.token}" }`
    an author's own token in its header
      error: plugin.toml:44: common.keys.headers.Authorization: `Authorization` has no credential that is taken from a record or an answer; refer to one, as in `"Token {admin.token}"`
    an author's own token in another header, and nothing else
      error: plugin.toml:70: requests.create: no secret of a record or of an answer authorizes this request, which creates; add `auth`, `sign` or a header with a secret of an input or of an answer
    a success that is an error
      error: plugin.toml:129: requests.remove.success.1: `4xx` is no success of an effect; only 2xx says that something was done
    a success that is a redirect
      error: plugin.toml:129: requests.remove.success.1: `3xx` is no success of an effect; only 2xx says that something was done
    a success that is a refusal
      error: plugin.toml:130: requests.remove.rejects.0: `2xx` may have been done; a 2xx rejects an effect only with what is not there, as in `2xx !/data/id`
    an outage that is a refusal
      error: plugin.toml:130: requests.remove.rejects.0: `5xx` may come from a gateway while the effect is done; leave it out, and it is uncertain
    a secret as an output
      error: plugin.toml:77: requests.create.outputs.shown: `/key` is, or is around or within, the secret `key` (`/key`), which a plugin never sees; take something else, or refer to the secret where it is needed
    a secret in a field that is none
      error: plugin.toml:142: returns.2.value: `{create.key}` is a secret, and the field is of type text; use `type = "secret"`
    a secret in a query
      error: plugin.toml:98: requests.echo.url: {target.key} is a secret, and stands in a query; send it in `auth`, a header or the body: URLs and keys stand in logs everywhere
    a secret in a path
      error: plugin.toml:98: requests.echo.url: {target.key} is a secret, and stands in a path; send it in `auth`, a header or the body: URLs and keys stand in logs everywhere
    a secret that a service would keep
      error: plugin.toml:127: requests.remove.json.note: {target.key} is a secret of a record, and stands in the body of a request that deletes; send it in `auth`, `sign` or a header; only a request that updates carries one in its body
    no TLS
      error: plugin.toml:98: requests.echo.url: the URL is not https; write `https://HOST/…`, `https://{setting.KEY}/…` of a host or an enum, or `{setting.KEY}/…` of a url
    a host that an answer chooses
      error: plugin.toml:98: requests.echo.url: the host is said by what is no setting; hosts of answers are not in contract 1.0; write `https://HOST/…`, `https://{setting.KEY}/…` of a host or an enum, or `{setting.KEY}/…` of a url
    another method in a header
      error: plugin.toml:69: requests.keys.headers.X-HTTP-Method-Override: `X-HTTP-Method-Override`: the header says another method than the request's; declare that method with `method = "…"`
    a read that deletes
      error: plugin.toml:118: requests.redirect.method: a request that reads is never DELETE; declare the effect that it has, or use GET or POST
    a deletion of what the plugin likes
      error: plugin.toml:123: requests.remove: a request that deletes names no credential; add `params = { key = "credential" }`, and `{key}` where it belongs
    a deletion that looks like a creation
      error: plugin.toml:70: requests.create: this could become the same request as `remove`, which deletes; let one of method, path, query pair, form pair, JSON member or a header of `dispatch` be in both and never be the same: write it literally, or give what stands in it a `pattern`
    keys that nobody could tell from others'
      error: plugin.toml:70: requests.create: nothing that is created carries `{marker}`, so a stray could not be told from a stranger's; write `{marker}` into the name that the service keeps, make its id of `{proposed}`, or say `names = false` at the top
    a setting that the plugin sets
      error: plugin.toml:141: returns.2.label: `step` is a name of the setting `step`, which the record would then set; choose another label
    "#);
}

#[test]
fn what_a_manifest_may_say_is_shown_to_whoever_reads_it() {
    let bench = Bench::new();
    let inspect = |plugin: PathBuf| {
        let run = bench.gateway.command(&["plugin", "inspect"]).argument(plugin).run(Vec::new);
        assert_eq!(run.exit, Some(0), "{run}");
        run.stdout
    };
    // A token of the author's beside one of the record's: no secret, and there to be read.
    let literal = "label = \"/name\" }\nheaders = { X-Api-Key = \"author-s-own\" }\n";
    let shown = inspect(bench.repacked("label = \"/name\" }\n", literal));
    assert!(shown.contains("X-Api-Key") && shown.contains("author-s-own"), "{shown}");
    // A read that may be anything: what it does is declared and not proven.
    let before = inspect(guest("misbehaving"));
    let shown = inspect(bench.repacked("effect = \"deletes\"", "effect = \"reads\""));
    let unproven = |text: &str| text.matches("declared to change nothing, not proven: it is a POST").count();
    assert_eq!(unproven(&shown), unproven(&before) + 1, "{shown}");
}

/// A component that has all the steps, and imports this besides.
fn importing(import: &str) -> Vec<u8> {
    let steps = ["preflight", "rotate", "verify", "commit", "rollback"];
    let exports = steps.map(|step| format!(r#"(export "{step}" (func $f))"#)).concat();
    let text = format!(
        r#"(component
             (import "{import}" (instance (export "handle" (func))))
             (core module $m (func (export "f"))) (core instance $c (instantiate $m))
             (func $f (canon lift (core func $c "f")))
             (instance $i {exports}) (export "pamrun:plugin/rotation@1.0.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn a_component_that_would_send_http_itself_is_neither_packed_nor_run() {
    let bench = Bench::new();
    for (import, code, reason) in [
        ("wasi:http/outgoing-handler@0.2.6", "http-imported", "no plugin sends HTTP itself"),
        ("wasi:keyvalue/store@0.2.0", "import-not-granted", "which pamrun does not give"),
    ] {
        let file = bench.gateway.write("own.wasm", importing(import));
        let packed = bench.gateway.path("packed.wasm");
        let run = bench.pack(&file, &bench.manifest("type = \"host\"", "type = \"host\""), &packed);
        assert_eq!((run.exit, packed.exists()), (Some(2), false), "{run}");
        assert!(run.stderr.contains(&format!("`{import}`")) && run.stderr.contains(reason), "{run}");

        // Somebody who packs it by hand gets no further.
        let forged = bench.gateway.write("forged.wasm", with_a_manifest(&importing(import)));
        let check = ["plugin", "check", "--format", "json"];
        let run = bench.gateway.command(&check).argument(&forged).run(Vec::new);
        assert_eq!((run.exit, &run.outcome["problems"][0]["code"]), (Some(2), &code.into()), "{run}");
        let run = bench.run(bench.exec_of(&forged, "none"));
        bench.expect_stopped(&run, "invalid", 2, "plugin-unfit");
        assert!(why(&run).contains(import), "{run}");
        assert!(bench.service.requests().is_empty(), "{run}");
    }
}

/// A component, behind the section of the guest's manifest.
fn with_a_manifest(component: &[u8]) -> Vec<u8> {
    // Both begin with the same eight bytes, and in the guest the section comes next: its kind, its length.
    let guest = std::fs::read(guest("misbehaving")).unwrap();
    let size = guest[9..].iter().take_while(|byte| *byte & 0x80 != 0).count() + 1;
    let digits = guest[9..][..size].iter().rev();
    let length = digits.fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
    [&guest[..9 + size + length], &component[8..]].concat()
}

#[test]
fn a_file_without_a_manifest_is_not_run() {
    let bench = Bench::new();
    let file = bench.gateway.write("bare.wasm", importing("wasi:io/poll@0.2.6"));
    let run = bench.run(bench.exec_of(&file, "none"));
    run.ends("invalid", 2).with_code("not-packed");
    assert!(run.outcome["error"].to_string().contains("pamrun plugin pack"), "{run}");
    // Nor is a plugin whose manifest stands there twice.
    let twice = std::fs::read(plugin("azure-app-secret")).unwrap();
    let twice = bench.gateway.write("twice.wasm", with_a_manifest(&twice));
    let run = bench.run(bench.exec_of(&twice, "none"));
    run.ends("invalid", 2).with_code("manifest-doubled");
}
