//! The history: every entry of the ledger, the newest first.

use super::{Champions, HISTORY, act, words};
use crate::champion::{Entry, Ledger};
use crate::report::words::count;
use crate::tui::effect::Effect;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::Role;
use crate::tui::widgets::{CellText, Col, Grid, GridHit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(
    screen: &Champions,
    ledger: &Ledger,
    buf: &mut Buffer,
    place: Place,
    shared: &Shared,
) {
    with_grid(screen, ledger, place.area, shared, |grid| {
        Grid { focused: place.focused, ..*grid }.draw(buf, place.area, &shared.theme);
    });
}

pub(super) fn hit(
    screen: &Champions,
    area: Rect,
    at: (u16, u16),
    shared: &Shared,
) -> Option<GridHit> {
    let mut found = None;
    let ledger = screen.ledger()?;
    with_grid(screen, ledger, area, shared, |grid| found = grid.hit(area, at.0, at.1));
    found
}

/// `1 entry`, `12 entries`.
pub(super) fn entries(n: usize) -> String {
    if n == 1 { "1 entry".into() } else { format!("{} entries", count(n as u64)) }
}

fn with_grid(
    screen: &Champions,
    ledger: &Ledger,
    area: Rect,
    shared: &Shared,
    done: impl FnOnce(&Grid<'_>),
) {
    let col =
        |title, width, right, priority| Col { title, width, right, priority, ..Col::default() };
    let columns = [
        col("#", 3, true, 4),
        col("WHEN (UTC)", 16, false, 7),
        col("WHAT", 13, false, 9),
        col("VERSION", 8, true, 8),
        col("FROM", 9, true, 6),
        col("GATE", 9, false, 5),
        col("BY", 8, false, 3),
        Col { grow: true, ..col("WHY", 12, false, 8) },
    ];
    let height = Grid::height(area);
    let total = ledger.entries().len();
    let first = screen.seen[usize::from(HISTORY)].first(screen.entry, height, total);
    let shown = ledger.entries().iter().rev().skip(first).take(height);
    let rows: Vec<Vec<CellText>> = shown.map(|entry| row_cells(ledger, entry, shared)).collect();
    done(&Grid {
        columns: &columns,
        rows: &rows,
        first_row: first,
        total,
        selected: Some(screen.entry),
        ..Grid::default()
    });
}

fn row_cells(ledger: &Ledger, entry: &Entry, shared: &Shared) -> Vec<CellText> {
    let told = words::told(&shared.theme, ledger, entry);
    vec![
        CellText::new(entry.seq.to_string(), Role::Muted),
        CellText::new(words::minute(&entry.at), Role::Muted),
        CellText::new(told.what, told.role),
        CellText::new(told.version, Role::Text),
        CellText::new(told.from, Role::Text),
        CellText::new(told.gate, told.role),
        CellText::new(entry.user.clone(), Role::Muted),
        CellText::new(told.why, Role::Text),
    ]
}

/// An entry in full.
pub(super) fn entry_page(entry: &Entry) -> Effect {
    let mut lines = vec![
        format!("{}", entry.event),
        String::new(),
        format!("at    {}", entry.at),
        format!("by    {}@{}", entry.user, entry.host),
        format!("hash  {}", entry.hash.hex()),
        format!("prev  {}", entry.prev.hex()),
        String::new(),
    ];
    // What cannot be written as JSON was never read from a ledger.
    let text = serde_json::to_string_pretty(&entry.event).unwrap_or_default();
    lines.extend(text.lines().map(ToString::to_string));
    act::page(&format!("Entry {}", entry.seq), &lines)
}
