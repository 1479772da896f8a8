//! The start screen: sweep files, what they would search and cost, and starting one.

mod act;
mod load;
#[cfg(test)]
mod tests;
mod view;

pub use load::{Answer, Ask};

use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::report::words::plural;
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask::{self, Trouble, VerbOutcome};
use crate::tui::effect::{Effect, Jump};
use crate::tui::layout;
use crate::tui::overlay::Outcome;
use crate::tui::paint;
use crate::tui::theme::Role;
use crate::tui::widgets::{Grid, GridHit};
use act::Wish;
use load::File;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A process that dies says nothing, so that who drives is looked up again after so long.
const BEAT_MS: i64 = 5_000;
/// The sweep files.
const FILES: u8 = 0;
/// What the selected one says, or its problems.
const PLAN: u8 = 1;
/// Its space.
const SPACE: u8 = 2;

/// State of the screen.
#[derive(Debug, Default)]
pub struct Start {
    /// None before they were read.
    files: Option<Vec<File>>,
    /// The selected file.
    row: usize,
    /// Lines of the plan that are scrolled away.
    plan_first: usize,
    /// Rows of the space that are scrolled away.
    space_first: usize,
    /// What the open dialog is about.
    wish: Option<Wish>,
    /// The name of a sweep that was started and has not appeared yet.
    awaited: Option<String>,
    /// What kept the files from being read.
    trouble: Option<String>,
}

impl Start {
    fn selected(&self) -> Option<&File> {
        self.files.as_ref()?.get(self.row)
    }

    fn n_files(&self) -> usize {
        self.files.as_ref().map_or(0, Vec::len)
    }

    /// The selection stays on its file.
    fn take_files(&mut self, files: Vec<File>) -> Vec<Effect> {
        let before = self.selected().map(|file| file.shown.clone());
        let same = before.and_then(|shown| files.iter().position(|file| file.shown == shown));
        self.row = same.unwrap_or(self.row).min(files.len().saturating_sub(1));
        self.files = Some(files);
        self.trouble = None;
        let Some(awaited) = self.awaited.clone() else { return Vec::new() };
        let appeared = self.files.iter().flatten().rev().find_map(|file| {
            let is_it = file.plan.as_ref().is_ok_and(|plan| plan.name == awaited);
            let past = file.past.as_ref().filter(|past| is_it && past.reached.driver.is_some())?;
            past.sweep
        });
        let Some(sweep) = appeared else { return Vec::new() };
        self.awaited = None;
        vec![Effect::Jump(Jump::Sweep(sweep))]
    }

    fn step(&mut self, action: Action, pane: u8, area: Rect) {
        let page = Grid::height(area).max(2) / 2;
        let (at, n) = match pane {
            FILES => (self.row, self.n_files()),
            PLAN => (self.plan_first, view::plan_rows(self, area.width).len()),
            _ => {
                let rows = self.selected().and_then(|file| file.plan.as_ref().ok());
                let rows = rows.map_or(0, |plan| plan.tree.len());
                (self.space_first, rows.saturating_sub(Grid::height(area)) + 1)
            }
        };
        let to = match action {
            Action::Up => at.saturating_sub(1),
            Action::Down => at + 1,
            Action::Top => 0,
            Action::Bottom => n,
            Action::PageUp => at.saturating_sub(page),
            _ => at + page,
        }
        .min(n.saturating_sub(1));
        match pane {
            FILES => self.select(to),
            PLAN => self.plan_first = to,
            _ => self.space_first = to,
        }
    }

    fn select(&mut self, row: usize) {
        if row != self.row {
            (self.row, self.plan_first, self.space_first) = (row, 0, 0);
        }
    }
}

impl Screen for Start {
    fn id(&self) -> ScreenId {
        ScreenId::Start
    }

    fn panes(&self, _shared: &Shared) -> Vec<Pane> {
        if self.n_files() == 0 {
            return vec![Pane::new(FILES, "Sweep files", "")];
        }
        let file = self.selected();
        let shown = file.map(|file| paint::clean(&file.shown)).unwrap_or_default();
        let files = plural(self.n_files() as u64, "file");
        let mut panes = vec![Pane::new(FILES, "Sweep files", files)];
        match file.map(|file| &file.plan) {
            Some(Ok(plan)) => {
                panes.push(Pane::new(PLAN, "Plan", shown));
                panes.push(Pane::new(SPACE, "Ranges", plan.size.clone()));
            }
            _ => panes.push(Pane::new(PLAN, "Problems", shown)),
        }
        panes
    }

    fn arrange(&self, body: Rect, _shared: &Shared) -> Vec<Rect> {
        if self.n_files() == 0 {
            return vec![body];
        }
        let parts = layout::columns(body, if body.width < 160 { &[52, 48] } else { &[46, 54] });
        if self.selected().is_none_or(|file| file.plan.is_err()) {
            return parts;
        }
        let plan = view::plan_rows(self, parts[1].width.saturating_sub(2)).len() as u16 + 2;
        let most = parts[1].height.saturating_sub(6).max(parts[1].height / 2);
        let (above, below) = layout::split_top(parts[1], plan.min(most));
        vec![parts[0], above, below]
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        let Some(files) = &self.files else {
            let text = self.trouble.as_deref().unwrap_or("reading …");
            return draw_empty(buf, place.area, shared, &[text]);
        };
        if files.is_empty() {
            let lines = [
                "no sweep files here",
                "",
                "derby init DATA.csv   writes one into sweeps/",
                "derby init            shows the kinds there are",
            ];
            return draw_empty(buf, place.area, shared, &lines[..3]);
        }
        match pane {
            FILES => view::draw_files(self, buf, place, shared),
            PLAN => view::draw_plan(self, buf, place.area, shared),
            _ => view::draw_space(self, buf, place, shared),
        }
    }

    fn enabled(&self, action: Action, _pane: u8, shared: &Shared) -> Enabled {
        let Some(file) = self.selected() else { return Enabled::Never };
        let past = file.past.as_ref().filter(|past| past.sweep.is_some());
        let is_driven = past.is_some_and(|past| past.reached.driver.is_some());
        let read_only = Enabled::No("derby was started with --read-only");
        match action {
            Action::Open if file.plan.is_err() => Enabled::As("problems"),
            Action::Open if is_driven => Enabled::As("its sweep"),
            Action::Open if shared.read_only => read_only,
            Action::Open => Enabled::As("start"),
            Action::Add if is_driven && file.plan.is_ok() && shared.read_only => read_only,
            Action::Add if is_driven && file.plan.is_ok() => Enabled::As("work along"),
            Action::View if past.is_some() && !is_driven => Enabled::As("its sweep"),
            Action::Copy => Enabled::As("copy command"),
            _ => Enabled::Never,
        }
    }

    fn act(&mut self, action: Action, pane: u8, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Up
            | Action::Down
            | Action::Top
            | Action::Bottom
            | Action::PageUp
            | Action::PageDown => {
                self.step(action, pane, area);
                Vec::new()
            }
            _ => self.carry(action, shared),
        }
    }

    fn click(
        &mut self,
        pane: u8,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        if pane != FILES {
            return Vec::new();
        }
        let Some(GridHit::Cell(row, _) | GridHit::Bar(row)) = view::hit(self, area, at, shared)
        else {
            return Vec::new();
        };
        self.select(row.min(self.n_files().saturating_sub(1)));
        let is_open = again && matches!(self.enabled(Action::Open, pane, shared), Enabled::As(_));
        if is_open { self.carry(Action::Open, shared) } else { Vec::new() }
    }

    fn needs(&self, _body: Rect, shared: &Shared) -> Vec<ask::Ask> {
        let past = self.files.iter().flatten().filter_map(|file| file.past.as_ref());
        let is_driven = past.into_iter().any(|past| past.reached.driver.is_some());
        let beat = if is_driven { shared.now_ms.div_euclid(BEAT_MS) } else { 0 };
        vec![ask::Ask::Start(Ask::Files { beat })]
    }

    fn receive(
        &mut self,
        _ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        match answer {
            Ok(ask::Answer::Start(Answer::Files(files))) => self.take_files(files),
            Ok(_) => Vec::new(),
            Err(trouble) => {
                self.trouble = Some(paint::clean(&trouble.to_string()));
                Vec::new()
            }
        }
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        _shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        self.decided(purpose, outcome)
    }

    fn ended(
        &mut self,
        _purpose: &'static str,
        outcome: VerbOutcome,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        self.came_back(&outcome)
    }

    fn status(&self, shared: &Shared) -> Vec<(String, Style)> {
        let style = |role| shared.theme.style(role);
        if let Some(name) = &self.awaited {
            let text = format!(
                "{} starting {name} … log: .derby/launched.log",
                shared.theme.glyph("●", "*")
            );
            return vec![(paint::clean(&text), style(Role::Live))];
        }
        match &self.trouble {
            Some(trouble) => vec![(trouble.clone(), style(Role::Bad))],
            None => Vec::new(),
        }
    }

    fn position(&self, _shared: &Shared) -> String {
        match self.n_files() {
            0 => String::new(),
            n => format!("{}/{n}", self.row + 1),
        }
    }
}
