//! Parameters, scores, files and surroundings, drawn.

use super::lists::{self, ParamRow, ScoreRow, Sign};
use super::{List, Run};
use crate::report::words;
use crate::tui::layout;
use crate::tui::paint::cells;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{CellText, Col, Fact, Facts, Grid, bar, spark};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Folds of a score that have a bar each; of more, neighbors share one.
const SPARK: usize = 12;
/// The longest value of a parameter that is not cut.
const LONGEST: usize = 20;

impl Run {
    pub(super) fn draw_params(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let theme = &shared.theme;
        let other = self.other(shared);
        let (rows, first) = self.params.view(place.area, &self.param_rows, 1);
        let shown: Vec<Vec<CellText>> =
            rows.iter().map(|row| param_cells(row, other.is_some(), theme)).collect();
        let widest = |of: fn(&ParamRow) -> &str, most: usize| {
            rows.iter().map(|row| cells(of(row))).max().unwrap_or(0).min(most) as u16
        };
        let title = other.map_or(String::new(), |(run, word)| format!("{word} {}", run.id));
        let value = |title, width: u16, priority| Col {
            title,
            width,
            right: true,
            priority,
            ..Col::default()
        };
        let third = usize::from(place.area.width / 3);
        let (this, with) = (
            widest(|row| &row.this, third.min(LONGEST)),
            widest(|row| &row.other, third.min(LONGEST)),
        );
        let name = widest(|row| &row.name, usize::from(place.area.width.saturating_sub(this + 8)));
        let mut columns = vec![
            Col { width: 1, frozen: true, ..Col::default() },
            Col { title: "", width: name.max(6), frozen: true, grow: true, ..Col::default() },
            value("this", this.max(4), 9),
        ];
        if other.is_some() {
            columns.push(value(title.as_str(), with.max(cells(&title).min(third) as u16), 5));
        }
        // What does not fit beside two values gives way to them.
        let needed: u16 = columns.iter().map(|column| column.width + 2).sum();
        columns[1].width =
            columns[1].width.saturating_sub(needed.saturating_sub(place.area.width)).max(8);
        let empty = match (self.narrowed.is_empty(), self.only_differing) {
            (false, _) => "no parameter has that in its name; Esc clears",
            (true, true) => "all are equal; d shows them",
            (true, false) => "no parameters",
        };
        Grid {
            columns: &columns,
            rows: &shown,
            first_row: first,
            total: self.param_rows.len(),
            selected: place.focused.then_some(self.params.selected),
            focused: place.focused,
            empty,
            ..Grid::default()
        }
        .draw(buf, place.area, theme);
    }

    pub(super) fn draw_scores(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let theme = &shared.theme;
        let area = place.area;
        let n = self.score_rows.len() as u16;
        // Room below the list: the folds of the selected metric.
        let below = area.height.saturating_sub(n + 2);
        let folds = self.score_rows.get(self.scores.selected).map_or(0, |row| row.folds.len());
        let has_bars = below >= 3 && folds > 1;
        let (area, rest) =
            if has_bars { layout::split_top(area, n + 2) } else { (area, Rect::ZERO) };
        let (rows, first) = self.scores.view(area, &self.score_rows, 1);
        let shown: Vec<Vec<CellText>> = rows.iter().map(|row| score_cells(row, theme)).collect();
        let widest =
            |at: usize| shown.iter().map(|row| cells(&row[at].text)).max().unwrap_or(0) as u16;
        let column = |title, at: usize, least: u16, priority| Col {
            title,
            width: widest(at).max(least),
            right: true,
            priority,
            ..Col::default()
        };
        // The name gives way to the score and the difference.
        let needed = widest(1).max(5) + widest(3).max(4) + 8;
        let name = widest(0).min(area.width.saturating_sub(needed)).max(8);
        let mut columns = vec![
            Col { title: "", width: name, frozen: true, grow: true, ..Col::default() },
            column("score", 1, 5, 9),
            column(theme.glyph("± sd", "sd"), 2, 4, 6),
            column(theme.glyph("Δ", "diff"), 3, 4, 7),
            Col { title: "folds", width: widest(4).max(5), priority: 5, ..Col::default() },
        ];
        // A column that is empty everywhere takes no room.
        let is_used = [true, true, widest(2) > 0, widest(3) > 0, widest(4) > 0];
        let mut used = is_used.iter();
        columns.retain(|_| *used.next().unwrap_or(&true));
        let shown: Vec<Vec<CellText>> = shown
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .zip(is_used)
                    .filter(|(_, used)| *used)
                    .map(|(cell, _)| cell)
                    .collect()
            })
            .collect();
        let empty = if self.is_live() { "no scores yet" } else { "no scores" };
        Grid {
            columns: &columns,
            rows: &shown,
            first_row: first,
            total: self.score_rows.len(),
            selected: place.focused.then_some(self.scores.selected),
            focused: place.focused,
            empty,
            ..Grid::default()
        }
        .draw(buf, area, theme);
        if has_bars {
            self.draw_folds(buf, rest, shared);
        }
    }

    /// The scores of the selected metric by fold, as bars from the least to the greatest.
    fn draw_folds(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let Some(row) = self.score_rows.get(self.scores.selected) else { return };
        let finite = || row.folds.iter().copied().filter(|value| value.is_finite());
        let (low, high) =
            (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        // Bars begin a little below the least, so that it is seen too.
        let from = low - (high - low) * 0.25;
        let width = usize::from(area.width.saturating_sub(24)).min(40);
        let name = words::clean(&row.name);
        let mut facts = vec![Fact::heading(format!("{name} by fold"))];
        for (fold, value) in row.folds.iter().enumerate() {
            let share = if high > low { (value - from) / (high - from) } else { 1.0 };
            let bar =
                if value.is_finite() { bar(share, width, &shared.theme) } else { String::new() };
            let text = words::with_unit(&row.name, *value);
            let bar = format!("{bar}{}", " ".repeat(width.saturating_sub(cells(&bar))));
            facts.push(Fact::new(format!("fold {fold}"), format!("{bar} {text}")));
        }
        Facts { rows: &facts, ..Facts::default() }.draw(buf, area, &shared.theme);
    }

    pub(super) fn draw_files(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let files = self.files();
        let (rows, first) = self.files.view(place.area, &files, 1);
        let row = |file: &&crate::store::Artifact| {
            vec![
                CellText::new(file.path.clone(), Role::Text),
                CellText::new(words::bytes(file.size as f64), Role::Text),
                CellText::new(format!("b3:{}", words::short(&file.digest)), Role::Muted),
            ]
        };
        let shown: Vec<Vec<CellText>> = rows.iter().map(row).collect();
        let name = rows.iter().map(|file| cells(&file.path)).max().unwrap_or(0);
        let name = name.clamp(6, usize::from(place.area.width.saturating_sub(12)).max(6)) as u16;
        let columns = [
            Col { title: "file", width: name, frozen: true, grow: true, ..Col::default() },
            Col { title: "size", width: 7, right: true, priority: 9, ..Col::default() },
            Col { title: "digest", width: 9, priority: 5, ..Col::default() },
        ];
        Grid {
            columns: &columns,
            rows: &shown,
            first_row: first,
            total: files.len(),
            selected: place.focused.then_some(self.files.selected),
            focused: place.focused,
            empty: "no files: a script leaves them in $DERBY_ARTIFACTS",
            ..Grid::default()
        }
        .draw(buf, place.area, &shared.theme);
    }

    pub(super) fn place_rows(&self) -> Vec<(String, String)> {
        self.record.as_ref().map(|record| lists::surroundings(record)).unwrap_or_default()
    }

    pub(super) fn draw_place(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let rows = self.place_rows();
        let fact = |(label, text): &(String, String)| {
            let mut fact = Fact::new(label.clone(), words::clean(text));
            fact.values[0].role = Role::Text;
            fact
        };
        let facts: Vec<Fact> = rows.iter().map(fact).collect();
        let height = usize::from(place.area.height);
        let area = Rect {
            x: place.area.x + 1.min(place.area.width),
            width: place.area.width.saturating_sub(1),
            ..place.area
        };
        Facts {
            rows: &facts,
            first: layout::scroll(self.place.first, self.place.selected, height, facts.len()),
            selected: place.focused.then_some(self.place.selected),
            empty: "nothing is known of where it ran",
            ..Facts::default()
        }
        .draw(buf, area, &shared.theme);
    }
}

impl List {
    /// The rows in view below `head` lines, and the number of the first.
    fn view<'a, T>(&self, area: Rect, rows: &'a [T], head: u16) -> (&'a [T], usize) {
        let height = usize::from(area.height.saturating_sub(head));
        let first = layout::scroll(self.first, self.selected, height, rows.len());
        (&rows[first..rows.len().min(first + height)], first)
    }

    /// Moves the cursor by so many rows.
    pub(super) fn step(&mut self, by: isize, n: usize, height: usize) {
        let last = n.saturating_sub(1);
        self.selected = self.selected.min(last).saturating_add_signed(by).min(last);
        self.first = layout::scroll(self.first, self.selected, height, n);
    }
}

fn param_cells(row: &ParamRow, has_other: bool, theme: &Theme) -> Vec<CellText> {
    let (glyph, role) = match row.sign {
        Sign::Alone => ("", Role::Text),
        Sign::Other => (theme.glyph("≠", "!="), Role::Accent),
        Sign::Equal => ("=", Role::Muted),
    };
    let name = if row.is_context { Role::Muted } else { Role::Text };
    let this = if row.sign == Sign::Equal || row.is_context { Role::Muted } else { Role::Text };
    let mut shown = vec![
        CellText::new(glyph, role),
        CellText::new(row.name.clone(), name),
        CellText::new(row.this.clone(), this),
    ];
    if has_other {
        shown.push(CellText::new(row.other.clone(), Role::Muted));
    }
    shown
}

fn score_cells(row: &ScoreRow, theme: &Theme) -> Vec<CellText> {
    let role = match row.is_better {
        Some(true) => Role::Good,
        Some(false) => Role::Bad,
        None => Role::Muted,
    };
    let mark = match row.is_better {
        Some(true) => theme.glyph(" ✓", " +"),
        Some(false) => theme.glyph(" ✗", " x"),
        None => "",
    };
    let folds = match row.folds.len() {
        0 | 1 => String::new(),
        n => spark(&row.folds, n.min(SPARK), theme),
    };
    vec![
        CellText { bold: row.is_aim, ..CellText::new(row.name.clone(), Role::Text) },
        CellText { bold: row.is_aim, ..CellText::new(row.score.clone(), Role::Text) },
        CellText::new(row.sd.clone(), Role::Muted),
        CellText::new(format!("{}{mark}", row.delta), role),
        CellText::new(folds, Role::Series(0)),
    ]
}
