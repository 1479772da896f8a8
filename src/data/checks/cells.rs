//! Checks of cells: null spellings, constants, mixed types, odd texts, infinite numbers.

use super::super::Values;
use super::context::{Context, TextColumn};
use super::{Check, Finding, Level, percent};
use crate::domain::format_count;
use crate::numeric::quantile_sorted;
use std::collections::BTreeMap;

/// 4: one spelling of a missing cell per column.
pub(super) fn mixed_null_spellings(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limit = context.options.limits.null_spellings;
    let over = context.table.columns.iter().filter(|c| c.null_spellings.len() > limit);
    let findings = over.map(|column| {
        let spelled: Vec<String> =
            column.null_spellings.iter().map(|(text, n)| format!("'{text}' {n} times")).collect();
        let n = spelled.len();
        let text = format!(
            "'{}' spells missing cells in {n} ways (limit {limit}): {}",
            column.name,
            spelled.join(", ")
        );
        check.finding(Level::Warn, &[&column.name], text)
    });
    check
        .or_ok(findings.collect(), format!("at most {limit} spelling of missing cells in a column"))
}

/// 5: no column with one value, or none.
pub(super) fn constant_column(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let constant = context.profiles.iter().filter(|profile| profile.distinct <= 1);
    let findings = constant.map(|profile| {
        let name = &profile.name;
        let filled = format_count(profile.n - profile.missing);
        let text = match profile.distinct {
            0 => format!("'{name}' has no values"),
            _ => format!("'{name}' has one value in all {filled} filled rows"),
        };
        check.finding(Level::Warn, &[name], text)
    });
    check.or_ok(findings.collect(), "every column varies")
}

/// 6: a column is numbers or texts, not mostly one with some of the other.
pub(super) fn mixed_types(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let (low, high) = context.options.limits.mixed_types;
    let mut findings = Vec::new();
    for column in context.texts() {
        let is_number: Vec<bool> =
            column.levels.iter().map(|level| level.parse::<f64>().is_ok()).collect();
        let (counts, n) = counts_of(&column);
        let n_numbers: usize = pairs(&counts, &is_number).map(|(count, _)| count).sum();
        let n_texts = n - n_numbers;
        let rarer = n_numbers.min(n_texts);
        let share = rarer as f64 / n.max(1) as f64;
        if rarer == 0 || share >= high {
            continue;
        }
        let name = column.name;
        let what = if n_numbers < n_texts { "numbers among texts" } else { "texts among numbers" };
        let (level, limit) = if share > low {
            (Level::Warn, format!("limit outside {} to {}", percent(low), percent(high)))
        } else {
            (Level::Info, format!("below {}, perhaps slips", percent(low)))
        };
        let odd: Vec<bool> =
            is_number.iter().map(|&number| number == (n_numbers < n_texts)).collect();
        let text = format!("'{name}' has {rarer} {what}, {} ({limit})", percent(share));
        findings.push(check.finding(level, &[name], text).at(column.rows_where(&odd), context));
    }
    check.or_ok(findings, "no column mixes numbers and texts")
}

fn counts_of(column: &TextColumn<'_>) -> (Vec<usize>, usize) {
    let counts = column.counts();
    let n = counts.iter().sum();
    (counts, n)
}

/// Counts of the levels that satisfy the flag.
fn pairs<'a>(counts: &'a [usize], flags: &'a [bool]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let all = counts.iter().zip(flags).enumerate();
    all.filter(|(_, (_, flag))| **flag).map(|(code, (count, _))| (*count, code))
}

/// 9: few cells without a letter or digit.
pub(super) fn special_characters(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limit = context.options.limits.special;
    let mut findings = Vec::new();
    for column in context.texts() {
        let special: Vec<bool> =
            column.levels.iter().map(|level| !level.chars().any(char::is_alphanumeric)).collect();
        let (counts, n) = counts_of(&column);
        let hits: usize = pairs(&counts, &special).map(|(count, _)| count).sum();
        let share = hits as f64 / n.max(1) as f64;
        if share <= limit {
            continue;
        }
        let first = special.iter().position(|&flag| flag).unwrap_or(0);
        let (name, level) = (column.name, &column.levels[first]);
        let text = format!(
            "'{name}' has {hits} cells without a letter or digit such as '{level}', {} (limit {})",
            percent(share),
            percent(limit)
        );
        let rows = column.rows_where(&special);
        findings.push(check.finding(Level::Warn, &[name], text).at(rows, context));
    }
    check.or_ok(findings, format!("at most {} of cells without a letter or digit", percent(limit)))
}

/// 10: no two texts that differ in case, spaces and punctuation only.
pub(super) fn string_variants(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for column in context.texts() {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (code, level) in column.levels.iter().enumerate() {
            groups.entry(base_form(level)).or_default().push(code);
        }
        groups.retain(|_, codes| codes.len() > 1);
        let Some(first) = groups.values().next() else { continue };
        let mut varied = vec![false; column.levels.len()];
        for &code in groups.values().flatten() {
            varied[code] = true;
        }
        let shown: Vec<&str> = first.iter().map(|&code| column.levels[code].as_str()).collect();
        let name = column.name;
        let text = format!(
            "'{name}' spells {} values in several ways (limit 0), such as '{}'",
            groups.len(),
            shown.join("', '")
        );
        let rows = column.rows_where(&varied);
        findings.push(check.finding(Level::Warn, &[name], text).at(rows, context));
    }
    check.or_ok(findings, "every value has one spelling")
}

/// Lower case letters and digits; a text of punctuation only stays as it is.
fn base_form(text: &str) -> String {
    let base: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if base.is_empty() { text.to_string() } else { base }
}

/// Columns with fewer distinct texts than this are categories, whose lengths say nothing.
const LENGTH_MIN_DISTINCT: usize = 100;
/// Quantiles of length that span the usual texts.
const LENGTH_QUANTILES: (f64, f64) = (0.03, 0.97);
/// How many spans beyond the quantiles a length may lie.
const LENGTH_FACTOR: f64 = 4.0;

/// 11: no text far longer or shorter than the others.
pub(super) fn string_length(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for column in context.texts().filter(|c| c.levels.len() >= LENGTH_MIN_DISTINCT) {
        let lengths: Vec<f64> =
            column.levels.iter().map(|level| level.chars().count() as f64).collect();
        let mut sorted: Vec<f64> =
            column.codes.iter().filter_map(|&code| lengths.get(code as usize).copied()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let low = quantile_sorted(&sorted, LENGTH_QUANTILES.0);
        let high = quantile_sorted(&sorted, LENGTH_QUANTILES.1);
        let slack = LENGTH_FACTOR * (high - low);
        let out: Vec<bool> = lengths.iter().map(|&n| n < low - slack || n > high + slack).collect();
        let n = column.rows_where(&out).count();
        if n == 0 {
            continue;
        }
        let name = column.name;
        let text = format!(
            "'{name}' has {n} texts of unusual length (limit 0; usual are {} to {} characters)",
            (low - slack).max(0.0),
            high + slack
        );
        findings
            .push(check.finding(Level::Warn, &[name], text).at(column.rows_where(&out), context));
    }
    check.or_ok(findings, "every text has a usual length")
}

/// 20: no infinite number, which no model can be fitted to unless preprocessing clips it.
pub(super) fn infinite_cells(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for column in &context.table.columns {
        let Values::Numbers(numbers) = &column.values else { continue };
        let rows = || (0..numbers.len()).filter(|&row| numbers[row].is_infinite());
        let n = rows().count();
        if n > 0 {
            let cells = if n == 1 { "cell" } else { "cells" };
            let text = format!("'{}' has {n} infinite {cells} (limit 0)", column.name);
            findings.push(check.finding(Level::Warn, &[&column.name], text).at(rows(), context));
        }
    }
    check.or_ok(findings, "every number is finite")
}
