//! The list of challengers.

use super::load::Rival;
use super::rows::{self, Row};
use super::{CHALLENGERS, Champions, words};
use crate::champion::State;
use crate::domain::Params;
use crate::report::words::{measured, params, signed};
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::Role;
use crate::tui::widgets::{CellText, Col, Grid, GridHit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeSet;

const EMPTY: &str = "no finished runs of this model yet — derby sweep FILE";

pub(super) fn draw(screen: &Champions, buf: &mut Buffer, place: Place, shared: &Shared) {
    with_grid(screen, place.area, shared, |grid| {
        let focused = place.focused;
        Grid { focused, ..*grid }.draw(buf, place.area, &shared.theme);
    });
}

pub(super) fn hit(
    screen: &Champions,
    area: Rect,
    at: (u16, u16),
    shared: &Shared,
) -> Option<GridHit> {
    let mut found = None;
    with_grid(screen, area, shared, |grid| found = grid.hit(area, at.0, at.1));
    found
}

fn with_grid(screen: &Champions, area: Rect, shared: &Shared, done: impl FnOnce(&Grid<'_>)) {
    let metric = screen
        .rivals
        .first()
        .and_then(|rival| rival.objective.as_ref())
        .map_or_else(|| "SCORE".to_string(), |objective| objective.metric.to_uppercase());
    let col =
        |title, width, right, priority| Col { title, width, right, priority, ..Col::default() };
    let columns = [
        Col { frozen: true, ..col("", 2, false, 9) },
        col("RUN", 6, true, 9),
        col(&metric, (metric.len() as u16).clamp(6, 12), true, 8),
        col("ΔCHAMP", 9, true, 7),
        col("GATE", 13, false, 9),
        col("SWEEP", 14, false, 3),
        Col { grow: true, ..col("PARAMS", 10, false, 2) },
    ];
    let varying = varying(&screen.rivals);
    let height = Grid::height(area);
    let first = screen.seen[usize::from(CHALLENGERS)].first(screen.row, height, screen.rows.len());
    let shown = screen.rows.iter().skip(first).take(height);
    let cells: Vec<Vec<CellText>> =
        shown.map(|row| row_cells(screen, *row, (&varying, shared))).collect();
    let selected = (!screen.rows.is_empty()).then_some(screen.row);
    let total = screen.rows.len();
    let empty = if screen.has_rivals { EMPTY } else { "reading …" };
    done(&Grid {
        columns: &columns,
        rows: &cells,
        first_row: first,
        total,
        selected,
        empty,
        ..Grid::default()
    });
}

/// Parameters that are not the same in all runs.
fn varying(rivals: &[Rival]) -> BTreeSet<String> {
    let names = rivals.iter().flat_map(|rival| rival.record.params.iter().map(|(name, _)| name));
    let names: BTreeSet<&str> = names.collect();
    let differs = |name: &&str| {
        let mut values = rivals.iter().map(|rival| rival.record.params.get(name));
        let first = values.next().flatten();
        values.any(|value| value != first)
    };
    names.into_iter().filter(differs).map(ToString::to_string).collect()
}

/// A configuration without what all share.
fn own(of: &Params, varying: &BTreeSet<String>) -> String {
    let own = of.iter().filter(|(name, _)| varying.contains(*name));
    let own: Params = own.map(|(name, value)| (name.to_string(), value.clone())).collect();
    params(&own)
}

fn row_cells(
    screen: &Champions,
    row: Row,
    (varying, shared): (&BTreeSet<String>, &Shared),
) -> Vec<CellText> {
    let theme = &shared.theme;
    let text = |text: String, role: Role| CellText::new(text, role);
    let mark = |run| {
        let marked = shared.marks.contains(&run);
        if marked { theme.glyph("▣", "x") } else { "" }
    };
    let run = rows::run_of_screen(screen, row);
    let sign = run.map_or("", mark);
    match row {
        Row::Version(number) => {
            let Some(registered) =
                screen.ledger().and_then(|ledger| ledger.registry().version(number).ok())
            else {
                return Vec::new();
            };
            let waits = registered.state == State::Pending;
            let role = if waits { Role::Warn } else { Role::Text };
            let of_run = registered.version.run.as_ref();
            let shown = of_run.map_or_else(|| format!("v{number}"), |run| run.number.to_string());
            let rival = run.and_then(|id| screen.rivals.iter().find(|one| one.record.id == id));
            let (score, gain) =
                rival.map_or((String::new(), String::new()), |one| scores(screen, one));
            let gate = if waits {
                text(format!("! v{number} waits"), Role::Warn)
            } else {
                let gate = gate_cell(screen, row, shared);
                CellText { text: format!("v{number} {}", gate.text), ..gate }
            };
            let sweep = registered.version.sweep.clone().unwrap_or_default();
            let cells = vec![
                text(if waits { "!".into() } else { sign.into() }, role),
                text(shown, role),
                text(score, role),
                text(gain, role),
                gate,
                text(sweep, Role::Muted),
                text(own(&registered.version.params, varying), Role::Text),
            ];
            cells.into_iter().map(|cell| CellText { bold: waits, ..cell }).collect()
        }
        Row::Run(at) => {
            let Some(rival) = screen.rivals.get(at) else { return Vec::new() };
            let (score, gain) = scores(screen, rival);
            let gain_role = match gain.chars().next() {
                Some('+') => Role::Good,
                Some('-') => Role::Bad,
                _ => Role::Muted,
            };
            vec![
                text(sign.into(), Role::Accent),
                text(rival.record.id.to_string(), Role::Text),
                text(score, Role::Text),
                text(gain, gain_role),
                gate_cell(screen, row, shared),
                text(rival.record.sweep.clone().unwrap_or_default(), Role::Muted),
                text(own(&rival.record.params, varying), Role::Text),
            ]
        }
    }
}

fn scores(screen: &Champions, rival: &Rival) -> (String, String) {
    let Some(book) = &screen.book else { return (String::new(), String::new()) };
    let (score, gain) = rows::scores(book, rival);
    let metric = rival.objective.as_ref().map_or("", |objective| &objective.metric);
    let shown = score.map_or_else(|| "—".into(), |score| measured(metric, score));
    (shown, gain.map_or_else(|| "—".into(), signed))
}

/// What the gate said of it; what it said against an earlier champion is muted.
fn gate_cell(screen: &Champions, row: Row, shared: &Shared) -> CellText {
    let theme = &shared.theme;
    match screen.ledger().and_then(|ledger| rows::said(ledger, row, &screen.rivals)) {
        Some(said) => {
            let decision = said.gate.what.verdict.decision;
            let (mark, role) = words::decision(theme, decision);
            if said.is_current {
                CellText::new(format!("{mark} {}", decision.word()), role)
            } else {
                CellText::new(format!("{mark} {} old", decision.word()), Role::Muted)
            }
        }
        None => CellText::new(format!("{} not asked", theme.glyph("·", "-")), Role::Muted),
    }
}
