//! The charts, drawn; and what stands there while there are none.

use super::points::{Line, XAxis};
use super::{ChartSpec, Run, charts};
use crate::domain::Goal;
use crate::report::words;
use crate::tui::layout;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::Role;
use crate::tui::widgets::{Axis, Chart, Curve, Guide, Unit, fit, plain, plot_area};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use std::borrow::Cow;

/// Charts at least this wide and high name their x axis.
const ROOMY: (u16, u16) = (50, 10);

/// Cells of the cursor before a chart's name.
const CURSOR: usize = 2;
/// The level of notes that says nothing.
const LEAST_NOTES: usize = 4;

/// What a chart is made of, before it borrows.
struct Parts<'a> {
    lines: Cow<'a, [Line]>,
    x: (Unit, &'static str, Option<(f64, f64)>),
    guide: Option<(f64, String, Role)>,
    is_log: bool,
}

impl Run {
    pub(super) fn draw_curves(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let page = self.page(place.area);
        if page.is_empty() {
            return self.draw_no_curves(buf, place.area, shared);
        }
        let level = self.level(&page, shared);
        for (at, area) in page {
            let Some(spec) = self.curves.specs.get(at) else { continue };
            let is_selected = at == self.curves.selected && self.curves.specs.len() > 1;
            let (title, body) = layout::split_top(area, 1);
            self.draw_title(buf, title, (spec, is_selected && place.focused, level), shared);
            self.with_chart(spec, body, shared, |chart| chart.draw(buf, body, &shared.theme));
        }
    }

    /// How much is left out of the notes so that all titles of the page have the same and none is cut for them.
    fn level(&self, page: &[(usize, Rect)], shared: &Shared) -> usize {
        let fits = |level: usize| {
            page.iter().all(|(at, area)| {
                let Some(spec) = self.curves.specs.get(*at) else { return true };
                let notes = self.notes(spec, level, shared);
                let gap = if notes.is_empty() { 0 } else { 2 };
                CURSOR + paint::cells(&spec.name) + gap + paint::cells(&notes)
                    < usize::from(area.width)
            })
        };
        (0..LEAST_NOTES).find(|level| fits(*level)).unwrap_or(LEAST_NOTES)
    }

    /// The chart's name, and its last and best values at the right.
    fn draw_title(
        &self,
        buf: &mut Buffer,
        area: Rect,
        (spec, is_selected, level): (&ChartSpec, bool, usize),
        shared: &Shared,
    ) {
        let theme = &shared.theme;
        // Not at the frame.
        let area = Rect { width: area.width.saturating_sub(1), ..area };
        let name = if is_selected {
            theme.style(Role::Focus).add_modifier(Modifier::BOLD)
        } else {
            theme.style(Role::Text).add_modifier(Modifier::BOLD)
        };
        let cursor = if is_selected { theme.glyph("▶ ", "> ") } else { "  " };
        let notes = plain(theme, &self.notes(spec, level, shared)).into_owned();
        let width = usize::from(area.width);
        // A name is cut only where it has no room by itself.
        let title = fit(theme, &spec.name, width.saturating_sub(CURSOR)).into_owned();
        paint::line(buf, area, 0, &[(cursor, name), (&title, name)]);
        if CURSOR + paint::cells(&title) + 2 + paint::cells(&notes) <= width {
            paint::line_right(buf, area, 0, &notes, theme.style(Role::Muted));
        }
    }

    /// What stands beside a chart's name; the higher the level, the less.
    fn notes(&self, spec: &ChartSpec, level: usize, shared: &Shared) -> String {
        let mut notes = Vec::new();
        if self.curves.logs.contains(&spec.name) {
            notes.push("log".to_string());
        }
        let Some((metric, _)) = spec.metrics.last() else { return notes.concat() };
        if self.is_of_folds(spec) {
            notes.extend(self.note_of_folds(metric, level));
        } else if let Some(line) = self.lines_of(spec).and_then(|lines| lines.last()) {
            notes.extend(
                self.notes_of_curve(metric, line, shared).into_iter().take(LEAST_NOTES - level),
            );
        }
        notes.join(" · ")
    }

    fn note_of_folds(&self, metric: &str, level: usize) -> Option<String> {
        let summary = self.record.as_ref()?.run.metrics.get(metric)?;
        let mean = words::with_unit(metric, summary.score);
        let sd = words::with_unit_to(metric, summary.sd, 2);
        match level {
            0 => Some(format!("mean {mean} ± {sd}")),
            1 => Some(format!("{mean} ± {sd}")),
            2 => Some(mean),
            _ => None,
        }
    }

    /// The most important first. Smoothing changes the line, and no value.
    fn notes_of_curve(&self, metric: &str, line: &Line, shared: &Shared) -> Vec<String> {
        let aims = self.aims(shared);
        let goal = aims.iter().find(|(aim, _)| aim == metric).map(|(_, goal)| *goal);
        let best = match goal.or(charts::known_goal(metric)) {
            Some(Goal::Minimize) => line.min,
            Some(Goal::Maximize) => line.max,
            None => None,
        };
        let axis = self.curves.drawn.as_ref().map_or(XAxis::Step, |drawn| drawn.axis);
        let mut notes = vec![format!("last {}", words::with_unit(metric, line.last.1))];
        notes.extend(best.map(|(x, best)| {
            let at =
                if axis == XAxis::Step { format!(" @{}", words::number(x)) } else { String::new() };
            format!("best {}{at}", words::with_unit(metric, best))
        }));
        notes
            .extend(line.smoothed.map(|end| format!("smoothed {}", words::with_unit(metric, end))));
        if line.n > 1000 {
            notes.push(format!("{} values", words::count(line.n as u64)));
        }
        notes
    }

    fn lines_of(&self, spec: &ChartSpec) -> Option<&Vec<Line>> {
        let drawn = self.curves.drawn.as_ref()?;
        drawn.charts.iter().find(|(of, _)| of == spec).map(|(_, lines)| lines)
    }

    fn parts(&self, spec: &ChartSpec, area: Rect, shared: &Shared) -> Parts<'_> {
        let is_log = self.curves.logs.contains(&spec.name);
        if self.is_of_folds(spec) {
            return self.parts_of_folds(spec, is_log, area);
        }
        let drawn = self.curves.drawn.as_ref();
        let axis = drawn.map_or(self.curves.axis, |drawn| drawn.axis);
        let range = drawn.and_then(|drawn| drawn.range);
        let unit = match axis {
            XAxis::Step => Unit::Whole,
            XAxis::Elapsed => Unit::Seconds,
            XAxis::Clock => Unit::Clock,
        };
        let name = if is_roomy(area) { axis.name() } else { "" };
        let lines = self.lines_of(spec).map_or(&[][..], Vec::as_slice);
        let guide = self.guide(spec, lines, shared);
        Parts { lines: lines.into(), x: (unit, name, range), guide, is_log }
    }

    fn parts_of_folds(&self, spec: &ChartSpec, is_log: bool, area: Rect) -> Parts<'_> {
        let mut lines = Vec::new();
        let mut guide = None;
        let record = self.record.as_ref();
        for (metric, label) in &spec.metrics {
            let scores =
                record.and_then(|record| record.folds.get(metric)).map_or(&[][..], Vec::as_slice);
            // Folds have no order: dots, with gaps between them.
            let dots = scores.iter().enumerate().map(|(fold, score)| (fold as f64, *score));
            let points: Vec<(f64, f64)> =
                dots.flat_map(|dot| [(dot.0 - 0.5, f64::NAN), dot]).skip(1).collect();
            let mean = record.and_then(|record| record.run.metrics.get(metric)).map(|of| of.score);
            guide = mean
                .filter(|mean| mean.is_finite())
                .map(|mean| (mean, "mean".to_string(), Role::Muted));
            let last = (0.0, f64::NAN);
            let (n, label) = (scores.len(), label.clone());
            lines.push(Line { label, points, n, last, smoothed: None, min: None, max: None });
        }
        // The frame says it anyway.
        let name = if is_roomy(area) { "fold" } else { "" };
        Parts { lines: lines.into(), x: (Unit::Whole, name, None), guide, is_log }
    }

    /// The score of the other run, if it is near enough to leave the curve its shape.
    fn guide(
        &self,
        spec: &ChartSpec,
        lines: &[Line],
        shared: &Shared,
    ) -> Option<(f64, String, Role)> {
        let (run, word) = self.other(shared)?;
        let (metric, _) = spec.metrics.last()?;
        let score = run.metrics.get(metric)?.score;
        let low = lines.iter().filter_map(|line| line.min).map(|at| at.1).reduce(f64::min)?;
        let high = lines.iter().filter_map(|line| line.max).map(|at| at.1).reduce(f64::max)?;
        let margin = (high - low) * 0.35;
        let role = if word == "champion" { Role::Champion } else { Role::Muted };
        (score >= low - margin && score <= high + margin).then(|| (score, word.to_string(), role))
    }

    /// Makes a chart and hands it on.
    pub(super) fn with_chart<R>(
        &self,
        spec: &ChartSpec,
        area: Rect,
        shared: &Shared,
        hand: impl FnOnce(&Chart<'_>) -> R,
    ) -> R {
        let parts = self.parts(spec, area, shared);
        let curve = |(at, line)| curve(at, line);
        let series: Vec<Curve<'_>> = parts.lines.iter().enumerate().map(curve).collect();
        let guides: Vec<Guide<'_>> = parts
            .guide
            .iter()
            .map(|(at, label, role)| Guide { at: *at, role: *role, label })
            .collect();
        let (unit, name, range) = parts.x;
        let is_waiting = !self.is_of_folds(spec) && self.lines_of(spec).is_none();
        hand(&Chart {
            series: &series,
            x: Axis { name, range, unit, ..Axis::default() },
            y: Axis { log: parts.is_log, ..Axis::default() },
            crosshair: self.curves.crosshair,
            guides: &guides,
            empty: if is_waiting { "reading …" } else { "no finite value" },
            ..Chart::default()
        })
    }

    /// What the crosshair stops at: where the curves of a chart have values, at least a cell apart.
    pub(super) fn stops(&self, spec: &ChartSpec, area: Rect, shared: &Shared) -> Vec<f64> {
        let (_, body) = layout::split_top(area, 1);
        let plot = self.with_chart(spec, body, shared, |chart| plot_area(body, chart));
        let (low, high) = plot.x_range();
        let least = (high - low) / f64::from(plot.rect.width.max(1)) / 2.0;
        let parts = self.parts(spec, body, shared);
        let points = parts.lines.iter().flat_map(|line| &line.points);
        let seen = points.filter(|point| point.1.is_finite() && point.0 >= low && point.0 <= high);
        let mut xs: Vec<f64> = seen.map(|point| point.0).collect();
        xs.sort_by(f64::total_cmp);
        let mut stops: Vec<f64> = Vec::new();
        for x in xs {
            if stops.last().is_none_or(|last| x - last >= least && x > *last) {
                stops.push(x);
            }
        }
        stops
    }

    /// The crosshair to where the pointer is.
    pub(super) fn point_at(&mut self, area: Rect, at: (u16, u16), shared: &Shared) {
        let page = self.page(area);
        let hit = page.into_iter().find(|(_, place)| place.contains(at.into()));
        let Some((chart, place)) = hit else { return };
        let Some(spec) = self.curves.specs.get(chart) else { return };
        let (_, body) = layout::split_top(place, 1);
        let x = self.with_chart(spec, body, shared, |chart| plot_area(body, chart).x_at(at.0));
        if let Some(x) = x {
            self.curves.selected = chart;
            self.curves.crosshair = Some(x);
        }
    }

    /// Why there are no charts.
    fn draw_no_curves(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let Some(record) = &self.record else { return };
        let lines: &[&str] = match () {
            () if !self.curves.narrowed.is_empty() => {
                &["no curve has that in its name", "Esc clears"]
            }
            () if self.curves.is_system => &[
                "no samples of the machine: the run was too short, or had none taken",
                "v goes back to the run's own metrics",
            ],
            () if self.is_live() => {
                &["no metrics yet", "the first value arrives when the run reports one"]
            }
            () if record.run.metrics.is_empty() => &["no metrics: it ended before it reported any"],
            () => &["no curves: every metric has one value", "Tab goes to them, in Scores"],
        };
        let width = usize::from(area.width.saturating_sub(2)).max(8);
        let wrapped: Vec<String> = lines.iter().flat_map(|line| paint::wrap(line, width)).collect();
        let shown: Vec<&str> = wrapped.iter().map(String::as_str).collect();
        draw_empty(buf, area, shared, &shown);
    }
}

fn is_roomy(area: Rect) -> bool {
    area.width >= ROOMY.0 && area.height >= ROOMY.1
}

fn curve(at: usize, line: &Line) -> Curve<'_> {
    let dashed = line.label.starts_with("train");
    Curve { points: &line.points, role: Role::Series(at), label: &line.label, dashed }
}
