//! Brushes: the ranges of axes that pick runs, and the same as a filter of `derby runs`.

use super::column::Column;
use super::table::Table;
use crate::store::filter::{Attribute, Literal, Op, Pattern};
use crate::store::{Expr, Field};
use std::collections::BTreeMap;

/// Significant digits of an end.
const DIGITS: i32 = 3;

/// An end of a brush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Low,
    High,
}

/// Ranges by the name of the column; an infinite end is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Brushes(pub(super) BTreeMap<String, (f64, f64)>);

impl Brushes {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The range on that column.
    pub(super) fn of(&self, column: &Column) -> Option<(f64, f64)> {
        self.0.get(&column.name).copied()
    }

    /// Moves an end to where `share` of the axis lies; at the axis's own end it is open.
    pub(super) fn set(&mut self, column: &Column, end: End, (share, log): (f64, bool)) {
        let (mut low, mut high) = self.of(column).unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let value = column.value(share, log);
        match end {
            End::Low => {
                low = if share <= 0.0 { f64::NEG_INFINITY } else { tidy(column, value, end) };
                high = if low > high { f64::INFINITY } else { high };
            }
            End::High => {
                high = if share >= 1.0 { f64::INFINITY } else { tidy(column, value, end) };
                low = if low > high { f64::NEG_INFINITY } else { low };
            }
        }
        if low == f64::NEG_INFINITY && high == f64::INFINITY {
            self.0.remove(&column.name);
        } else {
            self.0.insert(column.name.clone(), (low, high));
        }
    }

    /// The rows with a score that lie within all of them, the best first.
    pub(super) fn picked(&self, table: &Table) -> Vec<usize> {
        let columns: Vec<(&Column, (f64, f64))> =
            table.columns.iter().filter_map(|column| Some((column, self.of(column)?))).collect();
        let is_in = |row: &usize| {
            columns
                .iter()
                .all(|(column, (low, high))| (*low..=*high).contains(&column.values[*row]))
        };
        (0..table.n_scored).filter(is_in).collect()
    }

    /// The filter that finds those runs.
    pub(super) fn filter(&self, table: &Table) -> String {
        let mut terms = vec![
            text(Attribute::Sweep, &table.name),
            text(Attribute::Status, crate::domain::Status::Done.word()),
        ];
        if !table.is_alone {
            let id = |op, at: i64| Expr::Compare {
                field: Field::Attribute(Attribute::Id),
                op,
                value: Literal::Number(at as f64),
            };
            terms.extend([id(Op::Ge, table.ids.0), id(Op::Le, table.ids.1)]);
        }
        for column in &table.columns {
            for term in self.of(column).map(|ends| column.between(ends)).unwrap_or_default() {
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
        }
        let both = |a, b| Expr::And(Box::new(a), Box::new(b));
        terms.into_iter().reduce(both).map(|all| all.to_string()).unwrap_or_default()
    }
}

fn text(attribute: Attribute, exact: &str) -> Expr {
    Expr::Text { field: Field::Attribute(attribute), pattern: Pattern::Exact(exact.into()) }
}

/// A number that a person would write, on the outer side of where it was set.
fn tidy(column: &Column, value: f64, end: End) -> f64 {
    if column.is_whole || !column.is_number() {
        return value.round();
    }
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let place = DIGITS - 1 - value.abs().log10().floor() as i32;
    if !(-300..=300).contains(&place) {
        return value;
    }
    let scaled = value * 10f64.powi(place);
    let whole = match end {
        End::Low => (scaled + 1e-9).floor(),
        End::High => (scaled - 1e-9).ceil(),
    };
    // By its text, so that it is the number that a filter spells.
    format!("{whole:e}").parse::<f64>().map_or(value, |whole| {
        let text = format!("{whole}e{}", -place);
        text.parse().unwrap_or(value)
    })
}
