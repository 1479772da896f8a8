//! Parallel coordinates: a line for each run through its parameters to its scores, brushes that pick runs.

use super::brush::End;
use super::cloud::name_of;
use super::column::Column;
use super::table::{Table, sample};
use super::{Figures, Shared, parts, say, views};
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
/// Rows of a page on an axis, as a share of it.
const PAGE: f64 = 0.25;

/// Where axes are, and which of them are in view.
struct Place {
    /// Places in the list of axes, from left to right; the last axis, a score, is always among them.
    shown: Vec<usize>,
    layout: CoordinatesLayout,
}

impl Figures {
    /// The axes in view or beyond, from left to right.
    pub(super) fn shown_axes(&self, table: &Table) -> Vec<usize> {
        match &self.axes.coordinates {
            Some(names) => names.iter().filter_map(|name| table.find(name)).collect(),
            None => table.axes(),
        }
    }

    pub(super) fn coordinates_note(&self, table: &Table) -> String {
        let mut parts = vec!["best 10 % bold".to_string(), table.shown()];
        parts.extend(views::unscored(table));
        let beyond: usize = self.shown_axes(table).iter().map(|at| table.columns[*at].beyond).sum();
        if beyond > 0 {
            parts.push(format!("{beyond} beyond an axis, at its end"));
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
        let place = self.place(figure, axes.len());
        let columns: Vec<&Column> =
            place.shown.iter().map(|at| &table.columns[axes[*at]]).collect();
        let selected = place.shown.iter().position(|at| *at == self.axis.min(axes.len() - 1));
        let names: Vec<String> =
            columns.iter().map(|column| name_of(column, &shared.theme)).collect();
        let coordinates: Vec<Coordinate<'_>> = columns
            .iter()
            .zip(&names)
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
        self.draw_words(buf, &place, &columns, &shared.theme);
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

    fn place(&self, figure: Rect, n: usize) -> Place {
        let most = usize::from(figure.width / ROOM).max(2);
        let shown: Vec<usize> = match n.checked_sub(1) {
            Some(last) if n > most => {
                let at = self.axis.min(last);
                let first = scroll(0, at.min(last - 1), most - 1, last);
                (first..first + most - 1).chain([last]).collect()
            }
            _ => (0..n).collect(),
        };
        Place { layout: coordinates_layout(figure, shown.len()), shown }
    }

    /// The words of a choice beside its axis, in place of its ends.
    fn draw_words(&self, buf: &mut Buffer, place: &Place, columns: &[&Column], theme: &Theme) {
        let rows = place.layout.rows;
        let apart = place.layout.columns.windows(2).map(|pair| pair[1] - pair[0]).min();
        let room = apart.unwrap_or(rows.width).saturating_sub(2);
        let style = theme.style(Role::Text);
        for (x, column) in place.layout.columns.iter().zip(columns) {
            if column.is_number() || column.words.len() > usize::from(rows.height).div_ceil(2) {
                continue;
            }
            let blank = Rect { x: x.saturating_sub(room / 2).max(rows.x), width: room, ..rows };
            for y in [rows.y - 1, rows.bottom()] {
                let blank = Rect { y, height: 1, ..blank }.intersection(place.area());
                paint::line(buf, blank, 0, &[(&" ".repeat(usize::from(blank.width)), style)]);
            }
            for (at, word) in column.words.iter().enumerate() {
                let y = self.row(rows, column, at as f64);
                let word = fit(theme, word, usize::from(room));
                let width = (paint::cells(&word) as u16).min(room);
                // The last axis has its words at its left, where there is room.
                let from = if x + 1 + width > rows.right() { x - width.min(*x) } else { x + 1 };
                paint::line(buf, Rect { x: from, y, width, height: 1 }, 0, &[(&word, style)]);
            }
        }
    }

    /// The row of the screen of a value on an axis.
    fn row(&self, rows: Rect, column: &Column, value: f64) -> u16 {
        let share = column.share(value, self.is_log(column));
        self.row_at(rows, column, share)
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
        let value = fit(theme, &value, 10);
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
            let mut parts =
                vec![(format!("{} of {runs} in the brush", picked.len()), Role::Accent)];
            let score = table.objective().map(|at| &table.columns[at]);
            let best = picked.first().copied();
            if let (Some(score), Some(row)) = (score, best) {
                parts.push((
                    format!("  best {} {}", score.name, score.word(score.values[row])),
                    Role::Good,
                ));
            }
            parts.push(("  Enter lists  Space marks  Esc clears".into(), Role::Muted));
            return say(buf, line, shared, &parts);
        }
        let value = column.value(self.cursor_on(column), self.is_log(column));
        let mut parts =
            vec![(format!("{} {}", paint::clean(&column.name), column.word(value)), Role::Text)];
        if let Some(share) = column.importance {
            parts
                .push((format!("  importance {}", super::choose::share_words(share)), Role::Muted));
        }
        let missing = (0..table.n_scored).filter(|row| !column.values[*row].is_finite()).count();
        if missing > 0 {
            parts.push((format!("  {missing} without it"), Role::Muted));
        }
        let hints = "  h l axis  i turn  [ ] brush from/to here  o axes";
        parts.push((hints.into(), Role::Muted));
        say(buf, line, shared, &parts);
    }

    pub(super) fn act_coordinates(&mut self, action: Action, area: Rect) {
        let Some(handle) = self.table.clone() else { return };
        let axes = self.shown_axes(&handle.0);
        let last = axes.len().saturating_sub(1);
        self.axis = self.axis.min(last);
        let Some(column) = axes.get(self.axis).map(|at| &handle.0.columns[*at]) else { return };
        let share = self.cursor_on(column);
        let log = self.is_log(column);
        let rows = self.place(parts(area).0, axes.len()).layout.rows.height;
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

    /// The first click on an axis is one end of a brush, the second the other; a third moves the nearer end. Twice at the
    /// same cell takes the brush off.
    pub(super) fn click_coordinates(&mut self, area: Rect, at: (u16, u16), again: bool) {
        let Some(handle) = self.table.clone() else { return };
        let axes = self.shown_axes(&handle.0);
        let place = self.place(parts(area).0, axes.len());
        let rows = place.layout.rows;
        let near = place.layout.columns.iter().enumerate();
        let Some((near, _)) = near.min_by_key(|(_, x)| x.abs_diff(at.0)) else { return };
        let axis = place.shown[near];
        let column = &handle.0.columns[axes[axis]];
        self.go_to_axis(axis);
        if !(rows.y..rows.bottom()).contains(&at.1) {
            return;
        }
        let down = f64::from(at.1 - rows.y) / f64::from(rows.height.max(2) - 1);
        let share = if self.inverted.contains(&column.name) { down } else { 1.0 - down };
        let share = cursor(column, share);
        self.cursor = Some(share);
        let log = self.is_log(column);
        if again {
            self.brushes.0.remove(&column.name);
            self.anchor = None;
            return;
        }
        match (self.anchor.take(), self.brushes.of(column)) {
            (Some((name, from)), _) if name == column.name && from != share => {
                self.brushes.set(column, End::Low, (from.min(share), log));
                self.brushes.set(column, End::High, (from.max(share), log));
            }
            (_, Some(ends)) => {
                let (low, high) = within(column, ends);
                let far = |value: f64| (column.share(value, log) - share).abs();
                let end = if far(low) <= far(high) { End::Low } else { End::High };
                self.brushes.set(column, end, (share, log));
            }
            (_, None) => self.anchor = Some((column.name.clone(), share)),
        }
    }
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

impl Place {
    /// The rows, with the lines of names and ends around them.
    fn area(&self) -> Rect {
        let rows = self.layout.rows;
        Rect { y: rows.y.saturating_sub(2), height: rows.height + 3, ..rows }
    }
}
