//! The run screen: did it learn, with what, from what, what did it say.

mod act;
mod arrange;
mod charts;
mod export;
mod lists;
mod load;
mod points;
mod tail;
#[cfg(test)]
mod tests;
mod view_curves;
mod view_head;
mod view_lists;
mod view_log;
mod write;

pub use charts::ChartSpec;
pub(super) use charts::known_goal;
pub use load::{Answer, Ask, Drawn, Record};
pub use points::{Line, XAxis, Zoom};
pub use tail::{LogLine, LogTail};

use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::domain::{Goal, RunId, RunRecord};
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask;
use crate::tui::ask::Trouble;
use crate::tui::effect::{Effect, Jump};
use crate::tui::layout;
use crate::tui::overlay::{Outcome, Prompt};
use lists::{ParamRow, ScoreRow};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;

/// Its panes.
pub(super) const CURVES: u8 = 0;
const PARAMS: u8 = 1;
const SCORES: u8 = 2;
const FILES: u8 = 3;
const LOG: u8 = 4;
const PLACE: u8 = 5;

/// Weights of the smoothing, in the order of its key.
const WEIGHTS: [f64; 4] = [0.0, 0.5, 0.8, 0.95];

/// State of the screen.
#[derive(Debug, Default)]
pub struct Run {
    shown: Option<RunId>,
    record: Option<Box<Record>>,
    /// Why there is no record.
    trouble: Option<String>,
    /// The run that it is compared with.
    baseline: Option<Box<RunRecord>>,
    curves: Curves,
    params: List,
    scores: List,
    files: List,
    place: List,
    param_rows: Vec<ParamRow>,
    /// How many parameters differ from the other run's, and how many there are.
    n_params: (usize, usize),
    score_rows: Vec<ScoreRow>,
    only_differing: bool,
    /// Parameters with this in their names.
    narrowed: String,
    log: Log,
    /// A file that is to be shown.
    opening: Option<String>,
    /// A chart that is to be written.
    writing: Option<ChartSpec>,
    /// What the form of the run stood at when it was opened: tags.
    edited_tags: Vec<(String, String)>,
}

/// State of the charts.
#[derive(Debug, Default)]
struct Curves {
    /// All of this view, narrowed.
    specs: Vec<ChartSpec>,
    selected: usize,
    /// The selected one alone.
    is_alone: bool,
    /// The machine's in place of the run's own.
    is_system: bool,
    axis: XAxis,
    zoom: Zoom,
    /// Place in [`WEIGHTS`].
    weight: usize,
    /// Charts with a logarithmic axis.
    logs: BTreeSet<String>,
    crosshair: Option<f64>,
    /// Charts with this in their names.
    narrowed: String,
    drawn: Option<Drawn>,
}

/// State of a list.
#[derive(Debug, Default, Clone, Copy)]
struct List {
    selected: usize,
    first: usize,
}

/// State of the log.
#[derive(Debug)]
struct Log {
    tail: Option<LogTail>,
    trouble: Option<String>,
    bytes: u64,
    first: usize,
    left: usize,
    is_following: bool,
    search: String,
    hits: Vec<usize>,
    /// Place in `hits`.
    hit: Option<usize>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            tail: None,
            trouble: None,
            bytes: tail::CHUNK,
            first: 0,
            left: 0,
            is_following: true,
            search: String::new(),
            hits: Vec::new(),
            hit: None,
        }
    }
}

impl Run {
    /// Shows another run; what is set by keys stays.
    fn show(&mut self, run: RunId) {
        if self.shown == Some(run) {
            return;
        }
        let before = std::mem::take(self);
        self.shown = Some(run);
        self.only_differing = before.only_differing;
        self.curves = Curves {
            axis: before.curves.axis,
            weight: before.curves.weight,
            logs: before.curves.logs,
            ..Curves::default()
        };
    }

    fn is_live(&self) -> bool {
        self.record.as_ref().is_some_and(|record| !record.run.status.is_over() && !record.is_lost)
    }

    /// The run that this one is compared with, and what it is called: the champion of its model, else the best of its
    /// sweep.
    fn baseline_of(&self, shared: &Shared) -> Option<(RunId, &'static str)> {
        let record = self.record.as_ref()?;
        let own = record.run.id;
        let sweep = shared.catalog.sweep(record.sweep?)?;
        let mut champions = shared.catalog.champions.iter();
        let champion = champions.find(|(run, model)| **model == sweep.model && **run != own);
        let best = || sweep.best.map(|(best, _)| best).filter(|best| *best != own);
        champion.map(|(run, _)| (*run, "champion")).or_else(|| best().map(|best| (best, "best")))
    }

    /// The other run, once it was read and is still the one to compare with.
    fn other(&self, shared: &Shared) -> Option<(&RunRecord, &'static str)> {
        let (id, word) = self.baseline_of(shared)?;
        self.baseline.as_deref().filter(|run| run.id == id).map(|run| (run, word))
    }

    /// What the sweep aims at.
    fn aims(&self, shared: &Shared) -> Vec<(String, Goal)> {
        let sweep = self.record.as_ref().and_then(|record| record.sweep);
        let sweep = sweep.and_then(|sweep| shared.catalog.sweep(sweep));
        let aims = sweep.into_iter().flat_map(|sweep| &sweep.objectives);
        aims.map(|aim| (aim.metric.clone(), aim.goal)).collect()
    }

    /// Makes lists and charts again from what is known.
    fn rebuild(&mut self, shared: &Shared) {
        let Some(record) = &self.record else { return };
        let aims = self.aims(shared);
        let other = self.other(shared).map(|(run, _)| run);
        let differs = |row: &ParamRow| {
            !self.only_differing || other.is_none() || row.sign != lists::Sign::Equal
        };
        let wanted = self.narrowed.to_lowercase();
        let fits = |row: &ParamRow| row.name.to_lowercase().contains(&wanted) && differs(row);
        let params = lists::params(&record.run, other);
        let own = || params.iter().filter(|row| !row.is_context);
        let n_params = (own().filter(|row| row.sign == lists::Sign::Other).count(), own().count());
        let params = params.into_iter().filter(fits).collect();
        let scores = lists::scores(record, other, &aims);
        let names: Vec<String> = aims.into_iter().map(|(aim, _)| aim).collect();
        let names = charts::curve_names(record, &names, self.curves.is_system);
        let wanted = self.curves.narrowed.to_lowercase();
        let mut specs = charts::charts(names.into_iter());
        specs.retain(|spec| spec.name.to_lowercase().contains(&wanted));
        self.param_rows = params;
        self.n_params = n_params;
        self.score_rows = scores;
        self.curves.specs = specs;
        self.curves.selected = self.curves.selected.min(self.curves.specs.len().saturating_sub(1));
        let n_files = self.files().len();
        let n_place = self.place_rows().len();
        for (list, n) in [
            (&mut self.params, self.param_rows.len()),
            (&mut self.scores, self.score_rows.len()),
            (&mut self.files, n_files),
            (&mut self.place, n_place),
        ] {
            list.selected = list.selected.min(n.saturating_sub(1));
        }
    }

    /// The selected chart.
    fn chart(&self) -> Option<&ChartSpec> {
        self.curves.specs.get(self.curves.selected)
    }

    /// True if a chart shows one score a fold, not a curve.
    fn is_of_folds(&self, spec: &ChartSpec) -> bool {
        let record = self.record.as_ref();
        record.is_some_and(|record| {
            spec.metrics.iter().all(|(metric, _)| record.folds.contains_key(metric))
        })
    }

    /// Charts in the pane, with their areas.
    fn page(&self, area: Rect) -> Vec<(usize, Rect)> {
        if self.curves.specs.is_empty() {
            return Vec::new();
        }
        if self.curves.is_alone {
            return vec![(self.curves.selected, area)];
        }
        charts::page(area, self.curves.specs.len(), self.curves.selected)
    }

    /// The question for the curves that may be seen, in the arrangement or with the pane over the whole screen.
    fn curves_ask(&self, run: RunId, body: Rect, shared: &Shared) -> Option<Ask> {
        let (_, body) = layout::split_top(body, self.head(shared));
        let arranged = self.arrange(body, shared).first().copied().unwrap_or(body);
        let pages = [layout::inner(arranged), layout::inner(body)].map(|area| self.page(area));
        let seen: BTreeSet<usize> = pages.iter().flatten().map(|(at, _)| *at).collect();
        let widest = pages.iter().flatten().map(|(_, area)| area.width).max().unwrap_or(1);
        let specs = seen.into_iter().filter_map(|at| self.curves.specs.get(at));
        let charts: Vec<ChartSpec> =
            specs.filter(|spec| !self.is_of_folds(spec)).cloned().collect();
        (!charts.is_empty()).then(|| Ask::Curves {
            run,
            charts,
            axis: self.curves.axis,
            zoom: self.curves.zoom,
            weight: WEIGHTS[self.curves.weight % WEIGHTS.len()],
            columns: usize::from(widest) * 2,
            is_live: self.is_live(),
        })
    }

    fn log_ask(&self, run: RunId, shared: &Shared) -> Ask {
        let is_live = self.is_live();
        let seen = self.log.tail.as_ref().filter(|_| is_live).map(|tail| tail.size);
        let tick = if is_live { shared.now_ms / 1000 } else { 0 };
        Ask::Log { run, bytes: self.log.bytes, seen, tick }
    }
}

impl Run {
    /// True while no run was chosen.
    pub fn is_empty(&self) -> bool {
        self.shown.is_none()
    }
}

impl Screen for Run {
    fn id(&self) -> ScreenId {
        ScreenId::Run
    }

    fn panes(&self, shared: &Shared) -> Vec<Pane> {
        self.pane_titles(shared)
    }

    fn arrange(&self, body: Rect, _shared: &Shared) -> Vec<Rect> {
        self.arranged(body)
    }

    fn head(&self, shared: &Shared) -> u16 {
        self.head_height(shared)
    }

    fn draw_head(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        self.draw_head_lines(buf, area, shared);
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        if self.shown.is_none() {
            return draw_empty(
                buf,
                place.area,
                shared,
                &["no run chosen", "Enter on a run in 1 Runs"],
            );
        }
        if self.record.is_none() {
            let text = self.trouble.as_deref().unwrap_or("reading …");
            return draw_empty(buf, place.area, shared, &[&crate::tui::paint::clean(text)]);
        }
        match pane {
            PARAMS => self.draw_params(buf, place, shared),
            SCORES => self.draw_scores(buf, place, shared),
            FILES => self.draw_files(buf, place, shared),
            LOG => self.draw_log(buf, place, shared),
            PLACE => self.draw_place(buf, place, shared),
            _ => self.draw_curves(buf, place, shared),
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

    fn point(&mut self, pane: u8, area: Rect, at: (u16, u16), shared: &mut Shared) {
        if pane == CURVES {
            self.point_at(area, at, shared);
        }
    }

    fn needs(&self, body: Rect, shared: &Shared) -> Vec<ask::Ask> {
        let Some(run) = self.shown else { return Vec::new() };
        let mut asks = vec![Ask::Record { run, is_live: self.is_live() }];
        if self.record.is_some() {
            asks.extend(self.baseline_of(shared).map(|(other, _)| Ask::Baseline(other)));
            asks.extend(self.curves_ask(run, body, shared));
            asks.push(self.log_ask(run, shared));
        }
        asks.extend(self.opening.clone().map(|path| Ask::File { run, path }));
        asks.extend(self.writing.clone().map(|chart| Ask::Export { run, chart }));
        asks.into_iter().map(ask::Ask::Run).collect()
    }

    fn receive(
        &mut self,
        ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let ask::Ask::Run(ask) = ask else { return Vec::new() };
        let is_own = matches!(ask, Ask::Baseline(_)) || Some(ask.run()) == self.shown;
        match answer {
            Ok(ask::Answer::Run(answer)) if is_own => self.take_in(answer, shared),
            Err(trouble) if is_own => self.refused(ask, &trouble),
            _ => Vec::new(),
        }
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        self.dialog_ended(purpose, outcome, shared)
    }

    fn prompt(&self, prompt: &mut Prompt, _shared: &Shared) {
        prompt.status = self.prompt_status(prompt.purpose);
    }

    fn jump(&mut self, jump: &Jump, _shared: &mut Shared) -> Vec<Effect> {
        if let Jump::Run(run) = jump {
            self.show(*run);
        }
        Vec::new()
    }

    fn clear(&mut self, shared: &mut Shared) -> bool {
        self.clear_one(shared)
    }

    fn status(&self, shared: &Shared) -> Vec<(String, Style)> {
        self.status_line(shared)
    }

    fn position_in(&self, pane: u8, shared: &Shared) -> String {
        let of = |what: &str, list: List, n: usize| format!("{what} {}/{n}", list.selected + 1);
        match pane {
            PARAMS if !self.param_rows.is_empty() => {
                of("param", self.params, self.param_rows.len())
            }
            SCORES if !self.score_rows.is_empty() => {
                of("score", self.scores, self.score_rows.len())
            }
            FILES => of("file", self.files, self.files().len()),
            LOG => self.log_position().unwrap_or_else(|| self.position(shared)),
            PLACE => of("row", self.place, self.place_rows().len()),
            _ => self.position(shared),
        }
    }

    fn position(&self, _shared: &Shared) -> String {
        match (self.shown, self.chart()) {
            (Some(_), Some(chart)) => {
                let (at, n) = (self.curves.selected + 1, self.curves.specs.len());
                format!("{} {at}/{n}", crate::tui::paint::cut(&chart.name, 16))
            }
            (Some(run), None) => format!("run {run}"),
            (None, _) => String::new(),
        }
    }

    fn remember(&self) -> serde_json::Value {
        serde_json::json!({
            "axis": self.curves.axis.name(),
            "weight": self.curves.weight,
            "logs": self.curves.logs,
            "only_differing": self.only_differing,
        })
    }

    fn recall(&mut self, remembered: &serde_json::Value) {
        let axes = [XAxis::Step, XAxis::Elapsed, XAxis::Clock];
        let axis = axes.into_iter().find(|axis| remembered["axis"] == axis.name());
        self.curves.axis = axis.unwrap_or_default();
        let weight = remembered["weight"].as_u64().unwrap_or(0) as usize;
        self.curves.weight = weight % WEIGHTS.len();
        let logs = remembered["logs"].as_array().into_iter().flatten();
        self.curves.logs = logs.filter_map(|name| Some(name.as_str()?.to_string())).collect();
        self.only_differing = remembered["only_differing"].as_bool().unwrap_or(false);
    }
}
