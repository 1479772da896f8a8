//! The lines above the panes: which runs, which letters, and whether they stand on the same rows.

use super::super::Shared;
use super::finding::ground;
use super::sheets::Columns;
use super::table::put;
use crate::domain::{RunRecord, Value};
use crate::tui::paint::{cells, clean, cut};
use crate::tui::theme::{Role, Theme, signs};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Lines at most.
const MOST_LINES: u16 = 4;
/// Cells of a run's name at most.
const LONGEST: usize = 24;
/// Cells between runs.
const GAP: usize = 3;

/// Lines for the verdict where it does not fit into one.
pub(super) const WORDS: u16 = 2;

/// A piece of the head.
struct Item {
    spans: Vec<(String, Style)>,
    /// The run's column; none for what is said of all.
    run: Option<usize>,
}

impl Item {
    fn width(&self) -> usize {
        self.spans.iter().map(|(text, _)| cells(text)).sum()
    }
}

/// How a run is: glyph, word and color.
pub(super) fn state(run: &RunRecord, theme: &Theme) -> (&'static str, &'static str, Role) {
    if run.deleted {
        return (theme.glyph("✗", "x"), "in the bin", Role::Warn);
    }
    let sign = signs::status(run.status);
    let (glyph, role) = theme.sign(sign);
    (glyph, sign.3, role)
}

/// What a run is called: its model, else its name.
pub(super) fn called(run: &RunRecord) -> String {
    match run.params.get("model") {
        Some(Value::Text(model)) => clean(model),
        _ => clean(&run.name),
    }
}

fn items(columns: &Columns<'_>, selected: usize, shared: &Shared) -> Vec<Item> {
    let theme = &shared.theme;
    let longest = usize::from(shared.body.width / 8).clamp(8, LONGEST);
    let mut items = Vec::new();
    for (at, (letter, id, found)) in columns.iter().enumerate() {
        let mut letter_style = theme.style(Role::Series(at)).add_modifier(Modifier::BOLD);
        if at == selected {
            letter_style = letter_style.add_modifier(Modifier::REVERSED);
        }
        let mut spans = vec![(format!(" {letter} "), letter_style)];
        let mut add = |text: String, role: Role| spans.push((text, theme.style(role)));
        match found {
            None => add(format!(" {id} gone"), Role::Warn),
            Some(found) => {
                let run = &found.record;
                let (glyph, word, role) = state(run, theme);
                let champion = shared.catalog.champions.get(id);
                match champion {
                    Some(_) => add(format!(" {}", theme.glyph("★", "@")), Role::Champion),
                    None => add(format!(" {glyph}"), role),
                }
                add(format!(" {id} {}", cut(&called(run), longest)), Role::Text);
                if champion.is_some() {
                    add(" (champion)".into(), Role::Champion);
                }
                if word != "done" {
                    add(format!(" ({word})"), role);
                }
            }
        }
        items.push(Item { spans, run: Some(at) });
    }
    if columns.len() > 1 {
        let records: Vec<(char, Option<&RunRecord>)> =
            columns.iter().map(|(at, _, found)| (*at, found.map(|found| &found.record))).collect();
        let (is_same, text) = ground(&records);
        let (glyph, role) = if is_same {
            (theme.glyph("✓", "+"), Role::Good)
        } else {
            (theme.glyph("✗", "x"), Role::Warn)
        };
        items.push(Item { spans: vec![(format!("{text} {glyph}"), theme.style(role))], run: None });
    }
    items
}

/// The first cell and the line of each item; what is said of all stands at the right.
fn places(items: &[Item], width: u16) -> Vec<(u16, u16)> {
    let (width, mut x, mut y) = (usize::from(width), 1_usize, 0_u16);
    let mut places = Vec::new();
    for item in items {
        let size = item.width();
        if x > 1 && x + size > width.saturating_sub(1) {
            (x, y) = (1, y + 1);
        }
        let at = match item.run {
            Some(_) => x,
            None => width.saturating_sub(size + 1).max(x),
        };
        places.push((at as u16, y));
        x += size + GAP;
    }
    places
}

/// How many lines it takes.
pub(super) fn height(columns: &Columns<'_>, shared: &Shared) -> u16 {
    let items = items(columns, 0, shared);
    let places = places(&items, shared.body.width);
    places.last().map_or(0, |place| place.1 + 1).min(MOST_LINES)
}

/// Draws them.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    (columns, selected): (&Columns<'_>, usize),
    shared: &Shared,
) {
    let items = items(columns, selected, shared);
    let places = places(&items, area.width);
    for (item, (x, y)) in items.iter().zip(places) {
        if y >= area.height {
            break;
        }
        let mut at = Rect { x: area.x + x, y: area.y + y, width: 0, height: 1 };
        for (text, style) in &item.spans {
            at.width = area.right().saturating_sub(at.x);
            put(buf, at, &shared.theme, (text, *style), false);
            at.x = (at.x + cells(text) as u16).min(area.right());
        }
    }
}

/// Draws the verdict, and what it rests on below it.
pub(super) fn draw_words(
    buf: &mut Buffer,
    area: Rect,
    said: Option<&(Vec<String>, Role)>,
    shared: &Shared,
) {
    let Some((parts, role)) = said else { return };
    let Some((first, rest)) = parts.split_first() else { return };
    let lines = [(first.clone(), *role), (rest.join(" · "), Role::Muted)];
    for (y, (text, role)) in lines.iter().enumerate() {
        let line = Rect {
            x: area.x + 1,
            y: area.y + y as u16,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        put(buf, line.intersection(area), &shared.theme, (text, shared.theme.style(*role)), false);
    }
}
