//! Cores and memory that a sweep may plan with.

use std::fs;
use std::thread::available_parallelism;

/// Cores that this process may use, limits of a container included; 1 where nothing is known.
pub fn n_cores() -> usize {
    available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Memory that is free for new work, in MB (10^6 bytes): what the kernel calls available, or what is
/// left under the limit of the control group if that is less. 4,000 where nothing is known.
pub fn free_memory_mb() -> u64 {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_available(&text));
    let left = || {
        let limit = read_number("/sys/fs/cgroup/memory.max")?;
        Some(limit.saturating_sub(read_number("/sys/fs/cgroup/memory.current")?))
    };
    let bytes = match (available, left()) {
        (Some(a), Some(b)) => a.min(b),
        (a, b) => a.or(b).unwrap_or(4_000_000_000),
    };
    (bytes / 1_000_000).max(1)
}

fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn read_number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_says() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   20000000 kB\n";
        assert_eq!(mem_available(text), Some(20_480_000_000));
        assert_eq!(mem_available("nothing"), None);
        assert!(free_memory_mb() > 0 && n_cores() > 0);
    }
}
