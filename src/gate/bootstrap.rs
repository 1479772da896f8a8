//! Paired bootstrap of a gain: the same draw for both models, on one of three paths with one meaning.
//!
//! * Metrics of predicted classes on plain rows: a draw is a multinomial count of (truth, challenger, champion).
//! * Metrics that are functions of sums: a draw adds up columns by row, group or block.
//! * Every other metric: a draw counts how often each row is in it, and both models are scored by that.

use super::resample::{Resampler, repeat, take};
use super::scorer::Scorer;
use super::sums::{CellFormula, Pair, Sums, reads_classes};
use super::{Units, influence};
use crate::domain::{Goal, Labels, Objective, Prediction};
use crate::numeric::Rng;

/// Below so many effective units the null hypothesis is simulated too ([`Gains::swap`]).
pub(super) const FEW: f64 = 30.0;
/// Parts that are left out in turn where leaving out each unit is too slow.
const JACKKNIFE_PARTS: usize = 200;

/// What is drawn, and how often.
pub(super) struct Request<'a> {
    pub(super) objective: &'a Objective,
    pub(super) pair: Pair<'a>,
    pub(super) units: Units<'a>,
    pub(super) draws: usize,
    pub(super) seed: u64,
}

/// Draws of a gain, and what is needed to make bounds of them.
#[derive(Debug, Clone)]
pub(super) struct Gains {
    /// The gain in each draw; NaN where the metric has no value.
    pub(super) draws: Vec<f64>,
    /// Jackknife influence values with how often each occurs.
    pub(super) influence: Vec<(f64, f64)>,
    /// Units that the gain really rests on: those that change it by changing sides.
    pub(super) effective: f64,
    /// Units that are as good as independent.
    pub(super) independent: usize,
    /// What was drawn.
    pub(super) method: String,
    /// How likely a gain at least as high, and at least as low, is if both models are alike, so that each unit's
    /// predictions could have come from the other: exact up to the number of draws (Noreen 1989). For accuracy
    /// on plain rows it is `McNemar`'s exact test. Only where few units differ, since percentiles err there.
    pub(super) swap: Option<(f64, f64)>,
}

/// Draws gains. Both predictions must have a score on all rows.
pub(super) fn gains(request: &Request<'_>) -> Gains {
    let pair = request.pair;
    let is_plain = matches!(request.units, Units::Rows) && pair.weights.is_none();
    if is_plain
        && reads_classes(&request.objective.metric)
        && let Some((formula, places)) = CellFormula::new(&request.objective.metric, pair)
    {
        return CellDraws::new(&formula, &places, request.objective.goal).gains(request);
    }
    let plan = Resampler::new(pair.truth, request.units, |row| error_difference(pair, row));
    match Sums::new(&request.objective.metric, request.objective.goal, pair) {
        Some(sums) => SumDraws::new(&plan, &sums, is_plain).gains(request),
        None => scored(request, &plan),
    }
}

/// A row's error of the champion less the challenger's: what may depend over time.
fn error_difference(pair: Pair<'_>, row: usize) -> f64 {
    let error = |said: &Prediction| match (pair.truth, said) {
        (Labels::Values(truth), Prediction::Values(said)) => (truth[row] - said[row]).powi(2),
        (
            Labels::Classes { codes, .. },
            Prediction::Classes { codes: said, scores, n_classes, probabilities },
        ) => {
            let class = codes[row] as usize;
            match scores {
                Some(scores) if *probabilities => 1.0 - scores[row * n_classes + class],
                _ => f64::from(u8::from(said[row] != codes[row])),
            }
        }
        _ => 0.0,
    };
    error(pair.champion) - error(pair.challenger)
}

/// Shares of simulated gains that reach the one that was seen, above and below, that one counted in.
fn tail_shares(simulated: &[f64], seen: f64) -> (f64, f64) {
    let near = 1e-12 * seen.abs().max(1e-3);
    let share = |hit: &dyn Fn(f64) -> bool| {
        let hits = simulated.iter().filter(|gain| gain.is_nan() || hit(**gain)).count();
        (hits + 1) as f64 / (simulated.len() + 1) as f64
    };
    (share(&|gain| gain >= seen - near), share(&|gain| gain <= seen + near))
}

/// Counts of each cell, class by class.
struct CellDraws<'a> {
    formula: &'a CellFormula,
    goal: Goal,
    counts: Vec<u64>,
    strata: Vec<std::ops::Range<usize>>,
}

impl<'a> CellDraws<'a> {
    fn new(formula: &'a CellFormula, places: &[usize], goal: Goal) -> Self {
        let mut counts = vec![0; formula.cells.len()];
        for &place in places {
            counts[place] += 1;
        }
        let mut strata: Vec<std::ops::Range<usize>> = Vec::new();
        for (at, cell) in formula.cells.iter().enumerate() {
            match strata.last_mut() {
                Some(stratum) if formula.cells[stratum.start].0 == cell.0 => stratum.end = at + 1,
                _ => strata.push(at..at + 1),
            }
        }
        Self { formula, goal, counts, strata }
    }

    fn gain(&self, counts: &[f64]) -> f64 {
        self.formula.gain(self.goal, counts)
    }

    fn gains(&self, request: &Request<'_>) -> Gains {
        let label = (request.seed, "gate bootstrap", request.draws);
        let draws = repeat(
            label,
            || vec![0.0; self.counts.len()],
            |rng, drawn| {
                self.draw(rng, drawn);
                self.gain(drawn)
            },
        );
        let influence = self.influence();
        let effective = influence::effective(&self.contributions());
        let swap = (effective < FEW).then(|| self.swap(request));
        let method = "rows, stratified by class".into();
        let independent = self.counts.iter().sum::<u64>() as usize;
        Gains { draws, influence, effective, independent, method, swap }
    }

    fn draw(&self, rng: &mut Rng, drawn: &mut [f64]) {
        for stratum in &self.strata {
            let mut rows: u64 = self.counts[stratum.clone()].iter().sum();
            let mut left = rows;
            for at in stratum.clone() {
                let count = self.counts[at];
                let hits =
                    if count == 0 { 0 } else { rng.binomial(left, count as f64 / rows as f64) };
                drawn[at] = hits as f64;
                left -= hits;
                rows -= count;
            }
        }
    }

    fn influence(&self) -> Vec<(f64, f64)> {
        let mut counts: Vec<f64> = self.counts.iter().map(|&count| count as f64).collect();
        let mut left_out = Vec::new();
        for at in (0..counts.len()).filter(|&at| self.counts[at] > 0) {
            counts[at] -= 1.0;
            left_out.push((self.gain(&counts), self.counts[at] as f64));
            counts[at] += 1.0;
        }
        influence::centered(left_out)
    }

    /// Half of what the gain loses when one row of a cell has both predictions in each other's place.
    fn contributions(&self) -> Vec<(f64, f64)> {
        let mut counts: Vec<f64> = self.counts.iter().map(|&count| count as f64).collect();
        let gain = self.gain(&counts);
        let mut found = Vec::new();
        for (at, mirror) in self.formula.mirrors() {
            let Some(mirror) = mirror.filter(|&mirror| mirror != at && self.counts[at] > 0) else {
                continue;
            };
            counts[at] -= 1.0;
            counts[mirror] += 1.0;
            found.push(((gain - self.gain(&counts)) / 2.0, self.counts[at] as f64));
            counts[at] += 1.0;
            counts[mirror] -= 1.0;
        }
        found
    }

    fn swap(&self, request: &Request<'_>) -> (f64, f64) {
        let pairs: Vec<(usize, usize)> = self
            .formula
            .mirrors()
            .filter_map(|(at, mirror)| {
                mirror.filter(|&mirror| at < mirror).map(|mirror| (at, mirror))
            })
            .collect();
        let counts: Vec<f64> = self.counts.iter().map(|&count| count as f64).collect();
        let label = (request.seed, "gate swap", request.draws);
        let simulated = repeat(
            label,
            || counts.clone(),
            |rng, drawn| {
                for &(at, mirror) in &pairs {
                    let rows = self.counts[at] + self.counts[mirror];
                    let stay = rng.binomial(rows, 0.5);
                    drawn[at] = stay as f64;
                    drawn[mirror] = (rows - stay) as f64;
                }
                self.gain(drawn)
            },
        );
        tail_shares(&simulated, self.gain(&counts))
    }
}

/// Sums of each unit.
struct SumDraws<'a> {
    plan: &'a Resampler,
    sums: &'a Sums,
    /// Unit-major, `width` numbers each.
    units: Vec<f64>,
    /// The same with both models in each other's place.
    swapped: Vec<f64>,
    totals: Vec<f64>,
    /// True if every unit weighs the same, so that the last column need not be added up.
    is_plain: bool,
}

impl<'a> SumDraws<'a> {
    fn new(plan: &'a Resampler, sums: &'a Sums, is_plain: bool) -> Self {
        let width = sums.width;
        let mut units = vec![0.0; plan.units() * width];
        let mut swapped = units.clone();
        let mut turned = vec![0.0; width];
        for unit in 0..plan.units() {
            for at in plan.rows_of(unit) {
                let row = &sums.rows[plan.order[at] * width..(plan.order[at] + 1) * width];
                sums.swapped(row, &mut turned);
                let place = unit * width..(unit + 1) * width;
                add(&mut units[place.clone()], row, 1.0);
                add(&mut swapped[place], &turned, 1.0);
            }
        }
        let mut totals = vec![0.0; width];
        units.chunks_exact(width).for_each(|unit| add(&mut totals, unit, 1.0));
        Self { plan, sums, units, swapped, totals, is_plain }
    }

    fn gains(&self, request: &Request<'_>) -> Gains {
        let draws = match self.sums.width - usize::from(self.is_plain) {
            1 => self.draws::<1>(request),
            2 => self.draws::<2>(request),
            3 => self.draws::<3>(request),
            4 => self.draws::<4>(request),
            5..=8 => self.draws::<8>(request),
            9..=16 => self.draws::<16>(request),
            _ => self.draws::<32>(request),
        };
        let influence = self.influence();
        let changes = self.changes();
        let effective = influence::effective(&self.contributions(&changes));
        let swap = (effective < FEW).then(|| self.swap(request, &changes));
        let (independent, method) = (self.plan.independent(), self.plan.method.clone());
        Gains { draws, influence, effective, independent, method, swap }
    }

    /// `N` is at least the number of columns that are added up.
    fn draws<const N: usize>(&self, request: &Request<'_>) -> Vec<f64> {
        let width = self.sums.width;
        let added = width - usize::from(self.is_plain);
        let padded: Vec<[f64; N]> = self
            .units
            .chunks_exact(width)
            .map(|unit| {
                let mut row = [0.0; N];
                row[..added].copy_from_slice(&unit[..added]);
                row
            })
            .collect();
        let label = (request.seed, "gate bootstrap", request.draws);
        repeat(
            label,
            || self.totals.clone(),
            |rng, totals| {
                let mut sum = [0.0; N];
                self.plan.draw(rng, |unit| {
                    for (sum, value) in sum.iter_mut().zip(&padded[unit]) {
                        *sum += value;
                    }
                });
                totals[..added].copy_from_slice(&sum[..added]);
                self.sums.gain(totals)
            },
        )
    }

    /// By leaving out each unit, or each block of them.
    fn influence(&self) -> Vec<(f64, f64)> {
        let width = self.sums.width;
        let parts = self.units.chunks(width * self.plan.together());
        let left_out = parts.map(|part| {
            let mut totals = self.totals.clone();
            part.chunks_exact(width).for_each(|unit| add(&mut totals, unit, -1.0));
            (self.sums.gain(&totals), 1.0)
        });
        influence::centered(left_out.collect())
    }

    /// What each part adds to the totals when both models change places in it; parts where both say the same are left out.
    fn changes(&self) -> Vec<Vec<f64>> {
        let width = self.sums.width;
        let part = width * self.plan.together();
        self.units
            .chunks(part)
            .zip(self.swapped.chunks(part))
            .filter(|(ours, theirs)| ours != theirs)
            .map(|(ours, theirs)| {
                let mut change = vec![0.0; width];
                ours.chunks_exact(width).for_each(|unit| add(&mut change, unit, -1.0));
                theirs.chunks_exact(width).for_each(|unit| add(&mut change, unit, 1.0));
                change
            })
            .collect()
    }

    /// Half of what the gain loses by each change.
    fn contributions(&self, changes: &[Vec<f64>]) -> Vec<(f64, f64)> {
        let gain = self.sums.gain(&self.totals);
        let one = |change: &Vec<f64>| {
            let mut totals = self.totals.clone();
            add(&mut totals, change, 1.0);
            ((gain - self.sums.gain(&totals)) / 2.0, 1.0)
        };
        changes.iter().map(one).collect()
    }

    fn swap(&self, request: &Request<'_>, changes: &[Vec<f64>]) -> (f64, f64) {
        let label = (request.seed, "gate swap", request.draws);
        let simulated = repeat(
            label,
            || self.totals.clone(),
            |rng, totals| {
                totals.copy_from_slice(&self.totals);
                for tosses in changes.chunks(64) {
                    let bits = rng.bits();
                    for (at, change) in tosses.iter().enumerate() {
                        if bits >> at & 1 == 1 {
                            add(totals, change, 1.0);
                        }
                    }
                }
                self.sums.gain(totals)
            },
        );
        tail_shares(&simulated, self.sums.gain(&self.totals))
    }
}

fn add(totals: &mut [f64], values: &[f64], factor: f64) {
    totals.iter_mut().zip(values).for_each(|(total, value)| *total += factor * value);
}

/// Draws that score both models by how often each row is drawn.
fn scored(request: &Request<'_>, plan: &Resampler) -> Gains {
    let pair = request.pair;
    let truth = pair.truth.take(&plan.order);
    let (ours, theirs) = (take(pair.challenger, &plan.order), take(pair.champion, &plan.order));
    let weights: Option<Vec<f64>> =
        pair.weights.map(|weights| plan.order.iter().map(|&row| weights[row]).collect());
    let metric = &request.objective.metric;
    let challenger = Scorer::new(metric, &truth, &ours, weights.as_deref());
    let champion = Scorer::new(metric, &truth, &theirs, weights.as_deref());
    let goal = request.objective.goal;
    let gain =
        |times: &[u32]| goal.loss(champion.score(times)) - goal.loss(challenger.score(times));
    let rows = plan.order.len();
    let label = (request.seed, "gate bootstrap", request.draws);
    let draws = repeat(
        label,
        || vec![0; rows],
        |rng, times| {
            plan.multiplicities(rng, times);
            gain(times)
        },
    );
    // Parts take every k-th unit, so that each has its share of every class.
    let parts = plan.units().div_ceil(plan.together()).min(JACKKNIFE_PARTS);
    let left_out = (0..parts).map(|part| {
        let mut times = vec![1; rows];
        for unit in 0..plan.units() {
            if unit / plan.together() % parts == part {
                times[plan.rows_of(unit)].fill(0);
            }
        }
        (gain(&times), 1.0)
    });
    let influence = influence::centered(left_out.collect());
    let share = gain(&vec![1; rows]) / parts as f64;
    let contributions: Vec<(f64, f64)> =
        influence.iter().map(|(value, count)| (value + share, *count)).collect();
    let effective = influence::effective(&contributions).min(rarest(plan, &truth));
    let (independent, method) = (plan.independent(), plan.method.clone());
    Gains { draws, influence, effective, independent, method, swap: None }
}

/// Units that hold the rarest class: ranks of many rows against three rest on three.
fn rarest(plan: &Resampler, truth: &Labels) -> f64 {
    let Labels::Classes { codes, n_classes, .. } = truth else { return f64::INFINITY };
    let mut units = vec![(0u64, usize::MAX); *n_classes];
    for unit in 0..plan.units() {
        let part = unit / plan.together();
        for at in plan.rows_of(unit) {
            let (count, last) = &mut units[codes[at] as usize];
            if *last != part {
                (*count, *last) = (*count + 1, part);
            }
        }
    }
    let present = units.iter().map(|(count, _)| *count).filter(|&count| count > 0);
    present.min().map_or(f64::INFINITY, |count| count as f64)
}
