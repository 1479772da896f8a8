//! When each run of a sweep was at work, and in which lane: one for each job that its machines ran at a time.

use crate::domain::{RunId, Status, SweepId};
use crate::plot::lanes;
use crate::store::filter::Attribute;
use crate::store::{Cell, Field};
use crate::tui::ask::{Reader, Trouble};
use std::collections::BTreeMap;

/// Runs that are handed to the screen: the newest.
const MOST: usize = 4_000;

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    pub(super) run: RunId,
    pub(super) status: Status,
    /// Seconds since the first run began.
    pub(super) from: f64,
    /// NaN while it runs.
    pub(super) to: f64,
    /// Written in its bar.
    pub(super) text: String,
}

/// Bars over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Times {
    /// When the first run began, milliseconds since 1970 UTC.
    pub(super) began: i64,
    /// Names of lanes, and their runs by time.
    pub(super) lanes: Vec<(String, Vec<Span>)>,
    /// Runs that are shown.
    pub(super) n: usize,
    /// Runs that have started.
    pub(super) total: usize,
}

pub(super) fn times(reader: &Reader, sweep: SweepId) -> Result<Times, Trouble> {
    let store = &reader.store;
    let metric = store.sweep_by_id(sweep)?.objectives.first().map(|aim| aim.metric.clone());
    let mut ids: Vec<RunId> = store
        .trial_runs(sweep, metric.as_deref().unwrap_or_default())?
        .into_iter()
        .filter(|run| run.status != Status::Queued)
        .map(|run| run.run)
        .collect();
    ids.sort_unstable();
    let total = ids.len();
    let ids = &ids[total.saturating_sub(MOST)..];
    let rows = store.rows(ids, &[Field::Attribute(Attribute::Host)])?;
    let started: Vec<_> = rows.iter().filter_map(|row| Some((row, row.started?))).collect();
    let began = started.iter().map(|(_, at)| *at).min().unwrap_or(0);
    let since = |ms: i64| (ms - began) as f64 / 1000.0;
    let mut by_host: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (row, at) in &started {
        // A run's own clock is finer than the milliseconds of its record, but tells nothing of when the next could start.
        let to = match (row.seconds, row.ended) {
            (_, None) => f64::NAN,
            (Some(seconds), Some(ended)) => since(ended).min(since(*at) + seconds),
            (None, Some(ended)) => since(ended),
        };
        let host = match row.cells.first() {
            Some(Cell::Text(host)) => host.as_str(),
            _ => "",
        };
        let span = Span {
            run: row.id,
            status: row.status,
            from: since(*at),
            to,
            text: row.id.to_string(),
        };
        by_host.entry(host).or_default().push(span);
    }
    let is_one = by_host.len() == 1;
    let mut found = Times { began, lanes: Vec::new(), n: started.len(), total };
    for (host, spans) in by_host {
        let host = crate::tui::paint::clean(host);
        for (at, of) in packed(spans).into_iter().enumerate() {
            let job = format!("job {}", at + 1);
            found.lanes.push((if is_one { job } else { format!("{host} {job}") }, of));
        }
    }
    Ok(found)
}

/// Each run in the first lane that is free when it starts.
fn packed(spans: Vec<Span>) -> Vec<Vec<Span>> {
    let end = |span: &Span| if span.to.is_nan() { f64::INFINITY } else { span.to.max(span.from) };
    let places = lanes(&spans.iter().map(|span| (span.from, end(span))).collect::<Vec<_>>());
    let mut found: Vec<Vec<Span>> =
        vec![Vec::new(); places.iter().max().map_or(0, |last| last + 1)];
    for (span, lane) in spans.into_iter().zip(places) {
        found[lane].push(span);
    }
    for lane in &mut found {
        lane.sort_by(|a, b| a.from.total_cmp(&b.from));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_at_work_together_have_lanes_of_their_own() {
        let span = |run, from, to| Span {
            run: RunId(run),
            status: Status::Done,
            from,
            to,
            text: String::new(),
        };
        let found = packed(vec![span(1, 0.0, 2.0), span(2, 1.0, f64::NAN), span(3, 2.0, 3.0)]);
        let runs = |at: usize| found[at].iter().map(|span| span.run.0).collect::<Vec<_>>();
        assert_eq!((found.len(), runs(0), runs(1)), (2, vec![1, 3], vec![2]));
    }
}
