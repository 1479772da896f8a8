//! What a run used of the machine, as series of metrics.

use crate::domain::{MetricPoint, RunningSummary, Summary, SummaryKind};
use crate::host::{Sample, Watch};

/// The samples of one run.
pub(in crate::executor) struct System {
    watch: Option<Watch>,
    n_samples: i64,
    series: Vec<(String, RunningSummary)>,
}

impl System {
    /// Of a process that is watched, if it is.
    pub(in crate::executor) fn new(watch: Option<Watch>) -> Self {
        Self { watch, n_samples: 0, series: Vec::new() }
    }

    /// Hands out what was sampled since the last call.
    pub(in crate::executor) fn take(&mut self, mut each: impl FnMut(&MetricPoint)) {
        let samples = self.watch.as_ref().map(Watch::take).unwrap_or_default();
        for Sample { ts, values } in samples {
            let step = self.n_samples;
            self.n_samples += 1;
            for (metric, value) in values {
                self.series_of(&metric).push(step, ts, value);
                each(&MetricPoint { metric, context: String::new(), step, value, ts });
            }
        }
    }

    fn series_of(&mut self, metric: &str) -> &mut RunningSummary {
        let known = self.series.iter().position(|(name, _)| name == metric);
        let place = known.unwrap_or_else(|| {
            self.series.push((metric.into(), RunningSummary::default()));
            self.series.len() - 1
        });
        &mut self.series[place].1
    }

    /// One summary a series; the mean says most of a load.
    pub(in crate::executor) fn summaries(&self) -> impl Iterator<Item = (String, Summary)> {
        self.series.iter().map(|(name, running)| (name.clone(), running.summary(SummaryKind::Mean)))
    }
}
