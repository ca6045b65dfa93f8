//! The account against a model that keeps the whole history, and asks it by definition.

use proptest::prelude::*;

use super::*;

const IDS: [&str; 4] = ["a", "b", "c", "d"];
const LISTS: [&str; 2] = ["list", "other-list"];
const SENT: [(&str, Effect); 6] = [
    ("create", Effect::Creates),
    ("create-own", Effect::Creates),
    ("update", Effect::Updates),
    ("deliver", Effect::Delivers),
    ("disable", Effect::Disables),
    ("delete", Effect::Deletes),
];

#[derive(Debug, Clone)]
enum Event {
    Try,
    Listing { preflight: bool, request: usize, shown: Vec<(usize, bool)> },
    Effect { which: usize, id: usize, came: usize },
}

fn event() -> impl Strategy<Value = Event> {
    let shown = proptest::collection::btree_map(0..IDS.len(), any::<bool>(), 0..4);
    prop_oneof![
        1 => Just(Event::Try),
        5 => (proptest::bool::weighted(0.2), 0..LISTS.len(), shown).prop_map(|(preflight, request, shown)| {
            Event::Listing { preflight, request, shown: shown.into_iter().collect() }
        }),
        5 => (0..SENT.len(), 0..IDS.len(), 0..4_usize).prop_map(|(which, id, came)| Event::Effect { which, id, came }),
    ]
}

/// An effect in the history: where it stands, what it was, and what came of it.
#[derive(Debug, Clone)]
struct Past {
    at: usize,
    which: usize,
    id: usize,
    came: Came,
    of_try: usize,
}

/// When it was, of which request, and which ids it showed, disabled or not.
type Listing = (usize, usize, Vec<(usize, bool)>);

/// The history, in which nothing is forgotten.
#[derive(Default)]
struct History {
    listings: Vec<Listing>,
    known: Vec<usize>,
    effects: Vec<Past>,
    tries: usize,
    now: usize,
}

impl History {
    fn last_sighting(&self, id: usize, before: usize) -> Option<(usize, usize)> {
        let shows = self
            .listings
            .iter()
            .rev()
            .find(|(at, _, shown)| *at <= before && shown.iter().any(|(other, _)| *other == id));
        shows.map(|(at, request, _)| (*at, *request))
    }

    fn is_gone(&self, id: usize) -> bool {
        self.last_sighting(id, self.now).is_some_and(|(seen, request)| {
            self.listings.iter().filter(|(at, of, _)| *at > seen && *of == request).count() >= 2
        })
    }

    fn is_own(which: usize) -> bool {
        SENT[which].0 == "create-own"
    }

    fn state(&self, past: &Past) -> State {
        match past.came {
            Came::NotWritten | Came::Rejection => return State::NotDone,
            Came::Success(_) => return State::Done,
            Came::Unclear => {}
        }
        let effect = SENT[past.which].1;
        let repeated = self.effects.iter().filter(|later| later.at > past.at && later.which == past.which);
        let is_settled = repeated.clone().any(|later| {
            matches!(later.came, Came::Success(_))
                && match effect {
                    Effect::Updates | Effect::Delivers => true,
                    Effect::Creates => Self::is_own(past.which) && later.id == past.id,
                    _ => later.id == past.id,
                }
        });
        if is_settled || (effect.retires() && self.is_shown(past, effect)) {
            State::Done
        } else {
            State::Open
        }
    }

    /// Whether two listings in a row after an effect, of the request that shows its credential, show it done.
    fn is_shown(&self, past: &Past, effect: Effect) -> bool {
        let mut in_a_row = 0;
        for (at, request, shown) in self.listings.iter().filter(|(at, ..)| *at > past.at) {
            let Some((seen, of)) = self.last_sighting(past.id, *at) else { continue };
            if of != *request {
                continue;
            }
            let is_there = seen == *at;
            let is_disabled = shown.iter().any(|(id, disabled)| *id == past.id && *disabled);
            // One that was disabled when it was seen last, and is missing now, is disabled all the more.
            let done = !is_there || (effect == Effect::Disables && is_disabled);
            in_a_row = if done { in_a_row + 1 } else { 0 };
            if in_a_row >= 2 {
                return true;
            }
        }
        false
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_account_says_what_its_history_says(events in proptest::collection::vec(event(), 0..30)) {
        let mut account = Account::new();
        let mut history = History::default();
        let mut tickets = Vec::new();
        for (now, event) in events.into_iter().enumerate() {
            history.now = now;
            match event {
                Event::Try => {
                    account.begin_try();
                    history.tries += 1;
                }
                Event::Listing { preflight, request, shown } => {
                    let rows: Vec<Shown<'_>> =
                        shown.iter().map(|(id, disabled)| Shown { id: IDS[*id], is_disabled: *disabled }).collect();
                    if preflight {
                        account.known(LISTS[request], &rows);
                        history.known.extend(shown.iter().map(|(id, _)| *id));
                    } else {
                        account.listed(LISTS[request], &rows);
                    }
                    history.listings.push((now, request, shown));
                }
                Event::Effect { which, id, came } => {
                    let (request, effect) = SENT[which];
                    let is_own = History::is_own(which);
                    let came = [Came::NotWritten, Came::Success(Some(IDS[id].to_owned())), Came::Rejection, Came::Unclear][came].clone();
                    let credential = effect.retires().then_some(IDS[id]);
                    let may_be_sent = effect != Effect::Creates || history.effects.iter().all(|past| {
                        let state = history.state(past);
                        past.which != which || past.of_try != history.tries || state == State::NotDone
                            || (is_own && state == State::Open && past.id == id)
                    });
                    let ticket = account.send(request, effect, credential, is_own.then_some(IDS[id]));
                    prop_assert_eq!(ticket.is_ok(), may_be_sent);
                    let Ok(ticket) = ticket else { continue };
                    let result = account.came(ticket, came.clone());
                    let past = Past { at: now, which, id, came, of_try: history.tries };
                    if effect == Effect::Creates && matches!(past.came, Came::Success(_)) {
                        prop_assert_eq!(result == Err(Contradiction::NotNew), history.known.contains(&id));
                    } else {
                        prop_assert_eq!(result, Ok(()));
                    }
                    history.effects.push(past.clone());
                    tickets.push((ticket, past));
                }
            }
            for (ticket, past) in &tickets {
                prop_assert_eq!(account.state(*ticket), Some(history.state(past)), "{:?}", past);
            }
            for (index, id) in IDS.iter().enumerate() {
                prop_assert_eq!(account.is_gone(id), history.is_gone(index), "{}", id);
                prop_assert_eq!(account.is_known(id), history.known.contains(&index));
            }
            prop_assert_eq!(account.is_open(), history.effects.iter().any(|past| history.state(past) == State::Open));
            // What is said to be made was made in this try, and is never one that was there before.
            if let Some(made) = account.made() {
                let is_made = history.effects.iter().any(|past| {
                    SENT[past.which].1 == Effect::Creates && past.of_try == history.tries
                        && past.came == Came::Success(Some(made.to_owned()))
                });
                prop_assert!(is_made);
            }
        }
    }
}

#[test]
fn verified_counts_with_a_proof_of_this_verify_alone() {
    let mut account = Account::new();
    assert!(!account.is_verified(true));
    account.proves();
    assert!(account.is_verified(true) && !account.is_verified(false));
    account.begin_verify();
    assert!(!account.is_verified(true));
}

#[test]
fn two_creates_of_one_try_make_one_credential() {
    let mut account = Account::new();
    let first = account.send("create", Effect::Creates, None, None).unwrap();
    account.came(first, Came::Success(Some("k1".to_owned()))).unwrap();
    let second = account.send("generate", Effect::Creates, None, None).unwrap();
    assert_eq!(account.came(second, Came::Success(Some("k2".to_owned()))), Err(Contradiction::TwoIds));
    assert_eq!(account.made(), Some("k1"));
    assert_eq!(account.send("create", Effect::Creates, None, None), Err(Denied::Twice));
    account.begin_try();
    assert!(account.send("create", Effect::Creates, None, None).is_ok());
}

#[test]
fn what_was_not_written_changed_nothing() {
    let mut account = Account::new();
    let sent = account.send("create", Effect::Creates, None, None).unwrap();
    assert!(account.is_open() && account.may_have_created());
    account.came(sent, Came::NotWritten).unwrap();
    assert!(!account.is_open() && !account.may_have_changed() && !account.may_have_created());
}

#[test]
fn a_proof_settles_what_was_to_set_or_hand_on_that_very_value() {
    for effect in [Effect::Updates, Effect::Delivers] {
        let mut account = Account::new();
        let lost = account.send("put", effect, None, None).unwrap();
        account.came(lost, Came::Unclear).unwrap();
        let again = account.send("put", effect, None, None).unwrap();
        account.came(again, Came::Rejection).unwrap();
        assert!(account.is_open());
        account.proves();
        assert_eq!(account.state(lost), Some(State::Done));
        assert_eq!(account.state(again), Some(State::NotDone), "what was refused stays that");
        assert!(!account.is_open() && account.may_have_changed());
    }
}

#[test]
fn a_proof_of_one_place_settles_nothing_at_several_and_no_create() {
    let mut account = Account::new();
    for request in ["put-here", "put-there"] {
        let lost = account.send(request, Effect::Delivers, None, None).unwrap();
        account.came(lost, Came::Unclear).unwrap();
    }
    account.proves();
    assert!(account.is_open());
    let mut account = Account::new();
    for effect in [Effect::Creates, Effect::Deletes] {
        let lost = account.send("one", effect, Some("k"), None).unwrap();
        account.came(lost, Came::Unclear).unwrap();
    }
    account.proves();
    assert!(account.is_open());
}
