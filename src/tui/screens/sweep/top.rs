//! The best runs.

use super::load::History;
use super::places::TOP;
use super::standing::Standing;
use super::{Sweep, shown_row};
use crate::domain::Status;
use crate::report::words;
use crate::store::{Cell, RunRow};
use crate::tui::paint;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::Role;
use crate::tui::widgets::{CellText, Col, Grid};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn note(sweep: &Sweep, shared: &Shared) -> String {
    let rows = rows(sweep, shared);
    let scored = sweep.history.as_ref().map_or(0, |history| history.scored);
    match rows.len() {
        0 => String::new(),
        n if (n as u64) < scored => format!("{n} of {}", words::count(scored)),
        n => words::plural(n as u64, "run"),
    }
}

/// The best runs of the sweep that is shown.
pub(super) fn rows<'a>(sweep: &'a Sweep, shared: &Shared) -> &'a [RunRow] {
    let is_of = shown_row(shared).is_some_and(|row| sweep.of == Some(row.id));
    sweep.history.as_ref().filter(|_| is_of).map_or(&[], |history| &history.top)
}

/// Rows in view.
pub(super) fn height(area: Rect) -> usize {
    Grid::height(area)
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let Some(standing) = sweep.standing(shared) else { return };
    let found = rows(sweep, shared);
    let empty = History::default();
    let history = sweep.history.as_deref().unwrap_or(&empty);
    let height = height(place.area);
    let cursor = sweep.cursors[usize::from(TOP)].within(found.len(), height);
    let champion = standing.state.and_then(|state| state.champion);
    let titles = titles(&standing, history, champion.is_some());
    let shown = found.iter().skip(cursor.first).take(height);
    let cells: Vec<Vec<CellText>> =
        shown.map(|run| line(run, (&standing, history), champion, shared)).collect();
    let columns = columns(&titles, &cells, standing.row.objectives.len());
    Grid {
        columns: &columns,
        rows: &cells,
        first_row: cursor.first,
        total: found.len(),
        selected: (!found.is_empty()).then_some(cursor.row),
        focused: place.focused,
        empty: match &sweep.history {
            Some(_) if standing.count(Status::Infeasible) > 0 => "no run keeps the constraints",
            Some(_) => "no run has a score yet",
            None => "reading the runs",
        },
        ..Grid::default()
    }
    .draw(buf, place.area, &shared.theme);
}

fn titles(standing: &Standing<'_>, history: &History, has_champion: bool) -> Vec<String> {
    let mut titles = vec![String::new(), "RUN".into(), "TRIAL".into()];
    titles
        .extend(standing.row.objectives.iter().map(|aim| paint::clean(&aim.metric).to_uppercase()));
    titles.push(if has_champion { "ΔCHAMP".into() } else { String::new() });
    titles.push("TIME".into());
    titles.extend(history.params.iter().map(|name| paint::clean(name)));
    titles
}

/// The columns as wide as what is in them; parameters leave first, the last one before the others.
fn columns<'a>(titles: &'a [String], rows: &[Vec<CellText>], n_objectives: usize) -> Vec<Col<'a>> {
    let width = |at: usize, title: &str| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| paint::cells(&cell.text));
        let title =
            if at < 4 + n_objectives { paint::cells(title) } else { paint::cells(title).min(12) };
        cells.max().unwrap_or(0).max(title).min(16) as u16
    };
    let column = |(at, title): (usize, &'a String)| Col {
        title,
        width: if at == 0 { 3 } else { width(at, title) },
        right: at > 0,
        frozen: at < 2,
        priority: if at < 4 + n_objectives { 9 } else { 2 },
        grow: false,
    };
    let all = titles.iter().enumerate().map(column);
    all.map(|col| {
        if col.title == "TRIAL" || col.title == "TIME" { Col { priority: 5, ..col } } else { col }
    })
    .collect()
}

fn line(
    run: &RunRow,
    (standing, history): (&Standing<'_>, &History),
    champion: Option<f64>,
    shared: &Shared,
) -> Vec<CellText> {
    let theme = &shared.theme;
    let mark = if shared.marks.contains(&run.id) { theme.glyph("▣", "#") } else { " " };
    let (sign, role) = if shared.catalog.champions.contains_key(&run.id) {
        (theme.glyph("★", "@"), Role::Champion)
    } else {
        super::standing::glyph(run.status, theme)
    };
    let mut cells = vec![
        CellText::new(format!("{mark}{sign}"), role),
        CellText::new(run.id.to_string(), Role::Text),
        CellText::new(run.trial.map_or(String::new(), |trial| format!("#{trial}")), Role::Muted),
    ];
    let n = standing.row.objectives.len();
    for (aim, cell) in standing.row.objectives.iter().zip(&run.cells) {
        cells.push(CellText::new(measured(&aim.metric, cell), Role::Text));
    }
    cells.push(against(run, standing, champion));
    let time = run.seconds.map_or(String::new(), words::duration);
    cells.push(CellText::new(time, Role::Muted));
    let params = run.cells.iter().skip(n).take(history.params.len());
    cells.extend(params.map(|cell| CellText::new(measured("", cell), Role::Text)));
    cells
}

fn against(run: &RunRow, standing: &Standing<'_>, champion: Option<f64>) -> CellText {
    let (Some(level), Some(Cell::Number(score)), Some(aim)) =
        (champion, run.cells.first(), standing.row.objectives.first())
    else {
        return CellText::new("", Role::Muted);
    };
    let role = match () {
        () if aim.goal.better(*score, level) => Role::Good,
        () if aim.goal.better(level, *score) => Role::Bad,
        () => Role::Muted,
    };
    CellText::new(words::signed(score - level), role)
}

fn measured(metric: &str, cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Nan => "nan".into(),
        Cell::None => "none".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Number(value) => words::measured(metric, *value),
        Cell::Text(text) => paint::clean(text),
    }
}
