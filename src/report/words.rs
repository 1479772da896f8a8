//! Numbers, times, counts and foreign text as reports write them.

use crate::domain::{Params, Value, format_count, format_number};

/// Significant digits of a number for people.
const DIGITS: usize = 4;
/// Digits beyond which two numbers count as equal to the eye.
const MOST_DIGITS: usize = 12;

/// Seconds in the unit that a person would use: `21 ms`, `4.9 s`, `3m12s`, `2h05m`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "?".into();
    }
    let whole = seconds.round() as u64;
    match seconds {
        s if s < 1e-3 => format!("{} µs", format_number(s * 1e6, 2)),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 60.0 => format!("{whole} s"),
        s if s < 3600.0 => format!("{}m{:02}s", whole / 60, whole % 60),
        s if s < 86_400.0 => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// A limit of time as people write it, and as it can be typed: `90s`, `5m`, `1h30m`.
pub fn limit(seconds: f64) -> String {
    if seconds < 60.0 || seconds.fract() != 0.0 || seconds >= 1e15 {
        return format!("{seconds}s");
    }
    let whole = seconds as u64;
    let parts = [(whole / 3600, "h"), (whole % 3600 / 60, "m"), (whole % 60, "s")];
    let shown = parts.iter().filter(|(n, _)| *n > 0);
    shown.map(|(n, unit)| format!("{n}{unit}")).collect::<Vec<String>>().concat()
}

/// A count with separators: `12,406`.
pub fn count(n: u64) -> String {
    format_count(n)
}

/// `1 row`, `1,200 rows`.
pub fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n)) }
}

/// A number of 4 significant digits.
pub fn number(value: f64) -> String {
    format_number(value, DIGITS)
}

/// A difference with its sign: `+0.0006`, `-0.0011`, `0`.
pub fn signed(value: f64) -> String {
    let text = number(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// Bytes in the unit that a person would use: `999 B`, `1.83 MB`.
pub fn bytes(n: f64) -> String {
    let of = |unit: f64, word: &str| format!("{} {word}", format_number(n / unit, 3));
    match n.abs() {
        size if size < 1e3 => of(1.0, "B"),
        size if size < 1e6 => of(1e3, "kB"),
        size if size < 1e9 => of(1e6, "MB"),
        _ => of(1e9, "GB"),
    }
}

/// True if the metric's name says its unit, which its values are then written with.
pub fn has_unit(metric: &str) -> bool {
    ["_seconds", "_us", "_bytes"].iter().any(|unit| metric.ends_with(unit))
}

/// A value of a metric; seconds in the unit that a person would use.
pub fn measured(metric: &str, value: f64) -> String {
    measured_to(metric, value, DIGITS)
}

/// A value of a metric with so many digits; seconds in the unit that a person would use.
pub fn measured_to(metric: &str, value: f64, digits: usize) -> String {
    match metric.ends_with("_seconds") {
        true if value < 0.0 => format!("-{}", duration(-value)),
        true => duration(value),
        false => format_number(value, digits),
    }
}

/// A value of a metric for screens, where nothing beside it says the unit: microseconds and bytes with theirs, too.
pub fn with_unit(metric: &str, value: f64) -> String {
    with_unit_to(metric, value, DIGITS)
}

/// The same with so many digits.
pub fn with_unit_to(metric: &str, value: f64, digits: usize) -> String {
    match () {
        () if !has_unit(metric) || !value.is_finite() => format_number(value, digits),
        () if value < 0.0 => format!("-{}", with_unit_to(metric, -value, digits)),
        () if metric.ends_with("_seconds") => duration(value),
        () if metric.ends_with("_bytes") => bytes(value),
        () if value < 1e3 => format!("{} µs", format_number(value, digits.min(3))),
        () => duration(value / 1e6),
    }
}

/// Values of metrics in one column: those without a unit with the same number of decimals, four or as many as the
/// smallest one needs to be seen.
pub fn column(values: &[(&str, f64)]) -> Vec<String> {
    let plain = || values.iter().filter(|(metric, _)| !has_unit(metric)).map(|of| of.1.abs());
    let sizes = || plain().filter(|size| size.is_finite() && *size > 0.0);
    let largest = sizes().fold(0.0, f64::max);
    let least = sizes().filter(|size| *size >= 1e-6).fold(f64::INFINITY, f64::min);
    let is_whole = plain().all(|size| size.fract() == 0.0);
    let decimals = match () {
        () if is_whole => 0,
        () if largest >= 1e3 => 2,
        () if largest >= 1e2 => 3,
        () if least < 1e-3 => (1.0 - least.log10().floor()).min(6.0) as usize,
        () => 4,
    };
    let seen = 0.5 * 10f64.powi(-(decimals as i32));
    let shown = |(metric, value): &(&str, f64)| match value.abs() {
        _ if has_unit(metric) => with_unit(metric, *value),
        size if !size.is_finite() || size >= 1e7 || (size > 0.0 && size < seen) => number(*value),
        _ => format!("{value:.decimals$}"),
    };
    values.iter().map(shown).collect()
}

/// Two values of a metric, with as many digits as it takes to see that they differ.
pub fn pair(metric: &str, a: f64, b: f64) -> (String, String) {
    let mut shown = (measured(metric, a), measured(metric, b));
    let mut digits = DIGITS;
    while shown.0 == shown.1 && a != b && digits < MOST_DIGITS {
        digits += 1;
        shown = (format_number(a, digits), format_number(b, digits));
    }
    shown
}

/// A share as a percentage: `97.5 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// A parameter's value for people.
pub fn value(value: &Value) -> String {
    match value {
        Value::Float(float) => number(*float),
        other => other.to_string(),
    }
}

/// A configuration for people: `C=12.4 kernel=rbf`.
pub fn params(params: &Params) -> String {
    let shown = params.iter().map(|(name, of)| format!("{name}={}", value(of)));
    shown.collect::<Vec<_>>().join(" ")
}

/// The first 6 digits of a hash.
pub fn short(hash: &str) -> &str {
    hash.get(..6).unwrap_or(hash)
}

/// Foreign text as one line: line ends and tabs become spaces, and what a terminal or a reader's eye would be
/// deceived by (control characters, turns of the writing direction) becomes `�`.
pub fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.trim().chars() {
        match char {
            '\n' | '\t' | '\u{2028}' | '\u{2029}' => line.push(' '),
            '\r' => {}
            _ if is_deceptive(char) => line.push('\u{fffd}'),
            _ => line.push(char),
        }
    }
    line
}

/// Control characters and those that turn the writing direction, and XML's two non-characters.
fn is_deceptive(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(char, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
}

/// At most so many characters; a cut is shown as `…`.
pub fn cut(text: &str, most: usize) -> String {
    if text.char_indices().nth(most).is_none() {
        text.to_string()
    } else {
        let mut kept: String = text.chars().take(most.saturating_sub(1)).collect();
        kept.push('…');
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_seen() {
        let check = |a: f64, b: f64, expect: (&str, &str)| {
            assert_eq!(pair("roc_auc", a, b), (expect.0.to_string(), expect.1.to_string()));
        };
        check(0.83, 0.91, ("0.83", "0.91"));
        check(0.999_31, 0.999_34, ("0.99931", "0.99934"));
        check(0.5, 0.5, ("0.5", "0.5"));
        check(f64::NAN, 1.0, ("nan", "1"));
        check(0.8, 0.8 + 1e-16, ("0.8", "0.8"));
    }

    #[test]
    fn signs_and_units() {
        assert_eq!(signed(0.000_6), "+0.0006");
        assert_eq!(signed(-0.001_1), "-0.0011");
        assert_eq!(signed(0.0), "0");
        assert_eq!(measured("fit_seconds", -0.02), "-20 ms");
        assert_eq!(with_unit("predict_us", 0.099_65), "0.0997 µs");
        assert_eq!(with_unit("predict_us", 2_500.0), "2 ms");
        assert_eq!(with_unit("model_bytes", -10_523.0), "-10.5 kB");
        assert_eq!((bytes(999.0), bytes(1_834_000.0)), ("999 B".into(), "1.83 MB".into()));
        assert_eq!(percent(0.975), "97.5 %");
        assert_eq!(plural(1_900, "row"), "1,900 rows");
        assert_eq!(duration(192.0), "3m12s");
    }

    #[test]
    fn a_column_has_one_number_of_decimals() {
        let check = |values: &[(&str, f64)], expect: &str| {
            assert_eq!(column(values).join(" "), expect);
        };
        check(&[("a", -0.00708), ("b", -0.005_231), ("c", -0.010_26)], "-0.0071 -0.0052 -0.0103");
        check(&[("a", 0.000_123), ("b", 0.5)], "0.00012 0.50000");
        check(&[("a", 1e-12), ("b", 0.5), ("c", f64::NAN)], "1e-12 0.5000 nan");
        check(&[("a", 3.0), ("b", 12.0)], "3 12");
        check(&[("rmse", 54.2), ("mse", 2_936.17), ("model_bytes", 240.0)], "54.20 2936.17 240 B");
        check(&[], "");
    }

    #[test]
    fn foreign_text_becomes_a_harmless_line() {
        assert_eq!(clean(" a\r\nb\tc\u{1b}[31m\u{202e}x "), "a b c\u{fffd}[31m\u{fffd}x");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöü", 3), "äöü");
    }
}
