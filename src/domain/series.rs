//! Points of many series in columns, and a summary that grows with them: the way of live metrics.

use super::{MetricPoint, Summary};

/// One series of a batch: a metric on a context.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey {
    /// The metric's name.
    pub metric: String,
    /// What it was measured on: `fold=0`, or empty.
    pub context: String,
}

/// One value of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// Which of the batch's series.
    pub series: u32,
    /// Step; signed, and the same step may come twice.
    pub step: i64,
    /// The value; NaN and infinities are values.
    pub value: f64,
    /// Milliseconds since 1970 UTC.
    pub ts: i64,
}

/// Values of some series. A million points cost no million names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointBatch {
    /// The series that points refer to.
    pub series: Vec<SeriesKey>,
    /// The values, in the order in which they came.
    pub points: Vec<SeriesPoint>,
}

impl PointBatch {
    /// The number of a series, added if it is new.
    pub fn series(&mut self, metric: &str, context: &str) -> u32 {
        let known =
            self.series.iter().rposition(|key| key.metric == metric && key.context == context);
        let place = known.unwrap_or_else(|| {
            self.series.push(SeriesKey { metric: metric.into(), context: context.into() });
            self.series.len() - 1
        });
        place as u32
    }

    /// Adds a point.
    pub fn push(&mut self, point: &MetricPoint) {
        let series = self.series(&point.metric, &point.context);
        self.points.push(SeriesPoint {
            series,
            step: point.step,
            value: point.value,
            ts: point.ts,
        });
    }

    /// True if it holds no values.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// The summary of a series as it grows; points may come in any order of steps.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningSummary {
    n: u64,
    finite: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
    last: (i64, i64, f64),
}

impl Default for RunningSummary {
    fn default() -> Self {
        Self {
            n: 0,
            finite: 0,
            mean: 0.0,
            squares: 0.0,
            min: f64::NAN,
            max: f64::NAN,
            last: (i64::MIN, i64::MIN, f64::NAN),
        }
    }
}

impl RunningSummary {
    /// Takes in a value. Mean and spread by Welford's recurrence (Technometrics 4, 1962), over finite values.
    pub fn push(&mut self, step: i64, ts: i64, value: f64) {
        self.n += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let (last_step, last_ts, last) = self.last;
        let is_later = (step, ts) > (last_step, last_ts)
            || ((step, ts) == (last_step, last_ts) && value.total_cmp(&last).is_ge());
        if is_later || self.n == 1 {
            self.last = (step, ts, value);
        }
        if value.is_finite() {
            self.finite += 1;
            let delta = value - self.mean;
            self.mean += delta / self.finite as f64;
            self.squares += delta * (value - self.mean);
        }
    }

    /// How many values came.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The summary so far, its score chosen by `kind`. NaN where there is no finite value.
    pub fn summary(&self, kind: SummaryKind) -> Summary {
        let mean = if self.finite > 0 { self.mean } else { f64::NAN };
        let spread = self.squares / (self.finite as f64 - 1.0);
        let sd = if self.finite > 1 { spread.max(0.0).sqrt() } else { f64::NAN };
        let (_, _, last) = self.last;
        let score = match kind {
            SummaryKind::Last => last,
            SummaryKind::Min => self.min,
            SummaryKind::Max => self.max,
            SummaryKind::Mean => mean,
        };
        Summary { score, n: self.n, mean, sd, last, min: self.min, max: self.max }
    }
}

/// Which number of a series is its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SummaryKind {
    /// The value at the largest (step, time, value).
    #[default]
    Last,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The mean of the finite values.
    Mean,
}

impl SummaryKind {
    /// The word of the record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_summary_is_that_of_all_values() {
        let mut running = RunningSummary::default();
        for (step, value) in [(0, 4.0), (2, 1.0), (1, f64::NAN), (1, 7.0)] {
            running.push(step, 0, value);
        }
        let summary = running.summary(SummaryKind::Last);
        assert_eq!((summary.n, summary.mean, summary.sd), (4, 4.0, 3.0));
        assert_eq!((summary.last, summary.min, summary.max), (1.0, 1.0, 7.0));
        assert_eq!(running.summary(SummaryKind::Min).score, 1.0);
        assert_eq!(running.summary(SummaryKind::Max).score, 7.0);
        assert!(RunningSummary::default().summary(SummaryKind::Mean).score.is_nan());
    }

    #[test]
    fn a_batch_names_a_series_once() {
        let mut batch = PointBatch::default();
        for step in 0..3 {
            batch.push(&MetricPoint {
                metric: "loss".into(),
                context: String::new(),
                step,
                value: 0.0,
                ts: 0,
            });
        }
        assert_eq!((batch.series.len(), batch.points.len()), (1, 3));
        assert_eq!(batch.series("acc", ""), 1);
    }
}
