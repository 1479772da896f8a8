//! The Cholesky factor of a growing matrix, in packed rows.
//!
//! Row `i` of the factor follows from row `i` of the matrix by one forward substitution, so a factor that
//! grew row by row has the same bits as one made at once. Everything is made of one kernel, four dot
//! products that share a side, whose order of summation is fixed: results do not depend on how work is cut.

/// Sums that run side by side in a dot product.
const LANES: usize = 4;

/// The lower factor `L` of `K = L Lᵀ`; row `i` has `i + 1` entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Chol {
    data: Vec<f64>,
    n: usize,
}

impl Chol {
    /// An empty factor with room for `n` rows.
    pub(super) fn with_capacity(n: usize) -> Self {
        Self { data: Vec::with_capacity(n * (n + 1) / 2), n: 0 }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    /// Row `i`, its diagonal entry last.
    pub(super) fn row(&self, i: usize) -> &[f64] {
        let start = i * (i + 1) / 2;
        &self.data[start..=start + i]
    }

    /// Takes in the next row of the matrix: its entries left of the diagonal, then the diagonal. `floor` is the
    /// least square of the new pivot: what is below is raised to it, so that equal rows do no harm.
    pub(super) fn push(&mut self, row: &[f64], floor: f64) {
        debug_assert_eq!(row.len(), self.n + 1, "a row of another length");
        let start = self.data.len();
        self.data.extend_from_slice(row);
        let (above, new) = self.data.split_at_mut(start);
        let (new, pivot) = new.split_at_mut(self.n);
        forward(above, new, 0);
        let square = pivot[0] - dot(new, new);
        pivot[0] = if square > floor { square } else { floor }.sqrt();
        self.n += 1;
    }

    /// Replaces `b` by `L⁻¹ b`.
    pub(super) fn solve_lower(&self, b: &mut [f64]) {
        forward(&self.data, b, 0);
    }

    /// Replaces `b` by `L⁻¹ b`, if the first `zeros` entries of `b` are known to be 0.
    fn solve_lower_from(&self, b: &mut [f64], zeros: usize) {
        forward(&self.data, b, zeros);
    }

    /// Replaces each of the rows of length `len` in `many` by `L⁻¹` times it.
    pub(super) fn solve_lower_many(&self, many: &mut [f64]) {
        let n = self.n;
        if n == 0 {
            return;
        }
        for j in (0..n).step_by(LANES) {
            for b in many.chunks_exact_mut(n) {
                forward_block(&self.data, b, 0, j);
            }
        }
    }

    /// Replaces `b` by `L⁻ᵀ b`.
    pub(super) fn solve_upper(&self, b: &mut [f64]) {
        let n = b.len();
        let tail = n % LANES;
        for j in (n - tail..n).rev() {
            let row = self.row(j);
            b[j] /= row[j];
            let x = b[j];
            for (b, l) in b[..j].iter_mut().zip(row) {
                *b -= x * l;
            }
        }
        for j in (0..n - tail).step_by(LANES).rev() {
            self.backward_block(b, j);
        }
    }

    fn backward_block(&self, b: &mut [f64], j: usize) {
        let rows = [self.row(j), self.row(j + 1), self.row(j + 2), self.row(j + 3)];
        for i in (0..LANES).rev() {
            let x = b[j + i] / rows[i][j + i];
            b[j + i] = x;
            for k in 0..i {
                b[j + k] -= x * rows[i][j + k];
            }
        }
        let x = [b[j], b[j + 1], b[j + 2], b[j + 3]];
        let [r0, r1, r2, r3] = rows.map(|row| &row[..j]);
        for (k, b) in b[..j].iter_mut().enumerate() {
            *b -= (x[0] * r0[k] + x[1] * r1[k]) + (x[2] * r2[k] + x[3] * r3[k]);
        }
    }

    /// Σ log `L_ii`.
    pub(super) fn half_log_det(&self) -> f64 {
        (0..self.n).map(|i| self.row(i)[i].ln()).sum()
    }

    /// The rows of `K⁻¹` up to the diagonal, packed.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        let mut columns = vec![0.0; n * n]; // row i is column i of L⁻¹
        for (i, column) in columns.chunks_exact_mut(n.max(1)).enumerate() {
            column[i] = 1.0;
            self.solve_lower_from(column, i);
        }
        let mut inverse = Vec::with_capacity(n * (n + 1) / 2);
        let from = |i: usize, start: usize| &columns[i * n + start..(i + 1) * n];
        for i in 0..n {
            let start = i - i % LANES; // entries before i are 0
            let own = from(i, start);
            for j in (0..=i).step_by(LANES) {
                let at = |k: usize| from((j + k).min(i), start);
                let sums = dot4(own, [at(0), at(1), at(2), at(3)]);
                inverse.extend_from_slice(&sums[..(i + 1 - j).min(LANES)]);
            }
        }
        inverse
    }
}

/// Forward substitution of `b` against packed rows, where the first `zeros` entries of `b` are 0.
fn forward(packed: &[f64], b: &mut [f64], zeros: usize) {
    let first = zeros - zeros % LANES;
    for j in (first..b.len()).step_by(LANES) {
        forward_block(packed, b, first, j);
    }
}

/// Entries `j .. j + 4` of a forward substitution; those from `first` to `j` are done.
fn forward_block(packed: &[f64], b: &mut [f64], first: usize, j: usize) {
    let row = |i: usize| &packed[i * (i + 1) / 2..][..=i];
    if j + LANES > b.len() {
        for i in j..b.len() {
            let row = row(i);
            b[i] = (b[i] - dot(&row[first..i], &b[first..i])) / row[i];
        }
        return;
    }
    let rows = [row(j), row(j + 1), row(j + 2), row(j + 3)];
    let sums = dot4(&b[first..j], rows.map(|row| &row[first..j]));
    for i in 0..LANES {
        let mut x = b[j + i] - sums[i];
        for k in 0..i {
            x -= rows[i][j + k] * b[j + k];
        }
        b[j + i] = x / rows[i][j + i];
    }
}

/// Dot product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for l in 0..LANES {
            sums[l] += a[l] * b[l];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Four dot products with `a`, each summed as [`dot`] does.
fn dot4(a: &[f64], b: [&[f64]; 4]) -> [f64; 4] {
    let mut sums = [[0.0; LANES]; 4];
    let n = a.len();
    let (chunks, rest) = a.as_chunks::<LANES>();
    let b = b.map(|b| &b[..n]);
    let others = b.map(|b| b.as_chunks::<LANES>().0);
    for (idx, a) in chunks.iter().enumerate() {
        for (sums, other) in sums.iter_mut().zip(&others) {
            let other = &other[idx];
            for l in 0..LANES {
                sums[l] += a[l] * other[l];
            }
        }
    }
    let done = n - rest.len();
    let mut out = [0.0; 4];
    for i in 0..4 {
        let tail: f64 = rest.iter().zip(&b[i][done..]).map(|(a, b)| a * b).sum();
        out[i] = (sums[i][0] + sums[i][1]) + (sums[i][2] + sums[i][3]) + tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{Factor, Rng};

    fn matrix(n: usize) -> Vec<f64> {
        let mut rng = Rng::new(n as u64);
        let a: Vec<f64> = (0..n * n).map(|_| rng.normal()).collect();
        let entry = |i: usize, j: usize| {
            let product: f64 = (0..n).map(|k| a[i * n + k] * a[j * n + k]).sum();
            product + if i == j { 0.5 } else { 0.0 }
        };
        (0..n * n).map(|at| entry(at / n, at % n)).collect()
    }

    fn factor(matrix: &[f64], n: usize) -> Chol {
        let mut chol = Chol::with_capacity(n);
        (0..n).for_each(|i| chol.push(&matrix[i * n..=i * n + i], 1e-300));
        chol
    }

    fn close(a: &[f64], b: &[f64]) {
        assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{a} not {b}");
        }
    }

    #[test]
    fn solves_agree_with_nalgebra_for_every_remainder() {
        for n in 1..14 {
            let k = matrix(n);
            let (own, other) = (factor(&k, n), Factor::new(&k, n).unwrap());
            let b: Vec<f64> = (0..n).map(|i| i as f64 - 2.5).collect();
            let (mut x, mut y) = (b.clone(), b.clone());
            own.solve_lower(&mut x);
            other.solve_lower(&mut y);
            close(&x, &y);
            let mut many = [b.clone(), b.iter().map(|v| 2.0 * v).collect()].concat();
            own.solve_lower_many(&mut many);
            assert_eq!(many[..n], x, "many rows at a time give the same bits");
            own.solve_upper(&mut x);
            close(&x, &other.solve(&b));
            let inverse = own.inverse();
            for i in 0..n {
                let mut unit = vec![0.0; n];
                unit[i] = 1.0;
                close(&inverse[i * (i + 1) / 2..][..=i], &other.solve(&unit)[..=i]);
            }
        }
    }

    #[test]
    fn equal_rows_keep_a_factor() {
        let mut chol = Chol::with_capacity(2);
        chol.push(&[1.0], 1e-10);
        chol.push(&[1.0, 1.0], 1e-10);
        assert_eq!(chol.row(1), [1.0, 1e-5]);
    }
}
