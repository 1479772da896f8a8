//! When each run of a sweep was at work.

use super::runs::runs_of;
use crate::cli::{CliError, Exit};
use crate::domain::RunRecord;
use crate::plot::{Timeline, TimelineBar, lanes};
use crate::store::{Store, SweepRow};
use std::collections::BTreeMap;

/// When each run of a sweep was at work; lanes are as many as ran at a time.
pub(in crate::cli) fn timeline(store: &Store, sweep: &SweepRow) -> Result<Timeline, CliError> {
    let runs = runs_of(store, sweep)?;
    let started: Vec<(&RunRecord, i64)> =
        runs.iter().filter_map(|run| Some((run, run.started?))).collect();
    let Some(begin) = started.iter().map(|(_, started)| *started).min() else {
        let text = format!("no run of sweep '{}' has started", sweep.name);
        return Err(CliError::new(Exit::NoResult, text));
    };
    let since = |ms: i64| (ms - begin) as f64 / 1000.0;
    let now = crate::host::now_ms();
    // A run's own clock is finer than the milliseconds of its record.
    let end = |run: &RunRecord, started: i64| match (run.seconds, run.ended) {
        (_, None) => None,
        (Some(seconds), Some(_)) => Some(since(started) + seconds),
        (None, Some(ended)) => Some(since(ended)),
    };
    let mut by_host: BTreeMap<&str, Vec<(&RunRecord, i64)>> = BTreeMap::new();
    for (run, at) in started {
        by_host.entry(&run.host).or_default().push((run, at));
    }
    let is_one = by_host.len() == 1;
    let mut timeline = Timeline {
        title: format!("{}: {} runs", sweep.name, runs.len()),
        lanes: Vec::new(),
        bars: Vec::new(),
    };
    for (host, of_host) in by_host {
        let spans: Vec<(f64, f64)> = of_host
            .iter()
            .map(|(run, at)| (since(*at), end(run, *at).unwrap_or(since(now))))
            .collect();
        let places = lanes(&spans);
        let first = timeline.lanes.len();
        for lane in 0..=places.iter().copied().max().unwrap_or(0) {
            let job = format!("job {}", lane + 1);
            timeline.lanes.push(if is_one { job } else { format!("{host}, {job}") });
        }
        for ((run, at), lane) in of_host.into_iter().zip(places) {
            timeline.bars.push(TimelineBar {
                lane: first + lane,
                start: since(at),
                end: end(run, at),
                status: run.status,
                label: run.id.to_string(),
            });
        }
    }
    Ok(timeline)
}
