//! One dimension: its range, its scale, when it is active, and its way to the unit interval and back.

use crate::domain::Value;

/// The values that a dimension can take.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A float in `[low, high]`; with `step`, one of `low, low + step, …`.
    Float {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Uniform in the logarithm; `low` is then positive and there is no step.
        log: bool,
        /// Distance between neighbouring values.
        step: Option<f64>,
    },
    /// An integer in `[low, high]`, one of `low, low + step, …`.
    Int {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Uniform in the logarithm; `low` is then at least 1 and `step` is 1.
        log: bool,
        /// Distance between neighbouring values, at least 1.
        step: i64,
    },
    /// One of some values, without an order. A boolean is a choice of `false` and `true`, a fixed
    /// parameter a choice of one.
    Choice {
        /// The values; never empty, all different.
        values: Vec<Value>,
    },
}

/// A dimension is active only where its parent has one of these coordinates (internal form).
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Index of the parent dimension, smaller than the child's.
    pub parent: usize,
    /// The parent's coordinates under which the child is active.
    pub any_of: Vec<f64>,
}

/// One dimension of a space.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Unique in the space: `svm.C`, `preprocess.scale`, `model`.
    pub id: String,
    /// The parameter's name as runs record it: `C`, `scale`, `model`. Dimensions of branches that
    /// exclude each other may share it.
    pub name: String,
    /// The values it can take.
    pub kind: Kind,
    /// All must hold for the dimension to be active.
    pub when: Vec<Condition>,
}

impl Dimension {
    /// The coordinate at `unit` of the unit interval; a unit outside is clamped, NaN is the middle.
    ///
    /// Discrete dimensions cut the interval into cells: equal ones, or for a log-scaled integer `v` ones
    /// as wide as `ln(v + ½) − ln(v − ½)`.
    pub fn value_at(&self, unit: f64) -> f64 {
        let unit = if unit.is_nan() { 0.5 } else { unit.clamp(0.0, 1.0) };
        match &self.kind {
            Kind::Float { low, high, log, step: None } if few_floats(*low, *high).is_none() => {
                between(*low, *high, *log, unit)
            }
            Kind::Int { low, high, log: true, .. } => {
                let (low, high) = (*low as f64, *high as f64);
                let (start, end) = log_cells(low, high);
                (start + unit * (end - start)).exp().round().clamp(low, high)
            }
            _ => {
                let n = self.cardinality().unwrap_or(1);
                let cell = (unit * n as f64).floor() as u64;
                self.nth(cell.min(n.saturating_sub(1)))
            }
        }
    }

    /// The place of a coordinate in the unit interval; the middle of its cell where it is discrete.
    pub fn unit_of(&self, coord: f64) -> f64 {
        let coord = self.snap(coord);
        match &self.kind {
            Kind::Float { low, high, log, step: None } if few_floats(*low, *high).is_none() => {
                let unit = match log {
                    true => (coord.ln() - low.ln()) / (high.ln() - low.ln()),
                    false => (coord - low) / (high - low),
                };
                unit.clamp(0.0, 1.0)
            }
            Kind::Int { low, high, log: true, .. } => {
                let (start, end) = log_cells(*low as f64, *high as f64);
                let middle = f64::midpoint((coord - 0.5).ln(), (coord + 0.5).ln());
                ((middle - start) / (end - start)).clamp(0.0, 1.0)
            }
            _ => {
                let n = self.cardinality().unwrap_or(1);
                (self.position(coord) as f64 + 0.5) / n as f64
            }
        }
    }

    /// How many values there are; `None` for a float range without a step, unless its bounds are so close that only
    /// 1,000 floats or fewer lie between them.
    pub fn cardinality(&self) -> Option<u64> {
        match &self.kind {
            Kind::Float { low, high, step, .. } => match step {
                _ if low == high => Some(1),
                Some(step) => Some(((high - low) / step + 1e-9).floor() as u64 + 1),
                None => few_floats(*low, *high),
            },
            Kind::Int { low, high, step, .. } => {
                Some(high.abs_diff(*low) / step.unsigned_abs() + 1)
            }
            Kind::Choice { values } => Some(values.len() as u64),
        }
    }

    /// The value that a run records for a coordinate.
    pub fn value(&self, coord: f64) -> Value {
        match &self.kind {
            Kind::Float { .. } => Value::Float(coord),
            Kind::Int { .. } => Value::Int(coord as i64),
            Kind::Choice { values } => {
                values.get(coord as usize).or(values.first()).cloned().unwrap_or(Value::None)
            }
        }
    }

    /// The coordinate of a value; `None` if the dimension never takes it. The text `none` also stands for
    /// the absent value.
    pub fn coord(&self, value: &Value) -> Option<f64> {
        match &self.kind {
            Kind::Choice { values } => {
                let find = |wanted: &Value| values.iter().position(|other| other.same(wanted));
                let absent =
                    || if value.as_str() == Some("none") { find(&Value::None) } else { None };
                find(value).or_else(absent).map(|idx| idx as f64)
            }
            Kind::Int { .. } => value.as_i64().and_then(|value| self.on_grid(value as f64)),
            Kind::Float { .. } => value.as_f64().and_then(|value| self.on_grid(value)),
        }
    }

    /// True if there is only one value.
    pub fn is_constant(&self) -> bool {
        self.cardinality() == Some(1)
    }

    /// True for a choice: its coordinates have no order.
    pub fn is_categorical(&self) -> bool {
        matches!(self.kind, Kind::Choice { .. })
    }

    /// The nearest coordinate that the dimension can take.
    pub fn snap(&self, x: f64) -> f64 {
        match &self.kind {
            Kind::Float { low, high, step: None, .. } => {
                if x.is_nan() {
                    *low
                } else {
                    x.clamp(*low, *high)
                }
            }
            _ => self.nth(self.position(x)),
        }
    }

    /// The coordinate, put exactly on the grid, if it is one that the dimension can take. A step's
    /// rounding noise of a billionth is forgiven.
    pub(super) fn on_grid(&self, x: f64) -> Option<f64> {
        let snapped = self.snap(x);
        let slack = match &self.kind {
            Kind::Float { step: Some(step), .. } => step * 1e-9,
            _ => 0.0,
        };
        ((snapped - x).abs() <= slack).then_some(snapped)
    }

    /// The `n`-th value of a discrete dimension, from 0.
    pub(super) fn nth(&self, n: u64) -> f64 {
        match &self.kind {
            Kind::Float { low, high, step: Some(step), .. } => {
                let x = low + n as f64 * step;
                clean(x).clamp(*low, *high)
            }
            Kind::Float { low, high, step: None, .. } => {
                float_at(place_of(*low).saturating_add_unsigned(n)).clamp(*low, *high)
            }
            Kind::Int { low, step, .. } => (low + n as i64 * step) as f64,
            Kind::Choice { .. } => n as f64,
        }
    }

    /// The number of the discrete value that is nearest to `x`, from 0.
    fn position(&self, x: f64) -> u64 {
        let last = self.cardinality().unwrap_or(1).saturating_sub(1);
        let steps = match &self.kind {
            Kind::Float { low, step: Some(step), .. } => (x - low) / step,
            Kind::Float { low, high, step: None, .. } => {
                let x = x.max(*low).min(*high); // NaN is the lowest
                return place_of(x).abs_diff(place_of(*low)).min(last);
            }
            Kind::Int { low, step, .. } => (x - *low as f64) / *step as f64,
            Kind::Choice { .. } => x,
        };
        (steps.round() as u64).min(last) // a cast of a negative number or NaN gives 0
    }
}

/// Up to so many floats between its bounds a range counts as so many values: a search can try them all.
const FEW_FLOATS: u64 = 1000;

/// How many floats there are from `low` to `high`, if they are [`FEW_FLOATS`] at most.
fn few_floats(low: f64, high: f64) -> Option<u64> {
    let n = place_of(high).abs_diff(place_of(low)) + 1;
    (n <= FEW_FLOATS).then_some(n)
}

/// The place of a finite float among all of them in ascending order, 0 for 0: neighbors differ by 1.
fn place_of(x: f64) -> i64 {
    let size = (x.to_bits() & !(1 << 63)) as i64;
    if x.is_sign_negative() { -size } else { size }
}

/// The float at a place; see [`place_of`].
fn float_at(place: i64) -> f64 {
    let size = f64::from_bits(place.unsigned_abs());
    if place < 0 { -size } else { size }
}

/// A point between two bounds; the bounds themselves come out exact.
fn between(low: f64, high: f64, log: bool, unit: f64) -> f64 {
    if unit <= 0.0 {
        low
    } else if unit >= 1.0 {
        high
    } else if log {
        (low.ln() + unit * (high.ln() - low.ln())).exp().clamp(low, high)
    } else {
        (low + unit * (high - low)).clamp(low, high)
    }
}

/// Where the cells of log-scaled integers start and end.
fn log_cells(low: f64, high: f64) -> (f64, f64) {
    ((low - 0.5).ln(), (high + 0.5).ln())
}

/// Rounds to 15 significant digits, so that `0.1 + 2 · 0.1` is recorded as 0.3.
fn clean(x: f64) -> f64 {
    format!("{x:.14e}").parse().unwrap_or(x)
}
