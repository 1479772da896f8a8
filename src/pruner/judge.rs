//! The judge: hears every value of every trial, from many threads, and keeps what its rule needs.

use super::Setting;
use super::curve::{Curves, Joined};
use super::forecast::{Course, Place};
use super::rule::{Report, Rule};
use crate::domain::Goal;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How a trial ended, as far as pruning cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialEnd {
    /// It ran to its end.
    Done,
    /// It was found hopeless.
    Pruned,
    /// It failed or was killed; what it reported says nothing, except in the rungs of halving.
    Failed,
}

/// A rule at work on a sweep.
pub struct Judge {
    goal: Goal,
    /// A stopped trial is worth the mean of its values instead of the last.
    is_mean: bool,
    state: Mutex<State>,
}

struct State {
    rule: Box<dyn Rule>,
    contexts: HashMap<String, u32>,
    trials: BTreeMap<u64, Trial>,
}

#[derive(Default)]
struct Trial {
    curves: Curves,
    /// Why it is hopeless, once it is.
    hopeless: Option<String>,
    end: Option<TrialEnd>,
    /// Where a pruned one stood.
    stopped_at: Option<(i64, f64)>,
    place: Option<Place>,
    /// How a completed one got there.
    course: Course,
}

impl Judge {
    /// A judge without any trial. `sweep_key` is what makes hyperband's dealing of trials that of this sweep.
    #[allow(clippy::needless_pass_by_value, reason = "a judge is the only user of its setting")]
    pub fn new(setting: Setting, goal: Goal, sweep_key: &str) -> Self {
        let state = State {
            rule: setting.rule(goal, sweep_key),
            contexts: HashMap::new(),
            trials: BTreeMap::new(),
        };
        Self { goal, is_mean: setting.pairs(), state: Mutex::new(state) }
    }

    /// The same where trial `i` may depend on trials up to `i − lag` alone, as far as the rule can do that.
    #[must_use]
    pub fn with_lag(self, lag: u64) -> Self {
        self.state().rule.keep_lag(lag);
        self
    }

    /// A panic of another thread leaves at worst one value without its verdict.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An attempt at a trial starts: what an earlier one reported is forgotten. Not for trials that are done.
    pub fn begin(&self, trial: u64) {
        let mut state = self.state();
        state.rule.forget(trial);
        state.trials.insert(trial, Trial::default());
    }

    /// Takes in a value, in the metric's own direction; why the trial is hopeless, if it is. A hopeless trial
    /// stays so: every later report gets the same answer, in whatever context. Values of a trial that has ended
    /// are ignored.
    pub fn report(&self, trial: u64, context: &str, step: i64, value: f64) -> Option<String> {
        let mut state = self.state();
        let known = state.trials.get(&trial);
        if known.is_some_and(|known| known.end.is_some()) {
            return None;
        }
        let is_hopeless = known.is_some_and(|known| known.hopeless.is_some());
        let verdict = state.hear(self.goal, trial, context, (step, value), !is_hopeless);
        let trial = state.trials.entry(trial).or_default();
        if trial.hopeless.is_none() {
            trial.hopeless = verdict;
        }
        trial.hopeless.clone()
    }

    /// A trial ends.
    pub fn finish(&self, trial: u64, end: TrialEnd) {
        self.state().finish(trial, end, (self.goal, self.is_mean));
    }

    /// Where a pruned or running trial stands: the highest step that it reached, and its value there (own
    /// direction; the mean over the contexts that got there), or with Wilcoxon the mean of all its values. `None`
    /// without values and for other ends.
    pub fn stopped_at(&self, trial: u64) -> Option<(i64, f64)> {
        let state = self.state();
        let trial = state.trials.get(&trial)?;
        match trial.end {
            None => stand(&trial.curves, self.is_mean),
            Some(_) => trial.stopped_at,
        }
    }

    /// The loss that a pruned trial would have come to, by completed trials with their losses; `None` if none of these
    /// has been where it was stopped.
    pub fn forecast(&self, trial: u64, done: &[(u64, f64)]) -> Option<f64> {
        let state = self.state();
        let place = state.trials.get(&trial)?.place.as_ref()?;
        let courses = done.iter().filter_map(|(number, loss)| {
            let of = state.trials.get(number)?;
            (of.end == Some(TrialEnd::Done)).then_some((&of.course, *loss))
        });
        place.forecast(courses)
    }

    /// How many contexts a completed trial reported.
    pub fn n_contexts(&self, trial: u64) -> usize {
        self.state().trials.get(&trial).map_or(0, |trial| trial.course.n_contexts())
    }

    /// Takes in a trial from the record, its values in the order in which they came. Trials come in the order of
    /// their numbers.
    pub fn restore(&self, trial: u64, series: &[(String, i64, f64)], end: TrialEnd) {
        let mut state = self.state();
        state.rule.forget(trial);
        state.trials.insert(trial, Trial::default());
        for (context, step, value) in series {
            state.hear(self.goal, trial, context, (*step, *value), true);
        }
        state.finish(trial, end, (self.goal, self.is_mean));
    }
}

/// What a sampler should learn of a trial that goes no further.
fn stand(curves: &Curves, is_mean: bool) -> Option<(i64, f64)> {
    let (step, value) = curves.at_highest()?;
    Some((step, if is_mean { curves.mean() } else { value }))
}

impl State {
    /// Takes in a value and has it judged if `asks`.
    fn hear(
        &mut self,
        goal: Goal,
        number: u64,
        context: &str,
        (step, value): (i64, f64),
        asks: bool,
    ) -> Option<String> {
        let next = self.contexts.len() as u32;
        let place = match self.contexts.get(context) {
            Some(place) => *place,
            None => *self.contexts.entry(context.to_string()).or_insert(next),
        };
        let trial = self.trials.entry(number).or_default();
        let joined = trial.curves.note(goal, place, step, value);
        if joined == Joined::Again || !asks {
            return None;
        }
        self.rule.judge(&Report {
            trial: number,
            curves: &trial.curves,
            context: (place, context),
            step,
            value,
            joined,
            goal,
        })
    }

    fn finish(&mut self, number: u64, end: TrialEnd, (goal, is_mean): (Goal, bool)) {
        let trial = self.trials.entry(number).or_default();
        if trial.end.is_some() {
            return;
        }
        trial.end = Some(end);
        let curves = std::mem::take(&mut trial.curves);
        match end {
            TrialEnd::Done => {
                trial.course = Course::of(&curves, goal);
                self.rule.done(number, &curves);
            }
            TrialEnd::Pruned => {
                trial.stopped_at = stand(&curves, is_mean);
                trial.place = Place::of(&curves, goal);
            }
            TrialEnd::Failed => {}
        }
    }
}
