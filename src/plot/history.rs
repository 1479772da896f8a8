//! The history of a sweep: every score by trial, and the best so far.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::parameter::score_axis;
use super::pen::{Pen, Stroke};
use super::scatter::{MAX_DOTS, by_count, merged};
use super::sheet::{Entry, Head, Mark, sheet};
use super::{BLUE, Content, GRAY, ORANGE, PlotError};
use crate::domain::Goal;

/// One trial in the figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryPoint {
    /// The trial's number.
    pub trial: u64,
    /// Its score; points that are not finite are left out.
    pub score: f64,
    /// False if it breaks a constraint: it is none of the best.
    pub is_feasible: bool,
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
    /// The points that can be drawn, of those that keep the constraints or of the others.
    fn finite(&self, is_feasible: bool) -> Vec<(f64, f64)> {
        let finite = self.points.iter().filter(|point| point.score.is_finite());
        let finite = finite.filter(|point| point.is_feasible == is_feasible);
        finite.map(|point| (point.trial as f64, point.score)).collect()
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
                stairs.push((trial, best));
            }
        }
        stairs.extend(points.last().map(|last| (last.0, best)));
        stairs
    }
}

impl Content for History {
    fn check(&self) -> Result<(), PlotError> {
        if self.finite(true).is_empty() && self.finite(false).is_empty() {
            return Err(PlotError::Nothing(self.metric.clone()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let (points, infeasible) = (self.finite(true), self.finite(false));
        let all = || infeasible.iter().chain(&points);
        let best = Stroke::new(ORANGE, 2.0);
        let scores: Vec<f64> = all().map(|point| point.1).collect();
        let (y, beyond) = score_axis(&self.metric, self.goal, &scores);
        let trial = match beyond {
            0 => "trial".into(),
            _ => format!("trial ({beyond} beyond the axis, at its end)"),
        };
        let mut legend = vec![Entry::new(Mark::Dot(BLUE), trial)];
        if !infeasible.is_empty() {
            legend.push(Entry::new(Mark::Dot(GRAY), "breaks a constraint"));
        }
        legend.push(Entry::new(Mark::Line(best), "best so far"));
        let head = Head { title: &self.title, legend, ..Head::default() };
        let outer = sheet(pen, self.size(), &head);
        let (low, high) = y.ends();
        let x = Axis::linear("trial", all().map(|point| point.0)).whole();
        let frame = Frame::new(pen, outer, x, y, Look::default());
        for (points, color) in [(&infeasible, GRAY), (&points, BLUE)] {
            let places = points.iter().map(|&(x, y)| frame.at(x, y.clamp(low, high)));
            for (at, count) in merged(places, MAX_DOTS) {
                pen.dot(at, 3.0, by_count(color, count));
            }
        }
        let stairs = self.best_so_far(&points);
        let stairs: Vec<(f64, f64)> =
            stairs.into_iter().map(|(x, y)| frame.at(x, y.clamp(low, high))).collect();
        pen.line(&stairs, best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Figure;
    use crate::plot::sample::{draws, look};

    fn history(scores: &[f64]) -> History {
        let points = scores.iter().enumerate();
        let point =
            |(trial, &score)| HistoryPoint { trial: trial as u64, score, is_feasible: true };
        let points = points.map(|(trial, score): (usize, &f64)| point((trial, score)));
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

    #[test]
    fn one_trial_to_ten_thousand() {
        let mut draw = draws(1);
        for count in [1, 60, 10_000] {
            let scores: Vec<f64> = (0..count).map(|_| 0.95 - 0.3 * draw().powi(3)).collect();
            look(&format!("history_{count}"), &history(&scores));
        }
    }
}
