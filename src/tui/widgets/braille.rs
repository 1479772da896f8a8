//! A canvas of 2×4 dots in each cell. Every cell belongs to the layer that drew into it last, so colors never mix.

use super::pen::Pen;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Dots of a cell, across and down.
pub(super) const DOTS: (u16, u16) = (2, 4);
/// The bit of each dot in U+2800…28FF: left column, right column, from top to bottom.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// The bits of the dots of each column from one row to another.
const RUNS: [[[u8; 4]; 4]; 2] = runs();
/// A dashed line draws so many dots and leaves out as many as are missing to the second number.
const DASH: (u32, u32) = (5, 8);

/// How a layer draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Lines and dots.
    Solid,
    /// Broken lines.
    Dashed,
    /// Areas, which ASCII shows in its own way.
    Area,
}

/// What a cell shows; small, since a screen has many.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    bits: u8,
    layer: u32,
    /// Drawn instead of the dots.
    glyph: Option<char>,
}

/// A drawing surface; coordinates are dots from the left and from the top.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    width: u16,
    height: u16,
    cells: Vec<Cell>,
    /// Number 0 is that of empty cells.
    layers: Vec<(Style, Ink)>,
    is_ascii: bool,
    /// Dots that the dashed line has come along.
    walked: u32,
    last: (i32, i32),
}

impl Canvas {
    /// An empty canvas of so many cells.
    pub(super) fn new(width: u16, height: u16, is_ascii: bool) -> Self {
        let cells = vec![Cell::default(); usize::from(width) * usize::from(height)];
        let layers = vec![(Style::new(), Ink::Solid)];
        Self { width, height, cells, layers, is_ascii, walked: 0, last: (-1, -1) }
    }

    /// What follows replaces what earlier layers drew into the same cells.
    pub(super) fn layer(&mut self, style: Style, ink: Ink) {
        self.layers.push((style, ink));
        self.walked = 0;
        self.last = (-1, -1);
    }

    /// True if nothing is drawn in the cell, or it lies outside.
    pub(super) fn is_free(&self, x: u16, y: u16) -> bool {
        self.at(x, y).is_none_or(|at| self.cells[at].bits == 0 && self.cells[at].glyph.is_none())
    }

    /// How many cells of a part of the canvas are drawn in.
    pub(super) fn used(&self, part: Rect) -> usize {
        part.positions().filter(|at| !self.is_free(at.x, at.y)).count()
    }

    /// One dot.
    pub(super) fn dot(&mut self, x: i32, y: i32) {
        if (0..i32::from(self.height) * 4).contains(&y) {
            self.upright(x, y, y);
        }
    }

    /// A glyph in the whole cell, in place of whatever is there.
    pub(super) fn glyph(&mut self, x: u16, y: u16, glyph: &str) {
        let layer = self.layers.len() as u32 - 1;
        if let Some(at) = self.at(x, y) {
            self.cells[at] = Cell { bits: 0, layer, glyph: glyph.chars().next() };
        }
    }

    /// A straight line between two dots, whatever of it is on the canvas.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let far = (f64::from(self.width) * 2.0 - 1.0, f64::from(self.height) * 4.0 - 1.0);
        let Some((from, to)) = clipped(from, to, far) else { return };
        let round = |at: (f64, f64)| (at.0.round() as i32, at.1.round() as i32);
        let is_dashed = self.layers.last().is_some_and(|layer| layer.1 == Ink::Dashed);
        match (round(from), round(to)) {
            // In ASCII whole cells are left out, since their characters need all dots.
            (from, to) if is_dashed && !self.is_ascii => self.dashed(from, to),
            (from, to) if from.0 == to.0 => self.upright(from.0, from.1, to.1),
            (from, to) => self.solid(from, to),
        }
    }

    /// The dots of each column at once, since curves that jump up and down are mostly upright.
    fn solid(&mut self, from: (i32, i32), to: (i32, i32)) {
        let (mut column, mut first, mut last) = (from.0, from.1, from.1);
        for_each_dot(from, to, |x, y| {
            if x != column {
                self.upright(column, first, last);
                (column, first) = (x, y);
            }
            last = y;
        });
        self.upright(column, first, last);
    }

    fn dashed(&mut self, from: (i32, i32), to: (i32, i32)) {
        for_each_dot(from, to, |x, y| {
            // The end of one piece is the head of the next.
            if self.last != (x, y) {
                self.walked = self.walked.wrapping_add(1);
            }
            self.last = (x, y);
            if self.walked % DASH.1 < DASH.0 {
                self.upright(x, y, y);
            }
        });
    }

    /// All dots of a column between two rows.
    fn upright(&mut self, x: i32, from: i32, to: i32) {
        let (top, bottom) = (from.min(to).max(0), from.max(to).min(i32::from(self.height) * 4 - 1));
        let Ok(x) = usize::try_from(x) else { return };
        if x >= usize::from(self.width) * 2 || top > bottom {
            return;
        }
        let layer = self.layers.len() as u32 - 1;
        let (top, bottom) = (top as usize, bottom as usize);
        for row in top / 4..=bottom / 4 {
            let cell = &mut self.cells[row * usize::from(self.width) + x / 2];
            if cell.layer != layer || cell.glyph.is_some() {
                *cell = Cell { bits: 0, layer, glyph: None };
            }
            let first = if row == top / 4 { top % 4 } else { 0 };
            let last = if row == bottom / 4 { bottom % 4 } else { 3 };
            cell.bits |= RUNS[x % 2][first][last];
        }
    }

    /// Draws what is not empty, the canvas's left top cell at `at`.
    pub(super) fn draw(&self, pen: &mut Pen<'_>, at: (u16, u16)) {
        for (row, cells) in self.cells.chunks(usize::from(self.width).max(1)).enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (x, y) = (at.0 + column as u16, at.1 + row as u16);
                let (style, ink) = self.layers[cell.layer as usize];
                let is_gap = self.is_ascii && ink == Ink::Dashed && (column + row) % 2 == 1;
                match cell.glyph {
                    Some(glyph) => pen.char(x, y, glyph, style),
                    None if cell.bits == 0 || is_gap => {}
                    None if self.is_ascii => pen.char(x, y, ascii(cell.bits, ink), style),
                    None => pen.char(x, y, braille(cell.bits), style),
                }
            }
        }
    }

    fn at(&self, x: u16, y: u16) -> Option<usize> {
        let is_inside = x < self.width && y < self.height;
        is_inside.then(|| usize::from(y) * usize::from(self.width) + usize::from(x))
    }
}

const fn runs() -> [[[u8; 4]; 4]; 2] {
    let mut runs = [[[0; 4]; 4]; 2];
    let mut at = 0;
    while at < 32 {
        let (column, first, last) = (at / 16, at / 4 % 4, at % 4);
        let mut row = first;
        while row <= last {
            runs[column][first][last] |= BITS[column][row];
            row += 1;
        }
        at += 1;
    }
    runs
}

/// The dots of a line from end to end (Bresenham, 1965).
fn for_each_dot(from: (i32, i32), to: (i32, i32), mut draw: impl FnMut(i32, i32)) {
    let (mut x, mut y) = from;
    let (across, down) = ((to.0 - x).abs(), -(to.1 - y).abs());
    let (step_x, step_y) = ((to.0 - x).signum(), (to.1 - y).signum());
    let mut error = across + down;
    loop {
        draw(x, y);
        if (x, y) == to {
            return;
        }
        let twice = 2 * error;
        if twice >= down {
            error += down;
            x += step_x;
        }
        if twice <= across {
            error += across;
            y += step_y;
        }
    }
}

/// The ASCII character that comes nearest to the dots.
fn ascii(dots: u8, ink: Ink) -> char {
    if ink == Ink::Area {
        return ':';
    }
    let column = |bits: [u8; 4]| {
        let rows = || (0..4usize).filter(|&row| dots & bits[row] != 0);
        let sum: usize = rows().sum();
        (rows().count(), rows().min(), rows().max(), sum as f64 / rows().count().max(1) as f64)
    };
    let (left, right) = (column(BITS[0]), column(BITS[1]));
    match (left.0, right.0) {
        (1, 0) | (0, 1) if left.2.max(right.2) >= Some(2) => '.',
        (1, 0) | (0, 1) => '\'',
        (_, 0) | (0, _) => '|',
        _ if left.3 - right.3 >= 1.0 => '/',
        _ if right.3 - left.3 >= 1.0 => '\\',
        (l, r) if l + r >= 6 => '|',
        _ if left.1.min(right.1) >= Some(3) => '_',
        _ => '-',
    }
}

fn braille(bits: u8) -> char {
    // U+2800…28FF are all characters.
    char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ')
}

/// What of a line lies between 0 and the far edges (Liang and Barsky, 1984).
fn clipped(from: (f64, f64), to: (f64, f64), far: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    if ![from.0, from.1, to.0, to.1].iter().all(|at| at.is_finite()) || far.0 < 0.0 || far.1 < 0.0 {
        return None;
    }
    // Half a dot of room, so that what rounds onto the canvas is on it.
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let edges = [
        (-dx, from.0 + 0.49),
        (dx, far.0 + 0.49 - from.0),
        (-dy, from.1 + 0.49),
        (dy, far.1 + 0.49 - from.1),
    ];
    for (toward, room) in edges {
        if toward == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if toward < 0.0 {
            enter = enter.max(room / toward);
        } else {
            leave = leave.min(room / toward);
        }
    }
    let at = |share: f64| (from.0 + dx * share, from.1 + dy * share);
    (enter <= leave).then(|| (at(enter), at(leave)))
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use crate::tui::theme::{Role, Theme};
    use insta::assert_snapshot;
    use ratatui::buffer::Buffer;

    fn draw(theme: &Theme, paint: impl Fn(&mut Canvas)) -> String {
        let mut canvas = Canvas::new(12, 4, theme.ascii);
        canvas.layer(Style::new(), Ink::Solid);
        paint(&mut canvas);
        shown(12, 4, |buf, area| canvas.draw(&mut Pen::new(buf, area, theme), (0, 0)))
    }

    fn cross(canvas: &mut Canvas) {
        canvas.line((0.0, 15.0), (23.0, 0.0));
        canvas.line((0.0, 8.0), (23.0, 8.0));
        canvas.line((11.0, 0.0), (11.0, 15.0));
        canvas.line((-100.0, -100.0), (1000.0, 1000.0));
        canvas.dot(23, 15);
    }

    #[test]
    fn lines_in_dots_and_in_ascii() {
        assert_snapshot!(draw(&Theme::default(), cross), @"
        ⠑⢄   ⢸   ⣀⠔⠊
          ⠑⢄ ⢸⣀⠔⠊
        ⠉⠉⠉⡩⠝⢽⠉⠉⠉⠉⠉⠉
        ⡠⠔⠉  ⢸⠑⢄   ⢀
        ");
        assert_snapshot!(draw(&ascii(), cross), @r"
        \\   |   _//
          \\ |_//
        -----|------
        //-  |\\   .
        ");
    }

    #[test]
    fn a_later_layer_takes_the_whole_cell() {
        let theme = Theme::default();
        let mut canvas = Canvas::new(1, 1, false);
        canvas.layer(theme.style(Role::Good), Ink::Solid);
        canvas.dot(0, 0);
        canvas.layer(theme.style(Role::Bad), Ink::Solid);
        canvas.dot(1, 3);
        let mut buf = Buffer::empty(Rect::new(0, 0, 1, 1));
        canvas.draw(&mut Pen::new(&mut buf, Rect::new(0, 0, 1, 1), &theme), (0, 0));
        assert_eq!(
            (buf[(0, 0)].symbol(), buf[(0, 0)].fg),
            ("⢀", theme.style(Role::Bad).fg.unwrap())
        );
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let mut canvas = Canvas::new(2, 1, false);
        canvas.layer(Style::new(), Ink::Dashed);
        for end in [f64::NAN, f64::INFINITY, 1e300, -1e300, 0.0] {
            canvas.line((0.0, end), (end, 3.0));
        }
        canvas.dot(-1, 0);
        canvas.dot(4, 0);
        canvas.glyph(2, 0, "x");
        let mut none = Canvas::new(0, 0, true);
        none.line((0.0, 0.0), (1.0, 1.0));
        none.dot(0, 0);
        assert!(none.is_free(0, 0));
    }
}
