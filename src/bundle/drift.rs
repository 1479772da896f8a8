//! `profile.json`: what features, target and predictions looked like, for later data to be held against.

use super::Pipeline;
use crate::data::{Column, Dataset, MISSING, Values};
use crate::domain::{Labels, Prediction};
use crate::numeric::{mean, quantile_sorted, sample_sd};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The reference of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Rows that it is made of.
    pub rows: u64,
    /// The columns that the model reads.
    pub features: Vec<Drift>,
    /// The target.
    pub target: Drift,
    /// Whose predictions.
    pub predictions_of: ProfileOf,
    /// What is predicted: classes or numbers.
    pub prediction: Drift,
    /// The probability of the positive class of two, or of the predicted one of several.
    pub probability: Option<Drift>,
}

/// Which predictions are profiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileOf {
    /// Of each fold's model on rows that it did not see.
    OutOfFold,
    /// On the holdout.
    Holdout,
    /// On the rows of the fit themselves, which look more certain than new ones will.
    Training,
}

/// The distribution of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The column; `prediction` or `probability` for what the model says.
    pub name: String,
    /// Cells.
    pub n: u64,
    /// Share of missing cells.
    pub missing: f64,
    /// Mean of the finite numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Sample standard deviation (n − 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// The different inner deciles, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<f64>,
    /// Share of the numbers in each bin `(edge, edge]`, the first and last open: one more than edges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<f64>,
    /// Quantiles at 0, 1, …, 100 % (type 7), for tests on the whole distribution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// Share of each text among the cells that are there, in the order of the levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<(String, f64)>,
}

impl Profile {
    /// Profiles the rows of a fit, and predictions.
    pub(super) fn of(
        (data, rows): (&Dataset, &[usize]),
        pipeline: &Pipeline,
        (predictions_of, prediction): (ProfileOf, &Prediction),
    ) -> Self {
        let sources = pipeline.sources();
        let read = data.table.columns.iter().filter(|c| sources.contains(&c.name.as_str()));
        let target_name = &data.table.columns[data.target].name;
        let target = match &data.labels.take(rows) {
            Labels::Classes { codes, .. } => classes(target_name, codes, &data.classes),
            Labels::Values(values) => numbers(target_name, values),
        };
        let said = match prediction {
            Prediction::Classes { codes, .. } => classes("prediction", codes, &data.classes),
            Prediction::Values(values) => numbers("prediction", values),
        };
        Self {
            rows: rows.len() as u64,
            features: read.map(|column| column_drift(column, rows)).collect(),
            target,
            predictions_of,
            prediction: said,
            probability: probability(prediction, &data.labels),
        }
    }
}

fn column_drift(column: &Column, rows: &[usize]) -> Drift {
    match &column.values {
        Values::Numbers(all) => {
            numbers(&column.name, &rows.iter().map(|&row| all[row]).collect::<Vec<_>>())
        }
        Values::Codes { codes, levels } => {
            classes(&column.name, &rows.iter().map(|&row| codes[row]).collect::<Vec<_>>(), levels)
        }
    }
}

fn probability(prediction: &Prediction, labels: &Labels) -> Option<Drift> {
    let Prediction::Classes { codes, scores: Some(scores), probabilities: true, n_classes } =
        prediction
    else {
        return None;
    };
    let positive = match labels {
        Labels::Classes { positive, n_classes: 2, .. } => Some(*positive),
        _ => None,
    };
    let of = |(row, code): (&[f64], &u32)| row[positive.unwrap_or(*code) as usize];
    let picked: Vec<f64> = scores.chunks(*n_classes).zip(codes).map(of).collect();
    Some(numbers("probability", &picked))
}

fn numbers(name: &str, cells: &[f64]) -> Drift {
    let mut sorted: Vec<f64> = cells.iter().filter(|v| v.is_finite()).map(|v| v + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let missing = cells.iter().filter(|value| value.is_nan()).count();
    let mut made =
        Drift { missing: share(missing, cells.len()), ..Drift::empty(name, cells.len()) };
    if sorted.is_empty() {
        return made;
    }
    let finite = |value: f64| value.is_finite().then_some(value);
    (made.mean, made.sd) = (finite(mean(&sorted)), finite(sample_sd(&sorted)));
    made.quantiles = (0..=100).map(|p| quantile_sorted(&sorted, f64::from(p) / 100.0)).collect();
    made.edges = (1..10).map(|p| quantile_sorted(&sorted, f64::from(p) / 10.0)).collect();
    made.edges.dedup();
    let upto: Vec<usize> =
        made.edges.iter().map(|edge| sorted.partition_point(|value| value <= edge)).collect();
    let ends = upto.iter().copied().chain([sorted.len()]);
    let starts = [0].into_iter().chain(upto.iter().copied());
    made.shares = starts.zip(ends).map(|(start, end)| share(end - start, sorted.len())).collect();
    made
}

fn classes(name: &str, codes: &[u32], levels: &[String]) -> Drift {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for &code in codes {
        *counts.entry(code).or_default() += 1;
    }
    let missing = counts.remove(&MISSING).unwrap_or(0);
    let filled = codes.len() - missing;
    let level = |(code, n): (u32, usize)| (levels[code as usize].clone(), share(n, filled));
    Drift {
        missing: share(missing, codes.len()),
        levels: counts.into_iter().map(level).collect(),
        ..Drift::empty(name, codes.len())
    }
}

fn share(n: usize, of: usize) -> f64 {
    n as f64 / of.max(1) as f64
}

impl Drift {
    fn empty(name: &str, n: usize) -> Self {
        Self {
            name: name.into(),
            n: n as u64,
            missing: 0.0,
            mean: None,
            sd: None,
            edges: Vec::new(),
            shares: Vec::new(),
            quantiles: Vec::new(),
            levels: Vec::new(),
        }
    }
}
