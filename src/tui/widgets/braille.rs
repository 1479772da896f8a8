//! A canvas of 2×4 dots in each cell. Every cell belongs to the layer that drew into it last, so colors never mix.

use super::pen::Pen;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Dots of a cell, across and down.
pub(super) const DOTS: (u16, u16) = (2, 4);
/// The bit of each dot in U+2800…28FF: left column, right column, from top to bottom.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// A dashed line draws so many dots and leaves out as many as are missing to the second number.
const DASH: (u32, u32) = (5, 8);

/// What a cell shows.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    bits: u8,
    /// Drawn instead of the dots.
    glyph: Option<&'static str>,
    layer: u16,
    style: Style,
    is_area: bool,
    is_dashed: bool,
}

/// A drawing surface; coordinates are dots from the left and from the top.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    width: u16,
    height: u16,
    cells: Vec<Cell>,
    layer: u16,
    style: Style,
    is_ascii: bool,
    is_dashed: bool,
    /// Dots that the dashed line has come along.
    walked: u32,
    last: (i32, i32),
}

impl Canvas {
    /// An empty canvas of so many cells.
    pub(super) fn new(width: u16, height: u16, is_ascii: bool) -> Self {
        let cells = vec![Cell::default(); usize::from(width) * usize::from(height)];
        let style = Style::new();
        Self {
            width,
            height,
            cells,
            layer: 0,
            style,
            is_ascii,
            is_dashed: false,
            walked: 0,
            last: (-1, -1),
        }
    }

    /// What follows replaces what earlier layers drew into the same cells.
    pub(super) fn layer(&mut self, style: Style, is_dashed: bool) {
        self.layer = self.layer.saturating_add(1);
        self.style = style;
        self.is_dashed = is_dashed;
        self.walked = 0;
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
        self.set(x, y, false);
    }

    /// One dot of a filled area; ASCII shows areas in their own way.
    pub(super) fn shade(&mut self, x: i32, y: i32) {
        self.set(x, y, true);
    }

    /// A glyph in the whole cell, in place of whatever is there.
    pub(super) fn glyph(&mut self, x: u16, y: u16, glyph: &'static str) {
        if let Some(at) = self.at(x, y) {
            let (layer, style) = (self.layer, self.style);
            self.cells[at] = Cell { glyph: Some(glyph), layer, style, ..Cell::default() };
        }
    }

    /// A straight line between two dots, whatever of it is on the canvas.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (right, bottom) = (f64::from(self.width * 2) - 1.0, f64::from(self.height) * 4.0 - 1.0);
        let Some((from, to)) = clipped(from, to, (right, bottom)) else { return };
        let (mut x, mut y) = (from.0.round() as i32, from.1.round() as i32);
        let (to_x, to_y) = (to.0.round() as i32, to.1.round() as i32);
        let (across, down) = ((to_x - x).abs(), -(to_y - y).abs());
        let (step_x, step_y) = ((to_x - x).signum(), (to_y - y).signum());
        let mut error = across + down;
        loop {
            self.step(x, y);
            if (x, y) == (to_x, to_y) {
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

    /// Draws what is not empty, the canvas's left top cell at `at`.
    pub(super) fn draw(&self, pen: &mut Pen<'_>, at: (u16, u16)) {
        for (row, cells) in self.cells.chunks(usize::from(self.width).max(1)).enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (x, y) = (at.0 + column as u16, at.1 + row as u16);
                match cell.glyph {
                    Some(glyph) => pen.cell(x, y, glyph, cell.style),
                    None if cell.bits == 0 => {}
                    None if self.is_ascii && cell.is_dashed && (column + row) % 2 == 1 => {}
                    None if self.is_ascii => pen.char(x, y, cell.ascii(), cell.style),
                    None => pen.char(x, y, braille(cell.bits), cell.style),
                }
            }
        }
    }

    fn at(&self, x: u16, y: u16) -> Option<usize> {
        let is_inside = x < self.width && y < self.height;
        is_inside.then(|| usize::from(y) * usize::from(self.width) + usize::from(x))
    }

    /// A dot of a line, if the dash says so.
    fn step(&mut self, x: i32, y: i32) {
        // The end of one piece is the head of the next.
        if self.last != (x, y) {
            self.walked = self.walked.wrapping_add(1);
        }
        self.last = (x, y);
        // In ASCII whole cells are left out, since their characters need all dots.
        if !self.is_dashed || self.is_ascii || self.walked % DASH.1 < DASH.0 {
            self.dot(x, y);
        }
    }

    fn set(&mut self, x: i32, y: i32, is_area: bool) {
        let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(y)) else { return };
        let Some(at) = self.at(x / DOTS.0, y / DOTS.1) else { return };
        let cell = &mut self.cells[at];
        if cell.layer != self.layer {
            *cell = Cell { layer: self.layer, style: self.style, ..Cell::default() };
        }
        cell.bits |= BITS[usize::from(x % DOTS.0)][usize::from(y % DOTS.1)];
        cell.is_area = is_area;
        cell.is_dashed = self.is_dashed;
    }
}

impl Cell {
    /// The ASCII character that comes nearest to the dots.
    fn ascii(&self) -> char {
        if self.is_area {
            return ':';
        }
        let column = |bits: [u8; 4]| {
            let rows = || (0..4usize).filter(|&row| self.bits & bits[row] != 0);
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
        canvas.layer(Style::new(), false);
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
        canvas.layer(theme.style(Role::Good), false);
        canvas.dot(0, 0);
        canvas.layer(theme.style(Role::Bad), false);
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
        canvas.layer(Style::new(), true);
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
