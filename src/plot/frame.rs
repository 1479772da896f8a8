//! The shared frame: axes with ticks, names and a grid, and a bar of colors beside them.

use super::axis::Axis;
use super::pen::{Align, Pen, Stroke, Words, fitted, width};
use super::sheet::{Area, TICK};
use super::{GRAY, GRID, INK};
use plotters::style::RGBColor;

/// What a frame shows beside its axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Lines across at the ticks of x and of y.
    pub(super) grid: (bool, bool),
    /// Write names and ticks of x and of y; panels that share an axis write it once.
    pub(super) labels: (bool, bool),
    /// Room for the labels of y where frames below each other must agree.
    pub(super) room: Option<f64>,
    /// Room for the labels of x where frames beside each other must agree; see [`depth`].
    pub(super) depth: Option<f64>,
    pub(super) em: f64,
}

impl Default for Look {
    fn default() -> Self {
        Self { grid: (true, true), labels: (true, true), room: None, depth: None, em: TICK }
    }
}

/// How high the labels of an axis are on a frame that wide.
pub(super) fn depth(x: &Axis, wide: f64, em: f64, outer_height: f64) -> f64 {
    Across::of(x, wide, em, outer_height * 0.3).height
}

/// Axes on a sheet.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) area: Area,
    x: Axis,
    y: Axis,
}

impl Frame {
    /// Draws grid, ticks and names within the area; the axes take what room their labels need.
    pub(super) fn new(pen: &mut Pen<'_>, outer: Area, x: Axis, y: Axis, look: Look) -> Self {
        let em = look.em;
        let named = |axis: &Axis| if axis.name.is_empty() { 0.0 } else { em + 12.0 };
        let mut area = outer;
        let y_room = (outer.width() * 0.28).max(40.0);
        if look.labels.1 {
            let ticks = y.ticks(outer.height() - 40.0, y_room, em);
            let widest = ticks.iter().map(|(_, label)| width(label, em)).fold(0.0, f64::max);
            area.left += look.room.unwrap_or(named(&y) + widest + 8.0);
        }
        if look.labels.0 && x.slots().is_none() {
            // The last label stands half beyond its tick.
            area.right -= 10.0;
        }
        let across = Across::of(&x, area.width(), em, outer.height() * 0.3);
        if look.labels.0 {
            area.bottom -= named(&x) + look.depth.unwrap_or(across.height) + 8.0;
        }
        let frame = Self { area, x, y };
        let y_ticks = frame.y.ticks(area.height(), y_room, em);
        let y_ticks = thinned_words(y_ticks, area.height(), &frame.y, em * 1.2);
        frame.grid(pen, &across.ticks, &y_ticks, look);
        if look.labels.0 {
            frame.label_x(pen, &across, outer.bottom, em);
        }
        if look.labels.1 {
            frame.label_y(pen, &y_ticks, outer.left, em);
        }
        frame
    }

    /// Where a point stands on the sheet.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.across(x), self.up(y))
    }

    pub(super) fn across(&self, x: f64) -> f64 {
        self.area.left + self.x.share(x) * self.area.width()
    }

    pub(super) fn up(&self, y: f64) -> f64 {
        self.area.bottom - self.y.share(y) * self.area.height()
    }

    /// A line over the whole width at a value of y.
    pub(super) fn level(&self, pen: &mut Pen<'_>, y: f64, stroke: Stroke) {
        let at = self.up(y);
        pen.line(&[(self.area.left, at), (self.area.right, at)], stroke);
    }

    /// A line over the whole height at a value of x.
    pub(super) fn upright(&self, pen: &mut Pen<'_>, x: f64, stroke: Stroke) {
        let at = self.across(x);
        pen.line(&[(at, self.area.top), (at, self.area.bottom)], stroke);
    }

    fn grid(
        &self,
        pen: &mut Pen<'_>,
        x_ticks: &[(f64, String)],
        y_ticks: &[(f64, String)],
        look: Look,
    ) {
        let Area { left, top, right, bottom } = self.area;
        if look.grid.0 {
            for &(value, _) in x_ticks {
                self.upright(pen, value, Stroke::new(GRID, 1.0));
            }
        }
        if look.grid.1 {
            for &(value, _) in y_ticks {
                self.level(pen, value, Stroke::new(GRID, 1.0));
            }
        }
        let axis = Stroke::new(GRAY, 1.0);
        pen.line(&[(left, top), (left, bottom), (right, bottom)], axis);
    }

    fn label_x(&self, pen: &mut Pen<'_>, across: &Across, bottom: f64, em: f64) {
        let base = self.area.bottom;
        for (value, label) in &across.ticks {
            let x = self.across(*value);
            pen.line(&[(x, base), (x, base + 4.0)], Stroke::new(GRAY, 1.0));
            if across.is_upward {
                let words = Words::new(em, INK, Align::Right).upward();
                pen.words((x, base + 7.0), label, words);
            } else {
                let words = Words::new(em, INK, Align::Middle);
                pen.words((x, base + 6.0 + em / 2.0), label, words);
            }
        }
        if !self.x.name.is_empty() {
            let name = fitted(&self.x.name, em + 1.0, self.area.width() + 40.0);
            let middle = f64::midpoint(self.area.left, self.area.right);
            let words = Words::new(em + 1.0, INK, Align::Middle);
            pen.words((middle, bottom - em / 2.0), &name, words);
        }
    }

    fn label_y(&self, pen: &mut Pen<'_>, ticks: &[(f64, String)], left: f64, em: f64) {
        for (value, label) in ticks {
            let y = self.up(*value);
            pen.line(&[(self.area.left - 4.0, y), (self.area.left, y)], Stroke::new(GRAY, 1.0));
            pen.words((self.area.left - 8.0, y), label, Words::new(em, INK, Align::Right));
        }
        if !self.y.name.is_empty() {
            let name = fitted(&self.y.name, em + 1.0, self.area.height() + 20.0);
            let middle = f64::midpoint(self.area.top, self.area.bottom);
            let words = Words::new(em + 1.0, INK, Align::Middle).upward();
            pen.words((left + em / 2.0, middle), &name, words);
        }
    }
}

/// Labels below a horizontal axis.
struct Across {
    ticks: Vec<(f64, String)>,
    height: f64,
    is_upward: bool,
}

impl Across {
    /// Words that do not fit beside each other run upwards; those that still do not are thinned out.
    fn of(axis: &Axis, pixels: f64, em: f64, room: f64) -> Self {
        let ticks = axis.ticks_across(pixels, em);
        let Some(slots) = axis.slots() else {
            return Self { ticks, height: em, is_upward: false };
        };
        let slot = pixels / slots as f64;
        let widest = ticks.iter().map(|(_, label)| width(label, em)).fold(0.0, f64::max);
        if widest <= slot - 8.0 || slot >= 90.0 {
            let short = ticks.into_iter().map(|(at, label)| (at, fitted(&label, em, slot - 8.0)));
            return Self { ticks: short.collect(), height: em, is_upward: false };
        }
        let room = room.min(130.0);
        let short = ticks.into_iter().map(|(at, label)| (at, fitted(&label, em, room))).collect();
        let ticks = thinned_words(short, pixels, axis, em * 1.2);
        Self { ticks, height: widest.min(room), is_upward: true }
    }
}

/// Every k-th word where there are more than have room; ticks of numbers stay as they are.
fn thinned_words(
    ticks: Vec<(f64, String)>,
    pixels: f64,
    axis: &Axis,
    each: f64,
) -> Vec<(f64, String)> {
    let Some(slots) = axis.slots() else {
        return ticks;
    };
    let every = (each * slots as f64 / pixels).ceil().max(1.0) as usize;
    ticks.into_iter().step_by(every).collect()
}

/// A bar of colors with the ends' values, right of a figure.
pub(super) fn color_bar(
    pen: &mut Pen<'_>,
    area: Area,
    axis: &Axis,
    color: &dyn Fn(f64) -> RGBColor,
) {
    let em = TICK - 0.5;
    let ticks = axis.ticks(area.height(), 60.0, em);
    let name_room = if axis.name.is_empty() { 0.0 } else { em + 6.0 };
    let bar = Area { left: area.left, right: area.left + 14.0, ..area };
    let rows = 64;
    let edge = |row: i32| bar.bottom - bar.height() * f64::from(row) / f64::from(rows);
    for row in 0..rows {
        let share = (f64::from(row) + 0.5) / f64::from(rows);
        // Each reaches under the next, or seams would show.
        pen.fill(
            (bar.left, edge(row)),
            (bar.right, (edge(row + 1) - 1.0).max(bar.top)),
            color(share),
        );
    }
    for (value, label) in ticks {
        let y = bar.bottom - axis.share(value) * bar.height();
        pen.line(&[(bar.right, y), (bar.right + 3.0, y)], Stroke::new(GRAY, 1.0));
        pen.words((bar.right + 6.0, y), &label, Words::new(em, INK, Align::Left));
    }
    let words = Words::new(em + 1.0, INK, Align::Middle).upward();
    let name = fitted(&axis.name, em + 1.0, area.height());
    let middle = f64::midpoint(area.top, area.bottom);
    pen.words((area.right - name_room / 2.0, middle), &name, words);
}
