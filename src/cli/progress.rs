//! The progress of a sweep: one line that redraws on a terminal, plain lines elsewhere.

use super::out::{Out, Role, cut, error_width, safe};
use super::text::params as short;
use crate::domain::{Outcome, format_number};
use crate::spec::Sweep;
use crate::sweep::{Ahead, Event, Observer, Pace, Progress};
use std::time::{Duration, Instant};

/// A redrawn line changes at most this often; a plain line comes at most every ten seconds.
const FRAME: Duration = Duration::from_millis(80);
const PLAIN: Duration = Duration::from_secs(10);
/// Failures that are said while the sweep runs; the rest is counted and summed up at the end.
const SAID_FAILURES: u64 = 3;
/// Cells of the bar.
const BAR: usize = 28;

/// Watches a sweep for a person.
pub(super) struct ProgressLine<'a> {
    out: &'a Out,
    name: String,
    total: Option<u64>,
    /// The size of a space that will be tried as a whole.
    size: Option<u64>,
    time: Option<Duration>,
    redraws: bool,
    quiet: bool,
    started: Instant,
    /// What has ended, by the seconds in which something was at work.
    pace: Pace,
    active: f64,
    seen: Instant,
    running: usize,
    last: Option<Instant>,
    said_failures: u64,
    is_drawn: bool,
}

impl<'a> ProgressLine<'a> {
    /// A line for this sweep. `known_total` is the size of a space that will be tried as a whole.
    pub(super) fn new(out: &'a Out, sweep: &Sweep, known_total: Option<u64>, quiet: bool) -> Self {
        Self {
            out,
            name: sweep.name.clone(),
            total: nearer(sweep.budget.trials, known_total),
            size: known_total,
            time: sweep.budget.time,
            redraws: out.can_redraw() && !quiet,
            quiet,
            started: Instant::now(),
            pace: Pace::since(0.0),
            active: 0.0,
            seen: Instant::now(),
            running: 0,
            last: None,
            said_failures: 0,
            is_drawn: false,
        }
    }

    fn text(&self, progress: &Progress, bar: bool) -> String {
        let finished = progress.counts.finished();
        let mut parts = Vec::new();
        match self.total {
            Some(total) if bar => {
                parts.push(format!("{} {finished}/{total}", draw_bar(finished, total)));
            }
            Some(total) => parts.push(format!("{}  {finished}/{total}", safe(&self.name))),
            None => parts.push(format!("{}  {finished} trials", safe(&self.name))),
        }
        parts.extend(self.pace.rate(self.active).map(pace));
        // What a narrow terminal cuts off is what tells the least.
        if let Some(eta) = self.eta(finished) {
            parts.push(format!("eta {}", super::text::duration(eta)));
        }
        if let Some(best) = progress.best.first() {
            let model = best.params.get("model").map(|model| safe(&format!(" {model}")));
            let model = model.unwrap_or_default();
            let score = format_number(best.score, 4);
            parts.push(format!("best {score} at #{}{model}", best.trial));
        }
        parts.push(format!("{} failed", progress.counts.failed));
        if progress.counts.pruned > 0 {
            parts.push(format!("{} pruned", progress.counts.pruned));
        }
        if progress.counts.infeasible > 0 {
            parts.push(format!("{} infeasible", progress.counts.infeasible));
        }
        if progress.counts.duplicates > 0 {
            parts.push(format!("{} equal skipped", progress.counts.duplicates));
        }
        format!(" {}", parts.join("   "))
    }

    /// Seconds to the nearer of the two ends, trials and time.
    fn eta(&self, finished: u64) -> Option<f64> {
        let by_trials = self.total.and_then(|total| {
            let runs = total.saturating_sub(finished);
            let ahead = Ahead { runs, slots: self.running.max(1), running: &[] };
            self.pace.eta(ahead, self.active).filter(|_| self.running > 0)
        });
        let by_time = self.time.map(|limit| (limit.as_secs_f64() - self.active).max(0.0));
        match (by_trials, by_time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Lets time pass: it counts while something is at work.
    fn pass(&mut self, event: &Event<'_>, running: usize) {
        let now = Instant::now();
        if self.running > 0 {
            self.active += (now - self.seen).as_secs_f64();
        }
        self.seen = now;
        let has_ended = matches!(event, Event::Finished { .. });
        if has_ended {
            self.pace.end(self.active, None);
        }
        // The place of what has just ended is filled next.
        self.running = running + usize::from(has_ended);
    }

    fn show(&mut self, progress: &Progress) {
        let wait = if self.redraws { FRAME } else { PLAIN };
        let since = self.last.unwrap_or(self.started);
        if self.quiet || (since.elapsed() < wait && (self.last.is_some() || !self.redraws)) {
            return;
        }
        self.last = Some(Instant::now());
        if self.redraws {
            let line = self.text(progress, true);
            self.out.redraw(&cut(&line, error_width().saturating_sub(1)));
            self.is_drawn = true;
        } else {
            self.out.note(&self.text(progress, false));
        }
    }

    /// Says a line of its own, above the redrawn one.
    fn say(&mut self, role: Role, text: &str) {
        self.clear();
        self.out.note(&self.out.paint_error(role, text));
    }

    /// Takes the redrawn line away.
    pub(super) fn clear(&mut self) {
        if self.is_drawn {
            self.out.redraw("");
            self.is_drawn = false;
        }
    }
}

impl Observer for ProgressLine<'_> {
    fn event(&mut self, event: &Event<'_>, progress: &Progress, running: usize) {
        self.pass(event, running);
        match event {
            Event::Started { finished, lost } => {
                self.started = Instant::now();
                if !self.quiet && (*finished > 0 || *lost > 0) {
                    let total = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
                    let again = if *lost > 0 {
                        format!("   {lost} unfinished run again")
                    } else {
                        String::new()
                    };
                    let name = safe(&self.name);
                    let text = if self.total.is_some_and(|total| *finished >= total) && *lost == 0 {
                        format!(" {name}   nothing new to run: all {finished} trials are recorded")
                    } else {
                        format!(" {name}   going on at {finished}{total}{again}")
                    };
                    self.say(Role::Muted, &text);
                }
            }
            Event::Finished { trial, outcome: Outcome::Failed { reason }, params, .. } => {
                self.said_failures += 1;
                if self.said_failures <= SAID_FAILURES && !self.quiet {
                    let text = format!(" #{trial} failed: {reason}   {}", short(params));
                    self.say(Role::Warn, &safe(&text));
                }
                self.show(progress);
            }
            Event::Joined { pid, host } => {
                if !self.quiet {
                    let name = safe(&self.name);
                    let text = format!(
                        " {name}   process {pid} on {} drives it; this one works along, and takes over when it ends",
                        safe(host)
                    );
                    self.say(Role::Muted, &text);
                }
            }
            Event::Taught { text } => {
                if !self.quiet {
                    self.say(Role::Muted, &format!(" warm start   {}", safe(text)));
                }
            }
            // In every mode: a log that keeps nothing else keeps this.
            Event::Warned { text } => self.say(Role::Warn, &safe(&format!(" warning: {text}"))),
            Event::Steered { text, budget, is_ranged } => {
                if *is_ranged {
                    self.size = None; // of the file's ranges
                }
                self.total = nearer(budget.trials, self.size);
                self.time = budget.time;
                if !self.quiet {
                    self.say(Role::Accent, &format!(" steered   {}", safe(text)));
                }
            }
            Event::Interrupted { running } => {
                let noun = if *running == 1 { "trial" } else { "trials" };
                self.say(
                    Role::Warn,
                    &format!(" finishing {running} running {noun}; Ctrl-C again stops them"),
                );
            }
            Event::Stopping { running } => {
                self.say(
                    Role::Warn,
                    &format!(" stopping {running} at work; what is stopped runs again next time"),
                );
            }
            Event::Finished { .. } | Event::Duplicate { .. } | Event::Tick => self.show(progress),
        }
    }
}

/// The smaller of two totals.
fn nearer(trials: Option<u64>, size: Option<u64>) -> Option<u64> {
    trials.zip(size).map(|(trials, size)| trials.min(size)).or(trials).or(size)
}

/// `41.2/s`, or `4.5/min` for trials that take longer than a second.
fn pace(rate: f64) -> String {
    if rate >= 1.0 {
        format!("{}/s", format_number(rate, 3))
    } else {
        format!("{}/min", format_number(rate * 60.0, 2))
    }
}

fn draw_bar(done: u64, total: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = done as f64 / total.max(1) as f64;
    let filled = (share.clamp(0.0, 1.0) * (BAR * 8) as f64).floor() as usize;
    let whole = filled / 8;
    let part = EIGHTHS[filled % 8];
    let rest = BAR - whole - usize::from(!part.is_empty());
    format!("{}{part}{}", "█".repeat(whole), "░".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_always_has_the_same_width() {
        for done in 0..=37 {
            assert_eq!(draw_bar(done, 37).chars().count(), BAR, "{done}");
        }
        assert_eq!(draw_bar(99, 37), "█".repeat(BAR));
        assert_eq!(draw_bar(0, 0), "░".repeat(BAR));
    }
}
