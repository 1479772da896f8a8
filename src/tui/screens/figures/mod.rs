//! The figures of a sweep, one pane with seven views: parallel coordinates, slice, contour, scatter, pareto front, timeline,
//! distribution.

mod brush;
mod choose;
mod cloud;
mod column;
mod coordinates;
mod distribution;
mod field;
mod load;
mod points;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod times;
mod views;

pub use load::{Answer, Ask};

use super::{Enabled, Shared, draw_empty};
use crate::domain::{RunId, SweepId};
use crate::tui::action::Action;
use crate::tui::ask::Trouble;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::Outcome;
use crate::tui::paint;
use crate::tui::theme::Role;
use crate::tui::widgets::fit;
use brush::Brushes;
use column::Column;
use field::Interpolated;
use load::{Handle, Scores};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use table::Table;
use times::Times;
pub(super) use views::View;

/// From this height on the last line says what is under the cursor.
const LEAST_WITH_LINE: u16 = 7;
/// Between two things that are said.
const GAP: &str = "  ";
/// Sweeps whose axes are remembered.
const MOST_SWEEPS: usize = 20;
/// Runs of a brush that Space marks: what can be compared.
const MOST_MARKS: usize = 6;

/// Axes chosen by hand, by name; none for what the view chooses by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Axes {
    /// Of parallel coordinates, from left to right.
    coordinates: Option<Vec<String>>,
    slice: Option<String>,
    contour: (Option<String>, Option<String>),
    scatter: (Option<String>, Option<String>),
    /// The column that colors the scatter; an empty name is the status.
    color: Option<String>,
    pareto: Option<String>,
}

/// State of the figures.
#[derive(Debug, Default)]
pub struct Figures {
    view: View,
    sweep: Option<SweepId>,
    table: Option<Handle>,
    field: Option<Interpolated>,
    times: Option<Times>,
    others: Vec<Scores>,
    hides_others: bool,
    trouble: Option<String>,
    axes: Axes,
    /// Those of other sweeps, by the sweep's name.
    kept: BTreeMap<String, Axes>,
    /// Parameters from the left, as long as the sweep runs: axes that change places cannot be read.
    held: Vec<String>,
    /// The axis under the cursor, and where on it the cursor is, a share from its low end; none in its middle.
    axis: usize,
    cursor: Option<f64>,
    /// Where the button went down on an axis: its name, a share of it, and the rows that it takes.
    anchor: Option<(String, f64, Rect)>,
    brushes: Brushes,
    inverted: BTreeSet<String>,
    /// Columns with a scale other than the search space's.
    relogged: BTreeSet<String>,
    /// The run under the crosshair.
    picked: Option<RunId>,
    /// Seconds at the edges of the timeline, and its first lane.
    window: Option<(f64, f64)>,
    lane: usize,
    /// Where the distribution is read, a share of its axis.
    reading: Option<f64>,
}

impl Figures {
    /// Turns to a sweep; what was brushed and chosen in another is forgotten.
    pub fn look_at(&mut self, sweep: SweepId) {
        if self.sweep == Some(sweep) {
            return;
        }
        let (view, hides_others, kept) = (self.view, self.hides_others, self.all_axes());
        *self = Self { view, hides_others, kept, sweep: Some(sweep), ..Self::default() };
    }

    /// What it wants to know now of a sweep with so many finished runs, for an area of that size.
    pub fn needs(&self, sweep: SweepId, finished: u64, area: Rect) -> Vec<Ask> {
        if area.is_empty() {
            return Vec::new();
        }
        if self.view == View::Timeline {
            return vec![Ask::Times { sweep }];
        }
        let wave = finished.checked_ilog2().map_or(0, |log| log + 1);
        let mut asks = vec![Ask::Table { sweep, wave }];
        if self.view == View::Contour && self.is_of(sweep) {
            asks.extend(self.wanted_field());
        }
        if self.view == View::Distribution && !self.hides_others {
            asks.push(Ask::Others { sweep });
        }
        asks
    }

    /// Takes an answer in, or why there is none.
    pub fn receive(&mut self, ask: &Ask, answer: Result<Answer, Trouble>) {
        match ask {
            Ask::Table { sweep, .. } | Ask::Times { sweep } | Ask::Others { sweep } => {
                self.look_at(*sweep);
            }
            Ask::Field { of, .. } if self.table.as_ref() != Some(of) => return,
            Ask::Field { .. } => {}
        }
        match answer {
            Ok(answer) => {
                self.trouble = None;
                self.take(answer);
            }
            Err(trouble) => self.trouble = Some(paint::clean(&trouble.to_string())),
        }
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Table(table) => {
                if let Some(picked) = self.picked
                    && self.view != View::Timeline
                    && table.0.row_of(picked).is_none()
                {
                    self.picked = None;
                }
                self.hold(&table.0);
                self.table = Some(table);
            }
            Answer::Field(field) => self.field = Some(field),
            Answer::Times(times) => self.times = Some(times),
            Answer::Others(others) => self.others = others,
        }
    }

    /// Axes keep their places while the sweep runs, new ones come last; the first table of a sweep brings its axes back.
    fn hold(&mut self, table: &Table) {
        if self.table.is_none()
            && let Some(axes) = self.kept.remove(&table.name)
        {
            self.axes = axes;
        }
        if !table.is_live {
            self.held.clear();
        }
        for name in
            table.columns.iter().filter(|column| column.is_param()).map(|column| &column.name)
        {
            if !self.held.contains(name) {
                self.held.push(name.clone());
            }
        }
    }

    /// Lets the axes take the places that their importance gives them by now.
    pub fn release(&mut self) {
        self.held.clear();
    }

    /// The chosen axes of all sweeps that are remembered.
    fn all_axes(&self) -> BTreeMap<String, Axes> {
        let mut all = self.kept.clone();
        if let Some(table) = self.table().filter(|_| self.axes != Axes::default()) {
            all.insert(table.name.clone(), self.axes.clone());
        }
        while all.len() > MOST_SWEEPS {
            all.pop_first();
        }
        all
    }

    /// The left and the right part of the frame's title.
    pub fn title(&self) -> (String, String) {
        (self.view.title().into(), self.note())
    }

    /// Draws the view into the inside of the pane.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, focused: bool, shared: &Shared) {
        if area.is_empty() {
            return;
        }
        if let Some(trouble) = &self.trouble {
            let what = "the figures cannot be made:";
            return empty(buf, area, shared, &[what, trouble, "r reads again"]);
        }
        if self.view == View::Timeline {
            return self.draw_timeline(buf, area, focused, shared);
        }
        let Some(table) = self.table() else {
            return empty(buf, area, shared, &["reading the runs…"]);
        };
        if let Some(lines) = self.emptiness(table) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            return empty(buf, area, shared, &lines);
        }
        match self.view {
            View::Coordinates => self.draw_coordinates(buf, area, focused, shared),
            View::Distribution => self.draw_distribution(buf, area, shared),
            _ => self.draw_points(buf, area, focused, shared),
        }
    }

    /// Whether an action does something here and now.
    pub fn enabled(&self, action: Action) -> Enabled {
        match action {
            Action::View
            | Action::Columns
            | Action::Up
            | Action::Down
            | Action::Left
            | Action::Right
            | Action::Top
            | Action::Bottom
            | Action::PageUp
            | Action::PageDown => Enabled::Yes,
            Action::Open => self.opens(),
            Action::Mark | Action::Copy | Action::Invert | Action::Log => self.can(action),
            Action::BrushLow | Action::BrushHigh => match self.view {
                View::Coordinates if self.table().is_some() => Enabled::Yes,
                View::Coordinates => Enabled::No("no finished run yet"),
                _ => Enabled::No("brushes are in the parallel coordinates: v"),
            },
            Action::Axis => match self.view {
                View::Contour | View::Scatter | View::Slice | View::Pareto => Enabled::As("x axis"),
                _ => Enabled::Never,
            },
            Action::ZoomIn | Action::ZoomOut | Action::ZoomAll if self.view == View::Timeline => {
                Enabled::Yes
            }
            _ => Enabled::Never,
        }
    }

    /// Carries an action out in the pane, whose inside is `area`.
    pub fn act(&mut self, action: Action, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::View => self.turn_to(self.view.next()),
            Action::Columns => return self.choose(),
            Action::Axis => return self.choose_x(),
            Action::Back => {
                self.clear();
            }
            Action::Open => return self.open(),
            Action::Mark => return self.mark(shared),
            Action::Copy => return self.copy(),
            Action::Log => self.relog(),
            _ => match self.view {
                View::Coordinates => self.act_coordinates(action, area, &shared.theme),
                View::Timeline => self.act_timeline(action, area, shared.now_ms),
                View::Distribution => self.act_distribution(action, area),
                _ => self.act_points(action, area),
            },
        }
        Vec::new()
    }

    /// A click at a cell of the inside of the pane; `again` if the same cell was clicked just before.
    pub fn click(
        &mut self,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        match self.view {
            View::Coordinates => self.click_coordinates(area, (at, again), &shared.theme),
            View::Distribution => self.click_distribution(area, at),
            View::Timeline => {
                self.picked =
                    self.hit_timeline(area, at, (shared.now_ms, &shared.theme)).or(self.picked);
                if again {
                    return self.open();
                }
            }
            _ => {
                self.picked = self.hit(area, at, &shared.theme).or(self.picked);
                if again {
                    return self.open();
                }
            }
        }
        Vec::new()
    }

    /// The pointer was moved with the button held since a click.
    pub fn drag(&mut self, at: (u16, u16)) {
        if self.view == View::Coordinates {
            self.drag_coordinates(at);
        }
    }

    /// What came of a dialog; none if it was not of the figures.
    pub fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        _shared: &mut Shared,
    ) -> Option<Vec<Effect>> {
        self.chosen(purpose, outcome)
    }

    /// Clears brushes, zoom and crosshair. True if there was something.
    pub fn clear(&mut self) -> bool {
        let had = match self.view {
            View::Coordinates => !self.brushes.is_empty(),
            View::Timeline => self.window.is_some() || self.picked.is_some(),
            View::Distribution => self.reading.is_some(),
            _ => self.picked.is_some(),
        };
        match self.view {
            View::Coordinates => {
                self.brushes = Brushes::default();
                self.anchor = None;
            }
            View::Timeline => (self.window, self.picked) = (None, None),
            View::Distribution => self.reading = None,
            _ => self.picked = None,
        }
        had
    }

    /// What is worth remembering: the view, chosen axes.
    pub fn remember(&self) -> serde_json::Value {
        serde_json::json!({
            "view": self.view.word(), "others": !self.hides_others, "axes": self.all_axes(),
        })
    }

    /// Takes it back; anything that does not fit is ignored.
    pub fn recall(&mut self, remembered: &serde_json::Value) {
        if let Some(view) = remembered["view"].as_str().and_then(View::parse) {
            self.view = view;
        }
        self.hides_others = remembered["others"].as_bool() == Some(false);
        self.kept = serde_json::from_value(remembered["axes"].clone()).unwrap_or_default();
    }

    fn table(&self) -> Option<&Table> {
        self.table.as_ref().map(|handle| &*handle.0)
    }

    fn is_of(&self, sweep: SweepId) -> bool {
        self.table().is_some_and(|table| table.sweep == sweep)
    }

    fn turn_to(&mut self, view: View) {
        self.view = view;
    }

    fn is_log(&self, column: &Column) -> bool {
        column.may_be_log() && column.is_log != self.relogged.contains(&column.name)
    }

    /// Why there is nothing to draw, and what mends it.
    fn emptiness(&self, table: &Table) -> Option<Vec<String>> {
        let Some(objective) = table.objectives.first() else {
            return Some(vec![format!("sweep '{}' has no objective", paint::clean(&table.name))]);
        };
        if table.n_scored == 0 && self.view != View::Scatter {
            let what = match (table.total, table.without_score) {
                (0, _) => "no run has finished yet".to_string(),
                (n, 0) => {
                    format!("none of {} has a score", crate::report::words::plural(n as u64, "run"))
                }
                (_, n) => {
                    let runs = crate::report::words::plural(n as u64, "run");
                    format!("{runs} finished without a finite {}", paint::clean(&objective.metric))
                }
            };
            let mend = match table.total {
                0 => format!("derby sweep {}", paint::clean(&table.file)),
                _ => format!("derby runs sweep:{}", paint::clean(&table.name)),
            };
            return Some(vec![what, mend]);
        }
        if table.rows.is_empty() {
            return Some(vec!["no run has finished yet".into()]);
        }
        None
    }

    fn open(&mut self) -> Vec<Effect> {
        if self.view == View::Coordinates
            && !self.brushes.is_empty()
            && let Some(table) = self.table()
        {
            return vec![Effect::Jump(Jump::Runs(self.brushes.filter(table)))];
        }
        match self.picked {
            Some(run) if self.view.has_crosshair() => vec![Effect::Jump(Jump::Run(run))],
            _ => self.choose_view(),
        }
    }

    fn opens(&self) -> Enabled {
        match self.picked {
            _ if self.view == View::Coordinates && !self.brushes.is_empty() => {
                Enabled::As("list brushed")
            }
            Some(_) if self.view.has_crosshair() => Enabled::As("open run"),
            _ => Enabled::As("choose view"),
        }
    }

    fn can(&self, action: Action) -> Enabled {
        let is_brushed = self.view == View::Coordinates && !self.brushes.is_empty();
        let has_run = self.view.has_crosshair() && self.picked.is_some();
        match action {
            Action::Mark if is_brushed => Enabled::As("mark brushed"),
            Action::Copy if is_brushed => Enabled::As("copy filter"),
            Action::Mark | Action::Copy if has_run => Enabled::Yes,
            Action::Mark | Action::Copy if self.view == View::Coordinates => {
                Enabled::No("brush runs first: [ and ] set the ends")
            }
            Action::Mark | Action::Copy if self.view.has_crosshair() => {
                Enabled::No("choose a run first: j k")
            }
            Action::Invert if self.view == View::Coordinates => Enabled::Yes,
            Action::Log => match self.logged() {
                Some(column) if column.may_be_log() => Enabled::Yes,
                Some(_) => Enabled::No("a logarithmic axis needs positive numbers"),
                None => Enabled::Never,
            },
            _ => Enabled::Never,
        }
    }

    /// The column whose scale `L` changes.
    fn logged(&self) -> Option<&Column> {
        let table = self.table()?;
        let at = match self.view {
            View::Coordinates => *self.shown_axes(table).get(self.axis)?,
            View::Distribution => table.objective()?,
            View::Timeline => return None,
            View::Slice => self.cloud_columns(table)?.1,
            View::Contour | View::Scatter | View::Pareto => self.cloud_columns(table)?.0,
        };
        table.columns.get(at)
    }

    fn relog(&mut self) {
        if let Some(column) = self.logged().filter(|column| column.may_be_log()) {
            let name = column.name.clone();
            if !self.relogged.remove(&name) {
                self.relogged.insert(name);
            }
        }
    }

    fn mark(&mut self, shared: &mut Shared) -> Vec<Effect> {
        if self.view != View::Coordinates {
            if let Some(run) = self.picked.filter(|_| self.view.has_crosshair())
                && !shared.marks.shift_remove(&run)
            {
                shared.marks.insert(run);
            }
            return Vec::new();
        }
        let Some(table) = self.table().filter(|_| !self.brushes.is_empty()) else {
            return Vec::new();
        };
        let brushed = self.brushes.picked(table);
        let runs = brushed.iter().take(MOST_MARKS).map(|row| table.rows[*row].run);
        shared.marks.extend(runs);
        let text = match brushed.len() {
            0 => "no run in the brush".into(),
            n if n > MOST_MARKS => format!("marked the best {MOST_MARKS} of {n} brushed runs"),
            n => format!("marked {}", crate::report::words::plural(n as u64, "brushed run")),
        };
        vec![Effect::Say(Tone::Info, text)]
    }

    fn copy(&self) -> Vec<Effect> {
        match (self.view, self.table(), self.picked) {
            (View::Coordinates, Some(table), _) if !self.brushes.is_empty() => {
                vec![Effect::Copy(self.brushes.filter(table))]
            }
            (View::Coordinates | View::Distribution, ..) => Vec::new(),
            (_, _, Some(run)) => vec![Effect::Copy(run.to_string())],
            _ => Vec::new(),
        }
    }
}

/// The figure and the line below it.
fn parts(area: Rect) -> (Rect, Option<Rect>) {
    if area.height < LEAST_WITH_LINE {
        return (area, None);
    }
    let figure = Rect { height: area.height - 1, ..area };
    (figure, Some(Rect { y: figure.bottom(), height: 1, ..area }))
}

/// Pieces of text that are only said together.
type Said = Vec<(String, Role)>;

fn said(text: impl Into<String>, role: Role) -> Said {
    vec![(text.into(), role)]
}

/// Writes into the line below the figure what has room, the first whatever its length.
fn say(buf: &mut Buffer, line: Option<Rect>, shared: &Shared, all: &[Said]) {
    let Some(line) = line else { return };
    let mut room = usize::from(line.width);
    let mut styled: Vec<(String, Style)> = Vec::new();
    for (at, part) in all.iter().enumerate() {
        let width = part.iter().map(|(text, _)| paint::cells(text)).sum::<usize>();
        let gap = if at > 0 { GAP } else { "" };
        if at > 0 && width + gap.len() > room {
            continue;
        }
        styled.push((gap.into(), shared.theme.style(Role::Text)));
        for (text, role) in part {
            let text = fit(&shared.theme, text, room).into_owned();
            styled.push((text, shared.theme.style(*role)));
        }
        room = room.saturating_sub(width + gap.len());
    }
    let spans: Vec<paint::Span<'_>> =
        styled.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    paint::line(buf, line, 0, &spans);
}

/// What there is to say in place of a figure.
fn empty(buf: &mut Buffer, area: Rect, shared: &Shared, lines: &[&str]) {
    let width = usize::from(area.width);
    let lines: Vec<_> = lines.iter().map(|line| fit(&shared.theme, line, width)).collect();
    let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
    draw_empty(buf, area, shared, &lines);
}
