//! Which questions are out, answered and stale. Stale answers are asked for again at most so often that reading takes
//! a small part of the time: a sweep that writes all day does not make the screen read all day.

use super::super::ask::{Ask, Freshness, Slot};
use std::collections::BTreeMap;
use std::time::Duration;

/// The least time between two answers to the same question, milliseconds.
const LEAST_MS: i64 = 500;
/// The time between two answers is at least so many times what the last one took.
const REST: i64 = 100;

#[derive(Debug)]
struct State {
    ask: Ask,
    version: i64,
    change: i64,
    /// None while it is out.
    answered_ms: Option<i64>,
    took_ms: i64,
}

/// The questions of this screen.
#[derive(Debug, Default)]
pub(super) struct Asking {
    states: BTreeMap<Slot, State>,
    version: i64,
    change: i64,
}

impl Asking {
    /// The store was written.
    pub(super) fn changed(&mut self, version: i64, change: i64) {
        (self.version, self.change) = (version, change);
    }

    /// Everything but files and ledgers is to be asked again.
    pub(super) fn stale(&mut self) {
        self.states.retain(|_, state| state.ask.freshness() == Freshness::Still);
    }

    /// Nothing that was answered counts any more.
    pub(super) fn forget(&mut self) {
        self.states.clear();
    }

    /// A question was answered.
    pub(super) fn answered(&mut self, ask: &Ask, took: Duration, now_ms: i64) {
        if let Some(state) = self.states.get_mut(&ask.slot())
            && state.ask == *ask
        {
            state.answered_ms = Some(now_ms);
            state.took_ms = took.as_millis() as i64;
        }
    }

    /// True if that question was asked and has no answer yet.
    pub(super) fn is_out(&self) -> bool {
        self.states.values().any(|state| state.answered_ms.is_none())
    }

    /// Those of the needs that are to be asked now, and when to look again.
    pub(super) fn due(&mut self, needs: Vec<Ask>, now_ms: i64) -> (Vec<Ask>, Option<i64>) {
        let slots: Vec<Slot> = needs.iter().map(Ask::slot).collect();
        self.states.retain(|slot, _| slots.contains(slot));
        let mut asks = Vec::new();
        let mut next: Option<i64> = None;
        for ask in needs {
            match self.states.get(&ask.slot()).filter(|state| state.ask == ask) {
                Some(state) if !self.is_stale(state) => continue,
                Some(state) => {
                    let Some(answered) = state.answered_ms else { continue };
                    let due = answered + LEAST_MS.max(REST * state.took_ms);
                    if now_ms < due {
                        next = Some(next.map_or(due, |next| next.min(due)));
                        continue;
                    }
                }
                None => {}
            }
            let (version, change) = (self.version, self.change);
            let state = State { ask: ask.clone(), version, change, answered_ms: None, took_ms: 0 };
            self.states.insert(ask.slot(), state);
            asks.push(ask);
        }
        (asks, next)
    }

    fn is_stale(&self, state: &State) -> bool {
        match state.ask.freshness() {
            Freshness::Points => state.version != self.version,
            Freshness::Runs => state.change != self.change,
            Freshness::Still => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_once_and_again_when_it_is_stale_and_rested() {
        let mut asking = Asking::default();
        let due = |asking: &mut Asking, now| {
            let (asks, next) = asking.due(vec![Ask::Catalog], now);
            (asks.len(), next)
        };
        assert_eq!(due(&mut asking, 0), (1, None));
        assert_eq!(due(&mut asking, 1), (0, None));
        assert!(asking.is_out());
        asking.answered(&Ask::Catalog, Duration::from_millis(100), 10);
        asking.changed(2, 0);
        assert_eq!(due(&mut asking, 20), (0, None), "points do not make the catalog stale");
        asking.changed(3, 1);
        assert_eq!(due(&mut asking, 20), (0, Some(10_010)));
        assert_eq!(due(&mut asking, 10_010), (1, None));
        asking.forget();
        assert_eq!(due(&mut asking, 10_011), (1, None));
    }
}
