//! What a cell says: values in a few characters, states as glyphs, differences with their color.

use super::columns::{ColumnId, goal};
use super::digits::Digits;
use crate::domain::{Goal, RunId, Status};
use crate::report::words;
use crate::store::filter::{Attribute, Kind};
use crate::store::{Cell, Field, RunRow, SweepRow};
use crate::tui::screens::Shared;
use crate::tui::theme::{Role, Theme, signs};
use crate::tui::widgets::{CellText, spark};
use std::collections::{HashMap, HashSet};

/// Rows that were read, with what the cells need beside them.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// By number: those in view, a margin, champions.
    pub(super) rows: HashMap<RunId, RunRow>,
    /// What their cells are.
    pub(super) fields: Vec<Field>,
    /// At work in name only.
    pub(super) lost: HashSet<RunId>,
    /// How the numbers of a column are written.
    pub(super) digits: HashMap<ColumnId, Digits>,
    /// Sparklines by run.
    pub(super) sparks: HashMap<RunId, Vec<f64>>,
    /// Since when a cell is another one, or a run is there (no field).
    pub(super) changed: HashMap<RunId, Vec<(Option<Field>, i64)>>,
}

impl Loaded {
    /// The value of a column of a run.
    pub(super) fn value<'a>(&self, row: &'a RunRow, field: &Field) -> Option<&'a Cell> {
        let at = self.fields.iter().position(|known| known == field)?;
        row.cells.get(at)
    }

    /// How the numbers of that column are written.
    pub(super) fn digits(&self, id: &ColumnId) -> Digits {
        self.digits.get(id).copied().unwrap_or_default()
    }

    /// Since when a value of a run, or the run itself (no field), is another one.
    pub(super) fn changed_at(&self, run: RunId, field: Option<&Field>) -> Option<i64> {
        let changes = self.changed.get(&run)?;
        changes.iter().find(|(of, _)| of.as_ref() == field).map(|(_, at)| *at)
    }

    /// A metric of a run, if it is a number.
    pub(super) fn score(&self, row: &RunRow, metric: &str) -> Option<f64> {
        match self.value(row, &Field::Metric(metric.into()))? {
            Cell::Number(value) => Some(*value),
            _ => None,
        }
    }
}

/// Against what a run is held: a score, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reference {
    pub(super) run: RunId,
    pub(super) score: Option<f64>,
    /// The champion, else the best of the sweep.
    pub(super) is_champion: bool,
}

/// What a run's sweep optimizes.
pub(super) fn objective<'a>(row: &RunRow, shared: &'a Shared) -> Option<(&'a str, Goal)> {
    let sweep = shared.catalog.sweep(row.sweep_id?)?;
    sweep.objectives.first().map(|first| (first.metric.as_str(), first.goal))
}

/// What a run is held against: the champion of its sweep's model if that has the metric, else its sweep's best.
pub(super) fn reference(row: &RunRow, loaded: &Loaded, shared: &Shared) -> Option<Reference> {
    reference_of(shared.catalog.sweep(row.sweep_id?)?, loaded, shared)
}

/// What the runs of a sweep are held against.
pub(super) fn reference_of(
    sweep: &SweepRow,
    loaded: &Loaded,
    shared: &Shared,
) -> Option<Reference> {
    let metric = &sweep.objectives.first()?.metric;
    let champion = shared.catalog.champions.iter().find(|(_, model)| **model == sweep.model);
    if let Some((run, _)) = champion {
        let score = loaded.rows.get(run).and_then(|row| loaded.score(row, metric));
        if score.is_some() {
            return Some(Reference { run: *run, score, is_champion: true });
        }
    }
    let (run, score) = sweep.best?;
    Some(Reference { run, score: Some(score), is_champion: false })
}

/// Glyph, its ASCII, color and word of a state.
pub(super) fn state(status: Status) -> (&'static str, &'static str, Role, &'static str) {
    signs::status(status)
}

/// The glyph of a run: a star for a champion, `!` for one that is at work in name only.
pub(super) fn glyph(
    theme: &Theme,
    row: &RunRow,
    is_lost: bool,
    is_champion: bool,
) -> (&'static str, Role) {
    let (glyph, ascii, role, _) = state(row.status);
    match (is_lost, is_champion) {
        (true, _) => ("!", Role::Warn),
        (_, true) => (theme.glyph("★", "@"), Role::Champion),
        _ => (theme.glyph(glyph, ascii), role),
    }
}

/// A cell of a column.
pub(super) fn cell(id: &ColumnId, row: &RunRow, loaded: &Loaded, shared: &Shared) -> CellText {
    let missing = || CellText::new(shared.theme.glyph("—", "-"), Role::Muted);
    match id {
        ColumnId::Run => CellText::new(row.id.to_string(), Role::Text),
        ColumnId::Score => match objective(row, shared) {
            Some((metric, _)) => metric_cell((metric, id), row, loaded, shared),
            None => missing(),
        },
        ColumnId::ScoreName => match objective(row, shared) {
            Some((metric, _)) => CellText::new(metric, Role::Muted),
            None => missing(),
        },
        ColumnId::Delta => delta(row, loaded, shared).unwrap_or_else(missing),
        ColumnId::Curve => match loaded.sparks.get(&row.id) {
            Some(values) if !values.is_empty() => {
                CellText::new(spark(values, 8, &shared.theme), Role::Accent)
            }
            _ => CellText::new("", Role::Muted),
        },
        ColumnId::Time => time(row, loaded, shared),
        ColumnId::Age => match row.started {
            Some(started) => CellText::new(age(shared.now_ms - started), Role::Muted),
            None => missing(),
        },
        ColumnId::Tags => CellText::new(tags(row), Role::Accent),
        ColumnId::Metric(metric) => metric_cell((metric, id), row, loaded, shared),
        ColumnId::Group => CellText::new(format!("  {}", row.id), Role::Text),
        ColumnId::Count | ColumnId::Mean => CellText::new("", Role::Muted),
        ColumnId::States => {
            let (glyph, ascii, role, word) = state(row.status);
            if loaded.lost.contains(&row.id) {
                CellText::new("! stale", Role::Warn)
            } else {
                CellText::new(format!("{} {word}", shared.theme.glyph(glyph, ascii)), role)
            }
        }
        ColumnId::Param(_) | ColumnId::Attribute(_) => {
            let value = id.field().and_then(|field| loaded.value(row, &field).cloned());
            match (value, id) {
                (None, _) => CellText::new(shared.theme.glyph("…", "~"), Role::Muted),
                (Some(Cell::Missing), ColumnId::Attribute("note")) if row.has_note => {
                    CellText::new("note", Role::Muted)
                }
                (Some(Cell::Missing), _) => missing(),
                (Some(value), id) => CellText::new(shown(&value, id, shared.now_ms), Role::Text),
            }
        }
    }
}

fn metric_cell(
    (metric, id): (&str, &ColumnId),
    row: &RunRow,
    loaded: &Loaded,
    shared: &Shared,
) -> CellText {
    match loaded.value(row, &Field::Metric(metric.into())) {
        None => CellText::new(shared.theme.glyph("…", "~"), Role::Muted),
        Some(Cell::Number(value)) if value.is_infinite() => {
            let text = if *value > 0.0 { "inf" } else { "-inf" };
            CellText::new(text, Role::Warn)
        }
        Some(Cell::Number(value)) => {
            CellText::new(measured((metric, id), *value, loaded), Role::Text)
        }
        Some(Cell::Nan) => CellText::new("NaN", Role::Warn),
        Some(_) => CellText::new(shared.theme.glyph("—", "-"), Role::Muted),
    }
}

/// A score as its column has it. Lengths of time among scores of other metrics have a unit of their own.
pub(super) fn measured((metric, id): (&str, &ColumnId), value: f64, loaded: &Loaded) -> String {
    match id {
        ColumnId::Metric(_) => loaded.digits(id).text(value),
        _ if is_time(metric) => words::measured(metric, value),
        _ => loaded.digits(id).text(value),
    }
}

/// True for a metric that is a length of time.
pub(super) fn is_time(metric: &str) -> bool {
    metric.ends_with("_seconds")
}

/// The score less what it is held against; none without either.
pub(super) fn difference(row: &RunRow, loaded: &Loaded, shared: &Shared) -> Option<f64> {
    let (metric, _) = objective(row, shared)?;
    let reference = reference(row, loaded, shared)?;
    let score = loaded.score(row, metric)?;
    Some(if reference.run == row.id { 0.0 } else { score - reference.score? })
}

/// Nearly every run is below the best: only what is better than the champion has a color.
fn delta(row: &RunRow, loaded: &Loaded, shared: &Shared) -> Option<CellText> {
    let (metric, goal) = objective(row, shared)?;
    let reference = reference(row, loaded, shared)?;
    let difference = difference(row, loaded, shared)?;
    let role = match difference {
        _ if reference.run == row.id => Role::Champion,
        d if d != 0.0 && goal.better(d, 0.0) => Role::Good,
        _ => Role::Text,
    };
    if is_time(metric) {
        return Some(CellText::new(words::measured(metric, difference), role));
    }
    Some(CellText::new(loaded.digits(&ColumnId::Delta).signed(difference), role))
}

/// How long a run took, or has taken so far, in seconds.
pub(super) fn seconds(row: &RunRow, now_ms: i64) -> Option<f64> {
    match (row.seconds, row.started, row.status) {
        (Some(seconds), ..) => Some(seconds),
        (None, Some(started), Status::Running) => Some(((now_ms - started).max(0) / 1000) as f64),
        _ => None,
    }
}

fn time(row: &RunRow, loaded: &Loaded, shared: &Shared) -> CellText {
    if loaded.lost.contains(&row.id) {
        return CellText::new("stale", Role::Warn);
    }
    match seconds(row, shared.now_ms) {
        Some(seconds) => {
            let role = if row.seconds.is_some() { Role::Text } else { Role::Live };
            CellText::new(loaded.digits(&ColumnId::Time).text(seconds), role)
        }
        None => CellText::new(shared.theme.glyph("—", "-"), Role::Muted),
    }
}

/// Tags in a row.
pub(super) fn tags(row: &RunRow) -> String {
    let tag = |(key, value): &(String, String)| match value.as_str() {
        "" => key.clone(),
        value => format!("{key}={value}"),
    };
    row.tags.iter().map(tag).collect::<Vec<_>>().join(" ")
}

/// A value of a parameter or an attribute in a few characters.
pub(super) fn shown(value: &Cell, id: &ColumnId, now_ms: i64) -> String {
    let kind = match id {
        ColumnId::Attribute(word) => Attribute::parse(word).map(Attribute::kind),
        _ => None,
    };
    match (value, kind) {
        (Cell::Missing, _) => "—".into(),
        (Cell::Nan, _) => "NaN".into(),
        (Cell::None, _) => "none".into(),
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Int(at), Some(Kind::Time)) => age(now_ms - at),
        (Cell::Int(value), _) => value.to_string(),
        (Cell::Number(value), Some(Kind::Seconds)) => words::duration(*value),
        (Cell::Number(value), _) => words::number(*value),
        (Cell::Text(text), Some(Kind::Hash)) => words::short(text).into(),
        (Cell::Text(text), _) => text.clone(),
    }
}

/// A time ago in two or three characters.
pub(super) fn age(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        s if s < 60 => format!("{s}s"),
        s if s < 3600 => format!("{}m", s / 60),
        s if s < 86_400 => format!("{}h", s / 3600),
        s if s < 86_400 * 365 => format!("{}d", s / 86_400),
        s => format!("{}y", s / (86_400 * 365)),
    }
}

/// True if larger values of the column come first when it is sorted for the first time.
pub(super) fn descends_first(id: &ColumnId, shared: &Shared) -> bool {
    match id {
        ColumnId::Metric(metric) => goal(metric, &shared.catalog) != Some(Goal::Minimize),
        ColumnId::Attribute("name" | "sweep" | "experiment" | "status" | "model") => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ago_is_short() {
        let check = |seconds: i64, expect: &str| assert_eq!(age(seconds * 1000), expect);
        check(-5, "0s");
        check(59, "59s");
        check(3599, "59m");
        check(86_399, "23h");
        check(86_400 * 30, "30d");
        check(86_400 * 800, "2y");
    }
}
