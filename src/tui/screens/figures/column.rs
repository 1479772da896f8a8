//! A column of the sweep's runs: a parameter, a metric, seconds; its scale, and what it is called in a filter.

use crate::domain::{Goal, Value};
use crate::metrics;
use crate::space::{Dimension, Kind, Space};
use crate::store::filter::{Attribute, Literal, Op};
use crate::store::{Expr, Field};
use crate::tui::paint::clean;
use crate::tui::widgets::{Axis, Unit};

/// Runs that went astray by more than so many times the distance between the best and three quarters of all are drawn at
/// the end of the axis, as in the figures of `derby plot`.
const ASTRAY: f64 = 10.0;
/// Fewer values than these are all shown where they are.
const MANY: usize = 8;

/// What is measured is spread by its logarithm where the largest is so many times the smallest.
const WIDE: f64 = 10.0;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Holds {
    /// A parameter.
    Param,
    /// What the sweep optimizes.
    Objective(Goal),
    /// Another metric, and which direction is better where derby knows.
    Metric(Option<Goal>),
    /// Wall seconds of the run.
    Seconds,
    /// The number of the trial.
    Trial,
}

/// Values of all runs, and how they are spread.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// `svm.C`, `preprocess.scale`, `auc`, `seconds`: no other column has it.
    pub(super) name: String,
    /// What people call it: `svm.C`, `scale`.
    pub(super) label: String,
    pub(super) holds: Holds,
    /// If not empty: the values are indices of these.
    pub(super) words: Vec<String>,
    /// The same as the filter language writes them.
    literals: Vec<Literal>,
    pub(super) is_whole: bool,
    /// The search space spreads it by its logarithm.
    pub(super) is_log: bool,
    /// A number for each run; NaN where it has none.
    pub(super) values: Vec<f64>,
    /// Ends of the axis; low is above high if there is no finite value.
    pub(super) range: (f64, f64),
    /// Runs beyond the axis's end.
    pub(super) beyond: usize,
    /// Its importance for the first objective, a share of 1.
    pub(super) importance: Option<f64>,
    field: Field,
    /// What holds wherever a parameter of a name that several have is this one.
    conditions: Vec<Expr>,
}

impl Column {
    /// A column of numbers; infinities stay, what is missing is NaN.
    pub(super) fn numbers(name: &str, holds: Holds, field: Field, values: Vec<f64>) -> Self {
        let is_whole = values.iter().filter(|value| value.is_finite()).all(|v| v.fract() == 0.0);
        let mut column = Self {
            name: name.into(),
            label: clean(name),
            holds,
            words: Vec::new(),
            literals: Vec::new(),
            is_whole,
            is_log: false,
            values,
            range: (f64::INFINITY, f64::NEG_INFINITY),
            beyond: 0,
            importance: None,
            field,
            conditions: Vec::new(),
        };
        column.survey();
        // Times and sizes span powers of ten.
        let is_measured = match holds {
            Holds::Seconds => true,
            Holds::Metric(_) | Holds::Objective(_) => {
                metrics::info(name).is_some_and(|info| info.measured)
            }
            Holds::Param | Holds::Trial => false,
        };
        column.is_log =
            is_measured && column.range.0 > 0.0 && column.range.1 > WIDE * column.range.0;
        column
    }

    /// A column of a parameter's values.
    pub(super) fn values(name: &str, levels: &[Value], values: &[Option<Value>]) -> Self {
        let is_number = |value: &Value| value.as_f64().is_some();
        let field = Field::Param(name.into());
        if levels.is_empty() && values.iter().flatten().all(is_number) {
            let number =
                |value: &Option<Value>| value.as_ref().and_then(Value::as_f64).unwrap_or(f64::NAN);
            let is_whole = values.iter().flatten().all(|value| matches!(value, Value::Int(_)));
            let numbers = values.iter().map(number).collect();
            return Self { is_whole, ..Self::numbers(name, Holds::Param, field, numbers) };
        }
        let mut levels = levels.to_vec();
        let known = levels.len();
        for value in values.iter().flatten() {
            if !levels.iter().any(|level| level.same(value)) {
                levels.push(value.clone());
            }
        }
        // Values that no list orders: numbers by size, then words by letters.
        levels[known..].sort_by(|a, b| match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (None, None) => a.to_string().cmp(&b.to_string()),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        let place = |value: &Value| levels.iter().position(|level| level.same(value));
        let place =
            |value: &Option<Value>| value.as_ref().and_then(place).map_or(f64::NAN, |at| at as f64);
        let places = values.iter().map(place).collect();
        let mut column = Self::numbers(name, Holds::Param, field, places);
        column.words = levels.iter().map(|level| clean(&level.to_string())).collect();
        column.literals = levels.iter().map(literal).collect();
        column.range = (-0.5, levels.len() as f64 - 0.5);
        column
    }

    /// A dimension of the space; values where it is active.
    pub(super) fn dimension(space: &Space, idx: usize, values: &[Option<Value>]) -> Self {
        let dim = &space.dims()[idx];
        let levels: &[Value] = match &dim.kind {
            Kind::Choice { values } => values,
            _ => &[],
        };
        let mut column = Self::values(&dim.name, levels, values);
        column.name.clone_from(&dim.id);
        column.label = space.shown_names().get(idx).copied().map(clean).unwrap_or_default();
        column.is_log =
            matches!(dim.kind, Kind::Float { log: true, .. } | Kind::Int { log: true, .. });
        let is_shared = space.dims().iter().filter(|other| other.name == dim.name).count() > 1;
        if is_shared {
            column.conditions = conditions(space, dim);
        }
        column
    }

    /// The name that a filter knows it by.
    pub(super) fn call(&mut self, field: Field) {
        self.field = field;
    }

    pub(super) fn goal(&self) -> Option<Goal> {
        match self.holds {
            Holds::Objective(goal) => Some(goal),
            Holds::Metric(goal) => goal,
            Holds::Seconds => Some(Goal::Minimize),
            Holds::Param | Holds::Trial => None,
        }
    }

    pub(super) fn is_param(&self) -> bool {
        self.holds == Holds::Param
    }

    pub(super) fn is_number(&self) -> bool {
        self.words.is_empty()
    }

    /// True if there are two values to tell apart.
    pub(super) fn varies(&self) -> bool {
        let mut finite = self.values.iter().filter(|value| value.is_finite());
        finite.next().is_some_and(|first| finite.any(|value| value != first))
    }

    pub(super) fn has_values(&self) -> bool {
        self.values.iter().any(|value| value.is_finite())
    }

    /// A logarithm has a place for all of its values.
    pub(super) fn may_be_log(&self) -> bool {
        self.is_number() && self.range.0 > 0.0 && self.range.0 < self.range.1
    }

    /// The value at the axis: those astray at its end, NaN and infinities nowhere.
    pub(super) fn at(&self, row: usize) -> f64 {
        let value = self.values.get(row).copied().unwrap_or(f64::NAN);
        if value.is_finite() && self.range.0 <= self.range.1 {
            value.clamp(self.range.0, self.range.1)
        } else {
            f64::NAN
        }
    }

    /// The axis with that name, over the ends of all values.
    pub(super) fn axis<'a>(&'a self, name: &'a str, log: bool) -> Axis<'a> {
        let range = (self.range.0 < self.range.1).then_some(self.range);
        Axis { name, log, range, unit: self.unit(), words: &self.words }
    }

    fn unit(&self) -> Unit {
        match self.holds {
            Holds::Seconds => Unit::Seconds,
            _ if self.name.ends_with("_seconds") => Unit::Seconds,
            _ if self.is_whole => Unit::Whole,
            _ => Unit::Number,
        }
    }

    /// The value at a share of the axis, counted from its low end.
    pub(super) fn value(&self, share: f64, log: bool) -> f64 {
        let (low, high) = self.range;
        let share = share.clamp(0.0, 1.0);
        if log && low > 0.0 {
            return (low.ln() * (1.0 - share) + high.ln() * share).exp();
        }
        low * (1.0 - share) + high * share
    }

    /// Where a value stands on the axis.
    pub(super) fn share(&self, value: f64, log: bool) -> f64 {
        let of = |value: f64| if log { value.ln() } else { value };
        let (low, high) = (of(self.range.0), of(self.range.1));
        if high > low { ((of(value) - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// A value in words.
    pub(super) fn word(&self, value: f64) -> String {
        if value.is_nan() {
            return "—".into();
        }
        match self.words.get(value.round().max(0.0) as usize) {
            Some(word) => word.clone(),
            None if self.unit() == Unit::Seconds => crate::report::words::duration(value),
            None if self.is_whole => crate::report::words::number(value.round()),
            None => crate::report::words::number(value),
        }
    }

    /// The conditions of the values between two ends; an infinite end is none.
    pub(super) fn between(&self, (low, high): (f64, f64)) -> Vec<Expr> {
        let mut found = self.conditions.clone();
        if self.is_number() {
            let ends = [(low, Op::Ge), (high, Op::Le)];
            let ends = ends.into_iter().filter(|(end, _)| end.is_finite());
            found.extend(ends.map(|(end, op)| Expr::Compare {
                field: self.field.clone(),
                op,
                value: Literal::Number(end),
            }));
            return found;
        }
        let is_in = |at: &usize| (low..=high).contains(&(*at as f64));
        let values: Vec<Literal> =
            (0..self.literals.len()).filter(is_in).map(|at| self.literals[at].clone()).collect();
        found.push(one_of(self.field.clone(), values));
        found
    }

    /// Finds ends and what lies beyond them.
    fn survey(&mut self) {
        let mut values: Vec<f64> =
            self.values.iter().copied().filter(|value| value.is_finite()).collect();
        let Some(goal) = self.goal().filter(|_| !values.is_empty()) else {
            let ends = values.iter().fold(self.range, |(low, high), v| (low.min(*v), high.max(*v)));
            self.range = ends;
            return;
        };
        values.sort_by(|a, b| goal.loss(*a).total_cmp(&goal.loss(*b)));
        let mut within = values.len();
        let (best, upper) = (goal.loss(values[0]), goal.loss(values[values.len() * 3 / 4]));
        if values.len() >= MANY && upper > best {
            let fence = upper + ASTRAY * (upper - best);
            within = values.partition_point(|value| goal.loss(*value) <= fence);
        }
        let ends = (values[0], values[within - 1]);
        self.range = (ends.0.min(ends.1), ends.0.max(ends.1));
        self.beyond = values.len() - within;
    }
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::None => Literal::None,
        Value::Bool(flag) => Literal::Bool(*flag),
        Value::Int(number) => Literal::Number(*number as f64),
        Value::Float(number) => Literal::Number(*number),
        Value::Text(text) => Literal::Text(text.clone()),
    }
}

fn one_of(field: Field, mut values: Vec<Literal>) -> Expr {
    match values.len() {
        1 => Expr::Compare { field, op: Op::Eq, value: values.remove(0) },
        _ => Expr::In { field, values },
    }
}

/// What the parents of a dimension must be.
fn conditions(space: &Space, dim: &Dimension) -> Vec<Expr> {
    let of = |condition: &crate::space::Condition| {
        let parent = &space.dims()[condition.parent];
        let values = condition.any_of.iter().map(|coord| literal(&parent.value(*coord))).collect();
        one_of(field_of(&parent.name, false), values)
    };
    dim.when.iter().map(of).collect()
}

/// How a filter calls a parameter: by its name alone where nothing else has it.
pub(super) fn field_of(name: &str, is_metric: bool) -> Field {
    let name = name.to_string();
    if is_metric || Attribute::parse(&name).is_some() {
        Field::Param(name)
    } else {
        Field::Name(name)
    }
}
