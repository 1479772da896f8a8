//! A holdout's uses, a new start on new rows, and champions from older data.

use crate::shop::{ROWS, Shop, SweepFile};
use std::fs;

/// The newest event of the kind.
fn last(shop: &Shop, kind: &str) -> serde_json::Value {
    let all = shop.json("champion history --json");
    let found = all.as_array().unwrap().iter().rev().find(|event| event["event"] == kind);
    found.unwrap().clone()
}

#[test]
fn a_new_start_takes_new_rows() {
    let shop = Shop::with_champion();
    shop.says(0, "holdout show", "period 0   0 uses");
    shop.ends(4, "sweep worse.toml --gate -q");
    let used = shop.json("holdout show --json")["used_rows"].as_u64().unwrap();
    let before = shop.ledger();
    shop.says(
        1,
        "holdout refresh plain.toml --why tired",
        "were never used; a gate takes 50 at least",
    );
    assert_eq!(shop.ledger(), before);
    shop.grow(ROWS + 100);
    shop.says(1, "holdout refresh plain.toml --why tired", "append new rows to 'shop.csv' first");
    shop.grow(ROWS + 1500);
    shop.says(0, "holdout refresh plain.toml --why tired", "period 1:");
    let holdout = shop.json("holdout show --json");
    assert_eq!(
        (holdout["period"].as_u64(), holdout["uses"].as_u64()),
        (Some(1), Some(0)),
        "{holdout}"
    );
    assert_eq!(
        (holdout["retired_rows"].as_u64(), holdout["used_rows"].as_u64()),
        (Some(used), Some(0))
    );
    assert_eq!(holdout["next_alpha"].as_f64(), Some(0.025));
    shop.says(1, "holdout refresh plain.toml --why twice", "nothing was asked in period 1 yet");
    // The same question is a new one now, on rows that were never used.
    shop.done("sweep better.toml --gate -q");
    let gate = last(&shop, "gate");
    let said = &gate["verdict"]["holdout"];
    assert_eq!((said["retired"].as_u64(), said["epoch"].as_u64()), (Some(used), Some(1)), "{said}");
    let left = said["rows"].as_u64().unwrap() - used - said["trained_on"].as_u64().unwrap();
    assert_eq!(gate["verdict"]["comparison"]["rows"].as_u64(), Some(left));
    assert!((300..700).contains(&left), "{left}");
    shop.says(0, "holdout show", "put aside   tired");
    shop.says(0, "champion verify", "sound");
    // A new start that would leave nothing to go by.
    shop.says(1, "holdout refresh better.toml --why again", "only 0 of the holdout's");
}

#[test]
fn rows_that_were_used_are_not_forgotten() {
    let shop = Shop::with_champion();
    shop.ends(4, "sweep worse.toml --gate -q");
    shop.grow(ROWS + 1500);
    let folder = shop.place.path("champions/shop/rows");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let sound = fs::read(&file).unwrap();
    let check = |bytes: Option<&[u8]>| {
        match bytes {
            Some(bytes) => fs::write(&file, bytes).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        for words in ["holdout refresh plain.toml --why tired", "holdout show"] {
            shop.says(1, words, "restore it (`git checkout` and the file)");
        }
    };
    check(Some(&sound[8..]));
    check(Some(&sound[..sound.len() - 3]));
    check(None);
    fs::write(&file, &sound).unwrap();
    shop.done("holdout refresh plain.toml --why tired");
    // What was put aside is looked at whenever a gate is asked.
    let aside = shop.place.path("champions/shop/holdout-0.keys");
    let sound = fs::read(&aside).unwrap();
    fs::write(&aside, &sound[8..]).unwrap();
    shop.says(1, "sweep better.toml --gate -q", "the holdout rows that were put aside");
    assert_eq!(shop.derby("champion verify").code, 4);
    fs::write(&aside, &sound).unwrap();
    shop.done("sweep better.toml --gate -q");
    assert_eq!(shop.champion(), Some(2));
}

#[test]
fn a_champion_from_an_older_file() {
    let shop = Shop::with_champion();
    shop.grow(ROWS + 2000);
    let text = shop.ends(0, "sweep better.toml --gate -q");
    assert!(text.contains("the champion was trained on other data"), "{text}");
    let gate = last(&shop, "gate");
    // A row's side of the cut is its own, so that what the old holdout held the new one holds.
    assert_eq!(gate["verdict"]["holdout"]["trained_on"], 0);
    assert!(gate["verdict"]["comparison"]["rows"].as_u64().unwrap() > 1600);
    assert_eq!(shop.champion(), Some(2));
    // By another cut, half of the rows have been seen by one of them.
    let data = "holdout = 0.3\nsplit_seed = 7\n";
    shop.sweep_file("worse", &SweepFile { features: "\"noise\"", data, ..SweepFile::default() });
    shop.says(4, "sweep worse.toml --gate -q", "left out, since a model was trained on them");
    let gate = last(&shop, "gate");
    let said = &gate["verdict"]["holdout"];
    let (rows, trained) = (said["rows"].as_u64().unwrap(), said["trained_on"].as_u64().unwrap());
    assert!(trained > rows / 2, "{said}");
    assert_eq!(gate["verdict"]["comparison"]["rows"].as_u64(), Some(rows - trained));
}

#[test]
fn a_champion_that_knows_every_row() {
    let shop = Shop::new();
    let data = "holdout = 0.3\ntime = \"day\"\n";
    for (name, features) in [("plain", "\"a\""), ("better", "\"a\", \"b\"")] {
        shop.sweep_file(name, &SweepFile { features, data, ..SweepFile::default() });
    }
    shop.done("sweep plain.toml --gate -q");
    // The latest rows of an older file are among those that the champion was trained on.
    shop.grow(ROWS / 2);
    let held = shop.ends(3, "sweep better.toml --gate -q");
    assert!(
        held.contains("0 rows, 50 are needed; 600 left out, since a model was trained"),
        "{held}"
    );
    assert_eq!(shop.champion(), Some(1));
}

#[test]
fn holdouts_that_cannot_serve() {
    let shop = Shop::with_champion();
    let file = |name: &str, data: &str| {
        shop.sweep_file(
            name,
            &SweepFile { features: "\"a\", \"b\"", data, ..SweepFile::default() },
        );
    };
    file("none", "holdout = 0\n");
    shop.says(2, "sweep none.toml --gate -q", "sweep 'none' has none");
    shop.done("sweep none.toml -q");
    shop.says(1, "gate none", "set [data] holdout = 0.2 and sweep again");
    file("small", "holdout = 0.005\n");
    shop.says(3, "sweep small.toml --gate -q", "20 rows, 50 are needed");
    file("ids", "holdout = 0.3\nid = \"day\"\n");
    shop.says(3, "sweep ids.toml --gate -q", "nobody can tell which of them it was trained on");
    assert_eq!(shop.champion(), Some(1));
    shop.says(1, "holdout refresh none.toml --why x", "only 0 of the holdout's 0 rows");
}

#[test]
fn equal_predictions_prove_nothing() {
    let shop = Shop::new();
    for (name, seed) in [("plain", 1), ("better", 2)] {
        let text = format!(
            "name = \"{name}\"\nmodel = \"shop\"\n[objective]\nmetric = \"accuracy\"\n[data]\npath = \"shop.csv\"\n\
             target = \"bought\"\nholdout = 0.3\nfolds = 3\n[models.dummy]\n[search]\nsampler = \"grid\"\n\
             seed = {seed}\n[gate]\ndraws = 2000\napproval = \"automatic\"\n"
        );
        shop.place.write(&format!("{name}.toml"), &text);
    }
    shop.done("sweep plain.toml --gate -q");
    // A model of one class, trained again, is the same model.
    shop.says(0, "sweep better.toml --gate -q", "there is nothing to prove");
    shop.sweep_file("worse", &SweepFile { features: "\"noise\"", ..SweepFile::default() });
    let code = shop.derby("sweep worse.toml --gate -q").code;
    assert!([0, 3].contains(&code), "{code}");
}
