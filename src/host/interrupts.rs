//! Ctrl-C and kin as counters that a loop polls.

use nix::sys::signal::SigSet;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How often the user asked for an end, shared by all its clones.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    count: Arc<AtomicUsize>,
    terminated: Arc<AtomicBool>,
}

impl Interrupts {
    /// Counters that no signal moves, for tests and embedding.
    pub fn none() -> Self {
        Self::default()
    }

    /// How many SIGINT, SIGTERM and SIGHUP have come.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// True if one of them was SIGTERM or SIGHUP: exit with 143 instead of 130.
    pub fn terminated(&self) -> bool {
        self.terminated.load(Ordering::Acquire)
    }

    /// Counts one more, as if a signal had come; `terminate` for SIGTERM.
    pub fn raise(&self, terminate: bool) {
        if terminate {
            self.terminated.store(true, Ordering::Release);
        }
        self.count.fetch_add(1, Ordering::AcqRel);
    }
}

/// Takes SIGINT, SIGTERM and SIGHUP over for the rest of the process. A SIGHUP that was ignored at the
/// start stays ignored, or `nohup` would be in vain.
///
/// # Errors
/// When the system refuses the handlers or the thread that counts.
pub fn install() -> io::Result<Interrupts> {
    let mut wanted = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    let mut signals = Signals::new(wanted)?;
    let interrupts = Interrupts::default();
    let counted = interrupts.clone();
    let body = move || {
        for signal in signals.forever() {
            counted.raise(signal != SIGINT);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(interrupts)
}

/// Keeps every signal that can be kept from the calling thread, from now on; in a process with one thread
/// none comes any more.
pub(super) fn block_signals() {
    // Fails only for a wrong argument, and this one is right.
    let _ = SigSet::all().thread_block();
}

/// Reads the mask of ignored signals from `/proc/self/status` (proc(5)).
/// What the system asks of a program that holds the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To stop until it is told to go on.
    ToStop,
    /// To end; the number of the signal.
    ToEnd(i32),
}

/// Hands SIGTSTP, SIGINT, SIGTERM and SIGHUP to `heard` for the rest of the process, on a thread of its own. The second
/// signal to end is the system's: it ends a program that does not listen any more.
///
/// # Errors
/// When the system refuses the handlers or the thread.
pub fn on_signals(heard: impl Fn(Asked) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP])?;
    let body = move || {
        let mut has_ended = false;
        for signal in signals.forever() {
            if signal == SIGTSTP {
                heard(Asked::ToStop);
            } else if has_ended {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            } else {
                has_ended = true;
                heard(Asked::ToEnd(signal));
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(())
}

/// The number of the signal that says that a terminal is gone.
pub const HANGUP: i32 = SIGHUP;

/// Stops this process until SIGCONT.
///
/// # Errors
/// When the system refuses.
pub fn stop_self() -> io::Result<()> {
    signal_hook::low_level::raise(signal_hook::consts::SIGSTOP)
}

fn is_ignored(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::{Signal, raise};
    use std::time::{Duration, Instant};

    #[test]
    fn signals_are_counted() {
        let interrupts = install().unwrap();
        let wait_for = |count: usize| {
            let end = Instant::now() + Duration::from_secs(10);
            while interrupts.count() < count && Instant::now() < end {
                std::thread::yield_now();
            }
            interrupts.count()
        };
        raise(Signal::SIGINT).unwrap();
        assert_eq!(wait_for(1), 1);
        assert!(!interrupts.terminated());
        raise(Signal::SIGTERM).unwrap();
        assert_eq!(wait_for(2), 2);
        assert!(interrupts.terminated());
    }
}
