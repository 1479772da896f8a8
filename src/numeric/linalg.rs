//! Dense linear algebra on row-major slices, served by nalgebra: least squares, symmetric systems.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

/// Rows that are folded into the triangle at a time, so that the working set stays in cache.
const BLOCK: usize = 512;

/// The triangle of a QR decomposition, taken in row by row (Golub and Van Loan 2013, 5.2).
///
/// Feeding the rows of `[X | y]` leaves `[R, Qᵀy; 0, ρ]`: everything that least squares needs, without
/// squaring the condition of `X` as a Gram matrix does.
#[derive(Debug, Clone)]
pub struct Triangle {
    columns: usize,
    rows: Vec<f64>,
}

impl Triangle {
    /// An empty one for rows of that length.
    pub fn new(columns: usize) -> Self {
        Self { columns, rows: Vec::with_capacity((BLOCK + columns) * columns) }
    }

    /// Takes in one row.
    pub fn push(&mut self, row: impl IntoIterator<Item = f64>) {
        self.rows.extend(row);
        debug_assert_eq!(self.rows.len() % self.columns.max(1), 0, "a row of another length");
        if self.rows.len() >= (BLOCK + self.columns) * self.columns {
            self.fold();
        }
    }

    fn fold(&mut self) {
        if self.columns == 0 || self.rows.is_empty() {
            return;
        }
        let n_rows = self.rows.len() / self.columns;
        let r = DMatrix::from_row_slice(n_rows, self.columns, &self.rows).qr().unpack_r();
        self.rows.clear();
        self.rows.extend(r.transpose().iter());
    }

    /// The solution of least norm of `min ‖Xw − y‖` for rows `[X | y]`, by SVD of the triangle.
    ///
    /// Singular values below `rcond` times the largest count as zero.
    pub fn least_squares(mut self, rcond: f64) -> Vec<f64> {
        self.fold();
        let Some(d) = self.columns.checked_sub(1).filter(|&d| d > 0) else { return Vec::new() };
        let n_rows = self.rows.len() / self.columns;
        if n_rows == 0 {
            return vec![0.0; d];
        }
        let all = DMatrix::from_row_slice(n_rows, self.columns, &self.rows);
        let svd = all.columns(0, d).into_owned().svd(true, true);
        let largest = svd.singular_values.max();
        if largest == 0.0 {
            return vec![0.0; d];
        }
        let target = all.column(d).into_owned();
        svd.solve(&target, rcond * largest)
            .map_or_else(|_| vec![0.0; d], |w| w.iter().copied().collect())
    }
}

/// The Cholesky factor `L` of a symmetric positive definite matrix `L Lᵀ`.
#[derive(Debug, Clone)]
pub struct Factor(Cholesky<f64, Dyn>);

impl Factor {
    /// Factors a row-major `n × n` matrix; `None` if it is not positive definite.
    pub fn new(matrix: &[f64], n: usize) -> Option<Self> {
        Cholesky::new(DMatrix::from_row_slice(n, n, matrix)).map(Self)
    }

    /// Solves `L Lᵀ x = b`.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        self.0.solve(&DVector::from_column_slice(b)).as_slice().to_vec()
    }

    /// Replaces `b` by `L⁻¹ b`.
    pub fn solve_lower(&self, b: &mut [f64]) {
        let l = self.0.l_dirty();
        for j in 0..b.len() {
            let column = l.column(j);
            let column = column.as_slice();
            let value = b[j] / column[j];
            b[j] = value;
            for (target, &entry) in b[j + 1..].iter_mut().zip(&column[j + 1..]) {
                *target -= value * entry;
            }
        }
    }

    /// Replaces `b` by `L b`.
    pub fn multiply_lower(&self, b: &mut [f64]) {
        let l = self.0.l_dirty();
        for j in (0..b.len()).rev() {
            let column = l.column(j);
            let column = column.as_slice();
            let value = b[j];
            b[j] = value * column[j];
            for (target, &entry) in b[j + 1..].iter_mut().zip(&column[j + 1..]) {
                *target += value * entry;
            }
        }
    }

    /// Replaces `b` by `L⁻ᵀ b`.
    pub fn solve_upper(&self, b: &mut [f64]) {
        let l = self.0.l_dirty();
        for j in (0..b.len()).rev() {
            let column = l.column(j);
            let column = column.as_slice();
            let done: f64 =
                b[j + 1..].iter().zip(&column[j + 1..]).map(|(x, entry)| x * entry).sum();
            b[j] = (b[j] - done) / column[j];
        }
    }
}

/// Eigenvalues and vectors of a symmetric matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// Not sorted.
    pub values: Vec<f64>,
    /// `vectors[i]` belongs to `values[i]`.
    pub vectors: Vec<Vec<f64>>,
}

/// Decomposes a row-major symmetric `n × n` matrix.
pub fn symmetric_eigen(matrix: &[f64], n: usize) -> Eigen {
    let found = SymmetricEigen::new(DMatrix::from_row_slice(n, n, matrix));
    Eigen {
        values: found.eigenvalues.iter().copied().collect(),
        vectors: found.eigenvectors.column_iter().map(|v| v.iter().copied().collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_squares_over_many_blocks() {
        let mut triangle = Triangle::new(3);
        for i in 0..5000 {
            let (a, b) = (f64::from(i % 17), f64::from(i % 29) - 3.0);
            triangle.push([a, b, 2.0 * a - 0.5 * b]);
        }
        let w = triangle.least_squares(1e-12);
        assert!((w[0] - 2.0).abs() < 1e-12 && (w[1] + 0.5).abs() < 1e-12, "{w:?}");
    }

    #[test]
    fn twin_columns_share_the_weight() {
        let mut triangle = Triangle::new(3);
        for i in 0..10 {
            triangle.push([f64::from(i), f64::from(i), 3.0 * f64::from(i)]);
        }
        let w = triangle.least_squares(1e-12);
        assert!((w[0] - 1.5).abs() < 1e-12 && (w[1] - 1.5).abs() < 1e-12, "{w:?}");
    }

    #[test]
    fn fewer_rows_than_columns_give_the_shortest_solution() {
        let mut triangle = Triangle::new(4);
        triangle.push([1.0, 0.0, 1.0, 2.0]);
        let w = triangle.least_squares(1e-12);
        assert!((w[0] - 1.0).abs() < 1e-12 && w[1].abs() < 1e-12 && (w[2] - 1.0).abs() < 1e-12);
        assert_eq!(Triangle::new(2).least_squares(1e-12), [0.0]);
        assert!(Triangle::new(1).least_squares(1e-12).is_empty());
    }

    #[test]
    fn triangular_solves_undo_the_factor() {
        let factor = Factor::new(&[4.0, 2.0, 2.0, 3.0], 2).unwrap();
        let whole = factor.solve(&[1.0, 5.0]);
        let mut halves = vec![1.0, 5.0];
        factor.solve_lower(&mut halves);
        factor.multiply_lower(&mut halves);
        assert!((halves[0] - 1.0).abs() < 1e-14 && (halves[1] - 5.0).abs() < 1e-14);
        factor.solve_lower(&mut halves);
        factor.solve_upper(&mut halves);
        for (a, b) in whole.iter().zip(&halves) {
            assert!((a - b).abs() < 1e-14);
        }
        assert!(Factor::new(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let eigen = symmetric_eigen(&[2.0, 1.0, 1.0, 2.0], 2);
        let mut values = eigen.values.clone();
        values.sort_by(f64::total_cmp);
        assert!((values[0] - 1.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14);
        assert!((eigen.vectors[0][0].abs() - 0.5f64.sqrt()).abs() < 1e-14);
    }
}
