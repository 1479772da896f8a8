//! Configurations of earlier sweeps in the space of a new one.

use super::map::{Map, Misfit, Source};
use super::*;
use crate::domain::{Params, Value};
use crate::spec::{self, Format, Known, Overrides, Sweep};
use std::collections::BTreeMap;
use std::path::Path;

fn sweep(text: &str) -> Sweep {
    let (file, overrides) = (Path::new("here.toml"), Overrides::default());
    spec::parse(text, Format::Toml, file, &overrides, &Known::built_in()).unwrap()
}

const HERE: &str = r#"
function = "noop"
[params]
lr = { low = 1e-4, high = 1.0, log = true }
n = { low = 1, high = 40 }
kind = ["plain", "bent"]
bend = { low = 0.0, high = 1.0, when = { kind = "bent" } }
epochs = 10
[search]
warm_start = { from = "old", assume = { n = 3 } }
"#;

fn params(pairs: &[(&str, Value)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
}

fn text(word: &str) -> Value {
    Value::Text(word.into())
}

#[test]
fn a_configuration_is_carried_over_parameter_by_parameter() {
    let spec = sweep(HERE);
    let map = Map::new(&spec);
    let check = |pairs: &[(&str, Value)], expected: Result<&[Option<f64>], Misfit>| {
        let found = map.point(&params(pairs), &mut BTreeMap::new());
        assert_eq!(found, expected.map(|coords| Point(coords.to_vec())), "{pairs:?}");
    };
    let point = |kind: f64, bend| [bend, Some(10.0), Some(kind), Some(0.1), Some(7.0)];
    // The dimensions stand in the order of the names.
    let order: Vec<&str> = spec.space.dims().iter().map(|dim| dim.id.as_str()).collect();
    let at = |id: &str| order.iter().position(|other| *other == id).unwrap();
    let arranged = |kind: f64, bend: Option<f64>| {
        let values = point(kind, bend);
        let mut coords = vec![None; 5];
        coords[at("bend")] = values[0];
        coords[at("epochs")] = Some(0.0);
        coords[at("kind")] = values[2];
        coords[at("lr")] = values[3];
        coords[at("n")] = values[4];
        coords
    };
    let (lr, n) = (("lr", Value::Float(0.1)), ("n", Value::Int(7)));
    let whole = arranged(1.0, Some(0.5));
    // In another order, and with one that nobody has here.
    check(
        &[
            n.clone(),
            ("kind", text("bent")),
            ("depth", Value::Int(3)),
            lr.clone(),
            ("bend", Value::Float(0.5)),
        ],
        Ok(&whole),
    );
    // What is not active here is not looked at.
    let plain = arranged(0.0, None);
    check(
        &[lr.clone(), n.clone(), ("kind", text("plain")), ("bend", Value::Float(9.0))],
        Ok(&plain),
    );
    let outside = |id: &str, value: Value| Misfit::Outside { id: id.into(), value };
    check(
        &[("lr", Value::Float(2.0)), n.clone(), ("kind", text("plain"))],
        Err(outside("lr", Value::Float(2.0))),
    );
    check(&[lr.clone(), n.clone(), ("kind", text("odd"))], Err(outside("kind", text("odd"))));
    check(
        &[lr.clone(), n.clone(), ("kind", text("plain")), ("epochs", Value::Int(5))],
        Err(outside("epochs", Value::Int(5))),
    );
    check(&[n, ("kind", text("plain"))], Err(Misfit::Unknown { id: "lr".into() }));
    check(
        &[lr, ("kind", text("bent")), ("n", Value::Int(1))],
        Err(Misfit::Unknown { id: "bend".into() }),
    );
}

#[test]
fn what_a_configuration_had_without_saying_so() {
    let spec = sweep(HERE);
    let mut filled = BTreeMap::new();
    let given = params(&[("lr", Value::Float(0.1)), ("kind", text("plain"))]);
    assert!(Map::new(&spec).point(&given, &mut filled).is_ok());
    let only = Source::Only(Value::Int(10));
    let assumed = Source::Assumed(Value::Int(3));
    assert_eq!(filled, BTreeMap::from([("epochs".into(), only), ("n".into(), assumed)]));

    let spec = sweep(
        "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"x.csv\"\ntarget = \"y\"\n\
         [models.knn]\nn_neighbors = { low = 1, high = 9 }\nweights = [\"uniform\", \"distance\"]\n\
         [models.logistic]\nC = { low = 0.1, high = 10.0 }\n",
    );
    let mut filled = BTreeMap::new();
    let given = params(&[("model", text("knn")), ("n_neighbors", Value::Int(5))]);
    assert!(Map::new(&spec).point(&given, &mut filled).is_ok());
    let default = Source::Default(text("uniform"));
    assert_eq!(filled, BTreeMap::from([("knn.weights".into(), default)]));
}

#[test]
fn what_was_taken_is_said_in_words_and_reads_back() {
    let lesson = Lesson {
        number: 3,
        point: Point(vec![Some(0.1), None]),
        loss: Some(0.1 + 0.2),
        sd: None,
        pruned: None,
    };
    let teacher = Teacher {
        name: "old".into(),
        uuid: "u".into(),
        ended: 50,
        outside: 9,
        unknown: 0,
        misfits: vec!["C".into()],
        notes: Vec::new(),
        trials: vec![lesson; 41],
    };
    assert_eq!(teacher.to_string(), "'old': 41 of 50 trials used, 9 outside the ranges (C)");
    let all = Teacher { ended: 41, outside: 0, misfits: Vec::new(), ..teacher.clone() };
    assert_eq!(all.to_string(), "'old': 41 of 41 trials used");
    let taught = Taught { sweeps: vec![teacher] };
    let text = serde_json::json!(taught).to_string();
    assert_eq!(serde_json::from_str::<Taught>(&text).unwrap(), taught);
}
