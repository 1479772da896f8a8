//! Slices: the score by each parameter alone, a panel each.

use super::frame::{Frame, Look, depth};
use super::parameter::{Parameter, check, from_worst, score_axis};
use super::pen::{Pen, Stroke};
use super::scatter::{MAX_DOTS, by_count, merged};
use super::sheet::{Area, Entry, Head, Mark, sheet};
use super::{BLUE, Content, ORANGE, PlotError};
use crate::domain::Goal;

/// Panels in a row.
const COLUMNS: usize = 4;
/// Parameters that are drawn.
const MAX_PANELS: usize = 24;
const PANEL: (u32, u32) = (225, 250);

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Above the figure.
    pub title: String,
    /// The score's name.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The parameters, the most important first; the first 24 are drawn.
    pub parameters: Vec<Parameter>,
    /// One for each run; runs without a finite score are left out.
    pub scores: Vec<f64>,
}

impl Slice {
    fn shown(&self) -> &[Parameter] {
        &self.parameters[..self.parameters.len().min(MAX_PANELS)]
    }
}

impl Content for Slice {
    fn size(&self) -> (u32, u32) {
        let panels = self.shown().len();
        let columns = panels.clamp(2, COLUMNS) as u32;
        let rows = panels.div_ceil(COLUMNS).max(1) as u32;
        (columns * PANEL.0 + 40, rows * PANEL.1 + 90)
    }

    fn check(&self) -> Result<(), PlotError> {
        check(&self.parameters.iter().collect::<Vec<_>>(), &self.scores, &self.metric)
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let (score, beyond) = score_axis(&self.metric, self.goal, &self.scores);
        let mut legend =
            vec![Entry::new(Mark::Dot(BLUE), "run"), Entry::new(Mark::Dot(ORANGE), "best run")];
        if beyond > 0 {
            legend[0].name = format!("run ({beyond} beyond the axis, at its end)");
        }
        let mut subtitle = String::new();
        if self.parameters.len() > MAX_PANELS {
            subtitle = format!("the first {MAX_PANELS} of {} parameters", self.parameters.len());
        }
        let outer = sheet(pen, self.size(), &Head { title: &self.title, subtitle, legend });
        let order = from_worst(self.goal, &self.scores);
        let rows = self.shown().len().div_ceil(COLUMNS).max(1);
        let room = score.ticks(f64::from(PANEL.1) - 70.0, 80.0, 10.5);
        let room = room.iter().map(|tick| super::pen::width(&tick.1, 10.5)).fold(0.0, f64::max);
        let left = room + 32.0;
        let columns = self.shown().len().clamp(2, COLUMNS);
        let wide = (outer.width() - left) / columns as f64;
        let high = outer.height() / rows as f64;
        let (low, top) = score.ends();
        let most = MAX_DOTS * 3 / (self.shown().len() + 2);
        for (at, parameter) in self.shown().iter().enumerate() {
            let (column, row) = (at % COLUMNS, at / COLUMNS);
            let is_first = column == 0;
            let x = outer.left + left + wide * column as f64;
            let area = Area {
                left: if is_first { outer.left } else { x },
                top: outer.top + high * row as f64,
                right: x + wide - 14.0,
                bottom: outer.top + high * (row + 1) as f64 - 10.0,
            };
            let depths = self.shown().chunks(COLUMNS).nth(row).into_iter().flatten();
            let depths =
                depths.map(|beside| depth(&beside.placed().0, wide - 14.0, 10.5, area.height()));
            let look = Look {
                labels: (true, is_first),
                room: Some(left),
                depth: Some(depths.fold(0.0, f64::max)),
                em: 10.5,
                ..Look::default()
            };
            let (axis, places) = parameter.placed();
            let frame = Frame::new(pen, area, axis, score.clone(), look);
            let at = |&run: &usize| Some(frame.at(places[run]?, self.scores[run].clamp(low, top)));
            for (point, count) in merged(order.iter().filter_map(at), most) {
                pen.dot(point, 2.6, by_count(BLUE, count));
            }
            if let Some(best) = order.last().and_then(at) {
                pen.dot(best, 4.0, ORANGE);
                pen.ring(best, 4.0, Stroke::new(plotters::style::WHITE, 0.8));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{look, search};

    #[test]
    fn one_run_to_ten_thousand() {
        for (runs, parameters) in [(1, 1), (60, 3), (300, 7), (10_000, 30)] {
            let (parameters, scores) = search(runs, parameters);
            let title = "breast_cancer: maximize roc_auc by tpe".into();
            let metric = "roc_auc".into();
            let figure = Slice { title, metric, goal: Goal::Maximize, parameters, scores };
            look(&format!("slice_{runs}"), &figure);
        }
    }

    #[test]
    fn says_what_does_not_belong_together() {
        let (parameters, mut scores) = search(5, 1);
        scores.pop();
        let (title, metric) = (String::new(), "m".into());
        let figure = Slice { title, metric, goal: Goal::Minimize, parameters, scores };
        let error = crate::plot::Figure::svg(&figure).unwrap_err();
        assert_eq!(error.to_string(), "parameter 'learning_rate' has 5 values for 4 runs");
    }
}
