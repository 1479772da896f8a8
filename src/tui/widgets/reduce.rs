//! Fewer points, the same picture: of each column of dots the first, lowest, highest and last point.

use super::scale::Scale;
use std::borrow::Cow;

/// Points of one column of dots; numbers of points, with their values.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    first: usize,
    low: (usize, f64),
    high: (usize, f64),
    last: usize,
}

/// The points that are seen on an axis of so many columns of dots, and one more at each side, in one pass.
///
/// `points` go by ascending x. NaN is kept as a gap. What is few enough comes back as it is.
pub fn reduce<'a>(points: &'a [(f64, f64)], x: &Scale, columns: usize) -> Cow<'a, [(f64, f64)]> {
    let (points, columns) = (window(points, x.ends()), columns.max(1));
    if points.len() <= columns * 2 {
        return Cow::Borrowed(points);
    }
    let mut kept = Vec::with_capacity(columns * 4);
    let mut from = 0;
    for column in 1..=columns {
        // By halving, since a search for the ends of columns is quicker than a place for every point.
        // Columns end half-way between their dots, so that each one's points fall on one dot.
        let end = x.value((column as f64 - 0.5) / (columns - 1).max(1) as f64);
        let rest = points.get(from..).unwrap_or_default();
        let n = if column == columns { rest.len() } else { rest.partition_point(|at| at.0 < end) };
        collect(&mut kept, &rest[..n]);
        from += n;
    }
    Cow::Owned(kept)
}

/// What is to be seen of the points of one column.
fn collect(kept: &mut Vec<(f64, f64)>, points: &[(f64, f64)]) {
    let mut bucket: Option<Bucket> = None;
    for (at, point) in points.iter().enumerate() {
        if point.1.is_nan() {
            flush(kept, points, bucket.take());
            // One gap is as good as many.
            if kept.last().is_none_or(|last| !last.1.is_nan()) {
                kept.push(*point);
            }
            continue;
        }
        let of = (at, point.1);
        match &mut bucket {
            Some(bucket) => bucket.add(of),
            None => bucket = Some(Bucket { first: at, low: of, high: of, last: at }),
        }
    }
    flush(kept, points, bucket);
}

/// The points from one before the range to one behind it.
pub(super) fn window(points: &[(f64, f64)], range: (f64, f64)) -> &[(f64, f64)] {
    let from = points.partition_point(|point| point.0 < range.0).saturating_sub(1);
    let to = (points.partition_point(|point| point.0 <= range.1) + 1).min(points.len());
    points.get(from..to).unwrap_or(points)
}

/// The point with a finite y whose x is nearest.
pub fn nearest(points: &[(f64, f64)], x: f64) -> Option<(f64, f64)> {
    let middle = points.partition_point(|point| point.0 < x);
    let is_there = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let (before, after) = points.split_at(middle);
    let (before, after) = (before.iter().rev().find(is_there), after.iter().find(is_there));
    match (before, after) {
        (Some(a), Some(b)) if (x - a.0).abs() <= (b.0 - x).abs() => Some(*a),
        (_, Some(b)) => Some(*b),
        (a, None) => a.copied(),
    }
}

impl Bucket {
    fn add(&mut self, of: (usize, f64)) {
        if of.1 < self.low.1 {
            self.low = of;
        }
        if of.1 > self.high.1 {
            self.high = of;
        }
        self.last = of.0;
    }
}

/// Keeps a bucket's points in their order, each once.
fn flush(kept: &mut Vec<(f64, f64)>, points: &[(f64, f64)], bucket: Option<Bucket>) {
    let Some(bucket) = bucket else { return };
    let (near, far) = (bucket.low.0.min(bucket.high.0), bucket.low.0.max(bucket.high.0));
    let mut before = None;
    for at in [bucket.first, near, far, bucket.last] {
        if before != Some(at) {
            kept.push(points[at]);
        }
        before = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::super::scale::{Axis, Extent};
    use super::*;

    fn scale(low: f64, high: f64) -> Scale {
        Scale::over(&Axis { range: Some((low, high)), ..Axis::default() }, Extent::EMPTY, 0.0)
    }

    #[test]
    fn peaks_and_gaps_stay() {
        let mut points: Vec<_> = (0..100_000).map(|at| (f64::from(at), 0.5)).collect();
        points[70_001].1 = 9.0;
        points[20_000].1 = f64::NAN;
        let kept = reduce(&points, &scale(0.0, 99_999.0), 100);
        assert!(kept.len() < 402, "{}", kept.len());
        assert!(kept.contains(&(70_001.0, 9.0)));
        assert_eq!(kept.iter().filter(|point| point.1.is_nan()).count(), 1);
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!((kept[0], *kept.last().unwrap()), ((0.0, 0.5), (99_999.0, 0.5)));
    }

    #[test]
    fn a_part_keeps_one_neighbor_at_each_side() {
        let points: Vec<_> = (0..1000).map(|at| (f64::from(at), 1.0)).collect();
        let kept = reduce(&points, &scale(10.0, 12.0), 100);
        assert_eq!(
            kept.iter().map(|point| point.0).collect::<Vec<_>>(),
            [9.0, 10.0, 11.0, 12.0, 13.0]
        );
        assert!(reduce(&[], &scale(0.0, 1.0), 0).is_empty());
        assert_eq!(reduce(&[(f64::NAN, 1.0), (1.0, 2.0)], &scale(0.0, 1.0), 0).len(), 2);
    }

    #[test]
    fn the_crosshair_snaps_to_what_is_there() {
        let points = [(0.0, 1.0), (10.0, 2.0), (20.0, f64::NAN), (30.0, 4.0)];
        assert_eq!(nearest(&points, 4.0), Some((0.0, 1.0)));
        assert_eq!(nearest(&points, 19.0), Some((10.0, 2.0)));
        assert_eq!(nearest(&points, 99.0), Some((30.0, 4.0)));
        assert_eq!(nearest(&points[2..3], 0.0), None);
        assert!(nearest(&points, f64::NAN).is_some());
    }
}
