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

#[test]
fn the_artifacts_of_a_command_are_packed_with_the_same_care() {
    let dir = TempDir::new().unwrap();
    let kept = |name: &str, text: &str| {
        let file = dir.path().join(name.replace('/', "-"));
        fs::write(&file, text).unwrap();
        crate::domain::KeptFile { name: name.into(), file }
    };
    let artifacts = [kept("weights/net.bin", "1234"), kept("predictions.csv", "row,prediction\n")];
    let build = |artifacts: &[crate::domain::KeptFile]| {
        Bundle::build_command(CommandParts {
            name: "net",
            artifacts,
            task: None,
            target: None,
            classes: Vec::new(),
            positive: None,
            objective: crate::domain::Objective {
                metric: "loss".into(),
                goal: crate::domain::Goal::Minimize,
            },
            metrics: BundleMetrics::default(),
            provenance: Provenance::default(),
        })
    };
    let made = build(&artifacts).unwrap();
    assert_eq!(made.digest(), build(&artifacts).unwrap().digest());
    let path = dir.path().join("out");
    made.write(&path, &Measured::default()).unwrap();
    let read = Bundle::read(&path).unwrap();
    assert_eq!((read.manifest().kind, read.trained_on().len()), (Kind::Command, 0));
    assert_eq!(fs::read(path.join("artifacts/weights/net.bin")).unwrap(), b"1234");
    assert!(read.verify().unwrap().is_ok());
    let said = read.predict(&crate::data::Table::default(), &[]).unwrap_err().to_string();
    assert!(said.contains("run its program yourself"), "{said}");
    fs::write(path.join("artifacts/weights/net.bin"), "1235").unwrap();
    for said in [read.verify().unwrap_err(), Bundle::read(&path).unwrap_err()] {
        assert!(said.to_string().contains("weights/net.bin'"), "{said}");
    }
    fs::write(&artifacts[0].file, "12345").unwrap();
    let said = made.write(&dir.path().join("other"), &Measured::default()).unwrap_err();
    assert!(said.to_string().contains("changed while it was packed"), "{said}");
    assert!(build(&[]).unwrap_err().to_string().contains("no artifacts"));
    let outside = crate::domain::KeptFile { name: "../x".into(), ..artifacts[1].clone() };
    assert!(build(&[outside]).unwrap_err().to_string().contains("'../x'"));
}

#[test]
fn the_card_keeps_the_two_kinds_of_scores_apart_and_names_escaped() {
    let options = options(asset("penguins.csv"), "species");
    let mut data = load(&options).unwrap();
    let island = data.table.find("island").unwrap();
    data.table.columns[island].name = "is|land<script>\n".into();
    let made = bundle(&data, &options, Pipeline::of(fit(&data, "logistic", settings(&[]))));
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("birds");
    made.write(&path, &Measured::default()).unwrap();
    let card = fs::read_to_string(path.join("MODEL_CARD.md")).unwrap();
    assert!(card.contains("| is\\|land&lt;script&gt;  | category |"), "{card}");
    let holdout = card.find("### Holdout").unwrap();
    let folds = card.find("### Cross-validation").unwrap();
    assert!(card[holdout..folds].contains("| accuracy (aim) | 0.9 | 69 |"), "{card}");
    assert!(card[folds..].contains("| accuracy (aim) | 0.95 ± 0.01 sd | 5 |"), "{card}");
    assert!(card.contains("licence of the data: not stated"), "{card}");
}

#[test]
fn the_profile_has_deciles_and_shares() {
    let made = penguin_bundle();
    let profile = made.profile().unwrap();
    assert_eq!(profile.predictions_of, ProfileOf::Training);
    assert_eq!(profile.target.levels.len(), 3);
    assert!(
        (profile.target.levels.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12
    );
    let bill = profile.features.iter().find(|drift| drift.name == "bill_length_mm").unwrap();
    assert_eq!((bill.edges.len(), bill.shares.len(), bill.quantiles.len()), (9, 10, 101));
    assert!(bill.shares.iter().all(|share| (share - 0.1).abs() < 0.02), "{:?}", bill.shares);
    assert!(bill.missing > 0.0 && bill.levels.is_empty());
    assert!(profile.probability.is_some());
}

#[test]
fn keys_say_how_they_were_made() {
    let (data, mut options) = penguins();
    let made = penguin_bundle();
    assert!(made.trained_on().is_sorted());
    let row = data.row_keys[1];
    assert!(made.trained_on().binary_search(&row).is_ok());
    assert_eq!(made.key_kind(), Some(&KeyKind::of(&data, &options)));
    options.ignore.push("year".into());
    assert_ne!(made.key_kind(), Some(&KeyKind::of(&data, &options)));
    options.id = Some("row".into());
    assert_eq!(KeyKind::of(&data, &options), KeyKind::Id { column: "row".into() });
}
