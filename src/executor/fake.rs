//! Work that does what a script says, so that the loop can be driven through every ending without a model.

use super::{Assignment, Control, Execution, Work};
use crate::domain::{MetricPoint, Outcome, PointBatch, RunningSummary, Summary, SummaryKind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a fake trial does.
#[derive(Debug, Clone)]
pub enum Script {
    /// Ends with this value of the metric `value`.
    Value(f64),
    /// Fails with this reason.
    Fail(String),
    /// Fails because the machine does, with this reason.
    Break(String),
    /// Reports these values of `value` at steps 0, 1, … and ends with the last, unless it is stopped.
    Series(Vec<f64>),
    /// Panics with this message.
    Panic(String),
    /// Works until it is stopped.
    UntilStopped,
}

/// A function from assignments to scripts.
pub struct Fake {
    script: Box<dyn Fn(&Assignment) -> Script + Send + Sync>,
    n_started: AtomicU64,
}

impl Fake {
    /// Work that asks `script` what to do.
    pub fn new(script: impl Fn(&Assignment) -> Script + Send + Sync + 'static) -> Self {
        Self { script: Box::new(script), n_started: AtomicU64::new(0) }
    }

    /// What the script says to an assignment, for work that is put together from others.
    pub fn script(&self, assignment: &Assignment) -> Script {
        (self.script)(assignment)
    }

    /// How many attempts have begun.
    pub fn n_started(&self) -> u64 {
        self.n_started.load(Ordering::Acquire)
    }
}

impl Work for Fake {
    fn run(&self, assignment: &Assignment, control: &Control) -> Execution {
        self.n_started.fetch_add(1, Ordering::AcqRel);
        match (self.script)(assignment) {
            Script::Value(value) => single_value("value", value),
            Script::Fail(reason) => Execution::without_values(Outcome::Failed { reason }),
            Script::Break(reason) => Execution {
                is_infrastructure: true,
                ..Execution::without_values(Outcome::Failed { reason })
            },
            Script::Series(values) => series(&values, control),
            Script::Panic(message) => std::panic::panic_any(message),
            Script::UntilStopped => {
                while !control.stopped() {
                    std::thread::yield_now();
                }
                Execution::without_values(control.stopped_outcome())
            }
        }
    }
}

/// Reports one value a step, and stops where it is told to.
fn series(values: &[f64], control: &Control) -> Execution {
    let mut running = RunningSummary::default();
    for (step, &value) in (0..).zip(values) {
        running.push(step, step, value);
        let summaries = vec![("value".to_string(), running.summary(SummaryKind::Last))];
        let (metric, context) = ("value".into(), String::new());
        let mut batch = PointBatch::default();
        batch.push(&MetricPoint { metric, context, step, value, ts: step });
        control.report(batch, summaries);
        if !control.judge("", step, value) {
            let summaries = vec![("value".to_string(), running.summary(SummaryKind::Last))];
            return Execution { summaries, ..Execution::without_values(control.stopped_outcome()) };
        }
    }
    let summaries = vec![("value".to_string(), running.summary(SummaryKind::Last))];
    Execution { summaries, ..Execution::without_values(Outcome::Done) }
}

/// The execution of a trial that measured one number once. A number that is not finite is a failure.
pub(super) fn single_value(metric: &str, value: f64) -> Execution {
    let outcome = if value.is_finite() {
        Outcome::Done
    } else {
        Outcome::Failed { reason: format!("{metric} is {value}") }
    };
    let point =
        MetricPoint { metric: metric.into(), context: String::new(), step: 0, value, ts: 0 };
    let summary = Summary {
        score: value,
        n: 1,
        mean: value,
        sd: f64::NAN,
        last: value,
        min: value,
        max: value,
    };
    Execution {
        points: vec![point],
        summaries: vec![(metric.into(), summary)],
        ..Execution::without_values(outcome)
    }
}
