//! The ascending order of one column.

use ndarray::ArrayView1;

/// Columns from this length on are sorted digit by digit.
const LARGE: usize = 1024;
/// Bits of a digit.
const DIGIT: u32 = 11;

/// Row indices by ascending value (as `total_cmp`), ties in row order.
pub(in crate::trainer) fn ascending(column: ArrayView1<'_, f64>) -> Vec<u32> {
    let mut keyed: Vec<(u64, u32)> =
        (0..).zip(column).map(|(row, &value)| (key(value), row)).collect();
    if keyed.len() < LARGE {
        keyed.sort_unstable();
    } else {
        radix_sort(&mut keyed);
    }
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// Bits that compare as the float does.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Sorts by key, equal keys in their order; digits that all keys share are skipped.
fn radix_sort(keyed: &mut Vec<(u64, u32)>) {
    let differing = keyed.iter().fold(0, |bits, pair| bits | (pair.0 ^ keyed[0].0));
    let mut scratch = vec![(0, 0); keyed.len()];
    for shift in (0..u64::BITS).step_by(DIGIT as usize) {
        if (differing >> shift) & ((1 << DIGIT) - 1) == 0 {
            continue;
        }
        let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = [0usize; 1 << DIGIT];
        for pair in keyed.iter() {
            places[digit(pair.0)] += 1;
        }
        let mut next = 0;
        for place in &mut places {
            (*place, next) = (next, next + *place);
        }
        for &pair in keyed.iter() {
            let place = &mut places[digit(pair.0)];
            scratch[*place] = pair;
            *place += 1;
        }
        std::mem::swap(keyed, &mut scratch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Rng;
    use ndarray::Array1;

    #[test]
    fn long_and_short_columns_sort_as_total_cmp_does() {
        let mut rng = Rng::new(3);
        for n in [0, 1, 7, LARGE, 3000] {
            let values: Vec<f64> = (0..n)
                .map(|row| match row % 5 {
                    0 => -0.0,
                    1 => 0.0,
                    2 => (rng.normal() * 4.0).round(),
                    3 => rng.normal() * 1e-300,
                    _ => rng.normal() * 1e9,
                })
                .collect();
            let mut expected: Vec<u32> = (0..n as u32).collect();
            expected.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
            assert_eq!(ascending(Array1::from(values).view()), expected, "{n} rows");
        }
    }
}
