//! The front of two metrics.

use super::runs::runs_of;
use super::trials::Trials;
use crate::cli::CliError;
use crate::cli::text::nearest;
use crate::domain::{Objective, RunRecord, Status};
use crate::metrics;
use crate::plot::{Pareto, ParetoAxis, ParetoPoint};
use crate::store::Store;
use std::collections::BTreeSet;

impl Trials {
    /// One metric against another, with the front of the best.
    pub(in crate::cli) fn pareto(
        &self,
        store: &Store,
        named: &[String],
    ) -> Result<Pareto, CliError> {
        let runs = runs_of(store, &self.row)?;
        let (x, y) = self.two_objectives(&runs, named)?;
        let value = |run: &RunRecord, of: &Objective| {
            run.metrics.get(&of.metric).map_or(f64::NAN, |summary| summary.score)
        };
        let done = runs.iter().filter(|run| run.status == Status::Done);
        let points: Vec<ParetoPoint> = done
            .map(|run| ParetoPoint {
                name: run.id.to_string(),
                x: value(run, &x),
                y: value(run, &y),
            })
            .collect();
        Ok(Pareto {
            title: format!("{}: {} against {}", self.row.name, y.metric, x.metric),
            x: axis(x, points.iter().map(|point| point.x)),
            y: axis(y, points.iter().map(|point| point.y)),
            points,
        })
    }

    /// What the axes are about: two metrics that are named, one and the objective, or the sweep's two objectives.
    fn two_objectives(
        &self,
        runs: &[RunRecord],
        named: &[String],
    ) -> Result<(Objective, Objective), CliError> {
        let first = self.objective().clone();
        match named {
            [] => {
                if let [y, x, ..] = &self.row.objectives[..] {
                    return Ok((x.clone(), y.clone()));
                }
                let text =
                    format!("sweep '{}' has one objective, a front needs two", self.row.name);
                let hint = "--metric fit_seconds sets its objective against the time of a fit";
                Err(CliError::usage(text).hint(hint))
            }
            [x] if *x == first.metric => {
                Err(CliError::usage(format!("'{x}' is the objective already"))
                    .hint("--metric fit_seconds"))
            }
            [x] => Ok((self.aim(runs, x)?, first)),
            [x, y] => Ok((self.aim(runs, x)?, self.aim(runs, y)?)),
            _ => Err(CliError::usage("a front is of two metrics").hint("--metric X --metric Y")),
        }
    }

    /// A metric with its direction.
    fn aim(&self, runs: &[RunRecord], metric: &str) -> Result<Objective, CliError> {
        let known: BTreeSet<&str> =
            runs.iter().flat_map(|run| run.metrics.keys().map(String::as_str)).collect();
        if !known.contains(metric) {
            let error = CliError::usage(format!(
                "no run of sweep '{}' has a metric '{metric}'",
                self.row.name
            ));
            return Err(match nearest(metric, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None => error.hint(format!("they have {}", super::listed(known))),
            });
        }
        let own = self.row.objectives.iter().find(|own| own.metric == metric).map(|own| own.goal);
        let goal = own.or_else(|| metrics::info(metric).map(|info| info.goal));
        let goal = goal.ok_or_else(|| {
            CliError::usage(format!("nobody says whether '{metric}' is to be large or small")).hint(
                "name it in [objective] of the sweep file, or choose a metric that derby knows",
            )
        })?;
        Ok(Objective { metric: metric.into(), goal })
    }
}

/// Times and sizes span powers of ten.
fn axis(objective: Objective, values: impl Iterator<Item = f64>) -> ParetoAxis {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let measured = metrics::info(&objective.metric).is_some_and(|info| info.measured);
    ParetoAxis { log: measured && low > 0.0 && high > 10.0 * low, objective }
}
