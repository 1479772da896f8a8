//! The program without a terminal: keys in, frames out, every question answered on the spot. Snapshots and tests fly it.

use super::app::{App, Now, Options, Turn};
use super::ask::{Reader, Reply};
use super::deeds;
use super::effect::Effect;
use super::event::Event;
use super::remembered::Remembered;
use super::worker::Sources;
use super::{TuiError, view};
use crate::host;
use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Duration;

/// Rounds of questions and answers before something is taken to go round in circles.
const ROUNDS: usize = 64;

/// The program, step by step.
pub struct Pilot {
    app: App,
    reader: Reader,
    store: std::path::PathBuf,
    seen: Option<(i64, i64)>,
    mono_ms: i64,
    /// Carries out what changes something outside.
    acts: bool,
    /// What was not carried out, or copied: for tests.
    pub effects: Vec<Effect>,
    /// True once it was left.
    pub has_quit: bool,
}

impl Pilot {
    /// The program as it is once everything is read. With `acts`, writes and verbs are carried out, else they are kept
    /// in `effects`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn start(options: &Options, size: Rect, acts: bool) -> Result<Self, TuiError> {
        let sources = Sources {
            store: options.store.clone(),
            ledgers: options.ledgers.clone(),
            here: options.here.clone(),
        };
        let reader = sources.open()?;
        let now = Now { wall_ms: host::now_ms(), mono_ms: 0 };
        let app = App::new(options, &Remembered::default(), size, now);
        let store = options.store.clone();
        let mut pilot = Self {
            app,
            reader,
            store,
            seen: None,
            mono_ms: 0,
            acts,
            effects: Vec::new(),
            has_quit: false,
        };
        pilot.settle();
        if let Some(jump) = options.jump.clone() {
            let turn = pilot.app.jump(jump);
            pilot.carry_out(turn);
            pilot.settle();
        }
        Ok(pilot)
    }

    /// Presses keys, with everything answered after each.
    pub fn press(&mut self, keys: &[KeyEvent]) {
        for key in keys {
            self.event(Event::Key(*key));
        }
    }

    /// Lets something happen, and answers what is asked then.
    pub fn event(&mut self, event: Event) {
        let now = self.now();
        let turn = self.app.event(event, now);
        self.carry_out(turn);
        self.settle();
    }

    /// Another size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.app.resize(Rect::new(0, 0, width, height));
        self.settle();
    }

    /// Opens a dialog, as a screen does it.
    #[cfg(test)]
    pub(in crate::tui) fn show(&mut self, overlay: super::overlay::Overlay) {
        self.app.overlay = Some(overlay);
    }

    /// The state.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The frame.
    pub fn frame(&self) -> Buffer {
        let mut buf = Buffer::empty(self.app.size());
        view::draw(&self.app, &mut buf);
        buf
    }

    /// The frame as text, without spaces at the ends of lines.
    pub fn text(&self) -> String {
        super::snapshot::text(&self.frame())
    }

    /// The frame as an SVG picture.
    pub fn svg(&self) -> String {
        let title = format!("derby: {}", self.app.screen_id().title());
        super::snapshot::svg(&self.frame(), &title, &self.app.shared.theme)
    }

    /// Every time is later than the one before, so that nothing rests.
    fn now(&mut self) -> Now {
        self.mono_ms += 60_000;
        Now { wall_ms: host::now_ms(), mono_ms: self.mono_ms }
    }

    /// Answers questions until there are none. A store that was written in between is read again.
    pub fn settle(&mut self) {
        for _ in 0..ROUNDS {
            self.watch();
            let now = self.now();
            let (asks, _) = self.app.asks(now);
            if asks.is_empty() {
                return;
            }
            for ask in asks {
                let answer = ask.answer(&self.reader);
                let now = self.now();
                let reply = Reply::Answer { ask, answer: Box::new(answer), took: Duration::ZERO };
                let turn = self.app.event(Event::Reply(Box::new(reply)), now);
                self.carry_out(turn);
            }
        }
    }

    fn watch(&mut self) {
        let versions = (self.reader.store.data_version(), self.reader.store.change_seq());
        if let (Ok(version), Ok(change)) = versions
            && self.seen != Some((version, change))
        {
            self.seen = Some((version, change));
            let now = self.now();
            let reply = Reply::Changed { version, change };
            let turn = self.app.event(Event::Reply(Box::new(reply)), now);
            self.carry_out(turn);
        }
    }

    fn carry_out(&mut self, turn: Turn) {
        self.has_quit |= turn.quit;
        let from = self.app.screen_id();
        for effect in turn.effects {
            let reply = match effect {
                Effect::Write(write) if self.acts => {
                    let done = deeds::carry_out(&self.store, &write);
                    Reply::Wrote(done.map_err(|error| error.to_string()))
                }
                Effect::Save { path, bytes } if self.acts => {
                    Reply::Wrote(deeds::save(&path, &bytes))
                }
                Effect::SaveAll { folder, files, note } if self.acts => {
                    Reply::Wrote(deeds::save_all(&folder, &files, &note))
                }
                Effect::Verb { args, purpose } if self.acts => {
                    let outcome = deeds::run_verb(&self.store, &args);
                    Reply::Verb { screen: from, purpose, outcome }
                }
                other => {
                    self.effects.push(other);
                    continue;
                }
            };
            let now = self.now();
            let turn = self.app.event(Event::Reply(Box::new(reply)), now);
            self.carry_out(turn);
        }
    }
}
