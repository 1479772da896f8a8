//! `hyperband`: successive halving from several starts at once (Li et al. 2017, «Hyperband: a novel bandit-based approach
//! to hyperparameter optimization», made asynchronous as in Li et al. 2020).
//!
//! Exactly: with r = `min_steps` and R = `max_steps`, bracket b of `B = ⌊log_eta(R/r)⌋ + 1` is [`asha`](super::asha)
//! with s = b and no grace, over the trials of that bracket only. A trial's bracket is the one in which
//! `crc32("KEY_TRIAL") mod Σ w` falls, where bracket b has the weight w = ⌈B·eta^(B−1−b) / (B−b)⌉, so that it neither
//! depends on time nor needs to be kept. The logarithm is that of integers: in floats log₃ 243 is 4.999….
//!
//! `max_steps` auto is one more than the highest step of a completed trial when a trial is first judged after it;
//! nobody is stopped before.

use super::AshaOptions;
use super::asha::Asha;
use super::curve::Curves;
use super::rule::{Report, Rule};

/// The brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HyperbandOptions {
    /// One of so many survives a rung; at least 2.
    pub eta: i64,
    /// The lowest rung of bracket 0; at least 1.
    pub min_steps: i64,
    /// The length of a trial; none means that of the first completed ones.
    pub max_steps: Option<i64>,
    /// Values in a rung before any survives it.
    pub bootstrap: u64,
}

impl Default for HyperbandOptions {
    fn default() -> Self {
        Self { eta: 3, min_steps: 1, max_steps: None, bootstrap: 0 }
    }
}

/// A bracket and its share of the trials.
struct Bracket {
    weight: u64,
    rule: Asha,
}

/// The rule with its brackets; none until the length of a trial is known.
pub(super) struct Hyperband {
    options: HyperbandOptions,
    key: String,
    longest: Option<i64>,
    brackets: Vec<Bracket>,
}

impl Hyperband {
    pub(super) fn new(options: HyperbandOptions, key: &str) -> Self {
        Self { options, key: key.to_string(), longest: None, brackets: Vec::new() }
    }

    fn make_brackets(&self, max_steps: i64) -> Vec<Bracket> {
        let HyperbandOptions { eta, min_steps, max_steps: _, bootstrap } = self.options;
        let n = n_brackets(eta, min_steps, max_steps);
        let bracket = |rate: u32| {
            let options = AshaOptions {
                eta,
                min_steps: Some(min_steps),
                min_early_stopping_rate: rate,
                bootstrap,
                grace: Some(0),
            };
            let rest = n - 1 - rate;
            let weight = f64::from(n) * (eta as f64).powf(f64::from(rest)) / f64::from(rest + 1);
            let word = format!("hyperband bracket {rate}");
            Bracket { weight: weight.ceil() as u64, rule: Asha::new(options, word) }
        };
        (0..n).map(bracket).collect()
    }

    fn bracket(&mut self, trial: u64) -> Option<&mut Bracket> {
        let total: u64 = self.brackets.iter().map(|bracket| bracket.weight).sum();
        let hash = u64::from(crc32(format!("{}_{trial}", self.key).as_bytes()));
        let mut left = hash.checked_rem(total)?;
        self.brackets.iter_mut().find(|bracket| {
            let is_here = left < bracket.weight;
            left = left.saturating_sub(bracket.weight);
            is_here
        })
    }
}

impl Rule for Hyperband {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        if self.brackets.is_empty() {
            let max_steps =
                self.options.max_steps.or(self.longest.map(|step| step.saturating_add(1)))?;
            self.brackets = self.make_brackets(max_steps);
        }
        self.bracket(report.trial)?.rule.judge(report)
    }

    fn done(&mut self, _trial: u64, curves: &Curves) {
        self.longest = self.longest.max(curves.highest());
    }

    fn forget(&mut self, trial: u64) {
        for bracket in &mut self.brackets {
            bracket.rule.forget(trial);
        }
    }
}

/// `⌊log_eta(max/min)⌋ + 1`, at least 1.
fn n_brackets(eta: i64, min_steps: i64, max_steps: i64) -> u32 {
    let mut n = 1;
    let mut step = min_steps.max(1);
    while let Some(next) = step.checked_mul(eta.max(2)).filter(|next| *next <= max_steps) {
        step = next;
        n += 1;
    }
    n
}

/// CRC-32 as in ISO 3309 (polynomial 0xEDB88320, reflected).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn brackets_are_counted_in_integers() {
        assert_eq!(n_brackets(3, 1, 243), 6);
        assert_eq!(n_brackets(3, 1, 242), 5);
        assert_eq!(n_brackets(3, 5, 4), 1);
        assert_eq!(n_brackets(2, 1, i64::MAX), 63);
    }

    #[test]
    fn brackets_are_weighted_as_in_the_paper() {
        let rule = Hyperband::new(HyperbandOptions::default(), "k");
        let weights: Vec<u64> =
            rule.make_brackets(81).iter().map(|bracket| bracket.weight).collect();
        assert_eq!(weights, [81, 34, 15, 8, 5]);
    }
}
