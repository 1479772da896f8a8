//! The Pareto front of a sweep for several objectives, and how much volume it dominates.

use super::CliError;
use super::replicates::best_trials;
use super::text::count;
use crate::domain::{Objective, RunRecord, format_number};
use crate::numeric::{Losses, front, hypervolume};
use crate::store::{Store, SweepRow};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Significant digits of a volume and of what bounds it.
const DIGITS: usize = 4;

/// The trials that keep the constraints and that no other such one is better than in all objectives.
pub(super) struct Front {
    /// The runs of each, the best trial by the first objective first.
    pub(super) trials: Vec<Vec<RunRecord>>,
    /// How many trials have every objective.
    among: usize,
    /// The volume between the front and `worst`, in the product of the objectives' units.
    volume: f64,
    /// The worst score of each objective among all these trials.
    worst: Vec<f64>,
    objectives: Vec<Objective>,
}

impl Front {
    /// The front of a sweep; `None` if it has one objective.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn of(store: &Store, sweep: &SweepRow) -> Result<Option<Self>, CliError> {
        let objectives = &sweep.objectives;
        let m = objectives.len();
        if m < 2 {
            return Ok(None);
        }
        let first = (objectives[0].metric.as_str(), objectives[0].goal);
        let mut trials = best_trials(store, sweep, first, 0)?;
        let eligible: BTreeSet<u64> = trials.iter().filter_map(|runs| runs[0].trial).collect();
        let mut losses: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for objective in objectives {
            for (trial, score) in store.trial_scores(sweep.id, &objective.metric, None)? {
                losses.entry(trial).or_default().push(objective.goal.loss(score));
            }
        }
        losses.retain(|trial, losses| losses.len() == m && eligible.contains(trial));
        let (numbers, rows): (Vec<u64>, Vec<Vec<f64>>) = losses.into_iter().unzip();
        let worst: Vec<f64> =
            (0..m).map(|j| rows.iter().map(|row| row[j]).fold(f64::MIN, f64::max)).collect();
        let rows = rows.concat();
        let best = front(Losses::new(&rows, m));
        let flat: Vec<f64> =
            best.iter().flat_map(|&at| &rows[at * m..(at + 1) * m]).copied().collect();
        let best: BTreeSet<u64> = best.into_iter().map(|place| numbers[place]).collect();
        trials.retain(|runs| runs[0].trial.is_some_and(|trial| best.contains(&trial)));
        Ok(Some(Self {
            trials,
            among: numbers.len(),
            volume: hypervolume(Losses::new(&flat, m), &worst),
            // A loss is a score or its negative.
            worst: objectives.iter().zip(worst).map(|(o, loss)| o.goal.loss(loss)).collect(),
            objectives: objectives.clone(),
        }))
    }

    /// `12 of 40 trials, hypervolume 3.2 from the worst of each (left 9.1, right 4)`.
    pub(super) fn words(&self) -> String {
        let n = count(self.trials.len() as u64);
        let text = format!("{n} of {} trials", count(self.among as u64));
        if self.volume > 0.0 {
            let worst = self.objectives.iter().zip(&self.worst);
            let worst: Vec<String> = worst
                .map(|(o, value)| format!("{} {}", o.metric, format_number(*value, DIGITS)))
                .collect();
            let (volume, worst) = (format_number(self.volume, DIGITS), worst.join(", "));
            return format!("{text}, hypervolume {volume} from the worst of each ({worst})");
        }
        text
    }

    /// The same for a program, with the trials' numbers and the ids of their runs.
    pub(super) fn json(&self) -> Value {
        let worst = self.objectives.iter().zip(&self.worst);
        let reference: Map<String, Value> =
            worst.map(|(o, value)| (o.metric.clone(), json!(value))).collect();
        let trials: Vec<Option<u64>> = self.trials.iter().map(|runs| runs[0].trial).collect();
        let runs: Vec<_> = self.trials.iter().flatten().map(|run| run.id).collect();
        json!({
            "trials": trials, "runs": runs, "among": self.among,
            "hypervolume": self.volume, "reference": reference,
        })
    }
}
