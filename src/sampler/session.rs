//! Ask and tell by number: a sampler together with what is at work, for whoever runs trials elsewhere.
//!
//! Tells may come in any order. A [`Session`] rebuilt with [`Session::adopt`] from the record, tells in the
//! order in which they came, goes on as the one that was lost.

use super::{Pruned, Sampler, SamplerOptions, Setup, Told, make, names, names_for_several};
use crate::domain::Goal;
use crate::space::{Point, Size, Space, SpaceError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sampler of a session that names none.
pub const DEFAULT: &str = "tpe";

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
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its number, from 0.
    pub id: u64,
    /// Where it is.
    pub point: Point,
}

/// How a trial ended, values as the objective gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// With one value per objective.
    Values(Vec<f64>),
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
    #[error("sampler '{sampler}' searches for one objective, not {n}; {}", several_hint())]
    SeveralObjectives {
        /// The sampler's name.
        sampler: String,
        /// How many objectives were given.
        n: usize,
    },
    /// Every point was asked for.
    #[error(
        "the space is used up: {asked} trials were asked for, {open} of them are not told yet; stop, or search a wider space"
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

fn several_hint() -> String {
    match names_for_several() {
        [] => "no sampler takes several yet, give one direction".into(),
        names => format!("for several take one of {}", names.join(", ")),
    }
}

fn known(next: u64) -> String {
    match next {
        0 => "ask first".into(),
        1 => "the only trial so far is 0".into(),
        next => format!("trials so far are 0 to {}", next - 1),
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
    /// Numbers below `next` that an adopted record leaves out.
    holes: BTreeSet<u64>,
    best: Option<Best>,
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
            _ if names_for_several().contains(&name.as_str()) => {}
            n => return Err(SessionError::SeveralObjectives { sampler: name, n }),
        }
        let space = Arc::clone(&start.space);
        let setup = Setup { space: start.space, seed: start.seed, budget: start.budget };
        let Some(sampler) = make(&name, setup, &start.options) else {
            return Err(SessionError::UnknownSampler { name });
        };
        let (open, holes) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { sampler, name, space, goals: start.goals, next: 0, open, holes, best: None })
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

    /// The told trial with the best value of a single objective, the earlier told one of equals.
    pub fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    /// The next trial.
    ///
    /// # Errors
    /// When every point of the space was asked for.
    pub fn ask(&mut self) -> Result<Asked, SessionError> {
        let pending: Vec<Point> = self.open.values().cloned().collect();
        let Some(point) = self.sampler.ask(self.next, &pending) else {
            return Err(SessionError::Exhausted { asked: self.next, open: self.open.len() });
        };
        let id = self.next;
        self.open.insert(id, point.clone());
        self.next += 1;
        Ok(Asked { id, point })
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
        let goal = self.goals[0];
        let told = |loss| Told { number: id, point: point.clone(), loss, sd: None };
        match end {
            End::Values(values) => {
                self.sampler.tell(&told(Some(goal.loss(values[0]))));
                self.note_best(id, point, values);
            }
            End::Pruned { value: Some(value), step } => {
                let pruned = Pruned { step: step.unwrap_or(0), loss: goal.loss(*value) };
                self.sampler.tell_pruned(&told(None), pruned);
            }
            End::Failed | End::Pruned { value: None, .. } => self.sampler.tell(&told(None)),
        }
        Ok(())
    }

    /// Takes over a recorded trial: one that ended, or one that is still at work. The record is adopted in
    /// the order in which trials were told, those at work after them.
    ///
    /// # Errors
    /// As [`tell`](Self::tell); also for a number that is known already and a point outside the space.
    pub fn adopt(&mut self, asked: Asked, end: Option<&End>) -> Result<(), SessionError> {
        let Asked { id, point } = asked;
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
        self.open.insert(id, point);
        end.map_or(Ok(()), |end| self.tell(id, end))
    }

    fn check(&self, id: u64, end: &End) -> Result<(), SessionError> {
        let values: Vec<f64> = match end {
            End::Values(values) => values.clone(),
            End::Pruned { value, .. } => value.iter().copied().collect(),
            End::Failed => Vec::new(),
        };
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(SessionError::NotFinite { id, value: value.to_string() });
        }
        let wanted = self.goals.len();
        match end {
            End::Values(values) if values.len() != wanted => {
                Err(SessionError::WrongCount { id, given: values.len(), wanted })
            }
            _ => Ok(()),
        }
    }

    fn note_best(&mut self, id: u64, point: Point, values: &[f64]) {
        let ([goal], [value]) = (&self.goals[..], values) else { return };
        let is_better =
            self.best.as_ref().is_none_or(|best| goal.loss(*value) < goal.loss(best.value));
        if is_better {
            self.best = Some(Best { id, point, value: *value });
        }
    }

    /// How many points the space has.
    pub fn size(&self) -> Size {
        self.space.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, int};
    use crate::space::Dimension;

    fn start(dims: Vec<Dimension>, sampler: &str, goal: Goal) -> Start {
        Start {
            space: Arc::new(Space::new(dims).unwrap()),
            goals: vec![goal],
            seed: 3,
            sampler: Some(sampler.into()),
            budget: None,
            options: SamplerOptions::default(),
        }
    }

    fn session(dims: Vec<Dimension>) -> Session {
        Session::new(start(dims, "tpe", Goal::Maximize)).unwrap()
    }

    fn value(asked: &Asked) -> End {
        End::Values(vec![asked.point.0[0].unwrap()])
    }

    #[test]
    fn tells_come_in_any_order_and_once() {
        let mut session = session(vec![float("x", 0.0, 1.0)]);
        let asked: Vec<Asked> = (0..4).map(|_| session.ask().unwrap()).collect();
        assert_eq!(session.open().len(), 4);
        for which in [2, 0, 3] {
            session.tell(asked[which].id, &value(&asked[which])).unwrap();
        }
        assert_eq!(session.tell(2, &End::Failed), Err(SessionError::ToldBefore { id: 2 }));
        assert_eq!(session.tell(9, &End::Failed), Err(SessionError::NeverAsked { id: 9, next: 4 }));
        assert_eq!(session.open().keys().copied().collect::<Vec<_>>(), [1]);
        let highest = [0, 2, 3].map(|i| asked[i].point.0[0].unwrap());
        let highest = highest.into_iter().fold(f64::MIN, f64::max);
        assert_eq!(session.best().unwrap().value, highest);
    }

    #[test]
    fn a_refused_value_leaves_the_trial_open() {
        let mut session = session(vec![float("x", 0.0, 1.0)]);
        let id = session.ask().unwrap().id;
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let told = session.tell(id, &End::Values(vec![value]));
            assert!(matches!(told, Err(SessionError::NotFinite { .. })), "{told:?}");
        }
        let two = session.tell(id, &End::Values(vec![1.0, 2.0]));
        assert_eq!(two, Err(SessionError::WrongCount { id, given: 2, wanted: 1 }));
        let pruned = End::Pruned { value: Some(0.5), step: Some(3) };
        assert_eq!(session.tell(id, &pruned), Ok(()));
        assert_eq!(session.best(), None);
    }

    #[test]
    fn a_used_up_space_says_so_and_still_takes_tells() {
        let mut session = session(vec![choice("c", 3), int("n", 1, 2)]);
        let asked: Vec<Asked> = (0..6).map(|_| session.ask().unwrap()).collect();
        assert_eq!(session.ask(), Err(SessionError::Exhausted { asked: 6, open: 6 }));
        for asked in &asked {
            assert_eq!(session.tell(asked.id, &value(asked)), Ok(()));
        }
        assert_eq!(session.ask(), Err(SessionError::Exhausted { asked: 6, open: 0 }));
    }

    #[test]
    fn a_session_adopted_from_the_record_goes_on_alike() {
        let dims = || vec![float("x", 0.0, 1.0), choice("c", 3)];
        let mut first = session(dims());
        let mut told: Vec<(Asked, End)> = Vec::new();
        for number in 0..24 {
            let asked = first.ask().unwrap();
            let end = match number % 5 {
                3 => End::Failed,
                4 => End::Pruned { value: Some(0.1), step: Some(number) },
                _ => value(&asked),
            };
            first.tell(asked.id, &end).unwrap();
            told.push((asked, end));
        }
        let open = first.ask().unwrap();
        let mut again = session(dims());
        for (asked, end) in &told {
            again.adopt(asked.clone(), Some(end)).unwrap();
        }
        again.adopt(open, None).unwrap();
        assert_eq!(first.ask(), again.ask());
        assert_eq!(first.best(), again.best());
        let twice = again.adopt(told[3].0.clone(), None);
        assert_eq!(twice, Err(SessionError::ToldBefore { id: 3 }));
        let outside = Asked { id: 90, point: Point(vec![Some(2.0), Some(0.0)]) };
        assert!(matches!(again.adopt(outside, None), Err(SessionError::Point { .. })));
    }

    #[test]
    fn what_no_sampler_can_do_is_refused() {
        let check = |start: Start, words: &str| {
            let error = Session::new(start).err().map(|error| error.to_string());
            assert!(error.as_ref().is_some_and(|text| text.contains(words)), "{error:?}");
        };
        let one = || vec![float("x", 0.0, 1.0)];
        check(start(one(), "tpes", Goal::Minimize), "unknown sampler 'tpes'; it is one of");
        let several =
            Start { goals: vec![Goal::Minimize; 2], ..start(one(), "tpe", Goal::Minimize) };
        check(several, "sampler 'tpe' searches for one objective, not 2; no sampler");
        check(Start { goals: Vec::new(), ..start(one(), "tpe", Goal::Minimize) }, "no direction");
    }
}
