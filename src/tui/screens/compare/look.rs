//! The pane of views: curves laid over each other, ROC, scores by fold and by part of the data, code and data.

use super::super::{Place, Shared, draw_empty};
use super::curve::{Drawing, X};
use super::predicted::{ClassRanks, Ranks};
use super::sheets::{self, Columns};
use super::table::put;
use crate::plot::RankCurve;
use crate::report::words;
use crate::tui::paint::clean;
use crate::tui::theme::Role;
use crate::tui::widgets::{Axis, Chart, Curve, Guide, Unit, plot_area};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Weights of the past that `m` steps through.
pub(super) const WEIGHTS: [f64; 4] = [0.0, 0.5, 0.8, 0.95];

/// What the pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum View {
    /// A metric over steps.
    #[default]
    Curves,
    /// True positive by false positive rate.
    Roc,
    /// Precision by recall.
    Pr,
    /// Scores by fold.
    Folds,
    /// Scores by part of the data.
    Slices,
    /// Code, data and place.
    Facts,
}

impl View {
    pub(super) const ALL: [Self; 6] =
        [Self::Curves, Self::Roc, Self::Pr, Self::Folds, Self::Slices, Self::Facts];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Curves => "curves",
            Self::Roc => "ROC",
            Self::Pr => "precision and recall",
            Self::Folds => "folds",
            Self::Slices => "parts of the data",
            Self::Facts => "code and data",
        }
    }

    /// Its word in what is remembered.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Curves => "curves",
            Self::Roc => "roc",
            Self::Pr => "pr",
            Self::Folds => "folds",
            Self::Slices => "slices",
            Self::Facts => "facts",
        }
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// True where left and right move a crosshair.
    pub(super) fn is_chart(self) -> bool {
        matches!(self, Self::Curves | Self::Roc | Self::Pr)
    }
}

/// How curves are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Lens {
    pub(super) x: X,
    pub(super) is_log: bool,
    /// A place in [`WEIGHTS`].
    pub(super) weight: usize,
    /// Ends of x; none for all.
    pub(super) range: Option<(f64, f64)>,
    pub(super) crosshair: Option<f64>,
}

impl Lens {
    /// A range of `factor` times the width around the crosshair, or the middle, within `all`.
    pub(super) fn zoom(&mut self, all: (f64, f64), factor: f64) {
        let (low, high) = self.range.unwrap_or(all);
        let middle = self.crosshair.unwrap_or(f64::midpoint(low, high));
        let half = (high - low) * factor / 2.0;
        let whole = (all.1 - all.0) / 2.0;
        if half >= whole || !half.is_finite() || half <= 0.0 || whole <= 0.0 {
            self.range = None;
            return;
        }
        // A range narrower than floats tell apart shows nothing.
        if half < whole * 1e-9 {
            return;
        }
        let middle = middle.clamp(all.0 + half, all.1 - half);
        self.range = Some((middle - half, middle + half));
    }

    /// Moves the range so that the crosshair is within.
    pub(super) fn follow(&mut self) {
        if let (Some((low, high)), Some(x)) = (self.range, self.crosshair) {
            let moved = (low - x).max(0.0) - (x - high).max(0.0);
            self.range = Some((low - moved, high - moved));
        }
    }
}

/// Curves as a chart, and what is done with it.
pub(super) fn with_curves<T>(
    drawing: &Drawing,
    lens: &Lens,
    (letters, is_read): (&[char], bool),
    then: impl FnOnce(&Chart<'_>) -> T,
) -> T {
    let series: Vec<Curve<'_>> = drawing
        .lines
        .iter()
        .map(|line| Curve {
            points: &line.points,
            role: Role::Series(line.column),
            label: &line.label,
            dashed: line.dashed,
        })
        .collect();
    let labels: Vec<String> = drawing
        .levels
        .iter()
        .map(|(column, _)| letters.get(*column).map(char::to_string).unwrap_or_default())
        .collect();
    let guides: Vec<Guide<'_>> = drawing
        .levels
        .iter()
        .zip(&labels)
        .map(|((column, at), label)| Guide { at: *at, role: Role::Series(*column), label })
        .collect();
    let unit = match drawing.x {
        X::Step | X::Fold => Unit::Whole,
        X::Since => Unit::Seconds,
        X::Clock => Unit::Clock,
    };
    let x = Axis { name: drawing.x.name(), range: lens.range, unit, ..Axis::default() };
    let y = Axis { log: lens.is_log, ..Axis::default() };
    let crosshair = lens.crosshair;
    let empty = if is_read { "no run has a curve of this metric" } else { "reading …" };
    then(&Chart { series: &series, x, y, crosshair, guides: &guides, empty, ..Chart::default() })
}

/// Draws the curves of a metric.
pub(super) fn draw_curves(
    buf: &mut Buffer,
    place: Place,
    shared: &Shared,
    (drawing, lens): (&Drawing, &Lens),
    of: (&[char], bool),
) {
    with_curves(drawing, lens, of, |chart| chart.draw(buf, place.area, &shared.theme));
}

/// The x at a cell of the curves.
pub(super) fn x_at(
    area: Rect,
    column: u16,
    (drawing, lens): (&Drawing, &Lens),
    letters: &[char],
) -> Option<f64> {
    with_curves(drawing, lens, (letters, true), |chart| plot_area(area, chart).x_at(column))
}

/// The curves of a class by run.
fn curves_of(
    of: &ClassRanks,
    view: View,
) -> &std::collections::BTreeMap<crate::domain::RunId, RankCurve> {
    if view == View::Pr { &of.pr } else { &of.roc }
}

/// ROC or precision and recall as a chart, and what is done with it.
fn with_ranks<T>(
    of: &ClassRanks,
    (view, crosshair): (View, Option<f64>),
    columns: &Columns<'_>,
    then: impl FnOnce(&Chart<'_>) -> T,
) -> T {
    let curves = curves_of(of, view);
    let shown: Vec<(usize, String, &RankCurve)> = columns
        .iter()
        .enumerate()
        .filter_map(|(at, (letter, id, _))| {
            let curve = curves.get(id)?;
            Some((at, format!("{letter} {}", words::number(curve.area)), curve))
        })
        .collect();
    let chance = [(0.0, 0.0), (1.0, 1.0)];
    let mut series = Vec::new();
    if view == View::Roc {
        series.push(Curve { points: &chance, role: Role::Frame, label: "", dashed: true });
    }
    series.extend(shown.iter().map(|(at, label, curve)| Curve {
        points: &curve.points,
        role: Role::Series(*at),
        label,
        dashed: false,
    }));
    let (x, y) = match view {
        View::Pr => ("recall", "precision"),
        _ => ("false positive rate", "true positive rate"),
    };
    let axis = |name| Axis { range: Some((0.0, 1.0)), ..Axis::named(name) };
    then(&Chart { series: &series, x: axis(x), y: axis(y), crosshair, ..Chart::default() })
}

/// Draws ROC or precision and recall of a class, and why a run has none.
pub(super) fn draw_ranks(
    buf: &mut Buffer,
    place: Place,
    shared: &Shared,
    (ranks, class, of): (&Ranks, usize, (View, Option<f64>)),
    columns: &Columns<'_>,
) {
    let mut notes = sheets::lacking(columns, &ranks.lacking);
    let area = place.area;
    let Some(of_class) = ranks.classes.get(class).filter(|of_class| !of_class.roc.is_empty())
    else {
        if notes.is_empty() {
            notes.push(("no run has predictions of these classes".into(), Role::Muted));
        }
        let mut lines: Vec<&str> = notes.iter().map(|note| note.0.as_str()).collect();
        lines.push("[data] keep_predictions in the sweep file keeps them for the best runs");
        return draw_empty(buf, area, shared, &lines);
    };
    let height = (notes.len() as u16).min(area.height / 3);
    let body = Rect { height: area.height - height, ..area };
    with_ranks(of_class, of, columns, |chart| chart.draw(buf, body, &shared.theme));
    for (at, (text, role)) in notes.iter().take(usize::from(height)).enumerate() {
        let line = Rect { y: body.bottom() + at as u16, height: 1, ..area };
        put(buf, line, &shared.theme, (text, shared.theme.style(*role)), false);
    }
}

/// The x at a cell of ROC or precision and recall.
pub(super) fn rank_x_at(
    (area, column): (Rect, u16),
    (ranks, class, view): (&Ranks, usize, View),
    columns: &Columns<'_>,
) -> Option<f64> {
    let of = ranks.classes.get(class)?;
    with_ranks(of, (view, None), columns, |chart| plot_area(area, chart).x_at(column))
}

/// What a class is called in the title.
pub(super) fn class_of(ranks: &Ranks, class: usize) -> String {
    match ranks.classes.get(class) {
        Some(of) if ranks.classes.len() > 1 => {
            format!(
                "'{}' of {}  {}/{}",
                clean(&of.class),
                clean(&ranks.target),
                class + 1,
                ranks.classes.len()
            )
        }
        Some(of) => format!("'{}' of {}", clean(&of.class), clean(&ranks.target)),
        None => String::new(),
    }
}
