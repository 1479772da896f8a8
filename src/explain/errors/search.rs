//! The search for weak segments: trees of depth 2 on the losses, one for each of the most telling root columns.

use super::bins::Binned;
use rayon::prelude::*;

/// Root columns that are tried, those whose split tells most.
const ROOTS: usize = 8;

/// The rows of a search.
pub(super) struct Search<'a> {
    pub(super) columns: &'a [Binned],
    pub(super) weights: Option<&'a [f64]>,
    pub(super) min_rows: usize,
}

/// A segment as sets of bins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Columns with their bins that are inside, one or two.
    pub(super) sides: Vec<(usize, Vec<bool>)>,
    pub(super) rows: Vec<u32>,
    /// How many standard errors its mean loss is above that of all rows.
    pub(super) excess: f64,
}

/// A split of some rows by one column.
struct Split {
    column: usize,
    gain: f64,
    /// The bins of its two sides; a bin may be in neither.
    sides: [Vec<bool>; 2],
}

/// Rows, weight and weighted loss of a bin.
#[derive(Clone, Copy, Default)]
struct Cell {
    n: usize,
    weight: f64,
    loss: f64,
}

impl Cell {
    fn plus(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            weight: self.weight + other.weight,
            loss: self.loss + other.loss,
        }
    }

    fn mean(self) -> f64 {
        if self.weight > 0.0 { self.loss / self.weight } else { 0.0 }
    }
}

impl Search<'_> {
    /// Segments that are worse than all rows, worst first, those that are much the same left out.
    pub(super) fn run(&self, losses: &[f64], count: usize) -> Vec<Found> {
        let mut found = self.candidates(losses);
        found.sort_by(|a, b| b.excess.total_cmp(&a.excess).then(a.sides.len().cmp(&b.sides.len())));
        let mut kept: Vec<Found> = vec![];
        for segment in found {
            if kept.len() == count {
                break;
            }
            if kept.iter().all(|other| overlap(&other.rows, &segment.rows) <= 0.5) {
                kept.push(segment);
            }
        }
        kept
    }

    /// The excess of the worst segment.
    pub(super) fn worst(&self, losses: &[f64]) -> f64 {
        self.candidates(losses).iter().map(|found| found.excess).fold(0.0, f64::max)
    }

    fn candidates(&self, losses: &[f64]) -> Vec<Found> {
        let all: Vec<u32> = (0..losses.len() as u32).collect();
        let spread = Spread::new(losses, self.weights);
        let mut roots: Vec<Split> =
            (0..self.columns.len()).filter_map(|column| self.split(column, &all, losses)).collect();
        roots.sort_by(|a, b| b.gain.total_cmp(&a.gain).then(a.column.cmp(&b.column)));
        roots.truncate(ROOTS);
        let grow = |root: &Split| {
            let mut found = vec![];
            for side in &root.sides {
                let rows = self.inside(root.column, side, &all);
                let first = (root.column, side.clone());
                let best = (0..self.columns.len())
                    .filter_map(|column| self.split(column, &rows, losses))
                    .reduce(|best, split| if split.gain > best.gain { split } else { best });
                if let Some(split) = best {
                    for side in split.sides {
                        let rows = self.inside(split.column, &side, &rows);
                        let sides = join(first.clone(), (split.column, side));
                        found.push(spread.found(sides, rows, losses, self.weights));
                    }
                }
                found.push(spread.found(vec![first], rows, losses, self.weights));
            }
            found
        };
        let found: Vec<Vec<Found>> = roots.par_iter().map(grow).collect();
        found.into_iter().flatten().filter(|found| found.excess > 0.0).collect()
    }

    fn inside(&self, column: usize, bins: &[bool], rows: &[u32]) -> Vec<u32> {
        let codes = &self.columns[column].codes;
        rows.iter().copied().filter(|&row| bins[codes[row as usize] as usize]).collect()
    }

    /// The split of some rows with the greatest fall of the squared error, both sides large enough.
    fn split(&self, column: usize, rows: &[u32], losses: &[f64]) -> Option<Split> {
        let binned = &self.columns[column];
        let mut cells = vec![Cell::default(); binned.n_bins];
        for &row in rows {
            let row = row as usize;
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            let one = Cell { n: 1, weight, loss: weight * losses[row] };
            let cell = &mut cells[binned.codes[row] as usize];
            *cell = cell.plus(one);
        }
        let mut order: Vec<usize> = (0..binned.n_bins).filter(|&bin| cells[bin].n > 0).collect();
        let mut best = None;
        if binned.is_ordered() {
            if let Some(missing) = binned.missing {
                order.retain(|&bin| bin != missing);
                self.cut(&cells, &[order.clone(), vec![missing]], 1, (column, &mut best));
            }
        } else {
            // For one number to explain, the best of all sets is a cut in the order of means (Breiman et al. 1984).
            order.sort_by(|&a, &b| cells[a].mean().total_cmp(&cells[b].mean()));
        }
        let single: Vec<Vec<usize>> = order.iter().map(|&bin| vec![bin]).collect();
        for at in 1..single.len() {
            self.cut(&cells, &single, at, (column, &mut best));
        }
        best
    }

    /// Keeps the cut of parts before place `at` if it is the best so far.
    fn cut(
        &self,
        cells: &[Cell],
        parts: &[Vec<usize>],
        at: usize,
        (column, best): (usize, &mut Option<Split>),
    ) {
        let sum = |parts: &[Vec<usize>]| {
            parts.iter().flatten().fold(Cell::default(), |sum, &bin| sum.plus(cells[bin]))
        };
        let (left, right) = (sum(&parts[..at]), sum(&parts[at..]));
        if left.n.min(right.n) < self.min_rows || left.weight.min(right.weight) <= 0.0 {
            return;
        }
        let share = left.weight * right.weight / (left.weight + right.weight);
        let gain = share * (left.mean() - right.mean()).powi(2);
        if best.as_ref().is_none_or(|best| gain > best.gain) {
            let side = |parts: &[Vec<usize>]| {
                let mut inside = vec![false; cells.len()];
                parts.iter().flatten().for_each(|&bin| inside[bin] = true);
                inside
            };
            *best = Some(Split { column, gain, sides: [side(&parts[..at]), side(&parts[at..])] });
        }
    }
}

/// Two conditions, or one on what both leave of the same column.
fn join(first: (usize, Vec<bool>), second: (usize, Vec<bool>)) -> Vec<(usize, Vec<bool>)> {
    if first.0 == second.0 {
        let both = first.1.iter().zip(&second.1).map(|(a, b)| *a && *b).collect();
        return vec![(first.0, both)];
    }
    vec![first, second]
}

/// Mean and spread of the losses of all rows.
struct Spread {
    mean: f64,
    sd: f64,
    n: f64,
}

impl Spread {
    fn new(losses: &[f64], weights: Option<&[f64]>) -> Self {
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let total: f64 = (0..losses.len()).map(weight).sum();
        let mean =
            losses.iter().enumerate().map(|(row, loss)| weight(row) * loss).sum::<f64>() / total;
        let squares =
            losses.iter().enumerate().map(|(row, loss)| weight(row) * (loss - mean).powi(2));
        Self { mean, sd: (squares.sum::<f64>() / total).sqrt(), n: losses.len() as f64 }
    }

    /// A segment with its excess; that of a random draw of so many rows has variance `sd² (1 − n/N) / n`.
    fn found(
        &self,
        sides: Vec<(usize, Vec<bool>)>,
        rows: Vec<u32>,
        losses: &[f64],
        weights: Option<&[f64]>,
    ) -> Found {
        let weight = |row: u32| weights.map_or(1.0, |weights| weights[row as usize]);
        let total: f64 = rows.iter().map(|&row| weight(row)).sum();
        let sum: f64 = rows.iter().map(|&row| weight(row) * losses[row as usize]).sum();
        let n = rows.len() as f64;
        let error = self.sd * ((1.0 - n / self.n).max(0.0) / n).sqrt();
        let excess =
            if error > 0.0 && total > 0.0 { (sum / total - self.mean) / error } else { 0.0 };
        Found { sides, rows, excess }
    }
}

/// Rows in both over rows in either; both ascending.
fn overlap(a: &[u32], b: &[u32]) -> f64 {
    let both = a.iter().filter(|row| b.binary_search(row).is_ok()).count();
    both as f64 / (a.len() + b.len() - both) as f64
}
