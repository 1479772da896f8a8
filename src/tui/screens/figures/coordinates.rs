//! Parallel coordinates: a line for each run through its parameters to its scores, brushes that pick runs.

use super::brush::End;
use super::cloud::name_of;
use super::column::Column;
use super::table::{Table, sample};
use super::{Figures, Shared, parts, said, say, views};
use crate::report::words;
use crate::tui::action::Action;
use crate::tui::layout::scroll;
use crate::tui::paint;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{
    Coordinate, Coordinates, CoordinatesLayout, Trial, coordinates_layout, fit,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Lines that are drawn, as in the figures of `derby plot`.
const MOST_LINES: usize = 1_000;
/// Cells that an axis has for itself at least.
const ROOM: u16 = 10;
/// Cells beside an axis where a click is meant for it.
const REACH: u16 = 2;
/// Rows of a page on an axis, as a share of it.
const PAGE: f64 = 0.25;

/// Where axes are, and which of them are in view.
struct Place {
    /// Places in the list of axes, from left to right; the last axis, a score, is always among them.
    shown: Vec<usize>,
    /// What stands above them.
    names: Vec<String>,
    layout: CoordinatesLayout,
}

impl Figures {
    /// The axes in view or beyond, from left to right.
    pub(super) fn shown_axes(&self, table: &Table) -> Vec<usize> {
        if let Some(names) = &self.axes.coordinates {
            return names.iter().filter_map(|name| table.find(name)).collect();
        }
        let mut axes = table.axes();
        let place = |at: &usize| {
            let name = &table.columns[*at].name;
            self.held.iter().position(|held| held == name).unwrap_or(usize::MAX)
        };
        // Those that are not held are the objectives, the last ones.
        axes.sort_by_key(place);
        axes
    }

    pub(super) fn coordinates_note(&self, table: &Table) -> String {
        let mut parts = vec![table.shown(), "best 10 % bold".to_string()];
        parts.extend(views::unscored(table));
        let beyond: usize = self.shown_axes(table).iter().map(|at| table.columns[*at].beyond).sum();
        if beyond > 0 {
            parts.push(format!("{beyond} beyond an axis"));
        }
        parts.join(" · ")
    }

    pub(super) fn draw_coordinates(
        &self,
        buf: &mut Buffer,
        area: Rect,
        focused: bool,
        shared: &Shared,
    ) {
        let Some(table) = self.table() else { return };
        let (figure, line) = parts(area);
        let axes = self.shown_axes(table);
        if axes.is_empty() {
            return super::empty(buf, area, shared, &["no axis is shown", "o chooses axes"]);
        }
        let place = self.place(figure, (table, &shared.theme), &axes);
        let columns: Vec<&Column> =
            place.shown.iter().map(|at| &table.columns[axes[*at]]).collect();
        let selected = place.shown.iter().position(|at| *at == self.axis.min(axes.len() - 1));
        let coordinates: Vec<Coordinate<'_>> = columns
            .iter()
            .zip(&place.names)
            .map(|(column, name)| Coordinate {
                axis: column.axis(name, self.is_log(column)),
                brush: self.brushes.of(column).map(|ends| within(column, ends)),
                flipped: self.inverted.contains(&column.name),
            })
            .collect();
        let picked = self.brushes.picked(table);
        let rows = drawn(table, &picked, self.brushes.is_empty());
        let values: Vec<f64> =
            rows.iter().flat_map(|row| columns.iter().map(|column| column.at(*row))).collect();
        let trials: Vec<Trial<'_>> = rows
            .iter()
            .zip(values.chunks_exact(columns.len()))
            .map(|(row, values)| self.trial(table, *row, (values, &picked)))
            .collect();
        let widget = Coordinates {
            axes: &coordinates,
            first: 0,
            trials: &trials,
            selected: selected.filter(|_| focused),
        };
        widget.draw(buf, figure, &shared.theme);
        if let Some(at) = selected.filter(|_| focused) {
            self.draw_cursor(buf, &place, (at, columns[at]), &shared.theme);
        }
        let column = &table.columns[axes[self.axis.min(axes.len() - 1)]];
        self.say_coordinates(buf, line, shared, (table, column, &picked));
    }

    /// The best are bold, and what a brush picks stands out from the rest.
    fn trial<'a>(
        &self,
        table: &Table,
        row: usize,
        (values, picked): (&'a [f64], &[usize]),
    ) -> Trial<'a> {
        let is_in = self.brushes.is_empty() || picked.binary_search(&row).is_ok();
        let strong = is_in && row < table.n_best();
        let role = match (strong, self.brushes.is_empty() || !is_in) {
            (true, _) => Role::Good,
            (false, true) => Role::Muted,
            (false, false) => Role::Accent,
        };
        Trial { values, role, strong }
    }

    fn place(&self, figure: Rect, (table, theme): (&Table, &Theme), axes: &[usize]) -> Place {
        let (n, most) = (axes.len(), usize::from(figure.width / ROOM).max(2));
        let shown: Vec<usize> = match n.checked_sub(1) {
            Some(last) if n > most => {
                let at = self.axis.min(last);
                let first = scroll(0, at.min(last - 1), most - 1, last);
                (first..first + most - 1).chain([last]).collect()
            }
            _ => (0..n).collect(),
        };
        let columns = || shown.iter().map(|at| &table.columns[axes[*at]]);
        let mut names: Vec<String> = columns().map(|column| name_of(column, theme)).collect();
        let layout = |names: &[String]| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let layout = coordinates_layout(figure, &names);
            let has_room = layout.has_room(&names);
            (layout, has_room)
        };
        let (mut found, has_room) = layout(&names);
        if !has_room {
            names = shortened(&names);
            found = layout(&names).0;
        }
        Place { layout: found, shown, names }
    }

    fn row_at(&self, rows: Rect, column: &Column, share: f64) -> u16 {
        let is_flipped = self.inverted.contains(&column.name);
        let down = if is_flipped { share } else { 1.0 - share };
        let dots = f64::from(rows.height) * 4.0 - 1.0;
        rows.y + ((down * dots).round() / 4.0) as u16
    }

    fn draw_cursor(
        &self,
        buf: &mut Buffer,
        place: &Place,
        (at, column): (usize, &Column),
        theme: &Theme,
    ) {
        let rows = place.layout.rows;
        let Some(&x) = place.layout.columns.get(at).filter(|_| rows.height > 0) else { return };
        let share = self.cursor_on(column);
        let y = self.row_at(rows, column, share);
        let style = theme.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::REVERSED);
        let value = column.word(column.value(share, self.is_log(column)));
        // A word stands where it is already, beside the axis.
        let room = if column.is_number() { 10 } else { place.layout.word_room().saturating_sub(1) };
        let value = fit(theme, &value, usize::from(room));
        let width = paint::cells(&value) as u16 + 1;
        // At the last axis the value stands at its left.
        let (from, text) = if x + 1 + width > rows.right() {
            (x.saturating_sub(width), format!("{value}{}", theme.glyph("▸", ">")))
        } else {
            (x + 1, format!("{}{value}", theme.glyph("◂", "<")))
        };
        paint::line(buf, Rect { x: from, y, width, height: 1 }, 0, &[(&text, style)]);
    }

    fn cursor_on(&self, column: &Column) -> f64 {
        match (self.cursor, column.words.len()) {
            (Some(share), _) => share,
            (None, 0) => 0.5,
            (None, n) => ((n / 2) as f64 + 0.5) / n as f64,
        }
    }

    fn say_coordinates(
        &self,
        buf: &mut Buffer,
        line: Option<Rect>,
        shared: &Shared,
        of: (&Table, &Column, &[usize]),
    ) {
        let (table, column, picked) = of;
        if !self.brushes.is_empty() {
            let runs = words::plural(table.n_scored as u64, "run");
            let text = format!("{} of {runs} in the brush", picked.len());
            let mut parts = vec![said(text, Role::Accent)];
            let score = table.objective().map(|at| &table.columns[at]);
            if let (Some(score), Some(row)) = (score, picked.first()) {
                let text = format!("best {} {}", score.label, score.word(score.values[*row]));
                parts.push(said(text, Role::Good));
            }
            let hints = ["Enter lists", "Esc clears", "Space marks"];
            parts.extend(hints.map(|hint| said(hint, Role::Muted)));
            return say(buf, line, shared, &parts);
        }
        let value = column.value(self.cursor_on(column), self.is_log(column));
        let mut parts = vec![said(format!("{} {}", column.label, column.word(value)), Role::Text)];
        if let Some(share) = column.importance {
            let text = format!("importance {}", super::choose::share_words(share));
            parts.push(said(text, Role::Muted));
        }
        let missing = (0..table.n_scored).filter(|row| !column.values[*row].is_finite()).count();
        if missing > 0 {
            parts.push(said(format!("{missing} without it"), Role::Muted));
        }
        let hints = ["[ ] brush", "h l axis", "o axes", "i turn"];
        parts.extend(hints.map(|hint| said(hint, Role::Muted)));
        say(buf, line, shared, &parts);
    }

    pub(super) fn act_coordinates(&mut self, action: Action, area: Rect, theme: &Theme) {
        let Some(handle) = self.table.clone() else { return };
        let axes = self.shown_axes(&handle.0);
        let last = axes.len().saturating_sub(1);
        self.axis = self.axis.min(last);
        let Some(column) = axes.get(self.axis).map(|at| &handle.0.columns[*at]) else { return };
        let share = self.cursor_on(column);
        let log = self.is_log(column);
        let rows = self.place(parts(area).0, (&handle.0, theme), &axes).layout.rows.height;
        let step = match column.words.len() {
            0 => 1.0 / f64::from(rows.max(2) - 1),
            n => 1.0 / n as f64,
        };
        let up = if self.inverted.contains(&column.name) { -1.0 } else { 1.0 };
        let page = (PAGE / step).round().max(1.0) * step;
        match action {
            Action::Left => self.go_to_axis(self.axis.saturating_sub(1)),
            Action::Right => self.go_to_axis((self.axis + 1).min(last)),
            Action::Up => self.cursor = Some(cursor(column, share + up * step)),
            Action::Down => self.cursor = Some(cursor(column, share - up * step)),
            Action::PageUp => self.cursor = Some(cursor(column, share + up * page)),
            Action::PageDown => self.cursor = Some(cursor(column, share - up * page)),
            Action::Top => self.cursor = Some(cursor(column, up)),
            Action::Bottom => self.cursor = Some(cursor(column, -up)),
            Action::BrushLow => self.brushes.set(column, End::Low, (share, log)),
            Action::BrushHigh => self.brushes.set(column, End::High, (share, log)),
            Action::Invert if !self.inverted.remove(&column.name) => {
                self.inverted.insert(column.name.clone());
            }
            _ => {}
        }
    }

    fn go_to_axis(&mut self, axis: usize) {
        if self.axis != axis {
            (self.axis, self.cursor, self.anchor) = (axis, None, None);
        }
    }

    /// A click on an axis or its name selects it, twice at the same cell takes its brush off; one beside all axes takes off
    /// all brushes.
    pub(super) fn click_coordinates(
        &mut self,
        area: Rect,
        (at, again): ((u16, u16), bool),
        theme: &Theme,
    ) {
        let Some(handle) = self.table.clone() else { return };
        let axes = self.shown_axes(&handle.0);
        let place = self.place(parts(area).0, (&handle.0, theme), &axes);
        let rows = place.layout.rows;
        let near = place.layout.columns.iter().enumerate();
        let Some((near, x)) = near.min_by_key(|(_, x)| x.abs_diff(at.0)) else { return };
        let is_beside = at.1 >= rows.y && x.abs_diff(at.0) > REACH;
        if is_beside || at.1 > rows.bottom() {
            self.clear();
            return;
        }
        self.go_to_axis(place.shown[near]);
        self.anchor = None;
        if !(rows.y..rows.bottom()).contains(&at.1) {
            return;
        }
        let column = &handle.0.columns[axes[place.shown[near]]];
        let share = self.share_at(rows, column, at.1);
        self.cursor = Some(share);
        if again {
            self.brushes.0.remove(&column.name);
        } else {
            self.anchor = Some((column.name.clone(), share, rows));
        }
    }

    /// From where the button went down on an axis to here: a brush.
    pub(super) fn drag_coordinates(&mut self, at: (u16, u16)) {
        let (Some((name, from, rows)), Some(handle)) = (self.anchor.clone(), self.table.clone())
        else {
            return;
        };
        let Some(column) = handle.0.find(&name).map(|at| &handle.0.columns[at]) else { return };
        let share =
            self.share_at(rows, column, at.1.clamp(rows.y, rows.bottom().max(rows.y + 1) - 1));
        let log = self.is_log(column);
        self.cursor = Some(share);
        self.brushes.0.remove(&name);
        let (low, high) = (from.min(share), from.max(share));
        if low < high || !column.is_number() {
            self.brushes.set(column, End::Low, (low, log));
            self.brushes.set(column, End::High, (high, log));
        }
    }

    /// The share of an axis that a row of the screen stands for.
    fn share_at(&self, rows: Rect, column: &Column, y: u16) -> f64 {
        let down = f64::from(y - rows.y) / f64::from(rows.height.max(2) - 1);
        let share = if self.inverted.contains(&column.name) { down } else { 1.0 - down };
        cursor(column, share)
    }
}

/// Names without what stands before their last dot, where that tells them apart all the same.
fn shortened(names: &[String]) -> Vec<String> {
    let last = |name: &str| name.rsplit_once('.').map_or(name, |(_, last)| last).to_string();
    let of = |short: &String| names.iter().filter(|name| last(name) == *short).count();
    let short = names.iter().map(|name| Some(last(name)).filter(|short| of(short) == 1));
    short.zip(names).map(|(short, name)| short.unwrap_or_else(|| name.clone())).collect()
}

/// A share that the cursor can be at: of a choice only the words.
fn cursor(column: &Column, share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    match column.words.len() {
        0 if share < 1e-9 => 0.0,
        0 if share > 1.0 - 1e-9 => 1.0,
        0 => share,
        n => ((share * n as f64).floor().min(n as f64 - 1.0) + 0.5) / n as f64,
    }
}

/// The ends of a brush within those of the axis.
fn within(column: &Column, (low, high): (f64, f64)) -> (f64, f64) {
    (low.max(column.range.0), high.min(column.range.1))
}

/// The rows that are drawn, the best last: all of a brush as far as they go, and a sample of the others.
fn drawn(table: &Table, picked: &[usize], is_all: bool) -> Vec<usize> {
    let mut rows = if is_all {
        sample(table.n_scored, MOST_LINES)
    } else {
        let kept = sample(picked.len(), MOST_LINES * 3 / 4);
        let mut rows: Vec<usize> = kept.into_iter().map(|at| picked[at]).collect();
        rows.extend(sample(table.n_scored, MOST_LINES / 4));
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    // The best last, and what is picked above what is not.
    let is_picked = |row: &usize| picked.binary_search(row).is_ok();
    rows.sort_by_key(|row| (is_picked(row), std::cmp::Reverse(*row)));
    rows
}
