//! What a report says to people, before any format: headings, sentences, lists and tables.

use super::words::{count, cut, duration, measured, number, params, plural, short};
use super::{DataCheck, Importance, Level, ONE_VALUE, Plot, Report, RunSummary, SweepSummary};
use super::{page_baseline, page_gate};
use crate::domain::Status;
use crate::gate::Decision;
use crate::metrics;
use std::fmt::Write;

/// Columns of scores in the table of the best runs.
const MOST_SCORES: usize = 3;
/// Characters of the columns that a check is about.
const MAX_COLUMNS: usize = 60;
/// Parameters of less importance are counted only.
const LEAST_SHARE: f64 = 0.005;

/// A report in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// One line.
    pub title: String,
    /// Everything under it, the most important first.
    pub blocks: Vec<Block>,
}

/// One part of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading of a section.
    Heading(String),
    /// What the gate decided, and why.
    Verdict(Decision, String),
    /// A sentence.
    Sentence(Vec<Piece>),
    /// Rows and columns.
    Table(Table),
    /// A figure.
    Figure(Plot),
    /// The small print at the end.
    Small(Vec<Piece>),
}

/// A part of a sentence, or a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Words, perhaps foreign ones.
    Words(String),
    /// A name or a value, as it is typed.
    Code(String),
    /// How something ended.
    Mark(Mark, &'static str),
    /// A share in `[0, 1]`, which may be drawn as a bar.
    Share(f64),
}

/// How something ended, for a sign and a color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Not proven, or worth a look.
    Warn,
    /// Not as it should be.
    Bad,
    /// Neither.
    None,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What its rows are, in the plural: `checks`.
    pub noun: &'static str,
    /// Names of columns; true where numbers stand at the right.
    pub columns: Vec<(String, bool)>,
    /// A piece a column.
    pub rows: Vec<Vec<Piece>>,
    /// True if a terminal needs no names of columns to understand it.
    pub is_plain: bool,
}

impl Mark {
    /// The sign of it on a terminal.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Warn => "?",
            Self::Bad => "✗",
            Self::None => "-",
        }
    }
}

impl From<Decision> for Mark {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Promote => Self::Good,
            Decision::Hold => Self::Warn,
            Decision::Reject => Self::Bad,
        }
    }
}

impl Table {
    pub(super) fn new(noun: &'static str, columns: &[(&str, bool)]) -> Self {
        let columns = columns.iter().map(|(name, right)| ((*name).to_string(), *right)).collect();
        Self { noun, columns, rows: Vec::new(), is_plain: false }
    }
}

pub(super) fn words(text: impl Into<String>) -> Piece {
    Piece::Words(text.into())
}

pub(super) fn code(text: impl Into<String>) -> Piece {
    Piece::Code(text.into())
}

/// Facts in one line, parted by dots.
pub(super) fn dotted(facts: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut line = Vec::new();
    for fact in facts {
        if !line.is_empty() {
            line.push(words(" · "));
        }
        line.extend(fact);
    }
    line
}

impl Page {
    /// Says a report.
    pub fn of(report: &Report) -> Self {
        let mut blocks = Vec::new();
        if let Some(gate) = &report.gate {
            page_gate::verdict(gate, &mut blocks);
        }
        page_baseline::limits(&report.limits, &mut blocks);
        if let Some(gate) = &report.gate {
            page_gate::evidence(gate, &mut blocks);
        }
        if let Some(compared) = &report.baseline {
            page_baseline::baseline(compared, &mut blocks);
        }
        if let Some(of) = &report.sweep {
            sweep(of, &mut blocks);
        }
        if let Some(run) = report.run.as_ref().filter(|run| !is_best(report, run)) {
            subject(run, &mut blocks);
        }
        if let Some(mattered) = &report.importance {
            importance(mattered, &mut blocks);
        }
        data_checks(&report.data_checks, &mut blocks);
        if !report.plots.is_empty() {
            blocks.push(Block::Heading("Figures".into()));
            blocks.extend(report.plots.iter().cloned().map(Block::Figure));
        }
        notes(&report.notes, &mut blocks);
        blocks.push(Block::Small(origin(report)));
        Self { title: report.title.clone(), blocks }
    }
}

fn is_best(report: &Report, run: &RunSummary) -> bool {
    report
        .sweep
        .as_ref()
        .and_then(|sweep| sweep.best.first())
        .is_some_and(|best| best.run == run.run)
}

fn sweep(of: &SweepSummary, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(format!("Sweep {}", of.name)));
    let mut facts: Vec<Vec<Piece>> = of
        .objectives
        .iter()
        .map(|objective| {
            vec![words(format!("{} ", objective.goal.word())), code(&objective.metric)]
        })
        .collect();
    let ended = Status::ALL.iter().filter_map(|status| {
        of.counts
            .get(status.word())
            .filter(|n| **n > 0)
            .map(|n| format!("{} {}", count(*n), status.word()))
    });
    let ended: Vec<String> = ended.collect();
    let runs = plural(of.runs(), "run");
    facts.push(vec![words(if ended.is_empty() {
        runs
    } else {
        format!("{runs}: {}", ended.join(", "))
    })]);
    facts.push(vec![words(match of.seed {
        Some(seed) => format!("{}, seed {seed}", of.sampler),
        None => of.sampler.clone(),
    })]);
    facts.push(vec![words(&of.evaluation)]);
    facts.extend(of.seconds.map(|seconds| vec![words(duration(seconds))]));
    blocks.push(Block::Sentence(dotted(facts)));
    if !of.best.is_empty() {
        blocks.push(Block::Table(best(of)));
    }
    if !of.failures.is_empty() {
        let mut table = Table::new("reasons", &[("Runs", true), ("Why they failed", false)]);
        table.rows = of
            .failures
            .iter()
            .map(|failure| vec![words(count(failure.runs)), words(&failure.reason)])
            .collect();
        blocks.push(Block::Table(table));
    }
}

fn best(of: &SweepSummary) -> Table {
    let shown = shown_metrics(of);
    let mut columns = vec![("Run".to_string(), true)];
    // What a score stands for is said once; it holds for all of them.
    columns.extend(shown.iter().enumerate().map(|(place, metric)| match place {
        0 if of.evaluation != ONE_VALUE => (format!("{metric} ({})", of.evaluation), true),
        _ => (metric.clone(), true),
    }));
    columns.extend([("Time".to_string(), true), ("Parameters".to_string(), false)]);
    let rows = of.best.iter().map(|run| {
        let mut row = vec![words(run.run.to_string())];
        row.extend(shown.iter().map(|metric| words(score(run, metric))));
        row.push(words(run.seconds.map_or("·".into(), duration)));
        row.push(code(params(&run.params)));
        row
    });
    Table { noun: "runs", columns, rows: rows.collect(), is_plain: false }
}

/// The objectives, then what the best run has besides, without times.
fn shown_metrics(of: &SweepSummary) -> Vec<String> {
    let mut names: Vec<String> =
        of.objectives.iter().map(|objective| objective.metric.clone()).collect();
    for name in of.best.iter().flat_map(|run| run.scores.keys()) {
        let is_score = metrics::info(name).is_none_or(|info| !info.measured);
        if names.len() < MOST_SCORES && is_score && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn score(run: &RunSummary, metric: &str) -> String {
    match run.scores.get(metric) {
        None => "·".into(),
        Some(score) => match score.sd {
            Some(sd) => format!("{} ± {}", measured(metric, score.value), measured(metric, sd)),
            None => measured(metric, score.value),
        },
    }
}

/// The run that the report is about, unless it is the best of its sweep, which stands first there.
fn subject(run: &RunSummary, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(format!("Run {}", run.run)));
    let mut facts = vec![vec![words(run.status.word())]];
    if !run.params.is_empty() {
        facts.push(vec![code(params(&run.params))]);
    }
    blocks.push(Block::Sentence(dotted(facts)));
    let mut table = Table::new("metrics", &[("In the sweep", false), ("Value", true)]);
    table.rows =
        run.scores.keys().map(|metric| vec![code(metric), words(score(run, metric))]).collect();
    if !table.rows.is_empty() {
        blocks.push(Block::Table(table));
    }
}

fn importance(of: &Importance, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("What mattered".into()));
    blocks.push(Block::Sentence(vec![words(format!(
        "For {} by {}, from {}",
        of.metric,
        of.method,
        plural(of.runs, "run")
    ))]));
    let is_conditional = of.shares.iter().any(|share| share.active < of.runs);
    let active = is_conditional.then_some(("Active in", false));
    let columns = [("Parameter", false), ("Importance", true), ("", false)];
    let columns: Vec<_> = columns.into_iter().chain(active).collect();
    let mut table = Table::new("parameters", &columns);
    let (shown, small): (Vec<_>, Vec<_>) =
        of.shares.iter().partition(|share| share.share >= LEAST_SHARE);
    for share in shown {
        let shown = match (share.low, share.high) {
            (Some(low), Some(high)) => {
                format!("{} ({} … {})", two(share.share), two(low), two(high))
            }
            _ => two(share.share),
        };
        let bar = Piece::Share(share.share.clamp(0.0, 1.0));
        let mut row = vec![code(&share.param), words(shown), bar];
        row.extend(is_conditional.then(|| words(active_in(share.active, of.runs))));
        table.rows.push(row);
    }
    blocks.push(Block::Table(table));
    if !small.is_empty() {
        let text = format!("{} below {LEAST_SHARE}", plural(small.len() as u64, "other parameter"));
        blocks.push(Block::Sentence(vec![words(text)]));
    }
}

/// In how many of the runs a parameter was there.
fn active_in(active: u64, runs: u64) -> String {
    if active == runs { "all".into() } else { format!("{active} of {}", plural(runs, "run")) }
}

/// A share with two decimals.
fn two(share: f64) -> String {
    format!("{share:.2}")
}

fn data_checks(checks: &[DataCheck], blocks: &mut Vec<Block>) {
    if checks.is_empty() {
        return;
    }
    let of = |level: Level| checks.iter().filter(|check| check.status == level).count() as u64;
    let (errors, warnings) = (of(Level::Error), of(Level::Warning));
    let heading = match (errors, warnings) {
        (0, 0) => "Data".to_string(),
        (0, warnings) => format!("Data: {}", plural(warnings, "warning")),
        (errors, 0) => format!("Data: {}", plural(errors, "error")),
        (errors, warnings) => {
            format!("Data: {}, {}", plural(errors, "error"), plural(warnings, "warning"))
        }
    };
    blocks.push(Block::Heading(heading));
    let columns =
        [("", false), ("Check", false), ("Column", false), ("Value", true), ("Finding", false)];
    let mut table = Table::new("checks", &columns);
    table.is_plain = true;
    let (quiet, mut ordered): (Vec<&DataCheck>, Vec<&DataCheck>) =
        checks.iter().partition(|check| check.is_quiet());
    ordered.sort_by_key(|check| std::cmp::Reverse(check.status));
    for check in ordered {
        let mark = match check.status {
            Level::Pass => Piece::Mark(Mark::Good, "pass"),
            Level::Note => Piece::Mark(Mark::None, "note"),
            Level::Warning => Piece::Mark(Mark::Warn, "warning"),
            Level::Error => Piece::Mark(Mark::Bad, "error"),
        };
        table.rows.push(vec![
            mark,
            code(&check.id),
            check.column.as_ref().map_or(words(""), |column| code(cut(column, MAX_COLUMNS))),
            words(check.value.map_or(String::new(), number)),
            words(&check.message),
        ]);
    }
    if !table.rows.is_empty() {
        blocks.push(Block::Table(table));
    }
    let passed = quiet.iter().filter(|check| check.status == Level::Pass).count() as u64;
    let facts = [(passed, "found nothing"), (quiet.len() as u64 - passed, "could not be made")];
    let facts = facts.iter().filter(|(n, _)| *n > 0);
    let facts: Vec<String> =
        facts.map(|(n, what)| format!("{} {what}", plural(*n, "check"))).collect();
    if !facts.is_empty() {
        blocks.push(Block::Sentence(vec![words(facts.join(", "))]));
    }
}

fn notes(notes: &[String], blocks: &mut Vec<Block>) {
    if notes.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Notes".into()));
    let mut table = Table::new("notes", &[("Note", false)]);
    table.is_plain = true;
    table.rows = notes.iter().map(|note| vec![words(note)]).collect();
    blocks.push(Block::Table(table));
}

/// Where all this comes from: data, code, rules, ledger, program.
fn origin(report: &Report) -> Vec<Piece> {
    let mut facts = Vec::new();
    if let Some(data) = report.sweep.as_ref().and_then(|sweep| sweep.data.as_ref()) {
        let mut text = format!(" {}, {}", hash(&data.hash), plural(data.rows, "row"));
        if let Some(rows) = data.holdout_rows {
            let _ = write!(text, ", {} of them kept apart", count(rows));
        }
        facts.push(vec![words("data "), code(&data.name), words(text)]);
    }
    if let Some(commit) = report.run.as_ref().and_then(|run| run.commit.as_ref()) {
        facts.push(vec![words("commit "), code(commit.get(..12).unwrap_or(commit))]);
    }
    if let Some(gate) = &report.gate {
        facts.push(vec![words(format!("policy {}", hash(&gate.policy_digest)))]);
        if let Some(ledger) = &gate.ledger {
            facts.push(vec![
                words("ledger "),
                code(&ledger.file),
                words(format!(" head {}, {} entries", short(&ledger.head), count(ledger.entries))),
            ]);
        }
    }
    facts.push(vec![words(format!("derby {}", report.derby))]);
    facts.extend(report.created.as_ref().map(|at| vec![words(at)]));
    dotted(facts)
}

fn hash(hash: &str) -> String {
    format!("b3:{}", short(hash))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_row_has_a_piece_a_column() {
        for (name, report) in sample::all() {
            for block in Page::of(&report).blocks {
                let Block::Table(table) = block else { continue };
                for row in &table.rows {
                    assert_eq!(row.len(), table.columns.len(), "{name}: {}", table.noun);
                }
            }
        }
    }

    #[test]
    fn folds_and_holdout_never_share_a_table() {
        let kinds = |table: &Table| {
            let shown = format!("{:?}", table.columns);
            (shown.contains("folds") || shown.contains("sweep"), shown.contains("holdout"))
        };
        let tables = Page::of(&sample::full()).blocks.into_iter().filter_map(|block| match block {
            Block::Table(table) => Some(kinds(&table)),
            _ => None,
        });
        let tables: Vec<_> = tables.collect();
        assert!(tables.contains(&(true, false)) && tables.contains(&(false, true)), "{tables:?}");
        assert!(!tables.contains(&(true, true)), "{tables:?}");
    }
}
