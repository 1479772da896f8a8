//! Truth and prediction, the two things that a metric compares.

use serde::{Deserialize, Serialize};

/// What a model learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Two classes.
    Binary,
    /// Three classes or more.
    Multiclass,
    /// A number.
    Regression,
}

impl Task {
    /// True for both kinds of classification.
    pub fn is_classification(self) -> bool {
        self != Self::Regression
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary classification",
            Self::Multiclass => "multi-class classification",
            Self::Regression => "regression",
        }
    }
}

/// The true targets of some rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Class codes in `0..n_classes`.
    Classes {
        /// One code a row.
        codes: Vec<u32>,
        /// How many classes the whole data set has; some may be absent in these rows.
        n_classes: usize,
        /// The code of the class that binary precision, recall and kin are about: 1 unless the sweep file says.
        positive: u32,
    },
    /// Numbers, all finite.
    Values(Vec<f64>),
}

impl Labels {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { codes, .. } => codes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels of some rows, in the order given.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes { codes, n_classes, positive } => Self::Classes {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                n_classes: *n_classes,
                positive: *positive,
            },
            Self::Values(values) => Self::Values(rows.iter().map(|&row| values[row]).collect()),
        }
    }

    /// The task that such labels make.
    pub fn task(&self) -> Task {
        match self {
            Self::Classes { n_classes: 0..=2, .. } => Task::Binary,
            Self::Classes { .. } => Task::Multiclass,
            Self::Values(_) => Task::Regression,
        }
    }
}

/// What a model says about some rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// Classes, with a score per class where the family has one.
    Classes {
        /// The predicted class of each row.
        codes: Vec<u32>,
        /// Row-major `rows × n_classes` scores that rank the rows of each class.
        scores: Option<Vec<f64>>,
        /// True if the scores are probabilities (each row sums to 1), not decision values.
        probabilities: bool,
        /// The number of classes, which is the row length of `scores`.
        n_classes: usize,
    },
    /// Numbers.
    Values(Vec<f64>),
}

impl Prediction {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { codes, .. } => codes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Classes from row-major probabilities; the first of equal maxima wins.
    pub fn from_probabilities(probabilities: Vec<f64>, n_classes: usize) -> Self {
        let codes = probabilities.chunks_exact(n_classes).map(first_argmax).collect();
        Self::Classes { codes, scores: Some(probabilities), probabilities: true, n_classes }
    }

    /// True if every number in it is finite.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Classes { scores, .. } => scores.iter().flatten().all(|v| v.is_finite()),
            Self::Values(values) => values.iter().all(|v| v.is_finite()),
        }
    }
}

fn first_argmax(row: &[f64]) -> u32 {
    let mut best = 0;
    for (class, &value) in row.iter().enumerate() {
        if value > row[best] {
            best = class;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_class() {
        let made = Prediction::from_probabilities(vec![0.5, 0.5, 0.2, 0.8], 2);
        let Prediction::Classes { codes, .. } = made else { unreachable!("classes were made") };
        assert_eq!(codes, [0, 1]);
    }
}
