//! Reference directions.

/// Points evenly on the unit simplex: all whole-number shares of `n_parts` among `n_objectives` (Das and Dennis
/// 1998), in lexicographic order. There are `C(n_parts + n_objectives − 1, n_parts)`.
pub fn das_dennis(n_objectives: usize, n_parts: usize) -> Vec<Vec<f64>> {
    let mut points = Vec::new();
    if n_objectives > 0 {
        spread(n_objectives, n_parts, n_parts, &mut Vec::new(), &mut points);
    }
    points
}

fn spread(
    n_objectives: usize,
    n_parts: usize,
    left: usize,
    counts: &mut Vec<usize>,
    points: &mut Vec<Vec<f64>>,
) {
    if counts.len() + 1 == n_objectives {
        let whole = n_parts.max(1) as f64;
        let shares = counts.iter().chain([&left]).map(|&count| count as f64 / whole);
        points.push(shares.collect());
        return;
    }
    for count in 0..=left {
        counts.push(count);
        spread(n_objectives, n_parts, left - count, counts, points);
        counts.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one() {
        for (n_objectives, n_parts, expect) in [(2, 4, 5), (3, 12, 91), (4, 3, 20), (1, 5, 1)] {
            let points = das_dennis(n_objectives, n_parts);
            assert_eq!(points.len(), expect);
            assert!(points.iter().all(|p| (p.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        }
        assert_eq!(das_dennis(2, 2), [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]);
        assert!(das_dennis(0, 3).is_empty());
    }
}
