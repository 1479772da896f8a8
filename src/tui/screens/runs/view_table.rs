//! Draws the table: rows in view, headings of groups, and what stands around them.

use super::cells::{self, glyph, state};
use super::columns::ColumnId;
use super::lines::Line;
use super::{Runs, Shared, TABLE};
use crate::domain::{RunId, Status};
use crate::report::words;
use crate::store::{Field, Group};
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
            let _ = write!(title, "  by {field}");
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
    fn titles(&self, shared: &Shared, in_view: &[RunId]) -> Vec<String> {
        let mut kinds = in_view
            .iter()
            .filter_map(|run| self.against(*run, shared).map(|against| against.is_champion));
        let first = kinds.next();
        let is_mixed = kinds.any(|kind| Some(kind) != first);
        let delta = match first {
            Some(true) if !is_mixed => "ΔCHAMP",
            Some(false) if !is_mixed => "ΔBEST",
            _ => "Δ",
        };
        let title = |column: &super::Column| match column.id {
            ColumnId::Delta => delta.to_string(),
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
        let sort = self.sort.as_ref().and_then(|sort| {
            let at = self.columns.iter().position(|column| column.id == sort.column)?;
            Some((at + 1, sort.descends))
        });
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
        let text = format!("no runs yet {dash} derby sweep sweeps/quick.toml, or 7 to start one");
        draw_empty(buf, area, shared, &[&text]);
    }

    fn row(&self, line: Line, shared: &Shared) -> Vec<CellText> {
        match line {
            Line::Group(place) => match self.lines.group(place) {
                Some((key, group)) => vec![self.heading(*key, group, shared)],
                None => Vec::new(),
            },
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

    fn heading(&self, key: RunId, group: &Group, shared: &Shared) -> CellText {
        let theme = &shared.theme;
        let arrow = if self.open.contains(&key) {
            theme.glyph("▾", "v")
        } else {
            theme.glyph("▸", ">")
        };
        let label = self.group_label(group);
        let dot = theme.glyph("·", "-");
        let mut text =
            format!("{arrow} {label}  {dot} {}", words::plural(group.runs.len() as u64, "run"));
        if let Some((run, best)) = group.best {
            let _ = write!(text, "  {dot} best {} #{run}", words::number(best));
        }
        if group.mean.is_finite() && group.scored > 1 {
            let sign = theme.glyph("±", "+-");
            let _ = write!(text, "  {dot} {}", words::number(group.mean));
            if group.sd.is_finite() {
                let _ = write!(text, " {sign} {}", words::number(group.sd));
            }
        }
        text.push_str("  ");
        for (status, n) in Status::ALL.into_iter().zip(group.counts) {
            if n > 0 {
                let (glyph, ascii, _, _) = state(status);
                let _ = write!(text, " {}{n}", theme.glyph(glyph, ascii));
            }
        }
        CellText { text, role: Role::Accent, bold: true }
    }

    fn group_label(&self, group: &Group) -> String {
        use crate::store::{Cell, filter::Attribute};
        let by = self.listed.as_ref().and_then(|wanted| wanted.group.as_ref());
        match (&group.label, by) {
            (Cell::Int(trial), Some(Field::Attribute(Attribute::Replicate))) => {
                format!("trial {trial}")
            }
            (Cell::Missing, Some(Field::Attribute(Attribute::Sweep))) => "by hand".into(),
            (Cell::Missing, Some(Field::Attribute(Attribute::Replicate))) => "no trial".into(),
            (Cell::Missing, Some(field)) => format!("without {field}"),
            (label, Some(Field::Param(name))) => {
                let id = ColumnId::Param(name.clone());
                format!("{name} = {}", clean(&cells::shown(label, &id, 0)))
            }
            (label, _) => clean(&cells::shown(label, &ColumnId::Run, 0)),
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
            said.push((theme.glyph(glyph, ascii).to_string(), theme.style(role)));
            said.push((format!(" {} {word}   ", words::count(*n)), theme.style(Role::Muted)));
        }
        if let Some(sort) = &self.sort {
            let way = if sort.descends { theme.glyph("▼", "v") } else { theme.glyph("▲", "^") };
            let by = match &sort.field {
                Field::Metric(name) | Field::Param(name) => clean(name),
                other => other.to_string(),
            };
            said.push((format!("sorted by {by} {way}"), theme.style(Role::Muted)));
        }
        said
    }
}
