//! One numeric column: clip, impute, scale.

use super::Job;
use super::error::PrepError;
use super::form::NumberForm;
use super::settings::{Impute, Outliers, ScaleMode, Settings};
use serde::{Deserialize, Serialize};

/// A fitted numeric column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NumberStep {
    /// Bounds that cells are clipped to.
    clip: Option<(f64, f64)>,
    /// Stands in for a missing cell; none refuses it.
    fill: Option<f64>,
    scale: Scale,
}

/// `(x − shift) / by`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Scale {
    shift: f64,
    by: f64,
}

/// Cells that a step could not use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) missing: usize,
    pub(super) infinite: usize,
}

impl NumberStep {
    /// Fits on the cells of the training rows, NaN for missing ones.
    pub(super) fn fit(mut values: Vec<f64>, job: &Job<'_>) -> Result<Self, PrepError> {
        job.check_missing()?;
        let (settings, rows) = (job.settings, values.len());
        values.retain(|value| !value.is_nan());
        let clip = bounds(&values, settings.outliers);
        if let Some((low, high)) = clip {
            // Also keeps NaN from `clamp`, which panics on it.
            if !low.is_finite() || !high.is_finite() {
                return Err(PrepError::Overflow { column: job.column.name.clone() });
            }
            for value in &mut values {
                *value = value.clamp(low, high);
            }
        }
        let count = values.iter().filter(|value| value.is_infinite()).count();
        if count > 0 {
            return Err(PrepError::Infinite { column: job.column.name.clone(), count, rows });
        }
        let fill = fill(&mut values, job)?;
        if let Some(fill) = fill {
            values.resize(rows, fill);
        }
        let scale = Scale::fit(&mut values, settings);
        let step = Self { clip, fill, scale };
        if step.is_finite() {
            Ok(step)
        } else {
            Err(PrepError::Overflow { column: job.column.name.clone() })
        }
    }

    /// The same for exporters.
    pub(super) fn form(&self) -> NumberForm {
        let Scale { shift, by } = self.scale;
        NumberForm { clip: self.clip, fill: self.fill, shift, by }
    }

    fn is_finite(&self) -> bool {
        let Scale { shift, by } = self.scale;
        shift.is_finite() && by.is_finite() && self.fill.is_none_or(f64::is_finite)
    }

    /// Prepares cells into every `width`-th place of `out`, from its start, and counts what it could not use.
    pub(super) fn write(
        &self,
        cells: impl Iterator<Item = f64>,
        out: &mut [f64],
        width: usize,
        bad: &mut Bad,
    ) {
        let (low, high) = self.clip.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let fill = self.fill.unwrap_or(f64::NAN);
        let Scale { shift, by } = self.scale;
        for (slot, cell) in out.iter_mut().step_by(width).zip(cells) {
            let value = if cell.is_nan() { fill } else { cell.clamp(low, high) };
            let prepared = (value - shift) / by;
            bad.missing += usize::from(value.is_nan());
            bad.infinite += usize::from(!prepared.is_finite() && !value.is_nan());
            *slot = prepared;
        }
    }
}

impl Scale {
    pub(super) const IDENTITY: Self = Self { shift: 0.0, by: 1.0 };

    /// Fits on imputed values, whose order it may change. Without values it changes nothing.
    pub(super) fn fit(values: &mut [f64], settings: &Settings) -> Self {
        if values.is_empty() {
            return Self::IDENTITY;
        }
        match settings.scale {
            ScaleMode::None => Self::IDENTITY,
            ScaleMode::Standard => {
                let (mean, variance) = moments(values);
                // Chan, Golub and LeVeque's bound on the error of a two-pass variance: below it the column
                // is constant.
                let n = values.len() as f64;
                let noise = n * f64::EPSILON * variance
                    + (n * mean * f64::EPSILON) * (n * mean * f64::EPSILON);
                let by =
                    if variance.is_finite() && variance <= noise { 1.0 } else { variance.sqrt() };
                Self { shift: mean, by }
            }
            ScaleMode::MinMax => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                Self { shift: low, by: not_tiny(high - low) }
            }
            ScaleMode::Robust => {
                let iqr = quantile(values, 0.75) - quantile(values, 0.25);
                Self { shift: quantile(values, 0.5), by: not_tiny(iqr) }
            }
        }
    }

    pub(super) fn apply(self, value: f64) -> f64 {
        (value - self.shift) / self.by
    }
}

/// A spread to divide by; one near 0 is 1, as in scikit-learn's scalers.
fn not_tiny(spread: f64) -> f64 {
    if spread < 10.0 * f64::EPSILON { 1.0 } else { spread }
}

/// Mean and variance (n in the denominator), two-pass; the second pass also takes the rounding error out of the
/// mean, which matters where the mean is large against the spread.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let rough = values.iter().sum::<f64>() / n;
    let shift = values.iter().map(|value| value - rough).sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - rough) * (value - rough)).sum::<f64>();
    let variance = squares / n - shift * shift;
    // Infinity less infinity: the numbers are too large for a variance, which must not pass for 0.
    (rough + shift, if variance.is_nan() { f64::INFINITY } else { variance.max(0.0) })
}

/// Clipping bounds from the finite cells; none without any.
fn bounds(values: &[f64], outliers: Outliers) -> Option<(f64, f64)> {
    if outliers == Outliers::None {
        return None;
    }
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.is_empty() {
        return None;
    }
    if outliers == Outliers::Z {
        let (mean, variance) = moments(&finite);
        let reach = 3.0 * variance.sqrt();
        return Some((mean - reach, mean + reach));
    }
    let (low, high) = (quantile(&mut finite, 0.25), quantile(&mut finite, 0.75));
    let reach = 1.5 * (high - low);
    Some((low - reach, high + reach))
}

/// What stands in for a missing cell, from the cells that are there; 0 without any.
fn fill(values: &mut [f64], job: &Job<'_>) -> Result<Option<f64>, PrepError> {
    Ok(match job.settings.impute {
        Impute::None => None,
        Impute::Constant => constant(job)?,
        _ if values.is_empty() => Some(0.0),
        Impute::Mean => Some(values.iter().sum::<f64>() / values.len() as f64),
        Impute::Median => Some(quantile(values, 0.5)),
        Impute::Mode => Some(mode(values)),
    })
}

/// The fill as a number. One that is none matters only where a cell is missing.
fn constant(job: &Job<'_>) -> Result<Option<f64>, PrepError> {
    let Some(value) = &job.settings.fill else { return Ok(Some(0.0)) };
    match value.as_f64() {
        Some(number) => Ok(Some(number)),
        None if !job.any_missing => Ok(None),
        None => Err(PrepError::Fill {
            column: job.column.name.clone(),
            kind: job.column.kind.word(),
            value: value.to_string(),
        }),
    }
}

/// The most frequent value, the least of several.
fn mode(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let runs = values.chunk_by(|a, b| a == b);
    // `max_by_key` keeps the last of equals, hence the reversal.
    runs.rev().max_by_key(|run| run.len()).map_or(0.0, |run| run[0])
}

/// The type 7 quantile by selection, in O(n); the order of `values` changes. NaN without values.
fn quantile(values: &mut [f64], q: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let position = q * last as f64;
    let below = position.floor() as usize;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let share = position - below as f64;
    if share == 0.0 {
        return low;
    }
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    low + (high - low) * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::quantile_sorted;

    #[test]
    fn selection_finds_the_same_quantiles_as_sorting() {
        let mut values: Vec<f64> = (0..37).map(|i| f64::from(i * 29 % 41) - 3.5).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        for q in [0.0, 0.1, 0.25, 0.5, 0.75, 0.99, 1.0] {
            assert_eq!(quantile(&mut values, q), quantile_sorted(&sorted, q));
        }
    }

    #[test]
    fn the_least_of_equally_frequent_values_is_the_mode() {
        assert_eq!(mode(&mut [3.0, 1.0, 3.0, 1.0, 2.0]), 1.0);
        assert_eq!(mode(&mut [3.0, 1.0, 3.0]), 3.0);
    }
}
