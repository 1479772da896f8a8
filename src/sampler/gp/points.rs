//! Points of the model, one column per dimension, so that loops over points are vectorized.

/// Where they are in the kernel over all dimensions.
const MIDDLE: f64 = 0.5;
const NO_CHOICE: f64 = -1.0;

/// One dimension of the points.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) is_choice: bool,
    /// The coordinates as the kernel over all dimensions sees them.
    pub(super) joint: Vec<f64>,
    /// Where the dimension is inactive; empty where it is a choice or always active.
    inactive: Vec<bool>,
    is_conditional: bool,
}

impl Column {
    pub(super) fn new(is_choice: bool, is_conditional: bool) -> Self {
        Self {
            is_choice,
            joint: Vec::new(),
            inactive: Vec::new(),
            is_conditional: is_conditional && !is_choice,
        }
    }

    /// Adds a coordinate, NaN where inactive.
    fn push(&mut self, x: f64) {
        self.joint.push(self.joint_of(x));
        if self.is_conditional {
            self.inactive.push(x.is_nan());
        }
    }

    /// Coordinate of point `r`, NaN where inactive.
    pub(super) fn at(&self, r: usize) -> f64 {
        let x = self.joint[r];
        let inactive =
            if self.is_choice { x == NO_CHOICE } else { self.inactive.get(r) == Some(&true) };
        if inactive { f64::NAN } else { x }
    }

    pub(super) fn joint_of(&self, x: f64) -> f64 {
        match x.is_nan() {
            false => x,
            true if self.is_choice => NO_CHOICE,
            true => MIDDLE,
        }
    }
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
