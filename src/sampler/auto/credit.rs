//! Who has been of use: how much each arm's trials improved on everything told before them.
//!
//! A gain is measured against what everybody had reached, on a scale that shrinks with the spread of the losses, and
//! its fourth root counts: an arm that polishes late earns about as much as one that leaps early. Both gains and trials
//! fade with every trial that any arm made, so that the rate of an arm is that of the recent past.

use super::Arm;
use std::collections::VecDeque;

/// How many of an arm's last trials the words speak of.
const SHOWN: usize = 20;
/// Trials of average use that every arm starts with.
const PRIOR: f64 = 8.0;
/// Added to every rate: where nobody gains, nobody is preferred for long.
const NOTHING: f64 = 0.01;
/// The least gain that is progress: the fourth root of a ten-thousandth.
const PROGRESS: f64 = 0.1;

/// The gains of all arms.
#[derive(Debug, Clone)]
pub(super) struct Credit {
    /// What is left of a trial's weight after the next one.
    keeps: f64,
    /// Told losses, ascending.
    sorted: Vec<f64>,
    accounts: [Account; Arm::N],
    /// Trials since the last one that was progress.
    n_stale: usize,
}

#[derive(Debug, Clone, Default)]
struct Account {
    gains: f64,
    trials: f64,
    /// Whether its last trials improved on the best.
    last: VecDeque<bool>,
}

impl Credit {
    /// Nobody has gained anything; weights halve in `half_life` trials.
    pub(super) fn new(half_life: f64) -> Self {
        let keeps = 0.5f64.powf(1.0 / half_life.max(1.0));
        Self { keeps, sorted: Vec::new(), accounts: Default::default(), n_stale: 0 }
    }

    /// Trials with a loss.
    pub(super) fn n_scored(&self) -> usize {
        self.sorted.len()
    }

    /// Trials since the best loss last got better by a ten-thousandth of its distance from the median.
    pub(super) fn n_stale(&self) -> usize {
        self.n_stale
    }

    /// Takes in a trial, of nobody's if no arm is known.
    pub(super) fn tell(&mut self, arm: Option<Arm>, loss: Option<f64>) {
        let loss = loss.filter(|loss| loss.is_finite());
        let gain = loss.map_or(0.0, |loss| self.gain(loss));
        self.n_stale =
            if gain >= PROGRESS || self.sorted.is_empty() { 0 } else { self.n_stale + 1 };
        if let Some(arm) = arm {
            for account in &mut self.accounts {
                account.gains *= self.keeps;
                account.trials *= self.keeps;
            }
            let account = &mut self.accounts[arm as usize];
            account.gains += gain;
            account.trials += 1.0;
            account.last.push_back(gain > 0.0);
            if account.last.len() > SHOWN {
                account.last.pop_front();
            }
        }
        if let Some(loss) = loss {
            let place = self.sorted.partition_point(|&other| other <= loss);
            self.sorted.insert(place, loss);
        }
    }

    /// From 0, no better than the best, towards 1, better by much more than the median is worse.
    fn gain(&self, loss: f64) -> f64 {
        let (Some(&best), Some(&median)) =
            (self.sorted.first(), self.sorted.get(self.sorted.len() / 2))
        else {
            return 0.0;
        };
        let (step, spread) = (best - loss, median - best);
        if step > 0.0 { (step / (step + spread)).sqrt().sqrt() } else { 0.0 }
    }

    /// How many times as much as the average trial one of this arm gains, by its recent trials.
    pub(super) fn lift(&self, arm: Arm) -> f64 {
        let gains: f64 = self.accounts.iter().map(|account| account.gains).sum();
        let trials: f64 = self.accounts.iter().map(|account| account.trials).sum();
        let mean = gains / trials.max(1.0) + NOTHING;
        let account = &self.accounts[arm as usize];
        let gains = account.gains + NOTHING * account.trials;
        (gains + PRIOR * mean) / ((account.trials + PRIOR) * mean)
    }

    /// How many of the arm's last trials improved on the best, and how many these are, at most 20.
    pub(super) fn last(&self, arm: Arm) -> (usize, usize) {
        let last = &self.accounts[arm as usize].last;
        (last.iter().filter(|&&improved| improved).count(), last.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(trials: &[(Option<Arm>, Option<f64>)]) -> Credit {
        let mut credit = Credit::new(20.0);
        for &(arm, loss) in trials {
            credit.tell(arm, loss);
        }
        credit
    }

    #[test]
    fn who_improves_is_lifted_and_who_does_not_sinks() {
        let mut trials = vec![(None, Some(9.0)), (None, Some(7.0)), (None, None)];
        for i in 0..12 {
            trials.push((Some(Arm::Gp), Some(5.0 - 0.1 * f64::from(i))));
            trials.push((Some(Arm::Tpe), Some(8.0)));
            trials.push((Some(Arm::Cma), None));
        }
        let credit = told(&trials);
        assert_eq!(credit.n_scored(), 26);
        let lifts = Arm::ALL.map(|arm| credit.lift(arm));
        assert!(lifts[0] > 1.6 && lifts[1] < 0.6 && lifts[2] < 0.6, "{lifts:?}");
        assert_eq!(credit.last(Arm::Gp), (12, 12));
        assert_eq!(credit.last(Arm::Cma), (0, 12));
    }

    #[test]
    fn trials_of_nobody_teach_what_the_best_is_and_earn_nothing() {
        let credit = told(&[(None, Some(9.0)), (None, Some(1.0)), (Some(Arm::Tpe), Some(2.0))]);
        assert_eq!(credit.last(Arm::Tpe), (0, 1));
        assert!(Arm::ALL.iter().all(|&arm| credit.last(arm).0 == 0));
        assert_eq!(told(&[(None, Some(3.0)), (None, Some(1.0))]).lift(Arm::Gp), 1.0);
    }

    #[test]
    fn late_small_steps_count_about_as_much_as_early_leaps() {
        let credit = told(&[(None, Some(100.0)), (None, Some(200.0)), (None, Some(300.0))]);
        assert!(credit.gain(1.0) < 0.9 && credit.gain(99.99) > 0.08);
        assert_eq!(credit.gain(100.0), 0.0);
        assert_eq!(told(&[]).gain(1.0), 0.0);
    }

    #[test]
    fn merit_fades_once_nobody_gains() {
        let mut trials = vec![(None, Some(9.0)), (None, Some(8.0))];
        trials.extend((0..10).map(|i| (Some(Arm::Gp), Some(5.0 - f64::from(i)))));
        trials.extend([(Some(Arm::Tpe), Some(6.0)); 10]);
        let before = told(&trials).lift(Arm::Gp);
        trials.extend([(Some(Arm::Gp), Some(6.0)), (Some(Arm::Tpe), Some(6.0))].repeat(60));
        let after = told(&trials).lift(Arm::Gp);
        assert!(before > 1.4 && after < 1.2 && after > 0.9, "{before} {after}");
    }
}
