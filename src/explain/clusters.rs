//! Columns that say the same: shuffled one by one, each looks idle, since the others still tell its content.

use crate::data::{Column, ColumnType, Table, Values};
use crate::numeric::spearman;

/// Groups columns whose numbers rise and fall together, for [`permutation`](super::permutation()).
///
/// Two columns of numbers or dates are in one group if the absolute rank correlation (Spearman, over the rows that have
/// both) is at least `threshold`, or both are with a third (single linkage). Other columns stay by themselves. In
/// the order of their first columns.
pub fn correlated_columns(table: &Table, columns: &[usize], threshold: f64) -> Vec<Vec<String>> {
    let mut cluster: Vec<usize> = (0..columns.len()).collect();
    for at in 0..columns.len() {
        for other in 0..at {
            if cluster[at] == cluster[other] {
                continue;
            }
            let pair = (&table.columns[columns[at]], &table.columns[columns[other]]);
            if rank_correlation(pair.0, pair.1).is_some_and(|rho| rho.abs() >= threshold) {
                let (from, to) = (cluster[at].max(cluster[other]), cluster[at].min(cluster[other]));
                cluster.iter_mut().filter(|id| **id == from).for_each(|id| *id = to);
            }
        }
    }
    let name = |at: usize| table.columns[columns[at]].name.clone();
    let members =
        |id: usize| (0..columns.len()).filter(|&at| cluster[at] == id).map(name).collect();
    (0..columns.len()).filter(|&at| cluster[at] == at).map(members).collect()
}

/// Spearman's correlation of two columns of numbers; `None` for others, and where one is constant.
fn rank_correlation(a: &Column, b: &Column) -> Option<f64> {
    let is_number = |column: &Column| matches!(column.kind, ColumnType::Number | ColumnType::Date);
    let (Values::Numbers(a_cells), Values::Numbers(b_cells)) = (&a.values, &b.values) else {
        return None;
    };
    if !is_number(a) || !is_number(b) {
        return None;
    }
    let rho = spearman(a_cells, b_cells);
    (!rho.is_nan()).then_some(rho)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(name: &str, cells: &[f64]) -> Column {
        Column {
            name: name.into(),
            kind: ColumnType::Number,
            values: Values::Numbers(cells.to_vec()),
            null_spellings: vec![],
            date_style: None,
        }
    }

    #[test]
    fn ranks_correlate_as_in_scipy() {
        let check = |a: &[f64], b: &[f64], expect: Option<f64>| {
            let got = rank_correlation(&numbers("a", a), &numbers("b", b));
            assert_eq!(got.map(|rho| (rho * 1e12).round()), expect.map(|rho| (rho * 1e12).round()));
        };
        // scipy.stats.spearmanr
        check(&[1.0, 2.0, 2.0, 4.0, 5.0], &[3.0, 1.0, 4.0, 4.0, 9.0], Some(0.763_157_894_736_842));
        check(&[1.0, 2.0, f64::NAN, 3.0], &[1.0, 4.0, 7.0, 9.0], Some(1.0));
        check(&[1.0, 1.0], &[1.0, 2.0], None);
    }

    #[test]
    fn what_rises_and_falls_together_is_one_group() {
        let base: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 40)).collect();
        let cubed: Vec<f64> = base.iter().map(|x| -x.powi(3)).collect();
        let other: Vec<f64> = (0..40).map(f64::from).collect();
        let words = Column {
            name: "word".into(),
            kind: ColumnType::Category,
            values: Values::Codes { codes: vec![0; 40], levels: vec!["w".into()] },
            null_spellings: vec![],
            date_style: None,
        };
        let columns =
            vec![numbers("base", &base), words, numbers("other", &other), numbers("cubed", &cubed)];
        let table = Table { columns, n_rows: 40 };
        let got = correlated_columns(&table, &[0, 1, 2, 3], 0.9);
        assert_eq!(got, [vec!["base", "cubed"], vec!["word"], vec!["other"]]);
        assert_eq!(correlated_columns(&table, &[3], 0.9), [vec!["cubed"]]);
    }
}
