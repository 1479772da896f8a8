//! What the runs screen asks of the store, and the answers.

use crate::domain::{RunId, RunRecord, Status};
use crate::host::clock;
use crate::metrics::series::{Series, decimate};
use crate::store::filter::Attribute;
use crate::store::filter::STALE;
use crate::store::{
    Axis, Cell, Expr, Field, Group, Measure, Query, Ranking, RunRow, Scores, Store, Varying,
    Yardstick,
};
use crate::tui::ask::{Freshness, Reader, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Columns of dots that a curve of a chart is condensed to.
const CHART_COLUMNS: usize = 240;
/// Parts of a sparkline.
const SPARK_PARTS: usize = 16;
/// Rows of a table that is written, read at once.
const CHUNK: usize = 2_000;
/// Values that are offered as completions.
const VALUES: usize = 400;

/// Which runs, in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    /// The filter as text that parses; empty for all.
    pub filter: String,
    /// Those in the bin, and no others.
    pub bin: bool,
    /// What they are sorted by; the newest first without anything.
    pub sort: Option<Sort>,
    /// What runs are put together by.
    pub group: Option<Field>,
    /// What runs are scored by, where order or groups ask for it.
    pub yardsticks: Vec<Yardstick>,
}

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub enum Sort {
    /// By a column, and whether it descends.
    Field(Field, bool),
    /// By what each run's sweep optimizes, and whether the best come first.
    Measure(Measure, bool),
}

impl Wanted {
    fn query(&self, limit: Option<usize>) -> Result<Query, Trouble> {
        let filter = match self.filter.trim() {
            "" => None,
            text => Some(text.parse::<Expr>().map_err(crate::store::StoreError::from)?),
        };
        let (mut sort, mut ranking) = (Vec::new(), None);
        match &self.sort {
            None => {}
            Some(Sort::Field(field, descends)) => sort.push((field.clone(), *descends)),
            Some(Sort::Measure(measure, best_first)) => {
                let (measure, best_first) = (*measure, *best_first);
                let yardsticks = self.yardsticks.clone();
                ranking = Some(Ranking { measure, best_first, yardsticks });
            }
        }
        Ok(Query { filter, sort, ranking, limit, only_deleted: self.bin, ..Query::default() })
    }
}

/// Where values to complete come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A metric, a parameter or an attribute.
    Field(Field),
    /// The keys of tags.
    TagKeys,
    /// The values of a tag.
    TagValues(String),
}

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The numbers of the runs.
    List(Wanted),
    /// What the newest so many of them have and differ in.
    Survey(Wanted, usize),
    /// What the table shows of these.
    Rows(Vec<RunId>, Vec<Field>),
    /// A metric's curve of runs that are over, in few cells.
    Sparks(Vec<(RunId, String)>),
    /// The same of runs at work.
    LiveSparks(Vec<(RunId, String)>),
    /// All about a run, and about the one that it is held against.
    Preview(RunId, Option<RunId>),
    /// Curves of these metrics; true if the run is at work.
    Curves(RunId, Vec<String>, bool),
    /// Values to complete what is typed.
    Values(Source),
    /// The whole table as CSV: titles and what stands below them.
    Export(Wanted, Vec<(String, Field)>),
}

/// The runs of a list, in groups or not.
#[derive(Debug)]
pub enum Found {
    /// Their numbers.
    Runs(Vec<RunId>),
    /// Groups, each with the number of its oldest run, which names it for good.
    Groups(Vec<(RunId, Group)>),
}

/// A curve to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveData {
    /// The metric.
    pub metric: String,
    /// What it was measured on; empty for the run itself.
    pub context: String,
    /// True if the x axis counts folds and not steps.
    pub by_fold: bool,
    /// By ascending x.
    pub points: Vec<(f64, f64)>,
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// To a list.
    List(Box<Listed>),
    /// To a survey: names, and the sweeps of these runs.
    Survey(Vec<Varying>, Vec<String>),
    /// To rows; the numbers of those that are at work in name only.
    Rows(Vec<RunRow>, Vec<RunId>),
    /// To sparklines.
    Sparks(Vec<(RunId, Vec<f64>)>),
    /// To a preview.
    Preview(Box<Seen>),
    /// To curves.
    Curves(Vec<CurveData>),
    /// To values.
    Values(Vec<(String, u64)>),
    /// To an export.
    Export(Vec<u8>),
}

/// Runs that fit, and what is said of them.
#[derive(Debug)]
pub struct Listed {
    /// The runs.
    pub found: Found,
    /// How many are in which state; those at work in name only are among the running ones.
    pub counts: Vec<(Status, u64)>,
    /// How many are at work in name only.
    pub n_stale: u64,
    /// How many there are without the filter.
    pub n_total: u64,
    /// Where there are none: a sweep file that could be run, seen from where derby was started.
    pub sweep_file: Option<String>,
}

/// What the preview shows.
#[derive(Debug)]
pub struct Seen {
    /// The run.
    pub run: RunRecord,
    /// True if it is at work in name only.
    pub lost: bool,
    /// The one that it is held against.
    pub against: Option<RunRecord>,
    /// How many folds each metric was measured on.
    pub folds: BTreeMap<String, usize>,
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match self {
            Self::List(_) => 0,
            Self::Survey(..) => 1,
            Self::Rows(..) => 2,
            Self::Sparks(_) => 3,
            Self::LiveSparks(_) => 4,
            Self::Preview(..) => 5,
            Self::Curves(..) => 6,
            Self::Values(_) => 7,
            Self::Export(..) => 8,
        }
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::List(_) | Self::Survey(..) | Self::Rows(..) | Self::Preview(..) => {
                Freshness::Runs
            }
            Self::LiveSparks(_) | Self::Curves(_, _, true) => Freshness::Points,
            Self::Sparks(_) | Self::Curves(..) | Self::Values(_) | Self::Export(..) => {
                Freshness::Still
            }
        }
    }

    /// True for work of more than a few milliseconds that nobody waits for: a list is quick, or else it stood behind the
    /// survey of the list before.
    pub fn is_slow(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Rows(..) | Self::Preview(..))
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        let store = &reader.store;
        match self {
            Self::List(wanted) => list(reader, wanted),
            Self::Survey(wanted, limit) => {
                let query = Query { sort: Vec::new(), ..wanted.query(Some(*limit))? };
                let query = Query { ranking: None, ..query };
                let by = Field::Attribute(Attribute::Sweep);
                let groups = store.groups(&query, &by, Scores::None)?;
                let sweep = |group: Group| match group.label {
                    Cell::Text(name) => Some(name),
                    _ => None,
                };
                let sweeps = groups.into_iter().filter_map(sweep).collect();
                Ok(Answer::Survey(store.varying(&query)?, sweeps))
            }
            Self::Rows(ids, columns) => {
                let rows = store.rows(ids, columns)?;
                let is_any_running = rows.iter().any(|row| row.status == Status::Running);
                let lost = if is_any_running { store.lost_runs()? } else { BTreeSet::new() };
                Ok(Answer::Rows(rows, lost.into_iter().collect()))
            }
            Self::Sparks(of) | Self::LiveSparks(of) => {
                let spark =
                    |(run, metric): &(RunId, String)| Ok((*run, spark(store, *run, metric)?));
                Ok(Answer::Sparks(of.iter().map(spark).collect::<Result<_, Trouble>>()?))
            }
            Self::Preview(run, against) => {
                let against = against.map(|run| store.run_by_id(run)).transpose()?;
                let run = store.run_by_id(*run)?;
                let lost = run.status == Status::Running && store.is_lost(run.id)?;
                let folds = folds(store, run.id)?;
                Ok(Answer::Preview(Box::new(Seen { run, lost, against, folds })))
            }
            Self::Curves(run, metrics, _) => Ok(Answer::Curves(curves(store, *run, metrics)?)),
            Self::Values(source) => Ok(Answer::Values(match source {
                Source::Field(field) => values(store, field)?,
                Source::TagKeys => store.tag_keys("", VALUES)?,
                Source::TagValues(key) => store.tag_values(key, "", VALUES)?,
            })),
            Self::Export(wanted, columns) => Ok(Answer::Export(export(store, wanted, columns)?)),
        }
    }
}

fn list(reader: &Reader, wanted: &Wanted) -> Result<Answer, Trouble> {
    let store = &reader.store;
    let query = wanted.query(None)?;
    let counts = store.status_counts(&query)?;
    let n: u64 = counts.iter().map(|(_, n)| n).sum();
    let all = Query { only_deleted: wanted.bin, ..Query::default() };
    let n_total = if query.filter.is_none() { n } else { store.count(&all)? };
    let is_any_running = counts.iter().any(|(status, _)| *status == Status::Running);
    let n_stale = if is_any_running { store.count(&stale_of(&query))? } else { 0 };
    let found = match &wanted.group {
        None => Found::Runs(store.run_ids(&query)?),
        Some(by) => {
            let groups = store.groups(&query, by, Scores::Own(&wanted.yardsticks))?;
            let named =
                |group: Group| group.runs.iter().min().copied().map(|oldest| (oldest, group));
            Found::Groups(groups.into_iter().filter_map(named).collect())
        }
    };
    let sweep_file = if n_total == 0 { first_sweep_file(&reader.here) } else { None };
    Ok(Answer::List(Box::new(Listed { found, counts, n_stale, n_total, sweep_file })))
}

/// The runs of a query that are at work in name only.
fn stale_of(query: &Query) -> Query {
    let filter = match query.filter.clone() {
        Some(filter) => Expr::And(Box::new(Expr::stale()), Box::new(filter)),
        None => Expr::stale(),
    };
    Query { filter: Some(filter), sort: Vec::new(), ranking: None, ..query.clone() }
}

/// The first file of the folder where sweeps are by convention.
fn first_sweep_file(here: &Path) -> Option<String> {
    let files = std::fs::read_dir(here.join("sweeps")).ok()?;
    let name = |file: std::io::Result<std::fs::DirEntry>| {
        let name = file.ok()?.file_name().into_string().ok()?;
        let is_toml = Path::new(&name).extension().is_some_and(|end| end == "toml");
        is_toml.then(|| format!("sweeps/{name}"))
    };
    files.filter_map(name).min()
}

/// Values of a field that runs have, and the word for runs at work in name only.
fn values(store: &Store, field: &Field) -> Result<Vec<(String, u64)>, Trouble> {
    let mut values = store.values(field, "", VALUES)?;
    if *field == Field::Attribute(Attribute::Status) {
        let n_stale = store.count(&stale_of(&Query::default()))?;
        if n_stale > 0 {
            values.push((STALE.into(), n_stale));
        }
    }
    Ok(values)
}

/// How many folds each metric of a run was measured on.
fn folds(store: &Store, run: RunId) -> Result<BTreeMap<String, usize>, Trouble> {
    let mut folds = BTreeMap::new();
    for key in store.series_keys(run)? {
        if key.context.starts_with("fold=") {
            *folds.entry(key.metric).or_default() += 1;
        }
    }
    Ok(folds)
}

/// The series of a metric that belongs to the run itself, else the first that is not of a fold.
fn main_series(store: &Store, run: RunId, metric: &str) -> Result<Series, Trouble> {
    let keys = store.series_keys(run)?;
    let mut of =
        keys.iter().filter(|key| key.metric == metric && !key.context.starts_with("fold="));
    match of.next() {
        Some(key) => Ok(store.series_columns(run, key, Axis::Step, None)?.0),
        None => Ok(Series::default()),
    }
}

fn spark(store: &Store, run: RunId, metric: &str) -> Result<Vec<f64>, Trouble> {
    let series = main_series(store, run, metric)?;
    if series.len() < 2 {
        return Ok(Vec::new());
    }
    let n = series.len();
    let parts = SPARK_PARTS.min(n);
    let mean = |part: usize| {
        let of = &series.values[part * n / parts..((part + 1) * n / parts).min(n)];
        let finite: Vec<f64> = of.iter().copied().filter(|value| value.is_finite()).collect();
        finite.iter().map(|value| value / finite.len() as f64).sum::<f64>()
            + if finite.is_empty() { f64::NAN } else { 0.0 }
    };
    Ok((0..parts).map(mean).collect())
}

fn curves(store: &Store, run: RunId, metrics: &[String]) -> Result<Vec<CurveData>, Trouble> {
    let keys = store.series_keys(run)?;
    let mut found = Vec::new();
    for metric in metrics {
        let mut folds: Vec<(f64, f64)> = Vec::new();
        for key in keys.iter().filter(|key| key.metric == *metric) {
            let (series, _) = store.series_columns(run, key, Axis::Step, None)?;
            match key.context.strip_prefix("fold=").map(str::parse::<u32>) {
                Some(Ok(fold)) if series.len() == 1 => {
                    folds.push((f64::from(fold), series.values[0]));
                }
                _ => found.push(CurveData {
                    metric: metric.clone(),
                    context: key.context.clone(),
                    by_fold: false,
                    points: condensed(&series),
                }),
            }
        }
        folds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let has_curve = found.iter().any(|curve| curve.metric == *metric && curve.points.len() > 1);
        if folds.len() > 1 && !has_curve {
            found.retain(|curve| curve.metric != *metric);
            found.push(CurveData {
                metric: metric.clone(),
                context: "folds".into(),
                by_fold: true,
                points: folds,
            });
        }
    }
    Ok(found)
}

/// Few enough points to be drawn at once, with every spike kept.
fn condensed(series: &Series) -> Vec<(f64, f64)> {
    let pairs = || series.xs.iter().copied().zip(series.values.iter().copied());
    let (Some(first), Some(last)) = (series.xs.first(), series.xs.last()) else {
        return Vec::new();
    };
    if series.len() <= 4 * CHART_COLUMNS {
        return pairs().collect();
    }
    let mut points = Vec::with_capacity(5 * CHART_COLUMNS);
    for bucket in decimate(&series.xs, &series.values, (*first, *last), CHART_COLUMNS) {
        if bucket.is_cut {
            points.push((bucket.x0, f64::NAN));
        }
        points.push((bucket.x0, bucket.first));
        points.push((bucket.x0, bucket.min));
        points.push((bucket.x1, bucket.max));
        points.push((bucket.x1, bucket.last));
    }
    points
}

fn export(store: &Store, wanted: &Wanted, columns: &[(String, Field)]) -> Result<Vec<u8>, Trouble> {
    let ids = store.run_ids(&wanted.query(None)?)?;
    let fields: Vec<Field> = columns.iter().map(|column| column.1.clone()).collect();
    let broken =
        |error: csv::Error| Trouble::Other(format!("the table cannot be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let titles =
        ["run", "status"].into_iter().chain(columns.iter().map(|column| column.0.as_str()));
    writer.write_record(titles).map_err(broken)?;
    for chunk in ids.chunks(CHUNK) {
        for row in store.rows(chunk, &fields)? {
            let cells = row.cells.iter().zip(&fields).map(|(cell, field)| exact(cell, field));
            let head = [row.id.to_string(), row.status.word().to_string()];
            writer.write_record(head.into_iter().chain(cells)).map_err(broken)?;
        }
    }
    writer.into_inner().map_err(|error| Trouble::Other(error.to_string()))
}

/// A value as it is, not as it is shown; times as dates.
pub(super) fn exact(cell: &Cell, field: &Field) -> String {
    let is_time = matches!(field, Field::Attribute(Attribute::Started | Attribute::Ended));
    match cell {
        Cell::Missing => String::new(),
        Cell::Nan => "nan".into(),
        Cell::None => "none".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(at) if is_time => clock::iso(*at),
        Cell::Int(value) => value.to_string(),
        Cell::Number(value) => crate::domain::Value::Float(*value).to_string(),
        Cell::Text(text) => text.clone(),
    }
}
