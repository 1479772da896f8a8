//! What a report says about a gate.

use super::page::{Block, Mark, Piece, Table, code, dotted, words};
use super::words::{count, number, pair, percent, plural, short, signed};
use super::{Candidate, Gate, HoldoutScore};
use crate::gate::{Check, CheckStatus, Comparison, HoldoutUse, SelectionBias, Verdict};
use std::fmt::Write;

/// Checks beyond which those that did not pass stand first.
const MANY: usize = 30;

/// The verdict: who against whom, the interval, and what it would take.
pub(super) fn verdict(gate: &Gate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Verdict(gate.verdict.decision, gate.verdict.reason.clone()));
    blocks.push(Block::Sentence(opponents(gate)));
    if let Some(comparison) = &gate.verdict.comparison {
        blocks.push(Block::Sentence(vec![words(interval(comparison))]));
        blocks.push(Block::Sentence(vec![words(power(comparison))]));
    }
    if let Some(holdout) = &gate.verdict.holdout {
        blocks.push(Block::Sentence(vec![words(holdout_use(holdout))]));
    }
    if let Some(at) = &gate.recorded {
        let text = format!("Recorded {at}; the same question gets the same verdict");
        blocks.push(Block::Sentence(vec![words(text)]));
    }
}

/// Everything that the verdict rests on.
pub(super) fn evidence(gate: &Gate, blocks: &mut Vec<Block>) {
    let verdict = &gate.verdict;
    if !verdict.checks.is_empty() {
        blocks.push(Block::Heading(heading(&verdict.checks)));
        blocks.push(Block::Table(checks(&verdict.checks)));
    }
    if !gate.holdout_scores.is_empty() {
        blocks.push(Block::Table(holdout_scores(gate)));
    }
    opinions(verdict, blocks);
    if let Some(bias) = &verdict.selection {
        blocks.push(Block::Sentence(vec![words(selection(bias))]));
    }
}

fn opponents(gate: &Gate) -> Vec<Piece> {
    let mut line = vec![code(&gate.model), words(": ")];
    line.extend(candidate(&gate.challenger));
    match &gate.champion {
        Some(champion) => {
            line.push(words(" against "));
            line.extend(candidate(champion));
        }
        None => line.push(words("; there is no champion yet")),
    }
    let rule = gate.policy.rule;
    let bar = match rule.bar() {
        Some(bar) if bar != 0.0 => format!(" by {}", number(bar.abs())),
        _ => String::new(),
    };
    dotted(vec![line, vec![words("rule "), code(format!("{}{bar}", rule.word()))]])
}

fn candidate(of: &Candidate) -> Vec<Piece> {
    let mut line = vec![words(&of.label)];
    if let Some(digest) = &of.digest {
        line.push(words(format!(" b3:{}", short(digest))));
    }
    line
}

fn interval(of: &Comparison) -> String {
    let (challenger, champion) = pair(&of.metric, of.challenger, of.champion);
    format!(
        "{} {challenger} against {champion}: gain {}, one-sided {} bounds {} and {}; {}, {} draws of {}, alpha {}",
        of.metric,
        signed(of.gain),
        percent(1.0 - of.alpha),
        signed(of.lower),
        signed(of.upper),
        plural(of.rows, "row"),
        count(u64::from(of.draws)),
        of.method,
        number(of.alpha),
    )
}

fn power(of: &Comparison) -> String {
    let smallest = format!(
        "The smallest gain that {} show 4 times in 5: {}",
        plural(of.rows, "such row"),
        number(of.detectable)
    );
    match of.rows_needed {
        Some(rows) => {
            format!("{smallest}; for the gain that was seen it takes about {}", plural(rows, "row"))
        }
        None => smallest,
    }
}

fn holdout_use(of: &HoldoutUse) -> String {
    let mut text =
        format!("Holdout b3:{}: {}, use {}", short(&of.digest), plural(of.rows, "row"), of.number);
    if of.epoch > 0 {
        let _ = write!(text, " since refresh {}", of.epoch);
    }
    for (rows, why) in [
        (of.trained_on, "left out since a candidate was trained on them"),
        (of.retired, "left out since an earlier period used them up"),
    ] {
        if rows > 0 {
            let _ = write!(text, ", {} {why}", count(rows));
        }
    }
    text
}

fn heading(checks: &[Check]) -> String {
    let of = |status: CheckStatus| checks.iter().filter(|check| check.status == status).count();
    let mut text = format!("Checks: {} of {} pass", of(CheckStatus::Pass), checks.len());
    for (status, word) in
        [(CheckStatus::Fail, "fail"), (CheckStatus::Hold, "hold"), (CheckStatus::Skip, "left out")]
    {
        if of(status) > 0 {
            let _ = write!(text, ", {} {word}", of(status));
        }
    }
    text
}

fn checks(checks: &[Check]) -> Table {
    let columns =
        [("", false), ("Check", false), ("Value", true), ("Threshold", true), ("Evidence", false)];
    let mut table = Table::new("checks", &columns);
    table.is_plain = true;
    let mut ordered: Vec<&Check> = checks.iter().collect();
    if ordered.len() > MANY {
        ordered.sort_by_key(|check| rank(check.status));
    }
    let shown = |value: Option<f64>| words(value.map_or(String::new(), number));
    for check in ordered {
        table.rows.push(vec![
            Piece::Mark(mark(check.status), check.status.word()),
            words(&check.name),
            shown(check.value),
            shown(check.threshold),
            words(&check.detail),
        ]);
    }
    table
}

/// The worst first.
fn rank(status: CheckStatus) -> u8 {
    match status {
        CheckStatus::Fail => 0,
        CheckStatus::Hold => 1,
        CheckStatus::Pass => 2,
        CheckStatus::Skip => 3,
    }
}

fn mark(status: CheckStatus) -> Mark {
    match status {
        CheckStatus::Pass => Mark::Good,
        CheckStatus::Hold => Mark::Warn,
        CheckStatus::Fail => Mark::Bad,
        CheckStatus::Skip => Mark::None,
    }
}

fn holdout_scores(gate: &Gate) -> Table {
    let columns = [
        ("On the holdout", false),
        ("Champion", true),
        ("Challenger", true),
        ("Gain", true),
        ("", false),
    ];
    let mut table = Table::new("metrics", &columns);
    table.rows = gate.holdout_scores.iter().map(holdout_row).collect();
    table
}

fn holdout_row(of: &HoldoutScore) -> Vec<Piece> {
    let (champion, challenger) = match of.champion {
        Some(champion) => pair(&of.metric, champion, of.challenger),
        None => ("·".into(), number(of.challenger)),
    };
    let gain = of
        .champion
        .zip(of.goal)
        .map(|(champion, goal)| goal.loss(champion) - goal.loss(of.challenger));
    let (shown, mark) = match gain {
        None => ("·".to_string(), words("")),
        Some(gain) if gain.is_nan() => ("nan".to_string(), words("")),
        Some(gain) if gain > 0.0 => (signed(gain), Piece::Mark(Mark::Good, "better")),
        Some(gain) if gain < 0.0 => (signed(gain), Piece::Mark(Mark::Bad, "worse")),
        Some(_) => ("0".to_string(), words("equal")),
    };
    vec![code(&of.metric), words(champion), words(challenger), words(shown), mark]
}

fn opinions(verdict: &Verdict, blocks: &mut Vec<Block>) {
    if verdict.opinions.is_empty() {
        return;
    }
    let mut table =
        Table::new("opinions", &[("Second opinion", false), ("p", true), ("In words", false)]);
    for opinion in &verdict.opinions {
        table.rows.push(vec![
            words(&opinion.name),
            words(opinion.p.map_or("·".into(), |p| crate::domain::format_number(p, 2))),
            words(&opinion.detail),
        ]);
    }
    blocks.push(Block::Table(table));
}

fn selection(of: &SelectionBias) -> String {
    format!(
        "The winner's curse: {} {} in the sweep, {} ({} … {}) once corrected for being the best of {}{}",
        of.metric,
        number(of.selected),
        number(of.corrected),
        number(of.lower),
        number(of.upper),
        plural(of.runs, "run"),
        if of.of > of.runs {
            format!(" whose predictions are kept, of {}", count(of.of))
        } else {
            String::new()
        },
    )
}
