//! Where everything is: pure functions of the size, shared by drawing and the mouse.

use ratatui::layout::Rect;

/// The least that anything can be shown on.
pub const LEAST: (u16, u16) = (60, 16);
/// Below this width one pane is shown at a time.
pub const TWO_PANES: u16 = 100;
/// From this width there is room for three columns.
pub const THREE_PANES: u16 = 160;

/// The parts of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The line of screens.
    pub header: Rect,
    /// The screen's own.
    pub body: Rect,
    /// Prompt, message or what the screen says.
    pub status: Rect,
    /// Keys.
    pub footer: Rect,
}

/// Cuts the window; none if it is too small to be of use.
pub fn window(area: Rect) -> Option<Window> {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return None;
    }
    let row = |y: u16, height: u16| Rect { x: area.x, y: area.y + y, width: area.width, height };
    Some(Window {
        header: row(0, 1),
        body: row(1, area.height - 3),
        status: row(area.height - 2, 1),
        footer: row(area.height - 1, 1),
    })
}

/// Cuts an area side by side; `parts` are weights, every cell is given away.
pub fn columns(area: Rect, parts: &[u16]) -> Vec<Rect> {
    let widths = shares(area.width, parts);
    let mut x = area.x;
    let mut found = Vec::with_capacity(parts.len());
    for width in widths {
        found.push(Rect { x, y: area.y, width, height: area.height });
        x += width;
    }
    found
}

/// Cuts an area from top to bottom.
pub fn rows(area: Rect, parts: &[u16]) -> Vec<Rect> {
    let heights = shares(area.height, parts);
    let mut y = area.y;
    let mut found = Vec::with_capacity(parts.len());
    for height in heights {
        found.push(Rect { x: area.x, y, width: area.width, height });
        y += height;
    }
    found
}

/// Takes `height` lines off the top: those and the rest.
pub fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let top = Rect { height, ..area };
    (top, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// The inside of a frame.
pub fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x + 1.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// A box in the middle of the area, at most as large as it.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// The first row of a list of `n` shown in `height` rows so that `selected` stays in view, moving no more than it must.
pub fn scroll(first: usize, selected: usize, height: usize, n: usize) -> usize {
    let height = height.max(1);
    let last_first = n.saturating_sub(height);
    let first = first.min(last_first);
    if selected < first {
        selected
    } else if selected >= first + height {
        (selected + 1 - height).min(last_first)
    } else {
        first
    }
}

/// The part of a list that is in view: it follows the selected row until it is scrolled by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scrolled {
    first: usize,
    is_free: bool,
}

impl Scrolled {
    /// The first row in view of `n` in `height` rows.
    pub fn first(self, selected: usize, height: usize, n: usize) -> usize {
        if self.is_free {
            self.first.min(n.saturating_sub(height.max(1)))
        } else {
            scroll(self.first, selected, height, n)
        }
    }

    /// The selected row has moved: it is in view from now on.
    pub fn follow(&mut self, selected: usize, height: usize, n: usize) {
        *self = Self { first: scroll(self.first, selected, height, n), is_free: false };
    }

    /// Puts that row at the top, whatever is selected: a click on the scrollbar.
    pub fn put(&mut self, first: usize) {
        *self = Self { first, is_free: true };
    }
}

fn shares(total: u16, parts: &[u16]) -> Vec<u16> {
    let sum: u32 = parts.iter().map(|&part| u32::from(part)).sum::<u32>().max(1);
    let mut left = total;
    let mut found = Vec::with_capacity(parts.len());
    for (at, &part) in parts.iter().enumerate() {
        let share = (u32::from(total) * u32::from(part) / sum) as u16;
        let share = if at + 1 == parts.len() { left } else { share.min(left) };
        found.push(share);
        left -= share;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_given_away_once() {
        for width in 0..300 {
            let parts = columns(Rect::new(3, 0, width, 5), &[62, 38, 24]);
            assert_eq!(parts.iter().map(|part| part.width).sum::<u16>(), width);
            assert!(parts.windows(2).all(|pair| pair[0].right() == pair[1].x));
        }
    }

    #[test]
    fn the_selected_row_is_always_in_view() {
        for first in 0..20 {
            for selected in 0..20 {
                let at = scroll(first, selected, 5, 20);
                assert!(at <= selected && selected < at + 5 && at <= 15);
            }
        }
        assert_eq!(scroll(7, 0, 5, 3), 0);
    }

    #[test]
    fn a_list_follows_the_selection_until_it_is_scrolled_by_itself() {
        let mut seen = Scrolled::default();
        seen.follow(7, 5, 20);
        assert_eq!(seen.first(7, 5, 20), 3);
        seen.put(99);
        assert_eq!(seen.first(7, 5, 20), 15);
        seen.follow(8, 5, 20);
        assert_eq!(seen.first(8, 5, 20), 8);
    }

    #[test]
    fn a_window_too_small_is_none() {
        assert!(window(Rect::new(0, 0, 59, 30)).is_none());
        assert!(window(Rect::new(0, 0, 1, 1)).is_none());
        let window = window(Rect::new(0, 0, 60, 16)).unwrap();
        assert_eq!((window.body.height, window.footer.y), (13, 15));
    }
}
