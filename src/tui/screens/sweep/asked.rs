//! What was asked of the sweep, by whom, and what it answered.

use super::Sweep;
use super::load::State;
use super::places::ASKED;
use super::standing::{Standing, ago};
use crate::report::words;
use crate::store::PastCommand;
use crate::sweep::Steer;
use crate::sweep::steer::Answer;
use crate::tui::layout::split_top;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{plain, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// An answer is news for so long.
const NEWS_MS: i64 = 15_000;

pub(super) fn note(sweep: &Sweep) -> String {
    let commands = sweep.state.as_ref().map_or(&[][..], |state| &state.commands);
    let open = commands.iter().filter(|command| command.acknowledged.is_none()).count();
    if open > 0 { format!("{open} not taken yet") } else { String::new() }
}

/// A command in words, as `derby steer` takes it.
fn said(command: &PastCommand) -> String {
    let text = Steer::of(&command.command)
        .map_or_else(|| command.command.to_string(), |steer| steer.to_string());
    paint::clean(&text)
}

/// What came of it.
fn came(command: &PastCommand, is_driven: bool) -> (String, Role) {
    match command.answer.as_ref().map(|answer| (answer, Answer::of(answer))) {
        None if is_driven => ("waits for the sweep".into(), Role::Live),
        None => ("taken at the next start".into(), Role::Muted),
        Some((_, Some(Answer { ok: true, text }))) => (paint::clean(&text), Role::Good),
        Some((_, Some(Answer { text, .. }))) => {
            (format!("refused: {}", paint::clean(&text)), Role::Bad)
        }
        Some((other, None)) => (paint::clean(&other.to_string()), Role::Muted),
    }
}

/// How the sweep is steered now: limits, changed ranges, points that wait.
fn now(state: &State, standing: &Standing<'_>) -> Vec<String> {
    let steering = &state.steering;
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "no limit".into());
    let trials = limit(steering.trials.or(standing.row.total).map(words::count));
    let time = limit(steering.time.map(words::duration));
    let jobs = steering.jobs.map_or("—".into(), |jobs| jobs.to_string());
    let mut lines = vec![format!("trials {trials}   jobs {jobs}   time {time}")];
    for (id, (low, high)) in &steering.ranges {
        lines.push(format!(
            "range {} {} … {}",
            paint::clean(id),
            words::number(*low),
            words::number(*high)
        ));
    }
    for (trial, params) in &steering.waiting {
        lines.push(format!("waits #{trial} {}", paint::clean(&words::params(params))));
    }
    lines
}

/// The part for how it is steered now, and the part for commands.
pub(super) fn parts(sweep: &Sweep, area: Rect, shared: &Shared) -> (Rect, Rect) {
    let standing = sweep.standing(shared);
    let known = standing.as_ref().and_then(|standing| Some((standing.state?, standing)));
    let n = known.map_or(0, |(state, standing)| now(state, standing).len() as u16);
    split_top(area, (n + 1).min(area.height / 2))
}

pub(super) fn draw(sweep: &Sweep, buf: &mut Buffer, place: Place, shared: &Shared) {
    let Some(standing) = sweep.standing(shared) else { return };
    let Some(state) = standing.state else {
        let text = sweep.trouble(0).map_or("reading".into(), paint::clean);
        return draw_empty(buf, place.area, shared, &[&text]);
    };
    let theme = &shared.theme;
    let (above, below) = parts(sweep, place.area, shared);
    let room = usize::from(above.height.saturating_sub(1));
    for (y, line) in now(state, &standing).iter().take(room).enumerate() {
        let line = format!(" {}", plain(theme, line));
        paint::line(buf, above, y as u16, &[(&line, theme.style(Role::Text))]);
    }
    if above.height > 0 {
        let rule = theme.glyph("─", "-").repeat(usize::from(above.width));
        paint::line(buf, above, above.height - 1, &[(&rule, theme.style(Role::Frame))]);
    }
    if state.commands.is_empty() {
        let lines = [
            "nothing was asked of it",
            "",
            "p pauses   X stops",
            "e changes budget and ranges",
            "a asks for a point by hand",
        ];
        return draw_empty(buf, below, shared, &lines);
    }
    let height = usize::from(below.height);
    let cursor = sweep.cursors[usize::from(ASKED)].within(state.commands.len(), height);
    for (y, (at, command)) in
        state.commands.iter().enumerate().skip(cursor.first).take(height).enumerate()
    {
        let when = format!(" {:>4} ", ago(command.created, shared.now_ms));
        let what = said(command);
        let (answer, role) = came(command, standing.is_driven());
        let answer = plain(theme, &answer).into_owned();
        let by = command.command["by"].as_str().map(paint::clean).unwrap_or_default();
        let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
        let arrow = format!(" {} ", theme.glyph("→", ">"));
        let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
        let spans = [
            (when.as_str(), muted),
            (&what, text),
            (&arrow, muted),
            (&answer, theme.style(role)),
            (&by, muted),
        ];
        paint::line(buf, below, y as u16, &spans);
        if at == cursor.row && place.focused {
            paint::tint(buf, below, y as u16, theme.selected(true));
        }
    }
    let edge = Rect { x: below.right().saturating_sub(1), width: 1, ..below };
    scrollbar(buf, edge, theme, (cursor.first, height, state.commands.len()));
}

/// The line above the footer: what was asked just now, or what the state of the sweep means.
pub(super) fn status(standing: &Standing<'_>, shared: &Shared) -> Vec<(String, Style)> {
    use super::standing::Doing;
    let theme: &Theme = &shared.theme;
    let Some(state) = standing.state else { return Vec::new() };
    if let Some(command) = state.commands.first() {
        let since = command.acknowledged.unwrap_or(command.created);
        let waits = command.acknowledged.is_none() && standing.is_driven();
        if waits || shared.now_ms - since < NEWS_MS {
            let (text, role) = came(command, standing.is_driven());
            let text = plain(theme, &text).into_owned();
            let what = plain(theme, &said(command)).into_owned();
            return vec![
                (format!(" {what}: "), theme.style(Role::Muted)),
                (text, theme.style(role)),
            ];
        }
    }
    let text = match standing.doing() {
        Doing::Paused => " paused: running trials finish and no new one is asked for; p goes on",
        Doing::Stale => " the process that drove it is gone; p goes on where it stopped",
        Doing::Stopped => " nobody drives it; p goes on where it stopped",
        Doing::Running | Doing::Finished => return Vec::new(),
    };
    vec![(text.into(), theme.style(Role::Muted))]
}
