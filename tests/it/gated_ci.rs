//! The gate in a job: a fresh checkout, a runner's variables, and everything that goes wrong on other people's machines.

use crate::shop::{Shop, SweepFile};
use rusqlite::Connection;
use std::fs;

#[test]
fn a_fresh_checkout_knows_the_champion() {
    let shop = Shop::with_champion();
    let before = shop.ledger();
    // The same sweep, trained once more there, is the champion and costs nothing.
    let other = shop.checkout();
    other.says(0, "champion show", "champion version 1");
    other.says(0, "sweep plain.toml --gate -q", "is shop@champion (version 1) itself");
    assert_eq!(other.ledger(), before);
    other.says(4, "sweep worse.toml --gate -q", "against shop@champion (version 1)");
    other.says(0, "sweep better.toml --gate -q", "in place of version 1");
    assert!(other.ledger().starts_with(&before));
    // Committed there and pulled here, the ledger is the same history with more entries.
    shop.forge(&other.ledger());
    shop.says(0, "champion show", "champion version 2");
    assert_eq!(shop.champion(), Some(2));
    // No store at all will do for reading.
    fs::remove_dir_all(other.place.path(".derby")).unwrap();
    other.says(0, "champion history", "promote @champion: 1 to 2");
    other.says(0, "champion rollback --why broken", "back to version 1");
    other.says(0, "champion verify", "sound");
    assert!(!other.place.has_store());
}

#[test]
fn a_runner_gets_what_it_asks_for() {
    let shop = Shop::with_champion();
    let odd = "\"b|<img src=x>::error::%0A\"";
    let text = fs::read_to_string(shop.place.path("shop.csv")).unwrap();
    shop.place.write("shop.csv", &text.replacen(",b,", &format!(",{odd},"), 1));
    let slices =
        "draws = 2000\n[gate.slices]\ncolumns = [\"visitor\"]\nmax_drop = 0.0\nmin_rows = 25\n";
    let features = format!("\"noise\", {odd}");
    shop.sweep_file(
        "worse",
        &SweepFile { features: &features, gate: slices, ..SweepFile::default() },
    );
    let [summary, output] = ["summary.md", "output.txt"].map(|name| shop.place.path(name));
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
    ];
    fs::write(&output, "before=1\n").unwrap();
    let ran = shop.place.derby_with(&["sweep", "worse.toml", "--gate", "-q", "--json"], &env);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let decision = json["gate"]["decision"].as_str().unwrap();
    assert_eq!(
        ran.code,
        [("reject", 4), ("hold", 3), ("promote", 0)].iter().find(|of| of.0 == decision).unwrap().1
    );
    let lines: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("::")).collect();
    assert!(!lines.is_empty() && lines.len() <= 21, "{}", ran.err);
    assert!(lines.iter().all(|line| line.contains("file=worse.toml,title=")), "{lines:?}");
    let said = fs::read_to_string(&summary).unwrap();
    assert!(said.contains("### Checks") && !said.contains("<img"), "{said}");
    let said = fs::read_to_string(&output).unwrap();
    let code = format!("before=1\nexit_code={}\nrun=2\nverdict={decision}\nreason=", ran.code);
    assert!(said.starts_with(&code), "{said}");
    assert!(said.lines().all(|line| line.contains('=')), "{said}");
    // A second step adds to both.
    shop.place.derby_with(&["gate", "worse"], &env);
    assert_eq!(fs::read_to_string(&output).unwrap().matches("verdict=").count(), 2);
    // The champion itself has no verdict, and a runner is told so much.
    shop.place.write("shop.csv", &text);
    let ran = shop.place.derby_with(&["gate", "plain"], &env);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::read_to_string(&summary).unwrap().contains("there is nothing to prove"));
    let broken = [("GITHUB_STEP_SUMMARY", "no/such/summary.md")];
    let ran = shop.place.derby_with(&["gate", "plain"], &broken);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("cannot write 'no/such/summary.md'"), "{}", ran.err);
}

#[test]
fn reports_in_every_form() {
    let shop = Shop::with_champion();
    let forms = ["r.md", "r.json", "r.xml", "r.html", "r.txt", "r.prom"];
    let reports: Vec<String> = forms.iter().map(|name| format!("--report {name}")).collect();
    shop.ends(4, &format!("sweep worse.toml --gate -q {}", reports.join(" ")));
    let of = |name: &str| fs::read_to_string(shop.place.path(name)).unwrap();
    for name in forms {
        assert!(of(name).contains("proven worse") || name == "r.prom", "{name}");
    }
    assert!(
        of("r.xml").contains("<failure")
            && of("r.html").contains("data:image/svg+xml")
            && of("r.prom").ends_with("# EOF\n")
    );
    // What is asked for later says the same, and ends the same.
    shop.ends(4, "report worse -o again.json");
    let verdict = |name: &str| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&of(name)).unwrap()["gate"]["verdict"].clone()
    };
    assert_eq!(verdict("again.json"), verdict("r.json"));
    shop.says(0, "report plain", "PROMOTE: no champion yet");
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_any_work() {
    let shop = Shop::new();
    let before = shop.ledger();
    fs::create_dir_all(shop.place.path("champions.md")).unwrap();
    for (words, code, part) in [
        ("--report no/such.md", 1, "there is no folder 'no'"),
        ("--report champions.md/", 1, "cannot write"),
        ("--report /proc/report.md", 1, "cannot write '/proc/report.md'"),
        ("--report report.docx", 2, "does not say which format"),
        ("--report .", 2, "does not say which format"),
    ] {
        shop.says(code, &format!("sweep plain.toml --gate -q {words}"), part);
        assert!(!shop.place.has_store());
    }
    assert_eq!(shop.ledger(), before);
}

#[test]
fn two_promotions_at_once() {
    let shop = Shop::with_champion();
    shop.done("sweep better.toml -q");
    // The loser is told, by whatever it meets: the ledger that moved on, or a champion that is there already.
    for round in 0..4 {
        let started: Vec<_> = ["a", "b", "c"]
            .iter()
            .map(|who| shop.start(&format!("champion promote better --why {who}"), &[]))
            .collect();
        let ended: Vec<(i32, String)> = started.into_iter().map(Shop::wait).collect();
        let won = ended.iter().filter(|(code, _)| *code == 0).count();
        assert_eq!(won, 1, "round {round}: {ended:#?}");
        for (code, text) in ended.iter().filter(|(code, _)| *code != 0) {
            assert!([1, 75].contains(code) && text.contains("error: "), "{text}");
            assert!(!text.contains("cannot write"), "{text}");
        }
        shop.done("champion verify");
        shop.done("champion rollback --why again");
        shop.done("champion reopen shop/2 --why again");
    }
    let moved = shop.ledger().matches("\"kind\":\"promote\"").count();
    assert_eq!(moved, 5);
}

#[test]
fn questions_at_the_same_time_are_uses_of_their_own() {
    let shop = Shop::with_champion();
    for name in ["better", "worse"] {
        shop.done(&format!("sweep {name}.toml -q"));
    }
    let words =
        ["gate better", "gate worse", "gate worse --min-gain 0.01", "gate better --min-gain 0.01"];
    let started: Vec<_> = words.iter().map(|words| shop.start(words, &[])).collect();
    let codes: Vec<i32> = started.into_iter().map(|child| Shop::wait(child).0).collect();
    assert_eq!(codes, [0, 4, 4, 0]);
    let history = shop.json("champion history --json");
    let of = |event: &serde_json::Value| {
        (event["number"].as_u64(), event["verdict"]["comparison"]["alpha"].as_f64())
    };
    let asked = history.as_array().unwrap().iter().filter(|event| event["event"] == "gate").skip(1);
    let alpha = |k: f64| Some(0.05 / (k * (k + 1.0)));
    let expected = [
        (Some(1), alpha(1.0)),
        (Some(2), alpha(2.0)),
        (Some(3), alpha(3.0)),
        (Some(4), alpha(4.0)),
    ];
    assert_eq!(asked.map(of).collect::<Vec<_>>(), expected);
    shop.done("champion verify");
}

#[test]
fn killed_while_the_ledger_is_written() {
    for nth in 1..=3 {
        let shop = Shop::new();
        let fault = format!("ledger_written:{nth}");
        let (code, said) =
            Shop::wait(shop.start("sweep plain.toml --gate -q", &[("DERBY_FAULT", &fault)]));
        assert_eq!(code, -1, "{said}");
        shop.says(0, "champion verify", &format!("{} entries sound", nth + 1));
        shop.done("sweep plain.toml --gate -q");
        assert_eq!((shop.champion(), shop.ledger().lines().count()), (Some(1), 4));
        // A power loss takes the end of the line too.
        let whole = shop.ledger();
        let other = Shop::new();
        other.forge(&whole[..whole.len() - 30]);
        fs::rename(shop.place.path("champions/shop"), other.place.path("champions/shop")).unwrap();
        fs::remove_dir_all(other.place.path(".derby")).unwrap_or_default();
        other.says(0, "champion show", "no champion yet");
        other.done("champion promote shop/1 --why again");
        assert_eq!(other.champion(), Some(1));
    }
}

#[test]
fn a_store_that_is_locked() {
    let shop = Shop::with_champion();
    let held = Shop::new();
    held.sweep_file(
        "plain",
        &SweepFile { gate: "approval = \"manual\"\n", ..SweepFile::default() },
    );
    held.done("sweep plain.toml --gate -q");
    let lock = |shop: &Shop, how: &str| {
        let connection = Connection::open(shop.place.path(".derby/derby.db")).unwrap();
        connection.execute_batch(how).unwrap();
        connection
    };
    let a = lock(&shop, "BEGIN IMMEDIATE");
    let b = lock(&held, "BEGIN IMMEDIATE");
    let before = held.ledger();
    let sweep = shop.start("sweep better.toml --gate -q", &[]);
    let promotion = held.start("champion approve shop/1 --why now", &[]);
    let (code, said) = Shop::wait(sweep);
    assert_eq!(code, 75, "{said}");
    assert!(said.contains("locked"), "{said}");
    // A promotion stands in the ledger; the store only remembers its head, and that is said.
    let (code, said) = Shop::wait(promotion);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("warning: the ledger is written, but the store does not remember its head"),
        "{said}"
    );
    assert!(held.ledger().starts_with(&before));
    drop((a, b));
    assert_eq!((shop.champion(), held.champion()), (Some(1), Some(1)));
    shop.done("sweep better.toml --gate -q");
    held.says(0, "champion verify", "sound");
}

#[test]
fn folders_that_cannot_be_written() {
    let shop = Shop::with_champion();
    // A file where the folder of bundles should be stops everybody, whoever runs the test.
    fs::rename(shop.place.path("champions/shop/rows"), shop.place.path("rows")).unwrap();
    shop.place.write("champions/shop/rows", "no folder");
    shop.sweep_file(
        "ids",
        &SweepFile { features: "\"noise\"", data: "holdout = 0.25\n", ..SweepFile::default() },
    );
    let before = shop.ledger();
    shop.says(1, "sweep ids.toml --gate -q", "champions/shop/rows'");
    assert_eq!(shop.ledger(), before);
    let other = Shop::without_ledger();
    other.place.write("champions", "no folder");
    other.says(1, "champion begin shop", "champions");
    other.says(1, "sweep plain.toml --gate -q", "champions");
    let third = Shop::with_champion();
    fs::remove_file(third.place.path("champions/shop.jsonl")).unwrap();
    fs::create_dir(third.place.path("champions/shop.jsonl")).unwrap();
    third.says(1, "champion show", "cannot read");
}

/// A command's model: `predictions.csv` of 400 rows, whose truth is the row's number, each off by what `error` says.
fn command(shop: &Shop, name: &str, error: &str) {
    let script = format!(
        "mkdir -p \"$DERBY_ARTIFACTS\"; awk 'BEGIN {{ print \"row,truth,prediction\"; for (i = 0; i < 400; i++) \
         print i \",\" i \",\" {error} }}' > \"$DERBY_ARTIFACTS/predictions.csv\"; echo '{{\"rmse\": 1.0}}'\n"
    );
    shop.place.write(&format!("{name}.sh"), &script);
    let text = format!(
        "name = \"{name}\"\nmodel = \"shop\"\nobjective = {{ metric = \"rmse\", goal = \"minimize\" }}\n\
         command.run = [\"sh\", \"{name}.sh\", \"{{x}}\"]\nparams.x = [1]\nsearch.sampler = \"grid\"\n\
         gate = {{ draws = 2000, approval = \"automatic\" }}\n"
    );
    shop.place.write(&format!("{name}.toml"), &text);
}

#[test]
fn a_commands_predictions() {
    let shop = Shop::new();
    for (name, error) in [
        ("far", "i + (i % 7) - 3"),
        ("near", "i + (i % 3) - 1"),
        ("broken", "(i == 17 ? \"nan\" : i)"),
        ("wrong", "(i == 17 ? \"many\" : i)"),
    ] {
        command(&shop, name, error);
    }
    shop.says(0, "sweep far.toml --gate -q", "shop@champion   version 1");
    shop.says(1, "sweep broken.toml --gate -q", "'nan' of row '17' is no finite number");
    shop.says(1, "sweep wrong.toml --gate -q", "'many'");
    shop.says(0, "sweep near.toml --gate -q", "in place of version 1");
    shop.says(4, "gate far", "proven worse");
    command(&shop, "none", "i");
    shop.place.write("none.sh", "echo '{\"rmse\": 0.1}'\n");
    shop.says(3, "sweep none.toml --gate -q", "left no predictions.csv behind");
    assert_eq!(shop.champion(), Some(2));
}

#[test]
fn the_same_run_once_more() {
    let shop = Shop::with_champion();
    shop.says(0, "reproduce 1", "run 1 is equal to the bit");
    let found = shop.json("reproduce 1 --json");
    assert_eq!(
        (found["equal"].as_bool(), found["differing_predictions"].as_u64()),
        (Some(true), Some(0))
    );
    let sound = fs::read_to_string(shop.place.path("shop.csv")).unwrap();
    shop.place.write("shop.csv", &sound.replacen("yes", "no", 1));
    shop.says(4, "reproduce 1", "'shop.csv' is not the data of run 1");
    shop.says(1, "gate plain", "'shop.csv' is not the data of run 1");
    fs::remove_file(shop.place.path("shop.csv")).unwrap();
    shop.says(1, "reproduce 1", "shop.csv");
    shop.place.write("shop.csv", &sound);
    let store = Connection::open(shop.place.path(".derby/derby.db")).unwrap();
    let edited = store
        .execute(
            "UPDATE point SET value = value + 1e-9 WHERE metric = (SELECT id FROM metric WHERE name = 'accuracy')",
            [],
        )
        .unwrap();
    assert_eq!(edited, 3);
    shop.says(4, "reproduce 1", "run 1 is not the same");
    assert_eq!(shop.json("reproduce 1 --json")["differing"].as_array().unwrap().len(), 3);
    shop.says(1, "reproduce 99", "99");
}
