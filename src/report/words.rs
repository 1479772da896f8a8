//! Numbers, times, counts and foreign text as reports write them.

use crate::domain::{Params, Value, format_number};

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

/// A count with separators: `12,406`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
        assert_eq!(percent(0.975), "97.5 %");
        assert_eq!(plural(1_900, "row"), "1,900 rows");
        assert_eq!(duration(192.0), "3m12s");
    }

    #[test]
    fn foreign_text_becomes_a_harmless_line() {
        assert_eq!(clean(" a\r\nb\tc\u{1b}[31m\u{202e}x "), "a b c\u{fffd}[31m\u{fffd}x");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöü", 3), "äöü");
    }
}
