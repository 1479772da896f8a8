//! A space with other bounds on some of its ranges.

use crate::domain::Value;
use crate::space::{Condition, Dimension, Kind, Space};
use indexmap::IndexMap;

/// Bounds by the dimension's id.
pub(in crate::sweep) type Ranges = IndexMap<String, (f64, f64)>;

/// The space of a sweep file with changed ranges.
///
/// # Errors
/// When they do not fit the space, as in a record of another one.
pub(in crate::sweep) fn ranged(space: &Space, ranges: &Ranges) -> Result<Space, String> {
    let mut dims = space.dims().to_vec();
    for (id, &bounds) in ranges {
        let found = dims.iter().position(|dim| dim.id == *id);
        let idx = found.ok_or_else(|| format!("the space has no parameter '{id}'"))?;
        dims[idx].kind = bounded(&space.dims()[idx], bounds)?;
    }
    trim_conditions(&mut dims)?;
    Space::new(dims).map_err(|error| format!("{error}; mend: other bounds"))
}

/// As [`ranged`], with one range more: its dimension's id, the bounds that it had, and the new space.
///
/// # Errors
/// When there is no such range, or it cannot have these bounds, with the mend.
pub(in crate::sweep) fn with_range(
    space: &Space,
    ranges: &Ranges,
    parameter: &str,
    bounds: (f64, f64),
) -> Result<(String, (f64, f64), Space), String> {
    let dim = dimension(space, parameter)?;
    let was = ranges.get(&dim.id).copied().or_else(|| bounds_of(&dim.kind)).ok_or_else(|| {
        format!(
            "'{parameter}' is a choice and has no range; mend: name a range, or `try` one value"
        )
    })?;
    let mut ranges = ranges.clone();
    ranges.insert(dim.id.clone(), bounds);
    Ok((dim.id.clone(), was, ranged(space, &ranges)?))
}

/// The dimension of that id, or the only one of that name.
fn dimension<'a>(space: &'a Space, parameter: &str) -> Result<&'a Dimension, String> {
    if let Some(dim) = space.dims().iter().find(|dim| dim.id == parameter) {
        return Ok(dim);
    }
    let named: Vec<&Dimension> = space.dims().iter().filter(|dim| dim.name == parameter).collect();
    let ids = |dims: &mut dyn Iterator<Item = &'a Dimension>| -> String {
        dims.map(|dim| dim.id.as_str()).collect::<Vec<_>>().join(", ")
    };
    match named[..] {
        [dim] => Ok(dim),
        [] => {
            let mut numeric = space.dims().iter().filter(|dim| !dim.is_categorical());
            let known = ids(&mut numeric);
            let known = if known.is_empty() { "no range".into() } else { known };
            Err(format!(
                "unknown parameter '{parameter}'; mend: one of the space, which has {known}"
            ))
        }
        _ => {
            let known = ids(&mut named.into_iter());
            Err(format!("'{parameter}' stands for several parameters; mend: one of {known}"))
        }
    }
}

/// Smallest and largest value of a range.
pub(super) fn bounds_of(kind: &Kind) -> Option<(f64, f64)> {
    match kind {
        Kind::Float { low, high, .. } => Some((*low, *high)),
        Kind::Int { low, high, .. } => Some((*low as f64, *high as f64)),
        Kind::Choice { .. } => None,
    }
}

/// The range with other bounds; its scale and its steps stay.
fn bounded(dim: &Dimension, (low, high): (f64, f64)) -> Result<Kind, String> {
    let name = &dim.id;
    if !(low.is_finite() && high.is_finite()) {
        return Err(format!("'{name}' from '{low}' to '{high}'; mend: finite bounds"));
    }
    if low > high {
        return Err(format!("'{name}' from '{low}' to '{high}'; mend: the smaller bound first"));
    }
    let on_steps = |from: f64, step: f64| {
        let steps = (low - from) / step;
        if (steps - steps.round()).abs() <= 1e-9 * steps.abs().max(1.0) {
            return Ok(());
        }
        let near = Value::Float(from + steps.floor() * step);
        Err(format!(
            "'{name}' from '{low}': its values are {step} apart; mend: a lower bound on them, like {near}"
        ))
    };
    let too_low = |least: &str| {
        format!("'{name}' from '{low}': its scale is logarithmic; mend: a lower bound {least}")
    };
    match &dim.kind {
        Kind::Choice { .. } => Err(format!("'{name}' is a choice and has no range")),
        Kind::Float { log: true, .. } if low <= 0.0 => Err(too_low("above 0")),
        Kind::Float { low: from, log, step, .. } => {
            step.map_or(Ok(()), |step| on_steps(*from, step))?;
            Ok(Kind::Float { low, high, log: *log, step: *step })
        }
        Kind::Int { low: from, log, step, .. } => {
            let whole = |x: f64| Value::Float(x).as_i64();
            let (Some(low_int), Some(high_int)) = (whole(low), whole(high)) else {
                return Err(format!("'{name}' from '{low}' to '{high}'; mend: whole numbers"));
            };
            if *log && low_int < 1 {
                return Err(too_low("of at least 1"));
            }
            on_steps(*from as f64, *step as f64)?;
            Ok(Kind::Int { low: low_int, high: high_int, log: *log, step: *step })
        }
    }
}

/// Takes values out of conditions that their parent cannot have any more.
fn trim_conditions(dims: &mut [Dimension]) -> Result<(), String> {
    for idx in 0..dims.len() {
        let (before, rest) = dims.split_at_mut(idx);
        let Some(child) = rest.first_mut() else { continue };
        for Condition { parent, any_of } in &mut child.when {
            let Some(above) = before.get(*parent).filter(|above| !above.is_categorical()) else {
                continue;
            };
            let waits_for = any_of.clone();
            any_of.retain(|&coord| above.snap(coord) == coord);
            if any_of.is_empty() {
                let values: Vec<String> =
                    waits_for.iter().map(|&coord| above.value(coord).to_string()).collect();
                return Err(format!(
                    "'{}' is there only where '{}' is {}; mend: a range with that",
                    child.id,
                    above.id,
                    values.join(" or ")
                ));
            }
        }
    }
    Ok(())
}
