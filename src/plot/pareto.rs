//! Pareto: two objectives against each other, and the runs that no other beats in both.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Align, Pen, Stroke, Words, fitted, width};
use super::scatter::{MAX_DOTS, by_count, merged};
use super::sheet::{Entry, Head, Mark, sheet};
use super::{BLUE, Content, INK, ORANGE, PlotError, SIZE};
use crate::domain::{Goal, Objective};
use crate::numeric::{self, Losses};

/// Names beside the front at most.
const MAX_NAMES: usize = 14;

/// One of the two objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoAxis {
    /// The metric and its direction.
    pub objective: Objective,
    /// By its logarithm, where all values are positive.
    pub log: bool,
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoPoint {
    /// A short name: the run's number.
    pub name: String,
    /// The first objective.
    pub x: f64,
    /// The second objective.
    pub y: f64,
}

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Pareto {
    /// Above the figure.
    pub title: String,
    /// The objective along the bottom.
    pub x: ParetoAxis,
    /// The objective along the side.
    pub y: ParetoAxis,
    /// The runs; those without two finite values are left out.
    pub points: Vec<ParetoPoint>,
}

/// Indices of the points that none beats in both, by the first objective from its best end; of equal points all.
pub fn front(goals: (Goal, Goal), points: &[(f64, f64)]) -> Vec<usize> {
    // What is NaN takes no part.
    let loss = |goal: Goal, value: f64| if value.is_finite() { goal.loss(value) } else { f64::NAN };
    let losses: Vec<f64> =
        points.iter().flat_map(|&(x, y)| [loss(goals.0, x), loss(goals.1, y)]).collect();
    numeric::front(Losses::new(&losses, 2))
}

impl ParetoAxis {
    fn axis(&self, values: &[f64]) -> Axis {
        let name = format!("{} ({})", self.objective.metric, self.objective.goal.word());
        if self.log && values.iter().all(|value| *value > 0.0) {
            Axis::log(&name, values.iter().copied())
        } else {
            Axis::linear(&name, values.iter().copied())
        }
    }
}

impl Pareto {
    fn finite(&self) -> Vec<&ParetoPoint> {
        self.points.iter().filter(|point| point.x.is_finite() && point.y.is_finite()).collect()
    }
}

/// The border of what is dominated: through the points of a front, in its order, in steps.
pub fn stairs(front: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut stairs: Vec<(f64, f64)> = Vec::new();
    for &point in front {
        // On the way to the next one, the first objective gets worse before the second gets better.
        stairs.extend(stairs.last().copied().map(|last| (point.0, last.1)));
        stairs.push(point);
    }
    stairs
}

impl Content for Pareto {
    fn check(&self) -> Result<(), PlotError> {
        if self.finite().is_empty() {
            let (x, y) = (&self.x.objective.metric, &self.y.objective.metric);
            return Err(PlotError::Empty(format!("no run has a finite '{x}' and '{y}'")));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let points = self.finite();
        let at: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
        let best = front((self.x.objective.goal, self.y.objective.goal), &at);
        let line = Stroke::new(ORANGE, 2.0);
        let legend = vec![
            Entry::new(Mark::Range(ORANGE), format!("front, {} of {} runs", best.len(), at.len())),
            Entry::new(Mark::Dot(BLUE), "dominated"),
        ];
        let head = Head { title: &self.title, legend, ..Head::default() };
        let outer = sheet(pen, (SIZE.0, SIZE.1), &head);
        let (xs, ys): (Vec<f64>, Vec<f64>) = at.iter().copied().unzip();
        let frame = Frame::new(pen, outer, self.x.axis(&xs), self.y.axis(&ys), Look::default());
        let mut is_best = vec![false; at.len()];
        for &run in &best {
            is_best[run] = true;
        }
        let beaten = at.iter().zip(&is_best).filter(|(_, is_best)| !**is_best);
        for (spot, count) in merged(beaten.map(|(&(x, y), _)| frame.at(x, y)), MAX_DOTS) {
            pen.dot(spot, 3.0, by_count(BLUE, count));
        }
        let on_sheet: Vec<(f64, f64)> =
            best.iter().map(|&run| frame.at(at[run].0, at[run].1)).collect();
        pen.line(&stairs(&on_sheet), line);
        for (spot, _) in merged(on_sheet.iter().copied(), MAX_DOTS) {
            pen.dot(spot, 4.0, ORANGE);
        }
        let names: Vec<&str> = best.iter().map(|&run| points[run].name.as_str()).collect();
        self.name(pen, &frame, &on_sheet, &names);
    }
}

impl Pareto {
    /// Names on the side that nothing of the front can stand on; where two would touch, the second is left out.
    fn name(&self, pen: &mut Pen<'_>, frame: &Frame, at: &[(f64, f64)], names: &[&str]) {
        let side = if self.x.objective.goal == Goal::Maximize { 1.0 } else { -1.0 };
        let drop = if self.y.objective.goal == Goal::Maximize { -9.0 } else { 9.0 };
        let mut taken: Vec<(f64, f64, f64)> = Vec::new();
        let every = at.len().div_ceil(MAX_NAMES * 2).max(1);
        for (&(x, y), name) in at.iter().zip(names).step_by(every) {
            let name = fitted(name, 10.5, 110.0);
            let wide = width(&name, 10.5);
            let (near, middle) = (x + 7.0 * side, y + drop);
            let left = if side > 0.0 { near } else { near - wide };
            let is_outside = left < frame.area.left || left + wide > frame.area.right + 14.0;
            let touches = taken.iter().any(|&(other, high, other_wide)| {
                (high - middle).abs() < 13.0
                    && left < other + other_wide + 4.0
                    && other < left + wide + 4.0
            });
            if taken.len() == MAX_NAMES || is_outside || touches {
                continue;
            }
            let align = if side > 0.0 { Align::Left } else { Align::Right };
            pen.words((near, middle), &name, Words::new(10.5, INK, align));
            taken.push((left, middle, wide));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{draws, long_name, look};

    #[test]
    fn the_front_is_what_nothing_beats() {
        let mut draw = draws(3);
        let points: Vec<(f64, f64)> =
            (0..300).map(|_| ((draw() * 20.0).floor(), (draw() * 20.0).floor())).collect();
        let (max, min) = (Goal::Maximize, Goal::Minimize);
        for goals in [(max, max), (max, min), (min, max), (min, min)] {
            let is_worse = |a: (f64, f64), b: (f64, f64)| {
                let (ax, ay) = (goals.0.loss(a.0), goals.1.loss(a.1));
                let (bx, by) = (goals.0.loss(b.0), goals.1.loss(b.1));
                bx <= ax && by <= ay && (bx < ax || by < ay)
            };
            let expect: Vec<usize> = (0..points.len())
                .filter(|&a| !points.iter().any(|&b| is_worse(points[a], b)))
                .collect();
            let mut got = front(goals, &points);
            got.sort_unstable();
            assert_eq!(got, expect);
        }
        assert_eq!(front((max, max), &[(f64::NAN, 1.0), (1.0, 0.0)]), [1]);
    }

    #[test]
    fn one_run_to_ten_thousand() {
        for (runs, goal, other) in [
            (1, Goal::Maximize, Goal::Minimize),
            (80, Goal::Maximize, Goal::Minimize),
            (10_000, Goal::Minimize, Goal::Minimize),
            (500, Goal::Maximize, Goal::Maximize),
        ] {
            let mut draw = draws(runs as u64);
            let point = |at: usize, draw: &mut dyn FnMut() -> f64| {
                let angle = draw() * 1.57;
                let radius = draw().sqrt();
                let turn = |goal: Goal, v: f64| if goal == Goal::Maximize { v } else { 1.0 - v };
                let y = turn(other, radius * angle.sin());
                let name = if at == 2 { long_name() } else { format!("{at}") };
                ParetoPoint { name, x: turn(goal, radius * angle.cos()), y: 10f64.powf(3.0 * y) }
            };
            let points = (0..runs).map(|at| point(at, &mut draw)).collect();
            let axis = |metric: &str, goal, log| ParetoAxis {
                objective: Objective { metric: metric.into(), goal },
                log,
            };
            let (x, y) = (axis("roc_auc", goal, false), axis("predict_us", other, true));
            look(
                &format!("pareto_{runs}"),
                &Pareto { title: "cancer: quality and speed".into(), x, y, points },
            );
        }
    }
}
