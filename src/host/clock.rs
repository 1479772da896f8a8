//! The wall clock, which `DERBY_NOW` holds still or lets tick in steps, and stopwatches.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// The environment variable that replaces the clock: `MS` or an ISO date and time, and `+STEP` behind it
/// for a clock that moves by `STEP` milliseconds at each reading.
pub const VARIABLE: &str = "DERBY_NOW";

static FAKE: OnceLock<Option<Fake>> = OnceLock::new();

struct Fake {
    next: AtomicI64,
    step: i64,
}

/// Milliseconds since 1970 UTC.
pub fn now_ms() -> i64 {
    match FAKE.get_or_init(|| std::env::var(VARIABLE).ok().and_then(|text| fake(&text).ok())) {
        Some(fake) => fake.next.fetch_add(fake.step, Ordering::Relaxed),
        None => real_now_ms(),
    }
}

/// Milliseconds since 1970 UTC by the machine's own clock, whatever `DERBY_NOW` says: for comparisons
/// with the times of files.
pub fn real_now_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
    let now = SystemTime::now();
    system_ms(now)
}

/// A file's time as milliseconds since 1970 UTC.
pub fn system_ms(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_millis() as i64,
        Err(before) => -(before.duration().as_millis() as i64),
    }
}

/// Says what is wrong with the value of `DERBY_NOW`, which [`now_ms`] then ignores.
///
/// # Errors
/// When the variable is set to something that is no time.
pub fn check() -> Result<(), String> {
    match std::env::var(VARIABLE) {
        Ok(text) => fake(&text).map(|_| ()),
        Err(_) => Ok(()),
    }
}

fn fake(text: &str) -> Result<Fake, String> {
    let wrong = || {
        format!(
            "'{text}' in {VARIABLE} is no time; write milliseconds since 1970 or 2026-01-31T12:00:00Z, \
             and +STEP behind it for a clock that ticks"
        )
    };
    let whole = parse_instant(text).map(|at| (at, 0));
    let (at, step) = match (whole, text.rsplit_once('+')) {
        (Some(found), _) => found,
        (None, Some((at, step))) => {
            let step = step.parse().map_err(|_| wrong())?;
            (parse_instant(at).ok_or_else(wrong)?, step)
        }
        (None, None) => return Err(wrong()),
    };
    Ok(Fake { next: AtomicI64::new(at), step })
}

fn parse_instant(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| parse_iso(text))
}

/// Reads `2026-01-31`, `2026-01-31T12:00`, `…:00:00` and RFC 3339; without an offset it is UTC.
pub fn parse_iso(text: &str) -> Option<i64> {
    let ms = |at: OffsetDateTime| (at.unix_timestamp_nanos() / 1_000_000) as i64;
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(ms(at));
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let minutes = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let day = format_description!("[year]-[month]-[day]");
    PrimitiveDateTime::parse(text, seconds)
        .or_else(|_| PrimitiveDateTime::parse(text, minutes))
        .or_else(|_| Date::parse(text, day).map(Date::midnight))
        .ok()
        .map(|at| ms(at.assume_utc()))
}

/// Milliseconds since 1970 UTC as `2026-01-31T12:00:00Z`, with milliseconds where there are any.
pub fn iso(at: i64) -> String {
    let Ok(time) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000) else {
        return at.to_string(); // beyond the year 9999
    };
    let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let text = time.format(seconds).unwrap_or_else(|_| at.to_string());
    match at.rem_euclid(1000) {
        0 => format!("{text}Z"),
        ms => format!("{text}.{ms:03}Z"),
    }
}

/// Measures wall time on the monotonic clock, which no one sets back.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        let check = |text: &str, ms: Option<i64>| assert_eq!(parse_iso(text), ms, "{text}");
        check("1970-01-02", Some(86_400_000));
        check("1970-01-01T00:01", Some(60_000));
        check("1970-01-01T00:00:01Z", Some(1000));
        check("1970-01-01T01:00:00.5+01:00", Some(500));
        check("yesterday", None);
        check("2026-13-01", None);
    }

    #[test]
    fn iso_reads_back() {
        for at in [0, 1_767_182_400_123, -5, 1_000] {
            assert_eq!(parse_iso(&iso(at)), Some(at), "{}", iso(at));
        }
    }

    #[test]
    fn fakes_stand_or_tick() {
        let check = |text: &str, first: i64, second: i64| {
            let fake = fake(text).unwrap();
            let read = || fake.next.fetch_add(fake.step, Ordering::Relaxed);
            assert_eq!((read(), read()), (first, second), "{text}");
        };
        check("1000", 1000, 1000);
        check("1000+5", 1000, 1005);
        check("1970-01-01T00:00:01Z+1000", 1000, 2000);
        check("1970-01-01T01:00:01+01:00", 1000, 1000);
        assert!(fake("soon").is_err_and(|text| text.contains("'soon'")));
    }
}
