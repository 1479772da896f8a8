//! Fewer points, the same picture: of each column of dots the first, lowest, highest and last point.

use super::scale::Scale;
use std::borrow::Cow;

/// Points of one column of dots.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    column: i64,
    first: (usize, f64),
    low: (usize, f64),
    high: (usize, f64),
    last: (usize, f64),
}

/// The points that are seen on an axis of so many columns of dots, and one more at each side, in one pass.
///
/// `points` go by ascending x. NaN is kept as a gap. What is few enough comes back as it is.
pub fn reduce<'a>(points: &'a [(f64, f64)], x: &Scale, columns: usize) -> Cow<'a, [(f64, f64)]> {
    let points = window(points, x.ends());
    if points.len() <= columns * 2 {
        return Cow::Borrowed(points);
    }
    let mut kept = Vec::with_capacity(columns * 4);
    let mut bucket: Option<Bucket> = None;
    for (at, point) in points.iter().enumerate() {
        let share = x.share(point.0) * columns as f64;
        if point.1.is_nan() || !share.is_finite() {
            flush(&mut kept, points, bucket.take());
            // One gap is as good as many.
            if kept.last().is_none_or(|last: &(f64, f64)| !last.1.is_nan()) {
                kept.push((point.0, f64::NAN));
            }
            continue;
        }
        let (column, of) = (share.floor() as i64, (at, point.1));
        match &mut bucket {
            Some(bucket) if bucket.column == column => bucket.add(of),
            _ => {
                flush(&mut kept, points, bucket.take());
                bucket = Some(Bucket { column, first: of, low: of, high: of, last: of });
            }
        }
    }
    flush(&mut kept, points, bucket);
    Cow::Owned(kept)
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
        self.last = of;
    }
}

/// Keeps a bucket's points in their order, each once.
fn flush(kept: &mut Vec<(f64, f64)>, points: &[(f64, f64)], bucket: Option<Bucket>) {
    let Some(bucket) = bucket else { return };
    let (near, far) = match bucket.low.0 < bucket.high.0 {
        true => (bucket.low.0, bucket.high.0),
        false => (bucket.high.0, bucket.low.0),
    };
    let mut before = None;
    for at in [bucket.first.0, near, far, bucket.last.0] {
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
