//! How runs ended: what keeps going wrong, then one after the other.

use super::places::ENDS;
use super::standing::{ago, glyph};
use super::{Sweep, shown_row};
use crate::domain::Status;
use crate::report::words;
use crate::store::{Cell, RunRow};
use crate::tui::layout::split_top;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::Role;
use crate::tui::widgets::{plain, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn note(sweep: &Sweep) -> String {
    let Some(ends) = &sweep.ends else { return String::new() };
    let lost = ends.reasons.iter().filter(|(status, ..)| *status != Status::Infeasible);
    let total: u64 = lost.map(|(_, _, n)| n).sum();
    if total == 0 {
        String::new()
    } else {
        format!("{} without a score", words::plural(total, "run"))
    }
}

/// The latest ends of the sweep that is shown.
pub(super) fn rows<'a>(sweep: &'a Sweep, shared: &Shared) -> &'a [RunRow] {
    let is_of = shown_row(shared).is_some_and(|row| sweep.of == Some(row.id));
    sweep.ends.as_ref().filter(|_| is_of).map_or(&[], |ends| &ends.rows)
}

/// The part for reasons, and the part for runs.
pub(super) fn parts(sweep: &Sweep, area: Rect) -> (Rect, Rect) {
    let n = sweep.ends.as_ref().map_or(0, |ends| ends.reasons.len()) as u16;
    let height = if n == 0 { 0 } else { (n + 1).min(area.height / 2) };
    split_top(area, height)
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let found = rows(sweep, shared);
    if found.is_empty() {
        let text = match (sweep.trouble(3), &sweep.ends) {
            (Some(trouble), _) => paint::clean(trouble),
            (None, Some(_)) => "no run has ended yet".into(),
            (None, None) => "reading the runs".into(),
        };
        return draw_empty(buf, place.area, shared, &[&text]);
    }
    let (above, below) = parts(sweep, place.area);
    reasons(sweep, buf, above, shared);
    let height = usize::from(below.height);
    let cursor = sweep.cursors[usize::from(ENDS)].within(found.len(), height);
    let shown = found.iter().enumerate().skip(cursor.first).take(height);
    let widths = widths(&found[cursor.first.min(found.len())..], height, shared);
    for (y, (at, run)) in shown.enumerate() {
        line((buf, below), y as u16, run, widths, shared);
        if at == cursor.row && place.focused {
            paint::tint(buf, below, y as u16, shared.theme.selected(true));
        }
    }
    let edge = Rect { x: below.right().saturating_sub(1), width: 1, ..below };
    scrollbar(buf, edge, &shared.theme, (cursor.first, height, found.len()));
}

fn reasons(sweep: &Sweep, buf: &mut Buffer, area: Rect, shared: &Shared) {
    let (Some(ends), theme) = (&sweep.ends, &shared.theme) else { return };
    let room = usize::from(area.height.saturating_sub(1));
    let is_cut = ends.reasons.len() > room;
    let shown = if is_cut { room.saturating_sub(1) } else { room };
    for (y, (status, reason, n)) in ends.reasons.iter().take(shown).enumerate() {
        let (sign, role) = glyph(*status, theme);
        let head = format!(" {sign} {:>5} {} ", words::count(*n), theme.glyph("×", "x"));
        let reason =
            if reason.is_empty() { status.word().to_string() } else { paint::clean(reason) };
        let reason = plain(theme, &reason).into_owned();
        let style = theme.style(Role::Text);
        paint::line(buf, area, y as u16, &[(&head, theme.style(role)), (&reason, style)]);
    }
    if is_cut && room > 0 {
        let more = format!("   and {} other reasons", ends.reasons.len() - shown);
        paint::line(buf, area, shown as u16, &[(&more, theme.style(Role::Muted))]);
    }
    if area.height > 0 {
        let rule = theme.glyph("─", "-").repeat(usize::from(area.width));
        paint::line(buf, area, area.height - 1, &[(&rule, theme.style(Role::Frame))]);
    }
}

/// Cells of number, trial and age of the runs in view.
fn widths(runs: &[RunRow], height: usize, shared: &Shared) -> [usize; 3] {
    let mut widths = [0; 3];
    for run in runs.iter().take(height) {
        for (width, text) in widths.iter_mut().zip(numbers(run, shared)) {
            *width = (*width).max(text.len());
        }
    }
    widths
}

fn numbers(run: &RunRow, shared: &Shared) -> [String; 3] {
    let trial = run.trial.map_or(String::new(), |trial| format!("#{trial}"));
    let when = run.ended.map_or(String::new(), |at| ago(at, shared.now_ms));
    [run.id.to_string(), trial, when]
}

fn line(
    (buf, area): (&mut Buffer, Rect),
    y: u16,
    run: &RunRow,
    [ids, trials, ages]: [usize; 3],
    shared: &Shared,
) {
    let theme = &shared.theme;
    let (sign, role) = glyph(run.status, theme);
    let head = format!(" {sign} ");
    let [id, trial, when] = numbers(run, shared);
    let (id, trial) = (format!("{id:<ids$}  "), format!("{trial:<trials$}  "));
    let score = match run.cells.first() {
        Some(Cell::Number(score)) => words::number(*score),
        Some(Cell::Nan) => "nan".into(),
        _ => String::new(),
    };
    let reason = run.reason.as_deref().map(paint::clean).unwrap_or_default();
    let what = match (run.status, reason.is_empty()) {
        (Status::Done, _) if run.cached => format!("{score} taken over from an equal run"),
        (Status::Done, _) => score,
        (status, true) => status.word().to_string(),
        (_, false) => reason,
    };
    let what = plain(theme, &what).into_owned();
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let when = format!("{when:>ages$}  ");
    let spans = [
        (head.as_str(), theme.style(role)),
        (&id, text),
        (&trial, muted),
        (&when, muted),
        (&what, text),
    ];
    paint::line(buf, area, y, &spans);
}
