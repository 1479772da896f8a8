//! Columns, types, row counts, missing shares and value ranges against limits and the earlier data.

use super::super::dataset::cell_text;
use super::super::{Column, ColumnType, Values};
use super::context::Context;
use super::{Check, Finding, Level, Rule, percent};
use crate::domain::{format_count, format_number};
use std::collections::HashSet;

/// 1: the same columns of the same types in the same order as before.
pub(super) fn schema(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let Some(reference) = context.reference else {
        return check.not_checked("there is no earlier data to compare with");
    };
    let error = |name: &str, text: String| check.finding(Level::Error, &[name], text);
    let mut findings = Vec::new();
    for known in &reference.columns {
        match context.table.find(&known.name).map(|idx| context.table.columns[idx].kind) {
            None => findings.push(error(&known.name, format!("column '{}' is gone", known.name))),
            Some(kind) if kind != known.kind => {
                let (was, is) = (known.kind.word(), kind.word());
                findings.push(error(
                    &known.name,
                    format!("column '{}' was {was}, is {is}", known.name),
                ));
            }
            Some(_) => {}
        }
    }
    let is_new = |column: &&Column| reference.find(&column.name).is_none();
    for column in context.table.columns.iter().filter(is_new) {
        findings.push(error(&column.name, format!("column '{}' is new", column.name)));
    }
    let order = context.table.columns.iter().map(|column| &column.name);
    if findings.is_empty() && !order.eq(reference.columns.iter().map(|column| &column.name)) {
        findings.push(check.finding(Level::Error, &[], "the columns stand in another order"));
    }
    check.or_ok(findings, format!("{} columns as before", reference.columns.len()))
}

/// 2: enough rows, and about as many as before.
pub(super) fn row_count(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limits = &context.options.limits;
    let n = context.table.n_rows as u64;
    let mut findings = Vec::new();
    if n < limits.min_rows {
        let [n, least] = [n, limits.min_rows].map(format_count);
        let text = format!("{n} rows (limit at least {least})");
        findings.push(check.finding(Level::Error, &[], text));
    }
    if let Some(reference) = context.reference {
        let change = (n as f64 / reference.rows.max(1) as f64 - 1.0).abs();
        if change > limits.row_change {
            let text = format!(
                "{} rows after {}, a change of {} (limit {})",
                format_count(n),
                format_count(reference.rows),
                percent(change),
                percent(limits.row_change)
            );
            findings.push(check.finding(Level::Warn, &[], text));
        }
    }
    check.or_ok(findings, format!("{} rows", format_count(n)))
}

/// 3: missing cells per column.
pub(super) fn missing_share(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limits = &context.options.limits;
    let mut findings = Vec::new();
    let mut most = 0.0f64;
    for (profile, column) in context.profiles.iter().zip(&context.table.columns) {
        let share = profile.missing_share();
        most = most.max(share);
        let before = context.reference.and_then(|r| r.find(&profile.name));
        let ceiling = before.map(|before| before.missing_share() + limits.missing_change);
        let (level, limit) = match ceiling {
            Some(ceiling) if share > ceiling => (Level::Error, ceiling),
            _ if share > limits.missing => (Level::Warn, limits.missing),
            _ => continue,
        };
        let name = &profile.name;
        let text =
            format!("'{name}' lacks {} of its cells (limit {})", percent(share), percent(limit));
        let rows = (0..column.len()).filter(|&row| column.is_missing(row));
        findings.push(check.finding(level, &[name], text).at(rows, context));
    }
    check.or_ok(findings, format!("at most {} missing in a column", percent(most)))
}

/// 12: the user's rules, and the range of the earlier data.
pub(super) fn value_range(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let rules = &context.options.rules;
    if rules.is_empty() && context.reference.is_none() {
        return check.not_checked("there are no rules and no earlier data");
    }
    let mut findings: Vec<Finding> =
        rules.iter().filter_map(|rule| broken(check, context, rule, Level::Error)).collect();
    for known in context.reference.iter().flat_map(|reference| &reference.columns) {
        let ruled = rules.iter().any(|rule| rule.column == known.name);
        let Some(numbers) = known.numbers.as_ref().filter(|_| !ruled) else { continue };
        // Dates move on by themselves; check 19 is about them.
        if known.kind != ColumnType::Number || context.table.find(&known.name).is_none() {
            continue;
        }
        let rule = Rule {
            column: known.name.clone(),
            min: Some(numbers.min),
            max: Some(numbers.max),
            allowed: None,
        };
        findings.extend(broken(check, context, &rule, Level::Warn));
    }
    check.or_ok(findings, "every value within its range")
}

fn broken(check: Check, context: &Context<'_>, rule: &Rule, level: Level) -> Option<Finding> {
    let name = rule.column.as_str();
    let Some(idx) = context.table.find(name) else {
        let mend = context.table.name_mend(name);
        let text = format!("the rule on '{name}' finds no such column; mend: {mend}");
        return Some(check.finding(Level::Error, &[name], text));
    };
    let column = &context.table.columns[idx];
    let bounded = rule.min.is_some() || rule.max.is_some();
    if bounded && matches!(column.values, Values::Codes { .. }) {
        let text =
            format!("the rule on '{name}' has bounds, but the column is {}", column.kind.word());
        return Some(check.finding(Level::Error, &[name], text));
    }
    let rows = failing(column, rule);
    let &first = rows.first()?;
    let seen = cell_text(column, first).unwrap_or_default();
    let cells = if rows.len() == 1 { "cell" } else { "cells" };
    let text = format!(
        "'{name}' has {} {cells} out of range, first '{seen}' ({})",
        rows.len(),
        limit(rule)
    );
    Some(check.finding(level, &[name], text).at(rows, context))
}

fn failing(column: &Column, rule: &Rule) -> Vec<usize> {
    let allowed: Option<HashSet<&str>> =
        rule.allowed.as_ref().map(|words| words.iter().map(String::as_str).collect());
    let fails = |&row: &usize| {
        if column.is_missing(row) {
            return false;
        }
        if let Values::Numbers(numbers) = &column.values {
            let value = numbers[row];
            if rule.min.is_some_and(|min| value < min) || rule.max.is_some_and(|max| value > max) {
                return true;
            }
        }
        allowed.as_ref().is_some_and(|allowed| {
            cell_text(column, row).is_some_and(|text| !allowed.contains(text.as_str()))
        })
    };
    (0..column.len()).filter(fails).collect()
}

fn limit(rule: &Rule) -> String {
    let bound = |value: Option<f64>| value.map_or("any".into(), |value| format_number(value, 6));
    match &rule.allowed {
        Some(words) => format!("allowed '{}'", words.join("', '")),
        None => format!("limit {} to {}", bound(rule.min), bound(rule.max)),
    }
}
