//! Round numbers along an axis: its ends, where a value stands between them, ticks and their labels.
//!
//! Ends are pairs `(low, high)`; those of a logarithmic axis are decimal logarithms.

use crate::domain::format_number;

/// Ticks at most.
pub const MOST_TICKS: usize = 40;
/// Digits of a power's label: those within a decade have one.
const DIGITS: usize = 6;

/// The ends of an axis over values from `low` to `high`: with a margin, a share of their range, never empty and always
/// finite. `(0, 1)` where there are no values.
pub fn widened((low, high): (f64, f64), margin: f64) -> (f64, f64) {
    if !(low <= high && low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    let size = low.abs().max(high.abs());
    // Values that differ by rounding only are one value.
    let margin = if high - low > size * 1e-12 {
        high * margin - low * margin
    } else {
        (size * 0.05).max(if size == 0.0 { 1.0 } else { 1e-300 })
    };
    ((low - margin).max(f64::MIN), (high + margin).min(f64::MAX))
}

/// Where a value stands: 0 at the low end, 1 at the high end.
pub fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    // By halves, since the range of all floats is no float.
    (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
}

/// The multiples of a step from end to end; one more than [`MOST_TICKS`] says that there are too many.
pub fn multiples(step: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = last - first + 1.0;
    let count = if count.is_finite() { count.clamp(0.0, MOST_TICKS as f64 + 1.0) } else { 0.0 };
    (0..count as u32).map(|at| (first + f64::from(at)) * step).collect()
}

/// Every so many powers of ten from end to end, each as often as `within` says: `[1, 2, 5]` is 1, 2, 5, 10, 20, …
pub fn powers(every: i32, within: &[f64], ends: (f64, f64)) -> Vec<f64> {
    let powers =
        (ends.0.floor() as i32..=ends.1.ceil() as i32).filter(|power| power.rem_euclid(every) == 0);
    let all = powers.flat_map(|power| within.iter().map(move |times| decimal(*times, power)));
    all.filter(|value| (-1e-9..=1.0 + 1e-9).contains(&share(value.log10(), ends))).collect()
}

/// So many times a power of ten: read as text, since 10⁻⁵ by multiplication would be 1.0000000000000001e-5.
pub fn decimal(times: f64, power: i32) -> f64 {
    format!("{times}e{power}").parse().unwrap_or(f64::NAN)
}

/// A tick's label with as many digits as tell neighbors apart, the last one at that decimal place; powers of ten where the
/// figures, `largest` the largest of them, are very large or very small.
pub fn label(value: f64, place: i32, largest: f64) -> String {
    if value.abs() < 10f64.powi(place) * 1e-6 {
        return "0".into();
    }
    if largest < 999_999.5 && place >= -5 {
        let decimals = (-place).max(0) as usize;
        return format!("{value:.decimals$}");
    }
    let digits = (value.abs().log10().floor() as i32 - place).clamp(0, 15) as usize;
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// The label of a tick of [`powers`].
pub fn power_label(value: f64) -> String {
    if (1e-3..1e5).contains(&value) { format_number(value, DIGITS) } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_never_empty() {
        assert_eq!(widened((0.0, 10.0), 0.1), (-1.0, 11.0));
        assert_eq!(widened((f64::INFINITY, f64::NEG_INFINITY), 0.1), (0.0, 1.0));
        for value in [0.0, -5.0, 1e-320, 1e300, f64::MAX, f64::MIN] {
            let (low, high) = widened((value, value), 0.0);
            assert!(low < high && low.is_finite() && high.is_finite(), "{value}: {low} {high}");
        }
        assert_eq!(share(0.0, (f64::MIN, f64::MAX)), 0.5);
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        assert_eq!(multiples(0.25, (0.0, 1.0)), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(multiples(1e-9, (0.0, 1.0)).len(), MOST_TICKS + 1);
        assert!(multiples(0.0, (0.0, 1.0)).is_empty());
        assert_eq!(powers(1, &[1.0], (-5.0, -3.0)), [1e-5, 1e-4, 1e-3]);
        assert_eq!(powers(1, &[1.0, 2.0, 5.0], (0.0, 1.0)), [1.0, 2.0, 5.0, 10.0]);
        assert_eq!(powers(2, &[1.0], (-4.0, 1.0)), [1e-4, 1e-2, 1.0]);
    }

    #[test]
    fn labels_tell_neighbors_apart() {
        assert_eq!((label(0.1, -2, 1.0), label(-0.0, -2, 1.0)), ("0.10".into(), "0".into()));
        assert_eq!((label(1.1e6, 5, 2e6), label(2e6, 5, 2e6)), ("1.1e6".into(), "2e6".into()));
        assert_eq!((power_label(1e-3), power_label(1e-5)), ("0.001".into(), "1e-5".into()));
    }
}
