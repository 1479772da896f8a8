//! Small steps around the best point, for when the models have no use for that place any more.
//!
//! A (1+1) evolution strategy in the unit cube with the one-fifth rule (Rechenberg 1973; factors of Kern et al. 2004):
//! the step grows with every trial that improves on the best of all and shrinks with every one that does not.

use crate::numeric::Rng;
use crate::space::{Point, Space};

/// The first step, and the one with which a new basin is entered.
const FIRST: f64 = 0.05;
/// The largest step, and the least, after which it starts anew.
const LIMITS: (f64, f64) = (0.2, 1e-6);
/// What a success makes of the step; four failures undo it.
const GROWTH: f64 = 1.5;
/// How often a known point is drawn again, with longer steps.
const TRIES: usize = 16;
/// Draws before choices may change too.
const FAITHFUL: usize = 4;

/// The step's length.
#[derive(Debug, Clone)]
pub(super) struct Polish {
    step: f64,
}

impl Polish {
    pub(super) fn new() -> Self {
        Self { step: FIRST }
    }

    /// Takes in whether a trial of its own improved on the best of all.
    pub(super) fn tell(&mut self, improved: bool) {
        self.step *= if improved { GROWTH } else { GROWTH.powf(-0.25) };
        self.step = if self.step < LIMITS.1 { FIRST } else { self.step.min(LIMITS.0) };
    }

    /// The best point is now somewhere else.
    pub(super) fn enter(&mut self) {
        self.step = FIRST;
    }

    /// A new point near the best one; `None` if none turned up.
    pub(super) fn ask(
        &self,
        space: &Space,
        best: &Point,
        rng: &mut Rng,
        is_known: impl Fn(&Point) -> bool,
    ) -> Option<Point> {
        let from = space.to_unit(best);
        let free = |idx: &usize| best.0[*idx].is_some() && !space.dims()[*idx].is_constant();
        let free: Vec<usize> = (0..space.len()).filter(free).collect();
        let n_choices = free.iter().filter(|&&idx| space.dims()[idx].is_categorical()).count();
        let moved = |drawn: usize| {
            let mut unit = from.clone();
            let step = self.step * GROWTH.powi(drawn as i32);
            let share = if rng.unit() < 0.5 { 1.0 } else { 0.5 };
            for &idx in &free {
                if !space.dims()[idx].is_categorical() {
                    let way = step * rng.normal();
                    let moves = rng.unit() < share;
                    unit[idx] = (unit[idx] + if moves { way } else { 0.0 }).clamp(0.0, 1.0);
                } else if drawn >= FAITHFUL && rng.unit() * n_choices as f64 <= 1.0 {
                    unit[idx] = rng.unit();
                }
            }
            space.from_unit(&unit)
        };
        (0..TRIES).map(moved).find(|point| point != best && !is_known(point))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, constant, float, int, setup};

    #[test]
    fn a_smooth_bowl_is_descended() {
        let space = setup(vec![float("x", 0.0, 1.0), float("y", 0.0, 1.0)], 1).space;
        let loss = |point: &Point| point.0.iter().flatten().map(|x| (x - 0.4).powi(2)).sum::<f64>();
        let (mut polish, mut best) = (Polish::new(), Point(vec![Some(0.5), Some(0.35)]));
        for number in 0..80 {
            let mut rng = Rng::stream(1, "polish", number);
            let point = polish.ask(&space, &best, &mut rng, |_| false).unwrap();
            let improved = loss(&point) < loss(&best);
            polish.tell(improved);
            if improved {
                best = point;
            }
        }
        assert!(loss(&best) < 1e-6, "{}", loss(&best));
    }

    #[test]
    fn discrete_neighbors_are_reached_and_a_lonely_point_has_none() {
        let space = setup(vec![int("n", 0, 1000), choice("c", 4)], 1).space;
        let best = Point(vec![Some(500.0), Some(2.0)]);
        let tiny = Polish { step: 1e-5 };
        for number in 0..20 {
            let mut rng = Rng::stream(2, "polish", number);
            let Some(point) = tiny.ask(&space, &best, &mut rng, |_| false) else { continue };
            assert!(point != best && space.check(&point).is_ok());
        }
        let space = setup(vec![constant("k")], 1).space;
        let only = Point(vec![Some(0.0)]);
        assert_eq!(Polish::new().ask(&space, &only, &mut Rng::new(1), |_| false), None);
    }

    #[test]
    fn steps_follow_success_and_start_anew_when_tiny() {
        let mut polish = Polish::new();
        polish.tell(true);
        assert!(polish.step > FIRST);
        (0..120).for_each(|_| polish.tell(false));
        assert!(polish.step <= FIRST && polish.step >= LIMITS.1);
        (0..30).for_each(|_| polish.tell(true));
        assert_eq!(polish.step, LIMITS.0);
    }
}
