//! Reads the values of a filter: each field takes its own kind.

use super::parse::Parser;
use super::show::UNITS;
use super::{Field, FilterError, Kind, Literal, STALE};
use crate::domain::Status;
use crate::host::clock;
use crate::store::error::nearest;

impl Parser {
    /// A value as written, and whether it was quoted.
    pub(super) fn raw_value(&mut self) -> Result<(String, bool), FilterError> {
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            return Ok((self.quoted(quote)?, true));
        }
        let is_part =
            |c: char| !c.is_whitespace() && !matches!(c, '(' | ')' | '[' | ']' | ',' | '"' | '`');
        let text = self.take_while(is_part);
        if text.is_empty() {
            return Err(self.error("a value is missing", "for example 0.95, rbf or \"two words\""));
        }
        Ok((text, false))
    }

    pub(super) fn literal(&mut self, field: &Field) -> Result<Literal, FilterError> {
        self.skip_spaces();
        let at = self.at;
        let (text, is_quoted) = self.raw_value()?;
        let kind = match field {
            Field::Attribute(attribute) => attribute.kind(),
            Field::Metric(_) => Kind::Number,
            Field::Param(_) | Field::Name(_) if is_quoted => return Ok(Literal::Text(text)),
            Field::Param(_) | Field::Name(_) => return self.free_literal(text, at),
        };
        let found = match kind {
            Kind::Number => number(&text).map(Literal::Number),
            Kind::Seconds => {
                let ago = || duration(&text).map(|ms| ms as f64 / 1000.0);
                number(&text).or_else(ago).map(Literal::Number)
            }
            Kind::Text | Kind::Prose => return Ok(Literal::Text(text)),
            Kind::Status => return self.status(&text, at).map(Literal::Text),
            Kind::Hash => hash(&text).map(Literal::Text),
            Kind::Time => text
                .strip_prefix('-')
                .and_then(duration)
                .map(Literal::Ago)
                .or_else(|| clock::parse_iso(&text).map(Literal::Date)),
            Kind::Flag => text.parse().ok().map(Literal::Bool),
        };
        let mend = match kind {
            Kind::Seconds => "write seconds, or a length of time such as 90s, 5m or 2h",
            Kind::Hash => "write its first hexadecimal digits",
            Kind::Time => {
                "write a date such as 2026-01-31 or 2026-01-31T12:00, or a time ago such as -6h"
            }
            Kind::Flag => "write true or false",
            _ => "write a number",
        };
        found.ok_or_else(|| self.error_at(at, format!("'{text}' does not go with '{field}'"), mend))
    }

    /// A value whose type the run decides.
    fn free_literal(&self, text: String, at: usize) -> Result<Literal, FilterError> {
        if text.eq_ignore_ascii_case("nan") {
            let mend = "write `is undefined` for a metric, or \"nan\" for the text";
            return Err(self.error_at(at, "nothing compares with nan", mend));
        }
        Ok(match text.as_str() {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "none" => Literal::None,
            _ => number(&text).map_or(Literal::Text(text), Literal::Number),
        })
    }

    fn status(&self, text: &str, at: usize) -> Result<String, FilterError> {
        let lower = text.to_ascii_lowercase();
        if Status::parse(&lower).is_some() || lower == STALE {
            return Ok(lower);
        }
        let mut words = Status::ALL.map(Status::word).to_vec();
        words.push(STALE);
        let near = nearest(text, words.iter().copied());
        let near =
            if near.is_empty() { String::new() } else { format!("did you mean {}? ", near[0]) };
        let mend = format!("{near}one of {}", words.join(", "));
        Err(self.error_at(at, format!("'{text}' is no status"), mend))
    }
}

/// Numbers as people write them; `inf` too, but neither NaN nor words that only happen to parse.
fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['+', '-']);
    let is_number = digits == "inf" || digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if is_number { text.parse().ok() } else { None }
}

/// `90s`, `5m`, `2h`, `1d`, `1w` in milliseconds.
fn duration(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let count: i64 = count.parse().ok()?;
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    count.checked_mul(*size)
}

fn hash(text: &str) -> Option<String> {
    let hex = text.strip_prefix("b3:").unwrap_or(text).to_ascii_lowercase();
    let is_hash = !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    is_hash.then_some(hex)
}
