//! What screens want to know and what workers answer: data between the two sides, no behaviour.

use super::action::ScreenId;
use super::catalog::Catalog;
use super::screens;
use crate::domain::{RunId, SweepId};
use crate::store::Store;
use crate::sweep::Steer;
use std::path::PathBuf;
use std::time::Duration;

/// What a worker reads with.
#[derive(Debug)]
pub struct Reader {
    /// The store, for reading.
    pub store: Store,
    /// The folder of the ledgers.
    pub ledgers: PathBuf,
    /// The folder where derby was started.
    pub here: PathBuf,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A ledger refused.
    #[error(transparent)]
    Ledger(#[from] crate::champion::LedgerError),
    /// Something else, in words with the mend.
    #[error("{0}")]
    Other(String),
}

/// A question. Equal questions have equal answers until the store changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// What every screen may need.
    Catalog,
    /// Of the runs screen.
    Runs(screens::runs::Ask),
    /// Of the run screen.
    Run(screens::run::Ask),
    /// Of the compare screen.
    Compare(screens::compare::Ask),
    /// Of the sweep screen.
    Sweep(screens::sweep::Ask),
    /// Of the champions screen.
    Champions(screens::champions::Ask),
    /// Of the data screen.
    Data(screens::data::Ask),
    /// Of the start screen.
    Start(screens::start::Ask),
}

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// What every screen may need.
    Catalog(Catalog),
    /// To the runs screen.
    Runs(screens::runs::Answer),
    /// To the run screen.
    Run(screens::run::Answer),
    /// To the compare screen.
    Compare(screens::compare::Answer),
    /// To the sweep screen.
    Sweep(screens::sweep::Answer),
    /// To the champions screen.
    Champions(screens::champions::Answer),
    /// To the data screen.
    Data(screens::data::Answer),
    /// To the start screen.
    Start(screens::start::Answer),
}

/// A place where one question waits: a newer one for the same place drives an older one out.
pub type Slot = (Option<ScreenId>, u8);

/// What makes an answer stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Any write to the store, points of running trials included.
    Points,
    /// A change of a run, a sweep or a command; points do not matter.
    Runs,
    /// Nothing but `r`: files, ledgers, what is over.
    Still,
}

impl Ask {
    /// Its place.
    pub fn slot(&self) -> Slot {
        match self {
            Self::Catalog => (None, 0),
            Self::Runs(ask) => (Some(ScreenId::Runs), ask.slot()),
            Self::Run(ask) => (Some(ScreenId::Run), ask.slot()),
            Self::Compare(ask) => (Some(ScreenId::Compare), ask.slot()),
            Self::Sweep(ask) => (Some(ScreenId::Sweep), ask.slot()),
            Self::Champions(ask) => (Some(ScreenId::Champions), ask.slot()),
            Self::Data(ask) => (Some(ScreenId::Data), ask.slot()),
            Self::Start(ask) => (Some(ScreenId::Start), ask.slot()),
        }
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Catalog => Freshness::Runs,
            Self::Runs(ask) => ask.freshness(),
            Self::Run(ask) => ask.freshness(),
            Self::Compare(ask) => ask.freshness(),
            Self::Sweep(ask) => ask.freshness(),
            Self::Champions(ask) => ask.freshness(),
            Self::Data(ask) => ask.freshness(),
            Self::Start(ask) => ask.freshness(),
        }
    }

    /// True for work of more than a few milliseconds: it goes to a worker of its own.
    pub fn is_slow(&self) -> bool {
        match self {
            Self::Catalog => true,
            Self::Runs(ask) => ask.is_slow(),
            Self::Run(ask) => ask.is_slow(),
            Self::Compare(ask) => ask.is_slow(),
            Self::Sweep(ask) => ask.is_slow(),
            Self::Champions(ask) => ask.is_slow(),
            Self::Data(ask) => ask.is_slow(),
            Self::Start(ask) => ask.is_slow(),
        }
    }

    /// The answer.
    ///
    /// # Errors
    /// [`Trouble`] with what keeps it from being answered.
    pub fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        Ok(match self {
            Self::Catalog => Answer::Catalog(Catalog::load(reader)?),
            Self::Runs(ask) => Answer::Runs(ask.answer(reader)?),
            Self::Run(ask) => Answer::Run(ask.answer(reader)?),
            Self::Compare(ask) => Answer::Compare(ask.answer(reader)?),
            Self::Sweep(ask) => Answer::Sweep(ask.answer(reader)?),
            Self::Champions(ask) => Answer::Champions(ask.answer(reader)?),
            Self::Data(ask) => Answer::Data(ask.answer(reader)?),
            Self::Start(ask) => Answer::Start(ask.answer(reader)?),
        })
    }
}

/// What the other threads say.
#[derive(Debug)]
pub enum Reply {
    /// The answer to a question, and what it took.
    Answer {
        /// The question.
        ask: Ask,
        /// The answer, or why there is none.
        answer: Box<Result<Answer, Trouble>>,
        /// Time at work.
        took: Duration,
    },
    /// The store was written: its data version, and the number of its newest change of a run.
    Changed {
        /// Counts writes.
        version: i64,
        /// Counts changes of runs.
        change: i64,
    },
    /// The store cannot be read, until it says `Changed` again.
    Unreadable(Unread),
    /// A write was done or refused, in words.
    Wrote(Result<String, String>),
    /// A verb that a screen started has ended.
    Verb {
        /// The screen.
        screen: ScreenId,
        /// What it was started for.
        purpose: &'static str,
        /// How it ended.
        outcome: VerbOutcome,
    },
}

/// Why nothing can be read of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// In words, with the mend.
    pub text: String,
    /// True if it was there and was taken away.
    pub is_gone: bool,
}

impl Unread {
    /// What the store said.
    pub fn of(error: &crate::store::StoreError) -> Self {
        Self { text: error.to_string(), is_gone: false }
    }
}

/// How a verb ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerbOutcome {
    /// The command line, as a user would type it.
    pub line: String,
    /// Its exit code; none if a signal ended it or it could not start.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// A change of the store, carried out by the thread that writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// A tag on runs.
    Tag {
        /// Which runs.
        runs: Vec<RunId>,
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// A tag off runs.
    Untag {
        /// Which runs.
        runs: Vec<RunId>,
        /// Its key.
        key: String,
    },
    /// A note on a run; empty takes it off.
    Note {
        /// Which run.
        run: RunId,
        /// Its text.
        text: String,
    },
    /// Several at once, told of in one message.
    All(Vec<Write>),
    /// Another name.
    Rename {
        /// Which run.
        run: RunId,
        /// The name.
        name: String,
    },
    /// Into the bin.
    Bin(Vec<RunId>),
    /// Out of the bin.
    Restore(Vec<RunId>),
    /// A command to whoever drives a sweep.
    Steer {
        /// Which sweep.
        sweep: SweepId,
        /// What.
        steer: Steer,
    },
}
