//! The list of columns over the table: shown or hidden, in which order, how wide, frozen. What it does is seen at once.

use super::columns::{self, Choice, Column, ColumnId, Survey};
use super::{Runs, Shared};
use crate::tui::action::Action;
use crate::tui::catalog::Catalog;
use crate::tui::effect::Effect;
use crate::tui::layout;
use crate::tui::overlay::{Outcome, Overlay, Prompt};
use crate::tui::paint::{self, clean};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Frame, fit, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::{Clear, Widget};
use std::collections::HashMap;

/// The list, and where one is in it.
#[derive(Debug)]
pub(super) struct Picker {
    all: Vec<(ColumnId, bool)>,
    /// The places of those that fit the search.
    fitting: Vec<usize>,
    search: String,
    row: usize,
    top: usize,
}

impl Picker {
    pub(super) fn new(choice: &Choice, survey: &Survey, catalog: &Catalog) -> Self {
        let mut picker =
            Self { all: Vec::new(), fitting: Vec::new(), search: String::new(), row: 0, top: 0 };
        picker.refresh((choice, survey, catalog), true);
        picker
    }

    /// Takes the search off; false if there is none.
    pub(super) fn clear(&mut self) -> bool {
        let had = !self.search.is_empty();
        self.search.clear();
        self.narrow();
        had
    }

    fn refresh(&mut self, (choice, survey, catalog): Of<'_>, reorders: bool) {
        let on = self.selected().cloned();
        let before: HashMap<ColumnId, usize> =
            self.all.drain(..).enumerate().map(|(at, (id, _))| (id, at)).collect();
        self.all = columns::all(choice, survey, catalog);
        if before.is_empty() || reorders {
            // What is shown stands first: its order is that of the table.
            self.all.sort_by_key(|(_, shown)| !shown);
        } else {
            // A column that is shown or hidden stays where one has just seen it.
            self.all.sort_by_key(|(id, _)| before.get(id).copied().unwrap_or(usize::MAX));
        }
        self.narrow();
        if let Some(on) = on {
            let at = self.fitting.iter().position(|&at| self.all[at].0 == on);
            self.row = at.unwrap_or(self.row).min(self.fitting.len().saturating_sub(1));
        }
    }

    fn narrow(&mut self) {
        let wanted = self.search.to_lowercase();
        let fits = |at: &usize| {
            let id = &self.all[*at].0;
            let title = id.title().to_lowercase();
            wanted.is_empty() || title.contains(&wanted) || id.about().contains(&wanted)
        };
        self.fitting = (0..self.all.len()).filter(fits).collect();
        self.row = self.row.min(self.fitting.len().saturating_sub(1));
    }

    fn selected(&self) -> Option<&ColumnId> {
        self.fitting.get(self.row).map(|&at| &self.all[at].0)
    }

    fn has(&self, id: &ColumnId) -> bool {
        self.all.iter().any(|(known, _)| known == id)
    }

    fn is_shown(&self) -> bool {
        self.fitting.get(self.row).is_some_and(|&at| self.all[at].1)
    }

    /// The box over the table, and its inside.
    fn area(area: Rect) -> Rect {
        let width = area.width.min(64);
        Rect { x: area.right() - width, width, ..area }
    }

    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        (choice, shown, titles): (&Choice, &[Column], &[String]),
        shared: &Shared,
    ) {
        let theme = &shared.theme;
        let area = Self::area(area);
        Clear.render(area, buf);
        let n_shown = self.all.iter().filter(|one| one.1).count();
        let note = format!("{n_shown} of {}", self.all.len());
        let title = match self.search.as_str() {
            "" => "Columns".to_string(),
            search => format!("Columns / {}", clean(search)),
        };
        let inner = Frame { title: &title, note: &note, focused: true }.draw(buf, area, theme);
        if inner.height < 4 {
            return;
        }
        draw_titles(buf, inner, theme);
        let list = Rect { y: inner.y + 1, height: inner.height - 3, ..inner };
        let height = usize::from(list.height);
        let top = layout::scroll(self.top, self.row, height, self.fitting.len());
        for (y, &at) in self.fitting.iter().skip(top).take(height).enumerate() {
            let (id, is_shown) = &self.all[at];
            let place = shown.iter().position(|column| column.id == *id);
            let mark = match is_shown {
                true => theme.glyph("▣", "#"),
                false => theme.glyph("▢", " "),
            };
            let stays = match place {
                Some(place) if place < choice.frozen => "stays",
                _ => "",
            };
            let width = place.map_or(String::new(), |place| shown[place].width.to_string());
            let title = place.map_or_else(|| id.title(), |place| titles[place].clone());
            let name = paint::left(&fit(theme, &clean(&title), NAMED), NAMED);
            let about = paint::left(id.about(), ABOUT);
            let line = format!(" {mark} {name}  {about}{width:>4} {stays:>6}");
            let role = if *is_shown { Role::Text } else { Role::Muted };
            paint::line(buf, list, y as u16, &[(&line, theme.style(role))]);
            if top + y == self.row {
                paint::tint(buf, list, y as u16, theme.selected(true));
            }
        }
        if self.fitting.is_empty() {
            let text = "  no column is called that; Esc clears";
            paint::line(buf, list, 0, &[(text, theme.style(Role::Muted))]);
        }
        let bar = Rect { x: list.right() - 1, width: 1, ..list };
        scrollbar(buf, bar, theme, (top, height, self.fitting.len()));
        let muted = theme.style(Role::Muted);
        let first = " Space show/hide  h l order  < > width";
        let second = " F freeze  d differing  / search  o close";
        paint::line(buf, inner, inner.height - 2, &[(first, muted)]);
        paint::line(buf, inner, inner.height - 1, &[(second, muted)]);
    }
}

/// Cells of names, and of what they mean.
const NAMED: usize = 20;
const ABOUT: usize = 24;

/// What the list follows from.
type Of<'a> = (&'a Choice, &'a Survey, &'a Catalog);

fn draw_titles(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let (name, about) = (paint::left("COLUMN", NAMED), paint::left("WHAT IT IS", ABOUT));
    let line = format!("   {name}  {about}{:>4} {:>6}", "WIDE", "FROZEN");
    let style = theme.style(Role::Muted).add_modifier(Modifier::BOLD);
    paint::line(buf, area, 0, &[(&line, style)]);
}

impl Runs {
    pub(super) fn acts_in_picker(
        &mut self,
        action: Action,
        area: Rect,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let height = usize::from(area.height.saturating_sub(5)).max(1);
        let Some(picker) = &mut self.picker else { return Vec::new() };
        if let Some(to) = super::act::moved(action, picker.row, picker.fitting.len(), height / 2) {
            picker.row = to;
            picker.top = layout::scroll(picker.top, picker.row, height, picker.fitting.len());
            return Vec::new();
        }
        let on = picker.selected().cloned();
        match (action, on) {
            (Action::Mark, Some(id)) => {
                self.choice.shown.insert(id, !picker.is_shown());
                self.picker_changed(false, shared);
            }
            (Action::Left, Some(id)) => self.reorder(&id, -1, shared),
            (Action::Right, Some(id)) => self.reorder(&id, 1, shared),
            (Action::Wider | Action::Narrower, Some(id)) => {
                let by = if action == Action::Wider { 2 } else { -2 };
                if let Some(column) = self.columns.iter().find(|column| column.id == id) {
                    let width = (i32::from(column.width) + by).clamp(3, 60) as u16;
                    self.choice.widths.insert(id, width);
                    self.picker_changed(false, shared);
                }
            }
            (Action::Freeze, Some(id)) => {
                if let Some(at) = self.columns.iter().position(|column| column.id == id) {
                    self.freeze(at, shared);
                    self.picker_changed(false, shared);
                }
            }
            (Action::Differing, _) => {
                let said = self.differ(shared);
                self.picker_changed(true, shared);
                return said;
            }
            (Action::Filter, _) => {
                let prompt = Prompt::new(super::settle::SEARCH, "column", &picker.search);
                return vec![Effect::Overlay(Overlay::Prompt(prompt))];
            }
            (Action::Open | Action::Columns, _) => self.picker = None,
            _ => {}
        }
        Vec::new()
    }

    fn picker_changed(&mut self, reorders: bool, shared: &Shared) {
        self.refresh_columns(shared);
        if let Some(picker) = &mut self.picker {
            picker.refresh((&self.choice, &self.survey, &shared.catalog), reorders);
        }
    }

    /// Moves a shown column one place.
    fn reorder(&mut self, id: &ColumnId, by: isize, shared: &Shared) {
        let is_of_runs = |id: &ColumnId| self.picker.as_ref().is_some_and(|picker| picker.has(id));
        let ids = self.columns.iter().map(|column| column.id.clone());
        let mut order: Vec<ColumnId> = ids.filter(is_of_runs).collect();
        let Some(at) = order.iter().position(|one| one == id) else { return };
        let Some(to) = at.checked_add_signed(by).filter(|to| *to < order.len()) else { return };
        order.swap(at, to);
        self.choice.order = order;
        self.picker_changed(true, shared);
    }

    pub(super) fn settle_search(&mut self, outcome: Outcome) {
        let Some(picker) = &mut self.picker else { return };
        match outcome {
            Outcome::Typing(text) | Outcome::Typed(text) => picker.search = text.trim().into(),
            Outcome::Left => picker.search.clear(),
            _ => return,
        }
        picker.row = 0;
        picker.narrow();
    }

    pub(super) fn clicked_picker(
        &mut self,
        area: Rect,
        at: (u16, u16),
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let inner = layout::inner(Picker::area(area));
        let Some(picker) = &mut self.picker else { return Vec::new() };
        let height = usize::from(inner.height.saturating_sub(3));
        let Some(row) = at.1.checked_sub(inner.y + 1).map(usize::from) else { return Vec::new() };
        if !inner.contains(at.into()) || row >= height {
            return Vec::new();
        }
        let top = layout::scroll(picker.top, picker.row, height, picker.fitting.len());
        if top + row >= picker.fitting.len() {
            return Vec::new();
        }
        picker.top = top;
        picker.row = top + row;
        if at.0 < inner.x + 4 {
            return self.acts_in_picker(Action::Mark, area, shared);
        }
        Vec::new()
    }
}
