//! The comparison: how much better the challenger is, how sure that is, and what it would take.

use super::bootstrap::{self, FEW, Gains, Request};
use super::interval::bounds;
use super::opinions::welch;
use super::sums::Pair;
use super::{
    Champion, Check, CheckStatus, Comparison, Evidence, Policy, Replicates, Rule, Scored, Units,
};
use crate::domain::{Labels, Prediction};
use crate::metrics;
use crate::numeric::{normal_quantile, share_upper, student_t_quantile};

/// The chance with which a detectable gain is shown.
const POWER: f64 = 0.8;
/// Replicates that are needed on each side.
const MIN_REPLICATES: usize = 3;

/// A comparison and what follows.
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) comparison: Option<Comparison>,
}

impl Finding {
    fn only(status: CheckStatus, name: &str, detail: String) -> Self {
        let check = Check {
            id: "gain".into(),
            name: name.into(),
            status,
            value: None,
            threshold: None,
            detail,
        };
        Self { check, comparison: None }
    }
}

/// The check `gain`; none where the policy compares nothing.
pub(super) fn judge_gain(policy: &Policy, evidence: &Evidence<'_>) -> Option<Finding> {
    let bar = policy.rule.bar()?;
    let metric = &policy.objective.metric;
    let name = match policy.rule {
        Rule::NonInferior { .. } => format!("not worse on the holdout by {metric}"),
        _ => format!("better on the holdout by {metric}"),
    };
    let only = |status, detail| Some(Finding::only(status, &name, detail));
    match (evidence.champion, &evidence.rows, &evidence.replicates) {
        (Champion::None, ..) => {
            only(CheckStatus::Skip, "no champion yet: nothing to compare with".into())
        }
        (Champion::Scored(champion), Some(rows), _) => {
            Some(Weighing { policy, alpha: evidence.alpha, bar, name }.weigh(rows, champion))
        }
        (_, None, Some(replicates)) => {
            Some(unpaired(policy, evidence.alpha, (bar, &name), replicates))
        }
        (Champion::Unscored(why), ..) => only(
            CheckStatus::Hold,
            format!("there is a champion, but {why}: it cannot be compared with"),
        ),
        (Champion::Scored(_), None, None) => {
            only(CheckStatus::Hold, "the challenger has no predictions to compare".into())
        }
    }
}

/// How rows are weighed: by a policy, at an alpha, against a bar.
struct Weighing<'a> {
    policy: &'a Policy,
    alpha: f64,
    bar: f64,
    name: String,
}

impl Weighing<'_> {
    fn weigh(&self, rows: &Scored<'_>, champion: &Prediction) -> Finding {
        let metric = &self.policy.objective.metric;
        let only = |status, detail| Finding::only(status, &self.name, detail);
        let score = |said| metrics::score(metric, rows.truth, said, rows.weights);
        let (ours, theirs) = match (score(rows.challenger), score(champion)) {
            // What both lack is no fault of the challenger.
            (Err(error), Err(_)) if rows.challenger.is_finite() => {
                return only(CheckStatus::Hold, format!("neither model has a score: {error}"));
            }
            (Err(error), _) => {
                return only(CheckStatus::Fail, format!("the challenger has no score: {error}"));
            }
            (_, Err(error)) => {
                return only(CheckStatus::Hold, format!("the champion has no score: {error}"));
            }
            (Ok(ours), Ok(theirs)) => (ours, theirs),
        };
        if !ours.is_finite() || !theirs.is_finite() {
            let detail = format!(
                "'{metric}' has no value on these {} rows (challenger {ours}, champion {theirs}): \
                 a class may be absent; mend: a larger holdout",
                rows.truth.len()
            );
            return only(CheckStatus::Hold, detail);
        }
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            let detail = format!("no bound can be had at alpha '{}'", self.alpha);
            return only(CheckStatus::Hold, detail);
        }
        let gains = draw(self.policy, rows, champion);
        self.decide(rows, champion, (ours, theirs), &gains)
    }

    fn decide(
        &self,
        rows: &Scored<'_>,
        champion: &Prediction,
        (ours, theirs): (f64, f64),
        gains: &Gains,
    ) -> Finding {
        let Policy { objective, .. } = self.policy;
        let gain = objective.goal.loss(theirs) - objective.goal.loss(ours);
        let found = bounds(gains, gain, self.alpha, self.policy.interval);
        if !(found.lower.is_finite() && found.upper.is_finite() && found.standard_error.is_finite())
        {
            let detail = format!(
                "'{}' has no value in {} of {} draws: a class is too rare for a bound; mend: a larger holdout",
                objective.metric,
                found.undefined,
                gains.draws.len()
            );
            return Finding::only(CheckStatus::Hold, &self.name, detail);
        }
        let n = rows.truth.len() as u64;
        let z = -normal_quantile(self.alpha) + normal_quantile(POWER);
        let above = gain - self.bar;
        let needed = (n as f64 * (z * found.standard_error / above).powi(2)).ceil();
        let comparison = Comparison {
            metric: objective.metric.clone(),
            goal: objective.goal,
            challenger: ours,
            champion: theirs,
            gain,
            lower: found.lower,
            upper: found.upper,
            alpha: self.alpha,
            standard_error: found.standard_error,
            draws: gains.draws.len() as u32,
            rows: n,
            method: gains.method.clone(),
            detectable: self.bar + z * found.standard_error,
            rows_needed: (above > 0.0 && (1.0..1e15).contains(&needed)).then_some(needed as u64),
        };
        let (status, detail) = self.status(&comparison, gains, (rows, champion));
        let check = Check {
            id: "gain".into(),
            name: self.name.clone(),
            status,
            value: Some(comparison.lower),
            threshold: Some(self.bar),
            detail,
        };
        Finding { check, comparison: Some(comparison) }
    }

    /// The bounds' word, unless too few rows stand behind it.
    fn status(
        &self,
        comparison: &Comparison,
        gains: &Gains,
        (rows, champion): (&Scored<'_>, &Prediction),
    ) -> (CheckStatus, String) {
        let scale = comparison.challenger.abs().max(comparison.champion.abs()).max(self.bar.abs());
        let clear = |distance: f64| distance > 1e-12 * scale;
        let is_margin = self.bar < 0.0;
        let effective = gains.effective;
        if effective == 0.0 || (is_margin && effective < FEW) {
            return self.few_differ(comparison, (rows, champion), effective);
        }
        let (higher, lower) = gains.swap.unwrap_or((0.0, 0.0));
        // Even if every unit that matters took one side, a coin would do as much by chance.
        let is_coin = effective < FEW && 0.5f64.powf(effective) > self.alpha;
        let summary = describe(comparison);
        let unproven = |side: &str, chance: f64| {
            format!(
                "{summary}; looks {side}, but rests on about {effective:.0} units: \
                 chance alone shows as much with p = {:.3} where {} is asked",
                chance.max(0.5f64.powf(effective)),
                round(self.alpha)
            )
        };
        if clear(comparison.lower - self.bar) {
            if higher > self.alpha || is_coin {
                return (CheckStatus::Hold, unproven("better", higher));
            }
            return (CheckStatus::Pass, summary);
        }
        if clear(self.bar.min(0.0) - comparison.upper) {
            if lower > self.alpha || is_coin {
                return (CheckStatus::Hold, unproven("worse", lower));
            }
            return (CheckStatus::Fail, format!("{summary}: proven worse"));
        }
        let needed = match comparison.rows_needed {
            Some(rows) => format!("a gain like this one takes about {rows} rows to show"),
            None => "no number of rows would show a gain like this one".into(),
        };
        let detectable = round(comparison.detectable);
        (
            CheckStatus::Hold,
            format!("{summary}: not proven; smallest gain that shows here: {detectable}; {needed}"),
        )
    }

    /// Both models say nearly the same, so that draws hardly vary and prove nothing.
    fn few_differ(
        &self,
        comparison: &Comparison,
        (rows, champion): (&Scored<'_>, &Prediction),
        effective: f64,
    ) -> (CheckStatus, String) {
        let same = if effective == 0.0 {
            format!(
                "both models are equal on all {} rows as '{}' sees them",
                comparison.rows, comparison.metric
            )
        } else {
            format!("{}; only about {effective:.0} units matter", describe(comparison))
        };
        let lost = (self.bar < 0.0).then(|| accuracy_losses(self.policy, rows, champion)).flatten();
        match lost {
            Some(lost) => {
                let most = share_upper(lost, comparison.rows, self.alpha);
                let detail = format!(
                    "{same}; the champion alone is right on {lost} rows, so on at most {} of all (Clopper–Pearson)",
                    round(most)
                );
                (if -most > self.bar { CheckStatus::Pass } else { CheckStatus::Hold }, detail)
            }
            None => (
                CheckStatus::Hold,
                format!("{same}: that proves no difference, and no sameness either"),
            ),
        }
    }
}

/// Rows that the champion alone has right, where accuracy on independent rows is compared: the exact bound needs no draws.
fn accuracy_losses(policy: &Policy, rows: &Scored<'_>, champion: &Prediction) -> Option<u64> {
    let is_plain = matches!(rows.units, Units::Rows) && rows.weights.is_none();
    let (
        "accuracy",
        true,
        Labels::Classes { codes, .. },
        Prediction::Classes { codes: ours, .. },
        Prediction::Classes { codes: theirs, .. },
    ) = (policy.objective.metric.as_str(), is_plain, rows.truth, rows.challenger, champion)
    else {
        return None;
    };
    let lost = (0..codes.len()).filter(|&row| theirs[row] == codes[row] && ours[row] != codes[row]);
    Some(lost.count() as u64)
}

/// Draws of the gain on some rows.
pub(super) fn draw(policy: &Policy, rows: &Scored<'_>, champion: &Prediction) -> Gains {
    bootstrap::gains(&Request {
        objective: &policy.objective,
        pair: Pair {
            truth: rows.truth,
            weights: rows.weights,
            challenger: rows.challenger,
            champion,
        },
        units: rows.units,
        draws: policy.draws.max(1) as usize,
        seed: policy.seed,
    })
}

/// Four significant digits.
pub(super) fn round(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn describe(comparison: &Comparison) -> String {
    format!(
        "{} {} against {}: gain {:+} in [{}, {}] (each bound {} %), {} rows",
        comparison.metric,
        round(comparison.challenger),
        round(comparison.champion),
        round(comparison.gain),
        round(comparison.lower),
        round(comparison.upper),
        round(100.0 * (1.0 - comparison.alpha)),
        comparison.rows
    )
}

/// Welch's one-sided bounds over seeds. It says that the training does better on average on these data, not
/// how the one model does on new rows, and is labelled so. Scores without spread prove nothing.
fn unpaired(policy: &Policy, alpha: f64, (bar, name): (f64, &str), seeds: &Replicates) -> Finding {
    let goal = policy.objective.goal;
    let counts = (seeds.challenger.len(), seeds.champion.len());
    let only = |status, detail| Finding::only(status, name, detail);
    if let Some(bad) = seeds.challenger.iter().find(|score| !score.is_finite()) {
        return only(
            CheckStatus::Fail,
            format!("a replicate of the challenger has the score '{bad}'"),
        );
    }
    if let Some(bad) = seeds.champion.iter().find(|score| !score.is_finite()) {
        return only(
            CheckStatus::Hold,
            format!("a replicate of the champion has the score '{bad}'"),
        );
    }
    if counts.0.min(counts.1) < MIN_REPLICATES {
        let detail = format!(
            "unpaired: {} and {} replicates, at least {MIN_REPLICATES} of each are needed",
            counts.0, counts.1
        );
        return only(CheckStatus::Hold, detail);
    }
    let Some(test) = welch(&seeds.challenger, &seeds.champion) else {
        let detail = "unpaired: replicates have no spread, so that they say nothing of chance";
        return only(CheckStatus::Hold, detail.into());
    };
    let reach = -student_t_quantile(alpha, test.freedom) * test.standard_error;
    let gain = goal.loss(-test.difference);
    let power = student_t_quantile(POWER, test.freedom) * test.standard_error;
    let comparison = Comparison {
        metric: policy.objective.metric.clone(),
        goal,
        challenger: crate::numeric::mean(&seeds.challenger),
        champion: crate::numeric::mean(&seeds.champion),
        gain,
        lower: gain - reach,
        upper: gain + reach,
        alpha,
        standard_error: test.standard_error,
        draws: 0,
        rows: (counts.0 + counts.1) as u64,
        method: format!("unpaired: {} and {} replicates (Welch)", counts.0, counts.1),
        detectable: bar + reach + power,
        rows_needed: None,
    };
    let status = if !(comparison.lower.is_finite() && comparison.upper.is_finite()) {
        return only(CheckStatus::Hold, "unpaired: no bound can be had".into());
    } else if comparison.lower > bar {
        CheckStatus::Pass
    } else if comparison.upper < bar.min(0.0) {
        CheckStatus::Fail
    } else {
        CheckStatus::Hold
    };
    let detail = format!(
        "unpaired: mean gain {:+} in [{}, {}] over {} and {} seeds, not over rows",
        round(gain),
        round(comparison.lower),
        round(comparison.upper),
        counts.0,
        counts.1
    );
    let check = Check {
        id: "gain".into(),
        name: format!("{name}, unpaired"),
        status,
        value: Some(comparison.lower),
        threshold: Some(bar),
        detail,
    };
    Finding { check, comparison: Some(comparison) }
}
