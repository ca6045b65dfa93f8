//! The commands beside `exec`, and files that are no plugins.

use pamrun_tests::gateway::{Gateway, Run, guest, plugin};

#[track_caller]
fn run(arguments: &[&str]) -> Run {
    Gateway::new().command(arguments).run(Vec::new)
}

#[test]
fn inspect_shows_what_a_plugin_is_and_what_it_asks_for() {
    let run = run(&["plugin", "inspect", plugin("azure-app-secret").to_str().unwrap()]);
    assert_eq!(run.exit, Some(0), "{run}");
    for part in [
        "azure-app-secret",
        "sha256:",
        "overlap",
        "application_object_id",
        "expiry_days",
        "graph.microsoft.com",
        "/v1.0/applications/*/removePassword",
        "pamrun:plugin/rotation@0.1.0",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing\n{run}");
    }
}

#[test]
fn check_says_that_our_plugins_fit() {
    for file in [plugin("azure-app-secret"), guest("misbehaving")] {
        let run = run(&["plugin", "check", file.to_str().unwrap()]);
        assert_eq!(run.exit, Some(0), "{run}");
    }
}

#[test]
fn a_file_that_is_no_plugin_is_explained_to_its_author() {
    let gateway = Gateway::new();
    for (content, told) in [
        (&b"#!/bin/sh\n"[..], "script"),
        (b"", "empty"),
        (b"\0asm\x01\0\0\0", "pamrun:plugin/rotation"),
        (b"\x7fELF", "machine code"),
    ] {
        let file = gateway.write("wrong.wasm", content);
        for verb in ["inspect", "check"] {
            let run = gateway.command(&["plugin", verb]).argument(&file).run(Vec::new);
            assert_eq!(run.exit, Some(2), "{run}");
            assert!(run.stdout.is_empty() && run.stderr.contains(told), "{told} is not told\n{run}");
        }
    }
    let run = run(&["plugin", "check", "there-is-none.wasm"]);
    assert_eq!(run.exit, Some(2), "{run}");
    assert!(run.stderr.contains("there-is-none.wasm"), "{run}");
}

#[test]
fn a_mistake_in_the_usage_is_told_on_stderr_and_ends_with_2() {
    for arguments in [&[][..], &["exek"], &["exec"], &["exec", "--retire", "x.wasm"], &["plugin", "inspect"]]
    {
        let run = run(arguments);
        assert_eq!(run.exit, Some(2), "{arguments:?}\n{run}");
        assert!(!run.stderr.is_empty(), "{arguments:?}\n{run}");
    }
}

#[test]
fn help_goes_to_stdout_and_lists_only_what_is_built() {
    let help = run(&["--help"]);
    assert_eq!(help.exit, Some(0), "{help}");
    for verb in ["exec", "plugin", "params", "completions"] {
        assert!(help.stdout.contains(verb), "{verb} is missing\n{help}");
        assert_eq!(run(&[verb, "--help"]).exit, Some(0), "{verb}");
    }
    for verb in ["recover", "doctor", "new", "secrets"] {
        assert!(!help.stdout.contains(&format!("\n  {verb} ")), "{verb} is not built\n{help}");
    }
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let run = run(&["completions", shell]);
        assert_eq!(run.exit, Some(0), "{run}");
        assert!(run.stdout.contains("pamrun") && run.stdout.contains("dry-run"), "{run}");
    }
}
