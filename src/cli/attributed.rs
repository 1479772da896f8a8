//! Shapley values of rows by the models that predict them: folds and members put together, columns by name.

use super::explain::unexplained;
use super::unseen::{Part, Unseen};
use super::{CliError, Exit};
use crate::bundle::{Member, Pipeline};
use crate::data::Table;
use crate::domain::Prediction;
use crate::explain::shap::{Attributions, Groups, KernelOptions, Method, Scale, kernel, shap};
use crate::trainer::Form;
use indexmap::IndexSet;
use ndarray::{ArrayView2, s};

/// Rows at most where the method is exact …
const EXACT_ROWS: usize = 200;
/// … and where a model is asked again and again.
const KERNEL_ROWS: usize = 20;
/// Pairs of orders for each member of a blend at least.
const LEAST_PAIRS: usize = 4;
/// Background rows at most for such models.
const KERNEL_BACKGROUND: usize = 50;

/// Attributions of rows to columns of the table.
pub(super) struct Attributed {
    pub(super) method: Method,
    pub(super) scale: Scale,
    /// The class of each output; none for numbers.
    pub(super) outputs: Vec<Option<u32>>,
    /// Columns.
    pub(super) names: Vec<String>,
    /// In the order of the rows.
    pub(super) rows: Vec<RowValues>,
}

/// One row.
#[derive(Clone)]
pub(super) struct RowValues {
    /// One an output.
    pub(super) base: Vec<f64>,
    /// Outputs by columns.
    pub(super) values: Vec<Vec<f64>>,
    /// Standard errors, where values were sampled.
    pub(super) errors: Option<Vec<Vec<f64>>>,
}

impl Attributed {
    /// Mean absolute value of each column.
    pub(super) fn mean_absolute(&self, output: usize) -> Vec<f64> {
        let n = self.rows.len() as f64;
        let mean = |column: usize| {
            self.rows.iter().map(|row| row.values[output][column].abs()).sum::<f64>() / n
        };
        (0..self.names.len()).map(mean).collect()
    }

    /// The outputs to show: of a class, of the positive one of two, or all.
    pub(super) fn shown(
        &self,
        class: Option<u32>,
        unseen: &Unseen,
    ) -> Result<Vec<usize>, CliError> {
        if let Some(class) = class {
            let found = self.outputs.iter().position(|output| *output == Some(class));
            return found.map(|output| vec![output]).ok_or_else(|| {
                let text = format!(
                    "the {} of this model is of '{}'",
                    self.scale.word(),
                    self.outputs[0].map(|code| unseen.label(f64::from(code))).unwrap_or_default()
                );
                CliError::usage(text).hint(
                    "the other class has the same values with the other sign: leave --class out",
                )
            });
        }
        if unseen.classes.len() == 2 && self.outputs.len() == 2 {
            return Ok(vec![self.of_row(None, unseen)]);
        }
        Ok((0..self.outputs.len()).collect())
    }

    /// The output to show for a row: of two classes the positive one's, else the predicted class's.
    pub(super) fn of_row(&self, predicted: Option<u32>, unseen: &Unseen) -> usize {
        let wanted = unseen.positive.or(predicted);
        self.outputs.iter().position(|output| *output == wanted).unwrap_or(0)
    }
}

/// Attributes the rows, each by its model; fewer of them where that is dear.
pub(super) fn attribute(
    unseen: &mut Unseen,
    max_rows: Option<usize>,
    seed: u64,
) -> Result<Attributed, CliError> {
    let is_exact = match unseen.parts.first() {
        Some(part) => is_exact(part.pipeline()?),
        None => return Err(CliError::new(Exit::Failed, "there is no row to explain")),
    };
    let most = max_rows.unwrap_or(if is_exact { EXACT_ROWS } else { KERNEL_ROWS });
    unseen.thin(most, seed);
    let mut found = Vec::new();
    for part in &unseen.parts {
        found.extend(of_part(part, &unseen.table, seed)?);
    }
    Ok(together(unseen.table.n_rows, &found))
}

/// What one member of a model gives.
struct Share<'a> {
    /// Places of its rows.
    at: &'a [usize],
    /// Its weight, of 1.
    weight: f64,
    names: Vec<String>,
    found: Attributions,
}

impl Share<'_> {
    /// The class of each output.
    fn outputs(&self) -> Vec<Option<u32>> {
        let classes: Vec<Option<u32>> = self.found.classes.iter().copied().map(Some).collect();
        if classes.is_empty() { vec![None] } else { classes }
    }
}

/// Sums the shares: Shapley values add up as predictions do, those of a mean are the mean of those. A column that a
/// member does not read adds nothing there, nor does a class that its fold has not seen.
fn together(n_rows: usize, shares: &[Share<'_>]) -> Attributed {
    let names: IndexSet<&String> = shares.iter().flat_map(|share| &share.names).collect();
    let mut outputs: Vec<Option<u32>> = shares.iter().flat_map(Share::outputs).collect();
    outputs.sort_unstable();
    outputs.dedup();
    let zeros = vec![vec![0.0; names.len()]; outputs.len()];
    let is_sampled = shares.iter().any(|share| share.found.errors.is_some());
    let blank = RowValues {
        base: vec![0.0; outputs.len()],
        values: zeros.clone(),
        errors: is_sampled.then_some(zeros),
    };
    let mut rows = vec![blank; n_rows];
    for share in shares {
        let columns: Vec<usize> =
            share.names.iter().filter_map(|name| names.get_index_of(name)).collect();
        for (own, output) in share.outputs().iter().enumerate() {
            let Ok(output) = outputs.binary_search(output) else { continue };
            for (number, &at) in share.at.iter().enumerate() {
                let row = &mut rows[at];
                row.base[output] += share.weight * share.found.base[own];
                for (group, &column) in columns.iter().enumerate() {
                    let value = share.found.values[[number, own, group]];
                    row.values[output][column] += share.weight * value;
                    if let (Some(all), Some(errors)) = (&mut row.errors, &share.found.errors) {
                        let error = &mut all[output][column];
                        *error = error.hypot(share.weight * errors[[number, own, group]]);
                    }
                }
            }
        }
    }
    let first = shares.first().map(|share| (share.found.method, share.found.scale));
    let (method, scale) = first.unwrap_or((Method::Linear, Scale::Value));
    let names = names.into_iter().cloned().collect();
    Attributed { method, scale, outputs, names, rows }
}

/// True if the only member is of a form with an exact and quick method.
fn is_exact(pipeline: &Pipeline) -> bool {
    match &pipeline.members[..] {
        [(_, member)] => matches!(member.model().form(), Form::Linear { .. } | Form::Trees { .. }),
        _ => false,
    }
}

/// The rows of a part by each member of its model.
fn of_part<'a>(part: &'a Part, table: &Table, seed: u64) -> Result<Vec<Share<'a>>, CliError> {
    let members = &part.pipeline()?.members;
    let total: f64 = members.iter().map(|(weight, _)| weight).sum();
    let is_blend = members.len() > 1;
    // Orders of their own for each member: then the errors of many average out, and fewer do.
    let pairs = (KernelOptions::default().pairs / members.len().max(1)).max(LEAST_PAIRS);
    let share = |(number, (weight, member)): (usize, &(f64, Member))| {
        let options = KernelOptions { pairs, seed: seed.wrapping_add(number as u64) };
        let (found, names) = of_member((part, member), table, (is_blend, options))?;
        Ok(Share { at: &part.at, weight: weight / total, names, found })
    };
    members.iter().enumerate().map(share).collect()
}

/// A member of a blend is explained by the probabilities, or votes, that the blend takes of it.
fn of_member(
    (part, member): (&Part, &Member),
    table: &Table,
    (is_blend, options): (bool, KernelOptions),
) -> Result<(Attributions, Vec<String>), CliError> {
    let prepared = |table: &Table, rows: &[usize]| {
        let x = member.prep.transform(table, rows);
        x.map_err(|error| CliError::new(Exit::Failed, error.to_string()))
    };
    let x = prepared(table, &part.at)?;
    let all: Vec<usize> = (0..part.background.n_rows).collect();
    let background = prepared(&part.background, &all)?;
    let groups = Groups::by_source(member.prep.features());
    let model = member.model();
    let form = model.form();
    let is_quick = matches!(form, Form::Linear { .. } | Form::Trees { .. });
    let few = background.slice(s![..background.nrows().min(KERNEL_BACKGROUND), ..]);
    let found = if is_blend {
        let blended = |rows: ArrayView2<'_, f64>| votes(model.predict(rows));
        kernel(&blended, x.view(), few, &groups, &options)
    } else if is_quick {
        shap(model, x.view(), background.view(), &groups, &options)
    } else {
        shap(model, x.view(), few, &groups, &options)
    };
    Ok((found.map_err(|error| unexplained(&error))?, groups.names))
}

/// As [`Pipeline::predict`] takes members without probabilities: 1 for the class.
fn votes(prediction: Prediction) -> Prediction {
    match prediction {
        Prediction::Classes { codes, probabilities: false, n_classes, .. } => {
            let mut shares = vec![0.0; codes.len() * n_classes];
            for (row, &code) in codes.iter().enumerate() {
                shares[row * n_classes + code as usize] = 1.0;
            }
            Prediction::from_probabilities(shares, n_classes)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn members_add_up_by_the_names_of_their_columns() {
        let share = |at: &'static [usize], weight, names: &[&str], values: Vec<f64>, class: u32| {
            let n = names.len();
            let found = Attributions {
                method: Method::KernelExact,
                scale: Scale::Probability,
                classes: vec![class],
                base: vec![0.5],
                values: Array3::from_shape_vec((at.len(), 1, n), values).unwrap(),
                errors: None,
            };
            Share { at, weight, names: names.iter().map(ToString::to_string).collect(), found }
        };
        let all = together(
            2,
            &[
                share(&[0], 0.75, &["a", "b"], vec![1.0, 2.0], 1),
                share(&[0], 0.25, &["b", "c"], vec![4.0, 8.0], 1),
                share(&[1], 1.0, &["c"], vec![3.0], 0),
            ],
        );
        assert_eq!((all.names.join(","), &*all.outputs), ("a,b,c".into(), &[Some(0), Some(1)][..]));
        assert_eq!(all.rows[0].values, [[0.0; 3], [0.75, 2.5, 2.0]]);
        assert_eq!(all.rows[1].values, [[0.0, 0.0, 3.0], [0.0; 3]]);
        assert_eq!((all.rows[0].base[1], all.rows[1].base[0]), (0.5, 0.5));
        assert_eq!(all.mean_absolute(1), [0.375, 1.25, 1.0]);
    }
}
