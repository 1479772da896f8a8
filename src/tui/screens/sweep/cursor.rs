//! The selected row of a list, and the first one in view.

use crate::tui::action::Action;
use crate::tui::layout::scroll;

/// Where one is in a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The selected row.
    pub(super) row: usize,
    /// The first row in view.
    pub(super) first: usize,
}

impl Cursor {
    /// Moves in a list of `n` rows of which `height` are in view; false if the action is no move.
    pub(super) fn act(&mut self, action: Action, n: usize, height: usize) -> bool {
        let half = (height / 2).max(1);
        let row = self.row.min(n.saturating_sub(1));
        let row = match action {
            Action::Up => row.saturating_sub(1),
            Action::Down => row + 1,
            Action::Top => 0,
            Action::Bottom => n,
            Action::PageUp => row.saturating_sub(half),
            Action::PageDown => row + half,
            _ => return false,
        };
        self.row = row.min(n.saturating_sub(1));
        self.first = scroll(self.first, self.row, height, n);
        true
    }

    /// The same in a list that may have become shorter, or a window that may have become lower.
    pub(super) fn within(self, n: usize, height: usize) -> Self {
        let row = self.row.min(n.saturating_sub(1));
        Self { row, first: scroll(self.first, row, height, n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_in_its_list() {
        let mut cursor = Cursor::default();
        for (action, row) in [
            (Action::Up, 0),
            (Action::Down, 1),
            (Action::Bottom, 9),
            (Action::PageUp, 7),
            (Action::PageDown, 9),
            (Action::Top, 0),
        ] {
            assert!(cursor.act(action, 10, 4));
            assert_eq!(cursor.row, row, "{action:?}");
        }
        assert!(!cursor.act(Action::Open, 10, 4));
        assert!(cursor.act(Action::Down, 0, 0));
        assert_eq!(cursor.row, 0);
        assert_eq!(Cursor { row: 9, first: 6 }.within(3, 2), Cursor { row: 2, first: 1 });
    }
}
