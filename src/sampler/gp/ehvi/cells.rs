//! The region that a front does not dominate, cut into boxes.
//!
//! One sweep along the last objective keeps the strips below the staircase of the points so far; a new point ends
//! those that it covers. That gives at most `2n + 1` boxes for three objectives (as many as Yang et al. 2019, J. Glob.
//! Optim. 75) and `n + 1` for two. Every box reaches down without end in one objective at least.

use crate::numeric::{Losses, front};

/// A side of a box: between two values of the objective's list, from below all of them if there is no first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Side {
    pub(super) low: Option<usize>,
    pub(super) high: usize,
}

/// Boxes that fill what no point dominates within each bound, those of one bound disjoint.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    /// The values of each objective at which boxes begin or end.
    pub(super) levels: Vec<Vec<f64>>,
    /// `m` sides a box.
    pub(super) sides: Vec<Side>,
    /// The logarithm of what the volume of a box counts.
    pub(super) weights: Vec<f64>,
}

/// A corner within which volume counts.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) at: Vec<f64>,
    /// The logarithm of what it counts.
    pub(super) weight: f64,
}

/// A part of the plane of the first two objectives that is free from some third one on.
#[derive(Debug, Clone, Copy)]
struct Strip {
    left: Option<f64>,
    right: f64,
    top: f64,
    from: Option<f64>,
}

impl Cells {
    /// For one to three objectives, and one bound or more.
    pub(super) fn new(losses: Losses<'_>, bounds: &[Bound]) -> Self {
        let m = bounds.first().map_or(0, |bound| bound.at.len());
        let best: Vec<&[f64]> = front(losses).into_iter().map(|index| losses.row(index)).collect();
        let within = |bound: &Bound| -> Vec<&[f64]> {
            let inside = |row: &&[f64]| row.iter().zip(&bound.at).all(|(x, bound)| x < bound);
            let mut rows: Vec<&[f64]> = best.iter().copied().filter(inside).collect();
            rows.dedup();
            rows
        };
        let levels = (0..m)
            .map(|j| {
                let rows = bounds.iter().flat_map(within);
                let mut values: Vec<f64> = rows.map(|row| row[j]).collect();
                values.extend(bounds.iter().map(|bound| bound.at[j]));
                values.sort_by(f64::total_cmp);
                values.dedup();
                values
            })
            .collect();
        let mut cells = Self { levels, sides: Vec::new(), weights: Vec::new() };
        for bound in bounds {
            cells.fill(&mut within(bound), &bound.at);
            cells.weights.resize(cells.sides.len() / m.max(1), bound.weight);
        }
        cells
    }

    fn fill(&mut self, rows: &mut [&[f64]], reference: &[f64]) {
        match reference.len() {
            1 => self.push(&[(None, rows.first().map_or(reference[0], |row| row[0]))]),
            2 => {
                let mut strips = vec![Strip::whole(reference)];
                for row in rows {
                    let _ = insert(&mut strips, (row[0], row[1]), None);
                }
                for strip in strips {
                    self.push(&[(strip.left, strip.right), (None, strip.top)]);
                }
            }
            _ => self.sweep(rows, reference),
        }
    }

    fn sweep(&mut self, rows: &mut [&[f64]], reference: &[f64]) {
        rows.sort_by(|a, b| a[2].total_cmp(&b[2]));
        let mut strips = vec![Strip::whole(reference)];
        for row in rows {
            for ended in insert(&mut strips, (row[0], row[1]), Some(row[2])) {
                self.push_strip(ended, row[2]);
            }
        }
        for strip in strips {
            self.push_strip(strip, reference[2]);
        }
    }

    fn push_strip(&mut self, strip: Strip, until: f64) {
        if strip.from.is_none_or(|from| from < until) {
            self.push(&[(strip.left, strip.right), (None, strip.top), (strip.from, until)]);
        }
    }

    fn push(&mut self, spans: &[(Option<f64>, f64)]) {
        for (levels, (low, high)) in self.levels.iter().zip(spans) {
            let place = |x: f64| levels.partition_point(|level| *level < x);
            self.sides.push(Side { low: low.map(place), high: place(*high) });
        }
    }
}

impl Strip {
    fn whole(reference: &[f64]) -> Self {
        Self { left: None, right: reference[0], top: reference[1], from: None }
    }
}

/// Cuts the strips, ordered from left to right and falling, by a point; returns those that it ends.
fn insert(strips: &mut Vec<Strip>, (x, y): (f64, f64), at: Option<f64>) -> Vec<Strip> {
    let is_cut = |strip: &Strip| strip.right > x && strip.top > y;
    let Some(first) = strips.iter().position(is_cut) else { return Vec::new() };
    let n = strips[first..].iter().take_while(|strip| is_cut(strip)).count();
    let ended: Vec<Strip> = strips[first..first + n].to_vec();
    let (left, right) = (ended[0], ended[n - 1]);
    let mut new = Vec::with_capacity(2);
    if left.left.is_none_or(|low| low < x) {
        new.push(Strip { right: x, from: at, ..left });
    }
    let start = left.left.map_or(x, |low| low.max(x));
    new.push(Strip { left: Some(start), right: right.right, top: y, from: at });
    strips.splice(first..first + n, new);
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{Rng, dominates, hypervolume};

    fn bound(at: f64, m: usize) -> Bound {
        Bound { at: vec![at; m], weight: -at }
    }

    /// The boxes within `[-1, reference]` hold what the front leaves, and no point is in two of them.
    fn check(values: &[f64], m: usize) {
        let reference = vec![1.0; m];
        let cells = Cells::new(Losses::new(values, m), &[bound(1.0, m)]);
        let span = |j: usize, side: &Side| {
            let low = side.low.map_or(-1.0, |at| cells.levels[j][at]);
            (low, cells.levels[j][side.high])
        };
        let boxes: Vec<Vec<(f64, f64)>> = cells
            .sides
            .chunks(m)
            .map(|sides| sides.iter().enumerate().map(|(j, side)| span(j, side)).collect())
            .collect();
        let volume: f64 =
            boxes.iter().map(|b| b.iter().map(|(low, high)| high - low).product::<f64>()).sum();
        let all = 2f64.powi(m as i32);
        let expect = all - hypervolume(Losses::new(values, m), &reference);
        assert!((volume - expect).abs() < 1e-12, "{volume} {expect}");
        let mut rng = Rng::new(1);
        for _ in 0..500 {
            let at: Vec<f64> = (0..m).map(|_| rng.uniform(-1.0, 1.0)).collect();
            let holds = |b: &&Vec<(f64, f64)>| b.iter().zip(&at).all(|((l, h), x)| l < x && x < h);
            let is_free = !values.chunks(m).any(|row| dominates(row, &at));
            assert_eq!(boxes.iter().filter(holds).count(), usize::from(is_free), "{at:?}");
        }
        let n = values.len() / m;
        assert!(boxes.len() <= if m == 2 { n + 1 } else { 2 * n + 1 }, "{} boxes", boxes.len());
    }

    #[test]
    fn boxes_fill_what_is_not_dominated() {
        let mut rng = Rng::new(7);
        for m in 1..=3 {
            check(&[], m);
            for n in [1, 2, 5, 20] {
                let values: Vec<f64> = (0..n * m).map(|_| rng.unit()).collect();
                check(&values, m);
                // On a front, with ties.
                let values: Vec<f64> = (0..n)
                    .flat_map(|_| {
                        let a = rng.below(5) as f64 / 5.0;
                        let b = rng.below(5) as f64 / 5.0;
                        [a, b, 0.9 - a.midpoint(b)][3 - m..].to_vec()
                    })
                    .collect();
                check(&values, m);
            }
        }
    }

    #[test]
    fn points_beyond_the_reference_cut_nothing() {
        let cells = Cells::new(Losses::new(&[2.0, -1.0, f64::NAN, 0.0], 2), &[bound(1.0, 2)]);
        assert_eq!(cells.sides, [Side { low: None, high: 0 }; 2]);
    }

    #[test]
    fn each_bound_has_its_boxes_and_their_weight() {
        for m in [2, 3] {
            let mut rng = Rng::new(3);
            let values: Vec<f64> = (0..6 * m).map(|_| rng.uniform(0.0, 2.0)).collect();
            let losses = || Losses::new(&values, m);
            let both = Cells::new(losses(), &[bound(1.0, m), bound(2.0, m)]);
            let spans = |cells: &Cells, weight: f64| -> Vec<(Option<f64>, f64)> {
                let of = |(at, side): (usize, &Side)| {
                    let levels = &cells.levels[at % m];
                    (cells.weights[at / m] == weight)
                        .then(|| (side.low.map(|low| levels[low]), levels[side.high]))
                };
                cells.sides.iter().enumerate().filter_map(of).collect()
            };
            for at in [1.0, 2.0] {
                let alone = Cells::new(losses(), &[bound(at, m)]);
                assert_eq!(spans(&both, -at), spans(&alone, -at));
            }
            assert_eq!(both.weights.len() * m, both.sides.len());
        }
    }
}
