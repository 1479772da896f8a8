//! What the run screen asks of the store, and the answers.

use super::charts::ChartSpec;
use super::export;
use super::points::{self, Line, XAxis, Zoom};
use super::tail::{self, LogTail};
use crate::domain::{RunId, RunRecord, SweepId, fold_scores};
use crate::spec::{self, Format, Known, Overrides, RenderValues, Work};
use crate::store::{Artifact, RunEnvironment, Store, SweepRow};
use crate::tui::ask::{Freshness, Reader, Trouble};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// More values are a series and no folds.
const MAX_FOLDS: u64 = 200;
/// Bytes of a file that are shown.
const SHOWN_FILE: u64 = 256 * 1024;

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Everything about the run but its points.
    Record {
        /// Which run.
        run: RunId,
        /// True while its metrics grow.
        is_live: bool,
    },
    /// The run that it is compared with.
    Baseline(RunId),
    /// Charts.
    Curves {
        /// Which run.
        run: RunId,
        /// Which charts.
        charts: Vec<ChartSpec>,
        /// What they run along.
        axis: XAxis,
        /// Which part of it.
        zoom: Zoom,
        /// Weight of the past, 0 for none.
        weight: f64,
        /// Columns of the widest chart.
        columns: usize,
        /// True while points come.
        is_live: bool,
    },
    /// The end of the output.
    Log {
        /// Which run.
        run: RunId,
        /// So much of it.
        bytes: u64,
        /// Its length when it was read last.
        seen: Option<u64>,
        /// Goes on every second while the run is at work: output is no write of the store.
        tick: i64,
    },
    /// A file of the run, as text.
    File {
        /// Which run.
        run: RunId,
        /// Its name.
        path: String,
    },
    /// A chart as files.
    Export {
        /// Which run.
        run: RunId,
        /// Which chart.
        chart: ChartSpec,
    },
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// The run.
    Record(Box<Record>),
    /// The run that it is compared with.
    Baseline(Box<RunRecord>),
    /// Charts.
    Curves(Drawn),
    /// The end of the output; none if nothing has come since.
    Log(Option<LogTail>),
    /// Lines of a file.
    File(Vec<String>),
    /// Names and contents of files.
    Export(Vec<(String, Vec<u8>)>),
}

/// A run with what belongs to it.
#[derive(Debug)]
pub struct Record {
    /// The run.
    pub run: RunRecord,
    /// Where it ran.
    pub environment: RunEnvironment,
    /// Its sweep.
    pub sweep: Option<SweepId>,
    /// The part of the sampler that proposed its trial.
    pub made_by: Option<String>,
    /// True if a process drives that sweep now.
    pub is_driven: bool,
    /// True if it is marked as at work and its process is gone.
    pub is_lost: bool,
    /// Its files.
    pub artifacts: Vec<Artifact>,
    /// Scores by fold, of the metrics that have one a fold.
    pub folds: IndexMap<String, Vec<f64>>,
    /// Metrics whose points are kept.
    pub series: BTreeSet<String>,
    /// The trial's own command line, where its sweep executes one.
    pub work: Option<String>,
}

/// Charts, ready to be drawn.
#[derive(Debug, Default, PartialEq)]
pub struct Drawn {
    /// Each with its series.
    pub charts: Vec<(ChartSpec, Vec<Line>)>,
    /// What they run along.
    pub axis: XAxis,
    /// The whole range.
    pub whole: Option<(f64, f64)>,
    /// The range that is shown; none for the whole of each chart.
    pub range: Option<(f64, f64)>,
    /// True if time runs from the first value: the run's recorded start lies behind it.
    pub is_from_first: bool,
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match self {
            Self::Record { .. } => 0,
            Self::Baseline(_) => 1,
            Self::Curves { .. } => 2,
            Self::Log { .. } => 3,
            Self::File { .. } => 4,
            Self::Export { .. } => 5,
        }
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Record { is_live: true, .. } | Self::Curves { is_live: true, .. } => {
                Freshness::Points
            }
            Self::Record { .. } | Self::Baseline(_) | Self::Curves { .. } => Freshness::Runs,
            Self::Log { .. } | Self::File { .. } | Self::Export { .. } => Freshness::Still,
        }
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        !matches!(self, Self::Record { .. } | Self::Baseline(_))
    }

    /// The run that is asked about.
    pub(super) fn run(&self) -> RunId {
        match self {
            Self::Record { run, .. }
            | Self::Baseline(run)
            | Self::Curves { run, .. }
            | Self::Log { run, .. }
            | Self::File { run, .. }
            | Self::Export { run, .. } => *run,
        }
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        let store = &reader.store;
        Ok(match self {
            Self::Record { run, .. } => Answer::Record(Box::new(record(reader, *run)?)),
            Self::Baseline(run) => Answer::Baseline(Box::new(store.run_by_id(*run)?)),
            Self::Curves { .. } => Answer::Curves(self.drawn(reader)?),
            Self::Log { run, bytes, seen, .. } => {
                let status = row(reader, *run)?.status;
                Answer::Log(tail::read(store, (*run, status), (*bytes, *seen))?)
            }
            Self::File { run, path } => Answer::File(file(reader, *run, path)?),
            Self::Export { run, chart } => {
                let record = store.run_by_id(*run)?;
                let mut groups = Vec::new();
                let row = row(reader, *run)?;
                for (metric, label) in &chart.metrics {
                    let group = points::group(store, &row, (metric, XAxis::Step))?;
                    groups.push((metric.clone(), label.clone(), group));
                }
                Answer::Export(export::files(&record, chart, &groups)?)
            }
        })
    }

    fn drawn(&self, reader: &Reader) -> Result<Drawn, Trouble> {
        let Self::Curves { run, charts, axis, zoom, weight, columns, .. } = self else {
            return Ok(Drawn::default());
        };
        let run = row(reader, *run)?;
        let mut read = Vec::new();
        let mut whole: Option<(f64, f64)> = None;
        for chart in charts {
            let mut groups = Vec::new();
            for (metric, label) in &chart.metrics {
                let group = points::group(&reader.store, &run, (metric, *axis))?;
                if let Some(ends) = points::ends(&group) {
                    whole = Some(whole.map_or(ends, |all| (all.0.min(ends.0), all.1.max(ends.1))));
                }
                groups.push((label.as_str(), group));
            }
            read.push((chart.clone(), groups));
        }
        // Values from before the start, as of another machine's clock: time runs from the first of them.
        let early = whole.map_or(0.0, |whole| whole.0);
        let is_from_first = *axis == XAxis::Elapsed && early < 0.0;
        let origin = if is_from_first { early } else { 0.0 };
        let whole = whole.map(|(low, high)| (low - origin, high - origin));
        let all = whole.unwrap_or((0.0, 1.0));
        let is_whole = *zoom == Zoom::Whole;
        let range = zoom.range(all);
        let mut drawn = Vec::new();
        for (chart, groups) in read {
            let mut lines = Vec::new();
            for (label, group) in groups {
                let own = points::ends(&group).unwrap_or((all.0 + origin, all.1 + origin));
                let range = if is_whole { own } else { (range.0 + origin, range.1 + origin) };
                let made = points::lines(&group, label, (range, *weight, *columns));
                lines.extend(made.into_iter().map(|line| line.moved(-origin)));
            }
            drawn.push((chart, lines));
        }
        let range = (!is_whole).then_some(range);
        Ok(Drawn { charts: drawn, axis: *axis, whole, range, is_from_first })
    }
}

fn row(reader: &Reader, run: RunId) -> Result<crate::store::RunRow, Trouble> {
    let rows = reader.store.rows(&[run], &[])?;
    rows.into_iter().next().ok_or_else(|| gone(run))
}

fn gone(run: RunId) -> Trouble {
    Trouble::Other(format!("run {run} is not in this store any more; 1 lists those that are"))
}

fn record(reader: &Reader, id: RunId) -> Result<Record, Trouble> {
    let store = &reader.store;
    let run = match store.run_by_id(id) {
        Err(crate::store::StoreError::NoSuchRun { .. }) => return Err(gone(id)),
        run => run?,
    };
    let sweep = store.sweep_of(id)?;
    let made_by = store.made_by(run.id)?.map(|made_by| made_by.arm.to_string());
    let is_driven = match sweep {
        Some(sweep) if !run.status.is_over() => store.driver(sweep)?.is_some(),
        _ => false,
    };
    let mut folds = IndexMap::new();
    for (metric, summary) in run.metrics.iter().filter(|(_, summary)| summary.n <= MAX_FOLDS) {
        if summary.n == 0 {
            continue;
        }
        let points = store.series(id, metric)?;
        let scores = fold_scores(&points);
        if !scores.is_empty() && scores.len() as u64 == summary.n {
            folds.insert(metric.clone(), scores.iter().map(|point| point.value).collect());
        }
    }
    let series = store.series_keys(id)?.into_iter().map(|key| key.metric).collect();
    let work = sweep.map(|sweep| store.sweep_by_id(sweep)).transpose()?;
    let work = work.and_then(|row| command_of(store, &run, &row));
    Ok(Record {
        series,
        work,
        environment: store.environment(id)?,
        sweep,
        is_driven,
        made_by,
        is_lost: !run.status.is_over() && store.is_lost(id)?,
        artifacts: store.artifacts(id)?,
        folds,
        run,
    })
}

/// What the run's process was started with: its sweep file as it is recorded, with the run's parameters.
fn command_of(store: &Store, run: &RunRecord, row: &SweepRow) -> Option<String> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let parsed = spec::parse(&row.text, Format::Toml, Path::new(&row.file), &overrides, &known);
    let sweep = parsed.ok()?;
    let Work::Command(section) = &sweep.work else { return None };
    let run_dir = store.run_folder(run.id);
    let (artifacts, json) = (run_dir.join("artifacts"), run_dir.join("params.json"));
    let values = RenderValues {
        params: &run.params,
        seed: run.seed.map_or(sweep.search.seed, |seed| seed as u64),
        trial: run.trial.unwrap_or(0),
        run: run.id.0,
        run_dir: &run_dir,
        artifacts: &artifacts,
        checkpoint: Path::new("$DERBY_CHECKPOINT"),
        json: &json,
    };
    Some(spec::shell_words(&spec::arguments(&section.run, &values)))
}

/// The lines of a text file, or what else it is.
fn file(reader: &Reader, run: RunId, path: &str) -> Result<Vec<String>, Trouble> {
    let shown = crate::report::words::clean(path);
    let Some(file) = reader.store.open_artifact(run, path)? else {
        return Err(Trouble::Other(format!("run {run} has no file '{shown}' any more")));
    };
    let mut bytes = Vec::new();
    let failed = |error| Trouble::Other(format!("'{shown}' cannot be read: {error}"));
    file.take(SHOWN_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    let is_cut = bytes.len() as u64 > SHOWN_FILE;
    bytes.truncate(SHOWN_FILE as usize);
    if bytes.contains(&0)
        || std::str::from_utf8(&bytes).is_err_and(|error| error.error_len().is_some())
    {
        return Err(Trouble::Other(format!(
            "'{shown}' is no text; derby artifacts {run} copies it to a folder"
        )));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines: Vec<String> =
        text.lines().map(|line| line_of(&tail::without_codes(line))).collect();
    if is_cut {
        lines.push(String::new());
        lines.push(format!("… the rest: derby artifacts {run} {shown}"));
    }
    Ok(lines)
}

/// A line without control characters, its indent kept.
fn line_of(line: &str) -> String {
    let body = line.trim_start();
    let indent: usize =
        line[..line.len() - body.len()].chars().map(|char| if char == '\t' { 4 } else { 1 }).sum();
    format!("{}{}", " ".repeat(indent), crate::report::words::clean(body))
}
