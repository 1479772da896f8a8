//! Residuals of a regression: what was true less what was predicted, by what was predicted, with a histogram.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Pen, Stroke};
use super::scatter::{MAX_DOTS, by_count, merged};
use super::sheet::{Area, Entry, Head, Mark, sheet};
use super::{BLUE, Content, INK, ORANGE, PlotError, SIZE};
use crate::domain::format_number;

/// Bars of the histogram.
const BARS: usize = 40;
/// Groups of equal size whose means make the line.
const GROUPS: usize = 15;

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Residuals {
    /// Above the figure.
    pub title: String,
    /// What is predicted.
    pub target: String,
    /// True values.
    pub truth: Vec<f64>,
    /// Predicted values of the same rows; rows where one is not finite are left out.
    pub predicted: Vec<f64>,
}

impl Residuals {
    /// Predicted values and residuals, by predicted value.
    fn points(&self) -> Vec<(f64, f64)> {
        let pairs = self.truth.iter().zip(&self.predicted);
        let points = pairs.map(|(truth, predicted)| (*predicted, truth - predicted));
        let mut points: Vec<(f64, f64)> =
            points.filter(|point| point.0.is_finite() && point.1.is_finite()).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }
}

/// Root mean square and mean.
fn summary(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let squares = points.iter().map(|point| point.1 * point.1).sum::<f64>();
    ((squares / n).sqrt(), points.iter().map(|point| point.1).sum::<f64>() / n)
}

/// Means of groups that follow each other; fewer where a group would have less than five rows.
fn trend(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let size = points.len().div_ceil(GROUPS).max(5);
    let mean = |group: &[(f64, f64)]| {
        let sum = group.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (sum.0 / group.len() as f64, sum.1 / group.len() as f64)
    };
    points.chunks(size).filter(|group| group.len() >= 5).map(mean).collect()
}

impl Content for Residuals {
    fn size(&self) -> (u32, u32) {
        (SIZE.0, 540)
    }

    fn check(&self) -> Result<(), PlotError> {
        let (rows, other) = (self.truth.len(), self.predicted.len());
        if rows != other {
            return Err(PlotError::Content(format!("{rows} rows, but {other} predictions")));
        }
        if self.points().is_empty() {
            return Err(PlotError::Empty("no row has a finite prediction".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let points = self.points();
        let (rmse, bias) = summary(&points);
        let subtitle = format!(
            "{} {}; RMSE {}, mean residual {}",
            points.len(),
            if points.len() == 1 { "row" } else { "rows" },
            format_number(rmse, 4),
            format_number(bias, 3)
        );
        let line = Stroke::new(ORANGE, 2.5);
        let trend = trend(&points);
        let mut legend = vec![Entry::new(Mark::Dot(BLUE), "row")];
        if trend.len() > 1 {
            legend.push(Entry::new(Mark::Line(line), "mean of rows with like predictions"));
        }
        let outer = sheet(pen, self.size(), &Head { title: &self.title, subtitle, legend });
        let split = outer.right - 170.0;
        let name = format!("predicted {}", self.target);
        let x = Axis::linear(&name, points.iter().map(|point| point.0));
        let y = Axis::linear(
            "residual: true − predicted",
            points.iter().map(|point| point.1).chain([0.0]),
        );
        let area = Area { right: split, ..outer };
        let frame = Frame::new(pen, area, x, y.clone(), Look::default());
        let spots = merged(points.iter().map(|&(x, y)| frame.at(x, y)), MAX_DOTS);
        for (at, count) in spots {
            pen.dot(at, 2.4, by_count(BLUE, count));
        }
        frame.level(pen, 0.0, Stroke::new(INK, 1.2));
        let at: Vec<(f64, f64)> = trend.iter().map(|&(x, y)| frame.at(x, y)).collect();
        pen.line(&at, line);
        let beside = Area { left: split + 6.0, right: outer.right, ..frame.area };
        histogram(pen, Area { bottom: outer.bottom, ..beside }, y, &points);
    }
}

fn histogram(pen: &mut Pen<'_>, area: Area, y: Axis, points: &[(f64, f64)]) {
    let mut bars = vec![0_u64; BARS];
    for point in points {
        let share = y.share(point.1) * BARS as f64;
        bars[(share as usize).min(BARS - 1)] += 1;
    }
    let most = bars.iter().max().copied().unwrap_or(1).max(1);
    let (low, high) = y.ends();
    let x = Axis::between("rows", 0.0, most as f64 * 1.05).whole();
    let look = Look { labels: (true, false), ..Look::default() };
    let frame = Frame::new(pen, area, x, y, look);
    let edge = |bar: usize| low + (high - low) * bar as f64 / BARS as f64;
    for (bar, &rows) in bars.iter().enumerate().filter(|(_, rows)| **rows > 0) {
        let (a, b) = (frame.at(0.0, edge(bar)), frame.at(rows as f64, edge(bar + 1)));
        pen.fill((a.0, a.1 - 0.5), (b.0, b.1 + 0.5), BLUE);
    }
    frame.level(pen, 0.0, Stroke::new(INK, 1.2));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{draws, look};

    #[test]
    fn one_row_to_a_hundred_thousand() {
        for rows in [1, 12, 442, 100_000] {
            let mut draw = draws(rows as u64);
            let predicted: Vec<f64> = (0..rows).map(|_| 50.0 + 250.0 * draw()).collect();
            let mut noise = || (0..6).map(|_| draw() - 0.5).sum::<f64>();
            let truth =
                predicted.iter().map(|p| p + noise() * p * 0.3 - (p - 170.0).powi(2) * 0.002);
            let truth = truth.collect();
            let (title, target) =
                ("diabetes: residuals on the holdout".into(), "progression".into());
            look(&format!("residuals_{rows}"), &Residuals { title, target, truth, predicted });
        }
    }

    #[test]
    fn numbers_of_the_subtitle() {
        assert_eq!(summary(&[(0.0, 3.0), (1.0, -1.0)]), (5.0_f64.sqrt(), 1.0));
        let points: Vec<(f64, f64)> = (0..150).map(|at| (f64::from(at), 2.0)).collect();
        assert_eq!(trend(&points).len(), GROUPS);
        assert_eq!(trend(&points)[0], (4.5, 2.0));
    }
}
