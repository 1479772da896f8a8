//! The last line: which keys do something now.

use super::super::app::App;
use super::super::keymap;
use super::super::overlay::Overlay;
use super::super::paint;
use super::super::screens::Enabled;
use super::super::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// A key, what it does, how early it comes, and whether it can do nothing now.
struct Hint<'a> {
    key: &'a str,
    word: &'a str,
    place: usize,
    is_dim: bool,
}

/// What keys do something here: those of the dialog that is open, else from the key table, in the order of its
/// priorities, cut to the width.
pub(super) fn draw(app: &App, buf: &mut Buffer, area: Rect) {
    let theme = &app.shared.theme;
    let mode = if app.shared.read_only { "read-only  " } else { "" };
    let (hints, pinned) = if let Some(overlay) = &app.overlay {
        (of_overlay(overlay), format!("{mode} "))
    } else {
        let screen = app.screen_of(app.screen_id());
        let position = paint::clean(&screen.position_in(app.focused().0, &app.shared));
        (of_screen(app), format!("{mode}? keys  q quit  {position} "))
    };
    let room = usize::from(area.width).saturating_sub(paint::cells(&pinned) + 2);
    let (accent, muted) = (theme.style(Role::Accent), theme.style(Role::Muted));
    let mut x = area.x + 1;
    for hint in fitting(hints, room) {
        let style = |style| if hint.is_dim { muted.add_modifier(Modifier::DIM) } else { style };
        let place = Rect { x, width: width(&hint) as u16, ..area };
        let spans = [(hint.key, style(accent)), (" ", muted), (hint.word, style(muted))];
        paint::line(buf, place, 0, &spans);
        x += place.width;
    }
    paint::line_right(buf, area, 0, pinned.trim_start(), muted);
}

fn of_overlay(overlay: &Overlay) -> Vec<Hint<'static>> {
    let keys = overlay.keys().into_iter().enumerate();
    keys.map(|(place, (key, word))| Hint { key, word, place, is_dim: false }).collect()
}

fn of_screen(app: &App) -> Vec<Hint<'static>> {
    let mut found = Vec::new();
    for binding in keymap::TABLE.iter().filter(|binding| binding.footer > 0) {
        let (word, is_dim) = match app.enabled(binding.action) {
            Enabled::Never => continue,
            Enabled::As(word) => (word, false),
            Enabled::Yes => (binding.name, false),
            Enabled::No(_) => (binding.name, true),
        };
        let key = keymap::shown(binding.keys[0]);
        found.push(Hint { key, word, place: usize::from(binding.footer), is_dim });
    }
    found
}

/// Those that there is room for, in their order. What can do nothing now gives way to what can.
fn fitting(mut hints: Vec<Hint<'_>>, room: usize) -> Vec<Hint<'_>> {
    hints.sort_by_key(|hint| (hint.is_dim, hint.place));
    let mut used = 0;
    hints.retain(|hint| {
        let fits = used + width(hint) <= room;
        used += if fits { width(hint) } else { 0 };
        fits
    });
    hints.sort_by_key(|hint| hint.place);
    hints
}

fn width(hint: &Hint<'_>) -> usize {
    paint::cells(hint.key) + 1 + paint::cells(hint.word) + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_nothing_gives_way() {
        let hint = |key, place, is_dim| Hint { key, word: "word", place, is_dim };
        let check = |room, expect: &str| {
            let hints = vec![hint("a", 1, false), hint("b", 2, true), hint("c", 3, false)];
            let keys: Vec<&str> = fitting(hints, room).iter().map(|hint| hint.key).collect();
            assert_eq!(keys.concat(), expect);
        };
        check(24, "abc");
        check(16, "ac");
        check(8, "a");
        check(7, "");
    }
}
