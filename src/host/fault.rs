//! Fault points: where a test lets the process die as kill -9 would, at an exact place and count.
//!
//! `DERBY_FAULT=recorded:17` kills the process when the point `recorded` is passed for the 17th time.
//! With `recorded:17!` it panics there, as a defect would. Without the variable a point costs one load.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

struct Fault {
    point: String,
    count: u64,
    panics: bool,
    passed: AtomicU64,
}

/// Passes a fault point.
pub fn fault(point: &str) {
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    let Some(fault) = FAULT.get_or_init(|| parse(&std::env::var("DERBY_FAULT").ok()?)) else {
        return;
    };
    if fault.point == point && fault.passed.fetch_add(1, Ordering::AcqRel) + 1 == fault.count {
        assert!(!fault.panics, "the fault point '{point}' was passed");
        // Nothing after this line runs: the signal cannot be caught.
        let _ = kill(Pid::this(), Signal::SIGKILL);
    }
}

fn parse(text: &str) -> Option<Fault> {
    let (point, count) = text.split_once(':')?;
    let panics = count.ends_with('!');
    let count = count.trim_end_matches('!').parse().ok()?;
    Some(Fault { point: point.to_string(), count, panics, passed: AtomicU64::new(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_point_and_count() {
        let fault = parse("recorded:17").unwrap();
        assert_eq!((fault.point.as_str(), fault.count), ("recorded", 17));
        assert!(!fault.panics && parse("frame:2!").unwrap().panics);
        assert!(parse("recorded").is_none() && parse("recorded:x").is_none());
    }
}
