//! One dimension as the estimator sees it: numbers on `[0, 1]` (log scaled where asked for), choices by index.

use super::Row;
use crate::space::{Dimension, Kind, Point, Space};

/// The geometry of one dimension.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Axis {
    /// One value only; takes no part in any density.
    Constant(f64),
    /// Floats and integers.
    Numeric(Scale),
    /// A choice among so many.
    Choice(usize),
}

/// The map between a numeric range and `[0, 1]`. Ranges with a step reach half a step beyond both ends, so
/// that every value owns a cell of positive width (Optuna does the same).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    log: bool,
    /// Ends of the range, after the logarithm.
    low: f64,
    high: f64,
    /// Half a step, before the logarithm.
    half: Option<f64>,
}

impl Axis {
    pub(super) fn new(dim: &Dimension) -> Self {
        if dim.is_constant() {
            return Self::Constant(dim.value_at(0.5));
        }
        match &dim.kind {
            Kind::Choice { values } => Self::Choice(values.len()),
            Kind::Float { low, high, log, step } => Scale::axis(*low, *high, *log, *step),
            Kind::Int { low, high, log, step } => {
                Scale::axis(*low as f64, *high as f64, *log, Some(*step as f64))
            }
        }
    }

    /// The estimator's coordinate of an internal coordinate.
    pub(super) fn position(&self, coord: f64) -> f64 {
        match self {
            Self::Constant(_) => 0.0,
            Self::Numeric(scale) => scale.position(coord),
            Self::Choice(_) => coord,
        }
    }
}

impl Scale {
    fn axis(low: f64, high: f64, log: bool, step: Option<f64>) -> Axis {
        let half = step.map(|step| step / 2.0);
        let ends = [low - half.unwrap_or(0.0), high + half.unwrap_or(0.0)];
        let [low, high] = ends.map(|end| if log { end.ln() } else { end });
        Axis::Numeric(Self { log, low, high, half })
    }

    /// Where a value is in `[0, 1]`. Halves, because `high - low` may be beyond the largest float.
    pub(super) fn position(&self, value: f64) -> f64 {
        let scaled = if self.log { value.ln() } else { value };
        let share = (scaled / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) }
    }

    /// The value at a position, not yet snapped to the steps or the range.
    pub(super) fn value(&self, position: f64) -> f64 {
        let scaled = self.low * (1.0 - position) + self.high * position;
        if self.log { scaled.exp() } else { scaled }
    }

    /// The cell that the value at a position owns; `None` for continuous ranges.
    pub(super) fn cell(&self, value: f64) -> Option<(f64, f64)> {
        let half = self.half?;
        let (a, b) = (self.position(value - half), self.position(value + half));
        (b > a).then_some((a, b))
    }
}

/// A point in the estimator's coordinates; NaN where a dimension is inactive.
pub(super) fn row(axes: &[Axis], point: &Point) -> Row {
    let at = |(axis, coord): (&Axis, &Option<f64>)| coord.map_or(f64::NAN, |x| axis.position(x));
    axes.iter().zip(&point.0).map(at).collect()
}

/// The axes of a space.
pub(super) fn axes(space: &Space) -> Vec<Axis> {
    space.dims().iter().map(Axis::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{float, int, log_float, log_int, stepped};

    fn check(dim: &Dimension, value: f64, position: f64) {
        let Axis::Numeric(scale) = Axis::new(dim) else { panic!("a range was given") };
        assert!((scale.position(value) - position).abs() < 1e-12, "{}", scale.position(value));
        let back = dim.snap(scale.value(position));
        assert!((back - value).abs() <= 1e-12 * value.abs(), "{back} for {value}");
    }

    #[test]
    fn ranges_map_to_the_unit_interval() {
        check(&float("x", -5.0, 10.0), 1.0, 0.4);
        check(&log_float("x", 1e-4, 1.0), 1e-3, 0.25);
        check(&int("x", 1, 4), 1.0, 0.125);
        check(&stepped("x", 0.0, 1.0, 0.25), 0.5, 0.5);
        check(&log_int("x", 1, 256), 1.0, 2f64.ln() / (256.5f64 / 0.5).ln());
        check(&float("x", f64::MIN, f64::MAX), 0.0, 0.5);
        check(&float("x", 1.0, 1.0 + f64::EPSILON), 1.0 + f64::EPSILON, 1.0);
    }

    #[test]
    fn cells_cover_the_interval() {
        let Axis::Numeric(scale) = Axis::new(&log_int("x", 1, 9)) else { panic!("a range") };
        let mut reached = 0.0;
        for value in 1..=9 {
            let (a, b) = scale.cell(f64::from(value)).unwrap();
            assert!((a - reached).abs() < 1e-12);
            reached = b;
        }
        assert_eq!(reached, 1.0);
    }
}
