//! The work of a built-in model: prepare, fit and score every fold.

use super::fold_cache::{FoldCache, Prepared};
use super::rounds::{Curve, FoldCourse, Place};
use super::{Assignment, Control, Execution, OutOfFold, Work};
use crate::data::{self, Dataset, Prep, PrepBlock, PrepChoice, Split};
use crate::domain::{
    Digest, DigestBuilder, Labels, MetricPoint, Outcome, Prediction, Summary, Value,
};
use crate::host;
use crate::metrics;
use crate::trainer::{self, Family, FitContext, FitError, Fold, Interim};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What a cross-validation needs beside the configuration.
#[derive(Debug)]
pub struct CvSetup {
    /// The data.
    pub data: Dataset,
    /// Holdout and folds; the holdout is never touched here.
    pub split: Split,
    /// Preprocessing blocks.
    pub blocks: Vec<PrepBlock>,
    /// Metrics to score, measured ones included. The objectives come first.
    pub metrics: Vec<&'static str>,
    /// How many of `metrics`, from the front, are objectives: those must be finite.
    pub n_objectives: usize,
    /// Memory that one fit may plan for, in MB.
    pub memory_mb: u64,
    /// Bytes of prepared folds to keep for the next trial.
    pub cache_bytes: usize,
    /// What a pruner sees of a trial.
    pub judged: Judged,
}

/// What a pruner judges a trial by. It sees one fold after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// There is none.
    Nothing,
    /// The score of each fold.
    Folds,
    /// Scores after some of a model's rounds, too.
    Rounds,
}

/// Cross-validation of the families in [`trainer`].
pub struct CrossValidation {
    setup: CvSetup,
    cache: FoldCache,
    test_labels: Vec<Labels>,
}

/// What one fold gave.
struct FoldResult {
    /// Where its values stand: at the last round where rounds are judged, else at 0.
    step: i64,
    values: Vec<f64>,
    prediction: Prediction,
}

/// A fold's number and what became of it.
type NumberedFold = (usize, Result<FoldResult, Outcome>);

/// One trial on its way through the folds.
struct Trial<'a> {
    family: &'static dyn Family,
    assignment: &'a Assignment,
    choices: Vec<PrepChoice>,
    prep: Digest,
    control: &'a Control,
    /// The values of all rounds, where they are judged.
    curve: Option<Mutex<Curve>>,
}

impl CrossValidation {
    /// Gets ready for trials.
    pub fn new(setup: CvSetup) -> Self {
        let labels = |rows: &[usize]| setup.data.labels.take(rows);
        let test_labels = setup.split.folds.iter().map(|fold| labels(&fold.test)).collect();
        Self { cache: FoldCache::new(setup.cache_bytes), test_labels, setup }
    }

    /// The data, the split and the rest.
    pub fn setup(&self) -> &CvSetup {
        &self.setup
    }

    /// Runs all folds, beside each other where workers stand idle; in fold order.
    ///
    /// With a pruner one after another: a hopeless trial then ends in its first folds, before the others cost
    /// anything, and what is judged does not depend on which workers are idle.
    ///
    /// After a failure the later folds are left out and the earlier ones still run, so that the fold that
    /// is blamed does not depend on the threads.
    fn folds(&self, trial: &Trial<'_>) -> (Vec<NumberedFold>, f64) {
        let n_folds = self.setup.split.folds.len();
        let next = AtomicUsize::new(0);
        let first_failed = AtomicUsize::new(usize::MAX);
        let results = Mutex::new((0..n_folds).map(|_| None).collect::<Vec<_>>());
        let work = || {
            loop {
                let fold = next.fetch_add(1, Ordering::AcqRel);
                if fold >= n_folds || fold > first_failed.load(Ordering::Acquire) {
                    return;
                }
                let result = self.fold(trial, fold);
                if result.is_err() {
                    first_failed.fetch_min(fold, Ordering::AcqRel);
                }
                results.lock().unwrap_or_else(PoisonError::into_inner)[fold] = Some(result);
            }
        };
        let is_judged = self.setup.judged != Judged::Nothing;
        let most_helpers = if is_judged { 0 } else { n_folds.saturating_sub(1) };
        let helpers = Helpers::take(trial.control, most_helpers);
        let borrowed_cpu = run_beside(helpers.count, &work);
        drop(helpers);
        let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        let numbered = results.into_iter().enumerate();
        (numbered.filter_map(|(fold, result)| Some((fold, result?))).collect(), borrowed_cpu)
    }

    fn fold(&self, trial: &Trial<'_>, fold: usize) -> Result<FoldResult, Outcome> {
        let name = &self.setup.split.folds[fold].name;
        let failed = |text: String| Outcome::Failed { reason: format!("fold {name}: {text}") };
        if trial.control.stopped() {
            return Err(trial.control.stopped_outcome());
        }
        let prepared =
            self.cache.get((fold, trial.prep), || self.prepare(trial, fold)).map_err(&failed)?;
        let context = context(name);
        let mut curve =
            trial.curve.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner));
        let place = Place { metric: self.setup.metrics[0], context: &context };
        let test = (prepared.test.view(), &self.test_labels[fold]);
        let mut course =
            curve.as_deref_mut().map(|curve| FoldCourse::new(trial.control, curve, place, test));
        let started = Instant::now();
        let interim = course.as_mut().map(|course| course as &mut dyn Interim);
        let model = self.fit(trial, &prepared.fold, interim).map_err(|error| match error {
            FitError::Stopped(_) => trial.control.stopped_outcome(),
            error => failed(error.to_string()),
        })?;
        let seconds = started.elapsed().as_secs_f64();
        let (values, prediction) =
            self.measure(fold, &*model, &prepared, seconds).map_err(&failed)?;
        let step = course.map_or(0, |course| course.finish(values[0]));
        trial.control.part(fold, || self.points(fold, (step, &values)).collect());
        // A hopeless trial keeps this fold; the next one finds it stopped.
        trial.control.judge(&context, step, values[0]);
        Ok(FoldResult { step, values, prediction })
    }

    /// All metrics of a fitted model, and what it predicts for the fold's test rows.
    fn measure(
        &self,
        fold: usize,
        model: &dyn trainer::Model,
        prepared: &Prepared,
        fit_seconds: f64,
    ) -> Result<(Vec<f64>, Prediction), String> {
        let started = Instant::now();
        let prediction = model.predict(prepared.test.view());
        let predict_us = started.elapsed().as_secs_f64() * 1e6 / prepared.test.nrows() as f64;
        if !prediction.is_finite() {
            return Err("the model predicts NaN or infinite values".into());
        }
        let measured = |metric: &str| match metric {
            "fit_seconds" => Some(fit_seconds),
            "predict_us" => Some(predict_us),
            "model_bytes" => Some(model.n_bytes() as f64),
            _ => None,
        };
        Ok((self.score(fold, &prediction, &measured)?, prediction))
    }

    fn prepare(&self, trial: &Trial<'_>, fold: usize) -> Result<Prepared, String> {
        let (data, rows) = (&self.setup.data, &self.setup.split.folds[fold]);
        let seed = trial.assignment.seed;
        let (prep, x) = Prep::fit_transform(data, &rows.train, &trial.choices, seed)
            .map_err(|error| error.to_string())?;
        let test = prep.transform(&data.table, &rows.test).map_err(|error| error.to_string())?;
        let weights = data.weights.as_ref();
        let weights = weights.map(|weights| rows.train.iter().map(|&row| weights[row]).collect());
        Ok(Prepared { fold: Fold::new(x, data.labels.take(&rows.train), weights), test })
    }

    fn fit<'a>(
        &self,
        trial: &'a Trial<'_>,
        fold: &Fold,
        interim: Option<&'a mut (dyn Interim + 'a)>,
    ) -> Result<Box<dyn trainer::Model>, FitError> {
        let mut context = FitContext {
            seed: trial.assignment.seed,
            memory_mb: self.setup.memory_mb,
            interim,
            cancel: trial.control.flag(),
        };
        trial.family.fit(fold, &trial.assignment.params, &mut context)
    }

    /// All metrics of one fold, in the order of the setup. A metric that this model cannot give (log
    /// loss without probabilities) is NaN, except for an objective, where it is an error.
    fn score(
        &self,
        fold: usize,
        prediction: &Prediction,
        measured: &dyn Fn(&str) -> Option<f64>,
    ) -> Result<Vec<f64>, String> {
        let truth = &self.test_labels[fold];
        let mut values = Vec::with_capacity(self.setup.metrics.len());
        for (position, &metric) in self.setup.metrics.iter().enumerate() {
            let value = match measured(metric) {
                Some(value) => value,
                None => match metrics::score(metric, truth, prediction, None) {
                    Ok(value) => value,
                    Err(error) if position < self.setup.n_objectives => {
                        return Err(error.to_string());
                    }
                    Err(_) => f64::NAN,
                },
            };
            if position < self.setup.n_objectives && !value.is_finite() {
                return Err(format!("{metric} is {value}{}", why_not_finite(truth)));
            }
            values.push(value);
        }
        Ok(values)
    }

    /// A trial without all of its folds. A pruned one keeps the values of those that it has, but no score: the
    /// mean of some folds is not comparable.
    fn ended(&self, outcome: Outcome, folds: &[(usize, FoldResult)]) -> Execution {
        let is_pruned = matches!(outcome, Outcome::Pruned { .. });
        let mut execution = Execution::without_values(outcome);
        for (number, fold) in folds.iter().filter(|_| is_pruned) {
            execution.points.extend(self.points(*number, (fold.step, &fold.values)));
        }
        execution
    }

    /// What a fold measured, but for what its curve has; NaN is what its model cannot give.
    fn points<'a>(
        &'a self,
        fold: usize,
        (step, values): (i64, &'a [f64]),
    ) -> impl Iterator<Item = MetricPoint> + 'a {
        let name = &self.setup.split.folds[fold].name;
        let values = self.setup.metrics.iter().zip(values).skip(self.n_in_curve());
        let known = values.filter(|(_, value)| !value.is_nan());
        known.map(move |(metric, value)| point(metric, (name.as_str(), step), *value))
    }

    /// How many metrics, from the front, have all their points in the curve.
    fn n_in_curve(&self) -> usize {
        usize::from(self.setup.judged == Judged::Rounds)
    }

    fn gather(&self, folds: &[FoldResult]) -> Execution {
        let mut execution = Execution::without_values(Outcome::Done);
        for (position, &metric) in self.setup.metrics.iter().enumerate() {
            let values: Vec<f64> = folds.iter().map(|fold| fold.values[position]).collect();
            if values.iter().all(|value| value.is_nan()) {
                continue;
            }
            if position >= self.n_in_curve() {
                let named = self.setup.split.folds.iter().zip(folds);
                let places = named.map(|(rows, fold)| (rows.name.as_str(), fold.step)).zip(&values);
                execution.points.extend(places.map(|(at, value)| point(metric, at, *value)));
            }
            execution.summaries.push((metric.to_string(), Summary::of_folds(&values)));
        }
        let tests: Vec<(&[usize], &Prediction)> = self
            .setup
            .split
            .folds
            .iter()
            .zip(folds)
            .map(|(rows, fold)| (rows.test.as_slice(), &fold.prediction))
            .collect();
        execution.predictions = Some(OutOfFold::gather(&tests));
        execution
    }
}

/// Where a fold's values are recorded.
fn context(fold: &str) -> String {
    format!("fold={fold}")
}

fn point(metric: &str, (fold, step): (&str, i64), value: f64) -> MetricPoint {
    MetricPoint { metric: metric.to_string(), context: context(fold), step, value, ts: 0 }
}

impl Work for CrossValidation {
    fn run(&self, assignment: &Assignment, control: &Control) -> Execution {
        let name = assignment.params.get("model").and_then(Value::as_str).unwrap_or_default();
        let Some(family) = trainer::family(name) else {
            let reason = format!("unknown model '{name}'");
            return Execution::without_values(Outcome::Failed { reason });
        };
        let choices = data::choices(&self.setup.blocks, &assignment.params);
        let prep = prep_digest(&choices);
        let curve = (self.setup.judged == Judged::Rounds).then(Mutex::default);
        let trial = Trial { family, assignment, choices, prep, control, curve };
        let (results, borrowed_cpu) = self.folds(&trial);
        let mut folds = Vec::with_capacity(results.len());
        let mut ended = None;
        for (number, result) in results {
            match result {
                Ok(fold) => folds.push((number, fold)),
                Err(outcome) => ended = ended.or(Some(outcome)),
            }
        }
        let mut execution = if let Some(outcome) = ended {
            self.ended(outcome, &folds)
        } else {
            let folds: Vec<FoldResult> = folds.into_iter().map(|(_, fold)| fold).collect();
            self.gather(&folds)
        };
        execution.cpu_seconds = borrowed_cpu;
        if let Some(curve) = trial.curve {
            let curve = curve.into_inner().unwrap_or_else(PoisonError::into_inner);
            execution.points.extend(curve.rest());
        }
        execution
    }
}

/// Idle workers that a trial borrows; they go back even if its work panics.
pub(super) struct Helpers<'a> {
    control: &'a Control,
    pub(super) count: usize,
}

impl<'a> Helpers<'a> {
    pub(super) fn take(control: &'a Control, most: usize) -> Self {
        Self { control, count: control.take_idle(most) }
    }
}

impl Drop for Helpers<'_> {
    fn drop(&mut self) {
        self.control.give_back(self.count);
    }
}

/// Runs `work` on this thread and on `helpers` more; the CPU seconds of the others.
fn run_beside(helpers: usize, work: &(impl Fn() + Sync)) -> f64 {
    std::thread::scope(|scope| {
        let spawn = |_| {
            let builder = std::thread::Builder::new().name("trial-fold".into());
            builder.stack_size(16 << 20).spawn_scoped(scope, || {
                work();
                host::thread_cpu_seconds()
            })
        };
        // Without a thread this one does the work alone.
        let threads: Vec<_> = (0..helpers).filter_map(|n| spawn(n).ok()).collect();
        work();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    })
}

/// What about the test rows may have made a score undefined.
fn why_not_finite(truth: &Labels) -> &'static str {
    match truth {
        Labels::Classes { codes, .. } if codes.windows(2).all(|pair| pair[0] == pair[1]) => {
            ": its test rows hold one class only; mend: fewer folds, or kind = \"stratified\""
        }
        _ => "",
    }
}

fn prep_digest(choices: &[PrepChoice]) -> Digest {
    let mut digest = DigestBuilder::new("prep");
    for choice in choices {
        digest.int(choice.columns.as_ref().map_or(-1, |columns| columns.len() as i64));
        for column in choice.columns.iter().flatten() {
            digest.text(column);
        }
        for (name, value) in &choice.settings {
            digest.text(name).text(value.kind()).text(&value.to_string());
        }
    }
    digest.finish()
}

#[cfg(test)]
#[path = "cross_validation_tests.rs"]
mod tests;
