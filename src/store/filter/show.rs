//! A filter as text that parses to the same filter.

use super::parse::{is_keyword, is_name_char};
use super::{Attribute, Expr, Field, Literal, Pattern};
use crate::domain::Value;
use crate::host::clock;
use std::fmt;

/// Units of a time ago, largest first, in milliseconds.
pub(super) const UNITS: [(&str, i64); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => {
                enclosed(f, left, 2)?;
                f.write_str(" and ")?;
                enclosed(f, right, 3)
            }
            Self::Or(left, right) => {
                enclosed(f, left, 1)?;
                f.write_str(" or ")?;
                enclosed(f, right, 2)
            }
            Self::Not(inner) => {
                f.write_str("not ")?;
                enclosed(f, inner, 3)
            }
            Self::Word(word) => f.write_str(&plain_or_quoted(word)),
            Self::Text { field, pattern } => match field {
                Field::Attribute(attribute) => write!(f, "{}:{pattern}", attribute.word()),
                Field::Metric(name) | Field::Param(name) | Field::Name(name) => {
                    write!(f, "{name}:{pattern}")
                }
            },
            Self::Tag { key, value: None } => write!(f, "tag:{}", plain_or_quoted(key)),
            Self::Tag { key, value: Some(value) } => {
                write!(f, "tag:{}={value}", plain_or_quoted(key))
            }
            Self::Compare { field, op, value } => write!(f, "{field} {} {value}", op.sign()),
            Self::In { field, values } => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "{field} in [{}]", values.join(", "))
            }
            Self::Contains { field, text } => write!(f, "{field} contains {}", quoted(text, '"')),
            Self::Undefined(field) => write!(f, "{field} is undefined"),
            Self::Has(name) => write!(f, "has:{}", plain_or_quoted(name)),
        }
    }
}

/// Writes an operand, in parentheses where it binds less tightly than its place asks.
fn enclosed(f: &mut fmt::Formatter<'_>, expr: &Expr, place: u8) -> fmt::Result {
    let tightness = match expr {
        Expr::Or(..) => 1,
        Expr::And(..) => 2,
        _ => 3,
    };
    if tightness < place { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| {
            if is_plain(name) { name.to_string() } else { quoted(name, '`') }
        };
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.word()),
            Self::Metric(name) => write!(f, "metrics.{}", shown(name)),
            Self::Param(name) => write!(f, "params.{}", shown(name)),
            Self::Name(name) => {
                let is_taken = Attribute::parse(name).is_some()
                    || name.starts_with("metrics.")
                    || name.starts_with("params.");
                f.write_str(&if is_taken { quoted(name, '`') } else { shown(name) })
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) | Self::Part(text) => f.write_str(&plain_or_quoted(text)),
            Self::Glob(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{}", Value::Float(*number)),
            Self::Text(text) => f.write_str(&quoted(text, '"')),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::None => f.write_str("none"),
            Self::Ago(ms) => {
                let fits = |unit: &&(&str, i64)| ms % unit.1 == 0;
                let (unit, size) = UNITS.iter().find(fits).unwrap_or(&UNITS[5]);
                write!(f, "-{}{unit}", ms / size)
            }
            Self::Date(at) => f.write_str(&clock::iso(*at)),
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_char) && !is_keyword(text)
}

fn plain_or_quoted(text: &str) -> String {
    let has_wildcard = text.contains(['*', '?']);
    if is_plain(text) && !has_wildcard { text.into() } else { quoted(text, '"') }
}

fn quoted(text: &str, quote: char) -> String {
    let mut shown = String::from(quote);
    for c in text.chars() {
        if c == quote || c == '\\' {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown.push(quote);
    shown
}
