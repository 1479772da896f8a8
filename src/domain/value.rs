//! One parameter value, and how derby writes numbers.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A parameter's value. `None` is the absent value, written `"none"` in a sweep file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// The absent value, for example no depth limit. JSON `null`.
    None,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// Text, for example the name of a kernel.
    Text(String),
}

impl Value {
    /// The value as a float, for whole numbers and floats.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The value as an integer, for whole numbers and for floats without a fraction.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            _ => None,
        }
    }

    /// The text of a text value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The word for the kind of value, as error messages use it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "text",
        }
    }

    /// True where both stand for the same value: `1` and `1.0` do, `1` and `true` do not.
    pub fn same(&self, other: &Self) -> bool {
        match (self.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&exact_number(*value)),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The shortest text that reads back as the same float; very large and small ones in e-notation.
fn exact_number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-4..1e15).contains(&size) || !value.is_finite() {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// A count with separators: `12,406`.
pub fn format_count(n: u64) -> String {
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

/// A number with `digits` significant digits for people: `0.9993`, `12.4`, `3.1e-5`, `1234`.
pub fn format_number(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    let rounded = format!("{:.*e}", digits.saturating_sub(1), value);
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..15).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        return trim_zeros(&format!("{value:.decimals$}"));
    }
    format!("{}e{exponent}", trim_zeros(mantissa))
}

fn trim_zeros(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        let check = |value: f64, text: &str| assert_eq!(format_number(value, 4), text);
        check(0.999_27, "0.9993");
        check(12.4, "12.4");
        check(1e-5, "1e-5");
        check(0.000_312_34, "0.0003123");
        check(123_456.0, "123456");
        check(-2.5, "-2.5");
        check(0.0, "0");
        check(f64::NAN, "nan");
        check(f64::NEG_INFINITY, "-inf");
        check(9.999_96, "10");
        check(1e20, "1e20");
    }

    #[test]
    fn values_print_and_read_back() {
        for value in [0.1, 1e-7, 123_456_789.123, 1e20, -0.000_4] {
            let text = Value::Float(value).to_string();
            assert_eq!(text.parse::<f64>(), Ok(value), "{text}");
        }
        assert_eq!(Value::None.to_string(), "none");
    }

    #[test]
    fn same_ignores_how_a_number_was_written() {
        assert!(Value::Int(1).same(&Value::Float(1.0)));
        assert!(!Value::Int(1).same(&Value::Bool(true)));
        assert!(!Value::None.same(&Value::Text("none".into())));
    }
}
