//! Curves: a series as columns, cut to a window, condensed to the columns of a chart, smoothed, looked up.
//!
//! Everything here expects `xs` ascending (equal ones may repeat). A value that is NaN or infinite is a gap: it
//! is never drawn, never within bounds, and breaks the line.

use std::ops::Range;

/// A series as two columns of equal length, ascending by `xs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Steps, or milliseconds since 1970 UTC.
    pub xs: Vec<f64>,
    /// The value at each.
    pub values: Vec<f64>,
}

impl Series {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True without any value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Puts the values in the order of `xs`; equal ones keep theirs.
    pub fn sort(&mut self) {
        if self.xs.is_sorted() {
            return;
        }
        let (xs, values) = (self.xs.iter().copied(), self.values.iter().copied());
        let mut pairs: Vec<(f64, f64)> = xs.zip(values).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        (self.xs, self.values) = pairs.into_iter().unzip();
    }
}

/// What one column of a chart shows of a series: enough to draw the line through it without losing a spike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Which column, from 0.
    pub column: usize,
    /// Where its first finite value is.
    pub x0: f64,
    /// Where its last finite value is.
    pub x1: f64,
    /// Its first finite value.
    pub first: f64,
    /// Its last finite value.
    pub last: f64,
    /// Its smallest finite value.
    pub min: f64,
    /// Its largest finite value.
    pub max: f64,
    /// True if a value that is not finite lies between `x0` and `x1`.
    pub has_gap: bool,
    /// True if a value that is not finite lies between the bucket before and this one.
    pub is_cut: bool,
}

/// The places of the values from `low` to `high`, both included.
pub fn window(xs: &[f64], (low, high): (f64, f64)) -> Range<usize> {
    let from = xs.partition_point(|x| *x < low);
    let to = xs.partition_point(|x| *x <= high);
    from..to.max(from)
}

/// The finite values within `x_range` as at most `columns` buckets of equal width, those without any left out.
/// The work is one pass over the values in the window.
///
/// # Example
/// ```
/// use derby::metrics::series::decimate;
/// let buckets = decimate(&[0.0, 1.0, 2.0, 3.0], &[5.0, 1.0, 9.0, 2.0], (0.0, 3.0), 2);
/// assert_eq!((buckets[0].min, buckets[0].max), (1.0, 5.0));
/// assert_eq!((buckets[1].first, buckets[1].max, buckets[1].last), (9.0, 9.0, 2.0));
/// ```
pub fn decimate(xs: &[f64], values: &[f64], x_range: (f64, f64), columns: usize) -> Vec<Bucket> {
    let n = xs.len().min(values.len());
    let seen = window(&xs[..n], x_range);
    let (low, high) = x_range;
    let width = high - low;
    if seen.is_empty() || columns == 0 || width.is_nan() {
        return Vec::new();
    }
    let mut buckets = Vec::with_capacity(columns.min(seen.len()));
    let mut from = seen.start;
    let mut is_cut = false;
    for column in 0..columns {
        let edge = low + width * ((column + 1) as f64 / columns as f64);
        let rest = &xs[from..seen.end];
        // The last column holds its upper edge too, whatever rounding did to it.
        let is_last = column + 1 == columns || width <= 0.0;
        let to = if is_last { seen.end } else { from + first_from(rest, edge) };
        match condense(&xs[from..to], &values[from..to]) {
            Some((bucket, opens_with_gap, ends_with_gap)) => {
                buckets.push(Bucket { column, is_cut: is_cut || opens_with_gap, ..bucket });
                is_cut = ends_with_gap;
            }
            None => is_cut |= to > from,
        }
        from = to;
        if from == seen.end {
            break;
        }
    }
    buckets
}

/// The first place of `xs` that is not below `edge`: found by doubling, since it is mostly near.
fn first_from(xs: &[f64], edge: f64) -> usize {
    let mut reach = 16;
    while reach < xs.len() && xs[reach] < edge {
        reach *= 4;
    }
    let reach = reach.saturating_add(1).min(xs.len());
    xs[..reach].partition_point(|x| *x < edge)
}

/// The values of one column, and whether gaps lie before the first and after the last finite one.
fn condense(xs: &[f64], values: &[f64]) -> Option<(Bucket, bool, bool)> {
    let start = values.iter().position(|value| value.is_finite())?;
    let end = values.iter().rposition(|value| value.is_finite())?;
    let (min, max, gaps) = extremes(&values[start..=end]);
    let bucket = Bucket {
        column: 0,
        x0: xs[start],
        x1: xs[end],
        first: values[start],
        last: values[end],
        min,
        max,
        has_gap: gaps > 0,
        is_cut: false,
    };
    Some((bucket, start > 0, end + 1 < values.len()))
}

/// Smallest and largest finite value (infinities the wrong way round without any), and how many are not.
fn extremes(values: &[f64]) -> (f64, f64, usize) {
    const LANES: usize = 8;
    let mut low = [f64::INFINITY; LANES];
    let mut high = [f64::NEG_INFINITY; LANES];
    let mut gaps = 0_usize;
    // Lanes without branches, so that the compiler uses vectors. A gap is replaced by what changes nothing.
    let whole = values.chunks_exact(LANES);
    let rest = whole.remainder();
    for chunk in whole {
        for (lane, value) in chunk.iter().enumerate() {
            let is_finite = value.abs() < f64::INFINITY;
            let down = if is_finite { *value } else { f64::INFINITY };
            let up = if is_finite { *value } else { f64::NEG_INFINITY };
            low[lane] = if down < low[lane] { down } else { low[lane] };
            high[lane] = if up > high[lane] { up } else { high[lane] };
            gaps += usize::from(!is_finite);
        }
    }
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in low.iter().chain(&high).chain(rest) {
        if value.is_finite() {
            min = min.min(*value);
            max = max.max(*value);
        }
    }
    gaps += rest.iter().filter(|value| !value.is_finite()).count();
    (min, max, gaps)
}

/// The smallest and the largest finite value; none without any.
pub fn extent(values: &[f64]) -> Option<(f64, f64)> {
    let (min, max, gaps) = extremes(values);
    (gaps < values.len()).then_some((min, max))
}

/// The exponential moving average of `values` with `weight` (0 to below 1) on the past, its start debiased as by
/// Kingma & Ba (Adam, 2015, section 3): what the charts of `TensorBoard` call smoothing. A value that is not
/// finite stays as it is and leaves the average alone. A weight outside of the range is taken as the nearest.
pub fn smooth(values: &[f64], weight: f64) -> Vec<f64> {
    let weight = if weight.is_nan() { 0.0 } else { weight.clamp(0.0, 1.0 - 1e-6) };
    if weight == 0.0 {
        return values.to_vec();
    }
    let (mut average, mut bias) = (0.0, 1.0);
    let step = |&value: &f64| {
        if !value.is_finite() {
            return value;
        }
        average = average * weight + (1.0 - weight) * value;
        bias *= weight;
        average / (1.0 - bias)
    };
    values.iter().map(step).collect()
}

/// The place of the value whose `x` is nearest, the earlier of two; none in an empty series or for NaN.
pub fn nearest(xs: &[f64], x: f64) -> Option<usize> {
    if xs.is_empty() || x.is_nan() {
        return None;
    }
    let after = xs.partition_point(|other| *other < x);
    if after == 0 {
        return Some(0);
    }
    let is_before = after == xs.len() || x - xs[after - 1] <= xs[after] - x;
    let place = if is_before { after - 1 } else { after };
    // Of equal ones the first.
    Some(xs.partition_point(|other| *other < xs[place]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    fn steps(n: usize) -> Vec<f64> {
        (0..n).map(|step| step as f64).collect()
    }

    #[test]
    fn gaps_cut_the_line_and_are_in_no_bounds() {
        let values = [1.0, NAN, 3.0, INF, 2.0, 5.0];
        let buckets = decimate(&steps(6), &values, (0.0, 5.0), 3);
        let shown: Vec<_> = buckets
            .iter()
            .map(|b| (b.column, b.first, b.last, b.min, b.max, b.has_gap, b.is_cut))
            .collect();
        // Columns are 0 to 5/3, 5/3 to 10/3 and 10/3 to 5.
        assert_eq!(
            shown,
            [
                (0, 1.0, 1.0, 1.0, 1.0, false, false),
                (1, 3.0, 3.0, 3.0, 3.0, false, true),
                (2, 2.0, 5.0, 2.0, 5.0, false, true)
            ]
        );
        let one = decimate(&steps(6), &values, (0.0, 5.0), 1)[0];
        assert_eq!(
            (one.first, one.last, one.min, one.max, one.has_gap),
            (1.0, 5.0, 1.0, 5.0, true)
        );
        assert!(decimate(&steps(2), &[NAN, INF], (0.0, 1.0), 4).is_empty());
        // A column of nothing but gaps cuts the line between its neighbors.
        let buckets = decimate(&steps(3), &[1.0, NAN, 2.0], (0.0, 2.0), 3);
        assert_eq!(
            buckets.iter().map(|b| (b.column, b.is_cut)).collect::<Vec<_>>(),
            [(0, false), (2, true)]
        );
    }

    #[test]
    fn odd_windows_are_harmless() {
        let check = |range: (f64, f64), columns: usize, expect: usize| {
            let buckets = decimate(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0], range, columns);
            assert_eq!(buckets.len(), expect, "{range:?} {columns}");
        };
        check((1.0, 2.0), 0, 0);
        check((1.0, 1.0), 5, 1);
        check((2.0, 1.0), 5, 0);
        check((NAN, 2.0), 5, 0);
        check((1.0, NAN), 5, 0);
        check((-INF, INF), 5, 1);
        check((3.0, 9.0), 5, 0);
        assert!(decimate(&[], &[], (0.0, 1.0), 3).is_empty());
        assert_eq!(decimate(&[0.0], &[7.0], (0.0, 0.0), 3)[0].first, 7.0);
    }

    #[test]
    fn smoothing_is_that_of_tensorboard() {
        // Weight 0.6: 1; (0.4·1·0.6 + 0.4·2) / (1 − 0.36); then NaN is passed by.
        let smoothed = smooth(&[1.0, 2.0, NAN, 4.0], 0.6);
        let second = (0.4 * 0.6 + 0.8) / (1.0 - 0.36);
        let third = ((0.4 * 0.6 + 0.8) * 0.6 + 1.6) / (1.0 - 0.216);
        assert!((smoothed[0] - 1.0).abs() < 1e-12);
        assert!((smoothed[1] - second).abs() < 1e-12);
        assert!(smoothed[2].is_nan());
        assert!((smoothed[3] - third).abs() < 1e-12);
        assert_eq!(smooth(&[3.0, 1.0], 0.0), [3.0, 1.0]);
        assert_eq!(smooth(&[3.0, 1.0], NAN), [3.0, 1.0]);
        assert!(smooth(&[3.0; 100], 5.0).iter().all(|value| (value - 3.0).abs() < 1e-6));
    }

    #[test]
    fn the_nearest_value_is_found() {
        let check = |x: f64, expect: Option<usize>| {
            assert_eq!(nearest(&[0.0, 10.0, 10.0, 20.0], x), expect, "{x}");
        };
        check(-5.0, Some(0));
        check(5.0, Some(0));
        check(5.1, Some(1));
        check(10.0, Some(1));
        check(14.0, Some(1));
        check(99.0, Some(3));
        check(NAN, None);
        assert_eq!(nearest(&[], 1.0), None);
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![8 => -1e6..1e6_f64, 1 => Just(NAN), 1 => Just(INF), 1 => Just(-INF)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn buckets_hold_every_extreme_where_it_is(
            points in prop::collection::vec((0.0..3.0_f64, value()), 0..300),
            columns in 1_usize..40,
            (from, to) in (0.0..1.0_f64, 0.0..1.0_f64),
        ) {
            let mut x = 0.0;
            // A third of the steps repeats the one before.
            let xs: Vec<f64> = points.iter().map(|(gap, _)| { x += (gap - 1.0).max(0.0); x }).collect();
            let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
            let range = (x * from.min(to), x * from.max(to));
            let seen = window(&xs, range);
            let buckets = decimate(&xs, &values, range, columns);
            prop_assert!(buckets.len() <= columns);
            prop_assert!(buckets.windows(2).all(|b| b[0].column < b[1].column && b[0].x1 <= b[1].x0));
            let finite: Vec<(f64, f64)> = seen
                .map(|at| (xs[at], values[at]))
                .filter(|(_, value)| value.is_finite())
                .collect();
            let of = |pick: fn(f64, f64) -> f64, all: &mut dyn Iterator<Item = f64>| all.fold(NAN, pick);
            let low = of(f64::min, &mut finite.iter().map(|p| p.1));
            let high = of(f64::max, &mut finite.iter().map(|p| p.1));
            prop_assert_eq!(low.to_bits(), of(f64::min, &mut buckets.iter().map(|b| b.min)).to_bits());
            prop_assert_eq!(high.to_bits(), of(f64::max, &mut buckets.iter().map(|b| b.max)).to_bits());
            prop_assert_eq!(buckets.first().map(|b| (b.x0, b.first)), finite.first().copied());
            prop_assert_eq!(buckets.last().map(|b| (b.x1, b.last)), finite.last().copied());
            for (x, value) in finite {
                let fits = |b: &&Bucket| b.x0 <= x && x <= b.x1 && b.min <= value && value <= b.max;
                prop_assert!(buckets.iter().any(|b| fits(&b)));
            }
            prop_assert_eq!(extent(&values).is_some(), values.iter().any(|value| value.is_finite()));
        }

        #[test]
        fn the_nearest_is_the_nearest(
            mut xs in prop::collection::vec(-50.0..50.0_f64, 1..60),
            x in -60.0..60.0_f64,
        ) {
            xs.sort_by(f64::total_cmp);
            let found = nearest(&xs, x).unwrap();
            let least = xs.iter().map(|other| (other - x).abs()).fold(INF, f64::min);
            prop_assert_eq!((xs[found] - x).abs(), least);
        }
    }
}
