//! Which branch to search by itself: else one lucky branch starves the others for ever.
//!
//! A choice is drawn evenly from those with enough trials (one that nothing depends on passes every fifth
//! time), and one of its values with probability
//! proportional to 1 / rank of the best trial that has it: the shares that successive rejects give to arms
//! (Audibert, Bubeck and Munos 2010), so that no value is lost and hopeless ones cost little.

use super::axis::Axis;
use super::{Tpe, sobol};
use crate::numeric::Rng;

/// A choice that other dimensions depend on is held once there are so many trials per value of it.
const TRIALS_PER_VALUE: usize = 4;
/// Any other choice: it takes less to see what its values are worth.
const TRIALS_PER_PLAIN_VALUE: usize = 8;
/// How often the turn of such a choice is taken.
const PLAIN_SHARE: f64 = 0.8;

/// One value of one choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Branch {
    pub(super) dim: usize,
    pub(super) value: f64,
}

impl Branch {
    /// True for the rows that lie in it.
    pub(super) fn has(self, row: &[f64]) -> bool {
        row[self.dim] == self.value
    }
}

impl Tpe {
    /// The branch to search, if some choice has seen enough trials.
    pub(super) fn draw_branch(&self, rng: &mut Rng) -> Option<Branch> {
        let n_active = self.history.n_active(self.axes.len());
        let is_due = |&dim: &usize| {
            let Axis::Choice(n) = self.axes[dim] else { return false };
            let each = if self.is_parent[dim] { TRIALS_PER_VALUE } else { TRIALS_PER_PLAIN_VALUE };
            n.saturating_mul(each) <= n_active[dim]
        };
        let due: Vec<usize> = (0..self.axes.len()).filter(is_due).collect();
        if due.is_empty() {
            return None;
        }
        let dim = due[rng.below(due.len())];
        let Axis::Choice(n_values) = self.axes[dim] else { return None };
        if !self.is_parent[dim] && rng.unit() >= PLAIN_SHARE {
            return None;
        }
        let order = self.history.values_in_order(dim, n_values);
        let shares: Vec<f64> = (1..=n_values).map(|rank| 1.0 / rank as f64).collect();
        Some(Branch { dim, value: order[rng.weighted(&shares)] as f64 })
    }

    /// The place of trial `number` of the quasi-random sequence in the unit cube, moved into a branch: what
    /// the branch depends on takes a value that lets it live.
    pub(super) fn unit_in(&self, number: u64, branch: Branch) -> Vec<f64> {
        let space = &self.setup.space;
        let mut unit = sobol::unit_point(space, self.setup.seed, number);
        for (parent, allowed) in space.needs(branch.dim) {
            let dim = &space.dims()[parent];
            if !allowed.is_empty() && !allowed.contains(&dim.value_at(unit[parent])) {
                let pick = (unit[parent] * allowed.len() as f64) as usize;
                unit[parent] = dim.unit_of(allowed[pick.min(allowed.len() - 1)]);
            }
        }
        unit[branch.dim] = space.dims()[branch.dim].unit_of(branch.value);
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, setup, when};
    use crate::sampler::{Sampler, Told, TpeOptions};
    use crate::space::Point;

    fn told(number: u64, coords: &[Option<f64>], loss: f64) -> Told {
        Told::new(number, Point(coords.to_vec()), Some(loss))
    }

    fn tpe() -> Tpe {
        let dims = vec![
            choice("a", 3),
            when(choice("b", 2), 0, &[1.0, 2.0]),
            when(when(choice("c", 2), 0, &[2.0]), 1, &[1.0]),
            when(float("x", 0.0, 1.0), 2, &[1.0]),
        ];
        Tpe::new(setup(dims, 5), TpeOptions::default())
    }

    #[test]
    fn values_get_shares_by_the_rank_of_their_best_trial() {
        let mut tpe = tpe();
        let mut rng = Rng::new(1);
        for number in 0..3 * TRIALS_PER_VALUE as u64 {
            assert_eq!(tpe.draw_branch(&mut rng), None, "after {number} trials");
            let value = number % 3;
            // 1 is best, then 0; 2 is tried less than b needs.
            let (loss, b) = ([2.0, 1.0, 3.0][value as usize], (value > 0).then_some(0.0));
            let b = b.filter(|_| number < 7);
            let value = if value > 0 && b.is_none() { 0 } else { value };
            let coords = [Some(value as f64), b, None, None];
            tpe.tell(&told(number, &coords, if value == 0 { 2.0 } else { loss }));
        }
        let mut counts = [0usize; 3];
        for _ in 0..1100 {
            let branch = tpe.draw_branch(&mut rng).unwrap();
            assert_eq!(branch.dim, 0);
            counts[branch.value as usize] += 1;
        }
        for (value, expect) in [(1, 600), (0, 300), (2, 200)] {
            assert!(counts[value].abs_diff(expect) < 70, "{counts:?}");
        }
    }

    #[test]
    fn a_point_in_a_nested_branch_has_the_parents_that_it_needs() {
        let tpe = tpe();
        for number in 0..20 {
            let branch = Branch { dim: 2, value: 1.0 };
            let point = tpe.setup.space.from_unit(&tpe.unit_in(number, branch));
            assert_eq!(point.0[..3], [Some(2.0), Some(1.0), Some(1.0)]);
            let branch = Branch { dim: 1, value: 0.0 };
            let point = tpe.setup.space.from_unit(&tpe.unit_in(number, branch));
            assert!(point.0[0] != Some(0.0) && point.0[1] == Some(0.0), "{point:?}");
        }
    }
}
