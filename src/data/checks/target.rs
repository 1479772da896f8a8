//! Checks of the target: rare classes, features and identifiers that give it away.

use super::context::Context;
use super::predictive::predictive_power;
use super::{Check, Finding, Level, percent};
use crate::domain::{Labels, format_number};
use rayon::prelude::*;

/// 15: no class is rare, and each has a row for every fold.
pub(super) fn class_imbalance(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let Some(Labels::Classes { codes, n_classes, .. }) = context.input.labels else {
        return check.not_checked("there are no classes");
    };
    let limit = context.options.limits.rarest_class;
    let folds = context.options.folds;
    let mut counts = vec![0usize; *n_classes];
    for &code in codes {
        counts[code as usize] += 1;
    }
    let mut findings = Vec::new();
    for (code, &count) in counts.iter().enumerate() {
        let name = context.input.classes.get(code).map_or("", String::as_str);
        let share = count as f64 / codes.len().max(1) as f64;
        let rows = || (0..codes.len()).filter(move |&row| codes[row] as usize == code);
        if count < folds {
            let text = format!("class '{name}' has {count} rows (limit {folds}, one per fold)");
            findings.push(check.finding(Level::Error, &[], text).at(rows(), context));
        } else if share < limit {
            let text =
                format!("class '{name}' is {} of rows (limit {})", percent(share), percent(limit));
            findings.push(check.finding(Level::Warn, &[], text).at(rows(), context));
        }
    }
    let rarest = counts.iter().min().copied().unwrap_or(0) as f64 / codes.len().max(1) as f64;
    check.or_ok(findings, format!("the rarest class is {} of rows", percent(rarest)))
}

/// 17: no single feature predicts the target almost by itself.
pub(super) fn single_feature_leak(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let Some(labels) = context.input.labels else {
        return check.not_checked("there is no target");
    };
    let limit = context.options.limits.feature_power;
    let features = &context.input.features;
    let powers: Vec<f64> = features
        .par_iter()
        .map(|&idx| predictive_power(&context.table.columns[idx], labels, &context.sample))
        .collect();
    let mut findings = Vec::new();
    for (&idx, &power) in features.iter().zip(&powers) {
        if power >= limit {
            let name = &context.table.columns[idx].name;
            findings.push(check.finding(Level::Warn, &[name], leak(name, power, limit, context)));
        }
    }
    let most = powers.iter().copied().fold(0.0, f64::max);
    let text = format!(
        "the strongest feature has a predictive power of {} (limit {}){}",
        format_number(most, 2),
        format_number(limit, 2),
        context.sampled()
    );
    check.or_ok(findings, text)
}

/// 18: the identifier says nothing about the target.
pub(super) fn identifier_leak(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let Some(name) = &context.options.id else {
        return check.not_checked("no identifier column is given");
    };
    let Some(labels) = context.input.labels else {
        return check.not_checked("there is no target");
    };
    let Some(idx) = context.table.find(name) else {
        let mend = context.table.name_mend(name);
        let text = format!("the identifier '{name}' is no column; mend: {mend}");
        return vec![check.finding(Level::Error, &[name], text)];
    };
    let limit = context.options.limits.id_power;
    // Two digits: what chance gives an identifier of random rows stays below.
    let power = predictive_power(&context.table.columns[idx], labels, &context.sample);
    let power = (power * 100.0).floor() / 100.0;
    let level = if power > limit { Level::Warn } else { Level::Ok };
    vec![check.finding(level, &[name], leak(name, power, limit, context))]
}

fn leak(name: &str, power: f64, limit: f64, context: &Context<'_>) -> String {
    let (power, limit) = (format_number(power, 2), format_number(limit, 2));
    let sampled = context.sampled();
    format!("'{name}' alone has a predictive power of {power} (limit {limit}){sampled}")
}
