//! Series of a run as charts show them: read once, then only what came behind; condensed to the columns of a chart.

use crate::domain::RunId;
use crate::metrics::series::{Series, decimate, extent, smooth, window};
use crate::store::{Axis, RunRow, Store, StoreError};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

/// Values that a worker keeps, of all series together.
const KEPT: usize = 2_500_000;
/// Series of one metric that are drawn.
const MOST_SERIES: usize = 12;

/// What curves run along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum XAxis {
    /// The step.
    #[default]
    Step,
    /// Seconds since the run's start.
    Elapsed,
    /// Seconds since 1970 UTC.
    Clock,
}

impl XAxis {
    /// The one that the key goes to.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Step => Self::Elapsed,
            Self::Elapsed => Self::Clock,
            Self::Clock => Self::Step,
        }
    }

    /// Its name on the axis.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Elapsed => "time",
            Self::Clock => "clock (UTC)",
        }
    }
}

/// Which part of the axis is shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Zoom {
    /// All of it.
    #[default]
    Whole,
    /// The last so much of it, whatever comes.
    Tail(f64),
    /// From here to there.
    Window(f64, f64),
}

impl Zoom {
    /// The part of `whole` that is shown.
    pub(super) fn range(self, whole: (f64, f64)) -> (f64, f64) {
        match self {
            Self::Whole => whole,
            Self::Tail(width) => (whole.1 - width, whole.1),
            Self::Window(low, high) => (low, high),
        }
    }
}

/// One series as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What tells it from the others of its chart.
    pub label: String,
    /// At most four points a column, by x; NaN is a gap.
    pub points: Vec<(f64, f64)>,
    /// How many values it has.
    pub n: usize,
    /// The last value as it was reported.
    pub last: (f64, f64),
    /// Where the smoothed line ends, if it is smoothed.
    pub smoothed: Option<f64>,
    /// The smallest finite value and where it is.
    pub min: Option<(f64, f64)>,
    /// The largest finite value and where it is.
    pub max: Option<(f64, f64)>,
}

impl Line {
    /// The line that much further along the axis.
    pub(super) fn moved(mut self, by: f64) -> Self {
        if by != 0.0 {
            self.points.iter_mut().for_each(|point| point.0 += by);
            self.last.0 += by;
            self.min.iter_mut().chain(&mut self.max).for_each(|at| at.0 += by);
        }
        self
    }
}

/// A metric's series by context, from the store or from what was read before.
pub(super) type Group = Rc<Vec<(String, Series)>>;

/// A run as far as its series depend on it.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    store: PathBuf,
    run: RunId,
    started: Option<i64>,
    metric: String,
    axis: XAxis,
}

struct Kept {
    key: Key,
    /// The end of a run that is over, else the version of the store.
    stamp: (bool, i64),
    group: Group,
    ends: Ends,
}

/// Step and time of the last value that was read, by context.
type Ends = BTreeMap<String, (i64, i64)>;

fn size(group: &Group) -> usize {
    group.iter().map(|(_, series)| series.len()).sum()
}

thread_local! {
    /// Each worker has its own connection and its own memory.
    static KEEP: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The series of a metric; read from the store only if it may have grown.
pub(super) fn group(
    store: &Store,
    run: &RunRow,
    (metric, axis): (&str, XAxis),
) -> Result<Group, StoreError> {
    let stamp = match run.ended {
        Some(ended) if run.status.is_over() => (true, ended),
        _ => (false, store.data_version()?),
    };
    let key = Key {
        store: store.path().to_path_buf(),
        run: run.id,
        started: run.started,
        metric: metric.into(),
        axis,
    };
    let found = KEEP.with_borrow_mut(|kept| {
        let at = kept.iter().position(|one| one.key == key)?;
        Some(kept.remove(at))
    });
    let mut one = match found {
        // What a run at work adds lies behind what was read; once it is over, all is read again, for values that came late.
        Some(one) if one.stamp == stamp || !stamp.0 => one,
        _ => Kept { key, stamp: (true, i64::MIN), group: Group::default(), ends: Ends::new() },
    };
    if one.stamp != stamp {
        extend(store, run, (metric, axis), (Rc::make_mut(&mut one.group), &mut one.ends))?;
        one.stamp = stamp;
    }
    let group = Rc::clone(&one.group);
    KEEP.with_borrow_mut(|kept| {
        kept.push(one);
        while kept.len() > 1 && kept.iter().map(|one| size(&one.group)).sum::<usize>() > KEPT {
            kept.remove(0);
        }
    });
    Ok(group)
}

/// Reads what lies behind the ends, and moves them.
fn extend(
    store: &Store,
    run: &RunRow,
    (metric, axis): (&str, XAxis),
    (group, ends): (&mut Vec<(String, Series)>, &mut Ends),
) -> Result<(), StoreError> {
    for key in &store.series_of(run.id, metric)? {
        let of_store = if axis == XAxis::Step { Axis::Step } else { Axis::Time };
        let after = ends.get(&key.context).copied();
        let (mut more, end) = store.series_columns(run.id, key, of_store, after)?;
        ends.extend(end.map(|end| (key.context.clone(), end)));
        if axis != XAxis::Step {
            more.xs.iter_mut().for_each(|ts| *ts = seconds(*ts, run, axis));
        }
        let known = group.iter_mut().find(|(context, _)| *context == key.context);
        if let Some((_, series)) = known {
            series.xs.append(&mut more.xs);
            series.values.append(&mut more.values);
            series.sort();
        } else {
            more.sort();
            group.push((key.context.clone(), more));
        }
    }
    group.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(())
}

/// Where a time lies on the axis. One of zero stands for the end of the run.
fn seconds(ts: f64, run: &RunRow, axis: XAxis) -> f64 {
    let started = run.started.unwrap_or(0);
    let origin = match axis {
        XAxis::Step | XAxis::Elapsed => started,
        XAxis::Clock => 0,
    };
    let ts = if ts == 0.0 { run.ended.unwrap_or(started) as f64 } else { ts };
    (ts - origin as f64) / 1000.0
}

/// Where the series of a group begin and end on the axis.
pub(super) fn ends(group: &[(String, Series)]) -> Option<(f64, f64)> {
    let firsts = group.iter().filter_map(|(_, series)| series.xs.first().copied());
    let lasts = group.iter().filter_map(|(_, series)| series.xs.last().copied());
    let low = firsts.reduce(f64::min)?;
    Some((low, lasts.reduce(f64::max)?))
}

/// The series of a group as lines, at most [`MOST_SERIES`].
pub(super) fn lines(
    group: &[(String, Series)],
    label: &str,
    (range, weight, columns): ((f64, f64), f64, usize),
) -> Vec<Line> {
    let shown = group.iter().take(MOST_SERIES);
    shown
        .map(|(context, series)| {
            let smoothed;
            let values = if weight > 0.0 {
                smoothed = smooth(&series.values, weight);
                &smoothed
            } else {
                &series.values
            };
            let (min, max) = extremes(series);
            let n = series.len();
            Line {
                label: labeled(label, context),
                points: points(&series.xs, values, range, columns),
                n,
                last: n
                    .checked_sub(1)
                    .map_or((0.0, f64::NAN), |at| (series.xs[at], series.values[at])),
                smoothed: values.last().copied().filter(|_| weight > 0.0),
                min,
                max,
            }
        })
        .collect()
}

/// What a series is called: the part of the data, the context, or both.
pub(super) fn labeled(label: &str, context: &str) -> String {
    let context = match context.split_once('=') {
        Some((key, value)) => format!("{key} {value}"),
        None => context.to_string(),
    };
    format!("{label} {context}").trim().to_string()
}

type Extreme = Option<(f64, f64)>;

fn extremes(series: &Series) -> (Extreme, Extreme) {
    let Some((min, max)) = extent(&series.values) else { return (None, None) };
    let at = |wanted: f64| {
        let place = series.values.iter().position(|value| *value == wanted);
        place.map(|place| (series.xs[place], wanted))
    };
    (at(min), at(max))
}

/// The line in that range: as it is if it is short, else of each column the first, lowest, highest and last value.
fn points(xs: &[f64], values: &[f64], range: (f64, f64), columns: usize) -> Vec<(f64, f64)> {
    let seen = window(xs, range);
    if seen.len() <= columns * 4 {
        // One more at each side, so that the line leaves the chart where it should.
        let (from, to) = (seen.start.saturating_sub(1), (seen.end + 1).min(xs.len()));
        return xs[from..to].iter().copied().zip(values[from..to].iter().copied()).collect();
    }
    let mut points = Vec::with_capacity(columns * 4);
    for bucket in decimate(xs, values, range, columns) {
        if bucket.is_cut {
            points.push((bucket.x0, f64::NAN));
        }
        let (third, width) = ((bucket.x1 - bucket.x0) / 3.0, bucket.x1 - bucket.x0);
        points.push((bucket.x0, bucket.first));
        if width > 0.0 || bucket.min < bucket.max {
            points.push((bucket.x0 + third, bucket.min));
            points.push((bucket.x1 - third, bucket.max));
            points.push((bucket.x1, bucket.last));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_values_are_few_points_with_every_extreme() {
        let xs: Vec<f64> = (0..1_000_000).map(f64::from).collect();
        let mut values: Vec<f64> = xs.iter().map(|x| (x / 1e5).sin()).collect();
        values[123_456] = 40.0;
        values[500_000] = f64::NAN;
        let points = points(&xs, &values, (0.0, 999_999.0), 200);
        assert!(points.len() <= 1000 && points.iter().any(|point| point.1 == 40.0));
        assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        let near = super::points(&xs, &values, (499_990.0, 500_010.0), 200);
        assert_eq!(near.len(), 23);
        assert_eq!(near.iter().filter(|point| point.1.is_nan()).count(), 1);
    }

    #[test]
    fn the_tail_is_kept_in_view() {
        assert_eq!(Zoom::Tail(10.0).range((0.0, 100.0)), (90.0, 100.0));
        assert_eq!(Zoom::Window(3.0, 4.0).range((0.0, 100.0)), (3.0, 4.0));
        assert_eq!(labeled("val", "fold=3"), "val fold 3");
        assert_eq!(labeled("", ""), "");
    }
}
