//! Which parameters made the difference.

mod below;

use self::below::{Below, CLEAR};
use super::load::Ranking;
use super::{Sweep, shown_row};
use crate::compare::{Direction, ImportanceMethod, Importances, ParamImportance};
use crate::domain::Status;
use crate::report::words;
use crate::store::SweepRow;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{bar, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Finished runs that it takes to say anything.
pub(super) const NEEDED: u64 = 20;
/// With fewer the answer changes from run to run.
const SHAKY: u64 = 50;
/// Cells of a share.
const SHARE: usize = 5;
/// Cells of an interval, with what is between it and the share, and an arrow.
const INTERVAL: usize = 13;
/// Cells that a bar has at least before anything stands beside it.
const BAR: usize = 8;

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
    let row = shown_row(shared).filter(|row| row.objectives.len() > 1);
    let aim = row.and_then(|row| row.objectives.get(ranking.objective));
    let aim = aim.map(|aim| format!(" · {}", paint::clean(&aim.metric))).unwrap_or_default();
    format!("{}{aim} · {of}", ranking.method.word())
}

/// The objective that is shown: of a sweep with fewer, its last.
pub(super) fn objective(sweep: &Sweep, row: &SweepRow) -> usize {
    sweep.objective.min(row.objectives.len().saturating_sub(1))
}

fn ranking<'a>(sweep: &'a Sweep, shared: &Shared) -> Option<&'a Ranking> {
    let row = shown_row(shared)?;
    sweep
        .ranking
        .as_ref()
        .filter(|ranking| sweep.of == Some(row.id) && ranking.method == sweep.method)
        .filter(|ranking| ranking.objective == objective(sweep, row))
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
    let aim = row.objectives.get(ranking.objective).unwrap_or(&row.objectives[0]);
    match &ranking.found {
        Ok(found) => bars(found, (sweep, &aim.metric), finished, (buf, place), shared),
        Err(why) => draw_empty(buf, place.area, shared, &[&paint::clean(why)]),
    }
}

fn bars(
    found: &Importances,
    (sweep, metric): (&Sweep, &str),
    finished: u64,
    (buf, place): (&mut Buffer, Place),
    shared: &Shared,
) {
    let (area, theme) = (place.area, &shared.theme);
    let names: Vec<String> = found.names().into_iter().map(paint::clean).collect();
    let columns = Columns::new(found, &names, area.width);
    let shaky = format!("shaky below {SHAKY} finished runs");
    let below = Below {
        found,
        names: &names,
        at: sweep.cursors[1].within(found.params.len(), usize::MAX).row,
        metric,
        has_interval: columns.has_interval,
        doubt: (finished < SHAKY).then_some(&*shaky),
    };
    // Beside a third of the pane, what the bars leave.
    let height = usize::from(area.height);
    let room = height.saturating_sub(found.params.len() + 1).max(height / 3);
    let below = below.lines(usize::from(area.width).saturating_sub(2), room);
    let rows = height.saturating_sub(below.len());
    let cursor = sweep.cursors[1].within(found.params.len(), rows);
    let shown = found.params.iter().zip(&names).enumerate();
    for (y, (at, (param, name))) in shown.skip(cursor.first).take(rows).enumerate() {
        let y = y as u16;
        let role = if param.share >= 0.005 { Role::Accent } else { Role::Muted };
        let gap = columns.label - paint::cells(&fit(theme, name, columns.label));
        let name = format!(" {}{}  ", fit(theme, name, columns.label), " ".repeat(gap));
        let text = (name.as_str(), theme.style(Role::Text));
        let (stripe, whisker) = columns.stripe(param, theme);
        let whisker = (whisker.as_str(), theme.style(Role::Muted));
        paint::line(buf, area, y, &[text, (&stripe, theme.style(role)), whisker]);
        let right = columns.right(param, found, theme.ascii);
        paint::line_right(buf, area, y, &right, theme.style(Role::Text));
        if place.focused && at == cursor.row {
            paint::tint(buf, area, y, theme.selected(true));
        }
    }
    for (at, (text, role)) in below.iter().enumerate() {
        let line = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        paint::line(buf, line, (rows + at) as u16, &[(text, theme.style(*role))]);
    }
}

/// What a row has room for.
struct Columns {
    label: usize,
    bar: usize,
    has_interval: bool,
    has_active: bool,
    /// The share at the end of the longest bar or interval.
    most: f64,
}

impl Columns {
    fn new(found: &Importances, names: &[String], width: u16) -> Self {
        let label = names.iter().map(|name| paint::cells(name)).max().unwrap_or(0);
        let label = label.min(usize::from(width) / 2);
        let ends = found.params.iter().map(|p| p.interval.map_or(p.share, |ends| ends.1));
        let most = ends.fold(f64::MIN_POSITIVE, f64::max);
        let is_conditional = found.params.iter().any(|param| param.active < found.trials);
        let room = usize::from(width).saturating_sub(label + 4 + SHARE);
        let (interval, active) = (INTERVAL, words::count(found.trials as u64).len() * 2 + 9);
        let has_interval =
            found.params.iter().any(|p| p.interval.is_some()) && room >= interval + BAR;
        let used = if has_interval { interval } else { 0 };
        let has_active = is_conditional && room >= used + active + BAR;
        let used = used + if has_active { active } else { 0 };
        Self { label, bar: room.saturating_sub(used), has_interval, has_active, most }
    }

    /// The bar, and the part of the interval that is beyond it.
    fn stripe(&self, param: &ParamImportance, theme: &Theme) -> (String, String) {
        let stripe = bar(param.share / self.most, self.bar, theme);
        let high = param.interval.map_or(0.0, |ends| ends.1);
        let end = ((high / self.most * self.bar as f64).round() as usize).min(self.bar);
        let left = end.saturating_sub(paint::cells(&stripe));
        (stripe, if theme.ascii { "-" } else { "─" }.repeat(left))
    }

    /// In how many trials it was there at all, which way is better, how sure it is, and its share.
    fn right(&self, param: &ParamImportance, found: &Importances, is_ascii: bool) -> String {
        let (active, all) = (param.active as u64, found.trials as u64);
        let active = if self.has_active && active < all {
            format!("in {} of {}  ", words::count(active), words::count(all))
        } else {
            String::new()
        };
        let way = param.direction.as_ref().filter(|_| param.share >= CLEAR);
        let way = match (way, is_ascii) {
            (Some(Direction::Higher { .. }), false) => "↑ ",
            (Some(Direction::Higher { .. }), true) => "+ ",
            (Some(Direction::Lower { .. }), false) => "↓ ",
            (Some(Direction::Lower { .. }), true) => "- ",
            _ if found.method == ImportanceMethod::Shap => "  ",
            _ => "",
        };
        let interval = param.interval.filter(|_| self.has_interval);
        let interval = interval.map(|(low, high)| format!("{low:.2}–{high:.2}  "));
        format!("{active}{way}{}{:.2} ", interval.unwrap_or_default(), param.share)
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
