//! Statistics of every column, for people and as a reference for later data.

use super::{Column, ColumnType, MISSING, Table, Values};
use crate::numeric::{mean, quantile_sorted, sample_sd};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Texts that a profile lists.
const TOP: usize = 10;
/// Bars of a histogram.
const BINS: usize = 16;

/// What is known of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// What it means.
    pub kind: ColumnType,
    /// Cells, missing ones included.
    pub n: u64,
    /// Missing cells.
    pub missing: u64,
    /// Different values, missing ones aside.
    pub distinct: u64,
    /// Infinite numbers; the statistics leave them out.
    pub infinite: u64,
    /// Statistics of finite numbers and of dates (seconds since 1970 UTC); none for texts.
    pub numbers: Option<NumberProfile>,
    /// The commonest texts with their counts, then by text; empty for numbers.
    pub top: Vec<(String, u64)>,
    /// What a reader should know: free text, a constant, an identifier; empty otherwise.
    pub note: String,
}

/// Statistics of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberProfile {
    /// Smallest.
    pub min: f64,
    /// First quartile (type 7, `NumPy`'s default).
    pub q25: f64,
    /// Median.
    pub median: f64,
    /// Third quartile.
    pub q75: f64,
    /// Largest.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n − 1); none for one value.
    pub sd: Option<f64>,
    /// Counts in 16 bins of equal width from `min` to `max`; one bin where all are equal.
    pub histogram: Vec<u64>,
}

impl ColumnProfile {
    /// The share of missing cells.
    pub fn missing_share(&self) -> f64 {
        self.missing as f64 / self.n.max(1) as f64
    }
}

/// Profiles every column, in table order.
pub fn profile(table: &Table) -> Vec<ColumnProfile> {
    table.columns.par_iter().map(profile_column).collect()
}

fn profile_column(column: &Column) -> ColumnProfile {
    let mut made = ColumnProfile {
        name: column.name.clone(),
        kind: column.kind,
        n: column.len() as u64,
        missing: column.n_missing() as u64,
        distinct: 0,
        infinite: 0,
        numbers: None,
        top: Vec::new(),
        note: String::new(),
    };
    match &column.values {
        Values::Numbers(numbers) => add_numbers(&mut made, numbers),
        Values::Codes { codes, levels } => add_texts(&mut made, codes, levels),
    }
    made.note = note(&made);
    made
}

fn add_numbers(made: &mut ColumnProfile, numbers: &[f64]) {
    let mut sorted: Vec<f64> = numbers.iter().filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    made.distinct = sorted.chunk_by(|a, b| a == b).count() as u64;
    let first = sorted.partition_point(|v| *v == f64::NEG_INFINITY);
    let last = sorted.partition_point(|v| *v < f64::INFINITY);
    let finite = &sorted[first..last];
    made.infinite = (sorted.len() - finite.len()) as u64;
    let (Some(&min), Some(&max)) = (finite.first(), finite.last()) else { return };
    let sd = sample_sd(finite);
    made.numbers = Some(NumberProfile {
        min,
        q25: quantile_sorted(finite, 0.25),
        median: quantile_sorted(finite, 0.5),
        q75: quantile_sorted(finite, 0.75),
        max,
        mean: mean(finite),
        sd: (!sd.is_nan()).then_some(sd),
        histogram: histogram(finite, min, max),
    });
}

fn histogram(sorted: &[f64], min: f64, max: f64) -> Vec<u64> {
    if min == max {
        return vec![sorted.len() as u64];
    }
    let mut counts = vec![0; BINS];
    // Halved, so that the span of very large numbers does not overflow.
    let span = max / 2.0 - min / 2.0;
    for value in sorted {
        let bin = ((value / 2.0 - min / 2.0) / span * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    counts
}

fn add_texts(made: &mut ColumnProfile, codes: &[u32], levels: &[String]) {
    let mut counts = vec![0u64; levels.len()];
    for &code in codes.iter().filter(|&&code| code != MISSING) {
        counts[code as usize] += 1;
    }
    made.distinct = counts.iter().filter(|&&count| count > 0).count() as u64;
    let mut order: Vec<usize> = (0..levels.len()).filter(|&code| counts[code] > 0).collect();
    order.sort_by_key(|&code| (std::cmp::Reverse(counts[code]), code));
    made.top = order.iter().take(TOP).map(|&code| (levels[code].clone(), counts[code])).collect();
}

fn note(made: &ColumnProfile) -> String {
    let filled = made.n - made.missing;
    let mut notes = Vec::new();
    if filled == 0 {
        notes.push("no values, not a feature".to_string());
    } else if made.kind == ColumnType::Text {
        notes.push("free text, not a feature".to_string());
    }
    if made.distinct == 1 {
        notes.push("constant".to_string());
    }
    if made.kind == ColumnType::Text && made.distinct == filled && filled > 1 {
        notes.push("all different, perhaps an identifier".to_string());
    }
    if made.infinite > 0 {
        notes.push(format!("{} infinite", made.infinite));
    }
    notes.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::source_tests::asset;
    use super::*;
    use serde_json::Value;

    #[test]
    fn penguins_have_the_statistics_that_pandas_gives() {
        let text = include_str!("../../tests/fixtures/data_reference.json");
        let reference: Value = serde_json::from_str(text).unwrap();
        let made = profile(&super::super::read(&asset("penguins.csv")).unwrap().0);
        let expect = reference["penguins"].as_array().unwrap();
        assert_eq!(made.len(), expect.len());
        for (column, expect) in made.iter().zip(expect) {
            assert_eq!(column.name, expect["name"].as_str().unwrap());
            assert_eq!(column.n, expect["n"].as_u64().unwrap());
            assert_eq!(column.missing, expect["missing"].as_u64().unwrap());
            assert_eq!(column.distinct, expect["distinct"].as_u64().unwrap());
            let Some(numbers) = &column.numbers else {
                let counts: Vec<(String, u64)> =
                    serde_json::from_value(expect["top"].clone()).unwrap();
                assert_eq!(column.top, counts);
                continue;
            };
            for (key, value) in [
                ("min", numbers.min),
                ("q25", numbers.q25),
                ("median", numbers.median),
                ("q75", numbers.q75),
                ("max", numbers.max),
                ("mean", numbers.mean),
                ("sd", numbers.sd.unwrap()),
            ] {
                let expect = expect[key].as_f64().unwrap();
                assert!((value - expect).abs() <= 1e-12 * expect.abs(), "{} {key}", column.name);
            }
            assert_eq!(numbers.histogram.iter().sum::<u64>(), column.n - column.missing);
        }
    }

    #[test]
    fn notes_and_extremes() {
        let numbers = |values: &[f64]| {
            let column = Column {
                name: "x".into(),
                kind: ColumnType::Number,
                values: Values::Numbers(values.to_vec()),
                null_spellings: Vec::new(),
                date_style: None,
            };
            profile_column(&column)
        };
        assert_eq!(numbers(&[f64::NAN]).note, "no values, not a feature");
        assert_eq!(numbers(&[2.0, 2.0]).note, "constant");
        let wide = numbers(&[-f64::MAX, 0.0, f64::MAX, f64::INFINITY]);
        assert_eq!((wide.infinite, wide.note.as_str()), (1, "1 infinite"));
        let histogram = wide.numbers.unwrap().histogram;
        assert_eq!((histogram[0], histogram[8], histogram[15]), (1, 1, 1));
        assert_eq!(numbers(&[0.0, -0.0]).distinct, 1);
    }
}
