//! Clouds of points, thinned to what an eye can see.

use plotters::style::{Color, RGBAColor, RGBColor};
use std::collections::BTreeMap;

/// Dots of one cloud at most; more make an SVG that no viewer likes.
pub(super) const MAX_DOTS: usize = 4_000;

/// Points that fall on the same spot become one with a count; the spots grow until there are few enough.
pub(super) fn merged(
    points: impl Iterator<Item = (f64, f64)>,
    most: usize,
) -> Vec<((f64, f64), usize)> {
    let points: Vec<(f64, f64)> = points.collect();
    let mut size = 1.0;
    loop {
        // The first point of a spot is drawn where it is, so that few points are drawn exactly.
        let mut spots: BTreeMap<(i64, i64), ((f64, f64), usize)> = BTreeMap::new();
        for &(x, y) in &points {
            let spot = ((x / size).floor() as i64, (y / size).floor() as i64);
            spots.entry(spot).or_insert(((x, y), 0)).1 += 1;
        }
        if spots.len() <= most {
            return spots.into_values().collect();
        }
        size *= 1.5;
    }
}

/// A color between transparent and full by how many things lie on each other.
pub(super) fn by_count(color: RGBColor, count: usize) -> RGBAColor {
    color.mix((0.55 + 0.15 * (count as f64).log2()).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::draws;

    #[test]
    fn no_point_is_lost() {
        let mut draw = draws(4);
        let many: Vec<(f64, f64)> =
            (0..100_000).map(|_| (draw() * 800.0, draw() * 400.0)).collect();
        let spots = merged(many.iter().copied(), MAX_DOTS);
        assert!(spots.len() <= MAX_DOTS && spots.len() > 1_000, "{}", spots.len());
        assert_eq!(spots.iter().map(|spot| spot.1).sum::<usize>(), many.len());
        assert_eq!(merged([(1.25, 7.5)].into_iter(), MAX_DOTS), [((1.25, 7.5), 1)]);
    }
}
