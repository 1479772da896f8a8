//! Parts of a date: year, month, day, weekday and hour, in UTC.

use super::Job;
use super::error::PrepError;
use super::number::{Bad, NumberStep};
use super::part::Step;
use time::OffsetDateTime;

/// The parts in order. Weekdays count from Monday, 0.
pub(super) const PARTS: [&str; 5] = ["year", "month", "day", "weekday", "hour"];

/// Fits each part as a column of numbers.
pub(super) fn fit(seconds: &[f64], job: &Job<'_>) -> Result<Step, PrepError> {
    let count = seconds.iter().filter(|s| !s.is_nan() && split(**s).is_none()).count();
    if count > 0 {
        let rows = seconds.len();
        return Err(PrepError::Infinite { column: job.column.name.clone(), count, rows });
    }
    let mut steps = Vec::with_capacity(PARTS.len());
    for part in 0..PARTS.len() {
        let values = seconds.iter().map(|&s| split(s).map_or(f64::NAN, |parts| parts[part]));
        steps.push(NumberStep::fit(values.collect(), job)?);
    }
    Ok(Step::Dates(steps))
}

/// Prepares cells into as many neighboring places of `out` as there are parts.
pub(super) fn write(
    steps: &[NumberStep],
    seconds: &[f64],
    out: &mut [f64],
    width: usize,
    bad: &mut Bad,
) {
    let unreadable = seconds.iter().filter(|s| !s.is_nan() && split(**s).is_none()).count();
    let parts: Vec<[f64; 5]> = seconds.iter().map(|&s| split(s).unwrap_or([f64::NAN; 5])).collect();
    for (part, step) in steps.iter().enumerate() {
        let mut of_part = Bad::default();
        step.write(parts.iter().map(|parts| parts[part]), &mut out[part..], width, &mut of_part);
        if part == 0 {
            bad.missing += of_part.missing;
        }
    }
    bad.infinite += unreadable;
}

/// The parts of a time in seconds since 1970 UTC; none if it is missing or outside the years ±9999.
fn split(seconds: f64) -> Option<[f64; 5]> {
    if !seconds.is_finite() {
        return None;
    }
    let at = OffsetDateTime::from_unix_timestamp(seconds.floor() as i64).ok()?;
    Some([
        f64::from(at.year()),
        f64::from(u8::from(at.month())),
        f64::from(at.day()),
        f64::from(at.weekday().number_days_from_monday()),
        f64::from(at.hour()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_calendar() {
        let check = |seconds: f64, parts: [f64; 5]| assert_eq!(split(seconds), Some(parts));
        check(0.0, [1970.0, 1.0, 1.0, 3.0, 0.0]);
        check(-0.5, [1969.0, 12.0, 31.0, 2.0, 23.0]);
        check(1_709_211_600.0, [2024.0, 2.0, 29.0, 3.0, 13.0]);
        assert_eq!(split(f64::NAN), None);
        assert_eq!(split(1e300), None);
    }
}
