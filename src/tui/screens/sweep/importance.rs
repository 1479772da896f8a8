//! Which parameters made the difference.

use super::load::Ranking;
use super::{Sweep, shown_row};
use crate::compare::{ImportanceMethod, Importances, ParamImportance};
use crate::domain::{Status, format_number};
use crate::report::words;
use crate::space::shown_names;
use crate::store::SweepRow;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Finished runs that it takes to say anything.
pub(super) const NEEDED: u64 = 20;
/// With fewer the answer changes from run to run.
const SHAKY: u64 = 50;

/// The number of finished runs that a ranking is asked for: the exact one while there are few or nothing runs, else
/// one that changes with every twentieth part, since reading all trials costs time.
pub(super) fn rounded(finished: u64, is_alive: bool) -> u64 {
    if !is_alive || finished < 100 {
        return finished;
    }
    let step = 10_u64.pow(finished.ilog10()) / 20;
    finished / step.max(1) * step.max(1)
}

pub(super) fn note(sweep: &Sweep, shared: &Shared) -> String {
    let Some(ranking) = ranking(sweep, shared) else { return String::new() };
    let used = ranking.found.as_ref().map_or(0, |found| found.trials);
    let of = if used < ranking.of && used > 0 {
        format!("{} of {}", words::count(used as u64), words::plural(ranking.of as u64, "trial"))
    } else {
        words::plural(ranking.of as u64, "trial")
    };
    format!("{} · {of}", ranking.method.word())
}

fn ranking<'a>(sweep: &'a Sweep, shared: &Shared) -> Option<&'a Ranking> {
    let row = shown_row(shared)?;
    sweep
        .ranking
        .as_ref()
        .filter(|ranking| sweep.of == Some(row.id) && ranking.method == sweep.method)
}

/// Runs with a score, whether they keep the constraints or not.
pub(super) fn scored(row: &SweepRow) -> u64 {
    let count = |status| row.counts.get(&status).copied().unwrap_or(0);
    count(Status::Done) + count(Status::Infeasible)
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let Some(row) = shown_row(shared) else { return };
    let finished = scored(row);
    if finished < NEEDED {
        let has = format!("{} of {NEEDED} finished runs", words::count(finished));
        let lines = [has.as_str(), "importance needs 20 finished runs", "and is shaky below 50"];
        return draw_empty(buf, place.area, shared, &lines);
    }
    let Some(ranking) = ranking(sweep, shared) else {
        let text = sweep.trouble(5).map_or("weighing the parameters".into(), paint::clean);
        return draw_empty(buf, place.area, shared, &[&text]);
    };
    match &ranking.found {
        Ok(found) => bars(found, sweep, finished, (buf, place), shared),
        Err(why) => draw_empty(buf, place.area, shared, &[&paint::clean(why)]),
    }
}

/// Names of the parameters as everywhere.
fn names(found: &Importances) -> Vec<String> {
    let params = found.params.iter().map(|param| (param.id.as_str(), param.name.as_str()));
    shown_names(params).into_iter().map(paint::clean).collect()
}

fn bars(
    found: &Importances,
    sweep: &Sweep,
    finished: u64,
    (buf, place): (&mut Buffer, Place),
    shared: &Shared,
) {
    let (area, theme) = (place.area, &shared.theme);
    let names = names(found);
    let mut notes: Vec<(String, Role)> = Vec::new();
    if finished < SHAKY {
        notes.push((format!("shaky below {SHAKY} finished runs"), Role::Warn));
    }
    notes.extend(found.doubts.iter().map(|doubt| (paint::clean(doubt), Role::Warn)));
    notes.push((question(found.method).into(), Role::Muted));
    let room = area.height.saturating_sub(2).max(1);
    notes.truncate(usize::from(room / 3).max(1));
    let rows = area.height.saturating_sub(notes.len() as u16);
    let cursor = sweep.cursors[1].within(found.params.len(), usize::from(rows));
    let label = names.iter().map(|name| paint::cells(name)).max().unwrap_or(0);
    let label = label.min(usize::from(area.width) / 2);
    let tail = if area.width >= 44 { 14 } else { 5 };
    let most = found.params.first().map_or(1.0, |param| param.share).max(f64::MIN_POSITIVE);
    let length = usize::from(area.width).saturating_sub(label + tail + 4);
    let shown = found.params.iter().zip(&names).enumerate();
    for (y, (at, (param, name))) in shown.skip(cursor.first).take(usize::from(rows)).enumerate() {
        let y = y as u16;
        let role = if param.share >= 0.005 { Role::Accent } else { Role::Muted };
        let gap = label - paint::cells(&fit(theme, name, label));
        let name = format!(" {}{}  ", fit(theme, name, label), " ".repeat(gap));
        let text = (name.as_str(), theme.style(Role::Text));
        let stripe = bar(param.share / most, length, theme);
        paint::line(buf, area, y, &[text, (&stripe, theme.style(role))]);
        let share = format!("{:.2} ", param.share);
        let right = share_line(param, found, tail > 5);
        paint::line_right(buf, area, y, &format!("{right}{share}"), theme.style(Role::Text));
        if place.focused && at == cursor.row {
            paint::tint(buf, area, y, theme.selected(true));
        }
    }
    let first = area.height.saturating_sub(notes.len() as u16);
    for (at, (text, role)) in notes.iter().enumerate() {
        let line = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        paint::line(buf, line, first + at as u16, &[(text, theme.style(*role))]);
    }
}

/// How sure it is, and in how many trials the parameter was there at all.
fn share_line(param: &ParamImportance, found: &Importances, has_room: bool) -> String {
    match param.sd {
        _ if !has_room => String::new(),
        _ if param.active < found.trials => format!("in {} ", words::count(param.active as u64)),
        Some(sd) => format!("± {} ", format_number(sd, 1)),
        None => String::new(),
    }
}

fn question(method: ImportanceMethod) -> &'static str {
    match method {
        ImportanceMethod::PedAnova => "sets the best tenth apart · v fANOVA",
        ImportanceMethod::Fanova => "share of variance · v PED-ANOVA",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_sweep_is_weighed_now_and_then() {
        let check = |finished, is_alive, expect| assert_eq!(rounded(finished, is_alive), expect);
        check(57, true, 57);
        check(123, true, 120);
        check(99_999, true, 99_500);
        check(99_999, false, 99_999);
        check(0, true, 0);
    }
}
