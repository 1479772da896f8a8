//! Tables of the screen: a name, then a column a run; the reference stays in view while others scroll.

use super::super::{Place, Shared};
use crate::tui::layout;
use crate::tui::paint::cells;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{CellText, Col, Grid, GridHit, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Cells of a column at most, and of the names.
const WIDEST: u16 = 20;
const NARROWEST: u16 = 8;
/// The same where some must be scrolled out of view anyway.
const SCROLLED: u16 = 11;
const SCROLLED_NAME: u16 = 16;
const WIDEST_NAME: u16 = 30;

/// A column's title, and which run it is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Title {
    pub(super) text: String,
    /// The run that is selected with it; none for names and counts.
    pub(super) run: Option<usize>,
    /// At the right, as numbers are.
    pub(super) right: bool,
}

/// A table, ready to be drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    pub(super) titles: Vec<Title>,
    /// A row of a single cell is a heading.
    pub(super) rows: Vec<Vec<CellText>>,
    /// Lines below the table.
    pub(super) notes: Vec<(String, Role)>,
    /// What stands there without rows.
    pub(super) empty: String,
    widths: Vec<u16>,
}

/// Where one is in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cursor {
    /// The row.
    pub(super) row: usize,
    /// The first row in view.
    pub(super) first: usize,
}

impl Cursor {
    /// Moves among `n` rows of which `height` are seen.
    pub(super) fn step(&mut self, by: isize, height: usize, n: usize) {
        let last = n.saturating_sub(1) as isize;
        self.row = (self.row as isize).saturating_add(by).clamp(0, last) as usize;
        self.first = layout::scroll(self.first, self.row, height, n);
    }
}

impl Sheet {
    /// A table of named columns.
    pub(super) fn new(
        titles: Vec<Title>,
        rows: Vec<Vec<CellText>>,
        notes: Vec<(String, Role)>,
    ) -> Self {
        let widths: Vec<u16> = titles
            .iter()
            .enumerate()
            .map(|(at, title)| {
                let of = |row: &Vec<CellText>| match row.len() {
                    1 => 0,
                    _ => row.get(at).map_or(0, |cell| cells(&cell.text)),
                };
                let widest = rows.iter().map(of).max().unwrap_or(0).max(cells(&title.text));
                let most = if at == 0 { WIDEST_NAME } else { WIDEST };
                (widest as u16).clamp(1, most)
            })
            .collect();
        Self { titles, rows, notes, empty: String::new(), widths }
    }

    /// The titles of a name and of runs by their letters.
    pub(super) fn titles_of(name: &str, letters: &[char]) -> Vec<Title> {
        let mut titles = vec![Title { text: name.into(), ..Title::default() }];
        let of = |(at, letter): (usize, &char)| Title {
            text: letter.to_string(),
            run: Some(at),
            right: true,
        };
        titles.extend(letters.iter().enumerate().map(of));
        titles
    }

    /// Rows that are seen of the table.
    pub(super) fn height(&self, area: Rect) -> usize {
        Grid::height(self.body(area))
    }

    fn body(&self, area: Rect) -> Rect {
        let notes = (self.notes.len() as u16).min(area.height / 3);
        Rect { height: area.height - notes, ..area }
    }

    fn columns(&self, width: u16) -> Vec<Col<'_>> {
        // A long name must leave room for the reference and one run.
        let name = (width / 2).saturating_sub(4).max(8);
        let (name, most) = match self.most(width, name) {
            Some(most) => (name, most),
            None => (name.min(SCROLLED_NAME), SCROLLED),
        };
        let mut columns = Vec::with_capacity(self.titles.len());
        for (at, (title, width)) in self.titles.iter().zip(&self.widths).enumerate() {
            columns.push(Col {
                title: &title.text,
                width: if at == 0 { (*width).min(name) } else { (*width).min(most) },
                right: title.right,
                frozen: title.run.is_none_or(|run| run == 0),
                priority: 1,
                grow: at == 0,
            });
        }
        columns
    }

    /// The width that columns are cut to so that all are in view, as long as that leaves enough of them.
    fn most(&self, width: u16, name: u16) -> Option<u16> {
        let name = self.widths.first().copied().unwrap_or(0).min(name);
        let total = |most: u16| {
            let of = |own: &u16| (*own).min(most) + 2;
            name + 2 + self.widths.iter().skip(1).map(of).sum::<u16>()
        };
        (NARROWEST..=WIDEST).rev().find(|most| total(*most) <= width)
    }

    /// Draws it with the cursor on a row, and the columns of run `run` in view.
    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        place: Place,
        shared: &Shared,
        (cursor, run): (Cursor, usize),
    ) {
        let area = self.body(place.area);
        let columns = self.columns(area.width);
        let height = Grid::height(area);
        let row = cursor.row.min(self.rows.len().saturating_sub(1));
        let first = layout::scroll(cursor.first, row, height, self.rows.len());
        let shown = &self.rows[first..(first + height).min(self.rows.len())];
        let grid = self.grid(&columns, (shown, first), run, area);
        let grid = Grid { selected: Some(row), focused: place.focused, ..grid };
        grid.draw(buf, area, &shared.theme);
        for (at, (text, role)) in self.notes.iter().enumerate() {
            let y = area.bottom() + at as u16;
            if y < place.area.bottom() {
                let at = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
                put(buf, at, &shared.theme, (text, shared.theme.style(*role)), false);
            }
        }
    }

    fn grid<'a>(
        &'a self,
        columns: &'a [Col<'a>],
        (rows, first_row): (&'a [Vec<CellText>], usize),
        run: usize,
        area: Rect,
    ) -> Grid<'a> {
        let grid = Grid {
            columns,
            rows,
            first_row,
            total: self.rows.len(),
            first_column: Some(0),
            empty: &self.empty,
            ..Grid::default()
        };
        let of_run = |title: &Title| title.run == Some(run);
        let last = self.titles.iter().rposition(of_run);
        let first = last.map(|column| grid.first_column_for(area, column));
        let selected_column = self.titles.iter().position(of_run);
        Grid { first_column: first.or(Some(0)), selected_column, ..grid }
    }

    /// What is at a cell of the screen: a row, and a run.
    pub(super) fn hit(
        &self,
        area: Rect,
        at: (u16, u16),
        (cursor, run): (Cursor, usize),
    ) -> (Option<usize>, Option<usize>) {
        let area = self.body(area);
        let columns = self.columns(area.width);
        let height = Grid::height(area);
        let first = layout::scroll(cursor.first, cursor.row, height, self.rows.len());
        let end = (first + height).min(self.rows.len());
        let grid = self.grid(&columns, (&self.rows[first.min(end)..end], first), run, area);
        let run_of = |column: usize| self.titles.get(column).and_then(|title| title.run);
        match grid.hit(area, at.0, at.1) {
            Some(GridHit::Header(column)) => (None, run_of(column)),
            Some(GridHit::Cell(row, column)) => (Some(row), run_of(column)),
            Some(GridHit::Bar(row)) => (Some(row), None),
            None => (None, None),
        }
    }
}

/// Writes one line into an area of one row, cut to it.
pub(super) fn put(
    buf: &mut Buffer,
    area: Rect,
    theme: &Theme,
    (text, style): (&str, Style),
    right: bool,
) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    let text = fit(theme, text, width);
    let x = if right { area.right() - (cells(&text).min(width)) as u16 } else { area.x };
    buf.set_stringn(x, area.y, &*text, usize::from(area.right() - x), style);
}
