//! Slice, contour, scatter and pareto front: drawing, the crosshair over runs, the mouse.

use super::cloud::{Cloud, front, name_of};
use super::load::{Ask, Handle};
use super::table::Table;
use super::{Figures, Said, Shared, View, empty, parts, said, say, views};
use crate::report::words;
use crate::tui::action::Action;
use crate::tui::paint;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Heat, Plot, Scatter};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Cells between the pointer and the run that it means.
const NEAR: u16 = 2;
/// Runs of a page.
const PAGE: usize = 10;

impl Figures {
    /// The field that the contour needs.
    pub(super) fn wanted_field(&self) -> Option<Ask> {
        let handle = self.table.as_ref()?;
        let (x, y) = self.cloud_columns(&handle.0)?;
        let log = |at: usize| self.is_log(&handle.0.columns[at]);
        Some(Ask::Field { of: Handle(handle.0.clone()), at: (x, y), logs: (log(x), log(y)) })
    }

    pub(super) fn points_note(&self, table: &Table) -> String {
        let Some((x, y)) = self.cloud_columns(table) else { return String::new() };
        let name = |at: usize| table.columns[at].label.clone();
        let mut parts = vec![match self.view {
            View::Slice => format!("by {}", name(x)),
            View::Contour => {
                let score = table.objective().map(name).unwrap_or_default();
                format!("{score} over {} and {}", name(x), name(y))
            }
            View::Pareto if table.objectives.len() < 2 => {
                format!("one objective: {} against {}", name(y), name(x))
            }
            _ => format!("{} against {}", name(y), name(x)),
        }];
        parts.push(table.shown());
        if self.view != View::Scatter {
            parts.extend(views::unscored(table));
        }
        parts.join(" · ")
    }

    pub(super) fn draw_points(&self, buf: &mut Buffer, area: Rect, focused: bool, shared: &Shared) {
        let Some(table) = self.table() else { return };
        let Some(cloud) = self.cloud(table, shared) else {
            let lines = match self.view {
                View::Contour => [
                    "a contour needs two parameters that runs have together",
                    "v shows the slice of one",
                ],
                View::Pareto => [
                    "a front needs two aims: no run has recorded its seconds",
                    "x chooses another metric",
                ],
                _ => ["no parameter has more than one value", "v shows the next view"],
            };
            return empty(buf, area, shared, &lines);
        };
        let (figure, line) = parts(area);
        let (x, y) = (&table.columns[cloud.x], &table.columns[cloud.y]);
        let names = (name_of(x, &shared.theme), name_of(y, &shared.theme));
        let axes = (x.axis(&names.0, self.is_log(x)), y.axis(&names.1, self.is_log(y)));
        let picked = self.picked_row(table);
        let mut signs = cloud.signs(|shape| shape.glyph(&shared.theme));
        if self.view == View::Contour {
            self.draw_field(buf, figure, shared, (table, &cloud));
        } else {
            let scatter = Scatter {
                points: &cloud.dots,
                many: cloud.many,
                line: &cloud.line,
                line_role: Some(Role::Good),
                selected: picked.and_then(|row| cloud.rows.iter().position(|at| *at == row)),
                x: axes.0,
                y: axes.1,
                empty: "no run has both",
            };
            scatter.draw(buf, figure, &shared.theme);
            signs = cloud.signs(|shape| scatter.sign(figure, shape, &shared.theme));
        }
        if let Some(line) = line {
            let said = self.points_said(shared, (table, &cloud, focused), signs);
            say(buf, Some(line), shared, &said);
        }
    }

    fn draw_field(&self, buf: &mut Buffer, figure: Rect, shared: &Shared, of: (&Table, &Cloud)) {
        let (table, cloud) = of;
        let (x, y) = (&table.columns[cloud.x], &table.columns[cloud.y]);
        let logs = (self.is_log(x), self.is_log(y));
        let field = self.field.as_ref();
        let Some(field) =
            field.filter(|field| (field.at, field.logs) == ((cloud.x, cloud.y), logs))
        else {
            return empty(buf, figure, shared, &["interpolating…"]);
        };
        let names = (name_of(x, &shared.theme), name_of(y, &shared.theme));
        let score = table.objective().map(|at| name_of(&table.columns[at], &shared.theme));
        let score = score.unwrap_or_default();
        let heat = Heat {
            values: &field.values,
            columns: field.columns,
            x: x.axis(&names.0, logs.0),
            y: y.axis(&names.1, logs.1),
            points: &cloud.dots,
            name: &score,
            role: None,
        };
        heat.draw(buf, figure, &shared.theme);
        let Some(row) = self.picked_row(table) else { return };
        if let Some((column, line)) = cell(&heat.plot_area(figure), (x.at(row), y.at(row))) {
            let style =
                shared.theme.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::REVERSED);
            let at = Rect { x: column, y: line, width: 1, height: 1 };
            paint::line(buf, at, 0, &[(shared.theme.glyph("◉", "O"), style)]);
        }
    }

    fn points_said(
        &self,
        shared: &Shared,
        (table, cloud, focused): (&Table, &Cloud, bool),
        signs: Vec<Said>,
    ) -> Vec<Said> {
        if let Some(row) = self.picked_row(table) {
            return picked_said(shared, (table, cloud), row);
        }
        let mut parts = signs;
        let count = |n: usize| words::count(n as u64);
        if cloud.missing > 0 {
            let what = match self.view {
                View::Slice => &table.columns[cloud.x].label,
                _ => "both",
            };
            parts.push(said(format!("{} without {what}", count(cloud.missing)), Role::Muted));
        }
        if cloud.beyond > 0 {
            parts.push(said(format!("{} beyond an axis", count(cloud.beyond)), Role::Warn));
        }
        if focused {
            let hints: &[&str] = match self.view {
                View::Slice => &["h l parameter", "j k run"],
                View::Pareto => &["h l along the front", "x axis"],
                View::Contour => &["j k by rank", "o axes", "L log"],
                _ => &["j k by rank", "o axes and color"],
            };
            parts.extend(hints.iter().map(|hint| said(*hint, Role::Muted)));
        }
        parts
    }

    pub(super) fn picked_row(&self, table: &Table) -> Option<usize> {
        self.picked.and_then(|run| table.row_of(run))
    }

    /// Moves the crosshair, or in a slice to another parameter.
    pub(super) fn act_points(&mut self, action: Action, _area: Rect) {
        let Some(handle) = self.table.clone() else { return };
        let table = &*handle.0;
        if self.view == View::Slice && matches!(action, Action::Left | Action::Right) {
            return self.next_parameter(table, action == Action::Right);
        }
        let order = self.order(table, matches!(action, Action::Left | Action::Right));
        let Some(last) = order.len().checked_sub(1) else { return };
        let at = self.picked_row(table).and_then(|row| order.iter().position(|at| *at == row));
        let to = match action {
            Action::Top => 0,
            Action::Bottom => last,
            _ => match (action, at) {
                (Action::Up | Action::Left, Some(at)) => at.saturating_sub(1),
                (Action::Down | Action::Right, Some(at)) => (at + 1).min(last),
                (Action::PageUp, Some(at)) => at.saturating_sub(PAGE),
                (Action::PageDown, Some(at)) => (at + PAGE).min(last),
                // The best run first, wherever it stands.
                (Action::Up | Action::Down | Action::Left | Action::Right, None) => {
                    order.iter().enumerate().min_by_key(|(_, row)| **row).map_or(0, |(at, _)| at)
                }
                _ => return,
            },
        };
        self.picked = Some(table.rows[order[to]].run);
    }

    /// The runs in the order of the crosshair: by rank, or from left to right; on a front along it.
    fn order(&self, table: &Table, is_across: bool) -> Vec<usize> {
        let Some((x, y)) = self.cloud_columns(table) else { return Vec::new() };
        let (across, up) = (&table.columns[x], &table.columns[y]);
        let n = if self.view == View::Scatter { table.rows.len() } else { table.n_scored };
        let has = |row: &usize| across.at(*row).is_finite() && up.at(*row).is_finite();
        let mut rows: Vec<usize> = (0..n).filter(has).collect();
        if self.view == View::Pareto {
            rows = front(across, up, &rows);
        }
        if is_across || self.view == View::Pareto {
            rows.sort_by(|a, b| across.values[*a].total_cmp(&across.values[*b]));
        }
        rows
    }

    fn next_parameter(&mut self, table: &Table, is_right: bool) {
        let varying = table.varying();
        let Some((now, _)) = self.cloud_columns(table) else { return };
        let at = varying.iter().position(|at| *at == now).unwrap_or(0);
        let to = if is_right { at + 1 } else { at + varying.len().max(1) - 1 };
        if let Some(column) = varying.get(to % varying.len().max(1)) {
            self.axes.slice = Some(table.columns[*column].name.clone());
        }
    }

    /// The run at a cell of the screen.
    pub(super) fn hit(
        &self,
        area: Rect,
        at: (u16, u16),
        theme: &Theme,
    ) -> Option<crate::domain::RunId> {
        let table = self.table()?;
        let (x, y) = self.cloud_columns(table)?;
        let (across, up) = (&table.columns[x], &table.columns[y]);
        let axes = (across.axis("", self.is_log(across)), up.axis(" ", self.is_log(up)));
        let figure = parts(area).0;
        let rows = self.order(table, false);
        let plot = match (self.view, &self.field) {
            (View::Contour, Some(field)) => {
                let score = table.objective().map(|at| name_of(&table.columns[at], theme));
                let name = score.unwrap_or_default();
                let (values, columns) = (&field.values[..], field.columns);
                let heat = Heat {
                    values,
                    columns,
                    x: axes.0,
                    y: axes.1,
                    points: &[],
                    name: &name,
                    role: None,
                };
                heat.plot_area(figure)
            }
            _ => Scatter { x: axes.0, y: axes.1, ..Scatter::default() }.plot_area(figure),
        };
        let far = |row: &usize| {
            let cell = cell(&plot, (across.at(*row), up.at(*row)))?;
            Some(cell.0.abs_diff(at.0).max(cell.1.abs_diff(at.1)))
        };
        let near = rows.iter().filter_map(|row| Some((far(row)?, *row)));
        let found = near.filter(|(far, _)| *far <= NEAR).min()?;
        Some(table.rows[found.1].run)
    }
}

/// The run under the crosshair.
fn picked_said(shared: &Shared, (table, cloud): (&Table, &Cloud), row: usize) -> Vec<Said> {
    let own = table.rows[row];
    let mut parts = vec![said(format!("run {}", own.run), Role::Accent)];
    let mut columns = vec![cloud.x, cloud.y];
    columns.extend(table.objective().filter(|at| !columns.contains(at)));
    for column in columns.into_iter().map(|at| &table.columns[at]) {
        let text = format!("{} {}", column.label, column.word(column.values[row]));
        parts.push(said(text, Role::Text));
    }
    if row < table.n_scored && table.total_scored == table.n_scored {
        parts.push(said(format!("rank {} of {}", row + 1, table.n_scored), Role::Muted));
    } else if row >= table.n_scored {
        parts.push(said(own.status.word(), super::cloud::status_role(own.status)));
    }
    if shared.marks.contains(&own.run) {
        parts.push(said("marked", Role::Accent));
    }
    parts
}

/// The cell of the screen that a point falls into.
fn cell(plot: &Plot, (x, y): (f64, f64)) -> Option<(u16, u16)> {
    let dot = |share: f64, cells: u16, dots: f64| {
        let last = (f64::from(cells) * dots - 1.0).max(1.0);
        let at = ((share * last).round() / dots).floor();
        (0.0..f64::from(cells)).contains(&at).then_some(at as u16)
    };
    let column = dot(plot.x.share(x), plot.rect.width, 2.0)?;
    let row = dot(1.0 - plot.y.share(y), plot.rect.height, 4.0)?;
    Some((plot.rect.x + column, plot.rect.y + row))
}
