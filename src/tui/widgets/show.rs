//! For the tests of this room: a drawing as text.

use crate::tui::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// A theme that may draw ASCII only.
pub(super) fn ascii() -> Theme {
    Theme::load("terminal", true, Depth::Ansi).unwrap()
}

/// What is drawn into an area of that size.
pub(super) fn shown(width: u16, height: u16, draw: impl FnOnce(&mut Buffer, Rect)) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    draw(&mut buf, area);
    text(&buf)
}

/// A buffer as lines of text, blanks at their ends left out.
pub(super) fn text(buf: &Buffer) -> String {
    let mut lines = Vec::new();
    for y in buf.area.y..buf.area.bottom() {
        let mut line = String::new();
        let mut covered = 0;
        for x in buf.area.x..buf.area.right() {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            covered = symbol.width().saturating_sub(1);
            line.push_str(symbol);
        }
        lines.push(line.trim_end().to_string());
    }
    lines.join("\n")
}
