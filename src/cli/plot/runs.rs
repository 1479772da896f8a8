//! Which runs a figure is about.

use super::trials::title;
use crate::cli::CliError;
use crate::cli::best::named_or_newest;
use crate::domain::{RunId, RunRecord};
use crate::store::{Expr, FilterError, Query, Store, StoreError, SweepRow};
use std::collections::BTreeSet;

/// What is drawn.
pub(super) struct Drawn {
    /// Above the figure.
    pub(super) title: String,
    /// The runs, the first one first.
    pub(super) runs: Vec<RunRecord>,
    /// The sweep that all are of.
    pub(super) sweep: Option<SweepRow>,
}

/// A sweep, several runs, or, without any name, the newest sweep.
pub(super) fn drawn(store: &Store, of: &[String]) -> Result<Drawn, CliError> {
    let sweep = match of {
        [] => Some(named_or_newest(store, None)?),
        [one] if one.starts_with("sweep:") => Some(named_or_newest(store, Some(one))?),
        [one] => match store.run_id(one) {
            Ok(_) => None,
            // A bare name may be a sweep's: the run's error stands if it is neither.
            Err(error @ StoreError::NoSuchRun { .. }) => Some(store.sweep(one).map_err(|_| error)?),
            Err(error) => return Err(error.into()),
        },
        _ => None,
    };
    if let Some(sweep) = sweep {
        let runs = runs_of(store, &sweep)?;
        return Ok(Drawn { title: title(&sweep), runs, sweep: Some(sweep) });
    }
    let runs = of.iter().map(|reference| store.run(reference)).collect::<Result<Vec<_>, _>>()?;
    let name = runs[0].sweep.clone();
    let same = runs.iter().all(|run| run.sweep == name);
    let sweep = name.filter(|_| same).map(|name| store.sweep(&name)).transpose()?;
    let names: Vec<String> = runs.iter().take(4).map(|run| run.id.to_string()).collect();
    let more = if runs.len() > names.len() { ", …" } else { "" };
    let word = if runs.len() == 1 { "run" } else { "runs" };
    Ok(Drawn { title: format!("{word} {}{more}", names.join(", ")), runs, sweep })
}

/// The runs of a sweep, the first one first.
pub(super) fn runs_of(store: &Store, sweep: &SweepRow) -> Result<Vec<RunRecord>, CliError> {
    let filter: Expr = format!("sweep:{}", quoted(&sweep.name))
        .parse()
        .map_err(|error: FilterError| CliError::usage(error.to_string()))?;
    let mut runs = store.runs(&Query { filter: Some(filter), ..Query::default() })?;
    // Sweeps of one name that differ in their files are told apart by their runs.
    let own = store.trial_runs(sweep.id, &sweep.objectives[0].metric)?;
    let own: BTreeSet<RunId> = own.into_iter().map(|run| run.run).collect();
    runs.retain(|run| own.contains(&run.id));
    runs.reverse();
    Ok(runs)
}

/// A name as the filter language takes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
