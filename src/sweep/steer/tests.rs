//! Tests of steering: reading, checking, folding.

use super::*;
use crate::domain::Value;
use crate::space::{Condition, Dimension, Kind};
use crate::spec::Budget;
use crate::store::SweepEvent;
use crate::sweep::Flags;
use serde_json::json;
use std::time::Duration;

fn dim(id: &str, kind: Kind) -> Dimension {
    let name = id.rsplit('.').next().unwrap_or(id).to_string();
    Dimension { id: id.into(), name, kind, when: Vec::new() }
}

fn int(low: i64, high: i64, log: bool, step: i64) -> Kind {
    Kind::Int { low, high, log, step }
}

fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Kind {
    Kind::Float { low, high, log, step }
}

/// Every kind of range, and a child of the integer.
fn space() -> Space {
    let mut child = dim("depth", int(1, 5, false, 1));
    child.when = vec![Condition { parent: 0, any_of: vec![2.0, 3.0] }];
    Space::new(vec![
        dim("n", int(1, 4, false, 1)),
        child,
        dim("x", float(-1.0, 1.0, false, None)),
        dim("lr", float(1e-4, 1.0, true, None)),
        dim("s", float(0.0, 1.0, false, Some(0.25))),
        dim("even", int(2, 8, false, 2)),
        dim("width", int(1, 64, true, 1)),
        dim("kind", Kind::Choice { values: vec![Value::Int(1), Value::Int(2)] }),
    ])
    .unwrap()
}

fn params(pairs: &[(&str, Value)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
}

fn whole() -> Params {
    params(&[
        ("n", Value::Int(1)),
        ("x", Value::Float(0.5)),
        ("lr", Value::Float(0.1)),
        ("s", Value::Float(0.25)),
        ("even", Value::Int(4)),
        ("width", Value::Int(8)),
        ("kind", Value::Int(2)),
    ])
}

fn range(parameter: &str, low: f64, high: f64) -> Steer {
    Steer::Range { parameter: parameter.into(), low, high }
}

#[test]
fn commands_are_read_as_they_are_written() {
    let check = |steer: Steer, text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&steer).unwrap(), json);
        assert_eq!(Steer::of(&json), Some(steer));
    };
    check(Steer::Pause, r#"{"do":"pause"}"#);
    check(Steer::StopRun { run: RunId(7) }, r#"{"do":"stop-run","run":7}"#);
    check(Steer::Trials { total: Some(9) }, r#"{"do":"trials","total":9}"#);
    check(Steer::Time { seconds: None }, r#"{"do":"time","seconds":null}"#);
    check(range("x", 0.5, 1.0), r#"{"do":"range","parameter":"x","low":0.5,"high":1.0}"#);
    let params = params(&[("a", Value::Float(1.0)), ("b", Value::None)]);
    check(Steer::Try { params }, r#"{"do":"try","params":{"a":1.0,"b":null}}"#);
    assert_eq!(Steer::of(&json!({ "do": "pause", "by": "ada@box" })), Some(Steer::Pause));
    assert_eq!(Steer::of(&json!({ "stop": 4, "reason": "x" })), None);
    let answer = Answer { ok: false, text: "no".into() };
    assert_eq!(Answer::of(&answer.json()), Some(answer));
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_mend() {
    let (space, steering) = (space(), Steering::default());
    let check = |steer: Steer, expected: &str| {
        let found = steer.check(&space, &steering).err().unwrap_or_default();
        assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
    };
    for steer in [Steer::Pause, Steer::Jobs { jobs: 1 }, Steer::Trials { total: None }] {
        check(steer, "");
    }
    check(Steer::Trials { total: Some(0) }, "'0' trials; mend: at least 1");
    check(Steer::Jobs { jobs: 0 }, "'0' jobs; mend: a number from 1");
    check(Steer::Time { seconds: Some(-1.0) }, "a time of '-1' s; mend");
    check(Steer::Time { seconds: Some(f64::NAN) }, "a time of 'NaN' s; mend");
    check(range("x", -9.0, 9.0), "");
    check(range("x", 0.25, 0.25), "");
    check(range("x", 1.0, 0.0), "'x' from '1' to '0'; mend: the smaller bound first");
    check(range("x", f64::NAN, 0.0), "mend: finite bounds");
    check(range("lr", 0.0, 0.5), "'lr' from '0': its scale is logarithmic");
    check(range("lr", 1e-9, 10.0), "");
    check(range("width", 0.0, 8.0), "at least 1");
    check(range("n", 2.5, 3.0), "mend: whole numbers");
    check(range("even", 3.0, 9.0), "its values are 2 apart; mend: a lower bound on them, like 2");
    check(range("even", -2.0, 9.0), "");
    check(range("s", 0.5, 1.5), "");
    check(range("s", 0.3, 1.5), "like 0.25");
    check(range("n", 3.0, 9.0), "");
    check(range("n", 4.0, 9.0), "'depth' is there only where 'n' is 2 or 3; mend");
    check(range("kind", 1.0, 2.0), "'kind' is a choice and has no range");
    check(
        range("y", 1.0, 2.0),
        "unknown parameter 'y'; mend: one of the space, which has n, depth, x",
    );
    check(Steer::Try { params: whole() }, "");
    let mut odd = whole();
    odd.set("x", Value::Float(4.0));
    check(Steer::Try { params: odd.clone() }, "'x' cannot be '4'; its range is -1 … 1; mend");
    // Widened, it can; and what the file's range has can be tried however narrow it is now.
    let mut steering = Steering::default();
    steering.ranges.insert("x".into(), (0.75, 5.0));
    assert_eq!(Steer::Try { params: odd }.check(&space, &steering), Ok(()));
    assert_eq!(Steer::Try { params: whole() }.check(&space, &steering), Ok(()));
}

#[test]
fn a_range_keeps_scale_and_steps_and_its_children() {
    let (space, none) = (space(), Steering::default().ranges);
    let (id, was, changed) = with_range(&space, &none, "n", (3.0, 9.0)).unwrap();
    assert_eq!((id.as_str(), was), ("n", (1.0, 4.0)));
    assert_eq!(changed.dims()[0].kind, int(3, 9, false, 1));
    assert_eq!(changed.dims()[1].when[0].any_of, [3.0]);
    // Back to what the file says is the file's space again: nothing was lost on the way.
    let ranges = [("n".to_string(), (1.0, 4.0))].into_iter().collect();
    assert_eq!(ranged(&space, &ranges), Ok(space.clone()));
    let (_, was, changed) = with_range(&space, &ranges, "lr", (1e-6, 1e-2)).unwrap();
    assert_eq!((was, &changed.dims()[3].kind), ((1e-4, 1.0), &float(1e-6, 1e-2, true, None)));
    let two = |id: &str, on: f64| {
        let mut dim = dim(id, float(0.0, 1.0, false, None));
        dim.when = vec![Condition { parent: 0, any_of: vec![on] }];
        dim
    };
    let choice = dim("model", Kind::Choice { values: vec![Value::Int(1), Value::Int(2)] });
    let shared = Space::new(vec![choice, two("a.C", 0.0), two("b.C", 1.0)]).unwrap();
    let error = with_range(&shared, &none, "C", (0.0, 0.5)).unwrap_err();
    assert_eq!(error, "'C' stands for several parameters; mend: one of a.C, b.C");
    assert!(with_range(&shared, &none, "b.C", (0.0, 0.5)).is_ok());
}

#[test]
fn what_was_searched_holds_every_trial() {
    let steering = folded(&[
        steered(1, &range("x", 0.0, 5.0), (2, json!(null))),
        steered(2, &range("x", -9.0, 0.0), (4, json!(null))),
    ]);
    let dims = steering.searched(&space()).dims().to_vec();
    assert_eq!(dims[2].kind, float(-9.0, 5.0, false, None));
}

fn event(ts: i64, kind: &str, detail: serde_json::Value) -> SweepEvent {
    SweepEvent { ts, kind: kind.into(), detail }
}

fn steered(ts: i64, command: &Steer, (from, own): (u64, serde_json::Value)) -> SweepEvent {
    event(ts, STEERED, json!({ "command": command, "by": "ada@box", "from": from, "own": own }))
}

fn folded(events: &[SweepEvent]) -> Steering {
    let mut steering = Steering::default();
    for event in events {
        steering.take(event).unwrap();
    }
    steering
}

#[test]
fn the_history_tells_how_a_sweep_is_steered() {
    let started = json!({ "jobs": 2, "trials": 10, "time": null });
    let mut events = vec![
        event(0, "started", started),
        steered(1000, &Steer::Pause, (3, json!(null))),
        steered(2000, &Steer::Trials { total: Some(20) }, (3, json!(10))),
        steered(2500, &Steer::Jobs { jobs: 4 }, (3, json!(null))),
        steered(2600, &range("x", 0.0, 0.5), (3, json!(null))),
        steered(2700, &Steer::Try { params: whole() }, (3, json!(null))),
        steered(2800, &Steer::Time { seconds: Some(60.0) }, (3, json!(null))),
    ];
    let mut steering = folded(&events);
    assert!(steering.is_paused && steering.stopped_by.is_none());
    assert_eq!((steering.trials, steering.jobs, steering.time), (Some(20), Some(4), Some(60.0)));
    assert_eq!(steering.ranges.get("x"), Some(&(0.0, 0.5)));
    assert_eq!(steering.range_changes().into_iter().collect::<Vec<_>>(), [3]);
    assert_eq!(steering.waiting.keys().collect::<Vec<_>>(), [&3]);
    assert_eq!(steering.searched(&space()), space(), "narrower is no other space");
    steering.forget_asked(4);
    assert!(steering.waiting.is_empty());
    // A process that lost the sweep to another one ends no pause.
    events.push(event(3000, "stopped", json!({ "reason": "error" })));
    assert!(folded(&events).is_paused);
    events.push(steered(4000, &Steer::Resume, (5, json!(null))));
    events.push(steered(5000, &Steer::Pause, (5, json!(null))));
    // Killed while paused: the session ended at its last beat, and the next one is not paused.
    events.push(event(90_000, "resumed", json!({ "jobs": 4, "trials": 20 })));
    let steering = folded(&events);
    assert!(!steering.is_paused);
    assert!((steering.paused_seconds(&[(0, 7000)]) - 5.0).abs() < 1e-9);
    assert!((steering.paused_seconds(&[(0, 1500), (1500, 7000)]) - 5.0).abs() < 1e-9);
    events.push(steered(91_000, &Steer::Stop, (5, json!(null))));
    assert_eq!(folded(&events).stopped_by.as_deref(), Some("ada@box"));
    let odd = event(1, STEERED, json!({ "command": { "do": "dance" }, "from": 0 }));
    assert!(Steering::default().take(&odd).unwrap_err().to_string().contains("as new as"));
}

#[test]
fn what_the_file_says_anew_wins() {
    let steering = folded(&[
        steered(1, &Steer::Trials { total: Some(20) }, (3, json!(10))),
        steered(2, &Steer::Jobs { jobs: 4 }, (3, json!(null))),
        steered(3, &Steer::Time { seconds: None }, (3, json!(90.0))),
    ]);
    let budget = |trials, time| Budget {
        trials: Some(trials),
        time: Some(Duration::from_secs(time)),
        ..Budget::default()
    };
    let check = |(trials, time, jobs): (u64, u64, Option<usize>), flags, expected| {
        let own = Kept { budget: budget(trials, time), jobs: jobs.unwrap_or(8) };
        let kept = steering.kept(&own, jobs, flags);
        let seconds = kept.budget.time.map(|time| time.as_secs());
        assert_eq!((kept.budget.trials, seconds, kept.jobs), expected);
    };
    let none = Flags::default();
    check((10, 90, None), none, (Some(20), None, 4));
    check((11, 90, None), none, (Some(11), None, 4));
    check((10, 80, Some(3)), none, (Some(20), Some(80), 3));
    let all = Flags { trials: true, time: true, jobs: true };
    check((10, 90, None), all, (Some(10), Some(90), 8));
}

#[test]
fn neither_pauses_nor_nights_are_driven() {
    let event = |ts, kind: &str, detail| SweepEvent { ts, kind: kind.into(), detail };
    let step = |what: &str| json!({ "command": { "do": what }, "by": "me", "from": 1 });
    let mut steering = Steering::default();
    for event in [
        event(0, "started", json!({ "jobs": 2 })),
        event(10_000, "steered", step("pause")),
        event(40_000, "steered", step("resume")),
        event(50_000, "stopped", json!({ "reason": "asked" })),
        event(900_000, "resumed", json!({ "jobs": 2 })),
    ] {
        steering.take(&event).unwrap();
    }
    let sessions = [(0, 50_000), (900_000, 910_000)];
    let check = |until, expect: f64| {
        assert!((steering.driven_seconds(&sessions, until) - expect).abs() < 1e-9, "{until}");
    };
    check(5_000, 5.0);
    check(30_000, 10.0);
    check(45_000, 15.0);
    check(500_000, 20.0);
    check(905_000, 25.0);
    check(i64::MAX, 30.0);
}
