//! The space as rows that people read.

use super::{Dimension, Kind, Space};
use crate::domain::Value;

/// One dimension in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The value of the dimension `model` under which it is active; `None` for one that all share.
    pub branch: Option<String>,
    /// The parameter's name.
    pub name: String,
    /// `1e-4 … 1e4`, `50 … 400 step 50`, `rbf · linear`, or the one value.
    pub values: String,
    /// Log-scaled.
    pub log: bool,
    /// Other conditions: `kernel = rbf`, `kernel = rbf or poly, C = 1`.
    pub when: Option<String>,
}

/// The id of the dimension that chooses the model family.
pub(super) const ROOT: &str = "model";

impl Space {
    /// One row per dimension, in order; those of one branch stand together.
    pub fn tree(&self) -> Vec<Row> {
        self.dims().iter().map(|dim| self.row(dim)).collect()
    }

    fn row(&self, dim: &Dimension) -> Row {
        let mut branch = None;
        let mut when = Vec::new();
        for condition in &dim.when {
            let parent = &self.dims()[condition.parent];
            let values: Vec<String> =
                condition.any_of.iter().map(|&coord| parent.value(coord).to_string()).collect();
            if parent.id == ROOT && values.len() == 1 && branch.is_none() {
                branch = values.into_iter().next();
            } else {
                when.push(format!("{} = {}", parent.name, values.join(" or ")));
            }
        }
        Row {
            branch,
            name: dim.name.clone(),
            values: dim.kind.words(),
            log: matches!(dim.kind, Kind::Float { log: true, .. } | Kind::Int { log: true, .. }),
            when: (!when.is_empty()).then(|| when.join(", ")),
        }
    }
}

impl Kind {
    /// The values in words: `1e-4 … 1e4`, `50 … 400 step 50`, `rbf · linear`.
    pub fn words(&self) -> String {
        match self {
            Self::Float { low, high, log, step } => {
                let number = |x: f64| if *log { short(x) } else { Value::Float(x).to_string() };
                let step =
                    step.map_or(String::new(), |step| format!(" step {}", Value::Float(step)));
                format!("{} … {}{step}", number(*low), number(*high))
            }
            Self::Int { low, high, step: 1, .. } => format!("{low} … {high}"),
            Self::Int { low, high, step, .. } => format!("{low} … {high} step {step}"),
            Self::Choice { values } => {
                let words: Vec<String> = values.iter().map(ToString::to_string).collect();
                words.join(" · ")
            }
        }
    }
}

/// A bound of a log-scaled range: in e-notation unless that is longer.
fn short(x: f64) -> String {
    let plain = Value::Float(x).to_string();
    let exponent = format!("{x:e}");
    if exponent.len() <= plain.len() && !(0.1..100.0).contains(&x) { exponent } else { plain }
}
