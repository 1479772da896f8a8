//! How fast a sweep goes, and when it will be done: from what has ended lately and from what is at work now.
//!
//! Time is counted while the sweep is driven and not paused: nights between two sessions are no part of its pace.

use std::collections::VecDeque;

/// Ends that count as lately.
const RECENT: usize = 60;
/// Seconds below which a run takes about as long to start and to record as to execute: then the rate counts as well.
const QUICK: f64 = 1.0;

/// What has ended lately. All times are seconds of driving.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// When something ended, and what it took where that is known; oldest first.
    ended: VecDeque<(f64, Option<f64>)>,
    /// The end before those, or the beginning.
    before: Option<f64>,
}

/// What is still to be done.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// Runs that have not ended, those at work included.
    pub runs: u64,
    /// Runs at a time.
    pub slots: usize,
    /// Seconds that those at work have been at it.
    pub running: &'a [f64],
}

impl Pace {
    /// Nothing has ended since then.
    pub fn since(at: f64) -> Self {
        Self { before: Some(at), ..Self::default() }
    }

    /// Something ended; `seconds` is what it took, none where it took nothing (a result taken over) or nobody knows.
    pub fn end(&mut self, at: f64, seconds: Option<f64>) {
        self.ended.push_back((at, seconds.filter(|seconds| seconds.is_finite())));
        if self.ended.len() > RECENT {
            self.before = self.ended.pop_front().map(|(at, _)| at);
        }
    }

    /// Ends per second lately; none before one.
    pub fn rate(&self, now: f64) -> Option<f64> {
        let (first, seconds) = *self.ended.front()?;
        let (last, _) = *self.ended.back()?;
        let (since, n) = match (self.before, seconds) {
            (Some(before), _) => (before, self.ended.len()),
            (None, Some(seconds)) => ((first - seconds).max(0.0), self.ended.len()),
            (None, None) => (first, self.ended.len() - 1),
        };
        // Until the next end is overdue, the time since the last one says nothing.
        let due = self.mean().map_or(now, |mean| now - mean);
        let span = due.max(last) - since;
        (n > 0 && span > 0.0).then(|| n as f64 / span)
    }

    /// Mean seconds of a run lately.
    fn mean(&self) -> Option<f64> {
        let known: Vec<f64> = self.ended.iter().filter_map(|(_, seconds)| *seconds).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }

    /// Seconds until all is done; none before a run has ended, or with nobody to work.
    ///
    /// What is left times what a run takes, less what those at work have done of it, over the runs at a time.
    pub fn eta(&self, ahead: Ahead<'_>, now: f64) -> Option<f64> {
        if ahead.runs == 0 || ahead.slots == 0 {
            return (ahead.runs == 0 && !self.ended.is_empty()).then_some(0.0);
        }
        let by_rate = self.rate(now).map(|rate| ahead.runs as f64 / rate);
        let Some(mean) = self.mean() else { return by_rate };
        let done: f64 = ahead.running.iter().map(|seconds| seconds.clamp(0.0, mean)).sum();
        let slots = ahead.slots.min(usize::try_from(ahead.runs).unwrap_or(usize::MAX));
        let shared = (ahead.runs as f64 * mean - done).max(0.0) / slots as f64;
        let longest = ahead.running.iter().map(|seconds| mean - seconds).fold(0.0, f64::max);
        let by_runs = shared.max(longest);
        Some(by_rate.filter(|_| mean < QUICK).map_or(by_runs, |by_rate| by_rate.max(by_runs)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(ends: &[(f64, f64)]) -> Pace {
        let mut pace = Pace::default();
        for (at, seconds) in ends {
            pace.end(*at, Some(*seconds));
        }
        pace
    }

    fn ahead(runs: u64, slots: usize, running: &[f64]) -> Ahead<'_> {
        Ahead { runs, slots, running }
    }

    #[test]
    fn two_that_end_together_are_no_gap() {
        let pace = pace(&[(4.8, 4.8), (4.803, 4.803)]);
        let eta = pace.eta(ahead(40, 2, &[0.0, 0.0]), 4.81).unwrap();
        assert!((eta - 96.0).abs() < 0.1, "{eta}");
        let rate = pace.rate(4.81).unwrap();
        assert!((rate - 2.0 / 4.803).abs() < 1e-9, "{rate}");
        assert_eq!(pace.rate(9.0), Some(rate), "the next two are not due");
        assert!(pace.rate(30.0).unwrap() < rate / 4.0, "they are long overdue");
    }

    #[test]
    fn nothing_is_known_before_an_end() {
        assert_eq!(Pace::default().eta(ahead(40, 2, &[3.0, 3.0]), 3.0), None);
        assert_eq!(Pace::default().rate(3.0), None);
        assert_eq!(pace(&[(5.0, 5.0)]).eta(ahead(4, 0, &[]), 5.0), None);
        assert_eq!(pace(&[(5.0, 5.0)]).eta(ahead(0, 2, &[]), 5.0), Some(0.0));
    }

    #[test]
    fn other_jobs_count_at_once_and_what_is_at_work_is_part_done() {
        let pace = pace(&[(5.0, 5.0), (5.0, 5.0), (10.0, 5.0), (10.0, 5.0)]);
        assert_eq!(pace.eta(ahead(20, 2, &[]), 10.0), Some(50.0));
        assert_eq!(pace.eta(ahead(20, 4, &[]), 10.0), Some(25.0));
        assert_eq!(pace.eta(ahead(20, 2, &[2.0, 2.0]), 12.0), Some(48.0));
        // The last one has all the slots and needs one of them.
        assert_eq!(pace.eta(ahead(1, 8, &[1.0]), 11.0), Some(4.0));
        // One that takes longer than the others is done any moment.
        assert_eq!(pace.eta(ahead(1, 8, &[9.0]), 19.0), Some(0.0));
    }

    #[test]
    fn short_runs_go_by_the_rate_too() {
        let ends: Vec<(f64, f64)> = (1..=100).map(|at| (f64::from(at) * 0.1, 0.001)).collect();
        let pace = pace(&ends);
        assert!((pace.rate(10.0).unwrap() - 10.0).abs() < 0.01);
        assert!((pace.eta(ahead(50, 1, &[]), 10.0).unwrap() - 5.0).abs() < 0.01);
    }

    #[test]
    fn only_what_is_lately_counts() {
        let mut ends: Vec<(f64, f64)> = (1..=100).map(|at| (f64::from(at) * 10.0, 10.0)).collect();
        ends.extend((1..=60).map(|at| (1000.0 + f64::from(at) * 2.0, 2.0)));
        let pace = pace(&ends);
        assert!((pace.rate(1120.0).unwrap() - 0.5).abs() < 1e-9);
        assert_eq!(pace.eta(ahead(10, 1, &[]), 1120.0), Some(20.0));
    }

    #[test]
    fn without_durations_the_rate_tells() {
        let mut pace = Pace::since(0.0);
        pace.end(4.8, None);
        pace.end(4.8, None);
        assert!((pace.eta(ahead(38, 2, &[]), 4.8).unwrap() - 91.2).abs() < 1e-9);
    }
}
