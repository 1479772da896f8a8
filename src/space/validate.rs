//! What a list of dimensions must fulfil to be a space.

use super::{Dimension, Kind, SpaceError};
use std::collections::{BTreeMap, BTreeSet};

/// Whole numbers beyond ±2^53 have no exact internal form.
const INT_LIMIT: i64 = 1 << 53;
/// More cells than this cannot be told apart in the unit interval.
const MAX_VALUES: f64 = (1u64 << 50) as f64;
/// Beyond this, neighbouring log-scaled cells are narrower than the rounding of a logarithm.
const LOG_INT_LIMIT: i64 = 1_000_000_000_000;

/// Checks every dimension and how they hang together.
pub(super) fn validate(dims: &[Dimension]) -> Result<(), SpaceError> {
    let mut ids = BTreeSet::new();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (idx, dim) in dims.iter().enumerate() {
        let fail = |reason: String| SpaceError::Dimension { id: dim.id.clone(), reason };
        if !ids.insert(&dim.id) {
            return Err(fail("occurs twice; give each dimension its own id".into()));
        }
        kind(&dim.kind).map_err(fail)?;
        conditions(dims, idx).map_err(fail)?;
        for &other in by_name.get(dim.name.as_str()).into_iter().flatten() {
            if !exclusive(dims, idx, other) {
                return Err(fail(format!(
                    "shares the name '{}' with '{}' and both can be active; rename one",
                    dim.name, dims[other].id
                )));
            }
        }
        by_name.entry(&dim.name).or_default().push(idx);
    }
    Ok(())
}

fn kind(kind: &Kind) -> Result<(), String> {
    match kind {
        Kind::Float { low, high, log, step } => float(*low, *high, *log, *step),
        Kind::Int { low, high, log, step } => int(*low, *high, *log, *step),
        Kind::Choice { values } => {
            if values.is_empty() {
                return Err("has no values; give at least one".into());
            }
            for (idx, value) in values.iter().enumerate() {
                if value.as_f64().is_some_and(|number| !number.is_finite()) {
                    return Err(format!("has the value '{value}'; values must be finite"));
                }
                if values[..idx].iter().any(|other| other.same(value)) {
                    return Err(format!("has the value '{value}' twice; leave one out"));
                }
            }
            Ok(())
        }
    }
}

fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Result<(), String> {
    if !(low.is_finite() && high.is_finite()) {
        return Err(format!("has the bounds {low} and {high}; they must be finite"));
    }
    if !(high - low).is_finite() {
        let (most, half) = (f64::MAX, f64::MAX / 2.0);
        return Err(format!(
            "has the bounds {low:e} and {high:e}, which lie further apart than the largest float ({most:.1e}); \
             narrow them, to within ±{half:.1e} say"
        ));
    }
    if low > high {
        return Err(format!("has 'low' ({low}) above 'high' ({high})"));
    }
    if log && low <= 0.0 {
        return Err(format!("has 'log' with 'low' ({low}); it must be above 0"));
    }
    let Some(step) = step else { return Ok(()) };
    if log {
        return Err("has both 'log' and 'step'; leave one out".into());
    }
    if !(step > 0.0 && step.is_finite()) {
        return Err(format!("has 'step' ({step}); it must be above 0"));
    }
    if step < 1e-12 * low.abs().max(high.abs()) || (high - low) / step > MAX_VALUES {
        return Err(format!("has 'step' ({step}), too fine to tell its values apart"));
    }
    Ok(())
}

fn int(low: i64, high: i64, log: bool, step: i64) -> Result<(), String> {
    if low > high {
        return Err(format!("has 'low' ({low}) above 'high' ({high})"));
    }
    if low < -INT_LIMIT || high > INT_LIMIT {
        return Err(format!("has the bounds {low} and {high}; they must be within ±2^53"));
    }
    if step < 1 {
        return Err(format!("has 'step' ({step}); it must be at least 1"));
    }
    if log && low < 1 {
        return Err(format!("has 'log' with 'low' ({low}); it must be at least 1"));
    }
    if log && step != 1 {
        return Err("has both 'log' and 'step'; leave one out".into());
    }
    if log && high > LOG_INT_LIMIT {
        return Err(format!("has 'log' with 'high' ({high}); it must be at most {LOG_INT_LIMIT}"));
    }
    if (high - low) as f64 / step as f64 > MAX_VALUES {
        return Err("has more than 2^50 values; narrow it or give it a 'step'".into());
    }
    Ok(())
}

fn conditions(dims: &[Dimension], idx: usize) -> Result<(), String> {
    for condition in &dims[idx].when {
        if condition.parent >= idx {
            return Err("depends on a dimension that does not stand before it".into());
        }
        let parent = &dims[condition.parent];
        if condition.any_of.is_empty() {
            return Err(format!("has a condition on '{}' without values", parent.id));
        }
        for &coord in &condition.any_of {
            if parent.on_grid(coord) != Some(coord) {
                return Err(format!("waits for a value that '{}' never takes", parent.id));
            }
        }
    }
    Ok(())
}

/// True if no point has both active: somewhere above them, one parent would need two values.
fn exclusive(dims: &[Dimension], a: usize, b: usize) -> bool {
    let (a, b) = (needs(dims, a), needs(dims, b));
    a.iter().any(|(parent, wanted)| {
        b.get(parent).is_some_and(|other| !wanted.iter().any(|coord| other.contains(coord)))
    })
}

/// The coordinates that each ancestor must have.
pub(super) fn needs(dims: &[Dimension], idx: usize) -> BTreeMap<usize, Vec<f64>> {
    let mut needs: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut seen = BTreeSet::from([idx]);
    let mut todo = vec![idx];
    while let Some(idx) = todo.pop() {
        for condition in &dims[idx].when {
            needs
                .entry(condition.parent)
                .and_modify(|coords| coords.retain(|coord| condition.any_of.contains(coord)))
                .or_insert_with(|| condition.any_of.clone());
            if seen.insert(condition.parent) {
                todo.push(condition.parent);
            }
        }
    }
    needs
}
