//! The gate as a job runs it: a worse model is red and says why, a better one is green, and the ledger has it all.

use crate::shop::{Shop, SweepFile};
use std::fs;

#[test]
fn worse_is_red_and_better_is_green() {
    let shop = Shop::new();
    shop.says(0, "sweep plain.toml --gate -q", "shop@champion   version 1 (run 1)");
    let red = shop.ends(4, "sweep worse.toml --gate -q --report red.md --report red.json");
    assert!(
        red.contains("REJECT   better on the holdout by accuracy") && red.contains("proven worse"),
        "{red}"
    );
    let report = fs::read_to_string(shop.place.path("red.md")).unwrap();
    assert!(report.contains("**❌ Reject:**") && report.contains("proven worse"), "{report}");
    assert!(!report.contains("### Figures"), "{report}");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(shop.place.path("red.json")).unwrap()).unwrap();
    let verdict = &report["gate"]["verdict"];
    assert_eq!(verdict["decision"], "reject");
    let compared = &verdict["comparison"];
    assert!(
        compared["upper"].as_f64().unwrap() < 0.0 && compared["rows"].as_u64().unwrap() > 1000,
        "{compared}"
    );
    assert_eq!(shop.champion(), Some(1));
    shop.says(0, "sweep better.toml --gate -q", "version 2 (run 3) in place of version 1 (run 1)");
    assert_eq!(shop.champion(), Some(2));
    // A model that was champion and is not good enough any more.
    shop.says(4, "gate plain", "against shop@champion (version 2, run 3)");
    let before = shop.ledger();
    shop.says(
        0,
        "champion rollback --why broken",
        "back to version 1 (run 1), from version 2 (run 3)",
    );
    assert_eq!(shop.champion(), Some(1));
    let after = shop.ledger();
    assert!(after.starts_with(&before) && after.lines().count() == before.lines().count() + 1);
    shop.says(0, "champion history", "rollback @champion: 2 to 1");
    shop.says(0, "champion verify", "✓  shop");
}

#[test]
fn not_proven_holds_and_says_what_it_would_take() {
    let shop = Shop::with_champion();
    // The same columns and a hair of noise more: nobody could tell on 1,200 rows.
    shop.sweep_file("equal", &SweepFile { features: "\"a\", \"noise\"", ..SweepFile::default() });
    let held = shop.ends(3, "sweep equal.toml --gate -q");
    assert!(held.contains("HOLD   "), "{held}");
    assert!(
        held.contains("would show 4 times in 5 here") || held.contains("proves no difference"),
        "{held}"
    );
    assert_eq!(shop.champion(), Some(1));
    // By a margin it is as good, and that is another question.
    shop.says(0, "gate equal --rule non_inferior --margin 0.1", "PROMOTE");
    assert_eq!(shop.json("holdout show --json")["uses"], 2);
    assert_eq!(shop.champion(), Some(1));
    shop.says(
        0,
        "champion promote equal --why simpler --rule non_inferior --margin 0.1",
        "version 2",
    );
    assert_eq!(shop.champion(), Some(2));
    assert_eq!(shop.json("champion history --json")[7]["rule"], "non_inferior, margin 0.1");
}

#[test]
fn the_champion_itself_has_nothing_to_prove() {
    let shop = Shop::with_champion();
    let before = shop.ledger();
    shop.says(
        0,
        "sweep plain.toml --gate -q --report same.md",
        "itself: there is nothing to prove",
    );
    shop.says(0, "gate", "itself: there is nothing to prove");
    assert_eq!(shop.json("gate --json")["decision"], serde_json::Value::Null);
    assert!(fs::read_to_string(shop.place.path("same.md")).unwrap().contains("nothing to prove"));
    shop.says(
        1,
        "champion promote plain --why again",
        "run 1 is shop@champion (version 1, run 1) already",
    );
    assert_eq!(shop.ledger(), before);
}

#[test]
fn asking_again_is_free_and_another_policy_is_not() {
    let shop = Shop::with_champion();
    let alpha =
        |verdict: &serde_json::Value| verdict["verdict"]["comparison"]["alpha"].as_f64().unwrap();
    shop.ends(4, "sweep worse.toml --gate -q");
    let before = shop.ledger();
    let first = shop.json("gate worse --json");
    assert_eq!((first["entry"].as_u64(), alpha(&first)), (Some(4), 0.05 / 2.0));
    assert!(first["recorded"].is_string(), "{first}");
    shop.says(4, "sweep worse.toml --gate -q", "costs nothing");
    assert_eq!(shop.ledger(), before);
    // Who approves is no part of the question.
    shop.sweep_file(
        "worse",
        &SweepFile { features: "\"noise\"", gate: "draws = 2000\n", ..SweepFile::default() },
    );
    shop.says(4, "gate worse", "costs nothing");
    for (k, words) in [
        (2, "gate worse --min-gain 0.01 --json"),
        (3, "gate worse --rule non_inferior --margin 0.01 --json"),
    ] {
        let other = shop.json(words);
        let expected = 0.05 / f64::from(k * (k + 1));
        assert!((alpha(&other) - expected).abs() < 1e-15 && other["recorded"].is_null(), "{other}");
    }
    let holdout = shop.json("holdout show --json");
    assert_eq!((holdout["uses"].as_u64(), holdout["period"].as_u64()), (Some(3), Some(0)));
    assert!((holdout["next_alpha"].as_f64().unwrap() - 0.05 / 20.0).abs() < 1e-15, "{holdout}");
    shop.says(0, "holdout show", "3 uses of");
}

#[test]
fn a_policy_of_thresholds_needs_no_champion() {
    let shop = Shop::new();
    let gate = "rule = \"absolute\"\nrequire = [\"accuracy >= 0.99\", \"predict_p95_us < 1e9\"]\n";
    shop.sweep_file("plain", &SweepFile { gate, ..SweepFile::default() });
    shop.says(4, "sweep plain.toml --gate -q", "where >= 0.99 is asked");
    // A time that is missed holds: a shared machine proves nothing.
    let gate = "rule = \"absolute\"\nrequire = [\"accuracy >= 0.5\", \"predict_p95_us < 1e-9\"]\n";
    shop.sweep_file("plain", &SweepFile { gate, ..SweepFile::default() });
    shop.says(3, "gate plain", "a measured time holds, it never rejects");
    assert_eq!(shop.champion(), None);
}

#[test]
fn against_another_run_than_the_champion() {
    let shop = Shop::with_champion();
    for name in ["better", "worse"] {
        shop.done(&format!("sweep {name}.toml -q"));
    }
    shop.says(0, "gate better --against worse", "against run 3");
    shop.says(4, "gate worse --against better", "against run 2");
    shop.says(0, "gate better --against shop/1", "against shop/1 (version 1, run 1)");
    shop.says(0, "gate better --against none", "against none, as asked");
    shop.says(2, "gate better --against none --apply", "--apply goes with --against champion");
    shop.says(2, "gate better --against worse --apply", "--apply goes with --against champion");
    assert_eq!(shop.champion(), Some(1));
    shop.says(
        0,
        "gate better --against champion --apply",
        "version 2 (run 2) in place of version 1",
    );
}

#[test]
fn groups_and_time_are_drawn_as_what_they_are() {
    let check = |data: &str, method: &str| {
        let shop = Shop::new();
        for (name, features) in
            [("plain", "\"a\""), ("better", "\"a\", \"b\""), ("worse", "\"noise\"")]
        {
            shop.sweep_file(name, &SweepFile { features, data, ..SweepFile::default() });
        }
        shop.done("sweep plain.toml --gate -q");
        shop.ends(4, "sweep worse.toml --gate -q");
        shop.done("sweep better.toml --gate -q");
        let verdict = shop.json("champion history --json");
        let said = verdict
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .find(|event| event["event"] == "gate")
            .unwrap();
        let found = said["verdict"]["comparison"]["method"].as_str().unwrap();
        assert!(found.contains(method), "{found}");
    };
    check("holdout = 0.3\ngroup = \"visitor\"\n", "groups");
    check("holdout = 0.3\ntime = \"day\"\n", "blocks of");
}

#[test]
fn the_winner_of_many_is_corrected_for_having_won() {
    let shop = Shop::with_champion();
    let many =
        "sweep better.toml --gate -q --set models.logistic.C=[0.0001,0.001,0.01,0.1,1.0,10.0]";
    let text = shop.ends(0, many);
    assert!(text.contains("winner's curse   accuracy") && text.contains("best of 6"), "{text}");
    let history = shop.json("champion history --json");
    let mut gates = history.as_array().unwrap().iter().filter(|event| event["event"] == "gate");
    let bias = &gates.next_back().unwrap()["verdict"]["selection"];
    let of = |key: &str| bias[key].as_f64().unwrap();
    assert!(of("lower") <= of("corrected") && of("corrected") <= of("upper"), "{bias}");
    assert!((of("selected") - of("corrected")).abs() < 0.02 && of("runs") == 6.0, "{bias}");
}

#[test]
fn from_a_folder_below_the_project() {
    let shop = Shop::with_champion();
    fs::create_dir(shop.place.path("below")).unwrap();
    let below = |words: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_derby"));
        command.args(words.split(' ')).current_dir(shop.place.path("below"));
        let output = command.env_remove("DERBY_STORE").output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = below("sweep ../worse.toml --gate -q");
    assert!(code == Some(4) && said.contains("against shop@champion (version 1, run 1)"), "{said}");
    let (code, said) = below("gate worse --report ../report.md");
    assert!(code == Some(4) && said.contains("costs nothing"), "{said}");
    assert!(shop.place.path("report.md").exists());
}
