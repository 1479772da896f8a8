//! Which parameters made the difference, as far as can be told.

use super::plan;
use crate::compare::{ImportanceMethod, Importances, ScoredPoint};
use crate::domain::SweepId;
use crate::store::Store;
use crate::sweep::{Steering, scores};
use crate::tui::ask::Trouble;

/// Parameters by importance, or why there are none.
#[derive(Debug)]
pub struct Ranking {
    /// How it was made.
    pub method: ImportanceMethod,
    /// For which objective.
    pub objective: usize,
    /// The most important first, or why not.
    pub found: Result<Importances, String>,
    /// Finished trials with a score; those that were used are in `found`.
    pub of: usize,
}

pub(super) fn ranking(
    store: &Store,
    id: SweepId,
    method: ImportanceMethod,
    objective: usize,
) -> Result<Ranking, Trouble> {
    let sweep = store.sweep_by_id(id)?;
    let plan = plan(&sweep).map_err(Trouble::Other)?;
    let space = Steering::of(store, &sweep)?.searched(&plan.space);
    let wanted = sweep.objectives.get(objective).unwrap_or(&sweep.objectives[0]);
    let scored = scores(store, &sweep, wanted)?;
    let all = ScoredPoint::all(&scored);
    let found = method.ask(&space, &all, wanted, sweep.seed);
    let found = found.map_err(|error| error.to_string());
    Ok(Ranking { method, objective, found, of: all.len() })
}
