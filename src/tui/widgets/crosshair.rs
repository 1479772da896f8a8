//! The crosshair of a chart: a line at one x, and beside it the nearest value of each curve.

use super::super::paint::cells;
use super::super::theme::Role;
use super::axes::Plot;
use super::braille::Canvas;
use super::chart::Curve;
use super::pen::Pen;
use super::reduce::nearest;
use crate::report::words;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// The longest name of a curve that is not cut.
const LONGEST: usize = 16;

/// What is read from one curve.
struct Reading {
    name: String,
    value: String,
    style: Style,
}

pub(super) fn draw(pen: &mut Pen<'_>, plot: &Plot, of: (&[Curve<'_>], f64), canvas: &Canvas) {
    let (series, wanted) = of;
    let found =
        series.iter().filter_map(|curve| nearest(curve.points, wanted).map(|at| (curve, at)));
    let found: Vec<_> = found.filter(|(_, at)| plot.x.share(at.0).is_finite()).collect();
    let far = |at: &(f64, f64)| (at.0 - wanted).abs();
    let Some(nearest) = found.iter().min_by(|a, b| far(&a.1).total_cmp(&far(&b.1))) else { return };
    let x = nearest.1.0;
    let Some(column) = plot.column(plot.dot_x(x)) else { return };
    let rect = plot.rect;
    let line = pen.theme.glyph("┊", ":");
    for y in (0..rect.height).filter(|y| canvas.is_free(column, *y)) {
        pen.cell(rect.x + column, rect.y + y, line, pen.style(Role::Muted));
    }
    let theme = pen.theme;
    let bold = |role| theme.style(role).add_modifier(Modifier::BOLD);
    let mut readings = Vec::new();
    for (curve, at) in &found {
        let name = super::pen::fit(pen.theme, curve.label, LONGEST).into_owned();
        let mut value = words::number(at.1);
        // Read elsewhere, as where a curve has ended already: that is said.
        if plot.column(plot.dot_x(at.0)).is_none_or(|there| there.abs_diff(column) > 1) {
            value = format!("{value} @{}", plot.x.word(at.0));
        }
        readings.push(Reading { name, value, style: bold(curve.role) });
    }
    for (curve, at) in &found {
        if let Some((x, y)) = plot.cell(*at) {
            let style = bold(curve.role);
            pen.cell(rect.x + x, rect.y + y, pen.theme.glyph("●", "o"), style);
        }
    }
    read(pen, plot, (&plot.x.word(x), &readings), (column, canvas));
}

/// The values in a block beside the line, where they hide the least.
fn read(pen: &mut Pen<'_>, plot: &Plot, of: (&str, &[Reading]), at: (u16, &Canvas)) {
    let ((x, readings), (column, canvas), rect) = (of, at, plot.rect);
    let widest = |text: fn(&Reading) -> &str| {
        readings.iter().map(|reading| cells(text(reading))).max().unwrap_or(0)
    };
    let (names, values) = (widest(|reading| &reading.name), widest(|reading| &reading.value));
    let head = cells(x) + 1;
    let gap = usize::from(names > 0);
    let width = (head + names + gap + values) as u16;
    let height = (readings.len() as u16).min(rect.height);
    if width + 2 > rect.width {
        return;
    }
    let lower = rect.height - height;
    let sides = [column + 2, column.saturating_sub(width + 1)];
    let fits = |x: &u16| x + width <= rect.width && (*x > column || x + width < column + 1);
    let places = sides.into_iter().filter(fits).flat_map(|x| {
        [lower.saturating_sub(1), lower / 2, 0].map(|y| Rect { x, y, width, height })
    });
    let Some(place) = places.min_by_key(|place| canvas.used(*place)) else { return };
    for (row, reading) in readings.iter().take(usize::from(height)).enumerate() {
        let at = (rect.x + place.x, rect.y + place.y + row as u16);
        pen.fill(at, width, " ", Style::new());
        if row == 0 {
            pen.text(at, width, x, pen.style(Role::Text));
        }
        pen.text((at.0 + head as u16, at.1), width, &reading.name, reading.style);
        pen.text_right((at.0 + width, at.1), width, &reading.value, reading.style);
    }
}
