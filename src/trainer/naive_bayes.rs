//! Gaussian naive Bayes.

use super::require::{damaged, present_classes, to_json};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Form, GaussianClass, Model,
    ParamDefault, ParamKind, ParamSpec,
};
use crate::domain::{Params, Prediction};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

static PARAMS: [ParamSpec; 1] = [ParamSpec {
    name: "var_smoothing",
    kinds: &[ParamKind::Float { low: 0.0, high: 1e6, open_low: false }],
    optional: false,
    default: ParamDefault::Float(1e-9),
    about: "share of the largest feature variance that is added to all variances",
}];

/// scikit-learn's `GaussianNB`. linfa-bayes ignores row weights, so the few sums are taken here.
///
/// The variance behind `var_smoothing` is weighted like everything else (scikit-learn's is not), so that a
/// weight of 2 is the same as a row given twice. Polls the flag once per pass over the rows.
#[derive(Debug)]
pub(super) struct NaiveBayes;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NaiveBayesModel {
    n_classes: usize,
    n_features: usize,
    classes: Vec<ClassStats>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ClassStats {
    class: u32,
    log_prior: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
}

impl Family for NaiveBayes {
    fn name(&self) -> &'static str {
        "naive_bayes"
    }

    fn about(&self) -> &'static str {
        "Gaussian naive Bayes (own)"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &PARAMS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: true,
            regression: false,
            probabilities: true,
            weights: true,
            random: false,
        }
    }

    fn fit(
        &self,
        fold: &Fold,
        params: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        let (codes, n_classes) = fold.classes(self.name())?;
        fold.refuse_empty(self.name())?;
        let weights = fold.row_weights();
        let present = present_classes(codes, &weights, n_classes);
        let total: f64 = present.iter().map(|&(_, weight)| weight).sum();
        let share = Args::new(params, &PARAMS).float("var_smoothing");
        ctx.check()?;
        let everything = vec![0; codes.len()];
        let whole = group_moments(fold, &everything, &weights, &[total]);
        let smoothing = share * whole[0].1.iter().copied().fold(0.0, f64::max);
        ctx.check()?;
        let mut slot = vec![0; n_classes];
        for (idx, &(class, _)) in present.iter().enumerate() {
            slot[class as usize] = idx;
        }
        let groups: Vec<usize> = codes.iter().map(|&code| slot[code as usize]).collect();
        let totals: Vec<f64> = present.iter().map(|&(_, weight)| weight).collect();
        let classes: Vec<ClassStats> = group_moments(fold, &groups, &weights, &totals)
            .into_iter()
            .zip(&present)
            .map(|((mean, variance), &(class, weight))| ClassStats {
                class,
                log_prior: (weight / total).ln(),
                mean,
                variance: variance.into_iter().map(|v| v + smoothing).collect(),
            })
            .collect();
        if classes.iter().flat_map(|c| &c.variance).any(|&v| v <= 0.0) {
            return Err(FitError::Unsuitable(
                "a feature is constant within a class and 'var_smoothing' adds nothing; mend: a larger \
                 'var_smoothing', or drop constant features"
                    .into(),
            ));
        }
        Ok(Box::new(NaiveBayesModel { n_classes, n_features: fold.x.ncols(), classes }))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        let model = NaiveBayesModel::deserialize(saved)?;
        let fits = |class: &ClassStats| {
            (class.class as usize) < model.n_classes
                && class.mean.len() == model.n_features
                && class.variance.len() == model.n_features
        };
        if model.classes.is_empty() || !model.classes.iter().all(fits) {
            return Err(damaged("the classes do not match the sizes"));
        }
        Ok(Box::new(model))
    }
}

/// Weighted mean and variance of each feature in each group of rows, in two passes.
fn group_moments(
    fold: &Fold,
    groups: &[usize],
    weights: &[f64],
    totals: &[f64],
) -> Vec<(Vec<f64>, Vec<f64>)> {
    let d = fold.x.ncols();
    let mut moments = vec![(vec![0.0; d], vec![0.0; d]); totals.len()];
    let rows = || fold.x.rows().into_iter().zip(groups).zip(weights).filter(|(_, w)| **w > 0.0);
    for ((row, &group), weight) in rows() {
        for (sum, x) in moments[group].0.iter_mut().zip(row) {
            *sum += weight * x;
        }
    }
    for ((mean, _), total) in moments.iter_mut().zip(totals) {
        for sum in mean.iter_mut() {
            *sum /= total;
        }
    }
    for ((row, &group), weight) in rows() {
        let (mean, variance) = &mut moments[group];
        for ((sum, x), mean) in variance.iter_mut().zip(row).zip(mean) {
            *sum += weight * (x - *mean) * (x - *mean);
        }
    }
    for ((_, variance), total) in moments.iter_mut().zip(totals) {
        for sum in variance.iter_mut() {
            *sum /= total;
        }
    }
    moments
}

impl Model for NaiveBayesModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let constant = |class: &ClassStats| {
            let logs: f64 = class.variance.iter().map(|v| (std::f64::consts::TAU * v).ln()).sum();
            class.log_prior - 0.5 * logs
        };
        let constants: Vec<f64> = self.classes.iter().map(constant).collect();
        let mut probabilities = vec![0.0; x.nrows() * self.n_classes];
        let mut logs = vec![0.0; self.classes.len()];
        for (row, target) in x.rows().into_iter().zip(probabilities.chunks_mut(self.n_classes)) {
            for ((log, class), constant) in logs.iter_mut().zip(&self.classes).zip(&constants) {
                let spread = class.mean.iter().zip(&class.variance);
                let square: f64 =
                    row.iter().zip(spread).map(|(x, (m, v))| (x - m) * (x - m) / v).sum();
                *log = constant - 0.5 * square;
            }
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
            for (log, class) in logs.iter().zip(&self.classes) {
                target[class.class as usize] = (log - largest).exp() / total;
            }
        }
        Prediction::from_probabilities(probabilities, self.n_classes)
    }

    fn save(&self) -> serde_json::Value {
        to_json(self)
    }

    fn n_bytes(&self) -> usize {
        self.classes.len() * (2 * self.n_features + 1) * size_of::<f64>()
    }

    fn form(&self) -> Form {
        let class = |stats: &ClassStats| GaussianClass {
            class: stats.class,
            log_prior: stats.log_prior,
            mean: stats.mean.clone(),
            variance: stats.variance.clone(),
        };
        let classes = self.classes.iter().map(class).collect();
        Form::GaussianBayes { n_classes: self.n_classes, classes }
    }
}
