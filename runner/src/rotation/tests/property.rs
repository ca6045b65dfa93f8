//! The guarantee under arbitrary schedules of failures.

use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::faults::{Ending, Foreign, GetFault, RotateFault, SaveFault, StepFault};
use super::world::World;

fn ending() -> impl Strategy<Value = Ending> {
    use Ending::*;
    prop::sample::select(vec![
        Denied,
        Conflict,
        Unavailable,
        Lost,
        Other,
        Trap,
        Limit,
        Contract,
        Refused,
        Internal,
    ])
}

/// A failed call of rotate. A plugin may promise that nothing changed and be wrong; what lands
/// late shows up within the settle window.
fn rotate() -> impl Strategy<Value = RotateFault> {
    (
        prop::option::weighted(0.7, ending()),
        prop::option::of(0..40_u64),
        0..19_u64,
        0..200_u64,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(ending, lands, lag, takes, twice)| {
            let lands = lands.filter(|_| ending.is_some());
            RotateFault { ending, lands, lag, takes, twice: twice && ending.is_some() }
        })
}

fn verify() -> impl Strategy<Value = StepFault> {
    prop_oneof![
        6 => Just(StepFault::None),
        1 => Just(StepFault::Unproven),
        2 => ending().prop_map(StepFault::Ends),
    ]
}

fn removal() -> impl Strategy<Value = StepFault> {
    prop_oneof![
        3 => Just(StepFault::None),
        1 => Just(StepFault::RemovalUnclear),
        1 => Just(StepFault::RemovalRefused),
        1 => Just(StepFault::Misses),
        3 => ending().prop_map(StepFault::Ends),
        1 => ending().prop_map(StepFault::OneThen),
    ]
}

fn save() -> impl Strategy<Value = SaveFault> {
    prop_oneof![
        3 => Just(SaveFault::None),
        1 => Just(SaveFault::Refused),
        2 => Just(SaveFault::AnswerLost),
        2 => Just(SaveFault::RequestLost),
        2 => (1..90_u64).prop_map(SaveFault::Late),
    ]
}

fn get() -> impl Strategy<Value = GetFault> {
    prop_oneof![
        6 => Just(GetFault::None),
        2 => Just(GetFault::Unreadable),
        1 => Just(GetFault::Stale),
        1 => Just(GetFault::Missing),
    ]
}

fn foreign() -> impl Strategy<Value = (usize, Foreign)> {
    use Foreign::*;
    (
        0..6_usize,
        prop::sample::select(vec![
            Note,
            Needs("OLDER"),
            Needs("new-1"),
            Repoint,
            Rotates,
            RotatesFromTheStart,
        ]),
    )
}

prop_compose! {
    fn world()(
        rotate in vec(rotate(), 0..4),
        verify in vec(verify(), 0..2),
        removals in (vec(removal(), 0..3), vec(removal(), 0..6)),
        saves in vec(save(), 0..8),
        gets in vec(get(), 0..10),
        foreign in vec(foreign(), 0..3),
        full_at in btree_set(0..12_usize, 0..2),
        timeout in prop_oneof![31..200_u64, Just(600)],
        lists_foreign: bool,
    ) -> World {
        World::with(|state| {
            // The first read is of no interest when it fails.
            state.gets = std::iter::once(GetFault::None).chain(gets).collect();
            state.rotate = rotate.into();
            state.verify = verify.into();
            (state.commit, state.rollback) = (removals.0.into(), removals.1.into());
            state.saves = saves.into();
            state.foreign = foreign;
            state.full_at = full_at;
            state.limits.timeout = Duration::from_secs(timeout);
            if lists_foreign {
                state.listed.push(state.key("foreign").expect("it is there").listed());
            }
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_guarantee_holds_under_any_schedule_of_failures(world in world()) {
        world.run();
    }

    #[test]
    fn the_guarantee_holds_without_a_vault_too(world in world()) {
        world.0.borrow_mut().foreign.clear();
        let first = world.0.borrow().version().record(true);
        world.0.borrow_mut().params.push(first);
        world.run_without_vault();
    }
}
