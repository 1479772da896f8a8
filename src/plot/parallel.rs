//! Parallel coordinates: a line for each run through its parameters to its score.

use super::axis::Axis;
use super::parameter::{Parameter, check, from_worst, score_axis};
use super::pen::{Align, Pen, Stroke, Words, fitted, width};
use super::sheet::{Area, Entry, Head, Mark, TICK, sheet};
use super::{Content, GRAY, INK, ORANGE, PlotError, SIZE, viridis};
use crate::domain::Goal;
use plotters::style::{Color, WHITE};

/// Lines that are drawn: the best half of them are the best runs, the others stand for the rest.
const MAX_LINES: usize = 1_000;
/// Parameters that are drawn.
const MAX_AXES: usize = 16;
/// Pixels from axis to axis at least.
const APART: u32 = 104;

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Above the figure.
    pub title: String,
    /// The score's name.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The parameters, from left to right; the first 16 are drawn.
    pub parameters: Vec<Parameter>,
    /// One for each run; runs without a finite score are left out.
    pub scores: Vec<f64>,
}

impl Parallel {
    fn axes(&self) -> usize {
        self.parameters.len().min(MAX_AXES)
    }

    /// The runs that are drawn, from the worst to the best.
    fn runs(&self) -> Vec<usize> {
        let all = from_worst(self.goal, &self.scores);
        if all.len() <= MAX_LINES {
            return all;
        }
        let (rest, best) = all.split_at(all.len() - MAX_LINES / 2);
        let every = rest.len() as f64 / (MAX_LINES / 2) as f64;
        let sample = (0..MAX_LINES / 2).map(|at| rest[(at as f64 * every) as usize]);
        sample.chain(best.iter().copied()).collect()
    }

    fn subtitle(&self, drawn: usize, beyond: usize) -> String {
        let all = self.scores.iter().filter(|score| score.is_finite()).count();
        let mut parts = Vec::new();
        if drawn < all {
            parts.push(format!("{drawn} of {all} runs, the best {} among them", MAX_LINES / 2));
        }
        if self.axes() < self.parameters.len() {
            parts.push(format!("the first {MAX_AXES} of {} parameters", self.parameters.len()));
        }
        if beyond > 0 {
            let word = if beyond == 1 { "run" } else { "runs" };
            parts.push(format!("{beyond} {word} beyond the end of the last axis"));
        }
        parts.join("; ")
    }
}

impl Content for Parallel {
    fn size(&self) -> (u32, u32) {
        ((self.axes() as u32 * APART + 130).max(SIZE.0), SIZE.1)
    }

    fn check(&self) -> Result<(), PlotError> {
        check(&self.parameters.iter().collect::<Vec<_>>(), &self.scores, &self.metric)
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let runs = self.runs();
        let (score, beyond) = score_axis(&self.metric, self.goal, &self.scores);
        let placed = self.parameters.iter().take(MAX_AXES).map(Parameter::placed);
        let mut axes: Vec<(Axis, Vec<Option<f64>>)> = placed.collect();
        let best = Stroke::new(ORANGE, 2.5);
        let legend = vec![
            Entry::new(Mark::Line(best), "best run"),
            Entry::new(Mark::Line(Stroke::new(viridis(0.1), 1.5)), "good runs"),
            Entry::new(Mark::Line(Stroke::new(viridis(0.9), 1.5)), "bad runs"),
        ];
        let subtitle = self.subtitle(runs.len(), beyond);
        let outer = sheet(pen, self.size(), &Head { title: &self.title, subtitle, legend });
        let has_missing =
            axes.iter().any(|(_, places)| runs.iter().any(|&run| places[run].is_none()));
        let last = self.scores.iter().map(|score| Some(*score)).collect();
        axes.push((score, last));
        let lane = if has_missing { 26.0 } else { 0.0 };
        let area = Area {
            left: outer.left + 70.0,
            top: outer.top + 24.0,
            right: outer.right - 56.0,
            bottom: outer.bottom - 10.0 - lane,
        };
        let apart = area.width() / (axes.len() - 1) as f64;
        let missing = (lane > 0.0).then_some(area.bottom + lane);
        let rank = |place: usize| 1.0 - place as f64 / (runs.len().max(2) - 1) as f64;
        let alpha = (60.0 / runs.len() as f64).sqrt().clamp(0.3, 0.9);
        for (place, &run) in runs.iter().enumerate() {
            let points = axes.iter().enumerate().map(|(at, (axis, places))| {
                let x = area.left + apart * at as f64;
                (x, height(area, axis, places[run], missing))
            });
            let is_best = place + 1 == runs.len();
            let color = viridis(0.05 + 0.9 * rank(place)).mix(alpha);
            let stroke = if is_best { best } else { Stroke::new(color, 1.2) };
            pen.line(&points.collect::<Vec<_>>(), stroke);
        }
        for (at, (axis, _)) in axes.iter().enumerate() {
            // The lines end at the last axis, so its words stand behind it.
            let side = if at + 1 == axes.len() { Align::Left } else { Align::Right };
            draw_axis(pen, area, axis, (area.left + apart * at as f64, apart), side);
        }
        if let Some(y) = missing {
            pen.words((outer.left, y), "not set", Words::new(TICK, GRAY, Align::Left));
        }
    }
}

/// Where a run crosses an axis; without a value below it, and never beyond its ends.
fn height(area: Area, axis: &Axis, value: Option<f64>, missing: Option<f64>) -> f64 {
    let place = value.map(|value| area.bottom - axis.share(value).clamp(0.0, 1.0) * area.height());
    place.or(missing).unwrap_or(area.bottom)
}

fn draw_axis(pen: &mut Pen<'_>, area: Area, axis: &Axis, (x, room): (f64, f64), side: Align) {
    pen.line(&[(x, area.top), (x, area.bottom)], Stroke::new(INK, 1.2));
    let room = room.min(140.0);
    let name = fitted(&axis.name, TICK, room - 10.0);
    pen.words((x, area.top - 14.0), &name, Words::new(TICK, INK, Align::Middle));
    let em = TICK - 1.0;
    let ticks = axis.ticks(area.height(), room * 0.6, em);
    let every =
        axis.slots().map_or(1, |slots| (slots as f64 * 14.0 / area.height()).ceil() as usize);
    for (value, label) in ticks.iter().step_by(every.max(1)) {
        let y = area.bottom - axis.share(*value) * area.height();
        let out = if side == Align::Left { 1.0 } else { -1.0 };
        pen.line(&[(x + 4.0 * out, y), (x, y)], Stroke::new(INK, 1.0));
        // Lines run behind the words.
        let far = x + (8.0 + width(label, em)) * out;
        pen.fill((far, y - em * 0.6), (x + 5.0 * out, y + em * 0.6), WHITE.mix(0.75));
        pen.words((x + 7.0 * out, y), label, Words::new(em, INK, side));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{look, search};

    #[test]
    fn one_run_to_ten_thousand() {
        for (runs, parameters) in [(1, 1), (40, 4), (300, 7), (10_000, 30)] {
            let (parameters, scores) = search(runs, parameters);
            let title = "breast_cancer: maximize roc_auc by tpe".into();
            let metric = "roc_auc".into();
            let figure = Parallel { title, metric, goal: Goal::Maximize, parameters, scores };
            assert!(figure.runs().len() <= MAX_LINES);
            look(&format!("parallel_{runs}"), &figure);
        }
    }

    #[test]
    fn the_best_runs_are_always_drawn() {
        let (parameters, scores) = search(10_000, 2);
        let best = (0..scores.len())
            .filter(|&at| scores[at].is_finite())
            .max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let (title, metric) = (String::new(), "m".into());
        let figure = Parallel { title, metric, goal: Goal::Maximize, parameters, scores };
        assert_eq!(figure.runs().last().copied(), best);
    }
}
