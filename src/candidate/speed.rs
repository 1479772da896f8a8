//! How long a model takes for a row, raw cells to prediction.

use crate::bundle::Bundle;
use crate::data::Table;
use crate::numeric::quantile_sorted;
use std::time::Instant;

/// Rows that are predicted one by one.
const SINGLE: usize = 500;
/// Rows before them that warm the caches up.
const WARM: usize = 20;

/// Microseconds a row in one batch, and the 95th percentile of rows that come one by one. None for a model that
/// does not predict, or without rows.
pub(super) fn speed(bundle: &Bundle, table: &Table, rows: &[usize]) -> Option<[f64; 2]> {
    if rows.is_empty() {
        return None;
    }
    let time = |rows: &[usize]| {
        let started = Instant::now();
        let prediction = bundle.predict(table, rows).ok()?;
        let seconds = started.elapsed().as_secs_f64();
        (prediction.len() == rows.len()).then_some(seconds * 1e6)
    };
    for row in rows.iter().cycle().take(WARM) {
        time(&[*row])?;
    }
    let mut single = Vec::with_capacity(SINGLE);
    for row in rows.iter().cycle().take(SINGLE) {
        single.push(time(&[*row])?);
    }
    single.sort_by(f64::total_cmp);
    let batch = time(rows)? / rows.len() as f64;
    Some([batch, quantile_sorted(&single, 0.95)])
}
