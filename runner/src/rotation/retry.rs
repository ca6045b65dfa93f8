//! When it is worth trying again: pauses that grow, and one patience with whoever does not answer.

use std::time::Duration;

/// The longest pause of our own.
const LONGEST: Duration = Duration::from_secs(15);

/// A service or a vault does not answer, or not now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outage {
    /// How long it asked to wait.
    pub asked: Option<Duration>,
}

/// Why something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There was no answer.
    Outage(Outage),
    /// There was one, and not yet the one that is waited for.
    NotYet,
}

/// The tries of one step. Whatever does not answer is waited for until it was silent for as long as the
/// patience; pauses that it asked for do not count.
#[derive(Debug)]
pub struct Retry {
    patience: Duration,
    /// When the last answer came, moved on by the pauses that were asked for since.
    heard: Duration,
    next: Duration,
}

impl Retry {
    /// Begins now, on a clock that never goes back.
    #[must_use]
    pub fn new(patience: Duration, now: Duration) -> Self {
        Self { patience, heard: now, next: Duration::from_secs(1) }
    }

    /// How long to pause before the next try: 1, 2, 4, 8, then 15 seconds, or as long as was asked for.
    /// Nothing once patience has run out.
    pub fn pause(&mut self, trouble: Trouble, now: Duration) -> Option<Duration> {
        let own = self.next.min(LONGEST);
        self.next = own * 2;
        let outage = match trouble {
            Trouble::NotYet => {
                self.heard = now;
                return Some(own);
            }
            Trouble::Outage(outage) => outage,
        };
        if let Some(asked) = outage.asked.filter(|asked| !asked.is_zero()) {
            let pause = asked.max(own);
            self.heard = self.heard.saturating_add(pause);
            return Some(pause);
        }
        let left = self.heard.saturating_add(self.patience).saturating_sub(now);
        (!left.is_zero()).then(|| own.min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Trouble = Trouble::Outage(Outage { asked: None });

    fn asked(seconds: u64) -> Trouble {
        Trouble::Outage(Outage { asked: Some(at(seconds)) })
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// When each try is made, and how long it was until there were no more.
    fn tries(troubles: impl IntoIterator<Item = Trouble>) -> (Vec<u64>, bool) {
        let (mut retry, mut now) = (Retry::new(at(60), at(0)), at(0));
        let mut tries = vec![0];
        for trouble in troubles {
            let Some(pause) = retry.pause(trouble, now) else { return (tries, true) };
            now += pause;
            tries.push(now.as_secs());
        }
        (tries, false)
    }

    #[test]
    fn pauses_grow_and_the_last_try_is_made_when_patience_ends() {
        assert_eq!(tries([SILENT; 9]), (vec![0, 1, 3, 7, 15, 30, 45, 60], true));
    }

    #[test]
    fn an_answer_in_between_lets_it_begin_anew() {
        let (tries, ended) = tries([[SILENT; 5].as_slice(), &[Trouble::NotYet], &[SILENT; 9]].concat());
        assert_eq!((tries.last(), ended), (Some(&(30 + 60)), true));
    }

    #[test]
    fn a_pause_that_was_asked_for_does_not_count() {
        let (tries, ended) = tries([[asked(100); 5].as_slice(), &[SILENT; 9]].concat());
        assert_eq!((tries.last(), ended), (Some(&(500 + 60)), true));
    }

    #[test]
    fn who_asks_for_less_than_our_own_pause_is_not_asked_more_often_for_it() {
        assert_eq!(tries([asked(3); 6]), (vec![0, 3, 6, 10, 18, 33, 48], false));
        assert_eq!(tries([asked(0); 9]), tries([SILENT; 9]));
    }

    #[test]
    fn without_patience_nothing_is_tried_again_but_what_was_answered() {
        let mut retry = Retry::new(Duration::ZERO, at(5));
        assert_eq!(retry.pause(SILENT, at(5)), None);
        assert_eq!(retry.pause(Trouble::NotYet, at(5)), Some(at(2)));
        assert_eq!(retry.pause(asked(u64::MAX), at(5)), Some(at(u64::MAX)));
        assert_eq!(retry.pause(asked(u64::MAX), at(5)), Some(at(u64::MAX)));
    }
}
