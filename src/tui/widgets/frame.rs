//! The frame of a pane: heavy with a bold title where the focus is, light elsewhere.

use super::super::layout;
use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::pen::{Pen, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Left top, top, right top, side, left bottom, bottom, right bottom.
type Lines = [&'static str; 7];

const HEAVY: Lines = ["┏", "━", "┓", "┃", "┗", "━", "┛"];
const LIGHT: Lines = ["┌", "─", "┐", "│", "└", "─", "┘"];
const ASCII_HEAVY: Lines = ["#", "=", "#", "#", "#", "=", "#"];
const ASCII_LIGHT: Lines = ["+", "-", "+", "|", "+", "-", "+"];

/// Cells below which a note that would be cut is left out.
const LEAST_NOTE: usize = 8;

/// A frame with a title at the left and a note at the right of its top edge.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frame<'a> {
    /// What the pane shows.
    pub title: &'a str,
    /// How much of it, in which order; cut before the title is.
    pub note: &'a str,
    /// True if keys go to this pane.
    pub focused: bool,
}

impl Frame<'_> {
    /// Draws the frame and tells what is inside of it.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) -> Rect {
        let mut pen = Pen::new(buf, area, theme);
        if area.width >= 2 && area.height >= 2 {
            self.lines(&mut pen, area);
            self.words(&mut pen, area);
        }
        layout::inner(area)
    }

    fn lines(&self, pen: &mut Pen<'_>, area: Rect) {
        let lines = match (self.focused, pen.theme.ascii) {
            (true, false) => HEAVY,
            (false, false) => LIGHT,
            (true, true) => ASCII_HEAVY,
            (false, true) => ASCII_LIGHT,
        };
        let style = pen.style(if self.focused { Role::Focus } else { Role::Frame });
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        let [left_top, top, right_top, side, left_bottom, under, right_bottom] = lines;
        pen.fill((area.x, area.y), area.width, top, style);
        pen.fill((area.x, bottom), area.width, under, style);
        pen.fill_down((area.x, area.y), area.height, side, style);
        pen.fill_down((right, area.y), area.height, side, style);
        pen.cell(area.x, area.y, left_top, style);
        pen.cell(right, area.y, right_top, style);
        pen.cell(area.x, bottom, left_bottom, style);
        pen.cell(right, bottom, right_bottom, style);
    }

    /// Title and note stand between blanks, at least one piece of line beside each.
    fn words(&self, pen: &mut Pen<'_>, area: Rect) {
        let room = usize::from(area.width).saturating_sub(6);
        let title = fit(pen.theme, self.title, room);
        let title_style = if self.focused {
            pen.style(Role::Focus).add_modifier(Modifier::BOLD)
        } else {
            pen.style(Role::Text)
        };
        if room > 0 && !title.is_empty() {
            let text = format!(" {title} ");
            pen.text((area.x + 2, area.y), area.width - 3, &text, title_style);
        }
        let taken = if title.is_empty() { 0 } else { cells(&title) + 3 };
        let left = room.saturating_sub(taken);
        let note = shortened(self.note, left);
        // A stump of a note says nothing.
        if left >= cells(note).min(LEAST_NOTE) && !note.is_empty() {
            let text = format!(" {} ", fit(pen.theme, note, left));
            pen.text_right((area.right() - 2, area.y), area.width, &text, pen.style(Role::Muted));
        }
    }
}

/// Without those of its last parts that have no room.
fn shortened(note: &str, room: usize) -> &str {
    let mut note = note;
    while let Some((kept, _)) = note.rsplit_once(" · ").filter(|_| cells(note) > room) {
        note = kept;
    }
    note
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn the_focus_is_heavy() {
        let frame = Frame { title: "Runs", note: "1-23 of 4,812", focused: true };
        assert_snapshot!(shown(30, 3, |buf, area| { frame.draw(buf, area, &Theme::default()); }), @"
        ┏━ Runs ━━━━━ 1-23 of 4,812 ━┓
        ┃                            ┃
        ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
        ");
        let frame = Frame { focused: false, ..frame };
        assert_snapshot!(shown(30, 3, |buf, area| { frame.draw(buf, area, &Theme::default()); }), @"
        ┌─ Runs ───── 1-23 of 4,812 ─┐
        │                            │
        └────────────────────────────┘
        ");
        assert_snapshot!(shown(16, 2, |buf, area| { frame.draw(buf, area, &ascii()); }), @"
        +- Runs -------+
        +--------------+
        ");
    }

    #[test]
    fn the_note_gives_way_to_the_title() {
        let frame = Frame { title: "Parallel coordinates", note: "118 runs", focused: false };
        assert_snapshot!(shown(30, 2, |buf, area| { frame.draw(buf, area, &Theme::default()); }), @"
        ┌─ Parallel coordinates ─────┐
        └────────────────────────────┘
        ");
        assert_snapshot!(shown(40, 2, |buf, area| { frame.draw(buf, area, &Theme::default()); }), @"
        ┌─ Parallel coordinates ──── 118 runs ─┐
        └──────────────────────────────────────┘
        ");
        let parts =
            Frame { title: "Slice", note: "118 runs · by learning_rate · 2 cut", ..frame };
        assert_snapshot!(shown(30, 2, |buf, area| { parts.draw(buf, area, &Theme::default()); }), @"
        ┌─ Slice ───────── 118 runs ─┐
        └────────────────────────────┘
        ");
        assert_snapshot!(shown(12, 2, |buf, area| { frame.draw(buf, area, &Theme::default()); }), @"
        ┌─ Paral… ─┐
        └──────────┘
        ");
    }

    #[test]
    fn the_inside_is_what_is_left() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 5));
        let draw = |buf: &mut Buffer, area| Frame::default().draw(buf, area, &Theme::default());
        assert_eq!(draw(&mut buf, Rect::new(1, 1, 8, 4)), Rect::new(2, 2, 6, 2));
        assert_eq!(draw(&mut buf, Rect::new(0, 0, 1, 1)).area(), 0);
    }
}
