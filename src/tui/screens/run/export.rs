//! A chart as files: the figure, and its points as CSV.

use super::charts::ChartSpec;
use super::points::{self, Group};
use crate::domain::RunRecord;
use crate::metrics::series::Series;
use crate::plot::{CurveLine, Curves, Figure, Stand};
use crate::tui::ask::Trouble;

/// A metric, what it is called in its chart, and its series.
type Metric = (String, String, Group);

/// Lines that the legend names; more are called others.
const MOST_NAMED: usize = 12;

/// The figure and the points of a chart, by file name.
pub(super) fn files(
    run: &RunRecord,
    chart: &ChartSpec,
    metrics: &[Metric],
) -> Result<Vec<(String, Vec<u8>)>, Trouble> {
    let name = format!("run-{}-{}", run.id, file_name(&chart.name));
    let mut files = Vec::new();
    let figure = Curves {
        title: format!("run {} {}", run.id, run.name),
        across: "step".into(),
        metric: chart.name.clone(),
        lines: lines(chart, metrics),
    };
    match figure.svg() {
        Ok(svg) => files.push((format!("{name}.svg"), svg.into_bytes())),
        // Without a finite value there is nothing to draw, and yet something to write.
        Err(crate::plot::PlotError::Nothing(_)) => {}
        Err(error) => return Err(Trouble::Other(error.to_string())),
    }
    files.push((format!("{name}.csv"), csv(metrics)?));
    Ok(files)
}

fn lines(chart: &ChartSpec, metrics: &[Metric]) -> Vec<CurveLine> {
    let series = metrics.iter().flat_map(|(_, label, group)| {
        group.iter().map(move |(context, series)| (points::labeled(label, context), series))
    });
    let line = |(at, (label, series)): (usize, (String, &Series))| CurveLine {
        label: if label.is_empty() { chart.name.clone() } else { label },
        stand: if at < MOST_NAMED { Stand::Own(at) } else { Stand::Other },
        points: series.xs.iter().copied().zip(series.values.iter().copied()).collect(),
    };
    series.enumerate().map(line).collect()
}

fn csv(metrics: &[Metric]) -> Result<Vec<u8>, Trouble> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Trouble::Other(format!("no CSV: {error}"));
    writer.write_record(["metric", "context", "step", "value"]).map_err(|e| failed(&e))?;
    for (metric, _, group) in metrics {
        for (context, series) in group.iter() {
            for (x, value) in series.xs.iter().zip(&series.values) {
                let row =
                    [metric.clone(), context.clone(), (*x as i64).to_string(), value.to_string()];
                writer.write_record(row).map_err(|error| failed(&error))?;
            }
        }
    }
    writer.into_inner().map_err(|error| failed(&error))
}

/// A metric's name as a part of a file's name.
fn file_name(metric: &str) -> String {
    let keep =
        |char: char| if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '_' };
    let name: String = metric.chars().map(keep).take(60).collect();
    if name.trim_matches(['.', '_']).is_empty() { "metric".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_metrics_are_no_paths() {
        assert_eq!(file_name("val/loss@1%"), "val_loss_1_");
        assert_eq!(file_name("../.."), "metric");
        assert_eq!(file_name("…"), "metric");
    }
}
