//! The order by objectives of sweeps, and who is stale, against small stores.

use super::filter::{Attribute, Field};
use super::testing::*;
use super::*;
use crate::domain::{Goal, Objective, RunId, SweepId};

fn sweep(store: &mut Store, name: &str, metric: &str, goal: Goal) -> SweepId {
    let objectives = vec![Objective { metric: metric.into(), goal }];
    let new = NewSweep { objectives, ..new_sweep(name, &format!("{:x}", name.len())) };
    store.begin_sweep(&new).unwrap().id
}

/// A run at work.
fn begun(store: &mut Store, sweep: SweepId, number: u64, owner: &Owner) -> RunId {
    let params = ask(store, sweep, number);
    start(store, (Some(sweep), number, 1), &params, owner)
}

/// Two sweeps of different metrics and directions; each run's number is its place below.
fn store() -> (Store, Vec<Yardstick>) {
    let mut store = Store::in_memory().unwrap();
    let large = sweep(&mut store, "large", "auc", Goal::Maximize);
    let small = sweep(&mut store, "less", "loss", Goal::Minimize);
    let owner = Owner::this_process();
    let scored =
        [(large, "auc", 0.9), (small, "loss", 0.3), (large, "auc", 0.8), (small, "loss", 0.35)];
    for (number, (sweep, metric, score)) in scored.into_iter().enumerate() {
        let run = begun(&mut store, sweep, number as u64, &owner);
        let summaries = [(metric.to_string(), summary(score))];
        let finished = Finished {
            summaries: &summaries,
            ..Finished::without_values(&crate::domain::Outcome::Done)
        };
        assert!(store.finish_run(run, 1, &owner, &finished).unwrap());
    }
    begun(&mut store, large, 9, &owner);
    let of = |sweep, metric: &str, goal, level| Yardstick {
        sweep,
        metric: metric.into(),
        goal,
        level: Some(level),
    };
    let yardsticks =
        vec![of(large, "auc", Goal::Maximize, 0.9), of(small, "loss", Goal::Minimize, 0.32)];
    (store, yardsticks)
}

fn ids(runs: &[RunId]) -> Vec<i64> {
    runs.iter().map(|run| run.0).collect()
}

#[test]
fn scores_are_ranked_metric_by_metric_and_differences_together() {
    let (store, yardsticks) = store();
    let check = |measure, best_first, expect: [i64; 5]| {
        let ranking = Ranking { measure, best_first, yardsticks: yardsticks.clone() };
        let query = Query { ranking: Some(ranking), ..Query::default() };
        assert_eq!(ids(&store.run_ids(&query).unwrap()), expect, "{measure:?} {best_first}");
    };
    check(Measure::Score, true, [1, 3, 2, 4, 5]);
    check(Measure::Score, false, [3, 1, 4, 2, 5]);
    // 2 is better than its level, 1 is at it, 4 is 0.03 worse, 3 is 0.1 worse.
    check(Measure::Difference, true, [2, 1, 4, 3, 5]);
    check(Measure::Difference, false, [3, 4, 1, 2, 5]);
}

#[test]
fn groups_have_the_scores_of_the_metric_that_most_of_their_runs_have() {
    let (store, yardsticks) = store();
    let by = Field::Attribute(Attribute::Status);
    let groups = store.groups(&Query::default(), &by, Scores::Own(&yardsticks)).unwrap();
    let done = &groups[1];
    assert_eq!((done.metric.as_deref(), done.other_metrics), (Some("auc"), 1));
    assert_eq!((done.scored, done.best), (2, Some((RunId(1), 0.9))));
    assert!((done.mean - 0.85).abs() < 1e-12, "{done:?}");
    let by = Field::Attribute(Attribute::Sweep);
    let groups = store.groups(&Query::default(), &by, Scores::Own(&yardsticks)).unwrap();
    let best: Vec<_> = groups.iter().map(|group| (group.metric.as_deref(), group.best)).collect();
    assert_eq!(best, [(Some("auc"), Some((RunId(1), 0.9))), (Some("loss"), Some((RunId(2), 0.3)))]);
}

#[test]
fn what_runs_in_name_only_is_stale() {
    let mut store = Store::in_memory().unwrap();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    let lives = begun(&mut store, sweep, 0, &Owner::this_process());
    let lost = begun(&mut store, sweep, 1, &dead_owner());
    let check = |filter: &str, expect: &[RunId]| {
        let filter: Expr = filter.parse().unwrap();
        assert_eq!(filter.to_string().parse::<Expr>().unwrap(), filter);
        let query = Query { filter: Some(filter), ..Query::default() };
        assert_eq!(store.run_ids(&query).unwrap(), expect);
        assert_eq!(store.count(&query).unwrap() as usize, expect.len());
    };
    check("status:stale", &[lost]);
    check("status = Stale", &[lost]);
    check("status != stale", &[lives]);
    check("status in [stale, done]", &[lost]);
    check("status:running", &[lost, lives]);
    check("not status:stale", &[lives]);
    assert!(store.lost_runs().unwrap().iter().eq([&lost]));
    let error = "status:stole".parse::<Expr>().unwrap_err();
    assert!(error.to_string().contains("did you mean 'stale'?"), "{error}");
    let by = Field::Attribute(Attribute::Sweep);
    let groups = store.groups(&Query::default(), &by, Scores::None).unwrap();
    assert_eq!(groups[0].stale, 1);
}
