//! Intervals of 95 % from values that are computed again and again, and what becomes of raw numbers.

use super::{ImportanceMethod, Importances, ParamImportance, Scored};
use crate::numeric::quantile_sorted;
use crate::space::Space;

/// Fewer trials say too little of themselves to be drawn from.
pub(super) const ENOUGH: usize = 10;

/// What a method found of one dimension.
pub(super) struct Raw {
    /// The dimension.
    pub(super) dim: usize,
    /// The method's number.
    pub(super) value: f64,
}

/// The central 95 % of some values (percentile bootstrap, Efron 1979), widened to hold what they are repetitions of:
/// shares are at most 1, so those of a leading parameter tend to repeat lower. None without values.
pub(super) fn around(center: f64, mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| quantile_sorted(&values, q);
    (!values.is_empty()).then(|| (at(0.025).min(center), at(0.975).max(center)))
}

/// Shares, order and intervals. `again` holds the raw numbers of each repetition, in the order of `raw`.
pub(super) fn ranked(
    space: &Space,
    scored: &Scored<'_>,
    method: ImportanceMethod,
    raw: &[Raw],
    again: &[Vec<f64>],
) -> Importances {
    let total: f64 = raw.iter().map(|raw| raw.value).sum();
    let (equal, mut doubts) = (1.0 / raw.len() as f64, scored.doubts(space));
    if total <= 0.0 {
        doubts.push("the trials do not tell any parameter from the others".to_string());
    }
    let telling = |values: &&Vec<f64>| values.iter().sum::<f64>() > 0.0;
    let again: Vec<&Vec<f64>> = again.iter().filter(telling).collect();
    let sums: Vec<f64> = again.iter().map(|values| values.iter().sum()).collect();
    let one = |(at, found): (usize, &Raw)| {
        let dim = &space.dims()[found.dim];
        let shares = again.iter().zip(&sums).map(|(values, sum)| values[at] / sum).collect();
        let share = if total > 0.0 { found.value / total } else { equal };
        ParamImportance {
            id: dim.id.clone(),
            name: dim.name.clone(),
            share,
            raw: found.value,
            interval: around(share, shares),
            raw_interval: around(found.value, again.iter().map(|values| values[at]).collect()),
            active: scored.active(found.dim),
            direction: None,
        }
    };
    let mut params: Vec<ParamImportance> = raw.iter().enumerate().map(one).collect();
    params.sort_by(|a, b| b.raw.total_cmp(&a.raw));
    Importances {
        method,
        params,
        trials: scored.len(),
        of: scored.len(),
        repeats: again.len(),
        explained: None,
        variance: None,
        pairs: vec![],
        doubts,
    }
}
