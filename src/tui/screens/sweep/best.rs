//! The best score so far, every trial as a dot, the champion as a level.

use super::Sweep;
use super::load::{Dot, DotKind, History};
use super::standing::Standing;
use crate::report::words;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Axis, Chart, Curve, Guide, Mark, Plot, Unit, plot_area};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The part of the axis below the worst score, where trials without any stand.
const FLOOR: f64 = 0.06;

/// What the chart is made of.
struct Picture<'a> {
    steps: Vec<(f64, f64)>,
    marks: Vec<Mark>,
    guides: Vec<(f64, String)>,
    history: &'a History,
    range: (f64, f64),
    last: f64,
}

/// The title's right part: the best and the champion, or what is under the crosshair.
pub(super) fn note(sweep: &Sweep, shared: &Shared) -> String {
    let Some(standing) = sweep.standing(shared) else { return String::new() };
    let Some(history) = of(sweep, &standing) else { return String::new() };
    let Some(aim) = history.aims.first() else { return String::new() };
    let metric = paint::clean(&aim.objective.metric);
    if let Some(dot) = sweep.crosshair.and_then(|at| history.dots.get(at)) {
        let end = match dot.kind {
            DotKind::Done => "",
            DotKind::Infeasible => " infeasible",
            DotKind::Pruned => " pruned",
            DotKind::Failed => " failed",
        };
        let score =
            if dot.score.is_finite() { words::number(dot.score) } else { "no score".into() };
        return format!("#{}{end} {score} · Enter opens", dot.trial);
    }
    let mut text = match aim.best {
        Some((trial, score, _)) => {
            format!("{metric} {} at #{trial}", words::measured(&metric, score))
        }
        None if history.dots.iter().any(|dot| dot.kind == DotKind::Infeasible) => {
            format!("{metric}, none keeps the constraints")
        }
        None => metric.clone(),
    };
    if let Some(champion) = standing.state.and_then(|state| state.champion) {
        text = format!("{text} · champion {}", words::measured(&metric, champion));
    }
    text
}

/// The history, if it is that of the sweep that is shown.
fn of<'a>(sweep: &'a Sweep, standing: &Standing<'_>) -> Option<&'a History> {
    sweep.history.as_deref().filter(|_| sweep.of == Some(standing.row.id))
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let Some(standing) = sweep.standing(shared) else { return };
    let Some(history) = of(sweep, &standing) else {
        let text = sweep.trouble(2).map_or("reading the trials".into(), paint::clean);
        return draw_empty(buf, place.area, shared, &[&text]);
    };
    if history.dots.is_empty() {
        let lines = ["no trial has ended yet", "the first score draws the first dot"];
        return draw_empty(buf, place.area, shared, &lines);
    }
    if history.range.is_none() {
        let ended = format!("{} ended without a score", words::plural(history.ended, "trial"));
        let reason = standing.ends.and_then(|ends| ends.reasons.first());
        let reason = reason.map_or(String::new(), |(_, reason, _)| paint::clean(reason));
        let file = format!("derby runs 'sweep:{}'", paint::clean(&standing.row.name));
        return draw_empty(buf, place.area, shared, &[&ended, &reason, "", &file]);
    }
    let theme = &shared.theme;
    let several = if history.aims.len() > 1 {
        (history.aims.len() as u16 + 1).min(place.area.height / 3)
    } else {
        0
    };
    let chart = Rect { height: place.area.height - several, ..place.area };
    let picture = picture(sweep, &standing, history);
    picture.chart(sweep.is_log, |chart_of| {
        chart_of.draw(buf, chart, theme);
        let plot = plot_area(chart, chart_of);
        for (dot, mark) in history.dots.iter().zip(&picture.marks) {
            sign(buf, &plot, (dot.kind, mark), theme);
        }
    });
    if let Some(dot) = sweep.crosshair.and_then(|at| history.dots.get(at)) {
        picture.chart(sweep.is_log, |chart_of| {
            let plot = plot_area(chart, chart_of);
            let (low, high) = plot.x_range();
            let share = (dot.trial as f64 - low) / (high - low).max(f64::MIN_POSITIVE);
            let x =
                plot.rect.x + (share * f64::from(plot.rect.width.saturating_sub(1))).round() as u16;
            for y in plot.rect.y..plot.rect.bottom() {
                if x < plot.rect.right() && buf[(x, y)].symbol() == " " {
                    buf[(x, y)]
                        .set_symbol(theme.glyph("┊", ":"))
                        .set_style(theme.style(Role::Accent));
                }
            }
        });
    }
    aims(history, buf, Rect { y: chart.bottom(), height: several, ..place.area }, shared);
}

/// Puts a sign on trials that did not end with a score: colors alone do not say it.
fn sign(buf: &mut Buffer, plot: &Plot, (kind, mark): (DotKind, &Mark), theme: &Theme) {
    let glyph = match kind {
        DotKind::Done => return,
        DotKind::Infeasible => theme.glyph("∅", "0"),
        DotKind::Pruned => theme.glyph("⊘", "/"),
        DotKind::Failed => theme.glyph("✗", "x"),
    };
    // As the canvas of the chart does it: by its dots, two a cell across and four down.
    let place = |share: f64, length: u16, dots: f64| {
        ((share * (f64::from(length) * dots - 1.0)).round() / dots).floor() as u16
    };
    let (x, y) = (plot.x.share(mark.x), plot.y.share(mark.y));
    if plot.rect.is_empty() || !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
        return;
    }
    let column = plot.rect.x + place(x, plot.rect.width, 2.0);
    let row = plot.rect.y + place(1.0 - y, plot.rect.height, 4.0);
    let cell = &mut buf[(column, row)];
    if [" ", theme.glyph("•", "o")].contains(&cell.symbol()) {
        cell.set_symbol(glyph).set_style(theme.style(mark.role));
    }
}

/// The best by each objective, and the front.
fn aims(history: &History, buf: &mut Buffer, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    for (at, aim) in history.aims.iter().enumerate() {
        let metric = paint::clean(&aim.objective.metric);
        let best = match aim.best {
            Some((trial, score, _)) => format!("{} at #{trial}", words::measured(&metric, score)),
            None => "no score yet".into(),
        };
        let goal = format!(" {} ", aim.objective.goal.word());
        paint::line(
            buf,
            area,
            at as u16,
            &[(&goal, muted), (&metric, text), ("  ", text), (&best, text)],
        );
    }
    if let Some((n, volume)) = history.front {
        let volume = volume.map_or(String::new(), |volume| {
            format!(", hypervolume {} from the worst of each", words::number(volume))
        });
        let line = format!(" pareto front {}{volume}", words::plural(n as u64, "trial"));
        paint::line(buf, area, history.aims.len() as u16, &[(&line, theme.style(Role::Good))]);
    }
}

fn picture<'a>(sweep: &Sweep, standing: &Standing<'_>, history: &'a History) -> Picture<'a> {
    let champion = standing.state.and_then(|state| state.champion);
    let (mut low, mut high) = history.range.unwrap_or((0.0, 1.0));
    if let Some(level) = champion.filter(|level| !sweep.is_log || *level > 0.0) {
        (low, high) = (low.min(level), high.max(level));
    }
    if low == high {
        let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.05 };
        (low, high) = (low - pad, high + pad);
    }
    let can_log = sweep.is_log && low > 0.0;
    let failed = history.dots.iter().any(|dot| !dot.score.is_finite());
    let floor = match (failed, can_log) {
        (false, _) => low,
        (true, true) => low / (high / low).powf(FLOOR),
        (true, false) => low - (high - low) * FLOOR,
    };
    let marks = history.dots.iter().map(|dot| Mark {
        x: dot.trial as f64,
        y: if dot.score.is_finite() { dot.score.clamp(low, high) } else { floor },
        role: match dot.kind {
            DotKind::Done | DotKind::Infeasible => Role::Muted,
            DotKind::Pruned => Role::Warn,
            DotKind::Failed => Role::Bad,
        },
    });
    let total = standing.total();
    let margin = (high - low) * 0.04;
    let top = if can_log { high * (high / low).powf(0.04) } else { high + margin };
    Picture {
        steps: history.steps.iter().map(|(x, y)| (*x, y.clamp(low, high))).collect(),
        marks: marks.collect(),
        guides: champion
            .map(|level| (level, format!("champion {}", words::number(level))))
            .into_iter()
            .collect(),
        history,
        range: (
            if failed {
                floor
            } else if can_log {
                low
            } else {
                low - margin
            },
            top,
        ),
        last: history.last.max(total.unwrap_or(0).saturating_sub(1)).max(1) as f64,
    }
}

impl Picture<'_> {
    fn chart(&self, is_log: bool, show: impl FnOnce(&Chart<'_>)) {
        let curve = Curve { points: &self.steps, role: Role::Good, label: "", dashed: false };
        let guides: Vec<Guide<'_>> = self
            .guides
            .iter()
            .map(|(at, label)| Guide { at: *at, role: Role::Champion, label })
            .collect();
        let x = Axis {
            name: "trial",
            unit: Unit::Whole,
            range: Some((0.0, self.last)),
            ..Axis::default()
        };
        let beyond = match self.history.beyond {
            0 => String::new(),
            n => format!("{} beyond the axis", words::plural(n, "score")),
        };
        let is_log = is_log && self.range.0 > 0.0;
        let y = Axis { name: &beyond, log: is_log, range: Some(self.range), ..Axis::default() };
        show(&Chart {
            series: &[curve],
            x,
            y,
            guides: &guides,
            marks: &self.marks,
            ..Chart::default()
        });
    }
}

/// The dot next to a cell.
pub(super) fn dot_at(sweep: &Sweep, area: Rect, at: (u16, u16), shared: &Shared) -> Option<usize> {
    let standing = sweep.standing(shared)?;
    let history = of(sweep, &standing)?;
    let mut found = None;
    picture(sweep, &standing, history).chart(sweep.is_log, |chart| {
        found = plot_area(area, chart).x_at(at.0);
    });
    nearest(&history.dots, found?)
}

fn nearest(dots: &[Dot], x: f64) -> Option<usize> {
    let at = dots.partition_point(|dot| (dot.trial as f64) < x);
    let near = [at.checked_sub(1), Some(at)].into_iter().flatten().filter(|at| *at < dots.len());
    near.min_by(|a, b| {
        let gap = |at: usize| (dots[at].trial as f64 - x).abs();
        gap(*a).total_cmp(&gap(*b))
    })
}
