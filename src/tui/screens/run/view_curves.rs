//! The charts, drawn; and what stands there while there are none.

use super::points::{Line, XAxis};
use super::{ChartSpec, Run, view_head, view_log};
use crate::domain::Goal;
use crate::metrics;
use crate::report::words;
use crate::tui::layout;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Axis, Chart, Curve, Guide, Unit, fit, plain, plot_area};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use std::borrow::Cow;

/// Charts at least this wide and high name their x axis.
const ROOMY: (u16, u16) = (50, 10);

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
        for (at, area) in page {
            let Some(spec) = self.curves.specs.get(at) else { continue };
            let is_selected = at == self.curves.selected && self.curves.specs.len() > 1;
            let (title, body) = layout::split_top(area, 1);
            self.draw_title(buf, title, (spec, is_selected && place.focused), shared);
            self.with_chart(spec, body, shared, |chart| chart.draw(buf, body, &shared.theme));
        }
    }

    /// The chart's name, and its last and best values at the right.
    fn draw_title(
        &self,
        buf: &mut Buffer,
        area: Rect,
        (spec, is_selected): (&ChartSpec, bool),
        shared: &Shared,
    ) {
        let theme = &shared.theme;
        let area = Rect { width: area.width.saturating_sub(1), ..area };
        let name = if is_selected {
            theme.style(Role::Focus).add_modifier(Modifier::BOLD)
        } else {
            theme.style(Role::Text).add_modifier(Modifier::BOLD)
        };
        let cursor = if is_selected { theme.glyph("▶ ", "> ") } else { "  " };
        let room = usize::from(area.width / 2).max(8);
        let title = fit(theme, &spec.name, room).into_owned();
        paint::line(buf, area, 0, &[(cursor, name), (&title, name)]);
        let used = paint::cells(cursor) + paint::cells(&title) + 2;
        let rest = Rect {
            x: area.x + (used as u16).min(area.width),
            width: area.width.saturating_sub(used as u16),
            ..area
        };
        let mut notes = self.notes(spec, shared);
        // The least important are left out first.
        while notes.len() > 1 && paint::cells(&notes.join(" · ")) > usize::from(rest.width) {
            notes.pop();
        }
        let text = plain(theme, &notes.join(" · ")).into_owned();
        if paint::cells(&text) <= usize::from(rest.width) {
            paint::line_right(buf, rest, 0, &text, theme.style(Role::Muted));
        }
    }

    fn notes(&self, spec: &ChartSpec, shared: &Shared) -> Vec<String> {
        let mut notes = Vec::new();
        if self.curves.logs.contains(&spec.name) {
            notes.push("log".to_string());
        }
        let Some((metric, _)) = spec.metrics.last() else { return notes };
        if self.is_of_folds(spec) {
            let record = self.record.as_ref();
            let summary = record.and_then(|record| record.run.metrics.get(metric));
            if let Some(summary) = summary {
                let mean = words::measured(metric, summary.score);
                notes.push(format!("mean {mean} ± {}", words::measured_to(metric, summary.sd, 2)));
            }
            return notes;
        }
        let Some(lines) = self.lines_of(spec) else { return notes };
        let Some(line) = lines.last() else { return notes };
        let aims = self.aims(shared);
        let goal = aims.iter().find(|(aim, _)| aim == metric).map(|(_, goal)| *goal);
        let goal = goal.or(metrics::info(metric).map(|info| info.goal));
        let best = match goal {
            Some(Goal::Minimize) => line.min,
            Some(Goal::Maximize) => line.max,
            None => None,
        };
        let axis = self.curves.drawn.as_ref().map_or(XAxis::Step, |drawn| drawn.axis);
        notes.push(format!("last {}", words::measured(metric, line.last.1)));
        if let Some((x, best)) = best {
            let at =
                if axis == XAxis::Step { format!(" @{}", words::number(x)) } else { String::new() };
            notes.push(format!("best {}{at}", words::measured(metric, best)));
        }
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
            return self.parts_of_folds(spec, is_log);
        }
        let drawn = self.curves.drawn.as_ref();
        let axis = drawn.map_or(self.curves.axis, |drawn| drawn.axis);
        let range = drawn.and_then(|drawn| drawn.range);
        let unit = if axis == XAxis::Step { Unit::Whole } else { Unit::Seconds };
        let name = if area.width >= ROOMY.0 && area.height >= ROOMY.1 { axis.name() } else { "" };
        let lines = self.lines_of(spec).map_or(&[][..], Vec::as_slice);
        let guide = self.guide(spec, lines, shared);
        Parts { lines: lines.into(), x: (unit, name, range), guide, is_log }
    }

    fn parts_of_folds(&self, spec: &ChartSpec, is_log: bool) -> Parts<'_> {
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
            lines.push(Line { label, points, n, last, min: None, max: None });
        }
        Parts { lines: lines.into(), x: (Unit::Whole, "fold", None), guide, is_log }
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
        let is_waiting = parts.lines.is_empty();
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

    /// Why there are no charts: for a run that failed, the reason and what it said last.
    fn draw_no_curves(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let Some(record) = &self.record else { return };
        let theme = &shared.theme;
        let first = "the first value arrives when the run reports one";
        let lines: &[&str] = match () {
            () if !self.curves.narrowed.is_empty() => {
                &["no metric has that in its name", "Esc clears"]
            }
            () if self.curves.is_system => &[
                "no samples of the machine: the run was too short, or had none taken",
                "v goes back to the run's own metrics",
            ],
            () if self.reason().is_some() => return self.draw_failure(buf, area, theme),
            () if self.is_live() => &["no metrics yet", first],
            () if record.run.metrics.is_empty() => &["no metrics: it ended before it reported any"],
            () => &["no curves: every metric has one value", "Tab goes to them, in Scores"],
        };
        draw_empty(buf, area, shared, lines);
    }

    fn draw_failure(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let Some(record) = &self.record else { return };
        let (glyph, word, role) = view_head::state(record.run.status, record.is_lost, theme);
        let style = theme.style(role).add_modifier(Modifier::BOLD);
        let reason = plain(theme, &self.reason().unwrap_or_default()).into_owned();
        paint::line(buf, area, 0, &[(glyph, style), (" ", style), (word, style)]);
        let width = usize::from(area.width.saturating_sub(3)).max(8);
        let mut y = 1;
        for line in paint::wrap(&reason, width).into_iter().take(4) {
            paint::line(buf, area, y, &[("  ", style), (&line, theme.style(role))]);
            y += 1;
        }
        let Some(tail) = self.log.tail.as_ref().filter(|tail| !tail.lines.is_empty()) else {
            return;
        };
        y += 1;
        let room = area.height.saturating_sub(y + 1);
        if room < 1 {
            return;
        }
        let muted = theme.style(Role::Muted);
        paint::line(buf, area, y, &[("what it said last", muted)]);
        let (_, rest) = layout::split_top(area, y + 1);
        let from = tail.lines.len().saturating_sub(usize::from(rest.height));
        view_log::draw_lines(buf, rest, (&tail.lines[from..], theme), ("", None, 0));
    }
}

fn curve(at: usize, line: &Line) -> Curve<'_> {
    let dashed = line.label.starts_with("train");
    Curve { points: &line.points, role: Role::Series(at), label: &line.label, dashed }
}
