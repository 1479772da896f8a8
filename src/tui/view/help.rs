//! The keys of a screen, to be searched and scrolled.

use super::super::app::{App, Reach};
use super::super::keymap::{self, Binding, Chapter};
use super::super::layout;
use super::super::paint;
use super::super::screens::Enabled;
use super::super::theme::Role;
use super::super::widgets::scrollbar;
use super::dialogs::{boxed, typed};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells of the box.
const WIDTH: u16 = 92;
/// Cells for keys: as many as the longest list of them takes.
const KEYS: usize = 22;

/// What a screen does comes before what all do.
const ORDER: [Chapter; 6] = [
    Chapter::Finding,
    Chapter::Editing,
    Chapter::Looking,
    Chapter::Acting,
    Chapter::Moving,
    Chapter::Program,
];

/// A line of the list.
struct Row {
    keys: String,
    about: String,
    role: Role,
}

/// The last row that may stand at the top, and how many rows are in view.
pub(in crate::tui) fn help_size(app: &App, search: &str) -> (usize, usize) {
    let body = app.window().map_or(Rect::ZERO, |window| window.body);
    let height = usize::from(body.height.saturating_sub(3));
    (rows(app, search, width(body)).len().saturating_sub(height), height)
}

/// Cells for text: within the frame, without the scrollbar.
fn width(body: Rect) -> usize {
    usize::from(layout::inner(layout::middle(body, WIDTH, body.height)).width.saturating_sub(1))
}

/// What does something here, by chapters; then what does not.
fn rows(app: &App, search: &str, width: usize) -> Vec<Row> {
    let wanted = search.to_lowercase();
    let fits = |words: &str, keys: &str, binding: &Binding| {
        format!("{keys} {} {words}", binding.name).to_lowercase().contains(&wanted)
    };
    let (mut rows, mut elsewhere): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    for chapter in ORDER {
        let mut own = Vec::new();
        for binding in keymap::TABLE.iter().filter(|binding| binding.chapter == chapter) {
            let keys: Vec<&str> = binding.keys.iter().map(|key| keymap::shown(key)).collect();
            let keys = keys.join(" ");
            let reach = app.reach(binding.action);
            let is_elsewhere = matches!(reach, Reach::Screens(_));
            let (about, role) = said(binding, reach);
            if fits(&about, &keys, binding) {
                let place = if is_elsewhere { &mut elsewhere } else { &mut own };
                place.extend(lines(&keys, &about, role, width));
            }
        }
        add(&mut rows, chapter.title(), own);
    }
    add(&mut rows, "Elsewhere, not on this screen", elsewhere);
    rows
}

fn add(rows: &mut Vec<Row>, heading: &str, own: Vec<Row>) {
    if own.is_empty() {
        return;
    }
    let plain = |text: &str| Row { keys: text.into(), about: String::new(), role: Role::Focus };
    if !rows.is_empty() {
        rows.push(plain(""));
    }
    rows.push(plain(heading));
    rows.extend(own);
}

/// What a key does, as it is here and now.
fn said(binding: &Binding, reach: Reach) -> (String, Role) {
    let about = binding.about;
    match reach {
        Reach::Here(Enabled::As(word)) if word != binding.name => {
            (format!("{about}; here: {word}"), Role::Text)
        }
        Reach::Here(Enabled::No(why)) => (format!("{about}; not now: {why}"), Role::Text),
        Reach::Here(_) => (about.into(), Role::Text),
        Reach::Pane(pane) => (format!("{about}; in '{pane}'"), Role::Text),
        Reach::Screens(_) => (about.into(), Role::Muted),
    }
}

/// Keys at the left, what they do at the right, broken into lines.
fn lines(keys: &str, about: &str, role: Role, width: usize) -> Vec<Row> {
    let parts = paint::wrap(&paint::clean(about), width.saturating_sub(KEYS).max(10));
    let row = |(at, about): (usize, String)| {
        let keys = if at == 0 { format!("  {keys}") } else { String::new() };
        Row { keys, about, role }
    };
    parts.into_iter().enumerate().map(row).collect()
}

/// Draws the list; gives where the cursor stands.
pub(super) fn draw(app: &App, buf: &mut Buffer, body: Rect, of: (&str, usize)) -> (u16, u16) {
    let (search, scroll) = of;
    let theme = &app.shared.theme;
    let title = format!("Keys on {}", app.screen_id().title());
    let inner = boxed(app, buf, body, (WIDTH, body.height), &title, "Esc closes");
    let rows = rows(app, search, width(body));
    let height = usize::from(inner.height.saturating_sub(1));
    let first = scroll.min(rows.len().saturating_sub(height));
    for (y, row) in rows.iter().skip(first).take(height).enumerate() {
        let style = theme.style(row.role);
        let keys = paint::left(&row.keys, if row.about.is_empty() { 60 } else { KEYS });
        let is_live = row.role == Role::Text;
        let accent = if is_live { theme.style(Role::Accent) } else { style };
        paint::line(buf, inner, y as u16, &[(&keys, accent), (&row.about, style)]);
    }
    if rows.is_empty() {
        let text = format!("  no key does '{}'; : lists commands", paint::clean(search));
        paint::line(buf, inner, 0, &[(&text, theme.style(Role::Muted))]);
    }
    let bar = Rect { x: inner.right().saturating_sub(1), width: 1, height: height as u16, ..inner };
    scrollbar(buf, bar, theme, (first, height, rows.len()));
    typed(app, buf, inner, inner.height.saturating_sub(1), "search ", search)
}
