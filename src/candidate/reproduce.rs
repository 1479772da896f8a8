//! The same run once more, and whether it gives the same to the bit.

use super::{CandidateError, Recipe};
use crate::domain::{MetricPoint, Outcome, RunId};
use crate::executor::{Assignment, OutOfFold, carry_out};
use crate::host;
use crate::metrics;
use crate::spec::Work;
use crate::store::Store;
use crate::sweep::{Place, Plan};
use std::collections::BTreeMap;

/// What came of a reproduction.
#[derive(Debug, Clone, PartialEq)]
pub struct Reproduction {
    /// The run.
    pub run: RunId,
    /// Scores that were compared, fold by fold.
    pub n_scores: usize,
    /// Those that differ.
    pub scores: Vec<ScoreDifference>,
    /// Out-of-fold predictions that were compared; none where the run keeps none.
    pub n_predictions: Option<usize>,
    /// How many of them differ.
    pub n_other_predictions: usize,
    /// The largest difference of a prediction.
    pub largest: f64,
    /// Why the run failed this time.
    pub failure: Option<String>,
    /// What is not as it was: version, commit.
    pub surroundings: Vec<String>,
}

/// One score that is not the recorded one.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreDifference {
    /// The metric.
    pub metric: String,
    /// What it was measured on: `fold=0`.
    pub context: String,
    /// The recorded value; none for a score that was not there.
    pub recorded: Option<f64>,
    /// The value now.
    pub now: Option<f64>,
}

impl Reproduction {
    /// True if everything is equal to the bit.
    pub fn is_equal(&self) -> bool {
        self.failure.is_none() && self.scores.is_empty() && self.n_other_predictions == 0
    }
}

/// Trains a built-in model again from its record, folds and all, and compares every score and prediction.
///
/// # Errors
/// When the run is of a command or of no sweep, or the data is not what it was: that is looked at first.
pub fn reproduce(store: &Store, recipe: &Recipe) -> Result<Reproduction, CandidateError> {
    let run = &recipe.run;
    let Work::Models(section) = &recipe.sweep.work else {
        return Err(CandidateError::Unfit {
            run: run.id.0,
            what: "is of a command, which derby cannot make equal to the bit".into(),
            mend: "derby run with the same parameters and seed, then derby diff",
        });
    };
    if recipe.members.iter().any(|(_, member)| member.id != run.id) {
        return Err(CandidateError::Unfit {
            run: run.id.0,
            what: "is an ensemble, which is trained by its members".into(),
            mend: "derby reproduce its members; derby artifacts RUN ensemble.json names them",
        });
    }
    recipe.ground(section)?;
    let mut sweep = recipe.sweep.clone();
    // One trial, here and now.
    sweep.resources.isolate = false;
    let place = Place { store: store.path().into(), owner: String::new(), jobs: 1, gpus: None };
    let plan = Plan::new(&sweep, &place)?;
    let assignment = Assignment {
        run: run.id,
        trial: run.trial.unwrap_or_default(),
        attempt: run.attempt,
        params: run.params.clone(),
        seed: recipe.seed(),
        replicate: run.replicate,
    };
    let execution =
        carry_out(&*plan.work, &assignment, host::n_cores() - 1).map_err(CandidateError::Thread)?;
    let failure = match &execution.outcome {
        Outcome::Done => None,
        other => Some(other.reason().unwrap_or("no reason given").to_string()),
    };
    let recorded = store.all_points(run.id)?;
    let (n_scores, scores) = compared(&recorded, &execution.points);
    let kept = store.predictions(run.id)?.and_then(|bytes| OutOfFold::decode(&bytes));
    let (n_predictions, n_other_predictions, largest) =
        compared_predictions(kept.as_ref(), execution.predictions.as_ref());
    Ok(Reproduction {
        run: run.id,
        n_scores,
        scores: if failure.is_some() { Vec::new() } else { scores },
        n_predictions,
        n_other_predictions,
        largest,
        failure,
        surroundings: surroundings(recipe),
    })
}

/// The last value of each metric on each context. Measured times are no results.
fn last_values(points: &[MetricPoint]) -> BTreeMap<(&str, &str), &MetricPoint> {
    let mut last: BTreeMap<(&str, &str), &MetricPoint> = BTreeMap::new();
    for point in points {
        let is_measured = metrics::info(&point.metric).is_none_or(|info| info.measured);
        if is_measured && point.metric != "model_bytes" {
            continue;
        }
        let slot = last.entry((&point.metric, &point.context)).or_insert(point);
        if (point.step, point.ts) >= (slot.step, slot.ts) {
            *slot = point;
        }
    }
    last
}

fn compared(recorded: &[MetricPoint], now: &[MetricPoint]) -> (usize, Vec<ScoreDifference>) {
    let (recorded, now) = (last_values(recorded), last_values(now));
    let mut differing = Vec::new();
    let keys: std::collections::BTreeSet<_> = recorded.keys().chain(now.keys()).copied().collect();
    for key in &keys {
        let (then, now) = (recorded.get(key).map(|p| p.value), now.get(key).map(|p| p.value));
        let is_equal = match (then, now) {
            (Some(a), Some(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            _ => false,
        };
        if !is_equal {
            let (metric, context) = (key.0.to_string(), key.1.to_string());
            differing.push(ScoreDifference { metric, context, recorded: then, now });
        }
    }
    (keys.len(), differing)
}

fn compared_predictions(
    kept: Option<&OutOfFold>,
    now: Option<&OutOfFold>,
) -> (Option<usize>, usize, f64) {
    let (Some(kept), Some(now)) = (kept, now) else { return (None, 0, 0.0) };
    if kept.rows != now.rows || kept.width != now.width {
        return (Some(kept.rows.len()), kept.rows.len().max(now.rows.len()), f64::INFINITY);
    }
    let width = kept.width.max(1);
    let rows = || kept.values.chunks(width).zip(now.values.chunks(width));
    let differs =
        |(a, b): &(&[f32], &[f32])| a.iter().zip(*b).any(|(a, b)| a.to_bits() != b.to_bits());
    let largest = kept.values.iter().zip(&now.values).map(|(a, b)| f64::from((a - b).abs()));
    (Some(kept.rows.len()), rows().filter(differs).count(), largest.fold(0.0, f64::max))
}

/// What a difference may come from.
fn surroundings(recipe: &Recipe) -> Vec<String> {
    let run = &recipe.run;
    let mut found = Vec::new();
    let version = env!("CARGO_PKG_VERSION");
    if run.version != version {
        found.push(format!("derby {} then, {version} now", run.version));
    }
    let folder = recipe.sweep.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let now = host::git(folder.unwrap_or(std::path::Path::new(".")));
    let short = |commit: &str| commit.chars().take(7).collect::<String>();
    if let (Some(then), Some(now)) = (&run.git, &now)
        && then.commit != now.commit
    {
        found.push(format!("commit {} then, {} now", short(&then.commit), short(&now.commit)));
    }
    if run.host != host::hostname() {
        found.push(format!("host {} then, {} now", run.host, host::hostname()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(metric: &str, fold: &str, value: f64) -> MetricPoint {
        MetricPoint { metric: metric.into(), context: fold.into(), step: 0, value, ts: 0 }
    }

    #[test]
    fn every_bit_counts_and_times_do_not() {
        let then = [point("accuracy", "fold=0", 0.9), point("fit_seconds", "fold=0", 1.0)];
        let same = [point("accuracy", "fold=0", 0.9), point("fit_seconds", "fold=0", 2.0)];
        assert_eq!(compared(&then, &same), (1, vec![]));
        let (n, other) = compared(&then, &[point("accuracy", "fold=0", 0.9f64.next_up())]);
        assert_eq!((n, other.len()), (1, 1));
        let (n, missing) = compared(&then, &[point("accuracy", "fold=1", f64::NAN)]);
        assert_eq!((n, missing.len()), (2, 2));
        let nan = [point("log_loss", "fold=0", f64::NAN)];
        assert_eq!(compared(&nan, &nan), (1, vec![]));
    }

    #[test]
    fn predictions_are_compared_row_by_row() {
        let made = |values: Vec<f32>| OutOfFold { rows: vec![0, 1], width: 2, values };
        let (kept, other) = (made(vec![0.1, 0.9, 0.5, 0.5]), made(vec![0.1, 0.9, 0.25, 0.75]));
        assert_eq!(compared_predictions(Some(&kept), Some(&kept)), (Some(2), 0, 0.0));
        assert_eq!(compared_predictions(Some(&kept), Some(&other)), (Some(2), 1, 0.25));
        assert_eq!(compared_predictions(None, Some(&kept)), (None, 0, 0.0));
    }
}
