//! Who is next: the sampler's history, the points to try first, and equal configurations.
//!
//! In a `reproducible` sweep with lag `L`, trial `i` is asked once trials `0 ..= i − L` have ended, they are
//! told in the order of their numbers, and the `L − 1` between are pending: what is asked depends on
//! results alone, not on the order in which workers finished.
//!
//! Steering. A point by hand takes a trial number and no number of the sampler, so that a grid misses nothing. Once
//! a range has changed, a sampler made anew over the changed space is told what was told before, as far as it lies
//! inside; a point holds values, not places in the unit cube, so it means the same in both. A sampler is a function
//! of its space, the tells and the trial's number: whoever resumes needs the last space alone.

use super::foresight::Foresight;
use super::judge::SweepJudge;
use super::outlook::Outlook;
use super::warm::Lesson;
use crate::domain::{Digest, Params};
use crate::sampler::{Chosen, Pruned, Regret, Sampler, Told};
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
    /// It ended.
    Over(Fate),
}

/// What came of a trial, as the sampler learns it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    /// All its replicates have a score.
    Scored(Score),
    /// It was stopped early, and so far it had come.
    Pruned(Pruned),
    /// It failed, is infeasible without a score, or was stopped before it had reported anything.
    Lost,
}

impl Fate {
    /// The score where there is one, else how far it came.
    pub(super) fn new(score: Option<Score>, pruned: Option<Pruned>) -> Self {
        match (score, pruned) {
            (Some(score), _) if score.loss.is_finite() => Self::Scored(score),
            (None, Some(pruned)) if pruned.loss.is_finite() => Self::Pruned(pruned),
            _ => Self::Lost,
        }
    }
}

/// What was measured of a trial beside the first objective.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Beside {
    /// The losses of the other objectives.
    pub(super) further: Vec<f64>,
    /// By how much each constraint is violated.
    pub(super) constraints: Vec<f64>,
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
    arm: Option<Arc<str>>,
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
    /// Which part of the sampler made it.
    pub(super) arm: Option<Arc<str>>,
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
    /// Which part of the sampler made it, and why.
    pub(super) made_by: Option<Chosen>,
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
    /// Everything that was told, in order.
    told: Vec<u64>,
    /// Points by hand, by the numbers of their trials.
    by_hand: BTreeMap<u64, Point>,
    /// Trials from which on other ranges hold.
    changes: BTreeSet<u64>,
    /// In a changed space, where the grid goes on.
    grid_place: Option<u64>,
    /// Trials of earlier sweeps, which teach every sampler first.
    lessons: Vec<Lesson>,
    /// What is still to be gained, where a rule asks for it.
    outlook: Option<Outlook>,
    /// Different configurations that lie in the space as it is now.
    n_inside: u64,
    /// How many objectives there are beside the first, and how many constraints.
    n_beside: (usize, usize),
    /// What was measured of them, by the trials that were executed.
    beside: BTreeMap<u64, Beside>,
    foresight: Foresight,
}

/// What was steered in earlier sessions, as an asker takes it over.
#[derive(Debug, Clone, Default)]
pub(super) struct Steered {
    /// Points by hand, by the numbers of their trials.
    pub(super) by_hand: BTreeMap<u64, Point>,
    /// Trials from which on other ranges hold.
    pub(super) changes: BTreeSet<u64>,
    /// True if the sampler walks a grid.
    pub(super) is_grid: bool,
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
            told: Vec::new(),
            by_hand: BTreeMap::new(),
            changes: BTreeSet::new(),
            grid_place: None,
            lessons: Vec::new(),
            outlook: None,
            n_inside: 0,
            n_beside: (0, 0),
            beside: BTreeMap::new(),
            foresight: Foresight::default(),
        }
    }

    /// The same where a judge knows the courses of trials. Before [`Asker::restore`].
    pub(super) fn with_judge(mut self, judge: Option<Arc<SweepJudge>>) -> Self {
        self.foresight = Foresight::new(judge);
        self
    }

    /// The same after earlier steering, whose last space the sampler must be made for. Before [`Asker::restore`].
    pub(super) fn steered(mut self, steered: Steered) -> Self {
        self.grid_place = (steered.is_grid && !steered.changes.is_empty()).then_some(0);
        self.by_hand = steered.by_hand;
        self.changes = steered.changes;
        self
    }

    /// The same with a model that says what is still to be gained. Before [`Asker::taught`].
    pub(super) fn with_outlook(mut self, outlook: Option<Outlook>) -> Self {
        self.outlook = outlook;
        self
    }

    /// What was still to be gained at the last two looks, and after how many tells that was.
    pub(super) fn outlook(&self) -> Option<(u64, [Regret; 2])> {
        self.outlook.as_ref().and_then(Outlook::latest)
    }

    /// The same taught by trials of earlier sweeps. Before [`Asker::restore`].
    pub(super) fn taught(mut self, lessons: Vec<Lesson>) -> Self {
        self.lessons = lessons;
        self.teach();
        self
    }

    /// Teaches the sampler what earlier sweeps found, as far as it lies in the space as it is now.
    fn teach(&mut self) {
        for lesson in &self.lessons {
            if self.space.check(&lesson.point).is_ok() {
                self.sampler.learn(&lesson.told(), lesson.pruned());
                if let Some(outlook) = &mut self.outlook {
                    outlook.learn(&lesson.told(), lesson.pruned());
                }
            }
        }
    }

    /// Different configurations that were tried here or in earlier sweeps.
    fn n_tried(&self) -> u64 {
        let earlier = self.lessons.iter().filter(|lesson| self.space.check(&lesson.point).is_ok());
        let earlier = earlier.map(|lesson| self.space.params(&lesson.point).digest());
        let new: BTreeSet<Digest> = earlier.filter(|key| !self.seen.contains_key(key)).collect();
        self.n_inside + new.len() as u64
    }

    /// Goes on in a changed space with a sampler made for it. Returns the first trial for which that holds.
    pub(super) fn move_to(
        &mut self,
        sampler: Box<dyn Sampler>,
        outlook: Option<Outlook>,
        space: Arc<Space>,
        is_grid: bool,
    ) -> u64 {
        let from = self.n_asked();
        self.outlook = outlook;
        (self.sampler, self.space) = (sampler, space);
        self.changes.insert(from);
        self.grid_place = is_grid.then_some(0);
        self.repeats = 0;
        let different = (0..from).filter(|&n| self.asked[n as usize].same_as.is_none());
        self.n_inside = different.filter(|&n| self.is_inside(n)).count() as u64;
        self.teach();
        for number in self.told.clone() {
            self.tell_sampler(number);
        }
        from
    }

    /// Has a point asked next, after those by hand that wait already. Returns the number of its trial.
    pub(super) fn try_next(&mut self, point: Point) -> u64 {
        let number = self.next_by_hand();
        self.by_hand.insert(number, point);
        number
    }

    /// The number that the next point by hand gets.
    pub(super) fn next_by_hand(&self) -> u64 {
        let after = |(&last, _): (&u64, &Point)| last + 1;
        self.by_hand.last_key_value().map_or(0, after).max(self.n_asked())
    }

    /// The trial that had, or waits to have, this configuration.
    pub(super) fn trial_of(&self, point: &Point) -> Option<u64> {
        let config = self.space.params(point).digest();
        let waiting = self.by_hand.range(self.n_asked()..);
        let mut waiting = waiting.filter(|(_, other)| self.space.params(other).digest() == config);
        self.seen.get(&config).copied().or_else(|| waiting.next().map(|(&number, _)| number))
    }

    /// True if the trial's point can be asked for in the space as it is now.
    fn is_inside(&self, number: u64) -> bool {
        self.changes.is_empty() || self.space.check(&self.asked[number as usize].point).is_ok()
    }

    /// The same with so many objectives beside the first and so many constraints, and what is known of them so far. Before
    /// [`Asker::restore`].
    pub(super) fn with_beside(
        mut self,
        n_beside: (usize, usize),
        beside: BTreeMap<u64, Beside>,
    ) -> Self {
        (self.n_beside, self.beside) = (n_beside, beside);
        self
    }

    /// Notes what was measured beside the first objective, before the trial's end is taken in.
    pub(super) fn measured(&mut self, number: u64, beside: Beside) {
        self.beside.insert(number, beside);
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
            let Remembered { point, same_as, end, arm, .. } = trial;
            self.push(number, Asked { point, same_as, end, arm });
        }
        if self.changes.contains(&self.n_asked()) {
            self.repeats = 0;
        }
        self.known_tells = tells.len() as u64;
        if let Some(outlook) = &mut self.outlook {
            outlook.skip_to(self.known_tells);
        }
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
        let pending: Vec<u64> = self.untold.iter().copied().collect();
        let (point, made_by) = match self.by_hand.get(&number) {
            Some(point) => (point.clone(), None),
            None => match self.propose(number, &pending) {
                Ok(proposed) => proposed,
                Err(end) => return end,
            },
        };
        let params = self.space.params(&point);
        let config = params.digest();
        let same_as = self.seen.get(&config).copied();
        let end = same_as.map_or(End::Open, |original| self.asked[original as usize].end);
        if let (End::Open, Some(original)) = (end, same_as) {
            self.waiting.entry(original).or_default().push(number);
        }
        let arm = made_by.as_ref().map(|made_by| Arc::clone(&made_by.arm));
        self.push(number, Asked { point: point.clone(), same_as, end, arm });
        if end != End::Open && self.lag.is_none() {
            self.tell(number);
        }
        let proposal = Proposal { number, point, params, config, pending, same_as, made_by };
        Next::Trial(Box::new(proposal))
    }

    /// The next point of the file or the sampler, and which part of the sampler made it; else why there is none.
    fn propose(&mut self, number: u64, pending: &[u64]) -> Result<(Point, Option<Chosen>), Next> {
        if let Size::Finite(size) = self.space.size()
            && u128::from(self.n_inside) >= size
        {
            return Err(Next::Complete(self.n_inside));
        }
        if self.repeats >= MAX_REPEATS {
            return Err(Next::Repeating(self.repeats));
        }
        let own = number - self.by_hand.range(..number).count() as u64;
        let n_points = self.points.len() as u64;
        if own < n_points {
            return Ok((self.points[own as usize].clone(), None));
        }
        let inside = pending.iter().filter(|&&number| self.is_inside(number));
        let at_work: Vec<Point> =
            inside.map(|&number| self.asked[number as usize].point.clone()).collect();
        let point = match self.grid_place {
            Some(_) => self.next_of_grid(&at_work),
            None => self.sampler.ask(own - n_points, &at_work),
        };
        let point = point.ok_or_else(|| Next::Complete(self.n_tried()))?;
        Ok((point, self.sampler.chosen()))
    }

    /// The first point of a changed grid that was not tried. What was tried stays tried, so the place only moves on.
    fn next_of_grid(&mut self, at_work: &[Point]) -> Option<Point> {
        let mut place = self.grid_place.unwrap_or(0);
        let found = loop {
            let Some(point) = self.sampler.ask(place, at_work) else { break None };
            place += 1;
            if !self.seen.contains_key(&self.space.params(&point).digest()) {
                break Some(point);
            }
        };
        self.grid_place = Some(place);
        found
    }

    /// Takes in the end of a trial, and of those that repeat it.
    pub(super) fn finish(&mut self, number: u64, fate: Fate) {
        let mut ended = vec![number];
        ended.extend(self.waiting.remove(&number).unwrap_or_default());
        for &number in &ended {
            self.asked[number as usize].end = End::Over(fate);
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
        self.note_end(number);
        self.tell_sampler(number);
        self.told.push(number);
        if let Some(outlook) = &mut self.outlook {
            outlook.look(self.told.len() as u64);
        }
        self.untold.remove(&number);
        if self.known_tells > 0 && self.lag.is_some() {
            self.known_tells -= 1;
        } else {
            self.new_tells.push(number);
        }
    }

    /// What was measured of a trial that has all losses. A constraint without a value has NaN: it is broken.
    fn beside_of(&self, number: u64) -> Option<Beside> {
        let (n_further, n_constraints) = self.n_beside;
        let mut beside = self.beside.get(&number).cloned().unwrap_or_default();
        beside.constraints.resize(n_constraints, f64::NAN);
        let further = &beside.further;
        let is_whole = further.len() == n_further && further.iter().all(|x| x.is_finite());
        is_whole.then_some(beside)
    }

    /// Keeps what a trial came to, for the forecasts of others, or makes its own.
    fn note_end(&mut self, number: u64) {
        let asked = &self.asked[number as usize];
        match asked.end {
            End::Over(Fate::Scored(score)) if asked.same_as.is_none() => {
                self.foresight.note_score(number, score.loss);
            }
            // Of other objectives and of constraints nothing is known.
            End::Over(Fate::Pruned(_)) if self.n_beside == (0, 0) => {
                self.foresight.note_stopped(number, asked.same_as.unwrap_or(number));
            }
            _ => {}
        }
    }

    fn tell_sampler(&mut self, number: u64) {
        if !self.is_inside(number) {
            return;
        }
        let asked = &self.asked[number as usize];
        let point = asked.point.clone();
        let lost = Told { arm: asked.arm.clone(), ..Told::new(number, point, None) };
        let (told, pruned) = match asked.end {
            End::Over(Fate::Scored(Score { loss, sd })) => {
                match self.beside_of(asked.same_as.unwrap_or(number)) {
                    Some(Beside { further, constraints }) => {
                        (Told { loss: Some(loss), sd, further, constraints, ..lost }, None)
                    }
                    None => (lost, None),
                }
            }
            End::Over(Fate::Pruned(pruned)) => match self.foresight.of(number) {
                Some(loss) => (Told { loss: Some(loss), ..lost }, None),
                None => (lost, Some(pruned)),
            },
            End::Over(Fate::Lost) | End::Open => (lost, None),
        };
        match pruned {
            Some(pruned) => self.sampler.tell_pruned(&told, pruned),
            None => self.sampler.tell(&told),
        }
        if let Some(outlook) = &mut self.outlook {
            outlook.tell(&told, pruned);
        }
    }

    fn push(&mut self, number: u64, asked: Asked) {
        if self.changes.contains(&number) {
            self.repeats = 0;
        }
        let is_by_hand = self.by_hand.contains_key(&number);
        let is_new = asked.same_as.is_none();
        if is_new {
            self.seen.insert(self.space.params(&asked.point).digest(), number);
        }
        self.untold.insert(number);
        self.asked.push(asked);
        if is_new {
            self.n_inside += u64::from(self.is_inside(number));
            self.repeats = 0;
        } else if !is_by_hand {
            // Whoever names a known point by hand says nothing about what the sampler has left.
            self.repeats += 1;
        }
    }
}
