//! Dates and times as texts spell them, turned into seconds since 1970 UTC.

use serde::{Deserialize, Serialize};

/// How a column spells its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// `2024-02-29`, with or without a time and a zone.
    Iso,
    /// `2/29/2024`, with or without a time.
    MonthFirst,
    /// `29/2/2024`, with or without a time.
    DayFirst,
}

/// The one style in which every text is a date; none if no style fits, or two do and differ.
pub(super) fn style_of(levels: &[String]) -> Option<DateStyle> {
    let first = levels.first()?;
    if parse(first, DateStyle::Iso).is_some() {
        return all_parse(levels, DateStyle::Iso).then_some(DateStyle::Iso);
    }
    let month_first = all_parse(levels, DateStyle::MonthFirst);
    let day_first = all_parse(levels, DateStyle::DayFirst);
    match (month_first, day_first) {
        (true, false) => Some(DateStyle::MonthFirst),
        (false, true) => Some(DateStyle::DayFirst),
        _ => None,
    }
}

/// True if every text is a date with the month first and with the day first.
pub(super) fn is_ambiguous(levels: &[String]) -> bool {
    all_parse(levels, DateStyle::MonthFirst) && all_parse(levels, DateStyle::DayFirst)
}

fn all_parse(levels: &[String], style: DateStyle) -> bool {
    levels.iter().all(|level| parse(level, style).is_some())
}

/// Seconds since 1970 UTC; a text without a zone is taken as UTC.
pub(super) fn parse(text: &str, style: DateStyle) -> Option<f64> {
    let bytes = text.as_bytes();
    let ((year, month, day), rest) = match style {
        DateStyle::Iso => iso_date(bytes)?,
        DateStyle::MonthFirst => slash_date(bytes).map(|((a, b, y), rest)| ((y, a, b), rest))?,
        DateStyle::DayFirst => slash_date(bytes).map(|((a, b, y), rest)| ((y, b, a), rest))?,
    };
    let days = days_from_civil(year, month, day)?;
    Some(days as f64 * 86_400.0 + time_of_day(rest)?)
}

type Numbers = (i64, i64, i64);

/// `YYYY-MM-DD` or `YYYY/MM/DD`.
fn iso_date(bytes: &[u8]) -> Option<(Numbers, &[u8])> {
    let (year, rest) = digits(bytes, 4, 4)?;
    let separator = *rest.first().filter(|&&b| b == b'-' || b == b'/')?;
    let (month, rest) = digits(&rest[1..], 1, 2)?;
    let rest = rest.strip_prefix(&[separator])?;
    let (day, rest) = digits(rest, 1, 2)?;
    Some(((year, month, day), rest))
}

/// `a/b/YYYY`.
fn slash_date(bytes: &[u8]) -> Option<(Numbers, &[u8])> {
    let (a, rest) = digits(bytes, 1, 2)?;
    let (b, rest) = digits(rest.strip_prefix(b"/")?, 1, 2)?;
    let (year, rest) = digits(rest.strip_prefix(b"/")?, 4, 4)?;
    Some(((a, b, year), rest))
}

/// Seconds of `[T or space]H:MM[:SS[.f]][ AM|PM][Z|±HH[:]MM]`; nothing at all is midnight.
fn time_of_day(bytes: &[u8]) -> Option<f64> {
    if bytes.is_empty() {
        return Some(0.0);
    }
    let rest = bytes.strip_prefix(b"T").or_else(|| bytes.strip_prefix(b" "))?;
    let (hour, rest) = digits(rest, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    let (second, rest) = seconds(rest)?;
    let (hour, rest) = half_of_day(hour, rest)?;
    let offset = zone(rest)?;
    let valid = hour < 24 && minute < 60 && second < 61.0;
    valid.then(|| (hour * 3600 + minute * 60 - offset) as f64 + second)
}

/// Optional `:SS` with an optional fraction after a point or comma.
fn seconds(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let Some(rest) = bytes.strip_prefix(b":") else { return Some((0.0, bytes)) };
    let (whole, rest) = digits(rest, 2, 2)?;
    let Some(fraction) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) else {
        return Some((whole as f64, rest));
    };
    let n = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = std::str::from_utf8(&fraction[..n]).ok()?;
    let part: f64 = format!("0.{text}").parse().ok()?;
    (n > 0).then_some((whole as f64 + part, &fraction[n..]))
}

fn half_of_day(hour: i64, bytes: &[u8]) -> Option<(i64, &[u8])> {
    let rest = bytes.strip_prefix(b" ").unwrap_or(bytes);
    let Some((half, after)) = rest.split_at_checked(2) else { return Some((hour, bytes)) };
    let is_pm = half.eq_ignore_ascii_case(b"PM");
    if !is_pm && !half.eq_ignore_ascii_case(b"AM") {
        return Some((hour, bytes));
    }
    (1..=12).contains(&hour).then_some((hour % 12 + if is_pm { 12 } else { 0 }, after))
}

/// Seconds east of UTC.
fn zone(bytes: &[u8]) -> Option<i64> {
    let rest = bytes.strip_prefix(b" ").unwrap_or(bytes);
    let (sign, rest) = match rest {
        b"" if bytes.is_empty() => return Some(0),
        b"Z" | b"z" | b"UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = if let Some((both, b"")) = digits(rest, 4, 4) {
        (both / 100, both % 100)
    } else {
        let (hours, rest) = digits(rest, 2, 2)?;
        match rest.strip_prefix(b":") {
            Some(rest) => (hours, digits(rest, 2, 2).filter(|d| d.1.is_empty())?.0),
            None if rest.is_empty() => (hours, 0),
            None => return None,
        }
    };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of `least..=most` digits; a longer run of digits is refused.
fn digits(bytes: &[u8], least: usize, most: usize) -> Option<(i64, &[u8])> {
    let n = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if n < least || n > most {
        return None;
    }
    let value = bytes[..n].iter().fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    Some((value, &bytes[n..]))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_become_seconds() {
        let check = |text: &str, style, expect| assert_eq!(parse(text, style), expect, "{text}");
        check("1970-01-01", DateStyle::Iso, Some(0.0));
        check("2024-02-29", DateStyle::Iso, Some(1_709_164_800.0));
        check("1900-02-29", DateStyle::Iso, None);
        check("2013-01-01T06:00:00Z", DateStyle::Iso, Some(1_357_020_000.0));
        check("2013-01-01 06:00:00+01:00", DateStyle::Iso, Some(1_357_016_400.0));
        check("2013-01-01T06:00:00.25-0530", DateStyle::Iso, Some(1_357_039_800.25));
        check("2013-01-01T24:00", DateStyle::Iso, None);
        check("1969-12-31T23:59:59", DateStyle::Iso, Some(-1.0));
        check("12/31/1969 11:59 PM", DateStyle::MonthFirst, Some(-60.0));
        check("31/12/1969 0:00:30", DateStyle::DayFirst, Some(-86_370.0));
        check("2013-01-01 ", DateStyle::Iso, None);
        check("2013-01-011", DateStyle::Iso, None);
        check("20130101", DateStyle::Iso, None);
    }

    #[test]
    fn slashes_need_a_day_above_twelve_somewhere() {
        let style =
            |texts: &[&str]| style_of(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(style(&["1/2/2020", "1/13/2020"]), Some(DateStyle::MonthFirst));
        assert_eq!(style(&["1/2/2020", "13/1/2020"]), Some(DateStyle::DayFirst));
        assert_eq!(style(&["1/2/2020", "3/4/2020"]), None);
        assert_eq!(style(&["13/1/2020", "1/13/2020"]), None);
        assert_eq!(style(&["2020-01-01", "soon"]), None);
    }
}
