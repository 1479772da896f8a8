//! The order of trials with several losses: by non-domination, within a rank by the volume that each adds.
//!
//! The multi-objective split of Ozaki et al. (2022, JAIR 73): whole ranks are good, and of the rank that does not fit
//! those that hold the most volume together, which a greedy choice finds within `1 − 1/e` (Nemhauser et al. 1978).
//! Since a greedy choice of more points begins with the one of fewer, the order holds for every size of the split.

use crate::numeric::{Losses, hypervolume, non_domination_ranks};

/// Ranks with more points than this are ordered by age beyond them.
const MOST: usize = 120;

/// Indices of the points, best first.
pub(super) fn arrange(losses: &[&[f64]], n_objectives: usize) -> Vec<usize> {
    let flat: Vec<f64> = losses.iter().flat_map(|row| row.iter()).copied().collect();
    let ranks = non_domination_ranks(Losses::new(&flat, n_objectives));
    let n_ranks = ranks.iter().max().map_or(0, |last| last + 1);
    let mut fronts: Vec<Vec<usize>> = vec![Vec::new(); n_ranks];
    for (index, &rank) in ranks.iter().enumerate() {
        fronts[rank].push(index);
    }
    let mut order = Vec::with_capacity(losses.len());
    for front in fronts {
        let rows: Vec<&[f64]> = front.iter().map(|&index| losses[index]).collect();
        order.extend(greedy(&rows, n_objectives).into_iter().map(|at| front[at]));
    }
    order
}

/// Each next point adds the most volume. Losses are scaled to the range of the points, so that the unit of an objective
/// does not matter; the reference lies a tenth beyond the worst.
fn greedy(rows: &[&[f64]], m: usize) -> Vec<usize> {
    let low: Vec<f64> =
        (0..m).map(|j| rows.iter().map(|r| r[j]).fold(f64::INFINITY, f64::min)).collect();
    let high: Vec<f64> =
        (0..m).map(|j| rows.iter().map(|r| r[j]).fold(f64::NEG_INFINITY, f64::max)).collect();
    let unit = |x: f64, j: usize| {
        // Halves, because the range may be beyond the largest float.
        let share = (x / 2.0 - low[j] / 2.0) / (high[j] / 2.0 - low[j] / 2.0);
        if share.is_nan() { 0.0 } else { share }
    };
    let rows: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().enumerate().map(|(j, &x)| unit(x, j)).collect()).collect();
    let reference = vec![1.1; m];
    let n = rows.len().min(MOST);
    let mut gains: Vec<f64> =
        rows[..n].iter().map(|row| row.iter().map(|x| 1.1 - x).product()).collect();
    let mut chosen: Vec<usize> = Vec::with_capacity(rows.len());
    let mut flat: Vec<f64> = Vec::with_capacity(n * m);
    let mut volume = 0.0;
    let mut is_chosen = vec![false; n];
    for _ in 0..n {
        // Gains only fall: the largest old one is looked at anew until it stays the largest (Minoux 1978).
        let mut fresh = vec![false; n];
        let next = loop {
            let open = (0..n).filter(|&at| !is_chosen[at]);
            let Some(top) = open.max_by(|&a, &b| gains[a].total_cmp(&gains[b]).then(b.cmp(&a)))
            else {
                return chosen;
            };
            if fresh[top] {
                break top;
            }
            let start = flat.len();
            flat.extend(&rows[top]);
            gains[top] = hypervolume(Losses::new(&flat, m), &reference) - volume;
            flat.truncate(start);
            fresh[top] = true;
        };
        is_chosen[next] = true;
        volume += gains[next];
        flat.extend(&rows[next]);
        chosen.push(next);
    }
    chosen.extend(n..rows.len());
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[&[f64]], expect: &[usize]) {
        assert_eq!(arrange(rows, rows[0].len()), expect);
    }

    #[test]
    fn the_first_rank_comes_first_and_spreads() {
        // In the unit square the middle point holds .36, then both corners .1 each; the point next to it almost nothing.
        check(
            &[&[9.0, 9.0], &[0.0, 10.0], &[5.0, 5.0], &[10.0, 0.0], &[4.9, 5.1], &[9.5, 9.0]],
            &[2, 1, 3, 4, 0, 5],
        );
    }

    #[test]
    fn equal_points_constant_objectives_and_huge_ranges_are_ordered() {
        check(&[&[1.0, 2.0], &[1.0, 2.0], &[1.0, 3.0]], &[0, 1, 2]);
        check(&[&[f64::MAX, 0.0], &[f64::MIN, 1.0]], &[0, 1]);
        check(&[&[1.0, 1.0, 1.0, 1.0]], &[0]);
        assert!(arrange(&[], 2).is_empty());
    }

    #[test]
    fn the_greedy_choice_holds_nearly_the_volume_of_the_best_one() {
        let rows: Vec<Vec<f64>> = (0..9)
            .map(|i| {
                let angle = f64::from(i) / 8.0 * std::f64::consts::FRAC_PI_2;
                vec![1.0 - angle.sin(), 1.0 - angle.cos()]
            })
            .collect();
        let views: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let volume = |chosen: &[usize]| {
            let flat: Vec<f64> = chosen.iter().flat_map(|&i| rows[i].clone()).collect();
            hypervolume(Losses::new(&flat, 2), &[1.1, 1.1])
        };
        let mut best: f64 = 0.0;
        for a in 0..9 {
            for b in 0..a {
                for c in 0..b {
                    best = best.max(volume(&[a, b, c]));
                }
            }
        }
        let greedy = volume(&arrange(&views, 2)[..3]);
        assert!(greedy > 0.95 * best, "{greedy} {best}");
    }
}
