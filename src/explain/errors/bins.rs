//! Columns cut into bins, and conditions on bins in words of the column.

use crate::data::{Column, ColumnType, MISSING, Values};

/// Bins of a column of numbers at most.
const MAX_BINS: usize = 64;

/// A condition on one column of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentCondition {
    /// The column.
    pub column: String,
    /// What its cell must fulfil.
    pub test: SegmentTest,
}

/// What a cell must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub enum SegmentTest {
    /// A number above the first, if there is one, and at most the second, if there is one; not missing.
    Within(Option<f64>, Option<f64>),
    /// One of these words, or missing if `or_missing`.
    OneOf {
        /// Levels of the column, in its order.
        levels: Vec<String>,
        /// True if a missing cell fulfils it too.
        or_missing: bool,
    },
    /// Missing.
    Missing,
    /// Not missing.
    Present,
}

/// A column as bin codes.
pub(super) struct Binned {
    pub(super) name: String,
    /// The bin of each row.
    pub(super) codes: Vec<u32>,
    /// Bins, that of missing cells included.
    pub(super) n_bins: usize,
    /// The bin of missing cells, always the last.
    pub(super) missing: Option<usize>,
    kind: Bins,
}

enum Bins {
    /// The greatest number of each bin.
    Ordered(Vec<f64>),
    /// The level of each bin.
    Levels(Vec<String>),
}

impl Binned {
    /// Cuts a column; `None` for free text and for a column without two bins.
    pub(super) fn new(column: &Column) -> Option<Self> {
        if column.kind == ColumnType::Text {
            return None;
        }
        let (mut codes, kind, n_present) = match &column.values {
            Values::Numbers(numbers) => {
                let tops = tops(numbers);
                let code = |x: &f64| if x.is_nan() { MISSING } else { place(&tops, *x) };
                let n = tops.len();
                (numbers.iter().map(code).collect::<Vec<u32>>(), Bins::Ordered(tops), n)
            }
            Values::Codes { codes, levels } => {
                (codes.clone(), Bins::Levels(levels.clone()), levels.len())
            }
        };
        let has_missing = codes.contains(&MISSING);
        codes.iter_mut().filter(|code| **code == MISSING).for_each(|code| *code = n_present as u32);
        let missing = has_missing.then_some(n_present);
        let n_bins = n_present + usize::from(has_missing);
        let name = column.name.clone();
        (n_bins > 1).then_some(Self { name, codes, n_bins, missing, kind })
    }

    /// True if bins have an order.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.kind, Bins::Ordered(_))
    }

    /// A set of bins in words.
    pub(super) fn condition(&self, inside: &[bool]) -> SegmentCondition {
        let misses = self.missing.is_some_and(|bin| inside[bin]);
        let test = match &self.kind {
            Bins::Levels(levels) => {
                let chosen = levels.iter().zip(inside).filter(|(_, inside)| **inside);
                let levels: Vec<String> = chosen.map(|(level, _)| level.clone()).collect();
                if levels.is_empty() {
                    SegmentTest::Missing
                } else {
                    SegmentTest::OneOf { levels, or_missing: misses }
                }
            }
            Bins::Ordered(_) if misses => SegmentTest::Missing,
            Bins::Ordered(tops) => {
                let first = inside.iter().position(|&inside| inside).unwrap_or(0);
                let last = inside.iter().rposition(|&inside| inside).unwrap_or(0);
                let low = first.checked_sub(1).map(|before| tops[before]);
                let high = (last + 1 < tops.len()).then(|| tops[last]);
                match (low, high) {
                    (None, None) => SegmentTest::Present,
                    (low, high) => SegmentTest::Within(low, high),
                }
            }
        };
        SegmentCondition { column: self.name.clone(), test }
    }
}

/// The greatest number of each bin: every distinct number, or quantiles of as many bins as there may be.
fn tops(numbers: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    if distinct.len() <= MAX_BINS {
        return distinct;
    }
    let at = |bin: usize| sorted[(sorted.len() * bin).div_ceil(MAX_BINS) - 1];
    let mut tops: Vec<f64> = (1..=MAX_BINS).map(at).collect();
    tops.dedup();
    tops
}

fn place(tops: &[f64], x: f64) -> u32 {
    tops.partition_point(|&top| top < x).min(tops.len() - 1) as u32
}
