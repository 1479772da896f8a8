//! Series of a run in a few cells: one line a series, and the load of the machine in a block of its own.

use super::out::{pad, safe};
use super::show::line;
use super::sparkline::sparkline;
use super::text::{count, measured};
use super::{CliError, Ui};
use crate::domain::{Goal, Objective, RunRecord, format_number};
use crate::metrics;
use crate::store::Curve;

/// Cells of a curve.
pub(super) const CELLS: u64 = 32;
/// Curves that are shown before the rest is counted.
const SHOWN_CURVES: usize = 24;
/// What the names of samples of the machine begin with.
pub(super) const SYSTEM: &str = "system.";

/// A line for every series of the script's own.
pub(super) fn curves(ui: &Ui, curves: &[Curve], goals: &[Objective]) -> Result<(), CliError> {
    let own = curves.iter().filter(|curve| curve.n > 1 && !curve.metric.starts_with(SYSTEM));
    let own: Vec<&Curve> = own.collect();
    let shown = &own[..own.len().min(SHOWN_CURVES)];
    let rows: Vec<[String; 4]> = shown.iter().map(|curve| row(curve, goals)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths = [0, 1, 2, 3].map(|column| width(column).unwrap_or(0));
    for (place, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).map(|(text, width)| pad(text, width, false));
        let text = cells.collect::<Vec<_>>().join("  ");
        line(ui, if place == 0 { "curves" } else { " " }, text.trim_end())?;
    }
    if own.len() > shown.len() {
        let more = count((own.len() - shown.len()) as u64);
        line(ui, " ", &format!("and {more} more (derby show RUN --json has all values)"))?;
    }
    Ok(())
}

/// Name, blocks, first → last, best and how many.
fn row(curve: &Curve, goals: &[Objective]) -> [String; 4] {
    let metric = curve.metric.as_str();
    let name = match curve.context.as_str() {
        "" => safe(metric),
        context => format!("{} {}", safe(metric), safe(context)),
    };
    let number = |value: f64| measured(metric, value, 4);
    let at = |(step, value): (i64, f64)| format!("{} at step {step}", number(value));
    let course = format!("{} → {}", number(curve.first.1), number(curve.last.1));
    let extreme = match (goal(metric, goals), curve.min, curve.max) {
        (Some(Goal::Minimize), Some(min), _) => format!("best {}", at(min)),
        (Some(Goal::Maximize), _, Some(max)) => format!("best {}", at(max)),
        (None, Some((_, min)), Some((_, max))) => format!("{} to {}", number(min), number(max)),
        _ => "no finite value".into(),
    };
    let n = format!("{extreme}   {} values", count(curve.n));
    [name, sparkline(&curve.cells), course, n]
}

/// The direction of a metric, where the sweep or derby knows it.
fn goal(metric: &str, goals: &[Objective]) -> Option<Goal> {
    let aim = goals.iter().find(|objective| objective.metric == metric);
    let known = || metrics::info(metric).map(|info| info.goal);
    aim.map(|objective| objective.goal).or_else(known)
}

/// The load of the machine while the run ran: means and peaks, or totals of what only grows.
pub(super) fn system(ui: &Ui, run: &RunRecord, curves: &[Curve]) -> Result<(), CliError> {
    let samples: Vec<_> =
        run.metrics.iter().filter_map(|(name, s)| Some((name.strip_prefix(SYSTEM)?, s))).collect();
    let width = samples.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let whole = |value: f64| match value.abs() {
        size if size >= 100.0 => format_number(value.round(), 15),
        _ => format_number(value, 3),
    };
    for (place, (name, summary)) in samples.into_iter().enumerate() {
        let series = curves.iter().find(|curve| curve.metric.strip_prefix(SYSTEM) == Some(name));
        let blocks = series.filter(|curve| curve.n > 1).map(|curve| sparkline(&curve.cells));
        let is_total = ["_read_mb", "_write_mb", "_in_mb", "_out_mb"];
        let text = if is_total.iter().any(|end| name.ends_with(end)) {
            format!("total {}", whole(summary.max))
        } else {
            let blocks = blocks.map(|blocks| format!("  {blocks}")).unwrap_or_default();
            format!("mean {}  most {}{blocks}", whole(summary.mean), whole(summary.max))
        };
        let label = if place == 0 { "system" } else { " " };
        line(ui, label, &format!("{}  {text}", pad(&safe(name), width, false)))?;
    }
    Ok(())
}
