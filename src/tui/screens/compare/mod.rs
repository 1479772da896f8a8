//! The compare screen: two to six runs side by side, what differs, and whether it matters.
//!
//! The first run is the reference, called A. Its letter and color stay with a run until the order changes.

mod act;
mod curve;
mod finding;
mod head;
mod load;
mod look;
mod predicted;
mod scores;
mod sheets;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use curve::{RunCurve, Sample};
pub use load::{Answer, Ask, FoldScores, Folds, Found, Offer};
pub use predicted::{ClassRanks, Ranks, Slice, Slices};

use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::domain::{Goal, RunId};
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask;
use crate::tui::ask::Trouble;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::layout;
use crate::tui::overlay::Outcome;
use curve::{Drawing, X};
use finding::MetricRow;
use indexmap::IndexSet;
use look::{Lens, View, WEIGHTS};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use scores::Scores;
use std::collections::BTreeMap;
use table::{Cursor, Sheet};

/// Runs at most.
pub(super) const MOST: usize = 6;
/// Panes.
const PARAMS: u8 = 0;
const METRICS: u8 = 1;
const LOOK: u8 = 2;

/// Cells that a verdict with everything that it rests on takes.
const ONE_LINE: u16 = 130;

/// Something that was asked for once.
#[derive(Debug, Clone, PartialEq)]
enum Pending {
    Offers,
    Find(String),
}

/// An answer to a slow question, and to which one.
#[derive(Debug)]
struct Slow<T> {
    ask: Ask,
    found: Result<T, String>,
}

/// State of the screen.
#[derive(Debug, Default)]
pub struct Compare {
    /// The runs, the reference first; empty while the marks are shown.
    runs: Vec<RunId>,
    /// The runs that what follows is about.
    shown: Vec<RunId>,
    /// The selected one.
    column: usize,
    found: BTreeMap<RunId, Found>,
    is_read: bool,
    folds: Folds,
    metrics: Vec<MetricRow>,
    /// The metric that is selected; the first one if there is none of that name.
    metric: Option<String>,
    metric_first: usize,
    params: Sheet,
    params_at: Cursor,
    differ: (usize, usize),
    /// Equal parameters are shown too.
    all: bool,
    /// Metrics are a table, not intervals.
    is_table: bool,
    view: View,
    lens: Lens,
    curves: Option<Slow<BTreeMap<RunId, RunCurve>>>,
    drawing: Drawing,
    ranks: Option<Slow<Ranks>>,
    class: usize,
    rank_x: Option<f64>,
    slices: Option<Slow<Slices>>,
    /// The table of the view.
    sheet: Sheet,
    sheet_at: [Cursor; View::ALL.len()],
    pending: Option<Pending>,
    offers: Vec<Offer>,
    trouble: Option<String>,
}

impl Compare {
    /// The runs to be compared: those that were given, else the marks.
    fn wanted(&self, shared: &Shared) -> Vec<RunId> {
        if self.runs.is_empty() {
            ordered(shared.marks.iter().copied(), shared)
        } else {
            self.runs.clone()
        }
    }

    /// Letter, number and record of each run that is shown.
    fn columns(&self) -> Vec<(char, RunId, Option<&Found>)> {
        let column = |(letter, id): (char, &RunId)| (letter, *id, self.found.get(id));
        ('A'..).zip(&self.shown).map(column).collect()
    }

    fn letters(&self) -> Vec<char> {
        ('A'..).take(self.shown.len()).collect()
    }

    fn is_live(&self) -> bool {
        self.found.values().any(|found| !found.record.status.is_over())
    }

    /// The place of the selected metric.
    fn metric_at(&self) -> usize {
        let is_it = |row: &MetricRow| Some(&row.name) == self.metric.as_ref();
        self.metrics.iter().position(is_it).unwrap_or(0)
    }

    fn metric_row(&self) -> Option<&MetricRow> {
        self.metrics.get(self.metric_at())
    }

    /// What the run that is selected aims at.
    fn aim(&self) -> Option<(String, String, Goal)> {
        let found = self.shown.iter().find_map(|id| self.found.get(id))?;
        let (metric, goal) = found.objectives.first()?.clone();
        Some((found.record.sweep.clone()?, metric, goal))
    }

    /// The views that say something about these runs.
    fn views(&self) -> Vec<View> {
        View::ALL.into_iter().filter(|view| self.fits(*view)).collect()
    }

    /// The view that is shown: the one that was chosen, while it says something.
    fn view(&self) -> View {
        if self.fits(self.view) { self.view } else { View::default() }
    }

    fn fits(&self, view: View) -> bool {
        if !self.is_read {
            return true;
        }
        let runs = || self.found.values().map(|found| &found.record);
        match view {
            View::Curves | View::Facts => true,
            View::Folds => {
                let folds = self.metrics.iter().flat_map(|row| &row.scores);
                self.folds.is_empty() || folds.into_iter().any(|score| score.folds.len() > 1)
            }
            View::Slices => runs().any(|run| run.data_hash.is_some()),
            View::Roc | View::Pr => runs().any(|run| {
                run.data_hash.is_some() && !run.metrics.keys().any(|name| is_of_numbers(name))
            }),
        }
    }

    /// What is known of the selected run by the selected metric: the verdict, and what it rests on.
    fn said(&self, shared: &Shared) -> Option<(Vec<String>, crate::tui::theme::Role)> {
        let row = self.metric_row().filter(|_| self.is_read && !self.shown.is_empty())?;
        let (parts, role) = scores::sentence(row, self.column, &self.letters())?;
        let plain = |text: String| crate::tui::widgets::plain(&shared.theme, &text).into_owned();
        Some((parts.into_iter().map(plain).collect(), role))
    }

    fn next_view(&self) -> View {
        let views = self.views();
        let at = views.iter().position(|view| *view == self.view()).unwrap_or(0);
        views[(at + 1) % views.len()]
    }

    /// Makes everything that follows from runs, answers and view. Called after each change of them.
    fn refresh(&mut self, shared: &Shared) {
        self.shown = self.wanted(shared);
        self.column = self.column.min(self.shown.len().saturating_sub(1));
        self.metrics = finding::metric_rows(&self.shown, &self.found, &self.folds, &shared.catalog);
        let params = sheets::params(&self.columns(), !self.all, &shared.theme);
        (self.params, self.differ) = params;
        self.refresh_look(shared);
    }

    /// Makes what follows from the view and the metric.
    fn refresh_look(&mut self, shared: &Shared) {
        let theme = &shared.theme;
        self.sheet = match (self.view(), self.metric_row()) {
            (View::Folds, Some(row)) => sheets::folds(row, &self.letters(), theme),
            (View::Slices, _) => match &self.slices {
                Some(Slow { ask, found: Ok(found) }) if Some(ask) == self.slices_ask().as_ref() => {
                    let goal = crate::metrics::info(&found.metric).map(|info| info.goal);
                    sheets::slices(found, &self.columns(), (goal, theme))
                }
                _ => Sheet::default(),
            },
            (View::Facts, _) => sheets::facts(&self.columns(), theme),
            _ => Sheet::default(),
        };
        let asked = self.curves_ask();
        self.drawing = match &self.curves {
            Some(Slow { ask, found: Ok(curves) }) if is_same(Some(ask), asked.as_ref()) => {
                let of = |(letter, id): (char, &RunId)| (letter, curves.get(id));
                let columns: Vec<_> = ('A'..).zip(&self.shown).map(of).collect();
                curve::drawing(&columns, self.lens.x, WEIGHTS[self.lens.weight])
            }
            _ => Drawing::default(),
        };
    }

    fn sorted(&self, shared: &Shared) -> Vec<RunId> {
        let mut ids = self.wanted(shared);
        ids.sort_unstable();
        ids
    }

    fn sorted_shown(&self) -> Vec<RunId> {
        let mut ids = self.shown.clone();
        ids.sort_unstable();
        ids
    }

    fn curves_ask(&self) -> Option<Ask> {
        let metric = self.metric_row()?.name.clone();
        Some(Ask::Curves { ids: self.sorted_shown(), metric, live: self.is_live() })
    }

    fn slices_ask(&self) -> Option<Ask> {
        let metric = self.metric_row()?.name.clone();
        Some(Ask::Slices { ids: self.sorted_shown(), metric })
    }

    fn is_curve_read(&self) -> bool {
        let asked = self.curves_ask();
        self.curves.as_ref().is_some_and(|slow| is_same(Some(&slow.ask), asked.as_ref()))
    }

    fn scores<'a>(&'a self, letters: &'a [char]) -> Scores<'a> {
        let cursor = Cursor { row: self.metric_at(), first: self.metric_first };
        Scores { rows: &self.metrics, letters, cursor, run: self.column }
    }

    /// The ranks of the runs that are shown.
    fn ranks(&self) -> Option<&Result<Ranks, String>> {
        let slow = self.ranks.as_ref()?;
        (slow.ask == Ask::Ranks(self.sorted_shown())).then_some(&slow.found)
    }

    fn title_of_look(&self) -> String {
        let metric = self.metric_row().map(|row| crate::tui::paint::clean(&row.name));
        let metric = metric.unwrap_or_default();
        match self.view() {
            View::Curves if self.drawing.x == X::Fold && !self.drawing.lines.is_empty() => {
                format!("{metric} by fold")
            }
            View::Curves | View::Folds => format!("{metric} {}", self.view().title()),
            View::Slices => match &self.slices {
                Some(Slow { found: Ok(found), .. }) => {
                    format!("{} by {}", found.metric, self.view().title())
                }
                _ => self.view().title().into(),
            },
            View::Roc | View::Pr => match self.ranks() {
                Some(Ok(ranks)) => {
                    format!("{} {}", self.view().title(), look::class_of(ranks, self.class))
                }
                _ => self.view().title().into(),
            },
            View::Facts => self.view().title().into(),
        }
    }

    fn note_of_look(&self) -> String {
        let mut parts = Vec::new();
        if self.view() == View::Curves && !self.drawing.lines.is_empty() {
            if self.drawing.x != X::Fold {
                let from = if self.drawing.is_from_first { " since the first value" } else { "" };
                parts.push(format!("x {}{from}", self.drawing.x.name()));
            }
            if self.lens.is_log {
                parts.push("y log".into());
            }
            if self.lens.weight > 0 {
                parts.push(format!("smooth {}", WEIGHTS[self.lens.weight]));
            }
            if self.drawing.is_mean {
                parts.push("mean of folds".into());
            }
        }
        let views = self.views();
        let at = views.iter().position(|view| *view == self.view()).unwrap_or(0);
        parts.push(format!("v {}/{}", at + 1, views.len()));
        parts.join(" · ")
    }

    fn draw_look(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let letters = self.letters();
        match self.view() {
            View::Curves => {
                let of = (&self.drawing, &self.lens);
                look::draw_curves(buf, place, shared, of, (&letters, self.is_curve_read()));
            }
            View::Roc | View::Pr => match self.ranks() {
                None => draw_empty(buf, place.area, shared, &["reading data and predictions …"]),
                Some(Err(why)) => draw_empty(buf, place.area, shared, &[why]),
                Some(Ok(ranks)) => {
                    let of = (ranks, self.class, (self.view(), self.rank_x));
                    look::draw_ranks(buf, place, shared, of, &self.columns());
                }
            },
            View::Slices if self.sheet.rows.is_empty() => {
                let asked = self.slices_ask();
                match &self.slices {
                    Some(slow) if Some(&slow.ask) == asked.as_ref() => match &slow.found {
                        Err(why) => draw_empty(buf, place.area, shared, &[why]),
                        Ok(found) => {
                            let notes = sheets::lacking(&self.columns(), &found.lacking);
                            let lines: Vec<&str> = notes.iter().map(|n| n.0.as_str()).collect();
                            draw_empty(buf, place.area, shared, &lines);
                        }
                    },
                    _ => draw_empty(buf, place.area, shared, &["reading data and predictions …"]),
                }
            }
            _ => {
                let at = (self.sheet_at[self.view().index()], self.column);
                self.sheet.draw(buf, place, shared, at);
            }
        }
    }
}

/// The champion first, each run once, as many as there is room for.
fn ordered(ids: impl Iterator<Item = RunId>, shared: &Shared) -> Vec<RunId> {
    let ids: IndexSet<RunId> = ids.collect();
    let mut ids: Vec<RunId> = ids.into_iter().collect();
    ids.sort_by_key(|id| !shared.catalog.champions.contains_key(id));
    ids.truncate(MOST);
    ids
}

/// True if the verdict has room in one line; else it has two above the panes.
fn is_wide(shared: &Shared) -> bool {
    shared.body.width >= ONE_LINE
}

/// True for a metric that only predicted numbers have.
fn is_of_numbers(name: &str) -> bool {
    crate::metrics::info(name).is_some_and(|info| info.regression && !info.classification())
}

/// True for the same question about curves, whether a run is still at work or not.
fn is_same(a: Option<&Ask>, b: Option<&Ask>) -> bool {
    match (a, b) {
        (
            Some(Ask::Curves { ids: a, metric: x, .. }),
            Some(Ask::Curves { ids: b, metric: y, .. }),
        ) => a == b && x == y,
        _ => false,
    }
}

impl Screen for Compare {
    fn id(&self) -> ScreenId {
        ScreenId::Compare
    }

    fn panes(&self, _shared: &Shared) -> Vec<Pane> {
        if self.shown.is_empty() {
            return vec![Pane::new(PARAMS, "Compare", "")];
        }
        let (differ, all) = self.differ;
        let hint = if self.all { "d only differing" } else { "d all" };
        let note = format!("{differ} of {all} differ · {hint}");
        let row = self.metric_row();
        let tests = row.map(MetricRow::tests);
        let metrics = match tests {
            Some((folds, 1..)) => format!("mean of {folds} folds · vs A"),
            _ => format!("{} · vs A", self.metrics.len()),
        };
        vec![
            Pane::new(PARAMS, "Params", note),
            Pane::new(METRICS, "Metrics", metrics),
            Pane::new(LOOK, self.title_of_look(), self.note_of_look()),
        ]
    }

    fn arrange(&self, body: Rect, shared: &Shared) -> Vec<Rect> {
        if self.shown.is_empty() {
            return vec![body];
        }
        // Where there is room for two panes only, tables of a few rows get no more than they need.
        let parts: &[u16] = if body.height >= 40 { &[45, 55] } else { &[50, 50] };
        let rows = layout::rows(body, parts);
        let runs = self.shown.len() as u16;
        let is_wide = shared.body.width >= layout::THREE_PANES;
        let left = match runs {
            0..=2 => 42,
            _ if is_wide => 44,
            _ => 50,
        };
        let top = layout::columns(rows[0], &[left, 100 - left]);
        vec![top[0], top[1], rows[1]]
    }

    fn head(&self, shared: &Shared) -> u16 {
        if self.shown.is_empty() {
            return 0;
        }
        let words = if is_wide(shared) { 0 } else { head::WORDS };
        head::height(&self.columns(), shared) + words
    }

    fn draw_head(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let words = if is_wide(shared) { 0 } else { head::WORDS.min(area.height) };
        let (area, below) = layout::split_top(area, area.height - words);
        head::draw(buf, area, (&self.columns(), self.column), shared);
        if words > 0 {
            head::draw_words(buf, below, self.said(shared).as_ref(), shared);
        }
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        if self.shown.is_empty() {
            let lines = [
                "nothing to compare",
                "mark two runs with Space in 1 Runs, then c",
                "a adds one here",
            ];
            return draw_empty(buf, place.area, shared, &lines);
        }
        if !self.is_read {
            let text = self.trouble.as_deref().unwrap_or("reading …");
            return draw_empty(buf, place.area, shared, &[text]);
        }
        let letters = self.letters();
        match pane {
            PARAMS => self.params.draw(buf, place, shared, (self.params_at, self.column)),
            METRICS if self.metrics.is_empty() => {
                draw_empty(buf, place.area, shared, &["no run has a metric yet"]);
            }
            METRICS if self.is_table => {
                let scores = self.scores(&letters);
                let sheet = scores.sheet(&shared.theme);
                sheet.draw(buf, place, shared, (scores.cursor, self.column));
            }
            METRICS => self.scores(&letters).draw(buf, place, shared),
            _ => self.draw_look(buf, place, shared),
        }
    }

    fn enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        self.may(action, pane, shared)
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

    fn point(&mut self, pane: u8, area: Rect, at: (u16, u16), _shared: &mut Shared) {
        if pane == LOOK {
            self.aim_at(area, at.0);
        }
    }

    fn needs(&self, _body: Rect, shared: &Shared) -> Vec<ask::Ask> {
        let ids = self.sorted(shared);
        let mut asks = Vec::new();
        let live = self.is_live();
        if !ids.is_empty() {
            asks.push(Ask::Runs { ids: ids.clone(), live });
            asks.push(Ask::Folds { ids: ids.clone(), live });
            match self.view() {
                View::Roc | View::Pr => asks.push(Ask::Ranks(ids.clone())),
                View::Slices => asks.extend(self.slices_ask()),
                View::Curves => asks.extend(self.curves_ask()),
                View::Folds | View::Facts => {}
            }
        }
        match &self.pending {
            Some(Pending::Offers) => {
                let champions = shared.catalog.champions.keys().copied().collect();
                asks.push(Ask::Offers { ids, sweep: self.aim(), champions });
            }
            Some(Pending::Find(text)) => asks.push(Ask::Find(text.clone())),
            None => {}
        }
        asks.into_iter().map(ask::Ask::Compare).collect()
    }

    fn receive(
        &mut self,
        ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let ask::Ask::Compare(ask) = ask else { return Vec::new() };
        let answer = match answer {
            Ok(ask::Answer::Compare(answer)) => Ok(answer),
            Ok(_) => return Vec::new(),
            Err(trouble) => Err(trouble.to_string()),
        };
        self.take_in(ask, answer, shared)
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        Ok(self.answered(purpose, &outcome, shared))
    }

    fn jump(&mut self, jump: &Jump, shared: &mut Shared) -> Vec<Effect> {
        let Jump::Compare(ids) = jump else { return Vec::new() };
        let distinct: IndexSet<RunId> = ids.iter().copied().collect();
        self.runs = ordered(distinct.iter().copied(), shared);
        self.column = usize::from(self.runs.len() > 1);
        self.is_read = false;
        (self.lens.crosshair, self.lens.range, self.rank_x) = (None, None, None);
        self.class = 0;
        self.refresh(shared);
        match distinct.len() {
            n if n > MOST => {
                let text =
                    format!("{MOST} of {n} runs fit side by side; u takes one out, a adds one");
                vec![Effect::Say(Tone::Info, text)]
            }
            _ => Vec::new(),
        }
    }

    fn clear(&mut self, _shared: &mut Shared) -> bool {
        let had = self.lens.crosshair.is_some() || self.rank_x.is_some();
        (self.lens.crosshair, self.rank_x) = (None, None);
        had || self.lens.range.take().is_some()
    }

    fn status(&self, shared: &Shared) -> Vec<(String, ratatui::style::Style)> {
        let said = self.said(shared).filter(|_| is_wide(shared));
        let line = said.map(|(parts, role)| (parts.join(" · "), shared.theme.style(role)));
        line.into_iter().collect()
    }

    fn position(&self, _shared: &Shared) -> String {
        match self.metrics.len() {
            0 => String::new(),
            n => format!("metric {}/{n}", self.metric_at() + 1),
        }
    }

    fn remember(&self) -> serde_json::Value {
        serde_json::json!({ "view": self.view.word(), "all": self.all, "table": self.is_table })
    }

    fn recall(&mut self, remembered: &serde_json::Value) {
        let is = |key: &str| remembered[key].as_bool().unwrap_or(false);
        (self.all, self.is_table) = (is("all"), is("table"));
        let word = remembered["view"].as_str().unwrap_or_default();
        self.view = View::ALL.into_iter().find(|view| view.word() == word).unwrap_or_default();
    }
}
