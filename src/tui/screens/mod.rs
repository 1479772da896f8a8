//! The screens, and what every one of them can do.
//!
//! A screen owns its state and changes it only in `act`, `receive`, `settled`, `ended` and `jump`; it draws and lays out without
//! changing anything. It never reads the store: it says what it [`needs`](Screen::needs), a worker answers.

pub mod champions;
pub mod compare;
pub mod data;
pub mod figures;
pub mod run;
pub mod runs;
pub mod start;
pub mod sweep;

use super::action::{Action, ScreenId};
use super::ask::{Answer, Ask, Trouble, VerbOutcome};
use super::catalog::Catalog;
use super::effect::{Effect, Jump};
use super::overlay::{Outcome, Prompt};
use super::paint::Span;
use super::theme::Theme;
use crate::domain::{RunId, SweepId};
use indexmap::IndexSet;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::PathBuf;

/// What all screens share: read by all, changed through effects and by the program.
#[derive(Debug)]
pub struct Shared {
    /// The look.
    pub theme: Theme,
    /// The store at a glance; empty until it was read.
    pub catalog: Catalog,
    /// Marked runs, in the order of marking.
    pub marks: IndexSet<RunId>,
    /// The sweep that was chosen last, on whatever screen.
    pub sweep: Option<SweepId>,
    /// Nothing may be changed outside.
    pub read_only: bool,
    /// The clock at the beginning of this turn, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// The folder where derby was started.
    pub here: PathBuf,
    /// The store's folder.
    pub store: PathBuf,
    /// The window's body in the last frame: what a page is.
    pub body: Rect,
}

/// Whether an action does something here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enabled {
    /// It does.
    Yes,
    /// It does with another word in the footer: `resume` in place of `pause`.
    As(&'static str),
    /// Not now, for this reason: the key says it, the footer dims it.
    No(&'static str),
    /// It means nothing on this screen.
    Never,
}

/// One pane of a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pane {
    /// The screen's number for it.
    pub id: u8,
    /// The left part of its frame's title.
    pub title: String,
    /// The right part: counts, units.
    pub note: String,
}

impl Pane {
    /// A pane with a title.
    pub fn new(id: u8, title: impl Into<String>, note: impl Into<String>) -> Self {
        Self { id, title: title.into(), note: note.into() }
    }

    /// The head of its title: what it is called where there is no room for all of it.
    pub fn name(&self) -> &str {
        let head = self.title.split("  ").next().unwrap_or_default();
        head.split(": ").next().unwrap_or_default()
    }
}

/// Where to draw, and how.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Inside the frame.
    pub area: Rect,
    /// True if keys go here.
    pub focused: bool,
}

/// A screen.
pub trait Screen {
    /// Which one it is.
    fn id(&self) -> ScreenId;

    /// Its panes in the order of Tab; at least one.
    fn panes(&self, shared: &Shared) -> Vec<Pane>;

    /// Where its panes are in a body of at least [`TWO_PANES`](super::layout::TWO_PANES) columns, in the order of
    /// [`Screen::panes`]. A pane of no area is not shown. Narrower bodies show the focused pane alone.
    fn arrange(&self, body: Rect, shared: &Shared) -> Vec<Rect>;

    /// Lines above the panes; none by default.
    fn head(&self, _shared: &Shared) -> u16 {
        0
    }

    /// Draws those lines.
    fn draw_head(&self, _buf: &mut Buffer, _area: Rect, _shared: &Shared) {}

    /// Draws the inside of a pane.
    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared);

    /// Whether an action does something here with that pane in focus. Moving, panes, help and kin never come here.
    fn enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled;

    /// Carries an action out in the pane with the focus, whose inside is `area`.
    fn act(&mut self, action: Action, pane: u8, area: Rect, shared: &mut Shared) -> Vec<Effect>;

    /// A click at a cell of the inside of a pane; `again` if the same cell was clicked just before.
    fn click(
        &mut self,
        _pane: u8,
        _area: Rect,
        _at: (u16, u16),
        _again: bool,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        Vec::new()
    }

    /// The pointer has moved to that cell with the left button held since a click in the pane; the cell may lie outside.
    fn drag(&mut self, _pane: u8, _area: Rect, _at: (u16, u16), _shared: &mut Shared) {}

    /// The pointer with the right button at a cell of the inside of a pane: a crosshair.
    fn point(&mut self, _pane: u8, _area: Rect, _at: (u16, u16), _shared: &mut Shared) {}

    /// What it wants to know now, for a body of that size. Asked again when an answer is stale.
    fn needs(&self, body: Rect, shared: &Shared) -> Vec<Ask>;

    /// Takes an answer in, or why there is none.
    fn receive(
        &mut self,
        ask: &Ask,
        answer: Result<Answer, Trouble>,
        shared: &mut Shared,
    ) -> Vec<Effect>;

    /// What came of a dialog that it opened. A message is what is wrong with a form, by field.
    ///
    /// # Errors
    /// The field and what is wrong with it: the form stays open.
    fn settled(
        &mut self,
        _purpose: &'static str,
        _outcome: Outcome,
        _shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        Ok(Vec::new())
    }

    /// Sets status and completions of its prompt: after every key and every answer.
    fn prompt(&self, _prompt: &mut Prompt, _shared: &Shared) {}

    /// A verb that it started has ended.
    fn ended(
        &mut self,
        _purpose: &'static str,
        _outcome: VerbOutcome,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        Vec::new()
    }

    /// True while something is at work whose time is shown.
    fn is_busy(&self) -> bool {
        false
    }

    /// Shows something that another screen sends here.
    fn jump(&mut self, _jump: &Jump, _shared: &mut Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// Everything that Esc may clear is cleared: then Esc goes back to the screen before. True if there was something.
    fn clear(&mut self, _shared: &mut Shared) -> bool {
        false
    }

    /// What the line above the footer says when nothing else does.
    fn status(&self, _shared: &Shared) -> Vec<(String, ratatui::style::Style)> {
        Vec::new()
    }

    /// Where one is: `2/4,812`.
    fn position(&self, _shared: &Shared) -> String {
        String::new()
    }

    /// The same with that pane in focus.
    fn position_in(&self, _pane: u8, shared: &Shared) -> String {
        self.position(shared)
    }

    /// What is worth remembering until the next start: columns, widths, views.
    fn remember(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes back what it remembered; anything that does not fit is ignored.
    fn recall(&mut self, _remembered: &serde_json::Value) {}
}

/// Draws what a pane says while it has nothing to show: what, and the command that mends it.
pub(super) fn draw_empty(buf: &mut Buffer, area: Rect, shared: &Shared, lines: &[&str]) {
    let style = shared.theme.style(super::theme::Role::Muted);
    let width = usize::from(area.width);
    let wrapped = lines.iter().flat_map(|line| super::paint::wrap(line, width));
    let lines: Vec<String> = wrapped.collect();
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (at, text) in lines.iter().enumerate() {
        let text = super::paint::cut(text, width);
        let indent = (usize::from(area.width) - super::paint::cells(&text)) / 2;
        let gap = " ".repeat(indent);
        let spans: [Span<'_>; 2] = [(&gap, style), (&text, style)];
        super::paint::line(buf, area, top + at as u16, &spans);
    }
}
