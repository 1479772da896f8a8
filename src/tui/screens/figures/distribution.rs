//! The distribution of the score: the share of trials at or below each value, other sweeps beside it.

use super::cloud::name_of;
use super::load::distribution;
use super::table::Table;
use super::{Figures, Shared, parts, said, say};
use crate::report::words;
use crate::tui::action::Action;
use crate::tui::theme::Role;
use crate::tui::widgets::{Axis, Chart, Curve, plot_area};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Steps of the crosshair from end to end.
const STEPS: f64 = 60.0;

/// A name and the corners of its distribution.
type Line = (String, Vec<(f64, f64)>);

impl Figures {
    pub(super) fn draw_distribution(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let Some(table) = self.table() else { return };
        let (figure, line) = parts(area);
        let lines = self.lines(table);
        let name = table.objective().map(|at| name_of(&table.columns[at], &shared.theme));
        let name = name.unwrap_or_default();
        let series: Vec<Curve<'_>> = lines.iter().enumerate().rev().map(curve).collect();
        let log = table.objective().is_some_and(|at| self.is_log(&table.columns[at]));
        let chart = Chart {
            series: &series,
            x: Axis { log, ..x_axis(&lines, &name) },
            y: Axis { range: Some((0.0, 1.0)), ..Axis::named("share of trials at or below") },
            crosshair: self.reading.and_then(|share| self.value_at(table, share)),
            ..Chart::default()
        };
        chart.draw(buf, figure, &shared.theme);
        let mut parts = Vec::new();
        if let Some(value) = self.reading.and_then(|share| self.value_at(table, share)) {
            let (share, value) =
                (words::percent(share_at(&lines[0].1, value)), words::number(value));
            parts.push(said(format!("{share} of trials are at or below {value}"), Role::Text));
        } else {
            let (others, hint) = match (self.hides_others, self.others.len()) {
                (true, _) => (None, Some("o shows other sweeps")),
                (false, 0) => (Some("no other sweep of the same objective".to_string()), None),
                (false, n) => (Some(words::plural(n as u64, "other sweep")), Some("o hides them")),
            };
            let all = others.into_iter().chain(["h l reads values".to_string()]);
            let all = all.chain(hint.map(str::to_string));
            parts.extend(all.map(|text| said(text, Role::Muted)));
        }
        say(buf, line, shared, &parts);
    }

    /// Names and steps: this sweep, then the others.
    fn lines(&self, table: &Table) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(score) = table.objective().map(|at| &table.columns[at]) {
            let values = (0..table.n_scored).map(|row| score.at(row)).collect();
            lines.push((crate::tui::paint::clean(&table.name), stairs(&distribution(values))));
        }
        if !self.hides_others {
            let others = self.others.iter();
            lines.extend(
                others.map(|other| (crate::tui::paint::clean(&other.name), stairs(&other.steps))),
            );
        }
        lines
    }

    /// The score at a share of the axis of this sweep's own.
    fn value_at(&self, table: &Table, share: f64) -> Option<f64> {
        let column = &table.columns[table.objective()?];
        Some(column.value(share, self.is_log(column)))
    }

    pub(super) fn act_distribution(&mut self, action: Action, _area: Rect) {
        let share = self.reading.unwrap_or(0.5);
        let to = match action {
            Action::Left => share - 1.0 / STEPS,
            Action::Right => share + 1.0 / STEPS,
            Action::PageUp => share - 0.1,
            Action::PageDown => share + 0.1,
            Action::Top => 0.0,
            Action::Bottom => 1.0,
            _ => return,
        };
        self.reading = Some(to.clamp(0.0, 1.0));
    }

    pub(super) fn click_distribution(&mut self, area: Rect, at: (u16, u16)) {
        let Some(table) = self.table() else { return };
        let lines = self.lines(table);
        let Some(column) = table.objective().map(|at| &table.columns[at]) else { return };
        let log = self.is_log(column);
        let series: Vec<Curve<'_>> = lines.iter().enumerate().rev().map(curve).collect();
        let chart = Chart {
            series: &series,
            x: Axis { log, ..x_axis(&lines, "") },
            y: Axis { range: Some((0.0, 1.0)), ..Axis::named(" ") },
            ..Chart::default()
        };
        let value = plot_area(parts(area).0, &chart).x_at(at.0);
        self.reading = value.map(|value| column.share(value, log)).or(self.reading);
    }
}

/// The ends of all of them.
fn x_axis<'a>(lines: &[Line], name: &'a str) -> Axis<'a> {
    let points = lines.iter().flat_map(|line| &line.1).map(|point| point.0);
    let ends =
        points.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    Axis { range: (ends.0 < ends.1).then_some(ends), ..Axis::named(name) }
}

fn curve((at, line): (usize, &Line)) -> Curve<'_> {
    Curve { points: &line.1, role: Role::Series(at), label: &line.0, dashed: at > 0 }
}

/// The corners of a distribution: up at each value.
fn stairs(steps: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners = Vec::with_capacity(steps.len() * 2);
    let mut before = 0.0;
    for &(value, share) in steps {
        corners.extend([(value, before), (value, share)]);
        before = share;
    }
    corners
}

fn share_at(corners: &[(f64, f64)], value: f64) -> f64 {
    corners.iter().take_while(|corner| corner.0 <= value).last().map_or(0.0, |corner| corner.1)
}
