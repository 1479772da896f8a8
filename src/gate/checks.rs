//! Checks beside the comparison: rows, thresholds, calibration, slices.

use super::calibration::calibration;
use super::gain::{draw, round};
use super::interval::bounds;
use super::resample::take;
use super::{
    Champion, Check, CheckStatus, Comparator, Evidence, Policy, Requirement, Scored, Slice,
    SliceRule, Units,
};
use crate::domain::Prediction;
use crate::metrics;

/// Measures that vary with the machine's load, so that a threshold that is missed holds and never rejects.
const NOISY: [&str; 3] = ["predict_us", "predict_p95_us", "fit_seconds"];

fn check(id: String, name: String, status: CheckStatus, detail: String) -> Check {
    Check { id, name, status, value: None, threshold: None, detail }
}

/// Enough rows: fewer hold, whatever they say.
pub(super) fn enough_rows(policy: &Policy, evidence: &Evidence<'_>) -> Option<Check> {
    let rows = evidence.rows.as_ref()?.truth.len() as u64;
    let left_out = evidence.holdout.as_ref().map_or(String::new(), |holdout| {
        let part = |count: u64, why: &str| {
            if count > 0 { format!("; {count} left out, {why}") } else { String::new() }
        };
        part(holdout.trained_on, "since a model was trained on them")
            + &part(holdout.retired, "since an earlier period used them up")
    });
    let status = if rows >= policy.min_rows.max(1) { CheckStatus::Pass } else { CheckStatus::Hold };
    let detail = format!("{rows} rows, {} are needed{left_out}", policy.min_rows.max(1));
    let mut found = check("rows".into(), "enough rows".into(), status, detail);
    (found.value, found.threshold) = (Some(rows as f64), Some(policy.min_rows.max(1) as f64));
    Some(found)
}

/// Thresholds, in file order. The number that was measured decides: a threshold is a wish about this holdout, and says
/// nothing of chance.
pub(super) fn requirements(policy: &Policy, evidence: &Evidence<'_>) -> Vec<Check> {
    policy.require.iter().map(|wanted| requirement(policy, evidence, wanted)).collect()
}

fn requirement(policy: &Policy, evidence: &Evidence<'_>, wanted: &Requirement) -> Check {
    let Requirement { metric, comparator, value: threshold } = wanted;
    let name = format!("{metric} {} {threshold}", comparator.symbol());
    let id = format!("require:{metric}{}", if is_upper(*comparator) { ":most" } else { "" });
    let (status, value, detail) = match measured(policy, evidence, metric) {
        Err(Missing::Unknown(why)) => (CheckStatus::Hold, None, why),
        Err(Missing::Refused(why)) => (CheckStatus::Fail, None, why),
        Ok((value, theirs)) => {
            let beside =
                theirs.map_or(String::new(), |x| format!("; the champion has {}", round(x)));
            let holds = comparator.holds(value, *threshold);
            let is_noisy = NOISY.contains(&metric.as_str());
            let status = match (holds, is_noisy) {
                (true, _) => CheckStatus::Pass,
                (false, true) => CheckStatus::Hold,
                (false, false) => CheckStatus::Fail,
            };
            let noise =
                if !holds && is_noisy { "; a measured time holds, it never rejects" } else { "" };
            let detail = format!(
                "{} where {} {threshold} is asked{beside}{noise}",
                round(value),
                comparator.symbol()
            );
            (status, value.is_finite().then_some(value), detail)
        }
    };
    Check { id, name, status, value, threshold: Some(*threshold), detail }
}

fn is_upper(comparator: Comparator) -> bool {
    matches!(comparator, Comparator::AtMost | Comparator::Below)
}

enum Missing {
    /// Nobody measured it.
    Unknown(String),
    /// The predictions have no such score.
    Refused(String),
}

/// The challenger's number and the champion's.
fn measured(
    policy: &Policy,
    evidence: &Evidence<'_>,
    metric: &str,
) -> Result<(f64, Option<f64>), Missing> {
    let is_score = metrics::info(metric).is_some_and(|info| !info.measured);
    if let Some(rows) = evidence.rows.as_ref().filter(|_| is_score || metric == "ece") {
        let value = |said: &Prediction| -> Result<f64, String> {
            if metric == "ece" {
                calibration(rows.truth, said, rows.weights, policy.seed)
                    .map(|found| found.error)
                    .ok_or_else(|| {
                        "'ece' needs probabilities, which the model does not give".into()
                    })
            } else {
                metrics::score(metric, rows.truth, said, rows.weights)
                    .map_err(|error| error.to_string())
            }
        };
        if rows.truth.is_empty() {
            return Err(Missing::Unknown("there are no rows to measure it on".into()));
        }
        let ours = value(rows.challenger).map_err(Missing::Refused)?;
        if ours.is_nan() {
            let why = format!("'{metric}' has no value on these rows: a class may be absent");
            return Err(Missing::Unknown(why));
        }
        let theirs = match evidence.champion {
            Champion::Scored(champion) => value(champion).ok(),
            _ => None,
        };
        return Ok((ours, theirs));
    }
    match evidence.measures.get(metric) {
        Some(measure) if measure.challenger.is_nan() => {
            Err(Missing::Refused(format!("'{metric}' of the challenger is NaN")))
        }
        Some(measure) => Ok((measure.challenger, measure.champion)),
        None => Err(Missing::Unknown(format!("'{metric}' was not measured"))),
    }
}

/// Calibration. Ten bins of few rows are never even, so an error that chance explains holds and does not reject:
/// the gate rejects when a lower bound of the true error is above the limit.
pub(super) fn calibrated(policy: &Policy, evidence: &Evidence<'_>) -> Option<Check> {
    let limit = policy.max_ece?;
    let name = format!("expected calibration error <= {limit}");
    let rows = evidence.rows.as_ref().filter(|rows| !rows.truth.is_empty());
    let found =
        rows.and_then(|rows| calibration(rows.truth, rows.challenger, rows.weights, policy.seed));
    let Some(found) = found else {
        let detail = "there are no finite probabilities to judge".into();
        return Some(check("ece".into(), name, CheckStatus::Hold, detail));
    };
    let (status, word) = if found.error <= limit {
        (CheckStatus::Pass, "")
    } else if found.lower() > limit {
        (CheckStatus::Fail, ": proven beyond the limit")
    } else {
        (CheckStatus::Hold, ": beyond the limit, but chance may do that; more rows would tell")
    };
    let detail = format!(
        "{} on {} rows; a perfectly calibrated model stays below {} there{word}",
        round(found.error),
        found.rows,
        round(found.chance)
    );
    let mut ece = check("ece".into(), name, status, detail);
    (ece.value, ece.threshold) = (Some(found.error), Some(limit));
    Some(ece)
}

/// Slices that are large enough, each compared by the objective.
///
/// A slice fails when its drop is proven to be beyond the limit, at `alpha` shared by all slices (Bonferroni); it
/// holds when the drop that was seen is beyond the limit, and says whether it is proven to be a drop at all, at `alpha`
/// by itself. With many small slices some look much worse by chance alone: `min_rows` leaves those out. `alpha` is
/// the policy's, not what is left of it after earlier uses: spending protects from promotions, and must not make
/// harm harder to see.
pub(super) fn slices(policy: &Policy, evidence: &Evidence<'_>) -> Vec<Check> {
    let (Some(rule), Some(rows)) = (&policy.slices, &evidence.rows) else { return Vec::new() };
    let Champion::Scored(champion) = evidence.champion else {
        let detail = "no champion's predictions to compare with".to_string();
        let name = format!("no slice worse by more than {}", rule.max_drop);
        return vec![check("slices".into(), name, CheckStatus::Skip, detail)];
    };
    let large = |slice: &&Slice| slice.rows.len() as u64 >= rule.min_rows.max(1);
    let count = rows.slices.iter().filter(large).count();
    let one = |slice: &Slice| {
        if large(&slice) {
            slice_check(policy, rule, (rows, champion), slice, count)
        } else {
            let detail = format!("{} rows, {} are needed", slice.rows.len(), rule.min_rows);
            check(slice_id(slice), slice_name(rule, slice), CheckStatus::Skip, detail)
        }
    };
    rows.slices.iter().map(one).collect()
}

fn slice_id(slice: &Slice) -> String {
    format!("slice:{}={}", slice.column, slice.value)
}

fn slice_name(rule: &SliceRule, slice: &Slice) -> String {
    format!("{} = {} not worse by more than {}", slice.column, slice.value, rule.max_drop)
}

fn slice_check(
    policy: &Policy,
    rule: &SliceRule,
    (rows, champion): (&Scored<'_>, &Prediction),
    slice: &Slice,
    count: usize,
) -> Check {
    let at: Vec<usize> = slice.rows.iter().map(|&row| row as usize).collect();
    let truth = rows.truth.take(&at);
    let (ours, theirs) = (take(rows.challenger, &at), take(champion, &at));
    let weights: Option<Vec<f64>> =
        rows.weights.map(|weights| at.iter().map(|&row| weights[row]).collect());
    let groups: Vec<u32>;
    let times: Vec<f64>;
    let units = match rows.units {
        Units::Rows => Units::Rows,
        Units::Groups(codes) => {
            groups = at.iter().map(|&row| codes[row]).collect();
            Units::Groups(&groups)
        }
        Units::Time(all) => {
            times = at.iter().map(|&row| all[row]).collect();
            Units::Time(&times)
        }
    };
    let part = Scored {
        truth: &truth,
        weights: weights.as_deref(),
        challenger: &ours,
        units,
        slices: Vec::new(),
    };
    let metric = &policy.objective.metric;
    let score =
        |said: &Prediction| metrics::score(metric, &truth, said, part.weights).unwrap_or(f64::NAN);
    let goal = policy.objective.goal;
    let gain = goal.loss(score(&theirs)) - goal.loss(score(&ours));
    let (id, name) = (slice_id(slice), slice_name(rule, slice));
    if !gain.is_finite() {
        let detail = format!("'{metric}' has no value on these {} rows", at.len());
        return check(id, name, CheckStatus::Skip, detail);
    }
    let gains = draw(policy, &part, &theirs);
    let alone = bounds(&gains, gain, policy.alpha, policy.interval);
    let shared = bounds(&gains, gain, policy.alpha / count as f64, policy.interval);
    let coin = 0.5f64.powf(gains.effective);
    let by_chance = gains.swap.map_or(0.0, |(_, lower)| lower).max(coin);
    let is_beyond = gain < -rule.max_drop;
    let (status, word) =
        if shared.upper < -rule.max_drop && by_chance <= policy.alpha / count as f64 {
            (CheckStatus::Fail, ": proven worse than allowed")
        } else if is_beyond && alone.upper < 0.0 && by_chance <= policy.alpha {
            (CheckStatus::Hold, ": worse than allowed as far as can be seen")
        } else if is_beyond {
            (CheckStatus::Hold, ": more than is allowed, on too few rows to tell it from chance")
        } else {
            (CheckStatus::Pass, "")
        };
    let detail = format!(
        "gain {:+}, {} at the very most, on {} rows{word}",
        round(gain),
        round(alone.upper),
        at.len()
    );
    let mut found = check(id, name, status, detail);
    (found.value, found.threshold) = (Some(gain), Some(-rule.max_drop));
    found
}
