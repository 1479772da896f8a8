//! The verdict: every check, and what follows from them.

use super::gain::judge_gain;
use super::{
    Champion, Check, CheckStatus, Comparison, Decision, Evidence, Policy, Rule, Verdict, checks,
    opinions,
};

/// What is left of alpha for the `use_number`-th use of a holdout, from 1: `alpha / (k (k + 1))`, which sums up to
/// alpha over all uses, however many there will be.
pub fn spent_alpha(alpha: f64, use_number: u64) -> f64 {
    let k = use_number.max(1) as f64;
    alpha / (k * (k + 1.0))
}

/// Judges a challenger: any failed check rejects, else any that holds holds, else it may be promoted.
///
/// Pure and deterministic: the same policy and evidence give the same verdict to the bit, on any number of threads.
pub fn judge(policy: &Policy, evidence: &Evidence<'_>) -> Verdict {
    let champion = match evidence.champion {
        Champion::Scored(champion) => Some(champion),
        _ => None,
    };
    let mismatch = evidence.rows.as_ref().and_then(|rows| rows.mismatch(champion));
    if let Some(mismatch) = mismatch {
        let check = plain("evidence", "evidence belongs together", CheckStatus::Fail, mismatch);
        return verdict(vec![check], None, evidence);
    }
    let mut found = Vec::new();
    let mut comparison = None;
    let rows = checks::enough_rows(policy, evidence);
    let is_short = rows.as_ref().is_some_and(|rows| rows.status == CheckStatus::Hold);
    let is_empty = evidence.rows.as_ref().is_some_and(|rows| rows.truth.is_empty());
    if let Some(mut gain) = judge_gain(policy, evidence).filter(|_| !is_empty) {
        if is_short {
            soften(&mut gain.check);
        }
        comparison = gain.comparison;
        found.push(gain.check);
    }
    found.extend(rows);
    found.extend(finite(evidence));
    found.extend(checks::requirements(policy, evidence));
    found.extend(checks::calibrated(policy, evidence));
    if !is_empty {
        found.extend(checks::slices(policy, evidence).into_iter().map(|mut slice| {
            if is_short {
                soften(&mut slice);
            }
            slice
        }));
    }
    found.extend(evidence.facts.iter().cloned());
    if policy.rule == Rule::Absolute && policy.require.is_empty() && policy.max_ece.is_none() {
        let detail =
            "the rule 'absolute' has no thresholds; mend: 'require' in the sweep file's [gate]";
        found.push(plain("require", "thresholds", CheckStatus::Hold, detail.into()));
    }
    if evidence.rows.is_none() && evidence.replicates.is_none() && policy.require.is_empty() {
        let detail = "no predictions, no replicates and no thresholds: nothing was judged";
        found.push(plain("evidence", "something to judge", CheckStatus::Hold, detail.into()));
    }
    let mut verdict = verdict(found, comparison, evidence);
    if !is_empty {
        verdict.opinions = opinions::opinions(policy, evidence);
    }
    verdict
}

fn plain(id: &str, name: &str, status: CheckStatus, detail: String) -> Check {
    Check { id: id.into(), name: name.into(), status, value: None, threshold: None, detail }
}

/// On too few rows nothing is proven, neither good nor bad.
fn soften(check: &mut Check) {
    if matches!(check.status, CheckStatus::Pass | CheckStatus::Fail) {
        check.status = CheckStatus::Hold;
        check.detail.push_str("; too few rows to go by");
    }
}

/// A challenger that predicts NaN is broken, whatever metric is asked for and whether or not there is a champion.
fn finite(evidence: &Evidence<'_>) -> Option<Check> {
    let rows = evidence.rows.as_ref()?;
    let (status, detail) = if rows.challenger.is_finite() {
        (CheckStatus::Pass, format!("{} predictions", rows.challenger.len()))
    } else {
        (CheckStatus::Fail, "the challenger predicts NaN or infinite numbers".to_string())
    };
    Some(plain("finite", "finite predictions", status, detail))
}

fn verdict(checks: Vec<Check>, comparison: Option<Comparison>, evidence: &Evidence<'_>) -> Verdict {
    let with = |status: CheckStatus| checks.iter().filter(move |check| check.status == status);
    let decision = if with(CheckStatus::Fail).next().is_some() {
        Decision::Reject
    } else if with(CheckStatus::Hold).next().is_some() {
        Decision::Hold
    } else {
        Decision::Promote
    };
    let listed = |status: CheckStatus| -> String {
        let said: Vec<String> =
            with(status).map(|check| format!("{}: {}", check.id, check.detail)).collect();
        said.join("; ")
    };
    let reason = match decision {
        Decision::Reject => listed(CheckStatus::Fail),
        Decision::Hold => listed(CheckStatus::Hold),
        Decision::Promote => {
            let gain = checks.iter().find(|check| check.id == "gain");
            let passed = with(CheckStatus::Pass).count();
            let compared = gain.map_or("no comparison was asked for", |gain| gain.detail.as_str());
            format!("{compared}; {passed} checks passed")
        }
    };
    Verdict {
        decision,
        reason,
        checks,
        comparison,
        opinions: Vec::new(),
        selection: evidence.selection.clone(),
        holdout: evidence.holdout.clone(),
    }
}
