//! Bundles built, written, damaged, read and used.

use super::testing::*;
use super::*;
use crate::data::load;
use crate::domain::Prediction;
use std::fs;
use tempfile::TempDir;

#[test]
fn a_bundle_reads_back_and_predicts_the_same() {
    let (data, _) = penguins();
    let made = penguin_bundle();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("out/birds");
    assert_eq!(made.write(&path, &Measured::default()).unwrap(), made.digest());
    let read = Bundle::read(&path).unwrap();
    assert_eq!(read.digest(), made.digest());
    assert_eq!(read.manifest(), made.manifest());
    assert_eq!(read.metrics(), made.metrics());
    assert_eq!(read.profile(), made.profile());
    assert_eq!(read.schema(), made.schema());
    assert_eq!(read.trained_on(), made.trained_on());
    assert!(read.n_bytes() > 1000 && read.n_bytes() == made.n_bytes());
    let rows: Vec<usize> = (0..data.table.n_rows).collect();
    let (then, now) = (made.predict(&data.table, &rows), read.predict(&data.table, &rows));
    assert_eq!(then.unwrap(), now.unwrap());
    let verification = read.verify().unwrap();
    assert!(verification.is_ok() && verification.is_exact, "{verification:?}");
    assert!(verification.rows >= 16);
}

#[test]
fn equal_input_gives_equal_bytes_without_times_and_places() {
    let dir = TempDir::new().unwrap();
    let folders = ["a", "b"].map(|name| dir.path().join(name));
    for (folder, host) in folders.iter().zip(["one", "two"]) {
        let measured = Measured { host: Some(host.into()), ..Measured::default() };
        penguin_bundle().write(folder, &measured).unwrap();
        assert_eq!(Bundle::read_measured(folder).unwrap(), measured);
    }
    let [a, b] = folders.map(|folder| files(&folder));
    assert_eq!(a.len(), 10);
    for ((path, one), (_, two)) in a.iter().zip(&b) {
        let name = path.file_name().unwrap();
        assert_eq!(one == two, name != "measured.json", "{name:?}");
        let text = String::from_utf8_lossy(one);
        assert!(!text.contains("somebody") && !text.contains("predict_us"), "{name:?}");
    }
}

#[test]
fn one_flipped_byte_is_found_in_every_file() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("birds");
    penguin_bundle().write(&path, &Measured::default()).unwrap();
    for (file, bytes) in files(&path) {
        let name = file.file_name().unwrap().to_str().unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x04;
            fs::write(&file, &changed).unwrap();
            match Bundle::read(&path) {
                Ok(_) => assert_eq!(name, "measured.json"),
                Err(error) => assert!(error.to_string().contains(&format!("'{name}'")), "{error}"),
            }
        }
        fs::write(&file, &bytes).unwrap();
    }
    fs::remove_file(path.join("schema.json")).unwrap();
    let error = Bundle::read(&path).unwrap_err().to_string();
    assert!(error.contains("'schema.json'") && error.contains("is missing"), "{error}");
}

#[test]
fn a_verdict_lies_beside_a_bundle_and_is_no_part_of_it() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("birds");
    let made = penguin_bundle();
    let (measured, verdict) = (Measured::default(), serde_json::json!({"decision": "hold"}));
    for verdict in [Some(&verdict), None, Some(&verdict)] {
        let beside = Beside { measured: &measured, verdict };
        assert_eq!(made.write_with(&path, beside).unwrap(), made.digest());
        assert_eq!(Bundle::read_verdict(&path).unwrap().as_ref(), verdict);
        assert!(Bundle::read(&path).unwrap().verify().unwrap().is_exact);
        let found = Bundle::check_files(&path).unwrap();
        assert!(found.wrong.is_empty() && found.foreign.is_empty(), "{found:?}");
    }
    fs::write(path.join("gate.json"), "{").unwrap();
    let error = Bundle::read_verdict(&path).unwrap_err().to_string();
    assert!(error.contains("'gate.json'"), "{error}");
    fs::write(path.join("profile.json"), "{").unwrap();
    fs::remove_file(path.join("golden.jsonl")).unwrap();
    fs::write(path.join("more"), "").unwrap();
    let found = Bundle::check_files(&path).unwrap();
    let wrong: Vec<String> = found.wrong.iter().map(ToString::to_string).collect();
    assert!(
        wrong[0].contains("'golden.jsonl'") && wrong[1].contains("'profile.json'"),
        "{wrong:?}"
    );
    assert_eq!((wrong.len(), found.foreign), (2, vec!["more".to_string()]));
}

#[test]
fn a_manifest_that_was_rewritten_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("birds");
    penguin_bundle().write(&path, &Measured::default()).unwrap();
    let file = path.join("bundle.json");
    let text = fs::read_to_string(&file).unwrap();
    let check = |from: &str, to: &str, expect: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replace(from, to)).unwrap();
        let error = Bundle::read(&path).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("Gentoo", "Gentu", "was changed");
    check("\"version\": 1,", "\"version\": 1 ,", "was changed");
    check("\"version\": 1,", "\"version\": 9,", "format version 9");
    check("derby-bundle", "other", "has the format 'other'");
    check("\"format\"", "\"form\"", "is no manifest");
}

#[test]
fn only_a_bundle_is_overwritten() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("birds");
    let refused = |what: &str| {
        let error = penguin_bundle().write(&path, &Measured::default()).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("mend:"), "{error}");
    };
    fs::write(&path, "a file").unwrap();
    refused("is no folder");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("notes.txt"), "mine").unwrap();
    refused("is no bundle");
    fs::remove_file(path.join("notes.txt")).unwrap();
    let bundle = penguin_bundle();
    bundle.write(&path, &Measured::default()).unwrap();
    bundle.write(&path, &Measured::default()).unwrap();
    // A bundle may even be written over itself, with its files read from there.
    Bundle::read(&path).unwrap().write(&path, &Measured::default()).unwrap();
    Bundle::read(&path).unwrap();
    fs::write(path.join("notes.txt"), "mine").unwrap();
    refused("holds 'notes.txt'");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary folders are left");
}

#[test]
fn folders_that_are_no_bundles_say_so() {
    let dir = TempDir::new().unwrap();
    let error = |path: &std::path::Path| Bundle::read(path).unwrap_err().to_string();
    assert!(error(&dir.path().join("x")).contains("there is no such folder"));
    assert!(error(dir.path()).contains("holds no bundle.json"));
    let file = dir.path().join("f");
    fs::write(&file, "").unwrap();
    assert!(error(&file).contains("is no folder"));
}

#[test]
fn an_ensemble_averages_by_weight_and_reads_back() {
    let (data, options) = penguins();
    let rows: Vec<usize> = (0..50).collect();
    let members = [(3.0, "logistic"), (1.0, "decision_tree"), (2.0, "svm")];
    let fitted: Vec<(f64, Member)> =
        members.map(|(weight, family)| (weight, fit(&data, family, settings(&[])))).into();
    let each: Vec<Prediction> =
        fitted.iter().map(|(_, member)| member.predict(&data.table, &rows).unwrap()).collect();
    let made = bundle(&data, &options, Pipeline { members: fitted });
    assert_eq!(made.manifest().kind, Kind::Ensemble);
    let Prediction::Classes { scores: Some(scores), probabilities: true, .. } =
        made.predict(&data.table, &rows).unwrap()
    else {
        panic!("an ensemble has probabilities");
    };
    for row in 0..rows.len() {
        for class in 0..3 {
            let part = |prediction: &Prediction| match prediction {
                Prediction::Classes { scores: Some(s), probabilities: true, .. } => {
                    s[row * 3 + class]
                }
                Prediction::Classes { codes, .. } => f64::from(codes[row] as usize == class),
                Prediction::Values(_) => panic!("classes"),
            };
            let expect = (3.0 * part(&each[0]) + part(&each[1]) + 2.0 * part(&each[2])) / 6.0;
            assert!((scores[row * 3 + class] - expect).abs() < 1e-15);
        }
    }
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("birds");
    made.write(&path, &Measured::default()).unwrap();
    assert!(Bundle::read(&path).unwrap().verify().unwrap().is_exact);
}

#[test]
fn codes_of_other_classes_are_found_by_name() {
    let (data, _) = penguins();
    let made = penguin_bundle();
    let rows = [0, 200, 300];
    let own = made.predict(&data.table, &rows).unwrap();
    let names = ["Gentoo", "Emperor", "Chinstrap", "Adelie"].map(String::from);
    let other = made.predict_as(&data.table, &rows, &names).unwrap();
    let (
        Prediction::Classes { codes, scores, .. },
        Prediction::Classes { codes: c, scores: s, n_classes, .. },
    ) = (own, other)
    else {
        panic!("classes");
    };
    let (scores, s) = (scores.unwrap(), s.unwrap());
    assert_eq!(n_classes, 4);
    for row in 0..3 {
        assert_eq!(made.manifest().classes[codes[row] as usize], names[c[row] as usize]);
        let moved = [scores[row * 3 + 2], 0.0, scores[row * 3 + 1], scores[row * 3]];
        assert_eq!(s[row * 4..][..4], moved);
    }
    let error = made.predict_as(&data.table, &rows, &names[..3]).unwrap_err().to_string();
    assert!(error.contains("'Adelie'"), "{error}");
}

#[test]
fn every_family_predicts_its_golden_rows_to_the_bit() {
    for (name, target) in [("penguins.csv", "species"), ("diabetes.csv", "target")] {
        let options = options(asset(name), target);
        let data = load(&options).unwrap();
        for family in crate::trainer::catalogue() {
            let can = family.capabilities();
            let fits = if data.classes.is_empty() { can.regression } else { can.classification };
            if !fits {
                continue;
            }
            let scale = crate::domain::Value::Text("standard".into());
            let member = fit(&data, family.name(), settings(&[("scale", scale)]));
            let found = bundle(&data, &options, Pipeline::of(member)).verify().unwrap();
            assert!(found.is_exact, "{}: {found:?}", family.name());
        }
    }
}
