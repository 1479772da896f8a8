//! Losses that stand for trials that were stopped early, for samplers that go by losses.
//!
//! A report at one step cannot be compared with a score, nor with a report at another step. What can be said is the
//! order that TPE goes by, too: scored trials, then those stopped at later steps, each step by its reports (the rule
//! of Falkner et al. 2018, «BOHB», that the highest rung teaches first). Stopped trials stand in this order beyond the
//! worst score, as far as that one is beyond the median.

use super::Pruned;

/// The scores and last reports of a sweep.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranks {
    /// Ascending.
    scored: Vec<f64>,
    /// From the best on.
    stopped: Vec<Pruned>,
}

impl Ranks {
    /// Takes in a score.
    pub(super) fn score(&mut self, loss: f64) {
        if loss.is_finite() {
            let place = self.scored.partition_point(|other| other.total_cmp(&loss).is_lt());
            self.scored.insert(place, loss);
        }
    }

    /// Takes in a stopped trial; false if its report is no number.
    pub(super) fn stop(&mut self, pruned: Pruned) -> bool {
        if pruned.loss.is_finite() {
            let place = self.place(pruned);
            self.stopped.insert(place, pruned);
        }
        pruned.loss.is_finite()
    }

    /// The loss that stands for a stopped trial among those that were taken in. Equal ones have the same.
    pub(super) fn stand_in(&self, pruned: Pruned) -> f64 {
        let n = self.stopped.len().max(1);
        let share = (self.place(pruned) + 1) as f64 / n as f64;
        let (worst, median) = match self.scored.last() {
            Some(&worst) => (worst, self.scored[self.scored.len() / 2]),
            None => (0.0, 0.0),
        };
        let span = worst - median;
        let span = if span > 0.0 && span.is_finite() { span } else { worst.abs().max(1.0) };
        worst + span * share.min(1.0)
    }

    fn place(&self, pruned: Pruned) -> usize {
        self.stopped.partition_point(|other| {
            pruned.step.cmp(&other.step).then(other.loss.total_cmp(&pruned.loss)).is_lt()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(scored: &[f64], stopped: &[(i64, f64)]) -> Vec<f64> {
        let mut ranks = Ranks::default();
        for &loss in scored {
            ranks.score(loss);
        }
        let stopped: Vec<Pruned> =
            stopped.iter().map(|&(step, loss)| Pruned { step, loss }).collect();
        for &pruned in &stopped {
            assert_eq!(ranks.stop(pruned), pruned.loss.is_finite());
        }
        stopped.into_iter().map(|pruned| ranks.stand_in(pruned)).collect()
    }

    #[test]
    fn later_steps_come_first_and_all_come_after_the_scores() {
        let of = [(3, 0.1), (9, 0.9), (9, 0.2), (3, 0.1)];
        assert_eq!(ranks(&[1.0, 3.0, 2.0], &of), [3.75, 3.5, 3.25, 3.75]);
        assert_eq!(ranks(&[], &of), [0.75, 0.5, 0.25, 0.75]);
        assert_eq!(ranks(&[-5.0], &of[..1]), [0.0], "without a spread the size of the score");
        assert_eq!(ranks(&[f64::INFINITY, 4.0, 2.0], &[(1, f64::NAN), (1, 0.0)])[1], 4.0 + 4.0);
    }
}
