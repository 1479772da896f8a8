//! How the numbers of a column are written: one number of decimals, one unit of time.

use crate::domain::format_number;
use crate::report::words;

/// Significant digits of a score, and decimals beyond which small numbers only become zeros.
const SCORE: usize = 4;
/// Numbers from here on, and columns below, are written with powers of ten.
const LARGE: f64 = 1e7;
const SMALL: f64 = 1e-4;

/// How the numbers of a column are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Digits {
    /// Each by itself with so many significant digits: they are too large, too small or too few.
    Free(usize),
    /// With so many decimals.
    Fixed(usize),
    /// As times in one unit; `m:ss` and `h:mm:ss` beyond a minute.
    Millis,
    /// Seconds with so many decimals.
    Seconds(usize),
    /// `3:12`, `2:05:07`.
    Clock,
}

impl Default for Digits {
    fn default() -> Self {
        Self::Free(SCORE)
    }
}

impl Digits {
    /// For numbers of which so many digits matter.
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone, significant: usize) -> Self {
        let sizes = values.map(f64::abs).filter(|size| size.is_finite() && *size > 0.0);
        let largest = sizes.clone().fold(0.0, f64::max);
        if largest == 0.0 {
            return Self::Fixed(0);
        }
        if !(SMALL..LARGE).contains(&largest) {
            return Self::Free(significant);
        }
        let last = |size: f64| significant as i32 - 1 - size.log10().floor() as i32;
        let most = (SCORE as i32).max(last(largest));
        let needed = sizes.map(|size| decimals(size, last(size).clamp(0, most) as usize)).max();
        Self::Fixed(needed.unwrap_or(0))
    }

    /// As many decimals as either has.
    pub(super) fn finer(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fixed(a), Self::Fixed(b)) => Self::Fixed(a.max(b)),
            (first, _) => first,
        }
    }

    /// For lengths of time in seconds.
    pub(super) fn of_times(values: impl Iterator<Item = f64>) -> Self {
        match values.filter(|value| value.is_finite()).fold(0.0, f64::max) {
            most if most < 0.9995 => Self::Millis,
            most if most < 9.995 => Self::Seconds(2),
            most if most < 59.95 => Self::Seconds(1),
            _ => Self::Clock,
        }
    }

    /// A number as its column has it.
    pub(super) fn text(self, value: f64) -> String {
        if !value.is_finite() {
            return words::number(value);
        }
        match self {
            Self::Free(significant) => format_number(value, significant),
            Self::Fixed(_) if value.abs() >= LARGE => format_number(value, SCORE),
            Self::Fixed(decimals) => format!("{value:.decimals$}"),
            Self::Millis => format!("{:.0} ms", value * 1e3),
            Self::Seconds(decimals) => format!("{value:.decimals$} s"),
            Self::Clock => clock(value),
        }
    }

    /// The same with a sign; nothing is `0`.
    pub(super) fn signed(self, value: f64) -> String {
        let text = self.text(value);
        if value > 0.0 { format!("+{text}") } else { text }
    }
}

/// Decimals of a number cut after so many, without zeros at its end.
fn decimals(value: f64, most: usize) -> usize {
    let text = format!("{value:.most$}");
    text.trim_end_matches('0').split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

fn clock(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let whole = seconds.abs().round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole % 3600 / 60, whole % 60);
    match hours {
        0 => format!("{sign}{minutes}:{seconds:02}"),
        _ => format!("{sign}{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[f64], significant: usize) -> Vec<String> {
        let digits = Digits::of(values.iter().copied(), significant);
        values.iter().map(|value| digits.text(*value)).collect()
    }

    #[test]
    fn a_column_has_one_number_of_decimals() {
        assert_eq!(shown(&[0.993, 0.9918, 1.0], 4), ["0.9930", "0.9918", "1.0000"]);
        assert_eq!(
            shown(&[-0.02, -0.000_53, -6.8e-6, 0.0], 2),
            ["-0.0200", "-0.0005", "-0.0000", "0.0000"]
        );
        assert_eq!(shown(&[12.0, 7.0], 4), ["12", "7"]);
        assert_eq!(shown(&[123.45, 0.001_234, f64::INFINITY], 4), ["123.4500", "0.0012", "inf"]);
        assert_eq!(shown(&[0.051_23, 0.04], 4), ["0.05123", "0.04000"]);
        assert_eq!(shown(&[3.2e-7, 1e-9], 4), ["3.2e-7", "1e-9"]);
        assert_eq!(shown(&[0.0, 0.0], 2), ["0", "0"]);
    }

    #[test]
    fn a_column_of_times_has_one_unit() {
        let check = |values: &[f64], expect: &[&str]| {
            let digits = Digits::of_times(values.iter().copied());
            let shown: Vec<String> = values.iter().map(|value| digits.text(*value)).collect();
            assert_eq!(shown, expect);
        };
        check(&[0.003, 0.526], &["3 ms", "526 ms"]);
        check(&[0.003, 4.912], &["0.00 s", "4.91 s"]);
        check(&[0.3, 12.34], &["0.3 s", "12.3 s"]);
        check(&[5.0, 192.0, 7507.0], &["0:05", "3:12", "2:05:07"]);
    }
}
