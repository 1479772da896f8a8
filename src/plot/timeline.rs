//! Timeline: which worker was at which run when, and how it ended.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Align, Pen, Stroke, Words, width};
use super::sheet::{Entry, Head, Mark, sheet};
use super::{AMBER, BLACK, BLUE, Content, GRAY, GRID, INK, ORANGE, PINK, PlotError, SIZE, SKY};
use crate::domain::Status;
use plotters::style::{RGBColor, WHITE};

/// Bars of one lane at most; shorter ones than a share of the figure are drawn together.
const MAX_BARS: usize = 8_000;
/// Lanes that are drawn.
const MAX_LANES: usize = 128;

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineBar {
    /// The worker, an index into the lanes.
    pub lane: usize,
    /// Seconds since the sweep began.
    pub start: f64,
    /// Seconds since the sweep began; none if it runs still.
    pub end: Option<f64>,
    /// How it ended.
    pub status: Status,
    /// What stands in the bar where it has room: the run's number.
    pub label: String,
}

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Above the figure.
    pub title: String,
    /// The workers' names.
    pub lanes: Vec<String>,
    /// The runs; those with a time that is not finite are left out.
    pub bars: Vec<TimelineBar>,
}

/// Lanes for runs whose workers are not known: each gets the first that is free when it starts.
pub fn lanes(spans: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by(|&a, &b| spans[a].0.total_cmp(&spans[b].0));
    let mut free: Vec<f64> = Vec::new();
    let mut lanes = vec![0; spans.len()];
    for at in order {
        let (start, end) = spans[at];
        let lane = free.iter().position(|until| *until <= start).unwrap_or(free.len());
        if lane == free.len() {
            free.push(end);
        } else {
            free[lane] = end;
        }
        lanes[at] = lane;
    }
    lanes
}

fn color(status: Status) -> RGBColor {
    match status {
        Status::Queued => GRID,
        Status::Running => SKY,
        Status::Done => BLUE,
        Status::Failed => ORANGE,
        Status::Pruned => GRAY,
        Status::Killed => PINK,
        Status::Infeasible => AMBER,
    }
}

/// A bar with its ends in the figure's unit of time.
struct Span<'a> {
    bar: &'a TimelineBar,
    start: f64,
    end: f64,
}

impl Timeline {
    fn shown(&self) -> usize {
        self.lanes.len().clamp(1, MAX_LANES)
    }

    fn usable(&self) -> impl Iterator<Item = &TimelineBar> {
        self.bars.iter().filter(|bar| {
            let is_finite = bar.start.is_finite() && bar.end.is_none_or(f64::is_finite);
            is_finite && bar.lane < self.lanes.len()
        })
    }

    fn lane_height(&self) -> f64 {
        (600.0 / self.shown() as f64).clamp(9.0, 30.0)
    }

    /// The last moment that is known, in seconds.
    fn until(&self) -> f64 {
        let ends = self.usable().map(|bar| bar.end.unwrap_or(bar.start).max(bar.start));
        ends.fold(0.0, f64::max)
    }

    fn legend(&self) -> Vec<Entry> {
        let entry = |status: Status| {
            let count = self.bars.iter().filter(|bar| bar.status == status).count();
            let name = format!("{} {count}", status.word());
            (count > 0).then(|| Entry::new(Mark::Box(color(status)), name))
        };
        Status::ALL.into_iter().filter_map(entry).collect()
    }
}

/// A unit of time for an axis that long: its name and its seconds.
fn unit(seconds: f64) -> (&'static str, f64) {
    match seconds {
        s if s < 300.0 => ("seconds", 1.0),
        s if s < 3.0 * 3600.0 => ("minutes", 60.0),
        s if s < 3.0 * 86_400.0 => ("hours", 3600.0),
        _ => ("days", 86_400.0),
    }
}

impl Content for Timeline {
    fn size(&self) -> (u32, u32) {
        (SIZE.0, (150.0 + self.lane_height() * self.shown() as f64).max(220.0) as u32)
    }

    fn check(&self) -> Result<(), PlotError> {
        if self.usable().next().is_none() {
            return Err(PlotError::Empty("no run has begun".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let until = self.until();
        let (word, second) = unit(until);
        let mut subtitle = String::new();
        if self.lanes.len() > MAX_LANES {
            subtitle = format!("the first {MAX_LANES} of {} workers", self.lanes.len());
        }
        let head = Head { title: &self.title, subtitle, legend: self.legend() };
        let outer = sheet(pen, self.size(), &head);
        let high = if until > 0.0 { until / second } else { 1.0 };
        let first = self.usable().map(|bar| bar.start / second).fold(0.0, f64::min);
        let x = Axis::between(&format!("{word} since the start"), first, high * 1.005);
        let names: Vec<String> = self.lanes.iter().take(self.shown()).rev().cloned().collect();
        let look = Look { grid: (true, false), ..Look::default() };
        let count = names.len();
        let frame = Frame::new(pen, outer, x, Axis::words("", names), look);
        let mut spans: Vec<Span<'_>> = self
            .usable()
            .filter(|bar| bar.lane < count)
            .map(|bar| {
                let end = bar.end.unwrap_or(until).max(bar.start);
                Span {
                    bar,
                    start: frame.across(bar.start / second),
                    end: frame.across(end / second),
                }
            })
            .collect();
        spans.sort_by(|a, b| a.bar.lane.cmp(&b.bar.lane).then(a.start.total_cmp(&b.start)));
        for span in joined(spans) {
            draw_bar(pen, &frame, (count - 1 - span.bar.lane) as f64, &span);
        }
    }
}

/// Bars of one lane and status that follow each other are one where there are more than an eye can tell apart.
fn joined(spans: Vec<Span<'_>>) -> Vec<Span<'_>> {
    if spans.len() <= MAX_BARS {
        return spans;
    }
    let mut kept: Vec<Span<'_>> = Vec::new();
    for span in spans {
        match kept.last_mut() {
            Some(last)
                if last.bar.lane == span.bar.lane
                    && last.bar.status == span.bar.status
                    && span.start - last.end < 0.5
                    && span.end - span.start < 1.5 =>
            {
                last.end = last.end.max(span.end);
            }
            _ => kept.push(span),
        }
    }
    kept
}

fn draw_bar(pen: &mut Pen<'_>, frame: &Frame, place: f64, span: &Span<'_>) {
    let y = frame.up(place);
    let half = (frame.up(place - 0.4) - y).abs();
    // A gap tells neighbors apart; the shortest run is still seen.
    let end = (span.end - 0.5).max(span.start + 0.75);
    let (a, b) = ((span.start, y - half), (end, y + half));
    let shade = color(span.bar.status);
    pen.fill(a, b, shade);
    if span.bar.end.is_none() {
        let edge = Stroke::new(BLACK, 1.0).dashed(&[2.0, 2.0]);
        pen.line(&[(end, y - half), (end, y + half)], edge);
    }
    let em = (half * 1.2).min(10.5);
    let is_readable = em >= 7.5 && width(&span.bar.label, em) + 6.0 < end - span.start;
    if is_readable {
        let is_dark = matches!(span.bar.status, Status::Done | Status::Failed | Status::Pruned);
        let ink = if is_dark { WHITE } else { INK };
        let middle = (f64::midpoint(span.start, end), y);
        pen.words(middle, &span.bar.label, Words::new(em, ink, Align::Middle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{draws, long_name, look};

    fn figure(runs: usize, workers: usize, seconds: f64) -> Timeline {
        let mut draw = draws(runs as u64);
        let mut free = vec![0.0_f64; workers];
        let statuses = [
            Status::Done,
            Status::Done,
            Status::Pruned,
            Status::Done,
            Status::Failed,
            Status::Killed,
        ];
        let bar = |at: usize| {
            let lane = (0..workers).min_by(|&a, &b| free[a].total_cmp(&free[b])).unwrap();
            let start = free[lane] + 0.01 * seconds;
            free[lane] = start + seconds * (0.2 + draw());
            let is_last = at + 1 == runs && runs > 1;
            let status = if is_last { Status::Running } else { statuses[(draw() * 6.0) as usize] };
            let end = (!is_last).then_some(free[lane]);
            TimelineBar { lane, start, end, status, label: format!("{at}") }
        };
        let bars = (0..runs).map(bar).collect();
        let lane = |at: usize| if at == 1 { long_name() } else { format!("worker {at}") };
        Timeline { title: "mnist: 4 workers".into(), lanes: (0..workers).map(lane).collect(), bars }
    }

    #[test]
    fn one_run_to_ten_thousand() {
        for (runs, workers, seconds) in
            [(1, 1, 0.5), (40, 4, 60.0), (600, 32, 600.0), (10_000, 4, 2.0), (3_000, 300, 9e4)]
        {
            look(&format!("timeline_{runs}"), &figure(runs, workers, seconds));
        }
    }

    #[test]
    fn runs_at_the_same_time_are_on_lanes_of_their_own() {
        assert_eq!(lanes(&[(0.0, 5.0), (1.0, 2.0), (2.0, 9.0), (5.0, 6.0)]), [0, 1, 1, 0]);
        assert!(lanes(&[]).is_empty());
    }
}
