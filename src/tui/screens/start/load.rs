//! What the start screen asks: the sweep files of the folder, checked, and what the store knows of them.

use crate::domain::{Objective, RunRecord, Status, SweepId, format_number};
use crate::host;
use crate::report::words::{count, plural};
use crate::sampler;
use crate::space::{Row, Size};
use crate::spec::{self, Format, Known, MinImprovement, Overrides, SpecError, Sweep, Work};
use crate::store::filter::{Attribute, Pattern};
use crate::store::{Expr, Field, Query, StoreError, SweepRow};
use crate::sweep::{Reached, Steering, whole};
use crate::tui::ask::{Freshness, Reader, Trouble};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of sweep files.
const FOLDER: &str = "sweeps";
/// Extensions of sweep files.
const EXTENSIONS: [&str; 4] = ["toml", "yaml", "yml", "json"];
/// Larger files are no sweep files.
const LARGEST: u64 = 1 << 20;
/// Files that are read.
const MOST: usize = 500;
/// Earlier runs that a cost is estimated from.
const RUNS: usize = 200;

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Every sweep file with all that is known of it.
    ///
    /// `beat` changes with time while a sweep is driven, since a process that dies says nothing.
    Files {
        /// Counts the seconds, some at a time.
        beat: i64,
    },
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// The files, by name.
    Files(Vec<File>),
}

/// A sweep file.
#[derive(Debug, Clone)]
pub struct File {
    /// As it is seen from the folder where derby was started.
    pub shown: String,
    /// What it says, or every problem of it, a line each.
    pub plan: Result<Box<Plan>, Vec<String>>,
    /// What the store has of it.
    pub past: Option<Past>,
}

/// What a sweep file says.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The sweep's name.
    pub name: String,
    /// The sampler.
    pub sampler: String,
    /// What it optimizes.
    pub objectives: Vec<Objective>,
    /// Model families, `command` or a function.
    pub work: String,
    /// Its data.
    pub data: Vec<String>,
    /// How large the space is.
    pub size: String,
    /// When it stops.
    pub budget: Vec<String>,
    /// Trials of the budget, or of the grid.
    pub trials: Option<u64>,
    /// Trials that try everything: the grid's size, or the space's.
    pub whole: Option<u64>,
    /// True if the budget names the trials.
    pub has_trials: bool,
    /// Runs of each configuration.
    pub replicates: u64,
    /// Wall time of the budget in seconds.
    pub seconds: Option<f64>,
    /// Trials at a time.
    pub jobs: usize,
    /// True if there are rules for a gate.
    pub has_gate: bool,
    /// The space.
    pub tree: Vec<Row>,
    /// What has no meaning here, of a file of another program.
    pub notes: Vec<String>,
}

/// What ran of it.
#[derive(Debug, Clone)]
pub struct Past {
    /// The newest sweep of the file, or the one that goes on.
    pub sweep: Option<SweepId>,
    /// True if the file still asks for the same search.
    pub is_same: bool,
    /// How far it is, and what it does; nothing where none of the file ran.
    pub reached: Reached,
    /// When the session that goes on began, milliseconds since 1970 UTC.
    pub since: Option<i64>,
    /// Seconds of driving.
    pub spent: f64,
    /// Runs that failed.
    pub failed: u64,
    /// The best score.
    pub best: Option<f64>,
    /// Median seconds of its runs, and how many those are.
    pub seconds: Option<(f64, usize)>,
    /// Whose runs those are, where it is another sweep on the same data.
    pub of: Option<String>,
    /// Rows of the data then.
    pub rows: Option<u64>,
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        0
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        Freshness::Runs
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        true
    }

    /// Answers it.
    #[expect(clippy::unused_self, reason = "the only question there is")]
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        let sweeps = reader.store.sweeps()?;
        let mut files = Vec::new();
        for (path, is_sure) in candidates(&reader.here) {
            if let Some(file) = read(reader, &path, is_sure, &sweeps)? {
                files.push(file);
            }
        }
        Ok(Answer::Files(files))
    }
}

/// Files that may be sweep files, by name, those of `sweeps/` first; true if they are there to be one.
fn candidates(here: &Path) -> Vec<(PathBuf, bool)> {
    let list = |folder: &Path, is_sure: bool| {
        let items = fs::read_dir(folder).into_iter().flatten().flatten();
        let fits = |path: &PathBuf| {
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            let is_small =
                fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= LARGEST);
            EXTENSIONS.contains(&extension) && is_small
        };
        let mut paths: Vec<PathBuf> = items.map(|item| item.path()).filter(fits).collect();
        paths.sort();
        paths.into_iter().map(|path| (path, is_sure)).collect::<Vec<_>>()
    };
    let mut all = list(&here.join(FOLDER), true);
    all.extend(list(here, false));
    all.truncate(MOST);
    all
}

/// Reads a file; none if it is no sweep file.
fn read(
    reader: &Reader,
    path: &Path,
    is_sure: bool,
    sweeps: &[SweepRow],
) -> Result<Option<File>, Trouble> {
    let shown = path.strip_prefix(&reader.here).unwrap_or(path).display().to_string();
    match spec::load(path, &Overrides::default(), &Known::built_in()) {
        Ok(sweep) => {
            let past = past(reader, &sweep, sweeps)?;
            let plan = Ok(Box::new(plan(&sweep, past.as_ref())));
            Ok(Some(File { shown, plan, past }))
        }
        Err(_) if !is_sure && !looks_like_one(path) => Ok(None),
        Err(error) => {
            Ok(Some(File { plan: Err(problems(&error, &reader.here)), shown, past: None }))
        }
    }
}

/// True for a file with sections that only sweep files have.
fn looks_like_one(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let is_section = |line: &str| {
        ["[search]", "[budget]", "[objective]", "[models.", "search:", "budget:", "objective:"]
            .iter()
            .any(|mark| line.trim_start().starts_with(mark))
    };
    text.lines().filter(|line| is_section(line)).count() >= 2
}

/// The lines of an error, with paths as they are seen from here.
fn problems(error: &SpecError, here: &Path) -> Vec<String> {
    let prefix = format!("{}/", here.display());
    error.to_string().replace(&prefix, "").lines().map(ToString::to_string).collect()
}

fn plan(sweep: &Sweep, past: Option<&Past>) -> Plan {
    let grid = sampler::grid_len(&sweep.space, sweep.search.grid_steps);
    let all = whole(sweep);
    let trials = match (sweep.budget.trials, all) {
        (Some(trials), Some(all)) => Some(trials.min(all)),
        (trials, all) => trials.or(all),
    };
    let size = match sweep.space.size() {
        Size::Finite(1) => "1 configuration".into(),
        Size::Finite(size) => format!("{} configurations", big(size)),
        Size::Infinite => {
            format!("infinite; a grid of {} per range has {}", sweep.search.grid_steps, big(grid))
        }
    };
    let tree = sweep.space.tree();
    let (work, data) = work(sweep, &tree, past);
    Plan {
        name: sweep.name.clone(),
        sampler: sweep.search.sampler.clone(),
        objectives: sweep.objectives.clone(),
        work,
        data,
        size,
        budget: budget(sweep),
        trials,
        whole: all,
        has_trials: sweep.budget.trials.is_some(),
        replicates: u64::from(sweep.search.replicates).max(1),
        seconds: sweep.budget.time.map(|time| time.as_secs_f64()),
        jobs: sweep.resources.jobs.unwrap_or_else(host::n_cores),
        has_gate: sweep.gate.is_some(),
        tree,
        notes: sweep.notes.clone(),
    }
}

/// A count that may be beyond counting.
fn big(n: u128) -> String {
    match u64::try_from(n) {
        Ok(n) if n < 1_000_000_000_000 => count(n),
        _ => format!("about {}", format_number(n as f64, 2)),
    }
}

fn budget(sweep: &Sweep) -> Vec<String> {
    let budget = &sweep.budget;
    let parts = [
        budget.trials.map(|n| plural(n, "trial")),
        budget.time.map(|time| crate::report::words::limit(time.as_secs_f64())),
        budget.patience.map(|n| format!("{n} without a better one")),
        budget.target.map(|score| format!("score {}", format_number(score, 4))),
        budget.max_failed.map(|n| format!("{n} failed")),
        budget.min_improvement.map(|least| match least {
            MinImprovement::Noise => "no improvement above the noise in sight".into(),
            MinImprovement::Score(score) => {
                format!("no improvement above {} in sight", format_number(score, 2))
            }
        }),
    ];
    parts.into_iter().flatten().collect()
}

/// What a trial does, and its data.
fn work(sweep: &Sweep, tree: &[Row], past: Option<&Past>) -> (String, Vec<String>) {
    let section = match &sweep.work {
        Work::Models(section) => Some(&**section),
        Work::Command(section) => section.data.as_deref(),
        Work::Function(_) | Work::Elsewhere => None,
    };
    let work = match &sweep.work {
        Work::Models(_) => {
            let root = tree.iter().find(|row| row.name == "model" && row.branch.is_none());
            root.map_or_else(|| "models".into(), |row| row.values.clone())
        }
        Work::Command(_) => format!("command {}", command(&sweep.text)).trim_end().into(),
        Work::Function(name) => format!("function {name}"),
        Work::Elsewhere => "told from elsewhere".into(),
    };
    let Some(section) = section else { return (work, Vec::new()) };
    let source = &section.data.source;
    let file = match fs::metadata(&source.path) {
        Ok(data) if data.is_file() => {
            let rows = past.and_then(|past| past.rows).map(|n| format!(", {}", plural(n, "row")));
            format!("{}   {}{}", source.shown, bytes(data.len()), rows.unwrap_or_default())
        }
        Ok(_) => source.shown.clone(),
        Err(error) => format!("! {}: {}", source.shown, error.kind()),
    };
    let mut lines = vec![file, format!("target '{}'", section.data.target)];
    lines.push(match section.split.holdout {
        0.0 => "no holdout".into(),
        share => format!("holdout {} %", format_number(share * 100.0, 3)),
    });
    (work, lines)
}

/// The command of a sweep file, as its canonical text has it.
fn command(text: &str) -> String {
    fn words(value: &toml::Value) -> String {
        match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(parts) => parts.iter().map(words).collect::<Vec<String>>().join(" "),
            other => other.to_string(),
        }
    }
    let file: Option<toml::Table> = toml::from_str(text).ok();
    let section = file.as_ref().and_then(|file| file.get("command"));
    let line = section.and_then(|section| section.get("run").or_else(|| section.get("shell")));
    line.map(words).unwrap_or_default()
}

fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{} kB", format_number(n as f64 / 1e3, 2)),
        _ => format!("{} MB", format_number(n as f64 / 1e6, 2)),
    }
}

/// What the store has of a file: the sweep that it goes on with, else the newest of its name; with runs to estimate from.
fn past(reader: &Reader, sweep: &Sweep, sweeps: &[SweepRow]) -> Result<Option<Past>, Trouble> {
    let named = || sweeps.iter().filter(|row| row.name == sweep.name);
    let same = named().filter(|row| is_same(sweep, row)).max_by_key(|row| row.id);
    let row = same.or_else(|| named().max_by_key(|row| row.id));
    let Some(row) = row else {
        return akin(reader, sweep, sweeps);
    };
    let runs = runs_of(reader, &row.name)?;
    let seconds = median(&runs);
    let rows = runs.iter().find_map(|run| run.rows);
    let sessions = reader.store.sweep_sessions(row.id)?;
    Ok(Some(Past {
        sweep: Some(row.id),
        is_same: same.is_some(),
        reached: Reached::of(&reader.store, row)?,
        since: sessions.last().map(|(start, _)| *start),
        spent: Steering::of(&reader.store, row)?.driven_seconds(&sessions, i64::MAX),
        failed: row.counts.get(&Status::Failed).copied().unwrap_or(0),
        best: row.best.map(|(_, score)| score),
        seconds,
        of: None,
        rows,
    }))
}

/// True if a sweep of the store makes the same search as the file; whether its data is still the same is not looked at.
fn is_same(sweep: &Sweep, row: &SweepRow) -> bool {
    let (known, changes) = (Known::built_in(), Overrides::default());
    let then = spec::parse(&row.text, Format::Toml, &sweep.file, &changes, &known);
    then.is_ok_and(|then| then.digest == sweep.digest)
}

/// Runs of another sweep on the same data, where nothing of this one ran.
fn akin(reader: &Reader, sweep: &Sweep, sweeps: &[SweepRow]) -> Result<Option<Past>, Trouble> {
    let Work::Models(section) = &sweep.work else { return Ok(None) };
    let path = format!("\"{}\"", section.data.source.shown);
    let others = sweeps.iter().rev().filter(|row| row.text.contains(&path));
    for row in others.take(4) {
        let runs = runs_of(reader, &row.name)?;
        if let Some(seconds) = median(&runs) {
            return Ok(Some(Past {
                sweep: None,
                is_same: false,
                reached: Reached::default(),
                since: None,
                spent: 0.0,
                failed: 0,
                best: None,
                seconds: Some(seconds),
                of: Some(row.name.clone()),
                rows: runs.iter().find_map(|run| run.rows),
            }));
        }
    }
    Ok(None)
}

fn runs_of(reader: &Reader, sweep: &str) -> Result<Vec<RunRecord>, Trouble> {
    let own = Expr::Text {
        field: Field::Attribute(Attribute::Sweep),
        pattern: Pattern::Exact(sweep.into()),
    };
    let done = Expr::parse("status:done").map_err(|error| Trouble::Other(error.to_string()))?;
    let query = Query {
        filter: Some(Expr::And(Box::new(own), Box::new(done))),
        limit: Some(RUNS),
        ..Query::default()
    };
    match reader.store.runs(&query) {
        Err(StoreError::Filter(_)) => Ok(Vec::new()),
        other => Ok(other?),
    }
}

/// Median seconds of runs that did work.
fn median(runs: &[RunRecord]) -> Option<(f64, usize)> {
    let worked = runs.iter().filter(|run| run.cached_from.is_none());
    let mut seconds: Vec<f64> = worked.filter_map(|run| run.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let n = seconds.len();
    let upper = *seconds.get(n / 2)?;
    let lower = *seconds.get((n - 1) / 2)?;
    Some((f64::midpoint(lower, upper), n))
}
