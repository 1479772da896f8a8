//! Where the panes are, and what their frames say.

use super::{CURVES, FILES, LOG, PARAMS, PLACE, Run, SCORES, WEIGHTS, Zoom};
use crate::domain::Status;
use crate::report::words;
use crate::store::Artifact;
use crate::tui::layout::{self, THREE_PANES};
use crate::tui::screens::{Pane, Shared};
use ratatui::layout::Rect;

/// A list of this height, frame and header included, is of use.
const COMFORT: u16 = 6;

impl Run {
    /// The run's files without the record of its output, which is the log.
    pub(super) fn files(&self) -> Vec<&Artifact> {
        let files = self.record.iter().flat_map(|record| &record.artifacts);
        files.filter(|file| file.path != super::tail::OUTPUT).collect()
    }

    pub(super) fn pane_titles(&self, shared: &Shared) -> Vec<Pane> {
        if self.record.is_none() {
            return vec![Pane::new(CURVES, "Run", "")];
        }
        let plain = |id, title: &str, note: String| Pane::new(id, title, note);
        let of = self.other(shared).map(|(run, word)| format!("{word} {}", run.id));
        let n = self.param_rows.iter().filter(|row| !row.is_context).count();
        let (differ, all) = self.n_params;
        let params = match () {
            () if !self.narrowed.is_empty() => {
                format!("/{} · {n} of {all}", words::clean(&self.narrowed))
            }
            () if of.is_none() => all.to_string(),
            () if self.only_differing => format!("only differing: {differ} of {all}"),
            () => format!("{differ} of {all} differ"),
        };
        let pane = |id| match id {
            PARAMS => plain(PARAMS, "Params", params.clone()),
            SCORES => {
                plain(SCORES, "Scores", of.as_ref().map(|of| format!("Δ {of}")).unwrap_or_default())
            }
            FILES => plain(FILES, "Artifacts", self.files().len().to_string()),
            LOG => plain(LOG, "Log", self.log_note()),
            PLACE => plain(PLACE, "Environment", String::new()),
            _ => plain(CURVES, self.curves_title(), self.curves_note(shared)),
        };
        self.order().into_iter().map(pane).collect()
    }

    /// The panes in the order of Tab. What has nothing in it takes neither room nor a stop.
    fn order(&self) -> Vec<u8> {
        let order = if self.is_told_by_log() {
            [LOG, PARAMS, SCORES, FILES, PLACE, CURVES]
        } else {
            [CURVES, PARAMS, SCORES, FILES, LOG, PLACE]
        };
        order.into_iter().filter(|id| self.has_pane(*id)).collect()
    }

    /// True for a run that has no curve and failed: the log stands where curves would.
    pub(super) fn is_told_by_log(&self) -> bool {
        let has_lines = self.log.tail.as_ref().is_some_and(|tail| !tail.lines.is_empty());
        let is_plain = !self.curves.is_system && self.curves.narrowed.is_empty();
        let is_over = !self.is_live() && self.reason().is_some();
        is_over && has_lines && is_plain && self.curves.specs.is_empty()
    }

    fn has_pane(&self, id: u8) -> bool {
        match id {
            CURVES => !self.is_told_by_log(),
            FILES => !self.files().is_empty(),
            SCORES => !self.score_rows.is_empty(),
            _ => true,
        }
    }

    fn curves_title(&self) -> &'static str {
        if self.curves.is_system { "System" } else { "Curves" }
    }

    fn curves_note(&self, shared: &Shared) -> String {
        let curves = &self.curves;
        if curves.specs.is_empty() {
            return String::new();
        }
        let dot = shared.theme.glyph(" · ", " - ");
        let mut notes = Vec::new();
        if !curves.narrowed.is_empty() {
            notes.push(format!("/{}", words::clean(&curves.narrowed)));
        }
        let is_of_folds = curves.specs.iter().all(|spec| self.is_of_folds(spec));
        notes.push(format!("x {}", if is_of_folds { "fold" } else { curves.axis.name() }));
        match WEIGHTS[curves.weight % WEIGHTS.len()] {
            weight if weight > 0.0 => notes.push(format!("smooth {weight}")),
            _ => {}
        }
        match curves.zoom {
            Zoom::Whole => {}
            Zoom::Tail(_) => notes.push("zoomed to the tail".into()),
            Zoom::Window(..) => notes.push("zoomed".into()),
        }
        let (at, n) = (curves.selected + 1, curves.specs.len());
        notes.push(if n == 1 { "1 chart".into() } else { format!("{at}/{n}") });
        notes.join(dot)
    }

    /// Panes in the order of Tab: curves, parameters, scores, files, log, surroundings.
    pub(super) fn arranged(&self, body: Rect) -> Vec<Rect> {
        if self.record.is_none() {
            return vec![body];
        }
        if self.is_told_by_log() {
            return self.around_log(body);
        }
        let areas = self.areas(body);
        self.order().into_iter().map(|id| areas[usize::from(id)]).collect()
    }

    /// The log, and the lists at its right.
    fn around_log(&self, body: Rect) -> Vec<Rect> {
        let parts = layout::columns(body, &[66, 34]);
        let wants = self.wants();
        let lists = stacked(parts[1], &wants);
        let area = |id| match id {
            LOG => parts[0],
            PARAMS => lists[0],
            SCORES => lists[1],
            FILES => lists[2],
            _ => lists[3],
        };
        self.order().into_iter().map(area).collect()
    }

    /// The heights of parameters, scores, files and surroundings with everything in view.
    fn wants(&self) -> [u16; 4] {
        let n_files = self.files().len();
        [
            self.param_rows.len() as u16 + 3,
            if self.has_pane(SCORES) { self.score_rows.len().min(20) as u16 + 3 } else { 0 },
            if n_files > 0 { n_files.min(12) as u16 + 3 } else { 0 },
            self.place_rows().len() as u16 + 2,
        ]
    }

    /// The area of every pane by its number, whether it is shown or not.
    fn areas(&self, body: Rect) -> Vec<Rect> {
        let (top, log) = self.above_log(body);
        let [params, scores, files, place] = self.wants();
        // With room for the folds of the selected metric below the scores.
        let row = self.score_rows.get(self.scores.selected);
        let folds = row.map_or(0, |row| row.folds.len()).min(20) as u16;
        let bars = if folds > 1 { folds + 2 } else { 0 };
        let in_one = [params, scores + bars, files, place];
        if body.width >= THREE_PANES && in_one.iter().sum::<u16>() <= top.height {
            // Everything fits below each other: the curves get the rest of the width.
            let parts = layout::columns(top, &[66, 34]);
            let lists = stacked(parts[1], &in_one);
            return vec![parts[0], lists[0], lists[1], lists[2], log, lists[3]];
        }
        if body.width >= THREE_PANES {
            let parts = layout::columns(top, &[50, 25, 25]);
            // Two columns, as equally high as can be.
            if params + files <= scores + bars {
                let left = stacked(parts[1], &[params, files, place]);
                let right = stacked(parts[2], &[scores + bars]);
                return vec![parts[0], left[0], right[0], left[1], log, left[2]];
            }
            let left = stacked(parts[1], &[params, files]);
            let right = stacked(parts[2], &[scores + bars, place]);
            return vec![parts[0], left[0], right[0], left[1], log, right[1]];
        }
        let wants = [params, scores.min(15), files, place];
        let parts = layout::columns(top, &[62, 38]);
        if !self.curves.specs.is_empty() {
            let lists = stacked(parts[1], &wants);
            let (log, place) = match lists[3].height {
                // No room above: beside the log, so that every pane can be reached.
                0 if log.height > 3 => {
                    let parts = layout::columns(log, &[66, 34]);
                    (parts[0], parts[1])
                }
                _ => (log, lists[3]),
            };
            return vec![parts[0], lists[0], lists[1], lists[2], log, place];
        }
        if self.score_rows.is_empty() {
            let lists = stacked(parts[1], &[params, files, place]);
            return vec![parts[0], lists[0], Rect::ZERO, lists[1], log, lists[2]];
        }
        // Nothing to draw: the scores take the room.
        let (curves, below) = layout::split_top(parts[0], 6.max(parts[0].height / 3));
        let lists = stacked(parts[1], &[params, files, place]);
        vec![curves, lists[0], below, lists[1], log, lists[2]]
    }

    /// The part above the log, and the log: larger where a run has failed, a line where it said nothing.
    fn above_log(&self, body: Rect) -> (Rect, Rect) {
        let status = self.record.as_ref().map(|record| record.run.status);
        let is_silent = self.log.trouble.is_none()
            && self.log.tail.as_ref().is_some_and(|tail| tail.lines.is_empty());
        let height = match status {
            _ if is_silent => 3,
            Some(Status::Failed) => body.height * 2 / 5,
            _ => (body.height * 27 / 100).clamp(5, 18),
        };
        let height = height.min(body.height);
        layout::split_top(body, body.height - height)
    }
}

/// Lists from top to bottom, by the heights that they want: those that do not fit are left out from the end, the others get what
/// they want in their order as far as there is room, and the last what is left.
fn stacked(area: Rect, wants: &[u16]) -> Vec<Rect> {
    let mut n = wants.len();
    let least = |want: u16| want.min(COMFORT);
    while n > 1 && wants[..n].iter().map(|want| least(*want)).sum::<u16>() > area.height {
        n -= 1;
    }
    let mut heights: Vec<u16> = wants[..n].iter().map(|want| least(*want)).collect();
    let mut left = area.height.saturating_sub(heights.iter().sum());
    for (height, want) in heights.iter_mut().zip(wants) {
        let more = left.min(want - *height);
        *height += more;
        left -= more;
    }
    // Everybody has enough: the last list is drawn out to the lower edge.
    if let Some(last) = heights.iter_mut().rev().find(|height| **height > 0) {
        *last += left;
    }
    let mut y = area.y;
    let mut placed = vec![Rect::ZERO; wants.len()];
    for (place, height) in placed.iter_mut().zip(heights) {
        let height = height.min(area.bottom().saturating_sub(y));
        if height > 0 {
            *place = Rect { y, height, ..area };
            y += height;
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_share_a_column() {
        let check = |height: u16, wants: &[u16], expect: &[u16]| {
            let placed = stacked(Rect::new(0, 2, 30, height), wants);
            let heights: Vec<u16> = placed.iter().map(|place| place.height).collect();
            assert_eq!(heights, expect);
        };
        check(20, &[10, 6, 0, 12], &[8, 6, 0, 6]);
        check(19, &[9, 5, 4, 14], &[9, 5, 5, 0]);
        check(30, &[5, 4, 6], &[5, 4, 21]);
        check(9, &[50, 6, 6, 6], &[9, 0, 0, 0]);
        check(2, &[50, 6], &[2, 0]);
    }
}
