//! The names of curves: at the right, beside their ends, or inside where they hide the least.

use super::super::paint::cells;
use super::super::theme::Role;
use super::axes::Plot;
use super::braille::Canvas;
use super::chart::Curve;
use super::pen::Pen;
use super::reduce::nearest;
use ratatui::layout::Rect;

/// From this width on there is room beside the plot.
const WIDE: u16 = 60;
/// The longest name that is not cut.
const LONGEST: usize = 18;
/// A piece of the line and a blank before a name, a blank after the plot.
const SWATCH: u16 = 3;

/// Columns that the legend takes beside the plot.
pub(super) fn width(area: Rect, series: &[Curve<'_>]) -> u16 {
    if area.width < WIDE || area.height < 4 { 0 } else { size(series).map_or(0, |size| size + 1) }
}

/// Cells of the widest entry; none if there is nothing to tell apart.
fn size(series: &[Curve<'_>]) -> Option<u16> {
    let named = series.iter().filter(|curve| !curve.label.is_empty());
    let widest = named.clone().map(|curve| cells(curve.label).min(LONGEST)).max()?;
    (named.count() > 1).then_some(widest as u16 + SWATCH)
}

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, plot: &Plot, of: (&[Curve<'_>], &Canvas)) {
    let (series, canvas) = of;
    let Some(size) = size(series) else { return };
    if plot.rect.right() + size <= area.right() && width(area, series) > 0 {
        beside(pen, plot, series, size);
    } else {
        inside(pen, plot, (series, canvas), size);
    }
}

/// Each name at the height of its curve's end, moved apart where they would touch.
fn beside(pen: &mut Pen<'_>, plot: &Plot, series: &[Curve<'_>], size: u16) {
    let height = plot.rect.height;
    let mut rows: Vec<(u16, usize)> = Vec::new();
    for (at, curve) in series.iter().enumerate().filter(|(_, curve)| !curve.label.is_empty()) {
        let end = nearest(curve.points, plot.x_range().1);
        let row = end.map_or(height, |end| {
            let dot = plot.dot_y(end.1) / 4.0;
            if dot.is_finite() { dot.clamp(0.0, f64::from(height - 1)) as u16 } else { height }
        });
        rows.push((row, at));
    }
    rows.sort_unstable();
    let hidden = rows.len().saturating_sub(usize::from(height));
    if hidden > 0 {
        rows.truncate(usize::from(height).saturating_sub(1));
    }
    spread(&mut rows, height - u16::from(hidden > 0));
    let x = plot.rect.right() + 1;
    for (row, at) in rows {
        entry(pen, (x, plot.rect.y + row), &series[at], size);
    }
    if hidden > 0 {
        let text = format!("+{} more", hidden + 1);
        pen.text((x, plot.rect.bottom() - 1), size, &text, pen.style(Role::Muted));
    }
}

/// Moves rows apart: down from the top, then up from the bottom.
fn spread(rows: &mut [(u16, usize)], height: u16) {
    let mut least = 0;
    for row in rows.iter_mut() {
        row.0 = row.0.max(least);
        least = row.0 + 1;
    }
    let mut most = height;
    for row in rows.iter_mut().rev() {
        row.0 = row.0.min(most.saturating_sub(1));
        most = row.0;
    }
}

/// In the corner that hides the least; not at all if it would hide too much.
fn inside(pen: &mut Pen<'_>, plot: &Plot, of: (&[Curve<'_>], &Canvas), size: u16) {
    let (series, canvas) = of;
    let named: Vec<_> = series.iter().filter(|curve| !curve.label.is_empty()).collect();
    let height = named.len() as u16;
    if size + 2 > plot.rect.width / 2 || height > plot.rect.height / 2 {
        return;
    }
    let (right, bottom) = (plot.rect.width - size - 1, plot.rect.height - height);
    let corners = [(right, bottom), (right, 0), (1, 0), (1, bottom)];
    let hidden = |at: &(u16, u16)| canvas.used(Rect { x: at.0, y: at.1, width: size, height });
    let Some(at) = corners.into_iter().min_by_key(hidden) else { return };
    if hidden(&at) * 3 > usize::from(size * height) {
        return;
    }
    for (row, curve) in named.into_iter().enumerate() {
        let place = (plot.rect.x + at.0, plot.rect.y + at.1 + row as u16);
        pen.fill(place, size, " ", pen.style(Role::Text));
        entry(pen, place, curve, size);
    }
}

fn entry(pen: &mut Pen<'_>, at: (u16, u16), curve: &Curve<'_>, room: u16) {
    let style = pen.style(curve.role);
    let swatch = match curve.dashed {
        true => pen.theme.glyph("╌╌", ". "),
        false => pen.theme.glyph("━━", "--"),
    };
    pen.text(at, room, swatch, style);
    pen.text((at.0 + SWATCH, at.1), room.saturating_sub(SWATCH), curve.label, style);
}
