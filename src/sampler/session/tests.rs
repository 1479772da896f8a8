//! Sessions: any order of tells, what is refused, rebuilding, fronts.

use super::*;
use crate::sampler::conformance::{choice, float, int};
use crate::space::Dimension;

fn start(dims: Vec<Dimension>, sampler: &str, goal: Goal) -> Start {
    Start {
        space: Arc::new(Space::new(dims).unwrap()),
        goals: vec![goal],
        seed: 3,
        sampler: Some(sampler.into()),
        budget: None,
        options: SamplerOptions::default(),
    }
}

fn session(dims: Vec<Dimension>) -> Session {
    Session::new(start(dims, "tpe", Goal::Maximize)).unwrap()
}

fn value(asked: &Asked) -> End {
    End::Values(vec![asked.point.0[0].unwrap()])
}

#[test]
fn tells_come_in_any_order_and_once() {
    let mut session = session(vec![float("x", 0.0, 1.0)]);
    let asked: Vec<Asked> = (0..4).map(|_| session.ask().unwrap()).collect();
    assert_eq!(session.open().len(), 4);
    for which in [2, 0, 3] {
        session.tell(asked[which].id, &value(&asked[which])).unwrap();
    }
    assert_eq!(session.tell(2, &End::Failed), Err(SessionError::ToldBefore { id: 2 }));
    assert_eq!(session.tell(9, &End::Failed), Err(SessionError::NeverAsked { id: 9, next: 4 }));
    assert_eq!(session.open().keys().copied().collect::<Vec<_>>(), [1]);
    let highest = [0, 2, 3].map(|i| asked[i].point.0[0].unwrap());
    let highest = highest.into_iter().fold(f64::MIN, f64::max);
    assert_eq!(session.best().unwrap().value, highest);
}

#[test]
fn a_refused_value_leaves_the_trial_open() {
    let mut session = session(vec![float("x", 0.0, 1.0)]);
    let id = session.ask().unwrap().id;
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let told = session.tell(id, &End::Values(vec![value]));
        assert!(matches!(told, Err(SessionError::NotFinite { .. })), "{told:?}");
    }
    let two = session.tell(id, &End::Values(vec![1.0, 2.0]));
    assert_eq!(two, Err(SessionError::WrongCount { id, given: 2, wanted: 1 }));
    let pruned = End::Pruned { value: Some(0.5), step: Some(3) };
    assert_eq!(session.tell(id, &pruned), Ok(()));
    assert_eq!(session.best(), None);
}

#[test]
fn a_used_up_space_says_so_and_still_takes_tells() {
    let mut session = session(vec![choice("c", 3), int("n", 1, 2)]);
    let asked: Vec<Asked> = (0..6).map(|_| session.ask().unwrap()).collect();
    assert_eq!(session.ask(), Err(SessionError::Exhausted { asked: 6, open: 6 }));
    for asked in &asked {
        assert_eq!(session.tell(asked.id, &value(asked)), Ok(()));
    }
    assert_eq!(session.ask(), Err(SessionError::Exhausted { asked: 6, open: 0 }));
}

#[test]
fn a_session_adopted_from_the_record_goes_on_alike() {
    let dims = || vec![float("x", 0.0, 1.0), choice("c", 3)];
    let mut first = session(dims());
    let mut told: Vec<(Asked, End)> = Vec::new();
    for number in 0..24 {
        let asked = first.ask().unwrap();
        let end = match number % 5 {
            3 => End::Failed,
            4 => End::Pruned { value: Some(0.1), step: Some(number) },
            _ => value(&asked),
        };
        first.tell(asked.id, &end).unwrap();
        told.push((asked, end));
    }
    let open = first.ask().unwrap();
    let mut again = session(dims());
    for (asked, end) in &told {
        again.adopt(asked.clone(), Some(end)).unwrap();
    }
    again.adopt(open, None).unwrap();
    assert_eq!(first.ask(), again.ask());
    assert_eq!(first.best(), again.best());
    let twice = again.adopt(told[3].0.clone(), None);
    assert_eq!(twice, Err(SessionError::ToldBefore { id: 3 }));
    let outside = Asked { id: 90, point: Point(vec![Some(2.0), Some(0.0)]), ..Asked::default() };
    assert!(matches!(again.adopt(outside, None), Err(SessionError::Point { .. })));
}

#[test]
fn what_no_sampler_can_do_is_refused() {
    let check = |start: Start, words: &str| {
        let error = Session::new(start).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|text| text.contains(words)), "{error:?}");
    };
    let one = || vec![float("x", 0.0, 1.0)];
    check(start(one(), "tpes", Goal::Minimize), "unknown sampler 'tpes'; it is one of");
    let several = Start { goals: vec![Goal::Minimize; 2], ..start(one(), "tpe", Goal::Minimize) };
    let named = |name: &str| Start { sampler: Some(name.into()), ..several.clone() };
    check(named("cma-es"), "sampler 'cma-es' searches for one objective, not 2; for several");
    let many = Start { goals: vec![Goal::Minimize; 4], ..named("gp") };
    check(many, "sampler 'gp' searches for at most 3 objectives, not 4; take 'nsga-iii'");
    check(Start { goals: Vec::new(), ..start(one(), "tpe", Goal::Minimize) }, "no direction");
}

#[test]
fn constraints_are_finite_and_as_many_every_time() {
    let two = Start {
        goals: vec![Goal::Maximize; 2],
        ..start(vec![float("x", 0.0, 1.0)], "tpe", Goal::Minimize)
    };
    let mut session = Session::new(two).unwrap();
    let end = |values: [f64; 2], constraints: &[f64]| End::Constrained {
        values: values.to_vec(),
        constraints: constraints.to_vec(),
    };
    let id = session.ask().unwrap().id;
    let error = session.tell(id, &end([1.0, 2.0], &[0.0, f64::NAN])).unwrap_err();
    assert!(
        error.to_string().contains("trial 0 cannot have the value 'NaN' of a constraint"),
        "{error}"
    );
    let error = session.tell(id, &end([1.0, f64::INFINITY], &[0.0])).unwrap_err();
    assert_eq!(error, SessionError::NotFinite { id, value: "inf".into() });
    session.tell(id, &end([1.0, 2.0], &[0.0])).unwrap();
    let id = session.ask().unwrap().id;
    let error = session.tell(id, &End::Values(vec![1.0, 3.0])).unwrap_err();
    assert_eq!(error, SessionError::WrongConstraints { id, given: 0, wanted: 1 });
    session.tell(id, &end([9.0, 9.0], &[1e-9])).unwrap();
    assert_eq!(session.best(), None);
    let ids: Vec<u64> = session.front().iter().map(|member| member.id).collect();
    assert_eq!(ids, [0], "the other one violates its constraint");
}

#[test]
fn a_session_for_several_needs_no_name() {
    let none = Start {
        sampler: None,
        goals: vec![Goal::Minimize; 4],
        ..start(vec![float("x", 0.0, 1.0)], "tpe", Goal::Minimize)
    };
    let mut session = Session::new(none).unwrap();
    assert_eq!(session.sampler(), "auto");
    let id = session.ask().unwrap().id;
    session.tell(id, &End::Values(vec![1.0; 4])).unwrap();
    assert_eq!(session.front().len(), 1);
}

#[test]
fn samplers_that_do_not_look_back_end_with_the_space_too() {
    for name in ["random", "sobol"] {
        let start = start(vec![choice("c", 3)], name, Goal::Minimize);
        let mut session = Session::new(start.clone()).unwrap();
        let mut seen = BTreeSet::new();
        let mut record = Vec::new();
        while seen.len() < 3 {
            let asked = session.ask().unwrap();
            seen.insert(format!("{:?}", asked.point));
            record.push(asked);
            assert!(record.len() < 200, "{name}");
        }
        assert!(matches!(session.ask(), Err(SessionError::Exhausted { .. })), "{name}");
        let mut again = Session::new(start).unwrap();
        for asked in record {
            again.adopt(asked, None).unwrap();
        }
        assert!(matches!(again.ask(), Err(SessionError::Exhausted { .. })), "{name}");
    }
}

#[test]
fn a_range_of_few_floats_is_used_up() {
    let (low, high) = (0.5, 0.5f64.next_up().next_up());
    for sampler in names() {
        let dims = vec![float("x", low, high)];
        let mut session = Session::new(start(dims, sampler, Goal::Minimize)).unwrap();
        let mut seen = BTreeSet::new();
        let mut asks = 0;
        while let Ok(asked) = session.ask() {
            asks += 1;
            assert!(asks < 200, "{sampler}");
            session.tell(asked.id, &value(&asked)).unwrap();
            seen.insert(asked.point.0[0].unwrap().to_bits());
        }
        assert_eq!(seen.len(), 3, "{sampler}");
        let repeats = ["random", "sobol", "nsga-ii", "nsga-iii"].contains(sampler);
        assert!(repeats || asks == 3, "{sampler}: {asks}");
    }
}
