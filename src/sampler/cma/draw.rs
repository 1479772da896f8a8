//! What a trial's number draws from a distribution.
//!
//! The draws of a number are one fixed sequence; an ask takes the first that is neither told nor at work.
//! So whoever learns later where trial `k` was can tell, without having seen the ask, whether it was drawn
//! from a given distribution, and which coordinates it had before they were rounded to values.
//!
//! The first of them is quasi-random: the number's point of the Sobol sequence, turned into a normal one.

use super::axis::{Cells, Choice, Frame, Number};
use super::gaussian::Gaussian;
use crate::numeric::Rng;
use crate::space::{Point, Space};

/// Draws of a number before it is given up.
pub(super) const MAX_DRAWS: usize = 24;
/// Draws before the distribution is stretched, and between two such steps.
const DRAWS_PER_STRETCH: usize = 6;

/// A distribution that trials are drawn from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Law {
    pub(super) gaussian: Gaussian,
    /// Stretch of single coordinates with cells.
    pub(super) widths: Vec<f64>,
    /// Probabilities of the choices' values.
    pub(super) rows: Vec<Vec<f64>>,
}

/// One draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draw {
    pub(super) point: Point,
    /// Coordinates before rounding; NaN where inactive.
    pub(super) numbers: Vec<f64>,
    /// Values of the choices; `None` where inactive.
    pub(super) choices: Vec<Option<usize>>,
}

/// Where draws are made.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) space: &'a Space,
    pub(super) frame: &'a Frame,
    /// Draws out of bounds before one is clipped.
    pub(super) n_resampling: usize,
}

/// The sequence of one number's draws.
pub(super) struct Draws<'a> {
    law: &'a Law,
    ground: Ground<'a>,
    source: Source,
    made: usize,
}

/// Where a number's draws come from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The standard normal vector of the first draw.
    pub(super) first: Vec<f64>,
    /// Where in the probabilities of each choice the first draw is.
    pub(super) chances: Vec<f64>,
    /// What all others are made of.
    pub(super) rng: Rng,
}

impl Source {
    /// The next standard normal vector, of `n` numbers.
    fn normal(&mut self, n: usize) -> Vec<f64> {
        if self.first.len() == n {
            return std::mem::take(&mut self.first);
        }
        (0..n).map(|_| self.rng.normal()).collect()
    }

    /// One value per row of probabilities.
    fn choose(&mut self, rows: &[Vec<f64>]) -> Vec<usize> {
        let chances = std::mem::take(&mut self.chances);
        if chances.len() < rows.len() {
            return rows.iter().map(|row| self.rng.weighted(row)).collect();
        }
        rows.iter().zip(chances).map(|(row, chance)| nth(row, chance)).collect()
    }
}

impl Law {
    /// The draws of the trial whose source this is.
    pub(super) fn draws<'a>(&'a self, ground: Ground<'a>, source: Source) -> Draws<'a> {
        Draws { law: self, ground, source, made: 0 }
    }

    /// Numbers without cells are drawn again while they are out of bounds, then clipped.
    fn numbers(&self, ground: Ground<'_>, source: &mut Source, stretch: f64) -> Vec<f64> {
        let is_smooth = |number: &Number| number.cells == Cells::Smooth;
        let is_inside =
            |(number, x): (&Number, &f64)| !is_smooth(number) || (0.0..=1.0).contains(x);
        let d = self.gaussian.mean.len();
        let mut x = self.gaussian.at(&source.normal(d), stretch);
        for _ in 0..ground.n_resampling {
            if ground.frame.numbers.iter().zip(&x).all(is_inside) {
                return x;
            }
            x = self.gaussian.at(&source.normal(d), stretch);
        }
        for (number, x) in ground.frame.numbers.iter().zip(&mut x) {
            if is_smooth(number) {
                *x = if x.is_nan() { 0.5 } else { x.clamp(0.0, 1.0) };
            }
        }
        x
    }

    /// Coordinates as they are evaluated: those with cells stretched about the mean, all within the cube.
    fn encode(&self, numbers: &[f64]) -> Vec<f64> {
        let each = numbers.iter().zip(&self.gaussian.mean).zip(&self.widths);
        each.map(|((x, mean), width)| (mean + (x - mean) * width).clamp(0.0, 1.0)).collect()
    }
}

impl Iterator for Draws<'_> {
    type Item = Draw;

    fn next(&mut self) -> Option<Draw> {
        if self.made == MAX_DRAWS {
            return None;
        }
        let stretch = 2f64.powi((self.made / DRAWS_PER_STRETCH) as i32);
        self.made += 1;
        let mut numbers = self.law.numbers(self.ground, &mut self.source, stretch);
        let chosen = self.source.choose(&self.law.rows);
        let frame = self.ground.frame;
        let unit = frame.unit(&self.law.encode(&numbers), &chosen);
        let point = self.ground.space.from_unit(&unit);
        for (number, x) in frame.numbers.iter().zip(&mut numbers) {
            if point.0[number.dim].is_none() {
                *x = f64::NAN;
            }
        }
        let value = |(choice, value): (&Choice, usize)| point.0[choice.dim].map(|_| value);
        let choices = frame.choices.iter().zip(chosen).map(value).collect();
        Some(Draw { point, numbers, choices })
    }
}

/// The value at a place in the cumulated probabilities.
fn nth(row: &[f64], chance: f64) -> usize {
    let mut left = chance;
    for (value, probability) in row.iter().enumerate() {
        left -= probability;
        if left < 0.0 {
            return value;
        }
    }
    row.len().saturating_sub(1)
}

/// True if two points are the same but for the rounding of a record on another machine.
pub(super) fn is_same(a: &Point, b: &Point) -> bool {
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    a.0.len() == b.0.len()
        && a.0.iter().zip(&b.0).all(|pair| match pair {
            (Some(a), Some(b)) => near(*a, *b),
            (None, None) => true,
            _ => false,
        })
}
