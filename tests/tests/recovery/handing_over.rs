//! `--vault none`: a credential that was, or may have been, printed is never undone.

use pamrun_tests::azure::Azure;
use pamrun_tests::gateway::{Exec, Run};

use super::cast::{expect_listed, recover, states};

fn exec(azure: &Azure) -> Exec<'_> {
    azure.fill_vault();
    azure.exec_without_vault().flag("--vault", "none").reveal()
}

/// A run whose stdout took nothing.
fn lost(azure: &Azure) -> Run {
    let run = azure.run(exec(azure).started_by("exec \"$@\" >/dev/full"));
    assert_eq!(run.exit, Some(5), "{run}");
    run
}

#[test]
fn what_was_printed_is_closed() {
    let azure = Azure::new();
    azure.run(exec(&azure)).ends("rotated", 0);
    expect_listed(&azure, &[]);
}

#[test]
fn what_may_not_have_been_printed_stays_open_and_is_named() {
    let azure = Azure::new();
    lost(&azure);
    let made = azure.cloud.keys_of(&azure.target).pop().unwrap();
    expect_listed(&azure, &["open"]);
    let run = azure.run(recover(&azure, &["--all"]).input(azure.params().line()));
    assert_eq!(states(&run), (vec!["open".to_owned()], Some(5)), "{run}");
    assert!(run.outcome["rotations"][0]["error"]["hint"].as_str().unwrap().contains(&made), "{run}");
    assert_eq!(azure.cloud.keys_of(&azure.target).len(), 2, "{run}");
}

#[test]
fn the_next_run_names_it_and_does_not_undo_it() {
    let azure = Azure::new();
    lost(&azure);
    let made = azure.cloud.keys_of(&azure.target).pop().unwrap();
    let run = azure.run(exec(&azure));
    run.ends("rotated", 0);
    assert!(run.list("warnings").join("\n").contains(&made), "{run}");
    assert_eq!(azure.cloud.keys_of(&azure.target).len(), 3, "{run}");
}
