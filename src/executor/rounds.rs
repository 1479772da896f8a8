//! The course of a fold while its model is fitted: scores after some rounds, kept, told and judged.

use super::Control;
use crate::domain::{Labels, MetricPoint, PointBatch};
use crate::host;
use crate::metrics;
use crate::trainer::{Interim, PredictRows, Signal};
use ndarray::ArrayView2;
use std::time::{Duration, Instant};

/// How long values may wait before they are handed over: a quick fit costs no message a value.
const PATIENCE: Duration = Duration::from_millis(200);

/// The values of the first objective in one run, fold by fold and round by round.
#[derive(Debug, Default)]
pub(super) struct Curve {
    waiting: Vec<MetricPoint>,
    handed_over: Option<Instant>,
}

impl Curve {
    /// Takes in a value and hands over what waits if it is time and somebody listens. No summaries: those are
    /// of whole folds.
    fn push(&mut self, point: MetricPoint, control: &Control) {
        self.waiting.push(point);
        if !control.is_heard() || self.handed_over.is_some_and(|at| at.elapsed() < PATIENCE) {
            return;
        }
        self.handed_over = Some(Instant::now());
        let mut batch = PointBatch::default();
        self.waiting.drain(..).for_each(|point| batch.push(&point));
        control.report(batch, Vec::new());
    }

    /// What nobody has been told yet.
    pub(super) fn rest(self) -> Vec<MetricPoint> {
        self.waiting
    }
}

/// One fold on its way through the rounds.
pub(super) struct FoldCourse<'a> {
    control: &'a Control,
    curve: &'a mut Curve,
    place: Place<'a>,
    test: ArrayView2<'a, f64>,
    truth: &'a Labels,
    /// The highest round so far, with its value.
    last: Option<(u64, f64)>,
    ended: Option<u64>,
}

/// Where a fold's values are recorded and judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The first objective.
    pub(super) metric: &'static str,
    /// `fold=NAME`.
    pub(super) context: &'a str,
}

impl<'a> FoldCourse<'a> {
    /// A course at its start; with the fold's test rows and their labels.
    pub(super) fn new(
        control: &'a Control,
        curve: &'a mut Curve,
        place: Place<'a>,
        (test, truth): (ArrayView2<'a, f64>, &'a Labels),
    ) -> Self {
        Self { control, curve, place, test, truth, last: None, ended: None }
    }

    /// Takes in the fold's score at the last round, which it returns: 1 for a model without rounds. A hopeless
    /// trial keeps the fold.
    pub(super) fn finish(mut self, value: f64) -> i64 {
        let ended = self.ended.unwrap_or(1);
        let rounds = match self.last {
            // An optimizer that stalls has told of its last round already, if not of a better point before it.
            Some((told, known)) if told >= ended => told + u64::from(known != value),
            _ => ended,
        };
        if self.last.is_none_or(|(told, _)| told < rounds) {
            self.keep(rounds, value);
        }
        self.control.judge(self.place.context, step(rounds), value);
        step(rounds)
    }

    fn keep(&mut self, rounds: u64, value: f64) {
        self.last = Some((rounds, value));
        let (metric, context) = (self.place.metric.into(), self.place.context.into());
        let point = MetricPoint { metric, context, step: step(rounds), value, ts: host::now_ms() };
        self.curve.push(point, self.control);
    }
}

fn step(rounds: u64) -> i64 {
    i64::try_from(rounds).unwrap_or(i64::MAX)
}

/// True for 1, 2, 3, 4, 6, 8, 12, 16, 24, … — a power of two or three of them: each is half as much again as
/// the one before or less, so all predictions together are those of some three models.
fn is_milestone(rounds: u64) -> bool {
    rounds.is_power_of_two() || (rounds.is_multiple_of(3) && (rounds / 3).is_power_of_two())
}

impl Interim for FoldCourse<'_> {
    fn wants(&self, rounds: u64) -> bool {
        is_milestone(rounds)
    }

    fn report(&mut self, rounds: u64, predict: &PredictRows<'_>) -> Signal {
        if self.control.stopped() {
            return Signal::Cancel;
        }
        let prediction = predict(self.test);
        let value = if prediction.is_finite() {
            match metrics::score(self.place.metric, self.truth, &prediction, None) {
                Ok(value) => value,
                // Nothing to judge: a measured metric, or one that this model cannot give, which fails the fold.
                Err(_) => return Signal::Continue,
            }
        } else {
            f64::NAN
        };
        self.keep(rounds, value);
        if self.control.judge(self.place.context, step(rounds), value) {
            Signal::Continue
        } else {
            Signal::Prune
        }
    }

    fn ended(&mut self, rounds: u64) {
        self.ended = Some(rounds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Prediction;
    use ndarray::Array2;

    #[test]
    fn milestones_grow_geometrically() {
        let milestones: Vec<u64> = (0..=100).filter(|&rounds| is_milestone(rounds)).collect();
        assert_eq!(milestones, [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]);
        assert!(!is_milestone(u64::MAX));
    }

    /// The steps and values of a fold whose model predicts these numbers for a truth of 0.
    fn course(reported: &[(u64, f64)], ended: Option<u64>, last: f64) -> (Vec<(i64, f64)>, i64) {
        let (control, mut curve) = (Control::free(), Curve::default());
        let (test, truth) = (Array2::zeros((1, 1)), Labels::Values(vec![0.0]));
        let place = Place { metric: "mae", context: "fold=0" };
        let mut course = FoldCourse::new(&control, &mut curve, place, (test.view(), &truth));
        for &(rounds, value) in reported {
            let predict = |_: ArrayView2<'_, f64>| Prediction::Values(vec![value]);
            assert_eq!(course.report(rounds, &predict), Signal::Continue);
        }
        if let Some(rounds) = ended {
            course.ended(rounds);
        }
        let step = course.finish(last);
        let points = curve.rest();
        assert!(points.iter().all(|point| point.metric == "mae" && point.context == "fold=0"));
        (points.iter().map(|point| (point.step, point.value)).collect(), step)
    }

    #[test]
    fn a_fold_ends_at_the_last_round() {
        assert_eq!(
            course(&[(1, 3.0), (2, -2.0)], Some(3), 1.0),
            (vec![(1, 3.0), (2, 2.0), (3, 1.0)], 3)
        );
        assert_eq!(course(&[], None, 4.0), (vec![(1, 4.0)], 1), "without rounds");
        let stalled = vec![(1, 3.0), (2, 2.0)];
        assert_eq!(course(&[(1, 3.0), (2, 2.0)], Some(2), 2.0), (stalled, 2));
        let better = vec![(1, 3.0), (2, 2.0), (3, 1.5)];
        assert_eq!(course(&[(1, 3.0), (2, 2.0)], Some(1), 1.5), (better, 3));
    }

    #[test]
    fn a_model_that_runs_away_is_worth_nan() {
        let (points, _) = course(&[(1, f64::INFINITY)], Some(2), 1.0);
        assert!(points[0].1.is_nan());
    }

    #[test]
    fn a_stopped_trial_ends_its_fit() {
        let (control, mut curve) = (Control::free(), Curve::default());
        control.stop(crate::executor::Stop::Killed("enough".into()));
        let (test, truth) = (Array2::zeros((1, 1)), Labels::Values(vec![0.0]));
        let place = Place { metric: "mae", context: "fold=0" };
        let mut course = FoldCourse::new(&control, &mut curve, place, (test.view(), &truth));
        let predict = |_: ArrayView2<'_, f64>| panic!("nobody wants to know");
        assert_eq!(course.report(1, &predict), Signal::Cancel);
        assert!(curve.rest().is_empty());
    }
}
