//! What a sweep tells whoever watches: the progress line, a log, or a test.

use super::Progress;
use crate::domain::{Outcome, Params, RunId};
use crate::spec::Budget;

/// Something happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The loop begins.
    Started {
        /// Trials that an earlier session finished.
        finished: u64,
        /// Trials that an earlier session left unfinished and that run again.
        lost: u64,
    },
    /// Another process drives the sweep, and this one works for it.
    Joined {
        /// Its process id.
        pid: u32,
        /// Its host.
        host: &'a str,
    },
    /// A trial ended and is recorded.
    Finished {
        /// Its run.
        run: RunId,
        /// Its number.
        trial: u64,
        /// How it ended.
        outcome: &'a Outcome,
        /// The first objective, where there is a score.
        score: Option<f64>,
        /// Its configuration.
        params: &'a Params,
        /// True if no run before was better.
        is_best: bool,
    },
    /// The sampler proposed a configuration that was tried before.
    Duplicate {
        /// The new trial.
        trial: u64,
        /// The equal one.
        of: u64,
    },
    /// Trials of an earlier sweep teach the sampler.
    Taught {
        /// Which and how many; or what is to know about them.
        text: &'a str,
    },
    /// Something is not as it should be, or is left alone, and the sweep goes on.
    Warned {
        /// What, and the mend.
        text: &'a str,
    },
    /// Somebody steers the sweep, or what was steered before holds again.
    Steered {
        /// What holds now, and who asked.
        text: &'a str,
        /// The budget as it is now.
        budget: &'a Budget,
        /// True if the sampler searches another space than the file's.
        is_ranged: bool,
    },
    /// The first interrupt: what runs is finished.
    Interrupted {
        /// Trials at work.
        running: usize,
    },
    /// The second interrupt: what runs is stopped.
    Stopping {
        /// Trials at work.
        running: usize,
    },
    /// Nothing happened for a while.
    Tick,
}

/// Watches a sweep.
pub trait Observer {
    /// Takes in an event. `running` trials are at work.
    fn event(&mut self, event: &Event<'_>, progress: &Progress, running: usize);
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event<'_>, _: &Progress, _: usize) {}
}
