//! Points by two columns: what slice, contour, scatter and pareto front are made of.

use super::column::{Column, Holds};
use super::table::Table;
use super::{Figures, Said, View};
use crate::domain::{Goal, Status};
use crate::plot;
use crate::tui::screens::Shared;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Dot, Shape};

/// Entries of a legend.
const MOST_NAMES: usize = 8;
/// Points on a contour; more would hide the field.
const MOST_ON_FIELD: usize = 120;

/// Color and sign of a point: neither is the only one that tells.
type Look = (Role, Shape);

const BEST: Look = (Role::Good, Shape::Disc);
const RUN: Look = (Role::Series(0), Shape::Ring);

/// Points, their rows, and what is said about them.
pub(super) struct Cloud {
    /// Columns along the bottom and along the side.
    pub(super) x: usize,
    pub(super) y: usize,
    /// In the order of drawing; the row of each is in `rows`.
    pub(super) dots: Vec<Dot>,
    pub(super) rows: Vec<usize>,
    /// The steps of a front.
    pub(super) line: Vec<(f64, f64)>,
    /// Rows without one of the two.
    pub(super) missing: usize,
    /// Rows beyond an axis, drawn at its end.
    pub(super) beyond: usize,
    pub(super) legend: Vec<(String, Look)>,
    /// The shape of the many.
    pub(super) many: Option<Shape>,
}

impl Cloud {
    /// The legend, with the signs that shapes have where they are drawn.
    pub(super) fn signs(&self, sign: impl Fn(Shape) -> &'static str) -> Vec<Said> {
        let entry = |(name, (role, shape)): &(String, Look)| {
            vec![(format!("{} ", sign(*shape)), *role), (name.clone(), Role::Muted)]
        };
        self.legend.iter().map(entry).collect()
    }
}

impl Figures {
    /// The columns along the bottom and along the side.
    pub(super) fn cloud_columns(&self, table: &Table) -> Option<(usize, usize)> {
        let named = |name: &Option<String>| name.as_deref().and_then(|name| table.find(name));
        let objective = table.objective()?;
        let seconds = || table.find("seconds").or_else(|| table.find("trial"));
        match self.view {
            View::Slice => {
                let x = named(&self.axes.slice).or_else(|| table.varying().first().copied())?;
                Some((x, objective))
            }
            View::Contour => {
                let (x, y) = (named(&self.axes.contour.0), named(&self.axes.contour.1));
                match (x, y, table.pair()) {
                    (Some(x), Some(y), _) => Some((x, y)),
                    (_, _, None) => None,
                    (x, y, Some(pair)) => {
                        let x = x.unwrap_or(if y == Some(pair.0) { pair.1 } else { pair.0 });
                        let y = y.unwrap_or(if x == pair.1 { pair.0 } else { pair.1 });
                        Some((x, y))
                    }
                }
            }
            View::Scatter => {
                let x = named(&self.axes.scatter.0).or_else(seconds)?;
                Some((x, named(&self.axes.scatter.1).unwrap_or(objective)))
            }
            View::Pareto => {
                let is_aim = |at: &usize| matches!(table.columns[*at].holds, Holds::Objective(_));
                let second = (0..table.columns.len()).filter(is_aim).nth(1);
                let x = named(&self.axes.pareto).or(second).or_else(|| table.find("seconds"))?;
                Some((x, objective))
            }
            _ => None,
        }
    }

    /// The column whose words color the scatter; none for the status.
    pub(super) fn color_column(&self, table: &Table) -> Option<usize> {
        let is_usable = |at: &usize| !table.columns[*at].is_number();
        match &self.axes.color {
            Some(name) => table.find(name).filter(is_usable),
            None => table.find("model").filter(|at| is_usable(at) && table.columns[*at].varies()),
        }
    }

    /// The points of the view.
    pub(super) fn cloud(&self, table: &Table, shared: &Shared) -> Option<Cloud> {
        let (x, y) = self.cloud_columns(table)?;
        let (across, up) = (&table.columns[x], &table.columns[y]);
        let n = if self.view == View::Scatter { table.rows.len() } else { table.n_scored };
        let (log_x, log_y) = (self.is_log(across), self.is_log(up));
        let has_place = |value: f64, log: bool| value.is_finite() && (!log || value > 0.0);
        let has = |row: &usize| has_place(across.at(*row), log_x) && has_place(up.at(*row), log_y);
        let mut rows: Vec<usize> = (0..n).filter(has).collect();
        let missing = n - rows.len();
        let is_beyond = |column: &Column, row: usize| column.at(row) != column.values[row];
        let beyond =
            rows.iter().filter(|row| is_beyond(across, **row) || is_beyond(up, **row)).count();
        let front = if self.view == View::Pareto { front(across, up, &rows) } else { Vec::new() };
        if self.view == View::Contour && rows.len() > MOST_ON_FIELD {
            let kept = super::table::sample(rows.len(), MOST_ON_FIELD);
            rows = kept.into_iter().map(|at| rows[at]).collect();
        }
        let color = self.color_column(table);
        let look = |row: usize| self.look(table, row, (&front, color, shared));
        // The best is drawn last, above the others; of a front its own points.
        rows.sort_by_key(|row| (front.contains(row), std::cmp::Reverse(*row)));
        let dot = |row: &usize| {
            let (role, shape) = look(*row);
            Dot { x: across.at(*row), y: up.at(*row), role, shape }
        };
        let dots: Vec<Dot> = rows.iter().map(dot).collect();
        let place = |row: &usize| (across.at(*row), up.at(*row));
        let line = plot::stairs(&front.iter().map(place).collect::<Vec<_>>());
        let mut legend = self.legend(table, &rows, color);
        legend.push(("champion".into(), (Role::Champion, Shape::Star)));
        legend.retain(|(_, look)| dots.iter().any(|dot| (dot.role, dot.shape) == *look));
        let is_by_word = self.view == View::Scatter && color.is_some();
        let many = (!is_by_word).then_some(Shape::Ring);
        Some(Cloud { x, y, dots, rows, line, missing, beyond, legend, many })
    }

    fn look(
        &self,
        table: &Table,
        row: usize,
        (front, color, shared): (&[usize], Option<usize>, &Shared),
    ) -> Look {
        let own = table.rows[row];
        if shared.catalog.champions.contains_key(&own.run) {
            return (Role::Champion, Shape::Star);
        }
        match (self.view, color) {
            (View::Pareto, _) if front.contains(&row) => BEST,
            (View::Pareto, _) => (Role::Muted, Shape::Ring),
            (View::Scatter, Some(column)) => {
                let value = table.columns[column].values[row];
                if value.is_finite() { word_look(value as usize) } else { status_look(own.status) }
            }
            (View::Scatter, None) => status_look(own.status),
            _ if row < table.n_best() => self.best_look(),
            _ => self.run_look(),
        }
    }

    /// On a field only text stands out from its color.
    fn best_look(&self) -> Look {
        if self.view == View::Contour { (Role::Text, Shape::Disc) } else { BEST }
    }

    fn run_look(&self) -> Look {
        if self.view == View::Contour { (Role::Text, Shape::Ring) } else { RUN }
    }

    fn legend(&self, table: &Table, rows: &[usize], color: Option<usize>) -> Vec<(String, Look)> {
        match (self.view, color) {
            (View::Scatter, Some(at)) => {
                let column = &table.columns[at];
                let occurs =
                    |word: &usize| rows.iter().any(|row| column.values[*row] == *word as f64);
                (0..column.words.len())
                    .filter(occurs)
                    .take(MOST_NAMES)
                    .map(|word| (column.words[word].clone(), word_look(word)))
                    .collect()
            }
            (View::Scatter, None) => Status::ALL
                .into_iter()
                .filter(|status| rows.iter().any(|row| table.rows[*row].status == *status))
                .map(|status| (status.word().to_string(), status_look(status)))
                .collect(),
            (View::Pareto, _) => {
                vec![("front".into(), BEST), ("beaten in both".into(), (Role::Muted, Shape::Ring))]
            }
            _ => vec![("best 10 %".into(), self.best_look()), ("run".into(), self.run_look())],
        }
    }
}

fn word_look(word: usize) -> Look {
    (Role::Series(word), Shape::nth(word))
}

fn status_look(status: Status) -> Look {
    let shape = match status {
        Status::Done => Shape::Ring,
        Status::Running => Shape::Disc,
        Status::Failed => Shape::Cross,
        Status::Pruned => Shape::Triangle,
        Status::Infeasible => Shape::Square,
        Status::Queued | Status::Killed => Shape::Diamond,
    };
    (status_role(status), shape)
}

/// The sign of a state in a bar; of what went well none.
pub(super) fn status_sign(status: Status, theme: &Theme) -> &'static str {
    match status {
        Status::Done => "",
        Status::Running => theme.glyph("●", "*"),
        Status::Failed => theme.glyph("✗", "x"),
        Status::Pruned => theme.glyph("⊘", "/"),
        Status::Infeasible => theme.glyph("◇", "?"),
        Status::Queued => theme.glyph("◌", "o"),
        Status::Killed => theme.glyph("‖", "k"),
    }
}

/// The color of a state.
pub(super) fn status_role(status: Status) -> Role {
    match status {
        Status::Done => Role::Good,
        Status::Running => Role::Live,
        Status::Failed => Role::Bad,
        Status::Pruned | Status::Infeasible => Role::Warn,
        Status::Queued | Status::Killed => Role::Muted,
    }
}

/// A column's name on an axis, with the direction that is better.
pub(super) fn name_of(column: &Column, theme: &Theme) -> String {
    let name = column.label.clone();
    match column.holds {
        Holds::Objective(Goal::Maximize) => format!("{name} {}", theme.glyph("↑", "(max)")),
        Holds::Objective(Goal::Minimize) => format!("{name} {}", theme.glyph("↓", "(min)")),
        _ => name,
    }
}

/// The rows that no other beats in both, from the best of the first aim on.
pub(super) fn front(x: &Column, y: &Column, rows: &[usize]) -> Vec<usize> {
    let goals = (x.goal().unwrap_or(Goal::Minimize), y.goal().unwrap_or(Goal::Minimize));
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (x.values[*row], y.values[*row])).collect();
    plot::front(goals, &points).into_iter().map(|at| rows[at]).collect()
}
