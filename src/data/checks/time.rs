//! Freshness and order of the time column.

use super::super::Values;
use super::context::Context;
use super::{Check, Finding, Level};
use crate::domain::format_number;

/// 19: no row from the future, the newest young enough, rows in order where asked for.
pub(super) fn time_order(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let Some(rule) = &context.options.time else {
        return check.not_checked("there is no rule on time");
    };
    let name = rule.column.as_str();
    let error = |text: String| check.finding(Level::Error, &[name], text);
    let Some(idx) = context.table.find(name) else {
        let mend = context.table.name_mend(name);
        return vec![error(format!("the time '{name}' is no column; mend: {mend}"))];
    };
    let Values::Numbers(times) = &context.table.columns[idx].values else {
        return vec![error(format!("the time '{name}' holds texts, not dates"))];
    };
    let newest = times.iter().copied().filter(|t| !t.is_nan()).fold(f64::NEG_INFINITY, f64::max);
    let mut findings = Vec::new();
    let future: Vec<usize> = (0..times.len()).filter(|&row| times[row] > rule.now).collect();
    if !future.is_empty() {
        let text = format!("'{name}' has {} rows from the future (limit 0)", future.len());
        findings.push(error(text).at(future, context));
    }
    let age = rule.now - newest;
    if let Some(limit) = rule.max_age.filter(|&limit| age > limit) {
        let (age, limit) = (format_number(age, 4), format_number(limit, 4));
        let text = format!("the newest '{name}' is {age} old (limit {limit})");
        findings.push(check.finding(Level::Warn, &[name], text));
    }
    let back = if rule.monotone { backwards(times) } else { Vec::new() };
    if !back.is_empty() {
        let text = format!("'{name}' goes back in time at {} rows (limit 0)", back.len());
        findings.push(error(text).at(back, context));
    }
    check.or_ok(findings, format!("the newest '{name}' is {} old", format_number(age, 4)))
}

/// Rows that are older than the newest before them.
fn backwards(times: &[f64]) -> Vec<usize> {
    let mut newest = f64::NEG_INFINITY;
    let mut rows = Vec::new();
    for (row, &time) in times.iter().enumerate() {
        if time < newest {
            rows.push(row);
        }
        newest = newest.max(time);
    }
    rows
}
