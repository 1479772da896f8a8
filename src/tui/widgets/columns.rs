//! Which columns of a table are shown, and where.

use ratatui::layout::Rect;

/// Blanks after a column; one less after a column of marks.
const GAP: u16 = 2;
/// A column this narrow holds marks.
const MARKS: u16 = 2;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Col<'a> {
    /// The header.
    pub title: &'a str,
    /// Cells that its values need.
    pub width: u16,
    /// True to write at the right, as numbers are.
    pub right: bool,
    /// True to stay in view while others are scrolled or left out.
    pub frozen: bool,
    /// Where room is short, columns of the lowest priority leave first, of equal ones the last.
    pub priority: u8,
    /// True to take what room is left over.
    pub grow: bool,
}

/// Where a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its number.
    pub column: usize,
    /// Its first cell on the screen.
    pub x: u16,
    /// Its cells.
    pub width: u16,
}

/// Places what fits, from left to right.
pub(super) fn place(columns: &[Col<'_>], area: Rect, first: Option<usize>) -> Vec<Placed> {
    let kept = match first {
        None => by_priority(columns, area.width),
        Some(first) => from(columns, area.width, first),
    };
    let mut widths: Vec<u16> = kept.iter().map(|&at| columns[at].width.max(1)).collect();
    spread(columns, &kept, &mut widths, area.width);
    let mut x = area.x;
    let mut placed = Vec::with_capacity(kept.len());
    for (column, width) in kept.into_iter().zip(widths) {
        let width = width.min(area.right().saturating_sub(x));
        if width == 0 {
            break;
        }
        placed.push(Placed { column, x, width });
        x = x.saturating_add(width + gap(&columns[column]));
    }
    placed
}

/// The first column after the frozen ones that brings `column` into view, moving no more than it must.
pub(super) fn first_for(columns: &[Col<'_>], area: Rect, first: usize, column: usize) -> usize {
    if columns.get(column).is_none_or(|col| col.frozen) {
        return first;
    }
    if column < first {
        return column;
    }
    let size = |at: usize| u32::from(columns[at].width.max(1)) + u32::from(gap(&columns[at]));
    let frozen: u32 = (0..columns.len()).filter(|&at| columns[at].frozen).map(size).sum();
    let mut used = frozen + u32::from(columns[column].width.max(1));
    let mut least = column;
    for at in (first..column).rev().filter(|&at| !columns[at].frozen) {
        used += size(at);
        if used > u32::from(area.width) {
            break;
        }
        least = at;
    }
    least
}

/// True where columns are hidden by scrolling before, and after, those in view.
pub(super) fn hidden(columns: &[Col<'_>], placed: &[Placed], first: Option<usize>) -> (bool, bool) {
    let Some(first) = first else { return (false, false) };
    let is_seen = |at: usize| placed.iter().any(|placed| placed.column == at);
    let is_hidden = |at: &usize| !columns[*at].frozen && !is_seen(*at);
    let first = first.min(columns.len());
    ((0..first).any(|at| is_hidden(&at)), (first..columns.len()).any(|at| is_hidden(&at)))
}

fn gap(column: &Col<'_>) -> u16 {
    if column.width <= MARKS { GAP - 1 } else { GAP }
}

/// Cells of these columns with the gaps between them.
fn needed(columns: &[Col<'_>], kept: &[usize]) -> u32 {
    let size = |at: &usize| u32::from(columns[*at].width.max(1)) + u32::from(gap(&columns[*at]));
    let last = kept.last().map_or(0, |at| u32::from(gap(&columns[*at])));
    kept.iter().map(size).sum::<u32>() - last
}

fn by_priority(columns: &[Col<'_>], width: u16) -> Vec<usize> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse((columns[at].frozen, columns[at].priority)), at));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        let mut more = kept.clone();
        more.push(at);
        more.sort_unstable();
        // What comes after a column that does not fit would be a hole in the order.
        if needed(columns, &more) > u32::from(width) && !kept.is_empty() {
            break;
        }
        kept = more;
    }
    kept
}

fn from(columns: &[Col<'_>], width: u16, first: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..columns.len()).filter(|&at| columns[at].frozen).collect();
    let frozen = kept.len();
    for at in (first..columns.len()).filter(|&at| !columns[at].frozen) {
        kept.push(at);
        // One is shown even if it must be cut.
        if needed(columns, &kept) > u32::from(width) && kept.len() > frozen + 1 {
            kept.pop();
            break;
        }
    }
    kept
}

/// Gives what is left over to the columns that grow.
fn spread(columns: &[Col<'_>], kept: &[usize], widths: &mut [u16], width: u16) {
    let growing: Vec<usize> = (0..kept.len()).filter(|&at| columns[kept[at]].grow).collect();
    let left = u32::from(width).saturating_sub(needed(columns, kept)) as usize;
    for (turn, at) in growing.iter().enumerate() {
        let extra = left / growing.len() + usize::from(turn < left % growing.len());
        widths[*at] = widths[*at].saturating_add(extra as u16);
    }
}
