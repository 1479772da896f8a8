//! A chart as files: the figure, and its points as CSV.

use super::charts::ChartSpec;
use super::points::Group;
use crate::domain::RunRecord;
use crate::plot::{CurveLine, Curves, Figure, Stand};
use crate::tui::ask::Trouble;

/// A metric, what it is called in its chart, and its series.
type Metric = (String, String, Group);

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
    let mut lines = Vec::new();
    for (at, (_, label, group)) in metrics.iter().enumerate() {
        // Of several metrics the last one of the chart, mostly that of validation, is in front.
        let stand = if at + 1 == metrics.len() { Stand::Best } else { Stand::Other };
        let label = if label.is_empty() { &chart.name } else { label };
        lines.extend(group.iter().map(|(_, series)| CurveLine {
            label: label.clone(),
            stand,
            points:
                series.xs.iter().map(|x| *x as i64).zip(series.values.iter().copied()).collect(),
        }));
    }
    lines
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
