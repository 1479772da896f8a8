//! The two lines above the panes: which sweep, and how far it is.

use super::standing::{Standing, ago, glyph, pace};
use crate::domain::Status;
use crate::report::words;
use crate::sweep::Doing;
use crate::tui::paint::{self, Span};
use crate::tui::theme::{Role, Theme, signs};
use crate::tui::widgets::{Progress, plain};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// A piece of a line that leaves, the last first, where room is short.
struct Piece {
    text: String,
    role: Role,
    is_loud: bool,
}

fn piece(text: impl Into<String>, role: Role) -> Piece {
    Piece { text: text.into(), role, is_loud: false }
}

pub(super) fn draw(buf: &mut Buffer, area: Rect, standing: &Standing<'_>, theme: &Theme) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    line(buf, area, 0, &name(standing, theme), theme);
    progress(
        buf,
        Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area },
        standing,
        theme,
    );
}

/// Writes pieces side by side; those that do not fit are left out, but for the first two.
fn line(buf: &mut Buffer, area: Rect, y: u16, pieces: &[Piece], theme: &Theme) {
    let mut spans: Vec<(String, ratatui::style::Style)> = Vec::new();
    let mut used = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let text = plain(theme, &piece.text).into_owned();
        let gap = if at > 1 { 3 } else { usize::from(at > 0) };
        let width = paint::cells(&text) + gap;
        if at > 1 && used + width > usize::from(area.width) {
            break;
        }
        used += width;
        let style = theme.style(piece.role);
        let loud = style.add_modifier(Modifier::REVERSED | Modifier::BOLD);
        spans.push((" ".repeat(gap), theme.style(Role::Text)));
        spans.push((text, if piece.is_loud { loud } else { style }));
    }
    let spans: Vec<Span<'_>> = spans.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    paint::line(buf, area, y, &spans);
}

fn name(standing: &Standing<'_>, theme: &Theme) -> Vec<Piece> {
    let (row, doing) = (standing.row, standing.doing());
    let (sign, role) = theme.sign(signs::doing(doing));
    let word = doing.word();
    let mut pieces = vec![piece(sign, role), piece(paint::clean(&row.name), Role::Accent)];
    if doing == Doing::Paused {
        let text = format!(" {word} ");
        pieces.push(Piece { text, role, is_loud: true });
        pieces.push(piece("p resumes", Role::Warn));
    } else {
        pieces.push(piece(word, role));
    }
    if let Some(eta) = standing.eta() {
        pieces.push(piece(format!("eta {}", words::duration(eta)), Role::Text));
    }
    let goals = row.objectives.iter().map(|aim| format!("{} {}", aim.goal.word(), aim.metric));
    pieces.push(piece(paint::clean(&goals.collect::<Vec<_>>().join(", ")), Role::Text));
    pieces.push(piece(format!("{} seed {}", paint::clean(&row.sampler), row.seed), Role::Muted));
    if let Some(stopped) = standing.reached.ended.as_ref().filter(|_| !standing.is_driven()) {
        let text = paint::clean(&stopped.text);
        let why = if text.is_empty() { text } else { format!(": {text}") };
        pieces.push(piece(
            format!("ended {} ago{why}", ago(stopped.at, standing.now_ms)),
            Role::Muted,
        ));
    }
    pieces.push(piece(format!("started {} ago", ago(row.created, standing.now_ms)), Role::Muted));
    pieces.push(piece(paint::clean(&row.file), Role::Muted));
    pieces
}

fn progress(buf: &mut Buffer, area: Rect, standing: &Standing<'_>, theme: &Theme) {
    let width = (area.width * 2 / 5).min(60);
    stripe(standing).draw(buf, Rect { width, height: area.height.min(1), ..area }, theme);
    let mut pieces = vec![piece(standing.progress(), Role::Text)];
    let share = standing.total().filter(|total| *total > 0 && !standing.doing().is_over());
    let share = share.map(|total| standing.finished() as f64 / total as f64);
    let share = share.map(|share| format!("{:.0}%", (share * 100.0).floor().min(100.0)));
    pieces.extend(share.map(|share| piece(share, Role::Text)));
    pieces.extend(counts(standing, theme));
    if standing.row.duplicates > 0 {
        let n = words::count(standing.row.duplicates);
        pieces.push(piece(format!("{n} tried before"), Role::Muted));
    }
    if let Some(rate) = standing.pace() {
        pieces.push(piece(pace(rate), Role::Text));
    }
    pieces.extend(time(standing));
    let x = area.x + width + 1;
    let room = Rect { x, width: area.right().saturating_sub(x), ..area };
    line(buf, room, 0, &pieces, theme);
}

/// The bar: trials, whatever number of runs each has.
fn stripe(standing: &Standing<'_>) -> Progress {
    let count = |status| standing.count(status);
    let over = standing.finished();
    let is_failed = standing.doing() == Doing::Failed;
    let failed = if is_failed { over } else { count(Status::Failed).min(over) };
    let pruned = count(Status::Pruned) + count(Status::Infeasible);
    let pruned = pruned.min(over - failed);
    let running = standing.reached.alive(count(Status::Running));
    let total = standing.total().unwrap_or(over + running);
    Progress { done: over - failed - pruned, pruned, failed, running, total }
}

/// Runs by status; those at which nobody works apart.
fn counts(standing: &Standing<'_>, theme: &Theme) -> Vec<Piece> {
    let mut stale = standing.reached.stale;
    let mut counts = Vec::new();
    for status in Status::ALL {
        let mut n = standing.count(status);
        if matches!(status, Status::Running | Status::Queued) {
            let lost = n.min(stale);
            (n, stale) = (n - lost, stale - lost);
        }
        if n > 0 {
            let (sign, role) = glyph(status, theme);
            let word = if status == Status::Killed { " killed" } else { "" };
            counts.push(piece(format!("{sign} {}{word}", words::count(n)), role));
        }
    }
    counts.sort_by_key(|piece| piece.role == Role::Muted);
    if standing.reached.replicates > 1
        && let Some(first) = counts.first_mut()
    {
        first.text = format!("runs {}", first.text);
    }
    if standing.reached.stale > 0 {
        let (sign, role) = theme.sign(signs::STALE);
        counts.insert(
            0,
            piece(format!("{sign} {} stale", words::count(standing.reached.stale)), role),
        );
    }
    counts
}

/// What was spent of the time budget.
fn time(standing: &Standing<'_>) -> Option<Piece> {
    let spent = standing.seconds()?;
    let limit = standing.state.and_then(|state| state.steering.time);
    let text = match limit {
        Some(limit) => format!("{} of {}", words::duration(spent), words::limit(limit)),
        None => words::duration(spent),
    };
    Some(piece(text, Role::Muted))
}
