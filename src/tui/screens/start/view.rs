//! The files, what the selected one says, and its space.

use super::load::{File, Past, Plan};
use super::{Start, act};
use crate::report::words::{count, number, plural};
use crate::tui::catalog::progress;
use crate::tui::layout;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::{Role, Theme, signs};
use crate::tui::widgets::{CellText, Col, Grid, GridHit, Text, TextLine, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells of a label.
const LABEL: usize = 9;

pub(super) fn draw_files(screen: &Start, buf: &mut Buffer, place: Place, shared: &Shared) {
    with_grid(screen, place.area, shared, |grid| {
        Grid { focused: place.focused, ..*grid }.draw(buf, place.area, &shared.theme);
    });
}

pub(super) fn hit(screen: &Start, area: Rect, at: (u16, u16), shared: &Shared) -> Option<GridHit> {
    let mut found = None;
    with_grid(screen, area, shared, |grid| found = grid.hit(area, at.0, at.1));
    found
}

fn with_grid(screen: &Start, area: Rect, shared: &Shared, done: impl FnOnce(&Grid<'_>)) {
    let files = screen.files.as_deref().unwrap_or_default();
    let longest = files.iter().map(|file| paint::cells(&file.shown)).max().unwrap_or(0) as u16;
    let col =
        |title, width, right, priority| Col { title, width, right, priority, ..Col::default() };
    let height = Grid::height(area);
    let first = layout::scroll(0, screen.row, height, files.len());
    let rows: Vec<Vec<CellText>> =
        files.iter().skip(first).take(height).map(|file| cells_of(file, &shared.theme)).collect();
    let states = rows.iter().filter_map(|row| row.get(2)).map(|cell| paint::cells(&cell.text));
    let widest = states.max().unwrap_or(0).max(5) as u16;
    let columns = [
        Col { frozen: true, ..col("", 2, false, 9) },
        Col { frozen: true, ..col("FILE", longest.clamp(8, 30), false, 9) },
        col("STATE", widest, false, 8),
        col("TRIALS", 7, true, 7),
        col("SAMPLER", 8, false, 6),
        Col { grow: true, ..col("WORK", 16, false, 5) },
        col("BEST", 8, true, 4),
    ];
    done(&Grid {
        columns: &columns,
        rows: &rows,
        first_row: first,
        total: files.len(),
        selected: Some(screen.row),
        ..Grid::default()
    });
}

fn cells_of(file: &File, theme: &Theme) -> Vec<CellText> {
    let text = |text: String, role: Role| CellText::new(text, role);
    let plan = match &file.plan {
        Ok(plan) => plan,
        Err(problems) => {
            let n = problems.len().saturating_sub(1).max(1) as u64;
            return vec![
                text(theme.glyph("✗", "x").into(), Role::Bad),
                text(file.shown.clone(), Role::Bad),
                text(plural(n, "problem"), Role::Bad),
            ];
        }
    };
    let (mark, state, role) = state(file.past.as_ref(), theme);
    let best = file.past.as_ref().and_then(|past| past.best);
    vec![
        text(mark.into(), role),
        text(file.shown.clone(), Role::Text),
        text(state, role),
        text(plan.trials.map_or_else(|| "—".into(), count), Role::Text),
        text(plan.sampler.clone(), Role::Text),
        text(plan.work.clone(), Role::Muted),
        text(best.map_or_else(|| theme.glyph("—", "-").into(), number), Role::Text),
    ]
}

/// Whether it ran, with glyph and colour.
fn state(past: Option<&Past>, theme: &Theme) -> (&'static str, String, Role) {
    let new = (theme.glyph("·", "-"), "never ran".to_string(), Role::Muted);
    let Some(past) = past.filter(|past| past.sweep.is_some()) else { return new };
    let done = progress(&past.reached);
    if !past.is_same && past.reached.driver.is_none() {
        return ("!", format!("{done} changed"), Role::Warn);
    }
    let sign = signs::doing(past.reached.doing);
    let (glyph, role) = theme.sign(sign);
    (glyph, format!("{done} {}", sign.3), role)
}

/// The lines of the plan, those that are too long for an inside of that width broken.
pub(super) fn plan_rows(screen: &Start, width: u16) -> Vec<(&'static str, String, Role)> {
    let room = usize::from(width).saturating_sub(LABEL + 2).max(10);
    let broken = plan_lines(screen).into_iter().flat_map(|(label, text, role)| {
        let parts = paint::wrap(&text, room).into_iter().enumerate();
        parts.map(move |(at, part)| (if at == 0 { label } else { "" }, part, role))
    });
    broken.collect()
}

/// Label and text of every line of the plan; problems have no labels.
pub(super) fn plan_lines(screen: &Start) -> Vec<(&'static str, String, Role)> {
    let Some(file) = screen.selected() else { return Vec::new() };
    match &file.plan {
        Ok(plan) => facts(file, plan),
        Err(problems) => problems.iter().map(|line| ("", act::indented(line), Role::Bad)).collect(),
    }
}

fn facts(file: &File, plan: &Plan) -> Vec<(&'static str, String, Role)> {
    let mut lines = vec![("sweep", plan.name.clone(), Role::Accent)];
    let goals: Vec<String> = plan
        .objectives
        .iter()
        .map(|objective| format!("{} {}", objective.goal.word(), objective.metric))
        .collect();
    lines.push(("goal", goals.join(", "), Role::Text));
    lines.push(("work", plan.work.clone(), Role::Text));
    for (at, line) in plan.data.iter().enumerate() {
        let role = if line.starts_with('!') { Role::Bad } else { Role::Text };
        lines.push((if at == 0 { "data" } else { "" }, line.clone(), role));
    }
    let replicates = match plan.replicates {
        1 => String::new(),
        n => format!(", {n} runs each"),
    };
    lines.push((
        "sampler",
        format!("{}{replicates}, {}", plan.sampler, plural(plan.jobs as u64, "job")),
        Role::Text,
    ));
    let budget = match (plan.budget.is_empty(), plan.whole) {
        (true, Some(whole)) => format!("none, so all {} of the {}", count(whole), space_of(plan)),
        (true, None) => "none: it runs until it is stopped".into(),
        (false, _) => plan.budget.join(", "),
    };
    lines.push(("budget", budget, Role::Text));
    let (cost, each) = act::cost(file, plan.trials, plan.jobs, plan.seconds);
    lines.push(("cost", cost, Role::Text));
    lines.extend(each.map(|each| ("", each, Role::Muted)));
    if let Some(past) = file.past.as_ref().filter(|past| past.sweep.is_some()) {
        lines.extend(history(past, plan));
    }
    if plan.has_gate {
        lines.push(("gate", "it has rules; 5 shows the champions".into(), Role::Muted));
    }
    for note in &plan.notes {
        lines.push(("note", note.clone(), Role::Warn));
    }
    lines
}

/// What the trials are taken from.
pub(super) fn space_of(plan: &Plan) -> &'static str {
    if plan.sampler == "grid" { "grid" } else { "space" }
}

/// What ran of it, and where that is not what the file asks for.
fn history(past: &Past, plan: &Plan) -> Vec<(&'static str, String, Role)> {
    let reached = &past.reached;
    let failed = match past.failed {
        0 => String::new(),
        n => format!(", {} failed", plural(n, "run")),
    };
    let best = past.best.map_or_else(String::new, |best| format!(", best {}", number(best)));
    let text = format!("{} trials{failed}{best}", progress(reached));
    let mut lines = vec![("ran", text, Role::Text)];
    let ended = reached.ended.as_ref().filter(|ended| !ended.text.is_empty());
    lines.extend(ended.map(|ended| ("", ended.text.clone(), Role::Muted)));
    if !past.is_same {
        let text = "the file has changed since: it begins anew";
        lines.push(("", text.into(), Role::Warn));
    } else if let (Some(asks), Some(ran)) = (plan.trials, reached.total)
        && asks != ran
    {
        let next = match asks.saturating_sub(reached.over) {
            0 => "nothing is left".into(),
            n => format!("a start runs {} more", count(n)),
        };
        let text = format!("the file asks {}, it ran with {}: {next}", count(asks), count(ran));
        lines.push(("", text, Role::Warn));
    }
    lines
}

pub(super) fn draw_plan(screen: &Start, buf: &mut Buffer, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    let lines = plan_lines(screen);
    if screen.selected().is_some_and(|file| file.plan.is_err()) {
        let shown: Vec<TextLine<'_>> =
            lines.iter().map(|(_, text, role)| TextLine { text, role: *role }).collect();
        let text = Text { lines: &shown, first: screen.plan_first, wrap: true, ..Text::default() };
        return text.draw(buf, area, theme);
    }
    let lines = plan_rows(screen, area.width);
    let first = screen.plan_first.min(lines.len().saturating_sub(usize::from(area.height)));
    for (y, (label, text, role)) in lines.iter().skip(first).enumerate() {
        let label = format!(" {label:<LABEL$} ");
        let text = fit(theme, text, usize::from(area.width).saturating_sub(LABEL + 2));
        let spans =
            [(label.as_str(), theme.style(Role::Muted)), (text.as_ref(), theme.style(*role))];
        paint::line(buf, area, y as u16, &spans);
    }
}

/// Values and scale of a parameter.
fn values(row: &crate::space::Row) -> String {
    if row.log { format!("{} log", row.values) } else { row.values.clone() }
}

/// The columns of the ranges: names give way to values, and what comes with conditions leaves first.
fn ranges(plan: &Plan, width: u16) -> Vec<Col<'static>> {
    let widest = |text: &dyn Fn(&crate::space::Row) -> String| {
        plan.tree.iter().map(|row| paint::cells(&text(row))).max().unwrap_or(0) as u16
    };
    let model = widest(&|row| row.branch.clone().unwrap_or_default());
    let name = widest(&|row| row.name.clone()).max(9);
    let shown = widest(&values).max(6);
    let when = widest(&|row| row.when.clone().unwrap_or_default());
    let room = width.saturating_sub(2);
    let model = if model == 0 { 0 } else { model.clamp(5, (room / 4).clamp(5, 13)) };
    let gaps = 2 + if model > 0 { 2 } else { 0 };
    let rest = room.saturating_sub(model + gaps);
    // Values have what they need, and names at least half.
    let values = shown.min(rest.saturating_sub(name.min(rest / 2)));
    let name = name.min(rest.saturating_sub(values));
    let col = |title, width, priority| Col { title, width, priority, ..Col::default() };
    let mut columns = vec![
        col("PARAMETER", name, 9),
        Col { grow: true, ..col("VALUES", values, 9) },
        col(if when > 0 { "WHEN" } else { "" }, when.clamp(4, 24), 6),
    ];
    if model > 0 {
        columns.insert(0, col("MODEL", model, 9));
    }
    columns
}

pub(super) fn draw_space(screen: &Start, buf: &mut Buffer, place: Place, shared: &Shared) {
    let Some(Ok(plan)) = screen.selected().map(|file| &file.plan) else { return };
    let columns = ranges(plan, place.area.width);
    let height = Grid::height(place.area);
    let first = screen.space_first.min(plan.tree.len().saturating_sub(height));
    let mut last: Option<&str> = None;
    let mut rows = Vec::new();
    for (at, row) in plan.tree.iter().enumerate() {
        let branch = row.branch.as_deref().unwrap_or_default();
        // The first row in view always says whose it is.
        let is_new = last != Some(branch) || at == first;
        last = Some(branch);
        if at < first || rows.len() == height {
            continue;
        }
        let cells = [
            CellText::new(if is_new { branch } else { "" }, Role::Accent),
            CellText::new(row.name.clone(), Role::Text),
            CellText::new(values(row), Role::Text),
            CellText::new(row.when.clone().unwrap_or_default(), Role::Muted),
        ];
        rows.push(cells.into_iter().skip(usize::from(columns.len() < 4)).collect());
    }
    let grid = Grid {
        columns: &columns,
        rows: &rows,
        first_row: first,
        total: plan.tree.len(),
        focused: place.focused,
        empty: "nothing varies",
        ..Grid::default()
    };
    grid.draw(buf, place.area, &shared.theme);
}
