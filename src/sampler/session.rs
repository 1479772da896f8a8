//! Ask and tell by number: a sampler together with what is at work, for whoever runs trials elsewhere.
//!
//! Tells may come in any order. A [`Session`] rebuilt with [`Session::adopt`] from the record, tells in the
//! order in which they came, goes on as the one that was lost.

use super::{
    Pruned, Sampler, SamplerOptions, Setup, Told, make, most_objectives, names, names_for_several,
};
use crate::domain::Goal;
use crate::numeric::dominates;
use crate::space::{Point, Size, Space, SpaceError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Spaces up to this size are watched for being used up.
const WALKABLE: u128 = 1_000_000;

/// The sampler of a session that names none.
pub const DEFAULT: &str = "auto";

/// What a session is made from.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where to search.
    pub space: Arc<Space>,
    /// What is better, one per objective.
    pub goals: Vec<Goal>,
    /// Seed of every random stream.
    pub seed: u64,
    /// The sampler's name, one of [`names`]; [`DEFAULT`] if none.
    pub sampler: Option<String>,
    /// How many trials are meant to run, where known.
    pub budget: Option<u64>,
    /// Control parameters of samplers.
    pub options: SamplerOptions,
}

/// A trial that was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// Its number, from 0.
    pub id: u64,
    /// Where it is.
    pub point: Point,
    /// Which part of the sampler made it ([`Chosen::arm`](super::Chosen::arm)), where it has parts. A session that
    /// adopts the trial needs it to go on as this one would.
    pub arm: Option<Arc<str>>,
    /// Why that part, in words.
    pub why: Option<String>,
}

/// How a trial ended, values as the objective gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// With one value per objective.
    Values(Vec<f64>),
    /// The same in a search with constraints.
    Constrained {
        /// One value per objective.
        values: Vec<f64>,
        /// One value per constraint, which is satisfied up to 0.
        constraints: Vec<f64>,
    },
    /// Without a value.
    Failed,
    /// Stopped early.
    Pruned {
        /// The last report.
        value: Option<f64>,
        /// Its step.
        step: Option<i64>,
    },
}

/// The best trial so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Its number.
    pub id: u64,
    /// Where it is.
    pub point: Point,
    /// Its value as told.
    pub value: f64,
}

/// A trial that no other told one dominates.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its number.
    pub id: u64,
    /// Where it is.
    pub point: Point,
    /// Its values as told, one per objective.
    pub values: Vec<f64>,
}

/// Why a session refuses something. It is as it was before, and usable.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SessionError {
    /// No sampler of that name.
    #[error("unknown sampler '{name}'; it is one of {}", names().join(", "))]
    UnknownSampler {
        /// The name that was given.
        name: String,
    },
    /// No objective at all.
    #[error("no direction is given; give 'minimize' or 'maximize'")]
    NoGoal,
    /// Several objectives for a sampler of one.
    #[error(
        "sampler '{sampler}' searches for one objective, not {n}; for several take one of {}",
        names_for_several().join(", ")
    )]
    SeveralObjectives {
        /// The sampler's name.
        sampler: String,
        /// How many objectives were given.
        n: usize,
    },
    /// More objectives than the sampler takes.
    #[error(
        "sampler '{sampler}' searches for at most {most} objectives, not {n}; take 'nsga-iii' or 'tpe'"
    )]
    TooManyObjectives {
        /// The sampler's name.
        sampler: String,
        /// How many it takes.
        most: usize,
        /// How many objectives were given.
        n: usize,
    },
    /// Every point was asked for.
    #[error(
        "the space is used up: trials asked for: {asked}, of which not told yet: {open}; stop, or search a wider space"
    )]
    Exhausted {
        /// Trials asked for.
        asked: u64,
        /// Trials without an end.
        open: usize,
    },
    /// An id that was never given out.
    #[error("trial {id} was never asked for; {}", known(*.next))]
    NeverAsked {
        /// The id that was given.
        id: u64,
        /// The next id that an ask will give.
        next: u64,
    },
    /// A second end.
    #[error("trial {id} is told already; tell every trial once")]
    ToldBefore {
        /// The id that was given.
        id: u64,
    },
    /// A value that is no finite number.
    #[error(
        "trial {id} cannot have the value '{value}'; tell a finite number, or the state 'failed'"
    )]
    NotFinite {
        /// The trial.
        id: u64,
        /// The value that was given.
        value: String,
    },
    /// A constraint's value that is no finite number.
    #[error(
        "trial {id} cannot have the value '{value}' of a constraint; tell a finite number, or the state 'failed'"
    )]
    NotFiniteConstraint {
        /// The trial.
        id: u64,
        /// The value that was given.
        value: String,
    },
    /// Another number of constraints than before.
    #[error(
        "trial {id} is told with {given} constraints, those before it with {wanted}; tell the same constraints every time"
    )]
    WrongConstraints {
        /// The trial.
        id: u64,
        /// Constraints that were given.
        given: usize,
        /// Constraints of the trials before.
        wanted: usize,
    },
    /// Too few or too many values.
    #[error("trial {id} is told with {given} values; tell {wanted}, one per direction")]
    WrongCount {
        /// The trial.
        id: u64,
        /// Values that were given.
        given: usize,
        /// Objectives of the session.
        wanted: usize,
    },
    /// A recorded point that is none of the space.
    #[error("trial {id} is no point of the space: {source}")]
    Point {
        /// The trial.
        id: u64,
        /// What is wrong with it.
        source: SpaceError,
    },
}

fn known(next: u64) -> String {
    match next {
        0 => "ask first".into(),
        1 => "the only trial so far is 0".into(),
        next => format!("trials so far are 0 to {}", next - 1),
    }
}

/// The points of a finite space that were asked for: not every sampler looks back.
struct Walked {
    size: u128,
    points: BTreeSet<Vec<Option<u64>>>,
}

impl Walked {
    /// Nothing where a space is too large to be used up.
    fn of(space: &Space) -> Option<Self> {
        match space.size() {
            Size::Finite(size) if size <= WALKABLE => Some(Self { size, points: BTreeSet::new() }),
            _ => None,
        }
    }

    fn is_over(&self) -> bool {
        self.points.len() as u128 >= self.size
    }
}

/// A search under way.
pub struct Session {
    sampler: Box<dyn Sampler>,
    name: String,
    space: Arc<Space>,
    goals: Vec<Goal>,
    next: u64,
    /// By number.
    open: BTreeMap<u64, Point>,
    /// Which parts of the sampler made the open points.
    arms: BTreeMap<u64, Arc<str>>,
    /// Numbers below `next` that an adopted record leaves out.
    holes: BTreeSet<u64>,
    /// What was asked for, where it can be all there is.
    walked: Option<Walked>,
    best: Option<Best>,
    /// In the order of telling.
    front: Vec<Member>,
    front_losses: Vec<Vec<f64>>,
    /// As many as the first trial with values had.
    n_constraints: Option<usize>,
}

impl Session {
    /// A session without trials.
    ///
    /// # Errors
    /// When there is no such sampler, or it cannot search for so many objectives.
    pub fn new(start: Start) -> Result<Self, SessionError> {
        let name = start.sampler.unwrap_or_else(|| DEFAULT.into());
        if !names().contains(&name.as_str()) {
            return Err(SessionError::UnknownSampler { name });
        }
        match start.goals.len() {
            0 => return Err(SessionError::NoGoal),
            1 => {}
            n => {
                let most = most_objectives(&name);
                if most < 2 {
                    return Err(SessionError::SeveralObjectives { sampler: name, n });
                }
                if most < n {
                    return Err(SessionError::TooManyObjectives { sampler: name, most, n });
                }
            }
        }
        let space = Arc::clone(&start.space);
        let n_objectives = start.goals.len();
        let setup =
            Setup { space: start.space, seed: start.seed, budget: start.budget, n_objectives };
        let walked = Walked::of(&space);
        let Some(sampler) = make(&name, setup, &start.options) else {
            return Err(SessionError::UnknownSampler { name });
        };
        Ok(Self {
            sampler,
            name,
            space,
            goals: start.goals,
            next: 0,
            open: BTreeMap::new(),
            arms: BTreeMap::new(),
            holes: BTreeSet::new(),
            walked,
            best: None,
            front: Vec::new(),
            front_losses: Vec::new(),
            n_constraints: None,
        })
    }

    /// The sampler's name.
    pub fn sampler(&self) -> &str {
        &self.name
    }

    /// Where it searches.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// What is better, one per objective.
    pub fn goals(&self) -> &[Goal] {
        &self.goals
    }

    /// Trials that were asked for and not told, by number.
    pub fn open(&self) -> &BTreeMap<u64, Point> {
        &self.open
    }

    /// The told trial with the best value of a single objective among those that satisfy their constraints, the
    /// earlier told one of equals. Several objectives have no best trial but a [`front`](Self::front).
    pub fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    /// The told trials that satisfy their constraints and that no other such one dominates, in the order of telling;
    /// of equal ones all.
    pub fn front(&self) -> &[Member] {
        &self.front
    }

    /// The next trial.
    ///
    /// # Errors
    /// When every point of the space was asked for.
    pub fn ask(&mut self) -> Result<Asked, SessionError> {
        let is_walked = self.walked.as_ref().is_some_and(Walked::is_over);
        let pending: Vec<Point> = self.open.values().cloned().collect();
        let point = if is_walked { None } else { self.sampler.ask(self.next, &pending) };
        let Some(point) = point else {
            return Err(SessionError::Exhausted { asked: self.next, open: self.open.len() });
        };
        self.walk(&point);
        let id = self.next;
        let chosen = self.sampler.chosen();
        let (arm, why) = chosen.map(|chosen| (chosen.arm, chosen.why)).unzip();
        self.open.insert(id, point.clone());
        self.arms.extend(arm.clone().map(|arm| (id, arm)));
        self.next += 1;
        Ok(Asked { id, point, arm, why })
    }

    /// Takes in how a trial ended.
    ///
    /// # Errors
    /// When the trial was never asked for or is told already, or a value is not finite. The trial is then
    /// as it was.
    pub fn tell(&mut self, id: u64, end: &End) -> Result<(), SessionError> {
        if !self.open.contains_key(&id) {
            let never = id >= self.next || self.holes.contains(&id);
            let next = self.next;
            return Err(if never {
                SessionError::NeverAsked { id, next }
            } else {
                SessionError::ToldBefore { id }
            });
        }
        self.check(id, end)?;
        let Some(point) = self.open.remove(&id) else { return Ok(()) };
        let arm = self.arms.remove(&id);
        let told = |loss| Told { arm: arm.clone(), ..Told::new(id, point.clone(), loss) };
        match end {
            End::Values(values) => self.take(told(None), values, &[]),
            End::Constrained { values, constraints } => self.take(told(None), values, constraints),
            End::Pruned { value: Some(value), step } => {
                let loss = self.goals[0].loss(*value);
                let pruned = Pruned { step: step.unwrap_or(0), loss };
                self.sampler.tell_pruned(&told(None), pruned);
            }
            End::Failed | End::Pruned { value: None, .. } => self.sampler.tell(&told(None)),
        }
        Ok(())
    }

    /// Takes in values that were checked.
    fn take(&mut self, blank: Told, values: &[f64], constraints: &[f64]) {
        self.n_constraints = Some(constraints.len());
        let mut losses = self.losses(values).into_iter();
        let told = Told {
            loss: losses.next(),
            further: losses.collect(),
            constraints: constraints.to_vec(),
            ..blank
        };
        self.sampler.tell(&told);
        let Told { number: id, point, .. } = told;
        if constraints.iter().all(|&c| c <= 0.0) {
            self.note_best(id, &point, values);
            self.note_member(Member { id, point, values: values.to_vec() });
        }
    }

    /// Values turned so that smaller is better.
    fn losses(&self, values: &[f64]) -> Vec<f64> {
        self.goals.iter().zip(values).map(|(goal, value)| goal.loss(*value)).collect()
    }

    /// Takes over a recorded trial: one that ended, or one that is still at work. The record is adopted in
    /// the order in which trials were told, those at work after them.
    ///
    /// # Errors
    /// As [`tell`](Self::tell); also for a number that is known already and a point outside the space.
    pub fn adopt(&mut self, asked: Asked, end: Option<&End>) -> Result<(), SessionError> {
        let Asked { id, point, arm, .. } = asked;
        if self.open.contains_key(&id) || (id < self.next && !self.holes.contains(&id)) {
            return Err(SessionError::ToldBefore { id });
        }
        self.space.check(&point).map_err(|source| SessionError::Point { id, source })?;
        if let Some(end) = end {
            self.check(id, end)?;
        }
        self.holes.extend(self.next..id);
        self.holes.remove(&id);
        self.next = self.next.max(id.saturating_add(1));
        self.walk(&point);
        self.open.insert(id, point);
        self.arms.extend(arm.map(|arm| (id, arm)));
        end.map_or(Ok(()), |end| self.tell(id, end))
    }

    /// Notes that a point was asked for.
    fn walk(&mut self, point: &Point) {
        if let Some(walked) = &mut self.walked {
            walked.points.insert(point.0.iter().map(|x| x.map(f64::to_bits)).collect());
        }
    }

    fn check(&self, id: u64, end: &End) -> Result<(), SessionError> {
        let (values, constraints): (&[f64], &[f64]) = match end {
            End::Values(values) => (values, &[]),
            End::Constrained { values, constraints } => (values, constraints),
            End::Pruned { value, .. } => (value.as_slice(), &[]),
            End::Failed => (&[], &[]),
        };
        let odd = |values: &[f64]| values.iter().find(|x| !x.is_finite()).map(f64::to_string);
        if let Some(value) = odd(values) {
            return Err(SessionError::NotFinite { id, value });
        }
        if let Some(value) = odd(constraints) {
            return Err(SessionError::NotFiniteConstraint { id, value });
        }
        if matches!(end, End::Failed | End::Pruned { .. }) {
            return Ok(());
        }
        let (given, wanted) = (values.len(), self.goals.len());
        if given != wanted {
            return Err(SessionError::WrongCount { id, given, wanted });
        }
        match (constraints.len(), self.n_constraints) {
            (given, Some(wanted)) if given != wanted => {
                Err(SessionError::WrongConstraints { id, given, wanted })
            }
            _ => Ok(()),
        }
    }

    fn note_best(&mut self, id: u64, point: &Point, values: &[f64]) {
        let ([goal], [value]) = (&self.goals[..], values) else { return };
        let is_better =
            self.best.as_ref().is_none_or(|best| goal.loss(*value) < goal.loss(best.value));
        if is_better {
            self.best = Some(Best { id, point: point.clone(), value: *value });
        }
    }

    fn note_member(&mut self, new: Member) {
        let losses = self.losses(&new.values);
        if self.front_losses.iter().any(|other| dominates(other, &losses)) {
            return;
        }
        let mut is_kept = self.front_losses.iter().map(|other| !dominates(&losses, other));
        self.front.retain(|_| is_kept.next().unwrap_or(true));
        self.front_losses.retain(|other| !dominates(&losses, other));
        self.front.push(new);
        self.front_losses.push(losses);
    }

    /// How many points the space has.
    pub fn size(&self) -> Size {
        self.space.size()
    }
}
