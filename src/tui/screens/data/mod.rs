//! The data screen: what the runs of a sweep learn from, what is odd about it, and whether it is still the same.

mod act;
mod load;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub use load::{Answer, Ask, Cut, Loaded, Recorded};

use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::data::checks::Level;
use crate::domain::SweepId;
use crate::report::words;
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask;
use crate::tui::ask::Trouble;
use crate::tui::effect::{Effect, Jump};
use crate::tui::layout::{self, Scrolled, THREE_PANES};
use crate::tui::overlay::{Outcome, Prompt};
use crate::tui::paint;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;
use table::Order;

const COLUMNS: u8 = 0;
const COLUMN: u8 = 1;
const TARGET: u8 = 2;
const CHECKS: u8 = 3;

/// State of the screen.
#[derive(Debug, Default)]
pub struct Data {
    /// The sweep that was chosen; none for the newest with data.
    sweep: Option<SweepId>,
    loaded: Option<(SweepId, Arc<Loaded>)>,
    /// Why nothing could be read at all.
    trouble: Option<String>,
    /// Places of the columns that are listed, in their order.
    rows: Vec<usize>,
    order: Order,
    /// The column of the table under the cursor.
    cursor: usize,
    narrowed: String,
    selected: usize,
    /// What of the columns is in view.
    seen: Scrolled,
    /// The check under the cursor.
    check: usize,
    /// What of the checks is in view.
    checks_seen: Scrolled,
    /// Rows scrolled away in the panes of text.
    scrolled: [usize; 2],
    /// What could be chosen when the dialog was opened.
    offered: Vec<SweepId>,
}

impl Data {
    /// The sweep that is shown: the chosen one, else the newest whose file has data, else the newest.
    fn shown(&self, shared: &Shared) -> Option<SweepId> {
        let sweeps = &shared.catalog.sweeps;
        let chosen =
            shared.sweep.or(self.sweep).filter(|id| sweeps.iter().any(|sweep| sweep.id == *id));
        let has_data = sweeps.iter().find(|sweep| sweep.text.contains("[data"));
        chosen.or_else(|| has_data.or(sweeps.first()).map(|sweep| sweep.id))
    }

    fn loaded(&self, shared: &Shared) -> Option<&Loaded> {
        let shown = self.shown(shared)?;
        self.loaded.as_ref().filter(|(of, _)| *of == shown).map(|(_, loaded)| loaded.as_ref())
    }

    /// Lists the columns again: narrowed and in order.
    fn rebuild(&mut self) {
        let Some((_, loaded)) = &self.loaded else { return };
        self.rows = table::listed(loaded, &self.narrowed, self.order);
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
    }

    /// What is said where nothing else can be shown.
    fn nothing(&self, shared: &Shared) -> Option<Vec<String>> {
        if shared.catalog.is_loaded && shared.catalog.sweeps.is_empty() {
            return Some(vec![
                "no sweep yet, and so no data".into(),
                "derby data FILE profiles a file by itself".into(),
            ]);
        }
        if let Some(trouble) = &self.trouble {
            return Some(vec![paint::clean(trouble)]);
        }
        let Some(loaded) = self.loaded(shared) else {
            return Some(vec!["reading and checking the data …".into()]);
        };
        match &loaded.problem {
            Some(problem) if loaded.columns.is_empty() => {
                let said = problem.lines().map(words::clean).filter(|line| !line.is_empty());
                let mut lines: Vec<String> = said.collect();
                if let Some(seen) = &loaded.recorded {
                    let rows = seen.rows.map(|n| format!(", {}", words::plural(n, "row")));
                    lines.push(format!(
                        "run {} saw b3:{}{}",
                        seen.run,
                        words::short(&seen.content),
                        rows.unwrap_or_default()
                    ));
                }
                lines.push("v chooses another sweep".into());
                Some(lines)
            }
            _ => None,
        }
    }
}

impl Screen for Data {
    fn id(&self) -> ScreenId {
        ScreenId::Data
    }

    fn panes(&self, shared: &Shared) -> Vec<Pane> {
        let Some(loaded) = self.loaded(shared).filter(|_| self.nothing(shared).is_none()) else {
            return vec![Pane::new(COLUMNS, "Data", "")];
        };
        let (n, all) = (self.rows.len(), loaded.columns.len());
        let mut note = if n == all { words::count(n as u64) } else { format!("{n} of {all}") };
        if !self.narrowed.is_empty() {
            note = format!("/{} · {note}", words::clean(&self.narrowed));
        }
        let of = |level: Level| loaded.findings.iter().filter(|found| found.level == level).count();
        let name = self.column(loaded).map_or("Column", |column| column.name.as_str());
        let checks = format!(
            "{} passed · {} · {}",
            of(Level::Ok),
            words::plural(of(Level::Warn) as u64, "warning"),
            words::plural(of(Level::Error) as u64, "error")
        );
        vec![
            Pane::new(COLUMNS, "Columns", note),
            Pane::new(COLUMN, paint::cut(&words::clean(name), 28), self.place_of(loaded)),
            Pane::new(TARGET, "Target and split", ""),
            Pane::new(CHECKS, "Checks", checks),
        ]
    }

    fn arrange(&self, body: Rect, shared: &Shared) -> Vec<Rect> {
        let Some(loaded) = self.loaded(shared).filter(|_| self.nothing(shared).is_none()) else {
            return vec![body];
        };
        let listed = view::listed(&loaded.findings).len() as u16;
        let checks = (listed + 2).clamp(4, (body.height / 3).max(4));
        let (top, checks) = layout::split_top(body, body.height - checks);
        if body.width >= THREE_PANES {
            let parts = layout::columns(top, &[56, 22, 22]);
            return vec![parts[0], parts[1], parts[2], checks];
        }
        let parts = layout::columns(top, &[62, 38]);
        let right = layout::rows(parts[1], &[50, 50]);
        vec![parts[0], right[0], right[1], checks]
    }

    fn head(&self, shared: &Shared) -> u16 {
        match self.loaded(shared) {
            Some(loaded) if self.nothing(shared).is_none() => {
                1 + u16::from(loaded.has_changed()) + u16::from(loaded.problem.is_some())
            }
            _ => u16::from(self.shown(shared).is_some()),
        }
    }

    fn draw_head(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        self.draw_head_lines(buf, area, shared);
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        if let Some(lines) = self.nothing(shared) {
            let width = usize::from(place.area.width.saturating_sub(2)).max(8);
            let is_long = lines.len() > 3 || lines.iter().any(|line| paint::cells(line) > width);
            if is_long {
                return view::draw_problems(&lines, buf, place.area, shared);
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            return draw_empty(buf, place.area, shared, &lines);
        }
        let Some(loaded) = self.loaded(shared) else { return };
        match pane {
            COLUMN => self.draw_column(buf, place, (loaded, shared)),
            TARGET => self.draw_target(buf, place, (loaded, shared)),
            CHECKS => self.draw_checks(buf, place, (loaded, shared)),
            _ => self.draw_table(buf, place, (loaded, shared)),
        }
    }

    fn enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        self.is_enabled(action, pane, shared)
    }

    fn act(&mut self, action: Action, pane: u8, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.carry_out(action, (pane, area), shared)
    }

    fn click(
        &mut self,
        pane: u8,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        self.clicked((pane, area), at, again, shared)
    }

    fn needs(&self, _body: Rect, shared: &Shared) -> Vec<ask::Ask> {
        let ask = self.shown(shared).map(|sweep| ask::Ask::Data(Ask::Data(sweep)));
        ask.into_iter().collect()
    }

    fn receive(
        &mut self,
        ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let ask::Ask::Data(Ask::Data(of)) = ask else { return Vec::new() };
        if Some(*of) != self.shown(shared) {
            return Vec::new();
        }
        match answer {
            Ok(ask::Answer::Data(Answer::Data(sweep, loaded))) => {
                self.trouble = None;
                self.loaded = Some((sweep, loaded));
                self.rebuild();
            }
            Ok(_) => {}
            Err(trouble) => self.trouble = Some(trouble.to_string()),
        }
        Vec::new()
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        match (purpose, outcome) {
            ("narrow-columns", Outcome::Typing(text) | Outcome::Typed(text)) => {
                self.narrowed = text;
                self.rebuild();
            }
            ("narrow-columns", Outcome::Left) => {
                self.narrowed.clear();
                self.rebuild();
            }
            ("choose-data", Outcome::Chosen(at)) => {
                if let Some(sweep) = self.offered.get(at).copied() {
                    shared.sweep = Some(sweep);
                    self.show(sweep);
                }
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn prompt(&self, prompt: &mut Prompt, _shared: &Shared) {
        prompt.status = words::plural(self.rows.len() as u64, "column");
    }

    fn jump(&mut self, jump: &Jump, shared: &mut Shared) -> Vec<Effect> {
        if let Jump::Data(sweep) = jump {
            shared.sweep = Some(*sweep);
            self.show(*sweep);
        }
        Vec::new()
    }

    fn clear(&mut self, _shared: &mut Shared) -> bool {
        let was = !self.narrowed.is_empty();
        if was {
            self.narrowed.clear();
            self.rebuild();
        }
        was
    }

    fn status(&self, shared: &Shared) -> Vec<(String, Style)> {
        let theme = &shared.theme;
        let check = self.loaded(shared).and_then(|loaded| {
            let worst = loaded.findings.iter().map(|found| found.level).max()?;
            (worst == Level::Error)
                .then(|| "a check found an error: scores on this data mislead".to_string())
        });
        check.map(|text| (text, theme.style(Role::Bad))).into_iter().collect()
    }

    fn position(&self, shared: &Shared) -> String {
        self.position_in(COLUMNS, shared)
    }

    fn position_in(&self, pane: u8, shared: &Shared) -> String {
        let (at, n) = match pane {
            TARGET => return String::new(),
            CHECKS => {
                let findings = self.loaded(shared).map(|loaded| view::listed(&loaded.findings));
                (self.check, findings.map_or(0, |listed| listed.len()))
            }
            _ => (self.selected, self.rows.len()),
        };
        if n == 0 { String::new() } else { format!("{}/{n}", at + 1) }
    }
}
