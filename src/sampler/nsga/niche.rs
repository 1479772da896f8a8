//! Niches around reference directions (NSGA-III; Deb and Jain 2014, algorithms 2 to 4).

use crate::numeric::{Factor, Losses, Rng, das_dennis};

/// Weight of the other objectives when the point farthest along one is sought.
const OFF_AXIS: f64 = 1e6;
/// A smaller extent counts as none.
const SMALL: f64 = 1e-12;

/// Fills `room` places from `front`, the first rank that does not fit, next to those already `kept`.
pub(super) fn fill(
    losses: Losses<'_>,
    (kept, front): (&[usize], &[usize]),
    room: usize,
    (n_parts, (seed, generation)): (usize, (u64, u64)),
) -> Vec<usize> {
    let directions = das_dennis(losses.n_objectives(), n_parts.max(1));
    if directions.is_empty() {
        return front.iter().copied().take(room).collect();
    }
    let all: Vec<usize> = kept.iter().chain(front).copied().collect();
    let scale = Scale::new(losses, &all);
    let nearest = |index: usize| nearest(&directions, &scale.normalized(losses.row(index)));
    let mut counts = vec![0usize; directions.len()];
    for &index in kept {
        counts[nearest(index).0] += 1;
    }
    let mut waiting: Vec<Vec<(f64, usize)>> = vec![Vec::new(); directions.len()];
    for &index in front {
        let (niche, distance) = nearest(index);
        waiting[niche].push((distance, index));
    }
    let mut rng = Rng::stream(seed, "nsga niches", generation);
    let mut chosen = Vec::with_capacity(room);
    while chosen.len() < room {
        let open = (0..counts.len()).filter(|&niche| !waiting[niche].is_empty());
        let Some(fewest) = open.clone().map(|niche| counts[niche]).min() else { break };
        let least: Vec<usize> = open.filter(|&niche| counts[niche] == fewest).collect();
        let niche = least[rng.below(least.len())];
        let candidates = &mut waiting[niche];
        let at = if fewest == 0 { closest(candidates) } else { rng.below(candidates.len()) };
        chosen.push(candidates.swap_remove(at).1);
        counts[niche] += 1;
    }
    chosen
}

fn closest(candidates: &[(f64, usize)]) -> usize {
    let by = |&a: &usize, &b: &usize| {
        let ((near, first), (far, second)) = (candidates[a], candidates[b]);
        near.total_cmp(&far).then(first.cmp(&second))
    };
    (0..candidates.len()).min_by(by).unwrap_or(0)
}

/// The direction that a point is nearest to, and its distance from that line.
fn nearest(directions: &[Vec<f64>], row: &[f64]) -> (usize, f64) {
    let squared: f64 = row.iter().map(|x| x * x).sum();
    let mut best = (0, f64::INFINITY);
    for (index, direction) in directions.iter().enumerate() {
        let along: f64 = direction.iter().zip(row).map(|(w, x)| w * x).sum();
        let length: f64 = direction.iter().map(|w| w * w).sum();
        let distance = (squared - along * along / length).max(0.0);
        if distance < best.1 {
            best = (index, distance);
        }
    }
    best
}

/// Ideal point and extents.
struct Scale {
    ideal: Vec<f64>,
    extent: Vec<f64>,
}

impl Scale {
    /// From the hyperplane through the points farthest along each objective; from the worst of all points where
    /// there is no such plane, or it cuts an axis behind the ideal point.
    fn new(losses: Losses<'_>, members: &[usize]) -> Self {
        let m = losses.n_objectives();
        let finite: Vec<&[f64]> = members
            .iter()
            .map(|&index| losses.row(index))
            .filter(|row| row.iter().all(|x| x.is_finite()))
            .collect();
        let over = |pick: fn(f64, f64) -> f64, start: f64| -> Vec<f64> {
            (0..m).map(|i| finite.iter().fold(start, |best, row| pick(best, row[i]))).collect()
        };
        let (ideal, worst) = (over(f64::min, f64::INFINITY), over(f64::max, f64::NEG_INFINITY));
        let extremes: Vec<Vec<f64>> = (0..m)
            .filter_map(|axis| {
                let reach = |row: &&&[f64]| achievement(row, &ideal, axis);
                let found = finite.iter().min_by(|a, b| reach(a).total_cmp(&reach(b)))?;
                Some(found.iter().zip(&ideal).map(|(x, low)| x - low).collect())
            })
            .collect();
        let extent = intercepts(&extremes, m).unwrap_or_else(|| {
            worst.iter().zip(&ideal).map(|(high, low)| (high - low).max(SMALL)).collect()
        });
        Self { ideal, extent }
    }

    fn normalized(&self, row: &[f64]) -> Vec<f64> {
        let scaled = |((x, low), extent): ((&f64, &f64), &f64)| {
            let share = (x - low) / extent;
            if share.is_nan() { 1.0 } else { share.clamp(0.0, 1e9) }
        };
        row.iter().zip(&self.ideal).zip(&self.extent).map(scaled).collect()
    }
}

/// The achievement scalarizing function along one axis (equation 4).
fn achievement(row: &[f64], ideal: &[f64], axis: usize) -> f64 {
    let term =
        |(i, (x, low)): (usize, (&f64, &f64))| (x - low) * if i == axis { 1.0 } else { OFF_AXIS };
    row.iter().zip(ideal).enumerate().map(term).fold(f64::NEG_INFINITY, f64::max)
}

/// Where the plane through the extreme points cuts the axes; `None` if it does not cut all of them at a
/// positive number.
fn intercepts(extremes: &[Vec<f64>], m: usize) -> Option<Vec<f64>> {
    if extremes.len() < m {
        return None;
    }
    // The normal equations of E a = 1; E is square, and singular if two extreme points are the same.
    let mut gram = vec![0.0; m * m];
    let mut target = vec![0.0; m];
    for row in extremes {
        for i in 0..m {
            target[i] += row[i];
            for j in 0..m {
                gram[i * m + j] += row[i] * row[j];
            }
        }
    }
    let normal = Factor::new(&gram, m)?.solve(&target);
    let cuts: Vec<f64> = normal.iter().map(|a| 1.0 / a).collect();
    let residual =
        |row: &Vec<f64>| (row.iter().zip(&normal).map(|(x, a)| x * a).sum::<f64>() - 1.0).abs();
    let on_plane = extremes.iter().all(|row| residual(row) < 1e-6);
    (on_plane && cuts.iter().all(|cut| cut.is_finite() && *cut > SMALL)).then_some(cuts)
}
