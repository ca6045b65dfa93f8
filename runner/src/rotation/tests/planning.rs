use super::world::World;
use crate::rotation::*;

#[test]
fn a_rotation_without_failures_saves_the_new_credential_and_then_removes_what_the_plan_lists() {
    let world = World::new();
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert!(outcome.saved);
    assert_eq!(outcome.proof, Some("verified"));
    assert_eq!(outcome.removed, ["old", "older"]);
    assert!(outcome.retained.is_empty());
    let state = world.0.borrow();
    assert_eq!(
        state.calls,
        ["lock record", "get", "preflight", "lock target", "rotate", "verify", "save", "get", "commit"]
    );
    assert!(state.is_alive("strange"));
}
