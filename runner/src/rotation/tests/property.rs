//! The guarantee under arbitrary schedules of failures.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::account::Account;
use super::consumers::Consumers;
use super::faults::{DeliverFault, Ending, Foreign, GetFault, RotateFault, SaveFault, StepFault};
use super::process::When;
use super::promises;
use super::world::{State, World};

fn ending() -> impl Strategy<Value = Ending> {
    use Ending::*;
    prop::sample::select(vec![
        Denied,
        Conflict,
        Unavailable,
        Busy,
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
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(ending, lands, lag, takes, twice, in_hand, is_possible)| {
            let lands = lands.filter(|_| ending.is_some());
            let twice = twice && ending.is_some();
            RotateFault { ending, lands, lag, takes, twice, in_hand, is_possible }
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
        1 => ending().prop_map(StepFault::SeenThen),
    ]
}

fn delivery() -> impl Strategy<Value = DeliverFault> {
    prop_oneof![
        3 => Just(DeliverFault::None),
        1 => Just(DeliverFault::AnswerLost),
        1 => Just(DeliverFault::Unproven),
        3 => ending().prop_map(DeliverFault::Ends),
    ]
}

fn save() -> impl Strategy<Value = SaveFault> {
    prop_oneof![
        3 => Just(SaveFault::None),
        1 => Just(SaveFault::Refused),
        1 => Just(SaveFault::Unreachable),
        1 => (1..90_u64).prop_map(SaveFault::Throttled),
        2 => Just(SaveFault::AnswerLost),
        2 => Just(SaveFault::RequestLost),
        2 => (1..90_u64).prop_map(SaveFault::Late),
    ]
}

fn get() -> impl Strategy<Value = GetFault> {
    prop_oneof![
        6 => Just(GetFault::None),
        2 => Just(GetFault::Unreadable),
        1 => (1..90_u64).prop_map(GetFault::Throttled),
        1 => Just(GetFault::Stale),
        1 => Just(GetFault::Missing),
    ]
}

/// What happens to one process, and how long nobody runs after it.
#[derive(Debug, Clone)]
struct Fate {
    faults: Faults,
    dies_at: Option<usize>,
    interrupted_at: Option<usize>,
    recovers: bool,
    downtime: u64,
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

/// What fails in one run.
#[derive(Debug, Clone)]
struct Faults {
    rotate: Vec<RotateFault>,
    verify: Vec<StepFault>,
    commit: Vec<StepFault>,
    rollback: Vec<StepFault>,
    deliveries: Vec<DeliverFault>,
    saves: Vec<SaveFault>,
    gets: Vec<GetFault>,
    foreign: Vec<(usize, Foreign)>,
    full_at: BTreeSet<usize>,
}

impl Faults {
    fn none() -> Self {
        let (rotate, verify, commit, rollback, deliveries) = Default::default();
        let (saves, gets, foreign, full_at) = Default::default();
        Self { rotate, verify, commit, rollback, deliveries, saves, gets, foreign, full_at }
    }

    /// Lets the next run meet these, and none that an earlier one left over.
    fn befall(self, state: &mut State) {
        state.rotate = self.rotate.into();
        state.verify = self.verify.into();
        (state.commit, state.rollback) = (self.commit.into(), self.rollback.into());
        state.consumers.faults = self.deliveries.into();
        state.saves = self.saves.into();
        state.gets = self.gets.into();
        let calls = state.vault_calls;
        state.foreign = self.foreign.into_iter().map(|(at, foreign)| (calls + at, foreign)).collect();
        let appends = state.appends;
        state.full_at = self.full_at.into_iter().map(|at| appends + at).collect();
    }
}

prop_compose! {
    fn faults()(
        rotate in vec(rotate(), 0..4),
        verify in vec(verify(), 0..2),
        commit in vec(removal(), 0..3),
        rollback in vec(removal(), 0..6),
        deliveries in vec(delivery(), 0..8),
        saves in vec(save(), 0..8),
        gets in vec(get(), 0..10),
        foreign in vec(foreign(), 0..3),
        full_at in btree_set(0..12_usize, 0..2),
    ) -> Faults {
        Faults { rotate, verify, commit, rollback, deliveries, saves, gets, foreign, full_at }
    }
}

prop_compose! {
    fn world()(
        mut faults in faults(),
        timeout in prop_oneof![31..200_u64, Just(600)],
        patience in 0..100_u64,
        lists_foreign: bool,
        consumers in 0..3_usize,
    ) -> World {
        // The first read is of no interest when it fails.
        faults.gets.insert(0, GetFault::None);
        World::with(|state| {
            faults.befall(state);
            state.limits.timeout = Duration::from_secs(timeout);
            state.limits.outage_patience = Duration::from_secs(patience);
            state.consumers.list = Consumers::holding(consumers, "old-secret");
            if lists_foreign {
                state.listed.push(state.key("foreign").expect("it is there").listed());
            }
        })
    }
}

prop_compose! {
    fn fate()(
        faults in prop_oneof![1 => Just(Faults::none()), 2 => faults()],
        dies_at in prop::option::weighted(0.7, 0..40_usize),
        interrupted_at in prop::option::weighted(0.2, 0..40_usize),
        recovers in prop::bool::weighted(0.3),
        downtime in prop_oneof![0..100_u64, Just(3600)],
    ) -> Fate {
        Fate { faults, dies_at, interrupted_at, recovers, downtime }
    }
}

/// What happens to a process that replaces a password.
#[derive(Debug, Clone)]
struct Change {
    fate: Fate,
    /// Whether it runs on another gateway, which has a journal of its own.
    is_elsewhere: bool,
    proposes: bool,
    /// Whether the gateway writes what it proposes at once.
    is_written: bool,
}

fn change() -> impl Strategy<Value = Change> {
    (fate(), vec(verify_password(), 0..4), foreign_to_passwords(), any::<[bool; 3]>()).prop_map(
        |(mut fate, verify, foreign, [is_elsewhere, proposes, is_written])| {
            fate.faults.verify = verify;
            fate.faults.foreign = foreign;
            fate.faults.rotate.iter_mut().for_each(|fault| fault.twice = false);
            Change { fate, is_elsewhere, proposes, is_written }
        },
    )
}

fn verify_password() -> impl Strategy<Value = StepFault> {
    prop_oneof![4 => Just(StepFault::None), 1 => Just(StepFault::Ends(Ending::Wrong)), 2 => verify()]
}

fn foreign_to_passwords() -> impl Strategy<Value = Vec<(usize, Foreign)>> {
    use Foreign::*;
    let deeds = vec![Note, Repoint, Gateway, SetsPassword, Mistypes];
    vec((0..8_usize, prop::sample::select(deeds)), 0..3)
}

impl Change {
    /// Lets the gateway propose something new, as far as it does.
    fn propose(&self, state: &mut State, round: usize) {
        let account = &mut state.account;
        account.replaced =
            account.proposed.clone().or(Some(state.versions[state.versions.len() - 1].password.clone()));
        account.proposed = self.proposes.then(|| format!("Proposed-{round}"));
        if self.is_elsewhere {
            std::mem::swap(&mut state.here, &mut state.elsewhere);
        }
        if self.proposes && self.is_written {
            let proposed = state.account.proposed.clone();
            state.edit(|version| version.password = proposed.unwrap_or_default());
        }
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
        world.0.borrow_mut().consumers.list.clear();
        let first = world.0.borrow().version().record(true);
        world.0.borrow_mut().params.push(first);
        world.run_without_vault();
    }

    #[test]
    fn the_guarantee_holds_wherever_processes_are_killed(
        fates in vec(fate(), 1..5),
        consumers in 0..3_usize,
    ) {
        let world = World::with(|state| {
            state.lists = State::everything_of_the_record;
            state.consumers.list = Consumers::holding(consumers, "old-secret");
        });
        for fate in fates {
            let mut state = world.0.borrow_mut();
            fate.faults.befall(&mut state);
            state.moments.dies = fate.dies_at.map(When::At);
            state.moments.interrupted = fate.interrupted_at.map(When::At);
            drop(state);
            if fate.recovers { drop(world.recover()) } else { drop(world.live(|_| {}, true)) }
            world.wait(Duration::from_secs(fate.downtime));
        }
        // Nothing fails any more, and nobody needs what was made and not saved.
        let after = Faults { foreign: vec![(0, Foreign::Note)], ..Faults::none() };
        after.befall(&mut world.0.borrow_mut());
        world.wait(Duration::from_mins(2));
        world.recover();
        let last = world.live(|_| {}, true).expect("it was not to die");
        promises::check_end(&world, &last.outcome);
    }

    #[test]
    fn the_record_knows_what_works_wherever_processes_are_killed(
        changes in vec(change(), 1..5),
        consumers in 0..3_usize,
    ) {
        let world = World::with(|state| {
            state.account = Account { is_rotated: true, accepts: "first".into(), ..Account::default() };
            state.versions[0].password = "first".into();
            state.consumers.list = Consumers::holding(consumers, "first");
        });
        for (round, change) in changes.into_iter().enumerate() {
            let mut state = world.0.borrow_mut();
            change.propose(&mut state, round);
            change.fate.faults.befall(&mut state);
            state.moments.dies = change.fate.dies_at.map(When::At);
            state.moments.interrupted = change.fate.interrupted_at.map(When::At);
            if change.fate.recovers {
                state.account.proposed = None;
            }
            drop(state);
            if change.fate.recovers { drop(world.recover()) } else { drop(world.live(|_| {}, true)) }
            world.wait(Duration::from_secs(change.fate.downtime));
        }
        Faults::none().befall(&mut world.0.borrow_mut());
        world.wait(Duration::from_hours(1));
        world.0.borrow_mut().account.proposed = None;
        world.0.borrow_mut().put_the_target_right();
        let last = world.live(|_| {}, true).expect("it was not to die");
        promises::check_account_end(&world, &last.outcome);
    }
}
