//! What the lists of the screen say: parameters against another run, scores, files, surroundings.

use super::load::Record;
use crate::domain::{Goal, RunRecord, Summary, Value};
use crate::host;
use crate::report::words;
use crate::spec;
use std::cmp::Ordering;
use std::path::Path;

/// How a value stands to that of the other run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// There is no other run.
    Alone,
    /// It is the same.
    Equal,
    /// It is another. Neither is better than the other, so that no arrow says which is larger.
    Other,
}

/// A parameter, or what else two runs may differ in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParamRow {
    pub(super) name: String,
    pub(super) this: String,
    pub(super) other: String,
    pub(super) sign: Sign,
    /// True for seed, data and code, which are no parameters.
    pub(super) is_context: bool,
}

/// A metric of the run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScoreRow {
    pub(super) name: String,
    pub(super) score: String,
    pub(super) sd: String,
    pub(super) delta: String,
    /// True if the difference is for the better, false for the worse; none if nobody knows.
    pub(super) is_better: Option<bool>,
    pub(super) folds: Vec<f64>,
    /// True for what the sweep aims at.
    pub(super) is_aim: bool,
}

/// Shown for what is not there.
pub(super) const NONE: &str = "—";

/// The parameters of a run beside those of another, then seed, data and code.
pub(super) fn params(run: &RunRecord, other: Option<&RunRecord>) -> Vec<ParamRow> {
    let mut rows = Vec::with_capacity(run.params.len() + 4);
    for (name, value) in run.params.iter() {
        let sign = match other {
            None => Sign::Alone,
            Some(other) if other.params.get(name).is_some_and(|with| is_equal(value, with)) => {
                Sign::Equal
            }
            Some(_) => Sign::Other,
        };
        let (this, with) = pair(value, other.and_then(|other| other.params.get(name)));
        rows.push(ParamRow { name: name.into(), this, other: with, sign, is_context: false });
    }
    let missing = other.into_iter().flat_map(|other| other.params.iter());
    for (name, value) in missing.filter(|(name, _)| run.params.get(name).is_none()) {
        rows.push(ParamRow {
            name: name.into(),
            this: NONE.into(),
            other: words::value(value),
            sign: Sign::Other,
            is_context: false,
        });
    }
    let taken: Vec<String> = rows.iter().map(|row: &ParamRow| row.name.clone()).collect();
    let mut context = |name: &str, of: &dyn Fn(&RunRecord) -> Option<String>| {
        let (this, with) = (of(run), other.and_then(of));
        if this.is_none() && with.is_none() {
            return;
        }
        let sign = match other {
            None => Sign::Alone,
            Some(_) if this == with => Sign::Equal,
            Some(_) => Sign::Other,
        };
        // A parameter may be called so too.
        let is_taken = taken.iter().any(|other| other == name);
        rows.push(ParamRow {
            name: if is_taken { format!("run's {name}") } else { name.into() },
            this: this.unwrap_or_else(|| NONE.into()),
            other: with.unwrap_or_else(|| NONE.into()),
            sign,
            is_context: true,
        });
    };
    context("seed", &|run| run.seed.map(|seed| seed.to_string()));
    context("data", &|run| run.data_hash.as_deref().map(digest));
    context("split", &|run| run.split.as_deref().map(digest));
    context("code", &|run| run.git.as_ref().map(|git| commit(&git.commit, git.dirty)));
    rows
}

fn digest(hash: &str) -> String {
    format!("b3:{}", words::short(hash))
}

fn commit(commit: &str, dirty: bool) -> String {
    let short: String = commit.chars().take(7).collect();
    if dirty { format!("{short}+") } else { short }
}

fn is_equal(this: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    };
    match (number(this), number(other)) {
        (Some(a), Some(b)) => a.total_cmp(&b) == Ordering::Equal,
        _ => this == other,
    }
}

/// Two values with as many digits as it takes to see that they differ.
fn pair(this: &Value, other: Option<&Value>) -> (String, String) {
    match (this, other) {
        (Value::Float(a), Some(Value::Float(b))) => words::pair("", *a, *b),
        (_, other) => (words::value(this), other.map_or_else(|| NONE.into(), words::value)),
    }
}

/// The metrics of a run, those that the sweep aims at first; the machine's are left out.
pub(super) fn scores(
    record: &Record,
    other: Option<&RunRecord>,
    aims: &[(String, Goal)],
) -> Vec<ScoreRow> {
    let aim = |name: &str| aims.iter().position(|(aim, _)| aim == name);
    let own =
        record.run.metrics.iter().filter(|(name, _)| !name.starts_with(super::charts::SYSTEM));
    let mut own: Vec<(&String, &Summary)> = own.collect();
    own.sort_by_key(|(name, _)| aim(name).unwrap_or(aims.len()));
    let by = |(name, summary): &(&String, &Summary)| {
        let with = other?.metrics.get(*name)?.score;
        Some(summary.score - with).filter(|by| by.is_finite())
    };
    let column = |of: &dyn Fn(&(&String, &Summary)) -> f64| {
        let values: Vec<(&str, f64)> = own.iter().map(|row| (row.0.as_str(), of(row))).collect();
        words::column(&values)
    };
    let folds = |name: &str| record.folds.get(name).cloned().unwrap_or_default();
    let shown = column(&|row| row.1.score);
    // The spread along a curve is no uncertainty of its end.
    let sds = column(&|row| if folds(row.0).is_empty() { f64::NAN } else { row.1.sd });
    let deltas = column(&|row| by(row).unwrap_or(f64::NAN));
    let row = |(at, row): (usize, &(&String, &Summary))| {
        let (name, by) = (row.0, by(row));
        let goal = aims.iter().find(|(aim, _)| aim == name).map(|(_, goal)| *goal);
        let goal = goal.or(super::charts::known_goal(name));
        let is_better = match (goal, by) {
            (Some(goal), Some(by)) if by != 0.0 => Some(goal.better(by, 0.0)),
            _ => None,
        };
        let delta = match by {
            Some(by) if by > 0.0 => format!("+{}", deltas[at]),
            Some(_) => deltas[at].clone(),
            None => no_delta(name, other),
        };
        let folds = folds(name);
        let has_sd = row.1.sd.is_finite() && !folds.is_empty();
        ScoreRow {
            name: name.clone(),
            score: shown[at].clone(),
            sd: if has_sd { sds[at].clone() } else { String::new() },
            delta,
            is_better,
            folds,
            is_aim: aim(name).is_some(),
        }
    };
    own.iter().enumerate().map(row).collect()
}

/// Why there is no difference to the other run.
fn no_delta(metric: &str, other: Option<&RunRecord>) -> String {
    match other {
        Some(other) if !other.metrics.contains_key(metric) => format!("not in {}", other.id),
        Some(_) => NONE.into(),
        None => String::new(),
    }
}

/// Where and how the run ran: labels and values.
pub(super) fn surroundings(record: &Record) -> Vec<(String, String)> {
    let run = &record.run;
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |label: &str, text: String| {
        if !text.is_empty() {
            rows.push((label.into(), text));
        }
    };
    if let Some(work) = &record.work {
        row("work", work.clone());
        row("driven by", command(&run.argv));
    } else {
        row("command", command(&run.argv));
    }
    row("host", format!("{} on {}", run.user, run.host));
    row(
        "commit",
        run.git
            .as_ref()
            .map(|git| {
                let branch = git.branch.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
                let dirty = if git.dirty { ", uncommitted changes" } else { "" };
                format!("{}{branch}{dirty}", git.commit.chars().take(7).collect::<String>())
            })
            .unwrap_or_default(),
    );
    row(
        "data",
        run.data_hash
            .as_deref()
            .map(|hash| {
                let source = record.environment.source.as_deref().unwrap_or_default();
                format!("{} {source}", digest(hash)).trim().to_string()
            })
            .unwrap_or_default(),
    );
    row("rows", run.rows.map(words::count).unwrap_or_default());
    row("split", run.split.as_deref().map(digest).unwrap_or_default());
    row("schema", run.schema_hash.as_deref().map(digest).unwrap_or_default());
    row("seed", run.seed.map(|seed| seed.to_string()).unwrap_or_default());
    row("derby", run.version.clone());
    row("ended", exit(run));
    row("cpu", run.cpu_seconds.map(words::duration).unwrap_or_default());
    row(
        "taken from",
        run.cached_from.map(|from| format!("run {from}: an equal run")).unwrap_or_default(),
    );
    row("attempt", if run.attempt > 1 { run.attempt.to_string() } else { String::new() });
    row("uuid", run.uuid.clone());
    rows
}

/// How the process ended, where the run had one.
fn exit(run: &RunRecord) -> String {
    match (run.exit_code, run.exit_signal) {
        (_, Some(signal)) => format!("by signal {signal}"),
        (Some(code), None) => format!("with status {code}"),
        (None, None) => String::new(),
    }
}

/// The command line as it is typed, without the folder of the program.
fn command(argv: &[String]) -> String {
    let Some((program, rest)) = argv.split_first() else { return String::new() };
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_else(|| program.into());
    let words: Vec<&str> = std::iter::once(&*name).chain(rest.iter().map(String::as_str)).collect();
    spec::shell_words(&words)
}

/// Everything about where it ran, to be read.
pub(super) fn environment_page(record: &Record) -> Vec<String> {
    let clean = |text: &str| words::clean(text);
    let mut lines = Vec::new();
    let rows = surroundings(record);
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    lines.extend(rows.iter().map(|(label, text)| format!("{label:width$}  {}", clean(text))));
    for (label, at) in [("started", record.run.started), ("over", record.run.ended)] {
        if let Some(at) = at {
            lines.push(format!("{label:width$}  {}", host::clock::iso(at)));
        }
    }
    if !record.environment.env.is_empty() {
        lines.push(String::new());
        lines.push("environment variables".into());
        let each =
            |(name, value): (&String, &String)| format!("  {}={}", clean(name), clean(value));
        lines.extend(record.environment.env.iter().map(each));
    }
    if let Some(diff) = &record.environment.diff_text {
        lines.push(String::new());
        lines.push("uncommitted changes".into());
        lines.extend(diff.lines().map(|line| {
            let body = line.trim_start();
            format!("{}{}", " ".repeat(line.len() - body.len()), clean(body))
        }));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_equal_or_not() {
        let check = |a: Value, b: Value, expect: bool| assert_eq!(is_equal(&a, &b), expect);
        check(Value::Int(3), Value::Float(3.0), true);
        check(Value::Float(1e-4), Value::Float(1e-3), false);
        check(Value::Text("a".into()), Value::Text("b".into()), false);
        check(Value::None, Value::None, true);
        check(Value::Float(f64::NAN), Value::Float(f64::NAN), true);
    }
}
