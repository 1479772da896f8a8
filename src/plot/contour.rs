//! Contour: the score over two parameters, interpolated between the runs, with the runs on top.

use super::axis::Axis;
use super::frame::{Frame, Look, color_bar};
use super::parameter::{Parameter, check, from_worst, score_axis};
use super::pen::{Pen, Stroke};
use super::scatter::merged;
use super::sheet::{Area, Entry, Head, Mark, sheet};
use super::{BLACK, Content, ORANGE, PlotError, viridis};
use crate::domain::Goal;
use plotters::style::{Color, RGBColor, WHITE};
use std::collections::BTreeMap;

/// Cells of the interpolated field along an axis of numbers.
const CELLS: usize = 64;
/// Bands of equal color, as contour lines would bound them.
const BANDS: f64 = 12.0;
/// Means of one value differ in their last digits; they are one band.
const ROUNDING: f64 = 1e-9;
/// Dots on top at most; more would hide the field.
const MAX_DOTS: usize = 1_500;

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Above the figure.
    pub title: String,
    /// The score's name.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The parameter along the bottom.
    pub x: Parameter,
    /// The parameter along the side.
    pub y: Parameter,
    /// One for each run; runs without a finite score or without one of the parameters are left out.
    pub scores: Vec<f64>,
}

/// A run at its place, both coordinates in `[0, 1]`, and its score.
pub type Spot = (f64, f64, f64);

impl Contour {
    /// The axes, and the runs that have both parameters, from the worst to the best.
    fn placed(&self) -> (Axis, Axis, Vec<Spot>) {
        let ((x, across), (y, up)) = (self.x.placed(), self.y.placed());
        let order = from_worst(self.goal, &self.scores);
        let spot =
            |&run: &usize| Some((x.share(across[run]?), y.share(up[run]?), self.scores[run]));
        let spots = order.iter().filter_map(spot).collect();
        (x, y, spots)
    }
}

impl Content for Contour {
    fn size(&self) -> (u32, u32) {
        (820, 620)
    }

    fn check(&self) -> Result<(), PlotError> {
        check(&[&self.x, &self.y], &self.scores, &self.metric)?;
        if self.placed().2.is_empty() {
            let text = format!("no run has '{}' and '{}'", self.x.name, self.y.name);
            return Err(PlotError::Empty(text));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let (x, y, spots) = self.placed();
        let scores: Vec<f64> = spots.iter().map(|spot| spot.2).collect();
        let (score, beyond) = score_axis(&self.metric, self.goal, &scores);
        let scored = self.scores.iter().filter(|score| score.is_finite()).count();
        let mut parts = vec!["between the runs: weighted by inverse distance".to_string()];
        if spots.len() < scored {
            parts.push(format!("{} of {scored} runs have both parameters", spots.len()));
        }
        if beyond > 0 {
            parts.push(format!("{beyond} beyond the scale"));
        }
        let legend =
            vec![Entry::new(Mark::Dot(BLACK), "run"), Entry::new(Mark::Dot(ORANGE), "best run")];
        let head = Head { title: &self.title, subtitle: parts.join("; "), legend };
        let outer = sheet(pen, self.size(), &head);
        let cells = (x.slots().unwrap_or(CELLS), y.slots().unwrap_or(CELLS));
        let look = Look { grid: (false, false), ..Look::default() };
        let frame = Frame::new(pen, Area { right: outer.right - 92.0, ..outer }, x, y, look);
        // The best is dark in either direction.
        let is_max = self.goal == Goal::Maximize;
        let color = |share: f64| {
            let band = (((share.clamp(0.0, 1.0) + ROUNDING) * BANDS).floor().min(BANDS - 1.0)
                + 0.5)
                / BANDS;
            viridis(0.97 - 0.94 * if is_max { band } else { 1.0 - band })
        };
        // A run that went astray would color everything around it.
        let (low, high) = score.ends();
        let within: Vec<Spot> =
            spots.iter().map(|&(x, y, score)| (x, y, score.clamp(low, high))).collect();
        draw_field(pen, frame.area, cells, &field(&within, cells), &|value| {
            color(score.share(value))
        });
        let bar = Area { left: frame.area.right + 20.0, right: outer.right, ..frame.area };
        color_bar(pen, bar, &score, &color);
        let place = |&(x, y, _): &Spot| {
            (frame.area.left + x * frame.area.width(), frame.area.bottom - y * frame.area.height())
        };
        for (at, _) in merged(spots.iter().map(place), MAX_DOTS) {
            pen.dot(at, 2.6, WHITE.mix(0.8));
            pen.dot(at, 1.7, BLACK);
        }
        if let Some(best) = spots.last().map(place) {
            pen.dot(best, 5.0, ORANGE);
            pen.ring(best, 5.0, Stroke::new(WHITE, 1.2));
        }
    }
}

/// Row-major values of the cells from the bottom left: means weighted by the inverse fourth power of the distance
/// (Shepard 1968). Runs in the same cell count as their mean, so that many of them cost no more than the cells.
pub fn field(spots: &[Spot], (columns, rows): (usize, usize)) -> Vec<f64> {
    let cell = |share: f64, of: usize| ((share * of as f64) as usize).min(of - 1);
    let mut sums: BTreeMap<(usize, usize), (f64, f64, f64, f64)> = BTreeMap::new();
    for &(x, y, score) in spots {
        let sum = sums.entry((cell(x, columns), cell(y, rows))).or_default();
        *sum = (sum.0 + x, sum.1 + y, sum.2 + score, sum.3 + 1.0);
    }
    let means: Vec<Spot> =
        sums.into_values().map(|(x, y, score, n)| (x / n, y / n, score / n)).collect();
    let value = |at: usize| {
        let x = ((at % columns) as f64 + 0.5) / columns as f64;
        let y = ((at / columns) as f64 + 0.5) / rows as f64;
        let (mut total, mut weights) = (0.0, 0.0);
        for &(px, py, score) in &means {
            // Half a cell keeps a run in the middle of its cell from weighing all.
            let near = 0.25 / (columns * rows) as f64;
            let weight = ((px - x).powi(2) + (py - y).powi(2) + near).powi(-2);
            total += weight * score;
            weights += weight;
        }
        total / weights
    };
    (0..columns * rows).map(value).collect()
}

/// Neighbors of one color are one box.
fn draw_field(
    pen: &mut Pen<'_>,
    area: Area,
    (columns, rows): (usize, usize),
    values: &[f64],
    color: &dyn Fn(f64) -> RGBColor,
) {
    let x = |column: usize| area.left + area.width() * column as f64 / columns as f64;
    let y = |row: usize| area.bottom - area.height() * row as f64 / rows as f64;
    for (row, values) in values.chunks_exact(columns).enumerate() {
        let mut start = 0;
        for same in values.chunk_by(|a, b| color(*a) == color(*b)) {
            let end = start + same.len();
            // Each reaches under its neighbors, or seams would show.
            let far = ((x(end) + 0.6).min(area.right), (y(row + 1) - 0.6).max(area.top));
            pen.fill((x(start), y(row)), far, color(same[0]));
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{look, search};

    #[test]
    fn one_run_to_ten_thousand() {
        for (runs, a, b) in [(1, 0, 1), (60, 0, 3), (60, 1, 4), (500, 0, 2), (10_000, 0, 6)] {
            let (mut parameters, scores) = search(runs, 7);
            let (title, metric) =
                ("breast_cancer: maximize roc_auc by tpe".into(), "roc_auc".into());
            let y = parameters.remove(b);
            let x = parameters.remove(a);
            look(
                &format!("contour_{runs}_{b}"),
                &Contour { title, metric, goal: Goal::Maximize, x, y, scores },
            );
        }
    }

    #[test]
    fn the_field_is_near_its_runs() {
        let spots = [(0.1, 0.1, 1.0), (0.9, 0.9, 5.0), (0.9, 0.9, 7.0)];
        let values = field(&spots, (10, 10));
        assert!((values[11] - 1.0).abs() < 0.1 && (values[88] - 6.0).abs() < 0.1);
        assert!(values.iter().all(|value| (1.0..=6.0).contains(value)));
    }
}
