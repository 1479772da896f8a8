//! A model's formula as a graph, and the average of several.

use super::graph::{Builder, Name, int};
use super::proto::element;
use super::{OnnxError, bayes, kernel, neighbors, trees};
use crate::trainer::{FlatTree, Form, Link, NeighborTruth};
use ndarray::Array2;

/// What a model says.
pub(super) enum Answer {
    /// `rows × 1` numbers.
    Number(Name),
    /// Classes.
    Classes {
        /// `rows × classes` doubles.
        scores: Name,
        /// `rows` codes of the classes predicted.
        code: Name,
        /// True if the scores are probabilities.
        probabilities: bool,
    },
}

/// What all models say together.
pub(super) struct Answers {
    /// The average.
    pub(super) answer: Answer,
    /// `rows × 1`: NaN where a model refuses the row, else 0.
    pub(super) refused: Name,
}

/// Where a model stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The prepared matrix.
    pub(super) x: &'a str,
    /// The number of rows, as a row of one integer.
    pub(super) n_rows: &'a str,
}

impl Place<'_> {
    /// A row repeated for every row.
    pub(super) fn repeated(self, builder: &mut Builder, row: &[f64]) -> Name {
        let width = builder.ints(&[row.len() as i64]);
        let shape = builder.op_with("Concat", &[self.n_rows, &width], vec![int("axis", 0)]);
        let row = builder.doubles(row, &[1, row.len()]);
        builder.op("Expand", &[&row, &shape])
    }
}

/// Says what of a form does not fit the number of features or of classes (0 for regression).
pub(super) fn check(form: &Form, width: usize, n_classes: usize) -> Result<(), String> {
    let (features, classes) = match form {
        Form::Constant { outputs, is_classifier } => {
            (None, if *is_classifier { outputs.len() } else { 0 })
        }
        Form::Linear { coef, link, .. } => (Some(coef.ncols()), classes_of(link, coef.nrows())),
        Form::Trees { trees, start, link, .. } => {
            let features = trees.iter().flat_map(|tree| &tree.feature).flatten().max();
            if let Some(&feature) = features.filter(|&&feature| feature as usize >= width) {
                return Err(format!("a tree reads the feature '{feature}' of '{width}'"));
            }
            (None, classes_of(link, start.len()))
        }
        Form::GaussianBayes { n_classes, classes } => {
            (classes.first().map(|class| class.mean.len()), *n_classes)
        }
        Form::Neighbors { rows, truth, .. } => {
            let classes = match truth {
                NeighborTruth::Classes { n_classes, .. } => *n_classes,
                NeighborTruth::Values(_) => 0,
            };
            (Some(rows.ncols()), classes)
        }
        Form::Kernel(form) => {
            let classes = form.machine.as_ref().map_or(0, |machine| machine.n_classes);
            (Some(form.vectors.ncols()), classes)
        }
    };
    if let Some(features) = features.filter(|&features| features != width) {
        return Err(format!("the model reads '{features}' features, '{width}' are prepared"));
    }
    if classes != n_classes {
        return Err(format!("the model has '{classes}' classes, '{n_classes}' are named"));
    }
    Ok(())
}

fn classes_of(link: &Link, outputs: usize) -> usize {
    match link {
        Link::Identity => 0,
        Link::Probabilities => outputs,
        Link::Sigmoid { n_classes, .. } | Link::Softmax { n_classes, .. } => *n_classes,
    }
}

/// Writes one model down.
pub(super) fn answer(
    builder: &mut Builder,
    form: &Form,
    at: Place<'_>,
    member: usize,
) -> Result<Answer, OnnxError> {
    Ok(match form {
        Form::Constant { outputs, is_classifier } => {
            let link = if *is_classifier { Link::Probabilities } else { Link::Identity };
            let outputs = at.repeated(builder, outputs);
            linked(builder, outputs, &link)
        }
        Form::Linear { coef, intercept, link } => {
            let scores = linear(builder, at.x, coef, intercept);
            linked(builder, scores, link)
        }
        Form::Trees { trees, start, is_mean, link } => {
            let width = start.len();
            let is_wrong = |tree: &&FlatTree| tree.width != if *is_mean { width } else { 1 };
            if trees.iter().any(|tree| is_wrong(&tree)) {
                let what = "a tree has leaves of another width".into();
                return Err(OnnxError::Mismatch { member, what });
            }
            let scores = trees::scores(builder, trees, (start, *is_mean), at)?;
            linked(builder, scores, link)
        }
        Form::GaussianBayes { n_classes, classes } => {
            let logs = bayes::logs(builder, classes, at);
            let codes = classes.iter().map(|class| class.class).collect();
            linked(builder, logs, &Link::Softmax { classes: codes, n_classes: *n_classes })
        }
        Form::Neighbors { k, by_distance, is_manhattan, rows, truth } => {
            let search = neighbors::Search {
                k: *k,
                by_distance: *by_distance,
                is_manhattan: *is_manhattan,
                rows,
            };
            let value = search.answer(builder, truth, at);
            let link = match truth {
                NeighborTruth::Classes { .. } => Link::Probabilities,
                NeighborTruth::Values(_) => Link::Identity,
            };
            linked(builder, value, &link)
        }
        Form::Kernel(form) => kernel::answer(builder, form, at),
    })
}

/// `x·coefᵀ + intercept`
fn linear(builder: &mut Builder, x: &str, coef: &Array2<f64>, intercept: &[f64]) -> Name {
    let (k, d) = coef.dim();
    let transposed: Vec<f64> = coef.t().iter().copied().collect();
    let coef = builder.doubles(&transposed, &[d, k]);
    let intercept = builder.doubles(intercept, &[k]);
    let product = builder.op("MatMul", &[x, &coef]);
    builder.op("Add", &[&product, &intercept])
}

/// Makes of raw outputs what the link says.
fn linked(builder: &mut Builder, scores: Name, link: &Link) -> Answer {
    let (scores, classes, n_classes) = match link {
        Link::Identity => return Answer::Number(scores),
        Link::Probabilities => return from_probabilities(builder, scores),
        Link::Sigmoid { classes, n_classes } => {
            // 0 for the first class, the score for the second.
            let both = builder.doubles(&[0.0, 1.0], &[1, 2]);
            (builder.op("Mul", &[&scores, &both]), &classes[..], *n_classes)
        }
        Link::Softmax { classes, n_classes } => (scores, &classes[..], *n_classes),
    };
    let shares = builder.op_with("Softmax", &[&scores], vec![int("axis", 1)]);
    let shares = spread(builder, shares, classes, n_classes);
    from_probabilities(builder, shares)
}

/// Moves the columns of some classes to their places among all; the others are 0.
pub(super) fn spread(
    builder: &mut Builder,
    value: Name,
    classes: &[u32],
    n_classes: usize,
) -> Name {
    if classes.iter().map(|&class| class as usize).eq(0..n_classes) {
        return value;
    }
    let mut places = vec![0.0; classes.len() * n_classes];
    for (from, &class) in classes.iter().enumerate() {
        places[from * n_classes + class as usize] = 1.0;
    }
    let places = builder.doubles(&places, &[classes.len(), n_classes]);
    builder.op("MatMul", &[&value, &places])
}

/// The class of the first largest probability.
fn from_probabilities(builder: &mut Builder, scores: Name) -> Answer {
    let code = first_largest(builder, &scores);
    Answer::Classes { scores, code, probabilities: true }
}

/// `rows` indices of the first largest of each row.
pub(super) fn first_largest(builder: &mut Builder, value: &str) -> Name {
    builder.op_with("ArgMax", &[value], vec![int("axis", 1), int("keepdims", 0)])
}

/// The weighted mean of all answers; classes without probabilities vote.
pub(super) fn average(
    builder: &mut Builder,
    answers: Vec<(f64, Answer, Name)>,
    n_classes: usize,
) -> Answers {
    let total: f64 = answers.iter().map(|(weight, _, _)| weight).sum();
    let (mut sum, mut all_refused) = (None, None);
    let is_single = answers.len() == 1;
    let mut is_number = false;
    for (weight, answer, refused) in answers {
        if is_single {
            return Answers { answer, refused };
        }
        let value = match answer {
            Answer::Number(value) => {
                is_number = true;
                value
            }
            Answer::Classes { scores, probabilities: true, .. } => scores,
            Answer::Classes { code, .. } => {
                let code = builder.as_column(&code);
                let all: Vec<i64> = (0..n_classes as i64).collect();
                let all = builder.ints(&all);
                let is = builder.op("Equal", &[&code, &all]);
                builder.op_with("Cast", &[&is], vec![int("to", i64::from(element::DOUBLE))])
            }
        };
        let weight = builder.double(weight / total);
        let value = builder.op("Mul", &[&value, &weight]);
        sum = Some(added(builder, sum, value));
        all_refused = Some(added(builder, all_refused, refused));
    }
    let (sum, refused) = (sum.unwrap_or_default(), all_refused.unwrap_or_default());
    let answer = if is_number { Answer::Number(sum) } else { from_probabilities(builder, sum) };
    Answers { answer, refused }
}

fn added(builder: &mut Builder, sum: Option<Name>, value: Name) -> Name {
    match sum {
        Some(sum) => builder.op("Add", &[&sum, &value]),
        None => value,
    }
}
