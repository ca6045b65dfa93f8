//! Any bytes as the answer to every request of manifests of ours: judged in words, without a panic, and no success
//! that lacks what must be there.

#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use pamrun_contract::answer::{Answer, Known, Seeing, Takes, Verdict};
use pamrun_contract::check::check_source;
use pamrun_contract::given::Nothing;

static TAKES: LazyLock<Vec<Takes>> = LazyLock::new(|| {
    let sources = [
        include_str!("../../../../plugins/azure-app-secret/plugin.toml"),
        include_str!("../../../../plugins/azure-devops-variable-group/plugin.toml"),
        include_str!("../../../../tests/cases/contract/aws-iam-access-key/plugin.toml"),
    ];
    let of = |source: &str| {
        let manifest = check_source(source).expect("a manifest of ours").0;
        manifest
            .requests
            .iter()
            .map(|(name, request)| manifest.whole(name, request).takes())
            .collect::<Vec<_>>()
    };
    sources.into_iter().flat_map(of).collect()
});

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let known = Known::default();
    let seeing = Seeing { given: &Nothing, known: &known, now: Timestamp::UNIX_EPOCH };
    for takes in &*TAKES {
        let verdict = takes.judge(&Answer::new(status, Vec::new(), body.to_vec()), &seeing);
        if let Verdict::Success(taken) = verdict {
            assert!((200..300).contains(&status), "{status} is no success");
            assert!(takes.id.is_none() || taken.id.is_some(), "a success without its id");
        }
    }
});
