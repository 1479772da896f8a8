//! The verdict of the selected challenger: decision, the gain's interval, every check with its evidence.

use super::rows::Said;
use super::view_champion::wrapped;
use super::{Champions, VERDICT, rows, words};
use crate::gate::{Check, Comparison, Verdict};
use crate::report::words::{number, signed};
use crate::tui::layout::split_top;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{CellText, Col, Grid, GridHit, Interval, Intervals, plain};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines for the selected check's evidence.
const DETAIL: u16 = 3;
/// Width from which the evidence is a column too.
const WIDE: u16 = 110;
/// Lines for the decision in words.
const MEANING: usize = 3;

/// Parts of the pane.
struct Parts {
    decision: Rect,
    gain: Rect,
    checks: Rect,
    detail: Rect,
}

pub(super) fn title(screen: &Champions) -> String {
    let Some(row) = screen.selected() else { return "Verdict".into() };
    let about = screen.row_title(row);
    match screen.said() {
        Some(said) if said.gate.what.champion.is_some() => {
            format!("Gate: {about} against {}", words::against(&said.gate.what))
        }
        _ => format!("Gate: {about}"),
    }
}

pub(super) fn note(screen: &Champions) -> String {
    screen.said().map_or_else(String::new, |said| words::tally(&said.gate.what.verdict))
}

/// Rows of evidence in view.
pub(super) fn height(screen: &Champions, area: Rect) -> usize {
    let Some(said) = screen.said() else { return 0 };
    let meaning = meaning_of(said, area.width).len();
    Grid::height(parts(&said.gate.what.verdict, area, meaning).checks)
}

pub(super) fn n_rows(screen: &Champions) -> usize {
    screen.said().map_or(0, |said| n_evidence(&said.gate.what.verdict))
}

pub(super) fn hit(screen: &Champions, area: Rect, at: (u16, u16)) -> Option<GridHit> {
    let said = screen.said()?;
    let verdict = &said.gate.what.verdict;
    let parts = parts(verdict, area, meaning_of(said, area.width).len());
    let total = n_evidence(verdict);
    let height = Grid::height(parts.checks);
    let first = screen.seen[usize::from(VERDICT)].first(screen.check, height, total);
    let rows = vec![Vec::new(); height.min(total.saturating_sub(first))];
    let columns = [Col { width: 1, grow: true, ..Col::default() }];
    let grid = Grid { columns: &columns, rows: &rows, first_row: first, total, ..Grid::default() };
    grid.hit(parts.checks, at.0, at.1)
}

pub(super) fn draw(screen: &Champions, buf: &mut Buffer, place: Place, shared: &Shared) {
    match screen.said() {
        Some(said) => draw_said(screen, said, buf, place, shared),
        None => draw_unasked(screen, buf, place.area, shared),
    }
}

/// Not asked yet: what it would take to ask.
fn draw_unasked(screen: &Champions, buf: &mut Buffer, area: Rect, shared: &Shared) {
    let Some(ledger) = screen.ledger().filter(|_| screen.selected().is_some()) else {
        let text = ["no challenger yet", "derby sweep FILE trains some"];
        return super::draw_empty(buf, area, shared, &text);
    };
    let (number, alpha, _) = rows::next_use(ledger.registry());
    let cost = match ledger.registry().champion() {
        Some(_) => format!(
            "it uses the holdout once more: use {number}, alpha {}",
            crate::domain::format_number(alpha, 2)
        ),
        None => {
            "no champion yet: only thresholds are judged, which spends no use of the holdout".into()
        }
    };
    let text = ["not asked yet", "", "P asks the gate", &cost];
    super::draw_empty(buf, area, shared, &text);
}

fn draw_said(screen: &Champions, said: Said<'_>, buf: &mut Buffer, place: Place, shared: &Shared) {
    let theme = &shared.theme;
    let verdict = &said.gate.what.verdict;
    let meaning = meaning_of(said, place.area.width);
    let parts = parts(verdict, place.area, meaning.len());
    let (mark, role) = words::decision(theme, verdict.decision);
    let word = format!(" {mark} {}", verdict.decision.word().to_uppercase());
    let bold = theme.style(role).add_modifier(ratatui::style::Modifier::BOLD);
    let used = match said.gate.what.number {
        0 => String::new(),
        _ => format!("   {}", words::of_use(&said.gate.what)),
    };
    let age = words::age(&said.gate.at, shared.now_ms);
    let about = format!("{used}   {age} ago by {}", paint::clean(&said.gate.user));
    paint::line(buf, parts.decision, 0, &[(&word, bold), (&about, theme.style(Role::Muted))]);
    for (y, text) in meaning.iter().enumerate() {
        let text = plain(theme, text);
        let style = theme.style(if said.is_current { Role::Text } else { Role::Warn });
        paint::line(buf, parts.decision, y as u16 + 1, &[("   ", style), (text.as_ref(), style)]);
    }
    if let Some(comparison) = &verdict.comparison {
        let bar = said.gate.what.policy.rule.bar();
        draw_gain(comparison, (bar, role), buf, parts.gain, shared);
    }
    draw_checks(screen, verdict, (buf, parts.checks, place.focused), shared);
    draw_detail(screen, verdict, buf, parts.detail, shared);
}

/// The decision in words; first of all that the champion has changed since.
fn meaning_of(said: Said<'_>, width: u16) -> Vec<String> {
    let text = if said.is_current {
        words::meaning(&said.gate.what.verdict)
    } else {
        let against = words::against(&said.gate.what);
        format!("judged against {against}, and the champion is another one now: P asks again")
    };
    let mut lines = wrapped(&text, usize::from(width.saturating_sub(4)).max(10));
    if lines.len() > MEANING {
        lines.truncate(MEANING);
        if let Some(last) = lines.last_mut() {
            let room = usize::from(width.saturating_sub(5)).max(1);
            *last = format!("{}…", paint::cut(last, room).trim_end_matches('…'));
        }
    }
    lines
}

fn parts(verdict: &Verdict, area: Rect, meaning: usize) -> Parts {
    let (decision, rest) = split_top(area, meaning as u16 + 1);
    let room = if rest.height >= 14 { 3 } else { 1 };
    let gain = if verdict.comparison.is_some() && rest.height >= 8 { room } else { 0 };
    let (gain, rest) = split_top(rest, gain);
    let detail = if rest.height >= 9 && area.width < WIDE { DETAIL } else { 0 };
    let detail = if rest.height >= 9 && detail == 0 { 2 } else { detail };
    // The evidence stands right below the checks, with an empty line between where there is room.
    let n = n_evidence(verdict) as u16 + 2;
    let (checks, detail) = split_top(rest, n.min(rest.height.saturating_sub(detail)));
    Parts { decision, gain, checks, detail }
}

/// The interval of the gain against the bar of the rule.
fn draw_gain(
    comparison: &Comparison,
    of: (Option<f64>, Role),
    buf: &mut Buffer,
    area: Rect,
    shared: &Shared,
) {
    let (bar, role) = of;
    let label = format!(" gain {}", comparison.metric);
    let note = format!(
        "{} [{}, {}] ",
        signed(comparison.gain),
        number(comparison.lower),
        number(comparison.upper)
    );
    let rows = [Interval {
        label: &label,
        at: comparison.gain,
        low: comparison.lower,
        high: comparison.upper,
        role,
        note: &note,
    }];
    let name = match bar {
        Some(bar) if bar < 0.0 => format!("margin {}", number(bar)),
        Some(bar) if bar > 0.0 => format!("min_gain {}", number(bar)),
        _ => "no gain".into(),
    };
    let line = Some((bar.unwrap_or(0.0), name.as_str()));
    Intervals { rows: &rows, line, selected: None }.draw(buf, area, &shared.theme);
}

/// A row of evidence.
struct Piece {
    mark: Option<crate::gate::CheckStatus>,
    name: String,
    value: String,
    needs: String,
    detail: String,
    is_heading: bool,
}

/// How many rows the evidence has.
fn n_evidence(verdict: &Verdict) -> usize {
    evidence(verdict, &Theme::default()).len()
}

/// Checks, then opinions and the winner's curse, which decide nothing.
fn evidence(verdict: &Verdict, theme: &Theme) -> Vec<Piece> {
    let shown = |value: Option<f64>| value.map_or_else(String::new, number);
    let mut pieces: Vec<Piece> = verdict
        .checks
        .iter()
        .map(|check| Piece {
            mark: Some(check.status),
            name: words::signs(theme, &check.name),
            value: shown(check.value),
            needs: check.threshold.map_or_else(String::new, |of| needs(check, of, theme)),
            detail: words::signs(theme, &check.detail),
            is_heading: false,
        })
        .collect();
    let plain = |name: &str, value: String, detail: &str| Piece {
        mark: None,
        name: name.into(),
        value,
        needs: String::new(),
        detail: detail.into(),
        is_heading: false,
    };
    if !verdict.opinions.is_empty() || verdict.selection.is_some() {
        let heading = plain("second opinions, which never decide", String::new(), "");
        pieces.push(Piece { is_heading: true, ..heading });
    }
    for one in &verdict.opinions {
        let p = one.p.map_or_else(String::new, |p| format!("p {}", number(p)));
        pieces.push(plain(&one.name, p, &one.detail));
    }
    if let (Some(text), Some(bias)) = (words::winners_curse(verdict), &verdict.selection) {
        pieces.push(plain("winner's curse", number(bias.corrected), &text));
    }
    pieces
}

/// A threshold with the side that is asked for: as the rule says it in the check's name, else what the check means.
fn needs(check: &Check, threshold: f64, theme: &Theme) -> String {
    let signs = [">=", "<=", ">", "<"];
    let named = check.name.split(' ').find(|word| signs.contains(word));
    let sign = named.unwrap_or(match check.id.as_str() {
        "gain" => ">",
        "rows" => ">=",
        _ => "",
    });
    words::signs(theme, &format!("{sign} {}", number(threshold))).trim_start().to_string()
}

fn draw_checks(
    screen: &Champions,
    verdict: &Verdict,
    at: (&mut Buffer, Rect, bool),
    shared: &Shared,
) {
    let (buf, area, focused) = at;
    let theme = &shared.theme;
    let col =
        |title, width, right, priority| Col { title, width, right, priority, ..Col::default() };
    let pieces = evidence(verdict, theme);
    let widest = |of: fn(&Piece) -> &str, least: usize| {
        let cells = pieces.iter().map(|piece| paint::cells(of(piece))).max();
        cells.unwrap_or(0).max(least) as u16
    };
    let longest = pieces.iter().map(|piece| paint::cells(&piece.name)).max().unwrap_or(0) as u16;
    let is_wide = area.width >= WIDE;
    let name = Col {
        grow: !is_wide,
        ..col("CHECK", if is_wide { longest.min(48) } else { 18 }, false, 9)
    };
    let mut columns = vec![
        Col { frozen: true, ..col("", 1, false, 9) },
        name,
        col("VALUE", widest(|piece| &piece.value, 5), true, 8),
        col("NEEDS", widest(|piece| &piece.needs, 5), true, 7),
    ];
    if is_wide {
        columns.push(Col { grow: true, ..col("EVIDENCE", 20, false, 6) });
    }
    let height = Grid::height(area);
    let first = screen.seen[usize::from(VERDICT)].first(screen.check, height, pieces.len());
    let cells: Vec<Vec<CellText>> = pieces
        .iter()
        .skip(first)
        .take(height)
        .map(|piece| {
            if piece.is_heading {
                return vec![CellText::new(piece.name.clone(), Role::Accent)];
            }
            let (mark, role) = piece.mark.map_or(("", Role::Muted), |of| words::check(theme, of));
            let text = if piece.mark.is_some() { Role::Text } else { Role::Muted };
            vec![
                CellText::new(mark, role),
                CellText::new(piece.name.clone(), text),
                CellText::new(piece.value.clone(), text),
                CellText::new(piece.needs.clone(), Role::Muted),
                CellText::new(piece.detail.clone(), Role::Muted),
            ]
        })
        .collect();
    let grid = Grid {
        columns: &columns,
        rows: &cells,
        first_row: first,
        total: pieces.len(),
        selected: focused.then_some(screen.check),
        focused,
        ..Grid::default()
    };
    grid.draw(buf, area, theme);
}

/// The evidence of the selected check in words.
fn draw_detail(
    screen: &Champions,
    verdict: &Verdict,
    buf: &mut Buffer,
    area: Rect,
    shared: &Shared,
) {
    if area.height == 0 {
        return;
    }
    let theme = &shared.theme;
    let pieces = evidence(verdict, theme);
    let Some(piece) = pieces.get(screen.check) else { return };
    let width = usize::from(area.width.saturating_sub(3)).max(10);
    let said = if piece.is_heading || piece.detail.is_empty() {
        piece.name.clone()
    } else {
        format!("{}: {}", piece.name, piece.detail)
    };
    let lines = wrapped(&said, width);
    let height = usize::from(area.height);
    for (y, text) in lines.iter().take(height).enumerate() {
        let is_cut = y + 1 == height && lines.len() > height;
        let text = if is_cut {
            format!("{}…", paint::cut(text, width - 1).trim_end_matches('…'))
        } else {
            text.clone()
        };
        let text = plain(theme, &text);
        let style = theme.style(Role::Muted);
        paint::line(buf, area, y as u16, &[("  ", style), (text.as_ref(), style)]);
    }
}
