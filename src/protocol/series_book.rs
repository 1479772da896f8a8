//! All series of a run: names and contexts as numbers, running summaries, and the points that wait to be taken.

use crate::domain::{PointBatch, RunningSummary, SeriesKey, SeriesPoint, Summary, SummaryKind};
use indexmap::{IndexMap, IndexSet};

/// Series of one run; values of more are counted and left out. It bounds the memory that a script can take by
/// putting numbers into names.
const MAX_SERIES: usize = 100_000;
/// Points that a fresh batch has room for.
const BATCH: usize = 4096;
/// No place in the batch that waits.
const NOWHERE: u32 = u32::MAX;

/// The number of a name in its book.
pub(super) type NameId = u32;
/// The number of a context in its book; 0 is the empty one.
pub(super) type ContextId = u32;
/// The number of a series in its book.
pub(super) type SeriesId = u32;

#[derive(Debug, Default)]
struct Name {
    kind: SummaryKind,
    is_objective: bool,
    n_contexts: u32,
    /// The first series, and the values of all contexts together once there is a second one.
    first: SeriesId,
    all: Option<RunningSummary>,
}

#[derive(Debug)]
struct Series {
    running: RunningSummary,
    /// Its number in the batch that waits.
    in_batch: u32,
}

/// The series of a run.
#[derive(Debug)]
pub(super) struct SeriesBook {
    objective: String,
    kinds: IndexMap<String, SummaryKind>,
    names: IndexMap<String, Name>,
    contexts: IndexSet<String>,
    series: IndexMap<(NameId, ContextId), Series>,
    batch: PointBatch,
    in_batch: Vec<SeriesId>,
    judged: Vec<(ContextId, i64, f64)>,
    left_out: u64,
}

impl SeriesBook {
    pub(super) fn new(objective: &str, summaries: &[(String, SummaryKind)]) -> Self {
        Self {
            objective: objective.trim().to_string(),
            kinds: summaries.iter().cloned().collect(),
            names: IndexMap::new(),
            contexts: IndexSet::from([String::new()]),
            series: IndexMap::new(),
            batch: PointBatch::default(),
            in_batch: Vec::new(),
            judged: Vec::new(),
            left_out: 0,
        }
    }

    /// The number of a name that [`metric_name`](super::steps::metric_name) has passed. None: there are too many.
    pub(super) fn name(&mut self, name: &str) -> Option<NameId> {
        if let Some(id) = self.names.get_index_of(name) {
            return Some(id as NameId);
        }
        if self.names.len() >= MAX_SERIES {
            return None;
        }
        let kind = self.kinds.get(name).copied().unwrap_or_default();
        let is_objective = name == self.objective;
        let entry = Name { kind, is_objective, ..Name::default() };
        let (id, _) = self.names.insert_full(name.to_string(), entry);
        Some(id as NameId)
    }

    /// The number of a context. None: there are too many.
    pub(super) fn context(&mut self, context: &str) -> Option<ContextId> {
        if context.is_empty() {
            return Some(0);
        }
        if let Some(id) = self.contexts.get_index_of(context) {
            return Some(id as ContextId);
        }
        if self.contexts.len() >= MAX_SERIES {
            return None;
        }
        Some(self.contexts.insert_full(context.to_string()).0 as ContextId)
    }

    /// The number of a series. None: there are too many.
    pub(super) fn series(&mut self, name: NameId, context: ContextId) -> Option<SeriesId> {
        if let Some(id) = self.series.get_index_of(&(name, context)) {
            return Some(id as SeriesId);
        }
        if self.series.len() >= MAX_SERIES {
            return None;
        }
        let fresh = Series { running: RunningSummary::default(), in_batch: NOWHERE };
        let id = self.series.insert_full((name, context), fresh).0 as SeriesId;
        let entry = &mut self.names[name as usize];
        entry.n_contexts += 1;
        match entry.n_contexts {
            1 => entry.first = id,
            2 => entry.all = Some(self.series[entry.first as usize].running.clone()),
            _ => {}
        }
        Some(id)
    }

    /// A value that has no series, as there are too many.
    pub(super) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Values that were left out as there are too many series.
    pub(super) fn n_left_out(&self) -> u64 {
        self.left_out
    }

    /// Records a value; without a step the series counts its values from 0.
    pub(super) fn record(&mut self, id: SeriesId, step: Option<i64>, value: f64, ts: i64) {
        let Some((&(name, context), series)) = self.series.get_index_mut(id as usize) else {
            return;
        };
        let step = step.unwrap_or(series.running.n() as i64);
        series.running.push(step, ts, value);
        let entry = &mut self.names[name as usize];
        if let Some(all) = &mut entry.all {
            all.push(step, ts, value);
        }
        if entry.is_objective {
            self.judged.push((context, step, value));
        }
        if series.in_batch == NOWHERE {
            series.in_batch = self.batch.series.len() as u32;
            let metric = self
                .names
                .get_index(name as usize)
                .map_or_else(String::new, |(name, _)| name.clone());
            self.batch
                .series
                .push(SeriesKey { metric, context: self.contexts[context as usize].clone() });
            self.in_batch.push(id);
        }
        self.batch.points.push(SeriesPoint { series: series.in_batch, step, value, ts });
    }

    pub(super) fn n_waiting(&self) -> usize {
        self.batch.points.len()
    }

    /// The points that waited.
    pub(super) fn take(&mut self) -> PointBatch {
        for id in self.in_batch.drain(..) {
            self.series[id as usize].in_batch = NOWHERE;
        }
        let points = Vec::with_capacity(self.batch.points.len().min(BATCH));
        std::mem::replace(&mut self.batch, PointBatch { series: Vec::new(), points })
    }

    /// The objective's values since the last call, in order of arrival.
    pub(super) fn take_judged(&mut self) -> Vec<(String, i64, f64)> {
        let contexts = &self.contexts;
        let full = |(context, step, value)| (contexts[context as usize].clone(), step, value);
        self.judged.drain(..).map(full).collect()
    }

    /// The names that have values, in order of appearance.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut ids: IndexSet<NameId> = IndexSet::new();
        ids.extend(self.series.keys().map(|(name, _)| *name));
        ids.iter().filter_map(|id| Some(self.names.get_index(*id as usize)?.0.as_str())).collect()
    }

    /// One summary a metric, the objective's first. In several contexts its score is the mean over each one's,
    /// and the rest is that of all its values together.
    pub(super) fn summaries(&self) -> Vec<(String, Summary)> {
        let mut scores: IndexMap<NameId, (f64, u32)> = IndexMap::new();
        for ((name, _), series) in &self.series {
            let kind = self.names[*name as usize].kind;
            let (sum, n) = scores.entry(*name).or_default();
            *sum += series.running.summary(kind).score;
            *n += 1;
        }
        let mut found: Vec<(bool, String, Summary)> = Vec::new();
        for (id, (sum, n)) in scores {
            let Some((name, entry)) = self.names.get_index(id as usize) else { continue };
            let whole = entry.all.as_ref().unwrap_or(&self.series[entry.first as usize].running);
            let mut summary = whole.summary(entry.kind);
            summary.score = sum / f64::from(n);
            found.push((entry.is_objective, name.clone(), summary));
        }
        found.sort_by_key(|(is_objective, ..)| !is_objective);
        found.into_iter().map(|(_, name, summary)| (name, summary)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(book: &mut SeriesBook, metric: &str, context: &str, step: Option<i64>, value: f64) {
        let name = book.name(metric).unwrap();
        let context = book.context(context).unwrap();
        let series = book.series(name, context).unwrap();
        book.record(series, step, value, 7);
    }

    #[test]
    fn the_score_of_contexts_is_the_mean_of_theirs() {
        let mut book = SeriesBook::new("acc", &[("acc".into(), SummaryKind::Max)]);
        put(&mut book, "loss", "", Some(0), 3.0);
        for (context, value) in [("fold=0", 0.5), ("fold=0", 0.25), ("fold=1", 1.0)] {
            put(&mut book, "acc", context, None, value);
        }
        let summaries = book.summaries();
        assert_eq!(
            summaries.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["acc", "loss"]
        );
        let acc = &summaries[0].1;
        assert_eq!((acc.score, acc.n, acc.min, acc.max), (0.75, 3, 0.25, 1.0));
        assert!((acc.mean - 1.75 / 3.0).abs() < 1e-15);
        assert_eq!(book.names(), ["loss", "acc"]);
        let judged = book.take_judged();
        assert_eq!(
            judged.iter().map(|(c, step, _)| (c.as_str(), *step)).collect::<Vec<_>>(),
            [("fold=0", 0), ("fold=0", 1), ("fold=1", 0)]
        );
        assert!(book.take_judged().is_empty());
    }

    #[test]
    fn a_batch_has_the_series_of_its_points_only() {
        let mut book = SeriesBook::new("loss", &[]);
        put(&mut book, "a", "", None, 1.0);
        put(&mut book, "b", "", None, 2.0);
        assert_eq!((book.n_waiting(), book.take().series.len(), book.n_waiting()), (2, 2, 0));
        put(&mut book, "b", "", None, 3.0);
        let batch = book.take();
        assert_eq!(batch.series, [SeriesKey { metric: "b".into(), context: String::new() }]);
        assert_eq!(batch.points, [SeriesPoint { series: 0, step: 1, value: 3.0, ts: 7 }]);
    }

    #[test]
    fn too_many_series_are_left_out() {
        let mut book = SeriesBook::new("loss", &[]);
        for i in 0..MAX_SERIES {
            let name = book.name(&i.to_string()).unwrap();
            assert!(book.series(name, 0).is_some());
        }
        assert_eq!(book.name("loss"), None);
        assert!(book.context("fold=1").is_some_and(|context| book.series(0, context).is_none()));
    }
}
