//! Who is next: the sampler's history, the points to try first, and equal configurations.
//!
//! In a `reproducible` sweep with lag `L`, trial `i` is asked once trials `0 ..= i − L` have ended, they are
//! told in the order of their numbers, and the `L − 1` between are pending: what is asked depends on
//! results alone, not on the order in which workers finished.

use crate::domain::{Digest, Params};
use crate::sampler::{Sampler, Told};
use crate::space::{Point, Size, Space};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Proposals in a row that were tried before, after which a sweep ends.
const MAX_REPEATS: u64 = 100;

/// Whether a trial is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    /// It is at work, or must run again.
    Open,
    /// It ended with this score; none for one that failed.
    Over(Option<Score>),
}

/// The result of a trial: the mean over its replicates, turned so that smaller is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Score {
    pub(super) loss: f64,
    /// Spread over replicates.
    pub(super) sd: Option<f64>,
}

/// A trial that was asked for.
#[derive(Debug, Clone)]
struct Asked {
    point: Point,
    same_as: Option<u64>,
    end: End,
}

/// A trial as the store remembers it.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) point: Point,
    pub(super) same_as: Option<u64>,
    /// Whether it is over.
    pub(super) end: End,
    /// Its place in the order of tells.
    pub(super) tell_seq: Option<u64>,
}

/// A new trial, to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) number: u64,
    pub(super) point: Point,
    pub(super) params: Params,
    pub(super) config: Digest,
    pub(super) pending: Vec<u64>,
    /// The equal earlier trial; such a proposal is recorded and not executed.
    pub(super) same_as: Option<u64>,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// This trial.
    Trial(Box<Proposal>),
    /// Nothing before a running trial ends.
    Wait,
    /// Nothing ever: so many different configurations were tried, and the space has no more.
    Complete(u64),
    /// Nothing ever: so many proposals in a row were known.
    Repeating(u64),
}

/// Asks the sampler in the right order with the right history.
pub(super) struct Asker {
    sampler: Box<dyn Sampler>,
    space: Arc<Space>,
    points: Vec<Point>,
    lag: Option<u64>,
    asked: Vec<Asked>,
    seen: BTreeMap<Digest, u64>,
    /// Trials that wait for the end of an equal one.
    waiting: BTreeMap<u64, Vec<u64>>,
    /// Numbers below this are told, in a reproducible sweep.
    told_below: u64,
    untold: BTreeSet<u64>,
    /// Tells that the store does not know yet, in order.
    new_tells: Vec<u64>,
    /// How many tells the store knew when the sweep went on; a reproducible sweep repeats them.
    known_tells: u64,
    repeats: u64,
}

impl Asker {
    /// An asker without history. `points` are tried first; `lag` makes it reproducible.
    pub(super) fn new(
        sampler: Box<dyn Sampler>,
        space: Arc<Space>,
        points: Vec<Point>,
        lag: Option<u64>,
    ) -> Self {
        Self {
            sampler,
            space,
            points,
            lag,
            asked: Vec::new(),
            seen: BTreeMap::new(),
            waiting: BTreeMap::new(),
            told_below: 0,
            untold: BTreeSet::new(),
            new_tells: Vec::new(),
            known_tells: 0,
            repeats: 0,
        }
    }

    /// Puts the record back: all trials in the order of their numbers. The sampler is told what it was
    /// told before, in the same order, and then what ended before a crash and was not told.
    pub(super) fn restore(&mut self, record: Vec<Remembered>) {
        let mut tells: Vec<(u64, u64)> = Vec::new();
        for (number, trial) in (0..).zip(record) {
            tells.extend(trial.tell_seq.map(|seq| (seq, number)));
            if let (End::Open, Some(original)) = (trial.end, trial.same_as) {
                self.waiting.entry(original).or_default().push(number);
            }
            self.push(number, Asked { point: trial.point, same_as: trial.same_as, end: trial.end });
        }
        self.known_tells = tells.len() as u64;
        if self.lag.is_none() {
            tells.sort_unstable();
            for (_, number) in tells {
                self.tell(number);
            }
            self.new_tells.clear();
            let is_over = |number: &u64| self.asked[*number as usize].end != End::Open;
            let ended: Vec<u64> = self.untold.iter().copied().filter(is_over).collect();
            for number in ended {
                self.tell(number);
            }
        }
    }

    /// The tells since the last call, in order: the store keeps them.
    pub(super) fn take_tells(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.new_tells)
    }

    /// The number of the next trial.
    pub(super) fn n_asked(&self) -> u64 {
        self.asked.len() as u64
    }

    /// True if everything is over that the next trial may depend on, which the sampler is then told.
    pub(super) fn is_ready(&mut self) -> bool {
        self.catch_up(self.n_asked())
    }

    /// In a reproducible sweep, the sampler was told of the trials with numbers below this.
    pub(super) fn told_below(&self) -> u64 {
        self.told_below
    }

    /// The configuration of a trial.
    pub(super) fn params(&self, number: u64) -> Params {
        self.space.params(&self.asked[number as usize].point)
    }

    /// Proposes the next trial.
    pub(super) fn next(&mut self) -> Next {
        let number = self.n_asked();
        if !self.catch_up(number) {
            return Next::Wait;
        }
        if let Size::Finite(size) = self.space.size()
            && self.seen.len() as u128 >= size
        {
            return Next::Complete(self.seen.len() as u64);
        }
        if self.repeats >= MAX_REPEATS {
            return Next::Repeating(self.repeats);
        }
        let pending: Vec<u64> = self.untold.iter().copied().collect();
        let n_points = self.points.len() as u64;
        let point = if number < n_points {
            Some(self.points[number as usize].clone())
        } else {
            let at_work: Vec<Point> =
                pending.iter().map(|&n| self.asked[n as usize].point.clone()).collect();
            self.sampler.ask(number - n_points, &at_work)
        };
        let Some(point) = point else { return Next::Complete(self.seen.len() as u64) };
        let params = self.space.params(&point);
        let config = params.digest();
        let same_as = self.seen.get(&config).copied();
        let end = same_as.map_or(End::Open, |original| self.asked[original as usize].end);
        if let (End::Open, Some(original)) = (end, same_as) {
            self.waiting.entry(original).or_default().push(number);
        }
        self.push(number, Asked { point: point.clone(), same_as, end });
        if end != End::Open && self.lag.is_none() {
            self.tell(number);
        }
        Next::Trial(Box::new(Proposal { number, point, params, config, pending, same_as }))
    }

    /// Takes in the end of a trial, and of those that repeat it.
    pub(super) fn finish(&mut self, number: u64, score: Option<Score>) {
        let mut ended = vec![number];
        ended.extend(self.waiting.remove(&number).unwrap_or_default());
        for &number in &ended {
            self.asked[number as usize].end = End::Over(score);
        }
        if self.lag.is_none() {
            for number in ended {
                self.tell(number);
            }
        }
    }

    /// Tells what a reproducible sweep may know before trial `number`; false if it must wait.
    fn catch_up(&mut self, number: u64) -> bool {
        let Some(lag) = self.lag else { return true };
        let lag = lag.max(1);
        while self.told_below + lag <= number {
            if self.asked[self.told_below as usize].end == End::Open {
                return false;
            }
            self.tell(self.told_below);
            self.told_below += 1;
        }
        true
    }

    fn tell(&mut self, number: u64) {
        let asked = &self.asked[number as usize];
        let score = match asked.end {
            End::Over(score) => score.filter(|score| score.loss.is_finite()),
            End::Open => None,
        };
        let (loss, sd) = (score.map(|score| score.loss), score.and_then(|score| score.sd));
        self.sampler.tell(&Told { number, point: asked.point.clone(), loss, sd });
        self.untold.remove(&number);
        if self.known_tells > 0 && self.lag.is_some() {
            self.known_tells -= 1;
        } else {
            self.new_tells.push(number);
        }
    }

    fn push(&mut self, number: u64, asked: Asked) {
        if asked.same_as.is_some() {
            self.repeats += 1;
        } else {
            self.repeats = 0;
            self.seen.insert(self.space.params(&asked.point).digest(), number);
        }
        self.untold.insert(number);
        self.asked.push(asked);
    }
}
