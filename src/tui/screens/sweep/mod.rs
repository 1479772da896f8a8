//! The sweep screen: how far it is, what was best, what mattered, who works at it; and steering it.

mod act;
mod asked;
mod best;
mod cursor;
mod ends;
mod forms;
mod head;
mod importance;
mod list;
mod load;
mod now;
mod places;
mod point;
mod standing;
mod steering;
mod top;

#[cfg(test)]
mod tests;

pub use load::{Answer, Ask};

use super::figures::Figures;
use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::compare::ImportanceMethod;
use crate::domain::{RunId, Status, SweepId};
use crate::spec;
use crate::store::SweepRow;
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask;
use crate::tui::ask::{Trouble, VerbOutcome};
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::layout::{TWO_PANES, inner, split_top};
use crate::tui::overlay::Outcome;
use cursor::Cursor;
use load::{Ends, History, Ranking, State, Work};
use places::{ASKED, BEST, ENDS, FIGURES, IMPORTANCE, NOW, SWEEPS, TOP};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use standing::Standing;
use std::sync::Arc;

/// A process that dies says nothing, so that who works is looked up again after so long.
const BEAT_MS: i64 = 5_000;
/// Panes there are.
const PANES: usize = 8;

/// State of the screen.
#[derive(Debug)]
pub struct Sweep {
    /// The sweep that the answers below are of.
    of: Option<SweepId>,
    state: Option<Box<State>>,
    work: Option<Work>,
    history: Option<Box<History>>,
    ends: Option<Ends>,
    plan: Option<Result<Arc<spec::Sweep>, String>>,
    ranking: Option<Ranking>,
    /// What keeps a pane from being filled, by slot.
    troubles: Vec<(u8, String)>,
    method: ImportanceMethod,
    /// The objective whose importances are shown.
    objective: usize,
    /// Logarithmic scores.
    is_log: bool,
    /// The dot under the crosshair.
    crosshair: Option<usize>,
    cursors: [Cursor; PANES],
    /// Panes in the order in which they were called to the front of their places.
    fronts: Vec<u8>,
    /// Counts exports, and the one that is wanted.
    exports: u64,
    export: Option<u64>,
    /// What the open form asks.
    asking: Option<forms::Asking>,
    /// The run that is to be stopped, while that is being confirmed.
    stopping: Option<RunId>,
    /// The run at work under the cursor, which stays on it while others end.
    at_hand: Option<RunId>,
    figures: Figures,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            of: None,
            state: None,
            work: None,
            history: None,
            ends: None,
            plan: None,
            ranking: None,
            troubles: Vec::new(),
            method: ImportanceMethod::PedAnova,
            objective: 0,
            is_log: false,
            crosshair: None,
            cursors: [Cursor::default(); PANES],
            fronts: Vec::new(),
            exports: 0,
            export: None,
            asking: None,
            stopping: None,
            at_hand: None,
            figures: Figures::default(),
        }
    }
}

impl Sweep {
    /// What is known of the sweep that is shown.
    fn standing<'a>(&'a self, shared: &'a Shared) -> Option<Standing<'a>> {
        let row = shown_row(shared)?;
        let is_of = self.of == Some(row.id);
        let plan = self.plan.as_ref().filter(|_| is_of).and_then(|plan| plan.as_ref().ok());
        let state = self.state.as_deref().filter(|_| is_of);
        let latest = state.map(|state| &state.reached);
        Some(Standing {
            row,
            reached: latest.or(shared.catalog.reached(row.id))?,
            state,
            work: self.work.as_ref().filter(|_| is_of),
            ends: self.ends.as_ref().filter(|_| is_of),
            history: self.history.as_deref().filter(|_| is_of),
            plan: plan.map(|plan| &**plan),
            now_ms: shared.now_ms,
        })
    }

    /// Another sweep.
    fn open(&mut self, sweep: SweepId, shared: &mut Shared) {
        shared.sweep = Some(sweep);
        if self.of != Some(sweep) {
            self.forget();
        }
    }

    /// Nothing that was answered counts any more.
    fn forget(&mut self) {
        let fresh = Self {
            method: self.method,
            is_log: self.is_log,
            fronts: std::mem::take(&mut self.fronts),
            exports: self.exports,
            figures: std::mem::take(&mut self.figures),
            ..Self::default()
        };
        let sweeps = self.cursors[usize::from(SWEEPS)];
        *self = fresh;
        self.cursors[usize::from(SWEEPS)] = sweeps;
    }

    fn places(&self, shared: &Shared) -> Vec<places::Slot> {
        places::slots(split_top(shared.body, self.head(shared)).1)
    }

    /// The pane that is shown in a place.
    fn front(&self, slot: places::Slot, shared: &Shared) -> u8 {
        let called = self.fronts.iter().rev().find(|pane| slot.panes.contains(pane));
        // Where nobody works, what came of it says more.
        let first = match slot.panes {
            [NOW, TOP, ..] if shown_row(shared).is_some_and(|row| at_work(row) == 0) => Some(&TOP),
            panes => panes.first(),
        };
        called.or(first).copied().unwrap_or(BEST)
    }

    fn pane(&self, slot: places::Slot, shared: &Shared) -> Pane {
        let id = self.front(slot, shared);
        if id == FIGURES {
            let (title, note) = self.figures.title();
            return Pane::new(id, title, note);
        }
        let (title, note) = match id {
            BEST => ("Best so far", best::note(self, shared)),
            IMPORTANCE => ("Importance", importance::note(self, shared)),
            NOW => ("Now", now::note(self, shared)),
            TOP => ("Top", top::note(self, shared)),
            ENDS => ("Ends", ends::note(self)),
            ASKED => ("Asked", asked::note(self)),
            _ => ("Sweeps", list::note(shared)),
        };
        if slot.panes.len() == 1 {
            return Pane::new(id, title, note);
        }
        let names = slot.panes.iter().map(|pane| {
            let name = tab(*pane);
            if *pane == id { format!("[{name}]") } else { name.into() }
        });
        Pane::new(id, names.collect::<Vec<String>>().join(" "), String::new())
    }

    /// The cursor among the runs at work goes with its run; one that has ended leaves it where it is.
    fn stay_on_run(&mut self) {
        let runs = self.work.as_ref().map_or(&[][..], |work| &work.runs);
        let place = self.at_hand.and_then(|run| runs.iter().position(|other| other.run == run));
        let cursor = &mut self.cursors[usize::from(NOW)];
        match place {
            Some(row) => cursor.row = row,
            None => self.at_hand = runs.get(cursor.row).map(|run| run.run),
        }
    }

    fn trouble(&self, slot: u8) -> Option<&str> {
        self.troubles.iter().find(|(of, _)| *of == slot).map(|(_, text)| text.as_str())
    }

    fn take(&mut self, answer: Answer, shared: &Shared) -> Vec<Effect> {
        match answer {
            Answer::State(state) => {
                let news = asked::news(self.state.as_deref(), &state);
                self.state = Some(state);
                return news;
            }
            Answer::Work(work) => {
                self.work = Some(work);
                self.stay_on_run();
            }
            Answer::History(history) => self.history = Some(history),
            Answer::Ends(ends) => self.ends = Some(ends),
            Answer::Figure(_) => {}
            Answer::Plan(plan) => self.plan = Some(plan),
            Answer::Importance(ranking) => self.ranking = Some(ranking),
            Answer::Export(export) => {
                self.export = None;
                let mut effects: Vec<Effect> = Vec::new();
                for (name, bytes) in export.files {
                    effects.push(Effect::Save { path: shared.here.join(name), bytes });
                }
                effects.extend(export.missing.map(|why| Effect::Say(Tone::Info, why)));
                return effects;
            }
        }
        Vec::new()
    }
}

impl Screen for Sweep {
    fn id(&self) -> ScreenId {
        ScreenId::Sweep
    }

    fn panes(&self, shared: &Shared) -> Vec<Pane> {
        if shared.catalog.is_loaded && shared.catalog.sweeps.is_empty() {
            return vec![Pane::new(BEST, "Sweep", "")];
        }
        self.places(shared).into_iter().map(|slot| self.pane(slot, shared)).collect()
    }

    fn arrange(&self, body: Rect, _shared: &Shared) -> Vec<Rect> {
        places::slots(body).into_iter().map(|slot| slot.area).collect()
    }

    fn head(&self, shared: &Shared) -> u16 {
        if shared.catalog.sweeps.is_empty() { 0 } else { 2 }
    }

    fn draw_head(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        if let Some(standing) = self.standing(shared) {
            head::draw(buf, area, &standing, &shared.theme);
        }
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        if shared.catalog.sweeps.is_empty() {
            let none =
                ["no sweeps yet", "", "derby sweep sweeps/FILE.toml", "7 lists the sweep files"];
            let lines: &[&str] =
                if shared.catalog.is_loaded { &none } else { &["reading the store"] };
            return draw_empty(buf, place.area, shared, lines);
        }
        match pane {
            BEST => best::draw(self, buf, place, shared),
            IMPORTANCE => importance::draw(self, buf, place, shared),
            FIGURES => self.figures.draw(buf, place.area, place.focused, shared),
            NOW => now::draw(self, buf, place, shared),
            TOP => top::draw(self, buf, place, shared),
            ENDS => ends::draw(self, buf, place, shared),
            ASKED => asked::draw(self, buf, place, shared),
            _ => list::draw(self, buf, place, shared),
        }
    }

    fn enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        act::enabled(self, action, pane, shared)
    }

    fn act(&mut self, action: Action, pane: u8, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        act::act(self, action, pane, area, shared)
    }

    fn click(
        &mut self,
        pane: u8,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        act::click(self, (pane, area), at, again, shared)
    }

    fn drag(&mut self, pane: u8, _area: Rect, at: (u16, u16), _shared: &mut Shared) {
        if pane == FIGURES {
            self.figures.drag(at);
        }
    }

    fn point(&mut self, pane: u8, area: Rect, at: (u16, u16), shared: &mut Shared) {
        if pane == BEST {
            self.crosshair = best::dot_at(self, area, at, shared);
        }
    }

    fn needs(&self, _body: Rect, shared: &Shared) -> Vec<ask::Ask> {
        let Some(row) = shown_row(shared) else { return Vec::new() };
        let sweep = row.id;
        let of_model = |(_, model): &(&RunId, &String)| **model == row.model;
        let champion = shared.catalog.champions.iter().find(of_model).map(|(run, _)| *run);
        let reached = |state: &State| state.reached.driver.is_some();
        let is_driven = self.state.as_deref().is_some_and(reached);
        let is_alive = is_driven || at_work(row) > 0;
        let beat = if is_alive { shared.now_ms.div_euclid(BEAT_MS) } else { 0 };
        let finished = importance::scored(row);
        let over = shared.catalog.reached(sweep).map_or(0, |reached| reached.over);
        let of = load::Known { row: Arc::new(row.clone()), over };
        let mut asks = vec![
            Ask::State { of: of.clone(), champion, beat },
            Ask::Work { of, beat },
            Ask::History { sweep },
            Ask::Ends { sweep },
            Ask::Plan { sweep },
        ];
        if finished >= importance::NEEDED {
            let finished = importance::rounded(finished, is_alive);
            let (method, objective) = (self.method, importance::objective(self, row));
            asks.push(Ask::Importance { sweep, method, objective, finished });
        }
        asks.extend(self.export.map(|n| Ask::Export { sweep, n }));
        let place = self.places(shared).into_iter().find(|slot| slot.panes == [FIGURES]);
        let area = place.map_or(Rect::ZERO, |slot| inner(slot.area));
        let figures = self.figures.needs(sweep, finished, area);
        asks.extend(figures.into_iter().map(|ask| Ask::Figure { sweep, ask }));
        asks.into_iter().map(ask::Ask::Sweep).collect()
    }

    fn receive(
        &mut self,
        ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let ask::Ask::Sweep(ask) = ask else { return Vec::new() };
        if shown_row(shared).map(|row| row.id) != Some(ask.sweep()) {
            return Vec::new();
        }
        if self.of != Some(ask.sweep()) {
            self.forget();
            self.of = Some(ask.sweep());
            self.figures.look_at(ask.sweep());
            // The list of sweeps begins on the one that is open.
            let place = shared.catalog.sweeps.iter().position(|row| row.id == ask.sweep());
            self.cursors[usize::from(SWEEPS)].row = place.unwrap_or(0);
        }
        if let Ask::Figure { ask, .. } = ask {
            match answer {
                Ok(ask::Answer::Sweep(Answer::Figure(answer))) => {
                    self.figures.receive(ask, Ok(answer));
                }
                Ok(_) => {}
                Err(trouble) => self.figures.receive(ask, Err(trouble)),
            }
            return Vec::new();
        }
        self.troubles.retain(|(slot, _)| *slot != ask.slot());
        match answer {
            Ok(ask::Answer::Sweep(answer)) => self.take(answer, shared),
            Ok(_) => Vec::new(),
            Err(trouble) => {
                self.troubles.push((ask.slot(), trouble.to_string()));
                if matches!(ask, Ask::Export { .. }) {
                    self.export = None;
                    return vec![Effect::Say(Tone::Bad, trouble.to_string())];
                }
                Vec::new()
            }
        }
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        act::settled(self, purpose, outcome, shared)
    }

    fn ended(
        &mut self,
        _purpose: &'static str,
        outcome: VerbOutcome,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        vec![steering::launched(&outcome)]
    }

    fn jump(&mut self, jump: &Jump, shared: &mut Shared) -> Vec<Effect> {
        if let Jump::Sweep(sweep) = jump {
            self.open(*sweep, shared);
        }
        Vec::new()
    }

    fn clear(&mut self, _shared: &mut Shared) -> bool {
        self.crosshair.take().is_some() || self.figures.clear()
    }

    fn status(&self, shared: &Shared) -> Vec<(String, Style)> {
        self.standing(shared).map(|standing| asked::status(&standing, shared)).unwrap_or_default()
    }

    fn position(&self, shared: &Shared) -> String {
        self.standing(shared).map(|standing| standing.progress()).unwrap_or_default()
    }

    fn remember(&self) -> serde_json::Value {
        serde_json::json!({
            "method": self.method.word(), "log": self.is_log, "fronts": self.fronts,
            "figures": self.figures.remember(),
        })
    }

    fn recall(&mut self, remembered: &serde_json::Value) {
        let is_named = |method: &ImportanceMethod| remembered["method"] == method.word();
        if let Some(method) = ImportanceMethod::ALL.into_iter().find(is_named) {
            self.method = method;
        }
        self.figures.recall(&remembered["figures"]);
        self.is_log = remembered["log"].as_bool().unwrap_or(false);
        let fronts = remembered["fronts"].as_array().into_iter().flatten();
        let known = fronts.filter_map(|pane| u8::try_from(pane.as_u64()?).ok());
        self.fronts = known.filter(|pane| *pane <= SWEEPS).take(PANES).collect();
    }
}

/// The sweep that is shown: the one that was chosen, else one that runs, else the newest.
fn shown_row(shared: &Shared) -> Option<&SweepRow> {
    let sweeps = &shared.catalog.sweeps;
    let chosen = shared.sweep.and_then(|id| shared.catalog.sweep(id));
    let runs = |sweep: &&SweepRow| sweep.counts.contains_key(&Status::Running);
    chosen.or_else(|| sweeps.iter().find(runs)).or(sweeps.first())
}

/// The name of a pane that shares its place with others.
fn tab(pane: u8) -> &'static str {
    match pane {
        NOW => "Now",
        TOP => "Top",
        ENDS => "Ends",
        ASKED => "Asked",
        _ => "Sweeps",
    }
}

/// Runs in a state.
fn count(row: &SweepRow, status: Status) -> u64 {
    row.counts.get(&status).copied().unwrap_or(0)
}

/// Runs that are queued or running.
fn at_work(row: &SweepRow) -> u64 {
    count(row, Status::Running) + count(row, Status::Queued)
}

/// True if panes are shown one at a time.
fn is_narrow(shared: &Shared) -> bool {
    shared.body.width < TWO_PANES
}
