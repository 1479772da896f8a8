//! The state of the program, and the only place where it changes: [`App::event`].

mod asking;
mod dialog;
mod input;

#[cfg(test)]
mod tests;

use super::action::{Action, ScreenId};
use super::ask::{Ask, Reply, Unread};
use super::catalog::Catalog;
use super::effect::{Effect, Jump, Tone};
use super::event::Event;
use super::layout::{self, TWO_PANES, Window};
use super::overlay::Overlay;
use super::remembered::Remembered;
use super::screens::{
    Enabled, Pane, Screen, Shared, champions::Champions, compare::Compare, data::Data, run::Run,
    runs::Runs, start::Start, sweep::Sweep,
};
use super::theme::{Depth, Theme};
use crate::domain::RunId;
use asking::Asking;
use indexmap::IndexSet;
use ratatui::layout::Rect;
use std::path::PathBuf;

/// How long a message that needs no answer stays, milliseconds.
const SAID_MS: i64 = 4_000;

/// How the program was started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's folder.
    pub store: PathBuf,
    /// The folder of the ledgers.
    pub ledgers: PathBuf,
    /// The folder where derby was started.
    pub here: PathBuf,
    /// The screen to begin with.
    pub screen: Option<ScreenId>,
    /// Something to show at once.
    pub jump: Option<Jump>,
    /// The theme's name or file; none for the remembered one, or the default.
    pub theme: Option<String>,
    /// ASCII only.
    pub ascii: bool,
    /// How many colours the terminal has; none for no colour at all.
    pub depth: Option<Depth>,
    /// Nothing may be changed.
    pub read_only: bool,
    /// The mouse is taken.
    pub mouse: bool,
}

/// A message above the footer.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) tone: Tone,
    pub(super) text: String,
    at_ms: i64,
}

/// A pane in its place: what drawing and the mouse go by.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) pane: Pane,
    /// With its frame.
    pub(super) area: Rect,
    pub(super) focused: bool,
}

/// Where an action does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// In the pane with the focus.
    Here(Enabled),
    /// In another pane of the screen, of that name.
    Pane(String),
    /// On those screens, as they are now; perhaps on none.
    Screens(Vec<ScreenId>),
}

/// The state of the program.
pub struct App {
    pub(super) shared: Shared,
    pub(super) screen: ScreenId,
    before: Vec<ScreenId>,
    /// The pane with the focus, by screen.
    focus: [usize; 7],
    pub(super) zoomed: bool,
    pub(super) overlay: Option<Overlay>,
    pub(super) said: Option<Said>,
    /// What keeps the store from being read.
    pub(super) unreadable: Option<Unread>,
    /// The window.
    pub(super) size: Rect,
    asking: Asking,
    mono_ms: i64,
    depth: Option<Depth>,
    ascii: bool,
    last_click: Option<(u16, u16)>,
    runs: Runs,
    run: Run,
    compare: Compare,
    sweep: Sweep,
    champions: Champions,
    data: Data,
    start: Start,
}

/// What time it is: the clock on the wall, which tests may hold, and one that only ever goes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Now {
    /// Milliseconds since 1970 UTC.
    pub wall_ms: i64,
    /// Milliseconds since the program began.
    pub mono_ms: i64,
}

/// What the loop has to do after an event.
#[derive(Debug, Default)]
pub struct Turn {
    /// Effects, in order.
    pub effects: Vec<Effect>,
    /// The program ends.
    pub quit: bool,
    /// The terminal goes back to the shell for a while.
    pub suspend: bool,
    /// Everything is drawn again.
    pub redraw: bool,
}

impl App {
    /// The state at the start. A theme that cannot be had is said and replaced by the default.
    pub fn new(options: &Options, remembered: &Remembered, size: Rect, now: Now) -> Self {
        let shared = Shared {
            theme: Theme::default(),
            catalog: Catalog::default(),
            marks: IndexSet::new(),
            sweep: None,
            read_only: options.read_only,
            now_ms: now.wall_ms,
            here: options.here.clone(),
            store: options.store.clone(),
            body: layout::window(size).map_or(Rect::ZERO, |window| window.body),
        };
        let mut app = Self {
            shared,
            screen: options.screen.unwrap_or(ScreenId::Runs),
            before: Vec::new(),
            focus: [0; 7],
            zoomed: false,
            overlay: None,
            said: None,
            unreadable: None,
            size,
            asking: Asking::default(),
            mono_ms: now.mono_ms,
            depth: options.depth,
            ascii: options.ascii,
            last_click: None,
            runs: Runs::default(),
            run: Run::default(),
            compare: Compare::default(),
            sweep: Sweep::default(),
            champions: Champions::default(),
            data: Data::default(),
            start: Start::default(),
        };
        let theme = options.theme.clone().or_else(|| remembered.theme.clone());
        app.set_theme(theme.as_deref().unwrap_or(Theme::NAMES[0]));
        for id in ScreenId::ALL {
            if let Some(value) = remembered.screens.get(id.word()) {
                app.screen_mut(id).recall(value);
            }
        }
        app
    }

    /// What is worth remembering until the next start.
    pub fn remember(&self) -> Remembered {
        let screens =
            ScreenId::ALL.iter().map(|id| (id.word().to_string(), self.screen_of(*id).remember()));
        Remembered {
            theme: Some(self.shared.theme.name().to_string()),
            screens: screens.filter(|(_, value)| !value.is_null()).collect(),
        }
    }

    /// A screen.
    pub(super) fn screen_of(&self, id: ScreenId) -> &dyn Screen {
        match id {
            ScreenId::Runs => &self.runs,
            ScreenId::Run => &self.run,
            ScreenId::Compare => &self.compare,
            ScreenId::Sweep => &self.sweep,
            ScreenId::Champions => &self.champions,
            ScreenId::Data => &self.data,
            ScreenId::Start => &self.start,
        }
    }

    /// A screen, to be changed.
    fn screen_mut(&mut self, id: ScreenId) -> &mut dyn Screen {
        self.screen_and_shared(id).0
    }

    fn screen_and_shared(&mut self, id: ScreenId) -> (&mut dyn Screen, &mut Shared) {
        let screen: &mut dyn Screen = match id {
            ScreenId::Runs => &mut self.runs,
            ScreenId::Run => &mut self.run,
            ScreenId::Compare => &mut self.compare,
            ScreenId::Sweep => &mut self.sweep,
            ScreenId::Champions => &mut self.champions,
            ScreenId::Data => &mut self.data,
            ScreenId::Start => &mut self.start,
        };
        (screen, &mut self.shared)
    }

    /// The screen that is shown.
    pub fn screen_id(&self) -> ScreenId {
        self.screen
    }

    /// The size of the window.
    pub fn size(&self) -> Rect {
        self.size
    }

    /// True while something is shown that changes with time.
    pub fn is_lively(&self) -> bool {
        let busy = self.screen_of(self.screen).is_busy();
        let passes = self.said.as_ref().is_some_and(|said| said.tone != Tone::Bad);
        busy || self.shared.catalog.n_running() > 0 || passes
    }

    /// How many panes lie behind those that are shown.
    pub(super) fn n_hidden(&self) -> usize {
        let all = self.screen_of(self.screen).panes(&self.shared).len();
        all - self.placed().len().min(all)
    }

    /// The parts of the window; none if it is too small.
    pub(super) fn window(&self) -> Option<Window> {
        layout::window(self.size)
    }

    /// The panes that are to be seen, in their places.
    pub(super) fn placed(&self) -> Vec<Placed> {
        let Some(window) = self.window() else { return Vec::new() };
        let screen = self.screen_of(self.screen);
        let (_, body) = layout::split_top(window.body, screen.head(&self.shared));
        let panes = screen.panes(&self.shared);
        let focus = self.focus[self.screen.index()].min(panes.len().saturating_sub(1));
        let narrow = self.zoomed || body.width < TWO_PANES || panes.len() == 1;
        let areas = if narrow { Vec::new() } else { screen.arrange(body, &self.shared) };
        // A pane that has no place among the others has the whole body while it has the focus.
        let alone =
            narrow || areas.get(focus).is_none_or(|area| area.width <= 2 || area.height <= 2);
        let mut placed = Vec::new();
        for (at, pane) in panes.into_iter().enumerate() {
            let area = match (alone, at == focus) {
                (true, true) => body,
                (true, false) => Rect::ZERO,
                (false, _) => areas.get(at).copied().unwrap_or(Rect::ZERO),
            };
            if area.width > 2 && area.height > 2 {
                placed.push(Placed { pane, area, focused: at == focus });
            }
        }
        placed
    }

    /// The pane with the focus: its number and its inside.
    pub(super) fn focused(&self) -> (u8, Rect) {
        let placed = self.placed();
        let focused = placed.iter().find(|placed| placed.focused).or(placed.first());
        if let Some(placed) = focused {
            (placed.pane.id, layout::inner(placed.area))
        } else {
            let panes = self.screen_of(self.screen).panes(&self.shared);
            let at = self.focus[self.screen.index()].min(panes.len().saturating_sub(1));
            (panes.get(at).map_or(0, |pane| pane.id), Rect::ZERO)
        }
    }

    /// Whether an action does something here and now.
    pub(super) fn enabled(&self, action: Action) -> Enabled {
        let writes = super::keymap::binding(action).is_some_and(|binding| binding.writes);
        match action {
            Action::Up
            | Action::Down
            | Action::Top
            | Action::Bottom
            | Action::PageUp
            | Action::PageDown
            | Action::Back
            | Action::Go(_)
            | Action::Reload
            | Action::Help
            | Action::Palette
            | Action::Theme
            | Action::Redraw
            | Action::Suspend
            | Action::Quit => return Enabled::Yes,
            Action::NextPane | Action::PreviousPane | Action::Zoom => {
                let n = self.screen_of(self.screen).panes(&self.shared).len();
                return if n > 1 { Enabled::Yes } else { Enabled::Never };
            }
            _ => {}
        }
        let (pane, _) = self.focused();
        match self.screen_of(self.screen).enabled(action, pane, &self.shared) {
            Enabled::Never => Enabled::Never,
            _ if writes && self.shared.read_only => {
                Enabled::No("read-only: derby was started with --read-only")
            }
            enabled => enabled,
        }
    }

    /// Whether an action does something here, in another pane of this screen, or on other screens.
    pub(super) fn reach(&self, action: Action) -> Reach {
        match self.enabled(action) {
            Enabled::Never => {}
            enabled => return Reach::Here(enabled),
        }
        let does = |id: ScreenId, pane: &Pane| {
            self.screen_of(id).enabled(action, pane.id, &self.shared) != Enabled::Never
        };
        let panes = |id: ScreenId| self.screen_of(id).panes(&self.shared);
        if let Some(pane) = panes(self.screen).iter().find(|pane| does(self.screen, pane)) {
            return Reach::Pane(pane.name().to_string());
        }
        let others = ScreenId::ALL.into_iter().filter(|id| *id != self.screen);
        Reach::Screens(others.filter(|id| panes(*id).iter().any(|pane| does(*id, pane))).collect())
    }

    /// Takes in an event.
    pub fn event(&mut self, event: Event, now: Now) -> Turn {
        self.set_now(now);
        let mut turn = Turn::default();
        match event {
            Event::Key(key) => self.key(&key, &mut turn),
            Event::Paste(text) => self.paste(&text, &mut turn),
            Event::Mouse(mouse) => self.mouse(mouse, &mut turn),
            Event::Resize => {}
            Event::Reply(reply) => self.reply(*reply, &mut turn),
            Event::Suspend => turn.suspend = true,
            Event::Terminate(_) | Event::Lost => turn.quit = true,
        }
        self.follow_jumps(&mut turn);
        turn
    }

    /// The window has that size from now on.
    pub fn resize(&mut self, size: Rect) {
        self.size = size;
        self.shared.body = layout::window(size).map_or(Rect::ZERO, |window| window.body);
    }

    /// Shows something at once.
    pub fn jump(&mut self, jump: Jump) -> Turn {
        let mut turn = Turn { effects: vec![Effect::Jump(jump)], ..Turn::default() };
        self.follow_jumps(&mut turn);
        turn
    }

    /// Lets time pass: messages go; true if something is to be drawn again.
    pub fn tick(&mut self, now: Now) -> bool {
        self.set_now(now);
        let is_over = |said: &Said| said.tone != Tone::Bad && now.mono_ms - said.at_ms >= SAID_MS;
        let had = self.said.as_ref().is_some_and(is_over);
        if had {
            self.said = None;
        }
        had || self.shared.catalog.n_running() > 0
    }

    /// What is to be asked now: what the screen needs and was not answered yet, or not lately enough. Gives the
    /// questions, and when to look again (milliseconds of the steady clock) if one has to wait.
    pub fn asks(&mut self, now: Now) -> (Vec<Ask>, Option<i64>) {
        let body = self.window().map_or(Rect::ZERO, |window| window.body);
        let mut needs = vec![Ask::Catalog];
        if self.window().is_some() {
            needs.extend(self.screen_of(self.screen).needs(body, &self.shared));
        }
        self.asking.due(needs, now.mono_ms)
    }

    /// Says something above the footer.
    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let text = super::paint::clean(&text.into());
        self.said = Some(Said { tone, text, at_ms: self.mono_ms });
    }

    /// The marked runs.
    pub fn marks(&self) -> &IndexSet<RunId> {
        &self.shared.marks
    }

    fn set_now(&mut self, now: Now) {
        self.shared.now_ms = now.wall_ms;
        self.mono_ms = now.mono_ms;
    }

    /// True while a question of this screen has no answer yet.
    pub fn is_waiting(&self) -> bool {
        self.asking.is_out()
    }

    fn reply(&mut self, reply: Reply, turn: &mut Turn) {
        match reply {
            Reply::Changed { version, change } => {
                if self.unreadable.take().is_some() {
                    self.asking.forget();
                }
                self.asking.changed(version, change);
            }
            Reply::Unreadable(unread) => {
                self.unreadable = Some(unread);
                self.asking.forget();
            }
            Reply::Wrote(Ok(text)) => {
                // A tag or a note is no change of a run's results, and yet to be seen.
                self.asking.stale();
                self.say(Tone::Good, text);
            }
            Reply::Wrote(Err(text)) => self.say(Tone::Bad, text),
            Reply::Verb { screen, purpose, outcome } => {
                let (screen, shared) = self.screen_and_shared(screen);
                turn.effects.extend(screen.ended(purpose, outcome, shared));
            }
            Reply::Answer { ask, answer, took } => {
                self.asking.answered(&ask, took, self.mono_ms);
                match (ask.slot().0, *answer) {
                    (None, Ok(super::ask::Answer::Catalog(catalog))) => {
                        self.shared.catalog = catalog;
                    }
                    (None, Ok(_)) => {}
                    (None, Err(trouble)) => self.say(Tone::Bad, trouble.to_string()),
                    (Some(id), answer) => {
                        let (screen, shared) = self.screen_and_shared(id);
                        turn.effects.extend(screen.receive(&ask, answer, shared));
                    }
                }
                self.refresh_prompt();
            }
        }
    }

    fn set_theme(&mut self, name: &str) {
        let wanted = if self.depth.is_none() { "mono" } else { name };
        match Theme::load(wanted, self.ascii, self.depth.unwrap_or(Depth::Ansi)) {
            Ok(theme) => self.shared.theme = theme,
            Err(error) => {
                self.shared.theme = Theme::default();
                self.shared.theme.ascii = self.ascii;
                self.say(Tone::Bad, error.to_string());
            }
        }
    }
}
