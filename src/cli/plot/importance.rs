//! Bars of what mattered in a sweep.

use super::PlotArgs;
use crate::cli::text::{count, plural};
use crate::cli::{CliError, best, importance};
use crate::compare::{ImportanceMethod, Importances, ParamImportance};
use crate::domain::Objective;
use crate::plot::{Importance, ImportanceBar};
use crate::store::{Store, SweepRow};

/// What mattered for a metric, the first objective unless one is named, by the method that is named.
pub(super) fn figure(
    store: &Store,
    sweep: &SweepRow,
    args: &PlotArgs,
) -> Result<Importance, CliError> {
    let method = args.method.as_deref().and_then(ImportanceMethod::of_key);
    let method = method.unwrap_or(ImportanceMethod::PedAnova);
    let objective = match args.metric.first() {
        Some(name) => Objective { metric: name.clone(), goal: best::goal_of(sweep, name)? },
        None => sweep.objectives[0].clone(),
    };
    let found = importance::found(store, sweep, &objective, (method, None))?;
    Ok(bars(&sweep.name, &objective.metric, &found))
}

fn bars(sweep: &str, metric: &str, found: &Importances) -> Importance {
    let (used, all) = (found.trials as u64, found.of as u64);
    let bar = |(param, name): (&ParamImportance, &str)| ImportanceBar {
        name: if param.active == found.trials {
            name.to_string()
        } else {
            format!("{name} (in {} of {})", count(param.active as u64), count(used))
        },
        value: param.share,
        interval: param.interval,
    };
    let over = if all > used {
        format!("{} of {} runs", count(used), count(all))
    } else {
        plural(used, "run")
    };
    let intervals = if found.repeats > 0 { ", 95 % intervals" } else { "" };
    Importance {
        title: format!("{sweep}: what mattered for {metric}"),
        method: format!("{} over {over}{intervals}", found.method.word()),
        unit: "share of importance".into(),
        bars: found.params.iter().zip(found.names()).map(bar).collect(),
    }
}
