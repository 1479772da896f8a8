//! The exact volume that a front dominates.

use super::staircase::Staircase;
use super::{Losses, dominates, front};

/// The volume between the points and `reference`, which bounds it from above. Points that are not better than
/// the reference in every objective add nothing. A sweep for two objectives, a sweep over staircases for three
/// (`O(n log n)`), and beyond them the exclusive volumes of While, Bradstreet and Barone (2012, WFG).
pub fn hypervolume(losses: Losses<'_>, reference: &[f64]) -> f64 {
    if losses.n_objectives() != reference.len() || reference.is_empty() {
        return 0.0;
    }
    let best = front(losses);
    let rows = best.into_iter().map(|index| losses.row(index));
    let inside = |row: &&[f64]| row.iter().zip(reference).all(|(x, bound)| x < bound);
    let rows: Vec<Vec<f64>> = rows.filter(inside).map(<[f64]>::to_vec).collect();
    volume(rows, reference)
}

/// Of points that are all within the reference.
fn volume(rows: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    match reference.len() {
        0 => 0.0,
        1 => rows.iter().map(|row| reference[0] - row[0]).fold(0.0, f64::max),
        2 => plane(&rows, reference),
        3 => space(rows, reference),
        _ => exclusive_sum(rows, reference),
    }
}

fn plane(rows: &[Vec<f64>], reference: &[f64]) -> f64 {
    let mut stairs = Staircase::default();
    rows.iter().map(|row| stairs.add((row[0], row[1]), (reference[0], reference[1]))).sum()
}

/// Slices along the third objective, each as deep as it is to the next point.
fn space(mut rows: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    rows.sort_by(|a, b| a[2].total_cmp(&b[2]));
    let mut stairs = Staircase::default();
    let (mut area, mut volume) = (0.0, 0.0);
    for (at, row) in rows.iter().enumerate() {
        area += stairs.add((row[0], row[1]), (reference[0], reference[1]));
        let next = rows.get(at + 1).map_or(reference[2], |next| next[2]);
        volume += area * (next - row[2]);
    }
    volume
}

/// Every point adds what those after it do not dominate. The worst last objective comes first, so that the
/// sets of what is left get small.
fn exclusive_sum(mut rows: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    rows.sort_by(|a, b| b[last].total_cmp(&a[last]));
    let exclusive = |at: usize| {
        let row = &rows[at];
        let own: f64 = row.iter().zip(reference).map(|(x, bound)| bound - x).product();
        let others = rows[at + 1..].iter();
        let limited: Vec<Vec<f64>> =
            others.map(|other| other.iter().zip(row).map(|(a, b)| a.max(*b)).collect()).collect();
        own - limited_volume(limited, row, reference)
    };
    (0..rows.len()).map(exclusive).sum()
}

/// All of these points have the last objective of `row`, since it is the worst among them: the volume is one
/// of a dimension less, times its depth.
fn limited_volume(mut rows: Vec<Vec<f64>>, row: &[f64], reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    for row in &mut rows {
        row.truncate(last);
    }
    volume(non_dominated(rows), &reference[..last]) * (reference[last] - row[last])
}

fn non_dominated(rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
    for row in rows {
        if kept.iter().any(|other| *other == row || dominates(other, &row)) {
            continue;
        }
        kept.retain(|other| !dominates(&row, other));
        kept.push(row);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    }

    #[test]
    fn volumes_are_those_of_pymoo() {
        let text = include_str!("../../../tests/fixtures/pareto/pareto.json");
        let all: Value = serde_json::from_str(text).unwrap();
        for case in all["hypervolume"].as_array().unwrap() {
            let reference = numbers(&case["reference"]);
            let values: Vec<f64> =
                case["points"].as_array().unwrap().iter().flat_map(numbers).collect();
            let got = hypervolume(Losses::new(&values, reference.len()), &reference);
            let expect = case["volume"].as_f64().unwrap();
            assert!((got - expect).abs() <= 1e-12 * expect.max(1.0), "{got} {expect}");
        }
    }

    #[test]
    fn ranks_distances_and_directions_are_those_of_pymoo() {
        let text = include_str!("../../../tests/fixtures/pareto/pareto.json");
        let all: Value = serde_json::from_str(text).unwrap();
        for case in all["fronts"].as_array().unwrap() {
            let rows: Vec<Vec<f64>> =
                case["points"].as_array().unwrap().iter().map(numbers).collect();
            let values = rows.concat();
            let losses = Losses::new(&values, rows[0].len());
            let ranks = super::super::non_domination_ranks(losses);
            let expect: Vec<usize> = numbers(&case["ranks"]).iter().map(|&x| x as usize).collect();
            assert_eq!(ranks, expect);
            let members: Vec<usize> = (0..rows.len()).filter(|&i| ranks[i] == 0).collect();
            let got = super::super::crowding_distances(losses, &members);
            for (got, expect) in got.iter().zip(case["crowding"].as_array().unwrap()) {
                match expect.as_f64() {
                    // The package divides the sum by the number of objectives.
                    Some(x) => assert!((got / rows[0].len() as f64 - x).abs() < 1e-12),
                    None => assert!(got.is_infinite()),
                }
            }
        }
        let rows: Vec<Vec<f64>> =
            all["directions"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(super::super::das_dennis(3, 4).len(), rows.len());
        for row in super::super::das_dennis(3, 4) {
            assert!(
                rows.iter().any(|other| other.iter().zip(&row).all(|(a, b)| (a - b).abs() < 1e-12))
            );
        }
    }

    #[test]
    fn points_beyond_the_reference_add_nothing() {
        let values = [0.5, 0.5, 2.0, 0.1, f64::NAN, 0.0, 0.5, 0.5];
        assert_eq!(hypervolume(Losses::new(&values, 2), &[1.0, 1.0]), 0.25);
        assert_eq!(hypervolume(Losses::new(&values, 2), &[0.0, 0.0]), 0.0);
        assert_eq!(hypervolume(Losses::new(&values, 2), &[1.0]), 0.0);
        assert_eq!(hypervolume(Losses::new(&[0.25, 0.75], 1), &[1.0]), 0.75);
    }
}
