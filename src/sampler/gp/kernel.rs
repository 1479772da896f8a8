//! The covariance: a Matérn-5/2 kernel over all dimensions plus a mean of one-dimensional ones.
//!
//! `k(x, x′) = s² M(r) + a²/d Σᵢ M(|Δᵢ|/λᵢ)`, `r² = Σᵢ (Δᵢ/ℓᵢ)²`, `M(r) = (1 + √5 r + 5r²/3) exp(−√5 r)`. The
//! second term (Duvenaud et al. 2011, arXiv:1112.4394, order one) learns main effects from few points. Choices
//! have `Δ ∈ {0, 1}` (Hamming). Where a dimension is inactive it stands at 0.5 in the first term, and the parent's
//! choice tells the points apart; in the second, active and inactive points have nothing in common.

use super::points::Columns;
use super::sides::{Side, Sides};

/// A kernel with its parameters in the form in which they are used.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    /// √5/ℓ.
    pub(super) joint: Vec<f64>,
    /// √5/λ; empty without the second term.
    pub(super) single: Vec<f64>,
    /// s².
    pub(super) joint_var: f64,
    /// a².
    pub(super) single_var: f64,
    /// σ², the noise of a single value.
    pub(super) noise: f64,
}

/// Room for one row of covariances.
#[derive(Debug, Clone, Default)]
pub(super) struct Cross {
    /// `k(x, X_j)`.
    pub(super) k: Vec<f64>,
    /// `s²/3 (1+q) e^{−q}` with `q = √5 r`.
    joint_slope: Vec<f64>,
    /// `a²/3d (1+t) e^{−t}`, one row per dimension.
    single_slope: Vec<f64>,
}

impl Kernel {
    /// `k(x, x)`.
    pub(super) fn variance(&self) -> f64 {
        self.joint_var + self.single_var
    }

    /// The exponentials that the second term is made of.
    pub(super) fn sides(&self, points: &Columns) -> Sides {
        Sides::new(points, &self.single)
    }

    /// The covariances of `x` with the first `n` points into `out.k`; with `slopes`, what the gradient needs.
    pub(super) fn cross(
        &self,
        Placed { points, sides }: Placed<'_>,
        n: usize,
        x: &[f64],
        out: &mut Cross,
        slopes: bool,
    ) {
        let d = self.joint.len();
        out.k.clear();
        out.k.resize(n, 0.0);
        for ((column, &x), &scale) in points.columns.iter().zip(x).zip(&self.joint) {
            add_squares(
                column.is_choice,
                column.joint_of(x),
                &column.joint[..n],
                scale,
                &mut out.k,
            );
        }
        out.joint_slope.resize(if slopes { n } else { 0 }, 0.0);
        joint_terms(&mut out.k, &mut out.joint_slope, self.joint_var);
        if self.single.is_empty() {
            return;
        }
        let var = self.single_var / d as f64;
        out.single_slope.resize(if slopes { n * d } else { 0 }, 0.0);
        for (i, column) in points.columns.iter().enumerate() {
            let scale = self.single[i];
            let slope =
                if slopes { &mut out.single_slope[i * n..(i + 1) * n] } else { &mut [][..] };
            if column.is_choice {
                choice_terms(
                    column.joint_of(x[i]),
                    &column.joint[..n],
                    scale,
                    var,
                    &mut out.k,
                    slope,
                );
                continue;
            }
            let side = Side::new(x[i], scale);
            let place = Place { x: column.joint_of(x[i]), scale, side, var };
            place.add(&column.joint[..n], sides.column(i, n), &mut out.k, slope);
        }
    }

    /// `Σ_j weights_j ∂k(x, X_j)/∂x_i` for numeric dimension `i`, after [`cross`](Self::cross) with slopes.
    pub(super) fn slope(
        &self,
        points: &Columns,
        cross: &Cross,
        x: f64,
        i: usize,
        weights: &[f64],
    ) -> f64 {
        let n = weights.len();
        let column = &points.columns[i];
        let joint = weighted(column.joint_of(x), &column.joint[..n], &cross.joint_slope, weights);
        let mut sum = -joint * self.joint[i] * self.joint[i];
        if !self.single.is_empty() {
            let slope = &cross.single_slope[i * n..(i + 1) * n];
            let x = column.joint_of(x);
            sum -=
                weighted(x, &column.joint[..n], slope, weights) * self.single[i] * self.single[i];
        }
        sum
    }

    /// Adds `Σ_j w_j ∂k(X_r, X_j)/∂θ` over `j < r` to the gradient of log parameters in the order ℓ, λ, s², a².
    pub(super) fn log_slopes(
        &self,
        Placed { points, sides }: Placed<'_>,
        r: usize,
        w: &[f64],
        cross: &mut Cross,
        out: &mut [f64],
    ) {
        let d = self.joint.len();
        let row: Vec<f64> = points.columns.iter().map(|column| column.joint[r]).collect();
        cross.k.clear();
        cross.k.resize(r, 0.0);
        cross.joint_slope.resize(r, 0.0);
        for ((column, &x), &scale) in points.columns.iter().zip(&row).zip(&self.joint) {
            add_squares(column.is_choice, x, &column.joint[..r], scale, &mut cross.k);
        }
        joint_terms(&mut cross.k, &mut cross.joint_slope, self.joint_var);
        let n_scales = d + self.single.len();
        out[n_scales] += super::chol::dot(&cross.k, w);
        for (slope, w) in cross.joint_slope.iter_mut().zip(w) {
            *slope *= w;
        }
        for (i, column) in points.columns.iter().enumerate() {
            let sum = squares(column.is_choice, row[i], &column.joint[..r], &cross.joint_slope);
            out[i] += sum * self.joint[i] * self.joint[i];
        }
        if self.single.is_empty() {
            return;
        }
        let var = self.single_var / d as f64;
        cross.k.fill(0.0);
        cross.single_slope.resize(r.max(cross.single_slope.len()), 0.0);
        for (i, column) in points.columns.iter().enumerate() {
            let (scale, slope) = (self.single[i], &mut cross.single_slope[..r]);
            if column.is_choice {
                choice_terms(row[i], &column.joint[..r], scale, var, &mut cross.k, slope);
            } else {
                let place = Place { x: row[i], scale, side: sides.at(i, r), var };
                place.add(&column.joint[..r], sides.column(i, r), &mut cross.k, slope);
            }
            for (slope, w) in slope.iter_mut().zip(w) {
                *slope *= w;
            }
            let sum = squares(column.is_choice, row[i], &column.joint[..r], slope);
            out[d + i] += sum * self.single[i] * self.single[i];
        }
        out[n_scales + 1] += super::chol::dot(&cross.k, w);
    }
}

/// Points and the exponentials of their coordinates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) points: &'a Columns,
    pub(super) sides: &'a Sides,
}

/// A number and how it is measured in the one-dimensional kernel.
struct Place {
    x: f64,
    scale: f64,
    side: Side,
    var: f64,
}

impl Place {
    /// Adds the one-dimensional covariances with other numbers to `k`; writes slopes if there is room for them.
    fn add(
        &self,
        others: &[f64],
        (falling, rising): (&[f64], &[f64]),
        k: &mut [f64],
        slopes: &mut [f64],
    ) {
        let Self { x, scale, side, var } = *self;
        if side.falling == 0.0 {
            // Inactive: one with the other inactive points, apart from the rest.
            for (k, falling) in k.iter_mut().zip(falling) {
                *k += if *falling == 0.0 { var } else { 0.0 };
            }
            slopes.fill(0.0);
            return;
        }
        let e = |falling: f64, rising: f64| {
            let (a, b) = (side.falling * rising, side.rising * falling);
            var * if a < b { a } else { b }
        };
        let pairs = others.iter().zip(falling).zip(rising);
        if slopes.is_empty() {
            for (k, ((other, falling), rising)) in k.iter_mut().zip(pairs) {
                let t = ((x - other) * scale).abs();
                *k += (1.0 + t + t * t / 3.0) * e(*falling, *rising);
            }
            return;
        }
        for ((k, slope), ((other, falling), rising)) in k.iter_mut().zip(slopes).zip(pairs) {
            let t = ((x - other) * scale).abs();
            let e = e(*falling, *rising);
            *slope = (1.0 + t) * e / 3.0;
            *k += (1.0 + t + t * t / 3.0) * e;
        }
    }
}

fn add_squares(is_choice: bool, x: f64, others: &[f64], scale: f64, out: &mut [f64]) {
    if is_choice {
        let square = scale * scale;
        for (out, other) in out.iter_mut().zip(others) {
            *out += if x == *other { 0.0 } else { square };
        }
    } else {
        for (out, other) in out.iter_mut().zip(others) {
            let delta = (x - other) * scale;
            *out += delta * delta;
        }
    }
}

/// Turns `q²` into `s² (1 + q + q²/3) e^{−q}` and the slope `s²/3 (1 + q) e^{−q}`.
fn joint_terms(squares: &mut [f64], slopes: &mut [f64], var: f64) {
    if slopes.is_empty() {
        for k in squares {
            let q = k.sqrt();
            *k = (1.0 + q + *k / 3.0) * (var * exp_neg(q));
        }
        return;
    }
    for (k, slope) in squares.iter_mut().zip(slopes) {
        let q = k.sqrt();
        let e = var * exp_neg(q);
        *slope = (1.0 + q) * e / 3.0;
        *k = (1.0 + q + *k / 3.0) * e;
    }
}

/// Adds the covariances of one choice with others to `k`; writes slopes if there is room for them.
fn choice_terms(x: f64, others: &[f64], scale: f64, var: f64, k: &mut [f64], slopes: &mut [f64]) {
    let (e, far) = (var * exp_neg(scale), 1.0 + scale + scale * scale / 3.0);
    for (k, other) in k.iter_mut().zip(others) {
        *k += if x == *other { var } else { far * e };
    }
    slopes.fill((1.0 + scale) * e / 3.0);
}

/// Σ `weights · slopes · (x − other)`.
fn weighted(x: f64, others: &[f64], slopes: &[f64], weights: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (others, others_rest) = others.as_chunks::<4>();
    let (slopes, slopes_rest) = slopes.as_chunks::<4>();
    let (weights, weights_rest) = weights.as_chunks::<4>();
    for ((other, slope), weight) in others.iter().zip(slopes).zip(weights) {
        for l in 0..4 {
            sums[l] += weight[l] * slope[l] * (x - other[l]);
        }
    }
    let rest = others_rest.iter().zip(slopes_rest).zip(weights_rest);
    let rest: f64 = rest.map(|((other, slope), weight)| weight * slope * (x - other)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Σ `weights · Δ²`.
fn squares(is_choice: bool, x: f64, others: &[f64], weights: &[f64]) -> f64 {
    if is_choice {
        return others
            .iter()
            .zip(weights)
            .map(|(other, w)| if x == *other { 0.0 } else { *w })
            .sum();
    }
    let mut sums = [0.0; 4];
    let (others, others_rest) = others.as_chunks::<4>();
    let (weights, weights_rest) = weights.as_chunks::<4>();
    for (other, weight) in others.iter().zip(weights) {
        for l in 0..4 {
            let delta = x - other[l];
            sums[l] += weight[l] * delta * delta;
        }
    }
    let rest: f64 =
        others_rest.iter().zip(weights_rest).map(|(other, w)| w * (x - other) * (x - other)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `exp(−x)` for `x ≥ 0` to two units in the last place, without a branch or a call, so that loops over it are
/// vectorized and every machine gives the same bits. Below `e^−700` it stays there.
#[inline]
pub(super) fn exp_neg(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2⁵²: the integer is in the low bits
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = if x < 700.0 { -x } else { -700.0 };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let r2 = r * r;
    let r4 = r2 * r2;
    // Taylor's polynomial of degree 12 by Estrin's scheme.
    let a = (1.0 + r) + r2 * (1.0 / 2.0 + r * (1.0 / 6.0));
    let b = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5_040.0));
    let c = (1.0 / 40_320.0 + r * (1.0 / 362_880.0))
        + r2 * (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0) + r2 * (1.0 / 479_001_600.0));
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (a + r4 * (b + r4 * c)) * power
}

#[cfg(test)]
mod tests {
    use super::super::points::Column;
    use super::*;
    use crate::numeric::Rng;

    #[test]
    fn exponentials_are_exact_to_two_units() {
        let mut rng = Rng::new(1);
        for _ in 0..20_000 {
            let x = rng.unit().powi(3) * 690.0;
            let error = exp_neg(x) / (-x).exp() - 1.0;
            assert!(error.abs() < 5e-16, "{x}: {error:e}");
        }
        assert_eq!(exp_neg(0.0), 1.0);
        assert!(exp_neg(f64::INFINITY) > 0.0 && exp_neg(f64::INFINITY) < 1e-300);
    }

    fn points() -> Columns {
        let mut points = Columns::new(vec![
            Column::new(false, false),
            Column::new(false, true),
            Column::new(true, false),
        ]);
        let mut rng = Rng::new(5);
        for i in 0..11 {
            let child = if i % 3 == 0 { f64::NAN } else { rng.unit() };
            points.push(&[rng.unit(), child, f64::from(i % 3)]);
        }
        points
    }

    fn kernel() -> Kernel {
        Kernel {
            joint: vec![3.0, 2.0, 1.5],
            single: vec![4.0, 1.0, 0.5],
            joint_var: 0.7,
            single_var: 0.4,
            noise: 0.1,
        }
    }

    #[test]
    fn slopes_agree_with_differences() {
        let (points, kernel) = (points(), kernel());
        let weights: Vec<f64> = (0..11).map(|i| f64::from(i) - 4.0).collect();
        let sides = kernel.sides(&points);
        let placed = Placed { points: &points, sides: &sides };
        let value = |x: &[f64]| {
            let mut cross = Cross::default();
            kernel.cross(placed, 11, x, &mut cross, false);
            super::super::chol::dot(&cross.k, &weights)
        };
        let x = [0.3, 0.6, 1.0];
        let mut cross = Cross::default();
        kernel.cross(placed, 11, &x, &mut cross, true);
        for i in 0..2 {
            let slope = kernel.slope(&points, &cross, x[i], i, &weights);
            let (mut above, mut below) = (x, x);
            above[i] += 1e-6;
            below[i] -= 1e-6;
            let expect = (value(&above) - value(&below)) / 2e-6;
            assert!((slope - expect).abs() < 1e-7, "{i}: {slope} not {expect}");
        }
    }

    #[test]
    fn a_point_has_the_kernels_variance_with_itself() {
        let (points, kernel) = (points(), kernel());
        let mut cross = Cross::default();
        let x =
            [points.columns[0].joint[4], points.columns[1].joint[4], points.columns[2].joint[4]];
        let sides = kernel.sides(&points);
        let placed = Placed { points: &points, sides: &sides };
        kernel.cross(placed, 11, &x, &mut cross, false);
        assert!((cross.k[4] - kernel.variance()).abs() < 2e-15);
        assert!(cross.k.iter().all(|k| *k < kernel.variance() + 2e-15 && *k > 0.0));
    }
}
