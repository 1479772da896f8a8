//! The logarithm of the expected hypervolume improvement, and of the probability that constraints hold.
//!
//! With independent normal objectives the improvement is, over the boxes of what is not dominated, the sum of products of
//! `EI(high) − EI(low)` with `EI(a) = σ h((a − μ)/σ)` (Emmerich et al. 2011; Yang et al. 2019). All is
//! summed as logarithms, so that there is a slope to climb where everything underflows (Ament et al. 2023). A
//! constraint adds `log Φ(−μ/σ)` (Gardner et al. 2014); without any feasible trial that is all there is.

use super::cells::{Cells, Side};
use crate::sampler::gp::belief::Belief;
use crate::sampler::gp::improvement::log_h;
use crate::sampler::gp::posterior::{Posterior, Scratch};

/// Boxes narrower than this share of their upper part add nothing.
const THIN: f64 = 1e-10;

/// Models of the objectives, then of the constraints, and what is to be improved on.
#[derive(Debug)]
pub(super) struct Gain {
    pub(super) objectives: Vec<Posterior>,
    pub(super) constraints: Vec<Posterior>,
    /// `None` until a trial is feasible.
    pub(super) cells: Option<Cells>,
    /// Mean of √5 over the length scales.
    pub(super) scales: Vec<f64>,
}

/// Room for one evaluation.
#[derive(Debug, Default)]
pub(super) struct Room {
    posterior: Scratch,
    /// One per model.
    each: Vec<Scratch>,
    moments: Vec<(f64, f64)>,
    /// `log_h` at every level of every objective.
    tables: Vec<Vec<(f64, f64, f64)>>,
    terms: Vec<f64>,
    /// Derivatives by mean and standard deviation of every model.
    partials: Vec<(f64, f64)>,
}

impl Gain {
    fn models(&self) -> impl Iterator<Item = &Posterior> {
        self.objectives.iter().chain(&self.constraints)
    }

    /// The value from `room.moments`; fills `room.partials` if asked to.
    fn value(&self, room: &mut Room, slopes: bool) -> f64 {
        let m = self.objectives.len();
        room.partials.clear();
        room.partials.resize(room.moments.len(), (0.0, 0.0));
        let mut value = 0.0;
        if let Some(cells) = &self.cells {
            value += volume(cells, room, slopes);
        }
        for (moments, partials) in room.moments[m..].iter().zip(&mut room.partials[m..]) {
            let (mean, sd) = *moments;
            let z = -mean / sd;
            let (log, below, density) = log_h(z);
            let ratio = density / below;
            value += log + below.ln();
            *partials = (-ratio / sd, -z * ratio / sd);
        }
        value
    }
}

/// The log expected improvement of the volume; adds its derivatives by the objectives' moments.
fn volume(cells: &Cells, room: &mut Room, slopes: bool) -> f64 {
    let m = cells.levels.len();
    room.tables.resize_with(m, Vec::new);
    for ((table, levels), (mean, sd)) in
        room.tables.iter_mut().zip(&cells.levels).zip(&room.moments)
    {
        table.clear();
        table.extend(levels.iter().map(|level| log_h((level - mean) / sd)));
    }
    room.terms.clear();
    let tables = &room.tables;
    let term = |(sides, weight): (&[Side], &f64)| -> f64 {
        let logs = sides.iter().zip(tables).map(|(side, table)| log_share(*side, table));
        logs.sum::<f64>() + weight
    };
    room.terms.extend(cells.sides.chunks_exact(m).zip(&cells.weights).map(term));
    let largest = room.terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    let sum: f64 = room.terms.iter().map(|term| (term - largest).exp()).sum();
    let unit: f64 = room.moments[..m].iter().map(|(_, sd)| sd.ln()).sum();
    if slopes {
        for (sides, term) in cells.sides.chunks_exact(m).zip(&room.terms) {
            let weight = (term - largest).exp() / sum;
            if weight < 1e-12 {
                continue;
            }
            for (j, side) in sides.iter().enumerate() {
                let (below, density) = ratios(*side, &tables[j]);
                let sd = room.moments[j].1;
                room.partials[j].0 -= weight * below / sd;
                room.partials[j].1 += weight * density / sd;
            }
        }
    }
    largest + sum.ln() + unit
}

/// `log (h(high) − h(low))`.
fn log_share(side: Side, table: &[(f64, f64, f64)]) -> f64 {
    let high = table[side.high].0;
    let Some(low) = side.low else { return high };
    let rest = -(table[low].0 - high).exp_m1();
    if rest > THIN { high + rest.ln() } else { f64::NEG_INFINITY }
}

/// `Φ(high) − Φ(low)` and `φ(high) − φ(low)` over `h(high) − h(low)`.
fn ratios(side: Side, table: &[(f64, f64, f64)]) -> (f64, f64) {
    let (high, below, density) = table[side.high];
    let Some(low) = side.low else { return (below, density) };
    let (low, below_low, density_low) = table[low];
    let share = (low - high).exp();
    let rest = -(low - high).exp_m1();
    ((below - share * below_low) / rest, (density - share * density_low) / rest)
}

impl Belief for Gain {
    type Scratch = Room;

    fn log_improvements(&self, rows: &[Vec<f64>], room: &mut Room) -> Vec<f64> {
        let all: Vec<Vec<(f64, f64)>> =
            self.models().map(|model| model.at_many(rows, &mut room.posterior)).collect();
        (0..rows.len())
            .map(|at| {
                room.moments.clear();
                room.moments.extend(all.iter().map(|moments| moments[at]));
                self.value(room, false)
            })
            .collect()
    }

    fn log_improvement(&self, row: &[f64], room: &mut Room) -> f64 {
        room.moments.clear();
        for model in self.models() {
            room.moments.push(model.at(row, &mut room.posterior));
        }
        self.value(room, false)
    }

    fn log_improvement_slopes(
        &self,
        row: &[f64],
        free: &[usize],
        room: &mut Room,
        slopes: &mut [f64],
    ) -> f64 {
        let mut each = std::mem::take(&mut room.each);
        each.resize_with(self.objectives.len() + self.constraints.len(), Scratch::default);
        room.moments.clear();
        for (model, scratch) in self.models().zip(&mut each) {
            room.moments.push(model.at_for_slopes(row, scratch));
        }
        let value = self.value(room, true);
        slopes.fill(0.0);
        for (i, (model, scratch)) in self.models().zip(&mut each).enumerate() {
            model.pull((row, free), room.moments[i].1, room.partials[i], scratch, slopes);
        }
        room.each = each;
        value
    }

    fn scales(&self) -> &[f64] {
        &self.scales
    }
}

#[cfg(test)]
mod tests;
