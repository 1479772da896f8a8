//! Preprocessing as a graph: from one input a raw column to the prepared matrix.

use super::dates;
use super::graph::{Builder, Name, int, ints, texts};
use crate::data::{MissingForm, NumberForm, PrepForm, PrepPart};
use std::collections::BTreeSet;

/// The index of an unknown level in a one-hot part, and of a missing cell that is refused.
const UNKNOWN: i64 = -1;
const REFUSED: i64 = -2;

/// The prepared matrix.
pub(super) struct Prepared {
    /// `rows × features`.
    pub(super) x: Name,
    /// `rows × 1`: 0, or NaN where derby refuses the row (nothing stands in for a missing cell, or a number
    /// is not finite in the end).
    pub(super) refused: Name,
}

/// What is known of the raw columns.
pub(super) struct Cells<'a> {
    /// Texts that mean that a cell of words is missing.
    pub(super) null_values: &'a [String],
    /// True if the column is given as numbers.
    pub(super) is_number: &'a dyn Fn(&str) -> bool,
}

/// What a part reads, in the words of messages.
pub(super) const NUMBERS: &str = "numbers";
const WORDS: &str = "words";

/// What a part reads; an indicator reads either.
pub(super) fn expected(form: &PrepForm) -> Option<&'static str> {
    match form {
        PrepForm::Number(_) | PrepForm::Dates(_) => Some(NUMBERS),
        PrepForm::OneHot { .. } | PrepForm::Codes { .. } => Some(WORDS),
        PrepForm::Indicator => None,
    }
}

/// Neighboring columns of the prepared matrix, or scattered ones.
struct Block {
    value: Name,
    /// Where each of its columns belongs.
    places: Vec<usize>,
}

/// Writes all parts down.
pub(super) fn prepare(builder: &mut Builder, parts: &[PrepPart], cells: &Cells<'_>) -> Prepared {
    let mut blocks = vec![];
    let unreadable = numbers(builder, parts, &mut blocks);
    for part in parts.iter().filter(|part| part.width > 0) {
        let value = match &part.form {
            PrepForm::Number(_) | PrepForm::Dates(_) => continue,
            PrepForm::OneHot { levels, missing } => {
                one_hot(builder, &part.source, levels, *missing, cells)
            }
            PrepForm::Codes { .. } => codes(builder, part, cells),
            PrepForm::Indicator => indicator(builder, &part.source, cells),
        };
        blocks.push(Block { value, places: (part.first..part.first + part.width).collect() });
    }
    let values: Vec<Name> = blocks.iter().map(|block| block.value.clone()).collect();
    let places: Vec<usize> = blocks.iter().flat_map(|block| block.places.clone()).collect();
    let together = builder.beside(&values);
    let x = ordered(builder, together, &places);
    // Infinity less infinity is NaN too.
    let zeros = builder.op("Sub", &[&x, &x]);
    let mut refused = builder.along_row("ReduceSum", &zeros);
    if let Some(unreadable) = unreadable {
        refused = builder.op("Add", &[&refused, &unreadable]);
    }
    Prepared { x, refused }
}

/// The columns at their places.
fn ordered(builder: &mut Builder, value: Name, places: &[usize]) -> Name {
    if places.is_sorted() {
        return value;
    }
    let mut from: Vec<usize> = (0..places.len()).collect();
    from.sort_by_key(|&at| places[at]);
    let from: Vec<i64> = from.into_iter().map(|at| at as i64).collect();
    let from = builder.ints(&from);
    builder.op_with("Gather", &[&value, &from], vec![int("axis", 1)])
}

/// All numbers and parts of dates in one block; hands back `rows × 1` with NaN for dates past the calendar.
fn numbers(builder: &mut Builder, parts: &[PrepPart], blocks: &mut Vec<Block>) -> Option<Name> {
    let (mut values, mut steps, mut places) = (vec![], vec![], vec![]);
    for part in parts {
        if let PrepForm::Number(step) = &part.form {
            values.push(part.source.clone());
            steps.push(*step);
            places.push(part.first);
        }
    }
    let mut unreadable = None;
    let of_dates: Vec<(&PrepPart, &[NumberForm])> = parts
        .iter()
        .filter_map(|part| match &part.form {
            PrepForm::Dates(steps) => Some((part, &steps[..])),
            _ => None,
        })
        .collect();
    if !of_dates.is_empty() {
        let sources: Vec<Name> = of_dates.iter().map(|(part, _)| part.source.clone()).collect();
        let seconds = builder.beside(&sources);
        let calendar = dates::calendar(builder, &seconds);
        unreadable = Some(calendar.unreadable);
        for (number, value) in calendar.parts.into_iter().enumerate() {
            values.push(value);
            steps.extend(of_dates.iter().map(|(_, steps)| steps[number]));
            places.extend(of_dates.iter().map(|(part, _)| part.first + number));
        }
    }
    if !values.is_empty() {
        let raw = builder.beside(&values);
        blocks.push(Block { value: number(builder, &raw, &steps), places });
    }
    unreadable
}

/// Clips, imputes and scales columns of numbers, each by its step.
fn number(builder: &mut Builder, raw: &str, steps: &[NumberForm]) -> Name {
    let mut value = raw.to_string();
    let row = |builder: &mut Builder, of: &dyn Fn(&NumberForm) -> f64| {
        let values: Vec<f64> = steps.iter().map(of).collect();
        builder.doubles(&values, &[values.len()])
    };
    if steps.iter().any(|step| step.clip.is_some()) {
        let low = row(builder, &|step| step.clip.map_or(f64::NEG_INFINITY, |(low, _)| low));
        let high = row(builder, &|step| step.clip.map_or(f64::INFINITY, |(_, high)| high));
        value = builder.op("Max", &[&value, &low]);
        value = builder.op("Min", &[&value, &high]);
    }
    if steps.iter().any(|step| (step.shift, step.by) != (0.0, 1.0)) {
        let shift = row(builder, &|step| step.shift);
        let by = row(builder, &|step| step.by);
        value = builder.op("Sub", &[&value, &shift]);
        value = builder.op("Div", &[&value, &by]);
    }
    // The fill is scaled here and put in last: onnxruntime would fuse a division by one number with a matrix
    // product behind it, and round that number to 32 bits.
    let fill = row(builder, &|step| (step.fill.unwrap_or(f64::NAN) - step.shift) / step.by);
    let is_missing = builder.op("IsNaN", &[raw]);
    builder.op("Where", &[&is_missing, &fill, &value])
}

/// `rows × 1` indices of the levels of words; `missing` for a missing cell and `unknown` for any other word.
fn index(
    builder: &mut Builder,
    source: &str,
    levels: &[String],
    (missing, unknown): (i64, i64),
    cells: &Cells<'_>,
) -> Name {
    let mut seen = BTreeSet::new();
    let (mut keys, mut values) = (vec![], vec![]);
    let nulls = cells.null_values.iter().map(|text| (text.as_str(), missing));
    let known = levels.iter().zip(0..).map(|(level, index)| (level.as_str(), index));
    for (key, value) in nulls.chain(known) {
        if seen.insert(key) {
            keys.push(key);
            values.push(value);
        }
    }
    if keys.is_empty() {
        // The operator wants a key.
        keys.push("");
        values.push(unknown);
    }
    let attrs = vec![
        texts("keys_strings", keys.into_iter()),
        ints("values_int64s", values),
        int("default_int64", unknown),
    ];
    builder.ml("LabelEncoder", &[source], attrs)
}

fn one_hot(
    builder: &mut Builder,
    source: &str,
    levels: &[String],
    missing: MissingForm,
    cells: &Cells<'_>,
) -> Name {
    let missing = match missing {
        MissingForm::Refused => REFUSED,
        MissingForm::Unknown => UNKNOWN,
        MissingForm::Level(index) => i64::from(index),
    };
    let index = index(builder, source, levels, (missing, UNKNOWN), cells);
    let all: Vec<i64> = (0..levels.len() as i64).collect();
    let all = builder.ints(&all);
    let is = builder.op("Equal", &[&index, &all]);
    let value = builder.as_double(&is);
    if missing != REFUSED {
        return value;
    }
    let (mark, nan) = (builder.ints(&[REFUSED]), builder.double(f64::NAN));
    let is_refused = builder.op("Equal", &[&index, &mark]);
    builder.op("Where", &[&is_refused, &nan, &value])
}

/// Looks the numbers of the level up; a row for unknown levels and one of NaN stand behind those of the levels.
fn codes(builder: &mut Builder, part: &PrepPart, cells: &Cells<'_>) -> Name {
    let PrepForm::Codes { levels, missing, values, unknown } = &part.form else {
        return part.source.clone();
    };
    let n = levels.len() as i64;
    let missing = match missing {
        MissingForm::Refused => n + 1,
        MissingForm::Unknown => n,
        MissingForm::Level(index) => i64::from(*index),
    };
    let index = index(builder, &part.source, levels, (missing, n), cells);
    let index = builder.as_vector(&index);
    let mut table = values.clone();
    table.extend(unknown);
    table.extend(std::iter::repeat_n(f64::NAN, part.width));
    let table = builder.doubles(&table, &[levels.len() + 2, part.width]);
    builder.op_with("Gather", &[&table, &index], vec![int("axis", 0)])
}

fn indicator(builder: &mut Builder, source: &str, cells: &Cells<'_>) -> Name {
    let is_missing = if (cells.is_number)(source) {
        builder.op("IsNaN", &[source])
    } else {
        index(builder, source, &[], (1, 0), cells)
    };
    builder.as_double(&is_missing)
}
