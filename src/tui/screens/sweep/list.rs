//! All sweeps of the store.

use super::places::SWEEPS;
use super::standing::ago;
use super::{Sweep, shown_row};
use crate::domain::Status;
use crate::report::words;
use crate::store::SweepRow;
use crate::tui::catalog::progress;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::{Role, signs};
use crate::tui::widgets::{CellText, Col, Grid};
use ratatui::buffer::Buffer;

pub(super) fn note(shared: &Shared) -> String {
    words::plural(shared.catalog.sweeps.len() as u64, "sweep")
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let sweeps = &shared.catalog.sweeps;
    let height = Grid::height(place.area);
    let cursor = sweep.cursors[usize::from(SWEEPS)].within(sweeps.len(), height);
    let rows: Vec<Vec<CellText>> =
        sweeps.iter().skip(cursor.first).take(height).map(|row| line(row, sweep, shared)).collect();
    let column =
        |title, width, right, priority| Col { title, width, right, priority, ..Col::default() };
    let widest = |at: usize, least: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| paint::cells(&cell.text));
        cells.max().unwrap_or(0).max(least) as u16
    };
    let columns = [
        Col { frozen: true, ..column("", 2, false, 9) },
        Col { grow: true, ..column("SWEEP", widest(1, 5).min(12), false, 9) },
        column("TRIALS", widest(2, 6), true, 8),
        column("BEST", widest(3, 4), true, 7),
        column("METRIC", widest(4, 6).min(12), false, 4),
        column("SAMPLER", widest(5, 7), false, 2),
        column("FAILED", widest(6, 6), true, 3),
        column("AGE", widest(7, 3), true, 6),
    ];
    Grid {
        columns: &columns,
        rows: &rows,
        first_row: cursor.first,
        total: sweeps.len(),
        selected: Some(cursor.row),
        focused: place.focused,
        ..Grid::default()
    }
    .draw(buf, place.area, &shared.theme);
}

fn line(row: &SweepRow, sweep: &Sweep, shared: &Shared) -> Vec<CellText> {
    let theme = &shared.theme;
    let is_shown = shown_row(shared).is_some_and(|shown| shown.id == row.id);
    let known = if is_shown { sweep.standing(shared) } else { None };
    let reached = known.map(|known| known.reached).or(shared.catalog.reached(row.id));
    let (sign, role) = reached.map_or(("", Role::Muted), |of| theme.sign(signs::doing(of.doing)));
    let metric = row.objectives.first().map_or("", |aim| aim.metric.as_str());
    // Runs that came without trials have no best in the record of trials.
    let aims = known.and_then(|known| known.history).map(|history| &history.aims);
    let shown = aims.and_then(|aims| aims.first()?.best).map(|(_, score, _)| score);
    let best = row.best.map(|(_, score)| score).or(shown);
    let none = theme.glyph("—", "-");
    let best = best.map_or(none.into(), |score| words::measured(metric, score));
    let failed = row.counts.get(&Status::Failed).copied().unwrap_or(0);
    let mark = if is_shown { theme.glyph("◆", "=") } else { " " };
    let name = format!("{mark} {}", paint::clean(&row.name));
    vec![
        CellText::new(sign, role),
        CellText { bold: is_shown, ..CellText::new(name, Role::Accent) },
        CellText::new(reached.map(progress).unwrap_or_default(), Role::Text),
        CellText::new(best, Role::Text),
        CellText::new(metric, Role::Muted),
        CellText::new(row.sampler.clone(), Role::Muted),
        CellText::new(if failed > 0 { words::count(failed) } else { String::new() }, Role::Bad),
        CellText::new(ago(row.created, shared.now_ms), Role::Muted),
    ]
}
