//! How a run has ended, in one line.

use crate::domain::{Outcome, Summary};
use crate::executor::{Control, Exit};
use std::io;
use std::time::Duration;

/// The exit status by which a script says that the machine failed: `EX_TEMPFAIL` of sysexits.h.
const TRY_AGAIN: i32 = 75;
const KILL: i32 = 9;
/// Signals that nobody sends to himself: HUP, INT, QUIT, KILL, TERM.
const FROM_OUTSIDE: [i32; 5] = [1, 2, 3, KILL, 15];
/// Characters of a line of output that a reason shows.
const SHOWN: usize = 200;

/// Why derby has stopped a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::executor) enum Halt {
    /// The trial's controls said so.
    Control,
    /// It said nothing for so long.
    Silence(Duration),
}

/// What is known of a run at its end.
pub(super) struct Facts<'a> {
    /// How its process ended.
    pub(super) exit: Exit,
    /// Why it was stopped, if it was.
    pub(super) halt: Option<Halt>,
    /// True if the exit status is a metric and no failure.
    pub(super) status_is_metric: bool,
    /// What must have been measured.
    pub(super) objectives: &'a [String],
    /// What was measured.
    pub(super) summaries: &'a [(String, Summary)],
    /// Lines of output.
    pub(super) n_lines: u64,
    /// The last line of stderr that is not blank.
    pub(super) last_error: &'a [u8],
    /// The last line of output that is not blank.
    pub(super) last_line: &'a [u8],
    /// Why a file of metrics could not be read.
    pub(super) unreadable: Option<&'a io::Error>,
}

/// How the run ended, and whether the machine is to blame.
pub(super) fn outcome(facts: &Facts<'_>, control: &Control) -> (Outcome, bool) {
    match facts.halt {
        Some(Halt::Control) => return (control.stopped_outcome(), false),
        Some(Halt::Silence(limit)) => {
            return failed(format!("no output for {} (silence)", duration(limit)));
        }
        None => {}
    }
    match facts.exit {
        Exit::Signal(signal) => return killed(signal),
        Exit::Code(status) if status != 0 && !facts.status_is_metric => {
            let line = if facts.last_error.is_empty() { facts.last_line } else { facts.last_error };
            return by_status(status, line);
        }
        Exit::Code(_) => {}
    }
    for objective in facts.objectives {
        match facts.summaries.iter().find(|(name, _)| name == objective) {
            None => return failed(missing(objective, facts)),
            Some((_, summary)) if !summary.score.is_finite() => {
                return failed(format!("{objective} is {}", summary.score));
            }
            Some(_) => {}
        }
    }
    (Outcome::Done, false)
}

fn failure(reason: String) -> Outcome {
    Outcome::Failed { reason }
}

fn failed(reason: String) -> (Outcome, bool) {
    (failure(reason), false)
}

/// Of a process that a signal ended which derby did not send.
pub(in crate::executor) fn killed(signal: i32) -> (Outcome, bool) {
    let name = signal_name(signal);
    let is_outside = FROM_OUTSIDE.contains(&signal);
    let note = match signal {
        KILL => " from outside (out of memory?)",
        _ if is_outside => " from outside",
        _ => "",
    };
    (failure(format!("killed by {name}{note}")), is_outside)
}

/// Of a process that failed by itself; `line` is the last that it said.
pub(in crate::executor) fn by_status(status: i32, line: &[u8]) -> (Outcome, bool) {
    // A shell says so of a program that was killed.
    let note = match status - 128 {
        signal @ 1..=31 => format!(" (128 + {signal}: {}?)", signal_name(signal)),
        _ => String::new(),
    };
    let reason = match shown(line) {
        line if line.is_empty() => format!("exit status {status}{note}"),
        line => format!("exit status {status}{note}: {line}"),
    };
    (failure(reason), status == TRY_AGAIN)
}

fn missing(objective: &str, facts: &Facts<'_>) -> String {
    let names: Vec<&str> = facts.summaries.iter().map(|(name, _)| name.as_str()).collect();
    let seen = if names.is_empty() { "none".into() } else { names.join(", ") };
    let output = match (facts.n_lines, shown(facts.last_line)) {
        (0, _) => "no output".into(),
        (1, line) => format!("1 line of output: '{line}'"),
        (n, line) => format!("{n} lines of output, the last: '{line}'"),
    };
    let file = facts.unreadable.map(|error| format!("; a file of metrics cannot be read: {error}"));
    let file = file.unwrap_or_default();
    format!("{objective} never came; metrics seen: {seen}; {output}{file}")
}

/// A line of output fit for a reason: text without control characters, cut where it is long.
pub(in crate::executor) fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut chars = text.trim().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A duration as the sweep file writes it: `10m`, `1h 30m`, `1.5s`.
fn duration(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    if seconds < 60.0 || span.subsec_nanos() > 0 {
        return format!("{seconds}s");
    }
    let whole = span.as_secs();
    let parts = [(whole / 3600, 'h'), (whole / 60 % 60, 'm'), (whole % 60, 's')];
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

/// The name of a signal; its number where systems disagree on it.
fn signal_name(signal: i32) -> String {
    let linux = cfg!(target_os = "linux");
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 if linux => "SIGBUS",
        8 => "SIGFPE",
        KILL => "SIGKILL",
        10 if linux => "SIGUSR1",
        10 => "SIGBUS",
        11 => "SIGSEGV",
        12 if linux => "SIGUSR2",
        12 => "SIGSYS",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 if linux => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RunningSummary, SummaryKind};

    fn summary(values: &[f64]) -> Summary {
        let mut running = RunningSummary::default();
        for (step, value) in values.iter().enumerate() {
            running.push(step as i64, 0, *value);
        }
        running.summary(SummaryKind::Last)
    }

    fn facts<'a>(
        exit: Exit,
        summaries: &'a [(String, Summary)],
        objectives: &'a [String],
    ) -> Facts<'a> {
        Facts {
            exit,
            halt: None,
            status_is_metric: false,
            objectives,
            summaries,
            n_lines: 3,
            last_error: b"ValueError: bad\x1b[0m lr",
            last_line: b"  epoch 3  ",
            unreadable: None,
        }
    }

    #[test]
    fn reasons_say_what_happened() {
        let objectives = ["loss".to_string()];
        let check = |exit: Exit, values: &[f64], reason: Option<&str>, is_infrastructure: bool| {
            let seen =
                [("loss".to_string(), summary(values)), ("acc".to_string(), summary(&[1.0]))];
            let summaries = if values.is_empty() { &seen[1..] } else { &seen[..] };
            let ended = outcome(&facts(exit, summaries, &objectives), &Control::free());
            assert_eq!((ended.0.reason(), ended.1), (reason, is_infrastructure));
        };
        check(Exit::Code(0), &[0.5], None, false);
        check(Exit::Code(3), &[0.5], Some("exit status 3: ValueError: bad\u{fffd}[0m lr"), false);
        check(Exit::Code(75), &[], Some("exit status 75: ValueError: bad\u{fffd}[0m lr"), true);
        let shell = "exit status 137 (128 + 9: SIGKILL?): ValueError: bad\u{fffd}[0m lr";
        check(Exit::Code(137), &[], Some(shell), false);
        check(Exit::Signal(11), &[0.5], Some("killed by SIGSEGV"), false);
        check(Exit::Signal(9), &[], Some("killed by SIGKILL from outside (out of memory?)"), true);
        check(Exit::Signal(15), &[], Some("killed by SIGTERM from outside"), true);
        check(Exit::Code(0), &[0.5, f64::NAN], Some("loss is NaN"), false);
        check(Exit::Code(0), &[f64::INFINITY], Some("loss is inf"), false);
        let never = "loss never came; metrics seen: acc; 3 lines of output, the last: 'epoch 3'";
        check(Exit::Code(0), &[], Some(never), false);
    }

    #[test]
    fn durations_read_as_written() {
        let check = |seconds: f64, text: &str| {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), text);
        };
        check(600.0, "10m");
        check(5400.0, "1h 30m");
        check(1.5, "1.5s");
        check(45.0, "45s");
        check(61.0, "1m 1s");
    }

    #[test]
    fn long_lines_are_cut() {
        assert_eq!(shown(&[b'a'; 500]).chars().count(), SHOWN + 1);
    }
}
