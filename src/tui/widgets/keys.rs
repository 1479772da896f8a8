//! The line of hints: which keys do what here, the most important ones if there is no room for all.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::pen::Pen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Blanks between hints.
const GAP: u16 = 2;

/// A key and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint<'a> {
    /// The key, as it stands on the keyboard.
    pub key: &'a str,
    /// What it does, in a word or two.
    pub word: &'a str,
    /// Where room is short, hints of the lowest priority leave first, of equal ones the last.
    pub priority: u8,
    /// False if it can do nothing now: dimmed.
    pub enabled: bool,
}

/// Where a hint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedHint {
    /// Its number in the list.
    pub hint: usize,
    /// Its first cell on the screen.
    pub x: u16,
    /// Its cells.
    pub width: u16,
}

/// The hints that fit, in their order, from left to right.
pub fn place_hints(area: Rect, hints: &[Hint<'_>]) -> Vec<PlacedHint> {
    let mut order: Vec<usize> = (0..hints.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(hints[at].priority), at));
    let mut left = area.width;
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        let needed = width(&hints[at]) + if kept.is_empty() { 0 } else { GAP };
        if needed <= left {
            left -= needed;
            kept.push(at);
        }
    }
    kept.sort_unstable();
    let mut x = area.x;
    let mut placed = Vec::with_capacity(kept.len());
    for hint in kept {
        let width = width(&hints[hint]);
        placed.push(PlacedHint { hint, x, width });
        x += width + GAP;
    }
    placed
}

/// Draws the hints that fit into the first row of the area.
pub fn draw_hints(buf: &mut Buffer, area: Rect, theme: &Theme, hints: &[Hint<'_>]) {
    let mut pen = Pen::new(buf, Rect { height: area.height.min(1), ..area }, theme);
    for placed in place_hints(area, hints) {
        let hint = &hints[placed.hint];
        let (key, word) = match hint.enabled {
            true => {
                (theme.style(Role::Accent).add_modifier(Modifier::BOLD), theme.style(Role::Text))
            }
            false => {
                (theme.style(Role::Muted).add_modifier(Modifier::DIM), theme.style(Role::Muted))
            }
        };
        let used = pen.text((placed.x, area.y), placed.width, hint.key, key);
        let after = placed.x + used + 1;
        pen.text((after, area.y), placed.width.saturating_sub(used + 1), hint.word, word);
    }
}

fn width(hint: &Hint<'_>) -> u16 {
    let gap = usize::from(!hint.word.is_empty());
    (cells(hint.key) + gap + cells(hint.word)).min(usize::from(u16::MAX / 4)) as u16
}

#[cfg(test)]
mod tests {
    use super::super::show::shown;
    use super::*;

    #[test]
    fn the_most_important_keys_stay() {
        let hint = |key, word, priority| Hint { key, word, priority, enabled: priority != 2 };
        let hints = [
            hint("Enter", "open", 9),
            hint("Space", "mark", 5),
            hint("c", "compare", 2),
            hint("?", "keys", 8),
        ];
        let check = |width, expect: &str| {
            let text =
                shown(width, 1, |buf, area| draw_hints(buf, area, &Theme::default(), &hints));
            assert_eq!(text, expect);
        };
        check(60, "Enter open  Space mark  c compare  ? keys");
        check(33, "Enter open  Space mark  ? keys");
        check(22, "Enter open  ? keys");
        check(9, "? keys");
        check(3, "");
        let placed = place_hints(Rect::new(2, 0, 33, 1), &hints);
        assert_eq!(placed[2], PlacedHint { hint: 3, x: 26, width: 6 });
    }
}
