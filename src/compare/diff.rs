//! What differs between runs, row by row.

use crate::domain::{RunRecord, Value};
use indexmap::IndexSet;

/// One row of a comparison: a name and one cell a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Name of the parameter.
    pub name: String,
    /// The value in each run; `None` where the run has no such parameter.
    pub values: Vec<Option<Value>>,
}

impl Difference {
    /// True if all runs agree.
    pub fn is_equal(&self) -> bool {
        self.values.windows(2).all(|pair| match (&pair[0], &pair[1]) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        })
    }
}

/// The parameters of all runs side by side, in the order in which the runs name them.
pub fn differences(runs: &[&RunRecord]) -> Vec<Difference> {
    let names: IndexSet<&str> =
        runs.iter().flat_map(|run| run.params.iter().map(|(name, _)| name)).collect();
    let row = |name: &str| Difference {
        name: name.to_string(),
        values: runs.iter().map(|run| run.params.get(name).cloned()).collect(),
    };
    names.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_parameter_differs_and_spelling_does_not() {
        let row = |values: Vec<Option<Value>>| Difference { name: "C".into(), values }.is_equal();
        assert!(row(vec![Some(Value::Int(1)), Some(Value::Float(1.0))]));
        assert!(!row(vec![Some(Value::Int(1)), None]));
        assert!(!row(vec![Some(Value::Int(1)), Some(Value::Int(2))]));
    }
}
