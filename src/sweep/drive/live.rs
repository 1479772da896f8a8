//! What running trials say, written as it comes.

use super::{DriveError, Driver};
use crate::domain::{PointBatch, Summary};
use crate::executor::{Assignment, Message, Stop};
use crate::store::{Owner, Store, StoreError};
use crate::sweep::Observer;
use std::time::Duration;

/// Reports that are written as one transaction.
const MOST_AT_ONCE: usize = 64;
/// Why a run ends whose record another process has closed.
const NOT_OURS: &str = "another process took the run over";

/// A report on its way to the store.
type Report = (Box<Assignment>, PointBatch, Vec<(String, Summary)>);

/// Writes reports as one transaction; the runs that are not ours any more.
pub(in crate::sweep) fn write_reports(
    store: &mut Store,
    owner: &Owner,
    reports: &[Report],
) -> Result<Vec<crate::domain::RunId>, StoreError> {
    store.batch(|store| {
        let mut foreign = Vec::new();
        for (assignment, batch, summaries) in reports {
            let run = (assignment.run, assignment.attempt);
            if !store.add_points(run, owner, batch, summaries)? {
                foreign.push(assignment.run);
            }
        }
        Ok(foreign)
    })
}

/// Why a run ends that is not ours any more.
pub(in crate::sweep) fn not_ours() -> Stop {
    Stop::Killed(NOT_OURS.into())
}

impl Driver<'_> {
    /// Takes in a report and all that wait behind it.
    pub(super) fn hear(
        &mut self,
        first: Message,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let mut reports: Vec<Report> = Vec::new();
        let mut ended = None;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Report { assignment, batch, summaries } => {
                    reports.push((assignment, batch, summaries));
                }
                Message::Ended(assignment, execution) => {
                    ended = Some((assignment, execution));
                    break;
                }
            }
            if reports.len() >= MOST_AT_ONCE {
                break;
            }
            next = self.pool.next(Duration::ZERO);
        }
        for run in write_reports(self.store, &self.options.owner, &reports)? {
            self.pool.stop(run, &not_ours());
        }
        match ended {
            Some((assignment, execution)) => self.record(&assignment, *execution, observer),
            None => Ok(()),
        }
    }
}
