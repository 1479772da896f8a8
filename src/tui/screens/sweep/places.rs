//! Which panes there are for a size, and where: pure functions of it.

use crate::tui::layout::{self, THREE_PANES, TWO_PANES};
use ratatui::layout::Rect;

/// Best so far.
pub(super) const BEST: u8 = 0;
/// Importance.
pub(super) const IMPORTANCE: u8 = 1;
/// Figures.
pub(super) const FIGURES: u8 = 2;
/// Who works, and on what.
pub(super) const NOW: u8 = 3;
/// The best runs.
pub(super) const TOP: u8 = 4;
/// How runs ended.
pub(super) const ENDS: u8 = 5;
/// What was asked of the sweep.
pub(super) const ASKED: u8 = 6;
/// All sweeps.
pub(super) const SWEEPS: u8 = 7;

/// From this height on there is room for three panes above each other.
const TALL: u16 = 36;

/// A place for a pane, or for several of which one is shown at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Where.
    pub(super) area: Rect,
    /// Whose.
    pub(super) panes: &'static [u8],
}

/// The places in a body, in the order of Tab.
pub(super) fn slots(body: Rect) -> Vec<Slot> {
    let slot = |area, panes| Slot { area, panes };
    if body.width < TWO_PANES {
        let alone: [&'static [u8]; 8] =
            [&[BEST], &[IMPORTANCE], &[FIGURES], &[NOW], &[TOP], &[ENDS], &[ASKED], &[SWEEPS]];
        return alone.into_iter().map(|panes| slot(body, panes)).collect();
    }
    let is_tall = body.height >= TALL;
    if body.width < THREE_PANES {
        let columns = layout::columns(body, &[58, 42]);
        let parts: &[u16] = if is_tall { &[34, 36, 30] } else { &[48, 52] };
        let (left, right) = (layout::rows(columns[0], parts), layout::rows(columns[1], parts));
        let mut found = vec![slot(left[0], &[BEST]), slot(right[0], &[IMPORTANCE])];
        found.push(slot(left[1], &[FIGURES]));
        if is_tall {
            found.push(slot(right[1], &[NOW]));
            found.push(slot(left[2], &[TOP, SWEEPS]));
            found.push(slot(right[2], &[ENDS, ASKED]));
        } else {
            found.push(slot(right[1], &[NOW, TOP, ENDS, ASKED, SWEEPS]));
        }
        return found;
    }
    let columns = layout::columns(body, &[46, 27, 27]);
    let left = layout::rows(columns[0], &[45, 55]);
    let parts: &[u16] = if is_tall { &[30, 35, 35] } else { &[50, 50] };
    let (middle, right) = (layout::rows(columns[1], parts), layout::rows(columns[2], parts));
    let mut found = vec![slot(left[0], &[BEST]), slot(middle[0], &[IMPORTANCE])];
    found.push(slot(left[1], &[FIGURES]));
    found.push(slot(right[0], &[NOW]));
    if is_tall {
        found.push(slot(middle[1], &[TOP]));
        found.push(slot(right[1], &[ENDS]));
        found.push(slot(right[2], &[ASKED]));
        found.push(slot(middle[2], &[SWEEPS]));
    } else {
        found.push(slot(middle[1], &[TOP, SWEEPS]));
        found.push(slot(right[1], &[ENDS, ASKED]));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pane_has_one_place_and_places_do_not_overlap() {
        for width in [60, 99, 100, 159, 160, 200, 300] {
            for height in [11, 24, 35, 36, 58] {
                let slots = slots(Rect::new(0, 3, width, height));
                let mut panes: Vec<u8> =
                    slots.iter().flat_map(|slot| slot.panes.iter().copied()).collect();
                panes.sort_unstable();
                assert_eq!(panes, (BEST..=SWEEPS).collect::<Vec<u8>>());
                if width >= TWO_PANES {
                    let cells: u32 = slots.iter().map(|slot| slot.area.area()).sum();
                    assert_eq!(cells, u32::from(width) * u32::from(height));
                }
            }
        }
    }
}
