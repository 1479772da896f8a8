//! What passes between derby and the process of a trial: the order, lines while it works, and the result.
//!
//! Floats travel as their bits, since JSON has no NaN. The result is one JSON document that appears under its name
//! when it is whole; predictions lie in a file beside it, written before.

use crate::domain::{MetricPoint, Outcome, Params, PointBatch, RunId, Summary};
use crate::executor::{Assignment, Execution, OutOfFold};
use crate::host;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the process of a trial is told on its standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrialOrder {
    /// The sweep file's path, from which relative paths hold.
    pub file: PathBuf,
    /// The canonical text of the sweep.
    pub text: String,
    /// Identity of the sweep and its data, as hexadecimal digits: what is read now must be the same.
    pub identity: String,
    /// Memory that one fit may plan for, in MB.
    pub memory_mb: u64,
    /// How many folds may run beside the first.
    pub helpers: usize,
    /// The configuration.
    pub params: Params,
    /// See [`Assignment::seed`].
    pub seed: u64,
    /// See [`Assignment::run`].
    pub run: RunId,
    /// See [`Assignment::trial`].
    pub trial: u64,
    /// See [`Assignment::attempt`].
    pub attempt: u32,
    /// See [`Assignment::replicate`].
    pub replicate: u32,
}

impl TrialOrder {
    pub(super) fn assignment(&self) -> Assignment {
        Assignment {
            run: self.run,
            trial: self.trial,
            attempt: self.attempt,
            params: self.params.clone(),
            seed: self.seed,
            replicate: self.replicate,
        }
    }
}

/// A line on the standard output of the process of a trial.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line {
    /// See [`Ears::part`](crate::executor::Ears::part).
    Part { part: usize, values: Vec<Point> },
    /// See [`Ears::judge`](crate::executor::Ears::judge).
    Judge { context: String, step: i64, value: Bits },
    /// See [`Ears::hear`](crate::executor::Ears::hear).
    Report { points: Vec<Point>, summaries: Vec<(String, Short)> },
}

impl Line {
    /// The line, with its end.
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a line; `None` for anything that is none, as a library may print.
    pub(super) fn decode(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

/// A float, NaN included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Bits(u64);

impl From<f64> for Bits {
    fn from(value: f64) -> Self {
        Self(value.to_bits())
    }
}

impl From<Bits> for f64 {
    fn from(bits: Bits) -> Self {
        Self::from_bits(bits.0)
    }
}

/// A [`MetricPoint`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Point(String, String, i64, Bits, i64);

impl From<&MetricPoint> for Point {
    fn from(point: &MetricPoint) -> Self {
        let MetricPoint { metric, context, step, value, ts } = point;
        Self(metric.clone(), context.clone(), *step, (*value).into(), *ts)
    }
}

impl From<Point> for MetricPoint {
    fn from(Point(metric, context, step, value, ts): Point) -> Self {
        Self { metric, context, step, value: value.into(), ts }
    }
}

/// The points of a batch, in their order.
pub(super) fn points_of(batch: &PointBatch) -> Vec<Point> {
    let point = |point: &crate::domain::SeriesPoint| {
        let key = &batch.series[point.series as usize];
        let (metric, context) = (key.metric.clone(), key.context.clone());
        Point(metric, context, point.step, point.value.into(), point.ts)
    };
    batch.points.iter().map(point).collect()
}

/// A batch of these points.
pub(super) fn batch_of(points: Vec<Point>) -> PointBatch {
    let mut batch = PointBatch::default();
    for point in points {
        batch.push(&point.into());
    }
    batch
}

/// A [`Summary`]: its number of values, then score, mean, sd, last, min, max.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Short(u64, [Bits; 6]);

impl From<&Summary> for Short {
    fn from(summary: &Summary) -> Self {
        let Summary { score, n, mean, sd, last, min, max } = *summary;
        Self(n, [score, mean, sd, last, min, max].map(Bits::from))
    }
}

impl From<Short> for Summary {
    fn from(Short(n, values): Short) -> Self {
        let [score, mean, sd, last, min, max] = values.map(f64::from);
        Self { score, n, mean, sd, last, min, max }
    }
}

/// Summaries on their way.
pub(super) fn shortened(summaries: &[(String, Summary)]) -> Vec<(String, Short)> {
    summaries.iter().map(|(name, summary)| (name.clone(), summary.into())).collect()
}

/// Summaries that have arrived.
pub(super) fn lengthened(summaries: Vec<(String, Short)>) -> Vec<(String, Summary)> {
    summaries.into_iter().map(|(name, summary)| (name, summary.into())).collect()
}

/// The result of a trial. Built-in models keep no files.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    outcome: Ended,
    is_infrastructure: bool,
    points: Vec<Point>,
    summaries: Vec<(String, Short)>,
    has_predictions: bool,
    /// Of the whole process, finer than the system tells of one that has ended.
    cpu_seconds: Bits,
}

/// An [`Outcome`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ended {
    Done,
    Failed(String),
    Pruned(String),
    Killed(String),
    Infeasible(String),
}

impl From<&Outcome> for Ended {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Failed { reason } => Self::Failed(reason.clone()),
            Outcome::Pruned { reason } => Self::Pruned(reason.clone()),
            Outcome::Killed { reason } => Self::Killed(reason.clone()),
            Outcome::Infeasible { reason } => Self::Infeasible(reason.clone()),
        }
    }
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Done => Self::Done,
            Ended::Failed(reason) => Self::Failed { reason },
            Ended::Pruned(reason) => Self::Pruned { reason },
            Ended::Killed(reason) => Self::Killed { reason },
            Ended::Infeasible(reason) => Self::Infeasible { reason },
        }
    }
}

/// Writes what came of a trial. The folder is made; the document appears whole or not at all.
pub(super) fn write_result(execution: &Execution, result: &Path) -> io::Result<()> {
    if let Some(folder) = result.parent() {
        fs::create_dir_all(folder)?;
    }
    if let Some(predictions) = &execution.predictions {
        fs::write(beside(result), predictions.encode())?;
    }
    let document = Document {
        cpu_seconds: host::process_cpu_seconds().into(),
        outcome: (&execution.outcome).into(),
        is_infrastructure: execution.is_infrastructure,
        points: execution.points.iter().map(Point::from).collect(),
        summaries: shortened(&execution.summaries),
        has_predictions: execution.predictions.is_some(),
    };
    let half = result.with_extension("half");
    fs::write(&half, serde_json::to_vec(&document)?)?;
    fs::rename(half, result)
}

/// Reads what [`write_result`] wrote; `None` if it did not come to its end.
pub(super) fn read_result(result: &Path) -> io::Result<Option<Execution>> {
    let text = match fs::read(result) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let document: Document = serde_json::from_slice(&text)?;
    let predictions = if document.has_predictions {
        let predictions = OutOfFold::decode(&fs::read(beside(result))?);
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "damaged predictions");
        Some(predictions.ok_or_else(damaged)?)
    } else {
        None
    };
    Ok(Some(Execution {
        points: document.points.into_iter().map(MetricPoint::from).collect(),
        summaries: lengthened(document.summaries),
        predictions,
        cpu_seconds: document.cpu_seconds.into(),
        is_infrastructure: document.is_infrastructure,
        ..Execution::without_values(document.outcome.into())
    }))
}

fn beside(result: &Path) -> PathBuf {
    result.with_extension("f32")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: f64) -> MetricPoint {
        MetricPoint { metric: "loss".into(), context: "fold=0".into(), step: -3, value, ts: 7 }
    }

    /// NaN is equal to nothing, its text is.
    fn shown(execution: Execution) -> String {
        format!("{:?}", Execution { cpu_seconds: 0.0, ..execution })
    }

    #[test]
    fn results_come_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let result = folder.path().join("new/result.json");
        assert!(read_result(&result).unwrap().is_none());
        let values = [0.1 + 0.2, f64::NAN, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE / 3.0];
        let summary = Summary {
            score: 1.0 / 3.0,
            n: 2,
            mean: f64::NAN,
            sd: f64::NAN,
            last: 1e300,
            min: -0.0,
            max: f64::INFINITY,
        };
        let predictions =
            OutOfFold { rows: vec![1, 5], width: 2, values: vec![0.1, f32::NAN, -0.0, 3.0] };
        let whole = Execution {
            points: values.map(point).into(),
            summaries: vec![("loss".into(), summary)],
            predictions: Some(predictions),
            ..Execution::without_values(Outcome::Done)
        };
        write_result(&whole, &result).unwrap();
        assert_eq!(shown(read_result(&result).unwrap().unwrap()), shown(whole));
        let reason = || "fold 1: it's \"NaN\"\n".to_string();
        for outcome in [
            Outcome::Failed { reason: reason() },
            Outcome::Pruned { reason: reason() },
            Outcome::Killed { reason: reason() },
            Outcome::Infeasible { reason: reason() },
        ] {
            let failed =
                Execution { is_infrastructure: true, ..Execution::without_values(outcome) };
            write_result(&failed, &result).unwrap();
            assert_eq!(shown(read_result(&result).unwrap().unwrap()), shown(failed));
        }
    }

    #[test]
    fn half_a_result_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let result = folder.path().join("result.json");
        fs::write(result.with_extension("half"), "{").unwrap();
        fs::write(beside(&result), "x").unwrap();
        assert!(read_result(&result).unwrap().is_none());
    }

    #[test]
    fn lines_come_back() {
        let points = vec![Point::from(&point(f64::NAN)), Point::from(&point(0.5))];
        let lines = [
            Line::Part { part: 3, values: points.clone() },
            Line::Judge { context: "fold=3".into(), step: 0, value: f64::INFINITY.into() },
            Line::Report { points: points.clone(), summaries: Vec::new() },
        ];
        for line in lines {
            let bytes = line.encode().unwrap();
            assert_eq!(Line::decode(bytes.strip_suffix(b"\n").unwrap()), Some(line));
        }
        assert_eq!(Line::decode(b"epoch 3"), None);
        assert_eq!(points_of(&batch_of(points.clone())), points);
    }
}
