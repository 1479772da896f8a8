//! Lines of a single row: sparklines, bars, progress.

use super::super::theme::{Role, Theme};
use super::pen::Pen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 6] = ['_', '.', '-', '=', '*', '#'];
/// One to eight eighths of a cell, from the left.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// A curve in `width` cells, from its least to its greatest value; `·` where there is none.
///
/// More values than cells are averaged, fewer are repeated: the curve always fills its cells.
pub fn spark(values: &[f64], width: usize, theme: &Theme) -> String {
    let levels: &[char] = if theme.ascii { &ASCII_LEVELS } else { &LEVELS };
    let gap = if theme.ascii { '.' } else { '·' };
    let means: Vec<f64> = (0..width).map(|cell| mean(values, cell, width)).collect();
    let finite = || means.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let level = |value: f64| {
        if !value.is_finite() {
            return gap;
        }
        let share =
            if high > low { (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.5 };
        levels[(share * (levels.len() - 1) as f64).round() as usize]
    };
    means.iter().map(|mean| level(*mean)).collect()
}

/// The mean of the finite values that fall into a cell.
fn mean(values: &[f64], cell: usize, width: usize) -> f64 {
    let from = cell * values.len() / width;
    let to = ((cell + 1) * values.len() / width).max(from + 1).min(values.len());
    let finite = || values[from.min(to)..to].iter().filter(|value| value.is_finite());
    // Divided before the sum, which could be too large for a float.
    let n = finite().count() as f64;
    if n == 0.0 { f64::NAN } else { finite().map(|value| value / n).sum() }
}

/// A bar over a share (0 to 1) of `width` cells, to an eighth of a cell, so that what is more than nothing is seen; in
/// ASCII to a whole cell, and nothing for less than half of one.
pub fn bar(share: f64, width: usize, theme: &Theme) -> String {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    if theme.ascii {
        let cells = (share * width as f64).round();
        return "#".repeat((cells as usize).min(width));
    }
    let eighths = (share * width as f64 * 8.0).round().max(f64::from(share > 0.0)) as usize;
    let eighths = eighths.min(width * 8);
    let mut text = "█".repeat(eighths / 8);
    if let Some(part) = (eighths % 8).checked_sub(1) {
        text.push(EIGHTHS[part]);
    }
    text
}

/// How far a sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Trials that came to their end.
    pub done: u64,
    /// Trials that were cut off, since they were too bad.
    pub pruned: u64,
    /// Trials that failed.
    pub failed: u64,
    /// Trials at work.
    pub running: u64,
    /// All that there will be.
    pub total: u64,
}

impl Progress {
    /// Draws the parts in one row of cells; none that is not empty is left out while there is room.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let mut pen = Pen::new(buf, Rect { height: area.height.min(1), ..area }, theme);
        let parts = [
            (self.done, theme.glyph("█", "#"), Role::Good),
            (self.pruned, theme.glyph("▓", "%"), Role::Warn),
            (self.failed, theme.glyph("█", "x"), Role::Bad),
            (self.running, theme.glyph("▒", ">"), Role::Live),
        ];
        pen.fill((area.x, area.y), area.width, theme.glyph("░", "."), theme.style(Role::Muted));
        let widths = shares(parts.map(|part| part.0), self.total, area.width);
        let mut x = area.x;
        for ((_, glyph, role), width) in parts.into_iter().zip(widths) {
            pen.fill((x, area.y), width, glyph, theme.style(role));
            x = x.saturating_add(width);
        }
    }
}

/// Cells for each part: by its share, at least one if it is not empty, together no more than there are.
fn shares(parts: [u64; 4], total: u64, width: u16) -> [u16; 4] {
    let total = parts.iter().sum::<u64>().max(total).max(1);
    let share = |part: u64| (part as f64 / total as f64 * f64::from(width)).round() as u16;
    let mut widths = parts.map(|part| share(part).max(u16::from(part > 0)));
    while u32::from(width) < widths.iter().map(|width| u32::from(*width)).sum() {
        let Some(widest) = widths.iter_mut().max() else { break };
        *widest -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;

    #[test]
    fn curves_in_a_row() {
        let theme = Theme::default();
        let check =
            |values: &[f64], width, expect: &str| assert_eq!(spark(values, width, &theme), expect);
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8, "▁▂▃▄▅▆▇█");
        check(&[0.0, 1.0], 6, "▁▁▁███");
        check(&[5.0, 5.0], 3, "▅▅▅");
        check(&[f64::NAN, 1.0, f64::INFINITY, 2.0], 4, "·▁·█");
        check(&[f64::MIN, f64::MAX, f64::MAX], 3, "▁██");
        check(&[], 3, "···");
        check(&[1.0], 0, "");
        assert_eq!(spark(&[0.0, 1.0, 2.0, f64::NAN, 4.0, 5.0], 6, &ascii()), "_.-.*#");
    }

    #[test]
    fn bars_to_an_eighth() {
        let check = |share, expect: &str| assert_eq!(bar(share, 4, &Theme::default()), expect);
        check(0.0, "");
        check(1e-9, "▏");
        check(0.5, "██");
        check(0.7, "██▊");
        check(7.0, "████");
        check(f64::NAN, "");
        assert_eq!(bar(0.7, 4, &ascii()), "###");
        assert_eq!((bar(0.12, 4, &ascii()), bar(0.13, 4, &ascii())), (String::new(), "#".into()));
    }

    #[test]
    fn every_part_is_seen() {
        let draw = |progress: Progress, theme: &Theme| {
            shown(20, 1, |buf, area| progress.draw(buf, area, theme))
        };
        let progress = Progress { done: 118, pruned: 11, failed: 2, running: 6, total: 200 };
        assert_eq!(draw(progress, &Theme::default()), "████████████▓█▒░░░░░");
        assert_eq!(draw(progress, &ascii()), "############%x>.....");
        let over = Progress { done: 1000, failed: 1, total: 10, ..Progress::default() };
        assert_eq!(draw(over, &ascii()), "###################x");
        assert_eq!(draw(Progress::default(), &ascii()), "....................");
    }
}
