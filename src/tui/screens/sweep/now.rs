//! Who works at the sweep, and on what.

use super::load::State;
use super::places::NOW;
use super::standing::{glyph, slots};
use super::{Sweep, shown_row};
use crate::domain::Status;
use crate::report::words;
use crate::store::RunAtWork;
use crate::sweep::Doing;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::{Role, Theme, signs};
use crate::tui::widgets::{bar, fit, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The longest bar.
const BAR: usize = 16;

pub(super) fn note(sweep: &Sweep, shared: &Shared) -> String {
    let Some(standing) = sweep.standing(shared) else { return String::new() };
    let running = standing.count(Status::Running);
    let alive = standing.reached.alive(running);
    match standing.state.and_then(slots) {
        Some(slots) => format!("{running} of {slots} jobs busy"),
        None if alive > 0 => format!("{alive} running"),
        None if standing.reached.stale > 0 => format!("! {} stale", standing.reached.stale),
        None => String::new(),
    }
}

/// The runs at work, in the order shown.
pub(super) fn runs<'a>(sweep: &'a Sweep, shared: &Shared) -> &'a [RunAtWork] {
    let is_of = shown_row(shared).is_some_and(|row| sweep.of == Some(row.id));
    sweep.work.as_ref().filter(|_| is_of).map_or(&[], |work| &work.runs)
}

/// The lines about processes, and the part below for runs.
pub(super) fn parts(sweep: &Sweep, area: Rect, shared: &Shared) -> (Rect, Rect) {
    let n = sweep
        .standing(shared)
        .and_then(|standing| standing.state)
        .map_or(1, |state| usize::from(state.reached.driver.is_some()) + state.workers.len());
    let most = if runs(sweep, shared).is_empty() { area.height } else { area.height / 3 };
    crate::tui::layout::split_top(area, (n.max(1) as u16).min(most.max(1)))
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let Some(standing) = sweep.standing(shared) else { return };
    let Some(state) = standing.state else {
        let text = sweep.trouble(0).map_or("looking who works".into(), paint::clean);
        return draw_empty(buf, place.area, shared, &[&text]);
    };
    let found = runs(sweep, shared);
    if state.reached.driver.is_none() && found.is_empty() {
        let lines: [&str; 3] = match standing.doing() {
            Doing::Finished | Doing::Failed => {
                ["every trial has ended", "", "e sets more trials, then p goes on"]
            }
            _ => ["nobody drives this sweep", "", "p goes on with it"],
        };
        return draw_empty(buf, place.area, shared, &lines);
    }
    let (top, below) = parts(sweep, place.area, shared);
    processes(buf, top, state, shared);
    let height = usize::from(below.height);
    let cursor = sweep.cursors[usize::from(NOW)].within(found.len(), height);
    let shown = found.iter().enumerate().skip(cursor.first).take(height);
    for (y, (at, run)) in shown.enumerate() {
        run_line(buf, below, y as u16, (run, sweep), shared);
        if at == cursor.row && place.focused {
            paint::tint(buf, below, y as u16, shared.theme.selected(true));
        }
    }
    let edge = Rect { x: below.right().saturating_sub(1), width: 1, ..below };
    scrollbar(buf, edge, &shared.theme, (cursor.first, height, found.len()));
}

fn processes(buf: &mut Buffer, area: Rect, state: &State, shared: &Shared) {
    let theme = &shared.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let mut lines = Vec::new();
    if let Some(driver) = &state.reached.driver {
        let jobs = state.steering.jobs;
        let jobs =
            jobs.map_or(String::new(), |jobs| format!(", {}", words::plural(jobs as u64, "job")));
        lines.push((driver, format!("drives it{jobs}"), Role::Live));
    }
    for worker in &state.workers {
        let role = if worker.busy > 0 { Role::Live } else { Role::Muted };
        lines.push((
            &worker.owner,
            format!("works along, {} of {} busy", worker.busy, worker.slots),
            role,
        ));
    }
    if lines.is_empty() {
        let stale = " ! the process that drove it is gone; p goes on with it";
        paint::line(buf, area, 0, &[(stale, theme.style(Role::Warn))]);
    }
    for (y, (owner, what, role)) in lines.into_iter().enumerate() {
        let sign = format!(" {} ", theme.glyph("■", "#"));
        let host = fit(theme, &paint::clean(&owner.host), 24).into_owned();
        let pid = format!("process {} on ", owner.pid);
        let what = format!(" {what}");
        let spans =
            [(sign.as_str(), theme.style(role)), (&pid, text), (&host, text), (&what, muted)];
        paint::line(buf, area, y as u16, &spans);
    }
}

/// The number of a run's trial.
fn number(run: &RunAtWork) -> String {
    run.trial.map_or(String::new(), |trial| format!("#{trial}"))
}

fn run_line(
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    (run, sweep): (&RunAtWork, &Sweep),
    shared: &Shared,
) {
    let theme = &shared.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let is_stale = run.owner.is_none();
    let (sign, role) = if is_stale { theme.sign(signs::STALE) } else { glyph(run.status, theme) };
    let time = run
        .started
        .map_or(String::new(), |at| words::duration((shared.now_ms - at).max(0) as f64 / 1e3));
    let head = format!(" {sign} ");
    let widest = |of: &dyn Fn(&RunAtWork) -> String| {
        let runs = sweep.work.as_ref().map_or(&[][..], |work| &work.runs);
        runs.iter().map(|run| of(run).len()).max().unwrap_or(0)
    };
    let (ids, trials) = (widest(&|run| run.run.to_string()), widest(&number));
    let id = format!("{:<ids$}  ", run.run.to_string());
    let place = format!("{:<trials$} ", number(run));
    let time = if is_stale { "stale".into() } else { time };
    let mut spans = vec![
        (head, theme.style(role)),
        (id, text),
        (place, muted),
        (format!("{time:>7}  "), if is_stale { theme.style(Role::Warn) } else { text }),
    ];
    let used: usize = spans.iter().map(|(text, _)| paint::cells(text)).sum();
    let room = usize::from(area.width).saturating_sub(used + 1);
    spans.extend(
        reached(run, sweep, room, theme).into_iter().map(|(t, role)| (t, theme.style(role))),
    );
    let spans: Vec<paint::Span<'_>> = spans.iter().map(|(t, style)| (t.as_str(), *style)).collect();
    paint::line(buf, area, y, &spans);
}

/// How far a run has come: a bar if it is known how far it is meant to, the number of values, the last one.
fn reached(run: &RunAtWork, sweep: &Sweep, room: usize, theme: &Theme) -> Vec<(String, Role)> {
    let Some(latest) = &run.latest else {
        let text = if run.status == Status::Queued { "queued" } else { "no value yet" };
        return vec![(text.into(), Role::Muted)];
    };
    let meant = sweep.work.as_ref().and_then(|work| work.meant.as_ref());
    let meant = meant.filter(|(metric, _)| *metric == latest.metric).map(|(_, n)| *n);
    let value = words::number(latest.value);
    let count = match meant {
        Some(meant) => format!(" {}/{meant} ", latest.n),
        None => format!(" {} ", words::plural(latest.n, "value")),
    };
    let name = format!(" {}", paint::clean(&latest.metric));
    let fixed = paint::cells(&count) + paint::cells(&value) + 1;
    // The name is the first to go where room is short.
    let has_name = room >= fixed + paint::cells(&name) + BAR / 2;
    let left = fixed + if has_name { paint::cells(&name) } else { 0 };
    let width = room.saturating_sub(left).min(BAR);
    let mut spans = Vec::new();
    if let Some(meant) = meant.filter(|_| width >= 4) {
        let stripe = bar(latest.n as f64 / meant as f64, width, theme);
        let gap = " ".repeat(width - paint::cells(&stripe).min(width));
        spans.push((format!("{stripe}{gap}"), Role::Live));
    }
    if room > paint::cells(&value) + paint::cells(&count) {
        spans.push((count, Role::Muted));
    }
    spans.push((value, Role::Text));
    if has_name {
        spans.push((name, Role::Muted));
    }
    spans
}
