//! Who works at a sweep, what was asked of it, what it does now, how its runs ended.

use crate::domain::{Objective, RunId, Status, SweepId};
use crate::store::{
    Cell, Field, PastCommand, RunAtWork, RunRow, Store, StoreError, SweepRow, Worker,
};
use crate::sweep::{Reached, Steering};

/// Commands that are shown.
const COMMANDS: usize = 100;
/// Runs at work that are shown.
const AT_WORK: usize = 256;
/// Ends that are shown.
const ENDS: usize = 200;

/// Who works at a sweep, and what was asked of it.
#[derive(Debug)]
pub struct State {
    /// How far it is, and who drives it.
    pub reached: Reached,
    /// Those that work along.
    pub workers: Vec<Worker>,
    /// How it is steered now.
    pub steering: Steering,
    /// What was asked of it, the latest first.
    pub commands: Vec<PastCommand>,
    /// Start and end of its sessions in milliseconds, the latest last.
    pub sessions: Vec<(i64, i64)>,
    /// What the champion has by the first objective.
    pub champion: Option<f64>,
}

pub(super) fn state(
    store: &Store,
    (sweep, over): (&SweepRow, u64),
    champion: Option<RunId>,
) -> Result<State, StoreError> {
    let id = sweep.id;
    let champion = match (champion, first(sweep)) {
        (Some(run), Some(objective)) => score(store, run, &objective.metric)?,
        _ => None,
    };
    Ok(State {
        reached: Reached::with(store, sweep, over)?,
        workers: store.workers_at_work(id)?,
        steering: Steering::of(store, sweep)?,
        commands: store.commands(id, COMMANDS)?,
        sessions: store.sweep_sessions(id)?,
        champion,
    })
}

fn first(sweep: &SweepRow) -> Option<&Objective> {
    sweep.objectives.first()
}

/// A run's score by a metric; none if it has none that is finite.
fn score(store: &Store, run: RunId, metric: &str) -> Result<Option<f64>, StoreError> {
    let rows = store.rows(&[run], &[Field::Metric(metric.into())])?;
    Ok(rows.first().and_then(|row| number(row.cells.first())))
}

/// The finite number of a cell.
pub(super) fn number(cell: Option<&Cell>) -> Option<f64> {
    match cell {
        Some(Cell::Number(value)) if value.is_finite() => Some(*value),
        _ => None,
    }
}

/// The runs of a sweep that are at work.
#[derive(Debug)]
pub struct Work {
    /// Oldest first.
    pub runs: Vec<RunAtWork>,
    /// Values that the best run has of the same metric: how far a run is meant to come.
    pub meant: Option<(String, u64)>,
}

pub(super) fn work(store: &Store, sweep: &SweepRow) -> Result<Work, StoreError> {
    let metric = first(sweep).map_or("", |objective| objective.metric.as_str());
    let runs = store.runs_at_work(sweep.id, metric, AT_WORK)?;
    let shown = runs.iter().find_map(|run| run.latest.as_ref()).map(|latest| &latest.metric);
    let meant = match (sweep.best, shown) {
        (Some((best, _)), Some(metric)) => {
            let record = store.run_by_id(best)?;
            record.metrics.get(metric).map(|summary| (metric.clone(), summary.n))
        }
        _ => None,
    };
    Ok(Work { runs, meant: meant.filter(|(_, n)| *n > 1) })
}

/// How the runs of a sweep ended.
#[derive(Debug)]
pub struct Ends {
    /// The latest first; the only cell is the first objective.
    pub rows: Vec<RunRow>,
    /// Status, reason and how often, the most frequent first.
    pub reasons: Vec<(Status, String, u64)>,
}

pub(super) fn ends(store: &Store, id: SweepId) -> Result<Ends, StoreError> {
    let sweep = store.sweep_by_id(id)?;
    let columns: Vec<Field> = first(&sweep)
        .map(|objective| Field::Metric(objective.metric.clone()))
        .into_iter()
        .collect();
    let rows = store.rows(&store.last_ended(id, ENDS)?, &columns)?;
    Ok(Ends { rows, reasons: alike(store.reasons(id)?) })
}

/// Reasons that differ in their numbers alone are one.
fn alike(reasons: Vec<(Status, String, u64)>) -> Vec<(Status, String, u64)> {
    let mut found: indexmap::IndexMap<(Status, String), (String, u64, bool)> =
        indexmap::IndexMap::new();
    for (status, reason, n) in reasons {
        let general = without_numbers(&reason);
        let (_, total, is_one) = found.entry((status, general)).or_insert((reason, 0, true));
        *is_one = *total == 0;
        *total += n;
    }
    let mut reasons: Vec<_> = found
        .into_iter()
        .map(|((status, general), (exact, n, is_one))| {
            (status, if is_one { exact } else { general }, n)
        })
        .collect();
    reasons.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
    reasons
}

/// The text with `…` for every number that is a word by itself.
fn without_numbers(text: &str) -> String {
    let mut general = String::new();
    let mut is_in_word = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() && !is_in_word {
            let mut last = c;
            while let Some(next) = chars.next_if(|&next| {
                next.is_ascii_alphanumeric() || next == '.' || (last == 'e' && "+-".contains(next))
            }) {
                last = next;
            }
            general.push('…');
            if last == '.' {
                general.push('.');
            }
        } else {
            is_in_word = c.is_alphanumeric() || c == '_';
            general.push(c);
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_numbers_are_one() {
        let of = |text: &str, n| (Status::Pruned, text.to_string(), n);
        let found = alike(vec![
            of("worse than f1_score 0.5 at 3.", 1),
            of("asha rung 1", 2),
            of("worse than f1_score 1e-5 at 4.", 3),
        ]);
        assert_eq!(found, [of("worse than f1_score … at ….", 4), of("asha rung 1", 2)]);
    }
}
