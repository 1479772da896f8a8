//! What a table of 100,000 runs asks of the store, and a chart of a curve: `cargo bench --bench rows [-- WORD]`.
//!
//! The store (100,000 runs of 10 parameters and 5 metrics, 10,000,000 points) is made at the first call, under
//! `target/bench-data`. A WORD runs only the lines that contain it.
#![allow(clippy::print_stdout, missing_docs)]

mod big_store;

use derby::domain::{Goal, RunId, SeriesKey};
use derby::metrics::series::{decimate, extent, nearest, smooth};
use derby::store::{Axis, Expr, Field, Mode, Query, Scores, Store, StoreError};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), StoreError> {
    let word = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let start = Instant::now();
    let folder = big_store::folder(big_store::FULL)?;
    println!("store ready after {:.1} s: {}", start.elapsed().as_secs_f64(), sizes(&folder));
    let start = Instant::now();
    let store = Store::open(&folder, Mode::ReadOnly)?;
    println!("opened in {:.2} ms; times in ms\n", ms(start.elapsed()));
    println!("{:<52} {:>8} {:>8} {:>8} {:>8}", "", "first", "p50", "p99", "max");
    let bench = Bench { store, word };
    lists(&bench)?;
    tables(&bench)?;
    curves(&bench)?;
    println!("\npeak memory of all of this: {} MB", memory("VmHWM:"));
    Ok(())
}

struct Bench {
    store: Store,
    word: String,
}

impl Bench {
    /// One line of the table.
    fn line<T>(
        &self,
        name: &str,
        mut work: impl FnMut(&Store) -> Result<T, StoreError>,
    ) -> Result<(), StoreError> {
        if !name.contains(&self.word) {
            return Ok(());
        }
        let mut times = Vec::new();
        let begin = Instant::now();
        while times.len() < 4 || begin.elapsed() < Duration::from_millis(1500) && times.len() < 300
        {
            let start = Instant::now();
            black_box(work(&self.store)?);
            times.push(ms(start.elapsed()));
        }
        let first = times.remove(0);
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        println!("{name:<52} {first:>8.2} {:>8.2} {:>8.2} {:>8.2}", at(0.5), at(0.99), at(1.0));
        Ok(())
    }
}

fn query(filter: &str, sort: &str) -> Query {
    let filter = (!filter.is_empty()).then(|| Expr::parse(filter).expect("a filter of this file"));
    let descends = sort.starts_with('-');
    let field = |name: &str| Field::parse(name).expect("a column of this file");
    let sort = (!sort.is_empty()).then(|| (field(sort.trim_start_matches('-')), descends));
    Query { filter, sort: sort.into_iter().collect(), ..Query::default() }
}

fn lists(bench: &Bench) -> Result<(), StoreError> {
    bench.line("run_ids, newest 200", |store| {
        store.run_ids(&Query { limit: Some(200), ..Query::default() })
    })?;
    bench.line("run_ids, no sort", |store| store.run_ids(&Query::default()))?;
    for sort in ["-roc_auc", "log_loss", "metrics.val_loss", "-params.C", "n_trees", "model"] {
        let query = query("", sort);
        bench.line(&format!("run_ids --sort {sort}"), |store| store.run_ids(&query))?;
    }
    for sort in ["name", "sweep", "-started", "seconds", "status", "host"] {
        let query = query("", sort);
        bench.line(&format!("run_ids --sort {sort}"), |store| store.run_ids(&query))?;
    }
    let filters = [
        "roc_auc > 0.8",
        "roc_auc > 0.8 and model = svm",
        "roc_auc > 0.7 and n_features < 20",
        "metrics.roc_auc > 0.99 and params.C < 1",
        "model = svm",
        "status:failed",
        "sweep:churn-wide roc_auc > 0.8",
        "forest",
        "tag:keep",
    ];
    for filter in filters {
        let query = query(filter, "-roc_auc");
        let found = bench.store.count(&query)?;
        bench.line(&format!("count '{filter}' ({found})"), |store| store.count(&query))?;
        bench.line(&format!("run_ids '{filter}' by roc_auc"), |store| store.run_ids(&query))?;
    }
    bench.line("count, no filter", |store| store.count(&Query::default()))?;
    bench.line("status_counts", |store| store.status_counts(&Query::default()))?;
    bench.line("change_seq and data_version", |store| {
        Ok((store.change_seq()?, store.data_version()?))
    })?;
    let since = bench.store.change_seq()? - 50;
    bench.line("changed_runs, 50", |store| store.changed_runs(since, 1000))
}

fn tables(bench: &Bench) -> Result<(), StoreError> {
    let ids = bench.store.run_ids(&query("", "-roc_auc"))?;
    let names =
        ["model", "roc_auc", "log_loss", "accuracy", "train_loss", "metrics.val_loss", "encoder"];
    let more =
        ["scale", "n_features", "params.seed", "C", "n_trees", "gamma", "learning_rate", "host"];
    let columns: Vec<Field> =
        names.iter().chain(&more).map(|name| Field::parse(name).expect("a column")).collect();
    let mut from = 0;
    bench.line("rows, 60 of 15 columns, another page each time", |store| {
        from = (from + 7_919) % (ids.len() - 60);
        store.rows(&ids[from..from + 60], &columns)
    })?;
    bench.line("varying, all runs", |store| store.varying(&Query::default()))?;
    let newest = Query { limit: Some(20_000), ..Query::default() };
    bench.line("varying, the newest 20,000", |store| store.varying(&newest))?;
    let svms = query("model = svm", "");
    bench.line("varying, model = svm", |store| store.varying(&svms))?;
    for by in ["sweep", "model", "n_features", "params.C", "status", "replicate"] {
        let field = Field::parse(by).expect("a column");
        let score = Scores::Metric("roc_auc", Goal::Maximize);
        bench.line(&format!("groups by {by} with a score"), |store| {
            store.groups(&Query::default(), &field, score)
        })?;
    }
    for name in ["model", "params.C", "sweep", "host", "name"] {
        let field = Field::parse(name).expect("a column");
        bench.line(&format!("values of {name}"), |store| store.values(&field, "", 20))?;
    }
    bench.line("tag_keys", |store| store.tag_keys("", 20))
}

fn curves(bench: &Bench) -> Result<(), StoreError> {
    let newest = bench.store.run_ids(&Query { limit: Some(1), ..Query::default() })?;
    let Some(run) = newest.first() else { return Ok(()) };
    bench.line("series_keys of the run", |store| store.series_keys(*run))?;
    let key = SeriesKey { metric: big_store::LONG_METRIC.into(), context: String::new() };
    bench.line("series_columns, 1,000,000 points", |store| {
        store.series_columns(*run, &key, Axis::Step, None)
    })?;
    let (series, last) = bench.store.series_columns(*run, &key, Axis::Step, None)?;
    let after = last.map(|(step, ts)| (step - 200, ts));
    bench.line("series_columns, the last 200 points", |store| {
        store.series_columns(*run, &key, Axis::Step, after)
    })?;
    let short = SeriesKey { metric: "val_loss".into(), context: String::new() };
    bench.line("series_columns, a short curve", |store| {
        store.series_columns(RunId(run.0 / 2), &short, Axis::Step, None)
    })?;
    let (xs, values) = (&series.xs, &series.values);
    let whole = (0.0, xs.len() as f64);
    bench.line("decimate 1,000,000 points to 440 columns", |_| {
        Ok(decimate(xs, values, whole, 440))
    })?;
    bench.line("decimate a hundredth of it", |_| Ok(decimate(xs, values, (4e5, 4.1e5), 440)))?;
    bench.line("smooth 1,000,000 points", |_| Ok(smooth(values, 0.9)))?;
    bench.line("extent of 1,000,000 points", |_| Ok(extent(values)))?;
    bench.line("nearest of 1,000,000 points", |_| Ok(nearest(xs, 654_321.5)))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn sizes(folder: &Path) -> String {
    let bytes = std::fs::metadata(folder.join("derby.db")).map_or(0, |meta| meta.len());
    format!("{} MB on disk, {} MB in memory", bytes >> 20, memory("VmRSS:"))
}

/// A line of Linux' own account of this process, in MB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
