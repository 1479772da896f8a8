//! Minimization in a box: L-BFGS steps on the coordinates that are free, projected onto the bounds.
//!
//! The active set is that of Bertsekas 1982 (SIAM J. Control Optim. 20): coordinates at a bound whose gradient
//! points outside stay. Steps follow the two-loop recursion (Nocedal and Wright 2006, 7.4), shortened until the
//! projected point descends enough.
//!
//! Why not [`lbfgs`](crate::numeric::lbfgs): it knows no bounds. The points of an ask lie in a unit cube, and the best of them often on
//! its faces; without noise the likelihood grows for ever along some log parameters. It also asks a line search for
//! curvature (Moré and Thuente), which costs a second evaluation of a likelihood in many steps, where Armijo's rule takes the first.

use super::chol::dot;

const MEMORY: usize = 8;
/// Armijo's constant.
const DESCENT: f64 = 1e-4;
const MAX_HALVINGS: usize = 15;
/// The first step is at most this long, in the coordinates' own scales.
const FIRST_STEP: f64 = 0.3;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) iterations: usize,
    /// Largest component of the projected gradient, in the coordinates' own scales.
    pub(super) slope: f64,
    /// A step that gains less is the last one.
    pub(super) gain: f64,
}

/// Steps and the changes of gradient that they made.
#[derive(Default)]
struct Memory {
    pairs: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Memory {
    fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
        if self.pairs.len() == MEMORY {
            self.pairs.remove(0);
        }
        self.pairs.push((step, change));
    }

    /// Minus the inverse Hessian of the free coordinates times their gradient; 0 for the others.
    fn direction(&self, gradient: &[f64], free: &[bool]) -> Vec<f64> {
        let masked = |v: &[f64]| -> Vec<f64> {
            v.iter().zip(free).map(|(x, free)| if *free { *x } else { 0.0 }).collect()
        };
        let part = |(step, change): &(Vec<f64>, Vec<f64>)| {
            let (step, change) = (masked(step), masked(change));
            let curvature = dot(&step, &change);
            let is_convex = curvature > 1e-10 * (dot(&step, &step) * dot(&change, &change)).sqrt();
            is_convex.then(|| (step, change, 1.0 / curvature))
        };
        let pairs: Vec<(Vec<f64>, Vec<f64>, f64)> = self.pairs.iter().filter_map(part).collect();
        let mut d = masked(gradient);
        for d in &mut d {
            *d = -*d;
        }
        let mut shares = Vec::with_capacity(pairs.len());
        for (step, change, inverse) in pairs.iter().rev() {
            let share = inverse * dot(step, &d);
            d.iter_mut().zip(change).for_each(|(d, y)| *d -= share * y);
            shares.push(share);
        }
        let scale = match pairs.last() {
            Some((_, change, inverse)) => 1.0 / (inverse * dot(change, change)),
            None => FIRST_STEP / d.iter().fold(FIRST_STEP, |max: f64, d| max.max(d.abs())),
        };
        for d in &mut d {
            *d *= scale;
        }
        for ((step, change, inverse), share) in pairs.iter().zip(shares.iter().rev()) {
            let back = inverse * dot(change, &d);
            d.iter_mut().zip(step).for_each(|(d, s)| *d += (share - back) * s);
        }
        d
    }
}

/// Moves `x` downhill inside `[low, high]` and returns the value there. Coordinate `i` is measured in units of
/// `scales[i]`. `evaluate` writes the gradient into its second argument.
pub(super) fn descend(
    x: &mut Vec<f64>,
    bounds: &[(f64, f64)],
    scales: &[f64],
    limits: Limits,
    evaluate: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
) -> f64 {
    let n = x.len();
    let mut at = |x: &[f64], gradient: &mut [f64]| {
        let value = evaluate(x, gradient);
        gradient.iter_mut().zip(scales).for_each(|(g, scale)| *g *= scale);
        value
    };
    let mut gradient = vec![0.0; n];
    let mut value = at(x, &mut gradient);
    let mut memory = Memory::default();
    for _ in 0..limits.iterations {
        let is_free = |i: usize| {
            let (low, high) = bounds[i];
            !(x[i] <= low && gradient[i] > 0.0 || x[i] >= high && gradient[i] < 0.0)
        };
        let free: Vec<bool> = (0..n).map(is_free).collect();
        let steepest = gradient
            .iter()
            .zip(&free)
            .filter(|(_, f)| **f)
            .fold(0.0, |max: f64, (g, _)| max.max(g.abs()));
        if steepest.is_nan() || steepest < limits.slope || !value.is_finite() {
            break;
        }
        let mut direction = memory.direction(&gradient, &free);
        if dot(&direction, &gradient) >= 0.0 {
            memory.pairs.clear();
            direction = memory.direction(&gradient, &free);
        }
        let (mut next, mut next_gradient) = (x.clone(), vec![0.0; n]);
        let mut length = 1.0;
        let found = (0..MAX_HALVINGS).find_map(|_| {
            for i in 0..n {
                let (low, high) = bounds[i];
                next[i] = (x[i] + length * direction[i] * scales[i]).clamp(low, high);
            }
            let new = at(&next, &mut next_gradient);
            let expect: f64 = (0..n).map(|i| gradient[i] * (next[i] - x[i]) / scales[i]).sum();
            length *= 0.4;
            (new <= value + DESCENT * expect && expect < 0.0).then_some(new)
        });
        let Some(new) = found else {
            if memory.pairs.is_empty() {
                break;
            }
            memory.pairs.clear();
            continue;
        };
        let step = (0..n).map(|i| (next[i] - x[i]) / scales[i]).collect();
        let change = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        memory.push(step, change);
        let gain = value - new;
        *x = next;
        gradient = next_gradient;
        value = new;
        if gain < limits.gain {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { iterations: 200, slope: 1e-9, gain: 0.0 };

    #[test]
    fn finds_a_valley_inside_and_a_bound_outside() {
        let mut rosenbrock = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        };
        let mut x = vec![-1.2, 1.0];
        descend(&mut x, &[(-2.0, 2.0); 2], &[1.0; 2], LIMITS, &mut rosenbrock);
        assert!((x[0] - 1.0).abs() < 1e-6 && (x[1] - 1.0).abs() < 1e-6, "{x:?}");
        let mut x = vec![-1.2, 1.0];
        let value =
            descend(&mut x, &[(-2.0, 0.5), (-1.0, 2.0)], &[1.0, 0.1], LIMITS, &mut rosenbrock);
        assert!((x[0] - 0.5).abs() < 1e-9 && (x[1] - 0.25).abs() < 1e-6, "{x:?}");
        assert!((value - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_value_that_is_no_number_ends_the_search() {
        let mut x = vec![0.3];
        let value = descend(&mut x, &[(0.0, 1.0)], &[1.0], LIMITS, &mut |_, g| {
            g[0] = f64::NAN;
            f64::NAN
        });
        assert!(value.is_nan() && x == [0.3]);
    }
}
