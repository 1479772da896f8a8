//! The sheet: white, with a title and a legend above the figure.

use super::pen::{Align, Pen, Stroke, Words, fitted, width};
use super::{GRAY, INK};
use plotters::style::{RGBColor, WHITE};

/// Font sizes: of a title, of words, of ticks.
pub(super) const TITLE: f64 = 16.0;
pub(super) const TEXT: f64 = 12.5;
pub(super) const TICK: f64 = 11.5;
const MARGIN: f64 = 18.0;
const LEGEND_ROW: f64 = 20.0;
/// Legend lines at most; more would leave no room for the figure.
const LEGEND_ROWS: u32 = 6;

/// A box on the sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }
}

/// What stands before a name in the legend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Line(Stroke),
    Dot(RGBColor),
    Box(RGBColor),
    /// A range with a dot in it.
    Range(RGBColor),
}

/// One entry of a legend.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) mark: Mark,
    pub(super) name: String,
}

impl Entry {
    pub(super) fn new(mark: Mark, name: impl Into<String>) -> Self {
        Self { mark, name: name.into() }
    }
}

/// What stands above a figure.
#[derive(Debug, Default)]
pub(super) struct Head<'a> {
    pub(super) title: &'a str,
    /// Smaller, below the title.
    pub(super) subtitle: String,
    pub(super) legend: Vec<Entry>,
}

/// Paints the white sheet and what stands above the figure; what is left of it comes back.
pub(super) fn sheet(pen: &mut Pen<'_>, size: (u32, u32), head: &Head<'_>) -> Area {
    let (right, bottom) = (f64::from(size.0), f64::from(size.1));
    pen.fill((0.0, 0.0), (right, bottom), WHITE);
    let mut area =
        Area { left: MARGIN, top: 12.0, right: right - MARGIN, bottom: bottom - MARGIN + 4.0 };
    for (text, em, color) in [(head.title, TITLE, INK), (&head.subtitle, TEXT, GRAY)] {
        if !text.is_empty() {
            let row = em + 8.0;
            let words = Words::new(em, color, Align::Left);
            pen.words((area.left, area.top + row / 2.0), &fitted(text, em, area.width()), words);
            area.top += row;
        }
    }
    area.top += 4.0;
    legend(pen, &mut area, &head.legend);
    area.top += 8.0;
    area
}

/// Entries side by side in rows, above the figure so that they never hide a point.
fn legend(pen: &mut Pen<'_>, area: &mut Area, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    let room = area.width() / 2.0 - 50.0;
    let names: Vec<String> = entries.iter().map(|entry| fitted(&entry.name, TEXT, room)).collect();
    let wides: Vec<f64> = names.iter().map(|name| 46.0 + width(name, TEXT)).collect();
    let (mut x, mut row) = (area.left, 0);
    for (at, (entry, name)) in entries.iter().zip(&names).enumerate() {
        let wide = wides[at];
        if x > area.left && x + wide > area.right {
            x = area.left;
            row += 1;
        }
        let rest = entries.len() - at;
        let middle = area.top + (f64::from(row) + 0.5) * LEGEND_ROW;
        // On the last row there must be room for the next one, or for saying how many are missing.
        let next =
            wides.get(at + 1).map_or(0.0, |next| if rest == 2 { *next } else { next.max(110.0) });
        if row + 1 == LEGEND_ROWS && x + wide + next > area.right {
            let more = format!("… and {rest} more");
            pen.words((x, middle), &more, Words::new(TEXT, GRAY, Align::Left));
            break;
        }
        draw_mark(pen, (x, middle), entry.mark);
        pen.words((x + 26.0, middle), name, Words::new(TEXT, INK, Align::Left));
        x += wide;
    }
    area.top += (f64::from(row) + 1.0) * LEGEND_ROW;
}

fn draw_mark(pen: &mut Pen<'_>, (x, y): (f64, f64), mark: Mark) {
    match mark {
        Mark::Line(stroke) => pen.line(&[(x, y), (x + 20.0, y)], stroke),
        Mark::Dot(color) => pen.dot((x + 10.0, y), 4.0, color),
        Mark::Box(color) => pen.fill((x + 4.0, y - 6.0), (x + 16.0, y + 6.0), color),
        Mark::Range(color) => {
            pen.line(&[(x, y), (x + 20.0, y)], Stroke::new(color, 1.5));
            pen.dot((x + 10.0, y), 3.5, color);
        }
    }
}
