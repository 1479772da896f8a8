//! The store: the only SQL that derby writes. One SQLite database and a folder of objects beside it.
//!
//! It records and finds; it decides nothing. Every write is one transaction, or part of the
//! [`Store::batch`] around it, and takes the write lock at its beginning. Writes to a run carry the
//! attempt and the owner of its lease; those of a stale attempt are fenced off.

mod anchors;
mod artifacts;
mod codec;
mod columns;
mod edit;
mod error;
pub mod filter;
mod glance;
mod groups;
mod ids;
mod intern;
mod lease;
mod maintain;
mod merge;
mod name;
mod objects;
mod open;
mod order;
mod query;
mod ranking;
mod read;
mod record;
mod rows;
mod run;
mod scored;
mod series;
mod standing;
mod survey;
mod sweeps;
mod trials;
mod workers;
mod working;

#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod ids_tests;
#[cfg(test)]
mod ranking_tests;
#[cfg(test)]
mod survey_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use artifacts::Artifact;
pub use error::StoreError;
pub use filter::{Expr, Field, FilterError};
pub use glance::Curve;
pub use groups::{Group, Scores};
pub use lease::{Command, Owner, PastCommand};
pub use maintain::{Finding, GcOptions, GcReport, Severity};
pub use merge::MergeReport;
pub use open::{Mode, Store};
pub use query::{Column, Query};
pub use ranking::{Measure, Ranking, Yardstick};
pub use read::{CachedRun, RunEnvironment};
pub use rows::{Cell, RunRow};
pub use run::{Finished, NewRun, Recovered, RunContext};
pub use series::{Axis, Stamped};
pub use survey::{NameKind, Varying};
pub use sweeps::{NewSweep, SweepEvent, SweepRow};
pub use trials::{Handed, NewTrial, TrialRow, TrialRun, TrialSeries};
pub use workers::{HandedRun, QueuedRun, Worker};
pub use working::{Latest, RunAtWork};

/// A uuid of version 7 by derby's clock: sorted by time, random at the end.
fn fresh_uuid() -> String {
    let now = crate::host::now_ms().max(0) as u64;
    let nanos = (now % 1000) as u32 * 1_000_000;
    let at = uuid::Timestamp::from_unix(uuid::NoContext, now / 1000, nanos);
    uuid::Uuid::new_v7(at).to_string()
}
