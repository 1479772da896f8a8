//! A parameter over many runs, as figures of a search space need it.

use super::PlotError;
use super::axis::Axis;
use crate::domain::{Goal, Value};
use crate::space::Kind;

/// How a parameter's values are spread along an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterScale {
    /// Numbers.
    Linear,
    /// Positive numbers by their logarithm; linear if one is not positive.
    Log,
    /// A slot for each of these values, in this order; others that occur follow.
    Levels(Vec<Value>),
}

impl ParameterScale {
    /// The scale of a dimension of a search space.
    pub fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Float { log: true, .. } | Kind::Int { log: true, .. } => Self::Log,
            Kind::Float { .. } | Kind::Int { .. } => Self::Linear,
            Kind::Choice { values } => Self::Levels(values.clone()),
        }
    }
}

/// One parameter, with a value for each run.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How its values are spread.
    pub scale: ParameterScale,
    /// One for each run; none where the run does not have it.
    pub values: Vec<Option<Value>>,
}

impl Parameter {
    /// The axis, and where each run stands on it.
    pub(super) fn placed(&self) -> (Axis, Vec<Option<f64>>) {
        let is_number = |value: &Value| value.as_f64().is_some_and(f64::is_finite);
        // One word among numbers makes a slot of each value.
        if matches!(self.scale, ParameterScale::Levels(_))
            || !self.values.iter().flatten().all(is_number)
        {
            return self.by_levels();
        }
        let numbers = self.values.iter().map(|value| value.as_ref().and_then(Value::as_f64));
        let numbers: Vec<Option<f64>> = numbers.collect();
        let all = || numbers.iter().flatten().copied();
        let is_whole = self.values.iter().flatten().all(|value| matches!(value, Value::Int(_)));
        let axis = match self.scale {
            ParameterScale::Log if all().all(|value| value > 0.0) => Axis::log(&self.name, all()),
            _ if is_whole => Axis::linear(&self.name, all()).whole(),
            _ => Axis::linear(&self.name, all()),
        };
        (axis, numbers)
    }

    fn by_levels(&self) -> (Axis, Vec<Option<f64>>) {
        let mut levels = match &self.scale {
            ParameterScale::Levels(levels) => levels.clone(),
            _ => Vec::new(),
        };
        let known = levels.len();
        for value in self.values.iter().flatten() {
            if !levels.iter().any(|level| level.same(value)) {
                levels.push(value.clone());
            }
        }
        // Values that no list orders: numbers by size, then words by letters.
        levels[known..].sort_by(|a, b| match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        let words: Vec<String> = levels.iter().map(ToString::to_string).collect();
        let place = |value: &Value| levels.iter().position(|level| level.same(value));
        let place = |value: &Option<Value>| value.as_ref().and_then(place).map(|at| at as f64);
        (Axis::words(&self.name, words), self.values.iter().map(place).collect())
    }
}

/// Checks that there are parameters, that each has a value for every run, and that a score is finite.
pub(super) fn check(
    parameters: &[&Parameter],
    scores: &[f64],
    metric: &str,
) -> Result<(), PlotError> {
    if parameters.is_empty() {
        return Err(PlotError::Empty("there is no parameter".into()));
    }
    if let Some(odd) = parameters.iter().find(|parameter| parameter.values.len() != scores.len()) {
        let (values, runs) = (odd.values.len(), scores.len());
        let text = format!("parameter '{}' has {values} values for {runs} runs", odd.name);
        return Err(PlotError::Content(text));
    }
    if !scores.iter().any(|score| score.is_finite()) {
        return Err(PlotError::Nothing(metric.into()));
    }
    Ok(())
}

/// An axis of scores. Runs that went astray (10 times further from the best than three quarters of all are) would
/// squeeze the others into a line: the axis ends before them, and how many stand beyond it comes back.
pub(super) fn score_axis(metric: &str, goal: Goal, scores: &[f64]) -> (Axis, usize) {
    let mut losses: Vec<f64> =
        scores.iter().map(|score| goal.loss(*score)).filter(|loss| loss.is_finite()).collect();
    losses.sort_by(f64::total_cmp);
    let mut within = losses.len();
    if losses.len() >= 8 {
        let (best, upper) = (losses[0], losses[losses.len() * 3 / 4]);
        let fence = upper + 10.0 * (upper - best);
        if upper > best {
            within = losses.partition_point(|loss| *loss <= fence);
        }
    }
    // `loss` turns the sign, and turns it back.
    let shown = losses[..within].iter().map(|loss| goal.loss(*loss));
    (Axis::linear(metric, shown), losses.len() - within)
}

/// The runs with a finite score from the worst to the best.
pub(super) fn from_worst(goal: Goal, scores: &[f64]) -> Vec<usize> {
    let mut runs: Vec<usize> = (0..scores.len()).filter(|&run| scores[run].is_finite()).collect();
    runs.sort_by(|&a, &b| goal.loss(scores[b]).total_cmp(&goal.loss(scores[a])));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(scale: ParameterScale, values: &[Value]) -> Parameter {
        let values = values.iter().cloned().map(Some).collect();
        Parameter { name: "p".into(), scale, values }
    }

    #[test]
    fn values_find_their_slots() {
        let text = |word: &str| Value::Text(word.into());
        let check = |scale, values: &[Value], places: &[f64], slots: Option<usize>| {
            let (axis, got) = parameter(scale, values).placed();
            assert_eq!(got.into_iter().flatten().collect::<Vec<_>>(), places);
            assert_eq!(axis.slots(), slots);
        };
        let levels = ParameterScale::Levels(vec![text("rbf"), text("linear")]);
        check(levels, &[text("linear"), text("rbf"), text("odd")], &[1.0, 0.0, 2.0], Some(3));
        check(ParameterScale::Log, &[Value::Float(0.1), Value::Int(10)], &[0.1, 10.0], None);
        check(
            ParameterScale::Linear,
            &[Value::None, Value::Int(9), Value::Int(3)],
            &[2.0, 1.0, 0.0],
            Some(3),
        );
    }

    #[test]
    fn runs_that_went_astray_stand_beyond_the_axis() {
        let mut scores: Vec<f64> = (0..20).map(|at| f64::from(at) / 20.0).collect();
        let check = |scores: &[f64], beyond: usize, high: f64| {
            let (axis, got) = score_axis("loss", Goal::Minimize, scores);
            assert_eq!(got, beyond);
            assert!((axis.ends().1 - high).abs() < 0.1 * high, "{:?}", axis.ends());
        };
        check(&scores, 0, 0.95);
        scores.extend([1e9, f64::NAN, 3e8]);
        check(&scores, 2, 0.95);
        check(&[1.0, 100.0], 0, 104.0);
    }
}
