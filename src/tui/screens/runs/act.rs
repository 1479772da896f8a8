//! What keys and the mouse do.

use super::cells::{self, descends_first};
use super::columns::ColumnId;
use super::lines::Line;
use super::load::{Ask, exact};
use super::picker::Picker;
use super::{CHARTS, Enabled, PREVIEW, Runs, Shared, Sort, Sorted, settle};
use crate::domain::RunId;
use crate::store::filter::Attribute;
use crate::store::{Cell, Field, Measure};
use crate::tui::action::Action;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Choose, Overlay, Prompt};
use crate::tui::widgets::{Grid, GridHit};
use ratatui::layout::Rect;

/// The most runs that stand side by side.
const MOST_COMPARED: usize = 6;

impl Runs {
    pub(super) fn enables(&self, action: Action, _pane: u8, shared: &Shared) -> Enabled {
        use Action::{
            Bin, Columns, Compare, Copy, Differing, Edit, Filter, Freeze, Group, Left, Mark,
            Narrower, Open, Promote, Reverse, Right, Sort, Unmark, View, Wider, Write,
        };
        if self.picker.is_some() {
            return match action {
                Mark => Enabled::As("show/hide"),
                Left | Right | Freeze | Wider | Narrower | Differing | Filter => Enabled::Yes,
                Open | Columns => Enabled::As("close"),
                _ => Enabled::Never,
            };
        }
        let on_run = || match self.selected() {
            Some(_) => Enabled::Yes,
            None if self.lines.len() == 0 => Enabled::No("there is no run to do that with"),
            None => Enabled::No("this is a group: Enter opens it, then choose a run"),
        };
        match action {
            Sort | Reverse if self.lines.len() == 0 => Enabled::No("there is nothing to sort"),
            Open => match self.lines.at(self.line) {
                None => Enabled::No("there is no run to open"),
                Some(Line::Group(_)) => Enabled::As("open group"),
                Some(Line::Run(_)) => Enabled::Yes,
            },
            Unmark if shared.marks.is_empty() => Enabled::No("no run is marked: Space marks"),
            Compare => match self.compared(shared).len() {
                0 | 1 => Enabled::No("mark two runs with Space, then c"),
                n if n > MOST_COMPARED => Enabled::No("six runs at most: u takes all marks off"),
                _ => Enabled::Yes,
            },
            Bin if self.bin => match on_run() {
                Enabled::Yes => Enabled::As("restore"),
                other => other,
            },
            Bin if !shared.marks.is_empty() => Enabled::Yes,
            View => Enabled::As(if self.bin { "runs" } else { "bin" }),
            Write if self.exporting.is_some() => Enabled::No("the table is being written"),
            Write if self.lines.len() == 0 => Enabled::No("there is nothing to write"),
            Filter | Left | Right | Columns | Differing | Freeze | Wider | Narrower | Group
            | Sort | Reverse | Unmark | Write => Enabled::Yes,
            Mark | Edit | Promote | Bin | Copy => on_run(),
            _ => Enabled::Never,
        }
    }

    /// The marked runs, or the marked one and the one under the cursor.
    fn compared(&self, shared: &Shared) -> Vec<RunId> {
        let mut runs: Vec<RunId> = shared.marks.iter().copied().collect();
        if runs.len() < 2
            && let Some(run) = self.selected()
            && !runs.contains(&run)
        {
            runs.push(run);
        }
        runs
    }

    pub(super) fn acts(
        &mut self,
        action: Action,
        pane: u8,
        area: Rect,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        if self.picker.is_some() {
            return self.acts_in_picker(action, area, shared);
        }
        if pane == PREVIEW || pane == CHARTS {
            let last = if pane == PREVIEW {
                self.preview_rows(shared).saturating_sub(1)
            } else {
                self.curves.as_ref().map_or(0, |(_, curves)| curves.len())
            };
            let at = if pane == PREVIEW { &mut self.scrolled } else { &mut self.scrolled_charts };
            let page = usize::from(area.height / 2).max(1);
            if let Some(to) = moved(action, *at, last + 1, page) {
                *at = to;
                return Vec::new();
            }
        }
        let page = (Grid::height(area) / 2).max(1);
        if let Some(to) = moved(action, self.line, self.lines.len(), page) {
            // The wheel and keys at the end of the list leave the view as it is.
            self.top = self.top_of(Grid::height(area));
            self.go_to(to);
            self.top = self.top_of(Grid::height(area));
            return Vec::new();
        }
        match action {
            Action::Left => self.move_to_column(self.column.saturating_sub(1), area, shared),
            Action::Right => self.move_to_column(self.column + 1, area, shared),
            Action::Wider => self.widen(2, shared),
            Action::Narrower => self.widen(-2, shared),
            Action::Freeze => self.freeze(self.column, shared),
            Action::Differing => return self.differ(shared),
            Action::Sort => return self.sort_by(self.column, shared),
            Action::Reverse => {
                match &mut self.sort {
                    Some(sort) => sort.turn(),
                    None => self.sort = Some(oldest_first()),
                }
                self.go_to_top();
            }
            Action::Group => return vec![Effect::Overlay(self.groupings(shared))],
            Action::Columns => {
                self.picker = Some(Picker::new(&self.choice, &self.survey, &shared.catalog));
            }
            Action::Filter => {
                self.filtering.begin();
                let prompt = Prompt::new(settle::FILTER, "/", self.filtering.text());
                return vec![Effect::Overlay(Overlay::Prompt(prompt))];
            }
            Action::Open => return self.open_line(),
            Action::Mark => self.mark(area, shared),
            Action::Unmark => shared.marks.clear(),
            Action::Compare => return vec![Effect::Jump(Jump::Compare(self.compared(shared)))],
            Action::Edit => return self.edit(shared),
            Action::Bin => return self.ask_bin(shared),
            Action::View => {
                self.bin = !self.bin;
                self.go_to_top();
            }
            Action::Promote => {
                return self
                    .selected()
                    .map(|run| Effect::Jump(Jump::Gate(run)))
                    .into_iter()
                    .collect();
            }
            Action::Copy => return self.copy(),
            Action::Write => return self.write(shared),
            _ => {}
        }
        Vec::new()
    }

    /// The cursor to a column, which comes into view.
    pub(super) fn move_to_column(&mut self, column: usize, area: Rect, shared: &Shared) {
        self.column = column.min(self.columns.len().saturating_sub(1));
        let first = self
            .with_grid(area, (true, shared), |grid| grid.first_column_for(area, self.column + 1));
        // Frozen columns are in view whatever is scrolled.
        let least = self.choice.frozen.min(self.columns.len());
        self.first_column = if self.column <= least { 0 } else { first.saturating_sub(1) };
    }

    fn widen(&mut self, by: i32, shared: &Shared) {
        if let Some(column) = self.columns.get(self.column) {
            let width = (i32::from(column.width) + by).clamp(3, 60) as u16;
            self.choice.widths.insert(column.id.clone(), width);
            self.refresh_columns(shared);
        }
    }

    pub(super) fn freeze(&mut self, column: usize, shared: &Shared) {
        let wanted = column + 1;
        self.choice.frozen = if self.choice.frozen == wanted { 0 } else { wanted.min(8) };
        self.refresh_columns(shared);
    }

    pub(super) fn differ(&mut self, shared: &Shared) -> Vec<Effect> {
        self.choice.differing = !self.choice.differing;
        self.refresh_columns(shared);
        let text = if self.choice.differing {
            "only parameters and metrics that differ"
        } else {
            "all parameters and metrics"
        };
        vec![Effect::Say(Tone::Info, text.into())]
    }

    /// Sorts by what a column shows; by the one that is sorted already, the other way.
    fn sort_by(&mut self, column: usize, shared: &Shared) -> Vec<Effect> {
        let Some(column) = self.columns.get(column) else { return Vec::new() };
        let id = column.id.clone();
        if self.sort.is_none() && id == ColumnId::Run {
            self.sort = Some(oldest_first());
            self.go_to_top();
            return Vec::new();
        }
        if let Some(sort) = self.sort.as_mut().filter(|sort| sort.column == id) {
            sort.turn();
            self.go_to_top();
            return Vec::new();
        }
        let Some(by) = self.order_of(&id, shared) else {
            let text = format!("{} has no order: s on another column sorts", column.title);
            return vec![Effect::Say(Tone::Info, text)];
        };
        let objectives = super::columns::objectives(&self.survey, &shared.catalog);
        let of_scores = match (&id, objectives.as_slice()) {
            (ColumnId::Metric(metric), [(only, _)]) => metric == only,
            (id, _) => *id == ColumnId::Score,
        };
        let is_mixed = objectives.len() > 1 && id == ColumnId::Score;
        self.sort = Some(Sorted { column: id, by, of_scores });
        self.go_to_top();
        if !is_mixed {
            return Vec::new();
        }
        let n = objectives.len();
        let text = format!(
            "{n} metrics do not compare: each is sorted by itself, best first; ΔBEST sorts them all"
        );
        vec![Effect::Say(Tone::Info, text)]
    }

    /// How the store sorts by a column for the first time; none if it cannot.
    fn order_of(&self, id: &ColumnId, shared: &Shared) -> Option<Sort> {
        Some(match id {
            ColumnId::Score => Sort::Measure(Measure::Score, true),
            ColumnId::Delta => Sort::Measure(Measure::Difference, true),
            ColumnId::Group => match self.group.clone()? {
                Field::Attribute(Attribute::Replicate) => {
                    Sort::Field(Field::Attribute(Attribute::Trial), false)
                }
                field => Sort::Field(field, false),
            },
            id => {
                let field = id.field()?;
                let descends = self.descends_first(id, &field, shared);
                Sort::Field(field, descends)
            }
        })
    }

    /// True if a column's largest values come first when it is sorted for the first time.
    fn descends_first(&self, id: &ColumnId, field: &Field, shared: &Shared) -> bool {
        let row = self.previewed().and_then(|run| self.loaded.rows.get(&run));
        let value = row.and_then(|row| self.loaded.value(row, field));
        descends_first(id, shared) && !matches!(value, Some(Cell::Text(_)))
    }

    fn groupings(&self, shared: &Shared) -> Overlay {
        let items = settle::groupings(&shared.catalog);
        let now = self.group.as_ref();
        let row = items.iter().position(|(field, ..)| field.as_ref() == now).unwrap_or(0);
        let items = items.into_iter().map(|(_, name, about)| (name, about)).collect();
        Overlay::Choose(Choose::new(settle::GROUP, "Group by", items, row))
    }

    /// Opens a run, or opens and closes a group.
    fn open_line(&mut self) -> Vec<Effect> {
        match self.lines.at(self.line) {
            Some(Line::Run(run)) => vec![Effect::Jump(Jump::Run(run))],
            Some(Line::Group(place)) => {
                if let Some((key, _)) = self.lines.group(place) {
                    let key = *key;
                    if !self.open.remove(&key) {
                        self.open.insert(key);
                    }
                    self.lines.recount(&self.open);
                    self.go_to(self.line);
                }
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Marks the run and goes on to the next, so that a row of them is marked by holding the key.
    fn mark(&mut self, area: Rect, shared: &mut Shared) {
        let Some(run) = self.selected() else { return };
        toggle(run, shared);
        let next = self.line + 1;
        if matches!(self.lines.at(next), Some(Line::Run(_))) {
            self.go_to(next);
            self.top = self.top_of(Grid::height(area));
        }
    }

    /// The number, or the whole value of the cell under the cursor.
    fn copy(&self) -> Vec<Effect> {
        let Some(run) = self.selected() else { return Vec::new() };
        let row = self.loaded.rows.get(&run);
        let column = self.columns.get(self.column).map(|column| &column.id);
        let text = match (row, column) {
            (Some(row), Some(ColumnId::Tags)) => cells::tags(row),
            (Some(row), Some(id)) if *id != ColumnId::Run => id
                .field()
                .and_then(|field| Some(exact(self.loaded.value(row, &field)?, &field)))
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| run.to_string()),
            _ => run.to_string(),
        };
        let said =
            format!("copied {}", crate::tui::paint::cut(&crate::tui::paint::clean(&text), 60));
        vec![Effect::Copy(text), Effect::Say(Tone::Good, said)]
    }

    fn write(&mut self, shared: &Shared) -> Vec<Effect> {
        let mut columns: Vec<(String, Field)> = Vec::new();
        let mut push = |name: String, field: Field| {
            if !columns.iter().any(|(_, known)| *known == field) {
                columns.push((name, field));
            }
        };
        for column in &self.columns {
            match (&column.id, column.id.field()) {
                (ColumnId::Run | ColumnId::Attribute("status"), _) => {}
                (ColumnId::Param(name) | ColumnId::Metric(name), Some(field)) => {
                    push(name.clone(), field);
                }
                (ColumnId::Score, _) => {
                    for (metric, _) in super::columns::objectives(&self.survey, &shared.catalog) {
                        push(metric.clone(), Field::Metric(metric));
                    }
                }
                (_, Some(field)) => push(field.to_string(), field),
                _ => {}
            }
        }
        if !self.columns.iter().any(|column| column.id == ColumnId::Attribute("name")) {
            columns.insert(0, ("name".into(), Field::Attribute(Attribute::Name)));
        }
        let wanted = self.wanted(shared);
        self.exporting = Some(Ask::Export(wanted, columns));
        Vec::new()
    }

    pub(super) fn clicked(
        &mut self,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        if self.picker.is_some() {
            return self.clicked_picker(area, at, shared);
        }
        let hit = self.with_grid(area, (true, shared), |grid| grid.hit(area, at.0, at.1));
        match hit {
            Some(GridHit::Header(0)) | None => Vec::new(),
            Some(GridHit::Header(column)) => {
                self.column = (column - 1).min(self.columns.len().saturating_sub(1));
                self.sort_by(self.column, shared)
            }
            Some(GridHit::Cell(line, column)) => {
                if line >= self.lines.len() {
                    return Vec::new();
                }
                self.top = self.top_of(Grid::height(area));
                let was_here = self.line == line;
                self.go_to(line);
                if column > 0 {
                    self.column = (column - 1).min(self.columns.len().saturating_sub(1));
                }
                match (self.lines.at(line), column) {
                    (Some(Line::Run(run)), 0) => toggle(run, shared),
                    (Some(Line::Group(_)), _) => return self.open_line(),
                    _ if again && was_here => return self.open_line(),
                    _ => {}
                }
                Vec::new()
            }
            Some(GridHit::Bar(top)) => {
                self.top = top;
                self.go_to(top);
                Vec::new()
            }
        }
    }
}

/// The default order the other way round.
fn oldest_first() -> Sorted {
    let by = Sort::Field(Field::Attribute(Attribute::Id), false);
    Sorted { column: ColumnId::Run, by, of_scores: false }
}

fn toggle(run: RunId, shared: &mut Shared) {
    if !shared.marks.shift_remove(&run) {
        shared.marks.insert(run);
    }
}

/// Where a movement leads in a list of so many; none for another action.
pub(super) fn moved(action: Action, at: usize, n: usize, page: usize) -> Option<usize> {
    let last = n.saturating_sub(1);
    Some(match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => (at + 1).min(last),
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => (at + page).min(last),
        Action::Top => 0,
        Action::Bottom => last,
        _ => return None,
    })
}
