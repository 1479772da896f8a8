//! What an explanation of rows looks like, and the way from prepared features back to columns.

use crate::data::Feature;
use crate::explain::ExplainError;
use crate::trainer::Link;
use indexmap::IndexSet;
use ndarray::{Array3, ArrayView2, Axis};

/// How attributions were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The formula of a linear model.
    Linear,
    /// Trees against background rows.
    TreeInterventional,
    /// Trees with the share of background rows that takes each branch.
    TreePathDependent,
    /// All coalitions of features.
    KernelExact,
    /// Some orders of features, drawn at random.
    KernelSampled,
}

impl Method {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Linear => "exact SHAP of a linear model",
            Self::TreeInterventional => "TreeSHAP, interventional",
            Self::TreePathDependent => "TreeSHAP, path-dependent",
            Self::KernelExact => "kernel SHAP, all coalitions",
            Self::KernelSampled => "kernel SHAP, sampled orders",
        }
    }
}

/// What the attributions sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The predicted number.
    Value,
    /// The probability of each class.
    Probability,
    /// One output: log odds of the second of two classes.
    LogOdds,
    /// The score of each class before softmax, or a decision value.
    Score,
}

impl Scale {
    /// The scale of a model's raw outputs.
    pub(super) fn of(link: &Link) -> Self {
        match link {
            Link::Identity => Self::Value,
            Link::Probabilities => Self::Probability,
            Link::Sigmoid { .. } => Self::LogOdds,
            Link::Softmax { .. } => Self::Score,
        }
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Probability => "probability",
            Self::LogOdds => "log odds",
            Self::Score => "score",
        }
    }
}

/// Attributions of some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributions {
    /// How they were made.
    pub method: Method,
    /// What they sum to.
    pub scale: Scale,
    /// The class code of each output; empty for numbers.
    pub classes: Vec<u32>,
    /// The mean output over the background, one an output.
    pub base: Vec<f64>,
    /// `rows × outputs × features` (or groups).
    pub values: Array3<f64>,
    /// Standard errors of the values, where they were sampled.
    pub errors: Option<Array3<f64>>,
}

/// The class codes of raw outputs.
pub(super) fn output_classes(link: &Link, outputs: usize) -> Vec<u32> {
    match link {
        Link::Identity => vec![],
        Link::Probabilities => (0..outputs as u32).collect(),
        Link::Sigmoid { classes, .. } => vec![classes[1]],
        Link::Softmax { classes, .. } => classes.clone(),
    }
}

/// Features that belong together: all that were made of one column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Names in order.
    pub names: Vec<String>,
    /// The group of each feature.
    pub of: Vec<usize>,
}

impl Groups {
    /// The columns of the table that prepared features come from, in order of their first feature.
    pub fn by_source(features: &[Feature]) -> Self {
        let mut names = IndexSet::new();
        let of = features.iter().map(|feature| names.insert_full(&*feature.source).0).collect();
        Self { names: names.into_iter().map(str::to_string).collect(), of }
    }

    /// Each feature by itself.
    pub fn single(names: &[String]) -> Self {
        Self { names: names.to_vec(), of: (0..names.len()).collect() }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True without groups.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Refuses groups that are not about so many features.
    pub(super) fn check(&self, features: usize) -> Result<(), ExplainError> {
        if self.of.len() != features || self.of.iter().any(|&group| group >= self.len()) {
            let text = format!("{} features in groups, {features} in rows", self.of.len());
            return Err(ExplainError::Shape(text));
        }
        Ok(())
    }
}

impl Attributions {
    /// Sums of the features of each group. They still add up to the output; for trees they are the sum of the
    /// features' Shapley values, not the value of the group as one player.
    ///
    /// # Errors
    /// When the groups are not about these features, or the values were sampled: their errors do not add.
    pub fn grouped(&self, groups: &Groups) -> Result<Self, ExplainError> {
        groups.check(self.values.dim().2)?;
        if self.errors.is_some() {
            return Err(ExplainError::Shape(
                "sampled values cannot be summed; give the groups to the sampler".into(),
            ));
        }
        let (rows, outputs, _) = self.values.dim();
        let mut values = Array3::zeros((rows, outputs, groups.len()));
        for (feature, &group) in groups.of.iter().enumerate() {
            let mut sum = values.index_axis_mut(Axis(2), group);
            sum += &self.values.index_axis(Axis(2), feature);
        }
        Ok(Self { values, errors: None, ..self.clone() })
    }

    /// Mean absolute value of each feature over the rows, `outputs × features`: global importance.
    pub fn mean_absolute(&self) -> Vec<Vec<f64>> {
        let (rows, outputs, features) = self.values.dim();
        let mean = |output, feature| {
            let sum: f64 = (0..rows).map(|row| self.values[[row, output, feature]].abs()).sum();
            sum / rows as f64
        };
        (0..outputs).map(|o| (0..features).map(|f| mean(o, f)).collect()).collect()
    }

    /// The output that a row's attributions sum to.
    pub fn output(&self, row: usize, output: usize) -> f64 {
        let features = self.values.dim().2;
        let sum: f64 = (0..features).map(|feature| self.values[[row, output, feature]]).sum();
        self.base[output] + sum
    }
}

/// Refuses rows and background that do not suit a model of so many features.
pub(super) fn check_rows(
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
    features: Option<usize>,
) -> Result<(), ExplainError> {
    if x.nrows() == 0 {
        return Err(ExplainError::NoRows { what: "rows", mend: "name at least one row" });
    }
    if background.nrows() == 0 {
        return Err(ExplainError::NoRows {
            what: "background rows",
            mend: "give some rows that the model was fitted on",
        });
    }
    if x.ncols() != background.ncols() || features.is_some_and(|n| n != x.ncols()) {
        let model = features.map_or(String::new(), |n| format!(", {n} in the model"));
        let (rows, back) = (x.ncols(), background.ncols());
        return Err(ExplainError::Shape(format!(
            "{rows} features in the rows, {back} in the background{model}"
        )));
    }
    match x.iter().chain(&background).find(|value| !value.is_finite()) {
        Some(value) => Err(ExplainError::NotFinite {
            what: "a feature of a row".into(),
            value: value.to_string(),
        }),
        None => Ok(()),
    }
}
