//! The history of a sweep: every score by trial, and the best so far.

use super::{BLUE, FAMILY, GRAY, ORANGE, Picture, PlotError, SIZE, extent, prepare_font};
use crate::domain::{Goal, format_number};
use plotters::prelude::*;
use std::path::Path;

/// One trial in the figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryPoint {
    /// The trial's number.
    pub trial: u64,
    /// Its score; points that are not finite are left out.
    pub score: f64,
}

/// The figure's content.
#[derive(Debug, Clone)]
pub struct History {
    /// Above the figure.
    pub title: String,
    /// The metric's name.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The trials, in order of their numbers.
    pub points: Vec<HistoryPoint>,
}

impl History {
    /// Draws into a file; its extension says SVG or PNG.
    ///
    /// # Errors
    /// When the extension is another, nothing is finite, or the file cannot be written.
    pub fn draw(&self, path: &Path) -> Result<(), PlotError> {
        let picture = Picture::of(path)?;
        prepare_font();
        let points: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|point| point.score.is_finite())
            .map(|point| (point.trial as f64, point.score))
            .collect();
        if points.is_empty() {
            return Err(PlotError::Nothing(self.metric.clone()));
        }
        let drawn = match picture {
            Picture::Svg => self.on(SVGBackend::new(path, SIZE), &points),
            Picture::Png => self.on(BitMapBackend::new(path, SIZE), &points),
        };
        drawn.map_err(|reason| PlotError::Draw { path: path.into(), reason })
    }

    fn on<B: DrawingBackend>(&self, backend: B, points: &[(f64, f64)]) -> Result<(), String> {
        self.figure(backend, points).map_err(|error| error.to_string())
    }

    fn figure<B: DrawingBackend>(
        &self,
        backend: B,
        points: &[(f64, f64)],
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let area = backend.into_drawing_area();
        area.fill(&WHITE)?;
        let (x, y) = (extent(points.iter().map(|p| p.0)), extent(points.iter().map(|p| p.1)));
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, (FAMILY, 22))
            .margin(16)
            .x_label_area_size(44)
            .y_label_area_size(72)
            .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(230, 230, 230))
            .axis_style(GRAY)
            .label_style((FAMILY, 14))
            .axis_desc_style((FAMILY, 15))
            .x_desc("trial")
            .y_desc(&self.metric)
            .x_label_formatter(&|value| format_number(*value, 6))
            .y_label_formatter(&|value| format_number(*value, 4))
            .draw()?;
        chart.draw_series(
            points.iter().map(|&point| Circle::new(point, 3, BLUE.mix(0.55).filled())),
        )?;
        let best = LineSeries::new(self.best_so_far(points), ORANGE.stroke_width(2));
        chart
            .draw_series(best)?
            .label("best so far")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], ORANGE.stroke_width(2)));
        let corner = match self.goal {
            Goal::Maximize => SeriesLabelPosition::LowerRight,
            Goal::Minimize => SeriesLabelPosition::UpperRight,
        };
        chart
            .configure_series_labels()
            .position(corner)
            .label_font((FAMILY, 14))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        area.present()
    }

    /// A staircase through the best scores.
    fn best_so_far(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut stairs: Vec<(f64, f64)> = Vec::new();
        let mut best = f64::NAN;
        for &(trial, score) in points {
            if self.goal.better(score, best) {
                if !best.is_nan() {
                    stairs.push((trial, best));
                }
                best = score;
            }
            stairs.push((trial, best));
        }
        stairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(scores: &[f64]) -> History {
        let points = scores.iter().enumerate();
        let points = points.map(|(trial, &score)| HistoryPoint { trial: trial as u64, score });
        let (title, metric) = ("iris µ² Лето".to_string(), "accuracy".to_string());
        History { title, metric, goal: Goal::Maximize, points: points.collect() }
    }

    #[test]
    fn draws_both_formats_without_a_font_on_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let scores = history(&[0.5, f64::NAN, 0.7, 0.6]);
        let svg = folder.path().join("h.svg");
        scores.draw(&svg).unwrap();
        let text = std::fs::read_to_string(svg).unwrap();
        assert!(text.contains("best so far") && text.contains("accuracy"));
        let png = folder.path().join("h.png");
        scores.draw(&png).unwrap();
        assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
    }

    #[test]
    fn says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let jpg = history(&[1.0]).draw(&folder.path().join("x.jpg"));
        assert!(jpg.unwrap_err().to_string().contains("neither .svg nor .png"));
        let empty = history(&[f64::NAN]).draw(&folder.path().join("x.svg"));
        assert!(empty.unwrap_err().to_string().contains("no run has a finite value of 'accuracy'"));
        let nowhere = history(&[1.0]).draw(&folder.path().join("no/such/x.svg"));
        assert!(nowhere.unwrap_err().to_string().starts_with("could not draw"));
    }

    #[test]
    fn the_staircase_never_goes_back() {
        let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)];
        let stairs = history(&[]).best_so_far(&points);
        assert_eq!(stairs, [(0.0, 1.0), (1.0, 1.0), (1.0, 3.0), (2.0, 3.0)]);
    }
}
