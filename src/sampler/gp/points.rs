//! Points of the model, one column per dimension, so that loops over points are vectorized.

/// Where inactive coordinates are in the one-dimensional kernels: beyond every correlation.
const ELSEWHERE: f64 = 1e6;
/// Where they are in the kernel over all dimensions.
const MIDDLE: f64 = 0.5;
const NO_CHOICE: f64 = -1.0;

/// One dimension of the points, as both kernels see it.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) is_choice: bool,
    pub(super) joint: Vec<f64>,
    /// Empty where it equals `joint`: the dimension is a choice or always active.
    single: Vec<f64>,
    is_conditional: bool,
}

impl Column {
    pub(super) fn new(is_choice: bool, is_conditional: bool) -> Self {
        Self {
            is_choice,
            joint: Vec::new(),
            single: Vec::new(),
            is_conditional: is_conditional && !is_choice,
        }
    }

    /// Adds a coordinate, NaN where inactive.
    fn push(&mut self, x: f64) {
        self.joint.push(self.joint_of(x));
        if self.is_conditional {
            self.single.push(single_of(x));
        }
    }

    /// Coordinate of point `r`, NaN where inactive.
    fn at(&self, r: usize) -> f64 {
        let x = self.joint[r];
        let inactive = match (self.is_choice, self.single.get(r)) {
            (true, _) => x == NO_CHOICE,
            (false, single) => single == Some(&ELSEWHERE),
        };
        if inactive { f64::NAN } else { x }
    }

    pub(super) fn joint_of(&self, x: f64) -> f64 {
        match x.is_nan() {
            false => x,
            true if self.is_choice => NO_CHOICE,
            true => MIDDLE,
        }
    }

    /// The coordinates of all points, as the one-dimensional kernel sees them.
    pub(super) fn singles(&self) -> &[f64] {
        if self.is_conditional { &self.single } else { &self.joint }
    }

    /// The coordinate and those of the points, as the one-dimensional kernel sees them.
    pub(super) fn single(&self, x: f64) -> (f64, &[f64]) {
        if self.is_conditional {
            (single_of(x), &self.single)
        } else {
            (self.joint_of(x), &self.joint)
        }
    }
}

fn single_of(x: f64) -> f64 {
    if x.is_nan() { ELSEWHERE } else { x }
}

/// Points by dimension.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    n: usize,
}

impl Columns {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, n: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.n
    }

    pub(super) fn push(&mut self, row: &[f64]) {
        for (column, &x) in self.columns.iter_mut().zip(row) {
            column.push(x);
        }
        self.n += 1;
    }

    /// Point `r` as it was pushed.
    pub(super) fn row(&self, r: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column.at(r)).collect()
    }
}
