//! What is in use: version, run, since when, by whom, why, scores, holdout; and a ledger that is not sound.

use super::load::Book;
use super::rows::next_use;
use super::{Champions, words};
use crate::champion::{CHAMPION, Ledger, Registered};
use crate::domain::{Digest, format_number};
use crate::report::words::{measured, params, plural};
use crate::tui::paint::{self, clean};
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::Role;
use crate::tui::widgets::plain;
use indexmap::IndexMap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells of a label.
const LABEL: usize = 9;
/// Lines that one piece of it may take.
const MOST_LINES: usize = 3;
/// Scores in a row.
const SCORES: usize = 4;

/// A row of the pane.
struct Line {
    label: &'static str,
    text: String,
    role: Role,
}

/// What the ledger says of holdout uses: `use 4, alpha left 0.0025`.
pub(super) fn uses(book: &Book) -> String {
    let Ok(ledger) = &book.ledger else { return String::new() };
    let registry = ledger.registry();
    let (_, alpha, _) = next_use(registry);
    let uses = match registry.uses() {
        0 => "no use yet".into(),
        n => plural(n, "use"),
    };
    format!("{uses}, alpha left {}", format_number(alpha, 2))
}

/// Rows that the pane needs.
pub(super) fn height(screen: &Champions, width: u16) -> u16 {
    let (Some(book), Some(ledger)) = (&screen.book, screen.ledger()) else { return 3 };
    broken(lines(book, ledger, ("*", 0)), width).len() as u16
}

/// Text that is too long goes on in the line below.
fn broken(lines: Vec<Line>, width: u16) -> Vec<Line> {
    let room = usize::from(width).saturating_sub(LABEL + 2).max(10);
    let parts = |line: Line| {
        let texts = wrapped(&line.text, room).into_iter().take(MOST_LINES).enumerate();
        texts.map(move |(at, text)| Line {
            label: if at == 0 { line.label } else { "" },
            text,
            role: line.role,
        })
    };
    lines.into_iter().flat_map(parts).collect()
}

pub(super) fn draw(book: &Book, ledger: &Ledger, buf: &mut Buffer, place: Place, shared: &Shared) {
    let theme = &shared.theme;
    let star = theme.glyph("★", "*");
    let rows = broken(lines(book, ledger, (star, shared.now_ms)), place.area.width);
    for (y, line) in rows.iter().enumerate() {
        let label = format!(" {:<LABEL$} ", line.label);
        let text = plain(theme, &line.text);
        let spans =
            [(label.as_str(), theme.style(Role::Muted)), (text.as_ref(), theme.style(line.role))];
        paint::line(buf, place.area, y as u16, &spans);
    }
}

/// When the champion became it, by whom and why.
fn crowned(ledger: &Ledger) -> Option<(String, String, String)> {
    let moves = ledger.registry().moves().iter();
    let moved = moves.rev().find(|moved| moved.what.name == CHAMPION)?;
    Some((moved.at.clone(), moved.user.clone(), moved.what.why.clone()))
}

fn lines(book: &Book, ledger: &Ledger, (star, now_ms): (&str, i64)) -> Vec<Line> {
    let registry = ledger.registry();
    let line = |label, text: String, role| Line { label, text, role };
    let Some(champion) = registry.champion() else {
        let mut lines = vec![line("champion", "none yet".into(), Role::Warn)];
        if let Some((at, user, why)) = crowned(ledger) {
            let text = format!("taken out of use {} by {user}: {why}", words::minute(&at));
            lines.push(line("", text, Role::Warn));
            lines.push(line("", "R goes back to it".into(), Role::Muted));
        } else {
            lines.push(line("", "P asks the gate about a challenger".into(), Role::Muted));
        }
        lines.push(line("holdout", holdout(book, ledger), Role::Text));
        return lines;
    };
    let version = &champion.version;
    let run = version.run.as_ref().map(|run| format!(" (run {})", run.number)).unwrap_or_default();
    let named = format!("{star} {}/{}{run}   {}", book.model, version.number, kind(champion));
    let mut lines = vec![line("champion", named, Role::Champion)];
    if let Some((at, user, why)) = crowned(ledger) {
        lines.push(line(
            "since",
            format!("{} UTC ({} ago) by {user}", words::minute(&at), words::age(&at, now_ms)),
            Role::Text,
        ));
        lines.push(line("why", why, Role::Text));
    }
    lines.push(line("params", params(&version.params), Role::Text));
    for (label, scores) in [("folds", &version.cross_validation), ("holdout", &version.holdout)] {
        if !scores.is_empty() {
            lines.push(line(label, shown(scores), Role::Text));
        }
    }
    let digest =
        |of: &Option<String>| of.as_deref().map_or_else(|| "none".into(), Digest::short_of);
    let bundle = Digest::short_of(&version.bundle);
    let data = digest(&version.data_hash);
    lines.push(line("bundle", format!("{bundle}   data {data}"), Role::Text));
    let aliases = registry.aliases_of(version.number);
    lines.push(line("aliases", format!("@{}", aliases.join(" @")), Role::Text));
    lines.push(line("asked", holdout(book, ledger), Role::Text));
    lines
}

fn kind(champion: &Registered) -> String {
    let of = champion.version.sweep.as_ref().map(|sweep| format!(" of sweep {sweep}"));
    format!("{}{}", champion.version.kind, of.unwrap_or_default())
}

fn shown(scores: &IndexMap<String, f64>) -> String {
    let shown = scores
        .iter()
        .take(SCORES)
        .map(|(name, value)| format!("{name} {}", measured(name, *value)));
    shown.collect::<Vec<_>>().join("  ")
}

/// How often the holdout was asked.
fn holdout(book: &Book, ledger: &Ledger) -> String {
    let registry = ledger.registry();
    let rows = match &book.used_rows {
        Ok(rows) => plural(*rows as u64, "row"),
        Err(error) => return format!("! {error}"),
    };
    let (number, alpha, all) = next_use(registry);
    let (alpha, all) = (format_number(alpha, 2), format_number(all, 2));
    let period = match registry.epoch() {
        0 => String::new(),
        n => format!("period {n}: "),
    };
    let next = format!("use {number} has alpha {alpha} of {all}");
    match registry.uses() {
        0 if matches!(book.used_rows, Ok(0)) => format!("{period}not used yet; {next}"),
        0 => format!("{period}{rows} looked at for thresholds, which spends no use; {next}"),
        n => format!("{period}{} of {rows}; {next}", plural(n, "use")),
    }
}

/// A ledger that cannot be trusted, loud, with the mend.
pub(super) fn draw_broken(book: &Book, buf: &mut Buffer, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    let bad = theme.style(Role::Bad);
    let width = usize::from(area.width.saturating_sub(4)).max(10);
    let mut lines: Vec<(String, Role)> = Vec::new();
    let model = clean(&book.model);
    if book.is_unknown {
        lines.push((format!("'{model}' is no registered model yet"), Role::Text));
        lines.push((String::new(), Role::Text));
        lines.push((
            format!("derby champion begin {model}   begins its ledger; P does it here"),
            Role::Muted,
        ));
    } else {
        let mark = theme.glyph("✗", "x");
        lines.push((format!("{mark} the ledger of '{model}' cannot be trusted"), Role::Bad));
        lines.push((String::new(), Role::Text));
        let error = book.ledger.as_ref().err().map_or("", String::as_str);
        lines.extend(wrapped(error, width).into_iter().map(|text| (text, Role::Bad)));
        lines.push((String::new(), Role::Text));
        if let Some(report) = &book.report {
            let head = report.head.map_or_else(|| "none".into(), |head| head.short());
            let sound = super::view_history::entries(report.entries);
            lines.push((format!("{sound} before that are sound; head {head}"), Role::Text));
            for file in &report.files {
                lines.extend(wrapped(file, width).into_iter().map(|text| (text, Role::Warn)));
            }
            lines.push((String::new(), Role::Text));
        }
        lines.push((format!("git log champions/{model}.jsonl   has it as it was"), Role::Muted));
        lines.push((
            format!("derby champion verify {model}   says more; r reads again"),
            Role::Muted,
        ));
    }
    let top = (usize::from(area.height).saturating_sub(lines.len()) / 2) as u16;
    for (at, (text, role)) in lines.iter().enumerate() {
        let text = plain(theme, text);
        paint::line(
            buf,
            area,
            top + at as u16,
            &[("  ", bad), (text.as_ref(), theme.style(*role))],
        );
    }
}

/// Text broken at spaces, words longer than a line cut.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in clean(text).split(' ') {
        let word = paint::cut(word, width);
        let last = lines.last_mut().expect("there is one line at least");
        if last.is_empty() {
            *last = word;
        } else if paint::cells(last) + 1 + paint::cells(&word) <= width {
            last.push(' ');
            last.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}
