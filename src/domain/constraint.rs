//! A bound that a metric of a trial must keep for the trial to be chosen.

use super::{Goal, format_number};
use std::fmt;

/// Digits of a value in words.
const DIGITS: usize = 4;
/// Violations are cut off here, so that finite values have finite ones.
const MOST: f64 = 1e12;

/// Where a metric must stay; the bound itself is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// No larger.
    AtMost(f64),
    /// No smaller.
    AtLeast(f64),
}

impl Bound {
    /// Which way scores get further inside.
    pub fn goal(self) -> Goal {
        match self {
            Self::AtMost(_) => Goal::Minimize,
            Self::AtLeast(_) => Goal::Maximize,
        }
    }
}

/// A bound of one metric, in units of the metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// The metric's name.
    pub metric: String,
    /// Where its score must stay.
    pub bound: Bound,
}

impl Constraint {
    /// Reads `latency_ms <= 50` or `recall >= 0.9`; `None` for anything else, such as a bound that is no finite number.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_most, (metric, value)) = match text.split_once("<=") {
            Some(sides) => (true, sides),
            None => (false, text.split_once(">=")?),
        };
        let metric = metric.trim();
        let value: f64 = value.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
        let value = value + 0.0; // no -0
        let bound = if is_most { Bound::AtMost(value) } else { Bound::AtLeast(value) };
        let is_name = !metric.is_empty()
            && !metric.contains(|c: char| c.is_whitespace() || "<>=".contains(c));
        is_name.then(|| Self { metric: metric.into(), bound })
    }

    /// By how much a score violates the bound: 0 on it, negative inside, as a share of the bound's size, or in units of
    /// the metric where the bound is 0. So constraints of different units weigh alike. NaN without a finite score.
    pub fn violation(&self, score: Option<f64>) -> f64 {
        let (over, bound) = match (score.filter(|score| score.is_finite()), self.bound) {
            (None, _) => return f64::NAN,
            (Some(score), Bound::AtMost(most)) => (score - most, most),
            (Some(score), Bound::AtLeast(least)) => (least - score, least),
        };
        let size = if bound == 0.0 { 1.0 } else { bound.abs() };
        (over / size).clamp(-MOST, MOST)
    }

    /// What is wrong with a score, in words; `None` if it keeps the bound.
    pub fn broken(&self, score: Option<f64>) -> Option<String> {
        let (metric, violation) = (&self.metric, self.violation(score));
        let (word, bound) = match self.bound {
            Bound::AtMost(most) => ("above", most),
            Bound::AtLeast(least) => ("below", least),
        };
        match score {
            Some(_) if violation <= 0.0 => None,
            Some(score) if score.is_finite() => {
                let (short, of) = (format_number(score, DIGITS), format_number(bound, DIGITS));
                // What lies close by differs in later digits.
                let (short, of) =
                    if short == of { (score.to_string(), bound.to_string()) } else { (short, of) };
                Some(format!("{metric} {short} is {word} {of}"))
            }
            Some(score) => Some(format!(
                "{metric} is {}, which is no number to bound",
                format_number(score, 1)
            )),
            None => Some(format!("{metric} has no value, and {self} needs one")),
        }
    }
}

impl fmt::Display for Constraint {
    /// As [`Constraint::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.bound {
            Bound::AtMost(most) => ("<=", most),
            Bound::AtLeast(least) => (">=", least),
        };
        write!(f, "{} {sign} {bound}", self.metric)
    }
}

/// By how much a trial violates its constraints in all: 0 where it keeps all, infinite where one has no value.
pub fn total_violation(violations: &[f64]) -> f64 {
    let over = |c: &f64| if c.is_nan() { f64::INFINITY } else { c.max(0.0) };
    violations.iter().map(over).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                Constraint::parse(text).map(|c| c.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("latency_ms <= 50", Some("latency_ms <= 50"));
        check(" val/acc>=1e-3 ", Some("val/acc >= 0.001"));
        check("x >= -0.0", Some("x >= 0"));
        for text in
            ["x < 1", "x == 1", "x <=", "<= 1", "x <= nan", "x <= inf", "1 <= x", "a b <= 1"]
        {
            check(text, None);
        }
        check("1 <= x <= 2", None);
        check("x >= 1 <= 2", None);
    }

    #[test]
    fn violations_are_shares_of_the_bound() {
        let check = |text: &str, score: Option<f64>, violation: f64, words: Option<&str>| {
            let constraint = Constraint::parse(text).unwrap();
            let found = constraint.violation(score);
            assert_eq!(found.to_bits(), violation.to_bits(), "{text} at {score:?}: {found}");
            assert_eq!(constraint.broken(score).as_deref(), words, "{text} at {score:?}");
        };
        check("ms <= 50", Some(50.0), 0.0, None);
        check("ms <= 50", Some(25.0), -0.5, None);
        check("ms <= 50", Some(75.0), 0.5, Some("ms 75 is above 50"));
        check("acc >= 0.5", Some(0.25), 0.5, Some("acc 0.25 is below 0.5"));
        check("gain >= -2", Some(-3.0), 0.5, Some("gain -3 is below -2"));
        check("loss <= 0", Some(0.25), 0.25, Some("loss 0.25 is above 0"));
        check("ms <= 1e-300", Some(1e308), 1e12, Some("ms 1e308 is above 1e-300"));
        check("ms <= 50", None, f64::NAN, Some("ms has no value, and ms <= 50 needs one"));
        let words = Some("ms is inf, which is no number to bound");
        check("ms <= 50", Some(f64::INFINITY), f64::NAN, words);
        let near = Constraint::parse("ms <= 50").unwrap();
        assert_eq!(near.broken(Some(50.000_001)).unwrap(), "ms 50.000001 is above 50");
        assert!(near.violation(Some(50.0_f64.next_up())) > 0.0);
    }

    #[test]
    fn a_total_forgives_nothing_that_is_missing() {
        assert_eq!(total_violation(&[-1.0, 0.25, 0.5]), 0.75);
        assert_eq!(total_violation(&[-1.0, 0.0]), 0.0);
        assert_eq!(total_violation(&[f64::NAN, -1.0]), f64::INFINITY);
    }
}
