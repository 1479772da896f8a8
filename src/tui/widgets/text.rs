//! Lines of text with scroll, search and wrap: logs, notes, help.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::pen::{Pen, plain, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use std::ops::Range;

/// Bytes of a line that are looked at.
const LONGEST: usize = 4096;

/// A line and its color.
#[derive(Debug, Clone, Copy)]
pub struct TextLine<'a> {
    /// Foreign text is welcome: it is cleaned and cut.
    pub text: &'a str,
    /// The color.
    pub role: Role,
}

/// A window on lines of text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    /// All lines.
    pub lines: &'a [TextLine<'a>],
    /// The first line in view.
    pub first: usize,
    /// Cells that are scrolled away at the left; not with `wrap`.
    pub left: usize,
    /// What is highlighted: small letters find capital ones too. Empty for nothing.
    pub search: &'a str,
    /// The line that the search has come to.
    pub current: Option<usize>,
    /// True to break long lines instead of cutting them.
    pub wrap: bool,
    /// What stands there if there are no lines.
    pub empty: &'a str,
}

/// A grapheme, how wide it is and where in its line it starts.
struct Piece {
    symbol: String,
    width: usize,
    byte: usize,
}

impl Text<'_> {
    /// Draws the lines in view, and a scrollbar if there are more.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let body = self.body(area);
        let mut pen = Pen::new(buf, body, theme);
        if self.lines.is_empty() {
            let middle = area.y + area.height.saturating_sub(1) / 2;
            pen.text_middle(area, middle, self.empty, pen.style(Role::Muted));
        }
        let mut y = area.y;
        let mut shown = 0;
        for (at, line) in self.lines.iter().enumerate().skip(self.first) {
            if y >= area.bottom() {
                break;
            }
            let rest = Rect { y, height: area.bottom() - y, ..body };
            y += self.line(&mut pen, rest, (at, line));
            shown += 1;
        }
        let bar = Rect { x: body.right(), width: area.width - body.width, ..area };
        scrollbar(buf, bar, theme, (self.first, shown, self.lines.len()));
    }

    /// The first line of the last page, as for following a log.
    pub fn last_first(&self, area: Rect, theme: &Theme) -> usize {
        let height = usize::from(area.height);
        if !self.wrap {
            return self.lines.len().saturating_sub(height);
        }
        let width = usize::from(self.body(area).width);
        let mut used = 0;
        let mut first = self.lines.len();
        for (at, line) in self.lines.iter().enumerate().rev() {
            used += broken(&pieces(&plain(theme, short(line.text))), width).len();
            if used > height {
                break;
            }
            first = at;
        }
        first.min(self.lines.len().saturating_sub(1))
    }

    /// The lines in which `search` is found.
    pub fn hits(&self) -> Vec<usize> {
        let is_hit = |line: &TextLine<'_>| !found(short(line.text), self.search).is_empty();
        (0..self.lines.len()).filter(|at| is_hit(&self.lines[*at])).collect()
    }

    /// Without the scrollbar's column. More lines than rows need one, whatever is wrapped.
    fn body(&self, area: Rect) -> Rect {
        let has_bar = self.lines.len() > usize::from(area.height) || self.wrap;
        Rect { width: area.width.saturating_sub(u16::from(has_bar)), ..area }
    }

    /// Draws one line and tells how many rows it took.
    fn line(&self, pen: &mut Pen<'_>, rest: Rect, of: (usize, &TextLine<'_>)) -> u16 {
        let (at, line) = of;
        let text = plain(pen.theme, short(line.text)).into_owned();
        let hits = found(&text, self.search);
        let style = pen.style(line.role);
        let hit = match self.current == Some(at) {
            true => style.add_modifier(Modifier::REVERSED | Modifier::BOLD),
            false => style.add_modifier(Modifier::REVERSED),
        };
        let of_byte =
            |byte| if hits.iter().any(|range| range.contains(&byte)) { hit } else { style };
        let pieces = pieces(&text);
        let width = usize::from(rest.width);
        if self.wrap {
            let rows = broken(&pieces, width);
            for (y, row) in (rest.y..rest.bottom()).zip(&rows) {
                write(pen, Rect { y, ..rest }, &pieces[row.clone()], &of_byte);
            }
            return (rows.len() as u16).max(1);
        }
        let (mut skipped, mut first) = (0, 0);
        while skipped < self.left && first < pieces.len() {
            skipped += pieces[first].width;
            first += 1;
        }
        let muted = pen.style(Role::Muted);
        let is_cut = pieces[first..].iter().map(|piece| piece.width).sum::<usize>() > width;
        let room = rest.width.saturating_sub(u16::from(is_cut));
        write(pen, Rect { width: room, ..rest }, &pieces[first..], &of_byte);
        if is_cut && width > 0 {
            pen.cell(rest.right() - 1, rest.y, pen.theme.glyph("…", "~"), muted);
        }
        if first > 0 && width > 0 {
            pen.cell(rest.x, rest.y, pen.theme.glyph("…", "~"), muted);
        }
        1
    }
}

/// Writes into the first row of `area` what fits.
fn write(pen: &mut Pen<'_>, area: Rect, pieces: &[Piece], style: &impl Fn(usize) -> Style) {
    let mut x = area.x;
    for piece in pieces {
        let room = area.right().saturating_sub(x);
        if piece.width > usize::from(room) {
            return;
        }
        x += pen.text((x, area.y), room, &piece.symbol, style(piece.byte));
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let span = Span::raw(text);
    let mut byte = 0;
    let mut pieces = Vec::with_capacity(text.len());
    for grapheme in span.styled_graphemes(Style::new()) {
        let symbol = grapheme.symbol.to_string();
        let (width, from) = (cells(&symbol), byte);
        byte += symbol.len();
        pieces.push(Piece { symbol, width, byte: from });
    }
    pieces
}

/// Rows of pieces, broken behind the last blank if there is one in the second half of the row.
fn broken(pieces: &[Piece], width: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut from, mut used) = (0, 0);
    let mut at = 0;
    while at < pieces.len() {
        used += pieces[at].width;
        if used > width && at > from {
            let blank = (from + (at - from) / 2..at).rev().find(|at| pieces[*at].symbol == " ");
            let to = blank.map_or(at, |blank| blank + 1);
            rows.push(from..to);
            (from, used, at) = (to, 0, to);
        } else {
            at += 1;
        }
    }
    rows.push(from..pieces.len());
    rows
}

/// The head of a line, at most [`LONGEST`] bytes of it.
fn short(text: &str) -> &str {
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Where `wanted` stands in a line. Letters of any case are found unless one of `wanted` is a capital.
fn found(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let is_exact = wanted.chars().any(char::is_uppercase);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    if wanted.is_empty() {
        return ranges;
    }
    let same = |a: char, b: char| a == b || (!is_exact && a.to_lowercase().eq(b.to_lowercase()));
    for (from, _) in text.char_indices() {
        if ranges.last().is_some_and(|last| from < last.end) {
            continue;
        }
        let mut rest = text[from..].chars();
        if wanted.chars().all(|wanted| rest.next().is_some_and(|char| same(char, wanted))) {
            ranges.push(from..text.len() - rest.as_str().len());
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::super::show::shown;
    use super::*;
    use insta::assert_snapshot;

    const LOG: [&str; 5] = [
        "14:01:31 info   epoch 77  val 0.9462",
        "14:01:36 warn   val auc has not improved for 33 epochs (patience 40)",
        "\tat \u{1b}[31mfit\u{1b}[0m",
        "ペンギン Epoch",
        "done",
    ];

    fn draw(width: u16, height: u16, change: impl Fn(&mut Text<'_>)) -> String {
        let lines = LOG.map(|text| TextLine { text, role: Role::Text });
        let mut text = Text { lines: &lines, ..Text::default() };
        change(&mut text);
        shown(width, height, |buf, area| text.draw(buf, area, &Theme::default()))
    }

    #[test]
    fn lines_are_cut_scrolled_or_wrapped() {
        assert_snapshot!(draw(40, 5, |_| {}), @"
        14:01:31 info   epoch 77  val 0.9462
        14:01:36 warn   val auc has not improve…
            at �[31mfit�[0m
        ペンギン Epoch
        done
        ");
        assert_snapshot!(draw(20, 3, |text| (text.left, text.first) = (16, 1)), @"
        …al auc has not im…│
        …0m                █
        …                  █
        ");
        assert_snapshot!(draw(30, 6, |text| text.wrap = true), @"
        14:01:31 info   epoch 77     █
        val 0.9462                   █
        14:01:36 warn   val auc has  █
        not improved for 33 epochs   █
        (patience 40)                │
            at �[31mfit�[0m          │
        ");
        assert_snapshot!(draw(30, 2, |text| (text.lines, text.empty) = (&[], "no log yet")), @"          no log yet");
    }

    #[test]
    fn hits_are_reversed() {
        let lines = LOG.map(|text| TextLine { text, role: Role::Text });
        let text = Text { lines: &lines, search: "epoch", ..Text::default() };
        assert_eq!(text.hits(), [0, 1, 3]);
        assert_eq!(Text { search: "Epoch", ..text }.hits(), [3]);
        let area = Rect::new(0, 0, 40, 5);
        let mut buf = Buffer::empty(area);
        text.draw(&mut buf, area, &Theme::default());
        let reversed =
            |y| (0..40).filter(|x| buf[(*x, y)].modifier.contains(Modifier::REVERSED)).count();
        assert_eq!([reversed(0), reversed(2), reversed(3)], [5, 0, 5]);
        assert_eq!(found("aXa", "a"), [0..1, 2..3]);
        assert_eq!(found("ÄÖ", "ö"), [2..4]);
    }

    #[test]
    fn a_log_is_followed_to_its_end() {
        let lines = LOG.map(|text| TextLine { text, role: Role::Text });
        let text = Text { lines: &lines, wrap: true, ..Text::default() };
        let theme = Theme::default();
        assert_eq!(text.last_first(Rect::new(0, 0, 30, 6), &theme), 1);
        assert_eq!(text.last_first(Rect::new(0, 0, 0, 0), &theme), 4);
        let flat = Text { wrap: false, ..text };
        assert_eq!(flat.last_first(Rect::new(0, 0, 30, 2), &theme), 3);
        let long = "x".repeat(10_000);
        let lines = [TextLine { text: &long, role: Role::Text }];
        let text = Text { lines: &lines, wrap: true, ..Text::default() };
        assert_eq!(text.last_first(Rect::new(0, 0, 30, 6), &theme), 0);
        assert_eq!(short("é".repeat(3000).as_str()).len(), 4096);
    }
}
