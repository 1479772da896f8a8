//! Association of two features: Spearman's ρ, the correlation ratio η, Cramér's V.

use super::super::{Column, MISSING, Values};
use super::context::Context;
use super::{Check, Finding, Level};
use crate::domain::{format_count, format_number};
use crate::numeric::{dot, spearman, unit_ranks};
use rayon::prelude::*;

/// Pairs that get a finding of their own.
const LISTED: usize = 20;
/// Cells that all pairs together may cost; more pairs look at fewer rows.
const BUDGET: usize = 40_000_000;
/// Rows that every pair looks at.
const MIN_ROWS: usize = 500;

/// 16: no two features that say the same.
pub(super) fn feature_correlation(check: Check, context: &Context<'_>) -> Vec<Finding> {
    let limit = context.options.limits.correlation;
    let columns: Vec<&Column> = context.features().collect();
    let n_pairs = columns.len() * columns.len().saturating_sub(1) / 2;
    if n_pairs == 0 {
        return check.not_checked("there are fewer than two features");
    }
    let n_rows = context.sample.len().min((BUDGET / n_pairs).max(MIN_ROWS));
    let rows = &context.sample[..n_rows];
    let prepared: Vec<Feature> =
        columns.par_iter().map(|column| Feature::new(column, rows)).collect();
    let of_first = |a: usize| {
        (a + 1..prepared.len())
            .map(|b| (association(&prepared[a], &prepared[b]), a, b))
            .filter(|(strength, ..)| !strength.is_nan())
            .collect::<Vec<_>>()
    };
    let mut pairs: Vec<(f64, usize, usize)> =
        (0..prepared.len()).into_par_iter().flat_map_iter(of_first).collect();
    pairs.sort_by(|x, y| y.0.abs().total_cmp(&x.0.abs()).then((x.1, x.2).cmp(&(y.1, y.2))));
    let sampled = if n_rows == context.table.n_rows {
        String::new()
    } else {
        let [seen, all] = [n_rows, context.table.n_rows].map(|n| format_count(n as u64));
        format!(", on {seen} of {all} rows")
    };
    let over = pairs.partition_point(|(strength, ..)| strength.abs() > limit);
    let shown_limit = format_number(limit, 2);
    let mut findings: Vec<Finding> = pairs[..over.min(LISTED)]
        .iter()
        .map(|&(strength, a, b)| {
            let names = [columns[a].name.as_str(), columns[b].name.as_str()];
            let (kind, value) = (measure(&prepared[a], &prepared[b]), format_number(strength, 3));
            let text = format!(
                "'{}' and '{}' have {kind} {value} (limit {shown_limit}){sampled}",
                names[0], names[1]
            );
            check.finding(Level::Warn, &names, text)
        })
        .collect();
    if over > LISTED {
        let text = format!("{} more pairs over {shown_limit}{sampled}", over - LISTED);
        findings.push(check.finding(Level::Warn, &[], text));
    }
    let most = pairs.first().map_or(0.0, |pair| pair.0.abs());
    let text = format!(
        "the strongest of {n_pairs} pairs has {} (limit {shown_limit}){sampled}",
        format_number(most, 3)
    );
    check.or_ok(findings, text)
}

/// A feature on the sampled rows.
enum Feature {
    /// Numbers without a missing cell: ranks of mean 0 and length 1, so that ρ is a dot product. NaN for a
    /// constant.
    Ranks { ranks: Vec<f64>, numbers: Vec<f64> },
    /// Numbers with missing cells: ranks depend on the partner's cells.
    Gaps(Vec<f64>),
    /// Texts.
    Codes { codes: Vec<u32>, n_levels: usize },
}

impl Feature {
    fn new(column: &Column, rows: &[usize]) -> Self {
        match &column.values {
            Values::Codes { codes, levels } => Self::Codes {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                n_levels: levels.len(),
            },
            Values::Numbers(numbers) => {
                let numbers: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
                if numbers.iter().any(|v| v.is_nan()) {
                    return Self::Gaps(numbers);
                }
                Self::Ranks { ranks: unit_ranks(&numbers), numbers }
            }
        }
    }

    fn numbers(&self) -> &[f64] {
        match self {
            Self::Ranks { numbers, .. } | Self::Gaps(numbers) => numbers,
            Self::Codes { .. } => &[],
        }
    }
}

fn measure(a: &Feature, b: &Feature) -> &'static str {
    match (a, b) {
        (Feature::Codes { .. }, Feature::Codes { .. }) => "Cramér's V",
        (Feature::Codes { .. }, _) | (_, Feature::Codes { .. }) => "a correlation ratio of",
        _ => "a rank correlation of",
    }
}

fn association(a: &Feature, b: &Feature) -> f64 {
    match (a, b) {
        (Feature::Ranks { ranks: a, .. }, Feature::Ranks { ranks: b, .. }) => dot(a, b),
        (
            Feature::Codes { codes: a, n_levels: n_a },
            Feature::Codes { codes: b, n_levels: n_b },
        ) => cramers_v((a, *n_a), (b, *n_b)),
        (Feature::Codes { codes, n_levels }, numbers)
        | (numbers, Feature::Codes { codes, n_levels }) => {
            correlation_ratio(codes, *n_levels, numbers.numbers())
        }
        _ => spearman(a.numbers(), b.numbers()),
    }
}

/// η = √(between-group / total sum of squares), over rows with both values.
fn correlation_ratio(codes: &[u32], n_levels: usize, numbers: &[f64]) -> f64 {
    let both = || {
        codes.iter().zip(numbers).filter(|(code, number)| **code != MISSING && number.is_finite())
    };
    let n = both().count() as f64;
    let mean = both().map(|(_, number)| number).sum::<f64>() / n;
    let mut groups = vec![(0.0, 0.0); n_levels];
    let mut total = 0.0;
    for (&code, number) in both() {
        let group = &mut groups[code as usize];
        group.0 += 1.0;
        group.1 += number - mean;
        total += (number - mean).powi(2);
    }
    let between: f64 = groups.iter().filter(|(n, _)| *n > 0.0).map(|(n, sum)| sum * sum / n).sum();
    (between / total).sqrt()
}

/// V = √(χ² / (n (min(r, k) − 1))), without correction, over rows with both values.
fn cramers_v((a, n_a): (&[u32], usize), (b, n_b): (&[u32], usize)) -> f64 {
    let mut cells: std::collections::BTreeMap<(u32, u32), f64> = std::collections::BTreeMap::new();
    let (mut of_a, mut of_b) = (vec![0.0; n_a], vec![0.0; n_b]);
    for (&a, &b) in a.iter().zip(b).filter(|(a, b)| **a != MISSING && **b != MISSING) {
        *cells.entry((a, b)).or_insert(0.0) += 1.0;
        of_a[a as usize] += 1.0;
        of_b[b as usize] += 1.0;
    }
    let seen = |counts: &[f64]| counts.iter().filter(|&&count| count > 0.0).count();
    let smaller = seen(&of_a).min(seen(&of_b)) as f64;
    // Σ (o − e)² / e = n (Σ o² / (row · column) − 1), so that empty cells need no visit.
    let sum: f64 = cells
        .iter()
        .map(|(&(a, b), observed)| observed * observed / (of_a[a as usize] * of_b[b as usize]))
        .sum();
    ((sum - 1.0).max(0.0) / (smaller - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::super::source_tests::asset;
    use super::*;
    use serde_json::Value;

    #[test]
    fn associations_agree_with_scipy() {
        let text = include_str!("../../../tests/fixtures/data_reference.json");
        let reference: Value = serde_json::from_str(text).unwrap();
        let table = super::super::super::read(&asset("penguins.csv")).unwrap().0;
        let rows: Vec<usize> = (0..table.n_rows).collect();
        let feature = |name: &Value| {
            let idx = table.find(name.as_str().unwrap()).unwrap();
            Feature::new(&table.columns[idx], &rows)
        };
        let mut n = 0;
        for key in ["spearman", "cramers_v", "correlation_ratio"] {
            for case in reference[key].as_array().unwrap() {
                let made = association(&feature(&case[0]), &feature(&case[1]));
                let expect = case[2].as_f64().unwrap();
                assert!((made - expect).abs() < 1e-12, "{key} {case} {made}");
                n += 1;
            }
        }
        assert_eq!(n, 10 + 3 + 15);
    }

    #[test]
    fn a_constant_has_no_association() {
        let column =
            |values: Vec<f64>| Feature::Ranks { ranks: unit_ranks(&values), numbers: values };
        assert!(association(&column(vec![1.0; 3]), &column(vec![1.0, 2.0, 3.0])).is_nan());
        assert!(cramers_v((&[0, 0], 1), (&[0, 1], 2)).is_nan());
    }
}
