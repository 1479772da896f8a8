//! What a report says about an older one and about limits.

use super::page::{Block, Mark, Piece, Table, code, dotted, words};
use super::words::{measured, pair, plural, signed, value};
use super::{Baseline, Kind, LimitResult, LimitStatus, Trend};
use crate::domain::Value;

pub(super) fn limits(limits: &[LimitResult], blocks: &mut Vec<Block>) {
    if limits.is_empty() {
        return;
    }
    let broken =
        |limit: &&LimitResult| matches!(limit.status, LimitStatus::Fail | LimitStatus::Hold);
    let failed = limits.iter().filter(broken).count();
    let heading = match failed {
        0 => "Limits".to_string(),
        _ => format!("Limits: {failed} of {} broken", limits.len()),
    };
    blocks.push(Block::Heading(heading));
    let mut table = Table::new("limits", &[("", false), ("Fails on", false), ("Evidence", false)]);
    table.is_plain = true;
    for limit in limits {
        let mark = match limit.status {
            LimitStatus::Pass => Mark::Good,
            LimitStatus::Hold => Mark::Warn,
            LimitStatus::Fail => Mark::Bad,
            LimitStatus::Skip => Mark::None,
        };
        table.rows.push(vec![
            Piece::Mark(mark, limit.status.word()),
            code(&limit.limit),
            words(&limit.detail),
        ]);
    }
    blocks.push(Block::Table(table));
}

pub(super) fn baseline(of: &Baseline, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Against the baseline".into()));
    let mut facts = vec![vec![code(&of.label)]];
    if let Some((old, new)) = of.old_run.zip(of.new_run).filter(|(old, new)| old != new) {
        facts.push(vec![words(format!("run {old} there, run {new} here"))]);
    }
    facts.push(vec![words(match of.same_data {
        Some(true) => "the same data",
        Some(false) => "other data: a change may be the data's",
        None => "whether the data is the same is not known",
    })]);
    blocks.push(Block::Sentence(dotted(facts)));
    metric_changes(of, blocks);
    if !of.params.is_empty() {
        let mut table =
            Table::new("parameters", &[("Parameter", false), ("Old", true), ("New", true)]);
        let shown = |has: bool, of: &Option<Value>| match of {
            _ if !has => words("·"),
            Some(of) => code(value(of)),
            None => code("none"),
        };
        for change in &of.params {
            table.rows.push(vec![
                code(&change.param),
                shown(change.had, &change.old),
                shown(change.has, &change.new),
            ]);
        }
        blocks.push(Block::Table(table));
    }
    if of.equal_params > 0 {
        let text = format!("{} equal in both", plural(of.equal_params, "parameter"));
        blocks.push(Block::Sentence(vec![words(text)]));
    }
}

/// A table for each kind: scores of folds, of the holdout and times never share a column.
fn metric_changes(of: &Baseline, blocks: &mut Vec<Block>) {
    for (kind, name) in [
        (Kind::Holdout, "On the holdout"),
        (Kind::Sweep, "In the sweep"),
        (Kind::Measured, "Measured"),
    ] {
        let columns = [(name, false), ("Old", true), ("New", true), ("Change", true), ("", false)];
        let mut table = Table::new("metrics", &columns);
        for change in of.metrics.iter().filter(|change| change.kind == kind) {
            let metric = &change.metric;
            let one =
                |value: Option<f64>| value.map_or("·".into(), |value| measured(metric, value));
            let (old, new) = match (change.old, change.new) {
                (Some(old), Some(new)) => pair(metric, old, new),
                (old, new) => (one(old), one(new)),
            };
            let moved = match (change.change, change.relative) {
                (Some(moved), Some(share)) if kind == Kind::Measured && moved != 0.0 => {
                    format!("{}{}", if share > 0.0 { "+" } else { "" }, percent_whole(share))
                }
                (Some(moved), _) => signed(moved),
                (None, _) => "·".into(),
            };
            table.rows.push(vec![
                code(metric),
                words(old),
                words(new),
                words(moved),
                trend(change.trend),
            ]);
        }
        if !table.rows.is_empty() {
            blocks.push(Block::Table(table));
        }
    }
}

/// Times differ from run to run: more than whole percents would be noise.
fn percent_whole(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn trend(trend: Trend) -> Piece {
    match trend {
        Trend::Better => Piece::Mark(Mark::Good, "better"),
        Trend::Worse => Piece::Mark(Mark::Bad, "worse"),
        Trend::Equal => words("equal"),
        Trend::Changed => words("changed"),
        Trend::Unknown => words(""),
    }
}
