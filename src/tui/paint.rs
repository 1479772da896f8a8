//! Writing foreign text into cells: made harmless, measured, cut, aligned.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

pub use crate::report::words::clean;

/// A piece of text and its style.
pub type Span<'a> = (&'a str, Style);

/// How many cells the text takes.
pub fn cells(text: &str) -> usize {
    text.width()
}

/// Text cut to `width` cells, by whole graphemes; the last cell is `…` if something was cut.
pub fn cut(text: &str, width: usize) -> String {
    if cells(text) <= width {
        return text.into();
    }
    let mut kept = String::new();
    let mut used = 0;
    let span = ratatui::text::Span::raw(text);
    for piece in span.styled_graphemes(Style::new()) {
        let size = cells(piece.symbol);
        if used + size + 1 > width {
            break;
        }
        used += size;
        kept.push_str(piece.symbol);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// Text in exactly `width` cells, at the left.
pub fn left(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let gap = width.saturating_sub(cells(&text));
    format!("{text}{}", " ".repeat(gap))
}

/// Text in exactly `width` cells, at the right.
pub fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let gap = width.saturating_sub(cells(&text));
    format!("{}{text}", " ".repeat(gap))
}

/// Text broken at blanks into lines of at most `width` cells; a longer word is a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if !line.is_empty() && cells(line) + 1 + cells(word) > width {
            lines.push(word.to_string());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A line broken to be read in full: the blanks at its head stay before every part, and a word longer than a line is cut
/// into lines.
pub fn fold(text: &str, width: usize) -> Vec<String> {
    if cells(text) <= width {
        return vec![text.into()];
    }
    let body = text.trim_start_matches(' ');
    let indent = " ".repeat((text.len() - body.len()).min(width / 2));
    let room = width.saturating_sub(indent.len()).max(1);
    let mut lines = Vec::new();
    for line in wrap(body, room) {
        let mut part = indent.clone();
        let mut used = 0;
        let span = ratatui::text::Span::raw(line);
        for piece in span.styled_graphemes(Style::new()) {
            let size = cells(piece.symbol);
            if used > 0 && used + size > room {
                lines.push(std::mem::replace(&mut part, indent.clone()));
                used = 0;
            }
            part.push_str(piece.symbol);
            used += size;
        }
        lines.push(part);
    }
    lines
}

/// Writes one line into `area`'s row `y` (counted from its top), cut at its right edge. The text must be clean.
pub fn line(buf: &mut Buffer, area: Rect, y: u16, spans: &[Span<'_>]) {
    if y >= area.height {
        return;
    }
    let mut x = area.x;
    let end = area.right();
    for (text, style) in spans {
        if x >= end {
            break;
        }
        let room = usize::from(end - x);
        let fitted = cut(text, room);
        let (next, _) = buf.set_stringn(x, area.y + y, &fitted, room, *style);
        x = next;
    }
}

/// Writes text so that it ends at the right edge of row `y`; what does not fit is cut.
pub fn line_right(buf: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) {
    if y >= area.height {
        return;
    }
    let fitted = cut(text, usize::from(area.width));
    let x = area.right().saturating_sub(cells(&fitted) as u16);
    buf.set_stringn(x, area.y + y, &fitted, usize::from(area.width), style);
}

/// Gives a whole row of the area a style on top of what stands there.
pub fn tint(buf: &mut Buffer, area: Rect, y: u16, style: Style) {
    if y < area.height {
        buf.set_style(Rect { x: area.x, y: area.y + y, width: area.width, height: 1 }, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_cells_and_graphemes() {
        assert_eq!(cut("penguins", 5), "peng…");
        assert_eq!(cut("ペンギン", 5), "ペン…");
        assert_eq!((cut("日本語", 5).as_str(), cut("日本語", 4).as_str()), ("日本…", "日…"));
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        // One sign of two cells, though its parts have six.
        assert_eq!(
            cut("\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}ab", 3),
            "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}…"
        );
        assert_eq!((cut("ab", 2).as_str(), cut("abc", 0).as_str()), ("ab", ""));
        assert_eq!((left("ab", 4).as_str(), right("ab", 4).as_str()), ("ab  ", "  ab"));
    }

    #[test]
    fn a_line_to_be_read_is_folded_under_its_indent() {
        assert_eq!(fold("  ab cd ef", 7), ["  ab cd", "  ef"]);
        assert_eq!(fold("a  b", 9), ["a  b"]);
        assert_eq!(fold("ab cdefghijk", 5), ["ab", "cdefg", "hijk"]);
        assert_eq!(fold("ペンギン", 5), ["ペン", "ギン"]);
        assert_eq!(fold("", 5), [""]);
    }

    #[test]
    fn a_line_stops_at_the_edge_of_its_area() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        let style = Style::new();
        line(&mut buf, Rect::new(2, 0, 5, 1), 0, &[("abc", style), ("defg", style)]);
        line(&mut buf, Rect::new(2, 0, 5, 1), 1, &[("never", style)]);
        let text: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "  abcd…   ");
    }
}
