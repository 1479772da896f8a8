//! Tables that fit the terminal: columns drop from the right by priority, cells are cut, nothing wraps.

use super::out::{Out, Role, cells, cut, pad, safe};

/// Space between columns.
const GAP: usize = 2;
/// No text column is cut below this.
const MIN_TEXT: usize = 6;
/// No cell is wider than this, however wide the terminal, except in a column that fills the line.
const MAX_CELL: usize = 40;
/// What a column that fills the line is content with.
const MIN_FILL: usize = 16;

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name, shown in capitals.
    pub(super) name: String,
    /// Numbers stand at the right.
    pub(super) right: bool,
    /// Columns of a high number go first when the terminal is narrow; 0 never goes.
    pub(super) drop_order: usize,
    /// The column takes the room that the others leave, and is cut before any of them goes.
    pub(super) fills: bool,
}

impl Column {
    /// A column that never goes.
    pub(super) fn fixed(name: impl Into<String>, right: bool) -> Self {
        Self { name: name.into(), right, drop_order: 0, fills: false }
    }

    /// A text, as long as there is room, that takes what the others leave.
    pub(super) fn filling(name: impl Into<String>, drop_order: usize) -> Self {
        Self { name: name.into(), right: false, drop_order, fills: true }
    }

    /// A column that goes when space is short.
    pub(super) fn optional(name: impl Into<String>, right: bool, drop_order: usize) -> Self {
        Self { name: name.into(), right, drop_order, fills: false }
    }
}

/// One cell.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// Its text; control characters are taken out when it is drawn.
    pub(super) text: String,
    /// Its color.
    pub(super) role: Role,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, role: Role::Text }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_string().into()
    }
}

/// Columns and rows that are gathered before they are drawn.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row, one cell a column.
    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Draws it on standard output.
    pub(super) fn print(&self, out: &Out) -> std::io::Result<()> {
        draw(out, &self.columns, &self.rows).lines.iter().try_for_each(|line| out.line(line))
    }
}

/// What a drawn table left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    /// The lines.
    pub(super) lines: Vec<String>,
    /// Names of columns that did not fit.
    pub(super) dropped: Vec<String>,
}

/// Draws a table into the width of the terminal.
pub(super) fn draw(out: &Out, columns: &[Column], rows: &[Vec<Cell>]) -> Drawn {
    let natural: Vec<usize> = (0..columns.len())
        .map(|idx| {
            let widest = rows.iter().map(|row| cells(&safe(&row[idx].text))).max().unwrap_or(0);
            let most = if columns[idx].fills { usize::MAX } else { MAX_CELL };
            widest.min(most).max(cells(&columns[idx].name))
        })
        .collect();
    let (kept, widths) = fit(columns, &natural, out.width());
    let mut lines = Vec::with_capacity(rows.len() + 1);
    let header = kept.iter().map(|&idx| {
        let name = columns[idx].name.to_uppercase();
        out.paint(Role::Muted, &pad(&cut(&name, widths[idx]), widths[idx], columns[idx].right))
    });
    lines.push(join(header));
    for row in rows {
        let cells = kept.iter().map(|&idx| {
            let text = cut(&safe(&row[idx].text), widths[idx]);
            out.paint(row[idx].role, &pad(&text, widths[idx], columns[idx].right))
        });
        lines.push(join(cells));
    }
    let dropped =
        (0..columns.len()).filter(|idx| !kept.contains(idx)).map(|idx| columns[idx].name.clone());
    Drawn { lines, dropped: dropped.collect() }
}

fn join(cells: impl Iterator<Item = String>) -> String {
    let gap = " ".repeat(GAP);
    let line = format!(" {}", cells.collect::<Vec<_>>().join(&gap));
    line.trim_end().to_string()
}

/// Which columns stay, and how wide each is.
fn fit(columns: &[Column], natural: &[usize], room: usize) -> (Vec<usize>, Vec<usize>) {
    let mut widths = natural.to_vec();
    for (width, column) in widths.iter_mut().zip(columns).filter(|(_, column)| column.fills) {
        *width = (*width).min(MIN_FILL.max(cells(&column.name)));
    }
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let total = |kept: &[usize], widths: &[usize]| {
        1 + kept.iter().map(|&idx| widths[idx]).sum::<usize>() + GAP * kept.len().saturating_sub(1)
    };
    while total(&kept, &widths) > room {
        let last = kept.iter().copied().filter(|&idx| columns[idx].drop_order > 0);
        let Some(goes) = last.max_by_key(|&idx| (columns[idx].drop_order, idx)) else { break };
        kept.retain(|&idx| idx != goes);
    }
    // What is left and still too wide is cut, the widest text first.
    while total(&kept, &widths) > room {
        let texts =
            kept.iter().copied().filter(|&idx| !columns[idx].right && widths[idx] > MIN_TEXT);
        let Some(widest) = texts.max_by_key(|&idx| widths[idx]) else { break };
        widths[widest] -= 1;
    }
    for &idx in kept.iter().filter(|&&idx| columns[idx].fills) {
        let left = room.saturating_sub(total(&kept, &widths));
        widths[idx] = natural[idx].min(widths[idx].saturating_add(left));
    }
    (kept, widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        vec![
            Column::fixed("run", true),
            Column::fixed("model", false),
            Column::optional("age", true, 2),
            Column::optional("note", false, 1),
        ]
    }

    #[test]
    fn a_filling_column_takes_what_is_left_and_no_more() {
        let columns = [Column::fixed("name", false), Column::filling("about", 1)];
        let check = |room: usize, about: Option<usize>| {
            let (kept, widths) = fit(&columns, &[10, 60], room);
            assert_eq!(kept.get(1).map(|_| widths[1]), about, "room {room}");
        };
        check(usize::MAX, Some(60));
        check(100, Some(60));
        check(50, Some(37));
        check(29, Some(16));
        check(28, None);
    }

    #[test]
    fn columns_go_by_their_order_and_then_text_is_cut() {
        let check = |room: usize, expected: &[usize], model: usize| {
            let (kept, widths) = fit(&columns(), &[4, 12, 3, 9], room);
            assert_eq!(kept, expected, "room {room}");
            assert_eq!(widths[1], model, "room {room}");
        };
        check(80, &[0, 1, 2, 3], 12);
        check(34, &[0, 1, 3], 12);
        check(20, &[0, 1], 12);
        check(15, &[0, 1], 8);
        check(3, &[0, 1], MIN_TEXT);
    }
}
