//! The timeline: a lane for each job, a bar for each run, the present, zoom.

use super::cloud::{status_role, status_sign};
use super::times::{Span, Times};
use super::{Figures, Shared, empty, parts, said, say};
use crate::domain::RunId;
use crate::report::words;
use crate::tui::action::Action;
use crate::tui::layout::scroll;
use crate::tui::paint;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Bar, Lane, Timeline};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// How much shorter the range gets.
const ZOOM: f64 = 2.0;
/// The shortest range, seconds.
const SHORTEST: f64 = 0.01;

/// Bars as the widget takes them.
struct Bars<'a> {
    lanes: Vec<(&'a str, Vec<Bar<'a>>)>,
}

impl Figures {
    pub(super) fn timeline_note(&self) -> String {
        let Some(times) = self.own_times() else { return String::new() };
        let jobs = words::plural(times.lanes.len() as u64, "job");
        let count = |n: usize| words::count(n as u64);
        let runs = if times.n < times.total {
            format!("the last {} of {} runs", count(times.n), count(times.total))
        } else {
            words::plural(times.n as u64, "run")
        };
        format!("{jobs} · {runs}")
    }

    fn own_times(&self) -> Option<&Times> {
        self.times.as_ref()
    }

    fn bars<'a>(&self, times: &'a Times, theme: &Theme) -> Bars<'a> {
        let bar = |span: &'a Span| Bar {
            from: span.from,
            to: span.to,
            role: if self.picked == Some(span.run) {
                Role::Focus
            } else {
                status_role(span.status)
            },
            text: &span.text,
            sign: status_sign(span.status, theme),
        };
        let lane = |(name, spans): &'a (String, Vec<Span>)| {
            (name.as_str(), spans.iter().map(bar).collect())
        };
        Bars { lanes: times.lanes.iter().map(lane).collect() }
    }

    pub(super) fn draw_timeline(
        &self,
        buf: &mut Buffer,
        area: Rect,
        focused: bool,
        shared: &Shared,
    ) {
        let Some(times) = self.own_times() else {
            return empty(buf, area, shared, &["reading the runs…"]);
        };
        if times.lanes.is_empty() {
            return empty(buf, area, shared, &["no run of this sweep has started"]);
        }
        let (figure, line) = parts(area);
        let bars = self.bars(times, &shared.theme);
        let lanes: Vec<Lane<'_>> =
            bars.lanes.iter().map(|(label, bars)| Lane { label, bars }).collect();
        let now = (shared.now_ms - times.began) as f64 / 1000.0;
        let height = Timeline::height(figure);
        let first = self.first_lane(times, height);
        let widget =
            Timeline { lanes: &lanes, first, range: self.window, now, empty: "no run has started" };
        widget.draw(buf, figure, &shared.theme);
        let plot = widget.plot_area(figure);
        let share = plot.x.share(now);
        if (0.0..=1.0).contains(&share) && plot.rect.width > 0 {
            let x = plot.rect.x + (share * f64::from(plot.rect.width - 1)).round() as u16;
            let style = shared.theme.style(Role::Live);
            for y in plot.rect.y..plot.rect.bottom() {
                if buf[(x, y)].symbol() == " " && buf[(x, y)].modifier.is_empty() {
                    let at = Rect { x, y, width: 1, height: 1 };
                    paint::line(buf, at, 0, &[(shared.theme.glyph("┊", ":"), style)]);
                }
            }
        }
        self.say_timeline(buf, line, shared, (times, focused));
    }

    fn first_lane(&self, times: &Times, height: usize) -> usize {
        let at = self.picked_span(times).map_or(self.lane, |(lane, _)| lane);
        scroll(0, at, height, times.lanes.len())
    }

    fn say_timeline(
        &self,
        buf: &mut Buffer,
        line: Option<Rect>,
        shared: &Shared,
        (times, focused): (&Times, bool),
    ) {
        let mut parts = Vec::new();
        if let Some((lane, at)) = self.picked_span(times) {
            let span = &times.lanes[lane].1[at];
            let now = (shared.now_ms - times.began) as f64 / 1000.0;
            let to = if span.to.is_nan() { now } else { span.to };
            let (took, from) =
                (words::duration((to - span.from).max(0.0)), words::duration(span.from));
            parts.push(said(format!("run {}", span.run), Role::Accent));
            parts.push(said(span.status.word(), status_role(span.status)));
            parts.push(said(format!("{took} after {from}"), Role::Text));
            return say(buf, line, shared, &parts);
        }
        for status in crate::domain::Status::ALL {
            let spans = times.lanes.iter().flat_map(|lane| &lane.1);
            let n = spans.filter(|span| span.status == status).count();
            let sign = match status_sign(status, &shared.theme) {
                "" => shared.theme.glyph("■", "="),
                sign => sign,
            };
            if n > 0 {
                let text = format!("{} {}", status.word(), words::count(n as u64));
                parts.push(vec![(format!("{sign} "), status_role(status)), (text, Role::Muted)]);
            }
        }
        if focused {
            let hints = ["h l run", "j k job", "+ - 0 zoom"];
            parts.extend(hints.map(|hint| said(hint, Role::Muted)));
        }
        say(buf, line, shared, &parts);
    }

    /// The lane and the place of the run under the crosshair.
    fn picked_span(&self, times: &Times) -> Option<(usize, usize)> {
        let picked = self.picked?;
        times.lanes.iter().enumerate().find_map(|(lane, (_, spans))| {
            spans.iter().position(|span| span.run == picked).map(|at| (lane, at))
        })
    }

    pub(super) fn act_timeline(&mut self, action: Action, _area: Rect, now_ms: i64) {
        let Some(times) = self.times.clone().filter(|times| !times.lanes.is_empty()) else {
            return;
        };
        let now = (now_ms - times.began) as f64 / 1000.0;
        match action {
            Action::ZoomIn => self.zoom(&times, now, 1.0 / ZOOM),
            Action::ZoomOut => self.zoom(&times, now, ZOOM),
            Action::ZoomAll => self.window = None,
            _ => {
                let at = self.picked_span(&times);
                let Some(run) = step(&times, at, action) else { return };
                self.picked = Some(run);
                if let Some((lane, at)) = self.picked_span(&times) {
                    self.lane = lane;
                    self.follow(times.lanes[lane].1[at].from);
                }
            }
        }
    }

    /// Moves the window so that this second is in it.
    fn follow(&mut self, second: f64) {
        if let Some((from, to)) = self.window
            && !(from..=to).contains(&second)
        {
            let half = (to - from) / 2.0;
            self.window = Some((second - half, second + half));
        }
    }

    fn zoom(&mut self, times: &Times, now: f64, factor: f64) {
        let end = |span: &Span| if span.to.is_nan() { now } else { span.to };
        let spans = || times.lanes.iter().flat_map(|lane| &lane.1);
        let whole = (0.0, spans().map(end).fold(0.0, f64::max));
        let (from, to) = self.window.unwrap_or(whole);
        let length = ((to - from) * factor).max(SHORTEST);
        if length >= whole.1 - whole.0 {
            self.window = None;
            return;
        }
        // Around the run under the crosshair; else what is newest stays in view.
        let picked = self.picked_span(times).map(|(lane, at)| times.lanes[lane].1[at].from);
        let middle = picked.unwrap_or(to - length / 2.0);
        let from = (middle - length / 2.0).clamp(whole.0, (whole.1 - length).max(whole.0));
        self.window = Some((from, from + length));
    }

    /// The run at a cell of the screen.
    pub(super) fn hit_timeline(
        &self,
        area: Rect,
        at: (u16, u16),
        (now_ms, theme): (i64, &Theme),
    ) -> Option<RunId> {
        let times = self.own_times()?;
        let figure = parts(area).0;
        let bars = self.bars(times, theme);
        let lanes: Vec<Lane<'_>> =
            bars.lanes.iter().map(|(label, bars)| Lane { label, bars }).collect();
        let first = self.first_lane(times, Timeline::height(figure));
        let now = (now_ms - times.began) as f64 / 1000.0;
        let widget = Timeline { lanes: &lanes, first, range: self.window, now, empty: "" };
        let (lane, bar) = widget.hit(figure, at.0, at.1)?;
        Some(times.lanes[lane].1[bar].run)
    }
}

/// The next run of the lane, or the one at that time in the next lane; at first the newest.
fn step(times: &Times, at: Option<(usize, usize)>, action: Action) -> Option<RunId> {
    let is_move = matches!(
        action,
        Action::Left | Action::Right | Action::Up | Action::Down | Action::Top | Action::Bottom
    );
    if !is_move {
        return None;
    }
    let Some((lane, at)) = at else {
        let newest = times.lanes.iter().filter_map(|lane| lane.1.last());
        return newest.max_by(|a, b| a.from.total_cmp(&b.from)).map(|span| span.run);
    };
    let spans = &times.lanes[lane].1;
    let from = spans[at].from;
    let beside = |lane: usize| {
        let spans = &times.lanes.get(lane)?.1;
        let far = |span: &&Span| (span.from - from).abs();
        spans.iter().min_by(|a, b| far(a).total_cmp(&far(b))).map(|span| span.run)
    };
    match action {
        Action::Left => spans.get(at.checked_sub(1)?).map(|span| span.run),
        Action::Right => spans.get(at + 1).map(|span| span.run),
        Action::Up => beside(lane.checked_sub(1)?),
        Action::Down => beside(lane + 1),
        Action::Top => beside(0),
        _ => beside(times.lanes.len() - 1),
    }
}
