//! Smooth unconstrained minimization by argmin's L-BFGS, behind one function.
//!
//! argmin asks for value and gradient apart and loses its state when a line search fails. This door
//! evaluates both at once, keeps the best point by itself, and starts again from there with an empty
//! memory while that still helps. The first step of L-BFGS is the whole gradient: where that leaves the reals, as
//! a likelihood of log parameters does, the function is scaled down until it does not. So it always arrives.

use argmin::core::{
    ArgminError, CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, State,
    TerminationReason, TerminationStatus,
};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use std::cell::RefCell;

/// Limits of a minimization.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LbfgsOptions {
    /// Pairs of steps that the inverse Hessian is estimated from.
    pub memory: usize,
    /// Iterations at most, restarts included.
    pub max_iterations: u64,
}

impl Default for LbfgsOptions {
    fn default() -> Self {
        Self { memory: 10, max_iterations: 1000 }
    }
}

/// Where the minimization is, as its caller is asked whether to end.
#[derive(Debug, Clone, Copy)]
pub struct Iterate<'a> {
    /// Iterations so far.
    pub iteration: u64,
    /// The point.
    pub x: &'a [f64],
    /// Its value.
    pub value: f64,
    /// Its gradient.
    pub gradient: &'a [f64],
}

/// Why a minimization ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The caller was content.
    Asked,
    /// No step lowers the value any more: the limit of the arithmetic, or a function that is not smooth.
    Stalled,
    /// The iterations are used up.
    Limit,
}

/// The best point that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// Its value.
    pub value: f64,
    /// Its gradient.
    pub gradient: Vec<f64>,
    /// Iterations that were made.
    pub iterations: u64,
    /// Why it ended.
    pub ended: Ended,
}

/// Value of a point; writes the gradient into the second argument.
pub type Evaluate<'a> = dyn FnMut(&[f64], &mut [f64]) -> f64 + 'a;

/// Evaluations of one line search, over which it counts as failed.
const LINE_SEARCH_LIMIT: u64 = 40;
/// How often the first step is made smaller if it leaves the reals, and by how much.
const SHRINKS: u32 = 8;
const SHRINK: f64 = 1.0 / 16.0;

struct Inner<'a> {
    evaluate: &'a mut Evaluate<'a>,
    last: Point,
    best: Point,
    since_step: u64,
    /// A power of two that argmin sees the function multiplied by.
    scale: f64,
    left_reals: bool,
}

#[derive(Debug, Clone, Default)]
struct Point {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Inner<'_> {
    /// Makes `last` the point `x`, and `best` if it is better.
    fn visit(&mut self, x: &[f64]) -> Result<(), Error> {
        if self.last.x == x {
            return Ok(());
        }
        self.since_step += 1;
        if self.since_step > LINE_SEARCH_LIMIT {
            return Err(failed("the line search does not end"));
        }
        self.last.x.clear();
        self.last.x.extend_from_slice(x);
        self.last.value = (self.evaluate)(x, &mut self.last.gradient);
        if self.last.value < self.best.value && self.last.gradient.iter().all(|g| g.is_finite()) {
            self.best = self.last.clone();
        }
        if self.last.value.is_finite() {
            return Ok(());
        }
        self.left_reals = true;
        Err(failed("the value is not finite"))
    }

    /// Makes the next first step smaller: at first as long as 1, if it was longer.
    fn shrink(&mut self) {
        let length = self.best.gradient.iter().map(|g| g.abs()).sum::<f64>() * self.scale;
        let one = (-length.log2().ceil()).exp2();
        self.scale *= if one.is_normal() && one < SHRINK { one } else { SHRINK };
    }
}

fn failed(text: &str) -> Error {
    ArgminError::ConditionViolated { text: text.into() }.into()
}

/// The function as argmin wants it.
struct Traced<'r, 'a>(&'r RefCell<Inner<'a>>);

impl CostFunction for Traced<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        let mut inner = self.0.borrow_mut();
        inner.visit(x)?;
        Ok(inner.last.value * inner.scale)
    }
}

impl Gradient for Traced<'_, '_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut inner = self.0.borrow_mut();
        inner.visit(x)?;
        Ok(inner.last.gradient.iter().map(|g| g * inner.scale).collect())
    }
}

type Search = MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64>;
type StateOf = IterState<Vec<f64>, Vec<f64>, (), (), (), f64>;

/// L-BFGS that asks the caller after each iteration.
struct Asking<'r, 'd> {
    solver: LBFGS<Search, Vec<f64>, Vec<f64>, f64>,
    done: &'r RefCell<&'d mut dyn FnMut(&Iterate<'_>) -> bool>,
    before: u64,
    scale: f64,
    asked: &'r RefCell<bool>,
}

impl<'a, 'p> Solver<Traced<'p, 'a>, StateOf> for Asking<'_, '_> {
    fn name(&self) -> &'static str {
        "L-BFGS"
    }

    fn init(
        &mut self,
        problem: &mut Problem<Traced<'p, 'a>>,
        state: StateOf,
    ) -> Result<(StateOf, Option<KV>), Error> {
        self.solver.init(problem, state)
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<Traced<'p, 'a>>,
        state: StateOf,
    ) -> Result<(StateOf, Option<KV>), Error> {
        if let Some(traced) = &problem.problem {
            traced.0.borrow_mut().since_step = 0;
        }
        self.solver.next_iter(problem, state)
    }

    fn terminate(&mut self, state: &StateOf) -> TerminationStatus {
        let (Some(x), Some(gradient)) = (state.get_param(), state.get_gradient()) else {
            return TerminationStatus::NotTerminated;
        };
        let iteration = self.before + state.get_iter();
        // Exact: the scale is a power of two.
        let gradient: Vec<f64> = gradient.iter().map(|g| g / self.scale).collect();
        let value = state.get_cost() / self.scale;
        let iterate = Iterate { iteration, x, value, gradient: &gradient };
        if (self.done.borrow_mut())(&iterate) {
            *self.asked.borrow_mut() = true;
            return TerminationStatus::Terminated(TerminationReason::SolverConverged);
        }
        if state.get_iter() > 0 && state.get_prev_cost() == state.get_cost() {
            let reason = TerminationReason::SolverExit("stalled".into());
            return TerminationStatus::Terminated(reason);
        }
        TerminationStatus::NotTerminated
    }
}

/// Minimizes a smooth function from `start`. `done` is asked at the start and after every iteration.
///
/// A value that is not finite ends a line search, which then starts anew from the best point with a smaller step.
pub fn lbfgs<'a>(
    start: Vec<f64>,
    options: &LbfgsOptions,
    evaluate: &'a mut Evaluate<'a>,
    done: &mut dyn FnMut(&Iterate<'_>) -> bool,
) -> Minimum {
    let mut first = Point { gradient: vec![0.0; start.len()], x: start, value: 0.0 };
    first.value = evaluate(&first.x, &mut first.gradient);
    let inner = Inner {
        evaluate,
        last: first.clone(),
        best: first,
        since_step: 0,
        scale: 1.0,
        left_reals: false,
    };
    let inner = RefCell::new(inner);
    let (done, asked) = (RefCell::new(done), RefCell::new(false));
    let (mut iterations, mut ended, mut shrinks) = (0, Ended::Stalled, 0);
    loop {
        let best = inner.borrow().best.clone();
        if !best.value.is_finite() {
            break;
        }
        let solver = LBFGS::new(Search::new(), options.memory.max(1));
        let scale = inner.borrow().scale;
        inner.borrow_mut().left_reals = false;
        let asking = Asking { solver, done: &done, before: iterations, scale, asked: &asked };
        let left = options.max_iterations.saturating_sub(iterations);
        let made = run(&inner, asking, &best, left);
        iterations += made;
        if *asked.borrow() {
            ended = Ended::Asked;
        } else if iterations >= options.max_iterations {
            ended = Ended::Limit;
        } else if made > 1 && inner.borrow().best.value < best.value {
            continue;
        } else if inner.borrow().left_reals && shrinks < SHRINKS {
            shrinks += 1;
            inner.borrow_mut().shrink();
            continue;
        }
        break;
    }
    let best = inner.into_inner().best;
    Minimum { x: best.x, value: best.value, gradient: best.gradient, iterations, ended }
}

/// Runs argmin once from `from` and returns the iterations that were made.
fn run(inner: &RefCell<Inner<'_>>, asking: Asking<'_, '_>, from: &Point, limit: u64) -> u64 {
    let scale = asking.scale;
    let outcome = Executor::new(Traced(inner), asking)
        .configure(|state: StateOf| {
            state
                .param(from.x.clone())
                .cost(from.value * scale)
                .gradient(from.gradient.iter().map(|g| g * scale).collect())
                .max_iters(limit)
        })
        .ctrlc(false)
        .run();
    // An error of the line search arrives as a state; one of the function itself after a step as `Err`.
    outcome.map_or(1, |result| result.state.get_iter().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        gradient[0] = -2.0 * a - 400.0 * x[0] * b;
        gradient[1] = 200.0 * b;
        a * a + 100.0 * b * b
    }

    #[test]
    fn finds_the_valley_of_rosenbrock() {
        let mut evaluate = rosenbrock;
        let mut done = |at: &Iterate<'_>| at.gradient.iter().all(|g| g.abs() < 1e-10);
        let found = lbfgs(vec![-1.2, 1.0], &LbfgsOptions::default(), &mut evaluate, &mut done);
        assert_eq!(found.ended, Ended::Asked);
        assert!((found.x[0] - 1.0).abs() < 1e-9 && (found.x[1] - 1.0).abs() < 1e-9, "{found:?}");
        assert!(found.iterations < 60, "{found:?}");
    }

    #[test]
    fn a_function_that_leaves_the_reals_keeps_its_best_point() {
        // Minus the logarithm falls without end until the argument leaves the domain at 2.
        let mut evaluate = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = -1.0;
            if x[0] > 2.0 { f64::NAN } else { -x[0] }
        };
        let found =
            lbfgs(vec![0.0], &LbfgsOptions::default(), &mut evaluate, &mut |_: &Iterate<'_>| false);
        assert!(found.value <= -1.0 && found.x[0] <= 2.0, "{found:?}");
        assert_eq!(found.ended, Ended::Stalled);
    }

    #[test]
    fn a_first_step_out_of_the_reals_is_made_again_and_shorter() {
        // As steep as a likelihood of log parameters: the whole gradient leads to an infinite value.
        let mut evaluate = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = x[0].exp() - 2.0 * (-x[0]).exp();
            gradient[1] = 6.0 * (x[1] - 1.0);
            x[0].exp() + 2.0 * (-x[0]).exp() + 3.0 * (x[1] - 1.0).powi(2)
        };
        let mut done = |at: &Iterate<'_>| at.gradient.iter().all(|g| g.abs() < 1e-7);
        for start in [8.0, 30.0, -12.0] {
            let options = LbfgsOptions::default();
            let found = lbfgs(vec![start, -3.0], &options, &mut evaluate, &mut done);
            assert_eq!(found.ended, Ended::Asked, "{found:?}");
            assert!((found.x[0] - 0.5 * 2f64.ln()).abs() < 1e-6, "{found:?}");
            assert!((found.value - 8f64.sqrt()).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn ends_when_asked_at_the_limit_or_at_the_bottom() {
        let options = LbfgsOptions { max_iterations: 3, ..LbfgsOptions::default() };
        let mut evaluate = rosenbrock;
        let found = lbfgs(vec![-1.2, 1.0], &options, &mut evaluate, &mut |_: &Iterate<'_>| false);
        assert_eq!((found.ended, found.iterations), (Ended::Limit, 3));
        let mut evaluate = rosenbrock;
        let mut stop = |at: &Iterate<'_>| at.iteration == 2;
        let found = lbfgs(vec![-1.2, 1.0], &LbfgsOptions::default(), &mut evaluate, &mut stop);
        assert_eq!((found.ended, found.iterations), (Ended::Asked, 2));
        let mut evaluate = rosenbrock;
        let found =
            lbfgs(vec![-1.2, 1.0], &LbfgsOptions::default(), &mut evaluate, &mut |_: &Iterate<
                '_,
            >| {
                false
            });
        assert!((found.x[0] - 1.0).abs() < 1e-6, "{found:?}");
    }
}
