//! The table: the rows in view under a header, columns by priority or scrolled, and what the mouse is on.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::columns::{self, Placed};
use super::pen::{Pen, fit, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

pub use super::columns::Col;

/// What a cell says and how.
#[derive(Debug, Clone, PartialEq)]
pub struct CellText {
    /// Foreign text is welcome: it is cleaned and cut.
    pub text: String,
    /// The color.
    pub role: Role,
    /// True for what has just changed.
    pub bold: bool,
}

impl CellText {
    /// A cell that is not bold.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role, bold: false }
    }
}

/// What of a table the mouse is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridHit {
    /// The header of a column.
    Header(usize),
    /// A cell: its row, counted from the first of the table, and its column.
    Cell(usize, usize),
    /// The scrollbar: the row that a click there puts at the top.
    Bar(usize),
}

/// A table of which only the rows in view are handed in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grid<'a> {
    /// All columns, in the order in which they are drawn.
    pub columns: &'a [Col<'a>],
    /// The rows from `first_row` on; a row of a single cell is a heading across all columns.
    pub rows: &'a [Vec<CellText>],
    /// The number of the first row that is handed in.
    pub first_row: usize,
    /// How many rows there are in all.
    pub total: usize,
    /// The row under the cursor.
    pub selected: Option<usize>,
    /// The column under the cursor.
    pub selected_column: Option<usize>,
    /// None: columns that do not fit are left out by priority. Else: scrolled, this one first after the frozen ones.
    pub first_column: Option<usize>,
    /// The column that rows are sorted by, and true if descending.
    pub sort: Option<(usize, bool)>,
    /// True if keys go to the table.
    pub focused: bool,
    /// Says why there are no rows and what to do.
    pub empty: &'a str,
}

impl Grid<'_> {
    /// How many rows there is room for.
    pub fn height(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(1))
    }

    /// Where each visible column is, from left to right.
    pub fn widths(&self, area: Rect) -> Vec<Placed> {
        columns::place(self.columns, self.body(area), self.first_column)
    }

    /// The `first_column` that shows `column`, moving no more than it must.
    pub fn first_column_for(&self, area: Rect, column: usize) -> usize {
        let first = self.first_column.unwrap_or(0);
        columns::first_for(self.columns, self.body(area), first, column)
    }

    /// What is at that cell of the screen.
    pub fn hit(&self, area: Rect, x: u16, y: u16) -> Option<GridHit> {
        if !area.contains((x, y).into()) {
            return None;
        }
        let row = usize::from(y - area.y);
        if row > 0 && x + 1 == area.right() && self.total > Self::height(area) {
            let last = self.total - Self::height(area);
            let steps = Self::height(area).saturating_sub(1).max(1);
            return Some(GridHit::Bar((row - 1) * last / steps));
        }
        let placed = self.widths(area);
        let column = placed.iter().rev().find(|at| at.x <= x).or(placed.first())?.column;
        match row {
            0 => Some(GridHit::Header(column)),
            _ if row > self.rows.len() => None,
            _ => Some(GridHit::Cell(self.first_row + row - 1, column)),
        }
    }

    /// Draws header, rows and scrollbar.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        if area.is_empty() {
            return;
        }
        let placed = self.widths(area);
        let mut pen = Pen::new(buf, area, theme);
        self.header(&mut pen, area, &placed);
        for (at, row) in self.rows.iter().take(Self::height(area)).enumerate() {
            self.row(&mut pen, area, &placed, (at, row));
        }
        if self.rows.is_empty() && area.height > 2 {
            pen.text_middle(area, area.y + area.height / 2, self.empty, pen.style(Role::Muted));
        }
        let bar = Rect {
            x: area.right() - 1,
            y: area.y + 1,
            width: 1,
            height: area.height.saturating_sub(1),
        };
        scrollbar(buf, bar, theme, (self.first_row, Self::height(area), self.total));
    }

    /// Without the cursor's column at the left and the scrollbar's at the right; what is left of the bar ends a cell before
    /// it, since a sparkline would be taken for a part of it.
    fn body(&self, area: Rect) -> Rect {
        let has_bar = self.total > Self::height(area);
        let width = area.width.saturating_sub(2 + u16::from(has_bar));
        Rect { x: area.x + 1.min(area.width), width, ..area }
    }

    fn header(&self, pen: &mut Pen<'_>, area: Rect, placed: &[Placed]) {
        let bold = pen.style(Role::Text).add_modifier(Modifier::BOLD);
        for at in placed {
            let column = &self.columns[at.column];
            let arrow = match self.sort {
                Some((sorted, descending)) if sorted == at.column => {
                    if descending {
                        pen.theme.glyph("▼", "v")
                    } else {
                        pen.theme.glyph("▲", "^")
                    }
                }
                _ => "",
            };
            let room = usize::from(at.width).saturating_sub(cells(arrow));
            let title = format!("{}{arrow}", fit(pen.theme, column.title, room));
            let style = match (arrow.is_empty(), self.selected_column == Some(at.column)) {
                (_, true) if self.focused => bold.add_modifier(Modifier::REVERSED),
                (_, true) => bold.add_modifier(Modifier::UNDERLINED),
                (false, false) => pen.style(Role::Accent).add_modifier(Modifier::BOLD),
                (true, false) => bold,
            };
            aligned(pen, (*at, area.y), column.right, &title, style);
        }
        let (before, after) = columns::hidden(self.columns, placed, self.first_column);
        let muted = pen.style(Role::Muted);
        if before {
            pen.cell(area.x, area.y, pen.theme.glyph("‹", "<"), muted);
        }
        if after {
            pen.cell(area.right() - 1, area.y, pen.theme.glyph("›", ">"), muted);
        }
    }

    fn row(&self, pen: &mut Pen<'_>, area: Rect, placed: &[Placed], of: (usize, &[CellText])) {
        let (at, row) = of;
        let y = area.y + 1 + at as u16;
        if let ([heading], true) = (row, self.columns.len() > 1) {
            let style = weighted(pen.style(heading.role), heading.bold);
            pen.text((area.x + 1, y), area.width.saturating_sub(2), &heading.text, style);
        } else {
            for at in placed {
                let Some(cell) = row.get(at.column) else { continue };
                let style = weighted(pen.style(cell.role), cell.bold);
                aligned(pen, (*at, y), self.columns[at.column].right, &cell.text, style);
            }
        }
        if self.selected == Some(self.first_row + at) {
            self.cursor(pen, area, placed, y);
        }
    }

    /// The selected row is reversed; the selected column's cell in it is underlined.
    fn cursor(&self, pen: &mut Pen<'_>, area: Rect, placed: &[Placed], y: u16) {
        pen.cell(area.x, y, pen.theme.glyph("▶", ">"), Style::new());
        let row = Rect { y, height: 1, width: area.width.saturating_sub(1), ..area };
        pen.tint(row, pen.theme.selected(self.focused));
        let selected = placed.iter().find(|at| Some(at.column) == self.selected_column);
        if let (Some(at), true) = (selected, self.focused) {
            let cell = Rect { x: at.x, y, width: at.width, height: 1 };
            pen.tint(cell, Style::new().add_modifier(Modifier::UNDERLINED));
        }
    }
}

fn weighted(style: Style, bold: bool) -> Style {
    if bold { style.add_modifier(Modifier::BOLD) } else { style }
}

fn aligned(pen: &mut Pen<'_>, at: (Placed, u16), right: bool, text: &str, style: Style) {
    let (at, y) = at;
    if right {
        pen.text_right((at.x + at.width, y), at.width, text, style);
    } else {
        pen.text((at.x, y), at.width, text, style);
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    fn columns() -> Vec<Col<'static>> {
        let col =
            |title, width, right, priority| Col { title, width, right, priority, ..Col::default() };
        vec![
            Col { frozen: true, ..col("", 2, false, 9) },
            Col { frozen: true, ..col("RUN", 4, true, 9) },
            Col { grow: true, ..col("MODEL", 8, false, 7) },
            col("AUC", 6, true, 8),
            col("ΔCHAMP", 7, true, 6),
            col("CURVE", 8, false, 3),
            col("TIME", 5, true, 2),
        ]
    }

    fn rows() -> Vec<Vec<CellText>> {
        let row =
            |texts: [&str; 7]| texts.iter().map(|text| CellText::new(*text, Role::Text)).collect();
        vec![
            row(["▢★", "0142", "gbt-hist", "0.9471", "·", "▁▄▅▆▇███", "3m12s"]),
            row(["▣✓", "4807", "ペンギン-hist", "0.9468", "-0.0003", "▁▄▆▆▇███", "3m40s"]),
            row(["▢✗", "4598", "svm\u{1b}[31m", "—", "—", "········", "0m31s"]),
            vec![CellText::new("fraud-gbt-tpe · 118 runs", Role::Accent)],
        ]
    }

    fn draw(width: u16, height: u16, theme: &Theme, change: impl Fn(&mut Grid<'_>)) -> String {
        let (columns, rows) = (columns(), rows());
        let mut grid = Grid {
            columns: &columns,
            rows: &rows,
            first_row: 100,
            total: 4812,
            selected: Some(101),
            selected_column: Some(3),
            sort: Some((3, true)),
            focused: true,
            ..Grid::default()
        };
        change(&mut grid);
        shown(width, height, |buf, area| grid.draw(buf, area, theme))
    }

    #[test]
    fn columns_leave_by_priority() {
        let theme = Theme::default();
        assert_snapshot!(draw(60, 6, &theme, |_| {}), @"
             RUN  MODEL             AUC▼   ΔCHAMP  CURVE      TIME
         ▢★ 0142  gbt-hist        0.9471        ·  ▁▄▅▆▇███  3m12s █
        ▶▣✓ 4807  ペンギン-hist   0.9468  -0.0003  ▁▄▆▆▇███  3m40s │
         ▢✗ 4598  svm�[31m             —        —  ········  0m31s │
         fraud-gbt-tpe · 118 runs                                  │
                                                                   │
        ");
        assert_snapshot!(draw(44, 6, &theme, |_| {}), @"
             RUN  MODEL              AUC▼   ΔCHAMP
         ▢★ 0142  gbt-hist         0.9471        · █
        ▶▣✓ 4807  ペンギン-hist    0.9468  -0.0003 │
         ▢✗ 4598  svm�[31m              —        — │
         fraud-gbt-tpe · 118 runs                  │
                                                   │
        ");
        assert_snapshot!(draw(26, 6, &theme, |_| {}), @"
             RUN    AUC▼
         ▢★ 0142  0.9471         █
        ▶▣✓ 4807  0.9468         │
         ▢✗ 4598       —         │
         fraud-gbt-tpe · 118 runs│
                                 │
        ");
        assert_snapshot!(draw(9, 3, &theme, |_| {}), @"
         ▢★     █
        ▶▣✓     │
        ");
        assert_snapshot!(draw(44, 6, &ascii(), |_| {}), @"
             RUN  MODEL              AUCv   dCHAMP
         ?? 0142  gbt-hist         0.9471        . #
        >?? 4807  ????-hist        0.9468  -0.0003 |
         ?? 4598  svm?[31m              -        - |
         fraud-gbt-tpe . 118 runs                  |
                                                   |
        ");
    }

    #[test]
    fn columns_scroll_under_the_frozen_ones() {
        let theme = Theme::default();
        assert_snapshot!(draw(32, 4, &theme, |grid| grid.first_column = Some(4)), @"
        ‹    RUN   ΔCHAMP  CURVE       ›
         ▢★ 0142        ·  ▁▄▅▆▇███    █
        ▶▣✓ 4807  -0.0003  ▁▄▆▆▇███    │
         ▢✗ 4598        —  ········    │
        ");
        assert_snapshot!(draw(32, 4, &theme, |grid| grid.first_column = Some(0)), @"
             RUN  MODEL           AUC▼ ›
         ▢★ 0142  gbt-hist      0.9471 █
        ▶▣✓ 4807  ペンギン-hi…  0.9468 │
         ▢✗ 4598  svm�[31m           — │
        ");
        let columns = columns();
        let grid = Grid { columns: &columns, first_column: Some(2), ..Grid::default() };
        let area = Rect::new(0, 0, 32, 9);
        assert_eq!(grid.first_column_for(area, 3), 2);
        assert_eq!(grid.first_column_for(area, 6), 5);
        assert_eq!(Grid { first_column: Some(6), ..grid }.first_column_for(area, 2), 2);
    }

    #[test]
    fn an_empty_table_says_what_to_do() {
        let columns = columns();
        let empty = "no runs yet — derby sweep sweeps/quick.toml";
        let grid = Grid { columns: &columns, empty, ..Grid::default() };
        assert_snapshot!(shown(50, 5, |buf, area| grid.draw(buf, area, &Theme::default())), @"
          RUN  MODEL            AUC   ΔCHAMP  CURVE

        no runs yet — derby sweep sweeps/quick.toml
        ");
    }

    #[test]
    fn the_mouse_finds_what_is_drawn() {
        let (columns, rows) = (columns(), rows());
        let grid =
            Grid { columns: &columns, rows: &rows, first_row: 100, total: 4812, ..Grid::default() };
        let area = Rect::new(5, 3, 60, 6);
        for placed in grid.widths(area) {
            let of = |x, y| grid.hit(area, x, y);
            assert_eq!(of(placed.x, 3), Some(GridHit::Header(placed.column)));
            assert_eq!(of(placed.x + placed.width - 1, 5), Some(GridHit::Cell(101, placed.column)));
        }
        assert_eq!(grid.hit(area, 4, 4), None);
        assert_eq!(grid.hit(area, 20, 8), None);
        assert_eq!(grid.hit(area, 64, 4), Some(GridHit::Bar(0)));
        assert_eq!(grid.hit(area, 64, 8), Some(GridHit::Bar(4807)));
    }
}
