//! What the sweep screen asks of the store, and the answers.

mod export;
mod history;
mod importance;
mod state;

pub(super) use export::Export;
pub(super) use history::{Dot, DotKind, History};
pub(super) use importance::Ranking;
pub(super) use state::{Ends, State, Work};

use super::super::figures;
use crate::compare::ImportanceMethod;
use crate::domain::{RunId, SweepId};
use crate::spec;
use crate::store::SweepRow;
use crate::tui::ask::{Freshness, Reader, Trouble};
use std::path::Path;
use std::sync::Arc;

/// A sweep as the catalog has it: counting its runs anew takes long where there are many. Equal as far as the answers
/// go by it.
#[derive(Debug, Clone)]
pub struct Known {
    /// The sweep.
    pub row: Arc<SweepRow>,
    /// Its trials that are over.
    pub over: u64,
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        let key = |known: &Self| {
            let best = known.row.best.map(|best| best.0);
            (known.row.id, known.row.trials, known.row.total, best, known.over)
        };
        key(self) == key(other)
    }
}

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Who works at the sweep, and what was asked of it. `beat` changes with time, since a process that dies says nothing.
    State {
        /// Which sweep.
        of: Known,
        /// The champion to be measured against.
        champion: Option<RunId>,
        /// Counts the seconds, some at a time.
        beat: i64,
    },
    /// Its runs at work.
    Work {
        /// Which sweep.
        of: Known,
        /// As of [`Ask::State`].
        beat: i64,
    },
    /// All trials, reduced to what can be seen, and the best of them.
    History {
        /// Which sweep.
        sweep: SweepId,
    },
    /// What ended last, and why.
    Ends {
        /// Which sweep.
        sweep: SweepId,
    },
    /// Its file as it was read.
    Plan {
        /// Which sweep.
        sweep: SweepId,
    },
    /// What made the difference.
    Importance {
        /// Which sweep.
        sweep: SweepId,
        /// By which method.
        method: ImportanceMethod,
        /// For which objective.
        objective: usize,
        /// With about so many finished runs: the answer holds until there are more.
        finished: u64,
    },
    /// A figure and a table, to be written into files.
    Export {
        /// Which sweep.
        sweep: SweepId,
        /// Counts what was asked for.
        n: u64,
    },
    /// Of the figures.
    Figure {
        /// Which sweep.
        sweep: SweepId,
        /// What they ask.
        ask: figures::Ask,
    },
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// Who works at the sweep.
    State(Box<State>),
    /// Its runs at work.
    Work(Work),
    /// Its trials.
    History(Box<History>),
    /// What ended last.
    Ends(Ends),
    /// Its file, or what keeps it from being read now.
    Plan(Result<Arc<spec::Sweep>, String>),
    /// What made the difference.
    Importance(Ranking),
    /// To be written.
    Export(Export),
    /// To the figures.
    Figure(figures::Answer),
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match self {
            Self::State { .. } => 0,
            Self::Work { .. } => 1,
            Self::History { .. } => 2,
            Self::Ends { .. } => 3,
            Self::Plan { .. } => 4,
            Self::Importance { .. } => 5,
            Self::Export { .. } => 6,
            Self::Figure { ask, .. } => ask.slot(),
        }
    }

    /// The sweep that it is about.
    pub fn sweep(&self) -> SweepId {
        match self {
            Self::State { of, .. } | Self::Work { of, .. } => of.row.id,
            Self::History { sweep }
            | Self::Ends { sweep }
            | Self::Plan { sweep }
            | Self::Importance { sweep, .. }
            | Self::Export { sweep, .. }
            | Self::Figure { sweep, .. } => *sweep,
        }
    }

    /// What makes its answer stale. Commands, answers and heartbeats are no changes of runs.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::State { .. } | Self::Work { .. } => Freshness::Points,
            Self::History { .. } | Self::Ends { .. } | Self::Plan { .. } => Freshness::Runs,
            Self::Importance { .. } | Self::Export { .. } => Freshness::Still,
            Self::Figure { ask, .. } => ask.freshness(),
        }
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        match self {
            Self::Figure { ask, .. } => ask.is_slow(),
            other => !matches!(other, Self::State { .. } | Self::Work { .. } | Self::Plan { .. }),
        }
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        let store = &reader.store;
        Ok(match self {
            Self::State { of, champion, .. } => {
                Answer::State(Box::new(state::state(store, (&of.row, of.over), *champion)?))
            }
            Self::Work { of, .. } => Answer::Work(state::work(store, &of.row)?),
            Self::History { sweep } => Answer::History(Box::new(history::history(store, *sweep)?)),
            Self::Ends { sweep } => Answer::Ends(state::ends(store, *sweep)?),
            Self::Plan { sweep } => Answer::Plan(plan(&store.sweep_by_id(*sweep)?)),
            Self::Importance { sweep, method, objective, .. } => {
                Answer::Importance(importance::ranking(store, *sweep, *method, *objective)?)
            }
            Self::Export { sweep, .. } => Answer::Export(export::export(store, *sweep)?),
            Self::Figure { ask, .. } => Answer::Figure(ask.answer(reader)?),
        })
    }
}

/// The recorded file of a sweep, read again.
pub(super) fn plan(sweep: &SweepRow) -> Result<Arc<spec::Sweep>, String> {
    let (overrides, known) = (spec::Overrides::default(), spec::Known::built_in());
    let file = Path::new(&sweep.file);
    let read = spec::parse(&sweep.text, spec::Format::Toml, file, &overrides, &known);
    read.map(Arc::new).map_err(|error| error.to_string())
}
