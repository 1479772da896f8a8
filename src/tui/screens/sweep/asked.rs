//! What was asked of the sweep, by whom, and what it answered.

use super::Sweep;
use super::load::State;
use super::places::ASKED;
use super::standing::{Standing, ago};
use crate::report::words;
use crate::store::PastCommand;
use crate::sweep::steer::{Answer, asker};
use crate::sweep::{Doing, Steer};
use crate::tui::effect::{Effect, Tone};
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
    let text = match Steer::of(&command.command) {
        Some(Steer::Time { seconds: Some(seconds) }) => format!("time {}", words::limit(seconds)),
        Some(steer) => steer.to_string(),
        None => command.command.to_string(),
    };
    paint::clean(&text)
}

/// Messages of what was answered between two looks to what this person asked.
pub(super) fn news(before: Option<&State>, now: &State) -> Vec<Effect> {
    let Some(before) = before else { return Vec::new() };
    let me = asker();
    let was_open = |id| {
        let known = before.commands.iter().find(|command| command.id == id);
        known.is_none_or(|command| command.acknowledged.is_none())
    };
    let answered = now.commands.iter().rev().filter(|command| {
        command.acknowledged.is_some()
            && was_open(command.id)
            && command.command["by"].as_str() == Some(&me)
    });
    let answers: Vec<(String, Role)> = answered
        .map(|command| {
            let (text, role) = came(command, true);
            (format!("{}: {text}", said(command)), role)
        })
        .collect();
    let is_bad = answers.iter().any(|(_, role)| *role == Role::Bad);
    let texts: Vec<String> = answers.into_iter().map(|(text, _)| text).collect();
    if texts.is_empty() {
        return Vec::new();
    }
    vec![Effect::Say(if is_bad { Tone::Bad } else { Tone::Good }, texts.join(" · "))]
}

/// What came of it.
fn came(command: &PastCommand, is_driven: bool) -> (String, Role) {
    match command.answer.as_ref().map(|answer| (answer, Answer::of(answer))) {
        None if is_driven => ("waits for the sweep".into(), Role::Live),
        None => ("taken at the next start; p starts it".into(), Role::Muted),
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
    let trials = match (steering.trials.or(standing.row.total), standing.total()) {
        (None, Some(whole)) => format!("{} by the space", words::count(whole)),
        (trials, _) => limit(trials.map(words::count)),
    };
    let time = limit(steering.time.map(words::limit));
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
            "nobody has asked anything of it",
            "",
            "p pauses it, X stops it",
            "e changes its budget and ranges",
            "a adds a point to try",
        ];
        return draw_empty(buf, below, shared, &lines);
    }
    let blocks = blocks(state, &standing, usize::from(below.width), shared);
    let cursor = sweep.cursors[usize::from(ASKED)].within(blocks.len(), 1).row;
    let first = first(&blocks, cursor, usize::from(below.height));
    let (mut y, mut shown) = (0, 0);
    for (at, block) in blocks.iter().enumerate().skip(first) {
        for line in block {
            let spans: Vec<(&str, Style)> =
                line.iter().map(|(text, role)| (text.as_str(), theme.style(*role))).collect();
            paint::line(buf, below, y, &spans);
            if at == cursor && place.focused {
                paint::tint(buf, below, y, theme.selected(true));
            }
            y += 1;
        }
        shown += usize::from(y <= below.height);
    }
    let edge = Rect { x: below.right().saturating_sub(1), width: 1, ..below };
    scrollbar(buf, edge, theme, (first, shown, blocks.len()));
}

/// A line of a command: pieces of text and their colors.
type Line = Vec<(String, Role)>;

/// The lines of every command: one if it fits, else the answer below what was asked.
fn blocks(state: &State, standing: &Standing<'_>, width: usize, shared: &Shared) -> Vec<Vec<Line>> {
    state.commands.iter().map(|command| block(command, standing, width, shared)).collect()
}

fn block(
    command: &PastCommand,
    standing: &Standing<'_>,
    width: usize,
    shared: &Shared,
) -> Vec<Line> {
    let theme = &shared.theme;
    let when = format!(" {:>4} ", ago(command.created, shared.now_ms));
    let what = plain(theme, &said(command)).into_owned();
    let (answer, role) = came(command, standing.is_driven());
    let answer = plain(theme, &answer).into_owned();
    let by = command.command["by"].as_str().map(paint::clean).unwrap_or_default();
    let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
    let arrow = format!(" {} ", theme.glyph("→", ">"));
    let room = width.saturating_sub(1);
    let whole: usize = [&when, &what, &arrow, &answer, &by].iter().map(|t| paint::cells(t)).sum();
    let asked = [(when.clone(), Role::Muted), (what.clone(), Role::Text)];
    if whole <= room {
        let rest = [(arrow, Role::Muted), (answer, role), (by, Role::Muted)];
        return vec![asked.into_iter().chain(rest).collect()];
    }
    let indent = " ".repeat(paint::cells(&when));
    let narrow = room.saturating_sub(indent.len()).max(10);
    let mut lines = Vec::new();
    for (at, text) in paint::wrap(&format!("{what}{by}"), narrow).into_iter().enumerate() {
        let head = if at == 0 { when.clone() } else { indent.clone() };
        lines.push(vec![(head, Role::Muted), (text, Role::Text)]);
    }
    let arrow = arrow.trim_start();
    for (at, text) in paint::wrap(&answer, narrow.saturating_sub(2)).into_iter().enumerate() {
        let head = if at == 0 { arrow } else { "  " };
        lines.push(vec![(format!("{indent}{head}"), Role::Muted), (text, role)]);
    }
    lines
}

/// The first command in view, so that all of the selected one is.
fn first(blocks: &[Vec<Line>], cursor: usize, height: usize) -> usize {
    let mut used = 0;
    let mut first = cursor;
    for at in (0..=cursor.min(blocks.len().saturating_sub(1))).rev() {
        used += blocks[at].len();
        if used > height {
            break;
        }
        first = at;
    }
    first
}

/// The command at a line of the pane's lower part.
pub(super) fn command_at(sweep: &Sweep, below: Rect, y: u16, shared: &Shared) -> Option<usize> {
    let standing = sweep.standing(shared)?;
    let blocks = blocks(standing.state?, &standing, usize::from(below.width), shared);
    let cursor = sweep.cursors[usize::from(ASKED)].within(blocks.len(), 1).row;
    let first = first(&blocks, cursor, usize::from(below.height));
    let lines = blocks.iter().enumerate().skip(first);
    let mut owners = lines.flat_map(|(at, block)| std::iter::repeat_n(at, block.len()));
    owners.nth(usize::from(y))
}

/// The line above the footer: what was asked just now, or what the state of the sweep means.
pub(super) fn status(standing: &Standing<'_>, shared: &Shared) -> Vec<(String, Style)> {
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
        Doing::Running | Doing::Finished | Doing::Failed => return Vec::new(),
    };
    vec![(text.into(), theme.style(Role::Muted))]
}
