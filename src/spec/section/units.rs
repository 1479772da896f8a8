//! Times and sizes with units: `1h30m`, `90s`, `2GB`.

use std::time::Duration;

/// Reads a time; `None` if it is malformed, zero or too long.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    for (number, unit) in parts(text)? {
        seconds += number
            * match unit {
                "ms" => 1e-3,
                "s" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
    }
    (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}

/// Reads a size in MB (10^6 bytes), rounded down; at least one.
pub(super) fn megabytes(text: &str) -> Option<u64> {
    bytes(text).map(|bytes| bytes / 1_000_000).filter(|&mb| mb > 0)
}

/// Reads a size in bytes, rounded down.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let parts = parts(text)?;
    let [(number, unit)] = parts.as_slice() else { return None };
    let factor = match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return None,
    };
    let size = number * factor;
    (1.0..1e18).contains(&size).then_some(size as u64)
}

/// Numbers and the units behind them; at least one pair.
fn parts(text: &str) -> Option<Vec<(f64, &str)>> {
    let mut rest = text.trim();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number = rest[..digits].parse().ok()?;
        let after = rest[digits..].trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        parts.push((number, &after[..end]));
        rest = after[end..].trim_start();
    }
    (!parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, seconds: Option<f64>| {
            assert_eq!(duration(text).map(|time| time.as_secs_f64()), seconds, "{text}");
        };
        check("10m", Some(600.0));
        check("1h30m", Some(5400.0));
        check("1 h 30 m", Some(5400.0));
        check("1.5h", Some(5400.0));
        check("250ms", Some(0.25));
        check("2d", Some(172_800.0));
        for bad in
            ["", "10", "m", "-5s", "5x", "0s", "1h30", "1e3s", "1..2s", "99999999999999999999d"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn sizes_in_bytes() {
        let check = |text: &str, size: Option<u64>| assert_eq!(bytes(text), size, "{text}");
        check("64MB", Some(64_000_000));
        check("1.5 KiB", Some(1536));
        check("300b", Some(300));
        for bad in ["", "64", "0MB", "-1MB", "1MB2KB", "1 apple"] {
            check(bad, None);
        }
    }

    #[test]
    fn sizes() {
        let check = |text: &str, mb: Option<u64>| assert_eq!(megabytes(text), mb, "{text}");
        check("2GB", Some(2000));
        check("1.5 gb", Some(1500));
        check("1GiB", Some(1073));
        check("512MB", Some(512));
        for bad in ["", "2", "2 apples", "0.5MB", "1GB2MB", "-1GB"] {
            check(bad, None);
        }
    }
}
