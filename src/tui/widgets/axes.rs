//! The place of a plot between its axes: labels at the left and below, and from cells to values and back.

use super::super::paint::cells;
use super::super::theme::Role;
use super::braille::DOTS;
use super::pen::Pen;
use super::scale::{Axis, Extent, Scale};
use ratatui::layout::Rect;

/// Lines that a label of the y axis has for itself.
const LINES_A_TICK: u16 = 2;
/// Cells that a label of the x axis has for itself.
const CELLS_A_TICK: u16 = 9;
const CELLS_A_POWER: u16 = 7;
/// Cells of a name of the x axis below which it is left out.
const LEAST_NAME: u16 = 5;
/// Areas smaller than this are drawn without axes.
const LEAST: (u16, u16) = (12, 3);

/// Where a plot is, and which values its edges stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// The cells inside of the axes.
    pub rect: Rect,
    /// From left to right.
    pub x: Scale,
    /// From bottom to top.
    pub y: Scale,
}

impl Plot {
    /// The values at the left and the right edge.
    pub fn x_range(&self) -> (f64, f64) {
        self.x.ends()
    }

    /// The values at the lower and the upper edge.
    pub fn y_range(&self) -> (f64, f64) {
        self.y.ends()
    }

    /// The value in the middle of a column of the screen; none beside the plot.
    pub fn x_at(&self, column: u16) -> Option<f64> {
        let inside = (self.rect.x..self.rect.right()).contains(&column);
        let at = f64::from(column.checked_sub(self.rect.x)?) * 2.0 + 0.5;
        inside.then(|| self.x.value(at / far(self.rect.width, DOTS.0)))
    }

    /// The value in the middle of a row of the screen; none beside the plot.
    pub fn y_at(&self, row: u16) -> Option<f64> {
        let inside = (self.rect.y..self.rect.bottom()).contains(&row);
        let at = f64::from(row.checked_sub(self.rect.y)?) * 4.0 + 1.5;
        inside.then(|| self.y.value(1.0 - at / far(self.rect.height, DOTS.1)))
    }

    /// The dot, from the left, that a value falls on.
    pub(super) fn dot_x(&self, x: f64) -> f64 {
        self.x.share(x) * far(self.rect.width, DOTS.0)
    }

    /// The dot, from the top, that a value falls on.
    pub(super) fn dot_y(&self, y: f64) -> f64 {
        (1.0 - self.y.share(y)) * far(self.rect.height, DOTS.1)
    }

    /// Where a point falls; none if it has no place on the axes.
    pub(super) fn dot(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let dot = (self.dot_x(x), self.dot_y(y));
        (dot.0.is_finite() && dot.1.is_finite()).then_some(dot)
    }

    /// The cell, from the plot's left top one, that a point falls into.
    pub(super) fn cell(&self, point: (f64, f64)) -> Option<(u16, u16)> {
        let (x, y) = self.dot(point)?;
        let (x, y) = (self.column(x)?, (y.round() / f64::from(DOTS.1)).floor());
        (0.0..f64::from(self.rect.height)).contains(&y).then_some((x, y as u16))
    }

    /// The column of cells, from the plot's first, of a dot.
    pub(super) fn column(&self, dot: f64) -> Option<u16> {
        let x = (dot.round() / f64::from(DOTS.0)).floor();
        (0.0..f64::from(self.rect.width)).contains(&x).then_some(x as u16)
    }

    /// The row of cells of a value of y.
    pub(super) fn row(&self, y: f64) -> Option<u16> {
        let row = (self.dot_y(y).round() / f64::from(DOTS.1)).floor();
        (0.0..f64::from(self.rect.height)).contains(&row).then_some(row as u16)
    }
}

/// The last dot of so many cells.
fn far(cells: u16, dots: u16) -> f64 {
    (f64::from(cells) * f64::from(dots) - 1.0).max(1.0)
}

/// One axis to be: what is asked for, which values there are, and the margin beside them as a share of their range.
pub(super) type Wish<'a> = (&'a Axis<'a>, Extent, f64);

/// Leaves room for the axes and `right` more columns for a legend. The y axis goes a little beyond what is asked for, so
/// that its labels stand at even distances.
pub(super) fn place(area: Rect, x: Wish<'_>, y: Wish<'_>, right: u16) -> Plot {
    placed(area, x, y, (right, true))
}

/// The same with the ends of the y axis exactly as asked for.
pub(super) fn place_exactly(area: Rect, x: Wish<'_>, y: Wish<'_>, right: u16) -> Plot {
    placed(area, x, y, (right, false))
}

fn placed(area: Rect, x: Wish<'_>, y: Wish<'_>, (right, is_even): (u16, bool)) -> Plot {
    let y_name = y.0.name;
    let (x, mut y) = (Scale::over(x.0, x.1, x.2), Scale::over(y.0, y.1, y.2));
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return Plot { rect: area, x, y };
    }
    let top = u16::from(!y_name.is_empty() && area.height > LEAST.1 + 1);
    let height = area.height - 1 - top;
    if is_even {
        y.fit_rows(height, DOTS.1);
    }
    let mut plot = Plot { rect: Rect { y: area.y + top, height, ..area }, x, y };
    let widest = y_ticks(&plot).iter().map(|(_, label)| cells(label)).max().unwrap_or(0);
    let gutter = (widest as u16).min(area.width / 3) + 1;
    plot.rect.x += gutter;
    plot.rect.width = (area.width - gutter).saturating_sub(right).max(1);
    plot
}

/// Draws both axes around the plot.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, plot: &Plot, names: (&str, &str)) {
    if plot.rect == area || plot.rect.is_empty() {
        return;
    }
    if plot.rect.y > area.y {
        pen.text((area.x, area.y), area.width, names.1, pen.style(Role::Muted));
    }
    left(pen, area, plot);
    let corner = pen.theme.glyph("└", "+");
    pen.cell(plot.rect.x - 1, plot.rect.bottom(), corner, pen.style(Role::Frame));
    below(pen, plot, names.0, None);
}

/// Row, from the top of the plot, and label of each tick: evenly many rows apart, as many as that allows.
fn y_ticks(plot: &Plot) -> Vec<(u16, String)> {
    let height = plot.rect.height;
    let most = if plot.y.is_words() { height } else { height.div_ceil(LINES_A_TICK).clamp(2, 5) };
    let rows = |most: u16| -> Vec<(u16, String)> {
        let ticks = plot.y.ticks(usize::from(most)).into_iter();
        ticks.filter_map(|(value, text)| Some((plot.row(value)?, text))).collect()
    };
    if plot.y.is_words() || plot.y.is_log() {
        return rows(most);
    }
    let is_even = |rows: &Vec<(u16, String)>| {
        let mut apart = rows.windows(2).map(|pair| pair[0].0.abs_diff(pair[1].0));
        let first = apart.next();
        first.is_none_or(|first| first > 1 && apart.all(|n| n == first))
    };
    // Two are always even.
    let ends = || {
        let mut ends = rows(most);
        let last = ends.len().saturating_sub(1).max(1);
        if last > 1 {
            ends.drain(1..last);
        }
        ends
    };
    (2..=most).rev().map(rows).find(|rows| rows.len() > 1 && is_even(rows)).unwrap_or_else(ends)
}

fn left(pen: &mut Pen<'_>, area: Rect, plot: &Plot) {
    let (line, label) = (pen.style(Role::Frame), pen.style(Role::Muted));
    let axis = plot.rect.x - 1;
    pen.fill_down((axis, plot.rect.y), plot.rect.height, pen.theme.glyph("│", "|"), line);
    for (row, text) in y_ticks(plot) {
        let y = plot.rect.y + row;
        pen.cell(axis, y, pen.theme.glyph("┤", "+"), line);
        pen.text_right((axis, y), axis - area.x, &text, label);
    }
}

/// The labels stand in the line itself, the middle of each under its value; `own` is one that goes before all others.
pub(super) fn below(pen: &mut Pen<'_>, plot: &Plot, name: &str, own: Option<(f64, &str)>) {
    let (line, label) = (pen.style(Role::Frame), pen.style(Role::Muted));
    let (rect, y) = (plot.rect, plot.rect.bottom());
    pen.fill((rect.x, y), rect.width, pen.theme.glyph("─", "-"), line);
    // A name that is too long is cut: an axis without one says nothing.
    let spare = rect.width.saturating_sub(2 * CELLS_A_TICK + 2);
    let named = (cells(name) as u16).min(spare);
    let is_named = named >= LEAST_NAME.min(cells(name) as u16) && !name.is_empty();
    let room = if is_named { rect.width - named - 2 } else { rect.width };
    if room < rect.width {
        pen.text((rect.x + room + 1, y), named, name, label);
    }
    for (x, text) in x_labels(plot, room, own) {
        pen.text((rect.x + x, y), room - x, &text, label);
    }
}

/// Labels that do not touch, with the column that each starts at; of whole numbers the ends come first.
fn x_labels(plot: &Plot, room: u16, own: Option<(f64, &str)>) -> Vec<(u16, String)> {
    let (low, high) = plot.x.ends();
    // Powers of ten are short.
    let apart = if plot.x.is_log() { CELLS_A_POWER } else { CELLS_A_TICK };
    let most = (room / apart).clamp(2, 8);
    let mut wanted: Vec<_> =
        own.map(|(value, text)| (value, text.to_string())).into_iter().collect();
    if plot.x.is_whole() {
        wanted.extend([low, high].map(|end| (end, plot.x.word(end))));
    }
    wanted.extend(plot.x.ticks(usize::from(if plot.x.is_words() { room / 2 } else { most })));
    let slot =
        if plot.x.is_words() { (room / wanted.len().max(1) as u16).max(2) - 1 } else { room / 2 };
    let mut placed: Vec<(u16, u16, String)> = Vec::new();
    for (value, text) in wanted {
        let Some(column) = plot.column(plot.dot_x(value)) else { continue };
        let text: String = super::super::paint::cut(&text, usize::from(slot));
        let width = cells(&text) as u16;
        let from =
            column.saturating_sub(width.saturating_sub(1) / 2).min(room.saturating_sub(width));
        let touches = |other: &(u16, u16, String)| from < other.1 + 2 && other.0 < from + width + 2;
        let is_close = if plot.x.is_words() { false } else { placed.iter().any(touches) };
        if width > 0 && !is_close {
            placed.push((from, from + width, text));
        }
    }
    placed.into_iter().map(|(from, _, text)| (from, text)).collect()
}
