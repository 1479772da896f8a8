//! Which parameters made the difference, as far as can be told.

use super::plan;
use crate::compare::{
    FanovaOptions, ImportanceMethod, Importances, PedAnovaOptions, ScoredPoint, fanova, ped_anova,
};
use crate::domain::SweepId;
use crate::space::Point;
use crate::store::Store;
use crate::sweep::Steering;
use crate::tui::ask::Trouble;

/// fANOVA fits a forest to at most so many trials, spread evenly over all.
const MOST_FANOVA: usize = 2_000;

/// Parameters by importance, or why there are none.
#[derive(Debug)]
pub struct Ranking {
    /// How it was made.
    pub method: ImportanceMethod,
    /// The most important first, or why not.
    pub found: Result<Importances, String>,
    /// Finished trials in all; those that were used are in `found`.
    pub of: usize,
}

pub(super) fn ranking(
    store: &Store,
    id: SweepId,
    method: ImportanceMethod,
) -> Result<Ranking, Trouble> {
    let sweep = store.sweep_by_id(id)?;
    let plan = plan(&sweep).map_err(Trouble::Other)?;
    let space = Steering::of(store, &sweep)?.searched(&plan.space);
    let objective = &sweep.objectives[0];
    let scored: Vec<(Point, f64)> = store
        .scored_points(id)?
        .into_iter()
        .map(|(point, loss)| (point, objective.goal.loss(loss)))
        .collect();
    let all: Vec<ScoredPoint<'_>> =
        scored.iter().map(|(point, score)| ScoredPoint { point, score: *score }).collect();
    let found = match method {
        ImportanceMethod::PedAnova => {
            ped_anova(&space, &all, objective, &PedAnovaOptions::default())
        }
        ImportanceMethod::Fanova => {
            let step = all.len().div_ceil(MOST_FANOVA).max(1);
            let some: Vec<ScoredPoint<'_>> = all.iter().copied().step_by(step).collect();
            let options = FanovaOptions { seed: sweep.seed, ..FanovaOptions::default() };
            fanova(&space, &some, objective, &options)
        }
    };
    Ok(Ranking { method, found: found.map_err(|error| error.to_string()), of: all.len() })
}
