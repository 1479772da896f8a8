//! What keys, clicks, dialogs and answers do to the comparison.

use super::super::{Enabled, Shared};
use super::curve::X;
use super::load::{Answer, Ask};
use super::look::{self, View, WEIGHTS};
use super::{Compare, LOOK, METRICS, MOST, PARAMS, Pending, Slow, write};
use crate::domain::RunId;
use crate::tui::action::Action;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Choose, Outcome, Overlay, Prompt};
use crate::tui::paint::clean;
use ratatui::layout::Rect;

/// Purposes of dialogs.
const OFFER: &str = "compare-add";
const NUMBER: &str = "compare-number";
/// Part of the width that a half page moves the crosshair by.
const LEAP: f64 = 0.1;

impl Compare {
    pub(super) fn may(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        let n = self.shown.len();
        if action == Action::Add {
            return if n < MOST {
                Enabled::Yes
            } else {
                Enabled::No("six runs are as many as fit")
            };
        }
        if action == Action::Compare {
            return if shared.marks.len() > 1 {
                Enabled::As("compare marks")
            } else {
                Enabled::No("mark two runs with Space in 1 Runs")
            };
        }
        if n == 0 {
            return Enabled::Never;
        }
        let of_curves = pane == LOOK && self.view() == View::Curves;
        let only = |fits: bool| if fits { Enabled::Yes } else { Enabled::Never };
        match action {
            Action::Up
            | Action::Down
            | Action::Left
            | Action::Right
            | Action::Top
            | Action::Bottom
            | Action::PageUp
            | Action::PageDown => Enabled::Yes,
            Action::Write => Enabled::As("write Markdown, SVG and JSON"),
            Action::Open => Enabled::As("open run"),
            Action::Copy => Enabled::As("copy table"),
            Action::Mark if self.column == 0 => Enabled::No("A is the reference already"),
            Action::Mark => Enabled::As("mark as A"),
            Action::Unmark => Enabled::As("take out"),
            Action::Differing => only(pane == PARAMS),
            Action::View => only(pane == METRICS || pane == LOOK),
            Action::Log
            | Action::Axis
            | Action::Smooth
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::ZoomAll => only(of_curves),
            _ => Enabled::Never,
        }
    }

    pub(super) fn carry_out(
        &mut self,
        action: Action,
        (pane, area): (u8, Rect),
        shared: &mut Shared,
    ) -> Vec<Effect> {
        match action {
            Action::Add => {
                self.pending = Some(Pending::Offers);
                return Vec::new();
            }
            Action::Compare => {
                return vec![Effect::Jump(Jump::Compare(shared.marks.iter().copied().collect()))];
            }
            Action::Open => return self.open(),
            Action::Mark => return self.make_reference(shared),
            Action::Unmark => return self.take_out(shared),
            Action::Write => return write::files(self, shared),
            Action::Copy => {
                let text = write::markdown(self, shared);
                let said = "copied the comparison as Markdown".into();
                return vec![Effect::Copy(text), Effect::Say(Tone::Good, said)];
            }
            Action::Differing => {
                self.all = !self.all;
                self.refresh(shared);
            }
            Action::View if pane == METRICS => self.is_table = !self.is_table,
            Action::View => {
                self.view = self.next_view();
                self.refresh_look(shared);
            }
            action if pane == LOOK && self.view().is_chart() => self.on_chart(action, area, shared),
            Action::Left | Action::Right => self.select(action == Action::Right),
            action => self.on_rows(action, (pane, area), shared),
        }
        Vec::new()
    }

    fn select(&mut self, right: bool) {
        let last = self.shown.len().saturating_sub(1);
        self.column =
            if right { (self.column + 1).min(last) } else { self.column.saturating_sub(1) };
    }

    fn open(&self) -> Vec<Effect> {
        let Some(id) = self.shown.get(self.column) else { return Vec::new() };
        if self.is_read && !self.found.contains_key(id) {
            return vec![Effect::Say(Tone::Bad, format!("run {id} is gone"))];
        }
        vec![Effect::Jump(Jump::Run(*id))]
    }

    fn make_reference(&mut self, shared: &Shared) -> Vec<Effect> {
        self.runs.clone_from(&self.shown);
        if self.column < self.runs.len() {
            let run = self.runs.remove(self.column);
            self.runs.insert(0, run);
            self.column = 0;
            self.refresh(shared);
            let text = format!("run {run} is A, the reference");
            return vec![Effect::Say(Tone::Info, text)];
        }
        Vec::new()
    }

    fn take_out(&mut self, shared: &mut Shared) -> Vec<Effect> {
        if self.column >= self.shown.len() {
            return Vec::new();
        }
        // The last one leaves the marks too, or they would bring it back.
        let from_marks = self.runs.is_empty();
        self.runs.clone_from(&self.shown);
        let run = self.runs.remove(self.column);
        if from_marks || self.runs.is_empty() {
            shared.marks.shift_remove(&run);
        }
        if self.runs.is_empty() {
            shared.marks.clear();
        }
        self.refresh(shared);
        vec![Effect::Say(Tone::Info, format!("run {run} is out; a adds it again"))]
    }

    fn add(&mut self, run: RunId, shared: &Shared) -> Vec<Effect> {
        if let Some(at) = self.shown.iter().position(|id| *id == run) {
            self.column = at;
            let letter = self.letters()[at];
            return vec![Effect::Say(Tone::Info, format!("run {run} is there already: {letter}"))];
        }
        if self.shown.len() >= MOST {
            return vec![Effect::Say(Tone::Bad, "six runs are as many as fit".into())];
        }
        self.runs.clone_from(&self.shown);
        self.runs.push(run);
        self.column = self.runs.len() - 1;
        self.is_read &= self.found.contains_key(&run) || !self.found.is_empty();
        self.refresh(shared);
        Vec::new()
    }

    /// Moving in tables and lists.
    fn on_rows(&mut self, action: Action, (pane, area): (u8, Rect), shared: &Shared) {
        let height = match pane {
            PARAMS => self.params.height(area),
            METRICS => usize::from(area.height.saturating_sub(1)),
            _ => self.sheet.height(area),
        };
        let page = (height / 2).max(1) as isize;
        let by = match action {
            Action::Up => -1,
            Action::Down => 1,
            Action::PageUp => -page,
            Action::PageDown => page,
            Action::Top => isize::MIN,
            Action::Bottom => isize::MAX,
            _ => return,
        };
        match pane {
            PARAMS => self.params_at.step(by, height, self.params.rows.len()),
            METRICS => {
                let of_page = action == Action::PageUp || action == Action::PageDown;
                let block = if self.is_table { 1 } else { self.shown.len() as isize + 1 };
                let by = if of_page { by.signum() * (by.abs() / block).max(1) } else { by };
                self.step_metric(by, shared);
                self.scroll_metrics(area);
            }
            _ => {
                let rows = self.sheet.rows.len();
                self.sheet_at[self.view().index()].step(by, height, rows);
            }
        }
    }

    /// Another metric is selected.
    fn step_metric(&mut self, by: isize, shared: &Shared) {
        let last = self.metrics.len().saturating_sub(1) as isize;
        let at = (self.metric_at() as isize).saturating_add(by).clamp(0, last) as usize;
        self.choose_metric(at, shared);
    }

    fn choose_metric(&mut self, at: usize, shared: &Shared) {
        let Some(row) = self.metrics.get(at) else { return };
        if self.metric.as_ref() != Some(&row.name) {
            self.metric = Some(row.name.clone());
            self.lens.range = None;
            self.refresh_look(shared);
        }
    }

    fn scroll_metrics(&mut self, area: Rect) {
        let letters = self.letters();
        let first = if self.is_table {
            let height = usize::from(area.height.saturating_sub(1));
            crate::tui::layout::scroll(
                self.metric_first,
                self.metric_at(),
                height,
                self.metrics.len(),
            )
        } else {
            self.scores(&letters).first(area)
        };
        self.metric_first = first;
    }

    /// Moving and looking on a chart.
    fn on_chart(&mut self, action: Action, area: Rect, shared: &Shared) {
        let is_curves = self.view() == View::Curves;
        match action {
            Action::Up | Action::Down if is_curves => {
                self.step_metric(if action == Action::Down { 1 } else { -1 }, shared);
            }
            Action::Up => self.class = self.class.saturating_sub(1),
            Action::Down => {
                let n = match self.ranks() {
                    Some(Ok(ranks)) => ranks.classes.len(),
                    _ => 0,
                };
                self.class = (self.class + 1).min(n.saturating_sub(1));
            }
            Action::Log => self.lens.is_log = !self.lens.is_log,
            Action::Smooth => {
                self.lens.weight = (self.lens.weight + 1) % WEIGHTS.len();
                self.refresh_look(shared);
            }
            Action::Axis => {
                self.lens.x = match self.lens.x {
                    X::Step | X::Fold => X::Since,
                    X::Since => X::Clock,
                    X::Clock => X::Step,
                };
                (self.lens.range, self.lens.crosshair) = (None, None);
                self.refresh_look(shared);
            }
            Action::ZoomIn | Action::ZoomOut => {
                if let Some(all) = self.drawing.x_range() {
                    self.lens.zoom(all, if action == Action::ZoomIn { 0.5 } else { 2.0 });
                }
            }
            Action::ZoomAll => self.lens.range = None,
            action if is_curves => self.move_crosshair(action, area),
            action => {
                let x = self.rank_x.unwrap_or(0.0);
                let step = 1.0 / f64::from(area.width.max(10));
                let to = match action {
                    Action::Left => x - step,
                    Action::Right if self.rank_x.is_some() => x + step,
                    Action::PageUp => x - LEAP,
                    Action::PageDown => x + LEAP,
                    Action::Bottom => 1.0,
                    _ => 0.0,
                };
                self.rank_x = Some(to.clamp(0.0, 1.0));
            }
        }
    }

    fn move_crosshair(&mut self, action: Action, area: Rect) {
        let Some(all) = self.drawing.x_range() else { return };
        let (low, high) = self.lens.range.unwrap_or(all);
        let width = high - low;
        let least = match action {
            Action::PageUp | Action::PageDown => width * LEAP,
            _ => width / f64::from(area.width.max(1)) / 2.0,
        };
        let now = self.lens.crosshair;
        self.lens.crosshair = match (action, now) {
            (Action::Top, _) => Some(all.0),
            (Action::Bottom, _) => Some(all.1),
            // The end is what one looks at first.
            (_, None) => Some(high.min(all.1)),
            (Action::Right | Action::PageDown, Some(x)) => {
                self.drawing.beyond(x, least, true).or(now)
            }
            (_, Some(x)) => self.drawing.beyond(x, least, false).or(now),
        };
        self.lens.follow();
    }

    /// The crosshair to a column of the screen.
    pub(super) fn aim_at(&mut self, area: Rect, column: u16) {
        let letters = self.letters();
        match self.view() {
            View::Curves => {
                let of = (&self.drawing, &self.lens);
                let x = look::x_at(area, column, of, &letters);
                self.lens.crosshair = x.or(self.lens.crosshair);
            }
            View::Roc | View::Pr => {
                let x = match self.ranks() {
                    Some(Ok(ranks)) => {
                        let of = (ranks, self.class, self.view());
                        look::rank_x_at((area, column), of, &self.columns())
                    }
                    _ => None,
                };
                self.rank_x = x.or(self.rank_x);
            }
            _ => {}
        }
    }

    pub(super) fn clicked(
        &mut self,
        (pane, area): (u8, Rect),
        at: (u16, u16),
        again: bool,
        shared: &Shared,
    ) -> Vec<Effect> {
        if self.shown.is_empty() {
            return Vec::new();
        }
        let letters = self.letters();
        let (row, run) = match pane {
            PARAMS => self.params.hit(area, at, (self.params_at, self.column)),
            METRICS if self.is_table => {
                let scores = self.scores(&letters);
                scores.sheet(&shared.theme).hit(area, at, (scores.cursor, self.column))
            }
            METRICS => match self.scores(&letters).hit(area, at.1) {
                Some((metric, run)) => (Some(metric), run),
                None => (None, None),
            },
            _ if self.view().is_chart() => {
                self.aim_at(area, at.0);
                return Vec::new();
            }
            _ => {
                let cursor = self.sheet_at[self.view().index()];
                self.sheet.hit(area, at, (cursor, self.column))
            }
        };
        if let Some(run) = run {
            self.column = run.min(self.shown.len() - 1);
        }
        match (pane, row) {
            (PARAMS, Some(row)) => self.params_at.row = row,
            (METRICS, Some(row)) => self.choose_metric(row, shared),
            (_, Some(row)) => self.sheet_at[self.view().index()].row = row,
            (_, None) => {}
        }
        if again && row.is_none() && run.is_some() { self.open() } else { Vec::new() }
    }

    /// Takes an answer in.
    pub(super) fn take_in(
        &mut self,
        ask: &Ask,
        answer: Result<Answer, String>,
        shared: &Shared,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (ask, answer) {
            (_, Ok(Answer::Runs(found))) => {
                (self.found, self.is_read, self.trouble) = (found, true, None);
                self.refresh(shared);
            }
            (_, Ok(Answer::Folds(folds))) => {
                self.folds = folds;
                self.refresh(shared);
            }
            (ask, Ok(Answer::Curves(curves))) => {
                self.curves = Some(Slow { ask: ask.clone(), found: Ok(curves) });
                self.refresh_look(shared);
            }
            (ask, Ok(Answer::Ranks(ranks))) => {
                self.class = self.class.min(ranks.classes.len().saturating_sub(1));
                self.ranks = Some(Slow { ask: ask.clone(), found: Ok(*ranks) });
            }
            (ask, Ok(Answer::Slices(slices))) => {
                self.slices = Some(Slow { ask: ask.clone(), found: Ok(slices) });
                self.refresh_look(shared);
            }
            (_, Ok(Answer::Offers(offers))) => {
                if self.pending.take() == Some(Pending::Offers) {
                    effects.push(self.offer(offers));
                }
            }
            (_, Ok(Answer::Find(run))) => {
                self.pending = None;
                effects.extend(self.add(run, shared));
            }
            (ask, Err(why)) => effects.extend(self.failed(ask, clean(&why), shared)),
        }
        effects
    }

    fn failed(&mut self, ask: &Ask, why: String, shared: &Shared) -> Option<Effect> {
        match ask {
            Ask::Ranks(_) => {
                self.ranks = Some(Slow { ask: ask.clone(), found: Err(why) });
                return None;
            }
            Ask::Slices { .. } => {
                self.slices = Some(Slow { ask: ask.clone(), found: Err(why) });
                self.refresh_look(shared);
                return None;
            }
            Ask::Runs { .. } => self.trouble = Some(why.clone()),
            Ask::Offers { .. } | Ask::Find(_) => self.pending = None,
            Ask::Folds { .. } | Ask::Curves { .. } => {}
        }
        Some(Effect::Say(Tone::Bad, why))
    }

    /// A list of runs to add; the first entry asks for a number.
    fn offer(&mut self, offers: Vec<super::Offer>) -> Effect {
        self.offers = offers;
        let mut items = vec![("…".to_string(), "another one: type its number or name".to_string())];
        items.extend(self.offers.iter().map(|(id, score, about)| {
            let value = if score.is_empty() { id.to_string() } else { format!("{id}  {score}") };
            (clean(&value), clean(about))
        }));
        let row = usize::from(items.len() > 1);
        Effect::Overlay(Overlay::Choose(Choose::new(OFFER, "Add a run", items, row)))
    }

    /// What came of a dialog.
    pub(super) fn answered(
        &mut self,
        purpose: &'static str,
        outcome: &Outcome,
        shared: &Shared,
    ) -> Vec<Effect> {
        match (purpose, outcome) {
            (OFFER, Outcome::Chosen(0)) => {
                let prompt = Prompt::asking(NUMBER, "run");
                vec![Effect::Overlay(Overlay::Prompt(prompt))]
            }
            (OFFER, Outcome::Chosen(at)) => match self.offers.get(at - 1).map(|offer| offer.0) {
                Some(run) => self.add(run, shared),
                None => Vec::new(),
            },
            (NUMBER, Outcome::Typed(text)) => {
                let text = text.trim();
                if !text.is_empty() {
                    self.pending = Some(Pending::Find(text.into()));
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}
