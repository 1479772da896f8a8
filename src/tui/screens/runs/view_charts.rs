//! Charts of all metrics of the run under the cursor, in a grid.

use super::{Runs, Shared};
use crate::tui::layout;
use crate::tui::screens::{Place, draw_empty};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The least that a chart can be read on.
const LEAST: (u16, u16) = (28, 9);

/// Lines beyond which a chart says no more.
const MOST: u16 = 18;

impl Runs {
    pub(super) fn draw_charts(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let mut metrics: Vec<&str> = Vec::new();
        for curve in self.shown_curves() {
            if !metrics.contains(&curve.metric.as_str()) {
                metrics.push(&curve.metric);
            }
        }
        if metrics.is_empty() {
            let said =
                if self.previewed().is_some() { "no curves of this run" } else { "choose a run" };
            return draw_empty(buf, place.area, shared, &[said]);
        }
        let cells = cells(place.area, metrics.len());
        let per_row = cells.first().map_or(1, Vec::len);
        let first = self.scrolled_charts.min(metrics.len().saturating_sub(1)) / per_row * per_row;
        let shown = metrics.iter().skip(first);
        for (metric, cell) in shown.zip(cells.into_iter().flatten()) {
            self.draw_chart(buf, cell, metric, shared);
        }
    }
}

/// Cuts the area for so many charts, at most three by three.
fn cells(area: Rect, n: usize) -> Vec<Vec<Rect>> {
    let across = usize::from(area.width / LEAST.0).clamp(1, 3).min(n.max(1));
    let down = usize::from(area.height / LEAST.1).clamp(1, 3 * 3).min(n.div_ceil(across).max(1));
    let tall = Rect { height: area.height.min(MOST * down as u16), ..area };
    let rows = layout::rows(tall, &vec![1; down]);
    rows.into_iter().map(|row| layout::columns(row, &vec![1; across])).collect()
}
