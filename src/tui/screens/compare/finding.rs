//! What the folds say: differences to the reference with intervals, paired tests, the word of each. Pure.

use super::load::{FoldScores, Folds, Found};
use crate::domain::{Goal, RunId, RunRecord};
use crate::gate::{MeanTest, corrected_t};
use crate::numeric::{sample_sd, student_t_quantile};
use crate::tui::catalog::Catalog;
use crate::tui::screens::run::known_goal;
use indexmap::IndexSet;
use std::collections::BTreeMap;

/// The probability of a difference where there is none.
pub(super) const ALPHA: f64 = 0.05;
/// What metrics of the machine begin with.
const SYSTEM: &str = "system.";

/// How a run stands against the reference.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// It is the reference.
    Reference,
    /// Better, and the folds show it.
    Better,
    /// Worse, and the folds show it.
    Worse,
    /// The folds show a difference of a metric whose direction nobody knows.
    Differs,
    /// The folds show none.
    NoDifference,
    /// No test is possible, for this reason.
    Untested(&'static str),
}

impl Word {
    /// For people.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Differs => "differs",
            Self::NoDifference => "no difference shown",
            Self::Untested(why) => why,
        }
    }
}

/// A metric of one run.
#[derive(Debug, Clone)]
#[allow(clippy::struct_field_names)] // A score's score is what it is called everywhere.
pub(super) struct Score {
    /// The run's score; none if it has no such metric.
    pub(super) score: Option<f64>,
    /// Spread of the folds; NaN without any.
    pub(super) sd: f64,
    /// Context and score of each fold.
    pub(super) folds: Vec<(String, f64)>,
    /// Score less the reference's.
    pub(super) difference: Option<f64>,
    /// 95 % interval of the difference.
    pub(super) interval: Option<(f64, f64)>,
    /// Two-sided p-value.
    pub(super) p: Option<f64>,
    /// The same after Holm, over the runs that are compared with the reference.
    pub(super) holm: Option<f64>,
    /// What follows.
    pub(super) word: Word,
}

/// A metric of all runs, in the order of the columns.
#[derive(Debug, Clone)]
pub(super) struct MetricRow {
    /// Its name.
    pub(super) name: String,
    /// The direction, where it is known.
    pub(super) goal: Option<Goal>,
    /// One a run.
    pub(super) scores: Vec<Score>,
}

impl MetricRow {
    /// How many pairs of folds the tests have, and how many tests there are.
    pub(super) fn tests(&self) -> (usize, usize) {
        let folds = self.scores.iter().map(|score| score.folds.len()).max().unwrap_or(0);
        (folds, self.scores.iter().filter(|score| score.p.is_some()).count())
    }
}

/// What makes runs incomparable fold by fold.
pub(super) fn unpaired(a: &RunRecord, b: &RunRecord) -> Option<&'static str> {
    if a.data_hash != b.data_hash {
        return Some("other data");
    }
    if a.split != b.split {
        return Some("other folds");
    }
    a.split.is_none().then_some("no folds")
}

/// Every metric that any of the runs has: objectives, then those that two have, then the rest, then the machine's.
pub(super) fn metric_rows(
    columns: &[RunId],
    runs: &BTreeMap<RunId, Found>,
    folds: &Folds,
    catalog: &Catalog,
) -> Vec<MetricRow> {
    let known: Vec<Option<&Found>> = columns.iter().map(|id| runs.get(id)).collect();
    let present = || known.iter().flatten();
    let names: IndexSet<&String> = present().flat_map(|run| run.record.metrics.keys()).collect();
    let rank = |name: &String| {
        let is_aim = present().any(|run| run.objectives.iter().any(|aim| aim.0 == *name));
        let n = present().filter(|run| run.record.metrics.contains_key(name)).count();
        match (name.starts_with(SYSTEM), is_aim, n) {
            (true, ..) => 3,
            (_, true, _) => 0,
            (_, _, 0..=1) if columns.len() > 1 => 2,
            _ => 1,
        }
    };
    let mut names: Vec<&String> = names.into_iter().collect();
    names.sort_by_key(|name| rank(name));
    names.into_iter().map(|name| metric_row(name, &known, folds.get(name), catalog)).collect()
}

fn metric_row(
    name: &str,
    known: &[Option<&Found>],
    folds: Option<&BTreeMap<RunId, FoldScores>>,
    catalog: &Catalog,
) -> MetricRow {
    let aims = known.iter().flatten().flat_map(|run| &run.objectives);
    let goal = aims.into_iter().find(|aim| aim.0 == name).map(|aim| aim.1);
    let goal = goal.or_else(|| catalog.objective(name).map(|aim| aim.goal));
    let goal = goal.or_else(|| known_goal(name));
    let mut scores: Vec<Score> = Vec::with_capacity(known.len());
    for (at, run) in known.iter().enumerate() {
        let folds = run.and_then(|run| folds?.get(&run.record.id));
        let mut score = bare(name, *run, folds);
        if let (Some(first), true) = (scores.first(), at > 0) {
            against(&mut score, first, (known[0], *run), folds.is_some());
        }
        scores.push(score);
    }
    holm(&mut scores);
    for score in scores.iter_mut().skip(1) {
        if let (Some(p), Some(difference)) = (score.holm, score.difference) {
            score.word = match goal {
                _ if p >= ALPHA => Word::NoDifference,
                Some(goal) if goal.loss(difference) < 0.0 => Word::Better,
                Some(_) => Word::Worse,
                None => Word::Differs,
            };
        }
    }
    MetricRow { name: name.into(), goal, scores }
}

fn bare(name: &str, run: Option<&Found>, folds: Option<&FoldScores>) -> Score {
    let score = run.and_then(|run| run.record.metrics.get(name)).map(|summary| summary.score);
    let folds: Vec<(String, f64)> = folds.cloned().flatten().unwrap_or_default();
    let finite: Vec<f64> = folds.iter().map(|fold| fold.1).filter(|v| v.is_finite()).collect();
    let sd = if finite.len() > 1 { sample_sd(&finite) } else { f64::NAN };
    Score {
        score,
        sd,
        folds,
        difference: None,
        interval: None,
        p: None,
        holm: None,
        word: Word::Reference,
    }
}

/// What a score is against that of the reference.
fn against(
    score: &mut Score,
    first: &Score,
    (a, b): (Option<&Found>, Option<&Found>),
    is_read: bool,
) {
    let (Some(a), Some(b)) = (a, b) else {
        score.word = Word::Untested("gone");
        return;
    };
    let (Some(before), Some(now)) = (first.score, score.score) else {
        let why = if score.score.is_none() { "no value" } else { "no value of A" };
        score.word = Word::Untested(why);
        return;
    };
    if !before.is_finite() || !now.is_finite() {
        score.word = Word::Untested("not finite");
        return;
    }
    score.difference = Some(now - before);
    score.word = match unpaired(&a.record, &b.record) {
        Some(why) => Word::Untested(why),
        None if !is_read => Word::Untested("…"),
        None => match paired(&first.folds, &score.folds) {
            None => Word::Untested("one value"),
            Some(test) => {
                let reach = student_t_quantile(1.0 - ALPHA / 2.0, test.freedom);
                let reach = reach * test.standard_error;
                score.interval = Some((test.difference - reach, test.difference + reach));
                score.p = Some(test.p());
                Word::NoDifference
            }
        },
    };
}

/// The corrected resampled t-test over the folds that both have, second less first.
fn paired(first: &[(String, f64)], second: &[(String, f64)]) -> Option<MeanTest> {
    let theirs: BTreeMap<&str, f64> = second.iter().map(|(at, v)| (at.as_str(), *v)).collect();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (context, value) in first {
        if let Some(other) = theirs.get(context.as_str()) {
            a.push(*value);
            b.push(*other);
        }
    }
    // Repeats are named `repeat.fold`: one repeat has as many folds as its first number occurs.
    let repeat = |context: &str| context.split_once('.').map(|(repeat, _)| repeat.to_string());
    let folds = match first.first().map(|(context, _)| repeat(context)) {
        Some(Some(name)) => {
            first.iter().filter(|(context, _)| repeat(context).as_ref() == Some(&name)).count()
        }
        _ => a.len(),
    };
    corrected_t(&b, &a, folds)
}

/// Holm's step-down adjustment (Scandinavian Journal of Statistics 6, 1979) over the runs of a metric.
fn holm(scores: &mut [Score]) {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&at| scores[at].p.is_some()).collect();
    let p = |scores: &[Score], at: usize| scores[at].p.unwrap_or(1.0);
    order.sort_by(|&a, &b| p(scores, a).total_cmp(&p(scores, b)));
    let (n, mut least) = (order.len(), 0.0_f64);
    for (place, at) in order.into_iter().enumerate() {
        least = least.max(p(scores, at) * (n - place) as f64).min(1.0);
        scores[at].holm = Some(least);
    }
}

/// Whether the runs were measured on the same rows, in words; and true if so.
pub(super) fn ground(records: &[(char, Option<&RunRecord>)]) -> (bool, String) {
    let there: Vec<(char, &RunRecord)> =
        records.iter().filter_map(|(letter, run)| Some((*letter, (*run)?))).collect();
    let Some((_, first)) = there.first() else { return (false, "gone".into()) };
    let letters = |differs: &dyn Fn(&RunRecord) -> bool| {
        let letters: Vec<String> =
            there.iter().filter(|(_, run)| differs(run)).map(|(at, _)| at.to_string()).collect();
        letters.join(" ")
    };
    if there.iter().all(|(_, run)| run.data_hash.is_none()) {
        return (false, "no data recorded".into());
    }
    let data = letters(&|run| run.data_hash != first.data_hash);
    if !data.is_empty() {
        return (false, format!("data differs: {data}"));
    }
    if there.iter().all(|(_, run)| run.split.is_none()) {
        return (false, "same data, no folds recorded".into());
    }
    let split = letters(&|run| run.split != first.split);
    if !split.is_empty() {
        return (false, format!("same data, folds differ: {split}"));
    }
    (true, "same data and folds".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(values: &[f64]) -> Vec<(String, f64)> {
        values.iter().enumerate().map(|(at, value)| (format!("fold={at}"), *value)).collect()
    }

    #[test]
    fn the_test_is_that_of_derby_diff() {
        let (a, b) = ([0.90, 0.91, 0.88, 0.93, 0.92], [0.92, 0.92, 0.91, 0.93, 0.95]);
        let test = paired(&folds(&a), &folds(&b)).unwrap();
        let other = crate::compare::corrected_t(&a, &b, 5).unwrap();
        assert_eq!((test.difference, test.p()), (other.difference, other.p));
        assert!(paired(&folds(&[1.0]), &folds(&[2.0])).is_none());
        assert!(paired(&folds(&a), &[]).is_none());
    }

    #[test]
    fn holm_is_that_of_r() {
        // R: p.adjust(c(0.01, 0.04, 0.03), "holm")
        let score = |p| Score {
            score: None,
            sd: 0.0,
            folds: Vec::new(),
            difference: None,
            interval: None,
            p,
            holm: None,
            word: Word::Reference,
        };
        let mut scores = vec![score(None), score(Some(0.01)), score(Some(0.04)), score(Some(0.03))];
        holm(&mut scores);
        let adjusted: Vec<Option<f64>> = scores.iter().map(|score| score.holm).collect();
        assert_eq!(adjusted, [None, Some(0.03), Some(0.06), Some(0.06)]);
    }
}
