//! How far a sweep is and what it does: one truth for every list, header and line that tells of it.

use super::Steering;
use crate::domain::Status;
use crate::sampler;
use crate::space::Size;
use crate::spec::{self, Sweep};
use crate::store::{Owner, Store, StoreError, SweepRow};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs at work whose owners are looked at.
const AT_WORK: usize = 1000;
/// Sweep files that are kept in mind: a store is looked at often, its files hardly change.
const FILES: usize = 256;
/// Ends of a session after which the same command goes on.
const CUT_OFF: [&str; 7] =
    ["asked", "interrupted", "terminated", "error", "handed_out", "waits", ""];

/// What a sweep does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Doing {
    /// A process drives it.
    Running,
    /// A process drives it and starts nothing new.
    Paused,
    /// It came to its end.
    Finished,
    /// It came to its end, and every trial failed.
    Failed,
    /// Nobody drives it, and trials are missing.
    #[default]
    Stopped,
    /// Nobody drives it, and runs are marked as running.
    Stale,
}

impl Doing {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "PAUSED",
            Self::Finished => "finished",
            Self::Failed => "all failed",
            Self::Stopped => "stopped",
            Self::Stale => "stale",
        }
    }

    /// True if it came to its end.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }
}

/// How the last session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When, milliseconds since 1970 UTC.
    pub at: i64,
    /// Why, in the word of [`StopReason`](super::StopReason), or `error`.
    pub reason: String,
    /// Why, for people.
    pub text: String,
}

/// How far a sweep is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reached {
    /// What it does.
    pub doing: Doing,
    /// Trials that are over, however they ended; configurations that were tried before left out.
    pub over: u64,
    /// Trials that there will be: the budget that it ran with, at most the whole grid or space.
    pub total: Option<u64>,
    /// Runs of each trial.
    pub replicates: u64,
    /// Runs that are marked as running and at which nobody works.
    pub stale: u64,
    /// The process that drives it.
    pub driver: Option<Owner>,
    /// How the last session ended; none while one goes on, or after one that died.
    pub ended: Option<Ended>,
}

/// What a sweep's own file says about its size.
#[derive(Debug, Clone, Copy)]
struct Facts {
    replicates: u32,
    whole: Option<u64>,
}

impl Reached {
    /// How far the sweep is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(store: &Store, row: &SweepRow) -> Result<Self, StoreError> {
        let over = match row.trials {
            // Runs that came without trials stand for them.
            0 => row
                .counts
                .iter()
                .filter(|(status, _)| status.is_over())
                .map(|(_, n)| n)
                .sum::<u64>(),
            _ => store.trials_over(row.id, facts(row).replicates)?,
        };
        Self::with(store, row, over)
    }

    /// The same where the trials that are over were counted before.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn with(store: &Store, row: &SweepRow, over: u64) -> Result<Self, StoreError> {
        let facts = facts(row);
        let whole = match facts.whole {
            Some(_) if store.is_ranged(row.id)? => None,
            whole => whole,
        };
        let driver = store.driver(row.id)?;
        let (last, at_work) =
            (store.last_session(row.id)?, count(row, &[Status::Running, Status::Queued]));
        let stale = match driver {
            None if at_work > 0 => {
                let runs = store.runs_at_work(row.id, "", AT_WORK)?;
                runs.iter().filter(|run| run.owner.is_none()).count() as u64
            }
            _ => 0,
        };
        let is_paused = driver.is_some() && Steering::of(store, row)?.is_paused;
        let ended = last.as_ref().filter(|event| event.kind == "stopped").map(|event| {
            let text = |key: &str| event.detail[key].as_str().unwrap_or_default().to_string();
            Ended { at: event.ts, reason: text("reason"), text: text("text") }
        });
        let mut reached = Self {
            doing: Doing::Stopped,
            over,
            total: nearer(row.total, whole),
            replicates: u64::from(facts.replicates),
            stale,
            driver,
            ended,
        };
        let is_foreign = row.trials == 0 && over > 0 && last.is_none();
        reached.doing = reached.does(row, is_paused, at_work > 0, is_foreign);
        Ok(reached)
    }

    fn does(&self, row: &SweepRow, is_paused: bool, at_work: bool, is_foreign: bool) -> Doing {
        let is_full = self.total.is_some_and(|total| self.over >= total);
        let has_ended =
            self.ended.as_ref().is_some_and(|ended| !CUT_OFF.contains(&ended.reason.as_str()));
        match &self.driver {
            Some(_) if is_paused => Doing::Paused,
            Some(_) => Doing::Running,
            None if at_work => Doing::Stale,
            None if !(is_full || has_ended || is_foreign) => Doing::Stopped,
            None if count(row, &[Status::Done, Status::Infeasible]) == 0
                && count(row, &[Status::Failed]) > 0 =>
            {
                Doing::Failed
            }
            None => Doing::Finished,
        }
    }

    /// Trials that are missing; none without a limit.
    pub fn left(&self) -> Option<u64> {
        self.total.map(|total| total.saturating_sub(self.over))
    }

    /// Runs at which somebody works, of so many that are marked so.
    pub fn alive(&self, at_work: u64) -> u64 {
        at_work.saturating_sub(self.stale)
    }
}

/// The smaller of two limits.
fn nearer(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.zip(b).map(|(a, b)| a.min(b)).or(a).or(b)
}

fn count(row: &SweepRow, states: &[Status]) -> u64 {
    states.iter().filter_map(|status| row.counts.get(status)).sum()
}

/// The number of trials that try everything: all points of a grid, all configurations of a finite space.
pub fn whole(spec: &Sweep) -> Option<u64> {
    if spec.search.sampler == "grid" {
        return u64::try_from(sampler::grid_len(&spec.space, spec.search.grid_steps)).ok();
    }
    match spec.space.size() {
        Size::Finite(size) => u64::try_from(size).ok(),
        Size::Infinite => None,
    }
}

/// What the recorded file says; of one that cannot be read any more, nothing.
fn facts(row: &SweepRow) -> Facts {
    thread_local! {
        static KNOWN: RefCell<BTreeMap<String, Facts>> = const { RefCell::new(BTreeMap::new()) };
    }
    if let Some(facts) = KNOWN.with_borrow(|known| known.get(&row.text).copied()) {
        return facts;
    }
    let (overrides, known) = (spec::Overrides::default(), spec::Known::built_in());
    let read = spec::parse(&row.text, spec::Format::Toml, Path::new(&row.file), &overrides, &known);
    let facts = match &read {
        Ok(spec) => Facts { replicates: spec.search.replicates.max(1), whole: whole(spec) },
        Err(_) => Facts { replicates: 1, whole: None },
    };
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= FILES {
            known.clear();
        }
        known.insert(row.text.clone(), facts);
    });
    facts
}
