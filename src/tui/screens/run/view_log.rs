//! The log, drawn: when, where from, what.

use super::{LogLine, Run};
use crate::protocol::Stream;
use crate::report::words;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared, draw_empty};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Text, TextLine, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells for the time and the stream.
const HEAD: u16 = 12;
/// Below this width lines stand without them.
const NARROW: u16 = 40;

impl Run {
    pub(super) fn log_note(&self) -> String {
        let Some(tail) = &self.log.tail else { return String::new() };
        if tail.lines.is_empty() {
            return String::new();
        }
        let mut notes = Vec::new();
        if self.log.is_following && self.is_live() {
            notes.push("follow".to_string());
        }
        let errors = tail.lines.iter().filter(|line| line.stream == Some(Stream::Err)).count();
        notes.push(words::plural(tail.lines.len() as u64, "line"));
        if errors > 0 {
            notes.push(format!("{} on stderr", words::count(errors as u64)));
        }
        if tail.before > 0 {
            notes.push(format!("{} before", words::bytes(tail.before as f64)));
        }
        notes.join(" · ")
    }

    /// Which line one is at: the hit of the search, else the first one in view, at the end the last one.
    pub(super) fn log_position(&self) -> Option<String> {
        let n = self.log.tail.as_ref()?.lines.len();
        let hit = self.log.hit.and_then(|hit| self.log.hits.get(hit));
        let line = match hit {
            Some(line) => line + 1,
            None if self.log.is_following => n,
            None => (self.log.first + 1).min(n),
        };
        (n > 0).then(|| format!("line {}/{}", words::count(line as u64), words::count(n as u64)))
    }

    /// The first line that is shown in so many rows.
    pub(super) fn log_first(&self, height: usize) -> usize {
        let n = self.log.tail.as_ref().map_or(0, |tail| tail.lines.len());
        let last = n.saturating_sub(height);
        if self.log.is_following { last } else { self.log.first.min(last) }
    }

    pub(super) fn draw_log(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        if let Some(trouble) = &self.log.trouble {
            return draw_empty(buf, place.area, shared, &[&paint::clean(trouble)]);
        }
        let Some(tail) = &self.log.tail else {
            return draw_empty(buf, place.area, shared, &["reading …"]);
        };
        if tail.lines.is_empty() {
            return draw_empty(buf, place.area, shared, &[self.silence(tail.exists)]);
        }
        let height = usize::from(place.area.height);
        let first = self.log_first(height);
        let shown = &tail.lines[first..tail.lines.len().min(first + height)];
        let has_bar = tail.lines.len() > height;
        let body = Rect { width: place.area.width - u16::from(has_bar), ..place.area };
        let current = self.log.hit.and_then(|hit| self.log.hits.get(hit)).copied();
        let current = current.and_then(|line| line.checked_sub(first));
        draw_lines(buf, body, (shown, &shared.theme), (&self.log.search, current, self.log.left));
        if has_bar {
            let bar = Rect { x: body.right(), width: 1, ..place.area };
            scrollbar(buf, bar, &shared.theme, (first, height, tail.lines.len()));
        }
    }

    fn silence(&self, exists: bool) -> &'static str {
        let record = self.record.as_ref().map(|record| &record.run);
        let has_process =
            record.is_some_and(|run| run.exit_code.is_some() || run.exit_signal.is_some());
        match (self.is_live(), exists || has_process) {
            (true, _) => "no output yet; what the run prints comes here as it is printed",
            (false, true) => "it printed nothing",
            (false, false) => "no output: built-in models print none",
        }
    }
}

/// Lines with their time and stream, and what was searched for.
pub(super) fn draw_lines(
    buf: &mut Buffer,
    area: Rect,
    (lines, theme): (&[LogLine], &Theme),
    (search, current, left): (&str, Option<usize>, usize),
) {
    let role = |line: &LogLine| match line.stream {
        Some(Stream::Out) => Role::Text,
        Some(Stream::Err) => Role::Warn,
        None => Role::Muted,
    };
    let head = if area.width >= NARROW { HEAD } else { 0 };
    let body = Rect { x: area.x + head, width: area.width - head, ..area };
    if head > 0 {
        let muted = theme.style(Role::Muted);
        for (y, line) in lines.iter().enumerate().take(usize::from(area.height)) {
            let (word, style) = match line.stream {
                Some(Stream::Out) => (" ", muted),
                Some(Stream::Err) => ("!", theme.style(Role::Warn)),
                None => (theme.glyph("·", "-"), muted),
            };
            let time = paint::right(&elapsed(line.ms), usize::from(HEAD) - 3);
            paint::line(buf, area, y as u16, &[(&time, muted), (" ", muted), (word, style)]);
        }
    }
    let shown: Vec<TextLine<'_>> =
        lines.iter().map(|line| TextLine { text: &line.text, role: role(line) }).collect();
    let shown = &shown[..shown.len().min(usize::from(area.height))];
    Text { lines: shown, left, search, current, ..Text::default() }.draw(buf, body, theme);
}

/// Time since the start: `0.123`, `1:02.5`, `3:04:05`.
fn elapsed(ms: u64) -> String {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    match seconds {
        0..60 => format!("{seconds}.{rest:03}"),
        60..3600 => format!("{}:{:02}.{}", seconds / 60, seconds % 60, rest / 100),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let shown = [0, 59_999, 62_540, 3_600_000 * 27].map(elapsed);
        assert_eq!(shown, ["0.000", "59.999", "1:02.5", "27:00:00"]);
    }
}
