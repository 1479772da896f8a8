//! The dual problem of support vector machines by sequential minimal optimization.
//!
//! `min ½ αᵀQα + pᵀα` with `Q_ts = y_t y_s K(t, s)`, `yᵀα = 0` and `0 ≤ α_t ≤ C_t`, two variables at a time,
//! chosen by second-order information (Fan, Chen and Lin 2005, WSS 2), the stop of Keerthi et al. 2001.

mod kernel;
mod platt;

pub(super) use kernel::{COEF0, DEGREE, GAMMA, KERNEL, Kernel, KernelSpace, Rows, squares};
pub(super) use platt::{Scored, Sigmoid, couple};

use super::FitError;

/// A curvature that is not positive counts as this.
const TAU: f64 = 1e-12;

/// Iterations between two polls.
pub(super) const POLL_EVERY: u64 = 1024;

/// One dual problem. A regression has each row twice, once for either side of the tube.
pub(super) struct Dual {
    /// `y`, 1 or −1.
    pub(super) signs: Vec<f64>,
    /// `p`.
    pub(super) linear: Vec<f64>,
    /// `C` of each variable, positive.
    pub(super) bounds: Vec<f64>,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Largest violation of the optimality conditions.
    pub(super) tol: f64,
    /// Iterations at most; what is reached then is kept.
    pub(super) max_iter: Option<usize>,
}

/// The solution: the decision function is `Σ y_t α_t K(t, ·) − rho`.
#[derive(Debug)]
pub(super) struct Solution {
    pub(super) alpha: Vec<f64>,
    pub(super) rho: f64,
}

struct State<'d> {
    dual: &'d Dual,
    alpha: Vec<f64>,
    /// `y_t` times the gradient: both halves of a regression move alike, and no sign enters the updates.
    slope: Vec<f64>,
    /// Whether `y_t α_t` may grow, and whether it may shrink.
    up: Vec<bool>,
    down: Vec<bool>,
}

/// Solves a dual problem on the rows of a kernel matrix. `poll` is called every [`POLL_EVERY`] iterations.
pub(super) fn solve(
    dual: &Dual,
    rows: &mut Rows<'_>,
    stop: Stop,
    poll: &mut dyn FnMut() -> Result<(), FitError>,
) -> Result<Solution, FitError> {
    let n = rows.len();
    let mut state = State::new(dual);
    let limit = stop.max_iter.map_or_else(|| 10_000_000.max(100 * n as u64), |limit| limit as u64);
    for iteration in 0..limit {
        if iteration % POLL_EVERY == 0 {
            poll()?;
        }
        let Some((i, highest)) = state.first() else { break };
        rows.hold(i % n, i % n);
        let (second, lowest) = state.second(i, highest, rows);
        if highest - lowest < stop.tol {
            break;
        }
        let Some(j) = second else { break };
        rows.hold(j % n, i % n);
        state.step(i, j, rows);
    }
    let rho = state.rho();
    Ok(Solution { alpha: state.alpha, rho })
}

impl<'d> State<'d> {
    fn new(dual: &'d Dual) -> Self {
        let slope = dual.signs.iter().zip(&dual.linear).map(|(y, p)| y * p).collect();
        let alpha = vec![0.0; dual.signs.len()];
        let up = dual.signs.iter().map(|&y| y > 0.0).collect();
        let down = dual.signs.iter().map(|&y| y < 0.0).collect();
        Self { dual, alpha, slope, up, down }
    }

    /// The variable that violates most upwards, with minus its slope.
    fn first(&self) -> Option<(usize, f64)> {
        let mut best = None;
        let mut highest = f64::NEG_INFINITY;
        for (t, (&slope, &up)) in self.slope.iter().zip(&self.up).enumerate() {
            if up && -slope >= highest {
                highest = -slope;
                best = Some(t);
            }
        }
        best.map(|t| (t, highest))
    }

    /// The partner that lowers the objective most, and the smallest minus slope that may shrink.
    fn second(&self, i: usize, highest: f64, rows: &Rows<'_>) -> (Option<usize>, f64) {
        let n = rows.len();
        let (kernel, diagonal) = (rows.get(i % n), rows.diagonal());
        let own = diagonal[i % n];
        let (mut best, mut gain, mut lowest) = (None, 0.0, f64::INFINITY);
        for start in (0..self.slope.len()).step_by(n) {
            let slopes = &self.slope[start..start + n];
            let downs = &self.down[start..start + n];
            for (t, ((&slope, &down), (&k, &kk))) in
                slopes.iter().zip(downs).zip(kernel.iter().zip(diagonal)).enumerate()
            {
                if !down {
                    continue;
                }
                lowest = lowest.min(-slope);
                let violation = highest + slope;
                if violation > 0.0 {
                    let curvature = own + kk - 2.0 * k;
                    let curvature = if curvature > 0.0 { curvature } else { TAU };
                    let drop = violation * violation / curvature;
                    if drop >= gain {
                        gain = drop;
                        best = Some(start + t);
                    }
                }
            }
        }
        (best, lowest)
    }

    /// Moves `y_i α_i` up and `y_j α_j` down by the same amount, to the minimum or to a bound.
    fn step(&mut self, i: usize, j: usize, rows: &Rows<'_>) {
        let n = rows.len();
        let (row_i, row_j) = (rows.get(i % n), rows.get(j % n));
        let curvature = row_i[i % n] + row_j[j % n] - 2.0 * row_i[j % n];
        let curvature = if curvature > 0.0 { curvature } else { TAU };
        let free = (self.slope[j] - self.slope[i]) / curvature;
        let room = |t: usize, upwards: bool| {
            if (self.dual.signs[t] > 0.0) == upwards {
                self.dual.bounds[t] - self.alpha[t]
            } else {
                self.alpha[t]
            }
        };
        let (room_i, room_j) = (room(i, true), room(j, false));
        let amount = free.min(room_i).min(room_j);
        self.shift(i, amount, room_i, true);
        self.shift(j, amount, room_j, false);
        for slopes in self.slope.chunks_exact_mut(n) {
            for ((slope, a), b) in slopes.iter_mut().zip(row_i).zip(row_j) {
                *slope += amount * (a - b);
            }
        }
    }

    fn shift(&mut self, t: usize, amount: f64, room: f64, upwards: bool) {
        let grows = (self.dual.signs[t] > 0.0) == upwards;
        let bound = self.dual.bounds[t];
        // Exactly at the bound where the step ends there, so that rounding leaves no tiny remainders.
        self.alpha[t] = match (amount >= room, grows) {
            (true, true) => bound,
            (true, false) => 0.0,
            (false, true) => self.alpha[t] + amount,
            (false, false) => self.alpha[t] - amount,
        };
        let (below, above) = (self.alpha[t] < bound, self.alpha[t] > 0.0);
        let positive = self.dual.signs[t] > 0.0;
        self.up[t] = if positive { below } else { above };
        self.down[t] = if positive { above } else { below };
    }

    /// Mean slope of the free variables, else the middle of what the bounds allow.
    fn rho(&self) -> f64 {
        let (mut sum, mut n_free) = (0.0, 0usize);
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for ((&slope, &up), &down) in self.slope.iter().zip(&self.up).zip(&self.down) {
            match (up, down) {
                (true, true) => {
                    sum += slope;
                    n_free += 1;
                }
                (true, false) => high = high.min(slope),
                (false, true) => low = low.max(slope),
                (false, false) => {}
            }
        }
        if n_free > 0 {
            return sum / n_free as f64;
        }
        match (low.is_finite(), high.is_finite()) {
            (true, true) => f64::midpoint(low, high),
            (true, false) => low,
            (false, true) => high,
            (false, false) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn two_points_have_their_plane_in_the_middle() {
        let x = array![[0.0], [2.0]];
        let space = KernelSpace::lazy(x.view(), Kernel::Linear, 1 << 20);
        let mut rows = space.rows((0..2).collect());
        let dual =
            Dual { signs: vec![1.0, -1.0], linear: vec![-1.0, -1.0], bounds: vec![10.0, 10.0] };
        let stop = Stop { tol: 1e-9, max_iter: None };
        let found = solve(&dual, &mut rows, stop, &mut || Ok(())).unwrap();
        // The maximal margin: α = 1/2 each, decision 1 − x.
        assert_eq!(found.alpha, [0.5, 0.5]);
        assert!((found.rho + 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_poll_can_stop_it() {
        let x = array![[0.0], [2.0]];
        let space = KernelSpace::lazy(x.view(), Kernel::Linear, 1 << 20);
        let dual = Dual { signs: vec![1.0, -1.0], linear: vec![-1.0; 2], bounds: vec![1.0; 2] };
        let stop = Stop { tol: 1e-9, max_iter: None };
        let refused = FitError::Stopped(crate::trainer::Signal::Cancel);
        let mut poll = || Err(refused.clone());
        let outcome = solve(&dual, &mut space.rows(vec![0, 1]), stop, &mut poll);
        assert_eq!(outcome.err(), Some(refused.clone()));
    }
}
