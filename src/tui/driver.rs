//! The loop: events in, effects out, a frame when something changed and at most thirty a second.

use super::app::{App, Now, Options, Turn};
use super::deeds::Deeds;
use super::effect::Effect;
use super::event::Event;
use super::remembered::{self, Remembered};
use super::terminal::{Opener, Screen};
use super::worker::{Sources, Workers};
use super::{TuiError, view};
use crate::host;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The time between two frames while more and more is to be shown: thirty a second.
const FRAME: Duration = Duration::from_millis(33);
/// So many frames may follow at once when none was drawn for a while: a key is answered in its own frame.
const BURST: u32 = 4;
/// Events are taken in for so long before a frame is due.
const DRAIN: Duration = Duration::from_millis(50);
/// While something runs its times go on.
const SECOND: Duration = Duration::from_secs(1);
/// While nothing does, nobody has to wake up.
const LONG: Duration = Duration::from_hours(1);

/// Shows the program until it is left. Gives the signal that ended it, if one did.
///
/// # Errors
/// When the terminal refuses, or the system gives no threads.
pub fn run(options: &Options, open: Opener) -> Result<Option<i32>, TuiError> {
    let file = remembered::file();
    let remembered = file.as_deref().map(Remembered::load).unwrap_or_default();
    let screen = Screen::take(open, options.mouse)?;
    let (sender, events) = channel();
    let started = Instant::now();
    obey(&sender)?;
    let mut app = App::new(options, &remembered, screen.size(), now(started));
    let mut driver = Driver {
        screen,
        events,
        deeds: Deeds { store: options.store.clone(), events: sender.clone() },
        started,
        pace: Pace::default(),
        signal: None,
    };
    driver.frame(&mut app)?;
    listen(&sender)?;
    let sources = Sources {
        store: options.store.clone(),
        ledgers: options.ledgers.clone(),
        here: options.here.clone(),
    };
    let workers = Workers::start(&sources, &sender)?;
    if let Some(jump) = options.jump.clone() {
        let turn = app.jump(jump);
        driver.carry_out(&mut app, turn)?;
    }
    let result = match driver.turn_until_left(&mut app, &workers) {
        // A frame for nobody fails before the news of it comes.
        Err(_) if host::is_hung_up(std::io::stdin().as_fd()) => Ok(Some(host::HANGUP)),
        result => result,
    };
    drop(driver);
    if let (Some(file), remembered) = (file, app.remember()) {
        // What is remembered is a comfort; a home that cannot be written is no error.
        let _ = remembered.save(&file);
    }
    result
}

fn now(started: Instant) -> Now {
    Now { wall_ms: host::now_ms(), mono_ms: started.elapsed().as_millis() as i64 }
}

/// Hears signals.
fn obey(sender: &Sender<Event>) -> Result<(), TuiError> {
    let signals = sender.clone();
    host::on_signals(move |signal| {
        let event = match signal {
            host::Asked::ToStop => Event::Suspend,
            host::Asked::ToEnd(signal) => Event::Terminate(signal),
        };
        let _ = signals.send(event);
    })?;
    Ok(())
}

/// Hears keys, and that nobody is there any more to press them.
fn listen(sender: &Sender<Event>) -> Result<(), TuiError> {
    let keys = sender.clone();
    let body = move || {
        loop {
            let event = match crossterm::event::read() {
                Ok(crossterm::event::Event::Key(key)) => Event::Key(key),
                Ok(crossterm::event::Event::Mouse(mouse)) => match mouse.kind {
                    // Nothing follows the bare pointer.
                    crossterm::event::MouseEventKind::Moved => continue,
                    _ => Event::Mouse(mouse),
                },
                Ok(crossterm::event::Event::Paste(text)) => Event::Paste(text),
                Ok(crossterm::event::Event::Resize(..)) => Event::Resize,
                Ok(_) => continue,
                Err(_) => Event::Lost,
            };
            let is_lost = matches!(event, Event::Lost);
            if keys.send(event).is_err() || is_lost {
                return;
            }
        }
    };
    std::thread::Builder::new().name("keys".into()).spawn(body)?;
    // A terminal that goes away without a signal is no error to crossterm: it would read on for ever.
    let lost = sender.clone();
    let body = move || {
        if host::wait_for_hangup(std::io::stdin().as_fd()).is_ok() {
            let _ = lost.send(Event::Lost);
        }
    };
    std::thread::Builder::new().name("hangup".into()).spawn(body)?;
    Ok(())
}

struct Driver {
    screen: Screen,
    events: Receiver<Event>,
    deeds: Deeds,
    started: Instant,
    pace: Pace,
    signal: Option<i32>,
}

impl Driver {
    fn turn_until_left(
        &mut self,
        app: &mut App,
        workers: &Workers,
    ) -> Result<Option<i32>, TuiError> {
        let mut dirty = true;
        loop {
            let (asks, due) = app.asks(now(self.started));
            for ask in asks {
                workers.ask(ask);
            }
            if dirty && self.pace.wait(Instant::now()).is_zero() {
                self.frame(app)?;
                dirty = false;
            }
            match self.events.recv_timeout(self.patience(app, dirty, due)) {
                Ok(event) => {
                    if self.drain(app, event)? {
                        return Ok(self.signal);
                    }
                    // A store that is written all the time leaves no rest in which messages could go.
                    app.tick(now(self.started));
                    dirty = true;
                }
                Err(RecvTimeoutError::Timeout) => dirty |= app.tick(now(self.started)),
                Err(RecvTimeoutError::Disconnected) => return Ok(self.signal),
            }
        }
    }

    /// How long nothing has to be done.
    fn patience(&self, app: &App, dirty: bool, due: Option<i64>) -> Duration {
        let mut patience = if app.is_lively() { SECOND } else { LONG };
        if dirty {
            patience = patience.min(self.pace.wait(Instant::now()));
        }
        if let Some(due) = due {
            let left = (due - now(self.started).mono_ms).max(1) as u64;
            patience = patience.min(Duration::from_millis(left));
        }
        patience
    }

    /// Takes in an event and all that wait behind it; true if the program is left.
    fn drain(&mut self, app: &mut App, first: Event) -> Result<bool, TuiError> {
        let begun = Instant::now();
        let mut next = Some(first);
        while let Some(event) = next {
            match &event {
                Event::Terminate(signal) => self.signal = Some(*signal),
                Event::Lost => self.signal = Some(host::HANGUP),
                Event::Resize => app.resize(self.screen.size()),
                _ => {}
            }
            let turn = app.event(event, now(self.started));
            if self.carry_out(app, turn)? {
                return Ok(true);
            }
            next = if begun.elapsed() < DRAIN { self.events.try_recv().ok() } else { None };
        }
        Ok(false)
    }

    fn carry_out(&mut self, app: &mut App, turn: Turn) -> Result<bool, TuiError> {
        let from = app.screen_id();
        for effect in turn.effects {
            match effect {
                Effect::Write(write) => self.deeds.write(write),
                Effect::Verb { args, purpose } => self.deeds.verb(from, purpose, args),
                Effect::Launch { args, purpose } => self.deeds.launch(from, purpose, args),
                Effect::Save { path, bytes } => self.deeds.save(path, bytes),
                Effect::SaveAll { folder, files, note } => {
                    self.deeds.save_all(folder, files, note);
                }
                Effect::Copy(text) => self.screen.copy(&text)?,
                // The state has carried these out by itself.
                Effect::Jump(_) | Effect::Overlay(_) | Effect::Say(..) | Effect::Reload => {}
            }
        }
        if turn.suspend {
            self.screen.suspend()?;
            app.resize(self.screen.size());
        }
        if turn.redraw {
            self.screen.clear()?;
        }
        Ok(turn.quit)
    }

    fn frame(&mut self, app: &mut App) -> Result<(), TuiError> {
        host::fault("frame");
        self.screen.draw(|buf, area| {
            if area != app.size() {
                app.resize(area);
            }
            view::draw(app, buf)
        })?;
        self.pace.drawn(Instant::now());
        Ok(())
    }
}

/// When the next frame may be drawn: at once after a rest, and never more than thirty a second for long.
#[derive(Debug, Default)]
struct Pace {
    /// When all of the burst is there again.
    full: Option<Instant>,
}

impl Pace {
    /// How long the next frame has to wait.
    fn wait(&self, now: Instant) -> Duration {
        let used = self.full.map_or(Duration::ZERO, |full| full.saturating_duration_since(now));
        used.saturating_sub(FRAME * (BURST - 1))
    }

    fn drawn(&mut self, now: Instant) {
        self.full = Some(self.full.map_or(now, |full| full.max(now)) + FRAME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rested_screen_answers_at_once_and_a_busy_one_thirty_times_a_second() {
        let mut pace = Pace::default();
        let start = Instant::now();
        let mut now = start;
        let mut drawn = Vec::new();
        while now < start + Duration::from_secs(2) {
            if pace.wait(now).is_zero() {
                pace.drawn(now);
                drawn.push(now - start);
            }
            now += Duration::from_millis(1);
        }
        assert!(drawn[3] < Duration::from_millis(5), "a burst at once: {:?}", &drawn[..5]);
        let last_second = drawn.iter().filter(|at| **at >= Duration::from_secs(1)).count();
        assert!((29..=31).contains(&last_second), "{last_second} frames a second");
        assert!(pace.wait(now + Duration::from_secs(1)).is_zero());
    }
}
