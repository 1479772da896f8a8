//! One run between two restarts: a distribution, the generation that is coming in, and its end.

use super::axis::{Cells, Frame, Place};
use super::category::Categories;
use super::draw::{Draw, Law};
use super::gaussian::{Gaussian, Member};
use super::margin;
use super::rates::Weights;
use super::restart::Trace;

/// A foreign trial counts as a member of the generation if it is not farther from the mean than this times the
/// longest step that a draw would make.
const NEAR: f64 = 1.2;

/// A trial of a generation.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    member: Member,
    choices: Vec<Option<usize>>,
}

/// A run.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) law: Law,
    pub(super) trace: Trace,
    /// Trials drawn from its distributions.
    pub(super) n_own: u64,
    /// Length of the record at its start.
    pub(super) n_before: usize,
    categories: Categories,
    generation: Vec<Told>,
    /// The best trial since the last update that came from far off.
    visitor: Option<Told>,
    /// The best loss that the distribution has learned from.
    best: f64,
}

impl Run {
    pub(super) fn new(gaussian: Gaussian, categories: Categories, n_before: usize) -> Self {
        let law =
            Law { widths: vec![1.0; gaussian.mean.len()], rows: categories.rows.clone(), gaussian };
        Self {
            law,
            trace: Trace::default(),
            n_own: 0,
            n_before,
            categories,
            generation: Vec::new(),
            visitor: None,
            best: f64::INFINITY,
        }
    }

    /// Takes in a trial drawn from this run's distribution, or from an older one.
    pub(super) fn push_own(&mut self, draw: Draw, loss: f64, is_late: bool) {
        self.n_own += 1;
        let member = Member { x: draw.numbers, loss, foreign: is_late };
        self.generation.push(Told { member, choices: draw.choices });
    }

    /// Takes in a trial that something else asked for: near the mean it is as good as a draw.
    pub(super) fn push_foreign(&mut self, place: Place, loss: f64) {
        let gaussian = &self.law.gaussian;
        let is_near = gaussian.distance(&place.numbers) <= NEAR * gaussian.longest_step();
        let member = Member { x: place.numbers, loss, foreign: true };
        let told = Told { member, choices: place.choices };
        if is_near {
            self.generation.push(told);
        } else if self.visitor.as_ref().is_none_or(|visitor| loss < visitor.member.loss) {
            self.visitor = Some(told);
        }
    }

    /// True if a generation is told. One of failures only is forgotten: it has no order.
    pub(super) fn is_complete(&mut self) -> bool {
        let is_complete = self.generation.len() >= self.law.gaussian.rates.population;
        if is_complete && self.generation.iter().all(|told| !told.member.loss.is_finite()) {
            self.generation.clear();
            return false;
        }
        is_complete
    }

    /// Moves the distribution by the generation; gives the one before.
    pub(super) fn update(&mut self, frame: &Frame) -> Law {
        let old = self.law.clone();
        let mut generation = std::mem::take(&mut self.generation);
        generation.sort_by(|a, b| a.member.loss.total_cmp(&b.member.loss));
        let record = generation[0].member.loss.min(self.best);
        if let Some(visitor) = self.visitor.take()
            && visitor.member.loss < record
        {
            generation.insert(0, visitor);
            generation.pop();
        }
        let losses: Vec<f64> = generation.iter().map(|told| told.member.loss).collect();
        self.best = self.best.min(losses[0]);
        self.trace.push(losses[0], losses[losses.len() - 1]);
        let weights = Weights::new(&self.law.gaussian.rates, &losses);
        let parents: Vec<(&[Option<usize>], f64)> = generation
            .iter()
            .map(|told| &told.choices[..])
            .zip(weights.mean.iter().copied())
            .collect();
        self.categories.update(&parents);
        self.law.rows.clone_from(&self.categories.rows);
        let members: Vec<Member> = generation.into_iter().map(|told| told.member).collect();
        self.law.gaussian.update(&members, &weights);
        self.keep_margin(frame);
        old
    }

    fn keep_margin(&mut self, frame: &Frame) {
        let population = self.law.gaussian.rates.population;
        let margin = 1.0 / (frame.len().max(1) * population) as f64;
        let cells: Vec<&Cells> = frame.numbers.iter().map(|number| &number.cells).collect();
        margin::correct(&mut self.law.gaussian, &mut self.law.widths, &cells, margin);
    }
}
