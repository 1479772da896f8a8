//! Numbers, times and counts as people write them.

use crate::domain::format_number;
pub(super) use crate::report::words::{
    count, duration, measured_to as measured, params, plural, value as value_text,
};

/// How long ago, in one unit: `12s`, `4m`, `3h`, `2d`.
pub(super) fn age(ms: i64) -> String {
    let seconds = (ms / 1000).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Bytes in a unit: `512 B`, `3.1 MB`.
pub(super) fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{} kB", format_number(n as f64 / 1e3, 3)),
        1_000_000..1_000_000_000 => format!("{} MB", format_number(n as f64 / 1e6, 3)),
        _ => format!("{} GB", format_number(n as f64 / 1e9, 3)),
    }
}

/// The name of a signal that people know by name; the numbers are the same on every Unix.
pub(super) fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}

/// The known word that a misspelt one most likely means.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    let slips = |other: &str| strsim::damerau_levenshtein(&lower, &other.to_lowercase());
    let near = known.into_iter().map(|other| (slips(other), other));
    near.filter(|(slips, _)| *slips <= allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_use_the_unit_of_a_person() {
        let check = |seconds: f64, text: &str| assert_eq!(duration(seconds), text);
        check(0.000_012, "12 µs");
        check(0.0214, "21 ms");
        check(4.94, "4.9 s");
        check(59.0, "59 s");
        check(192.0, "3m12s");
        check(7_500.0, "2h05m");
        check(90_000.0, "1d01h");
    }

    #[test]
    fn counts_and_ages() {
        assert_eq!(count(12_406), "12,406");
        assert_eq!(count(999), "999");
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(plural(1_200, "row"), "1,200 rows");
        assert_eq!(age(61_000), "1m");
        assert_eq!(bytes(3_140_000), "3.14 MB");
    }
}
