//! Rows with models that have not seen them: what explain and errors look at.

use super::file_rows::{FileRows, seen_in_training};
use super::insight_args::RowsArgs;
use super::reference::Named;
use super::text::{count, plural};
use super::{CliError, Exit, Ui};
use crate::bundle::{Bundle, BundleError, Pipeline};
use crate::candidate::{FitRows, Fitted, FoldModel, Ground, Recipe};
use crate::data::{Column, MISSING, Table, Values};
use crate::domain::{Labels, Objective, Prediction, RunRecord, Value};
use crate::executor::quiet_panics;
use crate::explain::shap::background_rows;
use std::path::Path;

/// Rows of a background at most.
const BACKGROUND: usize = 100;

/// Whose rows they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Of the search, each by the model of the fold that has not seen it.
    Folds,
    /// The holdout.
    Holdout,
    /// A file.
    File,
}

impl Source {
    /// The word in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Folds => "out-of-fold",
            Self::Holdout => "holdout",
            Self::File => "data",
        }
    }
}

/// A model that predicts some of the rows.
pub(super) struct Part {
    model: PartModel,
    /// Its fold's name, where it is of one.
    pub(super) fold: Option<String>,
    /// Places of its rows, ascending.
    pub(super) at: Vec<usize>,
    /// Rows that a SHAP value compares with.
    pub(super) background: Table,
}

enum PartModel {
    Fold(Pipeline),
    Packed(Box<Bundle>),
}

impl Part {
    /// The fitted members.
    pub(super) fn pipeline(&self) -> Result<&Pipeline, CliError> {
        match &self.model {
            PartModel::Fold(pipeline) => Ok(pipeline),
            PartModel::Packed(bundle) => {
                let name = bundle.manifest().name.clone();
                Ok(bundle.pipeline().ok_or(BundleError::Command { name })?)
            }
        }
    }
}

/// Rows, and models that have not seen them.
pub(super) struct Unseen {
    /// What the model is called: `run 171 (svm)`.
    pub(super) name: String,
    pub(super) source: Source,
    /// The rows in words: `455 search rows, each by …`.
    pub(super) words: String,
    /// The feature columns of these rows.
    pub(super) table: Table,
    /// The number of each row in the data, from 1.
    pub(super) numbers: Vec<usize>,
    /// The id of each row, where there is an id column.
    pub(super) ids: Option<Vec<String>>,
    /// The truth; none where nobody asked for it.
    pub(super) truth: Option<Labels>,
    pub(super) weights: Option<Vec<f64>>,
    /// Names of classes by code.
    pub(super) classes: Vec<String>,
    /// The class that a binary model is about.
    pub(super) positive: Option<u32>,
    /// What the sweep aimed at.
    pub(super) objective: Objective,
    pub(super) parts: Vec<Part>,
    /// What a reader must know, a sentence each.
    pub(super) notes: Vec<String>,
    /// Rows that are left out of it on purpose: of the holdout.
    held: Vec<usize>,
}

impl Unseen {
    /// Finds the model and the rows.
    pub(super) fn find(
        ui: &Ui,
        reference: &str,
        rows: &RowsArgs,
        wants_truth: bool,
    ) -> Result<Self, CliError> {
        let named = Named::parse(ui, reference)?;
        quiet_panics();
        if let Some(path) = &rows.data {
            let name = match &named {
                Named::Run(run) => run_name(run),
                Named::Version { .. } | Named::Folder(_) => reference.to_string(),
            };
            let (bundle, _) = named.bundle(ui)?;
            return Self::of_file(name, bundle, path, wants_truth);
        }
        let Named::Run(run) = named else {
            return Err(CliError::usage(format!("'{reference}' is a bundle, which holds no rows"))
                .hint("--data FILE names rows; a run is looked at on the rows of its own sweep"));
        };
        let store = ui.read_store()?;
        let recipe = Recipe::of(&store, *run)?;
        if rows.holdout {
            let fitted = Fitted::of(&store, &recipe, FitRows::Search)?;
            return Self::of_holdout(&recipe, fitted);
        }
        let Some(section) = recipe.data_section() else { return Err(no_model(&recipe.run)) };
        let ground = recipe.ground(section)?;
        let folds = recipe.fold_models(&ground)?;
        Ok(Self::of_folds(&recipe, &ground, folds))
    }

    fn of_folds(recipe: &Recipe, ground: &Ground, folds: Vec<FoldModel>) -> Self {
        let mut rows: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        rows.sort_unstable();
        let n_folds = folds.len();
        let data = &ground.data;
        let parts = folds.into_iter().map(|fold| {
            let at = fold.test.iter().filter_map(|row| rows.binary_search(row).ok()).collect();
            let some = background_rows(fold.train.len(), BACKGROUND, 0);
            let some: Vec<usize> = some.into_iter().map(|at| fold.train[at]).collect();
            let background = rows_of(&data.table, &data.features, &some);
            Part { model: PartModel::Fold(fold.pipeline), fold: Some(fold.name), at, background }
        });
        let parts = parts.collect();
        let words = format!(
            "{}, each by the fold's model that has not seen it ({n_folds} folds)",
            plural(rows.len() as u64, "search row"),
        );
        Self::of_data(recipe, ground, &rows, (Source::Folds, words, parts))
    }

    fn of_holdout(recipe: &Recipe, fitted: Fitted) -> Result<Self, CliError> {
        let Fitted { bundle, ground: Some(ground), .. } = fitted else {
            return Err(no_model(&recipe.run));
        };
        let rows = ground.split.holdout.clone();
        if rows.is_empty() {
            let text =
                format!("run {} has no holdout: its sweep keeps no rows apart", recipe.run.id);
            return Err(
                CliError::usage(text).hint("without --holdout the search rows are looked at")
            );
        }
        let (data, search) = (&ground.data, &ground.split.search);
        let some = background_rows(search.len(), BACKGROUND, 0);
        let some: Vec<usize> = some.into_iter().map(|at| search[at]).collect();
        let part = Part {
            model: PartModel::Packed(Box::new(bundle)),
            fold: None,
            at: (0..rows.len()).collect(),
            background: rows_of(&data.table, &data.features, &some),
        };
        part.pipeline()?;
        let words = format!(
            "{} of the holdout, by the model fitted on the search rows",
            plural(rows.len() as u64, "row")
        );
        let mut made = Self::of_data(recipe, &ground, &rows, (Source::Holdout, words, vec![part]));
        made.held.clear();
        made.notes.insert(
            0,
            "this is a look at the holdout: a model that is changed by what is seen here is \
            judged too well on these rows"
                .into(),
        );
        Ok(made)
    }

    fn of_data(
        recipe: &Recipe,
        ground: &Ground,
        rows: &[usize],
        (source, words, parts): (Source, String, Vec<Part>),
    ) -> Self {
        let data = &ground.data;
        let section = recipe.data_section();
        let id = section.and_then(|section| data.table.find(section.data.id.as_deref()?));
        let id = id.map(|idx| &data.table.columns[idx]);
        let mut notes = Vec::new();
        if section.is_some_and(|section| section.data.drop_missing_target) {
            notes.push("rows are numbered without those that lack a target".into());
        }
        if data.groups.is_some() {
            notes.push(
                "rows come in groups, which intervals do not know: they are too narrow".into(),
            );
        }
        Self {
            name: run_name(&recipe.run),
            source,
            words,
            table: rows_of(&data.table, &data.features, rows),
            numbers: rows.iter().map(|row| row + 1).collect(),
            ids: id.map(|column| rows.iter().map(|&row| cell_text(column, row)).collect()),
            truth: Some(data.labels.take(rows)),
            weights: data.weights.as_ref().map(|w| rows.iter().map(|&row| w[row]).collect()),
            classes: data.classes.clone(),
            positive: match &data.labels {
                Labels::Classes { n_classes: 2, positive, .. } => Some(*positive),
                _ => None,
            },
            objective: aim(recipe.row.objectives.iter()),
            parts,
            notes,
            held: ground.split.holdout.iter().map(|row| row + 1).collect(),
        }
    }

    fn of_file(
        name: String,
        bundle: Bundle,
        path: &Path,
        wants_truth: bool,
    ) -> Result<Self, CliError> {
        let rows = FileRows::read(&bundle, path, wants_truth)?;
        let n = rows.numbers.len();
        if n == 0 {
            let text = format!("'{}' holds no row to look at", path.display());
            return Err(
                CliError::new(Exit::Failed, text).hint("name a file with rows and their target")
            );
        }
        let mut notes = rows.notes;
        match seen_in_training(&bundle, path) {
            Some(seen) if seen > 0 => notes.insert(0, format!(
                "{} of these rows are among those that the model was trained on: it looks better on them than it is",
                count(seen)
            )),
            _ => {}
        }
        let some = background_rows(n, BACKGROUND, 0);
        let all: Vec<usize> = (0..rows.table.columns.len()).collect();
        let background = rows_of(&rows.table, &all, &some);
        let manifest = bundle.manifest();
        let (classes, objective) = (manifest.classes.clone(), manifest.objective.clone());
        let positive = classes.iter().position(|class| Some(class) == manifest.positive.as_ref());
        let positive = positive.map(|code| code as u32);
        let model = PartModel::Packed(Box::new(bundle));
        Ok(Self {
            name,
            source: Source::File,
            words: format!("{} of {}", plural(n as u64, "row"), path.display()),
            table: rows.table,
            numbers: rows.numbers,
            ids: None,
            truth: rows.truth,
            weights: None,
            classes,
            positive,
            objective,
            parts: vec![Part { model, fold: None, at: (0..n).collect(), background }],
            notes,
            held: Vec::new(),
        })
    }

    /// What the models say of the rows of a table like [`table`](Self::table).
    pub(super) fn predict(&self, table: &Table) -> Result<Prediction, CliError> {
        let mut found = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            found.push((part.at.as_slice(), part.pipeline()?.predict(table, &part.at)?));
        }
        Ok(joined(table.n_rows, &found))
    }

    /// The truth, for a question that needs it.
    pub(super) fn truth(&self) -> Result<&Labels, CliError> {
        self.truth
            .as_ref()
            .ok_or_else(|| CliError::new(Exit::Bug, "the rows came without their truth"))
    }

    /// Leaves some rows only, by their places, ascending.
    pub(super) fn keep(&mut self, places: &[usize]) {
        let all: Vec<usize> = (0..self.table.columns.len()).collect();
        self.table = rows_of(&self.table, &all, places);
        self.numbers = places.iter().map(|&at| self.numbers[at]).collect();
        self.ids = self.ids.take().map(|ids| places.iter().map(|&at| ids[at].clone()).collect());
        self.truth = self.truth.take().map(|truth| truth.take(places));
        self.weights = self.weights.take().map(|w| places.iter().map(|&at| w[at]).collect());
        for part in &mut self.parts {
            part.at = part.at.iter().filter_map(|at| places.binary_search(at).ok()).collect();
        }
        self.parts.retain(|part| !part.at.is_empty());
    }

    /// Leaves so many rows at most, drawn at random.
    pub(super) fn thin(&mut self, most: usize, seed: u64) {
        let n = self.numbers.len();
        if n > most {
            self.words = format!("{} drawn from {}", count(most as u64), self.words);
            self.keep(&background_rows(n, most, seed));
        }
    }

    /// The place of the row of that number.
    pub(super) fn place(&self, number: usize) -> Result<usize, CliError> {
        if let Ok(at) = self.numbers.binary_search(&number) {
            return Ok(at);
        }
        let text = format!("row '{number}' is none of these: {}", self.words);
        let error = CliError::usage(text);
        Err(if self.held.binary_search(&number).is_ok() {
            error.hint("it is of the holdout: --holdout looks at it")
        } else if self.source == Source::Holdout {
            error.hint("it is of the search rows: leave --holdout out")
        } else {
            error.hint("rows count from 1")
        })
    }

    /// The class or number that is meant by a code or value.
    pub(super) fn label(&self, value: f64) -> String {
        match self.classes.get(value as usize) {
            Some(class) => class.clone(),
            None => crate::domain::format_number(value, 4),
        }
    }
}

/// The first objective that predictions can give.
fn aim<'a>(mut objectives: impl Iterator<Item = &'a Objective> + Clone) -> Objective {
    let is_of_predictions = |objective: &&Objective| {
        crate::metrics::info(&objective.metric).is_some_and(|info| !info.measured)
    };
    let first = objectives.clone().find(is_of_predictions).or_else(|| objectives.next());
    first.cloned().expect("a sweep has an objective")
}

fn run_name(run: &RunRecord) -> String {
    let model = run.params.get("model").and_then(Value::as_str);
    match model {
        Some(model) => format!("run {} ({model})", run.id),
        None => format!("run {}", run.id),
    }
}

fn no_model(run: &RunRecord) -> CliError {
    let text = format!("run {} is of no built-in model, so derby cannot look into it", run.id);
    CliError::new(Exit::Failed, text).hint("derby artifacts lists what its command left behind")
}

/// Some rows of some columns.
pub(super) fn rows_of(table: &Table, columns: &[usize], rows: &[usize]) -> Table {
    let one = |&idx: &usize| {
        let column = &table.columns[idx];
        let values = match &column.values {
            Values::Numbers(numbers) => {
                Values::Numbers(rows.iter().map(|&row| numbers[row]).collect())
            }
            Values::Codes { codes, levels } => Values::Codes {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                levels: levels.clone(),
            },
        };
        Column { values, ..column.clone() }
    };
    Table { columns: columns.iter().map(one).collect(), n_rows: rows.len() }
}

/// A cell for people.
pub(super) fn cell_text(column: &Column, row: usize) -> String {
    match &column.values {
        Values::Numbers(numbers) if numbers[row].is_nan() => "missing".into(),
        Values::Numbers(numbers) if column.kind == crate::data::ColumnType::Date => {
            let iso = crate::host::clock::iso((numbers[row] * 1e3) as i64);
            iso.strip_suffix("T00:00:00.000Z").map_or(iso.clone(), str::to_string)
        }
        Values::Numbers(numbers) => Value::Float(numbers[row]).to_string(),
        Values::Codes { codes, .. } if codes[row] == MISSING => "missing".into(),
        Values::Codes { codes, levels } => levels[codes[row] as usize].clone(),
    }
}

/// Predictions of some places each as one of all; scores where all have some.
fn joined(n_rows: usize, found: &[(&[usize], Prediction)]) -> Prediction {
    let width = found.iter().find_map(|(_, prediction)| match prediction {
        Prediction::Classes { n_classes, .. } => Some(*n_classes),
        Prediction::Values(_) => None,
    });
    let Some(width) = width else {
        let mut all = vec![f64::NAN; n_rows];
        for (at, prediction) in found {
            if let Prediction::Values(values) = prediction {
                at.iter().zip(values).for_each(|(&at, value)| all[at] = *value);
            }
        }
        return Prediction::Values(all);
    };
    let (mut all_codes, mut all_scores) = (vec![0; n_rows], Some(vec![0.0; n_rows * width]));
    let mut all_probabilities = true;
    for (at, prediction) in found {
        let Prediction::Classes { codes, scores, probabilities, .. } = prediction else { continue };
        all_probabilities &= probabilities;
        at.iter().zip(codes).for_each(|(&at, code)| all_codes[at] = *code);
        match (&mut all_scores, scores) {
            (Some(all), Some(scores)) => {
                for (&at, row) in at.iter().zip(scores.chunks(width)) {
                    all[at * width..(at + 1) * width].copy_from_slice(row);
                }
            }
            (all, _) => *all = None,
        }
    }
    let probabilities = all_probabilities && all_scores.is_some();
    Prediction::Classes { codes: all_codes, scores: all_scores, probabilities, n_classes: width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_of_parts_stand_at_their_places() {
        let one = Prediction::from_probabilities(vec![0.9, 0.1, 0.2, 0.8], 2);
        let two = Prediction::from_probabilities(vec![0.4, 0.6], 2);
        let all = joined(3, &[(&[0, 2], one.clone()), (&[1], two)]);
        assert_eq!(all, Prediction::from_probabilities(vec![0.9, 0.1, 0.4, 0.6, 0.2, 0.8], 2));
        let bare =
            |codes| Prediction::Classes { codes, scores: None, probabilities: false, n_classes: 2 };
        assert_eq!(joined(3, &[(&[0, 2], one), (&[1], bare(vec![1]))]), bare(vec![0, 1, 1]));
        let values = joined(
            2,
            &[(&[1], Prediction::Values(vec![2.0])), (&[0], Prediction::Values(vec![1.0]))],
        );
        assert_eq!(values, Prediction::Values(vec![1.0, 2.0]));
    }
}
