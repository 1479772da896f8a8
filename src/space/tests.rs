//! Tests of spaces: round trips, conditions, counting, messages.

use super::*;
use crate::domain::{Params, Value};
use proptest::prelude::*;

fn dim(id: &str, kind: Kind, when: &[(usize, &[f64])]) -> Dimension {
    let name = id.rsplit('.').next().unwrap_or(id).to_string();
    let when = when
        .iter()
        .map(|&(parent, any_of)| Condition { parent, any_of: any_of.to_vec() })
        .collect();
    Dimension { id: id.into(), name, kind, when }
}

fn float(low: f64, high: f64) -> Kind {
    Kind::Float { low, high, log: false, step: None }
}

fn log(low: f64, high: f64) -> Kind {
    Kind::Float { low, high, log: true, step: None }
}

fn int(low: i64, high: i64) -> Kind {
    Kind::Int { low, high, log: false, step: 1 }
}

fn words(words: &[&str]) -> Kind {
    Kind::Choice { values: words.iter().map(|&word| Value::Text(word.into())).collect() }
}

fn params(pairs: &[(&str, Value)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
}

/// The space of the tour: two families that share names, one nested condition, one shared dimension.
fn families() -> Space {
    Space::new(vec![
        dim("model", words(&["logistic", "svm"]), &[]),
        dim("logistic.C", log(1e-4, 1e4), &[(0, &[0.0])]),
        dim("svm.kernel", words(&["rbf", "linear"]), &[(0, &[1.0])]),
        dim("svm.C", log(1e-2, 1e3), &[(0, &[1.0])]),
        dim("svm.gamma", log(1e-4, 1.0), &[(0, &[1.0]), (2, &[0.0])]),
        dim("preprocess.scale", words(&["standard", "robust"]), &[]),
    ])
    .unwrap()
}

#[test]
fn conditions_decide_what_a_point_has() {
    let space = families();
    let svm = space.from_unit(&[0.9, 0.5, 0.1, 0.0, 1.0, 0.6]);
    assert_eq!(svm, Point(vec![Some(1.0), None, Some(0.0), Some(1e-2), Some(1.0), Some(1.0)]));
    assert_eq!(space.params(&svm).to_string(), "model=svm kernel=rbf C=0.01 gamma=1 scale=robust");
    assert_eq!(space.point(&space.params(&svm)), Ok(svm.clone()));
    assert_eq!(space.check(&svm), Ok(()));
    let mut broken = svm;
    broken.0[4] = None;
    broken.0[3] = Some(5000.0);
    let text = space.check(&broken).unwrap_err().to_string();
    assert_eq!(text, "'svm.C' cannot be 5000; its range is 1e-2 … 1e3; 'svm.gamma' is missing");
}

#[test]
fn parameters_that_do_not_fit_are_all_named() {
    let space = families();
    let text = |pairs: &[(&str, Value)]| space.point(&params(pairs)).unwrap_err().to_string();
    let word = |word: &str| Value::Text(word.into());
    let check = |pairs: &[(&str, Value)], expected: &str| assert_eq!(text(pairs), expected);
    check(
        &[("model", word("svm")), ("kernel", word("linear")), ("gamma", Value::Float(0.1))],
        "'C' is missing; its range is 1e-2 … 1e3; 'scale' is missing; it is one of standard, robust; \
         'gamma' is not active with these values; leave it out",
    );
    check(
        &[
            ("model", word("knn")),
            ("scale", word("robust")),
            ("C", Value::Int(1)),
            ("k", Value::Int(1)),
        ],
        "'model' cannot be 'knn'; it is one of logistic, svm; \
         unknown parameter 'k'; the space has C, gamma, kernel, model, scale",
    );
}

#[test]
fn a_fixed_parameter_may_be_left_out() {
    let space = Space::new(vec![dim("a", words(&["x"]), &[]), dim("b", int(1, 3), &[])]).unwrap();
    let point = space.point(&params(&[("b", Value::Float(2.0))]));
    assert_eq!(point, Ok(Point(vec![Some(0.0), Some(2.0)])));
    assert!(space.point(&params(&[("b", Value::Float(2.5))])).is_err());
}

#[test]
fn discrete_cells_have_their_widths() {
    let ints = dim("n", int(1, 4), &[]);
    assert_eq!([0.0, 0.24, 0.26, 0.99, 1.0].map(|u| ints.value_at(u)), [1.0, 1.0, 2.0, 4.0, 4.0]);
    let log = dim("n", Kind::Int { low: 1, high: 100, log: true, step: 1 }, &[]);
    let edge = (2.5f64 / 0.5).ln() / (100.5f64 / 0.5).ln();
    assert_eq!([log.value_at(edge - 1e-9), log.value_at(edge + 1e-9)], [2.0, 3.0]);
    assert_eq!([log.value_at(-3.0), log.value_at(7.0)], [1.0, 100.0]);
    let stepped = dim("s", Kind::Float { low: 0.1, high: 0.55, log: false, step: Some(0.1) }, &[]);
    assert_eq!(stepped.cardinality(), Some(5));
    let levels: Vec<f64> = (0..5).map(|n| stepped.nth(n)).collect();
    assert_eq!(levels, [0.1, 0.2, 0.3, 0.4, 0.5]);
    assert_eq!(stepped.coord(&Value::Float(0.1 + 0.2)), Some(0.3));
    assert_eq!(stepped.coord(&Value::Float(0.55)), None);
    let optional =
        dim("d", Kind::Choice { values: vec![Value::None, Value::Int(3), Value::Bool(true)] }, &[]);
    assert_eq!(optional.coord(&Value::Text("none".into())), Some(0.0));
    assert_eq!(optional.coord(&Value::Float(3.0)), Some(1.0));
    assert_eq!(optional.coord(&Value::Int(1)), None);
}

#[test]
fn a_range_of_few_floats_is_finite() {
    let up = |x: f64, n: u64| (0..n).fold(x, |x, _| x.next_up());
    let check = |low: f64, n: u64, is_log: bool| {
        let high = up(low, n - 1);
        let few = dim("f", Kind::Float { low, high, log: is_log, step: None }, &[]);
        assert_eq!(few.cardinality(), Some(n), "{low}");
        let levels: Vec<f64> = (0..n).map(|place| few.nth(place)).collect();
        assert!(levels.iter().copied().eq((0..n).map(|place| up(low, place))), "{low}");
        for (place, &level) in levels.iter().enumerate() {
            assert_eq!((few.value_at(few.unit_of(level)), few.snap(level)), (level, level));
            assert_eq!(few.unit_of(level), (place as f64 + 0.5) / n as f64);
        }
        assert_eq!([few.value_at(0.0), few.value_at(1.0)], [low, high]);
        assert_eq!([few.snap(f64::NAN), few.snap(f64::MAX)], [low, high]);
        assert_eq!(Space::new(vec![few]).unwrap().size(), Size::Finite(u128::from(n)));
    };
    check(0.1, 2, true);
    check(1.0, 1, false);
    check(-1e16, 51, false);
    check(1e300, 1000, true);
    check(up(-0.0, 1).next_down().next_down(), 4, false);
    let many = dim("f", float(1.0, up(1.0, 1000)), &[]);
    assert_eq!(many.cardinality(), None);
}

#[test]
fn what_is_no_space_is_refused() {
    let check = |dims: Vec<Dimension>, part: &str| {
        let text = Space::new(dims).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    let one = |kind: Kind| vec![dim("a", kind, &[])];
    check(vec![dim("a", int(0, 1), &[]), dim("a", int(0, 1), &[])], "occurs twice");
    check(vec![dim("a", int(0, 1), &[(0, &[0.0])])], "does not stand before it");
    check(vec![dim("a", int(0, 1), &[]), dim("b", int(0, 1), &[(0, &[2.0])])], "never takes");
    check(vec![dim("a", int(0, 1), &[]), dim("x.a", int(0, 1), &[])], "shares the name 'a'");
    check(one(float(1.0, 0.0)), "above 'high'");
    check(one(float(f64::NAN, 0.0)), "finite");
    let wide = "-1e308 and 1e308, which lie further apart than the largest float (1.8e308); narrow them, to within ±9.0e307";
    check(one(float(-1e308, 1e308)), wide);
    check(one(log(0.0, 1.0)), "above 0");
    check(one(Kind::Int { low: 0, high: 5, log: true, step: 1 }), "at least 1");
    check(one(Kind::Int { low: 0, high: 5, log: false, step: 0 }), "'step' (0)");
    check(one(Kind::Float { low: 0.0, high: 5.0, log: false, step: Some(-1.0) }), "'step' (-1)");
    check(one(Kind::Float { low: 1e6, high: 2e6, log: false, step: Some(1e-9) }), "too fine");
    check(one(int(i64::MIN, i64::MAX)), "2^53");
    check(one(Kind::Choice { values: vec![] }), "no values");
    check(one(Kind::Choice { values: vec![Value::Int(1), Value::Float(1.0)] }), "'1' twice");
}

#[test]
fn sizes_follow_the_conditions() {
    let check = |dims: Vec<Dimension>, size: u128| {
        assert_eq!(Space::new(dims).unwrap().size(), Size::Finite(size));
    };
    check(vec![], 1);
    check(vec![dim("a", int(1, 3), &[]), dim("b", words(&["x", "y"]), &[])], 6);
    // b has 2 values for a = 1, c hangs on b: 2 + (1 + 10) for a in {1, 2, 3}
    let nested = vec![
        dim("a", int(1, 3), &[]),
        dim("b", words(&["x", "y"]), &[(0, &[1.0])]),
        dim("c", int(1, 10), &[(1, &[0.0])]),
    ];
    check(nested.clone(), 2 + 11);
    assert_eq!(Space::new(nested).unwrap().grid_size(2), Size::Finite(1 + 1 + 2));
    // two parents of one child, and a part beside them
    check(
        vec![
            dim("a", int(1, 3), &[]),
            dim("b", int(1, 4), &[]),
            dim("c", int(1, 5), &[(0, &[1.0]), (1, &[2.0, 3.0])]),
            dim("d", int(1, 7), &[]),
        ],
        ((12 - 2) + 2 * 5) * 7,
    );
    let many: Vec<_> = (0..60).map(|n| dim(&format!("d{n}"), int(0, 999), &[])).collect();
    check(many, u128::MAX);
    assert_eq!(families().size(), Size::Infinite);
    assert_eq!(families().grid_size(5), Size::Finite((5 + 5 * 5 + 5) * 2));
    let fixed = Space::new(vec![dim("a", float(2.0, 2.0), &[])]).unwrap();
    assert_eq!(fixed.size(), Size::Finite(1));
}

#[test]
fn sixty_parents_of_one_child_are_counted_quickly() {
    let mut dims: Vec<_> = (0..60).map(|n| dim(&format!("p{n}"), int(0, 1), &[])).collect();
    let mut child = dim("child", int(0, 2), &[]);
    child.when = (0..60).map(|parent| Condition { parent, any_of: vec![1.0] }).collect();
    dims.push(child);
    assert_eq!(Space::new(dims).unwrap().size(), Size::Finite((1 << 60) + 2));
}

#[test]
fn grids_hold_the_ends() {
    let check = |kind: Kind, steps: usize, levels: &[f64]| {
        let space = Space::new(vec![dim("a", kind, &[])]).unwrap();
        let got = space.grid_levels(0, steps);
        assert_eq!(got.len(), levels.len(), "{got:?}");
        for (a, b) in got.iter().zip(levels) {
            assert!((a - b).abs() <= 1e-12 * b.abs(), "{got:?}");
        }
    };
    check(log(1e-2, 1e2), 5, &[1e-2, 0.1, 1.0, 10.0, 1e2]);
    check(float(0.0, 1.0), 1, &[0.5]);
    check(int(1, 3), 5, &[1.0, 2.0, 3.0]);
    check(int(0, 10), 3, &[0.0, 5.0, 10.0]);
    check(Kind::Int { low: 1, high: 1000, log: true, step: 1 }, 4, &[1.0, 10.0, 100.0, 1000.0]);
    check(Kind::Int { low: 50, high: 400, log: false, step: 50 }, 3, &[50.0, 250.0, 400.0]);
    check(words(&["a", "b", "c", "d", "e", "f"]), 2, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn rows_read_as_written() {
    let rows = families().tree();
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let branch = row.branch.as_deref().unwrap_or("-");
            let when = row.when.as_deref().unwrap_or("-");
            format!("{branch} {} {} {} {when}", row.name, row.values, row.log)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "- model logistic · svm false -",
            "logistic C 1e-4 … 1e4 true -",
            "svm kernel rbf · linear false -",
            "svm C 1e-2 … 1e3 true -",
            "svm gamma 1e-4 … 1 true kernel = rbf",
            "- scale standard · robust false -",
        ]
    );
    assert_eq!(Kind::Int { low: 50, high: 400, log: false, step: 50 }.words(), "50 … 400 step 50");
}

fn kinds() -> impl Strategy<Value = Kind> {
    let bounds = (-1e6..1e6f64, 0.0..1e6f64);
    prop_oneof![
        bounds.clone().prop_map(|(low, span)| float(low, low + span)),
        (1e-9..1e3f64, 1.0..1e9f64).prop_map(|(low, factor)| log(low, low * factor)),
        (bounds, 1e-4..1e3f64).prop_map(|((low, span), step)| Kind::Float {
            low,
            high: low + span,
            log: false,
            step: Some(step)
        }),
        (-(1i64 << 48)..1 << 48, 0..1i64 << 48, 1..1000i64)
            .prop_map(|(low, span, step)| Kind::Int { low, high: low + span, log: false, step }),
        (1..1_000_000i64, 0..1_000_000_000i64).prop_map(|(low, span)| Kind::Int {
            low,
            high: low + span,
            log: true,
            step: 1
        }),
        (1..6usize).prop_map(|n| Kind::Choice {
            values: (0..n).map(|value| Value::Text(format!("v{value}"))).collect()
        }),
    ]
}

/// Random dimensions, each with a condition on one coordinate of an earlier one, or with none.
fn spaces() -> impl Strategy<Value = Space> {
    let one = (kinds(), any::<Option<(prop::sample::Index, f64)>>());
    prop::collection::vec(one, 1..8).prop_map(|parts| {
        let mut dims: Vec<Dimension> = Vec::new();
        for (idx, (kind, parent)) in parts.into_iter().enumerate() {
            let mut made = dim(&format!("d{idx}"), kind, &[]);
            if let Some((parent, unit)) = parent.filter(|_| idx > 0) {
                let parent = parent.index(idx);
                let coord = dims[parent].value_at(unit.abs().fract());
                made.when.push(Condition { parent, any_of: vec![coord] });
            }
            dims.push(made);
        }
        Space::new(dims).unwrap()
    })
}

proptest! {
    #[test]
    fn points_survive_the_way_to_the_cube_and_back(
        space in spaces(),
        unit in prop::collection::vec(-0.1..1.1f64, 8),
    ) {
        let point = space.from_unit(&unit);
        prop_assert_eq!(space.check(&point), Ok(()));
        prop_assert_eq!(space.point(&space.params(&point)), Ok(point.clone()));
        let back = space.to_unit(&point);
        for (idx, dim) in space.dims().iter().enumerate() {
            let Some(coord) = point.0[idx] else { continue };
            let again = dim.value_at(back[idx]);
            if dim.cardinality().is_some() {
                prop_assert_eq!(again, coord);
            } else {
                let Kind::Float { low, high, log, .. } = dim.kind else { continue };
                let scale = if log { coord } else { low.abs().max(high.abs()) };
                prop_assert!((again - coord).abs() <= 1e-12 * scale, "{} {}", again, coord);
            }
        }
    }

    #[test]
    fn every_grid_level_is_a_value(space in spaces(), steps in 1..9usize) {
        for idx in 0..space.len() {
            let levels = space.grid_levels(idx, steps);
            let dim = &space.dims()[idx];
            prop_assert!(levels.iter().all(|&level| dim.on_grid(level) == Some(level)));
            prop_assert!(levels.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", levels);
            if steps > 1 {
                prop_assert_eq!(levels[0], dim.value_at(0.0));
                prop_assert_eq!(levels[levels.len() - 1], dim.value_at(1.0));
            }
        }
    }

    #[test]
    fn the_size_is_the_number_of_grid_points(
        parts in prop::collection::vec((1..4i64, any::<Option<(prop::sample::Index, i64)>>()), 1..7),
    ) {
        let mut dims: Vec<Dimension> = Vec::new();
        for (idx, (high, parent)) in parts.into_iter().enumerate() {
            let mut made = dim(&format!("d{idx}"), int(1, high), &[]);
            if let Some((parent, value)) = parent.filter(|_| idx > 0) {
                let parent = parent.index(idx);
                let coord = dims[parent].snap((value % 3) as f64);
                made.when.push(Condition { parent, any_of: vec![coord] });
            }
            dims.push(made);
        }
        let space = Space::new(dims).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for code in 0..3usize.pow(space.len() as u32) {
            let mut left = code;
            let unit: Vec<f64> = (0..space.len())
                .map(|_| {
                    let digit = left % 3;
                    left /= 3;
                    (digit as f64 + 0.5) / 3.0
                })
                .collect();
            seen.insert(space.params(&space.from_unit(&unit)).to_string());
        }
        prop_assert_eq!(space.size(), Size::Finite(seen.len() as u128));
    }
}

#[test]
fn a_name_that_several_have_is_shown_with_its_branch() {
    let dims =
        [("model", "model"), ("svm.C", "C"), ("logreg.C", "C"), ("preprocess.scale", "scale")];
    assert_eq!(shown_names(dims.into_iter()), ["model", "svm.C", "logreg.C", "scale"]);
}
