//! All sweeps of the store.

use super::Sweep;
use super::places::SWEEPS;
use super::standing::{Standing, ago};
use crate::domain::Status;
use crate::report::words;
use crate::store::SweepRow;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::Role;
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
    let columns = [
        Col { frozen: true, ..column("", 2, false, 9) },
        Col { grow: true, ..column("SWEEP", 10, false, 9) },
        column("RUNS", 7, true, 8),
        column("BEST", 7, true, 7),
        column("METRIC", 10, false, 4),
        column("SAMPLER", 8, false, 2),
        column("FAILED", 6, true, 3),
        column("AGE", 4, true, 6),
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
    let is_shown = sweep.row(shared).is_some_and(|shown| shown.id == row.id);
    let known = if is_shown { sweep.standing(shared) } else { None };
    let plain =
        Standing { row, state: None, ends: None, history: None, plan: None, now_ms: shared.now_ms };
    let standing = known.unwrap_or(plain);
    let (sign, _, role) = standing.doing().show(&shared.theme);
    let metric = row.objectives.first().map_or("", |aim| aim.metric.as_str());
    let best = row.best.map_or(String::new(), |(_, score)| words::measured(metric, score));
    let failed = standing.count(Status::Failed);
    vec![
        CellText::new(sign, role),
        CellText { bold: is_shown, ..CellText::new(row.name.clone(), Role::Accent) },
        CellText::new(standing.progress(), Role::Text),
        CellText::new(best, Role::Text),
        CellText::new(metric, Role::Muted),
        CellText::new(row.sampler.clone(), Role::Muted),
        CellText::new(if failed > 0 { words::count(failed) } else { String::new() }, Role::Bad),
        CellText::new(ago(row.created, shared.now_ms), Role::Muted),
    ]
}
