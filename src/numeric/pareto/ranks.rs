//! Non-dominated sorting.

use super::staircase::Staircase;
use super::{Losses, dominates, lexicographic};

/// Every point's rank: 0 for those that none dominates, 1 for those that only rank 0 dominates, and so on.
/// Points with a NaN share the rank after the last.
///
/// Points come in lexicographic order, so that a later one never dominates an earlier one, and each finds its
/// front by bisection (Zhang et al. 2015, ENS-BS). What a front dominates is one number for two objectives, a
/// staircase for three and a list beyond: `O(n log n)`, `O(n log² n)` and at worst `O(m n²)`.
pub fn non_domination_ranks(losses: Losses<'_>) -> Vec<usize> {
    let mut fronts: Vec<Front> = Vec::new();
    let mut ranks = vec![usize::MAX; losses.len()];
    let mut last: Option<usize> = None;
    for index in losses.in_order() {
        let row = losses.row(index);
        let twin = last.filter(|&last| lexicographic(losses.row(last), row).is_eq());
        last = Some(index);
        if let Some(twin) = twin {
            ranks[index] = ranks[twin];
            continue;
        }
        let rank = fronts.partition_point(|front| front.beats(losses, row));
        if rank == fronts.len() {
            fronts.push(Front::new(losses.n_objectives()));
        }
        fronts[rank].push(losses, index);
        ranks[index] = rank;
    }
    let n_fronts = fronts.len();
    ranks.iter_mut().filter(|rank| **rank == usize::MAX).for_each(|rank| *rank = n_fronts);
    ranks
}

/// The points that none dominates, by their first loss; of equal points all.
pub fn front(losses: Losses<'_>) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    let mut front = Front::new(losses.n_objectives());
    for index in losses.in_order() {
        let row = losses.row(index);
        let is_twin = kept.last().is_some_and(|&last| lexicographic(losses.row(last), row).is_eq());
        if is_twin {
            kept.push(index);
        } else if !front.beats(losses, row) {
            front.push(losses, index);
            kept.push(index);
        }
    }
    kept
}

/// What of a front decides whether it dominates a point that comes later in lexicographic order.
enum Front {
    /// One objective: any earlier point does.
    One { is_empty: bool },
    /// Two: the smallest second loss.
    Two(Option<f64>),
    /// Three: the second and third losses.
    Three(Staircase),
    /// More: all members.
    Many(Vec<usize>),
}

impl Front {
    fn new(n_objectives: usize) -> Self {
        match n_objectives {
            0 | 1 => Self::One { is_empty: true },
            2 => Self::Two(None),
            3 => Self::Three(Staircase::default()),
            _ => Self::Many(Vec::new()),
        }
    }

    fn beats(&self, losses: Losses<'_>, row: &[f64]) -> bool {
        match self {
            Self::One { is_empty } => !is_empty,
            Self::Two(lowest) => lowest.is_some_and(|lowest| lowest <= row[1]),
            Self::Three(stairs) => stairs.covers(row[1], row[2]),
            Self::Many(members) => {
                members.iter().rev().any(|&member| dominates(losses.row(member), row))
            }
        }
    }

    fn push(&mut self, losses: Losses<'_>, index: usize) {
        let row = losses.row(index);
        match self {
            Self::One { is_empty } => *is_empty = false,
            Self::Two(lowest) => *lowest = Some(row[1]),
            Self::Three(stairs) => {
                stairs.add((row[1], row[2]), (row[1], row[2]));
            }
            Self::Many(members) => members.push(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Rng;

    /// Ranks by comparing all pairs.
    fn naive(losses: Losses<'_>) -> Vec<usize> {
        let mut ranks = vec![usize::MAX; losses.len()];
        for rank in 0.. {
            let left: Vec<usize> = (0..losses.len()).filter(|&i| ranks[i] == usize::MAX).collect();
            if left.is_empty() {
                break;
            }
            for &a in &left {
                if !left.iter().any(|&b| dominates(losses.row(b), losses.row(a))) {
                    ranks[a] = rank;
                }
            }
        }
        ranks
    }

    #[test]
    fn ranks_are_those_of_all_pairs() {
        let mut rng = Rng::new(3);
        for n_objectives in 1..=5 {
            for levels in [2, 6, 1000] {
                let draw = |rng: &mut Rng| rng.below(levels) as f64 - 2.0;
                let values: Vec<f64> = (0..120 * n_objectives).map(|_| draw(&mut rng)).collect();
                let losses = Losses::new(&values, n_objectives);
                let expect = naive(losses);
                assert_eq!(non_domination_ranks(losses), expect, "{n_objectives} {levels}");
                let mut best = front(losses);
                best.sort_unstable();
                let first: Vec<usize> = (0..120).filter(|&i| expect[i] == 0).collect();
                assert_eq!(best, first);
            }
        }
    }

    #[test]
    fn nan_infinities_and_zeros_of_both_signs() {
        let values = [1.0, 0.0, 1.0, -0.0, f64::NAN, -9.0, f64::NEG_INFINITY, f64::INFINITY];
        assert_eq!(non_domination_ranks(Losses::new(&values, 2)), [0, 0, 1, 0]);
        let infinite = [f64::INFINITY; 4];
        assert_eq!(non_domination_ranks(Losses::new(&infinite, 2)), [0, 0]);
        assert_eq!(non_domination_ranks(Losses::new(&infinite[..3], 3)), [0]);
        assert_eq!(front(Losses::new(&infinite, 2)), [0, 1]);
        assert!(non_domination_ranks(Losses::new(&[], 2)).is_empty());
        assert!(front(Losses::new(&[1.0], 0)).is_empty());
    }
}
