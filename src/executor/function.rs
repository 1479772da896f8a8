//! Built-in test functions: for trying samplers, and for measuring what a trial costs beside its work.

use super::{Assignment, Control, Execution, Work, fake::single_value};
use crate::domain::Params;
use std::f64::consts::PI;

/// The names that `function = "…"` takes.
pub const FUNCTIONS: &[&str] = &["noop", "sphere", "branin", "rosenbrock"];

/// A test function of the numeric parameters, in their order. Records the metric `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestFunction {
    /// Always 0.
    Noop,
    /// Σ x², minimum 0 at the origin.
    Sphere,
    /// Branin and Hoo (1972) on x ∈ [−5, 10], y ∈ [0, 15]: three minima of 0.397887.
    Branin,
    /// Rosenbrock (1960): Σ 100 (x₍ᵢ₊₁₎ − xᵢ²)² + (1 − xᵢ)², minimum 0 at (1, …, 1).
    Rosenbrock,
}

impl TestFunction {
    /// The function of that name; see [`FUNCTIONS`].
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "noop" => Some(Self::Noop),
            "sphere" => Some(Self::Sphere),
            "branin" => Some(Self::Branin),
            "rosenbrock" => Some(Self::Rosenbrock),
            _ => None,
        }
    }

    fn value(self, params: &Params) -> f64 {
        let x: Vec<f64> = params.iter().filter_map(|(_, value)| value.as_f64()).collect();
        match self {
            Self::Noop => 0.0,
            Self::Sphere => x.iter().map(|v| v * v).sum(),
            Self::Branin => branin(x.first().copied(), x.get(1).copied()),
            Self::Rosenbrock => x
                .windows(2)
                .map(|pair| 100.0 * (pair[1] - pair[0].powi(2)).powi(2) + (1.0 - pair[0]).powi(2))
                .sum(),
        }
    }
}

fn branin(x: Option<f64>, y: Option<f64>) -> f64 {
    let (x, y) = (x.unwrap_or(0.0), y.unwrap_or(0.0));
    let bowl = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    bowl * bowl + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

impl Work for TestFunction {
    fn run(&self, assignment: &Assignment, _control: &Control) -> Execution {
        single_value("value", self.value(&assignment.params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Value;

    #[test]
    fn minima_are_where_the_papers_say() {
        let at = |function: &str, x: &[f64]| {
            let params = x.iter().enumerate().map(|(i, &v)| (format!("x{i}"), Value::Float(v)));
            TestFunction::named(function).unwrap().value(&params.collect())
        };
        assert!((at("branin", &[PI, 2.275]) - 0.397_887).abs() < 1e-6);
        assert_eq!(at("rosenbrock", &[1.0, 1.0, 1.0]), 0.0);
        assert_eq!(at("sphere", &[3.0, 4.0]), 25.0);
        assert!(FUNCTIONS.iter().all(|name| TestFunction::named(name).is_some()));
    }
}
