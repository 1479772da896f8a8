//! A field over two parameters in shades, with the trials on top and the scale beside it.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::axes::{self, Plot};
use super::braille::Canvas;
use super::pen::Pen;
use super::scale::{Axis, Extent};
use super::scatter::{Dot, dots};
use crate::report::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const SHADES: [&str; 6] = [" ", "·", "░", "▒", "▓", "█"];
/// Without the characters that points are drawn with.
const ASCII_SHADES: [&str; 6] = [" ", ".", ":", "-", "=", "+"];
/// Areas narrower than this have no scale beside them.
const WIDE: u16 = 40;

/// A field of values on a grid.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heat<'a> {
    /// Row by row, the lowest y first; what is not finite is left blank.
    pub values: &'a [f64],
    /// Values in a row.
    pub columns: usize,
    /// The axis below; its range is that of the grid's outer edges.
    pub x: Axis<'a>,
    /// The axis at the left; likewise.
    pub y: Axis<'a>,
    /// Points on top, as the trials that the field was fitted to.
    pub points: &'a [Dot],
    /// What the values are, written above the scale.
    pub name: &'a str,
    /// The color of the field.
    pub role: Option<Role>,
}

impl Heat<'_> {
    /// Where the plot is, and what its edges stand for.
    pub fn plot_area(&self, area: Rect) -> Plot {
        let (mut x, mut y) = (Extent::EMPTY, Extent::EMPTY);
        for mark in self.points {
            x.add(mark.x);
            y.add(mark.y);
        }
        axes::place_exactly(area, (&self.x, x, 0.0), (&self.y, y, 0.0), self.scale_width(area))
    }

    /// Draws axes, field, points and scale.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let plot = self.plot_area(area);
        let mut pen = Pen::new(buf, area, theme);
        let Some(ends) = self.ends() else {
            pen.text_middle(
                area,
                area.y + area.height / 2,
                "no values yet",
                pen.style(Role::Muted),
            );
            return;
        };
        axes::draw(&mut pen, area, &plot, (self.x.name, self.y.name));
        let shades: &[&str] = if theme.ascii { &ASCII_SHADES } else { &SHADES };
        let style = pen.style(self.role.unwrap_or(Role::Accent));
        for y in 0..plot.rect.height {
            for x in 0..plot.rect.width {
                let value = self.value(x, y, plot.rect);
                let glyph = shades[shade(value, ends, shades.len())];
                pen.cell(plot.rect.x + x, plot.rect.y + y, glyph, style);
            }
        }
        let mut canvas = Canvas::new(plot.rect.width, plot.rect.height, theme.ascii);
        dots(&mut canvas, &plot, self.points, theme);
        canvas.draw(&mut pen, (plot.rect.x, plot.rect.y));
        if self.scale_width(area) > 0 {
            self.scale(&mut pen, plot.rect, ends, shades);
        }
    }

    /// The value under a cell of the plot.
    fn value(&self, x: u16, y: u16, rect: Rect) -> f64 {
        let rows = self.values.len() / self.columns.max(1);
        let pick = |at: u16, of: u16, n: usize| usize::from(at) * n / usize::from(of.max(1));
        let row = pick(rect.height - 1 - y, rect.height, rows);
        let column = pick(x, rect.width, self.columns);
        self.values.get(row * self.columns + column).copied().unwrap_or(f64::NAN)
    }

    fn ends(&self) -> Option<(f64, f64)> {
        let finite = || self.values.iter().copied().filter(|value| value.is_finite());
        let ends = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        (ends.0 <= ends.1 && self.columns > 0).then_some(ends)
    }

    fn scale_width(&self, area: Rect) -> u16 {
        match self.ends() {
            Some((low, high)) if area.width >= WIDE => {
                let widest = cells(&words::number(low)).max(cells(&words::number(high)));
                widest.max(cells(self.name).min(10)) as u16 + 4
            }
            _ => 0,
        }
    }

    /// The highest value above.
    fn scale(&self, pen: &mut Pen<'_>, plot: Rect, ends: (f64, f64), shades: &[&str]) {
        let (x, width) = (plot.right() + 1, pen.area.right().saturating_sub(plot.right() + 1));
        let style = pen.style(self.role.unwrap_or(Role::Accent));
        let muted = pen.style(Role::Muted);
        let is_named = !self.name.is_empty() && plot.y > pen.area.y;
        if is_named {
            pen.text((x, plot.y - 1), width, self.name, muted);
        }
        let height = plot.height.min(shades.len() as u16);
        for row in 0..height {
            let share = 1.0 - f64::from(row) / f64::from((height - 1).max(1));
            let glyph = shades[(share * (shades.len() - 1) as f64).round() as usize];
            pen.fill((x, plot.y + row), 2, glyph, style);
        }
        pen.text((x + 3, plot.y), width, &words::number(ends.1), muted);
        if height > 1 {
            pen.text((x + 3, plot.y + height - 1), width, &words::number(ends.0), muted);
        }
    }
}

/// The shade of a value; blank for none, the one in the middle if all are equal.
fn shade(value: f64, ends: (f64, f64), n: usize) -> usize {
    if !value.is_finite() {
        return 0;
    }
    let (low, high) = ends;
    let share = if high > low { (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.5 };
    ((share * n as f64) as usize).min(n - 1)
}

#[cfg(test)]
mod tests {
    use super::super::scatter::Shape;
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn a_hill_in_shades() {
        let height = |at: usize| {
            let (x, y) = ((at % 30) as f64 / 30.0 - 0.6, (at / 30) as f64 / 20.0 - 0.5);
            if at == 0 { f64::NAN } else { 0.95 - 0.5 * (x * x + y * y) }
        };
        let values: Vec<f64> = (0..600).map(height).collect();
        let points = [
            Dot { x: 1e-3, y: 6.0, role: Role::Text, shape: Shape::Ring },
            Dot { x: 8e-2, y: 9.0, role: Role::Champion, shape: Shape::Star },
        ];
        let heat = Heat {
            values: &values,
            columns: 30,
            x: Axis { log: true, range: Some((1e-4, 1.0)), ..Axis::named("lr") },
            y: Axis { range: Some((2.0, 16.0)), ..Axis::named("depth") },
            points: &points,
            name: "auc",
            role: None,
        };
        assert_snapshot!(shown(52, 11, |buf, area| heat.draw(buf, area, &Theme::default())), @"
        depth                                      auc
        15┤  ··░░░░▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒ ██ 0.95
          │···░░░▒▒▒▒▒▓▓▓▓▓▓███████████████▓▓▓▓▓▓▒ ▓▓
          │··░░▒▒▒▒▓▓▓▓▓███████████████████████▓▓▓ ▒▒
          │░░░░▒▒▒▓▓▓▓▓█████████████████████████▓▓ ░░
          │░░░░▒▒▒▒▓▓▓▓▓███████████████★███████▓▓▓ ··
          │··░░░░▒▒▒▒▓▓▓▓▓███████████████████▓▓▓▓▓    0.6644
          │···░░░░▒▒○▒▒▓▓▓▓▓▓▓▓▓███████▓▓▓▓▓▓▓▓▓▒▒
         5┤   ···░░░░░▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒░
          │      ·····░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░·
          └1e-4───0.001──────0.01──────0.1───1─lr─
        ");
        assert_snapshot!(shown(36, 9, |buf, area| heat.draw(buf, area, &ascii())), @"
        depth
        15+  ..:::------================----
          |..:::---=====++++++++++++++++====
          |::::--====+++++++++++++++++++++==
          |::::---====++++++++++++@++++++===
          |...::---o======++++++++++++=====-
         5+   ..::::------============-----:
          |     ....::::::------------:::::.
          +1e-4--0.001----0.01----0.1----lr-
        ");
        let none = Heat { values: &[f64::NAN; 4], columns: 2, ..Heat::default() };
        assert_snapshot!(shown(30, 3, |buf, area| none.draw(buf, area, &Theme::default())), @"

        no values yet
        ");
    }
}
