//! Parts of the compared rows: levels of a category, quarters of a number.

use crate::data::{Column, MISSING, Table, Values};
use crate::domain::format_number;
use crate::gate::{Check, CheckStatus, Slice, SliceRule};
use crate::numeric::quantile_sorted;

/// Cuts rows (indices into the table) by the rule's columns; slices name places in `rows`. A column that is not there
/// is a check that fails, as a rule that nobody can hold to must not pass in silence.
pub(super) fn slices(table: &Table, rows: &[usize], rule: &SliceRule) -> (Vec<Slice>, Vec<Check>) {
    let (mut slices, mut lacking) = (Vec::new(), Vec::new());
    for name in &rule.columns {
        let Some(idx) = table.find(name) else {
            lacking.push(Check {
                id: format!("slice:{name}"),
                name: format!("no slice of {name} is worse"),
                status: CheckStatus::Fail,
                value: None,
                threshold: None,
                detail: format!(
                    "there is no column '{name}'; mend: [gate] slices names the columns"
                ),
            });
            continue;
        };
        slices.extend(of_column(&table.columns[idx], rows));
    }
    (slices, lacking)
}

fn of_column(column: &Column, rows: &[usize]) -> Vec<Slice> {
    let slice = |value: String, is_in: &dyn Fn(usize) -> bool| {
        let places = rows.iter().enumerate().filter(|(_, row)| is_in(**row));
        let rows: Vec<u32> = places.map(|(place, _)| place as u32).collect();
        Slice { column: column.name.clone(), value, rows }
    };
    let mut found: Vec<Slice> = match &column.values {
        Values::Codes { codes, levels } => (0..levels.len() as u32)
            .map(|code| slice(levels[code as usize].clone(), &|row| codes[row] == code))
            .collect(),
        Values::Numbers(numbers) => quarters(numbers, rows)
            .into_iter()
            .map(|(low, high, text)| {
                slice(text, &|row| {
                    numbers[row] >= low && (numbers[row] < high || high.is_infinite())
                })
            })
            .collect(),
    };
    let missing: &dyn Fn(usize) -> bool = match &column.values {
        Values::Codes { codes, .. } => &|row| codes[row] == MISSING,
        Values::Numbers(numbers) => &|row| numbers[row].is_nan(),
    };
    found.push(slice("missing".into(), missing));
    found.retain(|slice| !slice.rows.is_empty());
    found
}

/// Ranges between the quartiles of the rows, equal ones joined: `[low, high)` with their words.
fn quarters(numbers: &[f64], rows: &[usize]) -> Vec<(f64, f64, String)> {
    let mut sorted: Vec<f64> =
        rows.iter().map(|&row| numbers[row]).filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = [0.25, 0.5, 0.75].map(|q| quantile_sorted(&sorted, q)).to_vec();
    cuts.retain(|cut| cut.is_finite() && sorted.first().is_some_and(|first| cut > first));
    cuts.dedup();
    let mut low = f64::NEG_INFINITY;
    let mut found = Vec::new();
    for high in cuts.into_iter().chain([f64::INFINITY]) {
        let number = |value: f64| format_number(value, 4);
        let text = match (low.is_finite(), high.is_finite()) {
            (false, false) => "all".into(),
            (false, true) => format!("below {}", number(high)),
            (true, true) => format!("{} to {}", number(low), number(high)),
            (true, false) => format!("from {}", number(low)),
        };
        found.push((low, high, text));
        low = high;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ColumnType;

    fn table() -> Table {
        let column = |name: &str, kind, values| Column {
            name: name.into(),
            kind,
            values,
            null_spellings: vec![],
            date_style: None,
        };
        let numbers = Values::Numbers(vec![1.0, 2.0, 3.0, 4.0, f64::NAN]);
        let codes = Values::Codes {
            codes: vec![0, 1, 0, MISSING, 1],
            levels: vec!["a".into(), "b".into()],
        };
        let columns = vec![
            column("x", ColumnType::Number, numbers),
            column("c", ColumnType::Category, codes),
        ];
        Table { columns, n_rows: 5 }
    }

    #[test]
    fn every_row_is_in_one_slice_of_a_column() {
        let rule =
            |name: &str| SliceRule { columns: vec![name.into()], max_drop: 0.1, min_rows: 1 };
        for name in ["x", "c"] {
            let (slices, lacking) = slices(&table(), &[0, 2, 3, 4], &rule(name));
            let mut rows: Vec<u32> = slices.iter().flat_map(|slice| slice.rows.clone()).collect();
            rows.sort_unstable();
            assert_eq!((rows, lacking.len()), (vec![0, 1, 2, 3], 0), "{slices:?}");
        }
        let (found, lacking) = slices(&table(), &[0], &rule("z"));
        assert!(found.is_empty() && lacking[0].status == CheckStatus::Fail);
    }
}
