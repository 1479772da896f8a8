//! Maximum a posteriori parameters of the kernel.
//!
//! The negative log marginal likelihood `½ yᵀK⁻¹y + Σ log L_ii + n/2 log 2π` (Rasmussen and Williams 2006, 5.8 and
//! 5.9) plus normal priors on the logarithms of all parameters, minimized with analytic gradients. The prior mean of
//! log ℓ grows with ½ log d, so that many dimensions mean a smoother function (Hvarfner et al. 2024, arXiv:2402.02229). Scales
//! share a mean with that prior; around it they have a Student t distribution: alike until the data say otherwise.

use super::chol::{Chol, dot};
use super::descent::{Limits, descend};
use super::kernel::{Cross, Kernel, Placed};
use super::points::Columns;
use super::sides::{STEEPEST, Sides};

/// ½ log 2π.
const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;
/// The least noise, as a share of the values' variance: what keeps the factor stable.
pub(super) const NOISE_FLOOR: f64 = 1e-6;
/// Degrees of freedom of the prior of log scales around their mean.
const TAIL: f64 = 2.0;
/// Parameters stay within so many of the prior's standard deviations.
const FAR: f64 = 6.0;
/// Largest component of the gradient of a minimum, in the prior's standard deviations.
const TOLERANCE: f64 = 2e-2;
/// A step that gains less, in nats, is the last one.
const GAIN: f64 = 1e-4;

/// Normal priors of log parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prior {
    /// Mean of log ℓ and log λ before the term for the dimension.
    pub(super) scale: (f64, f64),
    /// Of log λ.
    pub(super) single_scale: (f64, f64),
    /// Standard deviations of log ℓ and of log λ around their own means.
    pub(super) own: [f64; 2],
    /// Of log s².
    pub(super) joint_var: (f64, f64),
    /// Of log a².
    pub(super) single_var: (f64, f64),
    /// Of log σ².
    pub(super) noise: (f64, f64),
}

/// Values at points, and which share of the noise's variance each has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) points: &'a Columns,
    pub(super) y: &'a [f64],
    pub(super) noise: &'a [f64],
}

/// What is fitted: the prior and whether there is a second term.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    means: Vec<f64>,
    sds: Vec<f64>,
    d: usize,
    is_additive: bool,
    /// Standard deviations of log scales around their mean.
    own: [f64; 2],
}

impl Fit {
    pub(super) fn new(prior: &Prior, d: usize, is_additive: bool) -> Self {
        let shift = 0.5 * (d.max(1) as f64).ln();
        let mut pairs = vec![(prior.scale.0 + shift, prior.scale.1); d];
        if is_additive {
            pairs.extend(vec![prior.single_scale; d]);
        }
        pairs.push(prior.joint_var);
        if is_additive {
            pairs.push(prior.single_var);
        }
        pairs.push(prior.noise);
        let (means, sds) = pairs.into_iter().unzip();
        Self { means, sds, d, is_additive, own: prior.own }
    }

    /// The prior's mode.
    pub(super) fn mode(&self) -> &[f64] {
        &self.means
    }

    /// The prior's standard deviations.
    pub(super) fn sds(&self) -> &[f64] {
        &self.sds
    }

    /// The kernel of some log parameters.
    pub(super) fn kernel(&self, theta: &[f64]) -> Kernel {
        let inverse = |logs: &[f64]| logs.iter().map(|log| 5f64.sqrt() * (-log).exp()).collect();
        let d = self.d;
        let n_scales = if self.is_additive { 2 * d } else { d };
        Kernel {
            joint: inverse(&theta[..d]),
            single: inverse(&theta[d..n_scales]),
            joint_var: theta[n_scales].exp(),
            single_var: if self.is_additive { theta[n_scales + 1].exp() } else { 0.0 },
            noise: theta[theta.len() - 1].exp() + NOISE_FLOOR,
        }
    }

    /// Minus the log posterior up to a constant; writes its gradient.
    pub(super) fn evaluate(&self, data: &Data<'_>, theta: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = self.likelihood(data, theta, gradient);
        let d = self.d;
        let n_scales = if self.is_additive { 2 * d } else { d };
        for group in (0..n_scales).step_by(d.max(1)) {
            let z: Vec<f64> = (group..group + d).map(|i| theta[i] - self.means[i]).collect();
            let common = z.iter().sum::<f64>() / d as f64;
            let (sd, own) = (self.sds[group], self.own[usize::from(group > 0)]);
            value += 0.5 * common * common / (sd * sd);
            let slope = |z: f64| (TAIL + 1.0) * z / (TAIL * own * own + z * z);
            let mean = z.iter().map(|z| slope(z - common)).sum::<f64>() / d as f64;
            for (i, z) in z.iter().enumerate() {
                let apart = z - common;
                value += 0.5 * (TAIL + 1.0) * (apart * apart / (TAIL * own * own)).ln_1p();
                gradient[group + i] += common / (sd * sd * d as f64) + slope(apart) - mean;
            }
        }
        for i in n_scales..theta.len() {
            let z = (theta[i] - self.means[i]) / self.sds[i];
            value += 0.5 * z * z;
            gradient[i] += z / self.sds[i];
        }
        value
    }

    /// The negative log marginal likelihood; overwrites the gradient.
    fn likelihood(&self, data: &Data<'_>, theta: &[f64], gradient: &mut [f64]) -> f64 {
        let n = data.y.len();
        let kernel = self.kernel(theta);
        let mut cross = Cross::default();
        let sides = kernel.sides(data.points);
        let mut chol = Chol::with_capacity(n);
        extend(&mut chol, data, &kernel, &sides, &mut cross);
        let placed = Placed { points: data.points, sides: &sides };
        let (value, mut alpha) = whitened(data, &chol);
        chol.solve_upper(&mut alpha);
        let mut inverse = chol.inverse();
        gradient.fill(0.0);
        let (mut diagonal, mut noise) = (0.0, 0.0);
        for r in 0..n {
            let row = &mut inverse[r * (r + 1) / 2..][..=r];
            for (c, w) in row.iter_mut().enumerate() {
                *w -= alpha[r] * alpha[c];
            }
            kernel.log_slopes(placed, r, &row[..r], &mut cross, gradient);
            diagonal += 0.5 * row[r];
            noise += 0.5 * row[r] * data.noise[r];
        }
        let n_scales = kernel.joint.len() + kernel.single.len();
        gradient[n_scales] += diagonal * kernel.joint_var;
        if self.is_additive {
            gradient[n_scales + 1] += diagonal * kernel.single_var;
        }
        gradient[theta.len() - 1] = noise * (kernel.noise - NOISE_FLOOR);
        value
    }

    /// The best parameters that are found from these starts, at most `iterations` steps from each.
    pub(super) fn search(
        &self,
        data: &Data<'_>,
        starts: &[Vec<f64>],
        iterations: usize,
    ) -> Vec<f64> {
        let reach = |(mean, sd): (&f64, &f64)| (mean - FAR * sd, mean + FAR * sd);
        let mut bounds: Vec<(f64, f64)> = self.means.iter().zip(&self.sds).map(reach).collect();
        let shortest = 0.5 * 5f64.ln() - STEEPEST.ln();
        let n_scales = if self.is_additive { 2 * self.d } else { self.d };
        bounds[..n_scales].iter_mut().for_each(|(low, _)| *low = low.max(shortest));
        let limits = Limits { iterations, slope: TOLERANCE, gain: GAIN };
        let mut best: Option<(f64, Vec<f64>)> = None;
        for start in starts {
            let inside = start.iter().zip(&bounds).map(|(x, &(low, high))| x.clamp(low, high));
            let mut theta: Vec<f64> = inside.collect();
            let mut evaluate =
                |theta: &[f64], gradient: &mut [f64]| self.evaluate(data, theta, gradient);
            let value = descend(&mut theta, &bounds, &self.sds, limits, &mut evaluate);
            if value.is_finite() && best.as_ref().is_none_or(|(least, _)| value < *least) {
                best = Some((value, theta));
            }
        }
        best.map_or_else(|| self.means.clone(), |(_, theta)| theta)
    }
}

/// The negative log marginal likelihood and `L⁻¹ y`.
fn whitened(data: &Data<'_>, chol: &Chol) -> (f64, Vec<f64>) {
    let mut v = data.y.to_vec();
    chol.solve_lower(&mut v);
    let value = 0.5 * dot(&v, &v) + chol.half_log_det() + v.len() as f64 * HALF_LOG_TAU;
    (value, v)
}

/// The negative log marginal likelihood of a kernel.
#[cfg(test)]
pub(super) fn negative_log_likelihood(data: &Data<'_>, kernel: &Kernel) -> f64 {
    let mut chol = Chol::with_capacity(data.y.len());
    extend(&mut chol, data, kernel, &kernel.sides(data.points), &mut Cross::default());
    whitened(data, &chol).0
}

/// Adds the rows of all points that are missing to a factor of the points' covariance with noise.
pub(super) fn extend(
    chol: &mut Chol,
    data: &Data<'_>,
    kernel: &Kernel,
    sides: &Sides,
    cross: &mut Cross,
) {
    for r in chol.len()..data.noise.len() {
        let x = data.points.row(r);
        kernel.cross(Placed { points: data.points, sides }, r, &x, cross, false);
        cross.k.push(kernel.variance() + kernel.noise * data.noise[r]);
        chol.push(&cross.k, 0.5 * NOISE_FLOOR);
    }
}

#[cfg(test)]
mod tests {
    use super::super::points::Column;
    use super::*;
    use crate::numeric::Rng;

    fn prior() -> Prior {
        Prior {
            scale: (-0.5, 1.0),
            single_scale: (-0.5, 1.0),
            own: [0.7, 0.8],
            joint_var: (-0.3, 1.0),
            single_var: (-1.0, 1.0),
            noise: (-5.0, 2.0),
        }
    }

    fn data() -> (Columns, Vec<f64>) {
        let columns =
            vec![Column::new(false, false), Column::new(false, true), Column::new(true, false)];
        let mut points = Columns::new(columns);
        let (mut rng, mut y) = (Rng::new(3), Vec::new());
        for i in 0..17 {
            let child = if i % 4 == 0 { f64::NAN } else { rng.unit() };
            let x = rng.unit();
            points.push(&[x, child, f64::from(i % 2)]);
            y.push((6.0 * x).sin() + f64::from(i % 2) + if child.is_nan() { 0.3 } else { child });
        }
        (points, y)
    }

    #[test]
    fn gradients_agree_with_differences() {
        let (points, y) = data();
        let noise: Vec<f64> = (0..17).map(|i| 0.5 + f64::from(i) * 0.1).collect();
        let data = Data { points: &points, y: &y, noise: &noise };
        for is_additive in [false, true] {
            let fit = Fit::new(&prior(), 3, is_additive);
            let theta: Vec<f64> =
                fit.mode().iter().enumerate().map(|(i, t)| t + 0.3 * (i as f64).sin()).collect();
            let mut gradient = vec![0.0; theta.len()];
            let mut ignored = gradient.clone();
            fit.evaluate(&data, &theta, &mut gradient);
            for i in 0..theta.len() {
                let (mut above, mut below) = (theta.clone(), theta.clone());
                above[i] += 1e-5;
                below[i] -= 1e-5;
                let rise = fit.evaluate(&data, &above, &mut ignored)
                    - fit.evaluate(&data, &below, &mut ignored);
                let expect = rise / 2e-5;
                assert!(
                    (gradient[i] - expect).abs() < 1e-6 * (1.0 + expect.abs()),
                    "{i}: {} not {expect}",
                    gradient[i]
                );
            }
        }
    }

    #[test]
    fn a_fit_is_better_than_its_start_and_has_no_slope() {
        let (points, y) = data();
        let data = Data { points: &points, y: &y, noise: &[1.0; 17] };
        let fit = Fit::new(&prior(), 3, true);
        let theta = fit.search(&data, &[fit.mode().to_vec()], 100);
        let mut gradient = vec![0.0; theta.len()];
        let found = fit.evaluate(&data, &theta, &mut gradient);
        assert!(gradient.iter().all(|g| g.abs() < 0.1), "{gradient:?}");
        let start = fit.evaluate(&data, fit.mode(), &mut gradient);
        assert!(found < start - 1.0, "{found} {start}");
    }
}
