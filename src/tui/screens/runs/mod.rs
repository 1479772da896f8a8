//! The runs screen: a table of any length, filtered, sorted and grouped by the store, with the run under the cursor beside it.

mod act;
mod asking;
mod cells;
mod columns;
mod digits;
mod filter;
mod groups;
mod lines;
mod load;
mod picker;
mod settle;
mod view_charts;
mod view_preview;
mod view_table;

#[cfg(test)]
mod tests;

pub use load::{Answer, Ask, CurveData, Found, Listed, Seen, Sort, Source, Wanted};

use super::{Enabled, Pane, Place, Screen, Shared};
use crate::domain::{Goal, RunId, Status};
use crate::store::{Field, Measure};
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask::{self, Trouble};
use crate::tui::effect::{Effect, Jump};
use crate::tui::layout::{self, THREE_PANES, TWO_PANES};
use crate::tui::overlay::{Outcome, Prompt};
use cells::Loaded;
use columns::{Choice, Column, ColumnId, Survey};
use filter::Filtering;
use lines::{Anchor, Line, Lines};
use picker::Picker;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::HashSet;

/// The panes.
const TABLE: u8 = 0;
const PREVIEW: u8 = 1;
const CHARTS: u8 = 2;

/// Columns from which groups and a preview stand side by side.
const GROUPS_AND_PREVIEW: u16 = 130;

/// What rows are sorted by: the column, and how the store does it.
#[derive(Debug, Clone, PartialEq)]
struct Sorted {
    column: ColumnId,
    by: Sort,
    /// It is that of the column of scores, whichever name that has.
    of_scores: bool,
}

impl Sorted {
    fn turn(&mut self) {
        match &mut self.by {
            Sort::Field(_, turned) | Sort::Measure(_, turned) => *turned = !*turned,
        }
    }

    /// The words that [`Sorted::parse`] reads.
    fn remember(&self) -> serde_json::Value {
        let (by, turned) = match &self.by {
            Sort::Field(field, descends) => (field.to_string(), descends),
            Sort::Measure(Measure::Score, best_first) => ("#score".into(), best_first),
            Sort::Measure(Measure::Difference, best_first) => ("#delta".into(), best_first),
        };
        serde_json::json!({ "column": self.column.word(), "by": by, "descends": turned })
    }

    fn recall(value: &serde_json::Value) -> Option<Self> {
        let column = ColumnId::parse(value["column"].as_str()?)?;
        let turned = value["descends"].as_bool().unwrap_or(true);
        let by = match value["by"].as_str()? {
            "#score" => Sort::Measure(Measure::Score, turned),
            "#delta" => Sort::Measure(Measure::Difference, turned),
            field => Sort::Field(Field::parse(field).ok()?, turned),
        };
        Some(Self { of_scores: column == ColumnId::Score, column, by })
    }
}

/// State of the screen.
#[derive(Debug, Default)]
pub struct Runs {
    filtering: Filtering,
    sort: Option<Sorted>,
    group: Option<Field>,
    /// Runs in the bin are shown, and no others.
    bin: bool,
    choice: Choice,
    survey: Survey,
    /// What follows from the three above.
    columns: Vec<Column>,
    lines: Lines,
    /// What the lines are the answer to; none before the first.
    listed: Option<Wanted>,
    counts: Vec<(Status, u64)>,
    /// Of the running ones, those that are so in name only.
    n_stale: u64,
    /// What to run first, in a project without runs.
    sweep_file: Option<String>,
    /// Runs that fit, and all there are.
    n_fitting: u64,
    n_total: u64,
    loaded: Loaded,
    /// Opened groups, by their oldest run.
    open: HashSet<RunId>,
    line: usize,
    top: usize,
    anchor: Option<Anchor>,
    /// The column under the cursor, and the first one after those that stay in view.
    column: usize,
    first_column: usize,
    picker: Option<Picker>,
    preview: Option<Box<Seen>>,
    /// The first line of the preview, and of the charts.
    scrolled: usize,
    scrolled_charts: usize,
    curves: Option<(RunId, Vec<CurveData>)>,
    /// A table that is being written.
    exporting: Option<Ask>,
    trouble: Option<String>,
    /// An empty list of a filter that is still being typed.
    withheld: Option<(Wanted, Box<Listed>)>,
}

impl Runs {
    /// The run under the cursor.
    fn selected(&self) -> Option<RunId> {
        match self.lines.at(self.line)? {
            Line::Run(run) => Some(run),
            Line::Group(_) => None,
        }
    }

    /// The run under the cursor, or the best of the group there.
    pub fn at_hand(&self) -> Option<RunId> {
        self.previewed()
    }

    /// The run that the preview shows: under the cursor, or the best of the group there.
    fn previewed(&self) -> Option<RunId> {
        match self.lines.at(self.line)? {
            Line::Run(run) => Some(run),
            Line::Group(place) => {
                let (_, group) = self.lines.group(place)?;
                group.best.map(|best| best.0).or(group.runs.first().copied())
            }
        }
    }

    /// The first line in view of a table of so many.
    fn top_of(&self, height: usize) -> usize {
        layout::scroll(self.top, self.line, height, self.lines.len())
    }

    fn refresh_columns(&mut self, shared: &Shared) {
        let on = self.columns.get(self.column).map(|column| column.id.clone());
        let of = (&self.choice, &self.survey, &shared.catalog);
        self.columns = match &self.group {
            Some(by) => columns::of_groups(by, of.0, of.1, of.2),
            None => columns::shown(of.0, of.1, of.2),
        };
        self.follow_objectives(shared);
        let kept = on.and_then(|id| self.columns.iter().position(|column| column.id == id));
        self.column = kept.unwrap_or(self.column).min(self.columns.len().saturating_sub(1));
        self.first_column = self.first_column.min(self.column);
    }

    /// The column of scores is the metric's own while all runs have the same one: the order goes on under either name.
    fn follow_objectives(&mut self, shared: &Shared) {
        let Some(sort) = &self.sort else { return };
        let is_shown = |id: &ColumnId| self.columns.iter().any(|column| column.id == *id);
        let is_renamed = sort.of_scores && is_shown(&ColumnId::Score);
        if is_shown(&sort.column) && (sort.column == ColumnId::Score || !is_renamed) {
            return;
        }
        let objectives = columns::objectives(&self.survey, &shared.catalog);
        let sorted = match (&sort.column, &sort.by, objectives.as_slice()) {
            (ColumnId::Score, Sort::Measure(_, best_first), [(metric, goal)]) => {
                let column = ColumnId::Metric(metric.clone());
                let descends = *best_first == (*goal == Goal::Maximize);
                let by = Sort::Field(Field::Metric(metric.clone()), descends);
                Sorted { column, by, of_scores: true }
            }
            (ColumnId::Metric(metric), Sort::Field(_, descends), all) => {
                let Some((_, goal)) = all.iter().find(|(known, _)| known == metric) else { return };
                let best_first = *descends == (*goal == Goal::Maximize);
                let by = Sort::Measure(Measure::Score, best_first);
                Sorted { column: ColumnId::Score, by, of_scores: true }
            }
            _ => return,
        };
        if is_shown(&sorted.column) {
            self.sort = Some(sorted);
        }
    }
}

impl Screen for Runs {
    fn id(&self) -> ScreenId {
        ScreenId::Runs
    }

    fn panes(&self, shared: &Shared) -> Vec<Pane> {
        let mut panes = vec![self.table_pane(shared)];
        if self.listed.is_some() && self.n_total == 0 && !self.bin {
            return panes;
        }
        panes.push(self.preview_pane(shared));
        // In between there is room for two, and the charts are in the preview.
        if !(TWO_PANES..THREE_PANES).contains(&shared.body.width) {
            panes.push(self.charts_pane());
        }
        panes
    }

    fn arrange(&self, body: Rect, shared: &Shared) -> Vec<Rect> {
        let n_panes = self.panes(shared).len();
        if n_panes == 1 {
            return vec![body];
        }
        // What is said of groups needs the width that their best runs' previews would take.
        if self.group.is_some() && body.width < GROUPS_AND_PREVIEW {
            let mut areas = vec![Rect::ZERO; n_panes];
            areas[0] = body;
            return areas;
        }
        if body.width >= THREE_PANES {
            let charts = (body.width * 3 / 10).max(44);
            let preview = (body.width / 5).clamp(34, 48);
            return layout::columns(body, &[body.width - charts - preview, preview, charts]);
        }
        let preview = (body.width * 34 / 100).clamp(34, 48);
        let mut areas = layout::columns(body, &[body.width - preview, preview]);
        areas.push(Rect::ZERO);
        areas
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        match pane {
            PREVIEW => self.draw_preview(buf, place, shared),
            CHARTS => self.draw_charts(buf, place, shared),
            _ => {
                self.draw_table(buf, place, shared);
                if let Some(picker) = &self.picker {
                    let shown = self.lines.runs(0..self.lines.len().min(200));
                    let of = (&*self.columns, &*self.titles(shared, &shown));
                    picker.draw(buf, place.area, (&self.choice, of.0, of.1), shared);
                }
            }
        }
    }

    fn enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        self.enables(action, pane, shared)
    }

    fn act(&mut self, action: Action, pane: u8, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.acts(action, pane, area, shared)
    }

    fn click(
        &mut self,
        pane: u8,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        if pane == TABLE { self.clicked(area, at, again, shared) } else { Vec::new() }
    }

    fn needs(&self, body: Rect, shared: &Shared) -> Vec<ask::Ask> {
        self.wants(body, shared).into_iter().map(ask::Ask::Runs).collect()
    }

    fn receive(
        &mut self,
        ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        match (ask, answer) {
            (ask::Ask::Runs(ask), Ok(ask::Answer::Runs(answer))) => self.takes(ask, answer, shared),
            (ask::Ask::Runs(ask), Err(trouble)) => self.fails(ask, &trouble),
            _ => Vec::new(),
        }
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        self.settles(purpose, outcome, shared)
    }

    fn prompt(&self, prompt: &mut Prompt, shared: &Shared) {
        self.prompts(prompt, shared);
    }

    fn jump(&mut self, jump: &Jump, _shared: &mut Shared) -> Vec<Effect> {
        if let Jump::Runs(filter) = jump {
            self.bin = false;
            self.picker = None;
            self.filtering.set(filter);
            (self.line, self.top, self.anchor) = (0, 0, None);
        }
        Vec::new()
    }

    fn clear(&mut self, _shared: &mut Shared) -> bool {
        if let Some(picker) = &mut self.picker {
            if !picker.clear() {
                self.picker = None;
            }
            return true;
        }
        if self.filtering.is_on() {
            self.filtering.set("");
            return true;
        }
        if self.bin {
            self.bin = false;
            return true;
        }
        false
    }

    fn status(&self, shared: &Shared) -> Vec<(String, Style)> {
        self.states(shared)
    }

    fn position(&self, _shared: &Shared) -> String {
        let n = self.lines.len() as u64;
        let at = if n == 0 { 0 } else { self.line as u64 + 1 };
        format!("{}/{}", crate::report::words::count(at), crate::report::words::count(n))
    }

    fn remember(&self) -> serde_json::Value {
        let sort = self.sort.as_ref().map(Sorted::remember);
        let group = self.group.as_ref().map(ToString::to_string);
        serde_json::json!({ "columns": self.choice.remember(), "sort": sort, "group": group })
    }

    fn recall(&mut self, remembered: &serde_json::Value) {
        self.choice = Choice::recall(&remembered["columns"]);
        let field = |value: &serde_json::Value| Field::parse(value.as_str()?).ok();
        self.sort = Sorted::recall(&remembered["sort"]);
        self.group = field(&remembered["group"]);
    }
}
