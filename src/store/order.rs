//! Sorts runs by columns: each column becomes one list of comparable keys, then the runs are sorted in memory.
//!
//! That is faster than `ORDER BY` with a look-up per run, since a metric comes out of one pass over its index.

use super::columns::{self, Form};
use super::filter::Field;
use super::filter::sql::Known;
use super::{StoreError, codec};
use crate::domain::Status;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Texts come after every number.
const TEXTS: u64 = 0xfff8_0000_0000_0000;

/// The place of a value in the order of its column; none where it is missing.
pub(super) type Key = Option<u64>;

/// Sorts `ids`, which come newest first, by keys that are known and then by columns and whether each descends. Missing
/// values are last either way; ties stay newest first.
pub(super) fn sort(
    conn: &Connection,
    known: &Known,
    ids: &mut Vec<i64>,
    (mut keys, by): (Vec<Vec<Key>>, &[(Field, bool)]),
) -> Result<(), StoreError> {
    for (field, descending) in by {
        keys.push(column_keys(conn, known, ids, (field, *descending))?);
    }
    let Some((first, others)) = keys.split_first() else { return Ok(()) };
    let ties = |a: u32, b: u32| {
        let pairs = others.iter().map(|keys| (keys[a as usize], keys[b as usize]));
        pairs.map(|(a, b)| compare(a, b)).find(|order| order.is_ne()).unwrap_or(a.cmp(&b))
    };
    // Bare pairs compare much faster than options.
    let (mut present, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
    for (place, key) in (0_u32..).zip(first) {
        match key {
            Some(key) => present.push((*key, place)),
            None => missing.push(place),
        }
    }
    present.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| ties(a.1, b.1)));
    missing.sort_unstable_by(|a, b| ties(*a, *b));
    let order = present.into_iter().map(|(_, place)| place).chain(missing);
    *ids = order.map(|place| ids[place as usize]).collect();
    Ok(())
}

/// Keys that put runs that break a constraint behind those that may be chosen, and failed ones behind both; `None` where
/// no run breaks any.
pub(super) fn feasibility(conn: &Connection, ids: &[i64]) -> Result<Option<Vec<Key>>, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM run WHERE status = 'infeasible')";
    if !conn.prepare_cached(sql)?.query_row([], |row| row.get(0))? {
        return Ok(None);
    }
    let mut keys = vec![Some(0); ids.len()];
    columns::for_each_of(conn, ids, "r.status", &mut |place, row| {
        keys[place] = match codec::status(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?
        {
            Status::Infeasible => Some(1),
            Status::Failed | Status::Killed => Some(2),
            Status::Queued | Status::Running | Status::Done | Status::Pruned => Some(0),
        };
        Ok(())
    })?;
    Ok(Some(keys))
}

/// Missing last.
fn compare(a: Key, b: Key) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.is_none().cmp(&b.is_none()),
    }
}

fn column_keys(
    conn: &Connection,
    known: &Known,
    ids: &[i64],
    (field, descending): (&Field, bool),
) -> Result<Vec<Key>, StoreError> {
    let mut keys = vec![None; ids.len()];
    let mut texts: HashMap<Box<[u8]>, u64> = HashMap::new();
    columns::for_each(conn, known, ids, (field, Form::Sorting), &mut |place, value| {
        keys[place] = match value {
            ValueRef::Integer(value) => Some(key_of_int(value)),
            ValueRef::Real(value) => Some(key_of_float(value)),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                let next = TEXTS + texts.len() as u64;
                Some(texts.get(text).copied().unwrap_or_else(|| {
                    texts.insert(text.into(), next);
                    next
                }))
            }
            ValueRef::Null => None,
        };
    })?;
    rank_texts(&mut keys, texts);
    if descending {
        keys.iter_mut().flatten().for_each(|key| *key = !*key);
    }
    Ok(keys)
}

/// Texts were numbered as they came; now by their bytes.
fn rank_texts(keys: &mut [Key], texts: HashMap<Box<[u8]>, u64>) {
    if texts.is_empty() {
        return;
    }
    let mut sorted: Vec<(Box<[u8]>, u64)> = texts.into_iter().collect();
    sorted.sort_unstable();
    let mut ranks = vec![0; sorted.len()];
    for (rank, (_, number)) in sorted.iter().enumerate() {
        ranks[(number - TEXTS) as usize] = TEXTS + rank as u64;
    }
    for key in keys.iter_mut().flatten().filter(|key| **key >= TEXTS) {
        *key = ranks[(*key - TEXTS) as usize];
    }
}

/// Columns of integers hold nothing else, so their keys need not compare with those of floats.
fn key_of_int(value: i64) -> u64 {
    value as u64 ^ (1 << 63)
}

/// Orders as the floats do; there is no NaN in a column of SQLite's, and both zeros are one.
pub(super) fn key_of_float(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_values_do() {
        let floats = [f64::NEG_INFINITY, -1e300, -1.0, -1e-310, 0.0, 1e-310, 1.0, f64::INFINITY];
        assert!(floats.windows(2).all(|pair| key_of_float(pair[0]) < key_of_float(pair[1])));
        assert_eq!(key_of_float(-0.0), key_of_float(0.0));
        assert!(key_of_float(f64::INFINITY) < TEXTS);
        let ints = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(ints.windows(2).all(|pair| key_of_int(pair[0]) < key_of_int(pair[1])));
    }
}
