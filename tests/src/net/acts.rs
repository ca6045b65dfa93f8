//! Acts: what else happens when a server gets its nth request.

use std::sync::{Arc, Mutex, MutexGuard};

use super::{Answer, Received, Site};

/// When an act is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request has arrived, and nothing came of it yet.
    Arrived,
    /// What it asks for is done or refused, and the answer has not left yet.
    Answering,
}

/// What else happens at which request, counted from 1 and from the server's start. Its clones are the
/// same one.
#[derive(Clone, Default)]
pub struct Acts(Arc<Mutex<Plan>>);

type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Plan {
    arrived: usize,
    acts: Vec<(usize, Moment, Act)>,
    refused: Option<usize>,
}

impl Acts {
    /// Does something at the `nth` request, which waits for it. Other requests do not.
    pub fn at(&self, nth: usize, moment: Moment, act: impl FnOnce() + Send + 'static) {
        self.plan().acts.push((nth, moment, Box::new(act)));
    }

    /// Refuses the connection on which the `nth` request would come. Connections last for one request
    /// until then.
    pub fn refuse(&self, nth: usize) {
        self.plan().refused = Some(nth);
    }

    /// How many requests have arrived so far.
    pub fn arrived(&self) -> usize {
        self.plan().arrived
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap()
    }

    async fn act(&self, nth: usize, moment: Moment) {
        let due: Vec<_> =
            self.plan().acts.extract_if(.., |(at, when, _)| (*at, *when) == (nth, moment)).collect();
        for (_, _, act) in due {
            tokio::task::spawn_blocking(act).await.unwrap();
        }
    }
}

/// A site at whose requests something else happens.
pub(crate) struct Acting<S> {
    /// The site itself.
    pub site: S,
    /// What else happens.
    pub acts: Acts,
}

impl<S: Site> Site for Acting<S> {
    async fn answer(&self, request: Received) -> Answer {
        let nth = {
            let mut plan = self.acts.plan();
            plan.arrived += 1;
            plan.arrived
        };
        self.acts.act(nth, Moment::Arrived).await;
        let answer = self.site.answer(request).await;
        self.acts.act(nth, Moment::Answering).await;
        if self.acts.plan().refused.is_some() { answer.with("connection", "close") } else { answer }
    }

    fn accepts(&self) -> bool {
        let mut plan = self.acts.plan();
        let next = plan.arrived + 1;
        plan.refused.take_if(|refused| *refused == next).is_none() && self.site.accepts()
    }
}
