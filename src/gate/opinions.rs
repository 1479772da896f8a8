//! Second opinions: other methods' views of the same evidence. They never decide.

use super::delong::delong;
use super::{Champion, Evidence, Opinion, Policy, Units};
use crate::domain::{Labels, Prediction};
use crate::numeric::{binomial_cdf, binomial_pmf, mean, sample_sd, student_t_cdf};

/// `McNemar`'s test of two classifiers on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Rows that only the challenger has right.
    pub won: u64,
    /// Rows that only the champion has right.
    pub lost: u64,
    /// Two-sided, exact.
    pub exact: f64,
    /// Two-sided, with half of the probability of what was seen (Lancaster 1961; Fagerland 2013).
    pub mid_p: f64,
}

/// `McNemar`'s test from the rows that one of both has right alone.
pub fn mcnemar(won: u64, lost: u64) -> McNemar {
    let rows = won + lost;
    let fewer = won.min(lost);
    let tail = binomial_cdf(fewer, rows, 0.5);
    let half = 0.5 * binomial_pmf(fewer, rows, 0.5);
    let (exact, mid_p) = if rows == 0 {
        (1.0, 1.0)
    } else {
        ((2.0 * tail).min(1.0), (2.0 * (tail - half)).min(1.0))
    };
    McNemar { won, lost, exact, mid_p }
}

/// A t-test of a mean difference, and the posterior that it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanTest {
    /// Mean difference, first less second.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

impl MeanTest {
    /// Probability that Student's t around the difference is at most `value`.
    pub fn cdf(&self, value: f64) -> f64 {
        if self.standard_error == 0.0 {
            return match self.difference.total_cmp(&value) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Greater => 0.0,
            };
        }
        student_t_cdf((value - self.difference) / self.standard_error, self.freedom)
    }

    /// Two-sided p-value of no difference.
    pub fn p(&self) -> f64 {
        // From the tail itself: 1 less the other one has no digits left where it matters.
        let away = Self { difference: self.difference.abs(), ..*self };
        2.0 * away.cdf(0.0)
    }

    /// Probabilities that the first is worse by more than `rope`, within it, and better by more
    /// (Benavoli et al. 2017).
    pub fn rope(&self, rope: f64) -> (f64, f64, f64) {
        if self.standard_error == 0.0 {
            let worse = f64::from(u8::from(self.difference < -rope));
            let better = f64::from(u8::from(self.difference > rope));
            return (worse, 1.0 - worse - better, better);
        }
        let (worse, better) = (self.cdf(-rope), 1.0 - self.cdf(rope));
        (worse, 1.0 - worse - better, better)
    }
}

/// The corrected resampled t-test (Nadeau and Bengio 2003) on equal folds, `n_folds` in one repeat: the variance
/// counts `1/J + 1/(n_folds − 1)` times, since folds share training rows. `None` with fewer than two
/// finite pairs or folds.
pub fn corrected_t(first: &[f64], second: &[f64], n_folds: usize) -> Option<MeanTest> {
    let pairs = first.iter().zip(second).map(|(a, b)| a - b);
    let differences: Vec<f64> = pairs.filter(|d| d.is_finite()).collect();
    let n = differences.len() as f64;
    if differences.len() < 2 || n_folds < 2 {
        return None;
    }
    let scale = 1.0 / n + 1.0 / (n_folds as f64 - 1.0);
    Some(MeanTest {
        difference: mean(&differences),
        standard_error: sample_sd(&differences) * scale.sqrt(),
        freedom: n - 1.0,
    })
}

/// Welch's test of two unpaired samples. `None` with fewer than two finite values on a side or no spread at all.
pub fn welch(first: &[f64], second: &[f64]) -> Option<MeanTest> {
    let finite = |values: &[f64]| -> Vec<f64> {
        values.iter().copied().filter(|value| value.is_finite()).collect()
    };
    let (first, second) = (finite(first), finite(second));
    let part = |values: &[f64]| sample_sd(values).powi(2) / values.len() as f64;
    let (a, b) = (part(&first), part(&second));
    let variance = a + b;
    // Equal values leave a spread of rounding errors.
    let scale = mean(&first).abs().max(mean(&second).abs());
    if variance.is_nan() || variance.sqrt() <= 1e-12 * scale {
        return None;
    }
    let freedom = variance * variance
        / (a * a / (first.len() as f64 - 1.0) + b * b / (second.len() as f64 - 1.0));
    let difference = mean(&first) - mean(&second);
    Some(MeanTest { difference, standard_error: variance.sqrt(), freedom })
}

/// Every opinion that the evidence allows.
pub(super) fn opinions(policy: &Policy, evidence: &Evidence<'_>) -> Vec<Opinion> {
    let mut found = Vec::new();
    if let (Some(rows), Champion::Scored(champion)) = (&evidence.rows, evidence.champion) {
        let note = match (rows.units, rows.weights) {
            (Units::Rows, None) => "",
            (Units::Rows, Some(_)) => "; row weights are not counted",
            _ => "; takes rows as independent, which they are not",
        };
        from_classes(rows.truth, rows.challenger, champion, note, &mut found);
        from_scores(rows.truth, rows.challenger, champion, note, &mut found);
    }
    if let Some(folds) = &evidence.folds {
        let sign = policy.objective.goal.loss(-1.0);
        let turned = |scores: &[f64]| -> Vec<f64> { scores.iter().map(|s| sign * s).collect() };
        let test = corrected_t(&turned(&folds.challenger), &turned(&folds.champion), folds.n_folds);
        if let Some(test) = test {
            from_folds(&test, folds.n_folds, evidence.rope, &mut found);
        }
    }
    if let (Some(seeds), Some(_)) = (&evidence.replicates, &evidence.rows)
        && let Some(test) = welch(&seeds.challenger, &seeds.champion)
    {
        let gain = policy.objective.goal.loss(-test.difference);
        let detail = format!(
            "{} and {} seeds: mean gain {gain:.4}; over seeds, not over rows",
            seeds.challenger.len(),
            seeds.champion.len()
        );
        found.push(opinion("unpaired", "Welch, unpaired", Some(test.p()), detail));
    }
    found
}

fn opinion(id: &str, name: &str, p: Option<f64>, detail: String) -> Opinion {
    Opinion { id: id.into(), name: name.into(), p: p.filter(|p| p.is_finite()), detail }
}

fn from_classes(
    truth: &Labels,
    challenger: &Prediction,
    champion: &Prediction,
    note: &str,
    found: &mut Vec<Opinion>,
) {
    let (
        Labels::Classes { codes: truth, .. },
        Prediction::Classes { codes: ours, .. },
        Prediction::Classes { codes: theirs, .. },
    ) = (truth, challenger, champion)
    else {
        return;
    };
    let count = |right: &[u32], wrong: &[u32]| {
        let rows = truth.iter().zip(right).zip(wrong);
        rows.filter(|((truth, right), wrong)| truth == right && truth != wrong).count() as u64
    };
    let test = mcnemar(count(ours, theirs), count(theirs, ours));
    let detail = format!(
        "{} rows only the challenger has right, {} only the champion{note}",
        test.won, test.lost
    );
    found.push(opinion("mcnemar", "McNemar, exact", Some(test.exact), detail.clone()));
    found.push(opinion("mcnemar_mid_p", "McNemar, mid-p", Some(test.mid_p), detail));
}

fn from_scores(
    truth: &Labels,
    challenger: &Prediction,
    champion: &Prediction,
    note: &str,
    found: &mut Vec<Opinion>,
) {
    let (
        Labels::Classes { codes, n_classes: 2, positive },
        Prediction::Classes { scores: Some(ours), .. },
        Prediction::Classes { scores: Some(theirs), .. },
    ) = (truth, challenger, champion)
    else {
        return;
    };
    let is_positive: Vec<bool> = codes.iter().map(|code| code == positive).collect();
    let column = |scores: &[f64]| -> Vec<f64> {
        scores.iter().skip(*positive as usize).step_by(2).copied().collect()
    };
    let Some(test) = delong(&is_positive, &column(ours), &column(theirs)) else { return };
    let detail = format!(
        "ROC areas {:.4} and {:.4}, difference {:+.4}, standard error {:.4}{note}",
        test.first,
        test.second,
        test.first - test.second,
        test.standard_error
    );
    found.push(opinion("delong", "DeLong", Some(test.p), detail));
}

fn from_folds(test: &MeanTest, n_folds: usize, rope: f64, found: &mut Vec<Opinion>) {
    let detail = format!(
        "mean gain {:+.4} on {:.0} scores of {n_folds} folds, one-sided p {:.4}; folds that chose the challenger flatter it",
        test.difference,
        test.freedom + 1.0,
        test.cdf(0.0)
    );
    found.push(opinion("nadeau_bengio", "Nadeau–Bengio corrected t", Some(test.p()), detail));
    let (worse, same, better) = test.rope(rope);
    let percent = |share: f64| (100.0 * share).round();
    let detail = format!(
        "{} % likely better, {} % worse; {} % practically equal (within {rope})",
        percent(better),
        percent(worse),
        percent(same)
    );
    found.push(opinion("rope", "Bayesian correlated t", None, detail));
}
