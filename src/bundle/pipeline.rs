//! Members and how their predictions become one.

use super::{BundleError, Member};
use crate::data::Table;
use crate::domain::Prediction;
use serde::{Deserialize, Serialize};

/// One fitted model, or several that vote by weight.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pipeline {
    /// Weight and member; weights are positive and need not sum to 1.
    pub members: Vec<(f64, Member)>,
}

impl Pipeline {
    /// A single model.
    pub fn of(member: Member) -> Self {
        Self { members: vec![(1.0, member)] }
    }

    /// True for more than one member.
    pub fn is_ensemble(&self) -> bool {
        self.members.len() > 1
    }

    /// Names of the columns that any member reads, each once.
    pub fn sources(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.members.iter().flat_map(|(_, member)| member.prep.sources()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Bytes of the fitted numbers.
    pub fn model_bytes(&self) -> usize {
        self.members.iter().map(|(_, member)| member.model().n_bytes()).sum()
    }

    /// Predicts rows of a table.
    ///
    /// A single member predicts what it predicts. Several are averaged by weight: numbers, or probabilities, where a
    /// member without probabilities gives 1 to the class that it votes for.
    ///
    /// # Errors
    /// When the rows lack what the members need, or the members do not learn the same thing.
    pub fn predict(&self, table: &Table, rows: &[usize]) -> Result<Prediction, BundleError> {
        if let [(_, member)] = &self.members[..] {
            return member.predict(table, rows);
        }
        let mut mean = Mean::default();
        for (weight, member) in &self.members {
            mean.add(*weight, &member.predict(table, rows)?)?;
        }
        Ok(mean.finish())
    }

    /// Refuses a pipeline without members or with weights that are none.
    pub(super) fn check(&self) -> Result<(), BundleError> {
        let is_weight = |weight: f64| weight.is_finite() && weight > 0.0;
        match self.members.iter().find(|(weight, _)| !is_weight(*weight)) {
            _ if self.members.is_empty() => {
                Err(BundleError::Invalid("a pipeline has no member; mend: give one".into()))
            }
            Some((weight, member)) => Err(BundleError::Invalid(format!(
                "the member {member:?} has the weight '{weight}'; mend: give a positive number"
            ))),
            None => Ok(()),
        }
    }
}

/// A weighted mean that grows.
#[derive(Default)]
struct Mean {
    total: f64,
    sums: Vec<f64>,
    n_classes: Option<usize>,
}

impl Mean {
    fn add(&mut self, weight: f64, prediction: &Prediction) -> Result<(), BundleError> {
        let (n_classes, votes);
        let numbers: &[f64] = match prediction {
            Prediction::Values(values) => {
                n_classes = None;
                values
            }
            Prediction::Classes {
                scores: Some(scores), probabilities: true, n_classes: n, ..
            } => {
                n_classes = Some(*n);
                scores
            }
            Prediction::Classes { codes, n_classes: n, .. } => {
                n_classes = Some(*n);
                votes = one_hot(codes, *n);
                &votes
            }
        };
        if self.total == 0.0 {
            self.n_classes = n_classes;
            self.sums = vec![0.0; numbers.len()];
        } else if self.n_classes != n_classes || self.sums.len() != numbers.len() {
            return Err(BundleError::Invalid(
                "the members of the ensemble do not predict the same classes; \
                 mend: take members of one sweep"
                    .into(),
            ));
        }
        self.total += weight;
        for (sum, number) in self.sums.iter_mut().zip(numbers) {
            *sum += weight * number;
        }
        Ok(())
    }

    fn finish(self) -> Prediction {
        let total = self.total;
        let means = self.sums.into_iter().map(|sum| sum / total).collect();
        match self.n_classes {
            Some(n_classes) => Prediction::from_probabilities(means, n_classes),
            None => Prediction::Values(means),
        }
    }
}

fn one_hot(codes: &[u32], n_classes: usize) -> Vec<f64> {
    let mut votes = vec![0.0; codes.len() * n_classes];
    for (row, &code) in votes.chunks_mut(n_classes.max(1)).zip(codes) {
        row[code as usize] = 1.0;
    }
    votes
}

/// A prediction with the codes of other classes; a class that the model does not know has a score of 0, or the least
/// one where scores are no probabilities.
pub(super) fn recoded(
    prediction: Prediction,
    from: &[String],
    to: &[String],
) -> Result<Prediction, BundleError> {
    let Prediction::Classes { codes, scores, probabilities, .. } = prediction else {
        return Ok(prediction);
    };
    let place = |class: &String| {
        let found = to.iter().position(|other| other == class);
        found.ok_or_else(|| BundleError::Class { class: class.clone() })
    };
    let places: Vec<usize> = from.iter().map(place).collect::<Result<_, _>>()?;
    let spread = |row: &[f64]| {
        let least = row.iter().copied().fold(f64::INFINITY, f64::min);
        let mut wide = vec![if probabilities { 0.0 } else { least }; to.len()];
        for (&place, &score) in places.iter().zip(row) {
            wide[place] = score;
        }
        wide
    };
    let scores = scores.map(|all| all.chunks(from.len().max(1)).flat_map(spread).collect());
    let codes = codes.into_iter().map(|code| places[code as usize] as u32).collect();
    Ok(Prediction::Classes { codes, scores, probabilities, n_classes: to.len() })
}
