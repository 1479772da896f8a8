//! What keys and clicks do on the run screen.

use super::points::Zoom;
use super::{CURVES, FILES, LOG, PARAMS, PLACE, Run, SCORES, WEIGHTS, lists, tail};
use crate::domain::Status;
use crate::report::words;
use crate::tui::action::Action;
use crate::tui::ask::Trouble;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Overlay, Page, Prompt};
use crate::tui::screens::run::{Answer, Ask};
use crate::tui::screens::{Enabled, Shared};
use ratatui::layout::Rect;

/// What is kept of the range by one step of the zoom.
const STEP: f64 = 0.5;
/// Cells that a log moves to the side.
const ASIDE: usize = 8;

impl Run {
    pub(super) fn is_enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        let Some(record) = &self.record else { return Enabled::Never };
        let has_charts = !self.curves.specs.is_empty();
        let chart = |enabled: Enabled| match (pane == CURVES, has_charts) {
            (true, true) => enabled,
            (true, false) => Enabled::No("there is no chart"),
            (false, _) => Enabled::Never,
        };
        let has_other = self.other(shared).is_some();
        match action {
            Action::Open => match pane {
                CURVES if self.curves.is_alone => chart(Enabled::As("all charts")),
                CURVES => chart(Enabled::As("one chart")),
                FILES if self.files().is_empty() => Enabled::No("the run left no files"),
                FILES => Enabled::As("read"),
                PLACE => Enabled::As("all of it"),
                _ => Enabled::Never,
            },
            Action::Left | Action::Right if pane == LOG => Enabled::Yes,
            Action::Left | Action::Right => chart(Enabled::Yes),
            Action::Log
            | Action::Smooth
            | Action::Axis
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::ZoomAll => chart(self.of_curve()),
            Action::View if pane == CURVES || self.is_told_by_log() => {
                Enabled::As(if self.curves.is_system { "run's own" } else { "system" })
            }
            Action::Filter => match pane {
                LOG => Enabled::As("search"),
                CURVES | PARAMS => Enabled::As("narrow"),
                _ => Enabled::Never,
            },
            Action::NextHit | Action::PreviousHit => match pane {
                LOG if self.log.search.is_empty() => {
                    Enabled::No("nothing is searched for; / searches")
                }
                LOG => Enabled::Yes,
                _ => Enabled::Never,
            },
            Action::Follow if pane == LOG => match self.is_live() {
                true if self.log.is_following => Enabled::As("stand still"),
                true => Enabled::Yes,
                // Nothing more comes.
                false => Enabled::Never,
            },
            Action::Differing if pane == PARAMS && has_other => {
                Enabled::As(if self.only_differing { "all" } else { "differing" })
            }
            Action::Differing if pane == PARAMS => Enabled::No("there is no run to compare with"),
            Action::Write if pane != CURVES && has_charts => {
                Enabled::No("w writes the chart of the Curves pane: Tab goes there")
            }
            Action::Write => chart(Enabled::As("write SVG and CSV")),
            Action::Copy | Action::Mark | Action::Compare | Action::Edit => Enabled::Yes,
            Action::Bin => Enabled::As(if record.run.deleted { "restore" } else { "bin" }),
            Action::Stop => self.can_stop(),
            Action::Promote if record.run.status == Status::Done => Enabled::As("ask the gate"),
            Action::Promote => Enabled::No("only a run that is done can be promoted"),
            _ => Enabled::Never,
        }
    }

    /// What is about curves means nothing for scores of folds.
    fn of_curve(&self) -> Enabled {
        match self.chart() {
            Some(spec) if self.is_of_folds(spec) => {
                Enabled::No("this chart has one score a fold, and no curve")
            }
            _ => Enabled::Yes,
        }
    }

    fn can_stop(&self) -> Enabled {
        let Some(record) = &self.record else { return Enabled::Never };
        match record.run.status {
            Status::Running if record.is_lost => {
                Enabled::No("its process is gone already; any derby run of its sweep closes it")
            }
            Status::Running if record.sweep.is_none() => {
                Enabled::No("it is no run of a sweep: Ctrl-C where it was started ends it")
            }
            Status::Running if !record.is_driven => {
                Enabled::No("no process drives its sweep now: nobody would hear it")
            }
            Status::Running => Enabled::Yes,
            Status::Queued => Enabled::No("it has not been started yet"),
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
            Action::Up => self.step(-1, pane, area),
            Action::Down => self.step(1, pane, area),
            Action::PageUp => self.step(-half(area), pane, area),
            Action::PageDown => self.step(half(area), pane, area),
            Action::Top => self.step(isize::MIN / 2, pane, area),
            Action::Bottom => self.step(isize::MAX / 2, pane, area),
            Action::Left => self.aside(-1, (pane, area), shared),
            Action::Right => self.aside(1, (pane, area), shared),
            Action::Open => return self.open(pane),
            Action::View => {
                self.curves.is_system = !self.curves.is_system;
                (self.curves.selected, self.curves.is_alone) = (0, false);
                self.curves.crosshair = None;
                self.rebuild(shared);
            }
            Action::Log => self.toggle_log(),
            Action::Smooth => self.curves.weight = (self.curves.weight + 1) % WEIGHTS.len(),
            Action::Axis => {
                self.curves.axis = self.curves.axis.next();
                // Steps are no seconds.
                (self.curves.zoom, self.curves.crosshair) = (Zoom::Whole, None);
            }
            Action::ZoomIn => self.zoom(STEP),
            Action::ZoomOut => self.zoom(1.0 / STEP),
            Action::ZoomAll => self.curves.zoom = Zoom::Whole,
            Action::Follow => self.log.is_following = !self.log.is_following,
            Action::Differing => {
                self.only_differing = !self.only_differing;
                self.rebuild(shared);
            }
            Action::Filter => return self.ask_for_text(pane),
            Action::NextHit => self.next_hit(1, area),
            Action::PreviousHit => self.next_hit(-1, area),
            action => return self.act_outside(action, pane, shared),
        }
        Vec::new()
    }

    /// What changes something outside of the screen.
    fn act_outside(&mut self, action: Action, pane: u8, shared: &mut Shared) -> Vec<Effect> {
        let Some(run) = self.shown else { return Vec::new() };
        match action {
            Action::Write => {
                self.writing = self.chart().cloned();
                Vec::new()
            }
            Action::Copy => self.copied(pane, shared).map(Effect::Copy).into_iter().collect(),
            Action::Mark => {
                if !shared.marks.shift_remove(&run) {
                    shared.marks.insert(run);
                }
                Vec::new()
            }
            Action::Compare => {
                shared.marks.insert(run);
                let mut runs: Vec<_> = shared.marks.iter().copied().collect();
                if runs.len() == 1 {
                    // Alone it is compared with what stands beside its parameters.
                    let Some((other, _)) = self.baseline_of(shared) else {
                        let text = "marked; mark another run, then c compares them";
                        return vec![Effect::Say(Tone::Info, text.into())];
                    };
                    runs.insert(0, other);
                }
                vec![Effect::Jump(Jump::Compare(runs))]
            }
            Action::Promote => vec![Effect::Jump(Jump::Gate(run))],
            Action::Edit => self.edit_form(),
            Action::Bin => self.bin(),
            Action::Stop => self.ask_to_stop(),
            _ => Vec::new(),
        }
    }

    fn step(&mut self, by: isize, pane: u8, area: Rect) {
        let height = usize::from(area.height);
        match pane {
            CURVES => {
                let last = self.curves.specs.len().saturating_sub(1);
                // A page of charts, not of lines.
                let by = match by.unsigned_abs() {
                    0 | 1 => by,
                    n if n < 1_000 => by.signum() * self.page(area).len().max(1) as isize,
                    _ => by,
                };
                self.curves.selected = self.curves.selected.saturating_add_signed(by).min(last);
            }
            PARAMS => self.params.step(by, self.param_rows.len(), height.saturating_sub(1)),
            SCORES => self.scores.step(by, self.score_rows.len(), height.saturating_sub(1)),
            FILES => {
                let n = self.files().len();
                self.files.step(by, n, height.saturating_sub(1));
            }
            PLACE => {
                let n = self.place_rows().len();
                self.place.step(by, n, height);
            }
            _ => self.scroll_log(by, height),
        }
    }

    fn scroll_log(&mut self, by: isize, height: usize) {
        let n = self.log.tail.as_ref().map_or(0, |tail| tail.lines.len());
        let last = n.saturating_sub(height);
        let now = self.log_first(height);
        self.log.first = now.saturating_add_signed(by).min(last);
        self.log.is_following = self.log.first == last && by > 0;
        let has_more = self.log.tail.as_ref().is_some_and(|tail| tail.before > 0);
        if by < 0 && self.log.first == 0 && has_more && self.log.bytes < tail::MOST {
            self.log.bytes = (self.log.bytes * 2).min(tail::MOST);
        }
    }

    fn aside(&mut self, by: isize, (pane, area): (u8, Rect), shared: &Shared) {
        if pane == LOG {
            self.log.left = self.log.left.saturating_add_signed(by * ASIDE as isize);
            return;
        }
        let page = self.page(area);
        let selected = page.into_iter().find(|(at, _)| *at == self.curves.selected);
        let Some((spec, (_, place))) = self.chart().zip(selected) else { return };
        let stops = self.stops(spec, place, shared);
        let (Some(first), Some(last)) = (stops.first(), stops.last()) else { return };
        let at = match (self.curves.crosshair, by < 0) {
            (None, true) => *last,
            (None, false) => *first,
            (Some(at), true) => {
                stops.iter().rev().find(|stop| **stop < at).copied().unwrap_or(*first)
            }
            (Some(at), false) => stops.iter().find(|stop| **stop > at).copied().unwrap_or(*last),
        };
        self.curves.crosshair = Some(at);
    }

    fn toggle_log(&mut self) {
        let Some(name) = self.chart().map(|spec| spec.name.clone()) else { return };
        if !self.curves.logs.remove(&name) {
            self.curves.logs.insert(name);
        }
    }

    /// A shorter or longer range: around the crosshair, else with the tail in view.
    fn zoom(&mut self, by: f64) {
        let Some(whole) = self.curves.drawn.as_ref().and_then(|drawn| drawn.whole) else { return };
        let all = whole.1 - whole.0;
        let (low, high) = self.curves.zoom.range(whole);
        let width = (high - low) * by;
        if width >= all || !width.is_finite() {
            self.curves.zoom = Zoom::Whole;
            return;
        }
        if width < all * 1e-7 || width <= 0.0 {
            return;
        }
        self.curves.zoom = match self.curves.crosshair {
            Some(at) => {
                let low = (at - width / 2.0).clamp(whole.0, whole.1 - width);
                Zoom::Window(low, low + width)
            }
            None if high >= whole.1 => Zoom::Tail(width),
            None => {
                let middle = f64::midpoint(low, high);
                let low = (middle - width / 2.0).clamp(whole.0, whole.1 - width);
                Zoom::Window(low, low + width)
            }
        };
    }

    fn open(&mut self, pane: u8) -> Vec<Effect> {
        match pane {
            CURVES => self.curves.is_alone = !self.curves.is_alone,
            FILES => {
                self.opening = self.files().get(self.files.selected).map(|file| file.path.clone());
            }
            PLACE => {
                let Some(record) = &self.record else { return Vec::new() };
                let title = format!("Environment of run {}", record.run.id);
                let lines = lists::environment_page(record);
                return vec![Effect::Overlay(Overlay::Page(Page { title, lines, scroll: 0 }))];
            }
            _ => {}
        }
        Vec::new()
    }

    fn ask_for_text(&mut self, pane: u8) -> Vec<Effect> {
        let (purpose, label, text) = match pane {
            LOG => ("search-log", "search /", &self.log.search),
            PARAMS => ("narrow-params", "parameters /", &self.narrowed),
            _ => ("narrow-curves", "metrics /", &self.curves.narrowed),
        };
        vec![Effect::Overlay(Overlay::Prompt(Prompt::new(purpose, label, text)))]
    }

    /// Looks for the text in the lines that were read.
    pub(super) fn search(&mut self, text: &str) {
        let wanted = text.to_lowercase();
        self.log.search = text.into();
        self.log.hits.clear();
        let lines = self.log.tail.iter().flat_map(|tail| tail.lines.iter().enumerate());
        if !wanted.is_empty() {
            let hits = lines.filter(|(_, line)| line.text.to_lowercase().contains(&wanted));
            self.log.hits = hits.map(|(at, _)| at).collect();
        }
        // The newest first: that is where one looks.
        self.log.hit = self.log.hits.len().checked_sub(1);
        self.show_hit(1);
    }

    fn next_hit(&mut self, by: isize, area: Rect) {
        let n = self.log.hits.len() as isize;
        if n == 0 {
            return;
        }
        let now = self.log.hit.map_or(0, |hit| hit as isize);
        self.log.hit = Some((now + by).rem_euclid(n) as usize);
        self.show_hit(usize::from(area.height));
    }

    /// Scrolls to the hit, a third from the top.
    fn show_hit(&mut self, height: usize) {
        let line = self.log.hit.and_then(|hit| self.log.hits.get(hit)).copied();
        if let Some(line) = line {
            self.log.is_following = false;
            self.log.first = line.saturating_sub(height / 3);
        }
    }

    /// What is copied from the pane.
    fn copied(&self, pane: u8, shared: &Shared) -> Option<String> {
        Some(match pane {
            PARAMS => {
                let row = self.param_rows.get(self.params.selected)?;
                let value = self.record.as_ref()?.run.params.get(&row.name);
                let value = value.map_or_else(|| row.this.clone(), ToString::to_string);
                format!("{}={value}", row.name)
            }
            SCORES => {
                let row = self.score_rows.get(self.scores.selected)?;
                let score = self.record.as_ref()?.run.metrics.get(&row.name)?.score;
                format!("{}={score}", row.name)
            }
            FILES => self.files().get(self.files.selected)?.path.clone(),
            PLACE => self.place_rows().get(self.place.selected)?.1.clone(),
            LOG => self.copied_log(shared)?,
            _ => self.record.as_ref()?.run.uuid.clone(),
        })
    }

    /// The line of the hit, or those in view.
    fn copied_log(&self, shared: &Shared) -> Option<String> {
        let tail = self.log.tail.as_ref()?;
        if let Some(line) = self.log.hit.and_then(|hit| self.log.hits.get(hit)) {
            return Some(tail.lines.get(*line)?.text.clone());
        }
        let height = usize::from(shared.body.height);
        let first = self.log_first(height);
        let lines = tail.lines.iter().skip(first).take(height);
        Some(lines.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"))
    }

    pub(super) fn clicked(
        &mut self,
        (pane, area): (u8, Rect),
        at: (u16, u16),
        again: bool,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        let list = match pane {
            PARAMS => Some((&mut self.params, self.param_rows.len(), 1)),
            SCORES => Some((&mut self.scores, self.score_rows.len(), 1)),
            FILES => {
                let n = self.files().len();
                Some((&mut self.files, n, 1))
            }
            PLACE => {
                let n = self.place_rows().len();
                Some((&mut self.place, n, 0))
            }
            _ => None,
        };
        if let Some((list, n, head)) = list {
            let row = at.1.checked_sub(area.y + head).map(|row| list.first + usize::from(row));
            if let Some(row) = row.filter(|row| *row < n) {
                list.selected = row;
            }
        } else if pane == CURVES {
            let page = self.page(area);
            let hit = page.into_iter().find(|(_, place)| place.contains(at.into()));
            if let Some((chart, _)) = hit {
                self.curves.selected = chart;
                self.curves.is_alone ^= again;
            }
        }
        if again && matches!(pane, FILES | PLACE) { self.open(pane) } else { Vec::new() }
    }

    /// Clears one thing: the crosshair, a search, what narrows, the single chart, the zoom.
    pub(super) fn clear_one(&mut self, shared: &Shared) -> bool {
        if self.curves.crosshair.take().is_some() {
            return true;
        }
        if !self.log.search.is_empty() {
            self.log.search.clear();
            self.log.hits.clear();
            self.log.hit = None;
            self.log.is_following = self.is_live();
            return true;
        }
        if !self.narrowed.is_empty() || !self.curves.narrowed.is_empty() {
            self.narrowed.clear();
            self.curves.narrowed.clear();
            self.rebuild(shared);
            return true;
        }
        if self.curves.is_alone {
            self.curves.is_alone = false;
            return true;
        }
        if self.curves.zoom != Zoom::Whole {
            self.curves.zoom = Zoom::Whole;
            return true;
        }
        false
    }

    /// Takes an answer in.
    pub(super) fn take_in(&mut self, answer: Answer, shared: &Shared) -> Vec<Effect> {
        match answer {
            Answer::Record(record) => {
                self.trouble = None;
                self.record = Some(record);
                self.rebuild(shared);
            }
            Answer::Baseline(run) => {
                self.baseline = Some(run);
                self.rebuild(shared);
            }
            Answer::Curves(drawn) => self.curves.drawn = Some(drawn),
            Answer::Log(tail) => {
                self.log.trouble = None;
                if let Some(tail) = tail {
                    self.take_log(tail);
                }
            }
            Answer::File(lines) => {
                let title = words::clean(&self.opening.take().unwrap_or_default());
                return vec![Effect::Overlay(Overlay::Page(Page { title, lines, scroll: 0 }))];
            }
            Answer::Export(files) => {
                self.writing = None;
                return vec![Effect::SaveAll {
                    folder: shared.here.clone(),
                    files,
                    note: String::new(),
                }];
            }
        }
        Vec::new()
    }

    /// More of the log keeps the lines in view where they are.
    fn take_log(&mut self, tail: super::LogTail) {
        let before = self.log.tail.as_ref().map_or(0, |old| {
            if tail.before < old.before {
                tail.lines.len().saturating_sub(old.lines.len())
            } else {
                0
            }
        });
        self.log.first += before;
        let hit = self.log.hit;
        self.log.tail = Some(tail);
        if !self.log.search.is_empty() {
            let (text, first) = (self.log.search.clone(), self.log.first);
            let follows = self.log.is_following;
            self.search(&text);
            self.log.hit = hit.filter(|hit| *hit < self.log.hits.len()).or(self.log.hit);
            (self.log.first, self.log.is_following) = (first, follows);
        }
    }

    /// Says why there is no answer.
    pub(super) fn refused(&mut self, ask: &Ask, trouble: &Trouble) -> Vec<Effect> {
        let text = words::clean(&trouble.to_string());
        match ask {
            Ask::Record { .. } => {
                self.record = None;
                self.trouble = Some(text);
                return Vec::new();
            }
            Ask::Log { .. } => {
                self.log.trouble = Some(text);
                return Vec::new();
            }
            Ask::Baseline(_) => {
                self.baseline = None;
                return Vec::new();
            }
            Ask::File { .. } => self.opening = None,
            Ask::Export { .. } => self.writing = None,
            Ask::Curves { .. } => {}
        }
        vec![Effect::Say(Tone::Bad, text)]
    }
}

fn half(area: Rect) -> isize {
    (area.height / 2).max(2) as isize
}
