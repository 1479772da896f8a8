//! The one hand that writes into cells: cleans and cuts text, keeps to its area, draws ASCII where only that may be drawn.

use super::super::paint::{cells, clean};
use super::super::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Cells for a tab at the head of a line.
const TAB: usize = 4;

/// Foreign text as it may be drawn: without control characters, blanks at its ends kept, in ASCII themes without
/// anything else (`?` for each character).
pub fn plain<'a>(theme: &Theme, text: &'a str) -> Cow<'a, str> {
    if is_printable_ascii(text) {
        return Cow::Borrowed(text);
    }
    let body = text.trim();
    let blanks = |part: &str| part.chars().map(|c| if c == '\t' { TAB } else { 1 }).sum::<usize>();
    // `get` is never none here: both ends of the trimmed text are borders of characters.
    let before = text.len() - text.trim_start().len();
    let head = blanks(text.get(..before).unwrap_or_default());
    let tail = if body.is_empty() {
        0
    } else {
        blanks(text.get(before + body.len()..).unwrap_or_default())
    };
    let mut safe = " ".repeat(head);
    safe.push_str(&clean(body));
    safe.push_str(&" ".repeat(tail));
    Cow::Owned(if theme.ascii { to_ascii(&safe) } else { safe })
}

/// Text as it may be drawn, cut to `width` cells; a cut is shown as `…`, in ASCII as `~`.
pub fn fit<'a>(theme: &Theme, text: &'a str, width: usize) -> Cow<'a, str> {
    let text = plain(theme, text);
    if text.len() <= width || cells(&text) <= width {
        return text;
    }
    let cut = super::super::paint::cut(&text, width);
    Cow::Owned(if theme.ascii { cut.replace('…', "~") } else { cut })
}

fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn to_ascii(text: &str) -> String {
    text.chars().map(|char| spelled(char).unwrap_or("?")).collect()
}

/// How ASCII writes a character, in one or two cells; none if it cannot. No two signs that mean something else become
/// the same: `~` is a cut, `!` is stale.
pub fn spelled(char: char) -> Option<&'static str> {
    const ASCII: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    if char.is_ascii() {
        let at = (char as usize).checked_sub(usize::from(b' '))?;
        return ASCII.get(at..=at);
    }
    Some(match char {
        '…' => "~",
        '—' | '–' | '−' | '‐' | '─' => "-",
        '·' | '•' => ".",
        '×' => "x",
        'Δ' => "d",
        'µ' | 'μ' => "u",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '≈' => "~=",
        '±' => "+-",
        '→' => "->",
        '←' => "<-",
        '↑' | '▲' => "^",
        '↓' | '▼' | '▾' => "v",
        '▸' | '▶' => ">",
        '◂' => "<",
        '‘' | '’' => "'",
        '“' | '”' | '«' | '»' => "\"",
        'ρ' => "r",
        _ => return None,
    })
}

/// Writes into an area of a buffer; whatever lies outside is not written.
pub(super) struct Pen<'a> {
    buf: &'a mut Buffer,
    /// What of the area lies in the buffer.
    pub(super) area: Rect,
    pub(super) theme: &'a Theme,
}

impl<'a> Pen<'a> {
    pub(super) fn new(buf: &'a mut Buffer, area: Rect, theme: &'a Theme) -> Self {
        let area = area.intersection(buf.area);
        Self { buf, area, theme }
    }

    pub(super) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Writes one glyph of one cell.
    pub(super) fn cell(&mut self, x: u16, y: u16, glyph: &str, style: Style) {
        if self.has(x, y) {
            self.buf[(x, y)].set_symbol(glyph).set_style(style);
        }
    }

    /// Writes a character of one cell.
    pub(super) fn char(&mut self, x: u16, y: u16, char: char, style: Style) {
        if self.has(x, y) {
            self.buf[(x, y)].set_char(char).set_style(style);
        }
    }

    /// Writes text from column `x` on into at most `room` cells and tells how many it took.
    pub(super) fn text(&mut self, at: (u16, u16), room: u16, text: &str, style: Style) -> u16 {
        let (x, y) = at;
        if !self.has(x, y) {
            return 0;
        }
        let room = usize::from(room.min(self.area.right() - x));
        // Nearly all text is like this, and needs no search for graphemes.
        if text.len() <= room && is_printable_ascii(text) {
            for (x, byte) in (x..).zip(text.bytes()) {
                self.buf[(x, y)].set_char(char::from(byte)).set_style(style);
            }
            return text.len() as u16;
        }
        let text = fit(self.theme, text, room);
        let (next, _) = self.buf.set_stringn(x, y, &*text, room, style);
        next - x
    }

    /// Writes text that ends before column `end`, in at most `room` cells; tells where it starts.
    pub(super) fn text_right(
        &mut self,
        end: (u16, u16),
        room: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        let (end, y) = end;
        let text = fit(self.theme, text, usize::from(room.min(end.saturating_sub(self.area.x))));
        let x = end.saturating_sub(cells(&text) as u16);
        self.text((x, y), end - x, &text, style);
        x
    }

    /// Writes text in the middle of a row of `rect`.
    pub(super) fn text_middle(&mut self, rect: Rect, y: u16, text: &str, style: Style) {
        let text = fit(self.theme, text, usize::from(rect.width));
        let x = rect.x + (rect.width.saturating_sub(cells(&text) as u16)) / 2;
        self.text((x, y), rect.width, &text, style);
    }

    /// One glyph from `x` on, `width` times.
    pub(super) fn fill(&mut self, at: (u16, u16), width: u16, glyph: &str, style: Style) {
        for x in at.0..at.0.saturating_add(width).min(self.area.right()) {
            self.cell(x, at.1, glyph, style);
        }
    }

    /// One glyph from `y` down, `height` times.
    pub(super) fn fill_down(&mut self, at: (u16, u16), height: u16, glyph: &str, style: Style) {
        for y in at.1..at.1.saturating_add(height).min(self.area.bottom()) {
            self.cell(at.0, y, glyph, style);
        }
    }

    /// Puts a style on top of what stands there.
    pub(super) fn tint(&mut self, rect: Rect, style: Style) {
        let rect = rect.intersection(self.area);
        self.buf.set_style(rect, style);
    }

    fn has(&self, x: u16, y: u16) -> bool {
        let area = self.area;
        (area.x..area.right()).contains(&x) && (area.y..area.bottom()).contains(&y)
    }
}

/// A scrollbar in one column of cells: where `shown` of `total` lines are, from line `first` on. Nothing if all are.
pub fn scrollbar(buf: &mut Buffer, column: Rect, theme: &Theme, of: (usize, usize, usize)) {
    let (first, shown, total) = of;
    let Some((from, length)) = thumb(column.height, first, shown, total) else { return };
    let mut pen = Pen::new(buf, Rect { width: column.width.min(1), ..column }, theme);
    let (track, block) = (theme.glyph("│", "|"), theme.glyph("█", "#"));
    let (dim, strong) = (theme.style(Role::Frame), theme.style(Role::Muted));
    pen.fill_down((column.x, column.y), column.height, track, dim);
    pen.fill_down((column.x, column.y + from), length, block, strong);
}

/// Where the scrollbar's block is and how long.
fn thumb(height: u16, first: usize, shown: usize, total: usize) -> Option<(u16, u16)> {
    if total <= shown || height == 0 {
        return None;
    }
    let height = f64::from(height);
    let length = (height * shown as f64 / total as f64).round().clamp(1.0, height);
    let share = first as f64 / (total - shown) as f64;
    Some((((height - length) * share.min(1.0)).round() as u16, length as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    #[test]
    fn foreign_text_is_harmless_and_keeps_its_indent() {
        let theme = Theme::default();
        assert_eq!(plain(&theme, "\tx\u{1b}[31m y "), "    x\u{fffd}[31m y ");
        assert_eq!(fit(&theme, "ペンギン", 5), "ペン…");
        let ascii = Theme::load("mono", true, Depth::Ansi).unwrap();
        assert_eq!(fit(&ascii, "größer als", 7), "gr??er~");
        assert_eq!(plain(&ascii, "3 values ≤ 0 ± 1"), "3 values <= 0 +- 1");
        let signs = "…≤≥≠±→←↑↓".chars().map(|sign| spelled(sign).unwrap());
        let signs: std::collections::BTreeSet<&str> = signs.collect();
        assert!(signs.len() == 9 && !signs.contains("!") && spelled('ö').is_none());
        assert!((' '..='~').all(|char| spelled(char) == Some(char.to_string().as_str())));
        assert_eq!(plain(&ascii, "   "), "   ");
        assert_eq!(plain(&theme, "\t\t"), "        ");
    }

    #[test]
    fn the_block_reaches_both_ends() {
        assert_eq!(thumb(10, 0, 10, 10), None);
        assert_eq!(thumb(10, 0, 10, 4812), Some((0, 1)));
        assert_eq!(thumb(10, 4802, 10, 4812), Some((9, 1)));
        assert_eq!(thumb(0, 0, 10, 20), None);
        assert_eq!(thumb(10, 99, 10, 20), Some((5, 5)));
    }
}
