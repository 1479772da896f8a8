//! What running trials say, written as it comes.

use crate::domain::{PointBatch, RunId, Summary};
use crate::executor::{Assignment, Execution, Message, Pool, Stop};
use crate::store::{Owner, Store, StoreError};
use std::time::Duration;

/// Reports that are written as one transaction.
const MOST_AT_ONCE: usize = 64;
/// Why a run ends whose record another process has closed.
const NOT_OURS: &str = "another process took the run over";

/// A report on its way to the store.
type Report = (Box<Assignment>, PointBatch, Vec<(String, Summary)>);

/// A run that has ended.
type Ended = (Box<Assignment>, Box<Execution>);

/// Takes in a message and the reports that wait behind it, which are written as one transaction; runs that are not
/// ours any more are stopped. The run that has ended, if one has.
pub(in crate::sweep) fn take_in(
    store: &mut Store,
    pool: &mut Pool,
    owner: &Owner,
    first: Message,
) -> Result<Option<Ended>, StoreError> {
    let mut reports: Vec<Report> = Vec::new();
    let mut next = Some(first);
    let mut ended = None;
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
        next = pool.next(Duration::ZERO);
    }
    if !reports.is_empty() {
        for run in write_reports(store, owner, &reports)? {
            pool.stop(run, &Stop::Killed(NOT_OURS.into()));
        }
    }
    Ok(ended)
}

/// Writes reports as one transaction; the runs that are not ours any more.
fn write_reports(
    store: &mut Store,
    owner: &Owner,
    reports: &[Report],
) -> Result<Vec<RunId>, StoreError> {
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
