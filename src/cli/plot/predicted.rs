//! Figures of what models predict for rows that they were not fitted on: out-of-fold, never the holdout.

use crate::candidate::{Ground, Kept, KeptError, Recipe};
use crate::cli::replicates::best_trials;
use crate::cli::text::nearest;
use crate::cli::{CliError, Exit};
use crate::domain::{Labels, Prediction, RunRecord, Task};
use crate::plot::{
    Binning, Calibration, Confusion, PlotError, RankKind, Ranking, Residuals, calibration_curve,
    of_class, rank_curve,
};
use crate::store::{Store, SweepRow};

/// Curves of one figure at most: more than these nobody tells apart.
const MAX_CURVES: usize = 12;
/// Runs of a sweep that are looked at for predictions.
const LOOKED_AT: usize = 50;
/// Bins of a calibration curve.
const BINS: usize = 10;

/// One model's predictions.
struct Rows {
    /// `run 12 svm`.
    label: String,
    truth: Labels,
    prediction: Prediction,
}

/// What a curve is of: its name, whether each row is of the class, and the scores of that.
type OneClass = (String, Vec<bool>, Vec<f64>);

/// The predictions of some runs on one data set's columns.
pub(in crate::cli) struct Predicted {
    /// Above the figure: the sweep, or the runs.
    name: String,
    target: String,
    classes: Vec<String>,
    task: Task,
    models: Vec<Rows>,
}

impl Predicted {
    /// Those of runs that are named; each must have some.
    pub(in crate::cli) fn of_runs(store: &Store, runs: Vec<RunRecord>) -> Result<Self, CliError> {
        let numbers: Vec<String> = runs.iter().take(4).map(|run| run.id.to_string()).collect();
        let more = if runs.len() > numbers.len() { ", …" } else { "" };
        let word = if runs.len() == 1 { "run" } else { "runs" };
        let name = format!("{word} {}{more}", numbers.join(", "));
        let mut all: Option<Self> = None;
        let mut read: Option<(Ground, (String, Option<String>))> = None;
        for run in runs {
            let recipe = Recipe::of(store, run)?;
            // Runs of one sweep share the data; it is read once.
            let key = (recipe.row.digest.clone(), recipe.run.data_hash.clone());
            let ground = match read.take() {
                Some((ground, other)) if other == key => ground,
                _ => {
                    let section = recipe.split_data().map_err(|error| lacks(&recipe, error))?;
                    recipe.ground(section)?
                }
            };
            let rows = rows(store, &recipe, &ground)?;
            let made = all.get_or_insert_with(|| Self::empty(&name, &recipe, &ground));
            let one = Self::empty(&name, &recipe, &ground);
            if (&made.target, &made.classes, made.task) != (&one.target, &one.classes, one.task) {
                let text = format!("run {} predicts '{}' of other data", recipe.run.id, one.target);
                return Err(CliError::usage(text).hint("name runs of one data set"));
            }
            made.models.push(rows);
            read = Some((ground, key));
        }
        all.ok_or_else(|| CliError::usage("no run is named"))
    }

    /// Those of the best runs of a sweep whose predictions are kept, `most` at most.
    pub(in crate::cli) fn of_sweep(
        store: &Store,
        sweep: &SweepRow,
        most: usize,
    ) -> Result<Self, CliError> {
        let objective = &sweep.objectives[0];
        let best = best_trials(store, sweep, (&objective.metric, objective.goal), LOOKED_AT)?;
        let Some(first) = best.iter().flatten().next().cloned() else {
            let text = format!("no run of sweep '{}' has a score", sweep.name);
            return Err(CliError::new(Exit::NoResult, text));
        };
        let mut runs = Vec::new();
        for run in best.into_iter().flatten() {
            if runs.len() < most && Kept::are_there(store, &run)? {
                runs.push(run);
            }
        }
        if runs.is_empty() {
            // The best one says why there are none.
            runs.push(first);
        }
        let mut made = Self::of_runs(store, runs)?;
        made.name.clone_from(&sweep.name);
        Ok(made)
    }

    /// The same from data that has been read already, for one run.
    pub(in crate::cli) fn of_run(
        store: &Store,
        recipe: &Recipe,
        ground: &Ground,
    ) -> Result<Self, CliError> {
        let mut made = Self::empty(&format!("run {}", recipe.run.id), recipe, ground);
        made.models.push(rows(store, recipe, ground)?);
        Ok(made)
    }

    fn empty(name: &str, recipe: &Recipe, ground: &Ground) -> Self {
        let section = recipe.data_section();
        Self {
            name: name.into(),
            target: section.map_or(String::new(), |section| section.data.target.clone()),
            classes: ground.data.classes.clone(),
            task: ground.data.labels.task(),
            models: Vec::new(),
        }
    }

    /// What is learned.
    pub(in crate::cli) fn task(&self) -> Task {
        self.task
    }

    /// Says that a figure is for another task.
    fn fits(&self, kind: &str, classes: bool) -> Result<(), CliError> {
        if self.task.is_classification() == classes {
            return Ok(());
        }
        let text = format!("'{kind}' does not fit {}, as '{}' is", self.task.word(), self.name);
        Err(CliError::usage(text).hint(if classes {
            "derby plot residuals shows predicted numbers"
        } else {
            "derby plot confusion, roc, pr or calibration shows predicted classes"
        }))
    }

    /// What curves are of: (name, truth, scores) of a class of each model; of every class of the first model, where
    /// there are three or more and none is named.
    fn curves(&self, class: Option<&str>) -> Result<Vec<OneClass>, CliError> {
        let named = class.map(|class| self.class(class)).transpose()?;
        let positive = match &self.models[0].truth {
            Labels::Classes { positive, .. } => *positive,
            Labels::Values(_) => 0,
        };
        let one = named.or((self.task == Task::Binary).then_some(positive));
        let Some(code) = one else {
            let model = &self.models[0];
            let mut every = Vec::new();
            for (code, class) in self.classes.iter().enumerate() {
                if let Some((truth, scores)) =
                    of_class(&model.truth, &model.prediction, code as u32)
                {
                    every.push((class.clone(), truth, scores));
                }
            }
            return Ok(every);
        };
        let of = |model: &Rows| {
            let (truth, scores) = of_class(&model.truth, &model.prediction, code)?;
            Some((model.label.clone(), truth, scores))
        };
        Ok(self.models.iter().filter_map(of).collect())
    }

    /// What the curves' title says they are of.
    fn what(&self, class: Option<&str>) -> String {
        let positive = match &self.models[0].truth {
            Labels::Classes { positive, .. } => self.classes.get(*positive as usize),
            Labels::Values(_) => None,
        };
        match (class, self.task) {
            (Some(class), _) => format!("{}: '{class}' of {}", self.name, self.target),
            (None, Task::Binary) => match positive {
                Some(class) => format!("{}: '{class}' of {}", self.name, self.target),
                None => self.name.clone(),
            },
            _ => match &self.models[..] {
                [model, ..] if !self.name.starts_with("run ") => {
                    format!("{}: each class of {} by {}", self.name, self.target, model.label)
                }
                _ => format!("{}: each class of {}", self.name, self.target),
            },
        }
    }

    fn class(&self, name: &str) -> Result<u32, CliError> {
        let found = self.classes.iter().position(|class| class == name);
        found.map(|code| code as u32).ok_or_else(|| {
            let known = || self.classes.iter().map(String::as_str);
            let error = CliError::usage(format!("'{}' has no class '{name}'", self.target));
            // Of classes such as 0 and 1 none is like another.
            error.hint(match nearest(name, known().filter(|known| known.chars().count() > 2)) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("it has {}", super::listed(known())),
            })
        })
    }

    /// ROC or precision and recall.
    pub(in crate::cli) fn ranking(
        &self,
        kind: RankKind,
        class: Option<&str>,
    ) -> Result<Ranking, CliError> {
        let word = if kind == RankKind::Roc { "roc" } else { "pr" };
        self.fits(word, true)?;
        let curves = self.curves(class)?;
        if curves.is_empty() {
            return Err(no_scores(word));
        }
        let all = curves.len();
        let curves = curves
            .iter()
            .take(MAX_CURVES)
            .map(|(name, truth, scores)| rank_curve(kind, name, truth, scores));
        let curves = curves.collect::<Result<Vec<_>, PlotError>>()?;
        Ok(Ranking { title: self.what(class) + &of_more(all), kind, curves })
    }

    /// What predicted probabilities come true; scores that are none are left out.
    pub(in crate::cli) fn calibration(&self, class: Option<&str>) -> Result<Calibration, CliError> {
        self.fits("calibration", true)?;
        let is_share = |scores: &[f64]| scores.iter().all(|p| (0.0..=1.0).contains(p));
        let mut curves = self.curves(class)?;
        curves.retain(|(_, _, scores)| is_share(scores));
        if curves.is_empty() {
            return Err(no_scores("calibration"));
        }
        let all = curves.len();
        let curves = curves.iter().take(MAX_CURVES).map(|(name, truth, scores)| {
            calibration_curve(name, truth, scores, Binning::Uniform(BINS))
        });
        let what = match class {
            Some(class) => format!("probability of '{class}'"),
            None => "predicted probability".into(),
        };
        Ok(Calibration {
            title: self.what(class) + &of_more(all),
            what,
            curves: curves.collect::<Result<_, PlotError>>()?,
        })
    }

    /// Predicted by true class, of one model.
    pub(in crate::cli) fn confusion(&self) -> Result<Confusion, CliError> {
        self.fits("confusion", true)?;
        let model = self.only("confusion")?;
        let (Labels::Classes { codes: truth, .. }, Prediction::Classes { codes, .. }) =
            (&model.truth, &model.prediction)
        else {
            return Err(no_scores("confusion"));
        };
        Ok(Confusion::new(&self.about(model), self.classes.clone(), truth, codes))
    }

    /// What is left of the target, of one model.
    pub(in crate::cli) fn residuals(&self) -> Result<Residuals, CliError> {
        self.fits("residuals", false)?;
        let model = self.only("residuals")?;
        let (Labels::Values(truth), Prediction::Values(predicted)) =
            (&model.truth, &model.prediction)
        else {
            return Err(no_scores("residuals"));
        };
        Ok(Residuals {
            title: self.about(model),
            target: self.target.clone(),
            truth: truth.clone(),
            predicted: predicted.clone(),
        })
    }

    fn only(&self, kind: &str) -> Result<&Rows, CliError> {
        match &self.models[..] {
            [model] => Ok(model),
            models => {
                let text = format!("'{kind}' shows one run, {} are named", models.len());
                Err(CliError::usage(text))
            }
        }
    }

    fn about(&self, model: &Rows) -> String {
        let about = format!("{}: {} out of fold", model.label, self.target);
        if self.name.starts_with("run ") { about } else { format!("{}, {about}", self.name) }
    }
}

/// Says in a title that not all curves are drawn.
fn of_more(all: usize) -> String {
    if all > MAX_CURVES { format!(" (the first {MAX_CURVES} of {all})") } else { String::new() }
}

fn no_scores(kind: &str) -> CliError {
    let text = format!("'{kind}' needs probabilities, and what is kept has classes only");
    CliError::new(Exit::Failed, text).hint("svm gives them with probability = true")
}

/// What a run predicts for the rows of the search, and their truth.
fn rows(store: &Store, recipe: &Recipe, ground: &Ground) -> Result<Rows, CliError> {
    let run = &recipe.run;
    let label = match run.params.get("model") {
        Some(model) => format!("run {} {model}", run.id),
        None => format!("run {}", run.id),
    };
    let kept = Kept::of(store, recipe, ground).map_err(|error| lacks(recipe, error))?;
    Ok(Rows { label, truth: kept.truth, prediction: kept.prediction })
}

/// Why there is nothing to draw of a run.
fn lacks(recipe: &Recipe, error: KeptError) -> CliError {
    let exit = match error {
        KeptError::Store(error) => return error.into(),
        KeptError::File(error) => return error.into(),
        KeptError::Missing => Exit::NoResult,
        _ => Exit::Failed,
    };
    let told = CliError::new(exit, format!("run {}: {error}", recipe.run.id));
    match error.mend() {
        Some(mend) => told.hint(mend),
        None => told,
    }
}
