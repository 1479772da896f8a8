//! What the runs predict for rows that they were not fitted on: curves of ranks, scores by part of the data. Slow.

use super::load::records;
use crate::candidate::{Ground, Kept, KeptError, Recipe};
use crate::data::{Column, MISSING, Values};
use crate::domain::{Labels, Prediction, RunId, Task};
use crate::metrics;
use crate::numeric::quantile_sorted;
use crate::plot::{RankCurve, RankKind, of_class, rank_curve};
use crate::report::words;
use crate::store::Store;
use crate::tui::ask::Trouble;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Classes that have curves at most.
const MOST_CLASSES: usize = 20;
/// Levels of a column that are scored by themselves, the largest first.
const MOST_LEVELS: usize = 8;
/// Columns that are cut by at most.
const MOST_COLUMNS: usize = 40;

/// The curves of one class, by run.
#[derive(Debug, Clone, Default)]
pub struct ClassRanks {
    /// The class.
    pub class: String,
    /// True positive by false positive rate.
    pub roc: BTreeMap<RunId, RankCurve>,
    /// Precision by recall.
    pub pr: BTreeMap<RunId, RankCurve>,
}

/// Curves of all classes.
#[derive(Debug, Clone, Default)]
pub struct Ranks {
    /// What is predicted.
    pub target: String,
    /// By class; for two classes the positive one alone.
    pub classes: Vec<ClassRanks>,
    /// Why a run has none.
    pub lacking: BTreeMap<RunId, String>,
}

/// A part of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The column.
    pub column: String,
    /// The level, or the range of numbers.
    pub value: String,
    /// Rows of it that are predicted, by the first run that has any.
    pub rows: usize,
    /// The score of each run; NaN where the metric has no value.
    pub scores: BTreeMap<RunId, f64>,
}

/// A metric on the parts of the data.
#[derive(Debug, Clone, Default)]
pub struct Slices {
    /// The metric that was scored, which is another one where that asked for cannot be had from predictions.
    pub metric: String,
    /// All rows first.
    pub rows: Vec<Slice>,
    /// Why a run has none.
    pub lacking: BTreeMap<RunId, String>,
    /// How many columns were left out.
    pub hidden: usize,
}

/// Runs with what they predict, and data that was read for them.
struct Predicted {
    runs: Vec<(RunId, Kept)>,
    /// The data and its target, of the first run that has any.
    ground: Option<(Rc<Ground>, String)>,
    lacking: BTreeMap<RunId, String>,
}

/// ROC and precision by recall.
pub(super) fn ranks(store: &Store, ids: &[RunId]) -> Result<Ranks, Trouble> {
    let mut read = predicted(store, ids)?;
    let Some((ground, target)) = &read.ground else {
        return Ok(Ranks { lacking: read.lacking, ..Ranks::default() });
    };
    let task = ground.data.labels.task();
    let mut found = Ranks { target: target.clone(), ..Ranks::default() };
    if !task.is_classification() {
        let why = format!("it predicts numbers ('{target}'), which have no such curve");
        found.lacking = ids.iter().map(|id| (*id, why.clone())).collect();
        return Ok(found);
    }
    for code in shown_classes(&ground.data.labels) {
        let class = ground.data.classes.get(code as usize).cloned().unwrap_or_default();
        let mut of = ClassRanks { class, ..ClassRanks::default() };
        for (id, rows) in &read.runs {
            let Some((truth, scores)) = of_class(&rows.truth, &rows.prediction, code) else {
                let why = "its predictions are classes without probabilities";
                read.lacking.insert(*id, why.into());
                continue;
            };
            let curve = |kind| rank_curve(kind, &format!("run {id}"), &truth, &scores);
            match (curve(RankKind::Roc), curve(RankKind::PrecisionRecall)) {
                (Ok(roc), Ok(pr)) => {
                    of.roc.insert(*id, roc);
                    of.pr.insert(*id, pr);
                }
                (Err(error), _) | (_, Err(error)) => {
                    read.lacking.insert(*id, error.to_string());
                }
            }
        }
        found.classes.push(of);
    }
    found.lacking = read.lacking;
    Ok(found)
}

/// A metric on the parts of the data.
pub(super) fn slices(store: &Store, ids: &[RunId], metric: &str) -> Result<Slices, Trouble> {
    let read = predicted(store, ids)?;
    let mut found = Slices { metric: metric.into(), lacking: read.lacking, ..Slices::default() };
    let (Some((ground, target)), Some((_, first))) = (&read.ground, read.runs.first()) else {
        return Ok(found);
    };
    let task = ground.data.labels.task();
    let serves = |info: &metrics::Info| {
        !info.measured
            && info.fits(task)
            && read.runs.iter().all(|(_, rows)| info.is_served_by(&rows.prediction))
    };
    if !metrics::info(metric).is_some_and(serves) {
        let other = if task == Task::Regression { "rmse" } else { "accuracy" };
        found.metric = other.into();
    }
    let all = Part { value: "all rows".into(), is_in: Box::new(|_| true) };
    let is_target = |column: &&Column| column.name == *target;
    let columns: Vec<&Column> =
        ground.data.table.columns.iter().filter(|column| !is_target(column)).collect();
    found.hidden = columns.len().saturating_sub(MOST_COLUMNS);
    found.rows.push(score(&read.runs, &found.metric, ("", &all)));
    for column in columns.into_iter().take(MOST_COLUMNS) {
        for part in parts(column, &first.rows) {
            let slice = score(&read.runs, &found.metric, (&column.name, &part));
            if slice.rows > 0 {
                found.rows.push(slice);
            }
        }
    }
    Ok(found)
}

/// Classes with a curve: of two the positive one, else all.
fn shown_classes(labels: &Labels) -> Vec<u32> {
    match labels {
        Labels::Classes { n_classes: 0..=2, positive, .. } => vec![*positive],
        Labels::Classes { n_classes, .. } => (0..(*n_classes).min(MOST_CLASSES) as u32).collect(),
        Labels::Values(_) => Vec::new(),
    }
}

fn predicted(store: &Store, ids: &[RunId]) -> Result<Predicted, Trouble> {
    let mut read = Predicted { runs: Vec::new(), ground: None, lacking: BTreeMap::new() };
    let mut key: Option<(String, Option<String>)> = None;
    for run in records(store, ids)? {
        let id = run.id;
        let recipe = match Recipe::of(store, run) {
            Ok(recipe) => recipe,
            Err(error) => {
                read.lacking.insert(id, error.to_string());
                continue;
            }
        };
        let section = match recipe.split_data() {
            Ok(section) => section,
            Err(error) => {
                read.lacking.insert(id, why(&error));
                continue;
            }
        };
        // Runs of one sweep share the data; it is read once.
        let own = (recipe.row.digest.clone(), recipe.run.data_hash.clone());
        let known = key.as_ref() == Some(&own);
        let ground = match (&read.ground, known) {
            (Some((ground, _)), true) => Ok(Rc::clone(ground)),
            _ => recipe.ground(section).map(Rc::new),
        };
        let kept = ground.map_err(|error| error.to_string()).and_then(|ground| {
            match Kept::of(store, &recipe, &ground) {
                Ok(rows) => Ok((rows, ground)),
                Err(error) => Err(why(&error)),
            }
        });
        match kept {
            Err(why) => {
                read.lacking.insert(id, why);
            }
            Ok((rows, ground)) => {
                let target = section.data.target.clone();
                match &read.ground {
                    None => {
                        read.ground = Some((ground, target));
                        key = Some(own);
                    }
                    Some((first, of)) if is_other(first, of, (&ground, &target)) => {
                        read.lacking.insert(id, format!("it predicts '{target}' of other data"));
                        continue;
                    }
                    Some(_) => {}
                }
                read.runs.push((id, rows));
            }
        }
    }
    Ok(read)
}

/// True for data whose rows or classes are not those of the first.
fn is_other(first: &Ground, target: &str, (ground, other): (&Ground, &str)) -> bool {
    target != other
        || first.data.classes != ground.data.classes
        || first.data.labels.task() != ground.data.labels.task()
        || first.data.provenance.content != ground.data.provenance.content
}

/// Why a run has nothing to show, and what would help.
fn why(error: &KeptError) -> String {
    match error.mend() {
        Some(mend) => format!("{error}; {mend}"),
        None => error.to_string(),
    }
}

/// Rows of the data that belong together.
struct Part<'a> {
    value: String,
    is_in: Box<dyn Fn(usize) -> bool + 'a>,
}

/// Levels of a category, quarters of a number, and what is missing.
fn parts<'a>(column: &'a Column, rows: &[usize]) -> Vec<Part<'a>> {
    let mut found: Vec<Part<'a>> = match &column.values {
        Values::Codes { codes, levels } => {
            let mut counts = vec![0_usize; levels.len()];
            for &row in rows.iter().filter(|&&row| codes[row] != MISSING) {
                counts[codes[row] as usize] += 1;
            }
            let mut order: Vec<usize> = (0..levels.len()).filter(|&at| counts[at] > 0).collect();
            order.sort_by_key(|&at| (std::cmp::Reverse(counts[at]), at));
            order.truncate(MOST_LEVELS);
            let part = |at: usize| Part {
                value: levels[at].clone(),
                is_in: Box::new(move |row| codes[row] == at as u32),
            };
            order.into_iter().map(part).collect()
        }
        Values::Numbers(numbers) => {
            let part = |(low, high, value): (f64, f64, String)| Part {
                value,
                is_in: Box::new(move |row| {
                    numbers[row] >= low && (numbers[row] < high || high.is_infinite())
                }),
            };
            quarters(numbers, rows).into_iter().map(part).collect()
        }
    };
    let is_missing: Box<dyn Fn(usize) -> bool + 'a> = match &column.values {
        Values::Codes { codes, .. } => Box::new(move |row| codes[row] == MISSING),
        Values::Numbers(numbers) => Box::new(move |row| numbers[row].is_nan()),
    };
    found.push(Part { value: "missing".into(), is_in: is_missing });
    found
}

/// Ranges between the quartiles of the rows, equal ones joined: `[low, high)` with their words.
fn quarters(numbers: &[f64], rows: &[usize]) -> Vec<(f64, f64, String)> {
    let mut sorted: Vec<f64> =
        rows.iter().map(|&row| numbers[row]).filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(first) = sorted.first().copied() else { return Vec::new() };
    let mut cuts: Vec<f64> = [0.25, 0.5, 0.75].map(|q| quantile_sorted(&sorted, q)).to_vec();
    cuts.retain(|cut| cut.is_finite() && *cut > first);
    cuts.dedup();
    let mut low = f64::NEG_INFINITY;
    let mut found = Vec::new();
    for high in cuts.into_iter().chain([f64::INFINITY]) {
        let text = match (low.is_finite(), high.is_finite()) {
            (false, false) => "all".into(),
            (false, true) => format!("below {}", words::number(high)),
            (true, true) => format!("{} to {}", words::number(low), words::number(high)),
            (true, false) => format!("from {}", words::number(low)),
        };
        found.push((low, high, text));
        low = high;
    }
    found
}

fn score(runs: &[(RunId, Kept)], metric: &str, (column, part): (&str, &Part<'_>)) -> Slice {
    let mut scores = BTreeMap::new();
    let mut n = 0;
    for (id, rows) in runs {
        let places: Vec<usize> =
            (0..rows.rows.len()).filter(|&at| (part.is_in)(rows.rows[at])).collect();
        n = n.max(places.len());
        if places.is_empty() {
            continue;
        }
        let (truth, said) = (rows.truth.take(&places), take(&rows.prediction, &places));
        scores.insert(*id, metrics::score(metric, &truth, &said, None).unwrap_or(f64::NAN));
    }
    Slice { column: column.into(), value: part.value.clone(), rows: n, scores }
}

/// The predictions of some rows.
fn take(prediction: &Prediction, places: &[usize]) -> Prediction {
    match prediction {
        Prediction::Values(values) => {
            Prediction::Values(places.iter().map(|&at| values[at]).collect())
        }
        Prediction::Classes { codes, scores, probabilities, n_classes } => {
            let n = *n_classes;
            let row = |&at: &usize| at * n..(at + 1) * n;
            let of = |scores: &Vec<f64>| -> Vec<f64> {
                places.iter().flat_map(|at| scores[row(at)].iter().copied()).collect()
            };
            Prediction::Classes {
                codes: places.iter().map(|&at| codes[at]).collect(),
                scores: scores.as_ref().map(of),
                probabilities: *probabilities,
                n_classes: n,
            }
        }
    }
}
