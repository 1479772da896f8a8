//! Draws the table: rows in view, headings of groups, and what stands around them.

use super::cells::{self, glyph, state};
use super::columns::ColumnId;
use super::lines::Line;
use super::{Runs, Shared, Sort, TABLE};
use crate::domain::{Goal, RunId, Status};
use crate::report::words;
use crate::store::{Field, Measure};
use crate::tui::paint::clean;
use crate::tui::screens::{Pane, Place, draw_empty};
use crate::tui::theme::Role;
use crate::tui::widgets::{CellText, Col, Grid};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::fmt::Write as _;

impl Runs {
    pub(super) fn table_pane(&self, shared: &Shared) -> Pane {
        let mut title = String::from(if self.bin { "Bin" } else { "Runs" });
        if let Some(field) = &self.group {
            let _ = write!(title, "  by {}", super::groups::name_of(field));
        }
        if self.filtering.is_on() {
            let _ = write!(title, "  / {}", clean(self.filtering.effective()));
        }
        let height = usize::from(shared.body.height.saturating_sub(3));
        let (n, total) = (self.n_fitting, self.n_total);
        let mut note = if self.lines.is_grouped() {
            let groups = words::plural(self.lines.n_groups() as u64, "group");
            format!("{groups} · {} of {}", words::count(n), words::count(total))
        } else if n == 0 {
            String::new()
        } else {
            let top = self.top_of(height);
            let last = (top + height).min(self.lines.len());
            format!(
                "{}-{} of {}",
                words::count(top as u64 + 1),
                words::count(last as u64),
                words::count(n)
            )
        };
        if !self.lines.is_grouped() && total != n && n > 0 {
            let _ = write!(note, " · {} in all", words::count(total));
        }
        Pane::new(TABLE, title, note)
    }

    /// The title of the column of differences says against what.
    pub(super) fn titles(&self, shared: &Shared, in_view: &[RunId]) -> Vec<String> {
        let mut kinds = in_view
            .iter()
            .filter_map(|run| self.against(*run, shared).map(|against| against.is_champion));
        let first = kinds.next();
        let is_mixed = kinds.any(|kind| Some(kind) != first);
        let delta = match first {
            Some(true) if !is_mixed => "ΔCHAMP",
            None | Some(false) if !is_mixed => "ΔBEST",
            _ => "Δ",
        };
        let title = |column: &super::Column| match column.id {
            ColumnId::Delta => delta.to_string(),
            ColumnId::Group => self.group_title(),
            ColumnId::Mean => format!("MEAN {} SD", shared.theme.glyph("±", "+-")),
            _ => column.title.clone(),
        };
        self.columns.iter().map(title).collect()
    }

    /// Calls `with` with the table of the lines that an area of that height shows.
    pub(super) fn with_grid<T>(
        &self,
        area: Rect,
        (focused, shared): (bool, &Shared),
        with: impl FnOnce(&Grid<'_>) -> T,
    ) -> T {
        let height = Grid::height(area);
        let top = self.top_of(height);
        let shown = top..(top + height).min(self.lines.len());
        let runs = self.lines.runs(shown.clone());
        let titles = self.titles(shared, &runs);
        let mark = Col { width: 2, frozen: true, priority: 9, ..Col::default() };
        let mut cols = vec![mark];
        for (at, column) in self.columns.iter().enumerate() {
            cols.push(Col {
                title: &titles[at],
                width: column.width.max(crate::tui::paint::cells(&titles[at]).min(7) as u16),
                right: column.right,
                frozen: at < self.choice.frozen,
                priority: 5,
                grow: false,
            });
        }
        let rows: Vec<Vec<CellText>> = shown
            .filter_map(|line| self.lines.at(line))
            .map(|line| self.row(line, shared))
            .collect();
        // Without any other order the newest come first, which is that of their numbers.
        let id = self.sort.as_ref().map_or(&ColumnId::Run, |sort| &sort.column);
        let at = self.columns.iter().position(|column| column.id == *id);
        let sort = at.map(|at| (at + 1, self.descends(shared)));
        let grid = Grid {
            columns: &cols,
            rows: &rows,
            first_row: top,
            total: self.lines.len(),
            selected: (!rows.is_empty()).then_some(self.line),
            selected_column: Some(self.column + 1),
            first_column: Some(self.first_column + 1),
            sort,
            focused,
            empty: "",
        };
        with(&grid)
    }

    pub(super) fn draw_table(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        if self.lines.len() == 0 {
            return self.draw_none(buf, place.area, shared);
        }
        self.with_grid(place.area, (place.focused, shared), |grid| {
            grid.draw(buf, place.area, &shared.theme);
        });
    }

    fn draw_none(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let dash = shared.theme.glyph("—", "-");
        if let Some(trouble) = &self.trouble {
            return draw_empty(buf, area, shared, &[trouble, "Esc clears the filter"]);
        }
        if self.listed.is_none() {
            return draw_empty(buf, area, shared, &["reading …"]);
        }
        if self.n_total > 0 {
            let text = format!("0 of {} match {dash} Esc clears", words::count(self.n_total));
            return draw_empty(buf, area, shared, &[&text]);
        }
        if self.bin {
            return draw_empty(buf, area, shared, &["the bin is empty", "v shows the runs"]);
        }
        let text = match &self.sweep_file {
            Some(file) => {
                format!("no runs yet {dash} derby sweep {}, or 7 to start one", clean(file))
            }
            None => {
                format!("no runs yet {dash} derby init DATA.csv writes a sweep file to begin with")
            }
        };
        draw_empty(buf, area, shared, &[&text]);
    }

    fn row(&self, line: Line, shared: &Shared) -> Vec<CellText> {
        match line {
            Line::Group(place) => self.group_row(place, shared),
            Line::Run(run) => self.run_row(run, shared),
        }
    }

    fn run_row(&self, run: RunId, shared: &Shared) -> Vec<CellText> {
        let theme = &shared.theme;
        let is_marked = shared.marks.contains(&run);
        let mark = if is_marked { theme.glyph("▣", "#") } else { theme.glyph("▢", " ") };
        let Some(row) = self.loaded.rows.get(&run) else {
            let mut cells = vec![CellText::new(mark, Role::Muted)];
            for column in &self.columns {
                let text = if column.id == ColumnId::Run { run.to_string() } else { String::new() };
                cells.push(CellText::new(text, Role::Muted));
            }
            return cells;
        };
        let is_champion = shared.catalog.champions.contains_key(&run);
        let (sign, role) = glyph(theme, row, self.loaded.lost.contains(&run), is_champion);
        let is_fresh = |field: Option<&Field>| {
            let at = self.loaded.changed_at(run, field);
            at.is_some_and(|at| shared.now_ms - at < super::asking::FRESH_MS)
        };
        let all_fresh = is_fresh(None);
        let first = CellText { bold: all_fresh, ..CellText::new(format!("{mark}{sign}"), role) };
        let mut cells = vec![first];
        for column in &self.columns {
            let mut cell = cells::cell(&column.id, row, &self.loaded, shared);
            let field = match &column.id {
                ColumnId::Score => cells::objective(row, shared)
                    .map(|(metric, _)| Field::Metric(metric.to_string())),
                id => id.field(),
            };
            cell.bold = all_fresh || field.is_some_and(|field| is_fresh(Some(&field)));
            if column.id == ColumnId::Run && is_champion {
                cell.role = Role::Champion;
            } else if row.status == Status::Failed && cell.role == Role::Text {
                cell.role = Role::Muted;
            }
            cells.push(cell);
        }
        cells
    }

    /// True if the arrow of the order points down: larger values come first, or the better ones of metrics that differ
    /// in their direction.
    pub(super) fn descends(&self, shared: &Shared) -> bool {
        match self.sort.as_ref().map(|sort| &sort.by) {
            None => true,
            Some(Sort::Field(_, descends)) => *descends,
            Some(Sort::Measure(_, best_first)) => {
                let objectives = super::columns::objectives(&self.survey, &shared.catalog);
                let all_small = !objectives.is_empty()
                    && objectives.iter().all(|(_, goal)| *goal == Goal::Minimize);
                *best_first != all_small
            }
        }
    }

    /// What the order is called.
    fn sorted_by(&self, sort: &super::Sorted, shared: &Shared) -> String {
        let way = if self.descends(shared) { ("▼", "v") } else { ("▲", "^") };
        let way = shared.theme.glyph(way.0, way.1);
        match &sort.by {
            Sort::Field(Field::Metric(name) | Field::Param(name), _) => {
                format!("sorted by {} {way}", clean(name))
            }
            Sort::Field(field, _) => format!("sorted by {field} {way}"),
            Sort::Measure(Measure::Difference, _) => {
                format!("sorted by distance from the best {way}")
            }
            Sort::Measure(Measure::Score, _) => {
                match super::columns::objectives(&self.survey, &shared.catalog).len() {
                    0 | 1 => format!("sorted by score {way}"),
                    _ => format!("sorted by score {way}, each metric by itself"),
                }
            }
        }
    }

    /// Marks, and how many runs are in which state.
    pub(super) fn states(&self, shared: &Shared) -> Vec<(String, Style)> {
        let theme = &shared.theme;
        if let Some(trouble) = &self.trouble {
            return vec![(format!("! {trouble}"), theme.style(Role::Bad))];
        }
        let mut said = Vec::new();
        if self.exporting.is_some() {
            said.push(("writing the table …  ".to_string(), theme.style(Role::Accent)));
        }
        if !shared.marks.is_empty() {
            let text = format!("{} {} marked   ", theme.glyph("▣", "#"), shared.marks.len());
            said.push((text, theme.style(Role::Accent)));
        }
        for (status, n) in &self.counts {
            let (glyph, ascii, role, word) = state(*status);
            let n = if *status == Status::Running { n.saturating_sub(self.n_stale) } else { *n };
            if n == 0 {
                continue;
            }
            said.push((theme.glyph(glyph, ascii).to_string(), theme.style(role)));
            said.push((format!(" {} {word}   ", words::count(n)), theme.style(Role::Muted)));
        }
        if self.n_stale > 0 {
            said.push(("!".into(), theme.style(Role::Warn)));
            let text = format!(" {} stale   ", words::count(self.n_stale));
            said.push((text, theme.style(Role::Muted)));
        }
        if let Some(sort) = &self.sort {
            said.push((self.sorted_by(sort, shared), theme.style(Role::Muted)));
        }
        said
    }
}
