//! Which charts there are: metrics that belong together in one, and where each stands in the pane.

use super::load::Record;
use crate::domain::Goal;
use crate::metrics;
use indexmap::IndexMap;
use ratatui::layout::Rect;

/// What the names of samples of the machine begin with.
pub(super) const SYSTEM: &str = "system.";
/// Parts of the data whose curves belong into one chart, in the order of drawing.
const PARTS: [&str; 6] = ["train", "val", "valid", "validation", "test", "eval"];
/// Least size of a chart with its title.
const LEAST: (u16, u16) = (30, 7);
/// Cells between charts side by side.
const GUTTER: u16 = 2;
/// A chart that is wider than so many times its height leaves room for another beside it.
const WIDEST: u16 = 9;

/// A chart: a name, and the metrics in it with what tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartSpec {
    /// The metric, without the part of the data if several parts are in it.
    pub name: String,
    /// Metrics and what each is called in the legend; empty if there is only one.
    pub metrics: Vec<(String, String)>,
}

/// The charts of these metrics: `train_loss` and `val_loss` share one, called `loss`.
pub(super) fn charts<'a>(names: impl Iterator<Item = &'a str>) -> Vec<ChartSpec> {
    // By what is left of a name without the part of the data.
    let mut groups: IndexMap<&str, Vec<(&str, &str)>> = IndexMap::new();
    for name in names {
        let (base, label) = part(name).unwrap_or((name, ""));
        groups.entry(base).or_default().push((name, label));
    }
    let place = |label: &str| PARTS.iter().position(|part| *part == label).unwrap_or(PARTS.len());
    let spec = |(base, mut metrics): (&str, Vec<(&str, &str)>)| {
        if let [(name, _)] = metrics[..] {
            let metrics = vec![(name.to_string(), String::new())];
            return ChartSpec { name: name.into(), metrics };
        }
        metrics.sort_by_key(|(_, label)| place(label));
        let owned = metrics.into_iter().map(|(name, label)| (name.into(), label.into()));
        ChartSpec { name: base.into(), metrics: owned.collect() }
    };
    groups.into_iter().map(spec).collect()
}

/// The name without the part of the data, and the part.
fn part(name: &str) -> Option<(&str, &str)> {
    const BETWEEN: [char; 4] = ['_', '/', '.', '-'];
    PARTS.iter().find_map(|part| {
        let before = name.strip_prefix(part).and_then(|rest| rest.strip_prefix(BETWEEN));
        let after = name.strip_suffix(part).and_then(|rest| rest.strip_suffix(BETWEEN));
        before.or(after).filter(|base| !base.is_empty()).map(|base| (base, *part))
    })
}

/// The direction of a metric that is known by name, or by its name without the part of the data.
pub(in crate::tui::screens) fn known_goal(name: &str) -> Option<Goal> {
    let base = part(name).map(|(base, _)| base);
    let known = metrics::info(name).or_else(|| metrics::info(base?));
    known.map(|info| info.goal)
}

/// Metrics of the run that have curves: the machine's, or the run's own with those that the sweep aims at first.
pub(super) fn curve_names<'a>(
    record: &'a Record,
    aims: &[String],
    is_system: bool,
) -> Vec<&'a str> {
    let many = record.run.metrics.iter().filter(|(_, summary)| summary.n > 1);
    // A summary may stand there without the points that it sums up.
    let names = many.map(|(name, _)| &**name).filter(|name| record.series.contains(*name));
    let mut names: Vec<&str> = names.filter(|name| name.starts_with(SYSTEM) == is_system).collect();
    names.sort_by_key(|name| {
        let base = part(name).map_or(*name, |(base, _)| base);
        let aim = |aim: &String| aim == name || part(aim).is_some_and(|(other, _)| other == base);
        aims.iter().position(aim).unwrap_or(aims.len())
    });
    names
}

/// Columns and rows of charts in an area with so many to show.
pub(super) fn grid(area: Rect, n: usize) -> (usize, usize) {
    let most_columns = usize::from((area.width / LEAST.0).max(1));
    let most_rows = usize::from((area.height / LEAST.1).max(1));
    let mut best = (1, 1);
    for columns in 1..=most_columns {
        let rows = n.div_ceil(columns).clamp(1, most_rows);
        best = (columns, rows);
        let shape = (area.width / columns as u16, area.height / rows as u16);
        if columns * rows >= n && shape.0 <= shape.1 * WIDEST {
            break;
        }
        if columns >= n {
            break;
        }
    }
    best
}

/// The charts of the page with the selected one, and the area of each: all of one size, with a gutter between.
pub(super) fn page(area: Rect, n: usize, selected: usize) -> Vec<(usize, Rect)> {
    let (columns, rows) = grid(area, n);
    let first = selected - selected % (columns * rows).max(1);
    let shown: Vec<usize> = (first..n.min(first + columns * rows)).collect();
    let lines = crate::tui::layout::rows(area, &vec![1_u16; rows]);
    let gutters = GUTTER * (columns as u16 - 1);
    let width = area.width.saturating_sub(gutters) / columns as u16;
    let mut placed = Vec::with_capacity(shown.len());
    for (line, charts) in lines.into_iter().zip(shown.chunks(columns)) {
        for (at, chart) in charts.iter().enumerate() {
            let x = line.x + (width + GUTTER) * at as u16;
            // What does not divide goes to the only column.
            let width = if columns == 1 { line.width } else { width };
            placed.push((*chart, Rect { x, width, ..line }));
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_data_share_a_chart() {
        let check = |names: &[&str], expect: &str| {
            let shown: Vec<String> = charts(names.iter().copied())
                .iter()
                .map(|spec| {
                    let labels: Vec<&str> =
                        spec.metrics.iter().map(|(_, label)| &**label).collect();
                    format!("{}({})", spec.name, labels.join(","))
                })
                .collect();
            assert_eq!(shown.join(" "), expect);
        };
        check(&["val_loss", "lr", "train_loss", "val_acc"], "loss(train,val) lr() val_acc()");
        check(&["train/loss", "loss.val"], "loss(train,val)");
        check(&["loss", "val_loss"], "loss(val,)");
        check(&["val", "train_", "evaluation"], "val() train_() evaluation()");
        check(&[], "");
    }

    #[test]
    fn every_chart_has_a_place_on_some_page() {
        for (width, height) in [(58, 17), (98, 22), (130, 38), (20, 4), (198, 50)] {
            let area = Rect::new(1, 1, width, height);
            for n in [1, 2, 3, 5, 12, 500] {
                for selected in [0, n / 2, n - 1] {
                    let placed = page(area, n, selected);
                    assert!(placed.iter().any(|(at, _)| *at == selected), "{area} {n} {selected}");
                    assert!(placed.iter().all(|(_, place)| area.union(*place) == area));
                    let size = placed[0].1.width;
                    assert!(placed.iter().all(|(_, place)| place.width == size));
                }
            }
        }
        assert_eq!(grid(Rect::new(0, 0, 60, 17), 2), (1, 2));
        assert_eq!(grid(Rect::new(0, 0, 130, 38), 4), (2, 2));
        assert_eq!(grid(Rect::new(0, 0, 60, 17), 9), (2, 2));
    }
}
