//! The curves of a metric: from points to lines that can be drawn. Pure.

use crate::metrics::series::smooth;
use crate::store::Stamped;
use std::collections::BTreeMap;

/// Points of a line that are kept: more than there are dots on any terminal.
const MOST_POINTS: usize = 40_000;

/// One value of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The step.
    pub step: f64,
    /// Milliseconds since 1970 UTC; NaN where nobody knows.
    pub ts: f64,
    /// The value.
    pub value: f64,
}

/// The lines of a run: one a context; folds are averaged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunCurve {
    /// What was measured on, and its values by step.
    pub lines: Vec<(String, Vec<Sample>)>,
    /// The value by number of fold, for a run whose folds have one value each.
    pub by_fold: Vec<(f64, f64)>,
    /// The only value, for a run that has but one.
    pub single: Option<Sample>,
    /// When the run began, milliseconds since 1970 UTC.
    pub started: Option<i64>,
}

impl RunCurve {
    /// True if it has a line over steps.
    pub fn has_steps(&self) -> bool {
        !self.lines.is_empty()
    }

    /// The time of its first value.
    fn earliest(&self) -> Option<f64> {
        let samples = self.lines.iter().flat_map(|(_, samples)| samples).chain(&self.single);
        samples.map(|sample| sample.ts).filter(|ts| ts.is_finite()).reduce(f64::min)
    }
}

/// What x is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum X {
    #[default]
    Step,
    /// Seconds since the run began.
    Since,
    /// Seconds since 1970 UTC.
    Clock,
    /// The number of the fold: where no run has more than a value a fold.
    Fold,
}

impl X {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Since => "time",
            Self::Clock => "clock (UTC)",
            Self::Fold => "fold",
        }
    }
}

/// The lines of a run from the series of a metric, by context.
pub(super) fn of_series(series: Vec<(String, Vec<Stamped>)>, started: Option<i64>) -> RunCurve {
    let sample = |(step, ts, value): Stamped| {
        let ts = if ts > 0 { ts as f64 } else { f64::NAN };
        Sample { step: step as f64, ts, value }
    };
    let sampled = |(context, stamped): (String, Vec<Stamped>)| {
        (context, stamped.into_iter().map(sample).collect::<Vec<Sample>>())
    };
    let contexts: Vec<(String, Vec<Sample>)> =
        series.into_iter().filter(|(_, stamped)| !stamped.is_empty()).map(sampled).collect();
    let mut curve = RunCurve { started, ..RunCurve::default() };
    let is_fold = |context: &str| context.starts_with("fold=");
    let folds: Vec<&(String, Vec<Sample>)> =
        contexts.iter().filter(|(context, _)| is_fold(context)).collect();
    for (context, samples) in contexts.iter().filter(|(context, _)| !is_fold(context)) {
        match &samples[..] {
            [one] => curve.single = Some(*one),
            _ => curve.lines.push((context.clone(), thinned(samples))),
        }
    }
    if folds.iter().any(|(_, samples)| samples.len() > 1) {
        let name = format!("mean of {} folds", folds.len());
        curve.lines.push((name, thinned(&mean_by_step(&folds))));
    } else {
        let number = |context: &str| context.strip_prefix("fold=").and_then(|at| at.parse().ok());
        let numbered = folds.iter().enumerate();
        let numbered = numbered
            .map(|(at, (context, one))| (number(context).unwrap_or(at as f64), one[0].value));
        curve.by_fold = numbered.collect();
        curve.by_fold.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    curve
}

/// The mean of the finite values at each step, over the folds that have it.
fn mean_by_step(folds: &[&(String, Vec<Sample>)]) -> Vec<Sample> {
    let mut sums: BTreeMap<i64, (f64, u32, f64)> = BTreeMap::new();
    for sample in folds.iter().flat_map(|(_, samples)| samples) {
        let sum = sums.entry(sample.step as i64).or_insert((0.0, 0, f64::NAN));
        sum.2 = sum.2.max(sample.ts);
        if sample.value.is_finite() {
            *sum = (sum.0 + sample.value, sum.1 + 1, sum.2);
        }
    }
    let mean = |(step, (sum, n, ts)): (i64, (f64, u32, f64))| Sample {
        step: step as f64,
        ts,
        value: if n > 0 { sum / f64::from(n) } else { f64::NAN },
    };
    sums.into_iter().map(mean).collect()
}

/// Fewer points, the same picture: of each piece the smallest and the largest value, and a gap if it has one.
fn thinned(samples: &[Sample]) -> Vec<Sample> {
    if samples.len() <= MOST_POINTS {
        return samples.to_vec();
    }
    let width = samples.len().div_ceil(MOST_POINTS / 2).max(2);
    let mut kept = Vec::with_capacity(MOST_POINTS);
    for piece in samples.chunks(width) {
        let finite = || (0..piece.len()).filter(|&at| piece[at].value.is_finite());
        let by_value = |a: &usize, b: &usize| piece[*a].value.total_cmp(&piece[*b].value);
        let (low, high) = (finite().min_by(by_value), finite().max_by(by_value));
        let mut ends: Vec<usize> = low.into_iter().chain(high).collect();
        if ends.is_empty() {
            ends.push(0);
        }
        ends.sort_unstable();
        ends.dedup();
        kept.extend(ends.into_iter().map(|at| piece[at]));
    }
    kept
}

/// A line as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Which column of the comparison.
    pub(super) column: usize,
    /// In legend and crosshair.
    pub(super) label: String,
    /// True for any line of a run but its first.
    pub(super) dashed: bool,
    /// By ascending x.
    pub(super) points: Vec<(f64, f64)>,
}

/// The lines and levels of some runs along one axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Drawing {
    /// What x is, which may not be what was wished.
    pub(super) x: X,
    pub(super) lines: Vec<Line>,
    /// Column and mean of runs that have one value a fold only, beside curves of others.
    pub(super) levels: Vec<(usize, f64)>,
    /// True if any fold was averaged.
    pub(super) is_mean: bool,
    /// True if time runs from a run's first value, since its recorded start lies behind it.
    pub(super) is_from_first: bool,
}

/// Lays curves over each other: `columns` says which curve is which column's, with its letter.
pub(super) fn drawing(columns: &[(char, Option<&RunCurve>)], wish: X, weight: f64) -> Drawing {
    let curves = || {
        let numbered = columns.iter().enumerate();
        numbered.filter_map(|(at, (letter, curve))| Some((at, *letter, (*curve)?)))
    };
    let has_steps = curves().any(|(_, _, curve)| curve.has_steps());
    let mut made = Drawing { x: if has_steps { wish } else { X::Fold }, ..Drawing::default() };
    for (column, letter, curve) in curves() {
        if !has_steps {
            let label = letter.to_string();
            if !curve.by_fold.is_empty() {
                // Folds have no order: dots, with gaps between them.
                let dots = curve.by_fold.iter();
                let points = dots.flat_map(|dot| [(dot.0 - 0.5, f64::NAN), *dot]).skip(1).collect();
                made.lines.push(Line { column, label, dashed: false, points });
            }
            continue;
        }
        let started = curve.started.map(|at| at as f64);
        let early = curve.earliest().filter(|early| started.is_some_and(|at| *early < at));
        made.is_from_first |= wish == X::Since && early.is_some();
        let origin = early.or(started).unwrap_or(f64::NAN);
        let x = |sample: &Sample| match wish {
            X::Step | X::Fold => sample.step,
            X::Since => (sample.ts - origin) / 1e3,
            X::Clock => sample.ts / 1e3,
        };
        for (at, (context, samples)) in curve.lines.iter().enumerate() {
            made.is_mean |= context.starts_with("mean of ");
            let plain = context.is_empty() || context.starts_with("mean of ");
            let label = if plain { letter.to_string() } else { format!("{letter} {context}") };
            let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
            let values = smooth(&values, weight);
            let mut points: Vec<(f64, f64)> =
                samples.iter().map(x).zip(values).filter(|(x, _)| x.is_finite()).collect();
            if !points.is_sorted_by(|a, b| a.0 <= b.0) {
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
            made.lines.push(Line { column, label, dashed: at > 0, points });
        }
        if let (Some(single), true) = (&curve.single, curve.lines.is_empty()) {
            let points = vec![(x(single), single.value)];
            let label = letter.to_string();
            made.lines.push(Line { column, label, dashed: false, points });
        }
        let mean = || {
            let values: Vec<f64> = curve.by_fold.iter().map(|fold| fold.1).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        if let (true, Some(level)) = (curve.lines.is_empty() && curve.single.is_none(), mean()) {
            made.levels.push((column, level));
        }
    }
    made
}

impl Drawing {
    /// The ends of x; none without any point.
    pub(super) fn x_range(&self) -> Option<(f64, f64)> {
        let ends = self
            .lines
            .iter()
            .filter_map(|line| Some((line.points.first()?.0, line.points.last()?.0)));
        ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The next x of any line beyond `x` by at least `least`; the last one if there is none.
    pub(super) fn beyond(&self, x: f64, least: f64, right: bool) -> Option<f64> {
        // Between folds stand gaps; what a run reported as no number is a stop too.
        let is_value = |point: &&(f64, f64)| self.x != X::Fold || point.1.is_finite();
        let found = self.lines.iter().filter_map(|line| {
            let points = &line.points;
            if right {
                let at = points.partition_point(|point| point.0 <= x || point.0 < x + least);
                let next = points[at..].iter().find(|point| is_value(point));
                next.or(points.last()).map(|point| point.0)
            } else {
                let at = points.partition_point(|point| point.0 < x && point.0 <= x - least);
                let next = points[..at].iter().rfind(|point| is_value(point));
                next.or(points.first()).map(|point| point.0)
            }
        });
        let ahead = |to: &f64| if right { *to > x } else { *to < x };
        let near = |a: f64, b: f64| if right { a.min(b) } else { a.max(b) };
        found.filter(ahead).reduce(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(context: &str, values: &[f64]) -> (String, Vec<Stamped>) {
        let stamped = |(step, value): (usize, &f64)| (step as i64, 1_000 + step as i64, *value);
        (context.into(), values.iter().enumerate().map(stamped).collect())
    }

    #[test]
    fn folds_are_averaged_by_step_or_stand_side_by_side() {
        let steps = vec![series("fold=0", &[1.0, 2.0]), series("fold=1", &[3.0])];
        let curve = of_series(steps, Some(0));
        let values: Vec<f64> = curve.lines[0].1.iter().map(|sample| sample.value).collect();
        assert_eq!((curve.lines[0].0.as_str(), values), ("mean of 2 folds", vec![2.0, 2.0]));
        let folds =
            vec![series("fold=1", &[0.7]), series("fold=10", &[0.6]), series("fold=2", &[0.5])];
        let single = of_series(folds, None);
        assert_eq!(single.by_fold, [(1.0, 0.7), (2.0, 0.5), (10.0, 0.6)]);
        let drawn = drawing(&[('A', Some(&single))], X::Since, 0.0);
        assert_eq!((drawn.x, drawn.lines.len()), (X::Fold, 1));
        // Dots, not a line, and the crosshair goes from dot to dot.
        assert_eq!(drawn.lines[0].points.iter().filter(|point| point.1.is_nan()).count(), 2);
        assert_eq!(drawn.beyond(2.0, 0.1, true), Some(10.0));
        assert_eq!(drawn.beyond(10.0, 0.1, false), Some(2.0));
        // Beside curves, a run of single values is a level.
        let drawn = drawing(&[('A', Some(&curve)), ('B', Some(&single))], X::Step, 0.0);
        assert_eq!((drawn.lines.len(), drawn.levels[0].0), (1, 1));
        assert!((drawn.levels[0].1 - 0.6).abs() < 1e-12);
    }

    #[test]
    fn time_runs_from_the_start_or_from_a_value_before_it() {
        let check = |started: i64, wish: X, expect: (f64, bool)| {
            let curve = of_series(vec![series("", &[1.0, 2.0])], Some(started));
            let drawn = drawing(&[('A', Some(&curve))], wish, 0.0);
            assert_eq!((drawn.lines[0].points[0].0, drawn.is_from_first), expect);
        };
        check(400, X::Since, (0.6, false));
        check(90_000, X::Since, (0.0, true));
        check(90_000, X::Clock, (1.0, false));
    }

    #[test]
    fn a_long_curve_keeps_its_spikes() {
        let mut values = vec![0.0; 100_000];
        values[77_777] = 9.0;
        values[1] = f64::NAN;
        let curve = of_series(vec![series("", &values)], None);
        let samples = &curve.lines[0].1;
        assert!(samples.len() <= MOST_POINTS && samples.iter().any(|s| s.value == 9.0));
    }

    #[test]
    fn the_crosshair_goes_from_sample_to_sample() {
        let stamped = (0..5).map(|at| (at * 2, 1_000, 1.0)).collect();
        let curve = of_series(vec![(String::new(), stamped)], None);
        let drawn = drawing(&[('A', Some(&curve))], X::Step, 0.0);
        assert_eq!(drawn.beyond(2.0, 0.0, true), Some(4.0));
        assert_eq!(drawn.beyond(2.0, 0.0, false), Some(0.0));
        assert_eq!(drawn.beyond(2.0, 3.0, true), Some(6.0));
        assert_eq!(drawn.beyond(8.0, 0.0, true), None);
        assert_eq!(drawn.x_range(), Some((0.0, 8.0)));
    }
}
